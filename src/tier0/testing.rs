//! What the tests of tier 0 share: the shipped roster and missions nobody tuned for.

use crate::contract::Contract;
use crate::draft::Assignment;
use crate::roles::AssertionView;
use crate::roles::plan::{PlanAnswer, PlanQuestion};
use crate::roles::synthesise::{Synthesis, SynthesisQuestion, WorkerDraft};
use crate::roster::Roster;
use crate::sop::Sop;

/// The roster that is shipped.
pub(super) fn roster() -> Roster {
    let mut agents = Vec::new();
    for entry in std::fs::read_dir("agents").unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        agents.push(crate::roster::parse::parse(&path.display().to_string(), &text).unwrap());
    }
    Roster::new(agents).unwrap()
}

/// Name, title and text of every prose mission.
pub(super) fn prose() -> Vec<(String, String, String)> {
    let mut found: Vec<_> = std::fs::read_dir("tests/data/prose")
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            let (title, text) = text.split_once('\n').unwrap();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, title.trim_start_matches("# ").to_owned(), text.to_owned())
        })
        .collect();
    found.sort();
    found
}

/// What the orchestrator is asked for a mission with nothing but a title and a text.
pub(super) fn plan_question(title: &str, text: &str) -> PlanQuestion {
    PlanQuestion {
        mission: crate::roles::MissionView {
            title: title.to_owned(),
            text: text.to_owned(),
            objective: None,
            change: "new".to_owned(),
            current: None,
            answers: Vec::new(),
            sources: Vec::new(),
        },
        ask: crate::brief::Ask::default(),
        roster: Vec::new(),
        sops: Vec::new(),
        findings: Vec::new(),
    }
}

/// What the ledger of a mission is made of.
pub(super) fn said(q: &PlanQuestion) -> Vec<crate::ledger::Said<'_>> {
    use crate::ledger::{Said, Source};
    let answers = q.mission.answers.iter().map(|one| Said { source: Source::Answer, text: &one.answer });
    std::iter::once(Said { source: Source::Mission, text: &q.mission.text }).chain(answers).collect()
}

/// The drafts of a plan, made as the mission would.
pub(super) fn drafts(q: &PlanQuestion, plan: &PlanAnswer, roster: &Roster) -> Vec<WorkerDraft> {
    let one = |planned: &crate::roles::plan::PlannedAssignment| {
        let agent = roster.get(&planned.agent).unwrap();
        let question = crate::roles::draft::DraftQuestion::first(&q.mission, plan, planned);
        let draft = super::draft::draft(&question, agent);
        WorkerDraft { agent: planned.agent.clone(), department: agent.head.department.clone(), draft }
    };
    plan.assignments.iter().map(one).collect()
}

/// A mission that came to its SOP.
pub(super) struct Authored {
    pub(super) plan: PlanAnswer,
    pub(super) drafts: Vec<WorkerDraft>,
    pub(super) question: SynthesisQuestion,
    pub(super) synthesis: Synthesis,
    pub(super) sop: Sop,
}

impl Authored {
    pub(super) fn contract(&self) -> Contract {
        Contract { assertions: self.plan.assertions.clone() }
    }
    pub(super) fn assignments(&self) -> Vec<Assignment> {
        let ids = |agent: &str| {
            let own = self.plan.assertions.iter().filter(|a| a.fulfilled_by == agent);
            own.map(|a| a.id.clone()).collect()
        };
        let one = |planned: &crate::roles::plan::PlannedAssignment| Assignment {
            agent: planned.agent.clone(),
            brief: planned.brief.clone(),
            topics: Vec::new(),
            optional: planned.optional,
            assertions: ids(&planned.agent),
        };
        self.plan.assignments.iter().map(one).collect()
    }
    pub(super) fn views(&self) -> Vec<AssertionView> {
        let view = |a: &crate::contract::Assertion| AssertionView {
            id: a.id.clone(),
            statement: a.statement.clone(),
            fails_if: a.fails_if.clone(),
            sections: a.sections.iter().map(|section| section.title().to_owned()).collect(),
        };
        self.plan.assertions.iter().map(view).collect()
    }
}

/// A mission from its plan to the SOP, or the questions that came instead.
pub(super) fn authored(q: &PlanQuestion, roster: &Roster) -> Result<Authored, Vec<String>> {
    let plan = super::plan::plan(q, roster).unwrap();
    if !plan.questions.is_empty() {
        return Err(plan.questions);
    }
    let drafts = drafts(q, &plan, roster);
    let question = SynthesisQuestion {
        mission: q.mission.clone(),
        title: plan.title.clone(),
        objective: plan.objective.clone(),
        description: plan.description.clone(),
        owner: plan.owner.clone(),
        assertions: Vec::new(),
        drafts: drafts.clone(),
        previous: None,
        findings: Vec::new(),
        comments: Vec::new(),
        roster: Vec::new(),
    };
    let synthesis = super::synthesise::synthesise(&question);
    let sop = document(&plan, &synthesis);
    Ok(Authored { plan, drafts, question, synthesis, sop })
}

