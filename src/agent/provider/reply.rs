//! Reads a server's answer leniently: what was paid for is not thrown away over a field nobody needs.
//! Strict only where a guess would be wrong: an answer without an end is not an answer.

use super::fault::Fault;
use super::transport::excerpt;
use super::{Finish, Tokens};
use serde_json::{Value, json};

/// What a success answer says.
#[derive(Debug, PartialEq)]
pub(super) struct Reply {
    /// The text, or why there is none.
    pub(super) text: Result<String, Fault>,
    /// The model by the server's word.
    pub(super) model: Option<String>,
    /// What was used, where the server says so.
    pub(super) tokens: Option<Tokens>,
    /// Why the text ended; meaningless without one.
    pub(super) finish: Finish,
}

/// Reads a chat completion.
pub(super) fn read(answer: &Value) -> Reply {
    let choice = answer.pointer("/choices/0");
    let reason = choice.and_then(|choice| choice.get("finish_reason")).and_then(Value::as_str);
    let text = match choice {
        Some(choice) => text(choice, reason),
        None => Err(no_choice(answer)),
    };
    let finish = match reason {
        Some("stop") | None => Finish::Stop,
        Some(other) => Finish::Other(excerpt(other)),
    };
    let model = answer.get("model").and_then(Value::as_str).map(str::to_owned);
    Reply { text, model, tokens: tokens(answer), finish }
}

/// The names in an answer to `GET /models`; servers differ in how they wrap the list.
pub(super) fn models(answer: &Value) -> Option<Vec<String>> {
    let list = answer.get("data").or_else(|| answer.get("models")).unwrap_or(answer).as_array()?;
    let name = |model: &Value| {
        let name = model.get("id").or_else(|| model.get("name")).unwrap_or(model);
        name.as_str().map(str::to_owned)
    };
    Some(list.iter().filter_map(name).collect())
}

/// The message in an error answer: of `OpenAI`'s form, of the others seen, or the text itself.
pub(super) fn error_message(body: &str) -> String {
    let Ok(value) = serde_json::from_str::<Value>(body) else {
        return body.trim().to_owned();
    };
    let places = ["/error/message", "/error", "/message", "/detail"];
    let message = places.iter().find_map(|place| value.pointer(place)?.as_str());
    message.map_or_else(|| body.trim().to_owned(), str::to_owned)
}

fn text(choice: &Value, reason: Option<&str>) -> Result<String, Fault> {
    if reason == Some("content_filter") {
        return Err(Fault::Filtered);
    }
    let refusal =
        choice.pointer("/message/refusal").and_then(Value::as_str).filter(|words| !words.is_empty());
    if let Some(words) = refusal {
        return Err(Fault::Refused(excerpt(words)));
    }
    match reason {
        Some("length") => return Err(Fault::Truncated),
        None => return Err(Fault::Cut("the server gives no finish_reason".to_owned())),
        Some(_) => {}
    }
    let text = choice.pointer("/message/content").map(content).unwrap_or_default();
    let calls = |place| choice.pointer(place).is_some_and(|calls| !calls.is_null() && *calls != json!([]));
    match text.trim().is_empty() {
        false => Ok(text),
        true if calls("/message/tool_calls") || calls("/message/function_call") => Err(Fault::Malformed(
            "the answer calls a tool, which no request of ours offers, and holds no text".to_owned(),
        )),
        true => Err(Fault::Empty),
    }
}

/// Content is a string, or parts of which some hold text.
fn content(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            parts.iter().filter_map(|part| part.get("text").and_then(Value::as_str)).collect()
        }
        _ => String::new(),
    }
}

/// Some gateways answer 200 and put the error of the server behind them inside.
fn no_choice(answer: &Value) -> Fault {
    let Some(error) = answer.get("error").filter(|error| !error.is_null()) else {
        return Fault::Malformed("the answer holds no choice".to_owned());
    };
    let excerpt = excerpt(&error_message(&answer.to_string()));
    match error.get("code").and_then(Value::as_u64).and_then(|code| u16::try_from(code).ok()) {
        Some(429) => Fault::RateLimited { retry_after: None },
        Some(status @ 500..=599) => Fault::Server { status, excerpt, retry_after: None },
        Some(status @ 400..=499) => Fault::Rejected { status, excerpt },
        _ => Fault::Malformed(format!("the answer holds an error: {excerpt}")),
    }
}

fn tokens(answer: &Value) -> Option<Tokens> {
    let count = |place: &str| answer.pointer(place).and_then(Value::as_u64);
    let input = count("/usage/prompt_tokens");
    let output = count("/usage/completion_tokens");
    if input.is_none() && output.is_none() {
        return None;
    }
    let cached = count("/usage/prompt_tokens_details/cached_tokens")
        .or_else(|| count("/usage/prompt_cache_hit_tokens"));
    Some(Tokens { input: input.unwrap_or(0), output: output.unwrap_or(0), cached: cached.unwrap_or(0) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_answer_is_read_whatever_else_it_carries() {
        let reply = read(&json!({
            "model": "m-1", "service_tier": "brand-new", "created": "yesterday",
            "choices": [{"finish_reason": "eos", "message": {"content": [{"type": "text", "text": "{}"}], "refusal": ""}}],
            "usage": {"prompt_tokens": 7, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 5}},
        }));
        assert_eq!(reply.text, Ok("{}".to_owned()));
        assert_eq!(reply.finish, Finish::Other("eos".to_owned()));
        assert_eq!(reply.tokens, Some(Tokens { input: 7, output: 2, cached: 5 }));
        assert_eq!(read(&json!({"usage": null})).tokens, None);
    }

    #[test]
    fn an_error_inside_a_success_keeps_its_status() {
        let fault =
            |code: Value| read(&json!({"error": {"code": code, "message": "busy"}})).text.unwrap_err();
        assert_eq!(fault(json!(429)), Fault::RateLimited { retry_after: None });
        assert_eq!(fault(json!(502)).to_string(), "the model server failed (502): busy");
        assert_eq!(fault(json!(401)).to_string(), "the model server rejected the request (401): busy");
        assert!(matches!(fault(json!("odd")), Fault::Malformed(how) if how.ends_with("busy")));
    }

    #[test]
    fn error_messages_are_found_where_servers_put_them() {
        for (body, message) in [
            (r#"{"error":{"message":"a"}}"#, "a"),
            (r#"{"error":"b"}"#, "b"),
            (r#"{"detail":"c"}"#, "c"),
            (" slow down ", "slow down"),
            (r#"{"detail":[1]}"#, r#"{"detail":[1]}"#),
        ] {
            assert_eq!(error_message(body), message);
        }
    }

    #[test]
    fn model_lists_are_read_in_every_wrapping() {
        for list in [json!({"data": [{"id": "a"}]}), json!({"models": [{"name": "a"}]}), json!(["a"])] {
            assert_eq!(models(&list), Some(vec!["a".to_owned()]));
        }
        assert_eq!(models(&json!({"object": "list"})), None);
    }
}
