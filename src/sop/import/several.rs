//! Whether one document holds several procedures, each with a title and steps of its own.

use super::lists::{Want, list};
use super::markdown::{cut_head, section_level};
use super::plan::{Piece, Role, leaves};
use super::titles::without_number;
use crate::sop::document::Section;
use crate::sop::headings::{Meaning, meaning};
use crate::sop::outline::{BlockKind, Part, blocks, parts};

/// Title and text of each procedure of `text`; empty where it is one. What belongs to none of them is in each.
pub fn several(file: &str, text: &str) -> Vec<(String, String)> {
    let (_, body, _) = cut_head(file, text);
    let top = section_level(body).min(2);
    let levels = if top == 1 { vec![1] } else { vec![2, 1] };
    levels.into_iter().map(|level| at(body, level)).find(|found| !found.is_empty()).unwrap_or_default()
}

fn at(body: &str, level: u8) -> Vec<(String, String)> {
    let all = parts(body, level, 1);
    let own: Vec<bool> = all.iter().map(|part| is_one(part, level)).collect();
    if own.iter().filter(|own| **own).count() < 2 {
        return Vec::new();
    }
    let shared: Vec<String> =
        all.iter().zip(&own).filter(|(_, own)| !**own).map(|(part, _)| whole(part)).collect();
    let shared: Vec<&str> =
        shared.iter().map(String::as_str).filter(|text| !text.trim().is_empty()).collect();
    let one = |part: &Part| {
        let text = std::iter::once(part.text.as_str()).chain(shared.iter().copied()).collect::<Vec<_>>();
        (part.title.trim().to_owned(), text.join("\n\n"))
    };
    all.iter().zip(&own).filter(|(_, own)| **own).map(|(part, _)| one(part)).collect()
}

fn whole(part: &Part) -> String {
    if part.title.is_empty() {
        // The title of the whole is none of a part.
        let is_title = blocks(&part.text).len() == 1
            && matches!(blocks(&part.text).first().map(|block| &block.kind), Some(BlockKind::Heading(..)));
        return if is_title { String::new() } else { part.text.clone() };
    }
    format!("{} {}\n\n{}", "#".repeat(usize::from(part.level)), part.title, part.text)
}

/// A part with a title that is no section's, and with steps: below a heading that says so, or, of a document whose parts
/// all stand at the first level, in a list.
fn is_one(part: &Part, level: u8) -> bool {
    let counted = without_number(&part.title) != part.title.trim();
    if part.level != level || counted || Piece::new(part.clone()).role != Role::Open {
        return false;
    }
    let below = leaves(part);
    let says = |leaf: &Part| meaning(without_number(&leaf.title)) == Some(Meaning::Section(Section::Steps));
    let headed = below.iter().skip(1).any(|leaf| says(leaf) && list(&leaf.text, Want::Any).is_some());
    headed || (level == 1 && below.iter().any(|leaf| list(&leaf.text, Want::Sure).is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titles(text: &str) -> String {
        several("x.md", text).into_iter().map(|(title, _)| title).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn titles_with_steps_of_their_own_are_procedures() {
        for (text, expected) in [
            ("# Open\n\n1. a\n2. b\n\n# Close\n\n1. c\n2. d\n", "Open, Close"),
            ("# Shop\n\n## Open\n\n### Steps\n- a\n\n## Close\n\n### Steps\n- b\n", "Open, Close"),
            ("# Shop\n\n## Open\n1. a\n2. b\n\n## Close\n1. c\n2. d\n", ""),
            ("# Purpose\nx\n\n# Procedure\n1. a\n2. b\n\n# Records\n1. c\n2. d\n", ""),
            ("# 1. Wash\n1. a\n2. b\n# 2. Dry\n1. c\n2. d\n", ""),
            ("# Open\n\n1. a\n2. b\n", ""),
        ] {
            assert_eq!(titles(text), expected, "{text}");
        }
    }

    #[test]
    fn what_belongs_to_none_is_in_each() {
        let found = several(
            "x.md",
            "For all shops.\n\n# Open\n\n1. a\n2. b\n\n# Close\n\n1. c\n2. d\n\n# Contacts\n\nAnn\n",
        );
        assert_eq!(
            found[1],
            ("Close".to_owned(), "1. c\n2. d\n\nFor all shops.\n\n# Contacts\n\nAnn".to_owned())
        );
    }
}
