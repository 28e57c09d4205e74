//! Amounts, dates, references and their comparison, a table for each language.

use super::*;
use proptest::prelude::*;

/// What a text holds, a line each: kind, readings, unit, comparator.
fn read(text: &str, convention: Convention) -> Vec<String> {
    quantities(text, convention).iter().map(shown).collect()
}

fn shown(quantity: &Quantity) -> String {
    let value = |value: &Value| match value {
        Value::Number(number) => number.to_string(),
        Value::Span(low, high) => format!("{low}..{high}"),
        Value::Date { year, month, day } => {
            let part = |part: Option<u16>| part.map_or_else(|| "?".to_owned(), |part| part.to_string());
            format!("{}-{}-{}", part(*year), part(month.map(u16::from)), part(day.map(u16::from)))
        }
        Value::Time(seconds) => format!("{:02}:{:02}", seconds / 3600, seconds / 60 % 60),
        Value::Weekday(day) => format!("day {day}"),
        Value::Verbatim(text) => text.clone(),
    };
    let values: Vec<String> = quantity.readings.iter().map(value).collect();
    let unit = quantity.unit.as_deref().map(|unit| format!(" {unit}")).unwrap_or_default();
    let comparator = quantity.comparator.map(|comparator| format!(" {comparator:?}")).unwrap_or_default();
    format!("{:?} {}{unit}{comparator}", quantity.kind, values.join(" or "))
}

fn in_language(language: Language) -> Convention {
    let decimal = language.decimal_comma().map(|comma| if comma { ',' } else { '.' });
    Convention { language: Some(language), decimal }
}

fn check(language: Language, cases: &[(&str, &str)]) {
    for (text, wanted) in cases {
        assert_eq!(read(text, in_language(language)).join("; "), *wanted, "{text}");
    }
}

use crate::text::Language;
use Language::{Arabic, Chinese, English, French, German, Italian, Japanese, Spanish};

#[test]
fn english_amounts_are_read_with_their_comparators() {
    check(
        English,
        &[
            ("more than EUR 15,000 for one case", "Money 15000 EUR MoreThan"),
            ("$1.5 million, US$5 or 15k EUR", "Money 1500000 USD; Money 5 USD; Money 15000 EUR"),
            ("within two business days", "Measure 2 business-day AtMost"),
            ("in 1 bus. day or 5 bus. days", "Measure 1 business-day; Measure 5 business-day"),
            ("at least twenty-five people", "Count 25 AtLeast"),
            ("score >= 70, or 70 or more", "Count 70 AtLeast; Count 70 AtLeast"),
            ("differ by more than 0.1 %", "Percent 0.1 % MoreThan"),
            ("14 percent", "Percent 14 %"),
            ("between 50 and 69 points", "Count 50..69"),
            ("5-10 mg/kg at -18 °C", "Measure 5..10 mg/kg; Measure -18 °C"),
            ("1 hour 30 minutes", "Measure 5400 s"),
            ("the 30-day review at 10rpm", "Measure 30 day; Measure 10 rpm"),
            ("within a week; once a week", "Measure 1 week AtMost"),
            ("by the third working day and the 3rd week", "Ordinal 3 business-day AtMost; Ordinal 3 week"),
            ("one of them, and one day", "Measure 1 day"),
            ("thirty (30) days, one hundred and twenty days", "Measure 30 day; Measure 120 day"),
            ("£2m for 2m of cable", "Money 2000000 GBP; Measure 2 m"),
            ("Art. 6(1)(f), batch no. 4711-A", "Reference 6(1)(f); Reference 4711-A"),
            ("in the first hour of SEV1, SEV 2", "Ordinal 1 hour; Reference SEV1; Reference 2"),
            ("twelve months and 1,00,000 INR", "Measure 12 month; Money 100000 INR"),
        ],
    );
}

