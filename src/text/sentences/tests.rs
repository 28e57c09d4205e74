//! Text cut into sentences, a table for each language, and pieces that join to the whole.

use super::*;
use crate::text::blocks;
use Language::{Arabic, English, French, German, Hindi, Japanese, Thai};
use proptest::prelude::*;

fn check(language: Option<Language>, cases: &[&[&str]]) {
    for wanted in cases {
        let joint = if matches!(language, Some(Japanese)) { "" } else { " " };
        let text = wanted.join(joint);
        let found: Vec<&str> = cut(&text, language).into_iter().map(str::trim).collect();
        assert_eq!(found, **wanted, "{text}");
    }
}

#[test]
fn english_text_is_cut_after_sentences_and_not_after_abbreviations() {
    check(
        Some(English),
        &[
            &["Pay e.g. 1.5 % at once.", "Then stop.", "Wait for No. 7.", "Done"],
            &["Mr. J. Smith of Acme Corp. signs at 4 p.m. on Monday.", "The U.S. office opens."],
            &["Send it to vp.sales.", "it.security reads audit-log.md.", "See https://example.com/a.b?c=1."],
            &["What happened?", "Why?", "\"Is it?\" she asked.", "(It was.)", "No.", "Then stop."],
            &["He left in 2019.", "Make it new by Sept. 5th, 2026."],
            &["Ask for SOP-REV-x, v2.3.", "They came.", "Etc. is short."],
            &["check the oven.", "lock the door."],
            &["It said \"Stop.\"", "We went on."],
            &["Autoclave class B.", "The test is daily.", "Wait…", "It ends."],
        ],
    );
}

#[test]
fn german_and_french_text_is_cut_likewise() {
    check(
        Some(German),
        &[
            &["Am 3. März um 16.30 Uhr ist Schluss.", "Das gilt z. B. für Hotels bzw. Flüge."],
            &["Vgl. Art. 5 Abs. 2.", "Die ca. 5 Fälle von Hrn. Dr. Meier, Nr. 3.", "Drei Werktage."],
            &["Der 2. Stock ist zu.", "Wir brauchen 3.", "Dann ist Schluss."],
            &["„Ist das so?“ fragte er.", "„Ja.“", "Ende!"],
        ],
    );
    check(
        Some(French),
        &[
            &[
                "M. Dupont et Mme Martin valident.",
                "« Rien ne sort. »",
                "Puis on ferme ?",
                "Oui !",
                "Cf. art. 12.",
            ],
            &["Il faut p. ex. 1,5 kg.", "Le directeur signe."],
        ],
    );
}

#[test]
fn other_scripts_are_cut_by_their_own_marks() {
    check(Some(Japanese), &[&["障害を報告する。", "「はい。」と言う！", "終わり？", "はい"]]);
    check(Some(Arabic), &[&["هل تجاوز المبلغ؟", "يوقع المدير."]]);
    check(Some(Hindi), &[&["रिपोर्ट भेजें।", "फिर रुकें।"]]);
    check(Some(Thai), &[&["ต้องตอบกลับภายใน 3 วัน แล้วหยุด"]]);
}

#[test]
fn a_line_that_was_meant_is_a_sentence_and_a_wrapped_one_is_none() {
    let text = "From: Customer Director of the company\nDate: Friday\nSubject: outage";
    assert_eq!(cut(text, None).len(), 3);
    let text = "Purpose\nThis procedure describes how the\nIT department backs up its data.";
    assert_eq!(
        cut(text, Some(English)),
        ["Purpose\n", "This procedure describes how the\nIT department backs up its data."]
    );
}

#[test]
fn sentences_know_their_lines() {
    let text = "---\na: b\n---\n\nOne thing.\nAnother `a.\nb` thing. Third,\nwith more. **Fourth**.\n\n- Item one.\n  Item two.\n";
    let seen: Vec<(u32, String)> = blocks(text)
        .iter()
        .flat_map(|block| sentences(block, Some(English)))
        .map(|sentence| (sentence.line, sentence.text))
        .collect();
    let wanted = [
        (5, "One thing."),
        (6, "Another `a. b` thing."),
        (7, "Third,\nwith more."),
        (8, "Fourth."),
        (10, "Item one."),
        (11, "Item two."),
    ];
    assert_eq!(seen, wanted.map(|(line, text)| (line, text.to_owned())));
}

proptest! {
    #[test]
    fn the_pieces_joined_are_the_text(text in r"(?s)[\PC\n]{0,80}|[A-Za-z0-9 .!?。」)\n»…]{0,80}") {
        for language in [None, Some(English), Some(German), Some(Japanese)] {
            prop_assert_eq!(cut(&text, language).concat(), text.as_str());
        }
        for block in blocks(&text) {
            let found = sentences(&block, None);
            let whole: String = found.iter().map(|one| block.text.get(one.range.clone()).unwrap()).collect();
            prop_assert!(whole == block.text || block.text.trim().is_empty() || found.is_empty());
            for one in &found {
                prop_assert!((block.first..=block.last).contains(&one.line));
                prop_assert_eq!(block.text.get(one.range.clone()).unwrap().trim(), one.text.as_str());
            }
        }
    }
}
