//! A model that plays all nine roles sensibly, by rule: it reads each prompt as sent over HTTP and answers so that a
//! whole mission passes. A test changes single answers; everything else stays sensible.
#![expect(clippy::string_slice, reason = "fences are found by their ASCII ticks")]

use crate::fake_openai::Question;
use serde_json::{Value, json};
use sopd::contract::{Answer, Assertion, Check, Severity, Verdict, sections};
use sopd::draft::{Disposition, Draft, DraftStep, Fate, Statement, Term};
use sopd::roles::plan::{PlanAnswer, PlannedAssignment};
use sopd::roles::synthesise::{Synthesis, SynthesisStep};
use sopd::roster::Phase;
use sopd::sop::document::RiskLevel;
use sopd::sop::{Input, InputKind, Section};

/// How the prompt of an author begins who changes a text; she plays the same role.
const REVISES: &str = "somebody found something wrong in it";

/// Words by which each role's prompt begins, for servers that are not told the name of a schema.
const OPENINGS: [(&str, &str); 10] = [
    ("plan", "You plan the work: which SOP"),
    ("draft", "You are a department's expert"),
    ("synthesise", "You merge them into one document"),
    ("synthesise", REVISES),
    ("scenarios", "you write the situations"),
    ("execute", "It is your first day"),
    ("grade", "has carried it out in one situation"),
    ("scrutiny", "from outside the department it is for"),
    ("council_member", "You sit on a council"),
    ("council_chair", "You chair a council"),
];

/// The role a question is for.
pub(crate) fn role(q: &Question) -> &'static str {
    let found = OPENINGS.iter().find(|(_, opening)| q.system.contains(opening));
    found.map(|(role, _)| *role).unwrap()
}

/// Who is asked, where the prompt says so; empty for roles that are not told who they are.
pub(crate) fn agent(q: &Question) -> String {
    let line = q.user.lines().find_map(|line| line.strip_prefix("You are "));
    line.and_then(|line| line.split(',').next()).unwrap_or_default().to_owned()
}

/// The sensible answer.
pub(crate) fn answer(q: &Question) -> Value {
    match role(q) {
        "plan" => json!(plan(&q.user)),
        "draft" => json!(draft(q)),
        "synthesise" => {
            let mut whole = json!(synthesis(&q.user));
            if q.system.contains(REVISES) {
                whole["revises"] = json!(true);
            }
            whole
        }
        "scenarios" => scenarios(&q.user),
        "execute" => execute(&q.user),
        "council_member" => json!({"stance": "support", "concerns": [], "reason": "Nothing is forgotten."}),
        "council_chair" => json!({"summary": "The members agree.", "upheld": [], "dissent": []}),
        role => {
            let verdicts = json!({ "verdicts": verdicts(&q.user) });
            let more = if role == "grade" { ("root_causes", json!([])) } else { ("findings", json!([])) };
            let mut verdicts = verdicts;
            verdicts[more.0] = more.1;
            verdicts
        }
    }
}

/// An answer in the form that is asked for: a plan names what its parts rest on, and of a text the author is asked to
/// change all of its parts are given.
pub(crate) fn as_asked(answer: &Value) -> Value {
    if answer.get("revises").is_none() {
        let mut answer = answer.clone();
        if answer.get("findings").is_some()
            && answer.get("verdicts").is_some()
            && answer.get("settled").is_none()
        {
            answer["settled"] = json!([]);
        }
        for part in answer.get_mut("assignments").and_then(Value::as_array_mut).into_iter().flatten() {
            part["topics"] = part.get("topics").cloned().unwrap_or_else(|| json!([]));
        }
        return answer;
    }
    let names = [
        "purpose",
        "scope",
        "roles",
        "trigger",
        "preflight",
        "definition_of_done",
        "confidence",
        "risk",
        "references",
    ];
    let sections: Vec<Value> =
        names.iter().map(|name| json!({"section": name, "text": answer[*name]})).collect();
    let mut steps = answer["steps"].clone();
    for (step, number) in steps.as_array_mut().unwrap().iter_mut().zip(1..) {
        step["same_as"] = json!(0);
        step["instead_of"] = json!([number]);
    }
    let gone: Vec<usize> = (steps.as_array().unwrap().len() + 1..12).collect();
    json!({
        "done": ["All of it."], "sections": sections, "inputs": answer["inputs"], "steps": steps, "dropped": gone,
        "change": answer["change"], "dispositions": [], "dissent": answer["dissent"],
    })
}

