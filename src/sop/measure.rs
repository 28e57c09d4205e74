//! Amounts with their sense in a sentence: `70 or more`, `within two business days`, `above 15%`.
//! Amounts of one kind are brought to one unit, so that 48 hours and 2 days are the same.

use super::tokens::words;

/// Which side of the amount is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sense {
    /// This much or more.
    Least,
    /// This much or less.
    Most,
    /// As often as this.
    Every,
    /// Neither is said.
    Plain,
}

/// One amount in a sentence.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    /// Which side is meant.
    pub sense: Sense,
    /// `70`, `240 min`, `2 bd` (business days), `15 %`, `5000 €`, `17:00`; a range is `50-69`.
    pub amount: String,
    /// What it counts: `min` for any time, `%`, `€`, `clock`, else the noun that follows, or nothing.
    pub dimension: String,
    /// Index of its first word, the comparing words included, in [`words`] of the sentence.
    pub start: usize,
    /// Index after its last word.
    pub end: usize,
}

/// Units of time and their minutes.
const TIMES: [(&str, f64); 8] = [
    ("second", 1.0 / 60.0),
    ("minute", 1.0),
    ("min", 1.0),
    ("hour", 60.0),
    ("day", 1_440.0),
    ("week", 10_080.0),
    ("month", 43_200.0),
    ("year", 525_600.0),
];

/// Comparing words before an amount; longer ones first.
const BEFORE: [(&[&str], Sense); 30] = [
    (&["no", "more", "than"], Sense::Most),
    (&["not", "more", "than"], Sense::Most),
    (&["no", "later", "than"], Sense::Most),
    (&["not", "later", "than"], Sense::Most),
    (&["no", "less", "than"], Sense::Least),
    (&["not", "less", "than"], Sense::Least),
    (&["not", "exceed"], Sense::Most),
    (&["maximum", "of"], Sense::Most),
    (&["minimum", "of"], Sense::Least),
    (&["at", "least"], Sense::Least),
    (&["at", "most"], Sense::Most),
    (&["up", "to"], Sense::Most),
    (&["more", "than"], Sense::Least),
    (&["greater", "than"], Sense::Least),
    (&["higher", "than"], Sense::Least),
    (&["less", "than"], Sense::Most),
    (&["fewer", "than"], Sense::Most),
    (&["lower", "than"], Sense::Most),
    (&["above"], Sense::Least),
    (&["over"], Sense::Least),
    (&["exceeds"], Sense::Least),
    (&["exceeding"], Sense::Least),
    (&["exceed"], Sense::Least),
    (&[">"], Sense::Least),
    (&["below"], Sense::Most),
    (&["under"], Sense::Most),
    (&["<"], Sense::Most),
    (&["within"], Sense::Most),
    (&["in"], Sense::Most),
    (&["every"], Sense::Every),
];

/// Comparing words after an amount.
const AFTER: [(&[&str], Sense); 12] = [
    (&["or", "more"], Sense::Least),
    (&["and", "more"], Sense::Least),
    (&["or", "higher"], Sense::Least),
    (&["or", "above"], Sense::Least),
    (&["and", "above"], Sense::Least),
    (&["or", "over"], Sense::Least),
    (&["or", "greater"], Sense::Least),
    (&["or", "less"], Sense::Most),
    (&["or", "fewer"], Sense::Most),
    (&["or", "lower"], Sense::Most),
    (&["or", "below"], Sense::Most),
    (&["or", "under"], Sense::Most),
];

/// A number after one of these is a name, not an amount: `severity 1`, `article 9`.
const LABELS: [&str; 20] = [
    "article", "section", "chapter", "page", "line", "step", "version", "level", "severity", "priority",
    "tier", "class", "phase", "stage", "round", "type", "category", "number", "iso", "sop",
];

/// The amounts of `text`, in order.
pub fn measures(text: &str) -> Vec<Measure> {
    let words = words(text);
    let mut found = Vec::new();
    let mut index = 0;
    while index < words.len() {
        match measure_at(&words, index) {
            Some(measure) => {
                index = measure.end.max(index + 1);
                found.push(measure);
            }
            None => index += 1,
        }
    }
    found
}

fn measure_at(words: &[String], index: usize) -> Option<Measure> {
    let word = words.get(index)?;
    let before =
        |back: usize| index.checked_sub(back).and_then(|at| words.get(at)).map_or("", String::as_str);
    if word.contains(':') {
        let start = index - usize::from(before(1) == "by" || before(1) == "at" || before(1) == "until");
        let dimension = "clock".to_owned();
        return Some(Measure { sense: Sense::Most, amount: word.clone(), dimension, start, end: index + 1 });
    }
    let number = number(word).filter(|_| !LABELS.contains(&before(1)))?;
    let low_of_range = range_start(words, index + 2).is_some();
    if low_of_range && words.get(index + 2).is_some_and(|high| self::number(high).is_some()) {
        return None;
    }
    let money = matches!(before(1), "€" | "$" | "£").then(|| before(1).to_owned());
    let start = index - usize::from(money.is_some());
    let (mut amount, dimension, mut end) = amount(words, index, number, money);
    let mut sense = Sense::Plain;
    let mut start = start;
    if let Some((low, from)) = range_start(words, start) {
        amount = format!("{}-{amount}", plain(low));
        start = from;
    } else if let Some((found, length)) =
        comparing(&BEFORE, |length| start.checked_sub(length).and_then(|from| words.get(from..start)))
    {
        sense = found;
        start -= length;
    }
    if let Some((found, length)) = comparing(&AFTER, |length| words.get(end..end + length)) {
        sense = found;
        end += length;
    }
    Some(Measure { sense, amount, dimension, start, end })
}

