//! The provider for `OpenAI` and every server that speaks its chat protocol.
//! One question is one HTTP request, plus one for each thing the server turns out not to understand.

use super::dialect::Dialect;
use super::fault::{Failure, Fault};
use super::learnt::Learnt;
use super::transport::{Broken, Transport, millis};
use super::{AnswerFormat, Completion, Endpoint, Request, is_strict, json, reply};
use async_openai::Client;
use async_openai::config::Config;
use async_openai::error::OpenAIError;
use async_openai::middleware::HttpRequestFactory;
use reqwest::header::HeaderMap;
use secrecy::SecretString;
use serde_json::Value;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::time::Instant;

/// One model behind one endpoint. Cheap to share; any number of questions may be under way.
pub struct OpenAi {
    endpoint: Endpoint,
    client: Client<Site>,
    learnt: Mutex<Learnt>,
}

impl fmt::Debug for OpenAi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenAi").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

/// The address, and nothing else: the library's own configuration reads the environment.
struct Site {
    base_url: String,
    no_key: SecretString,
}

impl Config for Site {
    fn headers(&self) -> HeaderMap {
        HeaderMap::new()
    }
    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }
    fn query(&self) -> Vec<(&str, &str)> {
        Vec::new()
    }
    fn api_base(&self) -> &str {
        &self.base_url
    }
    fn api_key(&self) -> &SecretString {
        &self.no_key
    }
}

impl OpenAi {
    /// Opens the way to `endpoint`, without asking it anything.
    ///
    /// Fails with [`Fault::Unusable`] where address or key cannot work.
    pub fn new(endpoint: Endpoint) -> Result<Self, Fault> {
        let transport = Arc::new(Transport::new(&endpoint)?);
        let http = transport.client();
        let service = tower::service_fn(move |factory: HttpRequestFactory| {
            let transport = Arc::clone(&transport);
            async move { transport.serve(factory).await }
        });
        let site = Site { base_url: base(&endpoint).to_owned(), no_key: SecretString::default() };
        let client = Client::build(http, site).with_http_service(service);
        Ok(Self { endpoint, client, learnt: Mutex::default() })
    }

    /// Where this provider asks.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Asks once. What the server does not understand is said otherwise, in a further request that is counted, and
    /// remembered for the next question. The text of the answer is not yet checked against the schema.
    pub async fn complete(&self, request: &Request) -> Result<Completion, Failure> {
        let start = Instant::now();
        let mut dialect = self.known(&request.schema_name);
        let mut requests = 1;
        let answer = loop {
            match self.post(dialect, request).await {
                Ok(answer) => break answer,
                Err(Broken::Status(refusal)) => match dialect.after(&refusal) {
                    Some(next) => (dialect, requests) = (next, requests + 1),
                    None => return Err(failure(refusal.fault(), requests, start)),
                },
                Err(Broken::Fault(fault)) => return Err(failure(fault, requests, start)),
            }
        };
        let reply = reply::read(&answer);
        let text = match reply.text {
            Ok(text) => text,
            Err(fault) => return Err(Failure { tokens: reply.tokens, ..failure(fault, requests, start) }),
        };
        self.learn(dialect, &text, request);
        Ok(Completion {
            text,
            model: reply.model.unwrap_or_else(|| self.endpoint.model.clone()),
            tokens: reply.tokens,
            finish: reply.finish,
            format: dialect.format,
            requests,
            millis: millis(start),
        })
    }

    async fn post(&self, dialect: Dialect, request: &Request) -> Result<Value, Broken> {
        let body = dialect.body(&self.endpoint.model, request);
        self.client.chat().create_byot(body).await.map_err(|error| match error {
            OpenAIError::Boxed(boxed) => match boxed.downcast::<Broken>() {
                Ok(broken) => *broken,
                Err(other) => Broken::Fault(Fault::Malformed(other.to_string())),
            },
            // Only building the request is left to fail there: the transport answers with JSON or is boxed.
            _ => Broken::Fault(Fault::Unusable("the request cannot be built from its settings".to_owned())),
        })
    }

    fn known(&self, schema: &str) -> Dialect {
        self.learnt.lock().unwrap_or_else(PoisonError::into_inner).dialect(schema, Instant::now())
    }

    /// Keeps a dialect that brought an answer, and whether a server that was given a strict schema kept to it.
    fn learn(&self, dialect: Dialect, text: &str, request: &Request) {
        let held = dialect.format == AnswerFormat::JsonSchema && is_strict(&request.schema);
        let fits = held
            .then(|| json::extract(text).is_ok_and(|value| json::check(&value, &request.schema).is_empty()));
        let mut learnt = self.learnt.lock().unwrap_or_else(PoisonError::into_inner);
        learnt.keep(&request.schema_name, (dialect, fits), Instant::now());
    }
}

/// The names of the models `endpoint` serves, in its order; one HTTP request.
pub async fn models(endpoint: &Endpoint) -> Result<Vec<String>, Fault> {
    let body = Transport::new(endpoint)?.get(&format!("{}/models", base(endpoint))).await?;
    let answer: Value = serde_json::from_slice(&body).map_err(|error| Fault::Malformed(error.to_string()))?;
    reply::models(&answer).ok_or_else(|| Fault::Malformed("the answer holds no list of models".to_owned()))
}

fn base(endpoint: &Endpoint) -> &str {
    endpoint.base_url.trim_end_matches('/')
}

fn failure(fault: Fault, requests: u32, start: Instant) -> Failure {
    Failure { fault, requests, millis: millis(start), tokens: None }
}
