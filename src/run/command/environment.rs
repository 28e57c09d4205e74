//! What a command is told: values become environment variables, never script text. Pure.
//! The kernel limits one variable to 128 KiB and all of them to a few MB, so large values go into files.

use crate::base::Exacts;
use crate::base::problem::{Problem, Result};
use crate::base::text::listed;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Longest value handed over as a variable, in bytes. Linux takes 128 KiB for one `NAME=value` (`MAX_ARG_STRLEN`).
const LONGEST_VALUE: usize = 100 * 1024;
/// Most bytes of all variables together. Linux takes a quarter of the stack limit, 2 MiB as shipped, for them and
/// the arguments; programs the command starts want some of that for arguments of their own.
const MOST_BYTES: usize = 1024 * 1024;

/// The variables of a command, and the files that hold the values too large for a variable.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Spilled {
    pub(super) variables: BTreeMap<String, String>,
    pub(super) files: BTreeMap<PathBuf, String>,
}

/// Values as variables: `lead-id` under the prefix `INPUT_` is `INPUT_LEAD_ID`.
///
/// Text stays as it is, whatever is in it; numbers and truth values are written as in JSON, lists and objects as
/// compact JSON, `null` is empty. Two names that give the same variable, and text with a NUL, are errors. A value over
/// 100 KiB reaches the command as a file that `INPUT_LEAD_ID_FILE` names, and `INPUT_LEAD_ID` is then not set (so a
/// script that does not expect it stops: it runs with `-u`); see [`run`](super::run).
pub fn environment(prefix: &str, values: &Exacts) -> Result<BTreeMap<String, String>> {
    let mut variables = BTreeMap::new();
    for (name, value) in values {
        let variable = format!("{prefix}{}", variable_name(name));
        if variables.insert(variable.clone(), value.plain()).is_some() {
            return Err(Problem::invalid(format!("two values would both be the variable {variable}"))
                .hint(format!("rename `{name}` or its namesake")));
        }
    }
    check(&variables)?;
    Ok(variables)
}

/// The values of a result as variables, and why each of the others is none: two names that give the same variable leave
/// both out, and so does a NUL. A result is what somebody else made it; nothing that works without such a value may fail.
pub fn of_result(prefix: &str, values: &Exacts) -> (BTreeMap<String, String>, Vec<String>) {
    let mut named: BTreeMap<String, Vec<(&String, String)>> = BTreeMap::new();
    for (name, value) in values {
        named.entry(format!("{prefix}{}", variable_name(name))).or_default().push((name, value.plain()));
    }
    let mut left_out = Vec::new();
    let told = named.into_iter().filter_map(|(variable, mut same)| {
        let value = same.pop().filter(|_| same.is_empty());
        let Some((name, value)) = value else {
            let names = values.keys().filter(|name| format!("{prefix}{}", variable_name(name)) == variable);
            let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
            left_out.push(format!("{variable} is not set, since {} would both be it", listed(&names)));
            return None;
        };
        if value.contains('\0') {
            left_out.push(format!("{variable} is not set, since `{name}` holds a NUL character"));
            return None;
        }
        Some((variable, value))
    });
    let told = told.collect();
    (told, left_out)
}

fn variable_name(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
}

/// Refuses what no environment can carry.
pub(super) fn check(variables: &BTreeMap<String, String>) -> Result<()> {
    for (name, value) in variables {
        let mut letters = name.chars();
        let begins = letters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
        if !begins || !letters.all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Err(Problem::invalid(format!("`{name}` cannot be the name of an environment variable"))
                .hint("use letters, digits and `_`, not beginning with a digit"));
        }
        if value.contains('\0') {
            return Err(Problem::invalid(format!("the value for {name} holds a NUL character"))
                .hint("no environment variable can carry one; hand the value over in a file"));
        }
    }
    Ok(())
}

