//! The keys a step may carry, as data: name, form, how each is read into a [`Step`] and written from it.
//! Parser, renderer and drafts all go through this one table.

use super::document::{ApprovalTimeout, Approvers, Lapse, OnFailure, Step};
use super::expression;
use super::words::{did_you_mean, is_agent_id, yes_or_no};
use crate::base::{Span, json};

/// One key of a step.
pub struct Key {
    /// As written between the two asterisks.
    pub name: &'static str,
    /// An example of its value.
    pub example: &'static str,
    /// Its value may be, or end in, a fenced block that follows the line.
    pub fenced: bool,
    /// Reads a trimmed value that is not empty; the error says what is wrong, in lower case.
    pub read: fn(&mut Step, &str) -> Result<(), String>,
    /// Writes the value, `None` when the step does not carry the key.
    pub write: fn(&Step) -> Option<String>,
}

const fn key(
    name: &'static str,
    example: &'static str,
    read: fn(&mut Step, &str) -> Result<(), String>,
    write: fn(&Step) -> Option<String>,
) -> Key {
    Key { name, example, fenced: false, read, write }
}

/// All keys, in the order in which they are written.
pub const KEYS: [Key; 18] = [
    key("Assignee", "vp.sales", |s, v| put(&mut s.assignee, agent(v)), |s| s.assignee.clone()),
    key(
        "Artifact",
        "signed order form",
        |s, v| put(&mut s.artifact, Ok(v.to_owned())),
        |s| s.artifact.clone(),
    ),
    key("Depends On", "1, 2", read_order, write_order),
    key("When", "inputs.amount > 100", |s, v| put(&mut s.when, condition(v)), |s| s.when.clone()),
    key(
        "Approval Required",
        "Yes",
        |s, v| put(&mut s.approval_required, yes_no(v)),
        |s| said(s.approval_required),
    ),
    key("Approvers", "chief.staff, coo (2)", |s, v| put(&mut s.approvers, approvers(v)), write_approvers),
    key(
        "Approval Timeout",
        "30 minutes, then escalate",
        |s, v| put(&mut s.approval_timeout, timeout(v)),
        |s| s.approval_timeout.as_ref().map(|t| format!("{}, then {}", t.after, t.then.word())),
    ),
    key(
        "Approval When",
        "inputs.amount > 100",
        |s, v| put(&mut s.approval_when, condition(v)),
        |s| s.approval_when.clone(),
    ),
    key("On Failure", "retry 2", |s, v| put(&mut s.on_failure, on_failure(v)), write_on_failure),
    key("Needs Skills", "crm", |s, v| put_list(&mut s.needs_skills, names(v)), |s| joined(&s.needs_skills)),
    key(
        "Time Limit",
        "2 hours",
        |s, v| put(&mut s.time_limit, span(v)),
        |s| s.time_limit.map(|t| t.to_string()),
    ),
    key(
        "Confidence",
        "80%",
        |s, v| put(&mut s.confidence, percent(v)),
        |s| s.confidence.map(|c| format!("{c}%")),
    ),
    key("Tools", "shell, browser", |s, v| put_list(&mut s.tools, names(v)), |s| joined(&s.tools)),
    key(
        "Reaches Customers",
        "Yes",
        |s, v| put(&mut s.reaches_customers, yes_no(v)),
        |s| said(s.reaches_customers),
    ),
    key("Secrets", "CRM_TOKEN", |s, v| put_list(&mut s.secrets, names(v)), |s| joined(&s.secrets)),
    key("Network", "Yes", |s, v| put(&mut s.network, yes_no(v)), |s| said(s.network)),
    Key {
        name: "Output",
        example: r#"{ "type": "object" }"#,
        fenced: true,
        read: |s, v| put(&mut s.output, json_object(v)),
        write: |s| s.output.clone(),
    },
    Key {
        name: "Rollback",
        example: "restore the former owner of the record",
        fenced: true,
        read: |s, v| put(&mut s.rollback, Ok(v.to_owned())),
        write: |s| s.rollback.clone(),
    },
];

