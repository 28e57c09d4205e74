//! The named checks of a contract: every lint check by its name, and those that take an argument.
//! An empty draft passes none of them: a pass always comes with words from the draft.

use super::order::Order;
use super::{Context, Rule, Subject, rules};
use crate::sop::document::{Section, Sop};
use crate::sop::render::section_text;
use crate::sop::tokens::stems;
use std::sync::LazyLock;

/// The answer of a named check.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckResult {
    /// Whether it holds.
    pub pass: bool,
    /// Words of the SOP as they stand in the file; empty where nothing is there to quote.
    pub quote: String,
    /// Why, one sentence.
    pub reason: String,
    /// Where the quote stands, or where something is missing.
    pub section: Section,
}

/// Checks that take an argument.
const WITH_ARGUMENT: [(&str, &str); 4] = [
    ("states", "one line or step holds all key words of the argument"),
    ("defines", "Scope defines the term of the argument"),
    ("section_filled", "the section of the argument is filled"),
    ("covers_input", "Inputs declares the input of the argument"),
];

/// All names a contract may use, and what each asserts.
pub static CHECKS: LazyLock<Vec<(&'static str, &'static str)>> =
    LazyLock::new(|| rules().map(|rule| (rule.name, rule.what)).chain(WITH_ARGUMENT).collect());

/// Least letters of a quote that proves something; verdicts are held to the same.
const MIN_QUOTE: usize = 20;

/// Runs the check `name` with `argument` (empty where it takes none) on `sop`, whose file reads `text`.
///
/// An unknown name never passes. What proves it is looked for first in `sections`; that a step does something is said by
/// no other section.
pub fn check(
    (name, argument): (&str, &str),
    sections: &[Section],
    sop: &Sop,
    text: &str,
    cx: &Context<'_>,
) -> CheckResult {
    let order = Order::of(&sop.body.steps);
    let subject = Subject { sop, context: *cx, order: &order };
    let result = match name {
        "states" => states(sop, argument, sections),
        "defines" => defines(sop, argument),
        "section_filled" => section_filled(sop, argument),
        "covers_input" => covers_input(sop, argument),
        _ => match rules().find(|rule| rule.name == name) {
            Some(rule) => by_rule(rule, &subject),
            None => failed(Section::Purpose, format!("there is no check `{name}`")),
        },
    };
    if result.pass && !text.contains(&result.quote) {
        return failed(result.section, "the file does not hold the words that would prove it".to_owned());
    }
    result
}

fn failed(section: Section, reason: String) -> CheckResult {
    CheckResult { pass: false, quote: String::new(), reason, section }
}

fn passed(section: Section, quote: &str, reason: String) -> CheckResult {
    CheckResult { pass: true, quote: quote.trim().to_owned(), reason, section }
}

fn by_rule(rule: &Rule, subject: &Subject<'_>) -> CheckResult {
    if let Some(hit) = (rule.look)(subject).into_iter().next() {
        return CheckResult { pass: false, quote: hit.quote, reason: hit.message, section: hit.section };
    }
    match proof(rule, subject) {
        Some((section, quote)) => passed(section, &quote, format!("holds: {}", rule.what)),
        None => {
            failed(rule.section, format!("there is nothing yet of which one could say that {}", rule.what))
        }
    }
}

/// A line that shows that the rule holds; else a line of its section, else of the steps.
fn proof(rule: &Rule, subject: &Subject<'_>) -> Option<(Section, String)> {
    let owner = &subject.sop.head.owner;
    let shows = |line: &str| match rule.name {
        "owner_exists" | "roles_complete" => super::people::holds_word(line, owner),
        "steps_have_assignees" | "assignees_exist" => line.starts_with("**Assignee**"),
        "steps_have_artifacts" => line.starts_with("**Artifact**"),
        "three_to_five_steps" | "no_dependency_cycles" | "dependencies_exist" => line.starts_with("### Step"),
        "gates_complete" | "no_self_approval" | "no_silent_approval" | "danger_is_reviewed" => {
            line.starts_with("**Appro")
        }
        "conditions_defined" => line.starts_with("**When**") || line.starts_with("**Approval When**"),
        "definition_of_done_measurable" => !super::measures::measured(line).is_empty(),
        "confidence_threshold_present" => line.contains('%'),
        "rollback_present" => super::measures::is_way_back(line),
        "references_resolve" => line.contains("[[SOP-"),
        "terms_defined_once" | "terms_written_alike" => line.contains("**"),
        _ => true,
    };
    let lines = [rule.section, Section::Steps].into_iter().flat_map(|section| {
        let lines: Vec<String> = section_text(subject.sop, section).lines().map(str::to_owned).collect();
        lines.into_iter().map(move |line| (section, line.trim().to_owned()))
    });
    let long: Vec<(Section, String)> =
        lines.filter(|(_, line)| line.chars().count() >= MIN_QUOTE && !line.starts_with("| ---")).collect();
    long.iter().find(|(_, line)| shows(line)).or_else(|| long.first()).cloned()
}

