//! Who comes and who goes: an agent's file and everything that must name it, or may not any more, changed together and
//! only where the whole then reads.

mod join;
mod leave;
mod mend;

pub use join::{Joined, Newcomer, Say, join};
pub use leave::{Leaving, leave, leaving};

use crate::base::{files, problem::Result};
use crate::daemon::Workspace;

/// A file with its new text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mended {
    /// Relative to the workspace.
    pub path: String,
    /// What it will hold.
    pub text: String,
    /// Numbers of the lines that change, and what they hold then.
    pub lines: Vec<(usize, String)>,
}

/// Largest file that is looked at.
const MOST: u64 = 1024 * 1024;

fn text(workspace: &Workspace, path: &str) -> Result<String> {
    files::read_shown(&workspace.root.join(path), MOST)
}

fn write(workspace: &Workspace, mended: &[Mended]) -> Result<()> {
    mended.iter().try_for_each(|one| {
        files::write(&workspace.root.join(&one.path), one.text.as_bytes(), files::Existing::Replace)
    })
}
