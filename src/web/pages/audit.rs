//! The audit log: looking through it, checking its chain, and taking it away.

use crate::base::Problem;
use crate::daemon;
use crate::journal::{self, Event, Order, ROWS, Search};
use crate::web::caller::Visitor;
use crate::web::form::{Nothing, Signed};
use crate::web::page::Answer;
use crate::web::site::Shared;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::IntoResponse as _;
use futures::stream;
use serde::Deserialize;
use serde_json::{Value, json};

/// Facts of one page.
const PAGE: u32 = 100;
/// Facts read at once for a download.
const CHUNK: u32 = 1_000;

/// A fact as pages show it.
pub(super) fn fact(event: &Event) -> Value {
    let mut body: Value = serde_json::from_str(&event.text).unwrap_or_default();
    let by = ["by", "party", "agent"].into_iter().find_map(|name| body.get(name)).cloned();
    let mut take = |name: &str| body.as_object_mut().and_then(|members| members.remove(name));
    let at = take("at");
    drop((take("kind"), take("subject"), take("by"), take(ROWS)));
    json!({
        "seq": event.seq, "kind": event.kind, "subject": event.subject, "at": at, "by": by, "hash": event.hash,
        "body": body.to_string(),
    })
}

/// What is looked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    q: String,
    subject: String,
    kind: String,
    party: String,
    from: String,
    until: String,
    before: Option<i64>,
}

impl Wanted {
    fn search(&self) -> Search {
        let trimmed = |text: &str| text.trim().to_owned();
        Search {
            subject: trimmed(&self.subject),
            kind: trimmed(&self.kind),
            party: trimmed(&self.party),
            from: trimmed(&self.from),
            until: trimmed(&self.until),
            words: trimmed(&self.q),
        }
    }

    /// Its fields as part of an address.
    fn query(&self) -> String {
        let fields = [
            ("q", &self.q),
            ("subject", &self.subject),
            ("kind", &self.kind),
            ("party", &self.party),
            ("from", &self.from),
            ("until", &self.until),
        ];
        let given = fields.into_iter().filter(|(_, value)| !value.trim().is_empty());
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(given).finish()
    }
}

/// `GET /audit`
pub(super) async fn show(
    State(site): State<Shared>,
    visitor: Visitor,
    Query(wanted): Query<Wanted>,
) -> Answer {
    page(&site, &visitor, wanted, Value::Null).await
}

/// `POST /audit/verify`
pub(super) async fn verify(State(site): State<Shared>, form: Signed<Nothing>) -> Answer {
    let Signed { visitor, fields: Nothing {} } = form;
    let checked = site.work(|workspace| Ok(daemon::verify(workspace, &daemon::anchors(workspace)))).await?;
    let told = match checked {
        Ok(verified) => json!({ "whole": verified }),
        Err(problem) => json!({ "broken": problem }),
    };
    page(&site, &visitor, Wanted::default(), told).await
}

async fn page(site: &Shared, visitor: &Visitor, wanted: Wanted, told: Value) -> Answer {
    let search = wanted.search();
    let order = Order::NewestBefore(wanted.before.unwrap_or(i64::MAX));
    let facts = site.read(move |db| journal::search(db, &search, order, PAGE)).await?;
    let full = u32::try_from(facts.len()).is_ok_and(|count| count == PAGE);
    let next = facts.last().filter(|_| full).map(|last| last.seq);
    let rows: Vec<Value> = facts.iter().map(fact).collect();
    let query = wanted.query();
    let context = json!({
        "title": "Audit", "rows": rows, "next": next, "told": told, "query": query, "q": wanted.q,
        "subject": wanted.subject, "kind": wanted.kind, "party": wanted.party, "from": wanted.from,
        "until": wanted.until,
    });
    site.page(visitor, "audit.html", &context)
}

/// `GET /audit/export`: what was looked for, or all, oldest first, as `sopd audit export` writes it.
pub(super) async fn export(
    State(site): State<Shared>,
    _visitor: Visitor,
    Query(wanted): Query<Wanted>,
) -> Answer {
    let search = wanted.search();
    search.check()?;
    let lines = stream::try_unfold((site, search, 0), |(site, search, after)| async move {
        let looked = search.clone();
        let order = Order::OldestAfter(after);
        let facts = site.read(move |db| journal::search(db, &looked, order, CHUNK)).await?;
        let Some(last) = facts.last().map(|last| last.seq) else { return Ok::<_, Problem>(None) };
        Ok(Some((journal::lines(&facts), (site, search, last))))
    });
    let headers = [
        (header::CONTENT_TYPE, "application/x-ndjson"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"audit.jsonl\""),
    ];
    Ok((headers, Body::from_stream(lines)).into_response())
}
