//! What exactly a step will do, as a gate shows it and binds to it: the script with its environment, the request, the
//! text with its assignee. What is done later is held against the same words.

mod given;

use super::command::{environment, of_result};
use super::plan::Plan;
use super::records::{RunRow, StepRow, steps};
use super::state::StepState;
use crate::base::text::{put, put_line, visible};
use crate::base::{Digest, Exact, Exacts, Problem, problem::Result};
use crate::journal::Journal;
use crate::sop::Step;
use crate::sop::expression::Scope;
use crate::sop::network::exposed;
use crate::sop::work::Work;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A run's plan, packet and what its steps gave so far.
#[derive(Debug)]
pub(super) struct Sight {
    pub(super) row: RunRow,
    pub(super) plan: Arc<Plan>,
    pub(super) packet: Exacts,
    pub(super) steps: Vec<StepRow>,
}

impl Sight {
    /// Reads everything there is of `run`.
    pub(super) fn of(journal: &Journal, run: &str) -> Result<Self> {
        let (row, steps) = journal.read(|db| Ok((super::records::run(db, run)?, steps(db, run)?)))?;
        let plan = Plan::of(journal, &row)?;
        let lost = || Problem::store(format!("the packet of {run} is erased"));
        let bytes = journal.blob(&row.packet)?.ok_or_else(lost)?;
        let packet = serde_json::from_slice(&bytes)
            .map_err(|error| Problem::store(format!("the packet of {run} cannot be read: {error}")))?;
        Ok(Self { row, plan, packet, steps })
    }

    /// The row of a step.
    pub(super) fn step(&self, number: u32) -> Result<&StepRow> {
        let found = self.steps.iter().find(|step| step.number == number);
        found.ok_or_else(|| Problem::not_found(format!("{} has no step {number}", self.row.id)))
    }

    /// What the expressions of `step` may look at: the packet, and what every step before it gave. Steps beside it
    /// are not there, so that what was approved cannot change while they go on.
    pub(super) fn scope(&self, number: u32) -> Scope {
        let before = self.before(number);
        self.scope_where(|step| before.contains(&step.number))
    }

    /// The packet, and what every step gave.
    pub(super) fn scope_at_end(&self) -> Scope {
        self.scope_where(|_step| true)
    }

    fn scope_where(&self, seen: impl Fn(&StepRow) -> bool) -> Scope {
        let seen: Vec<&StepRow> = self.steps.iter().filter(|step| seen(step)).collect();
        // What was left out gave nothing.
        let gave = seen.iter().filter(|step| step.state != StepState::Skipped);
        Scope {
            inputs: self.packet.clone(),
            steps: gave.map(|step| (step.number, step.outputs.clone())).collect(),
            states: seen.iter().map(|step| (step.number, step.state.word().to_owned())).collect(),
        }
    }

    /// Whether what is decided on can be undone: every command, request and call of it has a rollback.
    pub(super) fn reversible(&self, step: Option<u32>) -> bool {
        let steps =
            self.plan.sop.body.steps.iter().filter(|one| step.is_none_or(|number| one.number == number));
        steps.into_iter().all(|one| {
            one.rollback.is_some() || matches!(self.plan.work(one.number), Ok(Work::Hands | Work::Wait(_)))
        })
    }

    /// Whether a step is done by a command while another command may be under way: neither comes before the other.
    pub(super) fn is_beside(&self, number: u32) -> bool {
        let before = self.before(number);
        let command = |step: &&StepRow| step.work == "command" && step.number != number && number != 0;
        let mut others = self.steps.iter().filter(command);
        others.any(|other| !before.contains(&other.number) && !self.before(other.number).contains(&number))
    }

    /// Everything that comes before a step, however far.
    fn before(&self, number: u32) -> BTreeSet<u32> {
        before(&self.steps, [number])
    }

    /// The environment of a command step, without its secrets: `INPUT_…` and the same as `PARAM_…`, `STEP_2_…`.
    pub(super) fn environment(&self, number: u32) -> Result<BTreeMap<String, String>> {
        Ok(self.told(number)?.0)
    }

    /// The environment, and what of the results before the step no variable can carry.
    fn told(&self, number: u32) -> Result<(BTreeMap<String, String>, Vec<String>)> {
        let Scope { inputs, steps, .. } = self.scope(number);
        let mut left_out = Vec::new();
        let mut all = environment("INPUT_", &inputs)?;
        all.extend(environment("PARAM_", &inputs)?);
        for (step, outputs) in steps {
            let (told, not) = of_result(&format!("STEP_{step}_"), &outputs);
            all.extend(told);
            left_out.extend(not);
        }
        all.insert("RUN_ID".to_owned(), self.row.id.clone());
        all.insert("STEP_NUMBER".to_owned(), number.to_string());
        Ok((all, left_out))
    }

