//! The contract of a tier-0 mission: only assertions that code can check. Structure is promised by the synthesis;
//! each worker promises what its own knowledge lets it say. Statements are written so that the check can be read
//! back from them: a validator who is shown only the statement runs the same check.

use super::english::words;
use crate::contract::{Assertion, Check, Severity, house};
use crate::draft::Draft;
use crate::roles::AssertionView;
use crate::roles::draft::DraftQuestion;
use crate::roles::plan::{PlanAnswer, PlanQuestion, PlannedAssignment};
use crate::roster::Roster;
use crate::sop::input_type::kind_words;
use crate::sop::lint;
use crate::sop::tokens;
use crate::sop::{Input, Section};

const DEFINES: &str = "Scope defines the term “";
const DECLARES: &str = "Inputs declares `";
const SAYS: &str = "One line or step holds together: ";

/// What the SOP must fulfil.
pub(crate) fn assertions(plan: &PlanAnswer, q: &PlanQuestion, roster: &Roster) -> Vec<Assertion> {
    let mut all: Vec<Assertion> = house::form();
    let mut number = 0;
    let mut taken: Vec<String> = Vec::new();
    for planned in &plan.assignments {
        let mut own = worker(plan, q, planned, roster);
        for promise in &mut own {
            promise.leave_out_names(roster);
        }
        own.retain(|promise| !taken.contains(&promise.statement));
        if own.is_empty() {
            own.push(Promise::says(&plan.title, Section::Steps));
        }
        for promise in own {
            number += 1;
            taken.push(promise.statement.clone());
            all.push(promise.assertion(number, planned));
        }
    }
    all
}

/// The check behind a statement of ours; `None` for a statement somebody else wrote.
pub(crate) fn check_behind(view: &AssertionView) -> Option<(String, String)> {
    let statement = view.statement.as_str();
    if let Some(check) = house::check_behind(statement) {
        return Some((check.to_owned(), String::new()));
    }
    let defines = statement
        .strip_prefix(DEFINES)
        .and_then(|rest| rest.split_once('”'))
        .map(|(term, _)| ("defines", term));
    let declares = || {
        statement
            .strip_prefix(DECLARES)
            .and_then(|rest| rest.split_once('`'))
            .map(|(name, _)| ("covers_input", name))
    };
    let says = || statement.strip_prefix(SAYS).map(|words| ("states", words.trim_end_matches('.')));
    let (name, argument) = defines.or_else(declares).or_else(says)?;
    Some((name.to_owned(), argument.to_owned()))
}

/// The input a promise declares: name and type, for a scenario writer who sees only statements.
pub(crate) fn declared_input(statement: &str) -> Option<(String, String)> {
    let (name, rest) = statement.strip_prefix(DECLARES)?.split_once("` (")?;
    let (kind, _) = rest.rsplit_once(')')?;
    Some((name.to_owned(), kind.trim_end_matches(", required").to_owned()))
}

/// What one worker promises.
struct Promise {
    statement: String,
    fails_if: String,
    check: &'static str,
    argument: String,
    section: Section,
}

impl Promise {
    fn says(words: &str, section: Section) -> Self {
        let words = telling(words);
        Self {
            statement: format!("{SAYS}{words}."),
            fails_if: "no single line or step says so".to_owned(),
            check: "states",
            argument: words,
            section,
        }
    }
    /// The synthesis calls everybody by id, so words of titles are no promise.
    fn leave_out_names(&mut self, roster: &Roster) {
        if self.check != "states" {
            return;
        }
        let parts: Vec<&str> = roster.agents.keys().flat_map(|id| id.split('.')).collect();
        let kept: Vec<&str> = self.argument.split(' ').filter(|word| !parts.contains(word)).collect();
        if kept.len() >= 2 {
            self.argument = kept.join(" ");
            self.statement = format!("{SAYS}{}.", self.argument);
        }
    }
    fn defines(term: &str) -> Self {
        Self {
            statement: format!("{DEFINES}{term}” once, with its figures."),
            fails_if: "a reader has to guess what the term means".to_owned(),
            check: "defines",
            argument: term.to_owned(),
            section: Section::Scope,
        }
    }
    fn declares(input: &Input) -> Self {
        let required = if input.required { ", required" } else { "" };
        Self {
            statement: format!("{DECLARES}{}` ({}{required}).", input.name, kind_words(&input.kind)),
            fails_if: "a run could start without knowing that it is needed".to_owned(),
            check: "covers_input",
            argument: input.name.clone(),
            section: Section::Inputs,
        }
    }
    fn assertion(self, number: u32, planned: &PlannedAssignment) -> Assertion {
        let severity = if planned.optional { Severity::Advisory } else { Severity::Blocking };
        Assertion {
            id: format!("VAL-WORK-{number:03}"),
            statement: self.statement,
            fails_if: self.fails_if,
            check: Check::Code { name: self.check.to_owned(), argument: self.argument },
            severity,
            sections: vec![self.section],
            fulfilled_by: planned.agent.clone(),
        }
    }
}

/// Most terms and most steps one worker promises.
const MOST: usize = 3;

/// Built from what the worker's knowledge and the mission hold, so that it can be kept.
fn worker(plan: &PlanAnswer, q: &PlanQuestion, planned: &PlannedAssignment, roster: &Roster) -> Vec<Promise> {
    let Some(agent) = roster.get(&planned.agent) else { return Vec::new() };
    let question = DraftQuestion::first(&q.mission, plan, planned);
    let draft = super::draft::draft(&question, agent);
    let terms = draft.terms.iter().take(MOST).map(|term| Promise::defines(&term.term));
    let inputs = draft.inputs.iter().filter(|input| input.required).map(Promise::declares);
    let all = terms.chain(inputs).chain(steps(&draft));
    // A sentence of nothing but small words promises nothing that could be looked for.
    all.filter(|promise| promise.check != "states" || lint::has_key_words(&promise.argument)).collect()
}

fn steps(draft: &Draft) -> Vec<Promise> {
    let named = draft.steps.iter().take(MOST).map(|step| Promise::says(&step.title, Section::Steps));
    if draft.steps.is_empty() {
        let rules = draft.statements.iter().filter(|statement| statement.section == Section::Steps);
        return rules.take(MOST).map(|rule| Promise::says(&rule.text, Section::Steps)).collect();
    }
    named.collect()
}

/// Most words of one promise; more would forbid the synthesis to mend a word.
const MOST_WORDS: usize = 6;

/// The words of a sentence that tell it from others: figures first of all, in the order of the sentence.
fn telling(sentence: &str) -> String {
    let words = tokens::words(sentence);
    let tells = |word: &&String| !tokens::STOP_WORDS.contains(&word.as_str()) && !words::is_stop(word);
    let figure = |word: &str| word.chars().any(|c| c.is_ascii_digit());
    let mut kept: Vec<&String> = words.iter().filter(tells).collect();
    while kept.len() > MOST_WORDS {
        let Some(at) = kept.iter().rposition(|word| !figure(word)) else { break };
        kept.remove(at);
    }
    let kept: Vec<&str> = kept.into_iter().map(String::as_str).collect();
    kept.join(" ")
}
