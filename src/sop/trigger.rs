//! What may start a run besides a person's command: the forms of a trigger in the head of an SOP, and what each
//! must be. Only the document is read here; whether something is due is `run/schedule.rs`'s to say.

use super::words::closest;
use chrono_tz::Tz;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// What may start a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// A person, or a program acting for one.
    Manual,
    /// A request to a path.
    Webhook(Hook),
    /// A schedule.
    Cron(Cron),
    /// A file whose name fits appears in a folder: `incoming/*.csv`, relative to the workspace.
    Files(String),
}

/// Where requests arrive: `webhook: /deploy`, or `webhook: { path: /deploy, event: push }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// The path, `/deploy/production`.
    pub path: String,
    /// The one event that starts a run, as the sender names it; without it every event does.
    pub event: Option<String>,
}

impl Hook {
    /// Every event at `path`.
    pub fn plain(path: impl Into<String>) -> Self {
        Self { path: path.into(), event: None }
    }
}

impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.event {
            None => f.write_str(&self.path),
            Some(event) => write!(f, "{} ({event})", self.path),
        }
    }
}

/// The long form of a [`Hook`].
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LongHook {
    path: String,
    #[serde(default)]
    event: Option<String>,
}

impl Serialize for Hook {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if self.event.is_none() {
            return to.serialize_str(&self.path);
        }
        let Self { path, event } = self.clone();
        LongHook { path, event }.serialize(to)
    }
}

impl<'de> Deserialize<'de> for Hook {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(HookForms)
    }
}

/// Reads both forms of a [`Hook`].
struct HookForms;

impl<'de> Visitor<'de> for HookForms {
    type Value = Hook;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a path like \"/deploy\", or `path` and `event`")
    }
    fn visit_str<E: Error>(self, path: &str) -> Result<Hook, E> {
        Ok(Hook::plain(path))
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Hook, A::Error> {
        let LongHook { path, event } = LongHook::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Hook { path, event })
    }
}

/// A schedule: `cron: "0 9 * * 1-5"`, or `cron: { schedule: "0 9 * * 1-5", zone: Europe/Berlin, missed: skip }`.
///
/// Held as written and checked by [`check`], so that documents stored before a rule was added can still be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    /// Five fields: minute, hour, day of month, month, day of week. Neither seconds nor years: a run is no
    /// heartbeat, and a schedule that ends is a schedule somebody forgot.
    pub schedule: String,
    /// The time zone the fields are meant in, by its IANA name. Default `UTC`.
    pub zone: String,
    /// What becomes of times at which nobody was there to start a run.
    pub missed: Missed,
}

/// What becomes of scheduled times that passed while the daemon was down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missed {
    /// They are left out.
    Skip,
    /// One run stands for all of them, under the latest time.
    #[default]
    Once,
    /// Each of them starts a run.
    All,
}

impl Missed {
    /// The word in files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::Once => "once",
            Self::All => "all",
        }
    }
}

/// The zone of a schedule that names none.
pub const UTC: &str = "UTC";

impl Cron {
    /// `schedule` in UTC, with the default for missed times.
    pub fn plain(schedule: impl Into<String>) -> Self {
        Self { schedule: schedule.into(), zone: UTC.to_owned(), missed: Missed::default() }
    }
    /// Whether the schedule alone says everything.
    pub fn is_plain(&self) -> bool {
        self.zone == UTC && self.missed == Missed::default()
    }
    /// The schedule as the calendar code wants it.
    ///
    /// # Errors
    /// What is wrong with schedule or zone, and what to write instead.
    pub fn timetable(&self) -> Result<(croner::Cron, Tz), (String, String)> {
        Ok((pattern(&self.schedule)?, zone(&self.zone)?))
    }
}

/// The long form in files and in the journal.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Full {
    schedule: String,
    #[serde(default = "utc")]
    zone: String,
    #[serde(default)]
    missed: Missed,
}

fn utc() -> String {
    UTC.to_owned()
}

impl Serialize for Cron {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if self.is_plain() {
            // As every journal before the long form has it.
            return to.serialize_str(&self.schedule);
        }
        let Self { schedule, zone, missed } = self.clone();
        Full { schedule, zone, missed }.serialize(to)
    }
}

impl<'de> Deserialize<'de> for Cron {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Forms)
    }
}

