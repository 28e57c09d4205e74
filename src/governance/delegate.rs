//! Who may decide in another's place: delegating never gives a right to somebody the rules would not ask.

use super::parties::Parties;
use super::sight::works_elsewhere;
use crate::base::text::listed;
use crate::roster::Roster;
use crate::settings::Publication;

/// What kind of authority a decision needs.
#[derive(Clone, Copy, Debug)]
pub enum Matter<'a> {
    /// A signature under a publication: only those the publication path names, never one who has asked for it.
    Signature(&'a Parties),
    /// Reading a draft before it is signed: anybody at work who had no hand in it, is not its owner and does not
    /// sign it.
    Forwarding(&'a Parties),
    /// A word of the requester: anybody at work who neither drafts nor judges, as a question tells of a draft.
    Word(&'a Parties),
    /// Only these: whom the matter's own document names, and whom it would move up to.
    Named(&'a [String]),
    /// Whoever stands above in the reporting line.
    Rank,
    /// A piece of work: anybody at work.
    Work,
    /// Nobody but who was asked: what is handed in is on record as that party's own.
    Own,
}

/// Why `to` may not decide in the place of `from`, if it may not.
///
/// # Errors
/// The reason, in words.
pub fn stand_in(
    roster: &Roster,
    publication: &Publication,
    (from, to): (&str, &str),
    matter: Matter<'_>,
) -> Result<(), String> {
    let Some(agent) = roster.get(to) else { return Err(format!("{to} is not on the roster")) };
    if !agent.is_active() {
        return Err(format!("{to} is not at work"));
    }
    if works_elsewhere(agent) {
        return Err(format!("{to} works elsewhere and does nothing but draft"));
    }
    match matter {
        Matter::Signature(parties) => signature(publication, to, parties),
        Matter::Forwarding(parties) => {
            let signs = [&publication.signs, &publication.interim.signs];
            if signs.iter().any(|signer| *signer == to) {
                return Err(format!("{to} signs, and reads it then"));
            }
            match parties.hand_in_draft(to) {
                Some(reason) => Err(reason),
                None if parties.owner == to => Err(format!("{to} will own it")),
                None => Ok(()),
            }
        }
        Matter::Word(parties) => {
            let judges = [&parties.scrutiny, &parties.user_testing].iter().any(|judge| *judge == to);
            if judges {
                return Err(format!("{to} judges the draft"));
            }
            parties.hand_in_draft(to).map_or(Ok(()), Err)
        }
        Matter::Named(parties) if parties.iter().any(|party| party == to) => Ok(()),
        Matter::Named(parties) => Err(match parties {
            [] => "nobody else may decide it".to_owned(),
            _ => format!("only {} may decide it", listed(parties)),
        }),
        Matter::Rank if above(roster, from).iter().any(|chief| chief == to) => Ok(()),
        Matter::Rank => Err(match above(roster, from).as_slice() {
            [] => format!("nobody stands above {from}"),
            chiefs => format!("only {} may decide it in the place of {from}", listed(chiefs)),
        }),
        Matter::Work => Ok(()),
        Matter::Own => Err(format!("it is {from}'s own to do")),
    }
}

fn signature(publication: &Publication, to: &str, parties: &Parties) -> Result<(), String> {
    let mut path = vec![publication.signs.clone(), publication.interim.signs.clone()];
    path.extend(publication.deputy.clone());
    path.dedup();
    if !path.iter().any(|party| party == to) {
        return Err(format!("a signature may only pass to {}", listed(&path)));
    }
    if parties.requester == to {
        return Err(format!("{to} asked for it"));
    }
    parties.barred().remove(to).map_or(Ok(()), Err)
}

/// Those above `party` in the reporting line, the nearest first.
fn above(roster: &Roster, party: &str) -> Vec<String> {
    let chief = |id: &str| roster.get(id).and_then(|agent| agent.head.reports_to.clone());
    let mut found: Vec<String> = Vec::new();
    let mut next = chief(party);
    while let Some(id) = next.filter(|id| !found.contains(id) && id != party) {
        next = chief(&id);
        found.push(id);
    }
    found
}
