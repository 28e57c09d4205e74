//! Reads what a requester told, in their own words, into the parts of a procedure.

pub(super) mod contradiction;
pub(super) mod marks;
pub(super) mod material;
pub(super) mod measure;
pub(super) mod prose;
pub(super) mod sound;
pub(super) mod titles;
pub(super) mod wish;
