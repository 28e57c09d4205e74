//! The SOP as a document. No I/O, no clock.
//!
//! - what it is: `document`, `id`, `step_keys`, `input_type`, `trigger`, `template`;
//! - its one form: `parse`, `render`, `outline` (blocks of Markdown), `fences`, `references`; `headings` and `plain`
//!   (text from elsewhere made to fit in); `input_value` and `expression` for what a run puts into it;
//! - other forms: `import`, `export`, `constraints`;
//! - what its steps ask: `work` (what is to be done), `request` (one over HTTP), `output` (values of which form);
//! - looking at it: `lint`, `blocks` and `network` (what may be meant otherwise), and for its sentences `prose`, `words`,
//!   `tokens`, `measure` (amounts), `phrases` (who does what);
//! - holding it against another: `diff`, `facts` and `conflict`.

pub mod blocks;
pub mod conflict;
pub mod constraints;
pub mod diff;
pub mod document;
pub mod export;
pub mod expression;
pub mod facts;
pub mod fences;
pub mod headings;
pub mod id;
pub mod import;
pub mod input_type;
pub mod input_value;
pub mod lint;
pub mod measure;
pub mod network;
pub mod outline;
pub mod output;
pub mod parse;
mod phrases;
pub mod plain;
pub mod prose;
pub mod references;
pub mod render;
pub mod request;
#[cfg(test)]
pub(crate) mod sample;
pub mod step_keys;
pub mod template;
pub mod tokens;
pub mod trigger;
pub mod words;
pub mod work;

pub use document::{Body, Head, Input, InputKind, Section, Sop, Step};
pub use id::{SopId, Version};
pub use parse::parse;
pub use render::render;
