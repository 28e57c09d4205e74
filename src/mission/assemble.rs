//! The canonical draft of a round: the synthesis as an SOP, its provenance, and every coded check.

use super::Office;
use super::checks::{Known, finding, read_back};
use super::covered::covered;
use super::hands::voices;
use super::passages::{Given, given};
use super::plan::MissionPlan;
use super::records::{MissionState, keep, set_round, set_state};
use crate::base::text::{cell, put};
use crate::base::{Digest, problem::Result};
use crate::contract::verdicts::Coded;
use crate::contract::{Finding, Severity};
use crate::draft::{self, Disposition, Draft, Item, dispositions, provenance};
use crate::governance::Parties;
use crate::journal::{Activity, Failure, Recorded, Repeat, Tx};
use crate::ledger::{self, Coverage};
use crate::registry;
use crate::roles::MissionView;
use crate::roles::synthesise::{Synthesis, SynthesisStep, WorkerDraft};
use crate::sop::document::{ExecutionMode, Trigger};
use crate::sop::measure::thresholds;
use crate::sop::{self, Body, Head, Input, Sop, Step, step_keys};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Renders, traces and checks one round's synthesis.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Assemble {
    pub(super) mission: String,
    pub(super) snapshot: Digest,
    pub(super) plan: MissionPlan,
    pub(super) view: MissionView,
    pub(super) drafts: Vec<WorkerDraft>,
    pub(super) synthesis: Synthesis,
    /// What people asked to have changed; their words are a source of lines.
    pub(super) comments: Vec<String>,
    /// Workers whose items bind no more, since somebody has said otherwise of the text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) overruled: Vec<String>,
    /// Whether a change without a change is told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) tells_unchanged: bool,
    /// What the comments ask to be in the text, each with its words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) asks: Vec<(String, Vec<String>)>,
    /// What the author says she did about what was found and asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) done: Vec<String>,
    pub(super) round: u32,
    /// How often the round's text went back to its author before anybody judged it.
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub(super) again: u32,
}

/// A draft as it will be published if it is approved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Assembled {
    /// Its bytes.
    pub(super) text: String,
    /// Their hash: what an approval is bound to.
    pub(super) sha256: Digest,
    /// Everything the coded checks found.
    pub(super) findings: Vec<Finding>,
    /// The code-checked assertions.
    pub(super) coded: Vec<Coded>,
    /// Evidence for the code-checked assertions that hold: id, and the words found.
    pub(super) evidence: Vec<(String, String)>,
    /// Lines without a source.
    pub(super) unsourced: u32,
    /// What only judgement can tell.
    pub(super) to_judge: Vec<String>,
    /// Who has which part from here on; absent where nothing was said that could change it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) parties: Option<Parties>,
    /// What was asked, and what became of it; empty where nobody asked anything in words of a mission.
    #[serde(default, skip_serializing_if = "Coverage::is_empty")]
    pub(super) coverage: Coverage,
    /// What departments took for granted where nobody had said it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) assumed: Vec<String>,
    /// What departments know or were asked and did not put in, with their reasons.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) left_out: Vec<String>,
    /// What the author says she did about what was found and asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) done: Vec<String>,
    /// Figures that neither a person nor a department's knowledge gives, each with its line and who brought it in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) unfounded: Vec<String>,
}

