//! Reads documents of foreign forms in a process of their own, shut in as a step of a run is: a hostile or broken file costs
//! that process, a little time, and one explanation.

use crate::base::problem::{Problem, Result};
use crate::base::{Kind, files, text::counted};
use crate::daemon::Workspace;
use crate::daemon::workspace::PRIVATE_FOLDER;
use crate::run::command::{self, Bound, Command, Ended, How, Limits};
use crate::source::{self, Form};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What reading one document may use up. A large honest one takes a second and some 100 MiB.
const LIMITS: Limits = Limits {
    time: Duration::from_secs(30),
    grace: Duration::ZERO,
    output_bytes: 16 * 1024,
    tail_bytes: 2 * 1024,
    memory_bytes: 768 * 1024 * 1024,
    processes: 64,
    file_bytes: 64 * 1024 * 1024,
    disk_bytes: 128 * 1024 * 1024,
};
/// Nothing of the file's name is ever part of a script.
const SCRIPT: &str = "exec \"$READER\" extract \"$DOCUMENT\" <given >read\n";
/// Most bytes of what the reader gives back: the text as JSON, in which a sign may take six.
const MOST_READ: u64 = 8 * 1024 * 1024;

/// How often it is looked whether reading is to stop.
const GLANCE: Duration = Duration::from_millis(50);
/// How many glances a reader that was cut off has for its end.
const LAST_WORDS: u32 = 20;
/// What lies in the folder for longer was left by a process that was killed.
const LEFT_BEHIND: Duration = Duration::from_mins(10);

/// Reads documents for a workspace, until it is told to stop.
pub(in crate::daemon) struct Reader {
    /// The workspace.
    pub(in crate::daemon) workspace: Workspace,
    stop: Arc<AtomicBool>,
}

impl Reader {
    /// One that nobody stops.
    pub(in crate::daemon) fn of(workspace: &Workspace) -> Self {
        Self::until(workspace, &Arc::default())
    }

    /// One that reads until `stop` is set.
    pub(in crate::daemon) fn until(workspace: &Workspace, stop: &Arc<AtomicBool>) -> Self {
        Self { workspace: workspace.clone(), stop: stop.clone() }
    }

    /// See [`document`].
    pub(in crate::daemon) fn document(&self, name: &str, bytes: &[u8]) -> Result<String> {
        if Form::of(name)?.is_text() {
            return source::text(name, bytes);
        }
        let folder = place(&self.workspace).join(uuid::Uuid::now_v7().to_string());
        let outcome = shut_in(&folder, (name, bytes), &self.stop);
        self.remove(&folder);
        outcome
    }

    /// A reader that was cut off is ended by its warden a moment later, which until then still writes what it said.
    fn remove(&self, folder: &Path) {
        let mut outcome = std::fs::remove_dir_all(folder);
        for _ in (0..LAST_WORDS).take_while(|_| self.stop.load(Ordering::Relaxed)) {
            std::thread::sleep(GLANCE);
            outcome = if folder.exists() { std::fs::remove_dir_all(folder) } else { Ok(()) };
        }
        if let Err(error) = outcome {
            tracing::warn!(%error, "what was left of reading a document could not be removed");
        }
    }
}

fn place(workspace: &Workspace) -> PathBuf {
    workspace.root.join(PRIVATE_FOLDER).join("reading")
}

/// Removes what readers that were killed left behind.
pub(in crate::daemon) fn remove_left_behind(workspace: &Workspace) {
    for entry in std::fs::read_dir(place(workspace)).into_iter().flatten().flatten() {
        let changed = entry.metadata().and_then(|data| data.modified());
        let old = changed.is_ok_and(|at| at.elapsed().is_ok_and(|since| since > LEFT_BEHIND));
        if old && let Err(error) = std::fs::remove_dir_all(entry.path()) {
            tracing::warn!(%error, "what was left of reading a document could not be removed");
        }
    }
}

/// The text of the document `name`, in Markdown; see [`source::text`].
///
/// # Errors
/// What is wrong with it and what to do, and where its reader broke down or used too much.
pub fn document(workspace: &Workspace, name: &str, bytes: &[u8]) -> Result<String> {
    Reader::of(workspace).document(name, bytes)
}

fn shut_in(folder: &Path, (name, bytes): (&str, &[u8]), stop: &Arc<AtomicBool>) -> Result<String> {
    let (work, record) = (folder.join("work"), folder.join("record"));
    files::make_private(&work)?;
    files::project(&work.join("given"), bytes)?;
    let program = std::env::current_exe()
        .map_err(|error| Problem::of_system(format!("sopd does not know its own file: {error}"), &error))?;
    let command = Command {
        folder: work.clone(),
        record,
        script: SCRIPT.to_owned(),
        env: BTreeMap::from([
            ("READER".to_owned(), program.display().to_string()),
            ("DOCUMENT".to_owned(), name.to_owned()),
        ]),
        limits: LIMITS,
        writable: Vec::new(),
        readable: vec![program.clone()],
        hidden: Vec::new(),
        whole: folder.to_owned(),
        network: false,
        secrets: Vec::new(),
    };
    let ended = waited(program, command, stop.clone()).map_err(|problem| {
        let message = format!("{name} cannot be read now: {}", problem.message);
        Problem { message, ..problem }
    })?;
    let said = files::read_text(&work.join("read"), MOST_READ).unwrap_or_default();
    // The readers of foreign forms may say something themselves; the last line is ours.
    let read = said.lines().last().and_then(|line| serde_json::from_str::<Result<String>>(line).ok());
    match (ended.how, read) {
        (How::Exited(0), Some(outcome)) => outcome,
        _ => Err(broke_down(name, &ended)),
    }
}

/// Runs it to its end, from whatever thread: whoever reads a document waits for it.
fn waited(program: PathBuf, command: Command, stop: Arc<AtomicBool>) -> Result<Ended> {
    let work = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime
            .map_err(|error| Problem::of_system(format!("no document can be read now: {error}"), &error))?;
        let stopped = async move {
            while !stop.load(Ordering::Relaxed) {
                tokio::time::sleep(GLANCE).await;
            }
        };
        runtime.block_on(async {
            tokio::select! {
                ended = command::run(&program, command) => ended,
                () = stopped => Err(Problem::new(Kind::Machine, "sopd stops; it is read with the next start")),
            }
        })
    };
    let reading = std::thread::spawn(work).join();
    reading.unwrap_or_else(|_panic| Err(Problem::failed("BUG: the thread that reads a document broke down")))
}

fn broke_down(name: &str, ended: &Ended) -> Problem {
    let seconds = usize::try_from(LIMITS.time.as_secs()).unwrap_or(0);
    let why = match ended.how {
        How::TimedOut => format!("reading it took more than {}", counted(seconds, "second")),
        How::Over(Bound::Memory) => {
            format!("reading it took more than {} MiB of memory", LIMITS.memory_bytes / 1024 / 1024)
        }
        How::Over(_) => "reading it used more than any document needs".to_owned(),
        How::Exited(_) | How::Signalled(_) => "its reader broke down over it".to_owned(),
    };
    Problem::invalid(format!("{name} cannot be read: {why}"))
        .hint("open it in its own program and save it anew, or hand in its text")
}
