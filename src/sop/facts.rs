//! What an SOP lays down that another one could contradict: terms, thresholds, deadlines, owners, approvers,
//! triggers. Each fact has a key by which contradicting facts find each other in an index.

use super::document::{Section, Sop, Step, Trigger};
use super::lint::defined_terms;
use super::measure::{Measure, Sense, measures};
use super::outline::{Part, parts};
use super::phrases::{
    act, condition, event, is_verb, narrowing, object, thing, thing_after, thing_before, thing_of_condition,
    whole_object, whole_subject,
};
use super::prose::{Sentence, sentences};
use super::tokens::{stems, words};
use super::words::is_agent_id;
use crate::base::yaml;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a fact is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactKind {
    /// What a term means.
    Term,
    /// From or up to which amount something holds.
    Threshold,
    /// By when, after how long or how often something happens.
    Deadline,
    /// Who answers for a thing.
    Owner,
    /// Who approves a thing.
    Approver,
    /// What starts the SOP.
    Trigger,
}

/// One fact and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// What it is about.
    pub kind: FactKind,
    /// Normalised; two facts can contradict each other only when kind and subject are equal.
    pub subject: String,
    /// Normalised; the text of the definition for a term.
    pub value: String,
    /// Line of the file.
    pub line: u32,
    /// The words, as they stand in the file.
    pub quote: String,
}

impl Fact {
    fn new(kind: FactKind, subject: String, value: impl Into<String>, sentence: &Sentence) -> Self {
        Self { kind, subject, value: value.into(), line: sentence.line, quote: sentence.quote.clone() }
    }
}

/// Sections whose sentences lay down rules.
const RULING: [Section; 8] = [
    Section::Purpose,
    Section::Scope,
    Section::Roles,
    Section::Preflight,
    Section::Steps,
    Section::DefinitionOfDone,
    Section::Confidence,
    Section::Risk,
];

/// The facts of `sop`, whose file reads `text`, in the order of its lines.
pub fn facts(sop: &Sop, text: &str) -> Vec<Fact> {
    let (body, body_line) = yaml::front_matter("", text).map_or((text, 1), |cut| (cut.body, cut.body_line));
    let mut found = head_facts(sop, text);
    for part in parts(body, 2, body_line) {
        let Some((section, _)) = Section::ALL.into_iter().find(|(_, title)| *title == part.title) else {
            continue;
        };
        match section {
            Section::Trigger => found.extend(trigger_fact(&part)),
            Section::Steps => found.extend(step_facts(sop, &part)),
            Section::Scope => found.extend(term_facts(&part)),
            _ => {}
        }
        if RULING.contains(&section) {
            for sentence in sentences(&part.text, part.text_line) {
                found.extend(sentence_facts(&sentence));
            }
        }
    }
    found.sort_by(|a, b| (a.line, a.kind, &a.subject).cmp(&(b.line, b.kind, &b.subject)));
    found.dedup();
    found
}

/// What one sentence lays down. Terms and step keys are read elsewhere.
fn sentence_facts(sentence: &Sentence) -> Vec<Fact> {
    if sentence.text.starts_with("**") || sentence.text.starts_with('|') {
        return Vec::new();
    }
    let mut found = deadlines(sentence);
    found.extend(thresholds(sentence));
    found.extend(owners(sentence));
    found.extend(approvers(sentence));
    found
}

fn head_facts(sop: &Sop, text: &str) -> Vec<Fact> {
    let place = |words: &str| {
        let index = text.lines().position(|line| line.contains(words)).unwrap_or(0);
        let line = u32::try_from(index + 1).unwrap_or(u32::MAX);
        Sentence { line, text: words.to_owned(), quote: words.to_owned() }
    };
    let mut found = deadlines(&place(&sop.head.objective));
    for trigger in &sop.head.triggers {
        let (kind, path) = match trigger {
            Trigger::Webhook(hook) => ("webhook", hook.to_string()),
            Trigger::Files(path) => ("files", path.clone()),
            Trigger::Manual | Trigger::Cron(_) => continue,
        };
        let written = place(path.split(' ').next().unwrap_or(&path));
        found.push(Fact::new(FactKind::Trigger, format!("{kind} {path}"), path.as_str(), &written));
    }
    found
}

