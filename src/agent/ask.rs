//! Asking from a workflow: repairs, escalation to the next tier, and patience with a server in trouble.

use super::think::{Outcome, Seat, Think, Thought};
use crate::base::{Digest, MicroUsd, Span, span::Unit};
use crate::journal::{Failure, FailureClass, Stop, Workflow};
use crate::roles::Role;
use crate::settings::Models;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Answers asked of one tier before the next is tried: the first, and one repair.
const ANSWERS_PER_TIER: u32 = 2;
/// Pauses while a model server is in trouble, before a person is asked.
const PATIENCE: [Span; 3] = [
    Span { count: 1, unit: Unit::Minute },
    Span { count: 5, unit: Unit::Minute },
    Span { count: 15, unit: Unit::Minute },
];

/// What asking needs to know of its mission: recorded once at its start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Asker {
    /// The mission that pays.
    pub mission: String,
    /// Its snapshot.
    pub snapshot: Digest,
    /// Tiers a model is configured for, in order; empty means tier 0 for all roles.
    pub tiers: Vec<u8>,
    /// Percent below which the next tier is asked.
    pub threshold: u8,
    /// How often the mission's budget was granted again.
    pub grants: u32,
    /// The mission's own budget in place of the settings', where its file asks for one.
    #[serde(default)]
    pub budget_usd: Option<MicroUsd>,
}

impl Asker {
    /// Asking on behalf of `subject`, a mission or a run, with the models of `models`.
    pub fn new(subject: &str, snapshot: Digest, (models, threshold): (&Models, u8)) -> Self {
        Self {
            mission: subject.to_owned(),
            snapshot,
            tiers: distinct_tiers(models),
            threshold,
            grants: 0,
            budget_usd: None,
        }
    }
}

/// The tiers to climb: of neighbours that lead to the same model with answers of the same length the upper one, since
/// asking the same again under a higher number buys nothing.
fn distinct_tiers(models: &Models) -> Vec<u8> {
    let model = |tier: u8| {
        models.tier(tier).map(|endpoint| (endpoint.endpoint, endpoint.model, endpoint.max_answer_tokens))
    };
    let configured: Vec<u8> = (1..=3).filter(|tier| model(*tier).is_some()).collect();
    let next = configured.iter().skip(1).map(Some).chain([None]);
    let pairs = configured.iter().zip(next);
    pairs
        .filter(|(tier, next)| next.is_none_or(|next| model(**tier) != model(*next)))
        .map(|(tier, _)| *tier)
        .collect()
}

/// Who is asked, as what.
#[derive(Clone, Debug)]
pub struct Asking {
    /// The agent's id.
    pub agent: String,
    /// The tier on its roster file.
    pub tier: u8,
    /// Which models its seat gets.
    pub seat: Seat,
    /// Key of this question in its workflow: `plan#1`, `draft/vp.sales#2`.
    pub key: String,
}

/// Asks for an answer of role `R`. Fails when no tier gives a usable one, when the server stays in trouble, or
/// when the budget is used up. Returns the answer with its confidence, percent.
pub async fn ask<R: Role>(
    w: &Workflow,
    asker: &Asker,
    asking: &Asking,
    question: &R::Question,
) -> Result<(R::Answer, u8), Stop> {
    let question = serde_json::to_value(question)
        .map_err(|error| Failure::bug(format!("the question of {} is not JSON: {error}", R::NAME)))?;
    let mut best: Option<(Value, u8)> = None;
    let mut last = Failure::new(FailureClass::Model, "nobody was asked");
    for tier in ladder(asker, asking.tier) {
        match climb::<R>(w, asker, asking, tier, &question).await? {
            Ok((value, confidence)) => {
                let better = best.as_ref().is_none_or(|(_, before)| confidence > *before);
                if better {
                    best = Some((value, confidence));
                }
                if confidence >= asker.threshold {
                    break;
                }
            }
            Err(failure) if failure.class == FailureClass::Model => last = failure,
            Err(failure) => return Err(Stop::Failed(failure)),
        }
    }
    let Some((value, confidence)) = best else { return Err(Stop::Failed(last)) };
    let answer = serde_json::from_value(value)
        .map_err(|error| Failure::bug(format!("a checked answer of {} cannot be read: {error}", R::NAME)))?;
    Ok((answer, confidence))
}

