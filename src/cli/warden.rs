//! `sopd warden`: what the daemon starts for each command of a run. Not for people, so `--help` does not list it.

use super::trouble::Done;
use crate::run::command::guard;
use std::io::BufReader;

/// The variables a command has from the daemon's environment; all others it is given by its run.
const INHERITED: [&str; 4] = ["PATH", "LANG", "LC_ALL", "TZ"];

pub(super) fn run() -> Done {
    let value = |name: &str| std::env::var(name).ok().map(|value| (name.to_owned(), value));
    let inherited: Vec<_> = INHERITED.into_iter().filter_map(value).collect();
    guard(BufReader::new(std::io::stdin()), &mut std::io::stdout(), &inherited)?;
    Ok(())
}
