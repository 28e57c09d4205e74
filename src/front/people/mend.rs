//! Mending files line by line, so that comments and layout stay: ids only where they stand for an agent.

use super::{Mended, Say};
use crate::base::{Problem, problem::Result};
use crate::roster::bullets;

/// A file with some lines changed; `None` where none is.
pub(super) fn changed(path: &str, before: &str, line: impl Fn(&str) -> String) -> Option<Mended> {
    let mut lines = Vec::new();
    let mut text = String::with_capacity(before.len());
    for (number, old) in (1..).zip(before.split_inclusive('\n')) {
        let new = line(old);
        if new != old {
            lines.push((number, new.trim_end().to_owned()));
        }
        text.push_str(&new);
    }
    (!lines.is_empty()).then(|| Mended { path: path.to_owned(), text, lines })
}

/// A line of the settings with `to` for `from` wherever it is a value or a key.
pub(super) fn in_settings(line: &str, (from, to): (&str, &str)) -> String {
    if line.trim_start().starts_with('#') {
        return line.to_owned();
    }
    let (said, comment) = line.find(" #").and_then(|at| line.split_at_checked(at)).unwrap_or((line, ""));
    format!("{}{comment}", replaced(said, (from, to), |c| c.is_whitespace() || "{}[],:'\"".contains(c)))
}

/// `text` with `to` for each `from` that has nothing but `bound` on both sides.
fn replaced(text: &str, (from, to): (&str, &str), bound: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(from) {
        let left = before.chars().next_back().or_else(|| out.chars().next_back()).is_none_or(&bound);
        let right = after.chars().next().is_none_or(&bound);
        out.push_str(before);
        out.push_str(if left && right { to } else { from });
        rest = after;
    }
    out.push_str(rest);
    out
}

/// An agent's file with `to` for `from` as chief, as who does or approves a step, and as a role of a topic. Where a topic
/// has both as roles, their duties become one.
pub(super) fn in_agent(path: &str, before: &str, (from, to): (&str, &str)) -> Option<Mended> {
    let lines: Vec<&str> = before.split_inclusive('\n').collect();
    let mut mended = changed(path, before, |line| in_line(line, (from, to)))?;
    let roles = joined_roles(&lines, (from, to));
    if !roles.is_empty() {
        // Line by line over the old text, whose lines are those of the new.
        let new: Vec<String> = mended.text.split_inclusive('\n').map(str::to_owned).collect();
        let with = |(at, line): (usize, String)| roles.get(&at).cloned().unwrap_or(line);
        mended.text = new.into_iter().enumerate().map(with).collect();
        for (at, line) in roles {
            mended.lines.retain(|(number, _)| *number != at + 1);
            mended.lines.push((at + 1, line.trim_end().to_owned()));
        }
        mended.lines.sort();
    }
    Some(mended)
}

fn in_line(line: &str, (from, to): (&str, &str)) -> String {
    let keyed = line.trim_start().trim_start_matches("- ");
    let names = ["reports_to:", "Assignee:", "Approvers:"].iter().any(|key| keyed.starts_with(key));
    let role = line
        .strip_prefix("- ")
        .is_some_and(|rest| bullets::role(rest.trim_end()).is_ok_and(|(id, _)| id == from));
    if names {
        replaced(line, (from, to), |c| c.is_whitespace() || "[],:'\"".contains(c))
    } else if role {
        line.replacen(from, to, 1)
    } else {
        line.to_owned()
    }
}

/// The lines that change where one part of roles names both: one takes both duties, the other goes.
fn joined_roles(lines: &[&str], (from, to): (&str, &str)) -> std::collections::BTreeMap<usize, String> {
    let mut found = std::collections::BTreeMap::new();
    let (mut old, mut new) = (None, None);
    for (at, line) in lines.iter().enumerate() {
        if line.starts_with('#') {
            (old, new) = (None, None);
        }
        let Some((id, duty)) = line.strip_prefix("- ").and_then(|rest| bullets::role(rest.trim_end()).ok())
        else {
            continue;
        };
        if id == from {
            old = Some((at, duty));
        } else if id == to {
            new = Some((at, duty));
        }
        if let (Some((gone, theirs)), Some((stays, own))) = (old, new) {
            found.insert(gone, String::new());
            found.insert(stays, format!("- {to}: {}; {theirs}\n", own.trim_end_matches('.')));
        }
    }
    found
}

