//! The expressions of `When` and `Approval When`: whether they can be read, and which values they use.
//! They are only read here, never evaluated.

use minijinja::Environment;
use std::collections::BTreeSet;

/// Whether `text` is an expression; the error quotes what the reader stumbled over.
pub fn check(text: &str) -> Result<(), String> {
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
}
