//! What the tests of tier 0 share: the shipped roster and missions nobody tuned for.

use crate::roster::Roster;

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
pub(super) fn plan_question(title: &str, text: &str) -> crate::roles::plan::PlanQuestion {
    crate::roles::plan::PlanQuestion {
        mission: crate::roles::MissionView {
            title: title.to_owned(),
            text: text.to_owned(),
            objective: None,
            change: "new".to_owned(),
            current: None,
            answers: Vec::new(),
        },
        ask: crate::brief::Ask::default(),
        roster: Vec::new(),
        sops: Vec::new(),
        findings: Vec::new(),
    }
}

/// The drafts of a plan, made as the mission would.
pub(super) fn drafts(
    q: &crate::roles::plan::PlanQuestion,
    plan: &crate::roles::plan::PlanAnswer,
    roster: &Roster,
) -> Vec<crate::roles::synthesise::WorkerDraft> {
    let one = |planned: &crate::roles::plan::PlannedAssignment| {
        let agent = roster.get(&planned.agent).unwrap();
        let question = crate::roles::draft::DraftQuestion {
            mission: q.mission.clone(),
            title: plan.title.clone(),
            objective: plan.objective.clone(),
            owner: plan.owner.clone(),
            brief: planned.brief.clone(),
            assertions: Vec::new(),
            findings: Vec::new(),
        };
        let draft = super::draft::draft(&question, agent);
        crate::roles::synthesise::WorkerDraft {
            agent: planned.agent.clone(),
            department: agent.head.department.clone(),
            draft,
        }
    };
    plan.assignments.iter().map(one).collect()
}

/// A mission from its plan to the SOP, or the questions that came instead.
pub(super) fn authored(
    q: &crate::roles::plan::PlanQuestion,
    roster: &Roster,
) -> Result<(crate::sop::Sop, crate::roles::plan::PlanAnswer, crate::roles::synthesise::Synthesis), Vec<String>> {
    let plan = super::plan::plan(q, roster).unwrap();
    if !plan.questions.is_empty() {
        return Err(plan.questions);
    }
    let question = crate::roles::synthesise::SynthesisQuestion {
        mission: q.mission.clone(),
        title: plan.title.clone(),
        objective: plan.objective.clone(),
        description: plan.description.clone(),
        owner: plan.owner.clone(),
        assertions: Vec::new(),
        drafts: drafts(q, &plan, roster),
        previous: None,
        findings: Vec::new(),
        comments: Vec::new(),
    };
    let synthesis = super::synthesise::synthesise(&question);
    let body = super::assemble::body(&synthesis, "- v1.0 (2026-11-20): First version.").unwrap();
    let head = serde_json::json!({
        "id": format!("SOP-{}-{}", plan.department, plan.name), "version": "1.0", "title": plan.title,
        "department": plan.department, "owner": plan.owner, "objective": plan.objective,
        "description": plan.description, "risk_level": plan.risk_level, "impact": plan.impact,
        "created_by": "sop.manager", "created_at": "2026-11-20",
    });
    let head = serde_json::from_value(head).unwrap();
    Ok((crate::sop::Sop { head, body }, plan, synthesis))
}

/// What the coded checks say, with the shipped roster.
pub(super) fn lint(sop: &crate::sop::Sop, roster: &Roster) -> Vec<crate::contract::Finding> {
    let agents = roster.agents.keys().cloned().collect();
    let titles = roster.agents.values().map(|a| (a.head.id.clone(), a.head.title.clone())).collect();
    let sops = std::collections::BTreeMap::new();
    crate::sop::lint::lint(sop, &crate::sop::lint::Context { agents: &agents, titles: &titles, sops: &sops })
}
