//! What can go wrong between a question and its answer, in kinds a caller can act on and words a person can.
//! Says whether waiting may help; never waits itself.

use super::Tokens;
use crate::base::{Instant, Problem};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// A question that brought no usable answer, and what it cost nevertheless.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What went wrong.
    pub fault: Fault,
    /// HTTP requests made.
    pub requests: u32,
    /// Time spent, in milliseconds.
    pub millis: u64,
    /// Tokens the server says it used: refused and cut answers are paid for too.
    pub tokens: Option<Tokens>,
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The server asks to slow down (429).
    RateLimited {
        /// When it wants to be asked again.
        retry_after: Option<RetryAfter>,
    },
    /// The model will not answer; its words.
    Refused(String),
    /// No answer within the endpoint's time limits.
    TimedOut {
        /// How long it was waited for, in milliseconds.
        after: u64,
    },
    /// No connection, so nothing was asked and nothing is charged.
    Unreachable(String),
    /// The answer stopped before its end: a broken connection, half a JSON text, no `finish_reason`.
    Cut(String),
    /// The server failed (5xx, or a 4xx that means "try again").
    Server {
        /// HTTP status.
        status: u16,
        /// The beginning of what it said.
        excerpt: String,
        /// When it wants to be asked again.
        retry_after: Option<RetryAfter>,
    },
    /// The server will not take this request (3xx and 4xx).
    Rejected {
        /// HTTP status.
        status: u16,
        /// The beginning of what it said.
        excerpt: String,
    },
    /// The answer is larger than the endpoint's limit; the rest was not read.
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// The answer ran into the token limit.
    Truncated,
    /// The server's content filter held the answer back.
    Filtered,
    /// The model answered nothing.
    Empty,
    /// What came back is not the protocol; how.
    Malformed(String),
    /// The endpoint's own settings cannot work; how.
    Unusable(String),
}

/// When a server wants to be asked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryAfter {
    /// After so many seconds.
    Seconds(u64),
    /// At this moment.
    At(Instant),
}

impl RetryAfter {
    /// Reads the header: whole or broken seconds, or an HTTP date (RFC 9110, 10.2.3). Anything else counts as absent.
    pub(crate) fn parse(header: &str) -> Option<Self> {
        let header = header.trim();
        let (whole, part) = header.split_once('.').unwrap_or((header, ""));
        if part.bytes().all(|b| b.is_ascii_digit())
            && let Ok(seconds) = whole.parse::<u64>()
        {
            let more = part.bytes().any(|b| b != b'0');
            return Some(Self::Seconds(seconds.saturating_add(u64::from(more))));
        }
        let date = chrono::DateTime::parse_from_rfc2822(header).ok()?;
        Some(Self::At(Instant(date.timestamp_millis())))
    }

    /// How long that is from `now`; nothing when it has passed.
    pub(crate) fn wait(self, now: Instant) -> Duration {
        match self {
            Self::Seconds(seconds) => Duration::from_secs(seconds),
            Self::At(at) => Duration::from_millis(u64::try_from(at.0.saturating_sub(now.0)).unwrap_or(0)),
        }
    }
}

impl fmt::Display for RetryAfter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seconds(seconds) => write!(f, "after {seconds} s"),
            Self::At(at) => write!(f, "at {at}"),
        }
    }
}

impl Fault {
    /// Whether the same question may succeed later although nobody changes anything.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::RateLimited { .. }
            | Self::TimedOut { .. }
            | Self::Unreachable(_)
            | Self::Cut(_)
            | Self::Server { .. }
            | Self::Empty => true,
            Self::Refused(_)
            | Self::Rejected { .. }
            | Self::TooLarge { .. }
            | Self::Truncated
            | Self::Filtered
            | Self::Malformed(_)
            | Self::Unusable(_) => false,
        }
    }

    /// Whether the server may charge for it: it had begun to answer, or nobody can tell that it had not.
    pub fn may_cost(&self) -> bool {
        match self {
            Self::TimedOut { .. }
            | Self::Cut(_)
            | Self::TooLarge { .. }
            | Self::Truncated
            | Self::Refused(_)
            | Self::Filtered
            | Self::Empty
            | Self::Malformed(_) => true,
            Self::RateLimited { .. }
            | Self::Unreachable(_)
            | Self::Server { .. }
            | Self::Rejected { .. }
            | Self::Unusable(_) => false,
        }
    }

    /// How long the server asks to wait from `now`, but never longer than `cap`; `None` when it does not ask.
    pub fn wait(&self, now: Instant, cap: Duration) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after } | Self::Server { retry_after, .. } => {
                retry_after.map(|after| after.wait(now).min(cap))
            }
            _ => None,
        }
    }

    /// What a person can do about it, where there is something.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Rejected { status: 401 | 403, .. } => "check the key the settings name for this endpoint",
            Self::Rejected { status: 402 | 429, .. } => "check the account's credit at the provider",
            Self::Rejected { status: 404, .. } => "check the endpoint's address and the name of its model",
            Self::Rejected { status: 300..=399, .. } => "write the final address in the settings",
            Self::Rejected { status: 413, .. } => "the prompt is too long for this server",
            Self::Unreachable(_) => "check that the server runs and that its address is right",
            Self::TimedOut { .. } => "raise the endpoint's time limits if the model is only slow",
            Self::TooLarge { .. } => "raise the endpoint's answer limit if such answers are wanted",
            Self::Truncated => {
                "raise `max_answer_tokens` in sopd.yaml (of the tier, else of `calls`), or name a model that writes less"
            }
            Self::Malformed(_) => {
                "check that the address is that of an OpenAI-compatible API, with its version"
            }
            _ => return None,
        })
    }
}

