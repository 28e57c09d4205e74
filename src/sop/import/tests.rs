//! Cases of `import`: what files of other forms become, and what is asked for where they say nothing.

use super::*;
use crate::contract::Severity;
use crate::sop::lint::{Context, lint};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn given() -> Given {
    Given {
        department: Some("ENG".into()),
        created_by: "sop.manager".into(),
        created_at: "2026-11-20".into(),
        ..Given::default()
    }
}

pub(super) fn file(name: &str, text: &str) -> (String, String) {
    (name.to_owned(), text.to_owned())
}

fn words(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Findings that block, for a roster that knows nobody.
fn blocking(sop: &Sop) -> Vec<String> {
    let (agents, titles, sops) = (BTreeSet::new(), BTreeMap::new(), BTreeMap::new());
    let context = Context { agents: &agents, people: &BTreeSet::new(), titles: &titles, sops: &sops };
    lint(sop, &context).into_iter().filter(|f| f.severity == Severity::Blocking).map(|f| f.code).collect()
}

const RELEASE: &str = "# Release to production

**Version**: 1.2.0  
**Priority**: high  
**Execution Mode**: step_by_step

## Overview

Brings a tested build to the live servers. A backup is taken first.

## Steps

### Step 1: Check the build

See that the pipeline is green.

```bash
./ci status main

## not a section
### Step 9: not a step
```

**Approval Required**: Yes  
**Approval Timeout**: 10 minutes

---

### Step 2: Save the database

```bash
./db save \"$(date +%F)\"
```

**Approval Required**: Yes  
**Approval Timeout**: 15 minutes

---

### Step 3: Roll out

```bash
./deploy --to production
```

**Approval Required**: No

## Hints

Choose a quiet hour.
";

const MANIFEST: &str = r#"{
  "name": "release-production",
  "description": "Brings a tested build to the live servers",
  "version": "1.2.0",
  "priority": "high",
  "executionMode": "step_by_step",
  "cooldownSecs": 3600,
  "maxConcurrent": 1,
  "triggers": [{ "type": "manual" }, { "type": "webhook", "path": "/release" }],
  "steps": [
    { "number": 1, "title": "Check the build", "requiresApproval": true, "approvalTimeoutMins": 10, "suggestedTools": ["shell"] },
    { "number": 2, "title": "Save the database", "requiresApproval": true, "approvalTimeoutMins": 15, "suggestedTools": ["shell"] },
    { "number": 3, "title": "Roll out", "requiresApproval": false, "suggestedTools": ["shell", "git_operations"] }
  ]
}
"#;

const OUTAGE: &str = "# Handle an outage

**Version**: 1.0.0  
**Priority**: critical  
**Execution Mode**: supervised

## Steps

### Step 1: Size it up

Find out who is hit and how badly.

- Look at the dashboards
- Read the error logs

**Approval Required**: No

---

### Step 2: Stop the bleeding

Take the quickest measure that helps customers.

**Approval Required**: Yes  
**Approval Timeout**: 5 minutes

---

### Step 3: Write it down

Say what happened and what changes.

**Approval Required**: No
";

const PIPELINE: &str = "# Test pipeline

**Version**: 1.0.0  
**Priority**: normal  
**Execution Mode**: auto

## Steps

### Step 1: Unit tests

```bash
./test unit
```

---

### Step 2: Load tests

```bash
./test load --limit \"p95<500\"
```
";