/// The quoted text below a heading or a line.
pub(crate) fn fenced<'a>(text: &'a str, heading: &str) -> &'a str {
    let Some((_, below)) = text.split_once(heading) else { return "" };
    let Some(start) = below.find("```") else { return "" };
    let fence: String = below[start..].chars().take_while(|c| *c == '`').collect();
    let inside = &below[start + fence.len()..];
    inside.split_once(&format!("\n{fence}")).map_or(inside, |(inside, _)| inside).trim_start_matches('\n')
}

/// The value behind `Name: ` on a line of its own.
fn value<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(": ")).map(str::trim)
}

fn plan(user: &str) -> PlanAnswer {
    let mission = fenced(user, "# The mission");
    let fixed = fenced(user, "What the requester fixed:");
    let title = mission.lines().next().unwrap_or_default().to_owned();
    let roster: Vec<Vec<&str>> =
        fenced(user, "# Who could work on it").lines().map(|line| line.split(" | ").collect()).collect();
    let mut workers: Vec<(String, bool)> = fixed
        .lines()
        .filter_map(|line| line.strip_prefix("Worker: "))
        .map(|line| {
            let agent = line.split([',', ' ']).next().unwrap();
            (agent.to_owned(), line.ends_with("(optional)"))
        })
        .collect();
    if workers.is_empty() {
        let words: Vec<String> = title.to_lowercase().split(' ').map(str::to_owned).collect();
        let fits = |row: &&Vec<&str>| {
            let line = row.join(" ").to_lowercase();
            words.iter().filter(|word| word.len() > 3 && line.contains(*word)).count()
        };
        let able = roster.iter().filter(|row| row.len() > 3 && row[3].contains("worker"));
        workers.push((able.max_by_key(fits).unwrap()[0].to_owned(), false));
    }
    let owner = value(fixed, "Owner").map_or_else(|| workers[0].0.clone(), str::to_owned);
    let department = roster.iter().find(|row| row[0] == owner).unwrap()[2].to_owned();
    let mut assertions: Vec<Assertion> =
        (1..).zip(&workers).map(|(number, (agent, _))| step_assertion(number, agent)).collect();
    assertions.push(coded("VAL-FORM-001", "trigger_exact", Section::Trigger));
    assertions.push(coded("VAL-FORM-002", "rollback_present", Section::Risk));
    PlanAnswer {
        name: sopd::base::text::slug(&title, 40),
        objective: format!("{title} is done the same way by everybody within one business day."),
        description: format!("Takes one case of {title} from its arrival to its record."),
        title,
        department,
        owner_reason: format!("{owner} answers for the event that starts it."),
        owner,
        risk_level: RiskLevel::Low,
        impact: "A case is handled twice or not at all.".to_owned(),
        assignments: workers
            .into_iter()
            .map(|(agent, optional)| PlannedAssignment {
                brief: format!("the part of {agent}"),
                topics: Vec::new(),
                agent,
                optional,
            })
            .collect(),
        assertions,
        questions: Vec::new(),
    }
}

fn step_assertion(number: u32, agent: &str) -> Assertion {
    Assertion {
        id: format!("VAL-STEPS-{number:03}"),
        statement: format!("The step of {agent} says by when it is done."),
        fails_if: "a reader could not tell whether it was done in time".to_owned(),
        check: Check::Judged,
        severity: Severity::Blocking,
        sections: vec![Section::Steps],
        fulfilled_by: agent.to_owned(),
    }
}

