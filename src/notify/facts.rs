//! What a fact of the journal has to tell, and whom. Facts about which nobody is told give nothing.

use super::notice::{Asked, Notice, Told};
use super::texts;
use crate::base::text::visible;
use crate::base::{Instant, Kind, Problem, files, problem::Result};
use crate::decision::{self, Decision, DecisionKind, State, Verb};
use crate::journal::Event;
use crate::mission;
use crate::registry;
use crate::run;
use crate::settings::{Settings, What};
use crate::sop::{self, Sop};
use rusqlite::Connection;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::path::Path;

/// Largest SOP file that is read for the parties it names, in bytes: ten times the largest there is.
const LARGEST_SOP: u64 = 4 * 1024 * 1024;

/// Longest effect that a notice carries, in bytes: what is longer is read at the desk.
const LONGEST_EFFECT: usize = 2_800;

/// Where a fact is looked at.
pub(super) struct Sight<'a> {
    pub(super) db: &'a Connection,
    pub(super) root: &'a Path,
    pub(super) settings: &'a Settings,
}

/// A fact with its members.
struct Fact<'a> {
    event: &'a Event,
    members: Value,
}

impl Fact<'_> {
    fn text(&self, name: &str) -> &str {
        self.members.get(name).and_then(Value::as_str).unwrap_or_default()
    }
    fn at(&self) -> Instant {
        let at = chrono::DateTime::parse_from_rfc3339(self.text("at"));
        Instant(at.map_or(0, |at| at.timestamp_millis()))
    }
}

/// Whether anybody may be told of facts of this kind.
pub(super) fn is_told(kind: &str) -> bool {
    matches!(
        kind,
        "mission_received"
            | "mission_closed"
            | "published"
            | "decision_requested"
            | "decision_reminded"
            | "decision_escalated"
            | "run_completed"
            | "run_failed"
            | "step_completed"
            | "workflow_stopped"
    )
}