#[test]
fn the_skill_form_with_its_manifest() {
    let imported = import(&[file("x/SOP.md", RELEASE), file("x/manifest.json", MANIFEST)], &given())
        .unwrap_or_else(|problems| panic!("{}", words(&problems)));
    let sop = &imported.sop;
    assert_eq!(
        (sop.head.id.as_str(), sop.head.version.to_string()),
        ("SOP-ENG-release-to-production", "1.2".into())
    );
    assert_eq!(sop.head.cooldown.unwrap().to_string(), "1 hour");
    assert_eq!(sop.head.triggers.len(), 2);
    assert_eq!(sop.body.steps[2].tools, ["shell", "git_operations"]);
    assert!(sop.body.steps[0].text.contains("### Step 9: not a step"));
    assert_eq!(
        sop.body.steps[0].approval_timeout.as_ref().unwrap().then,
        crate::sop::document::Lapse::Approve
    );
    assert!(sop.body.scope.contains("### Hints\n\nChoose a quiet hour."));
    assert!(imported.notes.iter().any(|note| note.contains("gate opens by itself")), "{:?}", imported.notes);
    insta::assert_snapshot!(imported.missing.join("\n"), @"
    the owner
    the business objective in one sentence
    what happens if it goes wrong
    who answers for what
    a check before the first step
    one measurable rule that says when it is done
    from which confidence a result stands, and where exceptions go
    the inputs, or that there are none
    the risk level; `medium` stands in the head until somebody says
    the way back
    who does step 1
    what exists after step 1
    who does step 2
    what exists after step 2
    who does step 3
    what exists after step 3
    ");
}

#[test]
fn the_other_two_examples_import_without_a_manifest() {
    let outage =
        import(&[file("SOP.md", OUTAGE)], &given()).unwrap_or_else(|problems| panic!("{}", words(&problems)));
    assert_eq!(outage.sop.head.priority, Priority::Critical);
    assert_eq!(outage.sop.body.steps[1].approval_required, Some(true));
    assert!(outage.sop.body.steps[0].text.contains("- Read the error logs"));
    let pipeline = import(&[file("SOP.md", PIPELINE)], &given())
        .unwrap_or_else(|problems| panic!("{}", words(&problems)));
    assert_eq!(pipeline.sop.head.execution_mode, ExecutionMode::Auto);
    assert_eq!(pipeline.sop.body.steps.len(), 2);
    for sop in [&outage.sop, &pipeline.sop] {
        let codes = blocking(sop);
        for code in ["nothing_missing", "owner_exists", "assignees_exist"] {
            assert!(codes.iter().any(|found| found == code), "{code} not in {codes:?}");
        }
    }
}

#[test]
fn what_is_said_beside_the_file_is_not_missing() {
    let given = Given {
        owner: Some("eng.lead".into()),
        objective: Some("Customers get every fix on the day it is ready.".into()),
        impact: Some("The product stands still.".into()),
        rollback: Some("deploy the build before and restore the saved database.".into()),
        risk_level: Some(RiskLevel::High),
        ..given()
    };
    let imported = import(&[file("SOP.md", RELEASE)], &given).unwrap();
    for said in ["owner", "objective", "wrong", "way back", "risk"] {
        assert!(imported.missing.iter().all(|missing| !missing.contains(said)), "{:?}", imported.missing);
    }
    assert_eq!(imported.sop.head.owner, "eng.lead");
}

#[test]
fn two_files_that_disagree_name_both_places() {
    for (from, to, expected) in [
        (
            "\"version\": \"1.2.0\"",
            "\"version\": \"1.3.0\"",
            "the version: x/SOP.md says `1.2`, x/manifest.json line 4 says `1.3`",
        ),
        ("\"priority\": \"high\"", "\"priority\": \"low\"", "the priority: x/SOP.md says `high`"),
        (
            "\"requiresApproval\": false",
            "\"requiresApproval\": true",
            "the approval of step 3: x/SOP.md says `No`, x/manifest.json line 13 says `Yes`",
        ),
        ("\"approvalTimeoutMins\": 15", "\"approvalTimeoutMins\": 5", "the approval time-out of step 2"),
        ("\"title\": \"Roll out\"", "\"title\": \"Ship it\"", "the title of step 3"),
        ("\"requiresApproval\": false", "\"requiresAproval\": false", "unknown key `requiresAproval`"),
        (
            "\"executionMode\": \"step_by_step\"",
            "\"executionMode\": \"step_by_stp\"",
            "`step_by_stp` cannot be written here",
        ),
        ("\"number\": 2", "\"number\": 1", "step 1 stands where step 2 belongs"),
        ("\"type\": \"manual\"", "\"type\": \"manuel\"", "`manuel` is not a trigger"),
    ] {
        let manifest = MANIFEST.replace(from, to);
        assert_ne!(manifest, MANIFEST);
        let problems =
            import(&[file("x/SOP.md", RELEASE), file("x/manifest.json", &manifest)], &given()).unwrap_err();
        assert!(words(&problems).contains(expected), "{expected}\n{}", words(&problems));
    }
}

const AGENT_SOP: &str = "# Clean the customer list

## Overview

This SOP removes entries that nobody can reach.

## Parameters

- **list_path** (required): Where the list is
- **max_age_days** (optional, default: \"400\"): Age from which an entry counts as old
  - whole days only

**Constraints for parameter acquisition:**

- You MUST ask for all parameters at once

## Steps

### 1. Read the list

Load the list and count its rows.

**Constraints:**

- You MUST NOT change the file because others read it
- You SHOULD say how many rows there are

#### 1.1 Look for doubles

**Constraints:**

- You MAY skip empty rows

```md
## Steps
### 1. not a step
```

### 2. Mark the old ones

Mark each entry older than the limit.

**Constraints:**
- You MUST keep a copy

## Troubleshooting

### No rows

Ask for the path again.
";

#[test]
fn an_agent_sop_keeps_every_constraint() {
    let imported = import(&[file("clean.sop.md", AGENT_SOP)], &given())
        .unwrap_or_else(|problems| panic!("{}", words(&problems)));
    let body = &imported.sop.body;
    assert_eq!(
        body.steps.iter().map(|step| step.title.as_str()).collect::<Vec<_>>(),
        ["Read the list", "Mark the old ones"]
    );
    assert_eq!(body.inputs[1].description, "Age from which an entry counts as old. whole days only");
    assert_eq!(body.inputs[1].default.as_deref(), Some("400"));
    assert!(!body.inputs[1].required);
    let text = render(&imported.sop);
    for line in AGENT_SOP.lines().filter(|line| line.starts_with("- You ") || line.contains("not a step")) {
        assert!(text.contains(line), "{line} was dropped from\n{text}");
    }
    assert!(text.contains("#### 1.1 Look for doubles") && text.contains("#### No rows"));
}

#[test]
fn other_markdown_becomes_a_draft_and_loses_nothing() {
    let source = "---\nauthor: somebody\n---\n# Pay an invoice\n\nWe pay what we owe, on time.\n\n## Who may do this\n\nPeople in finance.\n\n\
        ## Procedure\n\nMind the bank's hours.\n\n1. Compare the invoice with the order. They must agree.\n   - also the amount\n2. Enter the payment:\n\n   ```\n   pay 1\n   ```\n\n\
        ## Exceptions\n\n**Note:** ask the lead.\n";
    let imported = import(&[file("notes/pay.md", source)], &given())
        .unwrap_or_else(|problems| panic!("{}", words(&problems)));
    let sop = &imported.sop;
    assert_eq!(sop.head.title, "Pay an invoice");
    assert_eq!(sop.body.steps.len(), 2);
    assert_eq!(sop.body.steps[0].title, "Compare the invoice with the order");
    let text = render(sop);
    for words in [
        "author: somebody",
        "People in finance.",
        "Mind the bank's hours.",
        "also the amount",
        "pay 1",
        "ask the lead",
    ] {
        assert!(text.contains(words), "{words} was dropped from\n{text}");
    }
    assert!(imported.notes.iter().any(|note| note.contains("Who may do this")));
    assert!(blocking(sop).contains(&"nothing_missing".to_owned()));
}

#[test]
fn our_own_form_is_read_as_it_is_and_nothing_is_guessed() {
    let own = import(&[file("s.md", crate::sop::sample::SAMPLE)], &given()).unwrap();
    assert_eq!(render(&own.sop), crate::sop::sample::SAMPLE);
    let nowhere = Given { department: None, ..given() };
    assert!(words(&import(&[file("SOP.md", OUTAGE)], &nowhere).unwrap_err()).contains("--department"));
    assert!(import(&[file("a.md", "no title"), file("b.md", "none")], &given()).is_err());
}
