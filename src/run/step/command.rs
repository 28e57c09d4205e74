//! A step done by a command.

use super::Tried;
use crate::base::{Digest, Exacts, Problem, files};
use crate::journal::{Activity, Failure, Recorded, Repeat};
use crate::run::Site;
use crate::run::audit::transient;
use crate::run::command::{Ended, Network, Sandbox};
use crate::run::effect::Sight;
use crate::run::result::{self, LARGEST_FILE, check_outputs, finish};
use crate::sop::work::Work;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Runs the step's script. It must not run twice unseen: nobody knows what a script does.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::run) struct RunCommand {
    pub(super) run: String,
    pub(super) step: u32,
    pub(super) visit: u32,
    pub(super) attempt: u32,
}

impl Activity for RunCommand {
    const NAME: &'static str = "run_command";
    const REPEAT: Repeat = Repeat::Unsafe;
    type World = Site;
    type Output = Tried;
    fn key(&self) -> String {
        format!("command-{}#{}.{}", self.step, self.visit, self.attempt)
    }
    async fn perform(self, site: &Site) -> Result<Recorded<Tried>, Failure> {
        let Self { run, step, visit, attempt } = self;
        let sight = Sight::of(&site.journal, &run)?;
        let Work::Command(script) = sight.plan.work(step)? else {
            return Err(Failure::bug(format!("step {step} of {run} is no command")));
        };
        let document = sight.plan.step(step)?;
        let mut limits = site.limits();
        if let Some(limit) = document.time_limit {
            limits.time = Duration::from_millis(u64::try_from(limit.millis()).unwrap_or(u64::MAX));
        }
        let name = format!("step-{step}-{visit}-{attempt}");
        let folder = site.place(&sight, (step, &name))?.folder;
        let before = files_in(&folder)?;
        let ended = site.script(&sight, (step, &name), script.clone(), limits).await?;
        let known = sight.steps.iter().filter(|other| other.number != step).flat_map(|other| &other.files);
        // From here on nothing is repeated: it has run.
        let left = files_in(&folder).map_err(Failure::of_begun)?;
        let (kept, passed_over) = collect(left, &known.collect(), &before).map_err(Failure::of_begun)?;
        let (tried, given) = judged(&ended, &script, document.output.as_deref());
        let body = json!({
            "stepNumber": step, "attempt": attempt, "ended": ended.how, "millis": ended.millis,
            "truncated": ended.truncated, "sandbox": ended.sandbox, "network": ended.network, "unheld": ended.unheld, "leftovers": ended.leftovers,
            "not_kept": passed_over,
        });
        let done = tried == Tried::Done;
        Ok(Recorded::of(tried).change(move |tx| {
            let mut body = body.clone();
            if let Some(body) = body.as_object_mut() {
                body.insert("output".to_owned(), transient(tx, &ended.tail)?);
            }
            tx.event(&run, "command_ended", &body)?;
            let note = note(&ended, &passed_over);
            let (outputs, said) = (given.clone(), ended.tail.clone());
            let mut result = result::Result { outputs, said, note, ..result::Result::default() };
            for (name, bytes) in &kept {
                result.files.push((name.clone(), tx.blob(bytes)?));
            }
            if done { finish(tx, (&run, step), &result) } else { result::keep(tx, (&run, step), &result) }
        }))
    }
}

/// Said where nothing kept the command in, so that nobody takes it for kept in, and where a file it left is not kept.
fn note(ended: &Ended, passed_over: &[String]) -> String {
    let mut notes = ended.unheld.clone();
    match (&ended.sandbox, &ended.network) {
        (Sandbox::None(reason), _) => notes.push(format!("not sandboxed: {reason}")),
        (_, Network::NotCut(reason)) => notes.push(format!("the network was not cut off: {reason}")),
        _ => {}
    }
    if let Some(first) = passed_over.first() {
        let more = passed_over.len() - 1;
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        notes.push(format!("too large or too many to keep: {first}{more}"));
    }
    notes.join("; ")
}

fn judged(ended: &Ended, script: &str, schema: Option<&str>) -> (Tried, Exacts) {
    let last = ended.tail.trim().lines().last().unwrap_or_default().to_owned();
    let said = if last.is_empty() { String::new() } else { format!("; it said last: {last}") };
    let outputs = match (ended.how.words(), &ended.values) {
        (None, Ok(outputs)) => outputs.clone(),
        (None, Err(wrong)) => return (Tried::Failed(wrong.clone()), Exacts::new()),
        (Some(words), _) => {
            return (Tried::Failed(format!("the command {words}{said}{}", ended.why(script))), Exacts::new());
        }
    };
    match check_outputs(schema, &outputs) {
        Ok(()) => (Tried::Done, outputs),
        Err(wrong) => (Tried::Failed(wrong), outputs),
    }
}

/// Most files of one step that are kept, and most bytes of them together: what a person can still look through.
const MOST: (usize, u64) = (256, 64 * 1024 * 1024);

/// A file a command left: its path in the folder, where it is, how many bytes it has.
type Left = (String, PathBuf, u64);

/// A file that is kept: its name, and its bytes.
type Kept = (String, Vec<u8>);

/// The files in a command's folder, but for hidden ones. Links are not followed: they may lead anywhere.
fn files_in(folder: &Path) -> Result<Vec<Left>, Problem> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        let entries = std::fs::read_dir(&next).map_err(|error| files::explain(&next, &error))?;
        for path in entries.flatten().map(|entry| entry.path()) {
            let Some(name) = path.strip_prefix(folder).ok().and_then(Path::to_str) else { continue };
            let hidden = path.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'));
            let Ok(data) = path.symlink_metadata() else { continue };
            match (hidden || name == "outputs.json", data.is_dir(), data.is_file()) {
                (false, true, _) => folders.push(path),
                (false, _, true) => found.push((name.to_owned(), path, data.len())),
                _ => {}
            }
        }
    }
    found.sort();
    Ok(found)
}

/// What of `left` is kept, by name with its bytes, but for what another step left so; and the names of what is too
/// large or too much, but for what stood there `before`.
fn collect(
    left: Vec<Left>,
    known: &BTreeSet<&(String, Digest)>,
    before: &[Left],
) -> Result<(Vec<Kept>, Vec<String>), Problem> {
    let (mut kept, mut passed_over) = (Vec::new(), Vec::new());
    let mut room = MOST.1;
    for one in left {
        let (name, path, size) = &one;
        if *size > LARGEST_FILE.min(room) || kept.len() >= MOST.0 {
            if passed_over.len() < MOST.0 && !before.contains(&one) {
                passed_over.push(one.0);
            }
            continue;
        }
        let bytes = std::fs::read(path).map_err(|error| files::explain(path, &error))?;
        let file = (name.clone(), Digest::of(&bytes));
        if !known.contains(&file) {
            room -= size;
            kept.push((file.0, bytes));
        }
    }
    Ok((kept, passed_over))
}
