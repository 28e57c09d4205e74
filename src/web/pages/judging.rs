//! Everything a person judges a decision by: the exact effect, the draft with its sources, what was found, what it is
//! compared with, what was asked, and how it came to this.

use super::written::{self, Words};
use super::{compare, outcome, timeline};
use crate::base::trace::is_run;
use crate::base::{Instant, problem::Result};
use crate::daemon::{self, Workspace};
use crate::decision::{self, Decision, DecisionKind, State as Stage, Verb};
use crate::front;
use crate::mission::{self, Draft, Files};
use crate::registry;
use crate::sop;
use crate::web::site::Site;
use crate::web::sourced;
use rusqlite::Connection;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Shortest line, in bytes, that may be the first of a quote that goes over several.
const SHORTEST: usize = 20;

/// Who looks, and how.
pub(super) struct View {
    pub(super) me: String,
    pub(super) now: Instant,
    /// What the draft is compared with.
    pub(super) against: String,
    /// What they have just done short of answering.
    pub(super) done: String,
    /// The hash of what somebody had in front of them, who hears now that it is not asked any more.
    pub(super) shown: String,
}

impl View {
    /// The view of a party that compares nothing and has done nothing yet.
    pub(super) fn of(me: &str, now: Instant) -> Self {
        Self { me: me.to_owned(), now, against: String::new(), done: String::new(), shown: String::new() }
    }
}

/// What the page of a decision shows.
pub(super) fn context(site: &Site, workspace: &Workspace, id: &str, view: &View) -> Result<Value> {
    let snapshot = workspace.snapshot().ok();
    let parties: Vec<&str> = snapshot
        .iter()
        .flat_map(|snapshot| snapshot.roster.active())
        .map(|agent| agent.head.id.as_str())
        .filter(|id| *id != view.me)
        .collect();
    let (able, unable) = stand_ins(workspace, id, &view.me)?;
    workspace.journal.read(|db| {
        let decision = decision::one(db, id)?;
        let of_run = is_run(&decision.ask.mission);
        let unsent = decision::unsent(db, &decision, &view.me)?;
        let about =
            if of_run { json!({}) } else { of_mission(site, workspace, (db, &decision), (view, &unsent))? };
        let mut context = asked(db, &decision, (view, of_run))?;
        if let (Some(context), Value::Object(about)) = (context.as_object_mut(), about) {
            context.extend(about);
            context.insert("parties".to_owned(), json!(parties));
            context.insert("able".to_owned(), json!(able));
            context.insert("unable".to_owned(), json!(unable));
            context.insert("comments".to_owned(), json!(written::left_behind("revise", &unsent)));
            // What was only chosen is nothing that could be lost.
            let chosen = |name: &str| matches!(name.split_once('.'), Some((_, "to" | "by")));
            let words = unsent.iter().filter(|(name, _)| !chosen(name));
            context.insert("left".to_owned(), json!(words.collect::<BTreeMap<_, _>>()));
            context.insert("unsent".to_owned(), json!(unsent));
            context.insert("notice".to_owned(), outcome::notice(db, &decision, (&view.me, &view.done))?);
        }
        Ok(context)
    })
}

/// To whom it may be passed on, and why to nobody else; nothing where it is not the party's to pass on.
fn stand_ins(workspace: &Workspace, id: &str, me: &str) -> Result<(Vec<String>, Vec<String>)> {
    let decision = workspace.journal.read(|db| decision::one(db, id))?;
    if !may(&decision, me) || decision.ask.kind == DecisionKind::Assignment {
        return Ok((Vec::new(), Vec::new()));
    }
    front::stand_ins(workspace, id, me)
}

/// What is asked, of whom, and what was said so far.
fn asked(db: &Connection, decision: &Decision, (view, of_run): (&View, bool)) -> Result<Value> {
    let (ask, me) = (&decision.ask, view.me.as_str());
    let voted = decision.votes.iter().any(|party| party == me);
    let may = may(decision, me);
    let care = decision::care(db, decision, view.now)?;
    let questions = decision::questions(db, decision)?;
    Ok(json!({
        "title": ask.title, "id": decision.id, "kind": ask.kind.word(), "ask": ask, "state": decision.state,
        "requested_at": decision.requested_at.0, "due_at": ask.due_at.map(|due| due.0),
        "then": ask.on_deadline.then(), "overdue": decision.overdue(view.now), "reminders": decision.reminders,
        "votes": decision.votes, "quorum": ask.quorum, "answer": decision.answer,
        "answered_at": decision.answer.as_ref().map(|a| a.at.0),
        "ways": ways(decision), "may": may, "voted": voted, "barred": ask.barred.get(me),
        "needs_override": decision.needs_override(), "of_run": of_run,
        "bound": !matches!(ask.kind, DecisionKind::Question | DecisionKind::Assignment | DecisionKind::Stuck),
        "effect": ask.details.get("effect"), "final": decision.is_final(),
        "step": ask.details.get("step"), "about": decision::about(decision),
        "claim": care.claim.map(|claim| json!({ "by": claim.by, "until": claim.until.0 })),
        "delegated_by": care.delegated_by, "first_due": care.first_due.map(|due| due.0),
        "questions": questions.iter().map(sibling).collect::<Vec<_>>(),
        "cost": cost(db, decision, of_run)?, "siblings": siblings(db, decision)?,
        "timeline": timeline::of(db, &ask.mission)?,
    }))
}

