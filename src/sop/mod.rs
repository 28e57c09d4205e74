//! The SOP as a document: identity, parts, reading, writing, checking, comparing. No I/O, no clock.

pub mod document;
pub mod expression;
pub mod id;
pub mod outline;
pub mod parse;
pub mod render;
#[cfg(test)]
mod sample;
pub mod step_keys;
pub mod words;

pub use document::{Body, Head, Input, InputKind, Section, Sop, Step};
pub use id::{SopId, Version};
pub use parse::parse;
pub use render::render;
