//! The expressions of `When`, `Approval When`, measurable rules and requests: whether they can be read, which values
//! they use, and what they give. Strict: an undefined name and an answer that is neither true nor false are errors.

mod kinds;
pub(in crate::sop) mod paths;
mod seen;

use crate::base::text::shortened;
use crate::base::{Exact, Exacts};
use minijinja::value::{Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior};
use paths::{Path, paths};
use seen::{Names, members, seen};
use std::collections::{BTreeMap, BTreeSet};

/// Longest expression that is read, in bytes: a condition no person could check is not a rule, and the reader of
/// expressions goes one level deeper with each part.
const LONGEST: usize = 2_000;

/// Whether `text` is an expression; the error quotes what the reader stumbled over.
pub fn check(text: &str) -> Result<(), String> {
    if text.len() > LONGEST {
        return Err(format!("an expression of {} bytes is too long; the most is {LONGEST}", text.len()));
    }
    let environment = Environment::new();
    match environment.compile_expression(text) {
        Ok(_) => Ok(()),
        Err(error) => {
            let detail = error.detail().unwrap_or("it ends too early");
            Err(format!("`{text}` is not an expression: {detail}"))
        }
    }
}

/// The dotted names `text` uses, such as `inputs.amount` or `steps.2.total`, in whichever notation; empty when it can
/// not be read.
pub fn names(text: &str) -> BTreeSet<String> {
    if check(text).is_err() {
        return BTreeSet::new();
    }
    paths(text).iter().map(Path::name).collect()
}

/// The first expression in backticks that is about inputs or steps: the rule of a definition of done.
pub fn rule(text: &str) -> Option<&str> {
    let quoted = text.split('`').skip(1).step_by(2);
    quoted.into_iter().find(|part| {
        let about = |name: &String| ["inputs.", "steps.", "states."].iter().any(|of| name.starts_with(of));
        names(part).iter().any(about)
    })
}

/// What stands between two values that are compared.
const COMPARED: [&str; 6] = [" == ", " != ", " < ", " > ", " <= ", " >= "];

/// The expression in backticks that a pre-flight check begins with: `` `inputs.amount > 0`: the amount is known ``.
pub fn asked(words: &str) -> Option<&str> {
    let quoted = words.strip_prefix('`').and_then(|rest| rest.split_once('`')).map(|(text, _)| text);
    // A misspelt one must not become a check that nobody does.
    quoted.filter(|text| {
        let is_one = check(text).is_ok() && text.contains("inputs.");
        is_one || COMPARED.iter().any(|sign| text.contains(sign))
    })
}

/// All that an expression, a place of a request or a script may look at: one model for all of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scope {
    /// The packet: `inputs.lead_id` (and `params.lead_id`, the skill description's word). An input that was not given
    /// is `null` and counts as not there: what is compared with nothing would quietly be false.
    pub inputs: Exacts,
    /// What earlier steps gave, by number: `steps.2.total`. A step that was left out is not there.
    pub steps: BTreeMap<u32, Exacts>,
    /// sopd's own word for how each earlier step ended: `states.2`. It lives apart, so that no output hides it and it
    /// hides none. `steps.2.state` gives it too, where that step gave nothing of this name.
    pub states: BTreeMap<u32, String>,
}

impl Scope {
    /// What lies at a path that is written out, if it is there.
    pub(crate) fn at(&self, path: &Path) -> Option<Exact> {
        let parts: Vec<&str> = path.parts.iter().map(String::as_str).collect();
        let number = |text: &str| text.parse::<u32>().ok();
        let inside = |of: &Exacts, rest: &[&str]| match rest.split_first() {
            None => Some(Exact::Object(of.clone())),
            Some((first, rest)) => {
                rest.iter().try_fold(of.get(*first)?, |found, part| found.get(part)).cloned()
            }
        };
        match parts.as_slice() {
            ["inputs" | "params", rest @ ..] => inside(&self.inputs, rest),
            ["steps", step, "state"] if self.is_ours(path) => {
                number(step).and_then(|step| self.states.get(&step)).cloned().map(Exact::Text)
            }
            ["steps", step, rest @ ..] => inside(self.steps.get(&number(step)?)?, rest),
            ["states", step] => self.states.get(&number(step)?).cloned().map(Exact::Text),
            _ => None,
        }
    }

    /// Whether a path is there: an input that was not given is not.
    fn has(&self, path: &Path) -> bool {
        let whole = ["inputs", "params", "steps", "states"].contains(&path.name().as_str());
        let is_input = matches!(path.parts.first().map(String::as_str), Some("inputs" | "params"));
        whole || self.at(path).is_some_and(|found| !(is_input && path.parts.len() == 2 && found.is_null()))
    }

    /// Whether `steps.2.state` means sopd's own word: the step gave nothing of this name.
    fn is_ours(&self, path: &Path) -> bool {
        let [of, step, name] = path.parts.as_slice() else { return false };
        let number = step.parse::<u32>().ok();
        let gave =
            number.and_then(|number| self.steps.get(&number)).is_some_and(|gave| gave.contains_key(name));
        of == "steps"
            && name == "state"
            && !gave
            && number.is_some_and(|number| self.states.contains_key(&number))
    }

