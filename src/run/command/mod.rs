//! A step done by a script: started, bounded, watched, and gone without a trace when it ends.
//!
//! The script runs under a [warden](guard): a process of its own that the daemon talks to through pipes. So no process
//! of a command outlives the step or the daemon, and no secret is on a disk or a command line.

mod capture;
mod environment;
mod family;
mod outputs;
mod privileges;
mod rooms;
mod sandbox;
mod spec;
mod usage;
mod warden;
mod why;

pub use environment::{environment, of_result};
pub use usage::Bound;
pub use warden::guard;

use crate::base::problem::{Problem, Result};
use crate::base::{Exacts, files};
use crate::settings::StepLimits;
use rustix::process::{Pid, Signal, kill_process_group};
use serde::{Deserialize, Serialize};
use spec::{Bounds, LONGEST_LINE, Report, Spec, Word};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdout};

/// The hidden verb of the command line that is the warden.
pub const WARDEN_VERB: &str = "warden";
/// Beyond the time limit and the grace, the warden itself is taken for lost.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes kept of what a warden that fails says.
const LAST_WORDS: u64 = 4 * 1024;

/// One command, ready to run. It has no `Debug`: it holds secrets.
pub struct Command {
    /// The working folder. It exists; the command may write in it.
    pub folder: PathBuf,
    /// Where `script.sh`, large values and `output.log` are kept; not in `folder`. The command may only read it.
    pub record: PathBuf,
    /// The script, run by `bash -euo pipefail`.
    pub script: String,
    /// The whole environment beside `PATH`, `LANG`, `LC_ALL` and `TZ`, which come from the daemon's, and `HOME`, which is
    /// an empty folder of its own.
    pub env: BTreeMap<String, String>,
    /// What it may use up.
    pub limits: Limits,
    /// Further files and folders, which exist, that it may write.
    pub writable: Vec<PathBuf>,
    /// Further files and folders that it may read.
    pub readable: Vec<PathBuf>,
    /// What it must not read, also where it lies in what is readable: the workspace's `.sopd`. `folder`, `record` and
    /// what is writable are readable even when they lie in it.
    pub hidden: Vec<PathBuf>,
    /// The folder whose size [`Limits::disk_bytes`] limits: that of the run.
    pub whole: PathBuf,
    /// Whether it may use the network.
    pub network: bool,
    /// Secret values that are cleaned from its output. Those it uses are in `env` too.
    pub secrets: Vec<String>,
}

/// What a command may use up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// How long it may run.
    pub time: Duration,
    /// From TERM to KILL, when it is ended.
    pub grace: Duration,
    /// Most bytes of output on disk; what comes after is thrown away while the command runs on.
    pub output_bytes: usize,
    /// Bytes of the output's end in the record.
    pub tail_bytes: usize,
    /// Most bytes of memory of all its processes together, and of each one's data.
    pub memory_bytes: u64,
    /// Most processes at once.
    pub processes: u32,
    /// Largest file, in bytes, that it may write.
    pub file_bytes: u64,
    /// Most bytes on disk in [`Command::whole`].
    pub disk_bytes: u64,
}

/// Bytes of a MiB.
const MIB: u64 = 1024 * 1024;

impl Limits {
    /// The defaults, with what the settings say of memory, processes and disk.
    pub fn of(settings: &StepLimits) -> Self {
        Self {
            memory_bytes: u64::from(settings.memory_mib) * MIB,
            processes: settings.processes,
            file_bytes: u64::from(settings.file_mib) * MIB,
            disk_bytes: u64::from(settings.disk_mib) * MIB,
            time: Duration::from_mins(10),
            grace: Duration::from_secs(5),
            output_bytes: 10 * 1024 * 1024,
            tail_bytes: 8 * 1024,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::of(&StepLimits::default())
    }
}

/// What became of a command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ended {
    /// How its main process ended.
    pub how: How,
    /// The end of what it printed to standard output and standard error, in the order printed, without secrets;
    /// bytes that are not UTF-8 are shown as `�`.
    pub tail: String,
    /// Whether it printed more than the file holds.
    pub truncated: bool,
    /// The whole output up to the limit, in the same form; `None` when the disk would not take it.
    pub output_file: Option<PathBuf>,
    /// The values of the `outputs.json` it wrote in its folder; none without that file. An error says in words what is
    /// wrong with the file.
    pub values: Result<Exacts, String>,
    /// How long it ran.
    pub millis: u64,
    /// Processes it had left behind when it ended; they were ended too.
    pub leftovers: usize,
    /// What kept it in.
    pub sandbox: Sandbox,
    /// How far the network was cut off.
    pub network: Network,
    /// Whether `/tmp` and `/dev/shm` were folders of its own. Where not, it could not write there; its `TMPDIR` is.
    pub own_tmp: bool,
    /// What this machine did not let the warden hold, one sentence each.
    pub unheld: Vec<String>,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// By itself, with this exit code.
    Exited(i32),
    /// By this signal, not ours.
    Signalled(i32),
    /// It reached its time limit and was ended.
    TimedOut,
    /// It used up more than it may and was ended.
    Over(Bound),
}

