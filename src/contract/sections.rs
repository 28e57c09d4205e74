//! The sections of an SOP's text with their lines, for checking quotes. Reads only headings, with a real Markdown
//! parser, so that a heading inside a fence opens nothing.

use crate::base::markdown::{What, cut};
use crate::base::yaml;
use crate::sop::Section;

/// One section of an SOP's text.
#[derive(Clone, Debug, PartialEq)]
pub struct SectionText<'a> {
    /// Which.
    pub section: Section,
    /// Its lines below the heading, each with its line number in the whole text (from 1).
    pub lines: Vec<(u32, &'a str)>,
}

/// The sections of `sop_text` in file order. Headings that are not of the template open nothing; their lines
/// belong to the section above. A text whose head cannot be cut has no sections, so no quote of it counts.
pub fn sections(sop_text: &str) -> Vec<SectionText<'_>> {
    let Ok(cut_text) = yaml::front_matter("", sop_text) else { return Vec::new() };
    let mut starts: Vec<(u32, Section)> = Vec::new();
    for block in cut(cut_text.body) {
        if let What::Heading(2, title) = &block.what
            && let Some((section, _)) = Section::ALL.iter().find(|(_, known)| known == title)
        {
            starts.push((block.line, *section));
        }
    }
    let lines: Vec<&str> = cut_text.body.lines().collect();
    let offset = cut_text.body_line - 1;
    let ends = starts.iter().skip(1).map(|(line, _)| *line).chain([u32::MAX]);
    let section = |((start, section), end): (&(u32, Section), u32)| SectionText {
        section: *section,
        lines: (1u32..)
            .zip(&lines)
            .filter(|(n, _)| n > start && *n < end)
            .map(|(n, l)| (n + offset, *l))
            .collect(),
    };
    starts.iter().zip(ends).map(section).collect()
}

/// The words of one section, white space evened out, to tell whether it changed; empty when it is missing.
pub fn words(sop_text: &str, section: Section) -> String {
    let found = sections(sop_text).into_iter().filter(|found| found.section == section);
    let words = found.flat_map(|found| found.lines).flat_map(|(_, line)| line.split_whitespace());
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_know_their_lines_in_the_whole_file() {
        let text = "---\nid: x\n---\n## Purpose\nWhy.\n\n```\n## Scope\n```\n## Steps\n### Step 1: Go\nGo.\n";
        let found = sections(text);
        let kinds: Vec<Section> = found.iter().map(|found| found.section).collect();
        assert_eq!(kinds, [Section::Purpose, Section::Steps]);
        assert_eq!(found[0].lines[0], (5, "Why."));
        assert_eq!(found[1].lines, [(11, "### Step 1: Go"), (12, "Go.")]);
        assert_eq!(words(text, Section::Purpose), "Why. ``` ## Scope ```");
        assert_eq!(words(text, Section::Risk), "");
    }
}
