//! Dates, times of day and weekdays as people write them.

use super::scan::{Found, Scan, after, before};
use super::{Kind, Value};
use crate::text::language::{Language, table};
use crate::text::pattern::pattern;
use regex::{Captures, Regex};
use std::collections::HashMap;
use std::sync::LazyLock;

type Patterns = Vec<Option<Regex>>;

/// Whole and partial dates; the first that fits takes the text. A group tells each part.
static DATES: LazyLock<Patterns> = LazyLock::new(|| {
    [
        r"(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})",
        r"(?:(?P<y>\d{4})\s?[年년]\s?)?(?P<m>\d{1,2})\s?[月월]\s?(?P<d>\d{1,2})\s?[日일]",
        r"(?P<y>\d{4})\s?[年년]\s?(?P<m>\d{1,2})\s?[月월]",
        r"(?P<y>(?:19|20)\d{2})\s?[年년]度?",
        r"(?P<m>\d{1,2})月",
        r"(?P<d>\d{1,2})(?:\.|st|nd|rd|th|er|º|°)?(?:\s+(?:of|de|di|del))?[\s\u{a0}]+(?P<name>[\p{L}]{3,10})\.?,?\s+(?:de\s+|del\s+)?(?P<y>\d{4})",
        r"(?P<d>\d{1,2})(?:\.|st|nd|rd|th|er|º|°)?(?:\s+(?:of|de|di|del))?[\s\u{a0}]+(?P<name>[\p{L}]{3,10})",
        r"(?P<name>[\p{L}]{3,10})\.?[\s\u{a0}]+(?P<d>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<y>\d{4})",
        r"(?P<name>[\p{L}]{3,10})\.?[\s\u{a0}]+(?P<d>\d{1,2})(?:st|nd|rd|th)?",
        r"(?P<name>[\p{L}]{3,10})\.?\s+(?:de\s+|del\s+)?(?P<y>\d{4})",
        r"(?P<a>\d{1,2})\.\s?(?P<b>\d{1,2})\.\s?(?P<y>\d{4})",
        r"(?P<a>\d{2})\.(?P<b>\d{2})\.(?P<y>\d{2})",
        r"(?P<a>\d{1,2})/(?P<b>\d{1,2})/(?P<y>\d{4}|\d{2})",
        r"(?P<a>\d{1,2})-(?P<b>\d{1,2})-(?P<y>\d{4})",
        r"(?P<y>\d{4})/(?P<m>\d{1,2})/(?P<d>\d{1,2})",
    ]
    .map(pattern)
    .into()
});

/// A day and a month without a year, as German writes them after a preposition: `am 3.4.`
static SHORT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(r"(?i)\b(?:am|bis|zum|vom|ab|seit|den|dem)\s+(?P<all>(?P<d>\d{1,2})\.\s?(?P<m>\d{1,2})\.)")
});

/// A month alone, which only a preposition tells from other words: `by February`, `Ende März`.
static MONTH: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:in|since|by|until|till|before|after|from|of|every|each|end|im|seit|bis|ab|ende|anfang|mitte|nach|vor|en|depuis|avant|fin|début|dès|de|desde|hasta|antes|a|da|entro|dal|fino|vanaf|eind|begin|até|sinds)\s+(?P<all>(?P<name>[\p{L}]{3,10}))",
    )
});

static TIMES: LazyLock<Patterns> = LazyLock::new(|| {
    [
        r"(?i)(?P<h>\d{1,2}):(?P<m>\d{2})(?::(?P<s>\d{2}))?(?:\s?(?P<half>[ap]\.?m\b\.?|Uhr\b|h\b))?",
        r"(?P<h>\d{1,2})\.(?P<m>\d{2})\s?Uhr\b",
        r"(?P<h>\d{1,2})\s?Uhr(?:\s(?P<m>\d{2}))?\b",
        r"(?i)(?P<h>\d{1,2})(?:\.(?P<m>\d{2}))?\s?(?P<half>[ap]\.\s?m\.|[ap]m\b)",
        r"(?P<h>\d{1,2})\s?h\s?(?P<m>\d{2})\b",
        r"(?i)(?P<h>\d{1,2})\s?(?:o'clock)\b",
        r"(?:(?P<half>午前|午後|上午|下午|오전|오후)\s?)?(?P<h>\d{1,2})\s?[時时点시]\s?(?:(?P<m>\d{1,2})\s?[分분])?",
        r"(?i)\b(?P<noon>noon|midday|mittags|midi|midnight|minuit|mitternacht)\b",
    ]
    .map(pattern)
    .into()
});

struct Names {
    months: HashMap<&'static str, u8>,
    weekdays: HashMap<&'static str, u8>,
}

static NAMES: LazyLock<Names> = LazyLock::new(|| {
    let mut names = Names { months: HashMap::new(), weekdays: HashMap::new() };
    for (kind, rest) in table(include_str!("../data/calendar.txt")) {
        let mut parts = rest.split_whitespace();
        let Some(number) = parts.next().and_then(|number| number.parse().ok()) else { continue };
        let map = if kind == "month" { &mut names.months } else { &mut names.weekdays };
        map.extend(parts.map(|name| (name, number)));
    }
    names
});

/// Whether `word` is the name of a month.
pub(crate) fn is_month(word: &str) -> bool {
    let bare: String = word.chars().take_while(|c| c.is_alphabetic()).flat_map(char::to_lowercase).collect();
    NAMES.months.contains_key(bare.as_str())
}

