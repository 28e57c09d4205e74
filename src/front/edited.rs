//! A text that is to take the place of a draft that waits for a decision: what must hold of it before anybody sees it.

use crate::base::{Kind, Place, Problem, problem::Result};
use crate::daemon::Workspace;
use crate::decision::Decision;
use crate::mission::Files;
use crate::sop::{self, Head};

/// The draft a decision asks about: its text and the name of its file.
///
/// # Errors
/// Where the decision asks about no draft that can be edited.
pub fn draft(workspace: &Workspace, decision: &Decision) -> Result<(String, String)> {
    if !decision.takes_edit() {
        let brought = decision.ask.mission.starts_with("A-");
        let hint = if brought {
            "this is a file as its author brought it: send it back, mend the file and activate it again"
        } else {
            "a draft is edited where it waits to be forwarded or signed; see `sopd inbox`"
        };
        let problem = Problem::usage(format!("{} asks about no draft that can be edited", decision.id));
        return Err(problem.hint(hint));
    }
    let mission = &decision.ask.mission;
    workspace.journal.read(|db| {
        let files = Files { journal: &workspace.journal, db, mission };
        let draft = files.draft(Some(decision), 0)?;
        let draft = draft.ok_or_else(|| Problem::not_found(format!("{mission} has no draft")))?;
        Ok((draft.text, draft.file))
    })
}

/// Refuses a text that is no SOP, is another SOP, holds a secret, or changes nothing.
///
/// # Errors
/// Each problem with its line in the file `name`.
pub(super) fn vet(
    workspace: &Workspace,
    decision: &Decision,
    (name, text): (&str, &str),
) -> Result<(), Vec<Problem>> {
    let (before, _file) = draft(workspace, decision)?;
    if text == before {
        let problem = Problem::new(Kind::Conflict, "the text is the draft as it is: nothing was changed");
        return Err(vec![problem.hint("change it, or answer with approve, revise or reject")]);
    }
    workspace.journal.check_free_of_secrets(name, text)?;
    let sop = sop::parse(name, text)?;
    let old = sop::parse("the draft", &before)?;
    let problems: Vec<Problem> = fixed(&old.head)
        .into_iter()
        .zip(fixed(&sop.head))
        .filter(|(old, new)| old != new)
        .map(|((key, old), _new)| {
            let starts = |line: &str| line.starts_with(&format!("{key}:"));
            let line = (1_u32..).zip(text.lines()).find(|(_, line)| starts(line)).map_or(1, |(at, _)| at);
            Problem::invalid(format!("`{key}` of the head says what the draft is, and is not edited"))
                .hint(format!(
                    "write `{key}: {old}` again; who owns it or which version it is are the mission's"
                ))
                .at(Place::of(name, text, line, 0))
        })
        .collect();
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// What of a head no edit changes.
fn fixed(head: &Head) -> [(&'static str, String); 9] {
    let word = |value: Option<String>| value.unwrap_or_else(|| "null".to_owned());
    [
        ("id", head.id.to_string()),
        ("version", head.version.to_string()),
        ("department", head.department.clone()),
        ("owner", head.owner.clone()),
        ("created_by", head.created_by.clone()),
        ("created_at", head.created_at.clone()),
        ("mission", word(head.mission.clone())),
        ("contract", word(head.contract.as_ref().map(|digest| digest.0.clone()))),
        ("supersedes", word(head.supersedes.map(|version| version.to_string()))),
    ]
}
