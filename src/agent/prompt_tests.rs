//! Every shipped template, rendered strictly with the emptiest and the fullest question of its role.

use super::prompt::{check, render};
use super::roles::NAMES;
use crate::roles::council::{CouncilChair, CouncilMember};
use crate::roles::done::JudgeDone;
use crate::roles::draft::DraftWork;
use crate::roles::perform::Perform;
use crate::roles::plan::Plan;
use crate::roles::review::LookBack;
use crate::roles::scrutiny::Scrutiny;
use crate::roles::synthesise::Synthesise;
use crate::roles::user_test::{Execute, Grade, WriteScenarios};
use crate::roles::{MissionView, Role};
use crate::roster::{self, Agent};
use serde_json::{Value, json};

const TEMPLATES: [(&str, &str); 13] = [
    ("plan", include_str!("../../prompts/plan.md")),
    ("scenarios", include_str!("../../prompts/scenarios.md")),
    ("draft", include_str!("../../prompts/draft.md")),
    ("synthesise", include_str!("../../prompts/synthesise.md")),
    ("revise", include_str!("../../prompts/revise.md")),
    ("council_member", include_str!("../../prompts/council_member.md")),
    ("council_chair", include_str!("../../prompts/council_chair.md")),
    ("scrutiny", include_str!("../../prompts/scrutiny.md")),
    ("execute", include_str!("../../prompts/execute.md")),
    ("grade", include_str!("../../prompts/grade.md")),
    ("review", include_str!("../../prompts/review.md")),
    ("done", include_str!("../../prompts/done.md")),
    ("perform", include_str!("../../prompts/perform.md")),
];

const VALIDATORS: [&str; 5] = ["scrutiny", "execute", "grade", "council_member", "council_chair"];

fn agent() -> Agent {
    roster::parse("vp.sales.md", include_str!("../../agents/vp.sales.md")).unwrap()
}

/// The emptiest or the fullest question of `role`; refused unless it is one of the role's own type.
fn question(role: &str, full: bool) -> Value {
    let list = |one: Value| if full { json!([one.clone(), one]) } else { json!([]) };
    let text = |text: &str| json!(if full { text } else { "" });
    let some = |value: Value| if full { value } else { Value::Null };
    let finding = json!({"code": "vague-word", "severity": "blocking", "section": "steps", "message": "FINDING",
        "quote": text("QUOTE"), "other": some(json!("OTHER"))});
    let assertion = list(json!({"id": "VAL-STEPS-001", "statement": "STATEMENT", "fails_if": "FAILS",
        "sections": ["Steps"]}));
    let answered = list(json!({"question": "ASKED", "answer": "ANSWERED", "assumed": full}));
    let mission = json!({"title": "TITLE", "text": text("WORDS"), "objective": some(json!("OBJECTIVE")),
        "change": "minor", "current": some(json!("CURRENT")), "answers": answered});
    let scenario = json!({"text": text("SITUATION"), "given": if full { json!({"lead_id": "GIVEN", "n": 7}) } else { json!({}) }});
    let concern = list(
        json!({"severity": "advisory", "section": "risk", "message": "CONCERN", "quote": text("QUOTE")}),
    );
    match role {
        "plan" => of::<Plan>(json!({
            "mission": mission, "findings": list(finding),
            "ask": if full { json!({"sop": "SOP-REV-x", "requested_by": "cro", "owner": "vp.sales",
                "objective": "AIM", "risk_level": "high", "scrutiny": "chief.staff", "user_testing": "qa.testing",
                "workers": [{"agent": "vp.sales", "brief": "PART", "optional": true}], "scenarios": []}) } else { json!({}) },
            "roster": list(json!({"id": "vp.sales", "title": "VP", "department": "REV", "roles": ["worker"], "topics": ["TOPIC"]})),
            "sops": list(json!({"id": "SOP-REV-x", "version": "1.0", "title": "T", "owner": "o", "trigger": "TRIGGER"})),
        })),
        "scenarios" => of::<WriteScenarios>(
            json!({"title": "T", "objective": "O", "text": text("WORDS"), "assertions": assertion, "count": 3}),
        ),
        "draft" => {
            of::<DraftWork>(json!({"mission": mission, "title": "T", "objective": "O", "owner": "vp.sales",
            "brief": text("PART"), "assertions": assertion, "findings": list(finding)}))
        }
        "synthesise" | "revise" => {
            of::<Synthesise>(json!({"mission": mission, "title": "T", "objective": "O", "description": "D",
            "owner": "vp.sales", "assertions": assertion, "drafts": list(worker_draft(full)),
            "previous": some(json!("BEFORE")), "findings": list(finding), "comments": list(json!("COMMENT"))}))
        }
        "council_member" => {
            of::<CouncilMember>(json!({"question": "Q?", "why": text("WHY"), "sop": text("SOP")}))
        }
        "council_chair" => of::<CouncilChair>(json!({"question": "Q?", "sop": text("SOP"),
            "opinions": list(json!({"stance": "oppose", "concerns": concern, "reason": "REASON"}))})),
        "scrutiny" => {
            of::<Scrutiny>(json!({"sop": text("SOP"), "assertions": assertion, "findings": list(finding)}))
        }
        "execute" => of::<Execute>(json!({"sop": text("SOP"), "scenario": scenario})),
        "grade" => of::<Grade>(json!({"sop": text("SOP"), "scenario": scenario, "assertions": assertion,
            "trace": {"steps": list(json!({"step": 1, "did": "DID", "lacked": text("LACKED"), "produced": text("PRODUCED")})),
                "done": full, "outcome": text("OUTCOME")}})),
        _ => question_of_run(role, full),
    }
}

