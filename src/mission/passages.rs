//! What of a mission's sources each is shown: a binding one is shown whole to everybody who works on the text; of the others
//! whoever plans sees as much as a plan needs, each worker the passages that speak of its part, and everybody the contents.

use super::Office;
use super::brought::text_of;
use super::rounds::Desk;
use crate::draft::provenance;
use crate::journal::{Activity, Failure, Journal, Recorded, Repeat, Stop};
use crate::roles::MissionView;
use crate::source::{Listed, Shown, passages, whole};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Most bytes of all sources that are not binding, together, that whoever plans is shown.
const FOR_PLANNING: usize = 24 * 1024;
/// Most bytes of one source that lines are traced to: every line is compared with every sentence of it.
const TRACED: usize = 64 * 1024;
/// Most of them for each worker.
const FOR_A_PART: usize = 16 * 1024;

/// The sources with their texts, as they are on record.
pub(super) fn texts(journal: &Journal, sources: &[Listed]) -> Result<Vec<(Listed, String)>, Failure> {
    sources.iter().map(|source| Ok((source.clone(), text_of(journal, source)?))).collect()
}

/// A source as everybody sees it: whole where it is binding, else by its contents.
pub(super) fn bound(source: &Listed, text: &str) -> Shown {
    let all = if source.binding { whole(text) } else { Vec::new() };
    Shown::of(source, text, all)
}

/// The sources as whoever plans sees them.
pub(super) fn for_planning(texts: &[(Listed, String)], told: &str) -> Vec<Shown> {
    within(texts, told, FOR_PLANNING)
}

/// The sources with what of them speaks of `wanted`; of those that are not binding at most `most` bytes together.
fn within(texts: &[(Listed, String)], wanted: &str, most: usize) -> Vec<Shown> {
    let open = texts.iter().filter(|(source, _)| !source.binding).count().max(1);
    let shown = |(source, text): &(Listed, String)| {
        let all = if source.binding { whole(text) } else { passages(text, wanted, most / open) };
        Shown::of(source, text, all)
    };
    texts.iter().map(shown).collect()
}

/// A source as the finished text is held against it.
pub(super) struct Given {
    id: String,
    /// All of it: a figure that stands anywhere in it was given.
    pub(super) text: String,
    /// What of it speaks of what the text speaks of: lines are traced to that.
    part: String,
}

impl Given {
    /// As what lines may come from.
    pub(super) fn also(&self) -> provenance::Also<'_> {
        provenance::Also { name: &self.id, text: &self.part }
    }
}

/// The sources of a mission, to be held against `text`.
pub(super) fn given(journal: &Journal, view: &MissionView, text: &str) -> Result<Vec<Given>, Failure> {
    let read = |shown: &Shown| {
        let whole = text_of(journal, &shown.source)?;
        let most = if shown.source.binding { usize::MAX } else { TRACED };
        let part: Vec<String> = passages(&whole, text, most).into_iter().map(|one| one.text).collect();
        Ok(Given { id: shown.id.clone(), part: part.join("\n\n"), text: whole })
    };
    view.sources.iter().map(read).collect()
}

/// Finds for each worker what of the sources speaks of its part.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct FindPassages {
    sources: Vec<Listed>,
    /// Each worker with the words of its part.
    parts: Vec<(String, String)>,
}

impl Activity for FindPassages {
    const NAME: &'static str = "find_passages";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Office;
    type Output = BTreeMap<String, Vec<Shown>>;
    fn key(&self) -> String {
        "passages".to_owned()
    }
    async fn perform(self, office: &Office) -> Result<Recorded<Self::Output>, Failure> {
        let texts = texts(&office.journal, &self.sources)?;
        let part = |(agent, words): &(String, String)| (agent.clone(), within(&texts, words, FOR_A_PART));
        Ok(Recorded::of(self.parts.iter().map(part).collect()))
    }
}

impl Desk<'_> {
    /// Finds what of the sources each worker is shown. A mission without any has nothing to find, and asks for nothing: so
    /// those that began before there were sources go on as they were recorded.
    pub(super) async fn find_passages(&mut self) -> Result<(), Stop> {
        let sources: Vec<Listed> = self.setup.view.sources.iter().map(|shown| shown.source.clone()).collect();
        if sources.iter().all(|source| source.binding) {
            return Ok(());
        }
        let words = |brief: &str, ids: &[String]| {
            let own = self.plan.contract.assertions.iter().filter(|one| ids.contains(&one.id));
            let own: Vec<&str> = own.map(|one| one.statement.as_str()).collect();
            format!("{} {brief} {}", self.plan.title, own.join(" "))
        };
        let parts = self.plan.assignments.iter();
        let parts = parts.map(|one| (one.agent.clone(), words(&one.brief, &one.assertions))).collect();
        self.passages = self.w.call(FindPassages { sources, parts }).await?;
        Ok(())
    }
}
