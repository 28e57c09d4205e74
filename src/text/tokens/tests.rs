//! Words, content words, and how much two texts share.

use super::*;
use proptest::prelude::*;

fn words(text: &str) -> Vec<String> {
    tokens(text).into_iter().map(|token| token.text).collect()
}

#[test]
fn words_are_folded_and_scripts_without_spaces_come_in_pairs() {
    assert_eq!(
        words("Ask vp.sales, for 15,000 EUR (Überprüfung)."),
        ["ask", "vp.sales", "for", "15,000", "eur", "überprüfung"]
    );
    assert_eq!(words("障害を報告"), ["障害", "害を", "を報", "報告"]);
    assert_eq!(words("GitHub は速い"), ["github", "は速", "速い"]);
}

#[test]
fn content_words_are_compared_without_small_ones_and_english_endings() {
    let overlap = |a: &str, b: &str| overlap(a, b, Some(Language::English));
    assert!(
        (overlap("The manager approves invoices.", "Approval of the invoice by a manager") - 1.0).abs()
            < 1e-9
    );
    assert!((overlap("close the shop", "open the shop") - 0.5).abs() < 1e-9);
    assert!((overlap("of the", "anything") - 1.0).abs() < 1e-9);
}

proptest! {
    #[test]
    fn tokens_lie_in_the_text(text in r"(?s)\PC{0,60}") {
        for token in tokens(&text) {
            prop_assert_eq!(text.get(token.range).unwrap().to_lowercase(), token.text);
        }
    }
}