    /// What `text` names and is not there, as it is written there.
    pub(crate) fn missing(&self, text: &str) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for path in paths(text).iter().filter(|path| path.asked.is_none() && !self.has(path)) {
            let written = text.get(path.at.clone()).unwrap_or_default().to_owned();
            if !found.contains(&written) {
                found.push(written);
            }
        }
        found
    }

    /// `text` with what only we can answer put in: whether something is there, and sopd's own words.
    fn answered(&self, text: &str) -> String {
        let mut out = text.to_owned();
        for path in paths(text).iter().rev() {
            match path.asked {
                Some((wanted, end)) => {
                    let answer = if self.has(path) == wanted { "true" } else { "false" };
                    out.replace_range(path.at.start..end, answer);
                }
                None if self.is_ours(path) => {
                    let step = path.parts.get(1).map_or("", String::as_str);
                    out.replace_range(path.at.clone(), &format!("states.{step}"));
                }
                None => {}
            }
        }
        out
    }

    /// The values as the language sees them. Where `all`, an input that was not given is there as `none`.
    fn context(&self, all: bool) -> Value {
        let given = self.inputs.iter().filter(|(_, value)| all || !value.is_null());
        let inputs = Names::of(given.map(|(name, value)| (name.clone(), seen(value))));
        let steps = Names::of(self.steps.iter().map(|(number, gave)| (number.to_string(), members(gave))));
        let states =
            self.states.iter().map(|(number, word)| (number.to_string(), Value::from(word.as_str())));
        minijinja::context! { inputs => inputs.clone(), params => inputs, steps, states => Names::of(states) }
    }
}

/// Most instructions one evaluation may take: some hundred times what a long condition needs.
const FUEL: u64 = 10_000;

/// Whether `text` holds in `scope`. There are no functions that could loop or grow; `length`, `lower`, `upper`,
/// `trim` and `float` are the only filters, `defined` is the only test.
///
/// # Errors
/// One sentence: an undefined name, a wrong type, an answer that is neither true nor false, no end in sight.
pub fn holds(text: &str, scope: &Scope) -> Result<bool, String> {
    let wrong = |error: &Error| format!("`{text}` has no answer: {}", explained(error, text, scope));
    check(text)?;
    if let Some(words) = kinds::mixed(text, scope) {
        return Err(format!("`{text}` has no answer: {words}"));
    }
    let environment = evaluating();
    let answered = scope.answered(text);
    let expression = environment.compile_expression(&answered).map_err(|error| wrong(&error))?;
    match expression.eval(scope.context(false)).map_err(|error| wrong(&error))? {
        answer if answer.is_undefined() => Err(wrong(&Error::from(ErrorKind::UndefinedError))),
        answer if answer.kind() == ValueKind::Bool => Ok(answer.is_true()),
        other => Err(format!("`{text}` is `{}`, neither true nor false", shortened(&other.to_string(), 40))),
    }
}

/// What `text` gives in `scope`, for a place of a request: a value that is only named keeps its digits.
///
/// # Errors
/// What is wrong, as the end of a sentence.
pub(crate) fn value(text: &str, scope: &Scope) -> Result<Exact, String> {
    let found = paths(text);
    if let [path] = found.as_slice()
        && path.at == (0..text.len())
        && let Some(found) = scope.at(path)
    {
        return Ok(found);
    }
    let wrong = |error: &Error| match error.kind() {
        ErrorKind::UndefinedError => "is not there".to_owned(),
        _ => explain(error),
    };
    let missing = |said: String| match scope.missing(text).as_slice() {
        [one] if one == text => "is not there".to_owned(),
        [] => said,
        several => format!("cannot be filled in: there is no {}", several.join(", ")),
    };
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    // It makes much out of little fuel.
    environment.remove_global("range");
    if let Some(words) = kinds::mixed(text, scope) {
        return Err(format!("has no answer: {words}"));
    }
    let answered = scope.answered(text);
    let expression = environment.compile_expression(&answered).map_err(|error| explain(&error))?;
    let given = expression.eval(scope.context(true)).map_err(|error| match error.kind() {
        ErrorKind::UndefinedError => missing(wrong(&error)),
        _ => wrong(&error),
    })?;
    if given.is_undefined() {
        return Err(missing("is not there".to_owned()));
    }
    let given = serde_json::to_value(&given).map_err(|error| format!("cannot be written down: {error}"))?;
    Ok(Exact::from(given))
}

/// What the reader of expressions says of one it cannot use.
pub(crate) fn explain(error: &Error) -> String {
    let detail = error.detail().map_or(String::new(), |detail| format!(": {detail}"));
    format!("{}{detail}", error.kind())
}

fn explained(error: &Error, text: &str, scope: &Scope) -> String {
    let missing = scope.missing(text);
    match error.kind() {
        ErrorKind::OutOfFuel => "it takes too long".to_owned(),
        ErrorKind::UndefinedError if missing.is_empty() => "something in it is not there".to_owned(),
        ErrorKind::UndefinedError => format!("there is no {}", missing.join(", ")),
        _ => error.detail().unwrap_or("it cannot be evaluated").to_owned(),
    }
}