/// The tiers to try: from the agent's own upwards; the largest one configured where its own is above them all;
/// code where no model is configured or the agent is of tier 0.
fn ladder(asker: &Asker, own: u8) -> Vec<u8> {
    if own == 0 || asker.tiers.is_empty() {
        return vec![0];
    }
    let upwards: Vec<u8> = asker.tiers.iter().copied().filter(|tier| *tier >= own).collect();
    if upwards.is_empty() { asker.tiers.last().copied().into_iter().collect() } else { upwards }
}

/// Asks one tier: once, and once more with what was wrong.
async fn climb<R: Role>(
    w: &Workflow,
    asker: &Asker,
    asking: &Asking,
    tier: u8,
    question: &Value,
) -> Result<Result<(Value, u8), Failure>, Stop> {
    let mut repair = Vec::new();
    for nth in 1..=ANSWERS_PER_TIER {
        let think = Think {
            mission: asker.mission.clone(),
            key: format!("{}/tier-{tier}.{nth}", asking.key),
            role: R::NAME.to_owned(),
            agent: asking.agent.clone(),
            seat: asking.seat,
            tier,
            snapshot: asker.snapshot.clone(),
            question: question.clone(),
            repair: std::mem::take(&mut repair),
            grants: asker.grants,
            budget_usd: asker.budget_usd,
        };
        match patiently(w, think).await?.outcome {
            Outcome::Answer { value, confidence } => return Ok(Ok((value, confidence))),
            Outcome::Failed(failure) => return Ok(Err(failure)),
            Outcome::Unfit(problems) => repair = problems,
        }
    }
    let problems = repair.join("; ");
    let reason = format!("{} gave no usable {} at tier {tier}: {problems}", asking.agent, R::NAME);
    Ok(Err(Failure::new(FailureClass::Model, reason)))
}

/// Waits out a server in trouble; its trouble never uses up a round or an answer.
async fn patiently(w: &Workflow, think: Think) -> Result<Thought, Stop> {
    let mut pauses = PATIENCE.iter();
    let mut waits = 0;
    loop {
        let mut again = think.clone();
        if waits > 0 {
            again.key = format!("{}~{waits}", think.key);
        }
        let thought = w.call(again).await?;
        let trouble = match &thought.outcome {
            Outcome::Failed(failure) => {
                matches!(failure.class, FailureClass::Infrastructure | FailureClass::RateLimit)
            }
            _ => false,
        };
        let Some(pause) = pauses.next().filter(|_| trouble) else { return Ok(thought) };
        w.timer(pause.after(w.now())).await?;
        waits += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_model_is_not_climbed_to_twice_and_nobody_is_lifted_past_their_own() {
        let tiers = |text: &str| distinct_tiers(&crate::base::yaml::read("sopd.yaml", text, 1).unwrap());
        assert_eq!(tiers("model: a\n"), [3]);
        assert_eq!(tiers("model: a\ntiers: { 3: { model: b } }\n"), [2, 3]);
        assert_eq!(tiers("model: a\ntiers: { 1: { model: b } }\n"), [1, 3]);
        assert_eq!(tiers("model: a\ntiers: { 2: { max_answer_tokens: 9 } }\n"), [1, 2, 3]);
        assert_eq!(tiers("tiers: { 1: { model: a }, 3: { model: b } }\n"), [1, 3]);
    }

    #[test]
    fn the_ladder_starts_at_the_agents_own_tier() {
        let asker = |tiers: &[u8]| Asker {
            mission: "M".into(),
            snapshot: Digest::of(""),
            tiers: tiers.to_vec(),
            threshold: 60,
            grants: 0,
            budget_usd: None,
        };
        assert_eq!(ladder(&asker(&[1, 2, 3]), 2), [2, 3]);
        assert_eq!(ladder(&asker(&[1]), 2), [1]);
        assert_eq!(ladder(&asker(&[1, 3]), 0), [0]);
        assert_eq!(ladder(&asker(&[]), 3), [0]);
    }
}
