//! The steps: `### Step N: Title`, instructions with their fenced blocks, and `**Key**: value` lines.

use super::Reader;
use crate::sop::document::Step;
use crate::sop::outline::{Block, BlockKind, Part, blocks, lines_between, parts, without_blank_ends};
use crate::sop::step_keys;
use std::collections::BTreeSet;

/// A part and its lines.
type Cut<'a> = (&'a Part, &'a [&'a str]);

impl Reader<'_> {
    pub(super) fn steps(&mut self, section: &Part) -> Vec<Step> {
        let mut steps = Vec::new();
        for part in parts(&section.text, 3, section.text_line) {
            if part.level == 0 {
                if !part.text.is_empty() {
                    let hint = "begin the section with `### Step 1: Title`";
                    self.refuse(part.line, 1, "there is text before the first step", hint);
                }
                continue;
            }
            let expected = u32::try_from(steps.len() + 1).unwrap_or(u32::MAX);
            let mut step = self.step_heading(&part, expected);
            self.step_body(&mut step, &part);
            steps.push(step);
        }
        if steps.is_empty() && !section.text.is_empty() {
            self.refuse(section.line, 1, "there are no steps", "write each as `### Step N: Title`");
        }
        steps
    }

    fn step_heading(&mut self, part: &Part, expected: u32) -> Step {
        let cut = part.title.strip_prefix("Step ").and_then(|rest| rest.split_once(':'));
        let number = cut.and_then(|(number, _)| number.parse::<u32>().ok());
        let title = cut.map_or("", |(_, title)| title.trim()).to_owned();
        if number.is_none() || title.is_empty() {
            let message = format!("`{}` is not the heading of a step", part.title);
            self.refuse(part.line, 1, message, format!("write `### Step {expected}: Title`"));
        } else if number != Some(expected) {
            let message = format!("step {} stands where step {expected} belongs", number.unwrap_or(0));
            self.refuse(part.line, 1, message, "number the steps from 1 without gaps");
        }
        Step { number: expected, title, ..Step::default() }
    }

    /// Reads the keys, and keeps everything else as the step's text.
    fn step_body(&mut self, step: &mut Step, part: &Part) {
        let mut keyed: BTreeSet<u32> = BTreeSet::new();
        let lines: Vec<&str> = part.text.lines().collect();
        let part = (part, lines.as_slice());
        let blocks = blocks(&part.0.text);
        for (index, block) in blocks.iter().enumerate() {
            match block.kind {
                BlockKind::Paragraph => {
                    let fence =
                        |nth: usize| blocks.get(nth).filter(|at| matches!(at.kind, BlockKind::Fence(..)));
                    let taken = self.paragraph(step, part, block, fence(index + 1));
                    if let (Some(own), Some(second)) = (fence(index + 1), fence(index + 2))
                        && taken.contains(&own.first)
                    {
                        self.second_block(part, block, second);
                    }
                    keyed.extend(taken);
                }
                BlockKind::Rule => keyed.extend(block.first..=block.last),
                BlockKind::List | BlockKind::Other => self.no_keys(part, block),
                BlockKind::Heading(..) | BlockKind::Fence(..) | BlockKind::Html => {}
            }
        }
        let kept: Vec<&str> = (1..)
            .zip(lines.iter().copied())
            .filter(|(line, _)| !keyed.contains(line))
            .map(|(_, line)| line)
            .collect();
        step.text = without_double_blanks(&kept, &part.0.text);
        if step.text.is_empty() {
            let message = format!("step {} does not say what to do", step.number);
            self.refuse(part.0.line, 1, message, "write the instructions below its heading");
        }
    }

    /// Reads the key lines of one paragraph; returns the lines that were keys or belong to one.
    fn paragraph(
        &mut self,
        step: &mut Step,
        (part, lines): Cut<'_>,
        block: &Block,
        fence: Option<&Block>,
    ) -> Vec<u32> {
        let mut taken = Vec::new();
        for (line, text) in (block.first..).zip(lines_between(lines, block.first, block.last)) {
            let file_line = line + part.text_line - 1;
            let Some((name, value)) = key_line(text) else {
                self.nearly_a_key(file_line, text);
                continue;
            };
            taken.push(line);
            let mut value = value.to_owned();
            let takes_fence = step_keys::find(name).is_some_and(|key| key.fenced) && line == block.last;
            if let Some(fence) = fence.filter(|_| takes_fence && (value.is_empty() || name == "Rollback")) {
                value = fenced_value(name, &value, lines_between(lines, fence.first, fence.last));
                taken.extend(fence.first..=fence.last);
            }
            if let Err((message, hint)) = step_keys::read(step, name, &value) {
                let first = value.lines().next().unwrap_or_default().to_owned();
                let words = if message.contains("no key") || first.is_empty() { name } else { &first };
                self.refuse_words(file_line, words, message, hint);
            }
        }
        taken
    }

    /// A block below the one of a rollback looks like more of it, and would be what the step does.
    fn second_block(&mut self, (part, lines): Cut<'_>, key: &Block, second: &Block) {
        let last = lines_between(lines, key.last, key.last);
        let name = last.first().and_then(|line| key_line(line)).map(|(name, _)| name);
        if name == Some("Rollback") {
            let message = "a second block after `Rollback` would be what the step itself does";
            let hint = "write what the step does above its keys; a rollback is one block";
            self.refuse(second.first + part.text_line - 1, 1, message, hint);
        }
    }

    /// A key that is written so that it would be read as text must not pass silently.
    fn nearly_a_key(&mut self, line: u32, text: &str) {
        let bold_start = text.trim().strip_prefix("**").and_then(|rest| rest.split_once("**"));
        let Some((name, _)) = text.trim().split_once(':').or(bold_start) else { return };
        let plain: String = name.chars().filter(|c| !"*_`-+ ".contains(*c) || *c == ' ').collect();
        let Some(key) = step_keys::meant(plain.trim()) else { return };
        let bold = bold_start.is_some() || name.contains("**") || name.contains("__");
        if bold || key.name.contains(' ') {
            let message = format!("`{}` is not written as a key and would be read as text", key.name);
            let hint = format!("write it at the start of a line as `**{}**: {}`", key.name, key.example);
            self.refuse(line, 1, message, hint);
        }
    }

    fn no_keys(&mut self, (part, lines): Cut<'_>, block: &Block) {
        for (line, text) in (block.first..).zip(lines_between(lines, block.first, block.last)) {
            let text = text.trim_start().trim_start_matches(['-', '*', '+', '>']).trim_start();
            let stars = if text.starts_with('*') { text.to_owned() } else { format!("**{text}") };
            self.nearly_a_key(line + part.text_line - 1, if text.contains("**") { &stars } else { text });
        }
    }
}