/// Words of an argument that compare and need not stand in the line.
const COMPARING: [&str; 8] = ["more", "least", "most", "less", "above", "below", "within", "than"];

/// The words of an argument. A comma parts them, unless it stands within a number: `EUR 15,000`.
fn parts(argument: &str) -> Vec<String> {
    let bytes = argument.as_bytes();
    let digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    let parted = argument.char_indices().map(|(at, c)| {
        let inside = digit(at.checked_sub(1)) && digit(at.checked_add(1));
        if c == ',' && !inside { ' ' } else { c }
    });
    parted.collect::<String>().split_whitespace().map(str::to_owned).collect()
}

/// The stems an argument of `states` looks for.
fn key_words(argument: &str) -> Vec<String> {
    let compares = |word: &String| COMPARING.contains(&word.to_lowercase().as_str());
    let told: Vec<String> = parts(argument).into_iter().filter(|word| !compares(word)).collect();
    stems(&told.join(" "))
}

/// Whether the argument of `states` names anything that could be looked for.
pub fn has_key_words(argument: &str) -> bool {
    !key_words(argument).is_empty()
}

fn states(sop: &Sop, argument: &str, sections: &[Section]) -> CheckResult {
    let wanted = key_words(argument);
    if wanted.is_empty() {
        return failed(Section::Steps, "the check `states` needs key words as its argument".to_owned());
    }
    let count = |text: &str| {
        let found = stems(text);
        wanted.iter().filter(|stem| found.contains(stem)).count()
    };
    let reason = || format!("states {argument}");
    let of_steps = sections.contains(&Section::Steps);
    let others = Section::ALL.iter().map(|(section, _)| *section).filter(|_| !of_steps);
    for section in sections.iter().copied().chain(others) {
        for line in section_text(sop, section).lines() {
            if count(line) == wanted.len() && !line.starts_with("```") {
                return passed(section, line, reason());
            }
        }
    }
    let steps = section_text(sop, Section::Steps);
    if let Some(step) = steps.split("### ").find(|step| count(step) == wanted.len()) {
        let best = step.lines().skip(1).max_by_key(|line| (count(line), line.len())).unwrap_or_default();
        return passed(Section::Steps, best, reason());
    }
    let held: Vec<String> =
        Section::ALL.iter().flat_map(|(section, _)| stems(&section_text(sop, *section))).collect();
    let lacking: Vec<String> = parts(argument)
        .into_iter()
        .filter(|word| stems(word).iter().any(|stem| wanted.contains(stem) && !held.contains(stem)))
        .collect();
    failed(
        Section::Steps,
        if lacking.is_empty() {
            format!("no line and no step says all of: {argument}")
        } else {
            format!("nothing says: {}", lacking.join(", "))
        },
    )
}

fn defines(sop: &Sop, argument: &str) -> CheckResult {
    let wanted = stems(argument);
    for (term, definition, _) in super::terms::defined(&sop.body.scope, 1) {
        if !wanted.is_empty() && stems(&term) == wanted && !definition.is_empty() {
            let line =
                sop.body.scope.lines().find(|line| line.contains(&format!("**{term}"))).unwrap_or_default();
            return passed(Section::Scope, line, format!("Scope defines \"{term}\""));
        }
    }
    failed(Section::Scope, format!("Scope has no bullet `**{argument}**: …`"))
}

fn section_filled(sop: &Sop, argument: &str) -> CheckResult {
    let plain = |text: &str| {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>()
    };
    let named = |section: Section| serde_json::to_value(section).ok().and_then(|v| v.as_str().map(plain));
    let wanted = plain(argument);
    let found = Section::ALL
        .into_iter()
        .find(|(section, title)| plain(title) == wanted || named(*section).as_ref() == Some(&wanted));
    let Some((section, title)) = found else {
        return failed(Section::Purpose, format!("there is no section `{argument}`"));
    };
    let text = section_text(sop, section);
    let line = text.lines().max_by_key(|line| line.chars().count().min(200)).unwrap_or_default();
    let nothing = line.trim().is_empty() || (section == Section::Inputs && sop.body.inputs.is_empty());
    if nothing {
        return failed(section, format!("the section `{title}` is empty"));
    }
    passed(section, line, format!("the section `{title}` is filled"))
}

fn covers_input(sop: &Sop, argument: &str) -> CheckResult {
    let wanted = argument.trim().to_lowercase().replace([' ', '-'], "_");
    let text = section_text(sop, Section::Inputs);
    let row = text.lines().find(|line| line.starts_with(&format!("| `{wanted}`")));
    match row {
        Some(row) => passed(Section::Inputs, row, format!("Inputs declares `{wanted}`")),
        None => failed(Section::Inputs, format!("Inputs does not declare `{wanted}`")),
    }
}