fn evaluating() -> Environment<'static> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.add_filter("float", minijinja::filters::float);
    environment.add_filter("length", minijinja::filters::length);
    environment.add_filter("lower", minijinja::filters::lower);
    environment.add_filter("upper", minijinja::filters::upper);
    environment.add_filter("trim", minijinja::filters::trim);
    environment.add_test("defined", minijinja::tests::is_defined);
    environment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_with_their_parts() {
        let found = names("inputs.amount > 100 and inputs.source != \"referral\" or steps.2.total < 3");
        assert_eq!(
            found.into_iter().collect::<Vec<_>>(),
            ["inputs.amount", "inputs.source", "steps.2.total"]
        );
        assert!(check("inputs.x >").is_err() && check("inputs.x > 1").is_ok());
    }

    fn scope() -> Scope {
        let object = |text: &str| serde_json::from_str::<Exacts>(text).unwrap();
        Scope {
            inputs: object(
                r#"{ "amount": 120, "source": "form", "urgent": true, "tags": ["a"], "left_out": null, "key": 12345678901234567890123 }"#,
            ),
            steps: [
                (2, object(r#"{ "total": 7.50, "list": [{ "no such": 1 }] }"#)),
                (4, object(r#"{ "state": "open" }"#)),
            ]
            .into(),
            states: [(2, "completed"), (3, "skipped"), (4, "completed")]
                .map(|(n, word)| (n, word.to_owned()))
                .into(),
        }
    }

    #[test]
    fn what_holds_holds() {
        for (text, expected) in [
            ("inputs.amount > 100", true),
            ("params.amount > 200", false),
            ("inputs.source != \"referral\"", true),
            ("inputs.urgent", true),
            ("not inputs.urgent", false),
            ("steps.2.total < 8 and steps.2.state == \"completed\"", true),
            ("inputs.source in [\"form\", \"call\"]", true),
            ("inputs.source | upper == \"FORM\"", true),
            ("inputs.tags | length == 1", true),
            ("inputs.other is defined", false),
            ("inputs.left_out is defined", false),
            ("inputs.key == 12345678901234567890123 and inputs.key > 1", true),
            ("steps[\"2\"].total == 7.5 and steps[2]['total'] == steps.2.total", true),
            ("steps.2.list[0][\"no such\"] == 1", true),
            ("steps.2 is defined and steps.2.total < 8", true),
            ("steps.3 is defined and steps.3.score < 5", false),
            ("steps.3.score is defined or steps.3 is not defined", true),
            ("steps[\"3\"].state == \"skipped\" and states.3 == \"skipped\"", true),
            ("steps.4.state == \"open\" and states[4] == \"completed\"", true),
        ] {
            assert_eq!(holds(text, &scope()), Ok(expected), "{text}");
        }
    }

    #[test]
    fn a_value_that_is_named_keeps_its_digits_in_every_notation() {
        for (text, expected) in [
            ("inputs.key", "12345678901234567890123"),
            ("steps.2.total", "7.50"),
            ("steps[\"2\"].total", "7.50"),
            ("steps[2].total + 1", "8.5"),
            ("steps.2.list", "[{\"no such\":1}]"),
            ("steps.3 is defined", "false"),
            ("params.left_out", "null"),
            ("states.2", "\"completed\""),
        ] {
            assert_eq!(
                value(text, &scope()).map(|found| found.to_string()).as_deref(),
                Ok(expected),
                "{text}"
            );
        }
        assert_eq!(value("steps.1.a", &scope()), Err("is not there".to_owned()));
        assert!(
            value("steps.1.a ~ inputs.nobody", &scope()).unwrap_err().contains("no steps.1.a, inputs.nobody")
        );
    }

    #[test]
    fn whatever_is_not_plainly_true_or_false_is_an_error() {
        for (text, expected) in [
            ("inputs.amuont > 100", "there is no inputs.amuont"),
            ("steps.3.total > 1", "there is no steps.3.total"),
            ("steps.2.sum > 1", "there is no steps.2.sum"),
            ("steps.2[\"no such\"] < 5", "there is no steps.2[\"no such\"]"),
            ("steps.4 == 1 or steps.9.state == \"open\"", "there is no steps.9.state"),
            ("inputs.amount", "is `120`, neither true nor false"),
            ("inputs.source", "neither true nor false"),
            ("nothing", "there is no nothing"),
            ("inputs.left_out > 100", "there is no inputs.left_out"),
            ("inputs.left_out < 100", "there is no inputs.left_out"),
            ("range(100000) | list | length > 1", "no answer"),
            ("inputs.source * 1000000000 == \"\"", "no answer"),
            ("[1, 2, 3] | join == \"\"", "no answer"),
        ] {
            let error = holds(text, &scope()).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
        let long = vec!["inputs.amount > 1"; 20_000].join(" and ");
        assert!(holds(&long, &scope()).unwrap_err().contains("too long"));
        let deep = format!("{}true{}", "(".repeat(900), ")".repeat(900));
        assert!(holds(&deep, &scope()).is_err());
    }
}