fn trigger_fact(part: &Part) -> Option<Fact> {
    let first = sentences(&part.text, part.text_line).into_iter().next()?;
    let subject = event(&first.text);
    (!subject.is_empty()).then(|| Fact::new(FactKind::Trigger, subject.clone(), subject, &first))
}

fn term_facts(part: &Part) -> Vec<Fact> {
    let lines: Vec<&str> = part.text.lines().collect();
    defined_terms(&part.text, part.text_line)
        .into_iter()
        .map(|(term, definition, line)| {
            let index = usize::try_from(line - part.text_line).unwrap_or(usize::MAX);
            let line_there = lines.get(index).copied().unwrap_or_default();
            let quote = line_there.trim().trim_start_matches(['-', '*', '+', ' ']);
            let quote = if quote.starts_with("**") { quote.to_owned() } else { format!("**{quote}") };
            let sentence = Sentence { line, text: definition.clone(), quote };
            Fact::new(FactKind::Term, stems(&term).join(" "), definition, &sentence)
        })
        .collect()
}

/// Time limits and approvers of steps, by the title's verb and thing.
fn step_facts(sop: &Sop, part: &Part) -> Vec<Fact> {
    let mut found = Vec::new();
    let mut headings: BTreeMap<&str, u32> = BTreeMap::new();
    for (index, line) in (0..).zip(part.text.lines()) {
        headings.entry(line.trim_start_matches('#').trim()).or_insert(index);
    }
    for step in &sop.body.steps {
        let heading = format!("Step {}: {}", step.number, step.title);
        let Some(index) = headings.get(heading.as_str()) else { continue };
        let line = part.text_line + index;
        let sentence = Sentence { line, text: heading.clone(), quote: heading };
        found.extend(step_fact(step, &sentence));
    }
    found
}

fn step_fact(step: &Step, sentence: &Sentence) -> Vec<Fact> {
    let words = words(&step.title);
    let (Some(verb), object) = (words.first().and_then(|verb| act(verb)), object(&words, 0, words.len()))
    else {
        return Vec::new();
    };
    let object = thing(&object);
    if object.is_empty() {
        return Vec::new();
    }
    let limit = step.time_limit.and_then(|limit| measures(&limit.to_string()).into_iter().next());
    let limit = limit
        .map(|limit| Fact::new(FactKind::Deadline, format!("{verb} {object}|limit"), limit.amount, sentence));
    let approvers = step.approvers.as_ref().map(|approvers| {
        let mut parties = approvers.parties.clone();
        parties.sort();
        let subject =
            if matches!(verb, "approve" | "sign") { object.clone() } else { format!("{verb} {object}") };
        Fact::new(FactKind::Approver, subject, parties.join(" "), sentence)
    });
    limit.into_iter().chain(approvers).collect()
}

fn deadlines(sentence: &Sentence) -> Vec<Fact> {
    let (condition, main) = condition(&sentence.text);
    let words = words(main);
    let mut found = Vec::new();
    for measure in measures(main).into_iter().filter(|measure| measure.dimension == "min") {
        let Some(sense) = time_sense(&measure, &words) else { continue };
        let Some((verb, object)) =
            act_before(&words, measure.start).or_else(|| act_after(&words, measure.end))
        else {
            continue;
        };
        let object = match (thing(&object), condition) {
            (object, Some(condition)) if object.is_empty() => {
                thing(&thing_of_condition(&self::words(condition)))
            }
            (object, _) => object,
        };
        if object.is_empty() {
            continue;
        }
        let narrow = condition.map(|condition| narrowing(condition, &object)).unwrap_or_default();
        let narrow = if narrow.is_empty() { narrow } else { format!("|if {narrow}") };
        found.push(Fact::new(
            FactKind::Deadline,
            format!("{verb} {object}|{sense}{narrow}"),
            measure.amount,
            sentence,
        ));
    }
    found
}

