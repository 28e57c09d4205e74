//! Tells clients that the active SOPs have changed: one listener at the journal's feed of facts serves all of them.

use super::library::SCHEME;
use crate::base::{Problem, problem::Result};
use crate::journal::{Event, Feed, Journal};
use futures::StreamExt as _;
use rmcp::RoleServer;
use rmcp::model::ResourceUpdatedNotificationParam;
use rmcp::service::{Peer, SubscriptionContext};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{Receiver, channel};

/// How often a listener that has heard nothing is looked at, so that one who has gone is not kept.
const SILENCE: Duration = Duration::from_mins(1);
/// Changes kept for a listener that is slow; one that misses some is told that everything may have changed.
const KEPT: usize = 256;
/// Most addresses one session may want to hear of.
pub(super) const MOST_WANTED: usize = 1_000;

/// What comes: the addresses behind which something else is found now.
type Change = Arc<Vec<String>>;

/// The changes of the registry, as they happen.
#[derive(Clone, Debug)]
pub(super) struct News(Arc<Receiver<Change>>);

/// The addresses a session wants to hear of.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted(Arc<Mutex<BTreeSet<String>>>);

impl Wanted {
    /// One more.
    ///
    /// # Errors
    /// `Conflict` where these are [`MOST_WANTED`] already.
    pub(super) fn add(&self, address: String) -> Result<()> {
        let mut wanted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if wanted.len() >= MOST_WANTED && !wanted.contains(&address) {
            return Err(Problem::conflict(format!("a session is told of at most {MOST_WANTED} resources")));
        }
        wanted.insert(address);
        Ok(())
    }

    /// One less.
    pub(super) fn remove(&self, address: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(address);
    }

    /// Those that `change` is about; all where nobody knows what has changed.
    fn of(&self, change: Option<&Change>) -> Vec<String> {
        let wanted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        wanted.iter().filter(|one| concerns(change, one)).cloned().collect()
    }
}

fn concerns(change: Option<&Change>, address: &String) -> bool {
    change.is_none_or(|change| change.contains(address))
}

impl News {
    /// Begins to listen to what happens from now on, until sopd stops. Call it inside a runtime.
    pub(super) fn start(journal: &Journal, feed: &Feed) -> Result<Self> {
        let (tell, told) = channel(KEPT);
        let (from, _hash) = journal.head()?;
        let mut facts = Box::pin(feed.listen(from));
        tokio::spawn(async move {
            while let Some(fact) = facts.next().await {
                if let Some(change) = changed(&fact) {
                    // That nobody hears it is no error.
                    drop(tell.send(Arc::new(change)));
                }
            }
        });
        Ok(Self(Arc::new(told)))
    }

    /// A place among those who hear, from now on.
    fn hear(&self) -> Receiver<Change> {
        self.0.resubscribe()
    }

    /// Tells a client of a session, until it has gone.
    pub(super) fn tell(&self, peer: Peer<RoleServer>, wanted: Wanted) {
        tokio::spawn(tell_session(self.hear(), peer, wanted));
    }

    /// Tells whoever listens by a request of its own, until that ends.
    pub(super) async fn tell_listener(&self, listener: SubscriptionContext) {
        let mut news = self.hear();
        let (accepted, sink) = (listener.accepted(), listener.sink());
        let wanted: BTreeSet<String> = accepted.resource_subscriptions.iter().flatten().cloned().collect();
        loop {
            let heard = tokio::select! {
                heard = news.recv() => heard,
                () = listener.cancelled() => return,
            };
            let Ok(change) = whatever(heard) else { return };
            let mut sent = Ok(());
            if accepted.prompts_list_changed == Some(true) {
                sent = sink.notify_prompt_list_changed().await;
            }
            if accepted.resources_list_changed == Some(true) {
                sent = sent.and(sink.notify_resource_list_changed().await);
            }
            for address in wanted.iter().filter(|one| concerns(change.as_ref(), one)) {
                sent = sent.and(sink.notify_resource_updated(address).await);
            }
            if sent.is_err() {
                return;
            }
        }
    }
}

async fn tell_session(mut news: Receiver<Change>, peer: Peer<RoleServer>, wanted: Wanted) {
    loop {
        let heard = match tokio::time::timeout(SILENCE, news.recv()).await {
            Ok(heard) => heard,
            Err(_silence) if peer.is_transport_closed() => return,
            Err(_silence) => continue,
        };
        let Ok(change) = whatever(heard) else { return };
        let mut sent = peer.notify_prompt_list_changed().await;
        sent = sent.and(peer.notify_resource_list_changed().await);
        for address in wanted.of(change.as_ref()) {
            let of = ResourceUpdatedNotificationParam::new(address);
            sent = sent.and(peer.notify_resource_updated(of).await);
        }
        if sent.is_err() {
            return;
        }
    }
}

/// What was heard; `None` for more than could be kept.
fn whatever(heard: Result<Change, RecvError>) -> Result<Option<Change>, RecvError> {
    match heard {
        Err(RecvError::Lagged(_missed)) => Ok(None),
        heard => heard.map(Some),
    }
}

/// The addresses that `fact` has changed: of the SOP, of the version it is about, and of the one that went out of use.
fn changed(fact: &Event) -> Option<Vec<String>> {
    if !matches!(fact.kind.as_str(), "published" | "retired") {
        return None;
    }
    let members: Value = serde_json::from_str(&fact.text).ok()?;
    let word = |name: &str| members.get(name).and_then(Value::as_str);
    let sop = word("sop")?;
    let versions = [word("version"), word("supersedes")].into_iter().flatten();
    let versions = versions.map(|version| format!("{SCHEME}{sop}-v{version}"));
    Some(versions.chain([format!("{SCHEME}{sop}")]).collect())
}
