//! Turns what the requester told into the items of the owner's draft, word for word: its steps as the steps, or, where a
//! department's own steps lead, as lines that hold for the whole.

use super::around::{self, Telling};
use super::from_topic::statement;
use crate::base::text::slug;
use crate::draft::{Draft, DraftStep};
use crate::roster::Phase;
use crate::sop::{Input, InputKind, Section, plain};
use crate::tier0::request::material::{Material, Told};
use crate::tier0::request::read::binds;
use crate::tier0::request::who;

/// What exists after a step that was told as a line: nothing else was promised.
pub(super) const ARTIFACT: &str = "run record entry with name, date and result of this step";
/// Longest title of a step, in characters; the line itself stands below it.
const LONGEST_TITLE: usize = 70;
/// A title is cut at a mark from this character on; before, it would say too little.
const SHORTEST_TITLE: usize = 20;

/// The requester's steps are the steps.
pub(crate) fn lead(draft: &mut Draft, material: &Material, telling: &Telling<'_>) {
    for told in &material.steps {
        draft.steps.push(step(told, telling));
    }
    unnamed(draft, material, telling);
    around::scope(draft, material, telling);
    sections(draft, material);
    around::roles(draft, telling);
    around::around(draft, material, telling);
}

/// A department's steps lead; what the requester told besides holds for the whole.
pub(crate) fn beside(draft: &mut Draft, material: &Material) {
    for line in material.all_lines().into_iter().filter(|line| binds(line)) {
        statement(draft, Section::Scope, &line);
    }
    sections(draft, material);
}

/// The version in force leads; what the requester told is a rule of it.
pub(crate) fn changes(draft: &mut Draft, material: &Material) {
    for line in material.all_lines() {
        statement(draft, Section::Steps, &line);
    }
    sections(draft, material);
}

/// What was told for a section.
fn sections(draft: &mut Draft, material: &Material) {
    let one = [Section::Trigger, Section::DefinitionOfDone];
    for (section, line) in material.lines.iter().filter(|(section, _)| !one.contains(section)) {
        match section {
            Section::Inputs => input(draft, line),
            Section::Steps | Section::ChangeLog => {}
            _ => statement(draft, *section, line),
        }
    }
    // One event and one end: the lines that tell them stand together.
    for section in one {
        let told: Vec<&str> = material.of(section).collect();
        if !told.is_empty() {
            draft.statements.retain(|known| known.section != section);
            statement(draft, section, &told.join(" "));
        }
    }
}

/// `host: the name of the host`.
fn input(draft: &mut Draft, line: &str) {
    let (name, description) = line.split_once(':').unwrap_or((line, line));
    let name = slug(name, 30).replace('-', "_");
    if name.is_empty() || draft.inputs.iter().any(|known| known.name == name) {
        return;
    }
    let description = description.trim().to_owned();
    draft.inputs.push(Input {
        name,
        kind: InputKind::Text,
        required: true,
        description,
        default: None,
        pattern: None,
    });
}

fn step(told: &Told, telling: &Telling<'_>) -> DraftStep {
    let text = std::iter::once(&told.text).chain(&told.blocks).cloned().collect::<Vec<_>>().join("\n\n");
    DraftStep {
        // Told in order, kept in order: sorting by phase leaves equals as they are.
        phase: Phase::Act,
        title: title(told),
        text: plain::without_keys(&text),
        rules: told.below.clone(),
        assignee: assignee(told, telling).unwrap_or(&telling.agent.head.id).to_owned(),
        artifact: ARTIFACT.to_owned(),
        keys: Vec::new(),
    }
}

/// The beginning of the line, cut at a mark or between words where it is long.
fn title(told: &Told) -> String {
    let line = told.text.trim().trim_end_matches(['.', '。', ';', ':', ',']);
    let line = told.group.as_ref().map_or_else(|| line.to_owned(), |group| format!("{group}: {line}"));
    let Some((end, _)) = line.char_indices().nth(LONGEST_TITLE) else { return line };
    let head = line.get(..end).unwrap_or(&line);
    let marks = [',', ';', ':', '(', '\u{2192}', '–', '—', '、', '，'];
    let (shortest, _) = line.char_indices().nth(SHORTEST_TITLE).unwrap_or_default();
    // A mark ends something where a blank follows and no bracket is open: not in `18:00`, not within `(a, b)`.
    let ends = |(at, mark): &(usize, &str)| {
        let (before, behind) =
            (head.get(..*at).unwrap_or_default(), head.get(at + mark.len()..).unwrap_or_default());
        let open = before.matches('(').count() > before.matches(')').count();
        *at >= shortest && !open && (behind.starts_with(' ') || *mark == "(")
    };
    let mark = head.rmatch_indices(marks).find(ends).map(|(at, _)| at);
    let at = mark.or_else(|| head.rfind(' ')).unwrap_or(end);
    format!("{}…", head.get(..at).unwrap_or(head).trim_end())
}

/// Whom the line names of those the plan has found on the roster.
fn assignee<'a>(told: &Told, telling: &Telling<'a>) -> Option<&'a str> {
    let known =
        |said: &String| telling.names.iter().find(|(name, _)| name == said).map(|(_, id)| id.as_str());
    let lines = std::iter::once(&told.text).chain(&told.below).flat_map(|line| who::candidates(line));
    told.who.iter().cloned().chain(lines).find_map(|said| known(&said))
}

/// Steps that name nobody of the roster are the owner's, and whoever signs is told so.
fn unnamed(draft: &mut Draft, material: &Material, telling: &Telling<'_>) {
    let owner = &telling.agent.head.id;
    let numbers = material.steps.iter().zip(1_usize..).filter(|(told, _)| assignee(told, telling).is_none());
    let numbers: Vec<String> = numbers.map(|(_, number)| number.to_string()).collect();
    if !numbers.is_empty() && numbers.len() < material.steps.len() {
        draft.assumptions.push(format!(
            "Nobody of the roster is named at the head of step {}: {owner} does them.",
            crate::base::text::listed(&numbers)
        ));
    } else if !numbers.is_empty() {
        draft.assumptions.push(format!("No step names anybody of the roster: {owner} does them all."));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_the_beginning_of_its_line() {
        for (line, wanted) in [
            ("Check the windows.", "Check the windows"),
            (
                "IT takes away all accounts (Google, Slack, GitHub, AWS, CRM) by 18:00 on the last day",
                "IT takes away all accounts…",
            ),
            (
                "The release engineer compares the checksum of the copy with that of the original, each week",
                "The release engineer compares the checksum of the copy with that of…",
            ),
        ] {
            assert_eq!(title(&Told::line(line)), wanted);
            assert!(line.starts_with(wanted.trim_end_matches('…')));
        }
        let grouped = Told { group: Some("Containment".to_owned()), ..Told::line("Disable the key.") };
        assert_eq!(title(&grouped), "Containment: Disable the key");
    }
}
