//! One HTTP request, bounded in time and size, and what became of it.
//! Sits under the `OpenAI` client as its only way out, so that no retry, redirect or unbounded read of that
//! library can happen, and so that nothing of an answer reaches its logs.

use super::fault::{Fault, RetryAfter};
use super::{Endpoint, reply};
use crate::base::problem::cause;
use async_openai::error::OpenAIError;
use async_openai::middleware::HttpRequestFactory;
use reqwest::header::{AUTHORIZATION, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Response, Url, redirect, retry};
use serde::de::IgnoredAny;
use std::time::Duration;
use tokio::time::Instant;

/// Bytes read of an error answer: enough for its message, whatever else the server sends along.
const ERROR_BYTES: usize = 16 * 1024;
/// Letters of a server's own words that are kept in a fault.
const EXCERPT: usize = 300;
/// How long an idle connection is kept: below the five seconds after which common servers (Node's) close theirs,
/// so that a question is not sent into a closing door.
const IDLE: Duration = Duration::from_secs(4);

/// The way to one endpoint.
pub(super) struct Transport {
    client: Client,
    authorization: Option<HeaderValue>,
    key: Option<String>,
    connect: Duration,
    max_bytes: usize,
}

/// Why there is no answer: a status other than success, whole, or a fault without one.
#[derive(Debug)]
pub(super) enum Broken {
    Status(StatusReply),
    Fault(Fault),
}

/// An answer whose status is not success.
#[derive(Debug)]
pub(super) struct StatusReply {
    pub(super) status: u16,
    pub(super) retry_after: Option<RetryAfter>,
    /// At most [`ERROR_BYTES`], without the key.
    pub(super) body: String,
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Status(reply) => write!(f, "status {}", reply.status),
            Self::Fault(fault) => fault.fmt(f),
        }
    }
}

impl std::error::Error for Broken {}

impl From<Fault> for Broken {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Broken> for Fault {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Status(reply) => reply.fault(),
            Broken::Fault(fault) => fault,
        }
    }
}

impl StatusReply {
    /// The fault this status means.
    pub(super) fn fault(&self) -> Fault {
        let Self { status, retry_after, .. } = *self;
        let excerpt = excerpt(&reply::error_message(&self.body));
        match status {
            // An exhausted account answers 429 as well, but no waiting fills it.
            429 if self.body.contains("insufficient_quota") => Fault::Rejected { status, excerpt },
            429 => Fault::RateLimited { retry_after },
            // Request Timeout and Too Early ask for the same request again.
            408 | 425 | 500.. => Fault::Server { status, excerpt, retry_after },
            _ => Fault::Rejected { status, excerpt },
        }
    }
}

impl Transport {
    /// Checks the endpoint's address and key.
    pub(super) fn new(endpoint: &Endpoint) -> Result<Self, Fault> {
        check_address(&endpoint.base_url)?;
        let authorization = endpoint.api_key.as_deref().map(bearer).transpose()?;
        let builder = Client::builder()
            .connect_timeout(endpoint.connect_timeout)
            .read_timeout(endpoint.read_timeout)
            .timeout(endpoint.total_timeout)
            .pool_idle_timeout(IDLE)
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .no_proxy()
            .user_agent(concat!("sopd/", env!("CARGO_PKG_VERSION")));
        // To read the certificates of the machine takes long, and nothing shows one where nothing is sealed.
        let open = endpoint.base_url.starts_with("http://");
        let builder = if open { builder.tls_certs_only([]) } else { builder };
        let client = builder
            .build()
            .map_err(|error| Fault::Unusable(format!("the HTTP client does not start: {}", cause(&error))))?;
        let connect = endpoint.connect_timeout;
        let max_bytes = endpoint.max_answer_bytes;
        Ok(Self { client, authorization, key: endpoint.api_key.clone(), connect, max_bytes })
    }

    /// The HTTP client, for building requests.
    pub(super) fn client(&self) -> Client {
        self.client.clone()
    }

    /// Sends what `factory` builds once, and hands back an answer that is read, bounded and known to be JSON.
    pub(super) async fn serve(&self, factory: HttpRequestFactory) -> Result<Response, OpenAIError> {
        let request = factory.build().await?;
        match self.send(request).await {
            Ok(body) => Ok(http::Response::new(body).into()),
            Err(broken) => Err(OpenAIError::Boxed(Box::new(broken))),
        }
    }

    /// A GET of `url`, once.
    pub(super) async fn get(&self, url: &str) -> Result<Vec<u8>, Broken> {
        let request = self.client.get(url).build().map_err(|error| Fault::Unusable(cause(&error)))?;
        self.send(request).await
    }

    async fn send(&self, mut request: reqwest::Request) -> Result<Vec<u8>, Broken> {
        // The library knows no key and writes an empty one; the true one is marked as not to be shown.
        request.headers_mut().remove(AUTHORIZATION);
        if let Some(authorization) = &self.authorization {
            request.headers_mut().insert(AUTHORIZATION, authorization.clone());
        }
        let start = Instant::now();
        let response = self.client.execute(request).await.map_err(|error| self.fault(&error, start))?;
        if !response.status().is_success() {
            return Err(Broken::Status(self.read_refusal(response).await));
        }
        let body = self.read(response, start).await?;
        self.check_json(&body)?;
        Ok(body)
    }

