//! A step done by one HTTP request, as its SOP writes it (see `sop::request`). Nothing here retries or waits: an
//! [`HttpFault`] says whether waiting is worth it.

mod reach;
mod ready;
mod send;

pub use crate::sop::request::{Request, parse, shown};
pub use reach::Reach;
pub use ready::{Ready, render};
pub use send::{HttpFault, HttpLimits, Response, send};
