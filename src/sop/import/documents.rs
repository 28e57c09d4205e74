//! Cases of documents nobody wrote for us: which steps, fields and inputs they become, and that no word is lost.

use super::tests::{file, given};
use super::*;

fn imported(name: &str, text: &str) -> Imported {
    import(&[file(name, text)], &given()).unwrap_or_else(|problems| {
        panic!("{text}\n{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    })
}

fn titles(imported: &Imported) -> Vec<&str> {
    imported.sop.body.steps.iter().map(|step| step.title.as_str()).collect()
}

fn lacks(imported: &Imported, word: &str) -> bool {
    imported.missing.iter().any(|missing| missing.contains(word))
}

/// An alert runbook: prose, a list, and parts that fill the head.
const RUNBOOK: &str = "Queue stuck
===========

Orders wait in the queue.

## Impact
Customers get no receipt.

## Owner
shop.lead

## Inputs
- queue: which one is stuck
- `since` (date): the day it began

## Out of scope
The queue of the warehouse.

## Diagnosis
Run `queue list` and look for the oldest entry.

## Mitigation
1. Restart [the worker](https://x.example/worker: a). Repeat step 1 where it hangs.
2. Drain the queue.

## Rollback
Start the old worker again.
";

/// Three phases, each with numbers of its own.
const PHASES: &str = "# Lost badge

## Phase 1: Block
1. Block the badge.
2. Tell the gate.

## Phase 2: Replace
1. Print a new badge.
2. Hand it over as in step 1.
";

/// What a quality department writes: a table about the document, numbered sections, paragraphs with numbers.
const CONTROLLED: &str = "| Title | Cleaning the mixer |
|---|---|
| Version | 3.1 |
| Owner | Head of Production |
| Approved by | QA |
| Effective date | 2026-05-01 |

## 1. Scope

All mixers of hall 2.

## 2. Out of scope

Mixers on hire.

## 3. Responsible

plant.lead

## 4. Procedure

4.1 Switch the mixer off.

4.2 Rinse it as 4.1 says.

## 5. Escalation

The shift leader decides.
";

/// A table with more than who and what, and cells that look like keys.
const TABLE: &str = "Opening the shop

| No. | By whom | What to do | Approval Required | Limit |
|--|--|--|--|--|
| 1 | shop.lead | Open the safe | Yes | 8:00 |
| 2 | Front desk | Put the *float* into `till 1` | No | |

Ask when in doubt.
";

/// What may end a fence, hide a part or be read as a key.
const ODD: &str = "---
title: \"Odd: but true\"
owner: shop.lead
version: 2.10
tags: [a, b]
---
<!-- draft -->

% not the title

Some words.

## Process

### 30-Day review
**Assignee**: bob
- **On Failure**: call

Approval Timeout: never

### 4) 2FA reset
```sh
reset
```js
more();
```

### 24/7 escalation

> Quote of **Time Limit** 5

## Empty part

## Parts <b>list</b>

* ring
* rope

Text
----

~~~
never closed
";

const BULLETS: &str = "#Leaving\r\n\r\n• Take the key\r\n• Lock the door &amp; go\r\n";
const BOXES: &str =
    "**Week 1**\n\n- [x] Order a laptop\n- [ ] Book a room: the big one\n  - [ ] with a view\n";
const PLAIN: &str = "we close the shop every evening. nobody forgets it.\n\nfirst we count. then we lock.\n";
const MAIL: &str = "From: ann@example.com\nSubject: Fwd: Re: Closing the till\n\nHi,\n\n1. Count the money\n2. Lock the drawer\n\nAnn\n";
const NESTED: &str = "# Outage\n\n## Handling\n\nStay calm.\n\n### Find\n1. Look\n2. Ask\n\n### Mend\n1. Restart\n2. Check\n\n### Contacts\nAnn\n";
const LABELS: &str = "# Day\n\n## Steps\n\n**Morning**\n\n1. Open\n2. Sweep\n\n**Evening:**\n\n1. Close\n";
const OTHER_SCRIPT: &str = "# 開店\n\n1. 鍵を開ける。\n2. 看板を出す。\n";

const ALL: [(&str, &str); 12] = [
    ("runbook.md", RUNBOOK),
    ("phases.md", PHASES),
    ("Q-7 mixer.md", CONTROLLED),
    ("shop.txt", TABLE),
    ("odd.md", ODD),
    ("leaving.md", BULLETS),
    ("boxes.md", BOXES),
    ("plain.txt", PLAIN),
    ("mail.txt", MAIL),
    ("nested.md", NESTED),
    ("labels.md", LABELS),
    ("kaiten.md", OTHER_SCRIPT),
];

#[test]
fn no_word_of_a_document_is_lost() {
    let mut all: Vec<(&str, &str)> = ALL.to_vec();
    // Any part of a document is one: what a cut leaves open must not swallow the rest.
    for (name, text) in ALL {
        let halves = text.match_indices('\n').map(|(at, _)| text.split_at(at));
        all.extend(halves.flat_map(|(head, tail)| [(name, head), (name, tail)]));
    }
    for (name, text) in all {
        let draft = render(&imported(name, text).sop);
        assert_eq!(mend::lost(text, &draft), [], "{text}\n=====\n{draft}");
    }
}

#[test]
fn documents_keep_their_words_without_a_place_for_the_rest() {
    for (name, text) in
        ALL.into_iter().filter(|(name, _)| !["mail.txt", "odd.md", "leaving.md"].contains(name))
    {
        let found = imported(name, text);
        assert!(!found.notes.iter().any(|note| note.contains("kept as it is")), "{name}: {:?}", found.notes);
    }
}

#[test]
fn a_runbook_fills_the_head_and_keeps_the_order_of_its_work() {
    let found = imported("runbook.md", RUNBOOK);
    let (head, body) = (&found.sop.head, &found.sop.body);
    assert_eq!((head.title.as_str(), head.owner.as_str()), ("Queue stuck", "shop.lead"));
    assert_eq!(head.impact, "Customers get no receipt.");
    assert_eq!(
        titles(&found),
        ["Diagnosis", "Mitigation: Restart the worker", "Mitigation: Drain the queue"]
    );
    let inputs: Vec<_> =
        body.inputs.iter().map(|input| (input.name.as_str(), input.description.as_str())).collect();
    assert_eq!(inputs, [("queue", "which one is stuck"), ("since", "the day it began")]);
    assert!(body.risk.contains("Rollback: Start the old worker again."), "{}", body.risk);
    assert!(body.scope.contains("Out of scope: The queue of the warehouse."), "{}", body.scope);
    assert!(body.roles.contains("- shop.lead: Owner"), "{}", body.roles);
    for there in ["owner", "goes wrong", "inputs", "way back", "who answers"] {
        assert!(!lacks(&found, there), "{there}: {:?}", found.missing);
    }
    assert!(found.notes.iter().any(|note| note.starts_with("step 2: it names a step")), "{:?}", found.notes);
}

#[test]
fn parts_that_follow_each_other_are_all_steps() {
    let phases = imported("phases.md", PHASES);
    assert_eq!(
        titles(&phases),
        [
            "Phase 1: Block: Block the badge",
            "Phase 1: Block: Tell the gate",
            "Phase 2: Replace: Print a new badge",
            "Phase 2: Replace: Hand it over as in step 1",
        ]
    );
    assert_eq!(
        titles(&imported("nested.md", NESTED)),
        ["Find: Look", "Find: Ask", "Mend: Restart", "Mend: Check"]
    );
    assert_eq!(titles(&imported("labels.md", LABELS)), ["Morning: Open", "Morning: Sweep", "Evening: Close"]);
}

#[test]
fn a_table_about_the_document_fills_the_head() {
    let found = imported("Q-7 mixer.md", CONTROLLED);
    let (head, body) = (&found.sop.head, &found.sop.body);
    assert_eq!((head.title.as_str(), head.version.to_string()), ("Cleaning the mixer", "3.1".into()));
    // The table names nobody by an id, the section does.
    assert_eq!(head.owner, "plant.lead");
    assert!(found.notes.iter().any(|note| note.contains("`Head of Production` is no agent id")));
    assert!(body.roles.contains("- Owner: Head of Production"), "{}", body.roles);
    assert!(body.scope.contains("| Effective date | 2026-05-01 |"), "{}", body.scope);
    assert_eq!(titles(&found), ["Switch the mixer off", "Rinse it as 4.1 says"]);
    assert_eq!(body.steps[1].text, "4.2 Rinse it as 4.1 says.");
}

#[test]
fn a_row_says_who_and_loses_nothing() {
    let found = imported("shop.txt", TABLE);
    assert_eq!(titles(&found), ["Open the safe", "Put the float into till 1"]);
    let steps = &found.sop.body.steps;
    assert_eq!(steps[0].assignee.as_deref(), Some("shop.lead"));
    assert_eq!(steps[0].approval_required, None, "a cell is no key");
    assert!(steps[1].text.contains("- By whom: Front desk"), "{}", steps[1].text);
    assert!(lacks(&found, "who does step 2 (the source says: Front desk)"), "{:?}", found.missing);
    assert!(found.sop.body.scope.contains("Ask when in doubt."), "{}", found.sop.body.scope);
}

#[test]
fn odd_text_becomes_steps_and_no_keys() {
    let found = imported("odd.md", ODD);
    let head = &found.sop.head;
    assert_eq!((head.title.as_str(), head.owner.as_str()), ("Odd: but true", "shop.lead"));
    assert_eq!(head.version.to_string(), "2.10");
    assert_eq!(titles(&found), ["30-Day review", "2FA reset", "24/7 escalation"]);
    let first = &found.sop.body.steps[0];
    assert!(first.assignee.as_deref() == Some(NOBODY) && first.on_failure.is_none());
    assert!(found.sop.body.scope.contains("never closed\n~~~"), "{}", found.sop.body.scope);
}

#[test]
fn bullets_boxes_and_prose_are_steps_where_nothing_else_is() {
    for (name, text, title, expected) in [
        ("leaving.md", BULLETS, "Leaving", vec!["Take the key", "Lock the door &amp; go"]),
        ("boxes.md", BOXES, "Week 1", vec!["Order a laptop", "Book a room"]),
        ("mail.txt", MAIL, "Closing the till", vec!["Count the money", "Lock the drawer"]),
        ("plain.txt", PLAIN, "Plain", vec!["Say what plain.txt does"]),
        ("kaiten.md", OTHER_SCRIPT, "開店", vec!["鍵を開ける。", "看板を出す。"]),
    ] {
        let found = imported(name, text);
        assert_eq!((found.sop.head.title.as_str(), titles(&found)), (title, expected), "{name}");
    }
    assert_eq!(imported("kaiten.md", OTHER_SCRIPT).sop.head.id.as_str(), "SOP-ENG-kaiten");
    let tools = "# Climb\n\n## Tools\n- rope\n- hook\n\n## Procedure\n- Tie the rope\n";
    assert_eq!(titles(&imported("climb.md", tools)), ["Tie the rope"]);
    let prose = "# Wash\n\n## Process\nWet it.\n\nRub it: hard.\n\n```\nrub\n```\n";
    let found = imported("wash.md", prose);
    assert_eq!(titles(&found), ["Wet it", "Rub it"]);
    assert!(found.sop.body.steps[1].text.ends_with("rub\n```"));
}
