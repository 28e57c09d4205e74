//! What a step is given besides its own text, in the words of its effect: the case, what the steps before it gave,
//! files included, and why it was sent back. Whoever decides on a step sees what whoever does it will see.

use super::{Effect, Sight, cut_at, plain, shown};
use crate::base::problem::Result;
use crate::base::text::{put_line, visible};
use crate::base::{Digest, Instant};
use crate::roles::perform::Part;
use crate::run::records::StepRow;
use crate::run::state::StepState;
use crate::sop::document::Section;
use crate::sop::render::{NO_REFERENCES, section_text};
use crate::sop::trigger::Trigger;
use crate::sop::work::Work;
use std::collections::BTreeSet;

/// Most characters of a section that are given: more is no help to whoever does one step.
const MOST_ABOUT: usize = 20_000;
/// What was given of the SOP before its end and its references were.
const ABOUT: [Section; 4] = [Section::Scope, Section::Roles, Section::Confidence, Section::Risk];

/// Most characters of what a step said that are shown; its hash stands for the rest.
const MOST_SAID: usize = 4_000;

impl Sight {
    /// What step `number` will do, and everything it is given for it, in words a person can decide on.
    pub(in crate::run) fn effect(&self, number: u32) -> Result<Effect> {
        self.effect_with(number, self.about())
    }

    fn effect_with(&self, number: u32, about: Vec<Part>) -> Result<Effect> {
        let mut text = self.doing(number)?;
        let work = self.plan.work(number)?;
        match work {
            Work::Wait(_) => return Ok(Effect { hash: Digest::of(&text), text }),
            Work::Nested(_) => {
                put_line(&mut text, format_args!("\nThe case:\n"));
                self.put_case(&mut text);
            }
            _ => {}
        }
        if !self.packet.values().any(|value| !value.is_null()) {
            put_line(&mut text, format_args!("\nNo input was given to the run."));
        }
        self.put_given(&mut text, number);
        if matches!(work, Work::Hands) {
            put_about(&mut text, about);
        }
        Ok(Effect { hash: Digest::of(&text), text })
    }

    /// Whether `shown` is what step `number` will do. Gates that were opened before effects told of results, or of what
    /// the SOP refers to, showed less, and their answers count for runs under way.
    pub(in crate::run) fn is_shown(&self, number: u32, shown: &Digest) -> Result<bool> {
        let less: Vec<Part> = ABOUT.into_iter().filter_map(|section| self.part(section)).collect();
        Ok(self.effect(number)?.hash == *shown
            || self.effect_with(number, less)?.hash == *shown
            || Digest::of(self.doing(number)?) == *shown)
    }

    /// What whoever does step `number` is to do: its text, and why it was sent back where it was.
    pub(in crate::run) fn task(&self, number: u32) -> Result<String> {
        let text = self.plan.step(number)?.text.trim().to_owned();
        Ok(match self.again(number) {
            Some(again) => format!("{text}\n\n{again}"),
            None => text,
        })
    }

    /// Steps whose results step `number` is given: where it says what it depends on, those and the ones its own words
    /// name; else all that come before it.
    pub(in crate::run) fn given(&self, number: u32) -> BTreeSet<u32> {
        let before = self.before(number);
        let Ok(step) = self.plan.step(number) else { return before };
        let hands = matches!(self.plan.work(number), Ok(Work::Hands));
        if !hands || step.depends_on.is_empty() {
            return before;
        }
        let named = |other: &u32| step.depends_on.contains(other) || speaks_of(&step.text, *other);
        before.into_iter().filter(named).collect()
    }

    /// What the SOP says besides the step, for whoever does it: what its words mean, who answers for what,
    /// what may go wrong, where exceptions go, when it is done, and what it refers to.
    pub(in crate::run) fn about(&self) -> Vec<Part> {
        let more = [Section::DefinitionOfDone, Section::References];
        ABOUT.into_iter().chain(more).filter_map(|section| self.part(section)).collect()
    }

    fn part(&self, section: Section) -> Option<Part> {
        let text = section_text(&self.plan.sop, section);
        let text = text.trim();
        let says = !text.is_empty() && text != NO_REFERENCES;
        says.then(|| {
            let head: String = text.chars().take(MOST_ABOUT).collect();
            let cut = head.len() < text.len();
            let text = if cut { cut_at(&head, text, Digest::of(text).short()) } else { head };
            Part { title: section.title().to_owned(), text }
        })
    }

