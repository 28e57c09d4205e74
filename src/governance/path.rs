//! The publication path: who reads before, who signs, and what is recorded where the path leaves nobody else.

use super::parties::{Parties, Voice};
use super::sight::works_elsewhere;
use crate::roster::{Agent, Roster};
use crate::settings::Publication;
use serde::{Deserialize, Serialize};

/// Who must act on a finished draft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Path {
    /// Reads first and recommends or sends back; not a signature.
    pub forwards: Option<String>,
    /// Signs.
    pub signs: String,
    /// What had to be departed from, in words; goes on record with the signature.
    pub exception: Option<String>,
}

/// The path for a mission with these parties. The signer is at work, has neither drafted nor validated, and has
/// asked for it only where nobody else is left. What separation of duties had to give up is written down, and two
/// parties see it: one who had no hand in the draft reads it before it is signed. Says before any work when nobody may
/// sign.
pub fn publication_path(settings: &Publication, roster: &Roster, parties: &Parties) -> Result<Path, String> {
    let at_work = |id: &str| roster.get(id).is_some_and(Agent::is_active);
    let (forwards, signs) = if at_work(&settings.signs) {
        (None, settings.signs.clone())
    } else {
        (Some(settings.interim.forwards.clone()), settings.interim.signs.clone())
    };
    if let Some(reader) = forwards.as_deref().filter(|reader| !at_work(reader)) {
        return Err(format!("{reader} forwards publications, but is not at work"));
    }
    let barred = parties.barred();
    let deputy = settings.deputy.clone().filter(|id| at_work(id) && !barred.contains_key(id));
    let unfit = match barred.get(&signs) {
        Some(reason) => Some(reason.clone()),
        None if !at_work(&signs) => Some(format!("{signs} is not at work")),
        None => None,
    };
    let mut given_up: Vec<String> = parties.judged_at_home(roster).into_iter().collect();
    let (signs, stands_in) = match (unfit, deputy) {
        (None, deputy) if parties.requester == signs => {
            if let Some(deputy) = deputy.filter(|deputy| *deputy != signs) {
                let reason = format!("{signs} asked for this mission, so the deputy {deputy} signs");
                (deputy, Some(reason))
            } else {
                given_up.push(format!(
                    "{signs} asked for this mission and signs it: the path leaves nobody else"
                ));
                (signs, None)
            }
        }
        (None, _) => (signs, None),
        (Some(reason), Some(deputy)) => {
            let reason = format!("{reason}, so the deputy {deputy} signs");
            (deputy, Some(reason))
        }
        (Some(reason), None) => {
            return Err(format!(
                "nobody may sign this publication: {reason}; name a `deputy` under `publication` in sopd.yaml"
            ));
        }
    };
    let alone = !given_up.is_empty() && forwards.is_none();
    let reader = alone.then(|| second(settings, roster, parties, &signs));
    let words = reader.as_ref().map(|reader| match reader {
        Some(reader) => format!("{reader} reads it before"),
        None => "nobody else is free to read it before".to_owned(),
    });
    let exception: Vec<String> = stands_in.into_iter().chain(given_up).chain(words).collect();
    Ok(Path {
        forwards: forwards.or(reader.flatten()),
        signs,
        exception: (!exception.is_empty()).then(|| exception.join("; ")),
    })
}

/// The path once somebody has put its own text in the place of the draft: who did it counts as a drafter, and neither
/// reads it for others nor signs alone.
pub fn path_after_edit(settings: &Publication, roster: &Roster, parties: &Parties, path: &Path) -> Path {
    let edited = |id: &str| parties.voices.get(id) == Some(&Voice::Edited);
    let at_work = |id: &str| roster.get(id).is_some_and(Agent::is_active);
    let barred = parties.barred();
    let mut signs = path.signs.clone();
    let mut words: Vec<String> = path.exception.clone().into_iter().collect();
    let mut alone = false;
    if edited(&signs) {
        let deputy = settings.deputy.clone();
        let deputy =
            deputy.filter(|id| at_work(id) && *id != signs && !edited(id) && !barred.contains_key(id));
        alone = deputy.is_none();
        words.push(match &deputy {
            Some(deputy) => format!("{signs} edited it, so the deputy {deputy} signs"),
            None => format!("{signs} edited it and signs it: the path leaves nobody else"),
        });
        signs = deputy.unwrap_or(signs);
    }
    let fit = path.forwards.clone().filter(|reader| !edited(reader) && *reader != signs);
    let wanted = fit.is_none() && (alone || path.forwards.is_some());
    let other = if wanted { second(settings, roster, parties, &signs) } else { None };
    if wanted {
        words.extend(
            path.forwards.iter().filter(|reader| edited(reader)).map(|reader| format!("{reader} edited it")),
        );
        words.push(match &other {
            Some(reader) => format!("{reader} reads it before"),
            None => "nobody else is free to read it before".to_owned(),
        });
    }
    Path { forwards: fit.or(other), signs, exception: (!words.is_empty()).then(|| words.join("; ")) }
}