/// Whether the forms to answer are shown; whether an answer counts is decided where it is given.
fn may(decision: &Decision, me: &str) -> bool {
    let ask = &decision.ask;
    let voted = decision.votes.iter().any(|party| party == me);
    let asked = ask.asked_of.iter().any(|party| party == me);
    decision.state == Stage::Open && asked && !ask.barred.contains_key(me) && !voted
}

/// The ways to answer: the word in the address, what it is called, what it leads to, whether words are needed.
fn ways(decision: &Decision) -> Vec<Value> {
    let kind = decision.ask.kind;
    let way = |(verb, leads_to): (Verb, String)| {
        let word = if verb == Verb::Retry { "retry" } else { verb.word() };
        let label = label(word, kind);
        let words = matches!(verb, Verb::Reject | Verb::Revise | Verb::Answer);
        json!({ "word": word, "label": label, "leads_to": leads_to, "needs_words": words })
    };
    decision.ways().into_iter().map(way).collect()
}

/// What the button of a way is called.
pub(super) fn label(way: &str, kind: DecisionKind) -> &'static str {
    match (way, kind) {
        ("approve", DecisionKind::Forward) => "Forward",
        ("approve", DecisionKind::Publish | DecisionKind::Review) => "Sign",
        ("approve", DecisionKind::PeriodicReview) => "Still right",
        ("reject", DecisionKind::PeriodicReview) => "Retire",
        ("approve", _) => "Approve",
        ("reject", _) => "Reject",
        ("revise", _) => "Request changes",
        ("retry", _) => "Try again",
        ("complete", _) => "Hand in",
        _ => "Answer",
    }
}

/// The draft with everything said about it.
fn of_mission(
    site: &Site,
    workspace: &Workspace,
    (db, decision): (&Connection, &Decision),
    (view, unsent): (&View, &Words),
) -> Result<Value> {
    let mission = &decision.ask.mission;
    let row = mission::mission(db, mission)?;
    let files = Files { journal: &workspace.journal, db, mission };
    let Some(draft) = files.draft(Some(decision), row.round)? else { return Ok(json!({ "draft": null })) };
    let called = mission::called_and_not_held(db, mission)?;
    let compared = compare::with(workspace, &files, (decision, &draft), &view.against)?;
    let changed =
        if view.shown.is_empty() { Value::Null } else { compare::since(&files, &row, &view.shown)? };
    let may = may(decision, &view.me) && decision.ways().iter().any(|(verb, _)| *verb == Verb::Revise);
    let marks = marks(site, &files, &draft, may.then_some(unsent))?;
    let skipped = head_lines(&draft.text);
    let body: String = draft.text.split_inclusive('\n').skip(skipped).collect();
    let head: String = draft.text.split_inclusive('\n').take(skipped).collect();
    let unsourced: Vec<usize> = draft
        .lines
        .iter()
        .filter(|line| line.from.starts_with("unsourced"))
        .map(|line| line.number)
        .collect();
    Ok(json!({
        "draft": {
            "file": draft.file, "sha256": draft.sha256, "round": draft.round, "text": draft.text,
            "html": sourced::html(&body, skipped, &marks), "head": head, "findings": draft.findings,
            "passed": draft.verdicts.passed, "failed": draft.verdicts.failed, "open": draft.verdicts.open,
            "each": draft.verdicts.each.iter().map(|one| placed(one, &draft)).collect::<Vec<_>>(),
            "dissent": draft.dissent, "unsourced": unsourced, "is_asked": draft.sha256 == decision.ask.hash,
        },
        "compared": compared, "changed": changed, "conflicts": conflicts(db, &draft)?,
        "reports": reports(db, mission)?, "council_called": called,
    }))
}

/// Lines of the file's head, marks included.
fn head_lines(text: &str) -> usize {
    let mut lines = text.lines();
    if lines.next() != Some("---") {
        return 0;
    }
    lines.position(|line| line == "---").map_or(0, |at| at + 2)
}

