//! Finds which agents, and which topics of theirs, a mission or an assignment is about.

pub(super) mod assignment;
pub(super) mod choice;
pub(super) mod matching;
pub(super) mod names;
