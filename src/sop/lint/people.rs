//! Who: owner, assignees and approvers exist, are named one way, and nobody answers a gate alone on own work.

use super::{Hit, Rule, Subject, heading};
use crate::contract::Severity::{Advisory, Blocking};
use crate::sop::document::Section;
use crate::sop::words::closest;
use std::collections::BTreeSet;

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "owner_exists",
        what: "the one accountable owner is on the roster",
        severity: Blocking,
        section: Section::Roles,
        look: owner_exists,
    },
    Rule {
        name: "assignees_exist",
        what: "every assignee and approver is on the roster",
        severity: Blocking,
        section: Section::Steps,
        look: assignees_exist,
    },
    Rule {
        name: "roles_complete",
        what: "the owner, every assignee and every approver is named in Roles",
        severity: Advisory,
        section: Section::Roles,
        look: roles_complete,
    },
    Rule {
        name: "one_name_per_role",
        what: "a role is called by its id only, not also by its title",
        severity: Advisory,
        section: Section::Roles,
        look: one_name_per_role,
    },
    Rule {
        name: "no_self_approval",
        what: "no step can be approved by its assignee alone",
        severity: Blocking,
        section: Section::Steps,
        look: no_self_approval,
    },
];

fn unknown(subject: &Subject<'_>, id: &str) -> Option<String> {
    let agents = subject.context.agents;
    if agents.contains(id) {
        return None;
    }
    let near = closest(id, agents.iter().map(String::as_str));
    Some(
        near.map_or_else(
            || "name an agent of the roster".to_owned(),
            |near| format!("did you mean `{near}`?"),
        ),
    )
}

fn owner_exists(subject: &Subject<'_>) -> Vec<Hit> {
    let owner = &subject.sop.head.owner;
    let hit =
        |hint| Hit::new(Section::Roles, format!("The owner `{owner}` is not on the roster; {hint}"), owner);
    unknown(subject, owner).map(hit).into_iter().collect()
}

fn assignees_exist(subject: &Subject<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for step in subject.steps() {
        let approvers = step.approvers.iter().flat_map(|approvers| &approvers.parties);
        let people =
            step.assignee.iter().map(|id| ("assignee", id)).chain(approvers.map(|id| ("approver", id)));
        for (part, id) in people {
            if let Some(hint) = unknown(subject, id) {
                let message =
                    format!("The {part} `{id}` of step {} is not on the roster; {hint}", step.number);
                hits.push(Hit::new(Section::Steps, message, id));
            }
        }
    }
    hits
}

fn roles_complete(subject: &Subject<'_>) -> Vec<Hit> {
    let roles = &subject.sop.body.roles;
    if roles.is_empty() {
        return Vec::new();
    }
    let mut people: BTreeSet<&str> = BTreeSet::from([subject.sop.head.owner.as_str()]);
    for step in subject.steps() {
        people.extend(step.parties().map(String::as_str));
    }
    people
        .into_iter()
        .filter(|id| !holds_word(roles, id))
        .map(|id| {
            let message =
                format!("`{id}` has a part in this SOP and is not named in Roles; say what it answers for.");
            Hit::new(Section::Roles, message, "")
        })
        .collect()
}

/// Whether `text` holds `id` as a word of its own: `sales` is not in `vp.sales`.
pub(super) fn holds_word(text: &str, id: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    text.match_indices(id).any(|(at, _)| {
        let before = text.get(..at).and_then(|head| head.chars().last());
        let mut after = text.get(at + id.len()..).unwrap_or_default().chars();
        let (next, next2) = (after.next(), after.next());
        let inside = next.is_some_and(part) || (next == Some('.') && next2.is_some_and(part));
        !before.is_some_and(|c| part(c) || c == '.') && !inside
    })
}

fn one_name_per_role(subject: &Subject<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    let sections: Vec<(Section, String)> =
        Section::ALL.into_iter().map(|(section, _)| (section, subject.text(section))).collect();
    for id in subject.context.agents {
        if !sections.iter().any(|(_, text)| holds_word(text, id)) {
            continue;
        }
        let mut names: Vec<String> = subject.context.titles.get(id).cloned().into_iter().collect();
        names.push(id.replace(['.', '-', '_'], " "));
        names.retain(|name| name != id && name.contains(' '));
        for (section, text) in &sections {
            let lower = text.to_lowercase();
            let Some(name) = names.iter().find(|name| holds_word(&lower, &name.to_lowercase())) else {
                continue;
            };
            let line = text.lines().find(|line| line.to_lowercase().contains(&name.to_lowercase()));
            let message =
                format!("One role has two names: `{id}` and \"{name}\"; call it `{id}` everywhere.");
            hits.push(Hit::new(*section, message, line.unwrap_or_default().trim()));
        }
    }
    hits
}

fn no_self_approval(subject: &Subject<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for step in subject.steps() {
        let (Some(assignee), Some(approvers)) = (&step.assignee, &step.approvers) else { continue };
        let others = approvers.parties.iter().filter(|party| *party != assignee).count();
        if u32::try_from(others).unwrap_or(u32::MAX) < approvers.quorum {
            let message = format!(
                "Step {} can be approved by its own assignee `{assignee}` only; name another approver.",
                step.number
            );
            hits.push(Hit::new(Section::Steps, message, heading(step)));
        }
    }
    hits
}
