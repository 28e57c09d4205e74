//! An agent does one step of a run: with its own knowledge, the packet, what earlier steps gave, and the tools the SOP
//! lists for the step.

use super::Role;
use crate::sop::output::misfit;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// See the module.
pub struct Perform;

impl Role for Perform {
    const NAME: &'static str = "perform";
    type Question = PerformQuestion;
    type Answer = Performed;
}

/// What the agent is shown, besides its own agent file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PerformQuestion {
    /// Title of the SOP.
    pub sop: String,
    /// Its business objective.
    pub objective: String,
    /// The step's title.
    pub title: String,
    /// Its instructions, Markdown.
    pub text: String,
    /// What exists afterwards; empty where the SOP does not say.
    pub artifact: String,
    /// Sentences the work must keep to, each judged by itself.
    pub constraints: Vec<String>,
    /// The packet.
    pub inputs: Map<String, Value>,
    /// What earlier steps gave, by `step 2: Title`.
    pub earlier: Map<String, Value>,
    /// JSON schema of the outputs, as text; absent where the SOP does not ask for any.
    pub outputs: Option<String>,
    /// What else the SOP says that the step may speak of: its terms, roles, risks, where exceptions go.
    #[serde(default)]
    pub about: Vec<Part>,
    /// The day, in the time zone that counts; empty in questions of older runs.
    #[serde(default)]
    pub today: String,
    /// Tools that may be used.
    pub tools: Vec<String>,
    /// What tools have answered so far.
    pub found: Vec<Found>,
}

/// A section of the SOP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its title.
    pub title: String,
    /// Its text, Markdown.
    pub text: String,
}

/// One use of a tool and what it gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// What was asked.
    pub asked: ToolUse,
    /// What came back, or why nothing did.
    pub answer: String,
}

/// One use of a tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ToolUse {
    /// `file_read`, `sop_search` or `http_request`.
    pub tool: String,
    /// A path in the workspace, words to search for, or an address.
    pub argument: String,
}

/// What the agent answers: another use of a tool, or its work.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Performed {
    /// A tool to use first; absent when the work is done.
    pub tool: Option<ToolUse>,
    /// The work itself: the artifact, Markdown.
    pub result: String,
    /// Values for later steps, as a JSON object in text; empty where there are none.
    pub outputs: String,
    /// One verdict for each constraint.
    pub verdicts: Vec<Kept>,
    /// What stands in the way, where the step cannot be done; empty otherwise.
    pub cannot: String,
    /// How sure the agent is, percent.
    #[serde(deserialize_with = "crate::base::yaml::small")]
    pub confidence: u8,
}

/// Whether the work keeps to one constraint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// The constraint, word for word.
    pub constraint: String,
    /// Whether the work keeps to it.
    pub kept: bool,
    /// Why, one sentence.
    pub reason: String,
}

impl Performed {
    /// What is wrong with the answer as far as code can see.
    /// `form` is the schema of the values the step asks for.
    pub fn problems(&self, form: Option<&str>) -> Vec<String> {
        let mut problems = Vec::new();
        let empty = self.result.trim().is_empty() && self.cannot.trim().is_empty();
        if self.tool.is_none() && empty {
            problems
                .push("the answer holds no tool, no result, and no reason why it cannot be done".to_owned());
        }
        let outputs = self.outputs.trim();
        let given = if outputs.is_empty() { "{}" } else { outputs };
        match serde_json::from_str::<Map<String, Value>>(given) {
            Err(_) => problems.push("`outputs` is not a JSON object in text".to_owned()),
            // A step that needs a tool first, or cannot be done, gives no values yet.
            Ok(_) if self.tool.is_some() || !self.cannot.trim().is_empty() => {}
            // What is wrong with the form itself is found where the result is kept.
            Ok(values) => {
                let wrong = form.and_then(|form| misfit(form, &Value::Object(values)).ok()?);
                problems.extend(wrong.map(|wrong| format!("`outputs` are not of the asked form: {wrong}")));
            }
        }
        if self.confidence > 100 {
            problems.push("`confidence` is more than 100".to_owned());
        }
        problems
    }
}