impl How {
    /// After "it": what became of it in words, where that is not success.
    pub fn words(self) -> Option<String> {
        Some(match self {
            Self::Exited(0) => return None,
            Self::Exited(code) => format!("ended with exit code {code}"),
            Self::Signalled(signal) => format!("was ended by signal {signal}"),
            Self::TimedOut => "reached its time limit and was ended".to_owned(),
            Self::Over(bound) => format!(
                "used more {} than `runs.limits.{}` in sopd.yaml allows and was ended",
                bound.word(),
                bound.key()
            ),
        })
    }
}

/// How far the network was cut off from a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Network {
    /// Its step asks for it.
    Open,
    /// It has none: not even that of the machine itself.
    Off,
    /// TCP is off (Landlock); other protocols, DNS among them, are not.
    TcpOff,
    /// It is not cut off: why not.
    NotCut(String),
}

/// What kept a command in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sandbox {
    /// The kernel, by Landlock rules of this version. It may write only in its folder, in what is named as writable, and
    /// in temporary folders of its own; it may read these, its record, the folders of programs, libraries and system
    /// settings, those on the PATH, and what is named as readable. From version 6 it cannot signal processes that are not
    /// its own. It can gain no rights (`sudo` does not work).
    Landlock(i32),
    /// Nothing: why not. It can do whatever the daemon's user can.
    None(String),
}

/// Runs `command` under the program `warden` (`sopd` itself) and waits until nothing of it is left.
///
/// The script is a file in the record, so nothing is ever pasted into a command line. It runs with `-e` (a failing
/// line ends it: a step that goes on after a failure would be recorded as done), `-u` (an input that is not there is a
/// failure, not an empty word; `rm -r "$INPUT_DIR/"`) and `-o pipefail` (a failure anywhere in a pipe counts). Standard input is empty.
/// It has no capabilities, also where the daemon runs as root, no open file but its three streams, and is what the kernel
/// ends first when memory is short.
///
/// A value over 100 KiB, and the largest ones while all together are over 1 MiB, is handed over as a file named by
/// `<NAME>_FILE` in place of `<NAME>`. It ends with its main process: what it leaves behind, also in sessions of its own,
/// gets TERM, and KILL after the grace; likewise at the time limit, and when the future is dropped or the daemon dies.
///
/// An error means that it could not be started or that nobody knows what became of it (its message says which).
pub async fn run(warden: &Path, command: Command) -> Result<Ended> {
    let spec = prepare(&command)?;
    let mut child = spawn(warden)?;
    let limit = command.limits.time.saturating_add(command.limits.grace).saturating_add(PATIENCE);
    let mut group = None;
    let talked = tokio::time::timeout(limit, talk(&mut child, &spec, &mut group)).await;
    let talked = talked.unwrap_or_else(|_late| {
        Err(Problem::failed(
            "the command's end never came, and its warden no longer answers; nobody knows what became of it",
        ))
    });
    if talked.is_err() {
        // The warden is lost; what can still be found of the command is its group.
        drop(child.start_kill());
        if let Some(group) = group.and_then(Pid::from_raw) {
            kill_process_group(group, Signal::KILL).ok();
        }
    }
    let waited = child.wait().await;
    // What it left in its temporary folders is nobody's.
    std::fs::remove_dir_all(&spec.own).ok();
    let report = talked?;
    waited
        .map_err(|error| Problem::failed(format!("the warden of a command cannot be waited for: {error}")))?;
    Ok(Ended {
        how: report.how,
        tail: report.tail,
        truncated: report.truncated,
        output_file: report.kept.then_some(spec.output),
        values: outputs::read(&spec.folder),
        millis: report.millis,
        leftovers: report.leftovers,
        sandbox: report.sandbox,
        network: report.network,
        own_tmp: report.own_tmp,
        unheld: report.unheld,
    })
}