/// Who reads what separation of duties could not be kept for: the settings' own reader, their deputy, else anybody at
/// work who had no hand in the draft, did not ask for it, will not own it and does not sign it.
fn second(settings: &Publication, roster: &Roster, parties: &Parties, signs: &str) -> Option<String> {
    let free = |id: &&String| {
        let agent = roster.get(id).filter(|agent| agent.is_active() && !works_elsewhere(agent));
        let apart = *id != signs && **id != parties.requester && **id != parties.owner;
        agent.is_some() && apart && parties.hand_in_draft(id).is_none()
    };
    let named = [&settings.interim.forwards].into_iter().chain(&settings.deputy);
    named.chain(roster.active().map(|agent| &agent.head.id)).find(free).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::governance::scrutiny_validator;

    fn roster(agents: &[(&str, &str, &str)]) -> Roster {
        let agent = |(id, department, roles): &(&str, &str, &str)| {
            let text = format!(
                "---\nid: {id}\ntitle: T\ndepartment: {department}\nstatus: active\nroles: [{roles}]\n---\nWho it is.\n"
            );
            crate::roster::parse(&format!("agents/{id}.md"), &text).unwrap()
        };
        Roster::new(agents.iter().map(agent)).unwrap()
    }

    fn company() -> Publication {
        let mut settings = Publication { signs: "owner".to_owned(), ..Publication::default() };
        settings.interim.forwards = "office".to_owned();
        settings.interim.signs = "owner".to_owned();
        settings
    }

    #[test]
    fn in_one_department_somebody_of_it_judges_and_two_parties_see_that() {
        let all = [
            ("owner", "ALL", "approver"),
            ("office", "ALL", "worker, scrutiny"),
            ("shop", "ALL", "scrutiny"),
        ];
        let roster = roster(&all);
        let mut parties = Parties {
            requester: "owner".to_owned(),
            owner: "office".to_owned(),
            workers: vec!["office".to_owned()],
            ..Parties::default()
        };
        assert!(scrutiny_validator(&roster, Some("shop"), &parties).is_err(), "nobody may ask for it");
        parties.scrutiny = scrutiny_validator(&roster, None, &parties).unwrap();
        assert_eq!(parties.scrutiny, "shop");
        let path = publication_path(&company(), &roster, &parties).unwrap();
        assert_eq!((path.forwards.as_deref(), path.signs.as_str()), (Some("shop"), "owner"));
        let exception = path.exception.unwrap();
        for words in [
            "shop scrutinises it and is of the owner's department ALL",
            "owner asked",
            "shop reads it before",
        ] {
            assert!(exception.contains(words), "{exception}");
        }
    }

    #[test]
    fn nobody_who_wrote_it_judges_it_however_small_the_company() {
        let roster = roster(&[("owner", "ALL", "approver"), ("office", "ALL", "worker, scrutiny")]);
        let parties =
            Parties { workers: vec!["office".to_owned()], owner: "owner".to_owned(), ..Parties::default() };
        let refused = scrutiny_validator(&roster, None, &parties).unwrap_err();
        assert!(
            refused.contains("office drafted part of it") && refused.contains("let somebody else ask"),
            "{refused}"
        );
    }

    #[test]
    fn who_edited_it_neither_reads_it_for_others_nor_signs_alone() {
        let all = [("owner", "MGT", "approver"), ("office", "OFF", "worker"), ("shop", "SHP", "scrutiny")];
        let roster = roster(&all);
        let by = |who: &str, forwards: Option<&str>| {
            let mut parties = Parties { requester: "cro".to_owned(), ..Parties::default() };
            parties.voices.insert(who.to_owned(), Voice::Edited);
            let path =
                Path { forwards: forwards.map(str::to_owned), signs: "owner".to_owned(), exception: None };
            let path = path_after_edit(&company(), &roster, &parties, &path);
            (path.forwards, path.signs, path.exception.is_some())
        };
        let owner = || "owner".to_owned();
        assert_eq!(by("owner", None), (Some("office".to_owned()), owner(), true));
        assert_eq!(by("owner", Some("office")), (Some("office".to_owned()), owner(), true));
        assert_eq!(by("office", Some("office")), (Some("shop".to_owned()), owner(), true));
        assert_eq!(by("office", None), (None, owner(), false));
    }

    #[test]
    fn a_path_that_gives_nothing_up_stays_as_it_is() {
        let all = [("owner", "MGT", "approver"), ("office", "OFF", "worker"), ("shop", "SHP", "scrutiny")];
        let parties = Parties {
            requester: "shop".to_owned(),
            owner: "office".to_owned(),
            workers: vec!["office".to_owned()],
            ..Parties::default()
        };
        let path = publication_path(&company(), &roster(&all), &parties).unwrap();
        assert_eq!(path, Path { forwards: None, signs: "owner".to_owned(), exception: None });
    }
}
