//! Publication: the registry is looked at once more, the file is written and synced, then one commit makes it
//! visible. A crash between the two leaves a file nobody was told of, which the next attempt finds unchanged.

use super::Office;
use super::plan::MissionPlan;
use super::records::{MissionState, set_state};
use crate::agent::Snapshot;
use crate::base::text::listed;
use crate::base::{Digest, files};
use crate::contract::Severity;
use crate::decision::Answer;
use crate::journal::{Activity, Failure, FailureClass, Recorded, Repeat};
use crate::registry::{self, Approval, Publication, published_path};
use crate::sop::{self, Step};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Publishes an approved draft.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Publish {
    pub(super) mission: String,
    pub(super) plan: MissionPlan,
    pub(super) text: String,
    pub(super) answer: Answer,
    pub(super) nth: u32,
}

/// What was published.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Published {
    pub(super) path: String,
    pub(super) sha256: Digest,
}

impl Activity for Publish {
    const NAME: &'static str = "publish";
    const REPEAT: Repeat = Repeat::Safe;
    type World = Office;
    type Output = Published;
    fn key(&self) -> String {
        format!("publish#{}", self.nth)
    }
    async fn perform(self, office: &Office) -> Result<Recorded<Published>, Failure> {
        let Self { mission, plan, text, answer, .. } = self;
        let sop = sop::parse("the approved draft", &text).map_err(|problems| {
            let words: Vec<String> = problems.iter().map(ToString::to_string).collect();
            Failure::new(FailureClass::Content, words.join("\n"))
        })?;
        if answer.overriding.is_none() {
            refuse_new_conflicts(office, &sop, &text)?;
        }
        refuse_departed(office, &sop)?;
        let path = published_path(&sop);
        let published = Published { path: path.clone(), sha256: Digest::of(&text) };
        files::write(&office.root.join(&path), text.as_bytes(), files::Existing::Keep)?;
        let review_due = Some(plan.review_every.after(answer.at));
        let approval = Approval {
            by: answer.by.clone(),
            at: answer.at,
            overriding: answer.overriding.clone(),
            hash: answer.hash.clone(),
        };
        let publication = Publication { sop, text, path, mission: mission.clone(), approval, review_due };
        Ok(Recorded::of(published).change(move |tx| {
            registry::register(tx, &publication)?;
            set_state(tx, &mission, MissionState::Publishing, "")
        }))
    }
}

/// Whoever the SOP names may have left since it was checked: nobody could answer for it, or at its gates.
fn refuse_departed(office: &Office, sop: &sop::Sop) -> Result<(), Failure> {
    // Where the roster cannot be read, the checks of before count.
    let Ok(now) = Snapshot::in_force(&office.root) else { return Ok(()) };
    let named = sop.body.steps.iter().flat_map(Step::parties);
    let gone: BTreeSet<&str> = [&sop.head.owner]
        .into_iter()
        .chain(named)
        .map(String::as_str)
        .filter(|id| now.roster.get(id).is_none())
        .collect();
    if gone.is_empty() {
        return Ok(());
    }
    let gone: Vec<&str> = gone.into_iter().collect();
    let reason = format!(
        "{} names {}, who is no longer on the roster; put the agent file back and try again, or reject this and bring a version that names another",
        sop.head.id,
        listed(&gone)
    );
    Err(Failure::new(FailureClass::Conflict, reason))
}

/// The registry may have moved since the draft was judged.
fn refuse_new_conflicts(office: &Office, sop: &sop::Sop, text: &str) -> Result<(), Failure> {
    let found = office.journal.read(|db| registry::conflicts(db, sop, text))?;
    let Some(conflict) = found.iter().find(|finding| finding.severity == Severity::Blocking) else {
        return Ok(());
    };
    let other = conflict.other.as_deref().unwrap_or_default();
    Err(Failure::new(
        FailureClass::Conflict,
        format!("the registry has moved since this was judged: {} {other}", conflict.message),
    ))
}
