//! Whether a request comes from somebody who knows the secret. To start a run two forms are read: Standard Webhooks
//! (<https://www.standardwebhooks.com>), which is also how our own requests are signed, and GitHub's; to answer a
//! decision, Slack's. Anything missing, doubled or odd is a refusal: a request that is half right is not half trusted.
//! No I/O; the caller hands in headers, body, secret and time.

use crate::base::{Instant, Problem};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

/// How far the sender's clock may be from ours, in seconds, in either direction (the tolerance of the Standard
/// Webhooks reference libraries).
const WINDOW: i64 = 5 * 60;
/// Shortest secret, in bytes. What is shorter can be found by trying.
const SHORTEST_SECRET: usize = 16;
/// Longest id of a delivery, in bytes: both senders use some forty.
const LONGEST_ID: usize = 200;
/// Most signatures of one delivery: one for each secret during a change of secrets.
const MOST_SIGNATURES: usize = 16;
/// How secrets of Standard Webhooks begin; what follows is base64.
const SECRET_MARK: &[u8] = b"whsec_";

/// The headers of the two forms, in lower case.
const ID: &str = "webhook-id";
const TIMESTAMP: &str = "webhook-timestamp";
const SIGNATURE: &str = "webhook-signature";
const GITHUB_ID: &str = "x-github-delivery";
const GITHUB_SIGNATURE: &str = "x-hub-signature-256";
const SLACK_TIMESTAMP: &str = "x-slack-request-timestamp";
const SLACK_SIGNATURE: &str = "x-slack-signature";

/// A request whose signature is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The sender's id of this delivery, the same when it is sent again. The queue keeps it, and takes each once.
    /// GitHub's form signs neither id nor time, so only TLS keeps others from sending its requests again.
    pub id: String,
    /// Which form it came in.
    pub form: Form,
    /// When the sender says it was sent.
    pub sent: Option<Instant>,
}

/// The forms of signed requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `webhook-id`, `webhook-timestamp`, `webhook-signature`.
    Standard,
    /// `X-GitHub-Delivery`, `X-Hub-Signature-256`.
    GitHub,
}

/// Checks a request. `headers` are names (in any capitals) and values as they came, `body` the bytes as they came.
///
/// `secret` is `whsec_…` with base64, or bytes to be used as they are (GitHub's secrets always are).
///
/// # Errors
/// Why the request is not trusted. Neither the secret nor the signature that would have been right is in the words.
pub fn verify(
    headers: &[(String, String)],
    body: &[u8],
    secret: &[u8],
    now: Instant,
) -> Result<Delivery, Problem> {
    let standard = [ID, TIMESTAMP, SIGNATURE].iter().any(|name| has(headers, name));
    let github = [GITHUB_ID, GITHUB_SIGNATURE].iter().any(|name| has(headers, name));
    match (standard, github) {
        (true, false) => verify_standard(headers, body, secret, now),
        (false, true) => verify_github(headers, body, secret),
        (true, true) => {
            Err(refused("the request is signed in two forms at once", "send the headers of one form"))
        }
        (false, false) if has(headers, "x-hub-signature") => Err(refused(
            "the request is signed with SHA-1 only",
            "set a secret at the sender, so that it sends `X-Hub-Signature-256`",
        )),
        (false, false) => Err(refused(
            "the request is not signed",
            "send `webhook-id`, `webhook-timestamp` and `webhook-signature` (Standard Webhooks), or `X-GitHub-Delivery` and `X-Hub-Signature-256`",
        )),
    }
}

/// Whether the headers could be those of a request that is signed; looked at before its body is taken.
///
/// # Errors
/// What is missing, doubled or odd.
pub fn look(headers: &[(String, String)], now: Instant) -> Result<(), Problem> {
    but_for_the_body(verify(headers, b"", &[0; SHORTEST_SECRET], now))
}

/// The same of a request of Slack.
///
/// # Errors
/// What is missing, doubled or odd.
pub fn look_slack(headers: &[(String, String)], now: Instant) -> Result<(), Problem> {
    but_for_the_body(verify_slack(headers, b"", &[0; SHORTEST_SECRET], now))
}

fn but_for_the_body<T>(verified: Result<T, Problem>) -> Result<(), Problem> {
    match verified {
        Err(problem) if problem != mismatch() => Err(problem),
        _ => Ok(()),
    }
}

