//! Publishing one more SOP where 10,000 are registered, part by part and without git, beside the raw cost of writing
//! the same bytes in the same run.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::too_many_lines,
    clippy::needless_raw_string_hashes,
    reason = "a bench prints its table and may fail"
)]

mod common;

use common::{middle, ms};
use rusqlite::Connection;
use sopd::base::{Clock, Digest, files};
use sopd::daemon::{Workspace, keep_index};
use sopd::journal::Access;
use sopd::registry::{Approval, Publication, conflicts, published_path, register};
use sopd::sop::{self, Sop};
use std::path::Path;
use std::time::Instant;

const REGISTERED: usize = 10_000;
/// SOPs registered in one commit while seeding.
const BULK: usize = 1_000;
const REPEATS: usize = 9;

const DEPARTMENTS: [&str; 10] = ["REV", "OPS", "FIN", "LEGAL", "HR", "IT", "ENG", "PROD", "MKT", "CS"];
const THINGS: [&str; 16] = [
    "invoice",
    "lead",
    "contract",
    "ticket",
    "order",
    "refund",
    "claim",
    "delivery",
    "account",
    "release",
    "campaign",
    "interview",
    "audit",
    "payment",
    "licence",
    "incident",
];
const KINDS: [&str; 20] = [
    "supplier",
    "partner",
    "customer",
    "regional",
    "annual",
    "urgent",
    "disputed",
    "recurring",
    "foreign",
    "internal",
    "public",
    "sponsored",
    "late",
    "first",
    "large",
    "small",
    "renewed",
    "returned",
    "shared",
    "leased",
];
const PLACES: [&str; 12] =
    ["Berlin", "Lyon", "Oslo", "Porto", "Turin", "Ghent", "Riga", "Cork", "Graz", "Brno", "Malmo", "Split"];
const OWNERS: [&str; 6] =
    ["vp.sales", "sales.ops", "finance.controller", "ops.manager", "support.lead", "cro"];

/// The text of the `n`th SOP. Things and kinds repeat, so that each is compared with many others; what they lay down
/// differs between kinds and agrees within one, as in a company that keeps its rules in order.
fn text(n: usize) -> String {
    let (thing, kind) = (THINGS[n % THINGS.len()], KINDS[n / THINGS.len() % KINDS.len()]);
    let place = PLACES[n / (THINGS.len() * KINDS.len()) % PLACES.len()];
    let group = n % (THINGS.len() * KINDS.len());
    let (days, amount, minutes) = (1 + group % 9, 500 + 100 * group, 10 + 5 * (group % 7));
    let (owner, helper) = (OWNERS[n % OWNERS.len()], OWNERS[(n + 1) % OWNERS.len()]);
    let department = DEPARTMENTS[n % DEPARTMENTS.len()];
    format!(
        r#"---
id: SOP-{department}-{kind}-{thing}-{n}
version: 1.0
title: Handling of a {kind} {thing} in {place}, case group {n}
department: {department}
owner: {owner}
objective: Every {kind} {thing} of group {n} in {place} is closed within {days} business days.
description: Takes a {kind} {thing} from its arrival in {place} to its record.
risk_level: medium
impact: A {kind} {thing} is handled twice or not at all.
created_by: sop.manager
created_at: 2026-11-20
---

# Handling of a {kind} {thing} in {place}, case group {n}

## Purpose

Every {kind} {thing} is handled in the same way by everybody in {place}.

## Scope

In scope: each {kind} {thing} of group {n}. Out of scope: those of other companies.

- **Large {kind} {thing}**: a {kind} {thing} of {amount} euros or more.

## Roles

- {owner}: owns the {kind} {thing} and decides disputed ones.
- {helper}: keeps the record of the {kind} {thing} complete.

## Trigger

A {kind} {thing} of group {n} arrives in the queue of {place}.

## Inputs

| Name | Type | Required | Description |
| --- | --- | --- | --- |
| `{thing}_id` | text | yes | Its number in the queue. |
| `amount` | number | no | Its amount in euros. |

## Pre-flight

- The queue of {place} shows the {kind} {thing} without an owner.

## Steps

### Step 1: Take up the {kind} {thing}

Confirm the {kind} {thing} within {minutes} minutes and set its owner in the queue.

**Assignee**: {helper}  
**Artifact**: {kind} {thing} with an owner

### Step 2: Check the amount

Compare the amount with the order. A {kind} {thing} of {amount} euros or more MUST be checked twice.

**Assignee**: {owner}  
**Artifact**: checked amount on the record  
**Depends On**: 1

### Step 3: Close the {kind} {thing}

Close the {kind} {thing} within {days} business days and write the result into its record.

**Assignee**: {owner}  
**Artifact**: closed record  
**Approval Required**: Yes  
**Approvers**: {helper}

**Rollback**: Open the record again.

## Definition of done

The {kind} {thing} is closed and its record holds the result within {days} business days.

## Confidence and escalation

- Complete without review at 85% or more; {owner} gets exceptions within 1 hour.

## Risk and rollback

- Risk: a {kind} {thing} is closed by mistake.
- Impact: a customer of {place} waits.
- Rollback: open the record again and write the reason beside it.

## References

## Change log

- v1.0 (2026-11-20): First version.
"#
    )
}

