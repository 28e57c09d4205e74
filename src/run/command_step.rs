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

/// The files a command left in its folder, by name, but for those that another step left so; not what lies deeper,
/// and none that is too large.
fn collect(folder: &Path, known: &BTreeSet<&(String, Digest)>) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let entries = std::fs::read_dir(folder).map_err(|error| files::explain(folder, &error))?;
    let mut found = Vec::new();
    for entry in entries.flatten() {
        let small = entry.metadata().is_ok_and(|data| data.is_file() && data.len() <= LARGEST_FILE);
        let name = entry.file_name().to_string_lossy().into_owned();
        if !small || name == "outputs.json" || name.starts_with('.') {
            continue;
        }
        let path = entry.path();
        let bytes = std::fs::read(&path).map_err(|error| files::explain(&path, &error))?;
        let file = (name, Digest::of(&bytes));
        if !known.contains(&file) {
            found.push((file.0, bytes));
        }
    }
    found.sort();
    Ok(found)
}
