//! What the stories of runs share: an SOP as a person would write it, made of a few words; a drive of the workspace
//! at another hour; and looking a run up.

use crate::world::World;
use serde_json::Value;
use sopd::agent::Gateway;
use sopd::base::{Clock, Instant, Problem};
use sopd::daemon::{Lock, Workspace};
use sopd::journal::{Access, Engine, Stories};
use sopd::run::{self, Cause, Request, Site, Started, http, stories};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

/// An SOP that holds to the house's rules, with what a test wants in it.
#[derive(Clone)]
pub(crate) struct Draft {
    id: String,
    version: String,
    /// Lines of the head by their key.
    head: BTreeMap<String, String>,
    inputs: String,
    preflight: String,
    steps: String,
    count: u32,
    done: String,
}

impl Draft {
    /// Without a step; owned by vp.sales, in mode `auto`.
    pub(crate) fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            version: "1.0".to_owned(),
            head: BTreeMap::new(),
            inputs: String::new(),
            preflight: String::new(),
            steps: String::new(),
            count: 0,
            done: "Every lead has its record within 1 business day of its arrival.".to_owned(),
        }
        .head("risk_level", "low")
        .head("execution_mode", "auto")
        .head("priority", "normal")
        .head("triggers", "[manual]")
        .input("`lead_id` | text | no")
    }
    /// One line of the head, in place of the usual one.
    pub(crate) fn head(mut self, key: &str, value: &str) -> Self {
        self.head.insert(key.to_owned(), value.to_owned());
        self
    }
    pub(crate) fn version(mut self, version: &str) -> Self {
        version.clone_into(&mut self.version);
        self
    }
    /// One row of the inputs: name, type, required.
    pub(crate) fn input(mut self, row: &str) -> Self {
        writeln!(self.inputs, "| {row} | What it says, as stored in the CRM. |").unwrap();
        self
    }
    pub(crate) fn preflight(mut self, text: &str) -> Self {
        writeln!(self.preflight, "{text}\n").unwrap();
        self
    }
    pub(crate) fn done_when(mut self, rule: &str) -> Self {
        rule.clone_into(&mut self.done);
        self
    }
    /// A step: its words and blocks, and its keys one on each line.
    pub(crate) fn step(mut self, text: &str, keys: &str) -> Self {
        self.count += 1;
        let number = self.count;
        write!(self.steps, "### Step {number}: Do part {number}\n\n{text}\n\n").unwrap();
        let usual =
            [("Assignee", "sales.ops"), ("Artifact", "record of this part"), ("Time Limit", "1 hour")];
        for (key, value) in usual {
            if !keys.contains(&format!("{key}:")) {
                writeln!(self.steps, "**{key}**: {value}  ").unwrap();
            }
        }
        for line in keys.lines() {
            let key = |key: &str| {
                key.starts_with(char::is_uppercase) && key.chars().all(|c| c.is_alphabetic() || c == ' ')
            };
            match line.split_once(':').filter(|(name, _)| key(name)) {
                Some((name, value)) => writeln!(self.steps, "**{name}**:{value}  ").unwrap(),
                None => writeln!(self.steps, "{line}").unwrap(),
            }
        }
        self.steps.push('\n');
        self
    }
    /// A step done by a command.
    pub(crate) fn command(self, script: &str, keys: &str) -> Self {
        self.step(&format!("Write the answer down.\n\n```bash\n{script}\n```"), keys)
    }
    /// A step done by a person.
    pub(crate) fn person(self, keys: &str) -> Self {
        self.step("Call the contact and write the answer down.", &format!("Assignee: sales.rep\n{keys}"))
    }

    pub(crate) fn text(&self) -> String {
        let Self { id, version, inputs, preflight, steps, done, .. } = self;
        let head: String = self.head.iter().map(|(key, value)| format!("{key}: {value}\n")).collect();
        format!(
            "---\nid: {id}\nversion: {version}\ntitle: Answer one lead\ndepartment: REV\nowner: vp.sales
objective: Every lead is answered within 1 business day.
description: One lead is written down, weighed and called in the same way each time.
impact: One lead hears from a competitor first.\n{head}created_by: cro\ncreated_at: 2026-11-20\n---

# Answer one lead

## Purpose

One lead is written down, weighed and called in the same way, whoever does it.

## Scope

- In scope: one lead from its arrival to its first call.
- Out of scope: leads with an active contract.

## Roles

- vp.sales: accountable for the answer to each lead.
- sales.ops: accountable for the record of each lead.
- sales.rep: makes the first call.

## Trigger

A lead with the mark {id} arrives in the mailbox of sales.

## Inputs

| Name | Type | Required | Description |
| ---- | ---- | -------- | ----------- |
{inputs}
## Pre-flight

- Check that the lead is not in another run; refuse the run if it is.

{preflight}
## Steps

{steps}
## Definition of done

{done}

## Confidence and escalation

- Complete without review at a confidence of 85 % or more; hold the run for vp.sales below that.

## Risk and rollback

- Risk: A lead is written down twice.
- Impact: Two people call the same contact.
- Rollback: Remove the younger record within 1 hour.

## References

## Change log

- v{version} (2026-11-20): Written down.
"
        )
    }
}

/// A workspace with that SOP active.
pub(crate) fn with(draft: &Draft) -> World {
    let world = World::new();
    world.activated(&draft.text());
    world
}