fn publication(n: usize, clock: &Clock) -> Publication {
    let text = text(n);
    let sop: Sop = sop::parse("bench", &text).unwrap();
    let approval =
        Approval { by: "ceo".to_owned(), at: clock.now(), overriding: None, hash: Digest::of(&text) };
    let path = published_path(&sop);
    let mission = format!("M-2026-1120-group-{n}");
    Publication { sop, text, path, mission, approval, review_due: Some(clock.now()) }
}

fn seed(workspace: &Workspace) {
    for first in (0..REGISTERED).step_by(BULK) {
        let all: Vec<Publication> =
            (first..first + BULK).map(|n| publication(n, workspace.journal.clock())).collect();
        workspace
            .journal
            .append(move |tx| all.iter().try_for_each(|one| register(tx, one).map(drop)))
            .unwrap();
    }
}

/// Milliseconds of the parts of one publication.
#[derive(Default)]
struct Parts {
    parse: Vec<f64>,
    conflicts: Vec<f64>,
    file: Vec<f64>,
    commit: Vec<f64>,
    index: Vec<f64>,
    total: Vec<f64>,
}

fn publish(workspace: &Workspace, n: usize, parts: &mut Parts) -> usize {
    let publication = publication(n, workspace.journal.clock());
    let start = Instant::now();
    let lap = |since: &mut Instant| {
        let now = Instant::now();
        ms(now - std::mem::replace(since, now))
    };
    let mut at = start;
    let sop = sop::parse("the approved draft", &publication.text).unwrap();
    parts.parse.push(lap(&mut at));
    let found = workspace.journal.read(|db| conflicts(db, &sop, &publication.text)).unwrap().len();
    parts.conflicts.push(lap(&mut at));
    let path = workspace.root.join(&publication.path);
    files::write(&path, publication.text.as_bytes(), files::Existing::Keep).unwrap();
    parts.file.push(lap(&mut at));
    workspace.journal.append(move |tx| register(tx, &publication)).unwrap();
    parts.commit.push(lap(&mut at));
    keep_index(workspace).unwrap();
    parts.index.push(lap(&mut at));
    parts.total.push(ms(start.elapsed()));
    found
}

/// The same bytes, with nothing thought about: the SOP's file and INDEX.md written and synced, and a table's rows.
fn raw(folder: &Path, sop: &[u8], index: &[u8]) -> f64 {
    let mut db = Connection::open(folder.join("raw.db")).unwrap();
    db.pragma_update(None, "journal_mode", "WAL").unwrap();
    db.pragma_update(None, "synchronous", "FULL").unwrap();
    db.execute_batch("CREATE TABLE row(n INTEGER PRIMARY KEY, text TEXT)").unwrap();
    let one = |n: usize| {
        let start = Instant::now();
        files::write(&folder.join(format!("{n}.md")), sop, files::Existing::Keep).unwrap();
        let tx = db.transaction().unwrap();
        for _ in 0..20 {
            tx.execute("INSERT INTO row(text) VALUES(?1)", [std::str::from_utf8(&sop[..200]).unwrap()])
                .unwrap();
        }
        tx.commit().unwrap();
        files::write(&folder.join("INDEX.md"), index, files::Existing::Replace).unwrap();
        ms(start.elapsed())
    };
    middle((0..REPEATS).map(one).collect())
}

fn main() {
    let (folder, _guest) = common::workspace("git: { commit: false }\n");
    let workspace = Workspace::open(folder.path(), Access::Holder, Clock::System).unwrap();
    let start = Instant::now();
    seed(&workspace);
    keep_index(&workspace).unwrap();
    println!(
        "{REGISTERED} SOPs registered in {:.1} s; publishing one more, without git",
        start.elapsed().as_secs_f64()
    );
    let mut parts = Parts::default();
    let mut found = 0;
    for n in REGISTERED..REGISTERED + REPEATS {
        found = publish(&workspace, n, &mut parts);
    }
    let row =
        |name: &str, figures: Vec<f64>, more: &str| println!("{name:<44} {:>8.1} ms{more}", middle(figures));
    row("  parsing the approved draft", parts.parse, "");
    row("  conflict check", parts.conflicts, &format!("  {found} findings"));
    row("  file", parts.file, "");
    row("  commit", parts.commit, "");
    row("  INDEX.md", parts.index, "");
    row("publish, middle of 9", parts.total, "  aim < 100 ms");
    let index = std::fs::read(folder.path().join("sops/INDEX.md")).unwrap();
    let raw = raw(folder.path(), text(0).as_bytes(), &index);
    println!("{:<44} {raw:>8.1} ms  INDEX.md is {:.1} MB", "the same bytes raw", index.len() as f64 / 1e6);
    let again = middle(
        (0..REPEATS)
            .map(|_| {
                let start = Instant::now();
                keep_index(&workspace).unwrap();
                ms(start.elapsed())
            })
            .collect(),
    );
    println!("{:<44} {again:>8.1} ms", "looking after INDEX.md without news");
}
