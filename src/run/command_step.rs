//! A step done by a command.

use super::Site;
use super::audit::transient;
use super::command::{Ended, How, Limits, Sandbox};
use super::effect::Sight;
use super::result::{self, LARGEST_FILE, check_outputs, finish};
use super::step::Tried;
use crate::base::{Digest, files};
use crate::journal::{Activity, Failure, Recorded, Repeat};
use crate::sop::work::Work;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

/// Runs the step's script. It must not run twice unseen: nobody knows what a script does.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct RunCommand {
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
        let mut limits = Limits::default();
        if let Some(limit) = document.time_limit {
            limits.time = Duration::from_millis(u64::try_from(limit.millis()).unwrap_or(u64::MAX));
        }
        let name = format!("step-{step}-{visit}-{attempt}");
        let ended = site.script(&sight, (step, &name), script, limits).await?;
        let known = sight.steps.iter().filter(|other| other.number != step).flat_map(|other| &other.files);
        let kept = collect(&site.place(&sight, (step, &name))?.folder, &known.collect())?;
        let (tried, given) = judged(&ended, document.output.as_deref());
        let mut body = json!({
            "stepNumber": step, "attempt": attempt, "ended": ended.how, "millis": ended.millis,
            "truncated": ended.truncated, "sandbox": ended.sandbox, "leftovers": ended.leftovers,
        });
        let done = tried == Tried::Done;
        Ok(Recorded::of(tried).change(move |tx| {
            if let Some(body) = body.as_object_mut() {
                body.insert("output".to_owned(), transient(tx, &ended.tail)?);
            }
            tx.event(&run, "command_ended", &body)?;
            let mut result = result::Result { outputs: given, said: ended.tail, ..result::Result::default() };
            result.more = sandboxed(&ended.sandbox);
            for (name, bytes) in kept {
                result.files.push((name, tx.blob(&bytes)?));
            }
            if done { finish(tx, (&run, step), &result) } else { result::keep(tx, (&run, step), &result) }
        }))
    }
}

/// Said where nothing kept the command in, so that nobody takes it for kept in.
fn sandboxed(sandbox: &Sandbox) -> Map<String, Value> {
    match sandbox {
        Sandbox::Landlock(_) => Map::new(),
        Sandbox::None(reason) => {
            Map::from_iter([("sandbox".to_owned(), json!(format!("not sandboxed: {reason}")))])
        }
    }
}

fn judged(ended: &Ended, schema: Option<&str>) -> (Tried, Map<String, Value>) {
    let last = ended.tail.trim().lines().last().unwrap_or_default().to_owned();
    let said = if last.is_empty() { String::new() } else { format!("; it said last: {last}") };
    let outputs = match (ended.how, &ended.values) {
        (How::Exited(0), Ok(outputs)) => outputs.clone(),
        (How::Exited(0), Err(wrong)) => return (Tried::Failed(wrong.clone()), Map::new()),
        (How::Exited(code), _) => {
            return (Tried::Failed(format!("the command ended with exit code {code}{said}")), Map::new());
        }
        (How::Signalled(signal), _) => {
            return (Tried::Failed(format!("the command was ended by signal {signal}{said}")), Map::new());
        }
        (How::TimedOut, _) => {
            return (
                Tried::Failed(format!("the command reached its time limit and was ended{said}")),
                Map::new(),
            );
        }
    };
    match check_outputs(schema, &outputs) {
        Ok(()) => (Tried::Done, outputs),
        Err(wrong) => (Tried::Failed(wrong), outputs),
    }
}

/// Most files of one step that are kept, and most bytes of them together: what a person can still look through.
const MOST: (usize, u64) = (256, 64 * 1024 * 1024);

/// The files a command left in its folder, by their path in it, but for those that another step left so, hidden ones
/// and what is too large or too much.
fn collect(folder: &Path, known: &BTreeSet<&(String, Digest)>) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let mut found = Vec::new();
    let mut left = MOST.1;
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        let entries = std::fs::read_dir(&next).map_err(|error| files::explain(&next, &error))?;
        let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            let Some(name) = path.strip_prefix(folder).ok().and_then(Path::to_str) else { continue };
            let hidden = path.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'));
            // Not followed where it is a link: it may lead anywhere.
            let Ok(data) = path.symlink_metadata() else { continue };
            if hidden || name == "outputs.json" {
                continue;
            }
            if data.is_dir() {
                folders.push(path);
            } else if data.is_file() && data.len() <= LARGEST_FILE.min(left) && found.len() < MOST.0 {
                let bytes = std::fs::read(&path).map_err(|error| files::explain(&path, &error))?;
                let file = (name.to_owned(), Digest::of(&bytes));
                if !known.contains(&file) {
                    left -= data.len();
                    found.push((file.0, bytes));
                }
            }
        }
    }
    found.sort();
    Ok(found)
}
