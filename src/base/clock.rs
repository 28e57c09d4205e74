//! The only door to time. Everything that needs the hour is handed a [`Clock`], so tests can hold it still.

use chrono::Datelike as _;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// A moment: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Instant(pub i64);

impl Instant {
    /// This moment as a calendar time in UTC.
    pub fn utc(self) -> chrono::DateTime<chrono::Utc> {
        chrono::DateTime::from_timestamp_millis(self.0).unwrap_or_default()
    }
    /// `milliseconds` later (earlier when negative).
    #[must_use]
    pub fn plus_millis(self, milliseconds: i64) -> Self {
        Self(self.0.saturating_add(milliseconds))
    }
    /// Calendar day in UTC, `2026-11-20`.
    pub fn day(self) -> String {
        // By hand: the index of ten thousand SOPs holds thirty thousand days, and a format is read anew each time.
        let day = self.utc().date_naive();
        format!("{:04}-{:02}-{:02}", day.year(), day.month(), day.day())
    }
    /// Date and time to the minute in UTC, for people: `2026-11-20 16:02 UTC`.
    pub fn minute(self) -> String {
        self.utc().format("%Y-%m-%d %H:%M UTC").to_string()
    }
}

impl fmt::Display for Instant {
    /// RFC 3339 with milliseconds, UTC: `2026-11-20T16:02:45.000Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.utc().format("%Y-%m-%dT%H:%M:%S%.3fZ"))
    }
}

/// Where the time comes from.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The machine's clock.
    #[default]
    System,
    /// A clock that moves only when told; clones share the hand.
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    /// A clock standing at `at` until [`Clock::set`].
    pub fn fixed(at: Instant) -> Self {
        Self::Fixed(Arc::new(AtomicI64::new(at.0)))
    }
    /// Moves a fixed clock; the machine's clock cannot be moved and ignores it.
    pub fn set(&self, at: Instant) {
        if let Self::Fixed(hand) = self {
            hand.store(at.0, Ordering::SeqCst);
        }
    }
    /// The present moment.
    pub fn now(&self) -> Instant {
        match self {
            #[expect(clippy::disallowed_methods, reason = "this is the one door to the wall clock")]
            Self::System => Instant(chrono::Utc::now().timestamp_millis()),
            Self::Fixed(hand) => Instant(hand.load(Ordering::SeqCst)),
        }
    }
}