#[test]
fn german_and_french_numbers_are_read_by_their_own_rules() {
    check(
        German,
        &[
            ("über 1.500 €", "Money 1500 EUR MoreThan"),
            ("15.000 Euro, 15 000 Euro, 15'000 CHF", "Money 15000 EUR; Money 15000 EUR; Money 15000 CHF"),
            ("1,5 Stunden", "Measure 5400 s"),
            ("innerhalb von 3 Arbeitstagen", "Measure 3 business-day AtMost"),
            ("mindestens drei Werktage", "Measure 3 business-day AtLeast"),
            ("fünfundzwanzig Prozent", "Percent 25 %"),
            ("ab dem 3. Werktag", "Ordinal 3 business-day AtLeast"),
            ("am 3. März 2026 um 16.30 Uhr", "Date 2026-3-3; Time 16:30"),
            ("bis 17 Uhr am 3.4.", "Time 17:00 AtMost; Date ?-4-3"),
            ("eine 24-Stunden-Frist, 2,5 Mio. Euro", "Measure 86400 s; Money 2500000 EUR"),
            ("höchstens zwei bis drei Wochen", "Measure 2..3 week AtMost"),
            ("Art. 5 Abs. 2 und § 12 Nr. 3", "Reference 5; Reference 2; Reference 12; Reference 3"),
        ],
    );
    check(
        French,
        &[
            ("sous 5 jours ouvrés", "Measure 5 business-day AtMost"),
            ("plus de 15\u{202f}000 € ou 1,5 %", "Money 15000 EUR MoreThan; Percent 1.5 %"),
            ("à 16h30 le 3 mars 2026", "Time 16:30; Date 2026-3-3"),
            ("jusqu’à vingt-cinq pour cent", "Percent 25 % AtMost"),
            ("au moins deux personnes", "Count 2 AtLeast"),
        ],
    );
    check(Spanish, &[("más de 3 días hábiles", "Measure 3 business-day MoreThan")]);
    check(
        Italian,
        &[("entro 3 giorni lavorativi, sei ore", "Measure 3 business-day AtMost; Measure 21600 s")],
    );
}

#[test]
fn scripts_without_spaces_and_other_digits_are_read() {
    check(
        Japanese,
        &[
            ("15分以内に", "Measure 900 s AtMost"),
            ("費用が15万円を超える", "Money 150000 JPY MoreThan"),
            ("３営業日以内、24時間", "Measure 3 business-day AtMost; Measure 86400 s"),
            ("2026年3月3日、午後4時30分、月曜日", "Date 2026-3-3; Time 16:30; Weekday day 1"),
        ],
    );
    check(Chinese, &[("至少3个月，5个工作日", "Measure 3 month AtLeast; Count 5")]);
    check(Arabic, &[("خلال ٣ أيام عمل", "Measure 3 business-day AtMost"), ("١٥٠٠ يورو", "Money 1500 EUR")]);
}

#[test]
fn what_looks_like_a_number_and_is_none_is_a_reference() {
    check(
        English,
        &[
            ("SOP-12 and M4 in v2.3", "Reference SOP-12; Reference M4; Reference 2.3"),
            ("2FA, 5S, 24/7 and 2.3.1", "Reference 2FA; Reference 5S; Reference 24/7; Reference 2.3.1"),
            ("call +31 20 555 0142", "Reference +31205550142"),
            (
                "https://example.com/a?x=1, a1@example.com",
                "Reference https://example.com/a?x=1; Reference a1@example.com",
            ),
            ("Step 3, Section 4.2 and ISO 9001", "Reference 3; Reference 4.2; Reference ISO9001"),
            ("3.1.2 The job starts at 02:00", "Reference 3.1.2; Time 02:00"),
            ("sha256:9f86d081 or 3f2a9bc1d", "Reference sha256:9f86d081; Reference 3f2a9bc1d"),
            ("run `head -n 5` for 5 minutes", "Reference `head-n5`; Measure 300 s"),
            ("vp.sales and /etc/hosts", ""),
        ],
    );
}

#[test]
fn what_can_be_read_in_two_ways_is() {
    assert_eq!(read("3/4/2026", Convention::unknown()), ["Date 2026-4-3 or 2026-3-4"]);
    assert_eq!(read("13/4/2026", Convention::unknown()), ["Date 2026-4-13"]);
    assert_eq!(read("1.500 kg", Convention::unknown()), ["Measure 1500000 or 1500 g"]);
    assert_eq!(
        read("1.500 kg", Convention::of("Das Gewicht ist 1.500 kg und nicht mehr.")),
        ["Measure 1500000 g"]
    );
    assert_eq!(read("1.500 kg", Convention::of("2,345.50 USD")), ["Measure 1500 g"]);
}