fn coded(id: &str, check: &str, section: Section) -> Assertion {
    Assertion {
        id: id.to_owned(),
        statement: format!("The check {check} holds."),
        fails_if: "the check finds something".to_owned(),
        check: Check::Code { name: check.to_owned(), argument: String::new() },
        severity: Severity::Blocking,
        sections: vec![section],
        fulfilled_by: "synthesis".to_owned(),
    }
}

/// A draft with a step of its own; the accountable owner also writes what frames the steps.
fn draft(q: &Question) -> Draft {
    let user = &q.user;
    let agent = agent(q);
    let planned = fenced(user, "The SOP to be written, as planned:");
    let (title, owner) = (value(planned, "Title").unwrap(), value(planned, "Accountable owner").unwrap());
    let again = user.contains("# What was found wrong in your part before");
    let deadline = if again { "within 4 hours of the case" } else { "within 1 business day of the case" };
    let name = agent.replace('.', " ");
    let mut statements =
        vec![statement(Section::Roles, format!("{agent}: answers for the {name} entry of {title}."))];
    if agent == owner {
        statements.extend(frame(title, &agent));
    }
    Draft {
        statements,
        terms: vec![Term {
            term: format!("{title} entry of {name}"),
            definition: format!("the line {agent} writes in the log of {title}"),
        }],
        inputs: vec![Input {
            name: format!("{}_case_id", name.replace(' ', "_")),
            kind: InputKind::Text,
            required: false,
            description: format!("number of the case in the log of {agent}"),
            default: None,
            pattern: None,
        }],
        steps: vec![DraftStep {
            phase: Phase::Act,
            title: format!("Write the {name} entry"),
            text: format!("Write the {name} entry in the log {deadline}."),
            rules: vec![],
            assignee: agent.clone(),
            artifact: format!("{name} entry in the log"),
            keys: vec!["Time Limit: 2 hours".to_owned()],
        }],
        confidence: 90,
        ..Draft::default()
    }
}

fn statement(section: Section, text: String) -> Statement {
    Statement { section, text }
}

fn frame(title: &str, agent: &str) -> Vec<Statement> {
    [
        (Section::Purpose, format!("Everybody handles a case of {title} in the same way.")),
        (Section::Scope, format!("In scope: every case of {title}.")),
        (Section::Scope, "Out of scope: cases of other companies.".to_owned()),
        (Section::Trigger, format!("A new case of {title} stands in the log.")),
        (
            Section::Preflight,
            format!("Check that the log of {title} opens; refuse the run where it does not."),
        ),
        (Section::DefinitionOfDone, "All entries stand in the log within 1 business day.".to_owned()),
        (
            Section::Confidence,
            format!("Complete without review at 85 % or more; {agent} gets exceptions within 1 hour."),
        ),
        (Section::Risk, "Risk: a case is written down twice.".to_owned()),
        (Section::Risk, "Impact: two people work on one case.".to_owned()),
        (Section::Risk, "Rollback: delete the entry and write the reason beside it.".to_owned()),
    ]
    .map(|(section, text)| statement(section, text))
    .into()
}

/// One draft as the synthesis prompt shows it: the items by name, kind and text.
fn shown_items(user: &str) -> Vec<(String, String, String)> {
    let drafts = user.split_once("# The drafts").map_or("", |(_, drafts)| drafts);
    let drafts = drafts.split("\n# ").next().unwrap_or_default();
    let mut items: Vec<(String, String, String)> = Vec::new();
    for line in drafts.lines() {
        let named = line.split_once(' ').filter(|(name, _)| {
            let kind = name.trim_end_matches(':').split_once('/').map_or("", |(_, kind)| kind);
            ["statement-", "term-", "input-", "step-"].iter().any(|known| kind.starts_with(known))
        });
        match (named, items.last_mut()) {
            (Some((name, rest)), _) => {
                let (detail, text) = if name.ends_with(':') {
                    ("", rest)
                } else {
                    rest.split_once(": ").unwrap_or(("", rest))
                };
                let detail = detail.trim_matches(['(', ')']).to_owned();
                items.push((name.trim_end_matches(':').to_owned(), detail, text.to_owned()));
            }
            (None, Some((_, _, text))) if line.starts_with("  ") => {
                text.push('\n');
                text.push_str(line.trim());
            }
            _ => {}
        }
    }
    items
}

