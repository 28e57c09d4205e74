//! The council without a model: what an outsider can see by form alone. Every concern names the words or the gap it
//! stands on; what only taste or knowledge of the market could say is not claimed.

use super::english::figures;
use super::english::words::{self, words};
use crate::base::text::listed;
use crate::contract::Severity;
use crate::roles::council::{ChairQuestion, Concern, CouncilAnswer, CouncilQuestion, Opinion, Stance};
use crate::sop::{Section, Sop, Step, fences};
use std::collections::BTreeSet;

/// A member's opinion.
pub fn opinion(q: &CouncilQuestion) -> Opinion {
    let Ok(sop) = crate::sop::parse("the draft", &q.sop) else {
        let concern =
            concern(Severity::Blocking, Section::Purpose, "The draft cannot be read as an SOP.", "");
        return Opinion {
            stance: Stance::Oppose,
            concerns: vec![concern],
            reason: "An outsider cannot open it.".to_owned(),
        };
    };
    let looks: [fn(&Sop) -> Option<Concern>; 8] = [
        acronyms,
        one_pair_of_hands,
        no_exception_path,
        no_time,
        unguarded,
        no_limit_of_scope,
        long_steps,
        vague_end,
    ];
    let concerns: Vec<Concern> = looks.iter().filter_map(|look| look(&sop)).collect();
    let blocking = concerns.iter().any(|concern| concern.severity == Severity::Blocking);
    let stance = match (blocking, concerns.is_empty()) {
        (true, _) => Stance::Oppose,
        (false, false) => Stance::SupportWithChanges,
        (false, true) => Stance::Support,
    };
    let reason = if concerns.is_empty() {
        "By its form a stranger could follow it; whether it is wise is for a person to say.".to_owned()
    } else {
        format!(
            "By its form {} could trip a stranger; whether the rest is wise is for a person to say.",
            crate::base::text::counted(concerns.len(), "thing")
        )
    };
    Opinion { stance, concerns, reason }
}

/// The chair: upholds what blocks and what at least half of the members saw; a lone opposition stays on record.
pub fn chair(q: &ChairQuestion) -> CouncilAnswer {
    let mut upheld: Vec<Concern> = Vec::new();
    let mut dissent: Vec<String> = Vec::new();
    for raised in q.opinions.iter().flat_map(|opinion| &opinion.concerns) {
        let same = |other: &Concern| other.section == raised.section && other.message == raised.message;
        if upheld.iter().any(same) {
            continue;
        }
        let voices = q.opinions.iter().filter(|opinion| opinion.concerns.iter().any(same)).count();
        if raised.severity == Severity::Blocking || 2 * voices >= q.opinions.len() {
            upheld.push(raised.clone());
        } else if !dissent.contains(&raised.message) {
            dissent.push(raised.message.clone());
        }
    }
    let opposed = q.opinions.iter().filter(|opinion| opinion.stance == Stance::Oppose);
    let reasons: Vec<String> = opposed.map(|opinion| opinion.reason.clone()).collect();
    if !reasons.is_empty() && reasons.len() < q.opinions.len() {
        dissent.extend(reasons);
    }
    let summary = match upheld.as_slice() {
        [] => "The council found nothing by form that an outsider would trip over.".to_owned(),
        some => {
            format!("The council asks for {} to be mended.", crate::base::text::counted(some.len(), "thing"))
        }
    };
    CouncilAnswer { summary, upheld, dissent }
}

fn concern(severity: Severity, section: Section, message: &str, quote: &str) -> Concern {
    Concern { severity, section, message: message.to_owned(), quote: quote.to_owned() }
}

fn advise(section: Section, message: &str, quote: &str) -> Concern {
    concern(Severity::Advisory, section, message, quote)
}

/// Abbreviations every office knows; others want a word of explanation.
const KNOWN: [&str; 30] = [
    "CRM", "ERP", "EU", "EEA", "UK", "US", "USA", "EUR", "USD", "GBP", "HR", "IT", "PDF", "SOP", "CEO",
    "CFO", "COO", "ID", "FAQ", "GDPR", "VAT", "API", "URL", "OK", "MUST", "SHOULD", "MAY", "SHALL", "CSV",
    "SMS",
];

