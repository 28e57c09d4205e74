//! Who has left: what was asked of a party that is no longer at work moves to the one above, at once and on record.
//! The reporting line is remembered as it was read last, since the file of who left is gone with it.

use super::workspace::Workspace;
use crate::access;
use crate::agent::Snapshot;
use crate::base::problem::Result;
use crate::base::text::counted;
use crate::base::trace::is_run;
use crate::decision::{self, Decision, DecisionKind};
use crate::draft::{self, Draft};
use crate::governance::{Matter, Parties, at_work, may_still_answer, publication_path, stand_in};
use crate::journal::Tx;
use crate::mission;
use crate::run::signer;
use rusqlite::{Connection, OptionalExtension as _, Row};
use std::collections::BTreeSet;

/// What this part adds to format 4.
pub(super) const TABLES: &str = "
CREATE TABLE reporting_line(
  party TEXT PRIMARY KEY,               -- everybody who has been on the roster
  above TEXT NOT NULL                   -- whom it reported to when that was read last; empty: nobody
) STRICT, WITHOUT ROWID;
";

/// Moves what is asked of parties who are no longer at work, and says what of theirs counts no more. `told` is what
/// was said before.
pub(super) fn look(workspace: &Workspace, snapshot: &Snapshot, told: &mut BTreeSet<String>) -> Result<()> {
    let journal = &workspace.journal;
    let left = |party: &str| at_work(&snapshot.settings, &snapshot.roster, party).err();
    let (stale, asked, credentials) =
        journal.read(|db| Ok((is_stale(db, snapshot)?, asked_parties(db)?, access::held(db)?)))?;
    if stale {
        let line = line_of(snapshot);
        journal.append(move |tx| remember(tx, &line))?;
    }
    let mut said = BTreeSet::new();
    for (party, tokens, sessions) in credentials {
        let Some(reason) = left(&party) else { continue };
        let held = format!("{} and {}", counted(tokens, "token"), counted(sessions, "desk session"));
        said.insert(format!("{reason}: {held} of {party} count no more"));
    }
    for (user, party) in &snapshot.settings.notifications.slack_answers.users {
        said.extend(left(party).map(|reason| format!("{reason}: the Slack user {user} answers for nobody")));
    }
    for (party, kind) in asked {
        let asked = (party.as_str(), kind);
        let Err(reason) = may_still_answer(&snapshot.settings, &snapshot.roster, asked) else { continue };
        let (snapshot, whose) = (snapshot.clone(), party.clone());
        let stay = journal.append(move |tx| move_on(tx, &snapshot, (&whose, kind), &reason))?;
        said.extend(stay);
    }
    for words in said.difference(told) {
        tracing::warn!("{words}");
    }
    *told = said;
    Ok(())
}

/// Who is asked for what.
fn asked_parties(db: &Connection) -> Result<Vec<(String, DecisionKind)>> {
    let mut rows = db.prepare_cached("SELECT DISTINCT party, kind FROM asked ORDER BY party")?;
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get::<_, String>(1)?));
    let found: Vec<(String, String)> = rows.query_map([], read)?.collect::<Result<_, _>>()?;
    // The database itself keeps this table, from decisions that were read.
    let known = |(party, kind): (String, String)| Some((party, serde_json::from_str(&kind).ok()?));
    Ok(found.into_iter().filter_map(known).collect())
}

/// Who is on the roster, and whom each reports to.
fn line_of(snapshot: &Snapshot) -> Vec<(String, String)> {
    let heads = snapshot.roster.agents.values().map(|agent| &agent.head);
    heads.map(|head| (head.id.clone(), head.reports_to.clone().unwrap_or_default())).collect()
}

