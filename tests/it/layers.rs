//! The tree keeps its own rules: arrows point downward, pure parts stay pure, files stay small, nothing is
//! forgotten or switched off.

#![expect(clippy::string_slice, reason = "cut where a search has found something")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The layers from the ground up. A part may use its own layer's earlier parts and everything below.
const LAYERS: &[&[&str]] = &[
    &["base"],
    &["journal", "text"],
    &["sop", "contract", "draft", "source", "brief", "roster", "settings", "roles", "ledger", "tier0"],
    &["registry", "agent", "decision", "access"],
    &["governance", "mission", "run"],
    &["notify"],
    &["daemon"],
    &["front"],
    &["api", "mcp", "web", "cli"],
];

/// Document models and the code that thinks without a model: no I/O, no clock, no runtime, no journal.
const PURE: &[&str] = &[
    "text", "sop", "contract", "draft", "source", "brief", "roster", "settings", "roles", "ledger", "tier0",
];
const IMPURE: &[&str] = &[
    "crate::journal",
    "std::fs",
    "std::net",
    "std::process",
    "std::env",
    "std::time",
    "std::thread",
    "tokio",
    "rusqlite",
    "base::clock",
    "base::files",
    "base::fault",
    "Clock",
    "chrono::Utc",
    "tracing",
];
/// Below the faces nobody prints, and only these read the environment.
const ENVIRONMENT: &[&str] = &["base/fault.rs", "agent/", "daemon/workspace.rs", "cli/"];

/// About as long as one idea gets. Longer ones are named here, with the reason.
const MOST_LINES: usize = 400;
const LONG: &[(&str, &str)] = &[];

/// The rooms of tier 0 that read, from the ground up. A role's room uses these and no other role.
const READING: [&str; 3] = ["english", "request", "knowledge"];

struct Source {
    /// Relative to `src/`.
    name: String,
    text: String,
}

impl Source {
    /// The part of the tree it belongs to: `sop` for `sop/parse.rs`.
    fn part(&self) -> &str {
        self.name.split(['/', '.']).next().unwrap()
    }
    /// Its lines of code before its tests, without comments; none of a file that holds only tests.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let is_test = self.name.ends_with("/tests.rs") || self.name.ends_with("/testing.rs");
        let code = self.text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        let code = if is_test { "" } else { code };
        code.lines()
            .zip(1..)
            .map(|(line, number)| (number, line))
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn sources(folder: &str) -> Vec<Source> {
    let root = root().join(folder);
    let files = super::faults_world::all_files(&root).into_iter().filter(|name| ends(name, "rs"));
    let read = |name: String| Source { text: std::fs::read_to_string(root.join(&name)).unwrap(), name };
    let found: Vec<Source> = files.map(read).collect();
    assert!(!found.is_empty());
    found
}

fn ends(name: &str, extension: &str) -> bool {
    Path::new(name).extension().is_some_and(|end| end == extension)
}

fn none(what: &str, found: impl IntoIterator<Item = String>) {
    let found: Vec<String> = found.into_iter().collect();
    assert!(found.is_empty(), "{what}:\n{}", found.join("\n"));
}

fn places(sources: &[Source], wrong: impl Fn(&Source, &str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources {
        for (number, line) in source.code().filter(|(_, line)| wrong(source, line)) {
            found.push(format!("{}:{number}: {}", source.name, line.trim()));
        }
    }
    found
}

/// The parts a line of code names: `crate::sop::…`, `use crate::{sop, draft}`.
fn named(line: &str) -> Vec<&str> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut names = Vec::new();
    for (at, _) in line.match_indices("crate::") {
        let rest = &line[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let group = group.split('}').next().unwrap();
            names.extend(group.split(',').map(|name| name.trim().split(|c| !is_word(c)).next().unwrap()));
        } else {
            names.push(rest.split(|c| !is_word(c)).next().unwrap());
        }
    }
    names
}

#[test]
fn arrows_point_downward() {
    let sources = sources("src");
    let level: BTreeMap<&str, usize> = LAYERS
        .iter()
        .enumerate()
        .flat_map(|(level, parts)| parts.iter().map(move |part| (*part, level)))
        .collect();
    for source in sources.iter().filter(|source| !["main", "lib"].contains(&source.part())) {
        assert!(
            level.contains_key(source.part()),
            "{} belongs to no layer: add its part to LAYERS",
            source.name
        );
    }
    let upward = places(&sources, |source, line| {
        let Some(own) = level.get(source.part()) else { return false };
        named(line).iter().any(|name| level.get(name).is_some_and(|other| other > own))
    });
    none("these look upward", upward);
}

#[test]
fn the_parts_of_one_layer_form_no_circle() {
    let sources = sources("src");
    let mut uses: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for source in &sources {
        for (_, line) in source.code() {
            let others = named(line).into_iter().filter(|name| *name != source.part());
            uses.entry(source.part()).or_default().extend(others);
        }
    }
    // The document models speak of each other: a lint of an SOP gives a contract's findings, which name its sections.
    let is_part = |name: &str| !PURE.contains(&name) && LAYERS.iter().any(|layer| layer.contains(&name));
    let mut circles = Vec::new();
    for part in uses.keys().filter(|part| is_part(part)) {
        let mut reached = Vec::new();
        let mut next: Vec<&str> = uses[part].clone();
        while let Some(name) = next.pop() {
            if is_part(name) && !reached.contains(&name) {
                reached.push(name);
                next.extend(uses.get(name).into_iter().flatten());
            }
        }
        if reached.contains(part) {
            circles.push((*part).to_owned());
        }
    }
    none("these use themselves by way of others", circles);
}

#[test]
fn the_rooms_of_tier_0_look_downward() {
    let sources = sources("src");
    let upward = places(&sources, |source, line| {
        let mut path = source.name.split('/');
        let (Some("tier0"), Some(room), Some(_)) = (path.next(), path.next(), path.next()) else {
            return false;
        };
        let below = READING.iter().take_while(|name| **name != room);
        let named = line.split("crate::tier0::").skip(1);
        let mut named = named.map(|rest| rest.split(|c: char| !c.is_alphanumeric()).next().unwrap());
        line.contains("super::super::") || named.any(|name| !below.clone().any(|known| *known == name))
    });
    none("these look at a room above them", upward);
}

#[test]
fn pure_parts_do_no_io_and_know_no_time() {
    let sources = sources("src");
    let impure = places(&sources, |source, line| {
        PURE.contains(&source.part()) && IMPURE.iter().any(|name| has_word(line, name))
    });
    none("these parts are pure", impure);
}

fn has_word(line: &str, word: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back().is_some_and(is_word);
        let after = line[at + word.len()..].chars().next().is_some_and(is_word);
        !before && !after
    })
}