fn acronyms(sop: &Sop) -> Option<Concern> {
    let text = format!("{} {} {}", steps_text(sop), sop.body.preflight, sop.body.definition_of_done);
    let text = without_references(&text);
    let explained = format!("{} {} {}", sop.body.scope, sop.body.purpose, sop.head.department);
    let found: BTreeSet<&str> = text
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| (2..=5).contains(&word.len()) && word.chars().all(|c| c.is_ascii_uppercase()))
        .filter(|word| !KNOWN.contains(word) && !explained.contains(word))
        .collect();
    let found: Vec<&str> = found.into_iter().collect();
    let first = found.first()?;
    let lines = format!("{}\n{}\n{}", steps_text(sop), sop.body.preflight, sop.body.definition_of_done);
    let line = lines.lines().find(|line| line.contains(first)).unwrap_or_default().trim().to_owned();
    Some(advise(Section::Scope, &format!("{} is not explained; define it in Scope.", listed(&found)), &line))
}

/// The id of another SOP is no abbreviation.
fn without_references(text: &str) -> String {
    text.split_whitespace().filter(|word| !word.contains("SOP-")).collect::<Vec<_>>().join(" ")
}

fn one_pair_of_hands(sop: &Sop) -> Option<Concern> {
    let hands: BTreeSet<&str> = sop.body.steps.iter().filter_map(|step| step.assignee.as_deref()).collect();
    let gated = sop.body.steps.iter().any(Step::asks);
    let [only] = hands.into_iter().collect::<Vec<_>>()[..] else { return None };
    let alone = sop.body.steps.len() > 2 && !gated;
    alone.then(|| {
        let message = format!("Every step is done by {only}, so nobody notices a mistake and nothing goes on in {only}'s absence; name a deputy or a second pair of eyes.");
        concern(Severity::Advisory, Section::Roles, &message, "")
    })
}

fn no_exception_path(sop: &Sop) -> Option<Concern> {
    let text = sop.body.confidence.to_lowercase();
    let routed = ["send ", "escalate", "ask ", "call ", "exception"].iter().any(|word| text.contains(word));
    if routed {
        return None;
    }
    Some(advise(Section::Confidence, "It does not say where a case goes that fits no rule.", ""))
}

fn no_time(sop: &Sop) -> Option<Concern> {
    let timed = sop.body.steps.iter().any(|step| step.time_limit.is_some());
    let told = !figures::spans(&format!("{} {}", steps_text(sop), sop.body.definition_of_done)).is_empty();
    if timed || told || sop.body.steps.is_empty() {
        return None;
    }
    Some(advise(
        Section::Steps,
        "No step and no end has a time limit, so a case can lie still unnoticed.",
        "",
    ))
}

fn unguarded(sop: &Sop) -> Option<Concern> {
    let reaching = sop.body.steps.iter().find(|step| step.reaches_customers == Some(true))?;
    let guarded =
        sop.body.steps.iter().any(Step::asks) || sop.body.confidence.to_lowercase().contains("review");
    if guarded {
        return None;
    }
    Some(advise(
        Section::Confidence,
        &format!("Step {} reaches customers and nobody looks before it does.", reaching.number),
        &reaching.title,
    ))
}

fn no_limit_of_scope(sop: &Sop) -> Option<Concern> {
    let text = sop.body.scope.to_lowercase();
    if text.contains("out of scope") || text.contains("not in scope") {
        return None;
    }
    Some(advise(Section::Scope, "It does not say what it leaves out.", ""))
}

/// Words of one step above which a stranger loses the thread.
const LONG_STEP: usize = 220;

fn long_steps(sop: &Sop) -> Option<Concern> {
    let long = sop.body.steps.iter().find(|step| words(&fences::prose(&step.text)).len() > LONG_STEP)?;
    let message = format!(
        "Step {} holds more than {LONG_STEP} words; a stranger cannot carry it in mind.",
        long.number
    );
    Some(advise(Section::Steps, &message, &long.title))
}

fn vague_end(sop: &Sop) -> Option<Concern> {
    let done = sop.body.definition_of_done.trim();
    let last = sop
        .body
        .steps
        .iter()
        .map(|step| format!("{} {}", step.title, step.artifact.as_deref().unwrap_or_default()));
    let related = words::shared(done, &last.collect::<Vec<_>>().join(" ")) > 0 || done.contains("artifact");
    if related || done.is_empty() {
        return None;
    }
    let quote = done.lines().next().unwrap_or_default();
    Some(advise(
        Section::DefinitionOfDone,
        "The definition of done shares no word with what the steps produce.",
        quote,
    ))
}

fn steps_text(sop: &Sop) -> String {
    sop.body.steps.iter().map(|step| format!("{}\n{}\n", step.title, fences::prose(&step.text))).collect()
}
