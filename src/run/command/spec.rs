//! What the daemon and the warden say to each other, one JSON text per line. Both are always the same build, so these
//! forms are free to change; they are never stored.

use super::{How, Network, Sandbox};
use crate::base::problem::{Problem, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{BufRead, Read as _, Write};
use std::path::PathBuf;

/// Longest line either side takes, in bytes; a command's variables are at most 1 MiB, and JSON may write six bytes for one.
pub(super) const LONGEST_LINE: u64 = 16 * 1024 * 1024;

/// One command to be run. Holds secrets: it goes through a pipe, never onto a disk or a command line.
#[derive(Serialize, Deserialize)]
pub(super) struct Spec {
    pub(super) folder: PathBuf,
    pub(super) record: PathBuf,
    pub(super) script: PathBuf,
    pub(super) output: PathBuf,
    pub(super) variables: BTreeMap<String, String>,
    pub(super) secrets: Vec<String>,
    pub(super) writable: Vec<PathBuf>,
    pub(super) readable: Vec<PathBuf>,
    pub(super) hidden: Vec<PathBuf>,
    /// The folder that `limits.disk` counts.
    pub(super) whole: PathBuf,
    /// Folders of its own in place of those all programs share: `tmp`, `shm`, `run`, `home`.
    pub(super) own: PathBuf,
    /// The daemon's PATH; the warden puts it in.
    #[serde(skip)]
    pub(super) path: String,
    pub(super) network: bool,
    pub(super) bounds: Bounds,
    pub(super) time_ms: u64,
    pub(super) grace_ms: u64,
    pub(super) output_bytes: usize,
    pub(super) tail_bytes: usize,
}

/// What the script may use up beside time and output.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Bounds {
    pub(super) memory: u64,
    pub(super) processes: u64,
    pub(super) file: u64,
    pub(super) disk: u64,
}

/// What the warden says, in this order.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Word {
    /// The script runs; its process group.
    Started(i32),
    /// It has ended, and nothing of it is left.
    Ended(Report),
    /// It could not be started; why.
    Failed(Problem),
}

/// What became of the script.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Report {
    pub(super) how: How,
    pub(super) millis: u64,
    pub(super) tail: String,
    pub(super) truncated: bool,
    /// Whether the output file could be written.
    pub(super) kept: bool,
    pub(super) leftovers: usize,
    pub(super) sandbox: Sandbox,
    pub(super) network: Network,
    pub(super) own_tmp: bool,
    pub(super) unheld: Vec<String>,
}

/// Reads the spec; `None` when whoever started this has gone away before it had said what to do.
pub(super) fn listen(input: &mut impl BufRead) -> Result<Option<Spec>> {
    let mut line = Vec::new();
    let read = input.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line);
    read.map_err(|error| Problem::failed(format!("what to do could not be read: {error}")))?;
    if line.last() != Some(&b'\n') {
        return Ok(None);
    }
    let spec = serde_json::from_slice(&line);
    // The reason is left out: it could quote a secret.
    spec.map(Some)
        .map_err(|_reason| Problem::usage("this is no command for the warden; only the daemon calls it"))
}

/// Says one word. When the daemon is gone nobody listens, and the lifeline says so.
pub(super) fn say(output: &mut impl Write, word: &Word) {
    if let Ok(mut line) = serde_json::to_string(word) {
        line.push('\n');
        drop(output.write_all(line.as_bytes()).and_then(|()| output.flush()));
    }
}
