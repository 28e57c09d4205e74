//! Who may change the workspace's own files (agents, prompts, settings) from a face, and which rewrite of a prompt
//! the council must see first.

use crate::base::text::listed;
use crate::roster::{Agent, Roster};
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
            let path = &settings.publication;
            let signs_itself = roster.get(&path.signs).is_some_and(Agent::is_active);
            let signer = if signs_itself { &path.signs } else { &path.interim.signs };
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