/// Reads both forms by hand: an untagged enum would lose the place of a misspelt key.
struct Forms;

impl<'de> Visitor<'de> for Forms {
    type Value = Cron;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a schedule like \"0 9 * * 1-5\", or `schedule`, `zone` and `missed`")
    }
    fn visit_str<E: Error>(self, schedule: &str) -> Result<Cron, E> {
        Ok(Cron::plain(schedule))
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Cron, A::Error> {
        let Full { schedule, zone, missed } = Full::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Cron { schedule, zone, missed })
    }
}

/// What is wrong with a trigger: the words at fault as they stand in the file, a sentence, and what to do.
pub struct Wrong {
    /// Where to point.
    pub words: String,
    /// One sentence, lower case.
    pub message: String,
    /// What to write instead.
    pub hint: String,
}

/// Whether `trigger` can ever start anything.
///
/// # Errors
/// What is wrong with it.
pub fn check(trigger: &Trigger) -> Result<(), Wrong> {
    let (words, checked) = match trigger {
        Trigger::Manual => return Ok(()),
        Trigger::Webhook(hook) => match &hook.event {
            Some(event) if webhook(&hook.path).is_ok() => (event, event_name(event)),
            _ => (&hook.path, webhook(&hook.path)),
        },
        Trigger::Cron(cron) => {
            let zone_at_fault = zone(&cron.zone).is_err() && pattern(&cron.schedule).is_ok();
            let words = if zone_at_fault { &cron.zone } else { &cron.schedule };
            (words, cron.timetable().map(|_| ()))
        }
        Trigger::Files(path) => (path, files(path).map(|_| ())),
    };
    checked.map_err(|(message, hint)| Wrong { words: words.clone(), message, hint })
}

/// Whether two triggers start a run at the same event, whatever else they say.
pub fn same(a: &Trigger, b: &Trigger) -> bool {
    match (a, b) {
        (Trigger::Cron(a), Trigger::Cron(b)) => {
            a.zone == b.zone && a.schedule.split_whitespace().eq(b.schedule.split_whitespace())
        }
        (Trigger::Webhook(a), Trigger::Webhook(b)) => {
            a.path == b.path && (a.event == b.event || a.event.is_none() || b.event.is_none())
        }
        _ => a == b,
    }
}

fn webhook(path: &str) -> Result<(), (String, String)> {
    let odd = |c: char| c.is_whitespace() || c.is_control() || "?#".contains(c);
    if path.starts_with('/') && !path.contains(odd) {
        return Ok(());
    }
    let hint = "write it like `webhook: /deploy/production`".to_owned();
    Err((format!("`{path}` is not a path"), hint))
}

fn event_name(event: &str) -> Result<(), (String, String)> {
    if !event.is_empty() && event.len() <= 100 && event.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(());
    }
    let hint = "write it as the sender does, like `event: push`".to_owned();
    Err((format!("`{event}` is not the name of an event"), hint))
}

const FORM: &str =
    "write five fields (minute, hour, day of month, month, day of week), for example `cron: \"0 8 * * 1\"`";

fn pattern(schedule: &str) -> Result<croner::Cron, (String, String)> {
    let wrong = |why: String| (format!("`{schedule}` is not a schedule: {why}"), FORM.to_owned());
    let fields = schedule.split_whitespace().count();
    if schedule.contains('@') {
        return Err(wrong("names like `@daily` are not read here".to_owned()));
    }
    if fields != 5 {
        return Err(wrong(format!("it has {}", crate::base::text::counted(fields, "field"))));
    }
    let parsed = schedule.parse::<croner::Cron>().map_err(|_unknown| wrong(at_fault(schedule)))?;
    // A century holds every combination of day, month and weekday there is.
    let never = chrono::NaiveDate::from_ymd_opt(2000, 1, 1)
        .and_then(|day| day.and_hms_opt(0, 0, 0))
        .is_none_or(|start| parsed.find_next_occurrence(&start, true).is_err());
    if never { Err(wrong("no day fits it".to_owned())) } else { Ok(parsed) }
}

/// What each field of a schedule may be.
const FIELDS: [(&str, &str); 5] = [
    ("minute", "0 to 59"),
    ("hour", "0 to 23"),
    ("day of the month", "1 to 31"),
    ("month", "1 to 12, or JAN to DEC"),
    ("day of the week", "0 to 7 (0 and 7 are Sunday), or SUN to SAT"),
];

