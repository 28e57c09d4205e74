//! What one server understands of the protocol, learnt from its refusals. Pure: says what to try next, tries nothing.
//! Servers that call themselves compatible differ in how JSON is asked for, in the name of the token limit and in
//! whether temperature and seed may be set; all of them reject what they do not know with a 4xx that names it.

use super::transport::StatusReply;
use super::{AnswerFormat, Request, is_strict, reply};
use serde_json::{Value, json};

/// Statuses by which servers say that they do not understand a part of a request.
const NOT_UNDERSTOOD: [u16; 5] = [400, 415, 422, 500, 501];
/// Words by which refusals name the asked-for format of the answer.
const FORMAT_WORDS: [&str; 7] = [
    "response_format",
    "response format",
    "json_schema",
    "json_object",
    "schema",
    "grammar",
    "structured output",
];

/// How to speak to one server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    pub(super) format: AnswerFormat,
    /// The newer name of the token limit, which reasoning models insist on. Not the first try: servers that do not
    /// know it ignore it in silence and write without end.
    completion_limit: bool,
    temperature: bool,
    seed: bool,
}

impl Default for Dialect {
    fn default() -> Self {
        Self { format: AnswerFormat::JsonSchema, completion_limit: false, temperature: true, seed: true }
    }
}

impl Dialect {
    /// The dialect to try after `refusal`, if it is about something that can be said otherwise. Each step gives up
    /// one thing for good, so there are at most five.
    pub(super) fn after(self, refusal: &StatusReply) -> Option<Self> {
        if !NOT_UNDERSTOOD.contains(&refusal.status) {
            return None;
        }
        let body = refusal.body.to_lowercase();
        if !self.completion_limit && body.contains("max_completion_tokens") && body.contains("max_tokens") {
            return Some(Self { completion_limit: true, ..self });
        }
        if self.temperature && body.contains("temperature") {
            return Some(Self { temperature: false, ..self });
        }
        if self.seed && body.contains("seed") {
            return Some(Self { seed: false, ..self });
        }
        // A refusal without a word may be about anything, and the format is what most servers lack.
        let silent = refusal.status != 500 && reply::error_message(&body).is_empty();
        if silent || FORMAT_WORDS.iter().any(|word| body.contains(word)) { self.looser() } else { None }
    }

    /// What both understand, but for the format, which is learnt for each schema: questions under way at the same time
    /// learn separately, and nothing learnt is lost.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            format: self.format,
            completion_limit: self.completion_limit || other.completion_limit,
            temperature: self.temperature && other.temperature,
            seed: self.seed && other.seed,
        }
    }

    /// The same with another format.
    pub(super) fn with(self, format: AnswerFormat) -> Self {
        Self { format, ..self }
    }

    /// The next looser format.
    pub(super) fn looser(self) -> Option<Self> {
        let format = match self.format {
            AnswerFormat::JsonSchema => AnswerFormat::JsonObject,
            AnswerFormat::JsonObject => AnswerFormat::Plain,
            AnswerFormat::Plain => return None,
        };
        Some(Self { format, ..self })
    }

    /// The body of a chat completion request.
    pub(super) fn body(self, model: &str, request: &Request) -> Value {
        let system = match self.format {
            AnswerFormat::JsonSchema => request.system.clone(),
            AnswerFormat::JsonObject | AnswerFormat::Plain => format!(
                "{}\n\nAnswer with one JSON object only: no prose around it, no code fence. It must fit this JSON Schema:\n{}",
                request.system, request.schema
            ),
        };
        let limit = if self.completion_limit { "max_completion_tokens" } else { "max_tokens" };
        let mut body = json!({
            "model": model,
            "messages": [{"role": "system", "content": system}, {"role": "user", "content": request.user}],
            "stream": false,
            limit: request.max_tokens,
        });
        let format = match self.format {
            AnswerFormat::JsonSchema => Some(json!({"type": "json_schema", "json_schema": {
                "name": request.schema_name, "strict": is_strict(&request.schema), "schema": request.schema,
            }})),
            AnswerFormat::JsonObject => Some(json!({"type": "json_object"})),
            AnswerFormat::Plain => None,
        };
        let temperature = request.temperature.filter(|_| self.temperature).map(|value| json!(value));
        let seed = request.seed.filter(|_| self.seed).map(|value| json!(value));
        if let Some(fields) = body.as_object_mut() {
            let wanted = [("response_format", format), ("temperature", temperature), ("seed", seed)];
            fields.extend(wanted.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        }
        body
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(dialect: Dialect, status: u16, body: &str) -> Option<Dialect> {
        dialect.after(&StatusReply { status, retry_after: None, body: body.to_owned() })
    }

    #[test]
    fn each_refusal_gives_up_what_it_names() {
        let first = Dialect::default();
        let object = Dialect { format: AnswerFormat::JsonObject, ..first };
        for (status, body, next) in [
            (400, "'response_format' of type 'json_schema' is not supported with this model", Some(object)),
            (422, "", Some(object)),
            (500, "failed to parse grammar", Some(object)),
            (400, r#"{"error":{"message":""}}"#, Some(object)),
            (
                400,
                "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.",
                Some(Dialect { completion_limit: true, ..first }),
            ),
            (400, "'temperature' does not support 0.2", Some(Dialect { temperature: false, ..first })),
            (422, r#"{"detail":[{"loc":["body","seed"]}]}"#, Some(Dialect { seed: false, ..first })),
            (400, "maximum context length is 4097 tokens", None),
            (500, "", None),
            (500, "out of memory", None),
            (401, "response_format", None),
            (404, "no such model", None),
        ] {
            assert_eq!(after(first, status, body), next, "{status} {body}");
        }
    }

    #[test]
    fn giving_up_ends() {
        let (mut dialect, mut steps) = (Dialect::default(), 0);
        while let Some(next) = after(dialect, 400, "max_tokens max_completion_tokens temperature seed schema")
        {
            (dialect, steps) = (next, steps + 1);
        }
        assert_eq!((steps, dialect.format), (5, AnswerFormat::Plain));
    }
}
