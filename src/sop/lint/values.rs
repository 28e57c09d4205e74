//! What expressions, requests and scripts use: every name is there, and everything can be filled in with values of
//! the declared types.

use super::inputs::declared;
use super::{Hit, Rule, Subject, heading};
use crate::base::{Exact, Exacts};
use crate::contract::Severity::{Advisory, Blocking};
use crate::sop::document::{InputKind, Section, Step};
use crate::sop::expression::paths::{Path, paths};
use crate::sop::expression::{self, Scope};
use crate::sop::request::{self, Request};
use crate::sop::step_keys::is_taken;
use crate::sop::work::{Work, work};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "conditions_defined",
        what: "When, Approval When, pre-flight checks and the definition of done use only declared inputs and results of earlier steps",
        severity: Blocking,
        section: Section::Steps,
        look: conditions_defined,
    },
    Rule {
        name: "requests_can_be_sent",
        what: "every request can be read, and filled in from declared inputs, results of earlier steps and named secrets",
        severity: Blocking,
        section: Section::Steps,
        look: requests_can_be_sent,
    },
    Rule {
        name: "scripts_know_their_steps",
        what: "every $STEP_… of a script names a result of an earlier step, and no secret takes the place of a variable of sopd's own",
        severity: Blocking,
        section: Section::Steps,
        look: scripts_know_their_steps,
    },
    Rule {
        name: "outputs_told_apart",
        what: "no two properties of an Output are the same variable for scripts",
        severity: Blocking,
        section: Section::Steps,
        look: outputs_told_apart,
    },
    Rule {
        name: "states_told_apart",
        what: "steps.N.state is used where step N promises a state of this name, states.N for how it ended",
        severity: Advisory,
        section: Section::Steps,
        look: states_told_apart,
    },
];

/// From where something is looked at: a step, the moment before all of them, or the end.
#[derive(Clone, Copy)]
enum From<'a> {
    Before,
    Step(&'a Step),
    End,
}

/// One expression, and where it stands.
struct Used<'a> {
    what: String,
    text: &'a str,
    section: Section,
    quote: String,
    from: From<'a>,
}

fn conditions<'a>(subject: &Subject<'a>) -> Vec<Used<'a>> {
    let mut found = Vec::new();
    let body = &subject.sop.body;
    for line in body.preflight.lines() {
        let words = line.trim_start_matches([' ', '-', '*', '+']);
        if let Some(text) = expression::asked(words) {
            let (what, section) = ("A pre-flight check".to_owned(), Section::Preflight);
            found.push(Used { what, text, section, quote: format!("`{text}`"), from: From::Before });
        }
    }
    for step in &body.steps {
        for (key, condition) in [("When", &step.when), ("Approval When", &step.approval_when)] {
            if let Some(text) = condition {
                let what = format!("`{key}` of step {}", step.number);
                let quote = format!("**{key}**: {text}");
                found.push(Used { what, text, section: Section::Steps, quote, from: From::Step(step) });
            }
        }
    }
    if let Some(text) = expression::rule(&body.definition_of_done) {
        let (what, section) = ("The definition of done".to_owned(), Section::DefinitionOfDone);
        found.push(Used { what, text, section, quote: format!("`{text}`"), from: From::End });
    }
    found
}

fn conditions_defined(subject: &Subject<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for Used { what, text, section, quote, from } in conditions(subject) {
        if let Err(wrong) = expression::check(text) {
            hits.push(Hit::new(section, format!("{what}: {wrong}."), &*quote));
            continue;
        }
        let before = hits.len();
        for path in paths(text) {
            if let Some(wrong) = undefined(subject, from, &path) {
                let message = format!("{what} uses `{}`: {wrong}.", path.name());
                hits.push(Hit::new(section, message, &*quote));
            }
        }
        let sample = sample(subject, from, [text]);
        if hits.len() == before
            && sample.missing(text).is_empty()
            && let Err(wrong) = expression::holds(text, &sample)
        {
            hits.push(Hit::new(section, format!("{what}: {wrong}."), &*quote));
        }
    }
    hits
}

/// Why a name means nothing there, if so.
fn undefined(subject: &Subject<'_>, from: From<'_>, path: &Path) -> Option<String> {
    let parts: Vec<&str> = path.parts.iter().map(String::as_str).collect();
    match parts.as_slice() {
        ["inputs" | "params" | "steps" | "states"] => None,
        ["inputs" | "params", input, ..] => {
            (!declared(subject, input)).then(|| format!("there is no input `{input}`; declare it in Inputs"))
        }
        [of @ ("steps" | "states"), number, rest @ ..] => {
            let field = rest.first().copied().filter(|_| *of == "steps");
            result_of(subject, from, number, field)
        }
        ["secrets", ..] => Some("secrets are for requests alone, as `{{ secrets.NAME }}`".to_owned()),
        _ => {
            Some("only `inputs.<name>`, `steps.<number>.<field>` and `states.<number>` are known".to_owned())
        }
    }
}