/// `between 50 and 69`, `from 0 to 25`, seen from the second number.
fn range_start(words: &[String], at: usize) -> Option<(f64, usize)> {
    let from = at.checked_sub(3)?;
    let [open, low, joint] = words.get(from..at)? else { return None };
    let ranged = matches!((open.as_str(), joint.as_str()), ("between", "and") | ("from", "to"));
    ranged.then(|| number(low)).flatten().map(|low| (low, from))
}

fn comparing<'a>(
    table: &[(&[&str], Sense)],
    at: impl Fn(usize) -> Option<&'a [String]>,
) -> Option<(Sense, usize)> {
    table
        .iter()
        .find(|(wanted, _)| {
            at(wanted.len()).is_some_and(|words| words.iter().zip(*wanted).all(|(a, b)| a == b))
        })
        .map(|(wanted, sense)| (*sense, wanted.len()))
}

fn number(word: &str) -> Option<f64> {
    word.starts_with(|c: char| c.is_ascii_digit()).then(|| word.parse::<f64>().ok()).flatten()
}

fn plain(number: f64) -> String {
    let rounded = (number * 100.0).round() / 100.0;
    format!("{rounded}")
}

/// The amount with its unit, its dimension, and the index after it.
fn amount(words: &[String], index: usize, number: f64, money: Option<String>) -> (String, String, usize) {
    let next = |ahead: usize| words.get(index + ahead).map_or("", String::as_str);
    if let Some(sign) = money {
        return (format!("{} {sign}", plain(number)), sign, index + 1);
    }
    if matches!(next(1), "%" | "€" | "$" | "£") {
        return (format!("{} {}", plain(number), next(1)), next(1).to_owned(), index + 2);
    }
    let business = matches!(next(1), "business" | "working");
    let unit = next(1 + usize::from(business));
    let unit = unit.strip_suffix('s').unwrap_or(unit);
    if business && unit == "day" {
        return (format!("{} bd", plain(number)), "min".to_owned(), index + 3);
    }
    if let Some((_, minutes)) = TIMES.iter().find(|(name, _)| *name == unit).filter(|_| !business) {
        return (format!("{} min", plain(number * minutes)), "min".to_owned(), index + 2);
    }
    (plain(number), String::new(), index + 1)
}

/// The percentages from which a result stands without review, as a Confidence section says them in its lines.
pub fn thresholds(section: &str) -> Vec<u8> {
    let about = |line: &&str| {
        let lower = line.to_lowercase();
        ["confiden", "without review", "sure"].iter().any(|word| lower.contains(word))
    };
    let amounts = section.lines().filter(about).flat_map(measures).filter(|measure| measure.dimension == "%");
    let percent =
        |amount: &str| amount.split(' ').next()?.parse::<u8>().ok().filter(|percent| *percent <= 100);
    amounts.filter_map(|measure| percent(&measure.amount)).collect()
}

/// Whether two amounts say the same. Business days and hours can not be compared exactly: a business day
/// is taken to be met by anything from 8 working hours to a day and its share of the weekend.
pub fn same_amount(a: &str, b: &str) -> bool {
    let business = |text: &str| text.strip_suffix(" bd").and_then(|days| days.parse::<f64>().ok());
    let minutes = |text: &str| text.strip_suffix(" min").and_then(|minutes| minutes.parse::<f64>().ok());
    let fits = |days: f64, minutes: f64| (days * 480.0..=days * 2_016.0).contains(&minutes);
    match ((business(a), minutes(b)), (business(b), minutes(a))) {
        ((Some(days), Some(minutes)), _) | (_, (Some(days), Some(minutes))) => fits(days, minutes),
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_come_in_one_unit_with_their_sense() {
        use Sense::{Every, Least, Most, Plain};
        for (text, sense, amount, dimension) in [
            ("a BANT score of 70 or more", Least, "70", ""),
            ("a score of at least seventy", Least, "70", ""),
            ("within two business days", Most, "2 bd", "min"),
            ("in 48 hours", Most, "2880 min", "min"),
            ("no later than 3 days after", Most, "4320 min", "min"),
            ("discounts above 15 percent", Least, "15 %", "%"),
            ("invoices over €5,000", Least, "5000 €", "€"),
            ("between 50 and 69 points", Plain, "50-69", ""),
            ("every 3 months", Every, "129600 min", "min"),
            ("by 17:00", Most, "17:00", "clock"),
            ("score >= 70", Least, "70", ""),
        ] {
            let found = measures(text);
            assert_eq!(found.len(), 1, "{text}: {found:?}");
            let seen = (found[0].sense, found[0].amount.as_str(), found[0].dimension.as_str());
            assert_eq!(seen, (sense, amount, dimension), "{text}");
        }
        assert!(measures("vp.sales reads v1.0 of SOP-REV-a").is_empty());
        let section =
            "- Discounts above 15 % go to ceo.\n- Complete without review at a confidence of 85 % or more.";
        assert_eq!(thresholds(section), [85]);
    }

    #[test]
    fn business_days_and_hours_are_compared_with_care() {
        assert!(same_amount("1 bd", "1440 min") && same_amount("2 bd", "2880 min"));
        assert!(!same_amount("1 bd", "240 min") && !same_amount("1 bd", "2 bd"));
    }
}
