//! What somebody has written on the page of a decision: kept by the server before anything else is done with it, so
//! that no other button, refusal or closed page loses a word of it.

use crate::base::{Problem, problem::Result};
use crate::daemon::Workspace;
use crate::decision::{self, Decision, State};
use crate::front::{self, Remark};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Begins the name of a form's field for a comment on a line.
const LINE: &str = "line.";
/// The ways that have fields of their own, named `delegate.to`.
const WAYS: [&str; 9] =
    ["approve", "reject", "revise", "answer", "retry", "complete", "delegate", "defer", "ask"];
/// The fields of a way.
const PARTS: [&str; 4] = ["text", "to", "by", "overriding"];

/// Fields by name: `line.12`, `revise.text`.
pub(super) type Words = BTreeMap<String, String>;

/// What the fields of a form hold, each under its full name; a plain `text` is that of the way it was sent by.
///
/// # Errors
/// `Usage` for a comment on what is no line.
pub(super) fn read(way: &str, fields: &BTreeMap<String, String>) -> Result<Words> {
    let mut words = Words::new();
    for (name, text) in fields {
        let text = super::unix(text);
        if let Some(line) = name.strip_prefix(LINE) {
            let wrong = |_odd| Problem::usage(format!("`{line}` is not the number of a line"));
            line.parse::<u32>().map_err(wrong)?;
            words.insert(name.clone(), text);
        } else if PARTS.contains(&name.as_str()) && WAYS.contains(&way) {
            words.insert(format!("{way}.{name}"), text);
        } else if name.split_once('.').is_some_and(|(way, part)| WAYS.contains(&way) && PARTS.contains(&part))
        {
            words.insert(name.clone(), text);
        }
    }
    Ok(words)
}

/// The comments on lines, in the order of the lines.
pub(super) fn remarks(words: &Words) -> Vec<Remark> {
    let lines = words.iter().filter_map(|(name, text)| {
        let line = name.strip_prefix(LINE)?.parse().ok()?;
        (!text.trim().is_empty()).then(|| Remark { line, text: text.trim().to_owned() })
    });
    let mut found: Vec<Remark> = lines.collect();
    found.sort_by_key(|remark| remark.line);
    found
}

/// What `way` would leave behind: comments on lines, and what was to be changed.
pub(super) fn left_behind(way: &str, words: &Words) -> Vec<Value> {
    let mut left: Vec<Value> =
        remarks(words).into_iter().map(|one| json!({ "line": one.line, "text": one.text })).collect();
    if way != "revise"
        && let Some(text) = words.get("revise.text")
    {
        left.insert(0, json!({ "line": null, "text": text }));
    }
    left
}

/// The names of the fields that an answer by `way` has sent, with all comments where they went along.
pub(super) fn sent(way: &str, words: &Words, along: bool) -> Vec<String> {
    let own = |name: &&String| {
        name.split_once('.').is_some_and(|(of, _)| {
            of == way || (along && (format!("{of}.") == LINE || name.as_str() == "revise.text"))
        })
    };
    words.keys().filter(own).cloned().collect()
}

/// What came with a request.
pub(super) struct Came<'a> {
    pub(super) id: &'a str,
    pub(super) party: &'a str,
    /// The hash of what the page showed, where the form says it.
    pub(super) shown: &'a str,
    pub(super) words: Words,
    /// Sent by the page itself while somebody writes.
    pub(super) by_itself: bool,
}

/// Keeps the words, and gives all that the party has written about the decision. Words about other bytes than the
/// decision's are given as they are: what comes of them is said where the answer is refused.
///
/// # Errors
/// `Usage` for a comment on a line the draft does not have.
pub(super) fn keep(workspace: &Workspace, came: Came<'_>) -> Result<(Decision, Words)> {
    let Came { id, party, shown, words, by_itself } = came;
    let decision = workspace.journal.read(|db| decision::one(db, id))?;
    let late = by_itself && decision.state != State::Open;
    if late || !decision.ask.hash.0.starts_with(shown) {
        return Ok((decision, words));
    }
    let remarks = remarks(&words);
    front::with_remarks(workspace, id, "", &remarks)?;
    let (of, party) = (decision.clone(), party.to_owned());
    let all = workspace.journal.append(move |tx| {
        decision::keep_unsent(tx, &of, &party, &words)?;
        decision::unsent(tx.db(), &of, &party)
    })?;
    Ok((decision, all))
}
