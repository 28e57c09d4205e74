//! `SOP.md` with its `manifest.json`: the form of the skill description. A bare approval time-out means there
//! that the gate opens by itself, and is written out as such.

use super::Draft;
use super::manifest::{self, Manifest, disagree, place};
use crate::base::Problem;
use crate::base::span::{Span, Unit};
use crate::sop::document::{ApprovalTimeout, Lapse, Step, Trigger};
use crate::sop::outline::{Part, parts};
use crate::sop::parse::read_steps;
use crate::sop::plain::without_keys;
use crate::sop::words::did_you_mean;

type File<'a> = (&'a str, &'a str);

pub(super) fn read(
    mut draft: Draft,
    markdown: (&String, &String),
    manifest: Option<File<'_>>,
) -> Result<Draft, Vec<Problem>> {
    let file: File<'_> = (markdown.0, markdown.1);
    let mut problems = Vec::new();
    for part in parts(file.1, 2, 1) {
        match (part.level, part.title.as_str()) {
            (0, _) => draft.keep(&part),
            (1, title) if draft.title.is_empty() => {
                title.clone_into(&mut draft.title);
                problems.extend(title_lines(&mut draft, file, &part));
            }
            (_, "Overview") => draft.overview(&part.text),
            (_, "Steps") => {
                let opened = with_outcome(&part, &mut draft.notes);
                match read_steps(file.0, file.1, &opened) {
                    Ok(steps) => draft.body.steps = steps,
                    Err(wrong) => problems.extend(wrong),
                }
            }
            _ => draft.keep(&part),
        }
    }
    if let Some(manifest) = manifest {
        match manifest::read(manifest.0, manifest.1) {
            Ok(read) => problems.extend(take_over(&mut draft, &read, file, manifest)),
            Err(wrong) => problems.extend(wrong),
        }
    }
    if problems.is_empty() { Ok(draft) } else { Err(problems) }
}

/// `**Version**`, `**Priority**` and `**Execution Mode**` below the title; other text is kept.
fn title_lines(draft: &mut Draft, file: File<'_>, part: &Part) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut rest = Vec::new();
    for line in part.text.lines() {
        let key = line.trim().strip_prefix("**").and_then(|rest| rest.split_once("**:"));
        let Some((name, value)) = key else {
            rest.push(line);
            continue;
        };
        let value = value.trim();
        let read = match name {
            "Version" => value.parse().map(|version| draft.version = Some(version)),
            "Priority" => word(value).map(|priority| draft.priority = Some(priority)),
            "Execution Mode" => word(value).map(|mode| draft.execution_mode = Some(mode)),
            _ => Err(format!(
                "`{name}` is not a line of this form; {}",
                did_you_mean(name, &["Version", "Priority", "Execution Mode"])
            )),
        };
        if let Err(wrong) = read {
            problems.push(Problem::invalid(wrong).at(place(file.0, file.1, line.trim())));
        }
    }
    let rest = without_keys(rest.join("\n").trim());
    if !rest.is_empty() {
        draft.overview(&rest);
    }
    problems
}

fn word<T: serde::de::DeserializeOwned>(value: &str) -> Result<T, String> {
    serde_json::from_value(value.into()).map_err(|error| error.to_string())
}

/// Writes out what a bare `**Approval Timeout**: 5 minutes` means in this form.
fn with_outcome(part: &Part, notes: &mut Vec<String>) -> Part {
    let mut lines = Vec::new();
    for (number, line) in (part.text_line..).zip(part.text.lines()) {
        let value = line.trim().strip_prefix("**Approval Timeout**:").map(str::trim);
        match value.filter(|value| !value.contains(',')) {
            Some(value) => {
                notes.push(format!("line {number}: after {value} without an answer the gate opens by itself, as this form says"));
                lines.push(format!("**Approval Timeout**: {value}, then approve"));
            }
            None => lines.push(line.to_owned()),
        }
    }
    Part { text: lines.join("\n"), ..part.clone() }
}

fn take_over(
    draft: &mut Draft,
    manifest: &Manifest,
    file: File<'_>,
    manifest_file: File<'_>,
) -> Vec<Problem> {
    let mut problems = head_fields(draft, manifest, file, manifest_file);
    for trigger in &manifest.triggers {
        match trigger.read(manifest_file.0, manifest_file.1) {
            Ok(trigger) => draft.triggers.push(trigger),
            Err(problem) => problems.push(problem),
        }
    }
    if !draft.triggers.is_empty() {
        draft.body.trigger = trigger_words(&draft.title, &draft.triggers);
    }
    problems.extend(steps(draft, manifest, file, manifest_file));
    problems
}