/// The key of that name, written exactly so.
pub fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

/// The key a person meant who wrote `name` in other capitals or with other spacing.
pub fn meant(name: &str) -> Option<&'static Key> {
    let plain = |text: &str| {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>()
    };
    let wanted = plain(name);
    KEYS.iter().find(|key| plain(key.name) == wanted)
}

/// Reads one key into `step`; the error is one sentence and what to do about it.
pub fn read(step: &mut Step, name: &str, value: &str) -> Result<(), (String, String)> {
    let names: Vec<&str> = KEYS.iter().map(|key| key.name).collect();
    let Some(key) = find(name) else {
        let hint = meant(name)
            .map_or_else(|| did_you_mean(name, &names), |key| format!("did you mean `{}`?", key.name));
        return Err((format!("a step has no key `{name}`"), hint));
    };
    let value = value.trim();
    let form = format!("write it like `**{}**: {}`", key.name, key.example);
    if value.is_empty() {
        return Err((format!("`{name}` has no value"), form));
    }
    if (key.write)(step).is_some() {
        return Err((format!("`{name}` is given twice in this step"), "keep one of them".to_owned()));
    }
    (key.read)(step, value).map_err(|wrong| (wrong, form))
}

/// Reads `Key: value` lines, as drafts carry them, into `step`. The error names the line that is wrong.
pub fn apply_keys(step: &mut Step, lines: &[String]) -> Result<(), String> {
    for line in lines {
        let plain = line.trim().trim_start_matches("- ").replace("**", "");
        let Some((name, value)) = plain.split_once(':') else {
            return Err(format!("`{line}` is not a `Key: value` line"));
        };
        read(step, name.trim(), value).map_err(|(wrong, hint)| format!("{wrong}; {hint} (in `{line}`)"))?;
    }
    Ok(())
}

fn put<T>(place: &mut Option<T>, value: Result<T, String>) -> Result<(), String> {
    *place = Some(value?);
    Ok(())
}

fn put_list<T>(place: &mut Vec<T>, value: Result<Vec<T>, String>) -> Result<(), String> {
    *place = value?;
    Ok(())
}

fn joined<T: ToString>(items: &[T]) -> Option<String> {
    let items: Vec<String> = items.iter().map(ToString::to_string).collect();
    (!items.is_empty()).then(|| items.join(", "))
}

fn said(answer: Option<bool>) -> Option<String> {
    answer.map(|yes| if yes { "Yes" } else { "No" }.to_owned())
}

fn yes_no(value: &str) -> Result<bool, String> {
    yes_or_no(value).ok_or_else(|| format!("`{value}` is neither `Yes` nor `No`"))
}

fn agent(value: &str) -> Result<String, String> {
    if is_agent_id(value) { Ok(value.to_owned()) } else { Err(format!("`{value}` is not an agent id")) }
}

/// Items between commas, none empty, none twice.
fn items(value: &str) -> Result<Vec<&str>, String> {
    let items: Vec<&str> = value.split(',').map(str::trim).collect();
    for (index, item) in items.iter().enumerate() {
        if item.is_empty() {
            return Err(format!("`{value}` has an empty place between its commas"));
        }
        if items.iter().take(index).any(|other| other == item) {
            return Err(format!("`{item}` is listed twice"));
        }
    }
    Ok(items)
}

fn numbers(value: &str) -> Result<Vec<u32>, String> {
    let number = |item: &str| match item.parse::<u32>() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(format!("`{item}` is not the number of a step; `none` alone is a step that comes first")),
    };
    items(value)?.into_iter().map(number).collect()
}

/// What a step that waits for no other depends on.
const NOTHING: &str = "none";

fn read_order(step: &mut Step, value: &str) -> Result<(), String> {
    step.is_first = value == NOTHING;
    if step.is_first { Ok(()) } else { put_list(&mut step.depends_on, numbers(value)) }
}

fn write_order(step: &Step) -> Option<String> {
    if step.is_first { Some(NOTHING.to_owned()) } else { joined(&step.depends_on) }
}