/// Moves values into files below `folder`: each one over 100 KiB, then the largest until all variables together fit
/// into 1 MiB.
pub(super) fn spill(variables: &BTreeMap<String, String>, folder: &Path) -> Result<Spilled> {
    let mut by_size: Vec<(&String, &String)> = variables.iter().collect();
    by_size.sort_by_key(|(_, value)| std::cmp::Reverse(value.len()));
    let mut spilled = Spilled { variables: variables.clone(), files: BTreeMap::new() };
    let mut total: usize = variables.iter().map(|(name, value)| name.len() + value.len() + 2).sum();
    for (name, value) in by_size {
        if value.len() <= LONGEST_VALUE && total <= MOST_BYTES {
            break;
        }
        let path = folder.join(name);
        let pointer = format!("{name}_FILE");
        if variables.contains_key(&pointer) {
            return Err(Problem::invalid(format!(
                "{name} is too large for a variable, and {pointer} is taken"
            ))
            .hint(format!("rename the value that becomes {pointer}")));
        }
        let shown = path.to_string_lossy().into_owned();
        total = total.saturating_sub(value.len()) + shown.len();
        spilled.variables.remove(name);
        spilled.variables.insert(pointer, shown);
        spilled.files.insert(path, value.clone());
    }
    Ok(spilled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn made(values: &Value) -> Result<Vec<(String, String)>> {
        let values = crate::base::exact::of_map(values.as_object().unwrap().clone());
        Ok(environment("INPUT_", &values)?.into_iter().collect())
    }

    #[test]
    fn values_become_variables_as_they_are() {
        let hostile = "a 'b' \"c\" $(touch x) `y`\nnext ${Z}\\";
        let values = json!({ "lead-id": hostile, "n": 4, "on": true, "none": null, "list": ["a", 1] });
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            made(&values).unwrap(),
            [
                pair("INPUT_LEAD_ID", hostile),
                pair("INPUT_LIST", "[\"a\",1]"),
                pair("INPUT_N", "4"),
                pair("INPUT_NONE", ""),
                pair("INPUT_ON", "true"),
            ]
        );
    }

    #[test]
    fn what_no_environment_can_carry_is_refused() {
        assert!(made(&json!({ "a-b": 1, "a.b": 2 })).unwrap_err().message.contains("INPUT_A_B"));
        assert!(made(&json!({ "a": "x\0y" })).unwrap_err().message.contains("NUL"));
        let named = |name: &str| check(&BTreeMap::from([(name.to_owned(), String::new())])).is_ok();
        assert!(named("A_1") && !named("1A") && !named("") && !named("A=B") && !named("BASH_FUNC_x%%"));
    }

    #[test]
    fn what_of_a_result_no_variable_can_carry_is_left_out_alone_and_said() {
        let values = json!({ "a": 1, "A": 2, "ä": 3, "n": "x\0y", "fine": 4 });
        let values = crate::base::exact::of_map(values.as_object().unwrap().clone());
        let (told, left_out) = of_result("STEP_1_", &values);
        let told: Vec<(&str, &str)> =
            told.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(told, [("STEP_1_FINE", "4"), ("STEP_1__", "3")]);
        assert_eq!(
            left_out,
            [
                "STEP_1_A is not set, since `A` and `a` would both be it",
                "STEP_1_N is not set, since `n` holds a NUL character",
            ]
        );
    }

    #[test]
    fn large_values_go_into_files_and_the_rest_fits() {
        let text = |size: usize| "x".repeat(size);
        let mut variables: BTreeMap<String, String> =
            (0..20).map(|n| (format!("INPUT_{n:02}"), text(60_000 + n))).collect();
        variables.insert("INPUT_BIG".to_owned(), text(1_000_000));
        variables.insert("INPUT_EDGE".to_owned(), text(LONGEST_VALUE));
        let spilled = spill(&variables, Path::new("/r")).unwrap();
        let pointer = spilled.variables.get("INPUT_BIG_FILE").unwrap();
        assert_eq!(pointer, "/r/INPUT_BIG");
        assert!(!spilled.variables.contains_key("INPUT_BIG"));
        assert_eq!(spilled.files.get(Path::new(pointer)).unwrap().len(), 1_000_000);
        // The largest go first, and no more than needed.
        assert!(spilled.files.contains_key(Path::new("/r/INPUT_EDGE")));
        assert!(spilled.variables.contains_key("INPUT_00"));
        let total: usize = spilled.variables.iter().map(|(name, value)| name.len() + value.len() + 2).sum();
        assert!(total <= MOST_BYTES && total > MOST_BYTES - 70_000, "{total}");
        variables.insert("INPUT_BIG_FILE".to_owned(), String::new());
        assert!(spill(&variables, Path::new("/r")).unwrap_err().message.contains("INPUT_BIG_FILE is taken"));
    }
}
