//! A person's own text in the place of the draft: a round like any other, whose changed lines are that person's. What
//! did not change keeps its sources and its verdicts; who edited counts as a drafter from then on.

use super::Office;
use super::assemble::{Assembled, beside, keep_round, sources};
use super::checks::Known;
use super::covered::covered;
use super::hands::voices;
use super::plan::MissionPlan;
use super::records::keep;
use super::rounds::{Desk, Round};
use crate::base::Digest;
use crate::contract::Severity;
use crate::draft::{self, Item, provenance};
use crate::governance::{Path, path_after_edit};
use crate::journal::{Activity, Failure, FailureClass, Recorded, Repeat, Stop};
use crate::roles::MissionView;
use crate::roles::synthesise::WorkerDraft;
use crate::sop;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeSet;

/// A text that takes a draft's place.
pub(super) struct Edit {
    pub(super) by: String,
    pub(super) text: String,
}

/// Checks the text, traces its lines and keeps it as a round.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct TakeEdit {
    mission: String,
    snapshot: Digest,
    plan: MissionPlan,
    view: MissionView,
    drafts: Vec<WorkerDraft>,
    comments: Vec<String>,
    /// What the comments ask to be in the text, each with its words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    asks: Vec<(String, Vec<String>)>,
    /// The draft it was made from.
    before: String,
    text: String,
    by: String,
    round: u32,
}

/// The round's draft, and who forwards and signs it now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Taken {
    assembled: Assembled,
    path: Path,
}

impl Activity for TakeEdit {
    const NAME: &'static str = "take_edit";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Office;
    type Output = Taken;
    fn key(&self) -> String {
        format!("edit#{}", self.round)
    }
    async fn perform(self, office: &Office) -> Result<Recorded<Taken>, Failure> {
        let snapshot = office.gateway.snapshot(&self.snapshot)?;
        let Self { plan, text, .. } = &self;
        let sop = sop::parse("the edited draft", text).map_err(|problems| {
            let words: Vec<String> = problems.iter().map(ToString::to_string).collect();
            Failure::new(FailureClass::Content, words.join("\n"))
        })?;
        let (known, mut findings, voices) = office.journal.read(|db| {
            let known = Known::of(db, &snapshot, text)?;
            let findings = known.findings(db, &sop, text)?;
            Ok((known, findings, voices(db, &self.mission)?))
        })?;
        let provenance = self.traced();
        let unsourced = u32::try_from(provenance.unsourced().count()).unwrap_or(u32::MAX);
        let (coded, evidence) = known.assertions(&plan.contract, &sop, text);
        let coverage = covered(&self.view, &self.comments, &self.asks, text);
        findings.extend(coverage.findings());
        let mut to_judge = crate::tier0::for_you_to_judge(&sop, &plan.contract, true);
        let (parties, notes) = plan.parties.heard(voices, &snapshot.roster);
        to_judge.extend(notes);
        let path = path_after_edit(&snapshot.settings.publication, &snapshot.roster, &parties, &plan.path);
        let assembled = Assembled {
            sha256: Digest::of(text),
            text: text.clone(),
            findings,
            coded,
            evidence,
            unsourced,
            to_judge,
            parties: Some(parties),
            coverage,
            assumed: beside(&self.drafts, |draft| &draft.assumptions),
            left_out: beside(&self.drafts, |draft| &draft.left_out),
            // Its figures are a person's own.
            done: Vec::new(),
            unfounded: Vec::new(),
        };
        let title = format!("{} v{}, round {}", plan.sop, plan.version, self.round);
        let traced = provenance.markdown(&title);
        Ok(self.record(Taken { assembled, path }, sop, traced))
    }
}

impl TakeEdit {
    /// Changed lines are whose text they are; the others come from where they came from.
    fn traced(&self) -> provenance::Provenance {
        let items: Vec<Item> =
            self.drafts.iter().flat_map(|worker| draft::items(&worker.agent, &worker.draft)).collect();
        let before: BTreeSet<&str> = self.before.lines().map(str::trim).collect();
        let own: Vec<&str> = self.text.lines().filter(|line| !before.contains(line.trim())).collect();
        let (name, own) = (format!("edited by {}", self.by), own.join("\n"));
        let mut also = sources(&self.plan, &self.view, &self.comments);
        also.push(provenance::Also { name: &name, text: &own });
        // What an earlier edit put in stands in the draft before.
        also.push(provenance::Also { name: "the draft before", text: &self.before });
        provenance::trace(&self.text, &items, &also)
    }

    fn record(self, taken: Taken, sop: sop::Sop, traced: String) -> Recorded<Taken> {
        let Self { mission, round, plan, text, before, by, .. } = self;
        let Assembled { sha256, findings, unsourced, coverage, parties, .. } = &taken.assembled;
        let event = json!({
            "round": round, "sha256": sha256, "findings": findings.len(),
            "blocking": findings.iter().filter(|finding| finding.severity == Severity::Blocking).count(),
            "unsourced": unsourced, "coverage": coverage.summary(),
            "scrutiny": parties.as_ref().map(|parties| &parties.scrutiny),
            "user_testing": parties.as_ref().map(|parties| &parties.user_testing),
            "edited_by": by, "before": Digest::of(&before), "path": taken.path,
        });
        let covered = coverage.markdown(&format!("{} v{}, round {round}", plan.sop, plan.version));
        Recorded::of(taken).event(&mission.clone(), "synthesis_made", event).change(move |tx| {
            keep_round(tx, &mission, round, (&sop, &text))?;
            keep(tx, &mission, &format!("provenance-{round}.md"), &traced)?;
            keep(tx, &mission, &format!("coverage-{round}.md"), &covered).map(drop)
        })
    }
}

impl Desk<'_> {
    /// The round of a person's own text. What blocks in it sends it to nobody: who signs is told, and decides.
    pub(super) async fn take_edit(&mut self, before: &Round, edit: Edit) -> Result<Round, Stop> {
        self.round = before.number.max(self.round) + 1;
        let take = TakeEdit {
            mission: self.setup.asker.mission.clone(),
            snapshot: self.setup.asker.snapshot.clone(),
            plan: self.plan.clone(),
            view: self.view(),
            drafts: self.drafts.clone(),
            comments: self.comments(),
            asks: self.asks(),
            before: before.assembled.text.clone(),
            text: edit.text,
            by: edit.by,
            round: self.round,
        };
        let Taken { assembled, path } = self.w.call(take).await?;
        self.plan.path = path;
        self.last = Some(before.clone());
        let round = self.judged(assembled).await?;
        self.last = Some(round.clone());
        Ok(round)
    }
}
