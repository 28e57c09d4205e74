//! Live progress from the journal's facts: on a terminal one line per worker and stage with time, tokens and cost,
//! elsewhere one plain line per fact.

use super::words::{Told, tell};
use crate::base::MicroUsd;
use crate::cli::print;
use crate::cli::trouble::Done;
use crate::daemon::Workspace;
use crate::journal::events_of;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::collections::BTreeMap;
use std::time::Duration;

/// Pause between two looks into the journal.
pub(super) const LOOK: Duration = Duration::from_millis(50);
/// Pause between two pictures of a spinner.
const TICK: Duration = Duration::from_millis(100);
/// Facts read at once.
const PAGE: u32 = 1_000;

/// What is shown while a mission is driven.
pub(super) struct Progress<'a> {
    workspace: &'a Workspace,
    mission: &'a str,
    seen: i64,
    /// `None` where no terminal draws.
    lines: Option<MultiProgress>,
    running: BTreeMap<String, Running>,
}

/// A worker or a stage that goes on.
struct Running {
    bar: Option<ProgressBar>,
    tokens: u64,
    micros: i64,
}

/// The name of the line of the stage; no agent has it.
const STAGE: &str = "";

impl<'a> Progress<'a> {
    /// Begins with what is told from now on.
    pub(super) fn start(workspace: &'a Workspace, mission: &'a str) -> Done<Self> {
        let all = workspace.journal.read(|db| events_of(db, Some(mission), 0, u32::MAX))?;
        let fresh = all.len() <= 1;
        let seen = if fresh { 0 } else { all.last().map_or(0, |event| event.seq) };
        let lines = print::is_terminal().then(MultiProgress::new);
        Ok(Self { workspace, mission, seen, lines, running: BTreeMap::new() })
    }

    /// Shows what the journal has told since the last look.
    pub(super) fn look(&mut self) -> Done {
        let (mission, seen) = (self.mission, self.seen);
        let events = self.workspace.journal.read(|db| events_of(db, Some(mission), seen, PAGE))?;
        for event in events {
            self.seen = event.seq;
            let fact = serde_json::from_str(&event.text).unwrap_or_default();
            for told in tell(&event.kind, &fact) {
                self.show(told)?;
            }
        }
        Ok(())
    }

    /// Nothing runs any more.
    pub(super) fn end(&mut self) {
        for (_, running) in std::mem::take(&mut self.running) {
            if let Some(bar) = running.bar {
                bar.finish_and_clear();
            }
        }
    }

    fn show(&mut self, told: Told) -> Done {
        match told {
            Told::Stage(words) => {
                self.close(STAGE, None)?;
                self.open(STAGE, &words)
            }
            Told::WorkerStarts(agent) => {
                self.close(STAGE, None)?;
                self.open(&agent.clone(), &format!("{agent} drafts"))
            }
            Told::WorkerDone(agent, brought) => {
                self.close(&agent.clone(), Some(&format!("{agent} has drafted: {brought}")))
            }
            Told::Spent(agent, tokens, micros) => {
                let name = if self.running.contains_key(&agent) { agent.as_str() } else { STAGE };
                if let Some(running) = self.running.get_mut(name) {
                    running.tokens += tokens;
                    running.micros += micros;
                    if let Some(bar) = &running.bar {
                        bar.set_prefix(format!("{} tokens {}", running.tokens, MicroUsd(running.micros)));
                    }
                }
                Ok(())
            }
            Told::Note(words) => self.note(&words),
        }
    }

    fn open(&mut self, name: &str, words: &str) -> Done {
        let bar = self.lines.as_ref().map(|lines| {
            let bar = lines.add(ProgressBar::new_spinner().with_message(words.to_owned()));
            if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed:>4} {msg} {prefix:.dim}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(TICK);
            bar
        });
        if bar.is_none() {
            print::line(&format!("… {words}"))?;
        }
        self.running.insert(name.to_owned(), Running { bar, tokens: 0, micros: 0 });
        Ok(())
    }

    /// Ends a line; with `words` they stay, with what it cost.
    fn close(&mut self, name: &str, words: Option<&str>) -> Done {
        let Some(running) = self.running.remove(name) else {
            return words.map_or(Ok(()), |words| self.note(words));
        };
        let elapsed = running.bar.as_ref().map(|bar| format!(", {:.1} s", bar.elapsed().as_secs_f64()));
        if let Some(bar) = &running.bar {
            bar.finish_and_clear();
        }
        let Some(words) = words else { return Ok(()) };
        let spent = format!("{} tokens, {}", running.tokens, MicroUsd(running.micros));
        self.note(&format!("{words} ({spent}{})", elapsed.unwrap_or_default()))
    }

    fn note(&self, words: &str) -> Done {
        let Some(lines) = &self.lines else { return print::line(&format!("✓ {words}")) };
        Ok(lines.println(format!("✓ {words}"))?)
    }
}
