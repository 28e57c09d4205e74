//! What an agent that works elsewhere is shown of a question: the words a model would be sent, and the form of its
//! answer.

use super::prompt;
use super::receipt::receipt;
use super::roles;
use super::snapshot::Snapshot;
use crate::base::{Problem, problem::Result};
use crate::roles::Role;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A request that somebody else answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outside {
    /// The rules of the role.
    pub system: String,
    /// The assignment, with all the agent may draw on.
    pub user: String,
    /// JSON Schema of the answer.
    pub schema: Value,
}

/// The request that `agent` would be sent as `R`, and the hash of each part of it.
///
/// # Errors
/// `NotFound` for an agent the snapshot lacks; a template that cannot be used.
pub fn outside<R: Role>(
    snapshot: &Snapshot,
    agent: &str,
    question: &R::Question,
) -> Result<(Outside, Value)> {
    let agent = snapshot.agent(agent)?;
    let question = serde_json::to_value(question)
        .map_err(|error| Problem::failed(format!("BUG: the question of {} is not JSON: {error}", R::NAME)))?;
    let code = roles::code(R::NAME)
        .ok_or_else(|| Problem::failed(format!("BUG: there is no role `{}`", R::NAME)))?;
    let template = snapshot.prompts.get(R::NAME).map_or("", String::as_str);
    let rendered = prompt::render(R::NAME, template, agent, &question)?;
    let shown = Outside { system: rendered.system, user: rendered.user, schema: (code.schema)() };
    Ok((shown, receipt(template, agent, &question)))
}
