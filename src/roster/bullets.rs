//! The forms of bullets in the parts of a topic: inputs, terms, roles, scope, risks, references.

use super::Part;
use super::source::Source;
use crate::sop::input_type::{self, Cell};
use crate::sop::words::is_snake_case;
use crate::sop::{Input, Section, SopId};

/// Checks the bullets of one part, given with their lines.
pub(super) fn check(source: &mut Source<'_>, part: Part, heading: u32, lines: &[(u32, String)]) {
    let single = matches!(part, Part::Section(Section::Trigger | Section::DefinitionOfDone));
    if single && lines.len() > 1 {
        source.wrong(heading, "this part holds exactly one bullet", "join the bullets into one sentence");
    }
    for (line, words) in lines {
        if let Err((message, hint)) = form(part, words) {
            source.wrong(*line, message, hint);
        }
    }
    for (at, (line, words)) in lines.iter().enumerate() {
        if lines.iter().take(at).any(|(_, before)| subject(part, before) == subject(part, words)) {
            source.wrong(*line, "this is said twice in one part", "keep one of the two");
        }
    }
}

/// What two bullets of one part may not share.
fn subject(part: Part, words: &str) -> String {
    let subject = match part {
        Part::Terms => term(words).ok().map(|(term, _)| term.to_lowercase()),
        Part::Section(Section::Inputs) => input(words).ok().map(|input| input.name),
        Part::Section(Section::Roles) => role(words).ok().map(|(agent, _)| agent.to_owned()),
        Part::Section(_) => None,
    };
    subject.unwrap_or_else(|| words.to_owned())
}

/// What is wrong, and what to write instead.
type Wrong = (String, String);

fn form(part: Part, words: &str) -> Result<(), Wrong> {
    match part {
        Part::Terms => term(words).map(|_| ()),
        Part::Section(Section::Inputs) => input(words).map(|_| ()),
        Part::Section(Section::Roles) => role(words).map(|_| ()),
        Part::Section(Section::Scope) => starts(words, &["In scope", "Out of scope"]),
        Part::Section(Section::Risk) => starts(words, &["Risk", "Impact", "Rollback"]),
        Part::Section(Section::References) => reference(words),
        Part::Section(_) => Ok(()),
    }
}

fn starts(words: &str, openings: &[&str]) -> Result<(), Wrong> {
    let fits = openings.iter().any(|opening| {
        words.strip_prefix(opening).and_then(|rest| rest.strip_prefix(": ")).is_some_and(filled)
    });
    if fits {
        return Ok(());
    }
    let forms: Vec<String> = openings.iter().map(|opening| format!("`{opening}: …`")).collect();
    Err(("this bullet does not say what it is".to_owned(), format!("begin it with {}", forms.join(" or "))))
}

fn filled(text: &str) -> bool {
    !text.trim().is_empty()
}

/// Reads `**Term**: definition`.
pub fn term(words: &str) -> Result<(&str, &str), (String, String)> {
    words
        .strip_prefix("**")
        .and_then(|rest| rest.split_once("**: "))
        .filter(|(term, definition)| filled(term) && filled(definition))
        .ok_or_else(|| ("this is not a defined term".to_owned(), "write `- **Term**: definition`".to_owned()))
}

/// Reads `agent.id: what it answers for`.
pub fn role(words: &str) -> Result<(&str, &str), (String, String)> {
    words.split_once(": ").filter(|(agent, duty)| super::is_agent_id(agent) && filled(duty)).ok_or_else(
        || {
            let hint = "write `- agent.id: what it answers for`".to_owned();
            ("this does not name an agent and its duty".to_owned(), hint)
        },
    )
}

fn reference(words: &str) -> Result<(), Wrong> {
    let id = words.strip_prefix("[[").and_then(|rest| rest.split_once("]]: ")).filter(|(_, why)| filled(why));
    let Some((id, _)) = id else {
        let hint = "write `- [[SOP-REV-lead-qualification]]: why`".to_owned();
        return Err(("this is not a reference".to_owned(), hint));
    };
    id.parse::<SopId>()
        .map(|_| ())
        .map_err(|message| (message, "name the SOP without its version".to_owned()))
}

/// Reads `snake_name (type, required|optional): description`.
pub fn input(words: &str) -> Result<Input, (String, String)> {
    let wrong = |message: &str| {
        let hint = "write `- snake_name (text, required): what it is and where it comes from`".to_owned();
        (message.to_owned(), hint)
    };
    let opened = words.split_once(" (").ok_or_else(|| wrong("this is not an input"))?;
    let (name, rest) = opened;
    let ends: Vec<_> = rest.match_indices("): ").collect();
    // A pattern may hold brackets: the first bracket behind a need closes, or else the first of all.
    let need_before = |at: usize| {
        rest.get(..at).and_then(|inside| inside.rsplit_once(',')).map_or("", |(_, need)| need.trim())
    };
    let end = ends.iter().find(|(at, _)| ["required", "optional"].contains(&need_before(*at)));
    let (at, mark) = end.or(ends.first()).ok_or_else(|| wrong("this is not an input"))?;
    let inside = rest.get(..*at).unwrap_or_default();
    let description = rest.get(at + mark.len()..).unwrap_or_default().trim();
    if !is_snake_case(name) {
        return Err(wrong(&format!("`{name}` is not the name of an input")));
    }
    if description.is_empty() {
        return Err(wrong("the input has no description"));
    }
    let (kind, need) =
        inside.rsplit_once(',').ok_or_else(|| wrong("the input lacks `required` or `optional`"))?;
    let required = match need.trim() {
        "required" => true,
        "optional" => false,
        other => return Err(wrong(&format!("`{other}` is neither `required` nor `optional`"))),
    };
    let Cell { kind, default, pattern } = input_type::read(kind.trim())?;
    let (name, description) = (name.to_owned(), description.to_owned());
    Ok(Input { name, kind, required, description, default, pattern })
}

/// Writes what [`input`] reads.
pub fn input_line(input: &Input) -> String {
    let kind = input_type::write(input);
    let need = if input.required { "required" } else { "optional" };
    format!("{} ({kind}, {need}): {}", input.name, crate::base::markdown::one_line(&input.description))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sop::InputKind;

    #[test]
    fn inputs_have_name_type_need_and_description() {
        let read =
            input("source (choice: demo_form, referral, required): where the lead came from.").unwrap();
        assert_eq!(read.name, "source");
        assert_eq!(read.kind, InputKind::Choice(vec!["demo_form".into(), "referral".into()]));
        assert!(read.required);
        assert!(!input("week (date, optional): the Monday.").unwrap().required);
        for bad in [
            "Week (date, required): x",
            "week (datum, required): x",
            "week (date, needed): x",
            "week (date): x",
            "week: x",
            "week (choice: a, required): x",
            "week (choice: a, a, required): x",
            "week (date, required): ",
        ] {
            assert!(input(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn other_bullets_have_their_forms() {
        assert_eq!(term("**Commit forecast**: the sum.").unwrap(), ("Commit forecast", "the sum."));
        assert!(term("Commit forecast: the sum.").is_err());
        assert_eq!(role("vp.sales: calls.").unwrap().0, "vp.sales");
        assert!(role("VP Sales: calls.").is_err());
        assert!(reference("[[SOP-REV-lead-routing]]: who gets it.").is_ok());
        assert!(reference("[[SOP-rev-x]]: who gets it.").is_err());
        assert!(form(Part::Section(Section::Scope), "In scope: all leads.").is_ok());
        assert!(form(Part::Section(Section::Scope), "Within scope: all leads.").is_err());
    }
}
