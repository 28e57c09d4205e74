//! The honest limits: what code cannot tell about an SOP, as a list for the person who approves it. Approving
//! records that the approver took these on.

use super::english::figures;
use super::english::words::likeness;
use crate::base::text::listed;
use crate::contract::{Check, Contract};
use crate::sop::{Sop, fences};

/// What only judgement can tell of `sop`, held against `contract`; each a full sentence to the approver. `joined`
/// says that it was made of several drafts.
pub fn for_you_to_judge(sop: &Sop, contract: &Contract, joined: bool) -> Vec<String> {
    let mut list = vec![format!("Whether the steps reach the objective: “{}”", sop.head.objective.trim())];
    list.push(format!(
        "Whether {} can really do this work in the time the steps allow.",
        listed(&people(sop))
    ));
    let figures = figures(sop);
    if !figures.is_empty() {
        list.push(format!("Whether these figures are right for the company: {}.", listed(&figures)));
    }
    list.push("Whether the law, contracts or works agreements ask for more than is written here.".to_owned());
    if joined {
        list.push("Whether the sentences that were joined from several drafts fit together in meaning; code compared only their words.".to_owned());
    }
    let near = neighbours(sop);
    list.extend(near);
    let judged = contract.assertions.iter().filter(|assertion| assertion.check == Check::Judged);
    list.extend(judged.map(|assertion| format!("{}: {}", assertion.id, assertion.statement)));
    list
}

fn people(sop: &Sop) -> Vec<&str> {
    let mut found: Vec<&str> = Vec::new();
    for id in sop.body.steps.iter().filter_map(|step| step.assignee.as_deref()) {
        if !found.contains(&id) {
            found.push(id);
        }
    }
    found
}

/// Most figures named; the rest stand in the text.
const MOST_FIGURES: usize = 8;

fn figures(sop: &Sop) -> Vec<String> {
    let text: String = sop.body.steps.iter().map(|step| fences::prose(&step.text) + " ").collect();
    let text = format!("{text} {}", sop.body.definition_of_done);
    let mut found: Vec<String> = Vec::new();
    for figure in figures::figures(&text) {
        let plural = !matches!(figure.unit.as_str(), "%" | "eur" | "usd" | "gbp") && figure.value != "1";
        let told = match figure.unit.as_str() {
            "eur" | "usd" | "gbp" => format!("{} {}", figure.unit.to_uppercase(), figure.value),
            unit => format!("{} {unit}{}", figure.value, if plural { "s" } else { "" }),
        };
        if !found.contains(&told) {
            found.push(told);
        }
    }
    found.truncate(MOST_FIGURES);
    found
}

/// Rules of different steps that sound alike may say the same, or the opposite.
fn neighbours(sop: &Sop) -> Option<String> {
    let sentences: Vec<(u32, String)> = sop
        .body
        .steps
        .iter()
        .flat_map(|step| {
            crate::sop::prose::sentences(&step.text, 1).into_iter().map(move |line| (step.number, line.text))
        })
        .collect();
    let alike =
        |a: &(u32, String), b: &(u32, String)| a.0 != b.0 && (55..100).contains(&likeness(&a.1, &b.1));
    let pair = sentences.iter().enumerate().find_map(|(at, a)| {
        sentences.iter().skip(at + 1).find(|b| alike(a, b)).map(|b| (a.clone(), b.clone()))
    })?;
    let ((first, a), (second, b)) = pair;
    Some(format!(
        "Whether step {first} (“{a}”) and step {second} (“{b}”) say the same or contradict each other."
    ))
}
