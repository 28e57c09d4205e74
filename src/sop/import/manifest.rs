//! The `manifest.json` beside a `SOP.md`: read strictly, compared with it, and what only it says taken over.

use crate::base::{Place, Problem, json};
use crate::sop::document::{Cron, ExecutionMode, Priority, Step, Trigger};
use crate::sop::trigger::{self, Hook};
use serde::Deserialize;

/// The manifest as that form describes it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Manifest {
    #[expect(dead_code, reason = "the form requires it; our id is made from department and title")]
    pub(super) name: String,
    pub(super) description: String,
    pub(super) version: String,
    pub(super) priority: Option<Priority>,
    pub(super) execution_mode: Option<ExecutionMode>,
    pub(super) cooldown_secs: Option<u32>,
    pub(super) max_concurrent: Option<u32>,
    #[serde(default)]
    pub(super) triggers: Vec<ManifestTrigger>,
    #[serde(default)]
    pub(super) steps: Vec<ManifestStep>,
}

/// `{ "type": "webhook", "path": "/x" }`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ManifestTrigger {
    #[serde(rename = "type")]
    kind: String,
    path: Option<String>,
    schedule: Option<String>,
}

/// What the manifest says of a step.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ManifestStep {
    pub(super) number: u32,
    pub(super) title: String,
    pub(super) requires_approval: Option<bool>,
    pub(super) approval_timeout_mins: Option<u32>,
    #[serde(default)]
    pub(super) suggested_tools: Vec<String>,
}

const KEYS: &str = "its keys are name, description, version, priority, executionMode, cooldownSecs, maxConcurrent, \
                    triggers (type, path, schedule) and steps (number, title, requiresApproval, approvalTimeoutMins, suggestedTools)";

pub(super) fn read(file: &str, text: &str) -> Result<Manifest, Vec<Problem>> {
    serde_json::from_str(text).map_err(|error| {
        let number = |n: usize| u32::try_from(n).unwrap_or(0);
        let place = Place::of(file, text, number(error.line()).max(1), number(error.column()));
        vec![Problem::invalid(json::words(&error)).at(place).hint(KEYS)]
    })
}

impl ManifestTrigger {
    pub(super) fn read(&self, file: &str, text: &str) -> Result<Trigger, Problem> {
        let found = match (self.kind.as_str(), &self.path, &self.schedule) {
            ("manual", None, None) => Trigger::Manual,
            ("webhook", Some(path), None) => Trigger::Webhook(Hook::plain(path.clone())),
            ("cron", None, Some(schedule)) => Trigger::Cron(Cron::plain(schedule)),
            ("files", Some(path), None) => Trigger::Files(path.clone()),
            (kind, ..) => {
                let message = format!("`{kind}` is not a trigger in this form");
                let hint =
                    "write `manual`, `webhook` or `files` with its `path`, or `cron` with its `schedule`";
                return Err(Problem::invalid(message)
                    .at(place(file, text, &format!("\"{kind}\"")))
                    .hint(hint));
            }
        };
        trigger::check(&found).map_err(|wrong| {
            Problem::invalid(wrong.message).at(place(file, text, &wrong.words)).hint(wrong.hint)
        })?;
        Ok(found)
    }
}

/// The first place where `words` stand.
pub(super) fn place(file: &str, text: &str, words: &str) -> Place {
    let line = text.lines().position(|line| line.contains(words)).unwrap_or(0);
    Place::of(file, text, u32::try_from(line + 1).unwrap_or(1), 0)
}

/// Where two files say two things: both places, in one problem.
pub(super) fn disagree(what: &str, markdown: (&Place, &str), manifest: (&Place, &str)) -> Problem {
    let (here, there) = (markdown.0, manifest.0);
    let message = format!(
        "{what}: {} says `{}`, {} line {} says `{}`",
        here.file, markdown.1, there.file, there.line, manifest.1
    );
    Problem::invalid(message)
        .at(here.clone())
        .hint("make the two files agree; which one is right is not ours to guess")
}

/// What the manifest adds to a step of the Markdown file, and where the two disagree.
pub(super) fn merge(step: &mut Step, manifest: &ManifestStep) -> Vec<(String, String, String)> {
    let mut wrong = Vec::new();
    let mut compare = |what: &str, here: Option<String>, there: Option<String>| {
        if let (Some(here), Some(there)) = (here, there)
            && here != there
        {
            wrong.push((format!("{what} of step {}", step.number), here, there));
        }
    };
    let yes = |answer: bool| if answer { "Yes" } else { "No" }.to_owned();
    compare("the title", Some(step.title.clone()), Some(manifest.title.clone()));
    compare("the approval", step.approval_required.map(yes), manifest.requires_approval.map(yes));
    let minutes = |minutes: i64| format!("{} minutes", minutes / 60_000);
    compare(
        "the approval time-out",
        step.approval_timeout.as_ref().map(|timeout| minutes(timeout.after.millis())),
        manifest.approval_timeout_mins.map(|count| minutes(i64::from(count) * 60_000)),
    );
    step.approval_required = step.approval_required.or(manifest.requires_approval);
    for tool in &manifest.suggested_tools {
        if !step.tools.contains(tool) {
            step.tools.push(tool.clone());
        }
    }
    wrong
}