/// Writes what the command reads, and removes what an earlier attempt would seem to have said.
fn prepare(command: &Command) -> Result<Spec> {
    let folder = real(&command.folder)?;
    files::make_private(&command.record)?;
    let record = real(&command.record)?;
    if record.starts_with(&folder) {
        return Err(Problem::invalid(format!("{} lies in the command's own folder", record.display())));
    }
    let all_real = |paths: &[PathBuf]| paths.iter().map(|path| real(path)).collect::<Result<Vec<_>>>();
    let hidden = all_real(&command.hidden)?;
    environment::check(&command.env)?;
    let spilled = environment::spill(&command.env, &record.join("values"))?;
    if spilled.files.values().any(|value| command.secrets.contains(value)) {
        return Err(Problem::invalid(
            "a secret is too large for a variable, and none is ever written to a file",
        ));
    }
    for (path, value) in &spilled.files {
        files::project(path, value.as_bytes())?;
    }
    let script = record.join("script.sh");
    files::project(&script, command.script.as_bytes())?;
    files::remove(&folder.join(outputs::FILE))?;
    let own = record.join("own");
    rooms::make(&own)?;
    Ok(Spec {
        output: record.join("output.log"),
        folder,
        record,
        script,
        variables: spilled.variables,
        secrets: command.secrets.clone(),
        writable: all_real(&command.writable)?,
        // What is not there yet cannot be read; that is no reason not to begin.
        readable: command.readable.iter().filter_map(|path| path.canonicalize().ok()).collect(),
        hidden,
        whole: real(&command.whole)?,
        own,
        path: String::new(),
        network: command.network,
        bounds: Bounds {
            memory: command.limits.memory_bytes,
            processes: u64::from(command.limits.processes),
            file: command.limits.file_bytes,
            disk: command.limits.disk_bytes,
        },
        time_ms: millis(command.limits.time),
        grace_ms: millis(command.limits.grace),
        output_bytes: command.limits.output_bytes,
        tail_bytes: command.limits.tail_bytes,
    })
}

fn real(path: &Path) -> Result<PathBuf> {
    path.canonicalize().map_err(|error| files::explain(path, &error))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The warden leads a group of its own, so that a Ctrl-C meant for the daemon does not end it before its work is done.
/// It is not killed on drop: its lifeline closes, and it ends the command in good order.
fn spawn(warden: &Path) -> Result<Child> {
    let mut command = tokio::process::Command::new(warden);
    command
        .arg(WARDEN_VERB)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    // Faults are for the daemon: a warden that dies at one would leave the command without a guard.
    command.env_remove("SOPD_FAULT").env_remove("SOPD_FAULT_LOG");
    command.spawn().map_err(|error| {
        Problem::of_system(format!("{} cannot be started: {error}", warden.display()), &error)
    })
}

/// Tells the warden what to do and hears what became of it. The lifeline is held until this returns or is dropped.
async fn talk(child: &mut Child, spec: &Spec, group: &mut Option<i32>) -> Result<Report> {
    let (Some(mut lifeline), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(Problem::failed("BUG: the warden has no pipes"));
    };
    let mut line = serde_json::to_string(spec)
        .map_err(|error| Problem::failed(format!("the command cannot be written down: {error}")))?;
    line.push('\n');
    // A warden that dies at once has closed the pipe; its last words say more than this error.
    drop(lifeline.write_all(line.as_bytes()).await);
    let mut answers = BufReader::new(answers);
    loop {
        match word(&mut answers).await {
            Some(Word::Started(number)) => *group = Some(number),
            Some(Word::Ended(report)) => return Ok(report),
            Some(Word::Failed(problem)) => return Err(problem),
            None => return Err(lost(child, group.is_some()).await),
        }
    }
}

async fn word(answers: &mut BufReader<ChildStdout>) -> Option<Word> {
    let mut line = String::new();
    answers.take(LONGEST_LINE).read_line(&mut line).await.ok()?;
    serde_json::from_str(&line).ok()
}

async fn lost(child: &mut Child, started: bool) -> Problem {
    let mut said = String::new();
    if let Some(errors) = child.stderr.take() {
        // What cannot be read is not quoted.
        drop(errors.take(LAST_WORDS).read_to_string(&mut said).await);
    }
    let said = said.lines().next().map_or(String::new(), |line| format!(": {line}"));
    if started {
        Problem::failed(format!(
            "the warden died while the command ran; nobody knows what became of it{said}"
        ))
    } else {
        Problem::failed(format!("the warden did not start the command{said}"))
    }
}
