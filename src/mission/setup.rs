//! Prepares a mission: its snapshot of settings, roster and prompts, and what the orchestrator will see.

use super::Office;
use super::passages::{bound, for_planning, texts};
use super::records::{MissionState, set_state};
use crate::agent::{Asker, Snapshot};
use crate::base::{Digest, MicroUsd};
use crate::brief::{Ask, Brief};
use crate::journal::{Activity, Failure, FailureClass, Recorded, Repeat};
use crate::registry;
use crate::roles::plan::{AgentView, SopView};
use crate::roles::{ADOPT, MissionView};
use crate::roster::{Agent, Roster, Runtime};
use crate::settings::authority::Deadline;
use crate::settings::{DecisionRules, MissionRules, Settings};
use crate::sop::tokens::stems;
use crate::source::{Listed, Shown};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// Looks around before planning. Runs again when a held mission gets its turn: the registry has moved.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Prepare {
    pub(super) mission: String,
    /// Without its scenarios.
    pub(super) brief: Brief,
    pub(super) requester: String,
    pub(super) nth: u32,
    /// The snapshot of the first look; absent at first.
    pub(super) snapshot: Option<Digest>,
    /// What the mission rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) sources: Vec<Listed>,
}

/// What a mission works with from its start to its end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Setup {
    pub(super) asker: Asker,
    pub(super) orchestrator: String,
    pub(super) requester: String,
    pub(super) rules: MissionRules,
    pub(super) deadlines: Deadlines,
    pub(super) view: MissionView,
    /// Without its scenarios.
    pub(super) ask: Ask,
    /// Tier of each agent.
    pub(super) tiers: BTreeMap<String, u8>,
    /// Department of each agent.
    pub(super) departments: BTreeMap<String, String>,
    /// Agents that are people.
    pub(super) people: Vec<String>,
    /// Agents that work elsewhere. Left out where there are none, as it was before there could be any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) elsewhere: Vec<String>,
    /// Agents that are on the roster and not at work yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) planned: Vec<String>,
    /// Whom each agent reports to, those passed over who are not at work.
    pub(super) chiefs: BTreeMap<String, String>,
    /// Who helps where a mission is stuck.
    pub(super) helper: String,
}

impl Setup {
    /// Everybody on the roster, a line each.
    pub(super) fn at_work(&self) -> Vec<String> {
        let line = |(id, department): (&String, &String)| {
            let kind = if self.people.contains(id) { ", a person" } else { "" };
            let above = self.chiefs.get(id).map_or(String::new(), |chief| format!(", reports to {chief}"));
            format!("{id} ({department}{kind}{above})")
        };
        self.departments.iter().filter(|(id, _)| !self.planned.contains(id)).map(line).collect()
    }
}

/// The deadlines of what a mission asks people, as they were when it began. A type of its own, with just the rules a
/// mission reads: what is recorded must not change with every rule the settings gain.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Deadlines {
    pub(super) forwarding: Deadline,
    pub(super) signature: Deadline,
    pub(super) help: Deadline,
    pub(super) draft: Deadline,
    pub(super) max_escalations: u32,
}

impl From<DecisionRules> for Deadlines {
    fn from(rules: DecisionRules) -> Self {
        let DecisionRules { forwarding, signature, help, draft, max_escalations, max_deferral: _ } = rules;
        Self { forwarding, signature, help, draft, max_escalations }
    }
}

/// What only planning needs beside it: not carried any further.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Prepared {
    pub(super) setup: Setup,
    pub(super) roster: Vec<AgentView>,
    /// The active SOPs whose titles speak of what the mission speaks of.
    pub(super) sops: Vec<SopView>,
    /// The sources with as much of their text as planning needs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) sources: Vec<Shown>,
}

/// Most SOPs the orchestrator is shown: a model reads no more, and conflicts with all others are found by code.
const MOST_SOPS: usize = 40;

impl Activity for Prepare {
    const NAME: &'static str = "prepare";
    const REPEAT: Repeat = Repeat::Safe;
    type World = Office;
    type Output = Prepared;
    fn key(&self) -> String {
        format!("prepare#{}", self.nth)
    }
    async fn perform(self, office: &Office) -> Result<Recorded<Prepared>, Failure> {
        let (digest, bytes, snapshot) = if let Some(digest) = &self.snapshot {
            (digest.clone(), None, office.gateway.snapshot(digest)?)
        } else {
            let read = Snapshot::in_force(&office.root).map_err(|problems| unreadable(&problems))?;
            let (digest, bytes, snapshot) = office.gateway.keep_snapshot(&read)?;
            (digest, Some(bytes), snapshot)
        };
        let prepared = self.look(office, &snapshot, digest.clone())?;
        let mission = self.mission;
        Ok(Recorded::of(prepared)
            .event(&mission.clone(), "prepared", json!({ "snapshot": digest }))
            .change(move |tx| bytes.as_ref().map_or(Ok(()), |bytes| tx.blob(bytes).map(drop)))
            .change(move |tx| set_state(tx, &mission, MissionState::Planning, "")))
    }
}

