//! The expressions of `When`, `Approval When` and measurable rules: whether they can be read, which values they
//! use, and whether they hold. Strict: an undefined name and an answer that is neither true nor false are errors.

use minijinja::value::{Serde, Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior};
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

/// The dotted names `text` uses, such as `inputs.amount` or `steps.2.total`; empty when it can not be read.
pub fn names(text: &str) -> BTreeSet<String> {
    if check(text).is_err() {
        return BTreeSet::new();
    }
    let environment = Environment::new();
    let text = mark_numbers(text);
    match environment.compile_expression(&text) {
        Ok(expression) => {
            let found = expression.undeclared_variables(true);
            found.into_iter().map(|name| name.replace(MARK, ".")).collect()
        }
        Err(_) => BTreeSet::new(),
    }
}

/// What an expression may look at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scope {
    /// The packet: `inputs.lead_id` (and `params.lead_id`, the skill description's word). An input that was not given
    /// is `null` and counts as not there: what is compared with nothing would quietly be false.
    pub inputs: serde_json::Map<String, serde_json::Value>,
    /// What earlier steps gave, by number: `steps.2.total`.
    pub steps: BTreeMap<u32, serde_json::Map<String, serde_json::Value>>,
}

/// Most instructions one evaluation may take: some hundred times what a long condition needs.
const FUEL: u64 = 10_000;

/// Whether `text` holds in `scope`. There are no functions that could loop or grow; `length`, `lower`, `upper` and
/// `trim` are the only filters, `defined` is the only test.
///
/// # Errors
/// One sentence: an undefined name, a wrong type, an answer that is neither true nor false, no end in sight.
pub fn holds(text: &str, scope: &Scope) -> Result<bool, String> {
    let wrong = |error: &Error| {
        let detail = match error.kind() {
            ErrorKind::OutOfFuel => "it takes too long".to_owned(),
            ErrorKind::UndefinedError => {
                let defined = names(text).into_iter().filter(|name| !known(name, scope));
                format!("there is no {}", defined.collect::<Vec<_>>().join(", "))
            }
            _ => error.detail().unwrap_or("it cannot be evaluated").to_owned(),
        };
        format!("`{text}` has no answer: {detail}")
    };
    check(text)?;
    let environment = evaluating();
    let expression = environment.compile_expression(text).map_err(|error| wrong(&error))?;
    let steps: BTreeMap<u32, Value> =
        scope.steps.iter().map(|(number, outputs)| (*number, Value::from(Serde(outputs.clone())))).collect();
    let given = scope.inputs.iter().filter(|(_, value)| !value.is_null());
    let given: serde_json::Map<String, serde_json::Value> =
        given.map(|(name, value)| (name.clone(), value.clone())).collect();
    let inputs = Value::from(Serde(given));
    let context = minijinja::context! { inputs => inputs.clone(), params => inputs, steps => Serde(steps) };
    match expression.eval(context).map_err(|error| wrong(&error))? {
        answer if answer.is_undefined() => Err(wrong(&Error::from(ErrorKind::UndefinedError))),
        answer if answer.kind() == ValueKind::Bool => Ok(answer.is_true()),
        other => Err(format!("`{text}` is {}, neither true nor false", short(&other.to_string()))),
    }
}

fn evaluating() -> Environment<'static> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.add_filter("length", minijinja::filters::length);
    environment.add_filter("lower", minijinja::filters::lower);
    environment.add_filter("upper", minijinja::filters::upper);
    environment.add_filter("trim", minijinja::filters::trim);
    environment.add_test("defined", minijinja::tests::is_defined);
    environment
}

fn known(name: &str, scope: &Scope) -> bool {
    let mut parts = name.split('.');
    match (parts.next(), parts.next(), parts.next()) {
        (Some("inputs" | "params"), Some(input), _) => {
            scope.inputs.get(input).is_some_and(|value| !value.is_null())
        }
        (Some("steps"), Some(number), output) => {
            let outputs = number.parse().ok().and_then(|number: u32| scope.steps.get(&number));
            outputs.is_some_and(|outputs| output.is_none_or(|output| outputs.contains_key(output)))
        }
        _ => false,
    }
}

fn short(text: &str) -> String {
    const MOST: usize = 40;
    let head: String = text.chars().take(MOST).collect();
    if head.len() < text.len() { format!("`{head}…`") } else { format!("`{head}`") }
}

/// Stands for the dot before a step's number: minijinja reports `steps.2.total` as `steps` alone.
const MARK: &str = ".number_";

fn mark_numbers(text: &str) -> String {
    let mut pieces = text.split("steps.");
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let numbered = piece.starts_with(|c: char| c.is_ascii_digit());
        out.push_str("steps");
        out.push_str(if numbered { MARK } else { "." });
        out.push_str(piece);
    }
    out
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
        let object = |value: serde_json::Value| value.as_object().unwrap().clone();
        Scope {
            inputs: object(
                serde_json::json!({ "amount": 120, "source": "form", "urgent": true, "tags": ["a"], "left_out": null }),
            ),
            steps: [(2, object(serde_json::json!({ "total": 7.5, "state": "completed" })))].into(),
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
        ] {
            assert_eq!(holds(text, &scope()), Ok(expected), "{text}");
        }
    }

    #[test]
    fn whatever_is_not_plainly_true_or_false_is_an_error() {
        for (text, expected) in [
            ("inputs.amuont > 100", "there is no inputs.amuont"),
            ("steps.3.total > 1", "there is no steps.3.total"),
            ("steps.2.sum > 1", "there is no steps.2.sum"),
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
