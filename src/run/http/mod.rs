//! A step done by one HTTP request, written in the SOP as a fenced `http` block.
//!
//! ```text
//! POST https://crm.example/leads/{{ inputs.lead_id }}/calls?notify=yes HTTP/1.1
//! Content-Type: application/json
//! Authorization: Bearer {{ secrets.CRM_TOKEN }}
//! Expect-Status: 200-204, 409
//!
//! { "source": "{{ inputs.source }}", "employees": {{ inputs.employees }} }
//! ```
//! The version at the end of the first line is optional and not used. `Expect-Status` is no header of the request: it
//! lists the statuses that are success, 200-299 when it is missing. What a placeholder may be and how it is written:
//! see [`parse`]. Nothing here retries or waits: a [`HttpFault`] says whether waiting is worth it.

mod request;
mod send;
mod template;

pub use request::{Ready, Request, parse, render, shown};
pub use send::{HttpFault, HttpLimits, Response, client, send};