impl Activity for Assemble {
    const NAME: &'static str = "assemble";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Office;
    type Output = Assembled;
    fn key(&self) -> String {
        let returned = if self.again == 0 { String::new() } else { format!("-{}", self.again) };
        format!("assemble#{}{returned}", self.round)
    }
    async fn perform(self, office: &Office) -> Result<Recorded<Assembled>, Failure> {
        let snapshot = office.gateway.snapshot(&self.snapshot)?;
        let today = office.journal.clock().now().day();
        let mut findings = Vec::new();
        let meant = self.document(&today, &mut findings);
        let text = sop::render(&meant);
        let (sop, form) = read_back(meant, &text);
        findings.extend(form);
        let (known, voices) = office.journal.read(|db| {
            let known = Known::of(db, &snapshot, &text)?;
            findings.extend(known.findings(db, &sop, &text)?);
            Ok((known, voices(db, &self.mission)?))
        })?;
        let items: Vec<Item> =
            self.drafts.iter().flat_map(|worker| draft::items(&worker.agent, &worker.draft)).collect();
        findings.extend(self.of_items(&items, &text));
        findings.extend(self.unchanged(&text));
        let given = given(&office.journal, &self.view, &text)?;
        let mut also = sources(&self.plan, &self.view, &self.comments);
        also.extend(given.iter().map(Given::also));
        let provenance = provenance::trace(&text, &items, &also);
        let unsourced = u32::try_from(provenance.unsourced().count()).unwrap_or(u32::MAX);
        let (coded, evidence) = known.assertions(&self.plan.contract, &sop, &text);
        let coverage = covered(&self.view, &self.comments, &self.asks, &text);
        findings.extend(coverage.findings());
        let unfounded = self.unfounded(&text, &snapshot.roster, (&given, &mut findings));
        let mut to_judge = crate::tier0::for_you_to_judge(&sop, &self.plan.contract, true);
        let (parties, notes) = self.plan.parties.heard(voices, &snapshot.roster);
        to_judge.extend(notes);
        let parties = Some(parties).filter(|parties| *parties != self.plan.parties);
        let sha256 = Digest::of(&text);
        let drafts = &self.drafts;
        let (assumed, mut left_out) =
            (beside(drafts, |draft| &draft.assumptions), beside(drafts, |draft| &draft.left_out));
        left_out.extend(gone(self.view.current.as_deref(), &sop));
        let assembled = Assembled {
            text,
            sha256,
            findings,
            coded,
            evidence,
            unsourced,
            to_judge,
            parties,
            coverage,
            assumed,
            left_out,
            done: self.done.clone(),
            unfounded,
        };
        let title = format!("{} v{}, round {}", self.plan.sop, self.plan.version, self.round);
        let traced = provenance.markdown(&title) + &self.accounts();
        Ok(self.record(assembled, sop, traced))
    }
}

/// The inputs of a synthesis. Its authors are not asked about defaults and patterns, so those of the version before
/// stay with an input of the same name and type.
fn inputs(synthesis: &Synthesis, current: Option<&Sop>) -> Vec<Input> {
    let before = |input: &Input| {
        let inputs = &current?.body.inputs;
        inputs.iter().find(|old| old.name == input.name && old.kind == input.kind)
    };
    let kept = |input: &Input| match before(input) {
        Some(old) if input.default.is_none() && input.pattern.is_none() => {
            Input { default: old.default.clone(), pattern: old.pattern.clone(), ..input.clone() }
        }
        _ => input.clone(),
    };
    synthesis.inputs.iter().map(kept).collect()
}

impl Assemble {
    /// What is wrong with the accounting for the drafts' items, as far as they bind.
    fn of_items(&self, items: &[Item], text: &str) -> Vec<Finding> {
        if self.drafts.is_empty() {
            return Vec::new();
        }
        let binds =
            |item: &&Item| !self.overruled.iter().any(|agent| item.id.starts_with(&format!("{agent}/")));
        let bound: Vec<Item> = items.iter().filter(binds).cloned().collect();
        let overruled = |fate: &&Disposition| items.iter().any(|item| item.id == fate.item && !binds(&item));
        let fates = self.synthesis.dispositions.iter().filter(|fate| !overruled(fate)).cloned();
        dispositions::check(&bound, &fates.collect::<Vec<_>>(), text)
    }

    /// A change of which the text knows nothing.
    fn unchanged(&self, text: &str) -> Option<Finding> {
        let current = self.view.current.as_deref().filter(|_| self.tells_unchanged)?;
        (ledger::body(current).trim() == ledger::body(text).trim()).then(|| {
            let message = "the text is that of the version in force, word for word: nothing of what was asked for is in it";
            finding("nothing-changed", Severity::Blocking, message.to_owned(), String::new())
        })
    }