/// `within`, `after`, `before`, `for` or `every`; a bare length of time sets no deadline.
fn time_sense(measure: &Measure, words: &[String]) -> Option<&'static str> {
    let before = measure.start.checked_sub(1).and_then(|index| words.get(index)).map(String::as_str);
    let next = words.get(measure.end).map(String::as_str);
    match (measure.sense, before, next) {
        (Sense::Every, ..) => Some("every"),
        (_, _, Some("before")) => Some("before"),
        (Sense::Most, ..) => Some("within"),
        (_, Some("after"), _) => Some("after"),
        (_, Some("for"), _) => Some("for"),
        _ => None,
    }
}

fn act_before(words: &[String], end: usize) -> Option<(&'static str, Vec<String>)> {
    let index = (0..end).rev().find(|index| is_verb(words, *index))?;
    let verb = act(words.get(index)?)?;
    let object = object(words, index, end);
    let pronoun = matches!(object.first().map(String::as_str), None | Some("it" | "them"));
    if pronoun && index > 0 && object.len() < 2 {
        return act_before(words, index).map(|(_, object)| (verb, object)).or(Some((verb, Vec::new())));
    }
    Some((verb, object))
}

fn act_after(words: &[String], from: usize) -> Option<(&'static str, Vec<String>)> {
    let index = (from..words.len()).find(|index| is_verb(words, *index))?;
    Some((act(words.get(index)?)?, object(words, index, words.len())))
}

/// Verbs that may stand between a thing and its amount.
const LEVELS: [&str; 17] = [
    "of", "is", "are", "falls", "fall", "drops", "rises", "goes", "reaches", "worth", "stays", "be", "cost",
    "costs", "costing", "that", "which",
];

fn thresholds(sentence: &Sentence) -> Vec<Fact> {
    let words = words(&sentence.text);
    let mut found = Vec::new();
    for measure in measures(&sentence.text) {
        let side = match measure.sense {
            Sense::Least => "least",
            Sense::Most => "most",
            Sense::Every | Sense::Plain => continue,
        };
        let mut end = measure.start;
        while end > 0 && words.get(end - 1).is_some_and(|word| LEVELS.contains(&word.as_str())) {
            end -= 1;
        }
        let mut subject = thing(&thing_before(&words, end));
        if subject.is_empty() && words.get(measure.end).is_some_and(|next| next == "of") {
            subject = thing(&thing_after(&words, measure.end + 1, words.len()).0);
        }
        let own = subject.split(' ').any(|one| one == "confidenc");
        if subject.is_empty() || own || is_a_time(&measure, &words) || measure.amount.contains('-') {
            continue;
        }
        let subject = format!("{subject}|{}|{side}", measure.dimension);
        found.push(Fact::new(FactKind::Threshold, subject, measure.amount, sentence));
    }
    found
}

/// Whether the amount says when, not how much: `within 10 hours`, but not `overtime of more than 10 hours`.
fn is_a_time(measure: &Measure, words: &[String]) -> bool {
    let word = |index: usize| words.get(index).map_or("", String::as_str);
    let much = ["more", "above", "over", "exceeding", "exceeds", "below", "under", "less", "up"];
    let compares = much.contains(&word(measure.start)) && !matches!(word(measure.end), "before" | "after");
    measure.dimension == "clock" || (measure.dimension == "min" && !compares)
}

/// Ways to say who answers for a thing; the thing follows.
const OWNING: [&[&str]; 8] = [
    &["owns"],
    &["answers", "for"],
    &["is", "responsible", "for"],
    &["responsible", "for"],
    &["accountable", "for"],
    &["maintains"],
    &["in", "charge", "of"],
    &["own"],
];

