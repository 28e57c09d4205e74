//! What sopd can think without any model: plans, drafts, syntheses and verdicts made by code from the
//! agents' own knowledge and the requester's own words. Deterministic and pure; it never invents a rule, a
//! number or a name, and says what it could not know.
//!
//! Three rooms read, each using only those before it: `english` a sentence, `request` a requester's prose, `knowledge`
//! what the roster knows about it. The files beside them each play one role, the larger ones with a room of their own:
//! [`plan`], [`draft`], [`synthesise`], [`council`], [`scrutiny`], the user test ([`scenarios`], [`walk`], [`grade`]),
//! [`perform`] and [`review`]. `promises` writes the assertions of a plan and reads back the check behind each, and
//! `verdicts` runs those checks.

mod adoption;
pub mod council;
pub mod draft;
mod english;
pub mod grade;
mod judge;
mod knowledge;
pub mod perform;
pub mod plan;
mod promises;
mod request;
pub mod review;
pub mod scenarios;
pub mod scrutiny;
pub mod synthesise;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod values;
mod verdicts;
pub mod walk;

pub use adoption::{Adoption, adoption};
pub use judge::for_you_to_judge;
