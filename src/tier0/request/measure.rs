//! Brings what was read into the measure of a procedure: conditions become rules, long sentences several steps,
//! repetition is dropped, and nothing grows without bound.

use super::material::{Material, ProseStep};
use crate::tier0::english::clause::{self, Clause};
use crate::tier0::english::figures::deadlines;

/// With fewer steps than this, sentences that hold several orders become several steps.
pub(crate) const FEW_STEPS: usize = 3;
/// More steps than this nobody follows; the rest is named as unused.
pub(crate) const MOST_STEPS: usize = 12;
/// More rules than this nobody keeps in mind; the rest is named as unused.
const MOST_RULES: usize = 25;

/// `If the count differs, call purchasing` is a rule of the step before it, not a step of every run.
pub(crate) fn conditions_as_rules(steps: Vec<ProseStep>) -> Vec<ProseStep> {
    let conditional = |step: &ProseStep| {
        let of = |order: &Clause| {
            order.condition.as_deref().is_some_and(|condition| {
                ["if ", "when ", "unless "].iter().any(|word| condition.starts_with(word))
            })
        };
        step.orders.iter().all(of)
    };
    let mut kept: Vec<ProseStep> = Vec::new();
    for step in steps {
        match kept.last_mut().filter(|_| conditional(&step)) {
            Some(before) => before.rules.extend(step.orders.iter().map(Clause::sentence).chain(step.rules)),
            None => kept.push(step),
        }
    }
    kept
}

pub(crate) fn split(step: &ProseStep) -> Vec<ProseStep> {
    let orders: Vec<Clause> = step.orders.iter().flat_map(clause::coordinated_orders).collect();
    let mut orders = orders;
    for at in 1..orders.len() {
        let before = orders.get(at - 1).and_then(|before| super::marks::thing_of(&before.order));
        if let (Some(noun), Some(order)) = (before, orders.get_mut(at)) {
            order.order = clause::pronoun_resolved(&order.order, &noun);
        }
    }
    let last = orders.len().saturating_sub(1);
    let part = |(index, order): (usize, Clause)| {
        let limit = deadlines(&order.order).into_iter().next();
        let rules = if index == last { step.rules.clone() } else { Vec::new() };
        ProseStep { actor: step.actor.clone(), orders: vec![order], rules, limit }
    };
    orders.into_iter().enumerate().map(part).collect()
}

/// Says a thing once, and no more things than a procedure can hold; the rest is named as unused.
pub(crate) fn bounded(material: &mut Material) {
    let mut said: Vec<String> = Vec::new();
    material.steps.retain(|step| {
        let words: String = step.orders.iter().map(|order| order.order.as_str()).collect();
        let fresh = !said.contains(&words);
        said.push(words);
        fresh
    });
    material.rules.dedup();
    let beyond = material.steps.split_off(material.steps.len().min(MOST_STEPS));
    material.unused.extend(beyond.iter().flat_map(|step| &step.orders).map(Clause::sentence));
    let beyond = material.rules.split_off(material.rules.len().min(MOST_RULES));
    material.unused.extend(beyond);
    material.unused.truncate(MOST_RULES);
}
