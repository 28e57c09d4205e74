//! A new draft from the template: id, people and dates are filled in, everything else stays `MISSING: …`, which the
//! coded checks refuse.

use super::document::Section;
use super::id::{SopId, Version};
use super::import::NOBODY;
use super::words::is_agent_id;
use crate::base::text::capital;
use crate::base::yaml;

/// What is known of the SOP before anybody writes it.
#[derive(Clone, Debug)]
pub struct NewSop {
    /// Its id.
    pub id: SopId,
    /// Title for people; made from the id where absent.
    pub title: Option<String>,
    /// The accountable owner.
    pub owner: Option<String>,
    /// Who writes it: an agent id.
    pub created_by: String,
    /// `2026-11-20`.
    pub created_at: String,
}

/// The agent id the template has where one must stand.
const SOMEBODY: &str = "agent.id";
/// What a template has wherever a person must write.
const MISSING: &str = "MISSING";

/// The template's text with what is known filled in.
///
/// # Errors
/// When the title is not one line of words, or the owner no agent id, in words.
pub fn fill(template: &str, new: &NewSop) -> Result<String, String> {
    let title = new.title.clone().unwrap_or_else(|| title_of(&new.id));
    check(Some(&title), new.owner.iter().chain([&new.created_by]))?;
    let owner = new.owner.as_deref().unwrap_or(NOBODY);
    let head = [
        ("id", new.id.to_string()),
        ("title", quoted(&title)),
        ("department", new.id.department().to_owned()),
        ("owner", owner.to_owned()),
        ("created_by", new.created_by.clone()),
        ("created_at", new.created_at.clone()),
    ];
    let body_line = yaml::front_matter("", template).map_or(1, |cut| cut.body_line);
    let log = format!("- v1.0 ({}):", new.created_at);
    let line = |(number, line): (u32, &str)| {
        let known = head.iter().find(|(key, _)| line.starts_with(&format!("{key}: ")));
        match known {
            Some((key, value)) if number < body_line => format!("{key}: {value}"),
            _ if line.starts_with("# ") => format!("# {title}"),
            _ => match line.strip_prefix("- v1.0 (").and_then(|rest| rest.split_once("):")) {
                Some((_, rest)) => format!("{log}{rest}"),
                None => line.replace(SOMEBODY, owner),
            },
        }
    };
    let lines: Vec<String> = (1..).zip(template.lines()).map(line).collect();
    Ok(lines.join("\n") + "\n")
}

/// What is known of a version that is made from another one's text.
#[derive(Clone, Debug)]
pub struct Copied {
    /// The SOP it will be a version of.
    pub id: SopId,
    /// Its version.
    pub version: Version,
    /// The version it will replace.
    pub supersedes: Option<Version>,
    /// Title for people, where it gets another one.
    pub title: Option<String>,
    /// The accountable owner, where it gets another one.
    pub owner: Option<String>,
    /// Who writes it: an agent id.
    pub created_by: String,
    /// `2026-11-20`.
    pub created_at: String,
}

/// A published text as the beginning of another version: its head says whose it is now, what only a mission may say is
/// taken out, and its change log has a line to fill in. A text of another SOP keeps none of that one's log.
///
/// # Errors
/// When the title is not one line of words, or the owner no agent id, in words.
pub fn copy(text: &str, new: &Copied) -> Result<String, String> {
    check(new.title.as_deref(), new.owner.iter().chain([&new.created_by]))?;
    let another = !text.lines().any(|line| line == format!("id: {}", new.id));
    let supersedes = new.supersedes.map(|version| version.to_string());
    let (title, version) = (new.title.as_deref().map(quoted), new.version.to_string());
    let head = yaml::edit_head(text, |head| {
        let keys = [
            ("id", Some(new.id.as_str())),
            ("version", Some(&version)),
            ("department", Some(new.id.department())),
            ("created_by", Some(&new.created_by)),
            ("created_at", Some(&new.created_at)),
            ("mission", None),
            ("contract", None),
            ("supersedes", supersedes.as_deref()),
        ];
        let given = [("title", title.as_deref()), ("owner", new.owner.as_deref())];
        let given = given.into_iter().filter(|(_, value)| value.is_some());
        keys.into_iter()
            .chain(given)
            .fold(head.to_owned(), |head, (key, value)| yaml::set_key(&head, key, value))
    });
    let text = head.ok_or("the text has no head")?;
    let text = match &new.title {
        Some(title) => with_heading(&text, title),
        None => text,
    };
    let entry = format!("- v{} ({}): {MISSING}: what changed, and why.", new.version, new.created_at);
    let (before, log) = text.split_once("\n## Change log\n").unwrap_or((&text, ""));
    let log = if another { "" } else { log.trim_matches('\n') };
    Ok(format!("{before}\n## Change log\n\n{}\n", [&entry, log].join("\n").trim_end()))
}

fn with_heading(text: &str, title: &str) -> String {
    let mut done = false;
    let mut line = |line: &str| {
        if !done && line.starts_with("# ") {
            done = true;
            return format!("# {title}\n");
        }
        format!("{line}\n")
    };
    text.lines().map(&mut line).collect()
}

