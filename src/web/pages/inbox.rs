//! The inbox: one row for each thing that waits for a person.

use crate::agent::spent_by_mission;
use crate::base::{Instant, MicroUsd, problem::Result};
use crate::decision::{self, Decision, DecisionKind};
use crate::web::caller::Visitor;
use crate::web::page::Answer;
use crate::web::site::Shared;
use axum::extract::{Query, State};
use rusqlite::Connection;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Most rows of one page; more are a click away.
const MOST_ROWS: usize = 100;

/// What of it is shown.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Filter {
    /// `mine` (without anything else), `all`, or a party's id.
    #[serde(default)]
    who: String,
    /// The word of a kind.
    #[serde(default)]
    kind: String,
    /// `1`: only overdue ones.
    #[serde(default)]
    overdue: String,
    /// Rows left out before.
    #[serde(default)]
    from: usize,
}

/// `GET /inbox`
pub(super) async fn show(
    State(site): State<Shared>,
    visitor: Visitor,
    Query(filter): Query<Filter>,
) -> Answer {
    let (me, now) = (visitor.party().to_owned(), site.now());
    let context = site.read(move |db| context(db, &me, &filter, now)).await?;
    site.page(&visitor, "inbox.html", &context)
}

fn context(db: &Connection, me: &str, filter: &Filter, now: Instant) -> Result<Value> {
    let open = decision::open_for(db, None)?;
    let who = if filter.who.is_empty() { "mine" } else { filter.who.as_str() };
    let asks = |decision: &Decision, party: &str| decision.ask.asked_of.iter().any(|asked| asked == party);
    let of = |decision: &&Decision| match who {
        "all" => true,
        "mine" => asks(decision, me),
        party => asks(decision, party),
    };
    let kind = |decision: &&Decision| filter.kind.is_empty() || decision.ask.kind.word() == filter.kind;
    let late = |decision: &&Decision| filter.overdue != "1" || decision.overdue(now);
    let mut found: Vec<&Decision> = open.iter().filter(of).filter(kind).filter(late).collect();
    // What is due first comes first; what has no deadline, oldest first, after it.
    found.sort_by_key(|decision| (decision.ask.due_at.map_or(i64::MAX, |due| due.0), decision.requested_at));
    let rows: Vec<Value> = found
        .iter()
        .skip(filter.from)
        .take(MOST_ROWS)
        .map(|decision| row(db, decision, now))
        .collect::<Result<_>>()?;
    let mut queues: BTreeMap<&str, usize> = BTreeMap::new();
    for party in open.iter().flat_map(|decision| &decision.ask.asked_of) {
        *queues.entry(party).or_default() += 1;
    }
    let next = filter.from + rows.len();
    Ok(json!({
        "title": "Inbox", "rows": rows, "who": who, "kind": filter.kind, "overdue": filter.overdue == "1",
        "count": found.len(), "all": open.len(), "mine": open.iter().filter(|one| asks(one, me)).count(),
        "queues": queues, "next": (next < found.len()).then_some(next), "times": response_times(db)?,
        "kinds": ["forward", "publish", "question", "assignment", "stuck", "gate", "task", "result", "review"],
    }))
}

fn row(db: &Connection, decision: &Decision, now: Instant) -> Result<Value> {
    let ask = &decision.ask;
    let told = |name: &str| ask.details.get(name).cloned().unwrap_or_default();
    let spent = spent_by_mission(db, &ask.mission)?;
    Ok(json!({
        "id": decision.id, "kind": ask.kind.word(), "title": ask.title, "subject": ask.subject, "why": ask.why,
        "mission": ask.mission, "asked_of": ask.asked_of, "quorum": ask.quorum, "votes": decision.votes.len(),
        "requested_at": decision.requested_at.0, "due_at": ask.due_at.map(|due| due.0),
        "then": ask.on_deadline.then(), "overdue": decision.overdue(now), "reminders": decision.reminders,
        "risk": told("risk_level"), "final": told("reversible") == json!(false) || ask.kind == DecisionKind::Publish,
        "failed": told("failed").as_array().map(Vec::len), "cost": MicroUsd(spent.micros).dollars(),
        "lead": decision.ways().first().map(|(_, leads_to)| leads_to.clone()),
    }))
}

/// How long each party took to answer, in milliseconds: the median of its last answers (requirement B5).
fn response_times(db: &Connection) -> Result<Vec<Value>> {
    let sql = "SELECT json_extract(answer, '$.by'), resolved_at - requested_at FROM decision
               WHERE state = 'resolved' AND answer IS NOT NULL ORDER BY number DESC LIMIT 1000";
    let mut by_party: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        by_party.entry(row.get(0)?).or_default().push(row.get(1)?);
    }
    let median = |(party, mut times): (String, Vec<i64>)| {
        times.sort_unstable();
        let middle = times.get(times.len() / 2).copied().unwrap_or_default();
        json!({ "party": party, "median": middle, "answers": times.len() })
    };
    Ok(by_party.into_iter().map(median).collect())
}