fn verify_standard(
    headers: &[(String, String)],
    body: &[u8],
    secret: &[u8],
    now: Instant,
) -> Result<Delivery, Problem> {
    let key = standard_key(secret)?;
    let id = delivery_id(headers, ID)?;
    if id.contains('.') {
        // The signed text is `id.time.body`: a dot in the id would let its end pass for the time.
        return Err(refused("`webhook-id` holds a full stop", "send an id without one"));
    }
    let written = one(headers, TIMESTAMP)?;
    let sent = moment(TIMESTAMP, written, now)?;
    let expected = code(&key, &[id.as_bytes(), b".", written.as_bytes(), b".", body])?;
    let given = signatures(one(headers, SIGNATURE)?)?;
    // Every one is compared, so that the time taken does not tell which came near.
    let fits = given.iter().fold(subtle::Choice::from(0), |fits, one| fits | one.ct_eq(&expected));
    if bool::from(fits) {
        return Ok(Delivery { id: id.to_owned(), form: Form::Standard, sent: Some(sent) });
    }
    Err(mismatch())
}

/// The bytes of a secret of Standard Webhooks.
fn standard_key(secret: &[u8]) -> Result<Vec<u8>, Problem> {
    let Some(text) = secret.strip_prefix(SECRET_MARK) else { return Ok(secret.to_owned()) };
    STANDARD.decode(text).map_err(|_not_base64| {
        refused("the secret here is not base64 behind `whsec_`", "write it down again as the sender shows it")
    })
}

/// The headers that sign our own request in the form of Standard Webhooks. `id` holds no full stop and is the same
/// when the request is sent again; `now` is the moment of sending.
///
/// # Errors
/// A secret that keeps nobody out.
pub fn sign(
    id: &str,
    now: Instant,
    body: &[u8],
    secret: &[u8],
) -> Result<[(&'static str, String); 3], Problem> {
    let seconds = now.0.div_euclid(1_000).to_string();
    let code = code(&standard_key(secret)?, &[id.as_bytes(), b".", seconds.as_bytes(), b".", body])?;
    Ok([(ID, id.to_owned()), (TIMESTAMP, seconds), (SIGNATURE, format!("v1,{}", STANDARD.encode(code)))])
}

/// Checks a request of Slack (<https://api.slack.com/authentication/verifying-requests-from-slack>); gives the
/// signature, which no other request has: whoever keeps it can refuse the same request a second time.
///
/// # Errors
/// Why the request is not trusted.
pub fn verify_slack(
    headers: &[(String, String)],
    body: &[u8],
    secret: &[u8],
    now: Instant,
) -> Result<String, Problem> {
    let written = one(headers, SLACK_TIMESTAMP)?;
    moment(SLACK_TIMESTAMP, written, now)?;
    let signature = one(headers, SLACK_SIGNATURE)?;
    let given = signature
        .strip_prefix("v0=")
        .and_then(hex)
        .ok_or_else(|| refused("`x-slack-signature` is not `v0=` and 64 digits", "send it as Slack does"))?;
    let expected = code(secret, &[b"v0:", written.as_bytes(), b":", body])?;
    // Written anew: of one signature there are many spellings.
    let kept = expected.iter().map(|byte| format!("{byte:02x}")).collect();
    if bool::from(given.ct_eq(&expected)) { Ok(kept) } else { Err(mismatch()) }
}

fn verify_github(headers: &[(String, String)], body: &[u8], secret: &[u8]) -> Result<Delivery, Problem> {
    let id = delivery_id(headers, GITHUB_ID)?;
    let written = one(headers, GITHUB_SIGNATURE)?;
    let given = written.strip_prefix("sha256=").and_then(hex).ok_or_else(|| {
        refused("`X-Hub-Signature-256` is not `sha256=` and 64 digits", "send it as GitHub does")
    })?;
    if bool::from(given.ct_eq(&code(secret, &[body])?)) {
        return Ok(Delivery { id: id.to_owned(), form: Form::GitHub, sent: None });
    }
    Err(mismatch())
}

fn refused(message: impl Into<String>, hint: &str) -> Problem {
    Problem::not_allowed(message).hint(hint)
}

fn mismatch() -> Problem {
    let hint = "compare the secret at both ends, and sign the bytes of the body as they are sent";
    refused("the signature does not fit the request", hint)
}

/// The values of a header, whose name may be written in any case.
pub(super) fn named<'a>(headers: &'a [(String, String)], name: &str) -> impl Iterator<Item = &'a str> {
    headers.iter().filter(move |(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

fn has(headers: &[(String, String)], name: &str) -> bool {
    named(headers, name).next().is_some()
}

/// The value of a header that must be there once. Of two, a proxy and we might each believe another.
fn one<'a>(headers: &'a [(String, String)], name: &str) -> Result<&'a str, Problem> {
    let mut values = named(headers, name);
    match (values.next(), values.next()) {
        (Some(value), None) => Ok(value),
        (None, _) => Err(refused(format!("the header `{name}` is missing"), "send it")),
        (Some(_), Some(_)) => Err(refused(format!("the header `{name}` is there twice"), "send it once")),
    }
}