fn result_of(subject: &Subject<'_>, from: From<'_>, number: &str, field: Option<&str>) -> Option<String> {
    let named = subject.step(number);
    let earlier = match from {
        From::Before => return Some("no step is done before the run begins".to_owned()),
        From::End => named,
        From::Step(step) => {
            named.filter(|named| named.number < step.number || subject.order.comes_before(named.number, step))
        }
    };
    let Some(earlier) = earlier else { return Some(format!("step {number} is not an earlier step")) };
    if let From::Step(step) = from
        && !subject.order.comes_before(earlier.number, step)
    {
        return Some(format!("step {number} may not be over by then; name it in `Depends On`"));
    }
    let field = field.filter(|field| *field != "state")?;
    if earlier.output.is_none() && matches!(work(earlier), Ok(Work::Hands)) {
        return Some(format!(
            "whoever does step {number} is not told to give `{field}`; add an `**Output**` with it to step {number}"
        ));
    }
    let schema = schema(earlier)?;
    let properties = schema.get("properties")?.as_object()?;
    (!properties.contains_key(field)).then(|| format!("the output of step {number} has no `{field}`"))
}

fn schema(step: &Step) -> Option<Value> {
    serde_json::from_str(step.output.as_deref()?).ok()
}

/// Values of the declared types, as far as they are declared and `texts` name them: most name few of all steps.
fn sample<'t>(subject: &Subject<'_>, from: From<'_>, texts: impl IntoIterator<Item = &'t str>) -> Scope {
    let named = texts
        .into_iter()
        .flat_map(paths)
        .filter(|path| path.parts.first().is_some_and(|of| of == "steps" || of == "states"));
    // One that is found out only when it is evaluated may be any.
    let named: Option<BTreeSet<u32>> = named.map(|path| path.parts.get(1)?.parse().ok()).collect();
    let inputs = subject.sop.body.inputs.iter().map(|input| {
        let value = match (&input.default, &input.kind) {
            (_, InputKind::Number) => Exact::Number("7".to_owned()),
            (_, InputKind::YesNo) => Exact::Bool(true),
            (Some(default), _) => Exact::Text(default.clone()),
            (None, InputKind::Choice(words)) => Exact::Text(words.first().cloned().unwrap_or_default()),
            (None, InputKind::Date) => Exact::Text("2026-11-20".to_owned()),
            (None, InputKind::Email) => Exact::Text("mia@example.com".to_owned()),
            (None, InputKind::Url) => Exact::Text("https://example.com/page".to_owned()),
            (None, InputKind::Text) => Exact::Text("x".to_owned()),
        };
        (input.name.clone(), value)
    });
    let is_named = |step: &&Step| named.as_ref().is_none_or(|named| named.contains(&step.number));
    let before = |step: &&Step| match from {
        From::Before => false,
        From::Step(from) => subject.order.comes_before(step.number, from),
        From::End => true,
    };
    let before: Vec<&Step> = subject.steps().iter().filter(is_named).filter(before).collect();
    let gave = |step: &&Step| match schema(step).as_ref().and_then(of_schema) {
        Some(Exact::Object(members)) => (step.number, members),
        _ => (step.number, Exacts::new()),
    };
    Scope {
        inputs: inputs.collect(),
        steps: before.iter().map(gave).collect(),
        states: before.iter().map(|step| (step.number, "completed".to_owned())).collect(),
    }
}

/// A value of that JSON schema, as far as it says what one is.
fn of_schema(schema: &Value) -> Option<Exact> {
    let chosen = schema.get("const").or_else(|| schema.get("enum")?.get(0)).or_else(|| schema.get("default"));
    if let Some(value) = chosen {
        return Some(Exact::from(value.clone()));
    }
    let kind = schema.get("type")?;
    let several = || kind.as_array()?.iter().filter_map(Value::as_str).find(|kind| *kind != "null");
    Some(match kind.as_str().or_else(several)? {
        "number" | "integer" => Exact::Number("7".to_owned()),
        "string" => Exact::Text("x".to_owned()),
        "boolean" => Exact::Bool(true),
        "array" => Exact::List(vec![of_schema(schema.get("items")?)?]),
        "object" => {
            let members = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
            let member = |(name, schema): (&String, &Value)| Some((name.clone(), of_schema(schema)?));
            Exact::Object(members.filter_map(member).collect())
        }
        _ => return None,
    })
}

fn requests_can_be_sent(subject: &Subject<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for step in subject.steps() {
        let Ok(Work::Http(block)) = work(step) else { continue };
        match request::parse(&block) {
            Ok(request) => of_request(subject, step, &request, &mut hits),
            Err((line, wrong)) => {
                let line = block.lines().nth(line.saturating_sub(1)).unwrap_or_default().trim();
                let quote = if line.is_empty() { heading(step) } else { line.to_owned() };
                hits.push(Hit::new(
                    Section::Steps,
                    format!("The request of step {}: {wrong}.", step.number),
                    quote,
                ));
            }
        }
    }
    hits
}

