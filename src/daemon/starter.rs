//! What `sopd init` writes: settings, the starter roster, prompts, example missions. The repository's own folders
//! are the originals, and those of a kit.

use super::kits::Kit;
use super::lock::Lock;
use super::workspace::{SETTINGS_FILE, Workspace};
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

/// The settings as they are shipped.
const SHIPPED: &str = include_str!("../../sopd.yaml");

/// What `init` did.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Written {
    /// The kind of company.
    pub kit: String,
    /// Files that were written, relative to the folder.
    pub written: Vec<String>,
    /// Files that were there already and were left alone.
    pub kept: Vec<String>,
}

/// [`init_kit`] without a wish.
///
/// # Errors
/// Of the disk.
pub fn init(root: &Path, clock: &Clock) -> Result<Written> {
    init_kit(root, None, clock)
}

/// Makes `root` a workspace of a company of the kind `kit` (see [`super::KITS`]). A file that exists is never touched, so
/// it can be run again.
///
/// # Errors
/// A kit nobody knows, or another than the workspace began as; of the disk.
pub fn init_kit(root: &Path, kit: Option<&str>, clock: &Clock) -> Result<Written> {
    let kit = Kit::of(root, kit)?;
    std::fs::create_dir_all(root).map_err(|error| files::explain(root, &error))?;
    let mut done = Written { kit: kit.name().to_owned(), ..Written::default() };
    if kit.is_usual() {
        put(root, SETTINGS_FILE, SHIPPED.as_bytes(), &mut done)?;
        put_all::<Agents>(root, "agents", &mut done)?;
        put_all::<Examples>(root, "missions/examples", &mut done)?;
        put_all::<Templates>(root, "sops", &mut done)?;
    } else {
        put(root, SETTINGS_FILE, kit.settings(SHIPPED).as_bytes(), &mut done)?;
        for (name, bytes) in kit.files() {
            put(root, &name, &bytes, &mut done)?;
        }
        // The example SOPs are of the usual kit's company.
        if let Some(template) = Templates::get("TEMPLATE.md") {
            put(root, "sops/TEMPLATE.md", &template.data, &mut done)?;
        }
    }
    put_all::<ShippedPrompts>(root, "prompts", &mut done)?;
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
