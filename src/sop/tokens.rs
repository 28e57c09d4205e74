//! Words in a form in which they can be compared: lower case, numbers as digits, endings cut off.
//! The forms are keys, not words for people.

/// Number words and what they count.
const NUMBERS: [(&str, &str); 28] = [
    ("zero", "0"),
    ("one", "1"),
    ("two", "2"),
    ("three", "3"),
    ("four", "4"),
    ("five", "5"),
    ("six", "6"),
    ("seven", "7"),
    ("eight", "8"),
    ("nine", "9"),
    ("ten", "10"),
    ("eleven", "11"),
    ("twelve", "12"),
    ("thirteen", "13"),
    ("fourteen", "14"),
    ("fifteen", "15"),
    ("sixteen", "16"),
    ("seventeen", "17"),
    ("eighteen", "18"),
    ("nineteen", "19"),
    ("twenty", "20"),
    ("thirty", "30"),
    ("forty", "40"),
    ("fifty", "50"),
    ("sixty", "60"),
    ("seventy", "70"),
    ("eighty", "80"),
    ("ninety", "90"),
];

/// Words that carry no subject.
pub const STOP_WORDS: [&str; 66] = [
    "a", "an", "the", "of", "to", "in", "on", "at", "by", "for", "from", "with", "into", "onto", "as", "and",
    "or", "is", "are", "be", "been", "being", "was", "were", "has", "have", "had", "will", "must", "should",
    "may", "shall", "can", "that", "which", "who", "whose", "this", "these", "those", "its", "it", "they",
    "their", "them", "there", "when", "whenever", "once", "if", "as", "every", "each", "all", "any", "per",
    "via", "then", "do", "does", "than", "through", "so", "also", "whether", "he",
];

/// The words of `text` in lower case: digits stay together (`5,000` is `5000`), `%` and currency signs are
/// words of their own, hyphens part words, `vp.sales` is one word.
pub fn words(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut word = String::new();
    let letters: Vec<char> = text.to_lowercase().chars().collect();
    let at = |index: usize| letters.get(index).copied().unwrap_or(' ');
    for (index, letter) in letters.iter().copied().enumerate() {
        let (before, after) = (if index == 0 { ' ' } else { at(index - 1) }, at(index + 1));
        let digits = before.is_ascii_digit() && after.is_ascii_digit();
        let id = before.is_ascii_alphabetic() && after.is_ascii_alphabetic();
        match letter {
            _ if letter.is_alphanumeric() || letter == '_' => word.push(letter),
            '.' | ':' if digits => word.push(letter),
            ',' if digits => {}
            '.' if id => word.push(letter),
            '\'' | '\u{2019}' => {}
            '-' if joins(&word, letters.get(index + 1..).unwrap_or_default()) => {}
            _ => {
                out.push(std::mem::take(&mut word));
                match letter {
                    '%' | '€' | '$' | '£' | '>' | '<' => out.push(letter.to_string()),
                    '\u{2265}' => out.push(">".to_owned()),
                    '\u{2264}' => out.push("<".to_owned()),
                    _ => {}
                }
            }
        }
    }
    out.push(word);
    out.retain(|word| !word.is_empty());
    let mut plain: Vec<String> = out.iter().map(|word| plain(word)).collect();
    // Written in two words, or with a hyphen, its second half would be read as "more than".
    while let Some(index) = plain.windows(2).position(|pair| pair == ["hand", "over"]) {
        plain.splice(index..index + 2, ["handover".to_owned()]);
    }
    plain
}

/// `on-call` and `sign-off` are one word: their short part alone would be read as a preposition.
fn joins(before: &str, after: &[char]) -> bool {
    let after: String = after.iter().take_while(|c| c.is_alphanumeric()).collect();
    let short = ["on", "in", "off", "up", "out"];
    !before.is_empty() && !after.is_empty() && (short.contains(&before) || short.contains(&after.as_str()))
}

/// Number words as digits, `percent` and currency words as their sign.
fn plain(word: &str) -> String {
    let known = NUMBERS.iter().find(|(name, _)| *name == word).map(|(_, digits)| *digits);
    let sign = match word {
        "percent" => Some("%"),
        "eur" | "euro" | "euros" => Some("€"),
        "usd" | "dollar" | "dollars" => Some("$"),
        _ => None,
    };
    known.or(sign).unwrap_or(word).to_owned()
}

/// A word without its ending, so that `approves`, `approved` and `approval` compare equal.
pub fn stem(word: &str) -> String {
    if word.chars().count() <= 3
        || word.contains(['.', '_'])
        || word.starts_with(|c: char| c.is_ascii_digit())
    {
        return if word.len() == 3 { word.trim_end_matches('s').to_owned() } else { word.to_owned() };
    }
    for (ending, instead) in [("ification", "ify"), ("ies", "y"), ("ied", "y"), ("ying", "y")] {
        if let Some(start) = word.strip_suffix(ending).filter(|start| start.len() >= 2) {
            return format!("{start}{instead}");
        }
    }
    let mut start = word;
    if !word.ends_with("ss") && !word.ends_with("us") && !word.ends_with("is") {
        start = word.strip_suffix('s').unwrap_or(word);
    }
    for ending in ["ment", "ing", "ion", "ed", "al", "e"] {
        if let Some(rest) = start.strip_suffix(ending).filter(|rest| rest.len() >= 3) {
            start = rest;
            break;
        }
    }
    let last = start.chars().last();
    let doubled = last.is_some_and(|c| start.strip_suffix(c).is_some_and(|rest| rest.ends_with(c)));
    let start = if doubled && start.len() > 3 {
        last.and_then(|c| start.strip_suffix(c)).unwrap_or(start)
    } else {
        start
    };
    start.to_owned()
}

/// The words of `text` that carry meaning, each without its ending, in order.
pub fn stems(text: &str) -> Vec<String> {
    words(text).iter().filter(|word| !STOP_WORDS.contains(&word.as_str())).map(|word| stem(word)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_a_word_compare_equal() {
        for family in [
            "approve approves approved approval approving",
            "submit submits submitted submitting",
            "qualify qualified qualifies qualification",
            "escalate escalates escalated escalation",
            "call calls called calling",
            "reply replies replied replying",
            "invoice invoices invoiced",
            "process processes processed",
            "pay pays paying payment payments",
        ] {
            let stems: Vec<String> = family.split(' ').map(stem).collect();
            assert!(stems.iter().all(|one| *one == stems[0]), "{stems:?}");
        }
        assert_ne!(stem("lead"), stem("deal"));
        assert_ne!(stem("customer"), stem("custom"));
    }

    #[test]
    fn numbers_and_signs_are_words() {
        assert_eq!(
            words("Five days, 5,000 EUR or 12.5 percent (vp.sales)."),
            ["5", "days", "5000", "€", "or", "12.5", "%", "vp.sales"]
        );
        assert_eq!(words("hand-over at 17:00"), ["handover", "at", "17:00"]);
    }
}
