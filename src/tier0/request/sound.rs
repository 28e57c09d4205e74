//! The last look at what was read from prose before it becomes an instruction: it starts with a verb we know, hides
//! no second clause, and says something. Better a question than a silly step.

use super::material::{Material, ProseStep};
use crate::tier0::english::clause::Clause;
use crate::tier0::english::small_words::{DETERMINERS, bare};
use crate::tier0::english::verbs::{Form, base_of};

/// Fewer words tell nobody what to do; who does it counts.
const FEWEST_WORDS: usize = 4;
/// With fewer sound steps than this there is no procedure.
pub(crate) const FEWEST_STEPS: usize = 3;

/// Whether an order reads like one.
pub(crate) fn is_sound(order: &Clause) -> bool {
    let tokens: Vec<&str> = order.order.split_whitespace().collect();
    let starts = tokens.first().is_some_and(|first| base_of(&bare(first), Form::Base).is_some());
    let who = order.actor.as_deref().unwrap_or_default().split_whitespace().count();
    let before = order.condition.as_deref().unwrap_or_default().split_whitespace().count();
    starts && tokens.len() + who + before >= FEWEST_WORDS && !hides_a_clause(&tokens)
}

/// Words after which a finite verb is explained: `check that the page is green and shows …`.
const OPENS: [&str; 14] = [
    "that", "which", "who", "whoever", "where", "when", "what", "whether", "if", "once", "because", "why",
    "how", "until",
];

/// `take the name and passes it on`: a verb in the third person that no subordinate clause explains.
fn hides_a_clause(tokens: &[&str]) -> bool {
    let opened =
        tokens.iter().position(|token| OPENS.contains(&bare(token).as_str())).unwrap_or(tokens.len());
    let plain = tokens.get(..opened).unwrap_or_default();
    plain.windows(3).any(|three| {
        let [joint, verb, next] = three else { return false };
        let joins = joint.ends_with(',') || ["and", "or"].contains(&bare(joint).as_str());
        let object =
            DETERMINERS.contains(&bare(next).as_str()) || ["it", "them", "to"].contains(&bare(next).as_str());
        joins && object && base_of(&bare(verb), Form::Third).is_some()
    })
}

fn step_is_sound(step: &ProseStep) -> bool {
    step.orders.iter().all(is_sound)
}

/// Whether the steps read from prose are good enough to lead; what the writer listed is a step because they said so.
pub(crate) fn can_lead(material: &Material) -> bool {
    let all = material.steps.len();
    let good = material.steps.iter().filter(|step| step_is_sound(step)).count();
    material.listed || (good >= FEWEST_STEPS && 3 * (all - good) <= all)
}

/// Takes the steps that do not read like one out of `material`; they are asked about instead.
pub(crate) fn set_unclear_aside(material: &mut Material) {
    if material.listed {
        return;
    }
    let (good, bad): (Vec<ProseStep>, Vec<ProseStep>) =
        std::mem::take(&mut material.steps).into_iter().partition(step_is_sound);
    material.steps = good;
    material.unclear.extend(bad.iter().flat_map(|step| &step.orders).map(Clause::sentence));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silly_orders_are_told_from_good_ones() {
        let order = |text: &str| Clause {
            actor: None,
            order: text.to_owned(),
            condition: None,
            never: false,
            binding: false,
        };
        for good in
            ["take name, outlet and deadline and pass it on", "check that the page loads and shows the price"]
        {
            assert!(is_sound(&order(good)), "{good}");
        }
        for bad in
            ["sign it", "their laptop vanishes or comes back", "take the name and passes it to marketing"]
        {
            assert!(!is_sound(&order(bad)), "{bad}");
        }
    }
}