    fn record(self, assembled: Assembled, sop: Sop, traced: String) -> Recorded<Assembled> {
        let Self { mission, round, plan, .. } = self;
        let mut event = json!({
            "round": round, "sha256": assembled.sha256, "findings": assembled.findings.len(),
            "blocking": assembled.findings.iter().filter(|f| f.severity == Severity::Blocking).count(),
            "unsourced": assembled.unsourced, "coverage": assembled.coverage.summary(),
        });
        if let (Some(parties), Some(fact)) = (&assembled.parties, event.as_object_mut()) {
            fact.insert("scrutiny".to_owned(), json!(parties.scrutiny));
            fact.insert("user_testing".to_owned(), json!(parties.user_testing));
        }
        let text = assembled.text.clone();
        let covered = assembled.coverage.markdown(&format!("{} v{}, round {round}", plan.sop, plan.version));
        Recorded::of(assembled).event(&mission.clone(), "synthesis_made", event).change(move |tx| {
            keep_round(tx, &mission, round, (&sop, &text))?;
            keep(tx, &mission, &format!("provenance-{round}.md"), &traced)?;
            keep(tx, &mission, &format!("coverage-{round}.md"), &covered).map(drop)
        })
    }

    fn document(&self, today: &str, findings: &mut Vec<Finding>) -> Sop {
        let Self { plan, synthesis, .. } = self;
        let steps =
            synthesis.steps.iter().zip(1..).map(|(step, number)| read_step(step, number, findings)).collect();
        let current = self.view.current.as_deref().and_then(|text| sop::parse("", text).ok());
        let mut change_log =
            current.as_ref().map_or(String::new(), |sop| sop.body.change_log.trim().to_owned());
        if !change_log.is_empty() {
            change_log.push('\n');
        }
        put(&mut change_log, format_args!("- v{} ({today}): {}", plan.version, synthesis.change.trim()));
        let old = current.as_ref().map(|sop| &sop.head);
        Sop {
            head: Head {
                id: plan.sop.clone(),
                version: plan.version,
                title: plan.title.clone(),
                department: plan.department.clone(),
                owner: plan.parties.owner.clone(),
                objective: plan.objective.clone(),
                description: plan.description.clone(),
                risk_level: plan.risk_level,
                impact: plan.impact.clone(),
                execution_mode: old.map_or(ExecutionMode::default(), |head| head.execution_mode),
                priority: plan.priority,
                triggers: old.map_or_else(|| vec![Trigger::Manual], |head| head.triggers.clone()),
                cooldown: old.and_then(|head| head.cooldown),
                max_concurrent: old.and_then(|head| head.max_concurrent),
                admission: old.and_then(|head| head.admission),
                confidence: thresholds(&synthesis.confidence)
                    .first()
                    .copied()
                    .or(percent(&synthesis.confidence)),
                review_every: Some(plan.review_every),
                created_by: plan.parties.orchestrator.clone(),
                created_at: today.to_owned(),
                mission: Some(self.mission.clone()),
                contract: Some(plan.contract_hash.clone()),
                supersedes: plan.supersedes,
            },
            body: Body {
                purpose: trimmed(&synthesis.purpose),
                scope: trimmed(&synthesis.scope),
                roles: trimmed(&synthesis.roles),
                trigger: trimmed(&synthesis.trigger),
                inputs: inputs(synthesis, current.as_ref()),
                preflight: trimmed(&synthesis.preflight),
                steps,
                definition_of_done: trimmed(&synthesis.definition_of_done),
                confidence: trimmed(&synthesis.confidence),
                risk: trimmed(&synthesis.risk),
                references: trimmed(&synthesis.references),
                change_log,
            },
        }
    }

    /// What became of every draft item, and where workers disagreed.
    fn accounts(&self) -> String {
        let mut out =
            "\n## What became of every draft item\n\n| item | fate | reason |\n| --- | --- | --- |\n"
                .to_owned();
        for disposition in &self.synthesis.dispositions {
            let fate = match disposition.fate {
                draft::Fate::Kept => "kept",
                draft::Fate::Merged => "merged",
                draft::Fate::Rejected => "rejected",
            };
            put(
                &mut out,
                format_args!("| {} | {fate} | {} |\n", cell(&disposition.item), cell(&disposition.reason)),
            );
        }
        if !self.synthesis.dissent.is_empty() {
            out.push_str("\n## Where workers disagreed\n\n");
            for dissent in &self.synthesis.dissent {
                put(
                    &mut out,
                    format_args!(
                        "- **{}** ({}): {}\n",
                        dissent.subject,
                        dissent.items.join(", "),
                        dissent.settled
                    ),
                );
            }
        }
        out
    }
}