fn unreadable(problems: &[crate::base::Problem]) -> Failure {
    let words: Vec<String> = problems.iter().map(ToString::to_string).collect();
    Failure::new(FailureClass::Content, format!("the workspace's files cannot be read: {}", words.join("; ")))
}

impl Prepare {
    fn look(&self, office: &Office, snapshot: &Snapshot, digest: Digest) -> Result<Prepared, Failure> {
        let Snapshot { settings, roster, .. } = snapshot;
        let orchestrator = roster.orchestrator().ok_or_else(|| {
            Failure::new(FailureClass::Content, "the roster needs exactly one active orchestrator")
        })?;
        let (sops, current) = office.journal.read(|db| {
            let row = match &self.brief.ask.sop {
                Some(id) => registry::active(db, id)?,
                None => None,
            };
            let current = row.map(|row| registry::read_checked(&office.root, &row)).transpose()?;
            Ok((registry::summaries(db)?, current))
        })?;
        let texts = texts(&office.journal, &self.sources)?;
        let ask = &self.brief.ask;
        let agents = || roster.agents.values();
        let setup = Setup {
            asker: Asker {
                budget_usd: ask.budget.and_then(|budget| MicroUsd::from_dollars(budget.usd).ok()),
                ..Asker::new(
                    &self.mission,
                    digest,
                    (&settings.models, settings.missions.confidence_threshold),
                )
            },
            orchestrator: orchestrator.head.id.clone(),
            requester: self.requester.clone(),
            rules: settings.missions,
            deadlines: settings.decisions.into(),
            view: MissionView {
                title: self.brief.title.clone(),
                text: self.brief.text.clone(),
                objective: ask.objective.clone(),
                change: change_word(ask, current.is_some()),
                current,
                answers: Vec::new(),
                sources: texts.iter().map(|(source, text)| bound(source, text)).collect(),
            },
            ask: ask.clone(),
            tiers: agents().map(|agent| (agent.head.id.clone(), agent.head.tier)).collect(),
            departments: agents()
                .map(|agent| (agent.head.id.clone(), agent.head.department.clone()))
                .collect(),
            people: of_runtime(roster, Runtime::Person),
            elsewhere: of_runtime(roster, Runtime::External),
            planned: agents().filter(|agent| !agent.is_active()).map(|agent| agent.head.id.clone()).collect(),
            chiefs: roster.chiefs(),
            helper: helper(settings, snapshot),
        };
        let sops = related(sops, &format!("{} {}", self.brief.title, self.brief.text));
        let told = format!("{} {}", self.brief.title, self.brief.text);
        let sources = for_planning(&texts, &told);
        Ok(Prepared { setup, roster: roster.active().map(view).collect(), sops, sources })
    }
}

fn of_runtime(roster: &Roster, runtime: Runtime) -> Vec<String> {
    let agents = roster.agents.values().filter(|agent| agent.head.runtime == runtime);
    agents.map(|agent| agent.head.id.clone()).collect()
}

/// The SOPs in force, those whose titles share most words with the mission first.
fn related(sops: Vec<SopView>, text: &str) -> Vec<SopView> {
    let told: BTreeSet<String> = stems(text).into_iter().collect();
    let shared = |sop: &SopView| stems(&sop.title).into_iter().filter(|stem| told.contains(stem)).count();
    let mut found: Vec<(usize, SopView)> = sops.into_iter().map(|sop| (shared(&sop), sop)).collect();
    found.sort_by_key(|(shared, _)| std::cmp::Reverse(*shared));
    found.into_iter().take(MOST_SOPS).map(|(_, sop)| sop).collect()
}

/// Who is asked where a mission cannot go on by itself: the chief of staff of the interim path, else who signs.
fn helper(settings: &Settings, snapshot: &Snapshot) -> String {
    let interim = &settings.publication.interim;
    match snapshot.roster.get(&interim.forwards) {
        Some(agent) if agent.is_active() => interim.forwards.clone(),
        _ => interim.signs.clone(),
    }
}

fn change_word(ask: &Ask, exists: bool) -> String {
    use crate::sop::id::Change;
    let change = ask.change.unwrap_or(if exists { Change::Minor } else { Change::New });
    match change {
        Change::New => "new",
        Change::Major => "major",
        Change::Minor => "minor",
        Change::Patch => "patch",
        Change::Adopt => ADOPT,
    }
    .to_owned()
}

fn view(agent: &Agent) -> AgentView {
    let role = |role| serde_json::to_value(role).ok().and_then(|word| word.as_str().map(str::to_owned));
    AgentView {
        id: agent.head.id.clone(),
        title: agent.head.title.clone(),
        department: agent.head.department.clone(),
        roles: agent.head.roles.iter().filter_map(role).collect(),
        topics: agent.topics.iter().map(|topic| topic.title.clone()).collect(),
        runtime: serde_json::to_value(agent.head.runtime)
            .ok()
            .and_then(|word| word.as_str().map(str::to_owned)),
    }
}
