//! sopd turns a mission file into a reviewed, human-approved, versioned SOP.

pub mod base;
pub mod brief;
pub mod contract;
pub mod draft;
pub mod journal;
pub mod roles;
pub mod roster;
pub mod settings;
pub mod sop;