/// For each line what shows where it comes from, and takes a comment on it.
fn marks(
    site: &Site,
    files: &Files<'_>,
    draft: &Draft,
    unsent: Option<&Words>,
) -> Result<BTreeMap<usize, String>> {
    let sources = files.sources(draft)?;
    let mut marks = BTreeMap::new();
    let mut in_code = false;
    for line in draft.lines.iter().filter(|line| !line.text.trim().is_empty()) {
        let fence = line.text.starts_with("```");
        in_code ^= fence;
        let from = sources.get(&line.number);
        let mut who: Vec<&str> = from
            .into_iter()
            .flatten()
            .map(
                |source| if source.worker.is_empty() { source.name.as_str() } else { source.worker.as_str() },
            )
            .collect();
        who.dedup();
        let lost = line.from.strip_prefix("unsourced: ");
        let context = json!({
            "line": line.number, "who": who, "sources": from, "unsourced": lost, "traced": !line.from.is_empty(),
            "may": unsent.is_some(), "code": in_code && !fence,
            "said": unsent.and_then(|unsent| unsent.get(&format!("line.{}", line.number))),
        });
        marks.insert(line.number, site.fragment("source.html", &context)?);
    }
    Ok(marks)
}

/// A verdict with the line its quote stands on.
fn placed(verdict: &Value, draft: &Draft) -> Value {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let quote = words(verdict.get("quote").and_then(Value::as_str).unwrap_or_default());
    let first: String = quote.chars().take(60).collect();
    let holds = |text: &str| {
        let line = words(text);
        !first.is_empty() && (line.contains(&first) || (line.len() >= SHORTEST && quote.starts_with(&line)))
    };
    let mut body = draft.lines.iter().skip(head_lines(&draft.text));
    let line = body.find(|line| holds(&line.text)).map(|line| line.number);
    let mut placed = verdict.clone();
    if let Some(members) = placed.as_object_mut() {
        members.insert("line".to_owned(), json!(line));
    }
    placed
}

/// Where the draft contradicts other SOPs: both places, side by side.
fn conflicts(db: &Connection, draft: &Draft) -> Result<Vec<Value>> {
    let Ok(parsed) = sop::parse(&draft.file, &draft.text) else { return Ok(Vec::new()) };
    let found = registry::conflicts(db, &parsed, &draft.text)?;
    let side = |finding: crate::contract::Finding| {
        let (place, words) =
            finding.other.as_deref().and_then(|other| other.split_once(": ")).unwrap_or_default();
        json!({
            "what": finding.message, "severity": finding.severity, "ours": finding.quote, "place": place,
            "theirs": words.trim_matches('"'), "href": href(place),
        })
    };
    Ok(found.into_iter().map(side).collect())
}

/// The page of the other SOP, or of the mission that drafts it.
fn href(place: &str) -> String {
    let word = |text: &str| text.split(' ').next().unwrap_or_default().to_owned();
    match place.split_once(" an open draft of ") {
        Some((_, mission)) => format!("/missions/{}", word(mission)),
        None => format!("/sops/{}", word(place)),
    }
}

/// What the contract asks for, and what validators and the council said, word for word.
fn reports(db: &Connection, mission: &str) -> Result<Vec<String>> {
    let told = ["contract", "scrutiny-", "user-test-", "council", "provenance-"];
    let names = mission::artifacts(db, mission)?.into_iter().map(|artifact| artifact.name);
    Ok(names.filter(|name| told.iter().any(|start| name.starts_with(start))).collect())
}

fn cost(db: &Connection, decision: &Decision, of_run: bool) -> Result<Value> {
    let id = &decision.ask.mission;
    if of_run {
        let status = daemon::run_status(db, id)?;
        return Ok(json!({ "usd": status.cost_usd, "tokens": status.tokens }));
    }
    let status = daemon::status_of(db, id)?;
    Ok(json!({ "usd": status.cost_usd, "tokens": status.tokens }))
}

/// What else was or is asked for the same mission or run.
fn siblings(db: &Connection, decision: &Decision) -> Result<Vec<Value>> {
    let all = decision::all_of_mission(db, &decision.ask.mission)?;
    let row = |one: &Decision| {
        let mut row = sibling(one);
        if let Some(members) = row.as_object_mut() {
            members.insert("this".to_owned(), json!(one.id == decision.id));
        }
        row
    };
    Ok(all.iter().map(row).collect())
}

fn sibling(one: &Decision) -> Value {
    json!({
        "id": one.id, "title": one.ask.title, "state": one.state, "asked_of": one.ask.asked_of,
        "requested_at": one.requested_at.0, "by": one.ask.details.get("by"),
        "answer": one.answer.as_ref().map(|answer| json!({
            "verb": answer.verb.word(), "by": answer.by, "at": answer.at.0, "text": answer.text,
        })),
    })
}