fn owners(sentence: &Sentence) -> Vec<Fact> {
    let words = words(&sentence.text);
    let mut found = Vec::new();
    let mut put = |things: &[String], owner: &str| {
        let subject = thing(things);
        if !subject.is_empty() && is_agent_id(owner) {
            found.push(Fact::new(FactKind::Owner, subject, owner, sentence));
        }
    };
    let starts = |from: usize, wanted: &[&str]| {
        words.iter().skip(from).zip(wanted).filter(|(a, b)| a == b).count() == wanted.len()
    };
    let first = words.first().map_or("", String::as_str);
    if let Some((index, wanted)) = (1..words.len())
        .find_map(|index| OWNING.iter().find(|wanted| starts(index, wanted)).map(|wanted| (index, wanted)))
    {
        let mut from = index + wanted.len();
        loop {
            let (things, end) = thing_after(&words, from, words.len());
            let of_its_own = words.get(from).is_some_and(|word| word == "its" || word == "their");
            if !of_its_own {
                put(&things, first);
            }
            let goes_on = words.get(end).is_some_and(|word| word == "and") && !is_verb(&words, end + 1);
            if !goes_on {
                break;
            }
            from = end + 1;
        }
    }
    for index in 1..words.len() {
        if starts(index, &["owned", "by"]) {
            let be = usize::from(starts(index - 1, &["is"]) || starts(index - 1, &["are"]));
            put(&thing_before(&words, index - be), words.get(index + 2).map_or("", String::as_str));
        }
        if starts(index, &["owner", "of"]) {
            let (things, end) = thing_after(&words, index + 2, words.len());
            put(&things, words.get(end + 1).filter(|_| starts(end, &["is"])).map_or("", String::as_str));
        }
    }
    found
}

fn approvers(sentence: &Sentence) -> Vec<Fact> {
    let words = words(&sentence.text);
    let amounts = measures(&sentence.text);
    let word = |index: usize| words.get(index).map_or("", String::as_str);
    let mut found = Vec::new();
    for index in 0..words.len() {
        let off = usize::from(word(index + 1) == "off");
        let active =
            matches!(word(index), "approves" | "authorises" | "authorizes") || (word(index) == "signs");
        let passive = matches!(word(index), "approved" | "authorised" | "authorized" | "signed")
            && word(index + 1 + off) == "by";
        let noun =
            matches!(word(index), "approval" | "signoff") && matches!(word(index + 1), "by" | "of" | "from");
        let (things, approver, near) = if active && index > 0 {
            let (things, end) = whole_object(&words, index + 1 + off);
            (things, word(index - 1), end)
        } else if passive || noun {
            let (things, near) = before_approval(&words, index, &amounts);
            (things, word(index + 2 + off), near)
        } else {
            continue;
        };
        let subject = thing(&things);
        if subject.is_empty()
            || !is_agent_id(approver)
            || matches!(approver, "the" | "a" | "any" | "who" | "another")
        {
            continue;
        }
        let range = amounts.iter().find(|amount| amount.start == near || amount.end == near);
        let range = range.map(|amount| format!("|{:?} {}", amount.sense, amount.amount)).unwrap_or_default();
        found.push(Fact::new(FactKind::Approver, format!("{subject}{range}"), approver, sentence));
    }
    found
}

/// The thing before `… must be approved by` or `… needs the approval of`, and where its amount ends, if it has one.
fn before_approval(words: &[String], index: usize, amounts: &[Measure]) -> (Vec<String>, usize) {
    let between = [
        "is", "are", "be", "must", "should", "may", "need", "needs", "the", "an", "requires", "require",
        "has", "have", "to",
    ];
    let mut end = index;
    while end > 0 && words.get(end - 1).is_some_and(|word| between.contains(&word.as_str())) {
        end -= 1;
    }
    match amounts.iter().find(|amount| amount.end == end) {
        Some(amount) => (whole_subject(words, amount.start), amount.end),
        None => (whole_subject(words, end), usize::MAX),
    }
}