/// Reads dates.
pub(super) fn dates(scan: &mut Scan) {
    for pattern in DATES.iter() {
        scan.each(pattern.as_ref(), |scan, found| {
            let all = found.get(0)?;
            let cut = before(scan.text(), all.start()).is_some_and(|c| c.is_alphanumeric() && c.is_ascii())
                || after(scan.text(), all.end()).is_some_and(|c| c.is_ascii_digit() || c == '間');
            let in_number = before(scan.text(), all.start()).is_some_and(|c| ".,/-".contains(c))
                && found.name("name").is_none();
            let readings = if cut || in_number { Vec::new() } else { date(scan, found) };
            (!readings.is_empty()).then(|| Found::new(Kind::Date, all.range(), readings))
        });
    }
    for pattern in [SHORT.as_ref(), MONTH.as_ref()] {
        scan.each(pattern, |scan, found| {
            let german = scan.convention.language == Some(Language::German);
            let readings = if found.name("d").is_some() && !german { Vec::new() } else { date(scan, found) };
            (!readings.is_empty()).then_some(Found::new(Kind::Date, found.name("all")?.range(), readings))
        });
    }
}

fn date(scan: &Scan, found: &Captures<'_>) -> Vec<Value> {
    let number = |name: &str| found.name(name).and_then(|part| part.as_str().parse::<u16>().ok());
    let small = |name: &str| number(name).and_then(|part| u8::try_from(part).ok());
    let year = number("y").map(|year| if year < 100 { year + 2000 } else { year });
    if let (Some(a), Some(b)) = (small("a"), small("b")) {
        let point = found.get(0).is_some_and(|all| all.as_str().contains('.'));
        let day_first = valid(year, Some(b), Some(a));
        let month_first = valid(year, Some(a), Some(b));
        let language = scan.convention.language.filter(|language| *language != Language::English);
        let mut both: Vec<Value> = day_first.into_iter().collect();
        if !point && (both.is_empty() || language.is_none()) {
            both.extend(month_first.filter(|value| !both.contains(value)));
        }
        return both;
    }
    let month = match found.name("name") {
        Some(name) => match month(scan, name.as_str()) {
            None => return Vec::new(),
            month => month,
        },
        None => small("m"),
    };
    valid(year, month, small("d")).into_iter().collect()
}

/// The month `name` means. In a language that writes them with a capital, `may` and `march` without one are other words.
fn month(scan: &Scan, name: &str) -> Option<u8> {
    let small = matches!(
        scan.convention.language,
        Some(
            Language::French | Language::Spanish | Language::Italian | Language::Dutch | Language::Portuguese
        )
    );
    let capital = name.chars().next().is_some_and(char::is_uppercase);
    NAMES.months.get(name.to_lowercase().as_str()).copied().filter(|_| capital || small)
}

fn valid(year: Option<u16>, month: Option<u8>, day: Option<u8>) -> Option<Value> {
    let right = month.is_none_or(|month| (1..=12).contains(&month))
        && day.is_none_or(|day| (1..=31).contains(&day))
        && year.is_none_or(|year| (1000..=2999).contains(&year));
    right.then_some(Value::Date { year, month, day })
}

/// Reads times of day.
pub(super) fn times(scan: &mut Scan) {
    for pattern in TIMES.iter() {
        scan.each(pattern.as_ref(), |scan, found| {
            let all = found.get(0)?;
            let cut = before(scan.text(), all.start())
                .is_some_and(|c| c.is_ascii_alphanumeric() || ".,:".contains(c))
                || after(scan.text(), all.end()).is_some_and(|c| c.is_ascii_digit() || "間间:".contains(c));
            let value = time(found).filter(|_| !cut)?;
            Some(Found::new(Kind::Time, all.range(), vec![value]))
        });
    }
}

fn time(found: &Captures<'_>) -> Option<Value> {
    if let Some(name) = found.name("noon") {
        let name = name.as_str().to_lowercase();
        let noon = matches!(name.as_str(), "noon" | "midday" | "mittags" | "midi");
        return Some(Value::Time(if noon { 43_200 } else { 0 }));
    }
    let number = |name: &str| found.name(name).map_or(Some(0), |part| part.as_str().parse::<u32>().ok());
    let (mut hour, minute, second) = (number("h")?, number("m")?, number("s")?);
    let half = found.name("half").map_or("", |half| half.as_str()).to_lowercase();
    let after_noon = half.starts_with('p') || matches!(half.as_str(), "午後" | "下午" | "오후");
    let before_noon = half.starts_with('a') || matches!(half.as_str(), "午前" | "上午" | "오전");
    if (after_noon || before_noon) && hour > 12 && half.is_ascii() {
        return None;
    }
    if after_noon && hour < 12 {
        hour += 12;
    } else if before_noon && hour == 12 {
        hour = 0;
    }
    (hour <= 24 && minute < 60 && second < 60).then_some(Value::Time(hour * 3600 + minute * 60 + second))
}

static WORD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"[\p{Latin}\p{Arabic}]+(?:-feira)?|[月火水木金土日]曜日?|(?:周|星期)[一二三四五六日]|[월화수목금토일]요일",
    )
});

/// Reads names of weekdays.
pub(super) fn weekdays(scan: &mut Scan) {
    scan.each(WORD.as_ref(), |_, found| {
        let all = found.get(0)?;
        let name = all.as_str().to_lowercase();
        let get = |name: &str| NAMES.weekdays.get(name).copied();
        let day =
            get(&name).or_else(|| get(name.strip_suffix('s')?)).or_else(|| get(&format!("{name}日")))?;
        Some(Found::new(Kind::Weekday, all.range(), vec![Value::Weekday(day)]))
    });
}
