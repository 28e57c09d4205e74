//! Reads a mission by its structure: headings, lists, tables, labels. What a sentence means is nobody's guess here; of
//! sentences without structure it keeps a list, of which the requester says which are the steps.

use super::answers::{ASK_CHANGE, ASK_LINES, ASK_STEPS, ASK_TRIGGER, ASK_WHO, Choice, USE_IT, choice};
use super::material::{Listed, Material, Told};
use crate::base::markdown::one_line;
use crate::ledger::{Said, Source, statements};
use crate::roles::Answered;
use crate::sop::Section;
use crate::sop::headings::{Meaning, labelled, meaning};
use crate::sop::import::{Row, Table};
use crate::text::modality::modality;
use crate::text::{Block, BlockKind, Convention, Language, blocks, sentences};

/// Longest first line of an item that is the title of the lines below it, in words.
const LONGEST_TITLE: usize = 6;

/// How deep a bullet stands in its list, below any number of levels.
const BULLET: usize = 9;

/// Reads the mission's text, then what was answered.
pub(crate) fn read(text: &str, answers: &[Answered]) -> Material {
    let mut reader = Reader { language: Convention::of(text).language, ..Reader::default() };
    reader.text(text);
    for answered in answers.iter().filter(|answered| !answered.assumed) {
        reader.answer(answered);
    }
    reader.finish()
}

/// Whether a line holds anything that must not be lost.
pub(crate) fn binds(line: &str) -> bool {
    statements(&[Said { source: Source::Mission, text: line }]).iter().any(|one| !one.binds.is_empty())
}

/// What the text below a heading is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Open,
    Section(Section),
    Context,
}

#[derive(Default)]
struct Reader {
    language: Option<Language>,
    material: Material,
    place: Place,
    /// The heading the next steps stand under, where it is none of ours.
    group: Option<String>,
    /// The level of the heading of the steps, while below it.
    steps_below: Option<u8>,
    /// The last heading below that of the steps is itself a step.
    in_heading: bool,
    /// How deep the last step stands in its list: what is deeper belongs to it.
    depth: usize,
    /// The table being read, with its lines as they stand in the file.
    table: Option<(Table, Vec<String>)>,
    /// Tables and code before the first step.
    waiting: Vec<String>,
}

impl Reader {
    fn text(&mut self, text: &str) {
        let all = blocks(text);
        for (at, block) in all.iter().enumerate() {
            if !matches!(block.kind, BlockKind::Row { .. }) {
                self.end_table();
            }
            let leads = matches!(all.get(at + 1).map(|next| &next.kind), Some(BlockKind::Item { .. }));
            self.block(block, leads);
        }
        self.end_table();
    }

    /// `leads` says that a list follows.
    fn block(&mut self, block: &Block, leads: bool) {
        match &block.kind {
            BlockKind::Heading { level } => self.heading(&block.text, *level),
            BlockKind::Item { marker, numbered, .. } => self.item(block, marker, *numbered),
            BlockKind::Row { header, cells, headers } => {
                let (table, lines) = self.table.get_or_insert_with(|| (Table::new(headers), Vec::new()));
                lines.push(block.source.clone());
                table.rows.extend((!header).then(|| cells.clone()));
            }
            BlockKind::Code { .. } => self.attach(block.source.clone()),
            BlockKind::Paragraph => self.paragraph(block, leads),
            BlockKind::Html | BlockKind::Rule | BlockKind::FrontMatter | BlockKind::Other => {}
        }
    }

    fn heading(&mut self, title: &str, level: u8) {
        let below = self.steps_below.is_some_and(|steps| level > steps);
        (self.in_heading, self.depth) = (false, 0);
        match meaning(title) {
            _ if below => {
                self.push(Told::line(title), Listed::Steps);
                self.in_heading = true;
                return;
            }
            Some(Meaning::Section(Section::Steps)) => {
                (self.place, self.steps_below, self.group) = (Place::Open, Some(level), None);
            }
            Some(Meaning::Section(section)) => {
                (self.place, self.steps_below) = (Place::Section(section), None);
            }
            Some(Meaning::Context) => (self.place, self.steps_below) = (Place::Context, None),
            None => {
                (self.place, self.steps_below) = (Place::Open, None);
                self.group = Some(title.trim().to_owned());
            }
        }
        if let (Place::Section(Section::Risk), true) = (self.place, title.to_lowercase().contains("rollback"))
        {
            self.group = Some(title.trim().to_owned());
        }
    }

