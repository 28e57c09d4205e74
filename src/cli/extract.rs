//! `sopd extract NAME`: what sopd starts, shut in, to read one document from standard input. Not for people, so `--help` does
//! not list it.

use super::print;
use super::trouble::Done;
use crate::base::Problem;
use crate::source::{self, MAX_SOURCE_BYTES};
use std::io::Read as _;

pub(super) fn run(name: &str) -> Done {
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().take(MAX_SOURCE_BYTES).read_to_end(&mut bytes);
    read.map_err(|error| Problem::failed(format!("the document cannot be read: {error}")))?;
    let outcome = source::text(name, &bytes);
    let line = serde_json::to_string(&outcome)
        .map_err(|error| Problem::failed(format!("BUG: a text is not JSON: {error}")))?;
    print::line(&format!("\n{line}"))
}
