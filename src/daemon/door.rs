//! Whether the desk's port is really ours: the daemon writes down where it listens, or why it does not, so that whoever
//! has no port to ask (the command line, a service manager, a script) finds out all the same.

use super::lock;
use super::workspace::{PRIVATE_FOLDER, Workspace};
use crate::base::{files, problem::Result};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// What is known of the desk's port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Door {
    /// The process that wrote this down.
    process: u32,
    /// Where the settings want it to listen.
    pub wanted: String,
    /// Under which address it is reached, where it listens.
    pub address: Option<String>,
    /// Why it does not listen.
    pub shut: Option<String>,
}

fn file(root: &Path) -> PathBuf {
    root.join(PRIVATE_FOLDER).join("door.json")
}

impl Door {
    /// One that is open under `address`.
    pub fn open(wanted: &str, address: &str) -> Self {
        let address = Some(address.to_owned());
        Self { process: std::process::id(), wanted: wanted.to_owned(), address, shut: None }
    }

    /// One that is not.
    pub fn shut(wanted: &str, why: &str) -> Self {
        let shut = Some(why.to_owned());
        Self { process: std::process::id(), wanted: wanted.to_owned(), address: None, shut }
    }

    /// Writes it down for others.
    pub fn tell(&self, workspace: &Workspace) -> Result<()> {
        files::project(&file(&workspace.root), serde_json::to_string(self).unwrap_or_default().as_bytes())
    }

    /// What the daemon that drives the workspace now wrote down; `None` where nobody drives it or it serves nowhere.
    pub fn told(root: &Path) -> Option<Self> {
        let driver = lock::driver(root)?;
        let told: Self = serde_json::from_str(&std::fs::read_to_string(file(root)).ok()?).ok()?;
        (i64::from(driver.as_raw_nonzero().get()) == i64::from(told.process)).then_some(told)
    }
}

/// Says that nothing is served on purpose.
pub fn no_door(workspace: &Workspace) -> Result<()> {
    files::remove(&file(&workspace.root))
}

/// In words, that the daemon runs and yet nobody reaches it; `None` where it is reached, or not meant to be.
pub fn shut_out(root: &Path) -> Option<String> {
    let Door { wanted, shut, .. } = Door::told(root)?;
    let why = shut?;
    Some(format!(
        "nobody reaches the desk, the API or a webhook: {why} (wanted: {wanted}; it is tried again)"
    ))
}
