//! A mission file that is a procedure already: the one that is made of a document, and a document dropped as it is.

use super::parse::MAX_TITLE_CHARS;
use super::{Ask, Brief};
use crate::base::text::{shortened, slug};
use crate::base::yaml;
use crate::sop::id::Change;
use crate::sop::import::{is_procedure, procedure, several};
use crate::source::Form;
use crate::text::title::of_file;
use serde_json::Value;

/// The mission that makes an SOP of the document `text`: its name and its bytes. The document stands in it as it is.
pub fn adopting(title: &str, text: &str) -> (String, String) {
    let short = shortened(title, MAX_TITLE_CHARS);
    let name = format!("{}.md", slug(&short, 60));
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // A JSON string is one of YAML.
    (name, format!("---\ntitle: {}\nchange: adopt\n---\n{text}", Value::from(short)))
}

/// The title of the document `name` with the Markdown `text`. That of one of several procedures is none of the whole.
pub fn title_of(name: &str, text: &str) -> String {
    if several(name, text).is_empty() { procedure(name, text).title } else { of_file(name) }
}

/// The mission that a document of another form than Markdown is, dropped alone: a mail asks for something, and any other is
/// a procedure that becomes an SOP as it stands.
pub fn of_foreign(name: &str, text: &str) -> (String, String) {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    if Form::of(name) == Ok(Form::Mail) {
        return (format!("{stem}.md"), text.to_owned());
    }
    adopting(&title_of(&format!("{stem}.md"), text), text)
}

/// What names the mission of `file`: of `x/mission.md` the folder, of any other the file.
pub(super) fn in_folder(file: &str) -> &str {
    let folder = file.rsplit_once('/').filter(|(_, name)| name.to_lowercase().starts_with("mission."));
    folder.map_or(file, |(folder, _)| folder)
}

/// A procedure that is dropped as it is becomes an SOP as it stands, unless its head says what is wanted.
pub(super) fn adopts(ask: &mut Ask, file: &str, body: &str) {
    let free = ask.change.is_none() && ask.sop.is_none() && ask.workers.is_empty();
    if free && is_procedure(file, body) {
        ask.change = Some(Change::Adopt);
    }
}

/// A whole procedure with a head of its own: every key of it is a line of the document, and none is ours.
pub(super) fn of_document(file: &str, text: &str) -> Option<Brief> {
    const OURS: [&str; 14] = [
        "sop",
        "sources",
        "change",
        "requested_by",
        "workers",
        "scrutiny",
        "user_testing",
        "scenarios",
        "class",
        "council",
        "priority",
        "risk_level",
        "budget",
        "due",
    ];
    let head = yaml::front_matter(file, text).ok()?.head?;
    let read = yaml::read::<Value>(file, head, 2).ok()?;
    let keys = read.as_object()?;
    if keys.keys().any(|key| OURS.contains(&key.as_str())) || yaml::read::<Ask>(file, head, 2).is_ok() {
        return None;
    }
    let title = is_procedure(file, text).then(|| procedure(file, text).title)?;
    let ask = Ask { change: Some(Change::Adopt), ..Ask::default() };
    Some(Brief { title: shortened(&title, MAX_TITLE_CHARS), text: text.trim().to_owned(), ask })
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    const POLICY: &str = "---\ntitle: Travel\nowner: Head of Finance\ntags: [a]\n---\n# Purpose\nPay.\n# Scope\nAll.\n# Procedure\n1. Claim\n2. Pay\n";

    #[test]
    fn a_document_becomes_a_mission_with_every_byte_of_it() {
        let text = "# Pay: \"twice\"\r\n\r\n1. Ring\r\n";
        let (name, mission) = adopting("Pay: \"twice\"", text);
        assert!(mission.ends_with(text) && name == "pay-twice.md", "{name}");
        let brief = parse(&name, &mission).unwrap();
        assert_eq!((brief.title.as_str(), brief.text.as_str()), ("Pay: \"twice\"", text.trim()));
        assert_eq!(brief.ask.change, Some(Change::Adopt));
    }

    #[test]
    fn only_what_is_plainly_a_procedure_is_taken_as_it_stands() {
        let change = |text: &str| parse("x.md", text).map(|brief| brief.ask.change).unwrap_or_default();
        assert_eq!(change(POLICY), Some(Change::Adopt));
        assert_eq!(parse("x.md", POLICY).unwrap().text, POLICY.trim(), "its own head is a line of it");
        let plain = POLICY.split_once("---\n# ").unwrap().1;
        assert_eq!(change(&format!("# {plain}")), Some(Change::Adopt));
        assert_eq!(change(&format!("---\nworkers: [{{agent: vp.sales}}]\n---\n# {plain}")), None);
        assert_eq!(
            change(&format!("# Background\nWe lost money.\n# {plain}")),
            None,
            "it says why somebody writes"
        );
        assert_eq!(change("# Pay\n\n1. Claim\n2. Pay\n"), None);
        for text in [
            include_str!("../../missions/examples/1-lead-qualification.md"),
            include_str!("../../missions/examples/2-partner-referrals.md"),
            include_str!("../../missions/examples/3-marketing-to-sales-handoff.md"),
            include_str!("../../missions/examples/4-vendor-invoice-approval.md"),
        ] {
            assert_ne!(change(text), Some(Change::Adopt));
        }
    }
}
