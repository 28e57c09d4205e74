//! Who may change the workspace's own files (agents, prompts, settings) from a face, and which rewrite of a prompt
//! the council must see first.

use crate::base::text::listed;
use crate::roster::{Agent, AgentHead, Roster};
use crate::settings::{CouncilLevel, Settings};

/// A prompt that keeps fewer of its words than this, in percent, is rewritten, not mended. A changed sentence in ten
/// keeps some 90; from a fifth of the words on, the role itself may have changed.
pub const MAJOR_BELOW: u8 = 80;

/// The class of the council matrix that major rewrites of a prompt belong to.
const CLASS: &str = "prompt-rewrite";

/// Refuses whoever may not change these files: they decide what everybody is told and may do, so those who answer for
/// publications answer for them: who signs and, while that agent is planned, who forwards and signs in its place.
///
/// # Errors
/// Why not, in words.
pub fn may_edit(settings: &Settings, roster: &Roster, party: &str) -> Result<(), String> {
    let may = editors(settings, roster);
    if may.contains(&party) {
        return Ok(());
    }
    Err(format!("{party} may not change agents, prompts and settings; {} may", listed(&may)))
}

/// Refuses whoever only forwards publications a change of an agent's standing: whether it is at work, its roles, who
/// thinks for it and whom it reports to decide who signs, judges and stands in. Whoever signs answers for that.
///
/// # Errors
/// Why not, in words.
pub fn may_change_standing(
    settings: &Settings,
    roster: &Roster,
    party: &str,
    (before, after): (Option<&AgentHead>, &AgentHead),
) -> Result<(), String> {
    let same = before.is_some_and(|before| {
        (before.status, &before.roles, before.runtime, &before.reports_to)
            == (after.status, &after.roles, after.runtime, &after.reports_to)
    });
    let signs = signer(settings, roster);
    if same || signs == party {
        return Ok(());
    }
    Err(format!("status, roles, runtime and reports_to of {} are changed by {signs}, who signs", after.id))
}

/// Who signs publications as the company stands.
fn signer<'a>(settings: &'a Settings, roster: &Roster) -> &'a str {
    let path = &settings.publication;
    let signs_itself = roster.get(&path.signs).is_some_and(Agent::is_active);
    if signs_itself { &path.signs } else { &path.interim.signs }
}

fn editors<'a>(settings: &'a Settings, roster: &Roster) -> Vec<&'a str> {
    let path = &settings.publication;
    let all = [&path.interim.forwards, &path.interim.signs, &path.signs];
    let at_work = |id: &str| roster.get(id).is_some_and(Agent::is_active);
    all.into_iter().map(String::as_str).filter(|id| at_work(id)).collect()
}

/// What the matrix asks of a rewrite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rewrite {
    /// It may be written at once.
    AtOnce,
    /// The council sees it first.
    Council,
}

/// The class of the matrix that major rewrites belong to.
pub fn rewrite_class() -> &'static str {
    CLASS
}

/// Whether a prompt that keeps `kept` percent of its words goes to the council. `skip` is the wish to do without: of
/// a mandatory class only whoever signs publications may have it.
///
/// # Errors
/// Why the council cannot be skipped, in words.
pub fn rewrite(
    settings: &Settings,
    roster: &Roster,
    (party, kept, skip): (&str, u8, bool),
) -> Result<Rewrite, String> {
    if kept >= MAJOR_BELOW {
        return Ok(Rewrite::AtOnce);
    }
    match (settings.council.level(&[CLASS.to_owned()])?, skip) {
        (CouncilLevel::Optional, _) | (CouncilLevel::Recommended, true) => Ok(Rewrite::AtOnce),
        (CouncilLevel::Mandatory, true) => {
            let signer = signer(settings, roster);
            if signer == party {
                return Ok(Rewrite::AtOnce);
            }
            Err(format!("the council is mandatory for {CLASS}; only {signer} may skip it"))
        }
        (_, false) => Ok(Rewrite::Council),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roster::{AgentRole, AgentStatus, Runtime};

    fn roster() -> Roster {
        let agent = |id: &str| {
            let text = format!(
                "---\nid: {id}\ntitle: T\ndepartment: EXE\nstatus: active\nroles: [worker]\n---\nWho it is.\n"
            );
            crate::roster::parse(&format!("agents/{id}.md"), &text).unwrap()
        };
        Roster::new(["chief.staff", "ceo", "vp.sales"].map(agent)).unwrap()
    }

    #[test]
    fn only_who_answers_for_publications_may_edit() {
        let (settings, roster) = (Settings::default(), roster());
        assert_eq!(may_edit(&settings, &roster, "chief.staff"), Ok(()));
        assert_eq!(may_edit(&settings, &roster, "ceo"), Ok(()));
        let refused = may_edit(&settings, &roster, "vp.sales").unwrap_err();
        assert!(refused.ends_with("chief.staff and ceo may"), "{refused}");
        assert!(may_edit(&settings, &roster, "coo").is_err(), "nobody of that name is at work");
    }

    #[test]
    fn only_who_signs_changes_who_has_a_say() {
        let (settings, roster) = (Settings::default(), roster());
        let before = &roster.get("vp.sales").unwrap().head;
        let asked = |party, before, after: &AgentHead| {
            may_change_standing(&settings, &roster, party, (before, after)).is_ok()
        };
        let title = AgentHead { title: "Head of sales".to_owned(), ..before.clone() };
        assert!(asked("chief.staff", Some(before), &title), "a title is nobody's authority");
        let planned = AgentHead { status: AgentStatus::Planned, ..before.clone() };
        let judge = AgentHead { roles: vec![AgentRole::Scrutiny], ..before.clone() };
        let person = AgentHead { runtime: Runtime::Person, ..before.clone() };
        let above = AgentHead { reports_to: Some("ceo".to_owned()), ..before.clone() };
        for after in [planned, judge, person, above] {
            assert!(
                !asked("chief.staff", Some(before), &after) && asked("ceo", Some(before), &after),
                "{after:?}"
            );
        }
        assert!(
            !asked("chief.staff", None, before) && asked("ceo", None, before),
            "a new agent has a standing"
        );
    }

    #[test]
    fn the_matrix_says_which_rewrite_the_council_sees() {
        let (mut settings, roster) = (Settings::default(), roster());
        let asked = |settings: &Settings, party, kept, skip| rewrite(settings, &roster, (party, kept, skip));
        assert_eq!(asked(&settings, "chief.staff", MAJOR_BELOW, false), Ok(Rewrite::AtOnce));
        assert_eq!(asked(&settings, "chief.staff", MAJOR_BELOW - 1, false), Ok(Rewrite::Council));
        assert!(asked(&settings, "chief.staff", 0, true).is_err());
        assert_eq!(asked(&settings, "ceo", 0, true), Ok(Rewrite::AtOnce));
        for (level, skip, expected) in [
            (CouncilLevel::Recommended, false, Rewrite::Council),
            (CouncilLevel::Recommended, true, Rewrite::AtOnce),
            (CouncilLevel::Optional, false, Rewrite::AtOnce),
        ] {
            settings.council.classes.insert(CLASS.to_owned(), level);
            assert_eq!(asked(&settings, "chief.staff", 0, skip), Ok(expected), "{level:?} {skip}");
        }
    }
}
