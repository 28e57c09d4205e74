//! The only doors to time, disk and YAML, and the few small words every layer shares.
//! Nothing in here knows what a mission or an SOP is.

pub mod clock;
pub mod digest;
pub mod exact;
pub mod fault;
pub mod files;
pub mod json;
pub mod markdown;
pub mod money;
pub mod problem;
pub mod span;
pub mod text;
pub mod trace;
pub mod trouble;
pub mod yaml;

pub use clock::{Clock, Instant};
pub use digest::Digest;
pub use exact::{Exact, Exacts};
pub use money::MicroUsd;
pub use problem::{Kind, Place, Problem};
pub use span::Span;
pub use trouble::Trouble;
