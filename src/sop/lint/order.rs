//! What comes before what, found once for all rules: looking back from each step anew would take the square of their
//! number, and the cube where each looks back for each other.

use crate::sop::document::Step;
use std::collections::BTreeMap;

/// For every step, which ones are over whenever it begins: one bit for each.
pub(super) struct Order {
    places: BTreeMap<u32, usize>,
    before: Vec<Vec<u64>>,
}

impl Order {
    pub(super) fn of(steps: &[Step]) -> Self {
        let places: BTreeMap<u32, usize> = steps.iter().map(|step| step.number).zip(0..).collect();
        let waits: Vec<Vec<usize>> = steps
            .iter()
            .map(|step| waits_for(step).iter().filter_map(|number| places.get(number).copied()).collect())
            .collect();
        let mut before = vec![vec![0; steps.len().div_ceil(64)]; steps.len()];
        // One look is enough where steps wait for those above them; the last finds that nothing is new.
        while grow(&mut before, &waits) {}
        Self { places, before }
    }

    /// Whether the step `number` is over whenever `step` begins, however far before it comes.
    pub(super) fn comes_before(&self, number: u32, step: &Step) -> bool {
        let (Some(place), Some(own)) = (self.places.get(&number), self.places.get(&step.number)) else {
            return false;
        };
        let set = self.before.get(*own).map(Vec::as_slice).unwrap_or_default();
        set.get(place / 64).is_some_and(|bits| bits & (1 << (place % 64)) != 0)
    }
}

/// Adds to each step's set those it waits for, with what comes before them; whether that was anything new.
fn grow(before: &mut [Vec<u64>], waits: &[Vec<usize>]) -> bool {
    let mut news = false;
    for (own, waits) in waits.iter().enumerate() {
        let mut set = before.get(own).cloned().unwrap_or_default();
        for place in waits {
            let theirs = before.get(*place).map(Vec::as_slice).unwrap_or_default();
            set.iter_mut().zip(theirs).for_each(|(bits, theirs)| *bits |= theirs);
            if let Some(bits) = set.get_mut(place / 64) {
                *bits |= 1 << (place % 64);
            }
        }
        if let Some(known) = before.get_mut(own).filter(|known| **known != set) {
            *known = set;
            news = true;
        }
    }
    news
}

/// Steps right before `step`: those it names, else the one before it in the file, unless it comes first.
pub(super) fn waits_for(step: &Step) -> Vec<u32> {
    if step.is_first {
        Vec::new()
    } else if step.depends_on.is_empty() {
        step.number.checked_sub(1).into_iter().collect()
    } else {
        step.depends_on.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_before_is_known_however_far_and_in_whichever_order() {
        let step = |number: u32, depends_on: Vec<u32>| Step { number, depends_on, ..Step::default() };
        let mut steps: Vec<Step> = (1..=200).map(|number| step(number, Vec::new())).collect();
        steps[99].is_first = true;
        steps.push(step(201, vec![3, 202]));
        steps.push(step(202, vec![150]));
        steps.push(step(203, vec![204]));
        steps.push(step(204, vec![203]));
        let order = Order::of(&steps);
        for (one, other, expected) in [
            (1, 2, true),
            (2, 1, false),
            (1, 99, true),
            (99, 100, false),
            (100, 200, true),
            (3, 200, false),
            (100, 201, true),
            (3, 201, true),
            (4, 201, false),
            (151, 201, false),
            (202, 201, true),
            (203, 203, true),
            (999, 1, false),
        ] {
            let step = steps.iter().find(|step| step.number == other).unwrap();
            assert_eq!(order.comes_before(one, step), expected, "{one} before {other}");
        }
    }
}
