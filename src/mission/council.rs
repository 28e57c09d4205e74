//! The council: members answer independently, a chair weighs their unnamed and shuffled answers, and a split or
//! a critical dissent stays on record whatever the chair writes.

use super::Office;
use super::impartial::impartial;
use super::records::{MissionRow, MissionState, artifacts, council_called_by, keep};
use super::setup::Setup;
use crate::agent::{Asking, Seat, ask};
use crate::base::text::put;
use crate::base::{Digest, Problem};
use crate::brief;
use crate::contract::{Finding, Severity};
use crate::decision::{self, DecisionKind};
use crate::governance::CouncilPlan;
use crate::journal::{Activity, Failure, Recorded, Repeat, Stop, Story, Tx, Workflow};
use crate::roles::council::{
    ChairQuestion, Concern, CouncilAnswer, CouncilChair, CouncilMember, CouncilQuestion, Opinion, QUESTION,
    Stance,
};
use crate::sop::id::Change;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// One session of the council on one draft.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct HoldCouncil {
    pub(super) setup: Setup,
    pub(super) council: CouncilPlan,
    pub(super) sop: String,
    pub(super) round: u32,
    /// 0 at first; one more each time a person said to try again.
    #[serde(default)]
    pub(super) attempt: u32,
}

/// What the council found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct CouncilReport {
    /// The chair's answer.
    pub(super) answer: CouncilAnswer,
    /// Opinions in the order the chair saw them.
    pub(super) opinions: Vec<Opinion>,
    /// Upheld concerns, the split, the critical dissent.
    pub(super) findings: Vec<Finding>,
}

impl CouncilReport {
    /// Whether the draft must change before it can go on.
    pub(super) fn blocks(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Blocking)
    }
    /// What stays on record in later rounds, where the council is not asked again: that it was not of one mind.
    pub(super) fn on_record(mut self) -> Self {
        self.findings.retain(|finding| ["council-split", "council-dissent"].contains(&finding.code.as_str()));
        self
    }
}

impl Story for HoldCouncil {
    const NAME: &'static str = "hold_council";
    const VERSION: u32 = 1;
    type Output = CouncilReport;
    fn key(&self) -> String {
        format!("council#{}.{}", self.round, self.attempt)
    }
    async fn tell(self, w: Workflow) -> Result<CouncilReport, Stop> {
        let Self { setup, council, sop, round, .. } = self;
        let sop = impartial(&sop);
        let mut opinions = Vec::new();
        for (seat, member) in council.members.iter().enumerate() {
            let question =
                CouncilQuestion { question: QUESTION.to_owned(), why: council.why.clone(), sop: sop.clone() };
            let asking = asking(&setup, member, seat, format!("council/{member}#{round}"));
            opinions.push(ask::<CouncilMember>(&w, &setup.asker, &asking, &question).await?.0);
        }
        // Shuffled by a hash of the draft: the same in every replay, and not the order of the seats.
        opinions.sort_by_key(|opinion| {
            Digest::of(format!("{sop}{}", serde_json::to_string(opinion).unwrap_or_default()))
        });
        let question = ChairQuestion { question: QUESTION.to_owned(), sop, opinions: opinions.clone() };
        let asking = asking(&setup, &council.chair, council.members.len(), format!("council/chair#{round}"));
        let (answer, _) = ask::<CouncilChair>(&w, &setup.asker, &asking, &question).await?;
        let findings = findings(&answer, &opinions);
        let report = CouncilReport { answer, opinions, findings };
        let mission = setup.asker.mission.clone();
        w.call(KeepCouncil { mission, council, report: report.clone(), round }).await?;
        Ok(report)
    }
}

/// Refuses a call that no round would take up.
///
/// # Errors
/// `Conflict`, with what to do instead.
pub(super) fn can_be_called(tx: &Tx<'_>, row: &MissionRow) -> Result<(), Problem> {
    let (db, id) = (tx.db(), &row.id);
    if is_patch(tx, id)? {
        return Err(Problem::conflict(format!("{id} is a patch, of which code judges the wording alone"))
            .hint("ask for `change: minor`, or bring the text: `sopd council request FILE`"));
    }
    if held(db, id)? {
        return Err(Problem::conflict(format!("the council has been asked about {id}"))
            .hint(format!("its answer is in `council.md`: `sopd show {id}`")));
    }
    let open = decision::open_of_mission(db, id)?;
    let first = |kinds: &[DecisionKind]| open.iter().find(|one| kinds.contains(&one.ask.kind));
    if let Some(one) = first(&[DecisionKind::Forward, DecisionKind::Publish]) {
        let who = one.ask.asked_of.join(", ");
        return Err(Problem::conflict(format!(
            "the council would come too late: the draft of {id} waits for {who} ({})",
            one.id
        ))
        .hint(format!("have it sent back with `sopd revise {}`, then call; or bring the text: `sopd council request FILE`", one.id)));
    }
    // Whoever says how a mission goes on whose rounds came to nothing may take the best of them as it is.
    if let Some(one) = first(&[DecisionKind::Stuck]).filter(|one| one.ask.details.get("best_round").is_some())
    {
        return Err(Problem::conflict(format!(
            "{id} stands still ({}) and may have no further round",
            one.id
        ))
        .hint("say first how it goes on; `sopd inbox` shows what is asked"));
    }
    if matches!(
        row.state,
        MissionState::Validating | MissionState::AwaitingDecision | MissionState::Publishing
    ) {
        return Err(Problem::conflict(format!(
            "the draft of {id} is past the council ({})",
            row.state.word()
        ))
        .hint("have it sent back when it is asked about, then call the council"));
    }
    Ok(())
}