fn of_request(subject: &Subject<'_>, step: &Step, request: &Request, hits: &mut Vec<Hit>) {
    let number = step.number;
    let line = |name: &str| {
        let line = step.text.lines().find(|line| line.contains("{{") && line.contains(name));
        line.map_or_else(|| heading(step), |line| line.trim().to_owned())
    };
    let before = hits.len();
    for secret in
        request.secrets().into_iter().filter(|secret| !step.secrets.iter().any(|named| named == secret))
    {
        let message = format!(
            "The request of step {number} uses the secret `{secret}`; name it under `Secrets` of this step."
        );
        hits.push(Hit::new(Section::Steps, message, line(&format!("secrets.{secret}"))));
    }
    let sample = sample(subject, From::Step(step), request.expressions());
    let mut known = true;
    for text in request.expressions() {
        for path in paths(text) {
            if let Some(wrong) = undefined(subject, From::Step(step), &path) {
                let message = format!("The request of step {number} uses `{}`: {wrong}.", path.name());
                hits.push(Hit::new(Section::Steps, message, line(text)));
            }
        }
        known &= sample.missing(text).is_empty();
    }
    if known
        && hits.len() == before
        && let Err(wrong) = request.check(&sample)
    {
        let name = wrong.split("{{ ").nth(1).and_then(|rest| rest.split(" }}").next()).unwrap_or_default();
        let quote = line(name);
        hits.push(Hit::new(Section::Steps, format!("The request of step {number}: {wrong}."), quote));
    }
}

fn scripts_know_their_steps(subject: &Subject<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for step in subject.steps() {
        for name in step.secrets.iter().filter(|name| is_taken(name)) {
            let message = format!(
                "The secret `{name}` of step {} has the name of a variable of sopd's own; give it another.",
                step.number
            );
            hits.push(Hit::new(Section::Steps, message, name));
        }
        let texts = [Some(&step.text), step.rollback.as_ref()];
        for line in texts.into_iter().flatten().flat_map(|text| text.lines()) {
            for (number, name) in used_results(line) {
                if let Some(wrong) = unknown(subject, step, &number, &name) {
                    let message = format!("Step {} uses `$STEP_{number}_{name}`: {wrong}.", step.number);
                    hits.push(Hit::new(Section::Steps, message, line.trim()));
                }
            }
        }
    }
    hits
}

/// `$STEP_2_TOTAL` as 2 and `TOTAL`.
fn used_results(line: &str) -> Vec<(String, String)> {
    let pieces = ["$STEP_", "${STEP_"].into_iter().flat_map(|mark| line.split(mark).skip(1));
    let read = |piece: &str| {
        let (number, rest) = piece.split_once('_')?;
        let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        let digits = !number.is_empty() && number.chars().all(|c| c.is_ascii_digit());
        digits.then(|| (number.to_owned(), name))
    };
    pieces.filter_map(read).collect()
}

fn unknown(subject: &Subject<'_>, step: &Step, number: &str, name: &str) -> Option<String> {
    let wrong = result_of(subject, From::Step(step), number, None);
    if wrong.is_some() {
        return wrong;
    }
    let earlier = subject.step(number)?;
    let schema = schema(earlier)?;
    let properties = schema.get("properties")?.as_object()?;
    let is_one = |known: String| name == known || name.strip_suffix("_FILE") == Some(&known);
    (!properties.keys().any(|known| is_one(variable(known))))
        .then(|| format!("the output of step {number} has nothing of this name"))
}

/// What a value is called in a script, behind its prefix.
fn variable(name: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    name.chars().map(letter).collect()
}

fn outputs_told_apart(subject: &Subject<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for step in subject.steps() {
        let schema = schema(step);
        let properties = schema.as_ref().and_then(|schema| schema.get("properties")?.as_object());
        let mut seen: BTreeMap<String, &String> = BTreeMap::new();
        for name in properties.into_iter().flat_map(serde_json::Map::keys) {
            if let Some(other) = seen.insert(variable(name), name) {
                let number = step.number;
                let message = format!(
                    "The `Output` of step {number} promises `{other}` and `{name}`, and scripts know both as `$STEP_{number}_{}`; give one of them another name.",
                    variable(name)
                );
                hits.push(Hit::new(Section::Steps, message, format!("\"{name}\"")));
            }
        }
    }
    hits
}

fn states_told_apart(subject: &Subject<'_>) -> Vec<Hit> {
    let promises = |number: &str| {
        let step = subject.step(number);
        let schema = step.and_then(schema);
        schema.is_some_and(|schema| schema.pointer("/properties/state").is_some())
    };
    let mut hits = Vec::new();
    for Used { what, text, section, quote, .. } in conditions(subject) {
        for path in paths(text) {
            if let [of, number, name] = path.parts.as_slice()
                && (of.as_str(), name.as_str()) == ("steps", "state")
                && !promises(number)
            {
                let message = format!(
                    "{what} uses `steps.{number}.state`: what step {number} gives of this name, else how it ended; \
                     write `states.{number}` for how it ended, or put `state` into the `Output` of step {number}."
                );
                hits.push(Hit::new(section, message, &*quote));
            }
        }
    }
    hits
}
