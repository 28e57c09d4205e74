//! A step done by one HTTP request, as its SOP writes it (see `sop::request`). Nothing here retries or waits: an
//! [`HttpFault`] says whether waiting is worth it.

mod ready;
mod send;

pub use crate::sop::request::{Request, parse, shown};
pub use ready::{Ready, render};
pub use send::{HttpFault, HttpLimits, Response, client, send};
