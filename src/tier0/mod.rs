//! What sopd can think without any model: plans, drafts, syntheses and verdicts made by code from the
//! agents' own knowledge and the requester's own words. Deterministic and pure; it never invents a rule, a
//! number or a name, and says what it could not know.

mod around;
pub mod assemble;
mod assignment;
mod choice;
mod clause;
mod comments;
mod contradiction;
pub mod council;
pub mod draft;
mod fates;
mod figures;
mod from_prose;
mod from_topic;
pub mod grade;
mod judge;
mod marks;
mod matching;
mod material;
mod merge;
mod names;
pub mod perform;
mod pieces;
pub mod plan;
mod plan_head;
mod predicate;
mod promises;
mod prose;
mod repairs;
pub mod review;
pub mod scenarios;
pub mod scrutiny;
mod sentences;
mod sound;
mod steps;
pub mod synthesise;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod titles;
mod told;
mod verbs;
mod verdicts;
pub mod walk;
mod weave;
mod wish;
mod words;

pub use judge::for_you_to_judge;