/// Keeps every item of every draft; without drafts it mends the version in force.
fn synthesis(user: &str) -> Synthesis {
    let items = shown_items(user);
    if items.is_empty() {
        return patched(user);
    }
    let planned = fenced(user, "The SOP, as planned:");
    let title = value(planned, "Title").unwrap();
    let owner = value(planned, "Accountable owner").unwrap();
    let kind = |kind: &str| {
        let wanted = format!("/{kind}-");
        items.iter().filter(move |(name, ..)| name.contains(&wanted)).cloned().collect::<Vec<_>>()
    };
    let of = |section: Section| -> Vec<String> {
        let word = json!(section).as_str().unwrap().to_owned();
        kind("statement").into_iter().filter(|(_, at, _)| *at == word).map(|(.., text)| text).collect()
    };
    let framed = frame(title, owner);
    let text = |section: Section| -> Vec<String> {
        let own = of(section);
        let spare = framed.iter().filter(|spare| spare.section == section).map(|spare| spare.text.clone());
        if own.is_empty() { spare.collect() } else { own }
    };
    let bullets = |lines: Vec<String>| lines.iter().map(|line| format!("- {line}\n")).collect::<String>();
    let terms = kind("term").into_iter().map(|(.., text)| text).chain(asked(user));
    let mut roles = of(Section::Roles);
    if !roles.iter().any(|line| line.starts_with(&format!("{owner}:"))) {
        roles.push(format!("{owner}: answers for {title}."));
    }
    Synthesis {
        purpose: text(Section::Purpose).join(" "),
        scope: bullets(text(Section::Scope).into_iter().chain(terms).collect()),
        roles: bullets(roles),
        trigger: text(Section::Trigger).join(" "),
        inputs: kind("input").into_iter().map(|(.., text)| input(&text)).collect(),
        preflight: bullets(text(Section::Preflight)),
        steps: kind("step").into_iter().map(|(.., text)| step(&text)).collect(),
        definition_of_done: text(Section::DefinitionOfDone).join(" "),
        confidence: bullets(text(Section::Confidence)),
        risk: bullets(text(Section::Risk)),
        references: String::new(),
        change: "Says who writes which entry.".to_owned(),
        dispositions: items
            .iter()
            .map(|(item, ..)| Disposition { item: item.clone(), fate: Fate::Kept, reason: String::new() })
            .collect(),
        dissent: Vec::new(),
    }
}

/// What the mission asks and no author may lose, each as a line of the scope.
fn asked(user: &str) -> Vec<String> {
    let mission = fenced(user, "# The mission");
    let text = mission.split_once('\n').map_or("", |(_, text)| text);
    let said = [sopd::ledger::Said { source: sopd::ledger::Source::Mission, text }];
    let binding = sopd::ledger::statements(&said).into_iter().filter(|one| !one.binds.is_empty());
    binding.map(|one| one.text.replace("[[", "").replace("]]", "")).collect()
}

fn input(line: &str) -> Input {
    let (head, description) = line.split_once("): ").unwrap();
    let (name, _) = head.split_once(" (").unwrap();
    Input {
        name: name.to_owned(),
        kind: InputKind::Text,
        required: head.ends_with("required"),
        description: description.to_owned(),
        default: None,
        pattern: None,
    }
}

fn step(text: &str) -> SynthesisStep {
    let rest: Vec<&str> = text.lines().skip(1).collect();
    let rules = rest.iter().filter_map(|line| line.strip_prefix("Rule: "));
    let known = ["Assignee: ", "Artifact: ", "Text: ", "Rule: "];
    let keys = rest.iter().filter(|line| !known.iter().any(|known| line.starts_with(known)));
    let words = value(text, "Text").unwrap_or_default().to_owned();
    SynthesisStep {
        title: text.lines().next().unwrap_or_default().to_owned(),
        text: rules.fold(words, |words, rule| format!("{words}\n\n- {rule}")),
        assignee: value(text, "Assignee").unwrap_or_default().to_owned(),
        artifact: value(text, "Artifact").unwrap_or_default().to_owned(),
        keys: keys.map(|line| (*line).to_owned()).collect(),
    }
}

