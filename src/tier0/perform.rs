//! Does a step of a run without a model: a worksheet of the step's own words, the packet's values and what the agent's
//! file says about the subject. Whoever reads it has everything in one place; that it is done, code cannot say.

use crate::base::text::{put, put_line};
use crate::roles::perform::{Kept, PerformQuestion, Performed};
use crate::roster::Agent;
use crate::sop::tokens::stems;
use serde_json::Value;
use std::collections::BTreeSet;

/// How far a worksheet can be relied on, percent: it is complete, and nobody has judged it.
const CONFIDENCE: u8 = 50;
/// Rules of the agent's file that are quoted at most.
const MOST_RULES: usize = 6;

/// The step as a worksheet.
pub fn perform(q: &PerformQuestion, agent: &Agent) -> Performed {
    let mut out = String::new();
    let heading = if q.artifact.is_empty() { &q.title } else { &q.artifact };
    put_line(
        &mut out,
        format_args!(
            "# {heading}\n\nPut together by code from the SOP and the file of {}; not judged by anybody.\n",
            agent.head.id
        ),
    );
    put_line(&mut out, format_args!("## The case\n"));
    for (name, value) in &q.inputs {
        put_line(&mut out, format_args!("- {name}: {}", words(value)));
    }
    for (step, value) in &q.earlier {
        put_line(&mut out, format_args!("- {step}: {}", words(value)));
    }
    put_line(&mut out, format_args!("\n## What is to be done\n\n{}", q.text.trim()));
    let rules = rules(q, agent);
    if !rules.is_empty() {
        put(&mut out, format_args!("\n## What {} knows about it\n\n", agent.head.title));
        for rule in rules {
            put_line(&mut out, format_args!("- {rule}"));
        }
    }
    let unsure = |constraint: &String| Kept {
        constraint: constraint.clone(),
        kept: false,
        reason: "code cannot tell".to_owned(),
    };
    Performed {
        result: out,
        verdicts: q.constraints.iter().map(unsure).collect(),
        confidence: CONFIDENCE,
        ..Performed::default()
    }
}

fn words(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The rules of the agent's file that speak of what the step speaks of, those that share most words with it first.
fn rules<'a>(q: &PerformQuestion, agent: &'a Agent) -> Vec<&'a str> {
    let told: BTreeSet<String> = stems(&format!("{} {}", q.title, q.text)).into_iter().collect();
    let shared = |rule: &str| {
        stems(rule).into_iter().filter(|stem| told.contains(stem)).collect::<BTreeSet<_>>().len()
    };
    let all = agent.topics.iter().flat_map(|topic| &topic.rules);
    let mut found: Vec<(usize, &str)> =
        all.map(|rule| (shared(rule), rule.as_str())).filter(|(shared, _)| *shared > 1).collect();
    found.sort_by_key(|(shared, _)| std::cmp::Reverse(*shared));
    found.into_iter().take(MOST_RULES).map(|(_, rule)| rule).collect()
}
