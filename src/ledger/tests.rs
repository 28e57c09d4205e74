//! What people say, and what the ledger makes of it.

use super::*;
use crate::contract::Severity;

fn said(text: &str) -> [Said<'_>; 1] {
    [Said { source: Source::Mission, text }]
}

fn fates(asked: &str, text: &str) -> Vec<String> {
    let coverage = coverage(&said(asked), text, None);
    coverage.entries.iter().map(|entry| format!("{} {:?}", entry.statement.id, entry.fate)).collect()
}

#[test]
fn a_line_of_a_document_has_a_place_or_blocks_until_somebody_releases_it() {
    let document = "# Till\n\n## 1. Opening\n\n| No | What | Who |\n|-|-|-|\n| 1 | Count it | cashier |\n\n```\nopen\n```\n";
    let document = Said { source: Source::Document, text: document };
    let text =
        "# Till\n\n## Steps\n\n### Step 2: Opening: Count it\n\n- Who: cashier\n\nColumns: What | No | Who\n";
    let found = coverage(&[document], text, None);
    let fates: Vec<_> = found.entries.iter().map(|one| (one.statement.id.as_str(), &one.fate)).collect();
    let placed = |line| Fate::Verbatim { line };
    assert_eq!(
        fates,
        [
            ("M1", &placed(1)),
            ("M3", &placed(5)),
            ("M5", &placed(9)),
            ("M7", &placed(5)),
            ("M10", &Fate::NotPlaced)
        ]
    );
    assert!(
        found
            .findings()
            .iter()
            .any(|one| one.code == "line-not-placed" && one.severity == Severity::Blocking)
    );
    let word = Said { source: Source::Comment, text: "M10: nobody opens it so" };
    let released = coverage(&[document, word], text, None);
    assert!(released.findings().is_empty(), "{:?}", released.findings());
}

#[test]
fn a_binding_source_is_answered_for_by_the_line_and_context_only_named() {
    let source = "# Policy\n\nPaid within 14 days. Above EUR 500 two people\nlook.\n\n- Tell them.\n- A4: the paper.\n";
    let said =
        [Said { source: Source::Mission, text: "Pay." }, Said { source: Source::Bound(2), text: source }];
    let ids: Vec<String> = statements(&said).into_iter().map(|one| one.id).collect();
    assert_eq!(ids, ["M1", "S2:3", "S2:3.2", "S2:6", "S2:7"]);
    let found =
        coverage(&said, "Pay above EUR 500.\n", None).with_context("S1".into(), "note.md, 3 lines".into());
    assert!(
        found.summary().starts_with("5 statements asked")
            && found.summary().ends_with("1 source given as context")
    );
    assert!(
        found
            .asked()
            .contains(&"S1: note.md, 3 lines [given as context, not placed line by line]".to_owned())
    );
    let lost = |found: &Coverage, id: &str| {
        found.entries.iter().any(|one| one.statement.id == id && matches!(one.fate, Fate::Lost { .. }))
    };
    assert!(lost(&found, "S2:3") && !lost(&found, "S2:3.2"), "{found:?}");
    for (words, releases) in [
        ("S2:3: the bank decides", true),
        ("M1, S2:3: old", true),
        ("S2: another way", false),
        ("S2:3", false),
    ] {
        let all = [said[0], said[1], Said { source: Source::Comment, text: words }];
        assert_eq!(lost(&coverage(&all, "Pay above EUR 500.\n", None), "S2:3"), !releases, "{words}");
    }
    let document = [Said { source: Source::BoundLines(1), text: source }];
    assert_eq!(statements(&document)[0].id, "S1:1", "of a document its headings are lines too");
}

#[test]
fn every_sentence_item_and_row_is_a_statement_with_an_id() {
    let text = "# Doors\n\nWe paint doors. Each takes 2 hours.\n\n- Sand it.\n- Ask `paint.shop`.\n\n| what | when |\n| --- | --- |\n| prime | day 1 |\n";
    let found = statements(&said(text));
    let words: Vec<_> = found.iter().map(|one| (one.id.as_str(), one.text.as_str())).collect();
    assert_eq!(
        words,
        [
            ("M1", "We paint doors."),
            ("M2", "Each takes 2 hours."),
            ("M3", "Sand it."),
            ("M4", "Ask `paint.shop`."),
            ("M5", "prime | day 1"),
        ]
    );
    assert!(found[0].binds.is_empty() && found[1].binds.is_empty() && found[3].binds == ["paint.shop"]);
}