#[test]
fn quantities_compare_by_what_they_say() {
    let one = |text: &str, language| quantities(text, in_language(language)).remove(0);
    assert!(same(&one("90 minutes", English), &one("1,5 Stunden", German)));
    assert!(same(&one("15,000 EUR", English), &one("15.000 Euro", German)));
    assert!(same(&one("4:30 pm", English), &one("16.30 Uhr", German)));
    assert!(same(&one("March 3, 2026", English), &one("2026-03-03", German)));
    assert!(same(&one("two days", English), &one("2 jours", French)));
    for (a, b) in [
        ("24 hours", "1 day"),
        ("7 days", "1 week"),
        ("5 days", "5 business days"),
        ("5 EUR", "5 USD"),
        ("70", "70 %"),
        ("within 3 days", "the 3rd day"),
    ] {
        assert!(!same(&one(a, English), &one(b, English)), "{a} {b}");
    }
}

#[test]
fn nothing_is_missing_where_a_table_says_the_unit_or_a_range_its_ends() {
    let all = |text: &str| quantities(text, in_language(English));
    let lost = |of: &str, in_: &str| -> Vec<String> {
        missing(&all(of), &all(in_)).into_iter().map(|one| one.text.clone()).collect()
    };
    assert_eq!(lost("between 50 and 69 points", "at least 50 and at most 69"), Vec::<String>::new());
    assert_eq!(lost("at least 50", "50–69 points"), Vec::<String>::new());
    assert_eq!(lost("15 | 4", "15 minutes, then 4 hours"), Vec::<String>::new());
    assert_eq!(lost("by March 3", "by 3 March 2026"), Vec::<String>::new());
    assert_eq!(lost("by March 3, 2026", "by 3 March"), ["March 3, 2026"]);
    assert_eq!(lost("7 days, EUR 5 and SOP-12", "7 weeks, EUR 5 and SOP-13"), ["7 days", "SOP-12"]);
}

#[test]
fn the_convention_is_told_by_the_text() {
    for (text, decimal) in [
        ("Das kostet 1.500 Euro und nicht mehr.", Some(',')),
        ("That is 1.5 for all of us.", Some('.')),
        ("Preis: 1.234,50", Some(',')),
        ("1,5 kg", Some(',')),
        ("Kosten von 1.500 CHF oder 2'500 CHF werden von der Kasse bezahlt.", None),
        ("5.1 Draft", None),
        ("", None),
    ] {
        assert_eq!(Convention::of(text).decimal, decimal, "{text}");
    }
}

proptest! {
    #[test]
    fn no_text_is_too_strange(text in r"(?s)[\PC\n]{0,60}|[0-9.,:/%€$ \-–a-zäß時日月年٣'hT+]{0,60}") {
        let convention = Convention::of(&text);
        let found = quantities(&text, convention);
        let mut end = 0;
        for one in &found {
            prop_assert!(one.range.start >= end && !one.readings.is_empty());
            prop_assert_eq!(text.get(one.range.clone()), Some(one.text.as_str()));
            end = one.range.end;
            prop_assert!(same(one, one));
        }
        prop_assert!(missing(&found, &found).is_empty());
    }

    #[test]
    fn a_number_is_the_same_however_it_is_grouped(number in 1000_u32..999_999) {
        let (head, tail) = (number / 1000, number % 1000);
        let plain = quantities(&format!("{number} EUR"), in_language(English));
        for (mark, language) in [(",", English), (".", German), (" ", French), ("\u{a0}", English), ("'", German)] {
            let grouped = quantities(&format!("{head}{mark}{tail:03} EUR"), in_language(language));
            prop_assert_eq!(grouped.len(), 1);
            prop_assert!(same(&plain[0], &grouped[0]), "{} {}", mark, number);
        }
    }
}
