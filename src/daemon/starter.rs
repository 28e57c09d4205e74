//! What `sopd init` writes: settings, the starter roster, prompts, example missions. The repository's own folders
//! are the originals.

use super::lock::Lock;
use super::workspace::Workspace;
use crate::agent::ShippedPrompts;
use crate::base::{Clock, files, problem::Result};
use crate::journal::Access;
use rust_embed::RustEmbed;
use std::path::Path;

#[derive(RustEmbed)]
#[folder = "agents"]
#[include = "*.md"]
struct Agents;

#[derive(RustEmbed)]
#[folder = "missions/examples"]
#[include = "*.md"]
struct Examples;

#[derive(RustEmbed)]
#[folder = "sops"]
#[include = "TEMPLATE.md"]
#[include = "examples/*.md"]
struct Templates;

/// What `init` did.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Written {
    /// Files that were written, relative to the folder.
    pub written: Vec<String>,
    /// Files that were there already and were left alone.
    pub kept: Vec<String>,
}

/// Makes `root` a workspace. A file that exists is never touched, so it can be run again.
pub fn init(root: &Path, clock: &Clock) -> Result<Written> {
    std::fs::create_dir_all(root).map_err(|error| files::explain(root, &error))?;
    let mut done = Written::default();
    put(root, "sopd.yaml", include_bytes!("../../sopd.yaml"), &mut done)?;
    put_all::<Agents>(root, "agents", &mut done)?;
    put_all::<ShippedPrompts>(root, "prompts", &mut done)?;
    put_all::<Examples>(root, "missions/examples", &mut done)?;
    put_all::<Templates>(root, "sops", &mut done)?;
    // Holding the lock: only its holder may create or upgrade a journal.
    if !root.join(".sopd/journal.db").exists() {
        let _lock = Lock::take(root, clock)?;
        drop(Workspace::open(root, Access::Holder, clock.clone())?);
    }
    Ok(done)
}

fn put_all<T: RustEmbed>(root: &Path, folder: &str, done: &mut Written) -> Result<()> {
    for name in T::iter() {
        if let Some(file) = T::get(&name) {
            put(root, &format!("{folder}/{name}"), &file.data, done)?;
        }
    }
    Ok(())
}

fn put(root: &Path, name: &str, bytes: &[u8], done: &mut Written) -> Result<()> {
    let path = root.join(name);
    if path.exists() {
        done.kept.push(name.to_owned());
        return Ok(());
    }
    files::write(&path, bytes, files::Existing::Keep)?;
    done.written.push(name.to_owned());
    Ok(())
}
