//! Who has left: what was asked of a party that is no longer at work moves to the one above, at once and on record.
//! The reporting line is remembered as it was read last, since the file of who left is gone with it.

use super::workspace::Workspace;
use crate::access;
use crate::agent::Snapshot;
use crate::base::{problem::Result, text::counted};
use crate::decision::{self, Decision, DecisionKind};
use crate::governance::{at_work, sees_missions};
use crate::journal::Tx;
use crate::run::signer;
use rusqlite::{Connection, OptionalExtension as _};
use std::collections::BTreeSet;

/// What this part adds to format 3.
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
    for party in asked {
        let Some(reason) = left(&party) else { continue };
        let (snapshot, whose) = (snapshot.clone(), party.clone());
        let stay = journal.append(move |tx| move_on(tx, &snapshot, (&whose, &reason)))?;
        said.extend(stay);
    }
    for words in said.difference(told) {
        tracing::warn!("{words}");
    }
    *told = said;
    Ok(())
}

fn asked_parties(db: &Connection) -> Result<Vec<String>> {
    let mut rows = db.prepare_cached("SELECT DISTINCT party FROM asked ORDER BY party")?;
    Ok(rows.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
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

/// Moves everything asked of `party`; what nobody else may decide stays, and is told.
fn move_on(tx: &Tx<'_>, snapshot: &Snapshot, (party, reason): (&str, &str)) -> Result<Vec<String>> {
    let mut stay = Vec::new();
    for decision in decision::open_for(tx.db(), Some(party))? {
        match successor(tx, snapshot, (&decision, party))? {
            Some(to) => {
                decision::hand_on(tx, &decision, (party, &to), reason)?;
                tracing::warn!(
                    decision = decision.id,
                    "{reason}: {} is asked of {to} now",
                    decision.ask.title
                );
            }
            None => stay.push(format!("{reason}, and nobody else may decide {}", decision.id)),
        }
    }
    Ok(stay)
}

/// Who decides in the place of `party`: of a signature whom the publication path names; else who passed it on, then
/// the nearest above, then who signs publications. Never one who is barred, or is asked anyway and cannot count twice.
fn successor(
    tx: &Tx<'_>,
    snapshot: &Snapshot,
    (decision, party): (&Decision, &str),
) -> Result<Option<String>> {
    let Snapshot { settings, roster, .. } = snapshot;
    let path = &settings.publication;
    let passed = decision::care(tx.db(), decision, tx.now())?.delegated_by.into_iter().rev();
    let mut all: Vec<String> = match decision.ask.kind {
        DecisionKind::Publish => {
            [&path.signs, &path.interim.signs].into_iter().chain(&path.deputy).cloned().collect()
        }
        DecisionKind::Forward => passed.chain([path.interim.forwards.clone()]).collect(),
        _ => passed.collect(),
    };
    if decision.ask.kind != DecisionKind::Publish {
        let mut seen = BTreeSet::from([party.to_owned()]);
        let mut next = above(tx.db(), snapshot, party)?;
        while let Some(chief) = next.filter(|chief| seen.insert(chief.clone())) {
            next = above(tx.db(), snapshot, &chief)?;
            all.push(chief);
        }
        all.push(signer(settings, roster));
    }
    let ask = &decision.ask;
    let signs = |id: &String| [&path.signs, &path.interim.signs].contains(&id);
    let fits = |id: &String| {
        id != party
            && sees_missions(settings, roster, id)
            && !ask.barred.contains_key(id)
            && !(ask.kind == DecisionKind::Forward && signs(id))
            && (ask.quorum == 1 || !ask.asked_of.contains(id))
    };
    Ok(all.into_iter().find(fits))
}

/// Whom `party` reports to, as the roster says or last said.
fn above(db: &Connection, snapshot: &Snapshot, party: &str) -> Result<Option<String>> {
    match snapshot.roster.get(party) {
        Some(agent) => Ok(agent.head.reports_to.clone()),
        None => Ok(known_above(db, party)?.filter(|above| !above.is_empty())),
    }
}
