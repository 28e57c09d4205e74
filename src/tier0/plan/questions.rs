//! What the requester is asked where there is nothing to draft from.

use super::desk::{Desk, USE_IT};
use crate::roles::Answered;
use crate::tier0::request::material::{ASK_DONE, ASK_STEPS, ASK_TRIGGER, ASK_WHO, ProseStep};
use crate::tier0::request::sound::{can_lead, is_sound};

impl Desk<'_> {
    /// Questions only where there is nothing to draft from.
    pub(super) fn questions(&self) -> Vec<String> {
        if self.current.is_some() || !self.q.ask.workers.is_empty() || self.carried() {
            return Vec::new();
        }
        if !self.material.readable {
            return vec!["The mission is not written in English, and without a model only English can be read. Please describe it in English: what starts the work, who does it, the three to five steps in order, and when it is finished?".to_owned()];
        }
        if !can_lead(&self.material) {
            return self.open_questions();
        }
        let answered = self.q.mission.answers.iter().any(|a| a.question.starts_with(ASK_TRIGGER));
        if self.material.trigger.is_none() && !answered {
            return vec![self.ask_trigger()];
        }
        Vec::new()
    }

    fn ask_trigger(&self) -> String {
        let subject = self.q.mission.title.trim();
        format!(
            "{ASK_TRIGGER} (“{subject}”)? Name the exact event, for example “a customer writes to support”.{}",
            self.understood()
        )
    }

    /// The steps that were read so far, quoted so that the requester sees what is missing.
    fn understood(&self) -> String {
        let sound = |step: &&ProseStep| step.orders.iter().all(is_sound);
        let orders = self.material.steps.iter().filter(sound).flat_map(|step| &step.orders);
        let quoted: Vec<String> = orders
            .enumerate()
            .map(|(at, order)| format!("{}. {}", at + 1, order.sentence().trim_end_matches('.')))
            .collect();
        if quoted.is_empty() { String::new() } else { format!(" I understood: {}.", quoted.join("; ")) }
    }

    fn open_questions(&self) -> Vec<String> {
        let subject = self.q.mission.title.trim();
        let answered =
            |ask: &str| self.q.mission.answers.iter().any(|a: &Answered| a.question.starts_with(ask));
        let mut asked = Vec::new();
        if let Some(fit) = self.fits.first() {
            let (topic, id) = (&fit.known.topic.title, &fit.known.agent.head.id);
            asked.push(format!("The nearest knowledge is “{topic}” of {id}, and it seems to be about other work. Is it meant after all (then answer “{USE_IT}”)?"));
        }
        if self.material.trigger.is_none() && !answered(ASK_TRIGGER) {
            let understood = self.understood();
            let plain = self.ask_trigger();
            asked.push(plain.strip_suffix(&understood).unwrap_or(&plain).to_owned());
        }
        if !answered(ASK_WHO) {
            asked.push(format!("{ASK_WHO} (“{subject}”), and which department answers for the result?"));
        }
        asked.push(format!("{ASK_STEPS} of “{subject}”, in order? Write a numbered list, each line starting with a verb, with any deadlines and amounts.{}{}", self.understood(), if self.understood().is_empty() { "" } else { " What is missing?" }));
        if self.material.done.is_none() && !answered(ASK_DONE) {
            asked.push(format!("{ASK_DONE} (“{subject}”)? Name something that can be counted or looked up."));
        }
        asked
    }
}
