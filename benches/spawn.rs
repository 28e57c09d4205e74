//! What the warden costs: the same script as a command step and as a bare child process, by turns, in one run.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints its table and may fail")]

mod common;

use common::{middle, ms};
use sopd::run::command::{Command, How, Limits, Sandbox, run};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

const ROUNDS: usize = 200;
const SCRIPT: &str = "echo done";

async fn bare(folder: &Path) -> f64 {
    let start = Instant::now();
    let mut command = tokio::process::Command::new("bash");
    command.args(["-euo", "pipefail", "-c", SCRIPT]).current_dir(folder).stdin(Stdio::null());
    let output = command.output().await.unwrap();
    assert!(output.status.success() && output.stdout == b"done\n");
    ms(start.elapsed())
}

async fn step(folder: &Path, hidden: bool) -> (f64, Sandbox) {
    let start = Instant::now();
    let command = Command {
        folder: folder.join("work"),
        record: folder.join("record"),
        script: SCRIPT.to_owned(),
        env: BTreeMap::new(),
        limits: Limits::default(),
        writable: Vec::new(),
        readable: Vec::new(),
        whole: folder.to_path_buf(),
        network: false,
        hidden: if hidden { vec![folder.join("hidden")] } else { Vec::new() },
        secrets: Vec::new(),
    };
    let ended = run(Path::new(env!("CARGO_BIN_EXE_sopd")), command).await.unwrap();
    assert!(ended.how == How::Exited(0) && ended.tail == "done\n");
    (ms(start.elapsed()), ended.sandbox)
}

fn row(name: &str, figures: &[f64]) {
    let least = figures.iter().copied().fold(f64::INFINITY, f64::min);
    let most = figures.iter().copied().fold(0.0, f64::max);
    println!("{name:<44} {least:>9.2} {:>9.2} {most:>9.2}", middle(figures.to_vec()));
}

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    for name in ["work", "hidden"] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
    }
    let (mut bares, mut steps, mut hiding) = (Vec::new(), Vec::new(), Vec::new());
    let mut sandbox = Sandbox::None(String::new());
    for _ in 0..ROUNDS {
        bares.push(bare(folder.path()).await);
        let (took, kept) = step(folder.path(), false).await;
        steps.push(took);
        sandbox = kept;
        hiding.push(step(folder.path(), true).await.0);
    }
    println!("`{SCRIPT}`, {ROUNDS} times each by turns, {sandbox:?}");
    println!("{:<44} {:>9} {:>9} {:>9}", "milliseconds", "least", "median", "most");
    row("bare child process", &bares);
    row("command step under its warden", &steps);
    row("the same, with a folder it must not read", &hiding);
    println!("{:<44} {:>19.2}", "overhead of a step, median", middle(hiding) - middle(bares));
}