    fn item(&mut self, block: &Block, marker: &str, numbered: bool) {
        let marker = marker.trim_end_matches(['.', ')']);
        let levels = marker.split('.').filter(|part| !part.is_empty()).count();
        let depth = block.depth as usize * 10 + if numbered { levels } else { BULLET };
        // Other lines may speak of `3.1`; a plain number only counts.
        let number = if numbered && levels > 1 { format!("{marker} ") } else { String::new() };
        let (first, rest) = block.text.split_once('\n').unwrap_or((&block.text, ""));
        let titled = first.split_whitespace().count() <= LONGEST_TITLE && !first.ends_with('.');
        if numbered && levels == 1 && titled && self.numbered_heading(first, rest, depth) {
            return;
        }
        let line = format!("{number}{}", one_line(&block.text));
        match self.place {
            Place::Section(section) if levels > 1 || depth > self.depth || !numbered => {
                return self.told(section, &line);
            }
            Place::Context => return,
            Place::Section(_) | Place::Open => {}
        }
        let deeper = self.depth > 0 && depth > self.depth || self.in_heading;
        if let Some(step) = self.material.steps.last_mut().filter(|_| deeper) {
            step.below.push(line);
            return;
        }
        (self.place, self.depth) = (Place::Open, depth);
        let listed = if numbered || self.steps_below.is_some() { Listed::Steps } else { Listed::Bullets };
        if titled && !rest.is_empty() {
            self.push(Told::line(format!("{number}{}", first.trim())), listed);
            self.lines(rest);
        } else {
            self.push(Told::line(line), listed);
        }
    }

    /// `1. Purpose` is a heading with a number, where more follows than a list of such words: whether it was one.
    fn numbered_heading(&mut self, title: &str, rest: &str, depth: usize) -> bool {
        let alone = rest.is_empty() && !self.material.steps.is_empty();
        let Some(known) = meaning(title).filter(|_| !alone) else { return false };
        (self.in_heading, self.group, self.steps_below) = (false, None, None);
        (self.place, self.depth) = match known {
            Meaning::Section(Section::Steps) => (Place::Open, 0),
            Meaning::Section(section) => (Place::Section(section), depth),
            Meaning::Context => (Place::Context, depth),
        };
        self.lines(rest);
        true
    }

    /// Adds a step. Bullets before a list that says clearly that it is the steps were something else.
    fn push(&mut self, mut step: Told, listed: Listed) {
        let before = self.material.listed;
        if listed < before {
            return self.loose(&step.text);
        }
        if listed > before {
            let others = std::mem::take(&mut self.material.steps);
            for line in others.iter().flat_map(|step| std::iter::once(&step.text).chain(&step.below)) {
                self.loose(line);
            }
            self.material.listed = listed;
        }
        step.group.clone_from(&self.group);
        step.blocks.append(&mut self.waiting);
        self.material.steps.push(step);
    }

    /// Sentences below a step or in a section, out of an item of several lines.
    fn lines(&mut self, text: &str) {
        for block in blocks(text) {
            for sentence in sentences(&block, self.language) {
                let line = one_line(&sentence.text);
                match (self.place, self.material.steps.last_mut()) {
                    (Place::Section(section), _) => self.told(section, &line),
                    (Place::Open, Some(step)) => step.below.push(line),
                    (Place::Open, None) => self.material.prose.push(line),
                    (Place::Context, _) => {}
                }
            }
        }
    }

    fn paragraph(&mut self, block: &Block, leads: bool) {
        let within = block.depth > 0 || self.in_heading;
        for sentence in sentences(block, self.language) {
            let line = one_line(&sentence.text);
            let label = labelled(&line).filter(|_| block.depth == 0);
            match (self.place, label) {
                (_, Some((section, rest))) => {
                    if section == Section::Roles {
                        self.material.who.get_or_insert_with(|| rest.to_owned());
                    }
                    self.told(section, &line);
                }
                (Place::Section(section), None) => self.told(section, &line),
                (Place::Context, None) => {}
                (Place::Open, None) => match self.material.steps.last_mut() {
                    Some(step) if within => step.below.push(line),
                    _ if leads && line.ends_with(':') => self.lead_in(&line),
                    _ => self.loose(&line),
                },
            }
        }
    }

    /// `When a customer asks for a refund:` before a list is what starts it; `What must be settled:` only names the list.
    fn lead_in(&mut self, line: &str) {
        let condition = |language| modality(line, language).is_some_and(|found| found.condition);
        if condition(self.language.unwrap_or(Language::English)) {
            self.told(Section::Trigger, line.trim_end_matches(':'));
        } else if line.chars().any(|c| c.is_ascii_digit()) {
            self.loose(line);
        }
    }