/// Names of variables that a script is given by sopd or its surroundings; no secret may take their place.
pub fn is_taken(variable: &str) -> bool {
    const OURS: [&str; 14] = [
        "RUN_ID",
        "RUN_FOLDER",
        "STEP_NUMBER",
        "PATH",
        "HOME",
        "LANG",
        "LC_ALL",
        "TZ",
        "TMPDIR",
        "IFS",
        "ENV",
        "BASH_ENV",
        "LD_PRELOAD",
        "LD_LIBRARY_PATH",
    ];
    OURS.contains(&variable) || ["INPUT_", "PARAM_", "STEP_"].iter().any(|mark| variable.starts_with(mark))
}

fn names(value: &str) -> Result<Vec<String>, String> {
    let name = |item: &str| {
        let plain = |c: char| c.is_alphanumeric() || "_.-:/*".contains(c);
        if item.chars().all(plain) { Ok(item.to_owned()) } else { Err(format!("`{item}` is not one word")) }
    };
    items(value)?.into_iter().map(name).collect()
}

fn condition(value: &str) -> Result<String, String> {
    expression::check(value)?;
    Ok(value.to_owned())
}

fn span(value: &str) -> Result<Span, String> {
    value.parse()
}

fn percent(value: &str) -> Result<u8, String> {
    let digits = value.strip_suffix('%').unwrap_or(value).trim();
    match digits.parse::<u8>() {
        Ok(percent) if percent <= 100 => Ok(percent),
        _ => Err(format!("`{value}` is not a percentage from 0 to 100")),
    }
}

fn json_object(value: &str) -> Result<String, String> {
    match serde_json::from_str::<serde_json::Value>(value) {
        Ok(serde_json::Value::Object(_)) => Ok(value.to_owned()),
        Ok(_) => Err("the output schema is not a JSON object".to_owned()),
        Err(error) => Err(format!("the output schema is not JSON: {}", json::at_line(&error))),
    }
}

fn approvers(value: &str) -> Result<Approvers, String> {
    let (parties, quorum) = match value.strip_suffix(')').and_then(|rest| rest.rsplit_once('(')) {
        Some((parties, quorum)) => {
            let wrong = |_not_a_number| format!("`({quorum})` does not say how many of them must agree");
            (parties.trim(), quorum.trim().parse::<u32>().map_err(wrong)?)
        }
        None => (value, 1),
    };
    let parties = items(parties)?.into_iter().map(agent).collect::<Result<Vec<_>, _>>()?;
    let most = u32::try_from(parties.len()).unwrap_or(u32::MAX);
    if quorum == 0 || quorum > most {
        return Err(format!("{quorum} of {most} approvers can not agree"));
    }
    Ok(Approvers { parties, quorum })
}

fn write_approvers(step: &Step) -> Option<String> {
    let Approvers { parties, quorum } = step.approvers.as_ref()?;
    let parties = parties.join(", ");
    Some(if *quorum == 1 { parties } else { format!("{parties} ({quorum})") })
}

const LAPSES: [Lapse; 5] = [Lapse::Escalate, Lapse::Reject, Lapse::Approve, Lapse::Skip, Lapse::Pause];

fn timeout(value: &str) -> Result<ApprovalTimeout, String> {
    let Some((after, then)) = value.split_once(',') else {
        return Err(format!("`{value}` does not say what happens when nobody answers"));
    };
    let after = span(after)?;
    let then = then.trim();
    let word = then.strip_prefix("then ").map_or(then, str::trim);
    let known = LAPSES.into_iter().find(|lapse| lapse.word() == word && then != word);
    let words = LAPSES.map(Lapse::word);
    let then = known.ok_or_else(|| {
        format!("`{then}` is not `then` and one of {} ({})", words.join(", "), did_you_mean(word, &words))
    })?;
    Ok(ApprovalTimeout { after, then })
}