/// `**Key**: value` at the start of a line; `**Key:** value` is taken for the same.
fn key_line(text: &str) -> Option<(&str, &str)> {
    let rest = text.trim().strip_prefix("**")?;
    let (name, value) = rest.split_once("**")?;
    match name.strip_suffix(':') {
        Some(name) => Some((name.trim(), value.trim())),
        None => Some((name.trim(), value.trim_start().strip_prefix(':')?.trim())),
    }
}

/// `Output` keeps what is inside its fence, `Rollback` the fence as well, since it may hold commands.
fn fenced_value(name: &str, inline: &str, fence: &[&str]) -> String {
    let inner = fence.get(1..fence.len().saturating_sub(1)).unwrap_or_default();
    if name == "Output" {
        return inner.join("\n");
    }
    let fence = fence.join("\n");
    if inline.is_empty() { fence } else { format!("{inline}\n\n{fence}") }
}

/// Where keys were taken out, at most one blank line stays behind; fenced blocks keep theirs.
fn without_double_blanks(kept: &[&str], whole: &str) -> String {
    if kept.len() == whole.lines().count() {
        return without_blank_ends(whole).to_owned();
    }
    let text = kept.join("\n");
    let fences: Vec<(u32, u32)> = blocks(&text)
        .into_iter()
        .filter(|block| !matches!(block.kind, BlockKind::Paragraph))
        .map(|block| (block.first, block.last))
        .collect();
    let mut ahead = fences.iter().peekable();
    let mut out: Vec<&str> = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        while ahead.next_if(|(_, last)| *last < line).is_some() {}
        let inside = ahead.peek().is_some_and(|(first, _)| *first <= line);
        if inside || !text.trim().is_empty() || out.last().is_some_and(|before| !before.trim().is_empty()) {
            out.push(text);
        }
    }
    without_blank_ends(&out.join("\n")).to_owned()
}
