//! A document that holds several procedures: whoever asks says first whether each is an SOP of its own, and on one word each
//! becomes a mission by itself.

use super::Office;
use super::brought::{self, Brought};
use super::decide::{Question, decide};
use super::records::{MissionState, NewMission, receive};
use super::setup::{Prepare, Setup};
use super::workflow::{Author, Ending};
use crate::base::Digest;
use crate::base::text::{counted, listed};
use crate::brief::{self, Ask, Brief};
use crate::decision::DecisionKind;
use crate::journal::{Activity, Failure, FailureClass, Recorded, Repeat, Stop, Workflow};
use crate::sop::id::Change;
use crate::sop::import::several;
use crate::source::Listed;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

/// Words that say that each is one, in the languages of the headings.
const EACH: [&str; 18] = [
    "each", "yes", "y", "separate", "split", "all", "jede", "jedes", "ja", "einzeln", "chacun", "chacune",
    "oui", "cada", "sí", "si", "ciascuno", "elk",
];

/// How the mission ends where its document became several; `None` where it goes on as one.
pub(super) async fn parted(w: &Workflow, mission: &Author) -> Result<Option<Ending>, Stop> {
    if mission.brief.ask.change != Some(Change::Adopt) {
        return Ok(None);
    }
    let found = several("document.md", &mission.brief.text);
    if found.is_empty() {
        return Ok(None);
    }
    let (id, requester) = (mission.mission.clone(), mission.requester.clone());
    let brief = mission.brief.without_scenarios();
    let sources = mission.sources.clone();
    let prepare =
        Prepare { mission: id.clone(), brief, requester: requester.clone(), nth: 0, snapshot: None, sources };
    let setup = w.call(prepare).await?.setup;
    let titles: Vec<String> = found.iter().map(|(title, _)| format!("“{title}”")).collect();
    if !each(w, &setup, &titles).await? {
        return Ok(None);
    }
    let count = counted(found.len(), "mission");
    let (ask, sources) = (mission.brief.ask.clone(), mission.sources.clone());
    w.call(Split { mission: id, requester, ask, parts: found, sources }).await?;
    Ok(Some(Ending {
        state: MissionState::Answered,
        reason: format!("it became {count}: {}", listed(&titles)),
    }))
}

async fn each(w: &Workflow, setup: &Setup, titles: &[String]) -> Result<bool, Stop> {
    let title = format!(
        "This document holds {}: {}. Is each an SOP of its own? Answer “each”, or “one” for a single SOP.",
        counted(titles.len(), "procedure"),
        listed(titles)
    );
    let question = Question {
        key: "several".to_owned(),
        kind: DecisionKind::Question,
        subject: setup.orchestrator.clone(),
        hash: Digest::of(&title),
        title,
        why: "several titles of the document have steps of their own".to_owned(),
        asked_of: vec![setup.requester.clone()],
        barred: BTreeMap::new(),
        details: json!({}),
        deadline: setup.deadlines.help,
        assume: false,
    };
    let answer = decide(w, setup, question).await?.map(|answer| answer.text).unwrap_or_default();
    let first = answer.split(|c: char| !c.is_alphanumeric()).find(|word| !word.is_empty());
    Ok(first.is_some_and(|word| EACH.contains(&word.to_lowercase().as_str())))
}

/// Makes a mission of each.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Split {
    mission: String,
    requester: String,
    ask: Ask,
    parts: Vec<(String, String)>,
    /// What the whole rested on, each part rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    sources: Vec<Listed>,
}

impl Activity for Split {
    const NAME: &'static str = "split";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Office;
    type Output = ();
    fn key(&self) -> String {
        "split".to_owned()
    }
    async fn perform(self, office: &Office) -> Result<Recorded<()>, Failure> {
        let mut all = Vec::new();
        let sources = brought::again(&office.journal, &self.mission, &self.sources)?;
        for (title, text) in &self.parts {
            let (file, text) = brief::adopting(title, text);
            let read = brief::parse(&file, &text).map_err(|problems| {
                let words: Vec<String> = problems.iter().map(ToString::to_string).collect();
                Failure::new(FailureClass::Content, words.join("; "))
            })?;
            // What was asked of the whole holds for each, except for what only one of them can be.
            let ask = Ask { sop: None, title: None, change: Some(Change::Adopt), ..self.ask.clone() };
            let (brief, requester) = (Brief { ask, ..read }, self.requester.clone());
            let brought = Brought { sources: sources.clone(), original: None };
            all.push(NewMission { brief, text, file, requester, again: true, dropped: false, brought });
        }
        let titles: Vec<&String> = self.parts.iter().map(|(title, _)| title).collect();
        let event = json!({ "procedures": titles });
        Ok(Recorded::of(())
            .event(&self.mission, "mission_parted", event)
            .change(move |tx| all.iter().try_for_each(|new| receive(tx, new).map(drop))))
    }
}
