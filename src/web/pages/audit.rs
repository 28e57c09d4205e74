//! The audit log: looking through it, and checking its chain.

use crate::base::{Problem, problem::Result};
use crate::daemon;
use crate::journal::{self, Event};
use crate::web::caller::Visitor;
use crate::web::form::{Nothing, Signed};
use crate::web::page::Answer;
use crate::web::site::Shared;
use axum::extract::{Query, State};
use rusqlite::Connection;
use serde::Deserialize;
use serde_json::{Value, json};

/// Facts of one page.
const PAGE: i64 = 100;

/// A fact as pages show it.
pub(super) fn fact(event: &Event) -> Value {
    let mut body: Value = serde_json::from_str(&event.text).unwrap_or_default();
    let mut take = |name: &str| body.as_object_mut().and_then(|members| members.remove(name));
    let at = take("at");
    drop((take("kind"), take("subject")));
    json!({ "seq": event.seq, "kind": event.kind, "subject": event.subject, "at": at, "hash": event.hash, "body": body.to_string() })
}

/// What is looked for.
#[derive(Debug, Deserialize)]
pub(super) struct Search {
    #[serde(default)]
    q: String,
    #[serde(default)]
    before: Option<i64>,
}

/// `GET /audit`
pub(super) async fn show(
    State(site): State<Shared>,
    visitor: Visitor,
    Query(search): Query<Search>,
) -> Answer {
    page(&site, &visitor, search, Value::Null).await
}

/// `POST /audit/verify`
pub(super) async fn verify(State(site): State<Shared>, form: Signed<Nothing>) -> Answer {
    let Signed { visitor, fields: Nothing {} } = form;
    let checked =
        site.work(|workspace| Ok(journal::verify(&workspace.journal, &daemon::anchors(workspace)))).await?;
    let told = match checked {
        Ok(verified) => json!({ "whole": verified }),
        Err(problem) => json!({ "broken": problem }),
    };
    page(&site, &visitor, Search { q: String::new(), before: None }, told).await
}

async fn page(site: &Shared, visitor: &Visitor, search: Search, told: Value) -> Answer {
    let (q, before) = (search.q.trim().to_owned(), search.before);
    if q.len() > 200 {
        return Err(Problem::usage("that is too much to look for").into());
    }
    let wanted = q.clone();
    let facts = site.read(move |db| found(db, &wanted, before)).await?;
    let next = (i64::try_from(facts.len()).is_ok_and(|count| count == PAGE))
        .then(|| facts.last().map(|last| last.seq));
    let rows: Vec<Value> = facts.iter().map(fact).collect();
    let context = json!({ "title": "Audit", "rows": rows, "q": q, "next": next.flatten(), "told": told });
    site.page(visitor, "audit.html", &context)
}

/// The newest facts whose subject, kind or text holds `words`.
fn found(db: &Connection, words: &str, before: Option<i64>) -> Result<Vec<Event>> {
    let sql = "SELECT seq, subject, kind, text, hash FROM event
               WHERE seq < ?1 AND (?2 = '' OR instr(lower(text), lower(?2)) > 0 OR subject = ?2) ORDER BY seq DESC LIMIT ?3";
    let rows = db
        .prepare_cached(sql)?
        .query_map((before.unwrap_or(i64::MAX), words, PAGE), |row| {
            let (seq, subject, kind) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(Event { seq, subject, kind, text: row.get(3)?, hash: row.get(4)? })
        })?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}