/// Keeps a round's text, which is looked at from here on.
pub(super) fn keep_round(tx: &Tx<'_>, mission: &str, round: u32, (sop, text): (&Sop, &str)) -> Result<()> {
    keep(tx, mission, &format!("synthesis-{round}.md"), text)?;
    registry::remember_draft(tx, mission, sop, text)?;
    set_round(tx, mission, round)?;
    set_state(tx, mission, MissionState::Checking, "")
}

/// The steps of the version in force that `sop` has under no name of theirs: who signs sees them go.
fn gone(current: Option<&str>, sop: &Sop) -> Vec<String> {
    let Some(old) = current.and_then(|text| sop::parse("", text).ok()) else { return Vec::new() };
    let stays = |step: &Step| sop.body.steps.iter().any(|new| new.title == step.title);
    let steps = old.body.steps.iter().filter(|step| !stays(step));
    let line =
        |step: &Step| format!("step {} of v{} is gone: “{}”", step.number, old.head.version, step.title);
    steps.map(line).collect()
}

/// What each department said beside its draft.
pub(super) fn beside(drafts: &[WorkerDraft], of: fn(&Draft) -> &Vec<String>) -> Vec<String> {
    let said = drafts.iter().flat_map(|worker| of(&worker.draft).iter().map(|line| (&worker.agent, line)));
    said.map(|(agent, line)| format!("{agent}: {line}")).collect()
}

/// What lines may come from besides drafts.
pub(super) fn sources<'a>(
    plan: &'a MissionPlan,
    view: &'a MissionView,
    comments: &'a [String],
) -> Vec<provenance::Also<'a>> {
    let mut also = vec![
        provenance::Also { name: "the mission", text: &view.text },
        provenance::Also { name: "the plan", text: &plan.objective },
        provenance::Also { name: "the plan", text: &plan.description },
        provenance::Also { name: "the plan", text: &plan.impact },
    ];
    also.extend(view.current.iter().map(|text| provenance::Also { name: "the version before", text }));
    let answers = view.answers.iter();
    also.extend(answers.map(|a| provenance::Also { name: "the requester's answer", text: &a.answer }));
    also.extend(comments.iter().map(|text| provenance::Also { name: "a reviewer's comment", text }));
    also
}

fn read_step(step: &SynthesisStep, number: u32, findings: &mut Vec<Finding>) -> Step {
    let mut read = Step {
        number,
        title: trimmed(&step.title),
        text: trimmed(&step.text),
        assignee: Some(trimmed(&step.assignee)).filter(|text| !text.is_empty()),
        artifact: Some(trimmed(&step.artifact)).filter(|text| !text.is_empty()),
        ..Step::default()
    };
    for key in &step.keys {
        if let Err(reason) = step_keys::apply_keys(&mut read, std::slice::from_ref(key)) {
            findings.push(finding(
                "step-key",
                Severity::Blocking,
                format!("step {number}: {reason}"),
                key.clone(),
            ));
        }
    }
    read
}

fn trimmed(text: &str) -> String {
    text.trim().to_owned()
}

/// The first whole percentage in a text.
fn percent(text: &str) -> Option<u8> {
    let before = text.split('%').next().filter(|before| before.len() < text.len())?;
    let digits: String = before.trim_end().chars().rev().take_while(char::is_ascii_digit).collect();
    digits.chars().rev().collect::<String>().parse().ok().filter(|percent| *percent <= 100)
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn the_threshold_is_read_from_the_section() {
        assert_eq!(percent("Complete without review at a confidence of 85 % or more."), Some(85));
        assert_eq!(percent("at 90% or 70%"), Some(90));
        assert_eq!(percent("no figure"), None);
        assert_eq!(percent("400 %"), None);
    }
}