fn worker_draft(full: bool) -> Value {
    let kind = if full { json!({"choice": ["a", "b"]}) } else { json!("text") };
    json!({"agent": "vp.sales", "department": "REV", "draft": {
        "declined": "DECLINED", "statements": [{"section": "scope", "text": "STATED"}],
        "terms": [{"term": "TERM", "definition": "DEFINED"}],
        "inputs": [{"name": "lead_id", "kind": kind, "required": full, "description": "DESCRIBED"}],
        "steps": [{"phase": "act", "title": "STEP", "text": "INSTRUCTED", "rules": ["RULE"], "assignee": "vp.sales",
            "artifact": "ARTIFACT", "keys": ["Time Limit: 2 hours"]}],
        "assumptions": ["ASSUMED"], "left_out": ["LEFT"], "confidence": 80,
    }})
}

fn of<R: Role>(question: Value) -> Value {
    let read: R::Question = serde_json::from_value(question).unwrap();
    serde_json::to_value(read).unwrap()
}

/// Words in capitals of a question: what must be seen in its prompt.
fn words(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.len() > 1 && text.chars().all(|c| c.is_ascii_uppercase()) => {
            found.push(text.clone());
        }
        Value::Array(list) => list.iter().for_each(|one| words(one, found)),
        Value::Object(members) => members.values().for_each(|one| words(one, found)),
        _ => {}
    }
}

/// The same for the roles of runs.
fn question_of_run(role: &str, full: bool) -> Value {
    let list = |one: Value| if full { json!([one.clone(), one]) } else { json!([]) };
    let text = |text: &str| json!(if full { text } else { "" });
    let some = |value: Value| if full { value } else { Value::Null };
    match role {
        "done" => {
            of::<JudgeDone>(json!({"sop": "T", "rule": text("RULE"), "evidence": list(json!("EVIDENCE"))}))
        }
        "review" => of::<LookBack>(json!({"sop": "T", "objective": "O", "definition_of_done": text("DONE"),
            "ended": text("ENDED"), "deviations": list(json!("DEVIATION")), "steps": list(json!("STEP"))})),
        "perform" => {
            of::<Perform>(json!({"sop": "T", "objective": "O", "title": "STEP", "text": text("WORDS"),
            "artifact": text("ARTIFACT"), "constraints": list(json!("CONSTRAINT")),
            "inputs": if full { json!({"lead_id": "GIVEN", "n": 7}) } else { json!({}) },
            "earlier": if full { json!({"step 1": "EARLIER"}) } else { json!({}) },
            "about": list(json!({"title": "TERMS", "text": "MEANING"})), "today": text("TODAY"),
            "outputs": some(json!("SCHEMA")), "tools": list(json!("file_read")),
            "found": list(json!({"asked": {"tool": "file_read", "argument": "a.md"}, "answer": "FOUND"}))}))
        }
        role => panic!("no question for {role}"),
    }
}

#[test]
fn every_template_shows_all_of_its_question_and_needs_none_of_it() {
    assert_eq!(TEMPLATES.map(|(role, _)| role).len(), NAMES.len());
    for (role, template) in TEMPLATES {
        assert!(NAMES.contains(&role));
        check(role, template).unwrap();
        let empty = render(role, template, &agent(), &question(role, false)).unwrap();
        assert!(empty.system.len() > 500 && !empty.user.is_empty(), "{role}");
        let asked = question(role, true);
        let full = render(role, template, &agent(), &asked).unwrap();
        assert_eq!(full.system, empty.system, "{role}: the stable part is stable");
        let mut shown = Vec::new();
        words(&asked, &mut shown);
        for word in shown {
            // The objective is told as the plan words it; no plan contradicts another document.
            let untold = word == "OBJECTIVE" || (role == "plan" && word == "OTHER");
            assert!(untold || full.user.contains(&word), "{role} does not show {word}:\n{}", full.user);
        }
        assert!(!full.user.contains("{{") && !full.user.contains("none\n"), "{role}: {}", full.user);
    }
}

#[test]
fn validators_are_asked_about_the_text_and_nothing_else() {
    for (role, template) in TEMPLATES.iter().filter(|(role, _)| VALIDATORS.contains(role)) {
        for word in
            ["input.mission", "round", "budget", "created_by", "fulfilled", "input.author", "deadline of"]
        {
            let told = template.split(['{', '}']).skip(1).step_by(2).any(|inside| inside.contains(word));
            assert!(!told, "{role} is told {word}");
        }
        let asked = question(role, true);
        for member in ["mission", "round", "budget", "author", "drafts", "requester", "stakes", "attempt"] {
            assert!(asked.get(member).is_none(), "{role} is handed {member}");
        }
    }
}

#[test]
fn workers_of_one_mission_share_the_beginning_of_their_prompts() {
    let template = include_str!("../../prompts/draft.md");
    let mut asked = question("draft", true);
    let one = render("draft", template, &agent(), &asked).unwrap();
    asked["brief"] = json!("another part");
    let ops = roster::parse("sales.ops.md", include_str!("../../agents/sales.ops.md")).unwrap();
    let two = render("draft", template, &ops, &asked).unwrap();
    assert_eq!(one.system, two.system);
    let shared = one.user.bytes().zip(two.user.bytes()).take_while(|(a, b)| a == b).count();
    let mission: MissionView = serde_json::from_value(asked["mission"].clone()).unwrap();
    let start = one.user.get(..shared).unwrap();
    assert!(start.contains(&mission.text) && start.contains("Accountable owner"), "{start}");
}
