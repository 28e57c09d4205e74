//! How other services are reached.

use super::HttpFault;
use crate::base::problem::cause;
use reqwest::{Client, redirect, retry};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// How long an idle connection is kept: below the five seconds after which common servers (Node's) close theirs.
const IDLE: Duration = Duration::from_secs(4);

/// The HTTP client of all runs: no redirects (a request goes where its gate said, or nowhere), no retries, no proxies
/// from the environment. It is made with the first request: to read the certificates of the machine takes a good part
/// of a start, and most starts send nothing, or send it to a service that shows none. Copies share what was made.
#[derive(Clone, Debug)]
pub struct Reach {
    connect: Duration,
    silence: Duration,
    open: Arc<OnceLock<Client>>,
    sealed: Arc<OnceLock<Client>>,
}

impl Reach {
    /// `connect` is the longest wait for a connection, `silence` the longest pause of a server.
    pub fn new(connect: Duration, silence: Duration) -> Self {
        Self { connect, silence, open: Arc::default(), sealed: Arc::default() }
    }

    /// The client for addresses that begin with `scheme`.
    ///
    /// # Errors
    /// Where the machine has no certificates by which a service could be known: nothing was sent, and a later try may
    /// find them.
    pub fn client(&self, scheme: &str) -> Result<&Client, HttpFault> {
        let sealed = scheme != "http";
        let kept = if sealed { &self.sealed } else { &self.open };
        if let Some(client) = kept.get() {
            return Ok(client);
        }
        let made = self.made(sealed).map_err(|error| HttpFault::Outage {
            why: format!("the HTTP client does not start: {}", cause(&error)),
            retry_after: None,
            perhaps_done: false,
        })?;
        Ok(kept.get_or_init(|| made))
    }

    fn made(&self, sealed: bool) -> Result<Client, reqwest::Error> {
        let builder = Client::builder()
            .connect_timeout(self.connect)
            .read_timeout(self.silence)
            .pool_idle_timeout(IDLE)
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .no_proxy()
            .user_agent(concat!("sopd/", env!("CARGO_PKG_VERSION")));
        // Where nothing is sealed no certificate is looked at.
        if sealed { builder.build() } else { builder.tls_certs_only([]).build() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_made_once_when_it_is_wanted_and_none_for_what_is_not() {
        let reach = Reach::new(Duration::from_secs(1), Duration::from_secs(1));
        assert!(reach.open.get().is_none() && reach.sealed.get().is_none());
        let copy = reach.clone();
        let open: *const Client = copy.client("http").unwrap();
        assert!(reach.sealed.get().is_none(), "no certificate was read");
        assert!(std::ptr::eq(open, reach.client("http").unwrap()));
        assert!(!std::ptr::eq(open, reach.client("https").unwrap()));
    }
}