    /// Of which run a question is, in words that no other run shares: the run, its SOP, and its case.
    pub(in crate::run) fn put_run(&self, text: &mut String) {
        put_line(
            text,
            format_args!("\nThis is {}, a run of {} v{}.", self.row.id, self.row.sop, self.row.version),
        );
        put_line(text, format_args!("\nThe case:\n"));
        self.put_case(text);
    }

    /// What the steps `of` the run gave, files by their hash.
    pub(in crate::run) fn put_gave(&self, text: &mut String, of: impl Fn(&StepRow) -> bool) {
        let rows: Vec<&StepRow> = self.steps.iter().filter(|row| of(row)).collect();
        if !rows.is_empty() {
            put_line(text, format_args!("\nWhat its steps gave:"));
        }
        for row in rows {
            put_row(text, row);
        }
    }

    /// The day, in the zone of the SOP's schedule where it has one, else in UTC.
    pub(in crate::run) fn today(&self, now: Instant) -> String {
        let mut zones = self.plan.sop.head.triggers.iter().filter_map(|trigger| match trigger {
            Trigger::Cron(cron) => cron.timetable().ok().map(|(_, zone)| zone),
            _ => None,
        });
        match zones.next() {
            Some(zone) => now.utc().with_timezone(&zone).format("%Y-%m-%d, %A (%Z)").to_string(),
            None => now.utc().format("%Y-%m-%d, %A (UTC)").to_string(),
        }
    }

    /// Why a step is done again, and what it gave before.
    fn again(&self, number: u32) -> Option<String> {
        let row = self.step(number).ok()?;
        let why = visible(row.sent_back()?);
        let said = row.said.trim();
        Some(match said {
            "" => format!("This is done again: {why}"),
            said => format!("This is done again: {why}\n\nBefore, it gave:\n\n{}", head(said)),
        })
    }

    /// The packet, one value a line.
    pub(super) fn put_case(&self, text: &mut String) {
        for (name, value) in self.packet.iter().filter(|(_, value)| !value.is_null()) {
            put_line(text, format_args!("- {name} = {}", shown(&plain(value))));
        }
    }

    fn put_given(&self, text: &mut String, number: u32) {
        if let Some(again) = self.again(number) {
            put_line(text, format_args!("\n{again}"));
        }
        let before = self.given(number);
        let over = |step: &&StepRow| before.contains(&step.number) && step.state != StepState::Pending;
        let rows: Vec<&StepRow> = self.steps.iter().filter(over).collect();
        if rows.is_empty() {
            return;
        }
        put_line(text, format_args!("\nWhat the steps before it gave:"));
        for row in rows {
            put_row(text, row);
        }
    }
}

fn put_about(text: &mut String, about: Vec<Part>) {
    for part in about {
        let quoted: Vec<String> = part.text.lines().map(|line| format!("> {}", visible(line))).collect();
        put_line(text, format_args!("\nWhat the SOP says under {}:\n\n{}", part.title, quoted.join("\n")));
    }
}

/// Whether a step's words name another one: `step 2`, `steps.2`, `steps["2"]`.
fn speaks_of(text: &str, other: u32) -> bool {
    let mut words = text.to_lowercase();
    words.retain(|c| !matches!(c, '"' | '\'' | '[' | ']' | '.' | '*' | '`'));
    let named = |at: usize, length: usize| {
        let rest = words.get(at + length..).unwrap_or_default().trim_start();
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits == other.to_string()
    };
    ["step", "steps"].iter().any(|word| words.match_indices(word).any(|(at, found)| named(at, found.len())))
}

fn put_row(text: &mut String, row: &StepRow) {
    put_line(
        text,
        format_args!("\nStep {}: {} ({}, {})", row.number, row.title, row.state.word(), row.assignee),
    );
    for (name, value) in &row.outputs {
        put_line(text, format_args!("- {name} = {}", shown(&plain(value))));
    }
    for (name, hash) in &row.files {
        put_line(text, format_args!("- file {} (SHA-256 {hash})", visible(name)));
    }
    let said = row.said.trim();
    if !said.is_empty() {
        put_line(text, format_args!("\n{}", head(said)));
    }
    if said.is_empty() && row.outputs.is_empty() && row.files.is_empty() {
        put_line(text, format_args!("(nothing)"));
    }
}

/// Several lines as they are, quoted; of long ones the beginning and the hash of the whole.
fn head(said: &str) -> String {
    let cut = said.chars().count() > MOST_SAID;
    let shown: String = said.chars().take(MOST_SAID).collect();
    let mut lines: Vec<String> = shown.lines().map(|line| format!("> {}", visible(line))).collect();
    if cut {
        lines.push(cut_at("> ", said, &Digest::of(said).0));
    }
    lines.join("\n")
}
