//! The coded checks every SOP goes through. They are data: a name, what must hold, how much it weighs,
//! where, and the function that looks. The same names serve a contract's code-checked assertions.

mod blocks;
mod check;
mod inputs;
mod measures;
mod order;
mod people;
mod persons;
mod steps;
mod structure;
mod terms;
mod values;
mod wording;

pub use check::{CHECKS, CheckResult, check, has_key_words};
pub use persons::leaves_to_a_person;
pub use steps::NAMED;
pub(in crate::sop) use terms::defined as defined_terms;

use order::Order;

use super::document::{Section, Sop, Step};
use super::id::{SopId, Version};
use super::render::section_text;
use crate::contract::{Finding, Severity};
use std::collections::{BTreeMap, BTreeSet};

/// What the checks know of the world outside the SOP.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Ids of all agents of the roster.
    pub agents: &'a BTreeSet<String>,
    /// Those of them that are people; may be empty.
    pub people: &'a BTreeSet<String>,
    /// Their titles by id, for finding one role under two names; may be empty.
    pub titles: &'a BTreeMap<String, String>,
    /// The registered SOPs with their versions, for resolving references.
    pub sops: &'a BTreeMap<SopId, BTreeSet<Version>>,
}

/// What a check looks at.
#[derive(Clone, Copy)]
struct Subject<'a> {
    sop: &'a Sop,
    context: Context<'a>,
    order: &'a Order,
}

/// One place that breaks a rule.
struct Hit {
    section: Section,
    message: String,
    quote: String,
}

/// One coded check.
struct Rule {
    name: &'static str,
    what: &'static str,
    severity: Severity,
    section: Section,
    look: fn(&Subject<'_>) -> Vec<Hit>,
}

/// All checks, in the order in which findings are listed.
const RULES: [&[Rule]; 10] = [
    structure::RULES,
    people::RULES,
    persons::RULES,
    inputs::RULES,
    values::RULES,
    steps::RULES,
    blocks::RULES,
    measures::RULES,
    terms::RULES,
    wording::RULES,
];

fn rules() -> impl Iterator<Item = &'static Rule> {
    RULES.iter().copied().flatten()
}

/// How much a check weighs; `None` for a name no check has.
pub fn severity(name: &str) -> Option<Severity> {
    rules().find(|rule| rule.name == name).map(|rule| rule.severity)
}

/// What must hold, of the checks that block: whoever writes is told them all.
pub fn blocking() -> Vec<&'static str> {
    rules().filter(|rule| rule.severity == Severity::Blocking).map(|rule| rule.what).collect()
}

/// Everything the coded checks find in `sop`.
pub fn lint(sop: &Sop, context: &Context<'_>) -> Vec<Finding> {
    let order = Order::of(&sop.body.steps);
    let subject = Subject { sop, context: *context, order: &order };
    rules()
        .flat_map(|rule| {
            (rule.look)(&subject).into_iter().map(|hit| Finding {
                code: rule.name.to_owned(),
                severity: rule.severity,
                section: Some(hit.section),
                message: hit.message,
                quote: hit.quote,
                other: None,
            })
        })
        .collect()
}

impl Subject<'_> {
    fn text(&self, section: Section) -> String {
        section_text(self.sop, section)
    }
    /// The step of that number, as an expression writes it.
    fn step(&self, number: &str) -> Option<&Step> {
        let number = number.parse::<u32>().ok().filter(|one| one.to_string() == number)?;
        self.steps().iter().find(|step| step.number == number)
    }
    fn steps(&self) -> &[Step] {
        &self.sop.body.steps
    }
}

impl Hit {
    fn new(section: Section, message: impl Into<String>, quote: impl Into<String>) -> Self {
        Self { section, message: message.into(), quote: quote.into() }
    }
    /// A hit at a step; its heading is the quote where no better words are at hand.
    fn step(step: &Step, message: impl Into<String>) -> Self {
        Self::new(Section::Steps, message, heading(step))
    }
}

/// The heading of a step as it stands in the file.
fn heading(step: &Step) -> String {
    format!("### Step {}: {}", step.number, step.title)
}

#[cfg(test)]
mod tests;
