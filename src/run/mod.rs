//! A run: one execution of an active SOP version, under control. `workflow.rs` is the story; each activity and
//! child it asks for has a file of its own, named after it.

pub mod command;
pub mod http;
