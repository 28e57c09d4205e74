//! What comes with a mission: its sources, and the document its text was read from. Each is a file of the dossier, with its
//! bytes and with its text, and is named in the fact that the mission was received.

use super::records::{artifacts, keep, keep_bytes};
use crate::base::Digest;
use crate::base::problem::{Problem, Result};
use crate::base::text::slug;
use crate::journal::{Failure, FailureClass, Journal, Tx};
use crate::source::{Listed, Read};
use rusqlite::Connection;

/// Where a dossier keeps its sources.
pub const SOURCES: &str = "sources/";

/// A document that is no text: the name of its file, and its bytes.
pub type Original = (String, Vec<u8>);

/// What comes with a mission besides its text.
#[derive(Clone, Debug, Default)]
pub struct Brought {
    /// Its sources, in order.
    pub sources: Vec<Read>,
    /// The document its text was read from, where that is no text itself.
    pub original: Option<Original>,
}

impl Brought {
    /// Whether the mission `id` came with just these sources.
    pub(super) fn is_of(&self, db: &Connection, id: &str) -> Result<bool> {
        let named = artifacts(db, id)?.into_iter().map(|artifact| artifact.name);
        let there: Vec<String> = named.filter(|name| name.starts_with(SOURCES)).collect();
        let mut mine: Vec<String> = Vec::new();
        for (read, number) in self.sources.iter().zip(1..) {
            mine.push(source_file(number, &read.name, &read.bytes));
            mine.push(text_file(number));
        }
        mine.sort();
        Ok(there == mine)
    }
}

/// The file of the dossier with the bytes of source `number`: its name holds what is in it, so that another version of the
/// same document is another file.
pub fn source_file(number: u32, name: &str, bytes: &[u8]) -> String {
    const LONGEST: usize = 48;
    let (stem, end) = name.rsplit_once('.').unwrap_or((name, "txt"));
    let hash = Digest::of(bytes);
    let short = hash.short();
    format!("{SOURCES}{number}-{}-{short}.{}", slug(stem, LONGEST), slug(end, 8))
}

/// The file of the dossier with the bytes of the document the mission's text was read from.
pub fn original_file(name: &str) -> String {
    let end = name.rsplit_once('.').map_or("txt", |(_, end)| end);
    format!("mission.{}", slug(end, 8))
}

/// The file of the dossier with the text of source `number`, whose lines are cited.
fn text_file(number: u32) -> String {
    format!("{SOURCES}S{number}.md")
}

/// Keeps all of it in the dossier.
pub(super) fn keep_brought(tx: &Tx<'_>, mission: &str, brought: &Brought) -> Result<Vec<Listed>> {
    if let Some((name, bytes)) = &brought.original {
        keep_bytes(tx, mission, &original_file(name), bytes)?;
    }
    let mut listed = Vec::new();
    for (Read { name, bytes, text, binding }, number) in brought.sources.iter().zip(1..) {
        keep_bytes(tx, mission, &source_file(number, name, bytes), bytes)?;
        let hash = keep(tx, mission, &text_file(number), text)?;
        let lines = u32::try_from(text.lines().count()).unwrap_or(u32::MAX);
        listed.push(Listed { number, name: name.clone(), binding: *binding, lines, text: hash });
    }
    Ok(listed)
}

/// The sources of a mission once more, for another that rests on them too.
pub(super) fn again(journal: &Journal, mission: &str, listed: &[Listed]) -> Result<Vec<Read>, Failure> {
    let kept = journal.read(|db| artifacts(db, mission))?;
    let mut all = Vec::new();
    for source in listed {
        let begins = format!("{SOURCES}{}-", source.number);
        let file = kept.iter().find(|artifact| artifact.name.starts_with(&begins));
        let bytes = file.map(|file| journal.blob(&file.hash)).transpose()?.flatten();
        let text = text_of(journal, source)?;
        let bytes = bytes.unwrap_or_else(|| text.clone().into_bytes());
        all.push(Read { name: source.name.clone(), bytes, text, binding: source.binding });
    }
    Ok(all)
}

/// The text of a source, as it is on record.
pub(super) fn text_of(journal: &Journal, source: &Listed) -> Result<String, Failure> {
    let bytes = journal.blob(&source.text)?;
    let bytes = bytes.ok_or_else(|| {
        let reason = format!("the text of {} ({}) was erased", source.id(), source.name);
        Failure::new(FailureClass::Content, reason)
    })?;
    String::from_utf8(bytes)
        .map_err(|_broken| Failure::from(Problem::store(format!("the text of {} is not text", source.id()))))
}
