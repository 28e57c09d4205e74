//! What a document would become before anybody adopts it: read, planned and put together as its mission would be.

use super::request::adopted::read;
use crate::base::text::put;
use crate::brief::Ask;
use crate::ledger::{self, Fate, Said, Source};
use crate::roles::draft::DraftQuestion;
use crate::roles::plan::{PlanAnswer, PlanQuestion};
use crate::roles::synthesise::{Synthesis, SynthesisQuestion, WorkerDraft};
use crate::roles::{ADOPT, MissionView};
use crate::roster::Roster;
use crate::sop::Section;
use crate::sop::render::section_text_of;

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adoption {
    /// How many steps it has.
    pub steps: usize,
    /// How many lines of it have a place.
    pub kept: usize,
    /// How many lines with words it has.
    pub lines: usize,
    /// What its requester would be asked.
    pub questions: Vec<String>,
    /// How many commands stand in it; they stay text.
    pub commands: usize,
}

/// Looks at the document `text`, titled `title`.
///
/// # Errors
/// When the roster has no worker at all.
pub fn adoption(title: &str, text: &str, roster: &Roster) -> Result<Adoption, String> {
    let mission = MissionView {
        title: title.to_owned(),
        text: text.to_owned(),
        objective: None,
        change: ADOPT.to_owned(),
        current: None,
        answers: Vec::new(),
        sources: Vec::new(),
    };
    let q = PlanQuestion {
        mission,
        ask: Ask::default(),
        roster: Vec::new(),
        sops: Vec::new(),
        findings: Vec::new(),
    };
    let plan = super::plan::plan(&q, roster)?;
    let synthesis = synthesised(&q, &plan, roster);
    let whole = format!("{}\n{}\n{}", written(title, &synthesis), plan.objective, plan.impact);
    let coverage = ledger::coverage(&[Said { source: Source::Document, text }], &whole, None);
    let placed = |entry: &&ledger::Entry| !matches!(entry.fate, Fate::Lost { .. } | Fate::NotPlaced);
    Ok(Adoption {
        steps: synthesis.steps.len(),
        kept: coverage.entries.iter().filter(placed).count(),
        lines: coverage.entries.len(),
        questions: plan.questions,
        commands: read(&q.mission).procedure.commands.len(),
    })
}

fn synthesised(q: &PlanQuestion, plan: &PlanAnswer, roster: &Roster) -> Synthesis {
    let draft = |planned: &crate::roles::plan::PlannedAssignment| {
        let agent = roster.get(&planned.agent)?;
        let question = DraftQuestion::first(&q.mission, plan, planned);
        let draft = super::draft::draft(&question, agent);
        Some(WorkerDraft { agent: planned.agent.clone(), department: agent.head.department.clone(), draft })
    };
    super::synthesise::synthesise(&SynthesisQuestion {
        mission: q.mission.clone(),
        title: plan.title.clone(),
        objective: plan.objective.clone(),
        description: plan.description.clone(),
        owner: plan.owner.clone(),
        assertions: Vec::new(),
        drafts: plan.assignments.iter().filter_map(draft).collect(),
        previous: None,
        findings: Vec::new(),
        comments: Vec::new(),
        roster: Vec::new(),
    })
}

/// All it says, without the head of a file.
fn written(title: &str, said: &Synthesis) -> String {
    let mut out = format!("# {title}\n");
    let Ok(body) = super::synthesise::assemble::body(said, &said.change) else { return out };
    for (section, heading) in Section::ALL {
        put(&mut out, format_args!("\n## {heading}\n\n{}\n", section_text_of(&body, section)));
    }
    out
}
