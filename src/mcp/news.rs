//! Tells clients that the list of active SOPs has changed. One look at the registry's revision serves all of them.

use crate::daemon::Workspace;
use crate::front::apart;
use crate::registry;
use rmcp::RoleServer;
use rmcp::service::{Peer, SubscriptionContext};
use std::time::Duration;
use tokio::sync::watch;

/// How often the registry is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How often a listener that has heard nothing is looked at, so that one who has gone is not kept.
const SILENCE: Duration = Duration::from_mins(1);

/// The registry's revision, as it grows.
#[derive(Clone, Debug)]
pub(super) struct News(watch::Receiver<i64>);

impl News {
    /// Begins to look, as long as anybody holds the news. Call it inside a runtime.
    pub(super) fn start(workspace: &Workspace) -> Self {
        let (tell, told) = watch::channel(-1);
        let journal = workspace.journal.clone();
        tokio::spawn(async move {
            while !tell.is_closed() {
                let looked = journal.clone();
                // What could not be read is looked at again.
                if let Ok(Ok(revision)) = apart(move || looked.read(registry::revision)).await {
                    tell.send_if_modified(|known| std::mem::replace(known, revision) != revision);
                }
                tokio::time::sleep(LOOK).await;
            }
        });
        Self(told)
    }

    /// The next change; `false` once nobody looks any more.
    async fn next(&mut self) -> bool {
        // The first look of all is no change.
        while *self.0.borrow_and_update() < 0 {
            if self.0.changed().await.is_err() {
                return false;
            }
        }
        self.0.changed().await.is_ok()
    }

    /// Tells a client of a session, until it has gone.
    pub(super) async fn tell(mut self, peer: Peer<RoleServer>) {
        loop {
            match tokio::time::timeout(SILENCE, self.next()).await {
                Ok(false) => return,
                Err(_silence) if peer.is_transport_closed() => return,
                Err(_silence) => {}
                Ok(true) => {
                    let prompts = peer.notify_prompt_list_changed().await;
                    if prompts.and(peer.notify_resource_list_changed().await).is_err() {
                        return;
                    }
                }
            }
        }
    }

    /// Tells whoever listens by a request of its own, until that ends.
    pub(super) async fn tell_listener(mut self, listener: SubscriptionContext) {
        loop {
            let changed = tokio::select! {
                changed = self.next() => changed,
                () = listener.cancelled() => false,
            };
            if !changed {
                return;
            }
            let (accepted, sink) = (listener.accepted(), listener.sink());
            if accepted.prompts_list_changed == Some(true) && sink.notify_prompt_list_changed().await.is_err()
            {
                return;
            }
            if accepted.resources_list_changed == Some(true)
                && sink.notify_resource_list_changed().await.is_err()
            {
                return;
            }
        }
    }
}
