//! Sends one request, once, bounded in time and size, and says what became of it.

use super::reach::Reach;
use super::ready::Ready;
use crate::agent::provider::RetryAfter;
use crate::base::problem::cause;
use crate::base::{Exacts, Instant};
use reqwest::Client;
use reqwest::header::{HeaderName, HeaderValue, RETRY_AFTER};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// What one request may use up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpLimits {
    /// Longest time for the whole exchange.
    pub time: Duration,
    /// Most bytes of the answer that are read; the rest is left unread, which is no fault.
    pub answer_bytes: usize,
    /// Bytes of the answer's end in the record.
    pub tail_bytes: usize,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self { time: Duration::from_mins(1), answer_bytes: 1024 * 1024, tail_bytes: 8 * 1024 }
    }
}

/// An answer with an expected status.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The end of what was read of the answer, without the secrets that were sent.
    pub tail: String,
    /// Whether the answer was longer than is read.
    pub truncated: bool,
    /// The answer's values when it is a JSON object that was read whole; else none.
    pub values: Exacts,
    /// From sending to the answer's end.
    pub millis: u64,
}

/// Why there is no answer with an expected status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HttpFault {
    /// The service is away, overloaded or failing: the same request, with the same key, may succeed later.
    Outage {
        /// What happened.
        why: String,
        /// When the service wants to be asked again.
        retry_after: Option<RetryAfter>,
        /// Whether it may have done what was asked although it did not say so.
        perhaps_done: bool,
    },
    /// The service answered, and will not.
    Refused {
        /// The HTTP status.
        status: u16,
        /// The end of its answer, without the secrets that were sent.
        tail: String,
    },
    /// The request cannot be sent; why.
    BadRequest(String),
}

impl HttpFault {
    /// How long the service asks to be left alone from `now`, never longer than `cap`; `None` when it does not ask.
    pub fn wait(&self, now: Instant, cap: Duration) -> Option<Duration> {
        match self {
            Self::Outage { retry_after, .. } => retry_after.map(|after| after.wait(now).min(cap)),
            Self::Refused { .. } | Self::BadRequest(_) => None,
        }
    }
}

impl fmt::Display for HttpFault {
    /// One sentence, lower case, no full stop.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Outage { why, .. } => f.write_str(why),
            Self::Refused { status, tail } if tail.trim().is_empty() => {
                write!(f, "the service refused the request ({status})")
            }
            Self::Refused { status, tail } => {
                write!(f, "the service refused the request ({status}): {}", tail.trim())
            }
            Self::BadRequest(why) => write!(f, "the request cannot be sent: {why}"),
        }
    }
}

impl std::error::Error for HttpFault {}

/// Sends `ready` once. `key` is its `Idempotency-Key`: the same for every attempt of one step, so that a service that
/// knows the header does the work once.
pub async fn send(
    reach: &Reach,
    ready: &Ready,
    key: &str,
    limits: HttpLimits,
) -> Result<Response, HttpFault> {
    let client = reach.client(ready.filled.address.scheme())?;
    let request = build(client, ready, key, limits)?;
    let start = tokio::time::Instant::now();
    let response = client.execute(request).await.map_err(|error| fault(&error, ready))?;
    let status = response.status().as_u16();
    let header = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let retry_after = header.and_then(RetryAfter::parse);
    let expected = ready.filled.expected.iter().any(|range| range.contains(&status));
    let (body, truncated) = match read(response, limits.answer_bytes).await {
        Ok(read) => read,
        // Whatever its text would have said, a status that is not expected says enough.
        Err(_) if !expected => (Vec::new(), false),
        Err(error) => return Err(fault(&error, ready)),
    };
    let text = String::from_utf8_lossy(&body);
    let from = text.len().saturating_sub(limits.tail_bytes);
    let tail = ready.redactor.clean_part(&text, from..text.len());
    if expected {
        let millis = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
        let values =
            if truncated { Exacts::new() } else { serde_json::from_slice(&body).unwrap_or_default() };
        return Ok(Response { status, tail, truncated, values, millis });
    }
    match status {
        // Request Timeout, Too Early and Too Many Requests ask for the same request again; a service that does not
        // know a method or a version (501, 505) will not learn it.
        408 | 425 | 429 | 500 | 502..=504 | 506.. => {
            let why = format!("the service asks to come back later ({status})");
            Err(HttpFault::Outage { why, retry_after, perhaps_done: !matches!(status, 425 | 429) })
        }
        _ => Err(HttpFault::Refused { status, tail }),
    }
}

fn build(
    client: &Client,
    ready: &Ready,
    key: &str,
    limits: HttpLimits,
) -> Result<reqwest::Request, HttpFault> {
    let bad = |why: &str| HttpFault::BadRequest(why.to_owned());
    let mut request =
        client.request(ready.filled.method.clone(), ready.filled.address.clone()).timeout(limits.time);
    let key = [("Idempotency-Key", key)];
    let headers = ready.filled.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in headers.chain(key) {
        let wrong = || bad(&format!("the header {name} has a value no header can carry"));
        let mut value = HeaderValue::try_from(value).map_err(|_reason| wrong())?;
        value.set_sensitive(true);
        let name = HeaderName::try_from(name).map_err(|_reason| wrong())?;
        request = request.header(name, value);
    }
    if let Some(body) = &ready.filled.body {
        request = request.body(body.clone());
    }
    // The reason is left out: it could quote the address, which may hold a secret.
    request.build().map_err(|_reason| bad("its address is not one"))
}

/// The beginning of the answer, and whether there was more.
async fn read(mut response: reqwest::Response, most: usize) -> Result<(Vec<u8>, bool), reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > most {
            body.truncate(most);
            return Ok((body, true));
        }
    }
    Ok((body, false))
}

fn fault(error: &reqwest::Error, ready: &Ready) -> HttpFault {
    let words = ready.redactor.clean(&cause(error)).into_owned();
    if error.is_builder() {
        return HttpFault::BadRequest(words);
    }
    let (why, perhaps_done) = if error.is_connect() {
        (format!("the service cannot be reached: {words}"), false)
    } else if error.is_timeout() {
        ("the service gave no whole answer in time".to_owned(), true)
    } else {
        (format!("the service broke off: {words}"), true)
    };
    HttpFault::Outage { why, retry_after: None, perhaps_done }
}
