//! What a tool gives back: `success: true` with its fields, or `success: false` with the problems in the words and
//! kinds of the command line.

use crate::base::Problem;
use crate::daemon::Workspace;
use crate::front::{Caller, next};
use serde_json::{Map, Value, json};

/// How a command line begins in what is told to agents.
pub(super) const SOPD: &str = "sopd";

/// Where a tool works, and for whom.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) workspace: Workspace,
    pub(super) caller: Caller,
    /// Which of the party's workers this is.
    pub(super) holder: String,
}

/// What every tool returns: the fields beside `success`.
pub(super) type Told = Result<Map<String, Value>, Vec<Problem>>;

/// The fields of `object`.
pub(super) fn fields(object: Value) -> Map<String, Value> {
    match object {
        Value::Object(fields) => fields,
        other => Map::from_iter([("result".to_owned(), other)]),
    }
}

/// `success: true` and the fields.
pub(super) fn told(fields: Map<String, Value>) -> Value {
    let mut all = Map::from_iter([("success".to_owned(), Value::Bool(true))]);
    all.extend(fields);
    Value::Object(all)
}

/// `success: false`, the first problem's words, and all of them in the shape of the command line.
pub(super) fn refused(problems: &[Problem]) -> Value {
    json!({
        "success": false,
        "error": problems.first().map(|problem| &problem.message),
        "kind": problems.first().map(|problem| problem.kind),
        "shape": "sopd/errors/1",
        "errors": problems,
    })
}

impl Place {
    /// Adds what there is to say when nobody drives the workspace.
    pub(super) fn with_note(&self, mut fields: Map<String, Value>) -> Map<String, Value> {
        if let Some(note) = next::idle_note(SOPD, &self.workspace) {
            fields.insert("note".to_owned(), note.into());
        }
        fields
    }
}

/// A single problem as a list of them.
pub(super) fn whole(problem: Problem) -> Vec<Problem> {
    vec![problem]
}
