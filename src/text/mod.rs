//! Text in any language, read by code: blocks of a Markdown file, sentences, words, quantities, names, and what binds.
//! Pure: it reads no file, asks no clock, knows no SOP, and never judges what a text means.

pub mod blocks;
pub mod language;
mod lines;
pub mod modality;
pub mod names;
mod pattern;
pub mod quantities;
pub mod sentences;
pub mod title;
pub mod tokens;

pub use blocks::{Block, BlockKind, blocks};
pub use language::Language;
pub use quantities::{Convention, Quantity, quantities};
pub use sentences::{Sentence, sentences};

#[cfg(test)]
mod tests;
