//! Reads the journal's facts and puts what they have to tell into the outbox, in the transaction that moves the cursor:
//! whatever stops the process, each fact is looked at and nothing is put in twice.

use super::facts::{Sight, is_told};
use super::notice::Told;
use super::outbox::{self, Cursor};
use super::{budgets, channel};
use crate::base::{Instant, problem::Result};
use crate::journal::{Event, Journal, Tx, events_of};
use crate::settings::Settings;
use crate::settings::notifications::{Notifications, Route};
use serde_json::json;
use std::path::Path;

/// Facts looked at in one pass: some tenth of a second, so that a long absence is made up for in turns.
const PAGE: u32 = 1_000;
/// Facts of which nobody is told before the cursor is moved all the same; they are read again after a stop.
const IDLE_FACTS: i64 = 500;
/// How often what was sent long ago is removed.
const PRUNE_MILLIS: i64 = 3_600_000;

/// Who looks at the facts. Only one may at a time: the daemon that holds the workspace.
#[derive(Debug, Default)]
pub struct Reader {
    at: Option<Cursor>,
    pruned: Option<Instant>,
}

impl Reader {
    /// Looks at what is new and makes messages of what waits. `hurry` does not wait for more to come. Whether there may
    /// be more to look at.
    ///
    /// With no channel nothing is put in. The first look of all begins at the journal's end: nobody is sent what
    /// happened before there was a channel.
    pub fn pass(&mut self, journal: &Journal, root: &Path, settings: &Settings, hurry: bool) -> Result<bool> {
        let Some(at) = self.begin(journal, settings)? else { return Ok(false) };
        let page = journal.read(|db| events_of(db, None, at.seq, PAGE))?;
        let more = page.len() >= usize::try_from(PAGE).unwrap_or(usize::MAX);
        self.look(journal, (root, settings), at, page)?;
        if journal.read(outbox::has_loose)? {
            let most = settings.notifications.clone();
            journal.append(move |tx| outbox::gather(tx, |name| channel::most(&most, name), hurry))?;
        }
        self.prune(journal)?;
        Ok(more)
    }

    /// Where to go on; `None` where nobody is to be told anything.
    fn begin(&mut self, journal: &Journal, settings: &Settings) -> Result<Option<Cursor>> {
        if !settings.notifications.reach_anybody() {
            self.at = None;
            if journal.read(outbox::cursor)?.is_some() {
                journal.append(outbox::forget)?;
            }
            return Ok(None);
        }
        if self.at.is_none() {
            self.at = journal.read(outbox::cursor)?;
        }
        if self.at.is_none() {
            let settings = settings.clone();
            let start = move |tx: &Tx<'_>| {
                let sql = "SELECT coalesce(max(seq), 0) FROM event";
                let seq = tx.db().prepare_cached(sql)?.query_row([], |row| row.get(0))?;
                let cursor = Cursor { seq, looked_at: tx.now() };
                outbox::set_cursor(tx, cursor)?;
                budgets::take_for_told(tx, &settings)?;
                Ok(cursor)
            };
            self.at = Some(journal.append(start)?);
        }
        Ok(self.at)
    }

    /// Takes in a page of facts.
    fn look(
        &mut self,
        journal: &Journal,
        (root, settings): (&Path, &Settings),
        at: Cursor,
        page: Vec<Event>,
    ) -> Result<()> {
        let last = page.last().map_or(at.seq, |event| event.seq);
        let kept = journal.read(outbox::cursor)?.map_or(0, |cursor| cursor.seq);
        let telling = page.iter().any(|event| is_told(&event.kind));
        let spending = page.iter().any(|event| budgets::is_told(&event.kind));
        let mut all = journal.read(|db| Ok(told_of(&Sight { db, root, settings }, &page)))??;
        let cursor = Cursor { seq: last, looked_at: journal.clock().now() };
        if telling || spending || !all.is_empty() || last - kept >= IDLE_FACTS {
            let settings = settings.clone();
            journal.append(move |tx| {
                if spending {
                    all.extend(budgets::told(tx, &settings, &page)?);
                }
                all.iter().try_for_each(|told| route(tx, &settings.notifications, told))?;
                outbox::set_cursor(tx, cursor)
            })?;
        }
        self.at = Some(cursor);
        Ok(())
    }

    fn prune(&mut self, journal: &Journal) -> Result<()> {
        let now = journal.clock().now();
        if self.pruned.is_none_or(|last| now.0 - last.0 >= PRUNE_MILLIS) {
            journal.append(outbox::prune)?;
            self.pruned = Some(now);
        }
        Ok(())
    }
}

/// What a page of facts has to tell. A fact that cannot be told is passed over with a word: it must not keep all
/// others from being told.
fn told_of(sight: &Sight<'_>, page: &[Event]) -> Result<Vec<Told>> {
    let mut all = Vec::new();
    for event in page.iter().filter(|event| is_told(&event.kind)) {
        match sight.told(event) {
            Ok(told) => all.extend(told),
            Err(problem) if problem.kind.passes() => return Err(problem),
            Err(problem) => tracing::error!(%problem, fact = event.seq, "nobody is told of this fact"),
        }
    }
    Ok(all)
}

/// Puts a notice in for everybody it is for, by every channel that tells it.
fn route(tx: &Tx<'_>, settings: &Notifications, told: &Told) -> Result<()> {
    let Told { key, parties, to_operations, notice } = told;
    let put = |party: &str, routes: &mut dyn Iterator<Item = (&String, &Route)>| -> Result<()> {
        let tells =
            |route: &Route| route.tell.get(&notice.what).copied().unwrap_or(settings.tells(notice.what));
        for (channel, _) in routes.filter(|(_, route)| tells(route)) {
            let what = json!(notice.what);
            let key = format!("{key}/{}/{party}/{channel}", what.as_str().unwrap_or_default());
            outbox::put(tx, &key, (party, channel), notice)?;
        }
        Ok(())
    };
    for party in parties {
        put(party, &mut settings.parties.get(party).into_iter().flatten())?;
    }
    if *to_operations { put("", &mut settings.operations.iter()) } else { Ok(()) }
}
