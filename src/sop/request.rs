//! A request, written in an SOP as a fenced `http` block: read strictly, filled in, and shown as it will be sent.
//!
//! ```text
//! POST https://crm.example/leads/{{ inputs.lead_id }}/calls?notify=yes HTTP/1.1
//! Content-Type: application/json
//! Authorization: Bearer {{ secrets.CRM_TOKEN }}
//! Expect-Status: 200-204, 409
//!
//! { "source": "{{ inputs.source }}", "employees": {{ inputs.employees }} }
//! ```
//! The version at the end of the first line is optional and not used. `Expect-Status` is no header of the request: it
//! lists the statuses that are success, 200-299 when it is missing. What a placeholder may be and how it is written:
//! see [`parse`].

mod parts;
mod template;

use super::expression::Scope;
use crate::base::text::{put, put_line};
use http::Method;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use template::{Place, Template, Values};
use url::Url;

/// Longest address, in bytes; common servers take 8 KiB for the whole first line.
const LONGEST_ADDRESS: usize = 8 * 1024 - 64;
/// What is success when the block does not say.
const SUCCESS: RangeInclusive<u16> = 200..=299;

/// A request as written, its placeholders still open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    method: Method,
    address: Template,
    headers: Vec<(String, Template)>,
    expected: Vec<RangeInclusive<u16>>,
    body: Option<(Place, Template)>,
}

/// A request with every place filled in. It has no `Debug`: it may hold secrets.
pub struct Filled {
    /// The method.
    pub method: Method,
    /// The address.
    pub address: Url,
    /// Headers, in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<String>,
    /// Statuses that are success.
    pub expected: Vec<RangeInclusive<u16>>,
}

impl Request {
    /// The names of the secrets it uses, each once.
    pub fn secrets(&self) -> BTreeSet<&str> {
        let headers = self.headers.iter().map(|(_, value)| value);
        let all = std::iter::once(&self.address).chain(headers).chain(self.body.iter().map(|(_, body)| body));
        all.flat_map(Template::secrets).collect()
    }

    /// Scheme, host and port, which no value can change: `https://crm.example`.
    pub fn origin(&self) -> &str {
        origin(self.address.beginning())
    }

    /// The expressions of its placeholders.
    pub fn expressions(&self) -> impl Iterator<Item = &str> {
        let headers = self.headers.iter().map(|(_, value)| value);
        let all = std::iter::once(&self.address).chain(headers).chain(self.body.iter().map(|(_, body)| body));
        all.flat_map(Template::expressions)
    }

    /// Whether it can be filled in and sent with values like those of `scope`; if not, why.
    pub fn check(&self, scope: &Scope) -> Result<(), String> {
        self.fill(&Values::sample(Some(scope))).map(drop)
    }

    fn fill(&self, values: &Values<'_>) -> Result<Texts, String> {
        let address = self.address.fill(Place::Address, values)?;
        let fill =
            |(name, value): &(String, Template)| Ok((name.clone(), value.fill(Place::Header, values)?));
        let headers = self.headers.iter().map(fill).collect::<Result<Vec<_>, String>>()?;
        let body = self.body.as_ref().map(|(place, body)| body.fill(*place, values)).transpose()?;
        Ok(Texts { address, headers, body })
    }
}

struct Texts {
    address: String,
    headers: Vec<(String, String)>,
    body: Option<String>,
}

/// Reads a block. An error comes with its line in the block, counted from 1.
///
/// A placeholder `{{ … }}` is an expression over the values; a name that is not there is an error. Values are
/// percent-encoded in the address, where they can change neither host nor path, and in a form body; in a JSON body they
/// are JSON: a whole value where none is quoted (`{{ inputs.employees }}`), a part of the string inside quotes. Other
/// bodies take them as they are. A body is JSON when `Content-Type` says so, or when that is missing and the body begins
/// with `{` or `[`. `{{ secrets.NAME }}` is taken as it stands only, and shown as `‹NAME›`.
pub fn parse(block: &str) -> Result<Request, (usize, String)> {
    let block = block.strip_suffix('\n').unwrap_or(block);
    let (head, body) = match block.split_once("\n\n") {
        Some((head, body)) => (head, body),
        None => (block, ""),
    };
    let mut lines = head.lines().zip(1..);
    let (first, _) = lines.next().ok_or((1, "write a request, like GET https://host/path".to_owned()))?;
    let (method, address) = parts::request_line(first).map_err(|words| (1, words))?;
    let (mut headers, mut expected) = (Vec::new(), Vec::new());
    for (line, number) in lines {
        let (name, value) = parts::header(line).map_err(|words| (number, words))?;
        if name.eq_ignore_ascii_case("expect-status") {
            if !expected.is_empty() {
                return Err((number, "Expect-Status is given twice".to_owned()));
            }
            expected = parts::statuses(value).map_err(|words| (number, words))?;
            continue;
        }
        if headers.iter().any(|(other, _): &(String, Template)| other.eq_ignore_ascii_case(name)) {
            return Err((number, format!("the header {name} is given twice")));
        }
        headers.push((name.to_owned(), Template::parse(value).map_err(|(_, words)| (number, words))?));
    }
    if expected.is_empty() {
        expected.push(SUCCESS);
    }
    let begins = head.lines().count() + 2;
    let body =
        (!body.trim().is_empty()).then(|| parts::body(&method, body, &mut headers, begins)).transpose()?;
    Ok(Request { method, address, headers, expected, body })
}