    fn told(&mut self, section: Section, line: &str) {
        let named =
            self.group.as_ref().filter(|_| section == Section::Risk && self.place == Place::Section(section));
        let line = named.map_or_else(|| line.to_owned(), |group| format!("{group}: {line}"));
        if section == Section::Roles {
            self.material.who.get_or_insert_with(|| line.clone());
        }
        self.material.lines.push((section, line));
    }

    /// A line that stands in no list.
    fn loose(&mut self, line: &str) {
        self.material.prose.push(line.to_owned());
    }

    fn attach(&mut self, block: String) {
        match self.material.steps.last_mut() {
            Some(step) => step.blocks.push(block),
            None => self.waiting.push(block),
        }
    }

    fn end_table(&mut self) {
        let Some((table, lines)) = self.table.take() else { return };
        let Some(rows) = table.steps() else { return self.attach(lines.join("\n")) };
        for Row { what, who, others } in rows {
            // Without a word of what is done, the row says what else there is to its step.
            match self.material.steps.last_mut().filter(|_| what.is_empty()) {
                Some(step) => step.below.extend(others),
                None => self.push(Told { text: what, below: others, who, ..Told::default() }, Listed::Steps),
            }
        }
    }

    fn answer(&mut self, answered: &Answered) {
        let asked = |begin: &str| answered.question.starts_with(begin);
        let answer = answered.answer.trim();
        let lines = self.material.lines_in_question();
        if asked(ASK_CHANGE) {
            // It is said of the mission as a whole; nothing of it belongs into the text.
        } else if asked(ASK_WHO) {
            self.material.who = Some(answer.to_owned());
        } else if asked(ASK_TRIGGER) {
            let event = match choice(answer, lines.len()) {
                Choice::These(at) => {
                    at.iter().filter_map(|at| lines.get(*at)).cloned().collect::<Vec<_>>().join(" ")
                }
                Choice::All | Choice::Words => one_line(answer),
            };
            self.material.lines.push((Section::Trigger, event));
        } else if asked(ASK_LINES) || asked(ASK_STEPS) {
            self.chosen(answer, lines);
        } else {
            // An answer to a department's question holds for the whole.
            self.material.rules.extend(
                statements(&[Said { source: Source::Answer, text: answer }]).into_iter().map(|one| one.text),
            );
        }
    }

    fn chosen(&mut self, answer: &str, lines: Vec<String>) {
        if answer.to_lowercase().contains(USE_IT) {
            return;
        }
        let these = match choice(answer, lines.len()) {
            Choice::All => (0..lines.len()).collect(),
            Choice::These(these) => these,
            Choice::Words => return self.steps_told(answer),
        };
        let bullets = std::mem::take(&mut self.material.steps);
        (self.material.listed, self.group) = (Listed::Steps, None);
        self.material.prose.retain(|line| !lines.contains(line));
        let told = if bullets.is_empty() { lines.into_iter().map(Told::line).collect() } else { bullets };
        for (at, step) in told.into_iter().enumerate() {
            if these.contains(&at) {
                self.material.steps.push(step);
            } else {
                self.loose(&step.text);
                self.material.prose.extend(step.below);
            }
        }
    }

    /// The steps in the requester's answer: its list, else its sentences.
    fn steps_told(&mut self, answer: &str) {
        (self.place, self.group, self.steps_below, self.depth) = (Place::Open, None, Some(0), 0);
        let told = blocks(answer);
        if told.iter().any(|block| matches!(block.kind, BlockKind::Item { .. } | BlockKind::Row { .. })) {
            return self.text(answer);
        }
        let language = self.language;
        for line in told.iter().flat_map(|block| sentences(block, language)) {
            self.push(Told::line(one_line(&line.text)), Listed::Steps);
        }
    }

    /// Where there are steps, a sentence that stands in none of them holds for the whole if it binds.
    fn finish(mut self) -> Material {
        if let (Some(step), false) = (self.material.steps.first_mut(), self.waiting.is_empty()) {
            step.blocks.splice(0..0, self.waiting);
        }
        if !self.material.steps.is_empty() {
            let prose = std::mem::take(&mut self.material.prose);
            let taken: Vec<String> = self.material.of(Section::Trigger).map(str::to_owned).collect();
            let rules = prose.into_iter().filter(|line| binds(line) && !taken.contains(line));
            self.material.rules.extend(rules);
        }
        self.material
    }
}

#[cfg(test)]
mod tests;