fn on_failure(value: &str) -> Result<OnFailure, String> {
    let wrong = || {
        format!(
            "`{value}` is not one of `stop`, `rollback`, `retry 2`, `retry 2 every 5 minutes`, `go to step 3`"
        )
    };
    let count = |text: &str| text.trim().parse::<u32>().ok().filter(|count| *count > 0).ok_or_else(wrong);
    match value {
        "stop" => Ok(OnFailure::Stop),
        "rollback" => Ok(OnFailure::Rollback),
        _ => {
            if let Some(step) = value.strip_prefix("go to step ").or(value.strip_prefix("goto ")) {
                return Ok(OnFailure::Goto(count(step)?));
            }
            let rest = value.strip_prefix("retry ").ok_or_else(wrong)?;
            let (times, every) = match rest.split_once(" every ") {
                Some((times, every)) => (times, Some(span(every)?)),
                None => (rest, None),
            };
            Ok(OnFailure::Retry { times: count(times)?, every })
        }
    }
}

fn write_on_failure(step: &Step) -> Option<String> {
    Some(match step.on_failure.as_ref()? {
        OnFailure::Stop => "stop".to_owned(),
        OnFailure::Rollback => "rollback".to_owned(),
        OnFailure::Goto(number) => format!("go to step {number}"),
        OnFailure::Retry { times, every: None } => format!("retry {times}"),
        OnFailure::Retry { times, every: Some(every) } => format!("retry {times} every {every}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_reads_and_is_written_back() {
        for key in &KEYS {
            let mut step = Step::default();
            read(&mut step, key.name, key.example).unwrap();
            assert_eq!((key.write)(&step).as_deref(), Some(key.example), "{}", key.name);
        }
    }

    #[test]
    fn a_step_can_come_first() {
        let mut step = Step::default();
        read(&mut step, "Depends On", "none").unwrap();
        assert!(step.is_first && step.depends_on.is_empty());
        let key = find("Depends On").unwrap();
        assert_eq!((key.write)(&step).as_deref(), Some("none"));
        assert!(read(&mut step, "Depends On", "1").unwrap_err().0.contains("given twice"));
        assert!(read(&mut Step::default(), "Depends On", "none, 1").is_err());
    }

    #[test]
    fn anything_else_is_refused_with_a_hint() {
        for (name, value, expected) in [
            ("Approval Required", "true", "neither `Yes` nor `No`"),
            ("Aproval Required", "Yes", "did you mean `Approval Required`"),
            ("approval required", "Yes", "did you mean `Approval Required`"),
            ("Approval Timeout", "5 minutes", "what happens when nobody answers"),
            ("Approval Timeout", "5 minutes, then escalte", "did you mean `escalate`"),
            ("Approval Timeout", "5 minutes, escalate", "is not `then`"),
            ("Approvers", "coo (2)", "2 of 1 approvers"),
            ("Depends On", "1, 1", "listed twice"),
            ("Depends On", "0", "not the number"),
            ("On Failure", "retry", "is not one of"),
            ("Confidence", "101", "not a percentage"),
            ("Assignee", "VP Sales", "not an agent id"),
            ("When", "inputs.x >", "expression"),
            ("Output", "[]", "not a JSON object"),
            ("Time Limit", "", "has no value"),
        ] {
            let (wrong, hint) = read(&mut Step::default(), name, value).unwrap_err();
            assert!(format!("{wrong} / {hint}").contains(expected), "{name}: {value}: {wrong} / {hint}");
        }
    }

    #[test]
    fn draft_lines_are_applied_once() {
        let lines = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
        let mut step = Step::default();
        apply_keys(&mut step, &lines(&["Time Limit: 2 hours", "**On Failure**: retry 2"])).unwrap();
        assert_eq!(step.time_limit.map(|t| t.to_string()), Some("2 hours".to_owned()));
        let again = apply_keys(&mut step, &lines(&["Time Limit: 3 hours"])).unwrap_err();
        assert!(again.contains("given twice"), "{again}");
        assert!(apply_keys(&mut step, &lines(&["no key here"])).is_err());
    }
}
