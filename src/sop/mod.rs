//! The SOP as a document: identity, parts, reading, writing, checking, comparing. No I/O, no clock.

pub mod document;
pub mod id;

pub use document::{Body, Head, Input, InputKind, Section, Sop, Step};
pub use id::{SopId, Version};
