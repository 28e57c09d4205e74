//! What every verb starts from: the workspace meant, the person at the keyboard, the clock.

use crate::base::{Clock, Problem, files, problem::Result};
use crate::daemon::{Workspace, absolute};
use crate::front::{self, Actor};
use crate::journal::Access;
use std::path::PathBuf;

/// The options that hold for every verb.
#[derive(Debug)]
pub(super) struct Desk {
    workspace: Option<PathBuf>,
    /// Print JSON.
    pub(super) json: bool,
    /// The time.
    pub(super) clock: Clock,
}

impl Desk {
    pub(super) fn new(workspace: Option<PathBuf>, json: bool) -> Self {
        Self { workspace, json, clock: Clock::System }
    }

    /// The folder named with `--workspace`.
    pub(super) fn named(&self) -> Option<&PathBuf> {
        self.workspace.as_ref()
    }

    /// This desk at another workspace.
    pub(super) fn at(&self, workspace: PathBuf) -> Self {
        Self { workspace: Some(workspace), json: self.json, clock: self.clock.clone() }
    }

    /// The workspace's folder: the named one, else the nearest upwards.
    pub(super) fn root(&self) -> Result<PathBuf> {
        match &self.workspace {
            Some(folder) if folder.join("sopd.yaml").is_file() => absolute(folder),
            Some(folder) => Err(Problem::not_found(format!(
                "{} is not a workspace: it has no sopd.yaml",
                folder.display()
            ))
            .hint(format!("make it one with `{} init {}`", program(), folder.display()))),
            None => Workspace::find(&current_folder()?),
        }
    }

    /// Opens the workspace for reading and appending; a daemon may drive it at the same time.
    pub(super) fn open(&self) -> Result<Workspace> {
        Workspace::open(&self.root()?, Access::Guest, self.clock.clone())
    }

    /// How a command line for this workspace begins, as the person can type it.
    pub(super) fn command(&self) -> String {
        match &self.workspace {
            None => program(),
            Some(folder) => format!("{} -w {}", program(), quoted(&folder.to_string_lossy())),
        }
    }

    /// Refuses a party nobody knows, with the names that would do. Whether a known party may act is not decided here.
    pub(super) fn check_party(&self, workspace: &Workspace, party: &str, asked_of: &[String]) -> Result<()> {
        front::check_party(&self.command(), workspace, party, asked_of)
    }

    /// `party`, as the person at the keyboard acts for it.
    pub(super) fn actor(party: String) -> Actor {
        Actor { by: party, os_user: os_user() }
    }
}

/// The folder the person is in.
pub(super) fn current_folder() -> Result<PathBuf> {
    std::env::current_dir().map_err(|error| files::explain(&PathBuf::from("."), &error))
}

/// The program as it was called, so that what we print can be typed.
pub(super) fn program() -> String {
    std::env::args().next().filter(|name| name.contains('/')).unwrap_or_else(|| "sopd".to_owned())
}

/// `text` as one word of a shell.
pub(super) fn quoted(text: &str) -> String {
    let tame = |letter: char| letter.is_alphanumeric() || "-_./=:@".contains(letter);
    if !text.is_empty() && text.chars().all(tame) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

/// The operating-system user at the keyboard: its name where the system's own list has it, and always its number.
pub(super) fn os_user() -> String {
    let number = rustix::process::getuid().as_raw();
    let list = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let named = list.lines().find_map(|line| {
        let mut parts = line.split(':');
        let name = parts.next()?;
        (parts.nth(1)?.parse() == Ok(number)).then(|| name.to_owned())
    });
    match named.or_else(|| std::env::var("USER").ok()).filter(|name| !name.is_empty()) {
        Some(name) => format!("{name} (uid {number})"),
        None => format!("uid {number}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_command_survives_a_shell() {
        assert_eq!(quoted("w/demo-1"), "w/demo-1");
        assert_eq!(quoted("my work"), "'my work'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
    }
}
