//! A mission's folder and the overview: STATUS.md for people, the artifacts, and the mission's own audit log.

use super::status::{MissionStatus, newest, status_of};
use super::wanted::wanted;
use super::workspace::Workspace;
use crate::base::text::{cell, counted, put, put_line, visible, visible_json};
use crate::base::{Digest, Problem, files, problem::Result};
use crate::decision::{self, Decision, State};
use crate::journal::events_of;
use crate::mission::{self, MissionState, SOURCES};
use std::collections::HashMap;

/// Missions listed in the overview; the command line lists them all.
const LISTED: u32 = 200;
/// The file of what people were asked.
const DECISIONS: &str = "decision.md";
/// Most events one mission's log is written with.
const MOST_EVENTS: u32 = 100_000;

/// What each file of the open missions' dossiers was last written with: what has not changed is not read again
/// with every event.
#[derive(Debug, Default)]
pub(super) struct Written(HashMap<String, HashMap<String, Digest>>);

/// Writes a mission's folder as the journal has it.
pub(super) fn write(workspace: &Workspace, id: &str, written: &mut Written) -> Result<()> {
    let folder = workspace.missions().join(id);
    let ((status, called), artifacts, events, asked) = workspace.journal.read(|db| {
        let events = events_of(db, Some(id), 0, MOST_EVENTS)?;
        let status = (status_of(db, id)?, mission::called_and_not_held(db, id)?);
        Ok((status, mission::artifacts(db, id)?, events, decision::all_of_mission(db, id)?))
    })?;
    let council = called.filter(|_| status.ended_at.is_none());
    let council = council.map(|by| format!("called by {by}; it is held with the next round"));
    let known = written.0.entry(id.to_owned()).or_default();
    for artifact in &artifacts {
        let path = folder.join(&artifact.name);
        if known.get(&artifact.name) == Some(&artifact.hash) && path.exists() {
            continue;
        }
        let bytes = workspace.journal.blob(&artifact.hash)?;
        let bytes =
            bytes.ok_or_else(|| Problem::store(format!("the journal lacks {id}/{}", artifact.name)))?;
        files::project(&path, &shown(&artifact.name, bytes))?;
        known.insert(artifact.name.clone(), artifact.hash.clone());
    }
    if status.ended_at.is_some() {
        written.0.remove(id);
    }
    let mut names: Vec<&str> = artifacts.iter().map(|artifact| artifact.name.as_str()).collect();
    if !asked.is_empty() {
        files::project(&folder.join(DECISIONS), visible(&decisions(&asked)).as_bytes())?;
        names.push(DECISIONS);
    }
    let mut log = String::new();
    for event in &events {
        put_line(
            &mut log,
            format_args!(
                "{{\"seq\":{},\"hash\":\"{}\",\"fact\":{}}}",
                event.seq,
                event.hash,
                visible_json(&event.text)
            ),
        );
    }
    files::project(&folder.join("audit.jsonl"), log.as_bytes())?;
    let open: Vec<Decision> = asked.into_iter().filter(|decision| decision.state == State::Open).collect();
    files::project(
        &folder.join("STATUS.md"),
        visible(&status_page((&status, council.as_deref()), &open, &names)).as_bytes(),
    )
}

/// What is written of an artifact: nothing in it commands the screen of who reads it. What was asked for stays as it
/// came, and what is signed as it is.
fn shown(name: &str, bytes: Vec<u8>) -> Vec<u8> {
    let original = name.starts_with(SOURCES) && !name.starts_with("sources/S");
    let as_it_is = name.starts_with("mission.") || name.starts_with("synthesis-") || original;
    match String::from_utf8(bytes) {
        Ok(text) if !as_it_is => visible(&text).into_bytes(),
        Ok(text) => text.into_bytes(),
        Err(no_text) => no_text.into_bytes(),
    }
}

/// Removes what a crash left half-written in a mission's folder.
pub(super) fn remove_leftovers(workspace: &Workspace, id: &str) {
    let folder = workspace.missions().join(id);
    files::remove_leftovers(&folder);
    files::remove_leftovers(&folder.join("drafts"));
}

/// Writes `missions/STATUS.md`.
pub(super) fn write_overview(workspace: &Workspace) -> Result<()> {
    let (listed, open) = workspace.journal.read(|db| newest(db, LISTED))?;
    let mut out = String::from("# Missions under way\n\n");
    if listed.is_empty() {
        out.push_str("None. Drop a Markdown file into this folder to start one.\n");
    } else {
        out.push_str("| Mission | Title | Stands at | Waits for |\n|---|---|---|---|\n");
    }
    for status in &listed {
        put_line(
            &mut out,
            format_args!(
                "| [{}]({}/STATUS.md) | {} | {} | {} |",
                status.id,
                status.id,
                cell(&status.title),
                status.state.word(),
                cell(&status.waiting_for)
            ),
        );
    }
    if open > LISTED {
        put_line(&mut out, format_args!("\nand {} more: `sopd status` lists them.", open - LISTED));
    }
    files::project(&workspace.missions().join("STATUS.md"), visible(&out).as_bytes())
}