#[test]
fn only_named_places_read_the_environment() {
    let sources = sources("src");
    let reads = places(&sources, |source, line| {
        line.contains("env::var") && !ENVIRONMENT.iter().any(|place| source.name.starts_with(place))
    });
    none("these read the environment", reads);
}

#[test]
fn every_file_says_what_it_is_for() {
    let mut silent = Vec::new();
    for (folder, sources) in [("src", sources("src")), ("tests/it", sources("tests/it"))] {
        for source in sources {
            let words = source.text.lines().take_while(|line| line.starts_with("//!")).count();
            // A table of cases beside its module is explained there.
            if words == 0 || (folder == "src" && words > 30) {
                silent.push(format!("{folder}/{}: {words} lines of `//!`", source.name));
            }
        }
    }
    none("these do not begin with a few lines of `//!`", silent);
}

#[test]
fn no_file_is_a_monster() {
    let sources = sources("src");
    let lengths: BTreeMap<&str, usize> =
        sources.iter().map(|source| (source.name.as_str(), source.text.lines().count())).collect();
    let known = |name: &str| LONG.iter().any(|(long, _)| *long == name);
    let long = lengths.iter().filter(|(name, lines)| **lines > MOST_LINES && !known(name));
    none("these are too long", long.map(|(name, lines)| format!("{name}: {lines} lines")));
    let stale = LONG.iter().filter(|(name, _)| lengths.get(name).is_none_or(|lines| *lines <= MOST_LINES));
    none("these are no longer long", stale.map(|(name, _)| (*name).to_owned()));
}

#[test]
fn nothing_is_put_off_or_switched_off() {
    // In halves, so that this file does not find itself.
    let promises = [["TO", "DO"], ["FIX", "ME"], ["XX", "X"], ["HA", "CK"]].map(|word| word.concat());
    let switches = [
        ["#[ign", "ore"],
        ["#[al", "low("],
        ["#![al", "low("],
        ["todo", "!("],
        ["unimplemented", "!("],
        ["dbg", "!("],
    ]
    .map(|word| word.concat());
    for folder in ["src", "tests"] {
        let mut found = Vec::new();
        for source in sources(folder) {
            for (line, number) in source.text.lines().zip(1..) {
                let comment = line.split_once("//").map_or("", |(_, comment)| comment);
                let promised = promises.iter().any(|word| has_word(comment, word));
                if promised || switches.iter().any(|word| line.contains(word.as_str())) {
                    found.push(format!("{folder}/{}:{number}: {}", source.name, line.trim()));
                }
            }
        }
        none("these wait for better days", found);
    }
}

#[test]
fn every_story_is_told() {
    let main = std::fs::read_to_string(root().join("tests/it/main.rs")).unwrap();
    let told = |name: &str| main.lines().any(|line| line.trim() == format!("mod {name};"));
    let stories = super::faults_world::all_files(&root().join("tests/it")).into_iter();
    let forgotten = stories
        .filter_map(|name| Some(name.strip_suffix(".rs")?.to_owned()))
        .filter(|name| !name.contains('/') && name != "main" && !told(name));
    none("these are declared nowhere, so they never run", forgotten);
}