/// Head and body together, as the mission would.
pub(super) fn document(plan: &PlanAnswer, synthesis: &Synthesis) -> Sop {
    let log = format!("- v1.0 (2026-11-20): {}", synthesis.change);
    let body = super::synthesise::assemble::body(synthesis, &log).unwrap();
    let head = serde_json::json!({
        "id": format!("SOP-{}-{}", plan.department, plan.name), "version": "1.0", "title": plan.title,
        "department": plan.department, "owner": plan.owner, "objective": plan.objective,
        "description": plan.description, "risk_level": plan.risk_level, "impact": plan.impact,
        "created_by": "sop.manager", "created_at": "2026-11-20",
    });
    Sop { head: serde_json::from_value(head).unwrap(), body }
}

/// What the coded checks say, with the shipped roster and the SOPs of the example missions.
pub(super) fn lint(sop: &Sop, roster: &Roster) -> Vec<crate::contract::Finding> {
    let agents = roster.agents.keys().cloned().collect();
    let people = std::collections::BTreeSet::new();
    let titles = roster.agents.values().map(|a| (a.head.id.clone(), a.head.title.clone())).collect();
    let known = ["SOP-REV-lead-qualification", "SOP-MKT-marketing-to-sales-handoff"];
    let sops = known.iter().map(|id| (id.parse().unwrap(), std::collections::BTreeSet::new())).collect();
    crate::sop::lint::lint(
        sop,
        &crate::sop::lint::Context { agents: &agents, people: &people, titles: &titles, sops: &sops },
    )
}

/// What the orchestrator is asked for an example mission.
pub(super) fn example(name: &str, current: Option<&str>) -> PlanQuestion {
    let file = format!("missions/examples/{name}.md");
    let text = std::fs::read_to_string(&file).unwrap();
    let brief = crate::brief::parse(&file, &text).unwrap();
    let mut q = plan_question(&brief.title, &brief.text);
    q.mission.objective = brief.ask.objective.clone();
    q.mission.current = current.map(str::to_owned);
    if current.is_some() {
        q.mission.change = "minor".to_owned();
    }
    q.ask = brief.without_scenarios().ask;
    q
}

/// Writes what a mission gave where a person can read it; only when asked to.
pub(super) fn dump(name: &str, made: &Authored, roster: &Roster) {
    use std::fmt::Write as _;
    let Ok(folder) = std::env::var("TIER0_OUT") else { return };
    let text = crate::sop::render(&made.sop);
    let mut out = format!("{text}\n=====\nowner: {}\n", made.plan.owner_reason);
    for planned in &made.plan.assignments {
        writeln!(out, "> {}: {}", planned.agent, planned.brief).unwrap();
    }
    for f in lint(&made.sop, roster) {
        writeln!(out, "{:?} {} {} {:?}", f.severity, f.code, f.message, f.quote).unwrap();
    }
    for d in made.synthesis.dispositions.iter().filter(|d| d.fate != crate::draft::Fate::Kept) {
        writeln!(out, "{:?} {} {}", d.fate, d.item, d.reason).unwrap();
    }
    for d in &made.synthesis.dissent {
        writeln!(out, "DISSENT {}: {}", d.subject, d.settled).unwrap();
    }
    for d in &made.drafts {
        writeln!(out, "DRAFT {} {} %", d.agent, d.draft.confidence).unwrap();
        let questions = d.draft.questions.iter().map(|q| format!("? {} => {}", q.text, q.assumption));
        for line in questions.chain(d.draft.assumptions.clone()).chain(d.draft.left_out.clone()) {
            writeln!(out, "   {line}").unwrap();
        }
    }
    let items: Vec<_> = made.drafts.iter().flat_map(|d| crate::draft::items(&d.agent, &d.draft)).collect();
    let brief = &made.question.mission.text;
    let current = made.question.mission.current.clone().unwrap_or_default();
    let plan = format!("{}\n{}", made.plan.objective, made.plan.description);
    let also = [("brief", brief.as_str()), ("current", &current), ("plan", &plan)];
    let also: Vec<_> = also.iter().map(|(name, text)| crate::draft::Also { name, text }).collect();
    for line in crate::draft::trace(&text, &items, &also).unsourced() {
        writeln!(out, "UNSOURCED {}: {}", line.number, line.text).unwrap();
    }
    for a in &made.plan.assertions {
        writeln!(out, "{} [{}] {}", a.id, a.fulfilled_by, a.statement).unwrap();
    }
    for line in super::for_you_to_judge(&made.sop, &made.contract(), true) {
        writeln!(out, "JUDGE {line}").unwrap();
    }
    let council =
        crate::roles::council::CouncilQuestion { question: String::new(), why: String::new(), sop: text };
    for concern in super::council::opinion(&council).concerns {
        writeln!(out, "COUNCIL {:?} {}", concern.section, concern.message).unwrap();
    }
    std::fs::create_dir_all(&folder).unwrap();
    let mut file = std::fs::File::create(format!("{folder}/{name}.md")).unwrap();
    std::io::Write::write_all(&mut file, out.as_bytes()).unwrap();
}

/// Writes what a mission was asked where a person can read it; only when asked to.
pub(super) fn dump_questions(name: &str, questions: &[String]) {
    let Ok(folder) = std::env::var("TIER0_OUT") else { return };
    std::fs::create_dir_all(&folder).unwrap();
    let mut file = std::fs::File::create(format!("{folder}/{name}.asks.md")).unwrap();
    std::io::Write::write_all(&mut file, questions.join("\n").as_bytes()).unwrap();
}
