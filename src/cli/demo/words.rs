//! The facts of the journal that a person who looks on wants to hear, in words.

use crate::base::text::counted;
use serde_json::Value;

/// One fact worth telling.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// The mission enters a stage; whatever ran before is over.
    Stage(String),
    /// A worker starts on its part.
    WorkerStarts(String),
    /// A worker is done, with what it brought.
    WorkerDone(String, String),
    /// Somebody was asked a question of their role: who, tokens, micro-dollars.
    Spent(String, u64, i64),
    /// Anything else worth a line.
    Note(String),
}

/// What `fact` of that kind tells.
pub(super) fn tell(kind: &str, fact: &Value) -> Vec<Told> {
    let text = |member: &str| fact.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
    let number = |member: &str| fact.get(member).and_then(Value::as_u64).unwrap_or_default();
    let count = |member: &str, noun: &str| counted(usize::try_from(number(member)).unwrap_or(0), noun);
    match kind {
        "mission_received" => {
            vec![Told::Stage("planning: who drafts what, and what the SOP must fulfil".to_owned())]
        }
        "plan_made" => {
            let mut told = vec![Told::Note(format!(
                "planned {} v{}, owner {}",
                text("sop"),
                text("version"),
                text("owner")
            ))];
            let workers = fact.get("workers").and_then(Value::as_array).into_iter().flatten();
            told.extend(workers.filter_map(Value::as_str).map(|id| Told::WorkerStarts(id.to_owned())));
            told
        }
        "contract_frozen" => {
            vec![Told::Note(format!("contract frozen: {}", count("assertions", "assertion")))]
        }
        "scenarios_fixed" => vec![Told::Note("scenarios written, for the user test only".to_owned())],
        "draft_received" => {
            let gap = text("gap");
            let brought = if gap.is_empty() { count("items", "item") } else { format!("no draft: {gap}") };
            vec![Told::WorkerDone(text("agent"), brought)]
        }
        "synthesis_made" => vec![Told::Note(format!(
            "drafts merged, round {}: {}, {} of them blocking, {} without a source",
            number("round"),
            count("findings", "finding"),
            number("blocking"),
            count("unsourced", "line"),
        ))],
        "council_held" => vec![Told::Note(format!("council held: {}", count("findings", "finding")))],
        "verdicts_given" => vec![Told::Note(verdicts(fact))],
        "stage_entered" => vec![Told::Stage(stage(&text("state")))],
        "decision_requested" => vec![Told::Stage(format!("{} ({})", text("title"), text("decision")))],
        "published" => vec![Told::Note(format!("published {}", text("path")))],
        "mission_closed" => vec![Told::Note(format!("{}: {}", text("state"), text("reason")))],
        "model_called" => {
            let tokens = fact.get("tokens").map_or(0, |tokens| {
                ["input", "output"].iter().filter_map(|part| tokens.get(part)?.as_u64()).sum()
            });
            let micros = fact.get("cost_micros").and_then(Value::as_i64).unwrap_or_default();
            vec![Told::Spent(text("agent"), tokens, micros)]
        }
        _ => Vec::new(),
    }
}

fn verdicts(fact: &Value) -> String {
    let all = fact.get("verdicts").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let passed =
        all.iter().filter(|verdict| verdict.get("result").and_then(Value::as_str) == Some("passed")).count();
    format!("{passed} of {} hold", counted(all.len(), "assertion"))
}

fn stage(state: &str) -> String {
    match state {
        "synthesising" => "merging the drafts",
        "council" => "council: would a thoughtful outsider catch something?",
        "validating" => "scrutiny and user test",
        "revising" => "mending what was found",
        "publishing" => "publishing",
        other => other,
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn facts_become_words() {
        let plan =
            json!({ "sop": "SOP-REV-x", "version": "1.0", "owner": "vp.sales", "workers": ["vp.sales"] });
        assert_eq!(
            tell("plan_made", &plan),
            [
                Told::Note("planned SOP-REV-x v1.0, owner vp.sales".into()),
                Told::WorkerStarts("vp.sales".into())
            ]
        );
        let call =
            json!({ "agent": "a", "tokens": { "input": 5, "output": 2, "cached": 5 }, "cost_micros": 12 });
        assert_eq!(tell("model_called", &call), [Told::Spent("a".into(), 7, 12)]);
        assert_eq!(tell("prepared", &json!({})), []);
    }
}