impl Sight<'_> {
    /// What `event` has to tell. What has vanished from the tables meanwhile tells nothing.
    pub(super) fn told(&self, event: &Event) -> Result<Vec<Told>> {
        let members = serde_json::from_str(&event.text)
            .map_err(|error| Problem::store(format!("fact {} cannot be read: {error}", event.seq)))?;
        let fact = Fact { event, members };
        let told = match event.kind.as_str() {
            "mission_received" => self.accepted(&fact),
            "mission_closed" => self.closed(&fact),
            "published" => self.published(&fact),
            "decision_requested" => self.requested(&fact),
            "decision_reminded" => self.again(&fact, What::Reminder),
            "decision_escalated" => self.again(&fact, What::Escalation),
            "run_completed" => self.run_ended(&fact, What::RunCompleted),
            "run_failed" => self.run_ended(&fact, What::RunFailed),
            "step_completed" => self.step(&fact),
            "workflow_stopped" => self.stopped(&fact),
            _ => Ok(Vec::new()),
        };
        match told {
            Err(problem) if problem.kind == Kind::NotFound => Ok(Vec::new()),
            told => told,
        }
    }

    fn accepted(&self, fact: &Fact<'_>) -> Result<Vec<Told>> {
        let row = mission::mission(self.db, &fact.event.subject)?;
        if mission::is_periodic(&row.id) {
            // Nobody handed it in; its owner is told what is asked.
            return Ok(Vec::new());
        }
        let page = mission_page(&row.id);
        let values = json!({ "title": row.title, "id": row.id });
        Ok(vec![told(fact, What::MissionAccepted, [row.requested_by], &values, page)?])
    }

    fn closed(&self, fact: &Fact<'_>) -> Result<Vec<Told>> {
        let row = mission::mission(self.db, &fact.event.subject)?;
        let state = match fact.text("state") {
            "rejected" => "Rejected",
            "cancelled" => "Cancelled",
            "failed" => "Failed",
            _ => return Ok(Vec::new()),
        };
        let values = json!({ "title": row.title, "state": state, "reason": fact.text("reason") });
        let page = mission_page(&row.id);
        Ok(vec![told(fact, What::MissionRejected, [row.requested_by], &values, page)?])
    }

    fn published(&self, fact: &Fact<'_>) -> Result<Vec<Told>> {
        let version = registry::version(self.db, &format!("{}-v{}", fact.text("sop"), fact.text("version")))?;
        let values = json!({
            "sop": version.id, "version": version.version, "by": fact.text("by"), "title": version.title,
            "owner": version.owner, "supersedes": fact.text("supersedes"),
        });
        let page = format!("/sops/{}", version.id);
        let mut named = self.named(&version.path);
        named.insert(version.owner);
        let mut all = Vec::new();
        if let Ok(row) = mission::mission(self.db, &fact.event.subject) {
            named.remove(&row.requested_by);
            let mut values = values.clone();
            if let Some(values) = values.as_object_mut() {
                values.insert("title".to_owned(), row.title.into());
            }
            all.push(told(fact, What::MissionPublished, [row.requested_by], &values, page.clone())?);
        }
        let to_operations = all.is_empty();
        all.push(Told { to_operations, ..told(fact, What::SopActive, named, &values, page)? });
        Ok(all)
    }

    /// The parties that a published file names. One that cannot be read names nobody; `sop verify` tells of it.
    fn named(&self, path: &str) -> BTreeSet<String> {
        let text = files::read_text(&self.root.join(path), LARGEST_SOP).unwrap_or_default();
        sop::parse(path, &text).map(|sop| parties_of(&sop)).unwrap_or_default()
    }

    fn requested(&self, fact: &Fact<'_>) -> Result<Vec<Told>> {
        let Some(one) = self.open(fact)? else { return Ok(Vec::new()) };
        let what = match one.ask.kind {
            DecisionKind::Question => What::Question,
            DecisionKind::Stuck => What::MissionStuck,
            DecisionKind::PeriodicReview => What::ReviewDue,
            _ => What::ApprovalRequired,
        };
        let asked = one.ask.asked_of.clone();
        let mut all = vec![asking(fact, what, asked, &one)?];
        if what == What::MissionStuck {
            let row = mission::mission(self.db, &one.ask.mission)?;
            if !one.ask.asked_of.contains(&row.requested_by) {
                let helper = crate::base::text::listed(&one.ask.asked_of);
                let values = json!({
                    "asked": false, "title": row.title, "why": one.ask.why, "wanted": "", "helper": helper,
                });
                all.push(told(fact, what, [row.requested_by], &values, mission_page(&row.id))?);
            }
        }
        Ok(all)
    }

    fn again(&self, fact: &Fact<'_>, what: What) -> Result<Vec<Told>> {
        let Some(one) = self.open(fact)? else { return Ok(Vec::new()) };
        let asked = one.ask.asked_of.clone();
        Ok(vec![asking(fact, what, asked, &one)?])
    }

    /// The decision a fact is about, while it is open: nobody is asked for what is answered.
    fn open(&self, fact: &Fact<'_>) -> Result<Option<Decision>> {
        let one = decision::one(self.db, fact.text("decision"))?;
        Ok(Some(one).filter(|one| one.state == State::Open))
    }

    fn run_ended(&self, fact: &Fact<'_>, what: What) -> Result<Vec<Told>> {
        let gave = run::outcome_of(self.db, &fact.event.subject)?;
        let score = fact.members.get("score");
        self.of_run(fact, what, json!({ "reason": fact.text("reason"), "score": score, "gave": gave }))
    }

    fn step(&self, fact: &Fact<'_>) -> Result<Vec<Told>> {
        let step = fact.members.get("stepNumber").cloned();
        let more = json!({ "step": step, "title": fact.text("title"), "by": fact.text("by") });
        self.of_run(fact, What::StepCompleted, more)
    }

    /// What is told of a run, to who started it and who owns its SOP.
    fn of_run(&self, fact: &Fact<'_>, what: What, more: Value) -> Result<Vec<Told>> {
        let row = run::run(self.db, &fact.event.subject)?;
        let version = registry::version(self.db, &format!("{}-v{}", row.sop, row.version))?;
        let mut values =
            json!({ "id": row.id, "sop": row.sop, "version": row.version, "title": version.title });
        if let (Some(values), Value::Object(more)) = (values.as_object_mut(), more) {
            values.extend(more);
        }
        let page = format!("/runs/{}", row.id);
        Ok(vec![told(fact, what, [row.initiator, version.owner], &values, page)?])
    }

    /// A story that went wrong by itself: whoever wants it and whoever helps missions on should know.
    fn stopped(&self, fact: &Fact<'_>) -> Result<Vec<Told>> {
        if !mission::is_id(&fact.event.subject) {
            let reason = format!("it was stopped: {}", fact.text("reason"));
            return self.of_run(fact, What::RunFailed, json!({ "reason": reason }));
        }
        let row = mission::mission(self.db, &fact.event.subject)?;
        let helper = &self.settings.publication.interim.forwards;
        let values = json!({
            "asked": true, "title": format!("Look at the mission \"{}\": it was stopped", row.title),
            "why": fact.text("reason"), "wanted": "`sopd mission retry` tries again.", "helper": helper,
        });
        let page = mission_page(&row.id);
        Ok(vec![told(fact, What::MissionStuck, [row.requested_by, helper.clone()], &values, page)?])
    }
}