fn check<'a>(title: Option<&str>, ids: impl Iterator<Item = &'a String>) -> Result<(), String> {
    if let Some(title) = title
        && (title.trim() != title || title.is_empty() || title.contains(['\n', '\r', '"', '\\']))
    {
        return Err(format!("`{title}` is not a title: write one line of words"));
    }
    match ids.into_iter().find(|id| !is_agent_id(id)) {
        Some(id) => Err(format!("`{id}` is not an agent id")),
        None => Ok(()),
    }
}

/// What a draft from the template still lacks: the line's number and its words.
pub fn to_fill_in(text: &str) -> Vec<(u32, &str)> {
    let lacks = |line: &str| {
        let words = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric()) == NOBODY;
        line.contains(MISSING) || line.split_whitespace().any(words)
    };
    (1..)
        .zip(text.lines())
        .filter(|(_, line)| lacks(line))
        .map(|(number, line)| (number, line.trim()))
        .collect()
}

/// `lead-qualification` → `Lead qualification`.
fn title_of(id: &SopId) -> String {
    capital(&id.name().replace('-', " "))
}

/// A title as YAML reads it back: bare where it is plain words.
fn quoted(title: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || " -_,().&".contains(c);
    let bare = title.starts_with(char::is_alphabetic) && title.chars().all(plain);
    if bare { title.to_owned() } else { format!("\"{title}\"") }
}

/// The headings a template must have: those of every SOP.
pub fn lacks_headings(template: &str) -> Vec<&'static str> {
    let has = |title: &str| template.lines().any(|line| line.strip_prefix("## ") == Some(title));
    Section::ALL.iter().map(|(_, title)| *title).filter(|title| !has(title)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(title: Option<&str>, owner: Option<&str>) -> NewSop {
        NewSop {
            id: "SOP-OPS-key-handover".parse().unwrap(),
            title: title.map(str::to_owned),
            owner: owner.map(str::to_owned),
            created_by: "ops.manager".to_owned(),
            created_at: "2026-11-20".to_owned(),
        }
    }

    fn template() -> String {
        std::fs::read_to_string("sops/TEMPLATE.md").unwrap()
    }

    #[test]
    fn the_shipped_template_becomes_a_draft_that_reads() {
        assert_eq!(lacks_headings(&template()), Vec::<&str>::new());
        for (title, owner, expected) in [
            (None, None, ("Key handover", "missing")),
            (Some("Keys: who has which"), Some("it.security"), ("Keys: who has which", "it.security")),
        ] {
            let text = fill(&template(), &new(title, owner)).unwrap();
            let sop = crate::sop::parse("draft.md", &text).unwrap();
            assert_eq!((sop.head.title.as_str(), sop.head.owner.as_str()), expected);
            assert_eq!(sop.head.id.as_str(), "SOP-OPS-key-handover");
            assert_eq!(sop.body.steps[0].assignee.as_deref(), Some(expected.1));
            assert!(sop.body.change_log.contains("v1.0 (2026-11-20)"), "{}", sop.body.change_log);
            let open = to_fill_in(&text);
            assert!(open.iter().any(|(_, line)| line.contains("MISSING: why this SOP exists")), "{open:?}");
            assert_eq!(open.iter().any(|(_, line)| *line == "owner: missing"), owner.is_none());
        }
    }

    #[test]
    fn a_copy_reads_and_names_nobody_elses_mission() {
        let text = std::fs::read_to_string("sops/examples/SOP-REV-lead-qualification-v1.0.md").unwrap();
        let version = |text: &str| text.parse::<Version>().unwrap();
        let same = Copied {
            id: "SOP-REV-lead-qualification".parse().unwrap(),
            version: version("1.1"),
            supersedes: Some(version("1.0")),
            title: None,
            owner: None,
            created_by: "cro".to_owned(),
            created_at: "2026-11-27".to_owned(),
        };
        let sop = crate::sop::parse("draft.md", &copy(&text, &same).unwrap()).unwrap();
        assert_eq!((sop.head.version, sop.head.supersedes), (version("1.1"), Some(version("1.0"))));
        assert_eq!((sop.head.mission, sop.head.contract), (None, None));
        assert_eq!(sop.head.created_by, "cro");
        let log = &sop.body.change_log;
        assert!(
            log.starts_with("- v1.1 (2026-11-27): MISSING") && log.contains("v1.0 (2026-11-20)"),
            "{log}"
        );
        let other = Copied {
            id: "SOP-OPS-key-handover".parse().unwrap(),
            version: version("1.0"),
            supersedes: None,
            title: Some("Keys: who has which".to_owned()),
            owner: Some("ops.manager".to_owned()),
            ..same
        };
        let sop = crate::sop::parse("draft.md", &copy(&text, &other).unwrap()).unwrap();
        assert_eq!((sop.head.department.as_str(), sop.head.owner.as_str()), ("OPS", "ops.manager"));
        assert_eq!(sop.head.title, "Keys: who has which");
        assert!(!sop.body.change_log.contains("2026-11-20"), "{}", sop.body.change_log);
        assert!(copy(&text, &Copied { title: Some("a\nb".to_owned()), ..other }).is_err());
    }

    #[test]
    fn what_cannot_stand_in_a_file_is_refused() {
        assert!(fill(&template(), &new(Some("a\nb"), None)).is_err());
        assert!(fill(&template(), &new(Some(""), None)).is_err());
        assert!(fill(&template(), &new(None, Some("VP Sales"))).is_err());
    }
}
