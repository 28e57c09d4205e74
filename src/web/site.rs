//! What every page is made with: the workspace, the templates, the addresses that are ours.

use super::assets;
use super::page;
use super::serve::Peer;
use crate::access::Limits;
use crate::base::{Instant, problem::Result};
use crate::daemon::Workspace;
use crate::front::apart;
use crate::journal::{Feed, Tx};
use crate::settings;
use axum::http::HeaderMap;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use minijinja::Environment;
use rusqlite::Connection;
use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Tries of a party's password in a row; one more is granted every twelve seconds.
const PASSWORD_TRIES: NonZeroU32 = NonZeroU32::MIN.saturating_add(4);
/// Wrong links in a minute from one address; nobody finds one by trying, so this only tells a program to stop.
const LINK_TRIES: NonZeroU32 = NonZeroU32::MIN.saturating_add(59);
/// Between two tries from an address from which there were too many.
const SLOWLY: Duration = Duration::from_millis(500);
/// Counts that are kept before old ones are dropped.
const MOST_KEPT: usize = 10_000;
/// Longest name of a party that is told from others, in characters.
const LONGEST_NAME: usize = 100;
/// Where those wait for each other who come from one address, or try one party from there.
type Line = (IpAddr, Option<String>);
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
    /// By address and party: nobody's tries count against somebody elsewhere.
    pub(super) password_tries: DefaultKeyedRateLimiter<(IpAddr, String)>,
    pub(super) link_tries: DefaultKeyedRateLimiter<IpAddr>,
    /// Whether the address of a request is told by a proxy.
    pub(super) behind_proxy: bool,
    /// Where passwords wait for their turn, by address and party.
    lines: Mutex<HashMap<Line, Arc<Semaphore>>>,
    hashing: Arc<Semaphore>,
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
            link_tries: RateLimiter::keyed(Quota::per_minute(LINK_TRIES)),
            behind_proxy: desk.behind_proxy,
            lines: Mutex::default(),
            hashing: Arc::new(Semaphore::new(HASHES_AT_ONCE)),
        })
    }

    /// Where a request comes from: what the nearest proxy says, where there is one.
    pub(super) fn peer(&self, headers: &HeaderMap, peer: &Peer) -> IpAddr {
        let told =
            headers.get_all("x-forwarded-for").iter().next_back().and_then(|value| value.to_str().ok());
        let last = told.and_then(|list| list.rsplit(',').next()?.trim().parse().ok());
        last.filter(|_| self.behind_proxy).unwrap_or(peer.address)
    }

    /// A turn to try a password, and whether it came at once. Who has tried that party too often goes on one try after
    /// the other, slowly: wrong ones find nothing, and the right one is let in all the same. However many are sent from
    /// one address, it has one of the places for hashing, so that others have theirs.
    pub(super) async fn turn(&self, peer: IpAddr, party: &str) -> (bool, Vec<OwnedSemaphorePermit>) {
        if self.password_tries.len() > MOST_KEPT {
            self.password_tries.retain_recent();
        }
        let name: String = party.chars().take(LONGEST_NAME).collect();
        let at_once = self.password_tries.check_key(&(peer, name.clone())).is_ok();
        let mut turn = Vec::new();
        if !at_once {
            turn.extend(self.line(peer, Some(name)).acquire_owned().await);
            tokio::time::sleep(SLOWLY).await;
        }
        turn.extend(self.line(peer, None).acquire_owned().await);
        turn.extend(self.hashing.clone().acquire_owned().await);
        (at_once, turn)
    }

    /// Where those from one address wait for each other: all, or those who try one party.
    fn line(&self, peer: IpAddr, party: Option<String>) -> Arc<Semaphore> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.retain(|_, line| Arc::strong_count(line) > 1);
        lines.entry((peer, party)).or_insert_with(|| Arc::new(Semaphore::new(1))).clone()
    }

    /// Counts a link that was none; whether it was one too many from there.
    pub(super) fn is_wrong_link_too_many(&self, peer: IpAddr) -> bool {
        if self.link_tries.len() > MOST_KEPT {
            self.link_tries.retain_recent();
        }
        self.link_tries.check_key(&peer).is_err()
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
