//! Names that are found, and common words that are not.

use super::*;
use Language::{English, French, German};
use proptest::prelude::*;

fn check(language: Option<Language>, cases: &[(&str, &str)]) {
    for (text, wanted) in cases {
        let found: Vec<String> = names(text, language).into_iter().map(|name| name.text).collect();
        assert_eq!(found.join("; "), *wanted, "{text}");
    }
}

#[test]
fn names_are_found_and_common_words_are_not() {
    check(
        Some(English),
        &[
            ("Tell vp.sales and the CFO that GitHub is down.", "vp.sales; CFO; GitHub"),
            ("IT takes away all accounts (Google, Slack, AWS).", "IT; Google; Slack; AWS"),
            (
                "Open `app.log` on \"Blue Book\" at chair@example.com.",
                "app.log; Blue Book; chair@example.com",
            ),
            (
                "We file it with Acme Corp. The end. Then I call Anna Schmidt on Monday in March.",
                "Acme Corp; Anna Schmidt",
            ),
            ("DO NOT OPEN the door BEFORE it rings; you MUST wait. It is IMPORTANT.", ""),
            ("Please Read The Whole Manual", ""),
            ("See Section 4 and SOP-REV-x at 5 PM, Mr. Smith.", "SOP-REV-x; Smith"),
            ("Phase: act, Time Limit: one day", ""),
            ("Note: The report | The case, e.g. this one. It runs 5 kWh.", ""),
        ],
    );
    check(Some(French), &[("Le dossier va chez Dupont avant lundi.", "Dupont")]);
    check(
        Some(German),
        &[(
            "Die Buchhaltung prüft im CRM, SharePoint und „Blaues Buch“ die Belege.",
            "CRM; SharePoint; Blaues Buch",
        )],
    );
    check(None, &[("Die Buchhaltung und HR", "HR")]);
}

#[test]
fn a_name_is_there_in_any_capitals_and_in_parts() {
    let lost = |of: &str, text: &str| -> Vec<String> {
        missing(&names(of, Some(English)), text).into_iter().map(|name| name.text.clone()).collect()
    };
    assert_eq!(lost("Ask it.security and the CRM.", "The crm is read by it.security."), Vec::<String>::new());
    assert_eq!(lost("Call Anna Schmidt.", "Schmidt, Anna is called."), Vec::<String>::new());
    assert_eq!(lost("The EU asks HR.", "The neutral threat"), ["EU", "HR"]);
}

proptest! {
    #[test]
    fn names_lie_in_the_text_in_order(text in r"(?s)[\PC\n]{0,60}") {
        let mut end = 0;
        for name in names(&text, Some(English)) {
            prop_assert!(name.range.start >= end && text.get(name.range.clone()).is_some());
            end = name.range.end;
        }
    }
}
