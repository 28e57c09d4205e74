//! The tools: name, words, arguments, what a token must be good for, and the deed. Arguments are read strictly: a
//! misspelt one is refused, not ignored.

use super::answers::{Place, Told, refused, told, whole};
use super::{missions, runs, work};
use crate::base::{Problem, problem::Result};
use crate::front::{self, Scope};
use rmcp::model::{Tool, ToolAnnotations};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::sync::Arc;

/// One tool.
pub(super) struct Offer {
    name: &'static str,
    words: &'static str,
    scope: Scope,
    /// Whether an agent that works elsewhere has it as well.
    outside: bool,
    schema: fn() -> Map<String, Value>,
    deed: fn(&Place, Map<String, Value>) -> Told,
}

macro_rules! offer {
    ($name:literal, $scope:ident, $arguments:ty, $deed:path, $words:literal) => {
        offer!($name, $scope, false, $arguments, $deed, $words)
    };
    ($name:literal, $scope:ident, $outside:literal, $arguments:ty, $deed:path, $words:literal) => {
        Offer {
            name: $name,
            words: $words,
            scope: Scope::$scope,
            outside: $outside,
            schema: schema::<$arguments>,
            deed: |place, given| $deed(place, read::<$arguments>(given)?),
        }
    };
}

/// Every tool, in the order in which they are listed.
pub(super) const OFFERS: &[Offer] = &[
    offer!(
        "sop_execute",
        Write,
        runs::Execute,
        runs::execute,
        "Start a run of an active SOP. Whoever starts a run answers none of its gates."
    ),
    offer!(
        "sop_approve",
        Write,
        runs::Approve,
        runs::approve,
        "Say yes to what a run asks: its start, a gate before a step, or a result somebody must look at."
    ),
    offer!("sop_reject", Write, runs::Reject, runs::reject, "Say no to what a run asks, with the reason."),
    offer!("sop_status", Read, runs::Status, runs::status, "Where a run stands, with each of its steps."),
    offer!("sop_list_runs", Read, runs::ListRuns, runs::list, "Runs, newest first."),
    offer!(
        "sop_get_audit",
        Read,
        runs::Audit,
        runs::audit,
        "What happened in a run, in order, from the tamper-evident log."
    ),
    offer!(
        "mission_submit",
        Write,
        missions::Submit,
        missions::submit,
        "Hand in a mission: a Markdown text that says which SOP to write. The caller is its requester."
    ),
    offer!(
        "mission_status",
        Read,
        missions::Status,
        missions::status,
        "Where a mission stands, what it waits for, who must act."
    ),
    offer!(
        "inbox_list",
        Read,
        true,
        missions::Inbox,
        missions::inbox,
        "The decisions that wait for the caller, or for everybody."
    ),
    offer!(
        "decision_show",
        Read,
        true,
        missions::Show,
        missions::show,
        "What to see before deciding: the draft with the source of every line, or exactly what a gate lets happen."
    ),
    offer!(
        "worker_assignments",
        Write,
        true,
        work::Assignments,
        work::assignments,
        "Take the drafting assignments that wait for the caller. They are kept for it for some minutes; ask again to keep them longer. Says as well what became of the items of drafts that were merged."
    ),
    offer!(
        "worker_submit_draft",
        Write,
        true,
        work::Submit,
        work::submit,
        "Hand in the draft of an assignment, ask questions in it, decline with a reason, or object to what became of your items."
    ),
];

/// The tools that the caller has, as the protocol lists them.
pub(super) fn list(place: &Place) -> Vec<Tool> {
    let inside = front::check_sight(&place.workspace, &place.caller.party).is_ok();
    OFFERS.iter().filter(|offer| inside || offer.outside).map(Offer::tool).collect()
}

/// Calls a tool; `None` where there is none of that name. The flag says whether it worked.
pub(super) fn call(place: &Place, name: &str, given: Map<String, Value>) -> Option<(bool, Value)> {
    let offer = OFFERS.iter().find(|offer| offer.name == name)?;
    let done = place.allowed(offer).map_err(whole).and_then(|()| (offer.deed)(place, given));
    Some(match done {
        Ok(fields) => (true, told(fields)),
        Err(problems) => (false, refused(&problems)),
    })
}

impl Place {
    fn allowed(&self, offer: &Offer) -> Result<()> {
        self.caller.need(offer.scope)?;
        if offer.outside { Ok(()) } else { front::check_sight(&self.workspace, &self.caller.party) }
    }
}

impl Offer {
    fn tool(&self) -> Tool {
        let reads = self.scope == Scope::Read;
        let hints = ToolAnnotations::new().read_only(reads).destructive(false).open_world(false);
        Tool::new(self.name, self.words, Arc::new((self.schema)())).with_annotations(hints)
    }
}

fn schema<T: JsonSchema>() -> Map<String, Value> {
    let mut schema = match serde_json::to_value(schemars::schema_for!(T)) {
        Ok(Value::Object(schema)) => schema,
        _ => Map::new(),
    };
    schema.remove("title");
    schema
}

fn read<T: DeserializeOwned>(given: Map<String, Value>) -> Result<T, Vec<Problem>> {
    serde_json::from_value(Value::Object(given)).map_err(|error| {
        whole(
            Problem::usage(format!("the arguments cannot be used: {error}"))
                .hint("see the tool's input schema"),
        )
    })
}