/// Whether the address says what the text says: nothing was resolved (`..`), dropped or escaped in reading it.
pub fn same(url: &Url, text: &str) -> bool {
    url.as_str() == text || url.as_str().strip_suffix('/') == Some(text)
}

fn origin(address: &str) -> &str {
    let host = address.find("://").map_or(0, |at| at + 3);
    let end =
        address.get(host..).and_then(|rest| rest.find(['/', '?'])).map_or(address.len(), |at| host + at);
    address.get(..end).unwrap_or(address)
}

/// Fills a request in with the values of `scope` and the secrets the step names. An error says in words which
/// placeholder cannot be filled, and why; never a secret's value.
pub fn fill(request: &Request, scope: &Scope, secrets: &BTreeMap<String, String>) -> Result<Filled, String> {
    let texts = request.fill(&Values::real(scope, secrets))?;
    let length = texts.address.len();
    if length > LONGEST_ADDRESS {
        return Err(format!("the address would be {length} bytes long; at most {LONGEST_ADDRESS} are sent"));
    }
    let address = Url::parse(&texts.address).ok().filter(|url| same(url, &texts.address));
    // `..` is the one value that encoding cannot tame.
    let address = address.ok_or("a value in the address would lead to another path than the one written")?;
    if matches!(request.body, Some((Place::Json, _)))
        && let Some(body) = &texts.body
        && let Err(error) = serde_json::from_str::<Value>(body)
    {
        return Err(format!("the values make a body that is no JSON (line {})", error.line()));
    }
    Ok(Filled {
        method: request.method.clone(),
        address,
        headers: texts.headers,
        body: texts.body,
        expected: request.expected.clone(),
    })
}

/// The request as it will be sent, for a gate: every value in place, every secret as `‹NAME›`. An error says which value
/// is missing.
pub fn shown(request: &Request, scope: &Scope) -> Result<String, String> {
    Ok(words(request, &request.fill(&Values::shown(scope, false))?))
}

/// The request as far as it is known: what an earlier step has yet to give is named, as `‹steps.1.a›`.
pub fn form(request: &Request, scope: &Scope) -> Result<String, String> {
    Ok(words(request, &request.fill(&Values::shown(scope, true))?))
}

