//! Words as people write them: the nearest known word for a misspelt one, ids, yes and no.

/// The candidate nearest to `word`, if one is near enough to be what was meant.
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let length = word.chars().count();
    let limit = (length / 3).clamp(1, 3);
    candidates
        .into_iter()
        // The difference in length is the least distance: most candidates need no closer look.
        .filter(|candidate| candidate.chars().count().abs_diff(length) <= limit)
        .filter_map(|candidate| Some((distance(&word, &candidate.to_lowercase(), limit)?, candidate)))
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

/// Edits between two words: letters put in, taken out, changed, or two neighbours swapped. `None` beyond `limit`.
fn distance(a: &str, b: &str, limit: usize) -> Option<usize> {
    let b: Vec<char> = b.chars().collect();
    let (mut above2, mut above): (Vec<usize>, Vec<usize>) = (Vec::new(), (0..=b.len()).collect());
    let mut before = None;
    for (i, left) in a.chars().enumerate() {
        let mut row = vec![i + 1];
        for (j, right) in b.iter().enumerate() {
            let at = |row: &[usize], k: usize| row.get(k).copied().unwrap_or(usize::MAX - 1);
            let mut least =
                (at(&above, j) + usize::from(left != *right)).min(at(&above, j + 1) + 1).min(at(&row, j) + 1);
            let crossed = j > 0 && b.get(j - 1) == Some(&left) && before == Some(*right);
            if crossed {
                least = least.min(at(&above2, j - 1).saturating_add(1));
            }
            row.push(least);
        }
        // No later row has less than this one's least: two words that differ from their first letters on end here.
        if row.iter().all(|far| *far > limit) {
            return None;
        }
        before = Some(left);
        above2 = above;
        above = row;
    }
    above.last().copied().filter(|far| *far <= limit)
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
        assert_eq!(distance("kitten", "sitting", 3), Some(3));
        assert_eq!(distance("kitten", "sitting", 2), None);
        assert_eq!(distance("ab", "ba", 1), Some(1));
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
