//! Whom a line names at the head of a clause, where whoever acts is named: `IT takes away …`, `last day known -> HR …`.

use crate::text::modality::modality;
use crate::text::{Convention, Language};

/// Longest name of a role, in words.
const LONGEST: usize = 3;

/// Articles and words that let somebody do something; the name stands behind them.
const BEFORE: [&str; 24] = [
    "the", "our", "a", "an", "have", "let", "ask", "der", "die", "das", "den", "unser", "unsere", "le", "la",
    "les", "l", "el", "los", "las", "il", "lo", "i", "de",
];

/// The words that may name who acts in `line`, in the order in which they are to be tried: longer ones first.
pub(crate) fn candidates(line: &str) -> Vec<String> {
    let language = Convention::of(line).language.unwrap_or(Language::English);
    let conditional = |clause: &str| modality(clause, language).is_some_and(|found| found.condition);
    let marked = line.replace("->", "\u{2192}");
    let mut found = Vec::new();
    for clause in marked.split(['\u{2192}', ':', ';']) {
        let mut parts = clause.split(',');
        let first = parts.next().unwrap_or_default();
        // Behind a comma somebody acts where the clause before it is a condition; else it is the next of a list.
        let second = parts.next().filter(|_| conditional(first));
        for part in [Some(first), second].into_iter().flatten() {
            found.extend(heads(part));
        }
    }
    found
}

fn heads(clause: &str) -> Vec<String> {
    let named = |word: &&str| word.chars().any(char::is_alphabetic);
    let words: Vec<&str> = clause.split_whitespace().map(bare).skip_while(|word| !named(word)).collect();
    let skip = words.iter().take_while(|word| BEFORE.contains(&word.to_lowercase().as_str())).count();
    let lengths = (1..=LONGEST).rev();
    lengths.filter_map(|length| words.get(skip..skip + length)).map(|words| words.join(" ")).collect()
}

fn bare(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_acts_stands_at_the_head_of_a_clause() {
        for (line, name) in [
            ("IT takes away all accounts by 18:00", "IT"),
            ("last day known -> HR tells IT at least 5 days before", "HR"),
            ("Have the support lead call back", "support lead"),
            ("If the amount is above EUR 500, finance asks the owner", "finance"),
            ("Die Buchhaltung zahlt mit dem nächsten Lohnlauf", "Buchhaltung"),
            ("payroll: open vacation days paid out", "payroll"),
            ("2.1.2 it.security reads its log", "it.security"),
        ] {
            assert!(candidates(line).contains(&name.to_owned()), "{line}: {:?}", candidates(line));
        }
        assert!(
            !candidates("Send the list to sales, legal and finance")
                .iter()
                .any(|name| name.contains("legal"))
        );
    }
}
