//! What the requester is asked where the structure of a mission does not say enough, and how the answers are read.

use crate::base::text::shortened;

/// The questions begin so; their answers are read by these beginnings.
pub(crate) const ASK_TRIGGER: &str = "What starts this work";
/// See [`ASK_TRIGGER`].
pub(crate) const ASK_STEPS: &str = "What are the steps";
/// See [`ASK_TRIGGER`].
pub(crate) const ASK_LINES: &str = "Which of these lines are the steps";
/// See [`ASK_TRIGGER`].
pub(crate) const ASK_WHO: &str = "Who does this work";
/// See [`ASK_TRIGGER`].
pub(crate) const ASK_CHANGE: &str = "Is this a change of";
/// What a requester answers who wants the nearest knowledge to be used.
pub(crate) const USE_IT: &str = "use it";

/// Longest line shown in a question, in characters.
const LONGEST: usize = 200;

/// Lines with their numbers, on one line.
pub(crate) fn numbered(lines: &[String]) -> String {
    let shown = lines.iter().zip(1..).map(|(line, number)| format!("{number}. {}", shortened(line, LONGEST)));
    shown.collect::<Vec<_>>().join(" ")
}

/// Which lines an answer chooses.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// All of them.
    All,
    /// These, from 0, in the order of the lines.
    These(Vec<usize>),
    /// None by number: it tells the steps itself.
    Words,
}

/// Words that choose all lines, in the languages of the data of `text`.
const ALL: [&str; 22] = [
    "all", "yes", "y", "ok", "okay", "alle", "ja", "tous", "toutes", "oui", "todos", "todas", "sí", "si",
    "tutti", "tutte", "sì", "allemaal", "sim", "them", "of", "lines",
];

/// Reads an answer to a question about `count` numbered lines.
pub(crate) fn choice(answer: &str, count: usize) -> Choice {
    let words: Vec<String> = answer
        .split(|c: char| !c.is_alphanumeric() && !matches!(c, '-' | '–'))
        .filter(|word| word.chars().any(char::is_alphanumeric))
        .map(str::to_lowercase)
        .collect();
    let all = |word: &String| ALL.contains(&word.as_str());
    if !words.is_empty() && words.iter().all(all) {
        return Choice::All;
    }
    let small = |word: &str| {
        ["and", "und", "et", "y", "e", "en", "to", "line", "lines", "step", "steps"].contains(&word)
    };
    let mut chosen = Vec::new();
    for word in words.iter().filter(|word| !small(word)) {
        let Some((from, to)) = range(word) else { return Choice::Words };
        chosen.extend((from..=to).filter_map(|number| number.checked_sub(1)).filter(|at| *at < count));
    }
    chosen.sort_unstable();
    chosen.dedup();
    if chosen.is_empty() { Choice::Words } else { Choice::These(chosen) }
}

/// `2-5` or `7`.
fn range(word: &str) -> Option<(usize, usize)> {
    let (from, to) = word.split_once(['-', '–']).unwrap_or((word, word));
    let (from, to) = (from.parse::<usize>().ok()?, to.parse::<usize>().ok()?);
    (from <= to && to < 1_000).then_some((from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_chooses_lines_or_tells_them() {
        for (answer, choice_made) in [
            ("all", Choice::All),
            ("Yes, all of them.", Choice::All),
            ("Oui", Choice::All),
            ("2-4, 6", Choice::These(vec![1, 2, 3, 5])),
            ("3 und 1", Choice::These(vec![0, 2])),
            ("lines 2 to 2", Choice::These(vec![1])),
            ("9", Choice::Words),
            ("1. Call the customer within 2 days", Choice::Words),
            ("", Choice::Words),
        ] {
            assert_eq!(choice(answer, 8), choice_made, "{answer}");
        }
    }
}