/// The settings with an agent as who signs, or as the deputy.
pub(super) fn publication(before: &str, say: Say, id: &str) -> Result<Mended> {
    let key = match say {
        Say::Signs => "signs",
        Say::Deputy => "deputy",
    };
    let own = format!("  {key}: {id}\n");
    let lines: Vec<&str> = before.split_inclusive('\n').collect();
    let Some(head) = lines.iter().position(|line| line.starts_with("publication:")) else {
        let end = if before.ends_with('\n') { "" } else { "\n" };
        let lines =
            vec![(lines.len() + 2, "publication:".to_owned()), (lines.len() + 3, own.trim_end().to_owned())];
        return Ok(Mended {
            path: "sopd.yaml".to_owned(),
            text: format!("{before}{end}\npublication:\n{own}"),
            lines,
        });
    };
    if lines.get(head).is_some_and(|line| line.split('#').next().unwrap_or_default().trim() != "publication:")
    {
        let problem = Problem::invalid(format!("sopd.yaml:{}: `publication` stands on one line", head + 1));
        return Err(problem.hint(format!("write `{key}: {id}` into it, and leave this wish out")));
    }
    let block = lines.iter().skip(head + 1).take_while(|line| line.starts_with(' '));
    let there = block.into_iter().position(|line| line.starts_with(&format!("  {key}:")));
    let mut text: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
    let at = head + 1 + there.unwrap_or(0);
    match there.and_then(|_| text.get_mut(at)) {
        Some(line) => line.clone_from(&own),
        None => text.insert(at, own.clone()),
    }
    let lines = vec![(at + 1, own.trim_end().to_owned())];
    Ok(Mended { path: "sopd.yaml".to_owned(), text: text.concat(), lines })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_change_where_an_agent_is_named_and_nowhere_else() {
        let pair = ("office", "shop");
        for (line, expected) in [
            ("requester: office # the office\n", "requester: shop # the office\n"),
            ("#requester: office\n", "#requester: office\n"),
            (
                "  interim: { forwards: office, signs: owner }\n",
                "  interim: { forwards: shop, signs: owner }\n",
            ),
            ("  secrets_file: /etc/office.env\n", "  secrets_file: /etc/office.env\n"),
            ("requester: back.office\n", "requester: back.office\n"),
        ] {
            assert_eq!(in_settings(line, pair), expected);
        }
    }

    #[test]
    fn an_agents_file_changes_where_an_id_stands_for_an_agent() {
        let text = "---\nreports_to: owner\n---\nAsk the owner.\n\n## T\n\n### Roles\n- owner: decides.\n- shop: does it.\n\n### Steps\n1. **Ask the owner for it**\n   - Assignee: owner\n   - Approvers: [owner, shop]\n";
        let mended = in_agent("agents/x.md", text, ("owner", "shop")).unwrap();
        assert!(mended.text.contains("Ask the owner.\n") && mended.text.contains("**Ask the owner for it**"));
        assert!(mended.text.contains("reports_to: shop\n") && mended.text.contains("   - Assignee: shop\n"));
        assert!(mended.text.contains("### Roles\n- shop: does it; decides.\n\n"), "{}", mended.text);
        assert_eq!(mended.lines.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [2, 9, 10, 14, 15]);
    }

    #[test]
    fn a_block_of_settings_gets_a_key_and_a_line_of_them_is_refused() {
        let signs = |text| publication(text, Say::Signs, "owner").map(|mended| mended.text);
        assert_eq!(signs("a: 1").unwrap(), "a: 1\n\npublication:\n  signs: owner\n");
        assert_eq!(
            signs("publication:\n  signs: ceo\nb: 2\n").unwrap(),
            "publication:\n  signs: owner\nb: 2\n"
        );
        assert_eq!(
            signs("publication:\n  deputy: x\n").unwrap(),
            "publication:\n  signs: owner\n  deputy: x\n"
        );
        assert!(signs("publication: { signs: ceo }\n").unwrap_err().message.contains("sopd.yaml:1"));
    }
}