    async fn read(&self, mut response: Response, start: Instant) -> Result<Vec<u8>, Fault> {
        let limit = u64::try_from(self.max_bytes).unwrap_or(u64::MAX);
        if response.content_length().is_some_and(|length| length > limit) {
            return Err(Fault::TooLarge { limit });
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.fault(&error, start))? {
            if body.len() + chunk.len() > self.max_bytes {
                return Err(Fault::TooLarge { limit });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// The status counts even when its text does not arrive.
    async fn read_refusal(&self, mut response: Response) -> StatusReply {
        let status = response.status().as_u16();
        let header = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = header.and_then(RetryAfter::parse);
        let mut body = Vec::new();
        while body.len() < ERROR_BYTES
            && let Ok(Some(chunk)) = response.chunk().await
        {
            let room = ERROR_BYTES.saturating_sub(body.len()).min(chunk.len());
            body.extend(chunk.iter().take(room));
        }
        StatusReply { status, retry_after, body: self.redact(&String::from_utf8_lossy(&body)) }
    }

    /// The library would log a body it cannot read; so it only ever gets JSON.
    fn check_json(&self, body: &[u8]) -> Result<(), Fault> {
        match serde_json::from_slice::<IgnoredAny>(body) {
            Ok(_) => Ok(()),
            Err(_) if body.is_empty() => Err(Fault::Cut("the server sent nothing".to_owned())),
            Err(error) if error.is_eof() => Err(Fault::Cut("its JSON has no end".to_owned())),
            Err(_) => {
                let start = excerpt(&self.redact(&String::from_utf8_lossy(body)));
                Err(Fault::Malformed(format!("the answer is no JSON: {start}")))
            }
        }
    }

    fn fault(&self, error: &reqwest::Error, start: Instant) -> Fault {
        if error.is_connect() && error.is_timeout() {
            return Fault::Unreachable(format!("no connection within {} ms", self.connect.as_millis()));
        }
        let why = self.redact(&cause(error));
        if error.is_connect() {
            Fault::Unreachable(why)
        } else if error.is_timeout() {
            Fault::TimedOut { after: millis(start) }
        } else if error.is_builder() {
            Fault::Unusable(why)
        } else {
            Fault::Cut(why)
        }
    }

    fn redact(&self, text: &str) -> String {
        match &self.key {
            Some(key) => text.replace(key.as_str(), "[key]"),
            None => text.to_owned(),
        }
    }
}

/// Milliseconds since `start`.
pub(super) fn millis(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// The beginning of `text` on one line.
pub(super) fn excerpt(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(EXCERPT) {
        Some((cut, _)) => format!("{}…", line.get(..cut).unwrap_or_default()),
        None => line,
    }
}

fn check_address(base_url: &str) -> Result<(), Fault> {
    let unusable = |how: &str| Err(Fault::Unusable(how.to_owned()));
    let Ok(url) = Url::parse(base_url) else {
        return unusable("its address is no URL; write one like http://127.0.0.1:11434/v1");
    };
    if !matches!(url.scheme(), "http" | "https") {
        return unusable("its address must begin with http:// or https://");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return unusable("its address holds a user or a password; name the key in the settings instead");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return unusable("its address must end with the path, without `?` and `#`");
    }
    Ok(())
}

fn bearer(key: &str) -> Result<HeaderValue, Fault> {
    let unusable = |how: &str| Fault::Unusable(format!("its key {how}"));
    if key.is_empty() {
        return Err(unusable("is empty"));
    }
    if key.contains(['\n', '\r']) {
        return Err(unusable(
            "holds a line break; look for one at the end of the file or variable it comes from",
        ));
    }
    if !key.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(unusable("holds a blank or a character a header cannot carry"));
    }
    let header = HeaderValue::try_from(format!("Bearer {key}"));
    let mut header = header.map_err(|error| unusable(&format!("does not fit a header: {error}")))?;
    header.set_sensitive(true);
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_keys_that_cannot_work_are_named_before_any_request() {
        let with = |base_url: &str, key: Option<&str>| {
            let endpoint = Endpoint { api_key: key.map(str::to_owned), ..Endpoint::new(base_url, "m") };
            Transport::new(&endpoint).err().map(|fault| fault.to_string())
        };
        let good = "http://127.0.0.1:1/v1";
        for (base_url, key, words) in [
            ("localhost", None, "no URL"),
            ("ftp://x/v1", None, "http://"),
            ("http://u:sesame@x/v1", None, "a user or a password"),
            ("http://x/v1?key=sesame", None, "`?`"),
            (good, Some("sesame\n"), "line break"),
            (good, Some("ses ame"), "blank"),
            (good, Some("sésame"), "cannot carry"),
            (good, Some(""), "empty"),
        ] {
            let said = with(base_url, key).unwrap();
            assert!(said.contains(words) && !said.contains("same"), "{said}");
        }
        assert_eq!(with(good, Some("sk-sesame")), None);
    }
}
