//! Sources: the documents a mission rests on. Which forms are read, what text is in each, by the line, and which passages of
//! it speak of something. Pure: whoever calls brings the bytes, and shuts the readers of foreign forms in.

mod form;
mod passages;
mod text;

pub use form::Form;
pub use passages::{contents, passages, whole};
pub use text::{MAX_TEXT_BYTES, text};

use crate::base::Digest;
use serde::{Deserialize, Serialize};

/// Most sources of one mission: more is an archive, and nobody reads it.
pub const MOST_SOURCES: usize = 20;
/// Largest file, in bytes, that is taken as a source.
pub const MAX_SOURCE_BYTES: u64 = 10 * 1024 * 1024;
/// Most bytes of text of all binding sources of a mission together: each line of it is answered for, and goes to whoever writes.
pub const MAX_BINDING_BYTES: usize = 128 * 1024;

/// A source that was read, before it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// The name of its file, without its folder.
    pub name: String,
    /// Its bytes, as they came.
    pub bytes: Vec<u8>,
    /// Its text, in Markdown.
    pub text: String,
    /// Whether what it says must be in the SOP, as what the mission says; otherwise it is context and evidence.
    pub binding: bool,
}

/// A source as it is named on record: enough to find its text again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Its number in the mission, from 1: line 14 of source 2 is `S2:14`.
    pub number: u32,
    /// The name of its file.
    pub name: String,
    /// See [`Read::binding`].
    pub binding: bool,
    /// How many lines its text has.
    pub lines: u32,
    /// Hash of its text, which is a file of the dossier.
    pub text: Digest,
}

impl Listed {
    /// `S2`.
    pub fn id(&self) -> String {
        format!("S{}", self.number)
    }
}

/// A source as somebody who thinks is shown it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Which it is.
    pub source: Listed,
    /// `S2`, as it is cited.
    pub id: String,
    /// Its headings with their lines, `14: Refunds`.
    pub contents: Vec<String>,
    /// What is shown of its text; none where only its contents are.
    pub passages: Vec<Passage>,
}

impl Shown {
    /// `source` with these passages of its `text`.
    pub fn of(source: &Listed, text: &str, passages: Vec<Passage>) -> Self {
        Self { id: source.id(), contents: contents(text), source: source.clone(), passages }
    }

    /// Its whole text, where it is binding and therefore shown as a whole.
    pub fn binding_text(&self) -> Option<&str> {
        let Self { source, passages, .. } = self;
        passages.first().filter(|_| source.binding).map(|passage| passage.text.as_str())
    }
}

/// Some lines of a source that follow each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passage {
    /// The number of the first, from 1.
    pub first: u32,
    /// The lines.
    pub text: String,
}