/// The version in force with the requester's words added to its purpose.
fn patched(user: &str) -> Synthesis {
    let current = sopd::sop::parse("current", fenced(user, "# Your text before")).unwrap();
    let comment = fenced(user, "# What a person with authority asked to have changed");
    let comment = comment.trim_start_matches("- ").split("\n- ").last().unwrap_or_default().trim();
    let body = current.body;
    let mut purpose = body.purpose.clone();
    if !purpose.contains(comment) {
        purpose = format!("{purpose} {}", comment.replace('\n', " "));
    }
    Synthesis {
        purpose,
        scope: body.scope,
        roles: body.roles,
        trigger: body.trigger,
        inputs: body.inputs,
        preflight: body.preflight,
        steps: body
            .steps
            .into_iter()
            .map(|step| SynthesisStep {
                title: step.title,
                text: step.text,
                assignee: step.assignee.unwrap_or_default(),
                artifact: step.artifact.unwrap_or_default(),
                keys: vec!["Time Limit: 2 hours".to_owned()],
            })
            .collect(),
        definition_of_done: body.definition_of_done,
        confidence: body.confidence,
        risk: body.risk,
        references: body.references,
        change: "Words its purpose better.".to_owned(),
        dispositions: Vec::new(),
        dissent: Vec::new(),
    }
}

fn scenarios(user: &str) -> Value {
    let count = user.lines().find_map(|line| line.strip_prefix("Write ")?.strip_suffix(" scenarios."));
    let count: usize = count.unwrap().parse().unwrap();
    let one = |number: usize| json!({"text": format!("Case {number} arrives."), "given": {}});
    json!({"scenarios": (1..=count).map(one).collect::<Vec<_>>()})
}

fn execute(user: &str) -> Value {
    let sop = fenced(user, "# The SOP");
    let headings = sop.lines().filter_map(|line| line.strip_prefix("### Step "));
    let steps: Vec<Value> = headings
        .filter_map(|line| line.split(':').next()?.parse::<u32>().ok())
        .map(|step| json!({"step": step, "did": "I wrote the entry.", "lacked": "", "produced": "entry"}))
        .collect();
    json!({"steps": steps, "done": true, "refused": false, "outcome": "All entries stand in the log."})
}

/// A pass for every assertion, with the longest line of the first section it names.
pub(crate) fn verdicts(user: &str) -> Vec<Verdict> {
    let sop = fenced(user, "# The SOP");
    let all = sections::sections(sop);
    let mut found = Vec::new();
    let block: Vec<&str> = fenced(user, "# The assertions").lines().collect();
    for (at, line) in block.iter().enumerate() {
        let Some((id, statement)) = line.split_once(": ").filter(|(id, _)| id.starts_with("VAL-")) else {
            continue;
        };
        let from =
            block[at + 1..].iter().find_map(|line| line.trim().strip_prefix("Look first in: ")).unwrap();
        let section = all.iter().find(|text| from.split(", ").any(|title| title == text.section.title()));
        let lines = section.map(|text| text.lines.clone()).unwrap_or_default();
        let about = statement.strip_prefix("The step of ").and_then(|rest| rest.split(' ').next());
        let name = about.unwrap_or_default().replace('.', " ");
        let quote = lines.iter().map(|(_, line)| line.trim()).max_by_key(|line| {
            (!name.is_empty() && line.contains(&name) && !line.starts_with('#'), line.len())
        });
        found.push(Verdict {
            assertion: id.to_owned(),
            answer: Answer::Pass,
            quote: quote.unwrap_or_default().to_owned(),
            reason: "The words say so.".to_owned(),
        });
    }
    found
}