fn mission_page(id: &str) -> String {
    format!("/missions/{id}")
}

/// Everybody whom an SOP gives a part: its owner, its roles, those who do or approve its steps.
fn parties_of(sop: &Sop) -> BTreeSet<String> {
    let bullets = sop::outline::bullets(&sop.body.roles, 1);
    let roles =
        bullets.iter().filter_map(|bullet| bullet.text.split_once(':')).map(|(id, _)| id.trim().to_owned());
    let named = roles.chain(sop.body.steps.iter().flat_map(sop::Step::parties).cloned());
    named.filter(|id| crate::roster::is_agent_id(id)).chain([sop.head.owner.clone()]).collect()
}

fn told(
    fact: &Fact<'_>,
    what: What,
    parties: impl IntoIterator<Item = String>,
    values: &Value,
    page: String,
) -> Result<Told> {
    let parties: BTreeSet<String> = parties.into_iter().collect();
    let key = fact.event.seq.to_string();
    let notice = notice(what, values, page, fact.at())?;
    Ok(Told { key, parties: parties.into_iter().collect(), to_operations: true, notice })
}

/// A notice with its text.
pub(super) fn notice(what: What, values: &Value, page: String, at: Instant) -> Result<Notice> {
    let name = json!(what);
    let values: Map<String, Value> = values.as_object().cloned().unwrap_or_default();
    let (headline, lines) = texts::fill(name.as_str().unwrap_or_default(), values)?;
    Ok(Notice { what, headline, lines, page, at, decision: None })
}

/// What is told to who must decide.
fn asking(fact: &Fact<'_>, what: What, parties: Vec<String>, one: &Decision) -> Result<Told> {
    let ask = &one.ask;
    let undone = match ask.details.get("reversible").and_then(Value::as_bool) {
        Some(true) => "it can be undone",
        Some(false) => "it cannot be undone",
        None => "",
    };
    let risk = ask.details.get("risk_level").and_then(Value::as_str).unwrap_or_default();
    let values = json!({
        "asked": true, "title": ask.title, "why": ask.why, "subject": ask.subject, "risk": risk,
        "undone": undone, "quorum": ask.quorum, "of": ask.asked_of.len(), "since": one.requested_at.minute(),
        "asked_of": crate::base::text::listed(&ask.asked_of), "wanted": wanted(one), "helper": "",
    });
    let mut told = told(fact, what, parties, &values, format!("/decisions/{}", one.id))?;
    let yes = one.ways().into_iter().any(|(verb, _)| verb == Verb::Approve);
    let takes_yes = yes && !one.needs_override() && ask.kind != DecisionKind::Stuck;
    let effect = ask.details.get("effect").and_then(Value::as_str).map(visible);
    let effect = effect.filter(|effect| effect.len() <= LONGEST_EFFECT);
    let whole = effect.as_deref().is_some_and(run::is_whole);
    told.notice.decision =
        Some(Asked { id: one.id.clone(), hash: ask.hash.clone(), takes_yes, effect, whole });
    Ok(told)
}

/// By when an answer is wanted, and what happens without one.
fn wanted(one: &Decision) -> String {
    match one.ask.due_at {
        Some(due) => {
            format!("Answer by {}; without an answer: {}.", due.minute(), one.ask.on_deadline.then())
        }
        None => "It waits until you answer.".to_owned(),
    }
}
