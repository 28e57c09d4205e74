//! Isolation receipts: the hash of each thing an agent was shown, one per model call.

use crate::base::Digest;
use crate::roster::Agent;
use serde_json::{Value, json};

/// One entry per part: the prompt template, the agent's knowledge, and each member of the question.
pub(super) fn receipt(template: &str, agent: &Agent, question: &Value) -> Value {
    let mut parts = vec![
        json!({ "part": "prompt", "sha256": Digest::of(template) }),
        json!({ "part": "agent", "sha256": Digest::of(format!("{}\n{}", agent.persona, agent.knowledge)) }),
    ];
    if let Value::Object(members) = question {
        for (name, value) in members {
            parts.push(json!({ "part": format!("input.{name}"), "sha256": Digest::of(value.to_string()) }));
        }
    }
    Value::Array(parts)
}
