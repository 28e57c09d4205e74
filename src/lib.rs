//! sopd turns a mission file into a reviewed, human-approved, versioned SOP.

pub mod agent;
pub mod base;
pub mod brief;
pub mod contract;
pub mod daemon;
pub mod decision;
pub mod draft;
pub mod governance;
pub mod journal;
pub mod mission;
pub mod registry;
pub mod roles;
pub mod roster;
pub mod settings;
pub mod sop;
pub mod tier0;
