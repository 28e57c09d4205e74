//! What sopd can think without any model: plans, drafts, syntheses and verdicts made by code from the
//! agents' own knowledge and the requester's own words. Deterministic and pure; it never invents a rule, a
//! number or a name, and says what it could not know.

mod assignment;
mod choice;
mod clause;
mod contradiction;
pub mod draft;
mod figures;
mod from_prose;
mod from_topic;
mod matching;
mod names;
pub mod plan;
mod promises;
mod prose;
mod sentences;
#[cfg(test)]
mod testing;
mod titles;
mod verbs;
mod wish;
mod words;
