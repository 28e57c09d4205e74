//! What a step's `Output` asks of its values: a JSON schema, as text.

use crate::base::json;
use serde_json::Value;

/// Where `values` differ from what `output` asks, in one line; `None` where they fit.
///
/// # Errors
/// What is wrong with `output` itself.
pub fn misfit(output: &str, values: &Value) -> Result<Option<String>, String> {
    let schema: Value = serde_json::from_str(output)
        .map_err(|error| format!("the step's Output is not JSON: {}", json::at_line(&error)))?;
    let validator = jsonschema::validator_for(&schema)
        .map_err(|error| format!("the step's Output is not a JSON schema: {error}"))?;
    let wrong: Vec<String> = validator
        .iter_errors(values)
        .map(|error| format!("{} {error}", error.instance_path()).trim().to_owned())
        .collect();
    Ok((!wrong.is_empty()).then(|| wrong.join("; ")))
}
