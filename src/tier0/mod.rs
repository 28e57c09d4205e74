//! What sopd can think without any model: plans, drafts, syntheses and verdicts made by code from the
//! agents' own knowledge and the requester's own words. Deterministic and pure; it never invents a rule, a
//! number or a name, and says what it could not know.

mod clause;
mod contradiction;
mod figures;
mod prose;
mod sentences;
mod verbs;
mod wish;
mod words;