/// Which field of a schedule cannot be read, and what it may be: the first that cannot even where all others are `*`.
fn at_fault(schedule: &str) -> String {
    let alone = |at: usize, field: &str| {
        let fields: Vec<&str> = (0..FIELDS.len()).map(|nth| if nth == at { field } else { "*" }).collect();
        fields.join(" ").parse::<croner::Cron>().is_ok()
    };
    let mut fields = schedule.split_whitespace().zip(FIELDS).enumerate();
    let wrong = fields.find(|(at, (field, _))| !alone(*at, field));
    wrong.map_or_else(
        || "its fields do not fit together".to_owned(),
        |(_, (field, (name, range)))| {
            format!("`{field}` is no {name}: write {range}, `*` for every, `1-5`, `1,3` or `*/10`")
        },
    )
}

fn zone(name: &str) -> Result<Tz, (String, String)> {
    name.parse::<Tz>().map_err(|_unknown| {
        let near = closest(name, chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()));
        let hint = near.map_or_else(
            || "write its IANA name, like `Europe/Berlin` or `UTC`".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        (format!("there is no time zone `{name}`"), hint)
    })
}

/// The input that takes the path (relative to the workspace) of the file a `files` trigger saw.
pub const FILE_INPUT: &str = "file";

/// Folders of the workspace whose files have a meaning of their own: a run started by them could start itself.
const OURS: [&str; 5] = [".sopd", "sops", "agents", "prompts", "missions"];

/// Whether a folder of the workspace is one whose files have a meaning of their own.
pub fn is_ours(folder: &str) -> bool {
    OURS.iter().any(|ours| folder.eq_ignore_ascii_case(ours))
}

/// Folder and name pattern of a `files` trigger: `incoming/*.csv` is `("incoming", "*.csv")`.
///
/// The folder is relative to the workspace and named exactly; `*` (any letters, also none) and `?` (one letter)
/// stand only in the last part, which a file's name must fit as a whole. Hidden names never fit.
///
/// # Errors
/// What is wrong with it, and what to write instead.
pub fn files(path: &str) -> Result<(&str, &str), (String, String)> {
    let wrong = |why: &str| {
        let hint = "write a folder of the workspace and a name, like `files: incoming/*.csv`".to_owned();
        Err((format!("`{path}` {why}"), hint))
    };
    let Some((folder, name)) = path.rsplit_once('/') else {
        return wrong("names no folder");
    };
    if path.starts_with(['/', '~']) || path.contains(['\\', ':']) {
        return wrong("is not relative to the workspace");
    }
    let parts = || folder.split('/').chain([name]);
    if parts().any(str::is_empty) || path.chars().any(char::is_control) || path.trim() != path {
        return wrong("is not a folder and a name");
    }
    if parts().any(|part| part == "..") {
        return wrong("leaves the workspace");
    }
    let first = folder.split('/').next().unwrap_or_default();
    if is_ours(first) {
        return wrong("is in a folder that is sopd's own");
    }
    if parts().any(|part| part.starts_with('.')) {
        return wrong("is hidden, and hidden files are left alone");
    }
    if folder.contains(['*', '?']) || path.contains(['[', ']', '{', '}']) || name.contains("**") {
        return wrong("has a pattern beyond `*` and `?` in the file's name");
    }
    Ok((folder, name))
}

/// Whether the file name `name` fits the name pattern of a `files` trigger, capitals counting.
pub fn fits(pattern: &str, name: &str) -> bool {
    if name.starts_with('.') {
        return false;
    }
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    // The ends of the name that the pattern so far can reach: linear in both, whatever the stars.
    let mut reached = vec![false; name.len() + 1];
    if let Some(start) = reached.first_mut() {
        *start = true;
    }
    for letter in pattern {
        let before = reached.clone();
        let mut open = false;
        for (at, now) in reached.iter_mut().enumerate() {
            let was = |at: usize| before.get(at).copied().unwrap_or(false);
            let one = at > 0 && was(at - 1) && (letter == '?' || name.get(at - 1) == Some(&letter));
            open |= was(at);
            *now = if letter == '*' { open } else { one };
        }
    }
    reached.last().copied().unwrap_or(false)
}

#[cfg(test)]
mod tests;
