//! A run's input packet: what was given, checked against what the SOP's Inputs ask for. All that is wrong is told at
//! once, and nothing of a packet that does not fit is used. No I/O.

use crate::base::{Digest, Exact, Exacts, Place, Problem, exact, json, yaml};
use crate::sop::Input;
use crate::sop::input_value::value_of;
use crate::sop::words::did_you_mean;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::fmt;

/// Largest value of one input, in bytes: a long document. What is larger belongs in a file that an input names.
pub const LARGEST_VALUE: usize = 1024 * 1024;
/// Largest packet, names and values together, in bytes: it is kept with the run and shown at its gates.
pub const LARGEST_PACKET: usize = 4 * 1024 * 1024;

/// The checked values by name. Every input of the SOP is there: one that was not given and has no default is
/// `null`, so that a condition may ask for it by name. Text, dates, addresses and choices are strings, numbers
/// numbers, yes and no booleans.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Packet(pub Exacts);

impl Packet {
    /// The hash of the packet; the same values always have the same.
    pub fn digest(&self) -> Digest {
        Digest::of(self.to_string())
    }
}

impl fmt::Display for Packet {
    /// JSON on one line, names in order.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&exact::written(&self.0))
    }
}

/// Checks what was `given` against `inputs`.
///
/// An empty value counts as not given. What is not given takes its input's default; without one a required input is
/// a problem. Names that the SOP does not know are problems too: a misspelt one would silently do nothing.
///
/// # Errors
/// Every problem of the packet, in the order of the inputs, unknown names last.
pub fn check(inputs: &[Input], given: &BTreeMap<String, String>) -> Result<Packet, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut packet = BTreeMap::new();
    for input in inputs {
        match value(input, given.get(&input.name).map(String::as_str)) {
            Ok(value) => drop(packet.insert(input.name.clone(), value)),
            Err(problem) => problems.push(problem),
        }
    }
    let names: Vec<&str> = inputs.iter().map(|input| input.name.as_str()).collect();
    for name in given.keys().filter(|name| !names.contains(&name.as_str())) {
        problems.push(unknown(name, &names));
    }
    let size: usize = given.iter().map(|(name, value)| name.len() + value.len()).sum();
    if size > LARGEST_PACKET {
        let message = format!("the inputs are {size} bytes together, and {LARGEST_PACKET} are the most");
        problems.push(Problem::invalid(message).hint("put long texts into files and name the files"));
    }
    if problems.is_empty() { Ok(Packet(packet)) } else { Err(problems) }
}

fn value(input: &Input, given: Option<&str>) -> Result<Exact, Problem> {
    let name = &input.name;
    let given = given.filter(|text| !text.is_empty()).or(input.default.as_deref());
    let Some(text) = given.filter(|text| !input.required || !text.trim().is_empty()) else {
        if input.required {
            let message = format!("the required input `{name}` is missing");
            return Err(Problem::invalid(message).hint(format!("{name}: {}", input.description)));
        }
        return Ok(Exact::Null);
    };
    if text.len() > LARGEST_VALUE {
        let message =
            format!("the input `{name}` is {} bytes long, and {LARGEST_VALUE} are the most", text.len());
        return Err(Problem::invalid(message).hint("put the text into a file and name the file"));
    }
    value_of(&input.kind, input.pattern.as_deref(), text)
        .map_err(|(message, hint)| Problem::invalid(format!("the input `{name}`: {message}")).hint(hint))
}

fn unknown(name: &str, known: &[&str]) -> Problem {
    let hint = match known {
        [] => "it takes none; leave it out".to_owned(),
        known => did_you_mean(name, known),
    };
    let shown: String = name.chars().take(80).collect();
    Problem::invalid(format!("the SOP has no input `{shown}`")).hint(hint)
}

