//! The sections: every heading of the template, each once, in its order.

use super::Reader;
use crate::sop::document::Section;
use crate::sop::outline::{BlockKind, Part, blocks, lines_between, parts};
use crate::sop::words::did_you_mean;

/// Sections that must be there and may be empty; files written before references said `None.` left theirs so.
const MAY_BE_EMPTY: [Section; 2] = [Section::References, Section::ChangeLog];

impl Reader<'_> {
    /// Cuts the body, which starts on `first_line` of the file; the title, where given, must be the head's.
    pub(super) fn sections(
        &mut self,
        body: &str,
        first_line: u32,
        title: Option<&str>,
    ) -> Vec<(Section, Part)> {
        self.closed_fences(body, first_line);
        let mut found: Vec<(Section, Part)> = Vec::new();
        for (index, part) in parts(body, 2, first_line).into_iter().enumerate() {
            match part.level {
                0 => self.nothing_before(&part),
                1 => self.title(index, &part, title),
                _ => {
                    if let Some(section) = self.section(&part, &found) {
                        found.push((section, part));
                    }
                }
            }
        }
        self.missing(&found);
        found
    }

    /// A fence without its end would swallow every section or step below it, up to the end of the next one.
    fn closed_fences(&mut self, body: &str, first_line: u32) {
        let all: Vec<&str> = body.lines().collect();
        for block in blocks(body) {
            let BlockKind::Fence(_, closed) = block.kind else { continue };
            if !closed || opens_again(lines_between(&all, block.first, block.last)) {
                let line = block.first + first_line - 1;
                let hint = "close it with a line of the same fence, or use a longer fence around another";
                self.refuse(line, 1, "the fenced block is never closed", hint);
            }
        }
    }

    fn nothing_before(&mut self, part: &Part) {
        if !part.text.is_empty() {
            let hint = "put it under the section it belongs to";
            self.refuse(part.line, 1, "there is text before the first section", hint);
        }
    }

    fn title(&mut self, index: usize, part: &Part, title: Option<&str>) {
        if index > 1 {
            self.refuse(
                part.line,
                1,
                "a heading of the first level stands among the sections",
                "use `##` or `###`",
            );
        } else if title.is_some_and(|title| title != part.title) {
            let message = format!("the heading `{}` is not the title of the head", part.title);
            self.refuse(part.line, 1, message, "make the two agree");
        }
        if !part.text.is_empty() {
            let hint = "put it under the section it belongs to";
            self.refuse(part.text_line, 1, "there is text before the first section", hint);
        }
    }

    fn section(&mut self, part: &Part, found: &[(Section, Part)]) -> Option<Section> {
        let titles: Vec<&str> = Section::ALL.iter().map(|(_, title)| *title).collect();
        let Some((section, _)) = Section::ALL.iter().find(|(_, title)| *title == part.title) else {
            let hint = match part.title.strip_prefix("Step ") {
                Some(_) => "write a step as `### Step N: Title` below `## Steps`".to_owned(),
                None if self.line(part.line).trim_start().starts_with('#') => {
                    did_you_mean(&part.title, &titles)
                }
                None => {
                    "put a blank line before `---`, or it makes a heading of the text above it".to_owned()
                }
            };
            self.refuse(part.line, 1, format!("an SOP has no section `{}`", part.title), hint);
            return None;
        };
        if found.iter().any(|(other, _)| other == section) {
            let message = format!("the section `{}` is there twice", part.title);
            self.refuse(part.line, 1, message, "keep one of them");
            return None;
        }
        if found.last().is_some_and(|(before, _)| before > section) {
            let before = Section::ALL.iter().take_while(|(other, _)| other != section).last();
            let hint = format!("put it after `{}`", before.map_or("the title", |(_, title)| title));
            self.refuse(part.line, 1, format!("the section `{}` is out of order", part.title), hint);
        }
        if part.text.is_empty() && !MAY_BE_EMPTY.contains(section) {
            self.refuse(part.line, 1, format!("the section `{}` is empty", part.title), "fill it");
        }
        Some(*section)
    }

    fn missing(&mut self, found: &[(Section, Part)]) {
        let end = u32::try_from(self.text.lines().count()).unwrap_or(u32::MAX);
        for (section, title) in Section::ALL {
            if found.iter().all(|(other, _)| *other != section) {
                let hint = format!("add `## {title}`");
                self.refuse(end, 0, format!("the section `{title}` is missing"), hint);
            }
        }
    }
}

/// Whether a fenced block holds a line that opens one of the same kind: then its own end was forgotten.
fn opens_again(lines: &[&str]) -> bool {
    let mut lines = lines.iter().map(|line| line.trim_start());
    let first = lines.next().unwrap_or_default();
    let mark: String = first.chars().take_while(|c| first.starts_with(*c)).collect();
    lines.any(|line| line.strip_prefix(&mark).is_some_and(|info| info.starts_with(char::is_alphabetic)))
}
