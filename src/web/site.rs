//! What every page is made with: the workspace, the templates, the addresses that are ours.

use super::assets;
use super::page;
use crate::access::Limits;
use crate::base::{Instant, problem::Result};
use crate::daemon::Workspace;
use crate::front::apart;
use crate::journal::{Feed, Tx};
use crate::settings;
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter};
use minijinja::Environment;
use rusqlite::Connection;
use std::num::NonZeroU32;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Tries of a party's password in a row; one more is granted every twelve seconds.
const PASSWORD_TRIES: NonZeroU32 = NonZeroU32::MIN.saturating_add(4);
/// Links tried in a minute by everybody together; nobody finds one by trying, so this only spares the disk.
const LINK_TRIES: NonZeroU32 = NonZeroU32::MIN.saturating_add(59);
/// Passwords looked at side by side: each takes 19 MiB while it is hashed.
const HASHES_AT_ONCE: usize = 2;

/// The desk of one workspace.
pub(super) struct Site {
    pub(super) workspace: Workspace,
    pub(super) templates: Environment<'static>,
    /// Addresses under which our own pages are reached, `http://127.0.0.1:8321`.
    pub(super) origins: Vec<String>,
    /// Whether browsers reach us by TLS.
    pub(super) secure: bool,
    pub(super) limits: Limits,
    /// The journal's facts, as they come.
    pub(super) feed: Feed,
    pub(super) password_tries: DefaultKeyedRateLimiter<String>,
    pub(super) link_tries: DefaultDirectRateLimiter,
    pub(super) hashing: Semaphore,
}

/// How handlers hold it.
pub(super) type Shared = Arc<Site>;

impl std::fmt::Debug for Site {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Site({:?})", self.origins)
    }
}

impl Site {
    pub(super) fn new(
        workspace: &Workspace,
        desk: &settings::Desk,
        origins: Vec<String>,
        feed: Feed,
    ) -> Result<Self> {
        Ok(Self {
            workspace: workspace.clone(),
            templates: page::templates(&assets::version())?,
            secure: desk.behind_proxy || desk.tls_certificate.is_some(),
            origins,
            limits: Limits { idle: desk.session_idle, longest: desk.session_longest },
            feed,
            password_tries: RateLimiter::keyed(Quota::per_minute(PASSWORD_TRIES)),
            link_tries: RateLimiter::direct(Quota::per_minute(LINK_TRIES)),
            hashing: Semaphore::new(HASHES_AT_ONCE),
        })
    }

    pub(super) fn now(&self) -> Instant {
        self.workspace.journal.clock().now()
    }

    /// Reads the journal without holding up other requests.
    pub(super) async fn read<T, F>(&self, look: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        self.work(move |workspace| workspace.journal.read(look)).await
    }

    /// Does something that may block.
    pub(super) async fn work<T, F>(&self, job: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Workspace) -> Result<T> + Send + 'static,
    {
        let workspace = self.workspace.clone();
        apart(move || job(&workspace)).await?
    }

    /// Appends to the journal.
    pub(super) async fn append<T, F>(&self, job: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<T> + Send + 'static,
    {
        self.workspace.journal.append_async(job).await
    }
}
