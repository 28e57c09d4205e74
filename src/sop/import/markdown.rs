//! Any other Markdown: headings that name a section of ours fill it, numbered lists become steps, and the
//! rest is kept under Scope.

use super::{Draft, add};
use crate::base::{Problem, yaml};
use crate::sop::document::{Section, Step};
use crate::sop::headings::{self, Meaning};
use crate::sop::outline::{Bullet, Part, bullets, lines_between, parts};
use crate::sop::plain::{below, without_keys};

pub(super) fn read(mut draft: Draft, file: &str, text: &str) -> Result<Draft, Vec<Problem>> {
    let cut = yaml::front_matter(file, text).map_err(|problem| vec![problem])?;
    let mut later = Vec::new();
    for part in parts(cut.body, 2, cut.body_line) {
        if part.level <= 1 && draft.title.is_empty() && part.level == 1 {
            draft.title.clone_from(&part.title);
            later.push(Part { title: String::new(), ..part });
        } else {
            later.push(part);
        }
    }
    for part in &later {
        place(&mut draft, part);
    }
    if let Some(head) = cut.head.filter(|head| !head.trim().is_empty()) {
        let fence = format!("```yaml\n{}\n```", head.trim_end());
        let part =
            Part { level: 2, title: "Head of the source".to_owned(), line: 1, text: fence, text_line: 2 };
        draft.keep(&part);
    }
    Ok(draft)
}

fn meaning(title: &str) -> Option<Section> {
    match headings::meaning(title)? {
        Meaning::Section(section) => Some(section),
        Meaning::Context => None,
    }
}

fn place(draft: &mut Draft, part: &Part) {
    let section = meaning(&part.title);
    match section {
        Some(Section::Steps) if draft.body.steps.is_empty() => steps(draft, part),
        None if draft.body.steps.is_empty() && numbered(&part.text).len() > 1 => steps(draft, part),
        None if part.title.is_empty() && !part.text.is_empty() => draft.overview(&part.text),
        Some(Section::Purpose) => draft.overview(&part.text),
        Some(section) if !matches!(section, Section::Scope | Section::Steps | Section::Inputs) => {
            let text = without_keys(&below(&part.text, 3));
            add(draft.section(section), &text);
        }
        _ => draft.keep(part),
    }
}

fn numbered(text: &str) -> Vec<Bullet> {
    bullets(text, 1).into_iter().filter(|bullet| bullet.depth == 0 && bullet.number.is_some()).collect()
}

/// Steps from `###` headings, else from the numbered list; what stands around them is kept.
fn steps(draft: &mut Draft, part: &Part) {
    let below_it = parts(&part.text, 3, part.text_line);
    if below_it.iter().any(|below| below.level == 3) {
        for heading in &below_it {
            if heading.level == 3 {
                step(draft, without_number(&heading.title), &without_keys(&below(&heading.text, 4)));
            } else {
                draft.keep(heading);
            }
        }
        return;
    }
    let items = numbered(&part.text);
    if items.is_empty() {
        draft.keep(part);
        return;
    }
    let all: Vec<&str> = part.text.lines().collect();
    let end = u32::try_from(all.len()).unwrap_or(u32::MAX);
    let first = items.first().map_or(1, |item| item.line);
    let before = lines_between(&all, 1, first - 1).join("\n").trim().to_owned();
    if !before.is_empty() {
        draft.keep(&Part { text: before, ..part.clone() });
    }
    let nexts = items.iter().skip(1).map(|item| item.line - 1).chain([end]);
    for (item, last) in items.iter().zip(nexts) {
        let text = item_text(lines_between(&all, item.line, last));
        step(draft, &title(&item.text), &without_keys(&below(&text, 4)));
    }
}

fn without_number(title: &str) -> &str {
    let title = title.strip_prefix("Step ").unwrap_or(title);
    title.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start_matches(['.', ')', ':', '-']).trim()
}

/// The lines of a list item without its number and indentation.
fn item_text(lines: &[&str]) -> String {
    let first = lines.first().map_or("", |line| line.trim_start());
    let words =
        first.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start_matches(['.', ')']).trim_start();
    let indent = lines.first().map_or(0, |line| line.len() - words.len());
    let rest = lines.iter().skip(1).map(|line| {
        let blank = line.len() - line.trim_start().len();
        line.get(blank.min(indent)..).unwrap_or_default()
    });
    std::iter::once(words).chain(rest).collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// Longest title made from a list item, in words; the item itself stays as the step's text.
const TITLE_WORDS: usize = 8;

fn title(item: &str) -> String {
    let plain = item.replace("**", "").replace('`', "");
    let first = plain.split(['.', ':', ';']).next().unwrap_or_default();
    first.split_whitespace().take(TITLE_WORDS).collect::<Vec<_>>().join(" ")
}

fn step(draft: &mut Draft, title: &str, text: &str) {
    let number = u32::try_from(draft.body.steps.len() + 1).unwrap_or(u32::MAX);
    let title = if title.is_empty() { format!("MISSING: title of step {number}") } else { title.to_owned() };
    draft.body.steps.push(Step { number, title, text: text.to_owned(), ..Step::default() });
}
