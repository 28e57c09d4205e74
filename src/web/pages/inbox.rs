//! The inbox: one row for each thing that waits for a person, what is due first at first.

use crate::base::{Instant, Problem, problem::Result};
use crate::daemon;
use crate::decision::{self, Decision, DecisionKind, Queue};
use crate::front::shapes;
use crate::web::caller::Visitor;
use crate::web::page::Answer;
use crate::web::site::Shared;
use axum::extract::{Query, State};
use rusqlite::Connection;
use serde::Deserialize;
use serde_json::{Value, json};

/// Rows of one page; more are a click away.
const ROWS: u32 = 50;

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
    from: u32,
}

/// `GET /inbox`
pub(super) async fn show(
    State(site): State<Shared>,
    visitor: Visitor,
    Query(filter): Query<Filter>,
) -> Answer {
    let (me, now) = (visitor.party().to_owned(), site.now());
    let context = site
        .work(move |workspace| {
            let mut context = workspace.journal.read(|db| context(db, &me, &filter, now))?;
            // Whoever asks for what is dropped into the folder is told of it here as well.
            let requester = super::settings(workspace).map(|settings| settings.requester).unwrap_or_default();
            let mut refused = daemon::refused_missions(workspace)?;
            refused.retain(|one| one.requested_by.as_ref().unwrap_or(&requester) == &me);
            if let Some(members) = context.as_object_mut() {
                members.insert("refused".to_owned(), json!(refused));
            }
            Ok(context)
        })
        .await?;
    site.page(&visitor, "inbox.html", &context)
}

fn context(db: &Connection, me: &str, filter: &Filter, now: Instant) -> Result<Value> {
    let who = if filter.who.is_empty() { "mine" } else { filter.who.as_str() };
    let party = match who {
        "all" => None,
        "mine" => Some(me.to_owned()),
        party => Some(party.to_owned()),
    };
    let kind = match filter.kind.as_str() {
        "" => None,
        word => Some(
            DecisionKind::ALL
                .into_iter()
                .find(|kind| kind.word() == word)
                .ok_or_else(|| Problem::usage(format!("nothing that waits is a `{word}`")))?,
        ),
    };
    let queue = Queue { party, kind, overdue: (filter.overdue == "1").then_some(now) };
    let (found, count) = queue.page(db, (filter.from, ROWS))?;
    let rows: Vec<Value> = found.into_iter().map(|one| row(db, one, (me, now))).collect::<Result<_>>()?;
    let queues = decision::queues(db)?;
    let times = decision::response_times(db)?.into_iter().map(|time| {
        let waiting = queues.get(&time.party).copied().unwrap_or(0);
        json!({ "party": time.party, "median": time.median, "answers": time.answers, "waiting": waiting })
    });
    let shown = filter.from.saturating_add(u32::try_from(rows.len()).unwrap_or(u32::MAX));
    Ok(json!({
        "title": "Inbox", "rows": rows, "who": who, "kind": filter.kind, "overdue": filter.overdue == "1",
        "count": count, "all": decision::waiting(db)?, "mine": queues.get(me).copied().unwrap_or(0),
        "from": filter.from, "next": (shown < count).then_some(shown), "shown": shown,
        "before": (filter.from > 0).then(|| filter.from.saturating_sub(ROWS)),
        "times": times.collect::<Vec<_>>(), "queues": queues,
        "kinds": DecisionKind::ALL.map(DecisionKind::word),
    }))
}

fn row(db: &Connection, decision: Decision, (me, now): (&str, Instant)) -> Result<Value> {
    let look = decision::look_of(db, &decision, me)?;
    let shapes::Waiting { decision, newer, care, cost } = shapes::waiting(db, decision, now)?;
    let ask = &decision.ask;
    let told = |name: &str| ask.details.get(name).cloned().unwrap_or_default();
    Ok(json!({
        "id": decision.id, "kind": ask.kind.word(), "title": ask.title, "subject": ask.subject, "why": ask.why,
        "mission": ask.mission, "asked_of": ask.asked_of, "quorum": ask.quorum, "votes": decision.votes.len(),
        "requested_at": decision.requested_at.0, "due_at": ask.due_at.map(|due| due.0),
        "then": ask.on_deadline.then(), "overdue": decision.overdue(now), "reminders": decision.reminders,
        "risk": told("risk_level"), "final": decision.is_final(), "verdicts": told("verdicts"),
        "failed": told("failed").as_array().map(Vec::len), "cost": cost.dollars(), "newer": newer,
        "claim": care.claim.map(|claim| json!({ "by": claim.by, "until": claim.until.0 })),
        "delegated_by": care.delegated_by.last(), "deferred": care.first_due.is_some(), "look": look,
        "lead": decision.ways().first().map(|(_, leads_to)| leads_to.clone()),
    }))
}
