//! Words as people write them: the nearest known word for a misspelt one, ids, yes and no.

use strsim::osa_distance;

/// The candidate nearest to `word`, if one is near enough to be what was meant: a third of its letters, three at most,
/// put in, taken out, changed or swapped with their neighbour.
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let length = word.chars().count();
    let limit = (length / 3).clamp(1, 3);
    candidates
        .into_iter()
        // The difference in length is the least distance: most candidates need no closer look.
        .filter(|candidate| candidate.chars().count().abs_diff(length) <= limit)
        .map(|candidate| (osa_distance(&word, &candidate.to_lowercase()), candidate))
        .filter(|(far, _)| *far <= limit)
        .min_by_key(|(far, _)| *far)
        .map(|(_, candidate)| candidate)
}

/// `did you mean `x`?`, or the list of what may be written.
pub fn did_you_mean(word: &str, candidates: &[&str]) -> String {
    match closest(word, candidates.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("write one of: {}", candidates.join(", ")),
    }
}

/// Whether `text` can be an agent's id: `vp.sales`, lower-case words joined by `.`, `-` or `_`.
pub fn is_agent_id(text: &str) -> bool {
    text.split(['.', '-', '_'])
        .all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()))
}

/// Whether `text` can be the name of an input: `lead_id`.
pub fn is_snake_case(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        && !text.ends_with('_')
        && !text.contains("__")
}

/// `Yes` and `No`, in capitals or not; nothing else, since a guess would weaken or invent a gate.
pub fn yes_or_no(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("yes") {
        Some(true)
    } else if text.eq_ignore_ascii_case("no") {
        Some(false)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_word_finds_its_neighbour() {
        let known = ["checkpoint", "execute", "escalate"];
        assert_eq!(closest("checkpiont", known), Some("checkpoint"));
        assert_eq!(closest("escalte", known), Some("escalate"));
        assert_eq!(closest("banana", known), None);
        assert_eq!(closest("sitting", ["kitten"]), None, "three letters of seven");
        assert_eq!(closest("ab", ["ba"]), Some("ba"));
    }

    #[test]
    fn ids_and_names_are_strict() {
        assert!(
            is_agent_id("vp.sales") && is_agent_id("ceo") && !is_agent_id("VP Sales") && !is_agent_id("a..b")
        );
        assert!(is_snake_case("lead_id") && !is_snake_case("Lead") && !is_snake_case("a__b"));
        assert_eq!((yes_or_no("Yes"), yes_or_no("no"), yes_or_no("true")), (Some(true), Some(false), None));
    }
}
