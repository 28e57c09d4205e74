//! When a schedule falls due. Nothing here asks what time it is: the caller hands in the moments.
//!
//! An hour field of `*` means every hour that passes, also one that a change of the clock repeats. Any other hour
//! field names times on the wall clock: one that the change leaves out falls due when the clock has jumped, one that
//! it repeats falls due at its first showing only.

use crate::base::Instant;
use crate::sop::document::{Cron, Missed};
use chrono::{DateTime, Duration, MappedLocalTime, NaiveDateTime, TimeZone as _};
use chrono_tz::Tz;

/// How late a start may be and still count as on time under `missed: skip`, in milliseconds: the rhythm of a
/// schedule is the minute.
const ON_TIME: i64 = 60_000;

/// Most occurrences that are made up for: whoever was away for longer wants to know, and not all of it done at once.
pub const MOST_DUE: usize = 1_000;

/// The first occurrence after `after`; `None` when none is left before the calendar ends in the year 5000, or when
/// the schedule cannot be read.
pub fn next(cron: &Cron, after: Instant) -> Option<Instant> {
    Calendar::of(cron)?.next(after)
}

/// What a scheduler that last acted on the occurrence `last` has to start at `now`, in order of time.
///
/// Only occurrences after `last` up to and including `now` count, so with a clock set back nothing is due until it has
/// passed `last` again: no occurrence is given twice as long as the caller keeps `last` at the latest occurrence it
/// was ever given (for a schedule that never fired: the moment it was put in force). With a clock that jumped
/// forward, or after a stand-still, [`Missed`] decides: `skip` gives none that is late by more than a minute, `once`
/// the latest alone, `all` each of them, but of more than [`MOST_DUE`] only the latest.
pub fn due(cron: &Cron, last: Instant, now: Instant) -> Vec<Instant> {
    let Some(calendar) = Calendar::of(cron) else { return Vec::new() };
    match cron.missed {
        Missed::All => calendar.latest((last, now), MOST_DUE),
        Missed::Skip => {
            let from = last.max(now.plus_millis(-ON_TIME - 1));
            calendar.between(from, now).collect()
        }
        Missed::Once => calendar.latest((last, now), 1),
    }
}

/// The schedule as a person would say it, with its zone: `At 09:00, on Monday (Europe/Berlin)`.
pub fn in_words(cron: &Cron) -> String {
    match cron.timetable() {
        Ok((schedule, _)) => {
            format!("{} ({})", schedule.describe().trim_end_matches('.'), cron.zone)
        }
        Err((message, _)) => message,
    }
}

/// A schedule that can be asked for its times.
struct Calendar {
    schedule: croner::Cron,
    zone: Tz,
    every_hour: bool,
}

impl Calendar {
    fn of(cron: &Cron) -> Option<Self> {
        let (schedule, zone) = cron.timetable().ok()?;
        let every_hour = cron.schedule.split_whitespace().nth(1) == Some("*");
        Some(Self { schedule, zone, every_hour })
    }

    fn next(&self, after: Instant) -> Option<Instant> {
        let local = after.utc().with_timezone(&self.zone);
        if self.every_hour {
            let found = self.schedule.find_next_occurrence(&local, false).ok()?;
            return Some(Instant(found.timestamp_millis()));
        }
        // Wall-clock times in order, each mapped to its moment. The map never goes back in time, so what lies at or
        // before `after` on the wall clock has passed; times of a repeated hour may map to its first showing.
        let mut wall = local.naive_local();
        loop {
            wall = self.schedule.find_next_occurrence(&wall, false).ok()?;
            let at = Instant(self.moment(wall)?.timestamp_millis());
            if at > after {
                return Some(at);
            }
        }
    }

    /// The moment a time on the wall clock stands for.
    fn moment(&self, wall: NaiveDateTime) -> Option<DateTime<Tz>> {
        match self.zone.from_local_datetime(&wall) {
            MappedLocalTime::Single(at) | MappedLocalTime::Ambiguous(at, _) => Some(at),
            MappedLocalTime::None => self.end_of_gap(wall),
        }
    }

    /// The first moment after the hole in the wall clock that `wall` lies in. Clocks change at whole minutes, and the
    /// longest hole on record is a day.
    fn end_of_gap(&self, wall: NaiveDateTime) -> Option<DateTime<Tz>> {
        const LONGEST: i64 = 25 * 60;
        (1..=LONGEST).find_map(|minutes| {
            let later = wall.checked_add_signed(Duration::minutes(minutes))?;
            self.zone.from_local_datetime(&later).earliest()
        })
    }

    /// The occurrences after `from` up to and including `to`.
    fn between(&self, from: Instant, to: Instant) -> impl Iterator<Item = Instant> {
        std::iter::successors(self.next(from), |at| self.next(*at)).take_while(move |at| *at <= to)
    }

    /// The last `most` occurrences after `from` up to and including `to`, looked for backwards in spans that double, so
    /// that a year of minutes costs no more than what is given.
    fn latest(&self, (from, to): (Instant, Instant), most: usize) -> Vec<Instant> {
        let mut span = 60_000_i64;
        loop {
            let start = from.max(to.plus_millis(span.saturating_neg()));
            let mut found: Vec<Instant> = self.between(start, to).collect();
            if found.len() >= most || start == from {
                found.drain(..found.len().saturating_sub(most));
                return found;
            }
            span = span.saturating_mul(2);
        }
    }
}

#[cfg(test)]
mod tests;
