//! Requests ready to be sent: those of SOPs, those of an agent's tool, and those of ours.

use crate::journal::Redactor;
use crate::sop::expression::Scope;
use crate::sop::request::{self, Filled, Request};
use reqwest::{Method, Url};
use std::collections::BTreeMap;

/// A request ready to be sent. It has no `Debug`: it may hold secrets.
pub struct Ready {
    pub(super) filled: Filled,
    pub(super) redactor: Redactor,
}

/// Fills a request in with the values of `scope` and the `secrets` the step names.
///
/// # Errors
/// In words which placeholder cannot be filled, and why; never a secret's value.
pub fn render(request: &Request, scope: &Scope, secrets: &BTreeMap<String, String>) -> Result<Ready, String> {
    let filled = request::fill(request, scope, secrets)?;
    Ok(Ready { filled, redactor: Redactor::new(secrets.values().cloned()) })
}

impl Ready {
    /// Reads `address`, and sends nothing with it.
    pub fn reading(address: Url) -> Self {
        let filled = Filled {
            method: Method::GET,
            address,
            headers: Vec::new(),
            body: None,
            expected: vec![200..=299],
        };
        Self { filled, redactor: Redactor::new(std::iter::empty()) }
    }

    /// A request with a JSON body that comes from no SOP: its address, headers and body are ours. `secrets` are cleaned
    /// from what is told about it; any status of success is expected. `None` for an address that is none.
    pub fn of_ours(
        address: &str,
        headers: Vec<(String, String)>,
        body: String,
        secrets: &[&str],
    ) -> Option<Self> {
        let address =
            Url::parse(address).ok().filter(|address| matches!(address.scheme(), "http" | "https"))?;
        let content = [("Content-Type".to_owned(), "application/json".to_owned())];
        let filled = Filled {
            method: Method::POST,
            address,
            headers: content.into_iter().chain(headers).collect(),
            body: Some(body),
            expected: vec![200..=299],
        };
        Some(Self { filled, redactor: Redactor::new(secrets.iter().map(|secret| (*secret).to_owned())) })
    }
}
