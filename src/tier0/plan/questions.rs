//! What the requester is asked, all at once, where the structure of the mission does not say enough.

use super::desk::Desk;
use crate::roles::plan::SopView;
use crate::sop::Section;
use crate::tier0::english::words::stem_set;
use crate::tier0::request::answers::{
    ASK_CHANGE, ASK_LINES, ASK_STEPS, ASK_TRIGGER, ASK_WHO, USE_IT, numbered,
};
use crate::tier0::request::material::Listed;

impl Desk<'_> {
    /// Questions of a mission that names no workers and has not been asked yet.
    pub(super) fn questions(&self) -> Vec<String> {
        if self.current.is_some() || !self.q.ask.workers.is_empty() || !self.q.mission.answers.is_empty() {
            return Vec::new();
        }
        let listed = self.material.listed;
        if self.carried() {
            // Knowledge of the same title, and bullets besides: they may be steps, or what is to be thought of.
            let bullets = (listed == Listed::Bullets).then(|| self.ask_steps());
            return self.ask_change().into_iter().chain(bullets).collect();
        }
        let mut asked: Vec<String> = self.ask_change().into_iter().collect();
        if listed == Listed::No {
            asked.push(self.ask_steps());
        }
        if self.material.of(Section::Trigger).next().is_none() {
            asked.push(self.ask_trigger());
        }
        let owned = self.q.ask.owner.is_some() || self.material.who.is_some();
        if !owned && self.names.is_empty() {
            let subject = self.q.mission.title.trim();
            asked.push(format!(
                "{ASK_WHO} (“{subject}”), and who answers for the result? Name people or departments."
            ));
        }
        asked
    }

    /// An SOP in force whose title the mission's holds: nobody but the requester knows whether that one is meant.
    fn ask_change(&self) -> Option<String> {
        let title = stem_set(&self.q.mission.title);
        let inside = |sop: &&SopView| {
            let known = stem_set(&sop.title);
            known.len() > 1 && known.is_subset(&title)
        };
        let SopView { id, version, title, .. } =
            self.q.sops.iter().filter(|_| self.q.ask.sop.is_none()).find(inside)?;
        Some(format!(
            "{ASK_CHANGE} {id} v{version}, “{title}”, which is in force? If so, cancel this mission and hand it in again with `sop: {id}` in its head; if it is another procedure, answer “new”."
        ))
    }

    fn ask_steps(&self) -> String {
        let subject = self.q.mission.title.trim();
        let nearest = self.fits.first().map_or_else(String::new, |fit| {
            let (topic, id) = (&fit.known.topic.title, &fit.known.agent.head.id);
            format!(" Or answer “{USE_IT}”: then “{topic}”, as {id} knows it, is used.")
        });
        let lines = self.material.lines_in_question();
        if lines.is_empty() {
            return format!(
                "{ASK_STEPS} of “{subject}”, in order? Write a line for each: who does what, with times and amounts.{nearest}"
            );
        }
        format!(
            "{ASK_LINES} of “{subject}”, in this order? {} Answer “all”, or their numbers, such as 2-4, 6, or write the steps as a list. A line that binds and is no step is kept as a rule. If it is not to become a procedure, cancel the mission.{nearest}",
            numbered(&lines)
        )
    }

    fn ask_trigger(&self) -> String {
        let subject = self.q.mission.title.trim();
        let or = if self.material.listed == Listed::No && !self.material.prose.is_empty() {
            ", or the number of the line that says it"
        } else {
            ""
        };
        format!(
            "{ASK_TRIGGER} (“{subject}”)? Name the event, for example “a customer writes to support”{or}."
        )
    }
}