/// Who called the council of a mission in which it has not been held; nothing where nobody did.
///
/// # Errors
/// The journal cannot be read.
pub fn called_and_not_held(db: &Connection, mission: &str) -> Result<Option<String>, Problem> {
    if held(db, mission)? { Ok(None) } else { council_called_by(db, mission) }
}

/// Whether the mission asks for another wording alone: it has no rounds that a council could be held in.
fn is_patch(tx: &Tx<'_>, mission: &str) -> Result<bool, Problem> {
    let file = artifacts(tx.db(), mission)?.into_iter().find(|one| one.name == "mission.md");
    let bytes = file.map(|file| tx.read_blob(&file.hash)).transpose()?.flatten().unwrap_or_default();
    let brief = brief::parse("mission.md", &String::from_utf8_lossy(&bytes));
    Ok(brief.is_ok_and(|brief| brief.ask.change == Some(Change::Patch)))
}

fn held(db: &Connection, mission: &str) -> Result<bool, Problem> {
    Ok(artifacts(db, mission)?.iter().any(|one| one.name.starts_with("council")))
}

fn asking(setup: &Setup, agent: &str, seat: usize, key: String) -> Asking {
    let tier = setup.tiers.get(agent).copied().unwrap_or(0);
    Asking { agent: agent.to_owned(), tier, seat: Seat::Council(seat), key }
}

/// Upheld concerns; a blocking concern the chair did not uphold; a split among the members.
fn findings(answer: &CouncilAnswer, opinions: &[Opinion]) -> Vec<Finding> {
    let mut found: Vec<Finding> = answer.upheld.iter().map(|concern| finding("council", concern)).collect();
    let critical =
        opinions.iter().flat_map(|opinion| &opinion.concerns).filter(|c| c.severity == Severity::Blocking);
    for concern in critical {
        let upheld = answer.upheld.iter().any(|upheld| upheld.message == concern.message);
        if !upheld {
            found.push(Finding { severity: Severity::Advisory, ..finding("council-dissent", concern) });
        }
    }
    let against = opinions.iter().filter(|opinion| opinion.stance == Stance::Oppose).count();
    if against > 0 {
        let majority = against * 2 > opinions.len();
        let message =
            format!("{against} of {} council members would not let this pass as it is", opinions.len());
        let severity = if majority { Severity::Blocking } else { Severity::Advisory };
        let code = "council-split".to_owned();
        found.push(Finding { code, severity, section: None, message, quote: String::new(), other: None });
    }
    found
}

fn finding(code: &str, concern: &Concern) -> Finding {
    Finding {
        code: code.to_owned(),
        severity: concern.severity,
        section: Some(concern.section),
        message: concern.message.clone(),
        quote: concern.quote.clone(),
        other: None,
    }
}

/// Puts the session into the dossier.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct KeepCouncil {
    mission: String,
    council: CouncilPlan,
    report: CouncilReport,
    round: u32,
}

impl Activity for KeepCouncil {
    const NAME: &'static str = "keep_council";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Office;
    type Output = ();
    fn key(&self) -> String {
        format!("keep/council#{}", self.round)
    }
    async fn perform(self, _office: &Office) -> Result<Recorded<()>, Failure> {
        let text = markdown(&self.council, &self.report);
        let event = json!({
            "round": self.round, "members": self.council.members, "chair": self.council.chair,
            "why": self.council.why, "findings": self.report.findings.len(),
            "blocks": self.report.blocks(),
        });
        let name =
            if self.round == 1 { "council.md".to_owned() } else { format!("council-{}.md", self.round) };
        let mission = self.mission;
        Ok(Recorded::of(())
            .event(&mission.clone(), "council_held", event)
            .change(move |tx| keep(tx, &mission, &name, &text).map(drop)))
    }
}

fn markdown(council: &CouncilPlan, report: &CouncilReport) -> String {
    let mut out = format!(
        "# Council\n\nCalled because {}. Members: {}. Chair: {}.\n\n> {QUESTION}\n\n{}\n",
        council.why,
        council.members.join(", "),
        council.chair,
        report.answer.summary
    );
    let mut list = |title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            put(&mut out, format_args!("\n## {title}\n\n"));
            for line in lines {
                put(&mut out, format_args!("- {line}\n"));
            }
        }
    };
    list("Upheld", report.answer.upheld.iter().map(|concern| concern.message.clone()).collect());
    list("Dissent on record", report.answer.dissent.clone());
    let opinions =
        report.opinions.iter().map(|opinion| format!("{:?}: {}", opinion.stance, opinion.reason)).collect();
    list("Opinions, unnamed and shuffled", opinions);
    list(
        "Findings",
        report.findings.iter().map(|finding| format!("{}: {}", finding.code, finding.message)).collect(),
    );
    out
}
