//! What the benches share: a throw-away workspace, a daemon in a process of its own, and what the system says of it.
#![expect(dead_code, reason = "each bench takes what it needs")]

use sopd::base::{Clock, files};
use sopd::daemon::{Workspace, init, submit};
use sopd::decision;
use sopd::journal::Access;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Ticks of a second in which the system counts a process's time.
const TICKS: f64 = 100.0;

/// A fresh workspace on the disk the build uses, with these further settings.
pub(crate) fn workspace(settings: &str) -> (tempfile::TempDir, Workspace) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    init(folder.path(), &Clock::System).unwrap();
    let path = folder.path().join("sopd.yaml");
    let before = std::fs::read_to_string(&path).unwrap();
    files::write(&path, format!("{before}\n{settings}").as_bytes(), files::Existing::Replace).unwrap();
    let workspace = open(folder.path());
    (folder, workspace)
}

/// The workspace as any other process sees it.
pub(crate) fn open(root: &Path) -> Workspace {
    Workspace::open(root, Access::Guest, Clock::System).unwrap()
}

/// Hands in mission texts; their ids.
pub(crate) fn hand_in(workspace: &Workspace, texts: &[String]) -> Vec<String> {
    let snapshot = workspace.snapshot().unwrap();
    let one =
        |text: &String| submit(workspace, &snapshot, ("mission.md", text), false, false).unwrap().mission;
    texts.iter().map(one).collect()
}

/// How many decisions wait for a person.
pub(crate) fn waiting(workspace: &Workspace) -> u32 {
    workspace.journal.read(decision::waiting).unwrap()
}

/// The daemon as people start it: `sopd up`, a process of its own, ended with the value.
pub(crate) struct Daemon(Child);

impl Daemon {
    pub(crate) fn start(root: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sopd"));
        command.args(["up", "--workspace"]).arg(root).env("SOPD_LOG", "warn").stdin(Stdio::null());
        let child = command.stdout(Stdio::null()).spawn().unwrap();
        Self(child)
    }

    /// Started, and the workspace is held by it.
    pub(crate) fn ready(root: &Path) -> Self {
        let daemon = Self::start(root);
        let mine = format!("process {} ", daemon.0.id());
        let held =
            || std::fs::read_to_string(root.join(".sopd/lock")).is_ok_and(|text| text.starts_with(&mine));
        wait_for(held);
        // Its last acts of starting are watching the folder and a first look; they take a few milliseconds.
        std::thread::sleep(Duration::from_millis(700));
        daemon
    }

    /// Milliseconds of processor time so far.
    pub(crate) fn cpu_ms(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0.id())).unwrap_or_default();
        let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let fields: Vec<f64> =
            after_name.split_whitespace().map(|word| word.parse().unwrap_or(0.0)).collect();
        match fields.get(11..13) {
            Some([user, system]) => (user + system) * 1_000.0 / TICKS,
            _ => f64::NAN,
        }
    }

    /// How often its threads were put on a processor because something woke them.
    pub(crate) fn switches(&self) -> f64 {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.0.id())).unwrap().flatten();
        let one = |thread: std::fs::DirEntry| {
            let status = std::fs::read_to_string(thread.path().join("status")).unwrap_or_default();
            let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
            line.and_then(|count| count.trim().parse::<f64>().ok()).unwrap_or(0.0)
        };
        threads.map(one).sum()
    }

    /// Resident memory now and at its highest, MB.
    pub(crate) fn memory(&self) -> (f64, f64) {
        memory_of(&self.0.id().to_string())
    }

    /// Kill -9.
    pub(crate) fn kill(mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }

    /// Whether it still runs.
    pub(crate) fn runs(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Resident memory of a process now and at its highest, MB.
pub(crate) fn memory_of(process: &str) -> (f64, f64) {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = |name: &str| {
        let value = status.lines().find_map(|line| line.strip_prefix(name));
        value.and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or(f64::NAN)
    };
    (line("VmRSS:") / 1024.0, line("VmHWM:") / 1024.0)
}

/// Looks every millisecond until it holds; how long that took.
pub(crate) fn wait_for(mut holds: impl FnMut() -> bool) -> Duration {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_mins(10), "it never came");
        std::thread::sleep(Duration::from_millis(1));
    }
    start.elapsed()
}

/// The figure in the middle.
pub(crate) fn middle(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Milliseconds.
pub(crate) fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

/// The cost of one sync to the disk the workspaces are on, milliseconds: what every commit pays at least.
pub(crate) fn sync_ms() -> f64 {
    use std::io::Write as _;
    let mut file = tempfile::tempfile_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let one = |_| {
        let start = Instant::now();
        file.write_all(&[7; 4096]).unwrap();
        file.sync_data().unwrap();
        ms(start.elapsed())
    };
    middle((0..101).map(one).collect())
}
