//! One question to one OpenAI-compatible model server, over HTTP, and what came back or went wrong.
//! Nothing here retries, waits, follows a redirect or reads an environment variable: whoever asks decides that,
//! counts it and writes it down. The key of an endpoint is shown in no debug text and in no error.

mod dialect;
mod fault;
pub mod json;
mod learnt;
mod openai;
mod reply;
mod schema;
mod transport;

pub use fault::{Failure, Fault, RetryAfter};
pub use openai::{OpenAi, models};
pub use schema::{is_strict, strict_schema};

use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// Longest wait for a connection. Servers on the same machine or continent answer well within it.
const CONNECT: Duration = Duration::from_secs(5);
/// Longest wait for an answer. A slow local model may think for minutes before it sends its first byte.
const ANSWER: Duration = Duration::from_mins(5);
/// Largest answer that is read, in bytes. An SOP is some tens of kilobytes; the rest is room for what servers add.
const ANSWER_BYTES: usize = 2 * 1024 * 1024;

/// Where a model is served and how long it may take.
#[derive(Clone)]
pub struct Endpoint {
    /// Address up to and including the version, `http://127.0.0.1:11434/v1`; http or https, no key in it.
    pub base_url: String,
    /// The key sent as `Authorization: Bearer …`; `None` for servers that want none.
    pub api_key: Option<String>,
    /// Name of the model as the server knows it.
    pub model: String,
    /// Longest wait for a connection.
    pub connect_timeout: Duration,
    /// Longest silence of a connected server. Answers are not streamed, so a server is silent while it thinks.
    pub read_timeout: Duration,
    /// Longest time for the whole exchange.
    pub total_timeout: Duration,
    /// Largest answer that is read, in bytes.
    pub max_answer_bytes: usize,
}

impl Endpoint {
    /// `model` at `base_url`, without a key and with the usual limits: 5 s to connect, 5 minutes in all, 2 MiB.
    pub fn new(base_url: impl Into<String>, model: impl Into<String>) -> Self {
        Self {
            base_url: base_url.into(),
            api_key: None,
            model: model.into(),
            connect_timeout: CONNECT,
            read_timeout: ANSWER,
            total_timeout: ANSWER,
            max_answer_bytes: ANSWER_BYTES,
        }
    }
}

impl fmt::Debug for Endpoint {
    /// Everything but the key, and but a password somebody wrote into the address.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = self.base_url.rsplit_once('@').map_or(self.base_url.as_str(), |(_, host)| host);
        f.debug_struct("Endpoint")
            .field("base_url", &address)
            .field("api_key", &self.api_key.as_ref().map(|_| "[key]"))
            .field("model", &self.model)
            .field("connect_timeout", &self.connect_timeout)
            .field("read_timeout", &self.read_timeout)
            .field("total_timeout", &self.total_timeout)
            .field("max_answer_bytes", &self.max_answer_bytes)
            .finish()
    }
}

/// One question to a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The stable part of the prompt, so that servers can reuse what they computed for it.
    pub system: String,
    /// The part that differs from question to question.
    pub user: String,
    /// JSON Schema of the answer, best made by [`strict_schema`].
    pub schema: serde_json::Value,
    /// Name of the schema: letters, digits, `_` and `-`, at most 64.
    pub schema_name: String,
    /// Longest answer in tokens.
    pub max_tokens: u32,
    /// How freely the model chooses its words, 0 to 2; `None` leaves it to the server.
    pub temperature: Option<f32>,
    /// Seed of the choice, where the server knows one.
    pub seed: Option<u64>,
}

/// What a model answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completion {
    /// The answer as written; [`json::extract`] reads the JSON in it.
    pub text: String,
    /// The model that answered, by the server's own word.
    pub model: String,
    /// What it used; `None` where the server did not say, which is not the same as nothing.
    pub tokens: Option<Tokens>,
    /// Why the answer ended.
    pub finish: Finish,
    /// How the server was told to write JSON.
    pub format: AnswerFormat,
    /// HTTP requests made for this answer: one, and one more for each thing the server did not understand.
    pub requests: u32,
    /// Time from the question to the answer, in milliseconds.
    pub millis: u64,
}

/// Tokens used by one exchange.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// Tokens of the prompt, cached ones included.
    pub input: u64,
    /// Tokens of the answer, hidden thinking included.
    pub output: u64,
    /// Tokens of the prompt the server had in its cache.
    pub cached: u64,
}

/// Why a whole answer ended. An answer cut short is a [`Fault`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    /// The model was done.
    Stop,
    /// A reason this program does not know, in the server's words.
    Other(String),
}

/// How a server is told to answer in JSON, from the strictest to the loosest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerFormat {
    /// `response_format: json_schema`; the server holds the model to the schema.
    JsonSchema,
    /// `response_format: json_object`; the schema is in the prompt.
    JsonObject,
    /// No `response_format`; the prompt asks for JSON and holds the schema.
    Plain,
}
