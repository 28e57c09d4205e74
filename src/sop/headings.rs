//! Which section of ours a heading or a label of somebody else's text means, in seven languages. The words are data.

use super::document::Section;

/// What the text below a heading is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// It belongs into this section.
    Section(Section),
    /// It tells why somebody writes, and belongs nowhere.
    Context,
}

/// What a heading says of its text, if it is one of those words.
pub fn meaning(heading: &str) -> Option<Meaning> {
    let heading = format!(" {}", heading.trim().trim_end_matches(':').to_lowercase());
    let starts = |words: &str| {
        heading
            .match_indices(words)
            .any(|(at, _)| !heading.get(..at).is_some_and(|head| head.ends_with(char::is_alphanumeric)))
    };
    let says = |words: &str| match words.strip_suffix('=') {
        Some(whole) => heading.trim() == whole,
        None => starts(words),
    };
    let title = first_that(include_str!("data/headings.txt"), says)?;
    let section = Section::ALL.into_iter().find(|(_, known)| *known == title);
    Some(section.map_or(Meaning::Context, |(section, _)| Meaning::Section(section)))
}

/// The name of the first line of `table` (`name: words|words`) of whose words one `says` so.
fn first_that(table: &str, says: impl Fn(&str) -> bool) -> Option<&str> {
    let lines = table.lines().filter(|line| !line.starts_with('#'));
    let mut lines = lines.filter_map(|line| line.split_once(": "));
    lines.find(|(_, all)| all.split('|').any(&says)).map(|(name, _)| name)
}

/// The section and the rest of `Responsible: it.security` or `Done when the alarm is on`; `None` of any other sentence.
pub fn labelled(sentence: &str) -> Option<(Section, &str)> {
    let of = |label: &str| match meaning(label) {
        Some(Meaning::Section(section)) if section != Section::Steps => Some(section),
        _ => None,
    };
    if let Some((label, rest)) = sentence.split_once(':') {
        // A longer one is the beginning of a sentence, unless it is a heading of its own: `Out of scope`.
        let short = label.split_whitespace().count() <= 2 || label.eq_ignore_ascii_case("out of scope");
        return of(label).filter(|_| short).map(|section| (section, rest.trim()));
    }
    let (at, _) = sentence.match_indices(' ').nth(1)?;
    let (label, rest) = sentence.split_at(at);
    // Only the end is also told without a colon: `Done when …`.
    of(label).filter(|section| *section == Section::DefinitionOfDone).map(|section| (section, rest.trim()))
}

/// What the text below a heading is, where that is finer than a section of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// What is not covered.
    OutOfScope,
    /// What happens if it goes wrong.
    Impact,
    /// Who answers for it.
    Owner,
    /// The way back.
    Rollback,
    /// What it is for: a result.
    Objective,
    /// Version, owner, approver and dates of the document.
    Control,
    /// One of several stretches of the work that follow each other.
    Phase,
}

/// What a heading without its number says of its text, beyond its section.
pub fn field(heading: &str) -> Option<Field> {
    let heading = heading.trim().trim_end_matches(':').to_lowercase();
    let says = |words: &str| match words.strip_suffix('=') {
        Some(whole) => heading == whole,
        None => heading.starts_with(words),
    };
    match first_that(include_str!("data/fields.txt"), says)? {
        "Out of scope" => Some(Field::OutOfScope),
        "Impact" => Some(Field::Impact),
        "Owner" => Some(Field::Owner),
        "Rollback" => Some(Field::Rollback),
        "Objective" => Some(Field::Objective),
        "Control" => Some(Field::Control),
        "Phase" => Some(Field::Phase),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_and_labels_of_several_languages_name_a_section() {
        for (heading, section) in [
            ("Procedure", Section::Steps),
            ("Deployment process", Section::Steps),
            ("Ablauf", Section::Steps),
            ("Étapes", Section::Steps),
            ("Out of scope", Section::Scope),
            ("Verantwortlich", Section::Roles),
            ("Rollback plan", Section::Risk),
            ("Start", Section::Trigger),
        ] {
            assert_eq!(meaning(heading), Some(Meaning::Section(section)), "{heading}");
        }
        assert_eq!(meaning("Hintergrund"), Some(Meaning::Context));
        for other in ["Starting the plant", "Containment", "Records", ""] {
            assert_eq!(meaning(other), None, "{other}");
        }
        assert_eq!(labelled("Responsible: it.security."), Some((Section::Roles, "it.security.")));
        assert_eq!(
            labelled("Done when the alarm is on.").map(|(section, _)| section),
            Some(Section::DefinitionOfDone)
        );
        assert_eq!(labelled("Scope creep is what we fear."), None);
        assert_eq!(labelled("Process the order: first of all, call."), None);
    }

    #[test]
    fn a_heading_may_say_more_than_its_section() {
        for (heading, expected) in [
            ("Business impact:", Some(Field::Impact)),
            ("Auswirkungen", Some(Field::Impact)),
            ("Process owner", Some(Field::Owner)),
            ("Responsible", Some(Field::Owner)),
            ("Responsibilities", None),
            ("Backout plan", Some(Field::Rollback)),
            ("Out of scope", Some(Field::OutOfScope)),
            ("Phase 2: clean up", Some(Field::Phase)),
            ("Recovery", Some(Field::Phase)),
            ("Recovery time", None),
            ("Materials", None),
        ] {
            assert_eq!(field(heading), expected, "{heading}");
        }
    }

    #[test]
    fn every_line_of_the_fields_is_one_of_them() {
        let lines = include_str!("data/fields.txt").lines().filter(|line| !line.starts_with('#'));
        for line in lines {
            let (name, words) = line.split_once(": ").unwrap();
            let first = words.split('|').next().unwrap().trim_end_matches('=');
            assert!(field(first).is_some(), "{name}");
        }
    }
}