fn head_fields(
    draft: &mut Draft,
    manifest: &Manifest,
    file: File<'_>,
    manifest_file: File<'_>,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut compare = |what: &str, key: &str, line: &str, here: Option<String>, there: Option<String>| {
        if let (Some(here), Some(there)) = (here, there)
            && here != there
        {
            let there_at = place(manifest_file.0, manifest_file.1, &format!("\"{key}\""));
            problems.push(disagree(what, (&place(file.0, file.1, line), &here), (&there_at, &there)));
        }
    };
    let said = |value: serde_json::Result<serde_json::Value>| {
        value.ok().and_then(|value| value.as_str().map(str::to_owned))
    };
    let version = manifest.version.parse().ok();
    let stated =
        version.map_or_else(|| manifest.version.clone(), |version: crate::sop::Version| version.to_string());
    compare(
        "the version",
        "version",
        "**Version**",
        draft.version.map(|version| version.to_string()),
        Some(stated),
    );
    compare(
        "the priority",
        "priority",
        "**Priority**",
        draft.priority.and_then(|p| said(serde_json::to_value(p))),
        manifest.priority.and_then(|p| said(serde_json::to_value(p))),
    );
    compare(
        "the execution mode",
        "executionMode",
        "**Execution Mode**",
        draft.execution_mode.and_then(|m| said(serde_json::to_value(m))),
        manifest.execution_mode.and_then(|m| said(serde_json::to_value(m))),
    );
    if version.is_none() {
        let at = place(manifest_file.0, manifest_file.1, "\"version\"");
        problems.push(
            Problem::invalid(format!("`{}` is not a version", manifest.version))
                .at(at)
                .hint("write it like `1.0.0`"),
        );
    }
    draft.version = draft.version.or(version);
    draft.priority = draft.priority.or(manifest.priority);
    draft.execution_mode = draft.execution_mode.or(manifest.execution_mode);
    draft.description.clone_from(&manifest.description);
    draft.cooldown = manifest.cooldown_secs.filter(|seconds| *seconds > 0).map(seconds);
    draft.max_concurrent = manifest.max_concurrent;
    problems
}

/// Seconds in the largest unit that holds them without a rest.
fn seconds(count: u32) -> Span {
    match count {
        _ if count.is_multiple_of(3_600) => Span { count: count / 3_600, unit: Unit::Hour },
        _ if count.is_multiple_of(60) => Span { count: count / 60, unit: Unit::Minute },
        _ => Span { count, unit: Unit::Second },
    }
}

/// What the triggers of a manifest say, as a sentence. It names the procedure: two that a person may start do not
/// start at the same event.
fn trigger_words(title: &str, triggers: &[Trigger]) -> String {
    let words: Vec<String> = triggers
        .iter()
        .map(|trigger| match trigger {
            Trigger::Manual => format!("a person starts the run “{title}”"),
            Trigger::Webhook(hook) => format!("a request arrives at `{hook}`"),
            Trigger::Cron(cron) => format!("the schedule `{}` falls due ({})", cron.schedule, cron.zone),
            Trigger::Files(path) => format!("a file appears at `{path}`"),
        })
        .collect();
    let mut text = format!("{}.", words.join(", or "));
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}

fn steps(draft: &mut Draft, manifest: &Manifest, file: File<'_>, manifest_file: File<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    if draft.body.steps.is_empty() || manifest.steps.is_empty() {
        return problems;
    }
    let counts = (draft.body.steps.len().to_string(), manifest.steps.len().to_string());
    if counts.0 != counts.1 {
        let at = place(manifest_file.0, manifest_file.1, "\"steps\"");
        problems.push(disagree(
            "the number of steps",
            (&place(file.0, file.1, "## Steps"), &counts.0),
            (&at, &counts.1),
        ));
    }
    for (expected, described) in (1..).zip(&manifest.steps) {
        if described.number != expected {
            let at = place(manifest_file.0, manifest_file.1, &format!("\"{}\"", described.title));
            let message = format!("step {} stands where step {expected} belongs", described.number);
            problems.push(Problem::invalid(message).at(at).hint("number the steps from 1 without gaps"));
            continue;
        }
        let Some(step) = draft.body.steps.iter_mut().find(|step| step.number == described.number) else {
            continue;
        };
        let heading = format!("### Step {}:", step.number);
        for (what, here, there) in manifest::merge(step, described) {
            let at = place(manifest_file.0, manifest_file.1, &format!("\"{}\"", described.title));
            problems.push(disagree(&what, (&place(file.0, file.1, &heading), &here), (&at, &there)));
        }
        let bare = described.approval_timeout_mins.filter(|_| step.approval_timeout.is_none());
        draft.notes.extend(bare.map(|minutes| open_by_itself(step, minutes)));
    }
    problems
}

fn open_by_itself(step: &mut Step, minutes: u32) -> String {
    let after = Span { count: minutes, unit: Unit::Minute };
    step.approval_timeout = Some(ApprovalTimeout { after, then: Lapse::Approve });
    format!(
        "step {}: after {after} without an answer the gate opens by itself, as this form says",
        step.number
    )
}
