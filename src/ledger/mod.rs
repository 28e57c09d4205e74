//! The ledger of a mission: every statement people made, and what became of it in the text that is to be signed.
//!
//! What was asked is cut into statements by code, in any language, and each has an id that says where it stands. A
//! statement binds where losing it would change what is asked: a number, a sum, a time, a name, a must or a must not.
//! The ledger compares what each holds with the text; it never judges what a sentence means. What it cannot tell, it
//! says that nobody has told. Pure: the same statements and the same text give the same ledger.

mod coverage;
mod statements;
mod told;
mod unfounded;

pub use coverage::{Coverage, Entry, Fate, asks, besides_releases, body, coverage, released_ids};
pub use statements::{Said, Source, Statement, statements};
pub use told::NOT_SEEN;
pub use unfounded::{Figure, unfounded};

#[cfg(test)]
mod tests;
