//! One look at a file as it was brought: every coded check, and its bytes kept as what validators and signatures
//! are about.

use super::Office;
use super::assemble::{Assembled, keep_round};
use super::checks::Known;
use super::plan::MissionPlan;
use crate::base::Digest;
use crate::contract::Severity;
use crate::journal::{Activity, Failure, FailureClass, Recorded, Repeat};
use crate::ledger::Coverage;
use crate::sop;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Checks a file and keeps it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Examine {
    pub(super) mission: String,
    pub(super) snapshot: Digest,
    pub(super) plan: MissionPlan,
    pub(super) text: String,
    pub(super) round: u32,
}

impl Activity for Examine {
    const NAME: &'static str = "examine";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Office;
    type Output = Assembled;
    fn key(&self) -> String {
        format!("examine#{}", self.round)
    }
    async fn perform(self, office: &Office) -> Result<Recorded<Assembled>, Failure> {
        let Self { mission, snapshot, plan, text, round } = self;
        let snapshot = office.gateway.snapshot(&snapshot)?;
        let sop = sop::parse("the file", &text).map_err(|problems| {
            let words: Vec<String> = problems.iter().map(ToString::to_string).collect();
            Failure::new(FailureClass::Content, words.join("\n"))
        })?;
        let (known, findings) = office.journal.read(|db| {
            let known = Known::of(db, &snapshot, &text)?;
            let findings = known.findings(db, &sop, &text)?;
            Ok((known, findings))
        })?;
        let (coded, evidence) = known.assertions(&plan.contract, &sop, &text);
        let assembled = Assembled {
            sha256: Digest::of(&text),
            to_judge: crate::tier0::for_you_to_judge(&sop, &plan.contract, false),
            text: text.clone(),
            findings,
            coded,
            evidence,
            // Every line is its author's.
            unsourced: 0,
            // A comment sends it back; it comes again in its author's words.
            parties: None,
            coverage: Coverage::default(),
            assumed: Vec::new(),
            left_out: Vec::new(),
            done: Vec::new(),
            unfounded: Vec::new(),
        };
        let blocking = assembled.findings.iter().filter(|finding| finding.severity == Severity::Blocking);
        let event = json!({
            "round": round, "sha256": assembled.sha256, "findings": assembled.findings.len(),
            "blocking": blocking.count(),
        });
        Ok(Recorded::of(assembled)
            .event(&mission.clone(), "file_examined", event)
            .change(move |tx| keep_round(tx, &mission, round, (&sop, &text))))
    }
}
