//! Which parts of a document become steps, and how. What says clearly that it is the steps comes before what only may be.

use super::lists::{Want, list};
use super::titles::{is_step, without_number};
use crate::sop::document::Section;
use crate::sop::headings::{self, Field, Meaning};
use crate::sop::outline::{BlockKind, Part, blocks, parts};

/// A part and what its heading says it is.
pub(super) struct Piece {
    pub(super) part: Part,
    pub(super) role: Role,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The text before the first heading.
    Intro,
    Field(Field),
    Section(Section),
    /// Why somebody writes.
    Context,
    /// The heading is none we know.
    Open,
}

/// How a part becomes steps.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// The part itself is one step.
    One,
    /// Its lists.
    List(Want),
    /// Its headings, else its list.
    Headings,
    /// Each of its paragraphs.
    Paragraphs,
}

impl Piece {
    pub(super) fn new(part: Part) -> Self {
        let title = without_number(&part.title);
        let role = match (headings::field(title), headings::meaning(title)) {
            _ if part.level == 0 => Role::Intro,
            (Some(field), _) => Role::Field(field),
            (None, Some(Meaning::Section(section))) => Role::Section(section),
            (None, Some(Meaning::Context)) => Role::Context,
            (None, None) => Role::Open,
        };
        Self { part, role }
    }

    fn is_phase(&self) -> bool {
        self.role == Role::Field(Field::Phase)
    }

    fn is_steps(&self) -> bool {
        self.role == Role::Section(Section::Steps)
    }

    /// Whether a list in it may be the steps although no heading says so.
    fn may_be_steps(&self) -> bool {
        self.is_phase() || matches!(self.role, Role::Intro | Role::Open)
    }

    fn has(&self, want: Want) -> bool {
        leaves(&self.part).iter().any(|leaf| list(&leaf.text, want).is_some())
    }

    /// How it becomes steps by what its heading says.
    fn named(&self) -> Option<How> {
        if is_step(&self.part.title) {
            return Some(How::One);
        }
        let headed = leaves(&self.part).len() > 1;
        match self.role {
            Role::Section(Section::Steps) if headed || self.has(Want::Any) => Some(How::Headings),
            Role::Field(Field::Phase) if self.has(Want::Any) => Some(How::List(Want::Any)),
            _ => None,
        }
    }
}

/// The text of a part above its own headings, then each of these with its text.
pub(super) fn leaves(part: &Part) -> Vec<Part> {
    let levels = blocks(&part.text).into_iter().filter_map(|block| match block.kind {
        BlockKind::Heading(level, _) => Some(level),
        _ => None,
    });
    parts(&part.text, levels.min().unwrap_or(6), part.text_line)
}

/// How each piece becomes steps; `None` where it does not.
pub(super) fn plan(pieces: &[Piece]) -> Vec<Option<How>> {
    let when = |is: &dyn Fn(&Piece) -> bool, how: How| -> Vec<Option<How>> {
        pieces.iter().map(|piece| is(piece).then_some(how)).collect()
    };
    let is_any = |hows: &[Option<How>]| hows.iter().any(Option::is_some);
    let mut hows: Vec<Option<How>> = pieces.iter().map(Piece::named).collect();
    let named = pieces.iter().zip(&hows).any(|(piece, how)| how.is_some() && !piece.is_phase());
    if !named {
        let lists = when(&|piece| piece.may_be_steps() && piece.has(Want::Sure), How::List(Want::Sure));
        hows = hows.into_iter().zip(lists).map(|(how, list)| how.or(list)).collect();
    }
    if !is_any(&hows) {
        let counts = |piece: &Piece| {
            piece.role == Role::Open && without_number(&piece.part.title) != piece.part.title.trim()
        };
        let numbered = when(&counts, How::One);
        if numbered.iter().flatten().count() > 1 {
            hows = numbered;
        }
    }
    if !is_any(&hows) {
        hows = when(&|piece| piece.may_be_steps() && piece.has(Want::Bullets), How::List(Want::Bullets));
    }
    if !is_any(&hows) {
        hows = when(&|piece| piece.is_steps() && !piece.part.text.is_empty(), How::Paragraphs);
    }
    // A phase without a list is done in the same order as those that have one.
    let bare = |piece: &Piece| piece.is_phase() && !piece.part.text.is_empty();
    if is_any(&hows) || pieces.iter().filter(|piece| bare(piece)).count() > 1 {
        let phases = when(&bare, How::One);
        hows = hows.into_iter().zip(phases).map(|(how, phase)| how.or(phase)).collect();
    }
    hows
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The headings of the parts that become steps.
    fn chosen(text: &str) -> String {
        let pieces: Vec<Piece> = parts(text, 2, 1).into_iter().map(Piece::new).collect();
        let hows = plan(&pieces);
        let chosen = pieces.iter().zip(hows).filter(|(_, how)| how.is_some());
        chosen.map(|(piece, _)| piece.part.title.clone()).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn what_says_that_it_is_the_steps_comes_first() {
        for (text, expected) in [
            ("## Notes\n1. a\n2. b\n## Procedure\n- c\n", "Procedure"),
            ("## Opening\n1. a\n2. b\n## Closing\n1. c\n2. d\n", "Opening, Closing"),
            ("## Triage\nLook.\n## Mitigation\n1. a\n", "Triage, Mitigation"),
            ("## Triage\nLook.\n", ""),
            ("## Step 1: a\nx\n## Step 2: b\ny\n## Parts\n1. c\n2. d\n", "Step 1: a, Step 2: b"),
            ("## 1. Wash\nx\n## 2. Dry\n- y\n- z\n", "1. Wash, 2. Dry"),
            ("## Tools\n- a\n- b\n", "Tools"),
            ("## Tools\n- a\n- b\n## Work\n1. c\n2. d\n", "Work"),
            ("## Exceptions\n1. a\n2. b\n## Background\n1. a\n2. b\n", ""),
            ("## Process\nWash it.\n\nDry it.\n", "Process"),
        ] {
            assert_eq!(chosen(text), expected, "{text}");
        }
    }
}