/// Reads an input file: `name` ends in `.json` (one object) or in `.yaml` or `.yml` (one mapping), its values are
/// single texts, numbers or booleans, taken as they are written: `0012` stays `0012`.
///
/// # Errors
/// Another ending, a name given twice, a list or mapping as a value, an empty value (`null`), or what the form of
/// the file forbids; with its place.
pub fn from_file(name: &str, text: &str) -> Result<BTreeMap<String, String>, Problem> {
    if text.len() > 2 * LARGEST_PACKET {
        let message = format!("{name} is {} bytes long, far more than a packet may be", text.len());
        return Err(Problem::invalid(message).hint("put long texts into files and name the files"));
    }
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    match ending {
        "json" => from_json(name, text),
        "yaml" | "yml" => from_yaml(name, text),
        _ => Err(Problem::invalid(format!("{name} is neither JSON nor YAML"))
            .hint("give a file whose name ends in `.json`, `.yaml` or `.yml`")),
    }
}

/// Reads the body of a message: one JSON object, of which the members named in `wanted` are taken, as single values
/// like those of a file; `null` is a value that is not given. A body without a byte brings nothing.
///
/// # Errors
/// Anything but an object, a wanted member that is a list or an object or is there twice.
pub fn from_body(body: &[u8], wanted: &[&str]) -> Result<BTreeMap<String, String>, Problem> {
    if body.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let found =
        json.deserialize_map(Fields(Some(wanted))).and_then(|Object(found)| json.end().map(|()| found));
    found.map_err(|error| {
        Problem::invalid(format!("the body of the request cannot be used: {}", json::at_line(&error)))
            .hint("send one JSON object whose members are single values, named like the inputs of the SOP, and set the content type to application/json")
    })
}

/// What to write when the form is wrong.
const FORM: &str = "write one line per input: its name, a colon, and one text, number, `true` or `false`";

/// The same for JSON.
const FORM_OF_JSON: &str = "write one object with a member per input, like `{\"lead_id\": \"L-1\"}`; its values are single texts, numbers, `true` or `false`";

fn from_yaml(name: &str, text: &str) -> Result<BTreeMap<String, String>, Problem> {
    if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        return Ok(BTreeMap::new());
    }
    let read = yaml::read::<BTreeMap<String, Scalar>>(name, text, 1);
    let read = read.map_err(|problem| problem.hint(FORM))?;
    Ok(read.into_iter().map(|(name, Scalar(value))| (name, value)).collect())
}

/// A YAML value as it is written.
struct Scalar(String);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        // Asking for an optional string tells `null` and `~` from text; a string takes any scalar as it stands.
        let given = Option::<String>::deserialize(from)?;
        given.map(Self).ok_or_else(|| D::Error::custom("an input without a value"))
    }
}

fn from_json(name: &str, text: &str) -> Result<BTreeMap<String, String>, Problem> {
    if text.trim().is_empty() {
        return Err(Problem::invalid(format!("{name} is empty")).hint(FORM_OF_JSON));
    }
    let Object(found) = serde_json::from_str(text).map_err(|error| {
        let number = |n: usize| u32::try_from(n).unwrap_or(0);
        let place = Place::of(name, text, number(error.line()).max(1), number(error.column()));
        Problem::invalid(json::words(&error)).at(place).hint(FORM_OF_JSON)
    })?;
    Ok(found)
}

/// A JSON object whose values are single ones, numbers digit by digit as they are written.
struct Object(BTreeMap<String, String>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Fields(None))
    }
}

/// Of the members only these names, if any are given.
struct Fields<'a>(Option<&'a [&'a str]>);

impl<'de> Visitor<'de> for Fields<'_> {
    type Value = Object;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with one value per input")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
        let mut found = BTreeMap::new();
        while let Some((name, raw)) = map.next_entry::<String, Box<RawValue>>()? {
            if self.0.is_some_and(|wanted| !wanted.contains(&name.as_str())) {
                continue;
            }
            let raw = raw.get();
            let value = match raw.bytes().next() {
                Some(b'"') => serde_json::from_str::<String>(raw).map_err(A::Error::custom)?,
                Some(b'[' | b'{') => {
                    return Err(A::Error::custom(format!("`{name}` is not a single value")));
                }
                // A message that says `null` leaves the value out; in a file that somebody wrote it is a slip.
                Some(b'n') if self.0.is_some() => String::new(),
                Some(b'n') => return Err(A::Error::custom(format!("`{name}` has no value"))),
                _ => raw.to_owned(),
            };
            if found.insert(name.clone(), value).is_some() {
                return Err(A::Error::custom(format!("`{name}` is given twice")));
            }
        }
        Ok(Object(found))
    }
}

#[cfg(test)]
mod tests;
