//! The process between the daemon and a command's script: it starts the script, waits, and sees to it that nothing of
//! it outlives its end, its time limit, or the daemon.
//!
//! It exists because what a process may touch and which process inherits orphans can only be set from inside a process,
//! and because it notices the daemon's death, however sudden: its standard input, the lifeline, closes.

use super::capture::Capture;
use super::spec::{self, Report, Spec, Word};
use super::{Bound, How, Network, Sandbox, family, privileges, rooms, sandbox, usage};
use crate::base::files;
use crate::base::problem::{Problem, Result};
use crate::journal::Redactor;
use rustix::io::Errno;
use rustix::process::{
    DumpableBehavior, Pid, Signal, WaitOptions, WaitStatus, getpid, set_child_subreaper,
    set_dumpable_behavior, wait,
};
use std::io::{BufRead, ErrorKind, PipeReader, Read as _, Write};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long the kernel may take to say that nothing is left of a script that left nothing.
const SETTLE: Duration = Duration::from_millis(10);
/// Between two rounds of KILL: what forks faster than it is killed is met again.
const ROUND: Duration = Duration::from_millis(20);
/// After so long, what KILL does not end is stuck in the kernel; it is left to it.
const LAST: Duration = Duration::from_secs(10);
/// How long the output may take to end once all its writers have.
const DRAIN: Duration = Duration::from_secs(1);

/// What happens to a running script.
enum Event {
    /// Its main process has ended.
    Main(How),
    /// No process is left below the warden.
    Childless,
    /// The daemon has gone away, or no longer wants it.
    Lifeline,
    /// It uses more than it may.
    Over(Bound),
}

/// What holds the script, and what does not.
struct Held {
    sandbox: Sandbox,
    network: Network,
    own_tmp: bool,
    unheld: Vec<String>,
}

struct Started {
    main: Pid,
    held: Held,
    pipe: PipeReader,
}

/// Runs the one command that `input` names in its first line, tells `output` what became of it, and returns when
/// nothing of it is left. When `input` ends the command is ended. `inherited` are the variables it may have from the
/// daemon's own environment.
pub fn guard(
    mut input: impl BufRead + Send + 'static,
    output: &mut impl Write,
    inherited: &[(String, String)],
) -> Result<()> {
    let Some(mut spec) = spec::listen(&mut input)? else { return Ok(()) };
    spec.path =
        inherited.iter().find(|(name, _)| name == "PATH").map(|(_, path)| path.clone()).unwrap_or_default();
    let started = match prepare(&spec).and_then(|unheld| start(&spec, inherited, unheld)) {
        Ok(started) => started,
        Err(problem) => {
            spec::say(output, &Word::Failed(problem));
            return Ok(());
        }
    };
    spec::say(output, &Word::Started(started.main.as_raw_nonzero().get()));
    if let Some(report) = see_through(&Arc::new(spec), started, input) {
        spec::say(output, &Word::Ended(report));
    }
    Ok(())
}

/// Takes up the post; what could not be held, in words.
fn prepare(spec: &Spec) -> Result<Vec<String>> {
    let explain = |error: Errno| Problem::failed(format!("the warden cannot take up its post: {error}"));
    // Whatever loses its parent becomes a child of the warden, so nothing can slip away.
    set_child_subreaper(Some(getpid())).map_err(explain)?;
    let unheld = privileges::go_first().into_iter().chain(privileges::limit(spec)).collect();
    // The script runs as the same user; it must not read the warden's memory, nor the daemon's environment in it. Last,
    // since from then on the warden cannot write its own files in /proc either.
    set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(explain)?;
    Ok(unheld)
}

/// Starts the script from a thread that has shut itself in: the kernel keeps these rules per thread, so the warden
/// itself can still write the record and end what is left.
fn start(spec: &Spec, inherited: &[(String, String)], mut unheld: Vec<String>) -> Result<Started> {
    let explain = |error: &std::io::Error| match error.kind() {
        ErrorKind::NotFound => Problem::failed("bash was not found on the PATH of the daemon"),
        ErrorKind::ArgumentListTooLong => {
            Problem::failed("the command's variables are larger than this system takes")
        }
        ErrorKind::PermissionDenied => Problem::failed(format!(
            "the command could not be started in {}: {error}; a step has no rights beyond those of the daemon's user, also not those of root",
            spec.folder.display()
        )),
        _ => Problem::of_system(format!("the command could not be started: {error}"), error),
    };
    let (pipe, writer) = std::io::pipe().map_err(|error| explain(&error))?;
    let errors = writer.try_clone().map_err(|error| explain(&error))?;
    let mut command = Command::new("bash");
    command.args(["-euo", "pipefail", "--"]).arg(&spec.script).current_dir(&spec.folder);
    command.env_clear().envs(inherited.iter().cloned()).env("HOME", spec.own.join("home"));
    command.stdin(Stdio::null()).stdout(writer).stderr(errors).process_group(0);
    let shut_in = || {
        let rooms = rooms::enter(spec);
        if !rooms.tmp {
            command.env("TMPDIR", spec.own.join("tmp"));
        }
        let (sandbox, network) = sandbox::enter(spec, &rooms);
        unheld.extend(privileges::drop_all());
        let held = Held { sandbox, network, own_tmp: rooms.tmp, unheld };
        (held, command.envs(&spec.variables).spawn())
    };
    let joined = thread::scope(|scope| scope.spawn(shut_in).join());
    let (held, child) =
        joined.map_err(|_panic| Problem::failed("BUG: the thread that starts commands panicked"))?;
    let child = child.map_err(|error| explain(&error))?;
    let main = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let main = main.ok_or_else(|| Problem::failed("BUG: the command's process has no number"))?;
    Ok(Started { main, held, pipe })
}