fn words(request: &Request, texts: &Texts) -> String {
    let mut out = String::new();
    put_line(&mut out, format_args!("{} {}", request.method, texts.address));
    for (name, value) in &texts.headers {
        put_line(&mut out, format_args!("{name}: {value}"));
    }
    let range = |range: &RangeInclusive<u16>| match (range.start(), range.end()) {
        (from, to) if from == to => from.to_string(),
        (from, to) => format!("{from}-{to}"),
    };
    let expected: Vec<String> = request.expected.iter().map(range).collect();
    put_line(&mut out, format_args!("Expect-Status: {}", expected.join(", ")));
    if let Some(body) = &texts.body {
        put(&mut out, format_args!("\n{body}\n"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: &str = r#"POST https://crm.example/leads/{{ inputs.lead_id }}?by={{ inputs.by }} HTTP/1.1
Authorization: Bearer {{ secrets.CRM_TOKEN }}
X-Note: {{ inputs.by }}
Expect-Status: 200-204, 409

{ "source": "{{ inputs.by }}",
  "employees": {{ inputs.employees }} }
"#;

    fn inputs(text: &str) -> Scope {
        Scope { inputs: serde_json::from_str(text).unwrap(), ..Scope::default() }
    }

    fn values() -> Scope {
        inputs(r#"{ "lead_id": "L/1?", "by": "a \"b\"", "employees": 40 }"#)
    }

    fn of_id(id: &str) -> Scope {
        Scope {
            inputs: [("id".to_owned(), crate::base::Exact::Text(id.to_owned()))].into(),
            ..Scope::default()
        }
    }

    #[test]
    fn a_request_is_shown_as_it_will_be_sent_without_its_secrets() {
        let request = parse(BLOCK).unwrap();
        assert_eq!(
            shown(&request, &values()).unwrap(),
            "POST https://crm.example/leads/L%2F1%3F?by=a%20%22b%22\nAuthorization: Bearer ‹CRM_TOKEN›\n\
             X-Note: a \"b\"\nContent-Type: application/json\nExpect-Status: 200-204, 409\n\n\
             { \"source\": \"a \\\"b\\\"\",\n  \"employees\": 40 }\n"
        );
        assert_eq!(request.secrets().into_iter().collect::<Vec<_>>(), ["CRM_TOKEN"]);
        assert_eq!(request.origin(), "https://crm.example");
        let secrets = BTreeMap::from([("CRM_TOKEN".to_owned(), "t0ken-t0ken".to_owned())]);
        let ready = fill(&request, &values(), &secrets).unwrap();
        assert_eq!(ready.headers.first().unwrap().1, "Bearer t0ken-t0ken");
        assert!(fill(&request, &values(), &BTreeMap::new()).err().unwrap().contains("secrets.CRM_TOKEN"));
    }

    #[test]
    fn what_is_not_known_yet_is_an_open_place() {
        let request = parse("GET https://a/{{ inputs.by }}?a={{ steps.1.a }}&b={{ secrets.KEY }}").unwrap();
        let form = form(&request, &inputs(r#"{ "by": "b c" }"#)).unwrap();
        assert!(form.starts_with("GET https://a/b%20c?a=‹steps.1.a›&b=‹KEY›\n"), "{form}");
        assert!(
            shown(&request, &inputs(r#"{ "by": "b c" }"#))
                .unwrap_err()
                .contains("{{ steps.1.a }} is not there")
        );
    }

    #[test]
    fn the_least_request_is_one_line() {
        let request = parse("GET http://127.0.0.1:8080").unwrap();
        assert_eq!(
            shown(&request, &Scope::default()).unwrap(),
            "GET http://127.0.0.1:8080\nExpect-Status: 200-299\n"
        );
    }

    #[test]
    fn every_mistake_is_told_with_its_line() {
        for (block, line, words) in [
            ("", 1, "write a request"),
            ("GET", 1, "write METHOD"),
            ("get https://a/", 1, "`get` is no method"),
            ("TRACE https://a/", 1, "`TRACE` is no method"),
            ("GET a/b", 1, "must begin with https://"),
            ("GET file:///etc/passwd", 1, "`file` is not spoken"),
            ("GET https://{{ inputs.host }}/", 1, "in the host"),
            ("GET https://a.example{{ inputs.host }}/", 1, "in the host"),
            ("GET https://u:p@a/", 1, "a user or a password"),
            ("GET https://a/#x", 1, "%23"),
            ("GET https://a/b/../c", 1, "plain form; `https://a/c` is"),
            ("GET https://a/b c", 1, "plain form"),
            ("GET https://a/{{ inputs.x", 1, "no end"),
            ("GET https://a/\nAccept", 2, "Name: value"),
            ("GET https://a/\nAc cept: x", 2, "no header's name"),
            ("GET https://a/\nA: x\na: y", 3, "given twice"),
            ("GET https://a/\nHost: b", 2, "set by sopd itself"),
            ("GET https://a/\nIdempotency-Key: b", 2, "set by sopd itself"),
            ("GET https://a/\nExpect-Status: ok", 2, "`ok` is no status"),
            ("GET https://a/\nExpect-Status: 299-200", 2, "no status"),
            ("GET https://a/\nExpect-Status: 100", 2, "no status"),
            ("GET https://a/\nAccept: x\n\nbody", 4, "has no body"),
            ("POST https://a/\n\nbody", 3, "Content-Type"),
            ("POST https://a/\n\n{\n  \"a\": 1,\n}", 5, "no JSON"),
            ("POST https://a/\n\n{\n  \"a\": \"{{ secrets.A|e }}\"}", 4, "does something to a secret"),
        ] {
            let (at, said) = parse(block).unwrap_err();
            assert!(at == line && said.contains(words), "{block}: {at}: {said}");
        }
    }

    #[test]
    fn no_value_leads_to_another_address() {
        let request = parse("DELETE https://a.example/leads/{{ inputs.id }}").unwrap();
        for (id, words) in [
            ("..", "another path"),
            (".", "another path"),
            ("", "is empty"),
            (&"x".repeat(9_000), "bytes long"),
        ] {
            let said = fill(&request, &of_id(id), &BTreeMap::new()).err().unwrap();
            assert!(said.contains(words), "{said}");
        }
        for id in ["../../admin", "@evil.example/", "a?b#c", "%2e%2e", "\\..\\", "é"] {
            let ready = fill(&request, &of_id(id), &BTreeMap::new()).unwrap();
            assert_eq!(ready.address.host_str(), Some("a.example"));
            assert_eq!(ready.address.path_segments().unwrap().count(), 2, "{}", ready.address);
            assert_eq!(ready.address.query(), None);
        }
    }
}
