//! What a requester told, read by its structure alone and kept word for word, in any language: headings say what a text
//! is, lists and tables are steps, and of sentences without structure the requester says which are. It never turns,
//! joins or reorders a line.

pub(super) mod adopted;
pub(super) mod answers;
pub(super) mod material;
pub(super) mod read;
pub(super) mod who;