/// Starts a run for cro and drives it to where people or clocks are needed; gives its id.
#[track_caller]
pub(crate) fn started(world: &World, sop: &str, more: &[&str]) -> String {
    let id = start(world, sop, more);
    world.drive();
    id
}

/// Starts a run for cro.
#[track_caller]
pub(crate) fn start(world: &World, sop: &str, more: &[&str]) -> String {
    let arguments: Vec<&str> = ["run", sop, "--as", "cro"].into_iter().chain(more.iter().copied()).collect();
    world.json(&arguments)["run"].as_str().unwrap().to_owned()
}

/// Starts a run for cro at the hour of `clock`, with `change` to what is asked for.
pub(crate) fn begin(
    world: &World,
    (clock, sop): (&Clock, &str),
    change: impl FnOnce(&mut Request),
) -> Result<Started, Problem> {
    let workspace = Workspace::open(world.root(), Access::Guest, clock.clone()).unwrap();
    let mut request = Request {
        sop: sop.parse().unwrap(),
        given: BTreeMap::new(),
        mode: None,
        by: "cro".to_owned(),
        os_user: "tester".to_owned(),
        cause: Cause::Manual,
        hold: false,
        idempotency_key: None,
        pinned: None,
    };
    change(&mut request);
    run::begin(&workspace.journal, &workspace.root, &workspace.snapshot().unwrap(), request)
}

/// Where a run stands.
#[track_caller]
pub(crate) fn status(world: &World, run: &str) -> Value {
    world.json(&["status", run])
}

/// The states of a run and of its steps, in one line: `paused: completed rejected pending`.
#[track_caller]
pub(crate) fn stands(world: &World, run: &str) -> String {
    let status = status(world, run);
    let steps: Vec<&str> =
        status["tasks"].as_array().unwrap().iter().map(|task| task["state"].as_str().unwrap()).collect();
    format!("{}: {}", status["state"].as_str().unwrap(), steps.join(" "))
}

/// The id of the one decision that waits.
#[track_caller]
pub(crate) fn asked(world: &World) -> String {
    let inbox = world.json(&["inbox"]);
    assert_eq!(inbox.as_array().unwrap().len(), 1, "{inbox:#}");
    inbox[0]["id"].as_str().unwrap().to_owned()
}

/// Says yes to the one decision that waits, and drives on.
#[track_caller]
pub(crate) fn approve(world: &World, party: &str) {
    world.done(&["approve", &asked(world), "--as", party]);
    world.drive();
}

/// Does `verb` to a run for cro, and drives on.
#[track_caller]
pub(crate) fn steer(world: &World, verb: &str, run: &str, more: &[&str]) {
    let arguments: Vec<&str> = [verb, run, "--as", "cro"].into_iter().chain(more.iter().copied()).collect();
    world.done(&arguments);
    world.drive();
}

/// The kinds of everything that happened to a run, in order.
pub(crate) fn kinds(world: &World, run: &str) -> Vec<String> {
    facts(world, run).into_iter().map(|(kind, _)| kind).collect()
}

/// Everything that happened to a run, by kind.
pub(crate) fn facts(world: &World, run: &str) -> Vec<(String, Value)> {
    let workspace = Workspace::open(world.root(), Access::Guest, Clock::System).unwrap();
    let events = workspace.journal.read(|db| sopd::journal::events_of(db, Some(run), 0, 100_000)).unwrap();
    events.into_iter().map(|event| (event.kind.clone(), serde_json::from_str(&event.text).unwrap())).collect()
}

/// A clock that stands still so many minutes from now.
pub(crate) fn in_minutes(minutes: i64) -> Clock {
    Clock::fixed(Instant(Clock::System.now().0 + minutes * 60_000))
}

/// Drives the runs of a workspace here, at the hour of `clock`, until only people and clocks are left. The warden is
/// the real one.
pub(crate) fn settle(world: &World, clock: &Clock) {
    House::at(world, clock).idle();
}

/// The runs of a workspace driven here, as long as this lives.
pub(crate) struct House {
    engine: Option<Engine>,
    runtime: tokio::runtime::Runtime,
    _lock: Lock,
}

impl House {
    /// At the hour of `clock`, which may be moved.
    pub(crate) fn at(world: &World, clock: &Clock) -> Self {
        let lock = Lock::take(world.root(), clock).unwrap();
        let workspace = Workspace::open(world.root(), Access::Holder, clock.clone()).unwrap();
        let calls = workspace.snapshot().unwrap().settings.calls;
        let gateway = Arc::new(Gateway::new(&workspace.journal, calls));
        let site = Arc::new(Site {
            root: workspace.root.clone(),
            journal: workspace.journal.clone(),
            gateway: gateway.clone(),
            warden: env!("CARGO_BIN_EXE_sopd").into(),
            http: http::Reach::new(Duration::from_secs(2), Duration::from_secs(5)),
            secrets: BTreeMap::new(),
            private: Vec::new(),
            settings: sopd::settings::Runs::default(),
        });
        let runtime = crate::faults_world::runtime();
        let stories = stories(Stories::default(), &site, &gateway);
        let engine = runtime.block_on(async { Engine::start(&workspace.journal, stories) }).unwrap();
        Self { engine: Some(engine), runtime, _lock: lock }
    }
    /// Waits until only people and clocks are left.
    pub(crate) fn idle(&self) {
        self.runtime.block_on(self.engine.as_ref().unwrap().idle());
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.runtime.block_on(self.engine.take().unwrap().stop());
    }
}