/// Waits for the end, ends what is left, keeps the output. `None` when the daemon has gone away.
fn see_through(
    spec: &Arc<Spec>,
    started: Started,
    lifeline: impl BufRead + Send + 'static,
) -> Option<Report> {
    let Started { main, held, pipe } = started;
    let begun = Instant::now();
    let redactor = Redactor::new(spec.secrets.iter().cloned());
    let capture = Arc::new(Mutex::new(Capture::new(redactor, spec.output_bytes, spec.tail_bytes)));
    let (tell, events) = channel();
    let (drained, drain) = channel();
    let (teller, shared) = (tell.clone(), Arc::clone(&capture));
    let (counter, counted) = (tell.clone(), Arc::clone(spec));
    thread::spawn(move || watch(lifeline, &teller));
    thread::spawn(move || reap(main, &tell));
    // Nobody waits any more when all is over.
    let warden = getpid().as_raw_nonzero().get();
    thread::spawn(move || drop(counter.send(Event::Over(usage::watch(&counted, warden)))));
    thread::spawn(move || read(pipe, &shared, &drained));
    let how = first(&events, Duration::from_millis(spec.time_ms));
    let millis = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    // What takes too much is given no time to take more.
    let grace = if matches!(how, Some(How::Over(_))) { 0 } else { spec.grace_ms };
    let leftovers = end_all(&events, main, Duration::from_millis(grace));
    // Somebody else may hold the pipe's other end; what it would still print is not this command's.
    drain.recv_timeout(DRAIN).ok();
    let captured = capture.lock().unwrap_or_else(PoisonError::into_inner).finish();
    let kept = files::project(&spec.output, captured.file.as_bytes()).is_ok();
    // What was written too quickly to be met while it ran.
    let how = usage::too_large(spec).map_or(how?, How::Over);
    let leftovers = if matches!(how, How::TimedOut | How::Over(_)) { 0 } else { leftovers };
    let (tail, truncated) = (captured.tail, captured.truncated);
    let Held { sandbox, network, own_tmp, unheld } = held;
    Some(Report { how, millis, tail, truncated, kept, leftovers, sandbox, network, own_tmp, unheld })
}

/// How it ends, whichever comes first; `None` for the lifeline.
fn first(events: &Receiver<Event>, limit: Duration) -> Option<How> {
    match events.recv_timeout(limit) {
        Ok(Event::Main(how)) => Some(how),
        Ok(Event::Over(bound)) => Some(How::Over(bound)),
        Err(RecvTimeoutError::Timeout) => Some(How::TimedOut),
        Ok(Event::Lifeline | Event::Childless) | Err(RecvTimeoutError::Disconnected) => None,
    }
}

/// Ends every process that is left: TERM, then KILL after `grace`. How many there were at first.
fn end_all(events: &Receiver<Event>, main: Pid, grace: Duration) -> usize {
    if childless(events, SETTLE) {
        return 0;
    }
    let (warden, group) = (getpid().as_raw_nonzero().get(), main.as_raw_nonzero().get());
    let left = family::signal(warden, group, Signal::TERM);
    if childless(events, grace) {
        return left;
    }
    let last = Instant::now() + LAST;
    while Instant::now() < last {
        family::signal(warden, group, Signal::KILL);
        if childless(events, ROUND) {
            break;
        }
    }
    left
}

/// Whether the word that no process is left comes within `patience`.
fn childless(events: &Receiver<Event>, patience: Duration) -> bool {
    let until = Instant::now() + patience;
    loop {
        match events.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(Event::Childless) => return true,
            Ok(Event::Main(_) | Event::Lifeline | Event::Over(_)) => {}
            Err(_) => return false,
        }
    }
}

/// Reaps the script and every orphan that comes to the warden, until there is none.
fn reap(main: Pid, events: &Sender<Event>) {
    loop {
        let event = match wait(WaitOptions::empty()) {
            Ok(Some((process, status))) if process == main => Event::Main(how(status)),
            Ok(_) | Err(Errno::INTR) => continue,
            Err(_) => Event::Childless,
        };
        let last = matches!(event, Event::Childless);
        if events.send(event).is_err() || last {
            return;
        }
    }
}

fn how(status: WaitStatus) -> How {
    match status.terminating_signal() {
        Some(signal) => How::Signalled(signal),
        None => How::Exited(status.exit_status().unwrap_or_default()),
    }
}

/// Waits for the end of the daemon's pipe.
fn watch(mut lifeline: impl BufRead, events: &Sender<Event>) {
    let mut ignored = [0; 64];
    loop {
        match lifeline.read(&mut ignored) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Ok(1..) => {}
            Ok(0) | Err(_) => break,
        }
    }
    // Nobody waits any more when all is over.
    drop(events.send(Event::Lifeline));
}

/// Reads all output, so that no writer ever waits for a full pipe.
fn read(mut pipe: PipeReader, capture: &Mutex<Capture>, drained: &Sender<()>) {
    let mut block = vec![0; 64 * 1024];
    loop {
        match pipe.read(&mut block) {
            Ok(0) => break,
            Ok(read) => {
                let bytes = block.get(..read).unwrap_or_default();
                capture.lock().unwrap_or_else(PoisonError::into_inner).take(bytes);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    drained.send(()).ok();
}