    /// What step `number` itself will do.
    fn doing(&self, number: u32) -> Result<String> {
        let step = self.plan.step(number)?;
        let mut text = format!("Step {number}: {}\n\n", step.title);
        match self.plan.work(number)? {
            Work::Command(script) => {
                put_line(
                    &mut text,
                    format_args!("Runs this script on this machine:\n\n```bash\n{script}\n```\n"),
                );
                put_line(&mut text, format_args!("{SURROUNDINGS} {}\n", network(step)));
                put_line(&mut text, format_args!("It has these values in its environment:\n"));
                let (told, left_out) = self.told(number)?;
                for (name, value) in told.iter().filter(|(name, _)| !name.starts_with("PARAM_")) {
                    put_line(&mut text, format_args!("- {name} = {}", shown(value)));
                }
                for said in left_out {
                    put_line(&mut text, format_args!("- {said}"));
                }
                for secret in &step.secrets {
                    put_line(&mut text, format_args!("- {secret} = (a secret)"));
                }
            }
            Work::Http(block) => {
                let request = super::http::parse(&block).map_err(|(line, error)| {
                    Problem::invalid(format!("step {number}, request line {line}: {error}"))
                })?;
                let shown = super::http::shown(&request, &self.scope(number)).map_err(Problem::invalid)?;
                put_line(&mut text, format_args!("Sends this request:\n\n```http\n{shown}\n```"));
                if let Some(exposed) = exposed(&block) {
                    put_line(&mut text, format_args!("\nMind: it {exposed}."));
                }
            }
            Work::Nested(id) => {
                let version = self.plan.nested.get(&id).map(ToString::to_string).unwrap_or_default();
                put_line(&mut text, format_args!("Runs {id} v{version} with the same packet."));
            }
            Work::Wait(span) => put_line(&mut text, format_args!("Waits {span}.")),
            Work::Hands => {
                let who = self.plan.assignees.get(&number).map_or("", |one| one.id.as_str());
                put_line(&mut text, format_args!("{who} does this:\n\n{}\n\nThe case:\n", step.text.trim()));
                self.put_case(&mut text);
            }
        }
        if let Some(artifact) = &step.artifact {
            put(&mut text, format_args!("\nAfterwards there is: {artifact}\n"));
        }
        Ok(text)
    }

    /// What the whole run will do, as far as can be said before it begins.
    pub(super) fn whole(&self) -> Result<Effect> {
        let mut text = format!("{} v{}: {}\n\n", self.row.sop, self.row.version, self.plan.sop.head.title);
        for (name, value) in &self.packet {
            put_line(&mut text, format_args!("- {name} = {}", shown(&plain(value))));
        }
        for step in &self.plan.sop.body.steps {
            let who = self.plan.assignees.get(&step.number).map_or("", |one| one.id.as_str());
            let kind = self.plan.kind(step.number)?;
            put_line(&mut text, format_args!("\nStep {}: {} ({kind}, {who})\n", step.number, step.title));
            if kind == "command" {
                put_line(&mut text, format_args!("Its script runs on this machine. {}", network(step)));
            }
            put_line(&mut text, format_args!("{}", step.text.trim()));
        }
        Ok(Effect { hash: Digest::of(&text), text })
    }
}

/// What will be done, and the hash of exactly these words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Effect {
    pub(super) text: String,
    pub(super) hash: Digest,
}

/// Everything that comes before any of `steps`, however far.
pub(super) fn before(rows: &[StepRow], steps: impl IntoIterator<Item = u32>) -> BTreeSet<u32> {
    let mut found = BTreeSet::new();
    let mut open: Vec<u32> = steps.into_iter().collect();
    while let Some(next) = open.pop() {
        let direct = rows.iter().find(|row| row.number == next).map_or(&[][..], |row| &row.depends_on);
        open.extend(direct.iter().filter(|number| found.insert(**number)));
    }
    found
}

/// What a script runs in, for whoever decides on it and did not write it for sopd.
const SURROUNDINGS: &str = "With `bash -euo pipefail`: the first command that fails ends it, also one within a pipe, and so does a variable that is not set. Its standard input is empty; time zone, locale and PATH are the daemon's; it has no rights of its own, and a home folder and temporary folders that last as long as it does.";

/// Whether a step's script may use the network.
fn network(step: &Step) -> &'static str {
    match step.network {
        Some(true) => "It may use the network.",
        Some(false) | None => {
            "It may not use the network (unless `runs.network` in sopd.yaml opens it to all)."
        }
    }
}

/// A value in words: text as it is, anything else as JSON.
fn plain(value: &Exact) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// How every value ends that is not shown whole.
fn cut_at(head: &str, whole: &str, hash: &str) -> String {
    format!("{head}… ({} bytes, SHA-256 {hash})", whole.len())
}

/// Whether an effect's words show all of it: no value is cut, and no file is named by its hash alone. What a step said
/// stands above its own file. Words that only look so lose a button, and nothing else.
pub fn is_whole(effect: &str) -> bool {
    let own = |name: &str| {
        let number = name.strip_prefix("step-").and_then(|rest| rest.split_once(".md (SHA-256 "));
        number.is_some_and(|(number, _)| number.chars().all(|c| c.is_ascii_digit()))
    };
    let cut = |line: &str| line.contains(" bytes, SHA-256 ") || line.contains("(cut here: the whole has ");
    effect.lines().all(|line| !cut(line) && line.strip_prefix("- file ").is_none_or(own))
}

/// A value on one line; a long one by its beginning and its hash, so that it is bound all the same.
fn shown(value: &str) -> String {
    const MOST: usize = 200;
    let line = visible(&value.replace('\n', "⏎"));
    if line.chars().count() <= MOST {
        return line;
    }
    let head: String = line.chars().take(MOST).collect();
    cut_at(&head, value, Digest::of(value).short())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_effect_is_whole_only_where_nothing_of_it_is_cut() {
        assert!(is_whole(&format!("- INPUT_NOTE = {}", shown("short"))));
        assert!(is_whole("Step 1: Write (completed, cro)\n- file step-1.md (SHA-256 ab)\n\n> All of it."));
        for cut in [
            format!("- INPUT_NOTE = {}", shown(&"x".repeat(3_530))),
            cut_at("> ", "all", "ab"),
            "- file report.pdf (SHA-256 ab)".to_owned(),
            "- file step-1.md.exe (SHA-256 ab)".to_owned(),
            crate::run::result::beginning(&"x".repeat(5_000)),
        ] {
            assert!(!is_whole(&format!("Runs this.\n{cut}\n")), "{cut}");
        }
    }
}