impl fmt::Display for Fault {
    /// One sentence, lower case, no full stop.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RateLimited { retry_after: None } => write!(f, "the model server asks to slow down (429)"),
            Self::RateLimited { retry_after: Some(when) } => {
                write!(f, "the model server asks to slow down (429) and to come back {when}")
            }
            Self::Refused(words) => write!(f, "the model refused to answer: {words}"),
            Self::TimedOut { after } => {
                write!(f, "the model server gave no whole answer within {after} ms")
            }
            Self::Unreachable(why) => write!(f, "the model server cannot be reached: {why}"),
            Self::Cut(why) => write!(f, "the model's answer stopped before its end: {why}"),
            Self::Server { status, excerpt, .. } => {
                write!(f, "the model server failed ({status}){}", said(excerpt))
            }
            Self::Rejected { status, excerpt } => {
                write!(f, "the model server rejected the request ({status}){}", said(excerpt))
            }
            Self::TooLarge { limit } => write!(f, "the model's answer is larger than {limit} bytes"),
            Self::Truncated => write!(f, "the model's answer ran into its token limit"),
            Self::Filtered => write!(f, "the provider's content filter held the answer back"),
            Self::Empty => write!(f, "the model's answer is empty"),
            Self::Malformed(how) => write!(f, "the model server does not speak the protocol: {how}"),
            Self::Unusable(how) => write!(f, "the endpoint cannot be used: {how}"),
        }
    }
}

impl std::error::Error for Fault {}

impl fmt::Display for Failure {
    /// The fault's sentence.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fault.fmt(f)
    }
}

impl std::error::Error for Failure {}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        let problem = match fault {
            Fault::Unusable(_) => Self::invalid(fault.to_string()),
            _ => Self::failed(fault.to_string()),
        };
        match fault.hint() {
            Some(hint) => problem.hint(hint),
            None => problem,
        }
    }
}

fn said(excerpt: &str) -> String {
    if excerpt.is_empty() { String::new() } else { format!(": {excerpt}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date_and_nothing_else() {
        let at = RetryAfter::At(Instant(1_445_412_480_000));
        for (header, expected) in [
            ("3600", Some(RetryAfter::Seconds(3600))),
            (" 0 ", Some(RetryAfter::Seconds(0))),
            ("1.2", Some(RetryAfter::Seconds(2))),
            ("2.000", Some(RetryAfter::Seconds(2))),
            ("Wed, 21 Oct 2015 07:28:00 GMT", Some(at)),
            ("soon", None),
            ("-1", None),
            ("", None),
        ] {
            assert_eq!(RetryAfter::parse(header), expected, "{header}");
        }
    }

    #[test]
    fn waiting_is_capped_and_never_negative() {
        let cap = Duration::from_mins(1);
        let now = Instant(1_000_000);
        for (retry_after, expected) in [
            (Some(RetryAfter::Seconds(3600)), Some(60)),
            (Some(RetryAfter::Seconds(7)), Some(7)),
            (Some(RetryAfter::At(now.plus_millis(9_000))), Some(9)),
            (Some(RetryAfter::At(now.plus_millis(-9_000))), Some(0)),
            (None, None),
        ] {
            let fault = Fault::RateLimited { retry_after };
            assert_eq!(fault.wait(now, cap), expected.map(Duration::from_secs));
        }
        assert_eq!(Fault::Empty.wait(now, cap), None);
    }
}
