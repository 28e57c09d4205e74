//! What a step gave: values for later steps, files, the end of what it said. Files are kept by their content.

use super::audit::transient;
use super::command::of_result;
use super::records::{set_step, step};
use super::state::StepState;
use crate::base::text::put;
use crate::base::{Digest, Exact, Exacts, Problem, exact, problem};
use crate::journal::Tx;
use crate::sop::output::misfit;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Largest file that is kept, in bytes: what a person can still look at. Larger ones belong where they came from.
pub(super) const LARGEST_FILE: u64 = 16 * 1024 * 1024;

/// Values that no variable can carry and that are named in a step's note; the effect of a later script names all.
const MOST_LEFT_OUT: usize = 5;

/// What a step gave.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Result {
    /// For later steps.
    pub(super) outputs: Exacts,
    /// The end of what it printed or said.
    pub(super) said: String,
    /// Files by name, with the hash of their content.
    pub(super) files: Vec<(String, Digest)>,
    /// Percent; of agents' work.
    pub(super) confidence: Option<u8>,
    /// Who did it, where that is not the assignee.
    pub(super) by: Option<String>,
    /// What a person should know of it, in words; empty where it is as it should be.
    pub(super) note: String,
    /// What else belongs on record.
    pub(super) more: Map<String, Value>,
}

/// Keeps what a step gave.
pub(super) fn keep(tx: &Tx<'_>, (run, number): (&str, u32), result: &Result) -> problem::Result<()> {
    let text = |value: Value| tx.clean(&value.to_string());
    tx.db()
        .prepare_cached(
            "UPDATE run_step SET outputs = ?3, said = ?4, files = ?5, confidence = ?6 WHERE run = ?1 AND number = ?2",
        )?
        .execute((
            run,
            number,
            tx.clean(&exact::written(&result.outputs)),
            tx.clean(&result.said),
            text(json!(result.files)),
            result.confidence,
        ))?;
    Ok(())
}

/// Keeps what a step gave, and marks it as complete.
pub(super) fn finish(tx: &Tx<'_>, (run, number): (&str, u32), result: &Result) -> problem::Result<()> {
    keep(tx, (run, number), result)?;
    completed(tx, (run, number), result)
}

/// Marks a step as complete, with what it gave.
pub(super) fn completed(tx: &Tx<'_>, (run, number): (&str, u32), result: &Result) -> problem::Result<()> {
    let row = step(tx.db(), run, number)?;
    let mut left_out = of_result(&format!("STEP_{number}_"), &result.outputs).1;
    let more = left_out.len().saturating_sub(MOST_LEFT_OUT);
    left_out.truncate(MOST_LEFT_OUT);
    left_out.extend((more > 0).then(|| format!("so it is with {more} more")));
    let note = [&result.note].into_iter().chain(&left_out).filter(|said| !said.is_empty());
    let note = note.map(String::as_str).collect::<Vec<_>>().join("; ");
    let millis = row.started_at.map_or(0, |at| tx.now().0 - at.0);
    let mut body = json!({
        "stepNumber": number, "title": row.title, "work": row.work, "duration": duration(millis),
        "output": transient(tx, &result.said)?,
        "by": result.by.as_ref().unwrap_or(&row.assignee), "confidence": result.confidence, "files": result.files,
        "outputs": result.outputs.keys().collect::<Vec<_>>(),
    });
    if let Some(body) = body.as_object_mut() {
        body.extend(result.more.clone());
    }
    if !note.is_empty()
        && let Some(body) = body.as_object_mut()
    {
        body.insert("note".to_owned(), json!(note));
    }
    tx.event(run, "step_completed", &body)?;
    set_step(tx, (run, number), StepState::Completed, &note)
}

/// `45s`, `3m 20s`, `2h 5m`: as the skill description's audit log writes it.
pub(super) fn duration(millis: i64) -> String {
    let seconds = millis.max(0) / 1_000;
    match (seconds / 3_600, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0) => format!("{}ms", millis.max(0)),
        (0, 0, seconds) => format!("{seconds}s"),
        (0, minutes, seconds) => format!("{minutes}m {seconds}s"),
        (hours, minutes, _) => format!("{hours}h {minutes}m"),
    }
}

/// As much of a result as belongs into a table.
pub(super) fn beginning(text: &str) -> String {
    const MOST: usize = 4_000;
    let mut head: String = text.chars().take(MOST).collect();
    let all = text.chars().count();
    if all > MOST {
        put(
            &mut head,
            format_args!("\n… (cut here: the whole has {all} characters and is among the step's files)"),
        );
    }
    head
}

/// Holds outputs against the step's schema, if it has one.
pub(super) fn check_outputs(schema: Option<&str>, outputs: &Exacts) -> std::result::Result<(), String> {
    let Some(schema) = schema else { return Ok(()) };
    // Held against the schema as programs read it; what is handed on keeps its digits.
    match misfit(schema, &Exact::Object(outputs.clone()).common())? {
        None => Ok(()),
        Some(wrong) => Err(format!("the outputs are not of the asked form: {wrong}")),
    }
}

/// Reads text as the outputs of a step: a JSON object.
pub(super) fn read_outputs(text: &str) -> std::result::Result<Exacts, Problem> {
    match serde_json::from_str(text) {
        Ok(Exact::Object(outputs)) => Ok(outputs),
        Ok(_) => Err(Problem::invalid("the step wants a JSON object as its result")),
        Err(error) => Err(Problem::invalid(format!("the step wants JSON as its result: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_like_durations() {
        for (millis, expected) in
            [(0, "0ms"), (45_300, "45s"), (200_000, "3m 20s"), (7_500_000, "2h 5m"), (-5, "0ms")]
        {
            assert_eq!(duration(millis), expected);
        }
    }

    #[test]
    fn outputs_are_held_against_their_schema() {
        let schema =
            r#"{ "type": "object", "required": ["total"], "properties": { "total": { "type": "number" } } }"#;
        let outputs = |text| read_outputs(text).unwrap();
        assert_eq!(check_outputs(Some(schema), &outputs(r#"{ "total": 3 }"#)), Ok(()));
        assert_eq!(check_outputs(None, &outputs("{}")), Ok(()));
        let wrong = check_outputs(Some(schema), &outputs(r#"{ "total": "3" }"#)).unwrap_err();
        assert!(wrong.contains("/total"), "{wrong}");
        assert!(read_outputs("[]").is_err() && read_outputs("nonsense").is_err());
    }
}
