//! Whole small files in five languages, read by all parts together.

use super::blocks::BlockKind;
use super::{Convention, Language, blocks, names::names, quantities, sentences};

/// The sentences of a file, its quantities, and its names.
fn read(text: &str) -> (Option<Language>, Vec<String>, Vec<String>, Vec<String>) {
    let convention = Convention::of(text);
    let language = convention.language;
    let prose = |kind: &BlockKind| matches!(kind, BlockKind::Paragraph | BlockKind::Item { .. });
    let all = blocks(text);
    let cut = all.iter().filter(|block| prose(&block.kind)).flat_map(|block| sentences(block, language));
    let found = all.iter().flat_map(|block| quantities(&block.text, convention)).map(|one| one.text);
    let names = all.iter().flat_map(|block| names(&block.text, language)).map(|name| name.text);
    (language, cut.map(|one| one.text.replace('\n', " ")).collect(), found.collect(), names.collect())
}

#[test]
fn an_english_file_is_read() {
    let (language, cut, found, names) = read(include_str!("tests/data/en.md"));
    assert_eq!(language, Some(Language::English));
    assert_eq!(cut.len(), 7, "{cut:#?}");
    let wanted = [
        "EUR 1,500.00",
        "two",
        "2 business days",
        "90 minutes",
        "priority 1",
        "4:30 pm",
        "Friday",
        "S1",
        "5 %",
        "10 years",
    ];
    assert_eq!(found, wanted);
    assert_eq!(names, ["vp.sales", "CFO", "ledger", "S1"]);
}

#[test]
fn a_german_file_is_read() {
    let (language, cut, found, _) = read(include_str!("tests/data/de.md"));
    assert_eq!(language, Some(Language::German));
    assert_eq!(cut.len(), 6, "{cut:#?}");
    assert_eq!(found, ["10 Arbeitstage", "1.500 €", "12,5 %", "3. März 2026", "16.30 Uhr", "3. Werktag"]);
}

#[test]
fn a_french_file_is_read() {
    let (language, cut, found, names) = read(include_str!("tests/data/fr.md"));
    assert_eq!(language, Some(Language::French));
    assert_eq!(cut.len(), 5, "{cut:#?}");
    assert_eq!(found, ["24 heures", "15 000 €", "3 mars 2026", "16h30"]);
    assert_eq!(names, ["Dupont", "Rien ne sort.", "CRM"]);
}

#[test]
fn a_japanese_and_an_arabic_file_are_read() {
    let (language, cut, found, names) = read(include_str!("tests/data/ja.md"));
    assert_eq!((language, cut.len(), names), (Some(Language::Japanese), 4, vec!["緊急".to_owned()]));
    assert_eq!(found, ["15分", "15万円", "2026年3月3日"]);
    let (language, cut, found, _) = read(include_str!("tests/data/ar.md"));
    assert_eq!((language, cut.len()), (Some(Language::Arabic), 3));
    assert_eq!(found, ["٣ أيام عمل", "١٥٠٠ يورو", "24 ساعة"]);
}

#[test]
fn every_line_of_every_file_is_accounted_for() {
    for text in [
        include_str!("tests/data/en.md"),
        include_str!("tests/data/de.md"),
        include_str!("tests/data/fr.md"),
        include_str!("tests/data/ja.md"),
        include_str!("tests/data/ar.md"),
    ] {
        assert_eq!(blocks::tests::accounted(text), Ok(()));
    }
}