fn is_stale(db: &Connection, snapshot: &Snapshot) -> Result<bool> {
    for (party, above) in line_of(snapshot) {
        if known_above(db, &party)? != Some(above) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn known_above(db: &Connection, party: &str) -> Result<Option<String>> {
    let sql = "SELECT above FROM reporting_line WHERE party = ?1";
    Ok(db.prepare_cached(sql)?.query_row([party], |row| row.get(0)).optional()?)
}

fn remember(tx: &Tx<'_>, line: &[(String, String)]) -> Result<()> {
    let sql = "INSERT INTO reporting_line(party, above) VALUES(?1, ?2)
               ON CONFLICT DO UPDATE SET above = excluded.above";
    for (party, above) in line {
        tx.db().prepare_cached(sql)?.execute((party, above))?;
    }
    Ok(())
}

/// Moves everything of that kind asked of `party`; what nobody else may decide stays, and is told.
fn move_on(
    tx: &Tx<'_>,
    snapshot: &Snapshot,
    (party, kind): (&str, DecisionKind),
    reason: &str,
) -> Result<Vec<String>> {
    let mut stay = Vec::new();
    let all = decision::open_for(tx.db(), Some(party))?;
    // Who has said yes already has answered.
    let open = all.iter().filter(|one| one.ask.kind == kind && !one.votes.iter().any(|by| by == party));
    for decision in open {
        let (id, title) = (&decision.id, &decision.ask.title);
        if kind == DecisionKind::Assignment {
            // It is nobody else's to do: whoever drafts has no other part in the mission.
            let declined = Draft { declined: format!("{reason}."), ..Draft::default() };
            decision::close_for(tx, decision, &draft::render::markdown(party, &declined))?;
            tracing::warn!(decision = id, "{reason}: {title} goes on without it");
            continue;
        }
        match successor(tx, snapshot, (decision, party))? {
            Some(to) => {
                decision::hand_on(tx, decision, (party, &to), reason)?;
                tracing::warn!(decision = id, "{reason}: {title} is asked of {to} now");
            }
            None => stay.push(format!("{reason}, and nobody else may decide {id} ({title})")),
        }
    }
    Ok(stay)
}

/// Who decides in the place of `party`: of a signature whom the publication path names; else who passed it on, then
/// the nearest above, then who signs publications. Never one the rules would not ask, or who is asked anyway and
/// cannot count twice.
fn successor(
    tx: &Tx<'_>,
    snapshot: &Snapshot,
    (decision, party): (&Decision, &str),
) -> Result<Option<String>> {
    let Snapshot { settings, roster, .. } = snapshot;
    let (ask, kind) = (&decision.ask, decision.ask.kind);
    let of_run = is_run(&ask.mission);
    let parties = if of_run { Parties::default() } else { mission::hands(tx.db(), &ask.mission)? };
    let mut all: Vec<String> = Vec::new();
    if kind == DecisionKind::Publish {
        all.extend(publication_path(&settings.publication, roster, &parties).ok().map(|path| path.signs));
    } else {
        all.extend(decision::care(tx.db(), decision, tx.now())?.delegated_by.into_iter().rev());
        if kind == DecisionKind::Forward {
            all.push(settings.publication.interim.forwards.clone());
        }
        all.extend(above(tx.db(), snapshot, party)?);
        all.push(signer(settings, roster));
    }
    let let_through = decision::let_through(tx.db(), decision)?;
    let matter = match kind {
        DecisionKind::Forward => Matter::Forwarding(&parties),
        DecisionKind::Question if !of_run => Matter::Word(&parties),
        _ => Matter::Work,
    };
    let fits = |id: &String| {
        id != party
            && may_still_answer(settings, roster, (id, kind)).is_ok()
            && stand_in(roster, &settings.publication, (party, id), matter).is_ok()
            && !ask.barred.contains_key(id)
            && !let_through.contains(id)
            && (ask.quorum == 1 || !ask.asked_of.contains(id))
    };
    Ok(all.into_iter().find(fits))
}

/// Those above `party`, the nearest first, as the roster says or last said.
fn above(db: &Connection, snapshot: &Snapshot, party: &str) -> Result<Vec<String>> {
    let mut found: Vec<String> = Vec::new();
    let mut next = chief(db, snapshot, party)?;
    while let Some(id) = next.filter(|id| !found.contains(id) && id != party) {
        next = chief(db, snapshot, &id)?;
        found.push(id);
    }
    Ok(found)
}

/// Whom `party` reports to, as the roster says or last said.
fn chief(db: &Connection, snapshot: &Snapshot, party: &str) -> Result<Option<String>> {
    match snapshot.roster.get(party) {
        Some(agent) => Ok(agent.head.reports_to.clone()),
        None => Ok(known_above(db, party)?.filter(|above| !above.is_empty())),
    }
}
