//! Tells people what happened: looks at the journal's news and sets the sending going, beside everything else. Trouble
//! with it is told on the side and never ends the daemon.

use super::beat::Beat;
use super::departed;
use super::run::Until;
use super::workspace::{Workspace, notify_wiring};
use crate::base::{Problem, problem::Result};
use crate::notify::{Dispatcher, Reader, Wiring, outbox_waits};
use crate::run::http::Reach;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// How soon after news they are told, and how often the outbox is looked at as long as something is in it.
const PERIOD: Duration = Duration::from_millis(250);
/// How often settings are looked at without news: somebody may have named a channel.
const LOOK_AFTER: Duration = Duration::from_secs(4);
/// Longest time to reach a server.
const CONNECT: Duration = Duration::from_secs(10);
/// Longest silence of a server.
const SILENCE: Duration = Duration::from_secs(20);
/// How long what is being sent may take when the daemon stops.
const FAREWELL: Duration = Duration::from_secs(5);
/// The same when the daemon ends by itself: nobody waits for it, and what is sent now need not wait for a next start.
const LAST_POST: Duration = Duration::from_mins(1);
/// Messages of one channel sent in a row then; a message that could not be sent is not tried again.
const MOST_TURNS: u32 = 100;

/// How notifications reach their servers.
pub fn reach() -> Reach {
    Reach::new(CONNECT, SILENCE)
}

pub(super) struct Notices {
    workspace: Workspace,
    reader: Arc<Mutex<Reader>>,
    dispatcher: Dispatcher,
    wiring: Option<Arc<Wiring>>,
    seen: i64,
    looked: Option<Instant>,
    beat: Beat,
    /// What was told of parties that have left.
    left: Arc<Mutex<BTreeSet<String>>>,
}

impl Notices {
    pub(super) fn start(workspace: &Workspace) -> Self {
        Self {
            workspace: workspace.clone(),
            reader: Arc::default(),
            dispatcher: Dispatcher::new(&workspace.journal),
            wiring: None,
            seen: 0,
            looked: None,
            beat: Beat::new(&workspace.journal, "notices", "notifications wait"),
            left: Arc::default(),
        }
    }

    /// When the next pass should be.
    pub(super) async fn due(&mut self) {
        self.beat.due().await;
    }

    /// Looks at the news, and begins to send what is due.
    pub(super) async fn pass(&mut self) {
        self.beat.begin();
        let looked = self.look(false).await.and_then(|()| match &self.wiring {
            Some(wiring) => self.dispatcher.pass(wiring),
            None => Ok(false),
        });
        let outstanding = match &looked {
            Ok(sending) => *sending || (self.wiring.is_some() && self.is_outstanding()),
            Err(_) => false,
        };
        self.beat.rest(PERIOD, if outstanding { PERIOD } else { LOOK_AFTER });
        self.beat.came(&looked);
    }

    /// Whether anything is in the outbox.
    fn is_outstanding(&self) -> bool {
        self.workspace.journal.read(outbox_waits).unwrap_or(true)
    }

    /// Puts everything outstanding in the outbox, and lets what is being sent come to its end. A daemon that ends by
    /// itself sends the rest as well, each message once.
    pub(super) async fn flush(&mut self, until: Until) {
        if until == Until::Stopped {
            if let Err(problem) = self.last_look(false).await {
                tracing::error!(%problem, "notifications wait for the next start");
            }
            return self.dispatcher.rest(FAREWELL).await;
        }
        for _turn in 0..MOST_TURNS {
            match self.last_look(true).await {
                Ok(true) => self.dispatcher.rest(LAST_POST).await,
                Ok(false) => return,
                Err(problem) => {
                    tracing::error!(%problem, "notifications wait for the next start");
                    return;
                }
            }
        }
    }

    /// Looks at the last news; whether something is being sent then.
    async fn last_look(&mut self, send: bool) -> Result<bool> {
        self.seen = -1;
        self.look(send).await?;
        match &self.wiring {
            Some(wiring) if send => self.dispatcher.pass(wiring),
            _ => Ok(false),
        }
    }

    async fn look(&mut self, hurry: bool) -> Result<()> {
        let head = self.workspace.journal.head()?.0;
        let rested = self.looked.is_none_or(|last| last.elapsed() >= LOOK_AFTER);
        let news = head != self.seen || rested;
        // What was told of in the last moment is gathered although nothing more has come.
        if !news && self.wiring.is_none() {
            return Ok(());
        }
        let workspace = self.workspace.clone();
        let http = self.wiring.as_ref().map(|wiring| wiring.http.clone());
        let (reader, known) = (self.reader.clone(), self.wiring.clone().filter(|_| !news));
        let left = self.left.clone();
        let work = tokio::task::spawn_blocking(move || {
            let snapshot = workspace.snapshot().map_err(super::run::first_of)?;
            let settings = &snapshot.settings;
            // Before anybody is told: who has left is not asked, and whoever is asked instead hears of it now.
            departed::look(&workspace, &snapshot, &mut left.lock().unwrap_or_else(PoisonError::into_inner))?;
            let mut reader = reader.lock().unwrap_or_else(PoisonError::into_inner);
            while reader.pass(&workspace.journal, &workspace.root, settings, hurry)? {}
            if !settings.notifications.reach_anybody() {
                return Ok(None);
            }
            let made = || notify_wiring(&workspace, settings, http.unwrap_or_else(reach)).map(Arc::new);
            known.map_or_else(made, Ok).map(Some)
        });
        let done = work.await.unwrap_or_else(|error| Err(Problem::failed(format!("BUG: {error}"))));
        match done {
            Ok(wiring) => {
                self.wiring = wiring;
                (self.seen, self.looked) = (head, rested.then(Instant::now).or(self.looked));
                Ok(())
            }
            Err(problem) => Err(problem),
        }
    }
}
