//! `sopd run SOP --as PARTY`

use super::desk::{Desk, os_user};
use super::print;
use super::trouble::Done;
use crate::base::problem::Result;
use crate::base::text::{put, put_line};
use crate::base::{Problem, files};
use crate::daemon::{self, Workspace};
use crate::front::{self, next, shapes};
use crate::run::{self, Cause, DryRun, GateAhead, Request, Started};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Largest packet file.
const MAX_PACKET_BYTES: u64 = 8 * 1024 * 1024;

#[derive(Debug, clap::Args)]
#[command(after_help = run::mode::summary())]
pub(super) struct Args {
    /// The SOP (SOP-REV-lead-qualification); always its active version
    sop: String,
    /// For whom you act: an id on the roster. Whoever starts a run answers none of its gates
    #[arg(long = "as", value_name = "PARTY")]
    party: String,
    /// One value of the packet, name=value
    #[arg(long = "input", visible_alias = "param", value_name = "NAME=VALUE")]
    inputs: Vec<String>,
    /// A JSON or YAML file with values of the packet; --input wins
    #[arg(long, value_name = "FILE")]
    input_file: Option<PathBuf>,
    /// Another mode than the SOP's, which asks as much of people or more: auto, supervised, step_by_step,
    /// priority_based
    #[arg(long, value_name = "MODE")]
    mode: Option<String>,
    /// Show every gate, command, request and assignee, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Make the run and its tasks, and wait: `sopd adjust`, then `sopd resume`
    #[arg(long)]
    hold: bool,
    /// Follow it until it ends or asks for somebody
    #[arg(long)]
    watch: bool,
    /// A repeated start with the same key gives the first run
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
}

pub(super) fn run(desk: &Desk, args: Args) -> Done {
    let workspace = desk.open()?;
    desk.check_party(&workspace, &args.party, &[])?;
    let snapshot = workspace.snapshot()?;
    let request = Request {
        sop: args.sop.parse().map_err(Problem::usage)?,
        given: packet(&args)?,
        mode: args.mode.as_deref().map(front::mode).transpose()?,
        by: args.party,
        os_user: os_user(),
        cause: Cause::Manual,
        hold: args.hold,
        idempotency_key: args.idempotency_key,
        pinned: None,
    };
    if args.dry_run {
        let ready = run::prepare(&workspace.journal, &workspace.root, &snapshot, request)?;
        let widened = workspace.journal.read(|db| {
            let head = &ready.plan().sop.head;
            run::widened(db, &head.id, head.version)
        })?;
        return told(desk, &run::dry_run(&ready, &widened)?);
    }
    let before = workspace.journal.head()?.0;
    let started = front::start(&desk.command(), &workspace, request)?;
    if started.waits.is_empty()
        && let Some(refused) = next::refused_start(&workspace, &started.run)?
    {
        return Err(refused.into());
    }
    if args.watch {
        if !desk.json {
            print::line(&said(&workspace, &started))?;
        }
        return super::status::watch_run(desk, &workspace, &started.run);
    }
    if desk.json {
        return print::json(&shapes::started(&started));
    }
    print::line(&said(&workspace, &started))?;
    if !started.waits.is_empty() {
        return print::line(&started.waits);
    }
    print::line(&next::look_on(&workspace, &started.run, before)?.words(&desk.command()))
}

/// Shows a dry run. One that says the run would be refused ends as the refused start would.
fn told(desk: &Desk, dry: &DryRun) -> Done {
    if desk.json {
        print::json(dry)?;
    } else {
        print::line(&words(dry))?;
    }
    match &dry.refused {
        Some(why) => Err(Problem::invalid(format!("the run would be refused: {why}")).into()),
        None => Ok(()),
    }
}

/// What has become of it. Where nobody is there who begins it, it is no more than written down.
fn said(workspace: &Workspace, started: &Started) -> String {
    let root = &workspace.root;
    let begins = daemon::holder(root).is_some() && !daemon::is_stopping(root);
    let what = match (started.existing, begins) {
        (true, _) => "was started before",
        (false, true) => "has started",
        (false, false) => "is on record",
    };
    let mut said = format!("{} {what}", started.run);
    // What cannot be read is told by whatever is asked for next.
    let plan = run::plan_of(&workspace.journal, &started.run).ok();
    for words in plan.iter().flat_map(|plan| plan.stand_ins()) {
        put(&mut said, format_args!("\n{words}"));
    }
    said
}

fn packet(args: &Args) -> Result<BTreeMap<String, String>> {
    let mut packet = match &args.input_file {
        Some(path) => {
            let text = files::read_text(path, MAX_PACKET_BYTES)?;
            run::packet::from_file(&path.display().to_string(), &text)?
        }
        None => BTreeMap::new(),
    };
    let mut named = std::collections::BTreeSet::new();
    for input in &args.inputs {
        let Some((name, value)) = input.split_once('=') else {
            return Err(Problem::usage(format!("`{input}` is not name=value")));
        };
        if !named.insert(name) {
            return Err(Problem::usage(format!("the input `{name}` is given twice")));
        }
        packet.insert(name.to_owned(), value.to_owned());
    }
    Ok(packet)
}

fn words(dry: &DryRun) -> String {
    let mut out = format!("{}\nmode {}; nothing is done\n\n", print::bold(&dry.sop), dry.mode);
    for (name, value) in &dry.packet {
        put_line(
            &mut out,
            format_args!("  {name} = {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned)),
        );
    }
    for check in &dry.preflight {
        put_line(&mut out, format_args!("  pre-flight: {check}"));
    }
    gate(&mut out, dry.gate.as_ref());
    for step in &dry.steps {
        put_line(
            &mut out,
            format_args!("\n{}", print::bold(&format!("Step {}: {}", step.number, step.title))),
        );
        let limit = step.time_limit.as_ref().map(|limit| format!(", within {limit}")).unwrap_or_default();
        put_line(&mut out, format_args!("  {} ({}){limit}", step.assignee, step.work));
        if let Some(words) = &step.stands_in {
            put_line(&mut out, format_args!("  {words}"));
        }
        if let Some(when) = &step.when {
            put_line(&mut out, format_args!("  when: {when}"));
        }
        if let Some(asks) = &step.asks_when {
            put_line(&mut out, format_args!("  asks when: {asks}"));
        }
        gate(&mut out, step.gate.as_ref());
        for line in step.effect.lines().skip(2).filter(|line| !line.is_empty()) {
            put_line(&mut out, format_args!("    {line}"));
        }
    }
    put(&mut out, format_args!("\nDone when: {}", dry.definition_of_done));
    out
}

fn gate(out: &mut String, gate: Option<&GateAhead>) {
    let Some(gate) = gate else { return };
    if gate.asked_of.is_empty() {
        return put_line(out, format_args!("  asks first ({}), but {}", gate.why.join("; "), gate.then));
    }
    let quorum = if gate.quorum > 1 { format!(", {} of them", gate.quorum) } else { String::new() };
    put_line(
        out,
        format_args!(
            "  asks {}{quorum} first ({}); without an answer in {}, {}",
            gate.asked_of.join(", "),
            gate.why.join("; "),
            gate.waits,
            gate.then
        ),
    );
}