#[test]
fn what_is_lost_is_named_in_any_language_and_blocks() {
    for (asked, text, lost) in [
        ("Refunds above EUR 500 go to the ceo.", "Refunds go to the boss.", "EUR 500"),
        ("Access is removed within 4 hours.", "Access is removed within 40 hours.", "4 hours"),
        (
            "Reklamationen über 1.500 Euro gehen an die Leitung.",
            "Reklamationen gehen an die Leitung.",
            "1.500 Euro",
        ),
        ("Le contrôle a lieu à 16h30 chaque jour.", "Le contrôle a lieu chaque jour.", "16h30"),
        ("- Update the CRM.", "Update the record.", "CRM"),
        ("The record is updated by sales.ops.", "The record is updated.", "sales.ops"),
    ] {
        let found = coverage(&said(asked), text, None);
        assert_eq!(found.entries[0].fate, Fate::Lost { what: vec![lost.to_owned()], binds: true }, "{asked}");
        let finding = &found.findings()[0];
        assert!(finding.severity == Severity::Blocking && finding.message.contains(lost), "{finding:?}");
    }
}

#[test]
fn the_same_quantity_in_another_form_is_not_lost() {
    for (asked, text) in [
        ("Answer within 24 hours.", "The answer is sent at most 24 h after the call."),
        ("Invoices above 15,000 EUR need two signatures.", "Two people sign invoices above €15 000."),
        ("It lasts 90 minutes.", "Plan 1.5 hours for it."),
    ] {
        let found = coverage(&said(asked), text, None).findings();
        assert!(found.iter().all(|finding| finding.severity == Severity::Advisory), "{asked}: {found:?}");
    }
}

#[test]
fn what_people_tell_of_the_past_is_told_when_it_is_lost_and_blocks_nothing() {
    let asked = "We paid one supplier twice and another four weeks late. In 2019 it was 3 invoices.";
    let found = coverage(&said(asked), "Pay each invoice once.", None);
    assert!(found.findings().is_empty());
    assert!(found.open().iter().any(|line| line.contains("lost: four weeks")), "{:?}", found.open());
}

#[test]
fn words_that_stand_there_are_found_and_what_nobody_speaks_of_is_told() {
    let text = "# Doors\n\n## Steps\n\n1. Sand the door.\n2. Paint the door twice.\n";
    assert_eq!(
        fates("Sand the door. The door is to be painted twice. Feed the cat every evening.", text),
        ["M1 Verbatim { line: 5 }", "M2 Reworded { line: 6 }", "M3 NotFound"]
    );
    let open = coverage(&said("Feed the cat every evening."), text, None).open();
    assert_eq!(open, ["M1: “Feed the cat every evening.” — no line speaks of it, as far as code can tell"]);
}

#[test]
fn what_the_version_before_says_is_there_to_be_changed() {
    let asked = "Answer within 24 hours instead of within 48 hours.";
    let old = "Answer within 48 hours.";
    assert!(coverage(&said(asked), "Answer within 24 hours.", Some(old)).findings().is_empty());
    assert_eq!(coverage(&said(asked), old, Some(old)).findings().len(), 1);
}

#[test]
fn whoever_decides_releases_a_statement_and_only_they() {
    let asked = "- Close all 3 valves within 2 hours.\n- Close the valve.\n\nM1: not needed";
    let mission = Said { source: Source::Mission, text: asked };
    let comment = Said { source: Source::Comment, text: "M1, M9: context, it is why we ask" };
    assert!(matches!(coverage(&[mission], "Close the valve.", None).entries[0].fate, Fate::Lost { .. }));
    let found = coverage(&[mission, comment], "Close the valve.", None);
    assert_eq!(found.entries[0].fate, Fate::Released { reason: "context, it is why we ask".to_owned() });
    assert!(found.entries.iter().all(|entry| !entry.statement.id.starts_with('P')));
    assert_eq!(besides_releases("M1: context\nShorter, please.\n- A2, M3: not ours"), "Shorter, please.");
    assert!(found.markdown("x").contains("released: context"), "{}", found.markdown("x"));
}

#[test]
fn what_only_stands_beside_an_order_does_not_bind() {
    let asked = "Since July a law binds us (we are 140 people): a report must be confirmed within 7 days.";
    let found = coverage(&said(asked), "Confirm each report within 7 days; a law asks for it.", None);
    assert!(found.findings().iter().all(|finding| finding.severity == Severity::Advisory), "{found:?}");
    let found = coverage(&said(asked), "Since July a law binds us, 140 people. Confirm each report.", None);
    let lost = found.findings();
    assert!(
        lost.iter().any(|one| one.severity == Severity::Blocking && one.message.contains("7 days")),
        "{lost:?}"
    );
}