fn delivery_id<'a>(headers: &'a [(String, String)], name: &str) -> Result<&'a str, Problem> {
    let id = one(headers, name)?;
    if !id.is_empty() && id.len() <= LONGEST_ID && id.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(id);
    }
    let message = format!("`{name}` is not an id");
    Err(refused(message, "send up to 200 letters, digits and signs without a space"))
}

fn moment(name: &str, written: &str, now: Instant) -> Result<Instant, Problem> {
    let digits =
        !written.is_empty() && written.len() <= 12 && written.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = written.parse::<i64>().ok().filter(|_| digits).ok_or_else(|| {
        refused(format!("`{name}` is not a number of seconds since 1970"), "send it in digits alone")
    })?;
    let sent = Instant(seconds.saturating_mul(1_000));
    let late = now.0.saturating_sub(sent.0);
    let hint = "send it within five minutes, and set the clocks of both machines";
    if late > WINDOW * 1_000 {
        return Err(refused(format!("the request is too old: it was sent on {}", sent.minute()), hint));
    }
    if late < -WINDOW * 1_000 {
        return Err(refused(
            format!("the request comes from the future: it was sent on {}", sent.minute()),
            hint,
        ));
    }
    Ok(sent)
}

/// The version 1 signatures of a list; other versions are the business of other keys.
fn signatures(list: &str) -> Result<Vec<Vec<u8>>, Problem> {
    let malformed =
        || refused("`webhook-signature` is not a list of `v1,` and base64", "send it as the form has it");
    let entries: Vec<&str> = list.split(' ').collect();
    if entries.len() > MOST_SIGNATURES {
        return Err(refused("`webhook-signature` holds too many signatures", "send 16 at the most"));
    }
    let mut found = Vec::new();
    for entry in entries {
        let (version, text) = entry.split_once(',').ok_or_else(malformed)?;
        if version == "v1" {
            found.push(STANDARD.decode(text).map_err(|_not_base64| malformed())?);
        }
    }
    if found.is_empty() {
        return Err(refused(
            "`webhook-signature` holds no signature of version `v1`",
            "sign with HMAC-SHA256",
        ));
    }
    Ok(found)
}

/// The HMAC-SHA256 of `pieces` one after the other.
fn code(key: &[u8], pieces: &[&[u8]]) -> Result<Vec<u8>, Problem> {
    let usable = Some(key).filter(|key| key.len() >= SHORTEST_SECRET);
    let mac = usable.and_then(|key| Hmac::<Sha256>::new_from_slice(key).ok());
    let mut mac = mac.ok_or_else(|| {
        let hint = "make one of 16 bytes or more, the same here and at the sender";
        refused("the secret here is too short to keep anybody out", hint)
    })?;
    for piece in pieces {
        mac.update(piece);
    }
    Ok(mac.finalize().into_bytes().to_vec())
}

/// 64 hex digits, in small or capital letters, as bytes.
fn hex(text: &str) -> Option<Vec<u8>> {
    if text.len() != 64 {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let digits: Option<Vec<u8>> = text.bytes().map(digit).collect();
    let digits = digits?;
    let pairs = digits.chunks_exact(2).filter_map(|pair| Some(pair.first()? << 4 | pair.last()?));
    Some(pairs.collect())
}

#[cfg(test)]
mod tests;
