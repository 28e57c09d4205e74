//! Reads English: words and their forms, sentences, figures, and who does what in a clause. Nothing here knows what a
//! mission, an agent or an SOP is.

pub(super) mod clause;
pub(super) mod figures;
pub(super) mod pieces;
pub(super) mod predicate;
pub(super) mod reading;
pub(super) mod sentences;
pub(super) mod small_words;
pub(super) mod verbs;
pub(super) mod words;