fn status_page(
    (status, council): (&MissionStatus, Option<&str>),
    open: &[Decision],
    files: &[&str],
) -> String {
    let mut out = format!("# {}\n\n", status.title);
    let mut row = |name: &str, value: &str| {
        if !value.is_empty() {
            put_line(&mut out, format_args!("**{name}**: {value}  "));
        }
    };
    row("Mission", &status.id);
    row("Stands at", &format!("{} — {}", status.state.word(), plain(status.state)));
    let many = format!("{}, listed below", counted(open.len(), "answer"));
    row("Waits for", if open.len() > 1 { &many } else { &status.waiting_for });
    let ledger = open.iter().find_map(|decision| decision.ask.details.get("asked")?.as_str());
    row("What was asked", ledger.unwrap_or_default());
    row("How it ended", if status.ended_at.is_some() { &status.reason } else { "" });
    row("Council", council.unwrap_or_default());
    row("SOP", status.sop.as_deref().unwrap_or_default());
    row("Asked for by", &status.requested_by);
    row("Round", &if status.round == 0 { String::new() } else { status.round.to_string() });
    row(
        "Cost so far",
        &format!(
            "${:.4}, {}",
            status.cost_usd,
            counted(usize::try_from(status.tokens).unwrap_or(0), "token")
        ),
    );
    row("Taken in", &status.created_at);
    row("Ended", status.ended_at.as_deref().unwrap_or_default());
    out.push_str(&wanted(open));
    let missing = open.iter().find_map(|decision| decision.ask.details.get("not_in_it")?.as_array());
    let missing: Vec<&str> = missing.into_iter().flatten().filter_map(serde_json::Value::as_str).collect();
    if !missing.is_empty() {
        out.push_str("\n## Asked, and not seen in the draft\n\n");
        for line in missing {
            put_line(&mut out, format_args!("- {line}"));
        }
    }
    out.push_str("\n## In this folder\n\n");
    for name in files {
        put_line(&mut out, format_args!("- [{name}]({name}) {}", about(name)));
    }
    out.push_str("- [audit.jsonl](audit.jsonl) every fact of this mission, with its place in the chain\n");
    out
}

/// What a state means, for somebody who reads it for the first time.
pub fn plain(state: MissionState) -> &'static str {
    match state {
        MissionState::Received => "taken in, not looked at yet",
        MissionState::Planning => "the orchestrator decides who drafts what, and what the SOP must fulfil",
        MissionState::Held => "another mission is working on the same SOP; this one goes on after it",
        MissionState::Drafting => "the departments draft their parts, each on its own",
        MissionState::Synthesising => "the drafts are merged into one SOP",
        MissionState::Checking => "the coded checks run",
        MissionState::Council => "the council looks at it from outside",
        MissionState::Validating => "validators who had no part in it judge and try it",
        MissionState::Revising => "what was found is being mended",
        MissionState::AwaitingDecision => "finished; a person with authority decides",
        MissionState::WaitingForPerson => "it cannot go on until a person acts",
        MissionState::Publishing => "approved; the file is being registered",
        MissionState::Published => "the SOP is active",
        MissionState::Answered => "what was asked has been answered",
        MissionState::Rejected => "somebody with authority said no",
        MissionState::Cancelled => "somebody cancelled it",
        MissionState::Failed => "it could not be done",
    }
}

fn about(name: &str) -> &'static str {
    let begins = |start: &str| name.starts_with(start);
    if begins("mission") {
        "what was asked for"
    } else if begins("contract") {
        "what the SOP must fulfil, frozen before the first draft"
    } else if begins("sources/S") {
        "the text of a source: `S1:14` is line 14 of `S1.md`"
    } else if begins(SOURCES) {
        "a source, as it came"
    } else if begins("drafts/") {
        "a department's part"
    } else if begins("synthesis") {
        "the draft SOP of that round: these bytes are what a signature is bound to"
    } else if begins("provenance") {
        "where each line comes from, and what became of every draft item"
    } else if begins("coverage") {
        "what was asked, statement by statement, and what became of each"
    } else if begins("objections") {
        "what workers say against what became of their items"
    } else if begins("council") {
        "what the council said"
    } else if begins("scrutiny") {
        "verdicts with their quotes, and everything the checks found"
    } else if begins(DECISIONS) {
        "what people were asked and what they answered"
    } else if begins("user-test") {
        "how somebody got on who had only the SOP"
    } else {
        ""
    }
}

/// What people were asked and what they answered.
fn decisions(all: &[Decision]) -> String {
    let mut out = String::from("# Decisions\n");
    for decision in all {
        let ask = &decision.ask;
        put(
            &mut out,
            format_args!(
                "\n## {} · {}\n\n**Asked of**: {}  \n**Why**: {}  \n**About**: {} · SHA-256 `{}`  \n**Asked at**: {}  \n",
                decision.id,
                ask.title,
                ask.asked_of.join(", "),
                ask.why,
                ask.subject,
                ask.hash,
                decision.requested_at.minute()
            ),
        );
        if let Some(exception) = ask.details.get("exception").and_then(serde_json::Value::as_str) {
            put_line(&mut out, format_args!("**Exception**: {exception}  "));
        }
        match &decision.answer {
            None => put_line(&mut out, format_args!("**State**: {}", decision.state.plain())),
            Some(answer) => {
                put_line(
                    &mut out,
                    format_args!(
                        "**Answered**: {} by {} (system user {}) at {}  ",
                        answer.verb.word(),
                        answer.by,
                        answer.os_user,
                        answer.at.minute()
                    ),
                );
                if !answer.text.is_empty() {
                    put_line(&mut out, format_args!("\n> {}", answer.text.replace('\n', "\n> ")));
                }
                if let Some(reason) = &answer.overriding {
                    put_line(&mut out, format_args!("\n**Override**: {reason}"));
                }
            }
        }
    }
    out
}
