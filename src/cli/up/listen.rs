//! Keeps the desk open for as long as the daemon lives: a port that is taken is tried again, and settings of the desk
//! that change count without a restart. Where it listens is written down for those who ask from outside.

use crate::base::{Kind, Problem, Trouble, problem::Result};
use crate::cli::print;
use crate::daemon::{self, Door, Stopping, Workspace, first_of};
use crate::journal::Feed;
use crate::settings;
use crate::web::{self, Serving};
use std::time::Duration;
use tokio::sync::watch;

/// How often it is looked whether the desk's settings have changed.
const LOOK: Duration = Duration::from_secs(4);
/// How long those who are being served may take to come to an end when the desk moves.
const FAREWELL: Duration = Duration::from_secs(5);

/// A desk, and how to end it.
struct Opened {
    serving: Serving,
    close: watch::Sender<bool>,
}

/// What the desk stands at.
enum Desk {
    Open(Opened),
    Nowhere,
    Shut(Problem),
}

/// What keeps the desk open.
pub(super) struct Listening {
    workspace: Workspace,
    feed: Feed,
    stopping: Stopping,
    settings: settings::Desk,
    desk: Desk,
}

impl Listening {
    /// Opens the desk for the first time and says where it is. Whoever drives the workspace goes on without it where the
    /// port is taken.
    ///
    /// # Errors
    /// Where the settings of the desk cannot be used at all.
    pub(super) fn start(workspace: &Workspace, feed: &Feed, stopping: Stopping) -> Result<Self> {
        let snapshot = workspace.snapshot().map_err(first_of)?;
        let settings = snapshot.settings.desk.clone();
        let (workspace, feed) = (workspace.clone(), feed.clone());
        let mut listening = Self { workspace, feed, stopping, settings, desk: Desk::Nowhere };
        listening.desk = match listening.open() {
            Err(problem) if problem.kind != Kind::Conflict => return Err(problem),
            other => other.unwrap_or_else(Desk::Shut),
        };
        if let Desk::Open(opened) = &listening.desk {
            let forwards = &snapshot.settings.publication.interim.forwards;
            let requester = &snapshot.settings.requester;
            let first = if snapshot.roster.get(forwards).is_some() { forwards } else { requester };
            listening.say(&opened.serving.address, first)?;
        }
        Ok(listening)
    }

    fn open(&self) -> Result<Desk> {
        let (close, closing) = watch::channel(false);
        let opened = web::open(&self.workspace, &self.settings, &self.feed, closing)?;
        Ok(opened.map_or(Desk::Nowhere, |serving| Desk::Open(Opened { serving, close })))
    }

    /// Whoever started us may have closed the output; the desk is there all the same.
    fn say(&self, address: &str, first: &str) -> Result<()> {
        let more = match web::first_link(&self.workspace, address, first)? {
            Some(link) => format!("\nsign in as {first}, once, within 30 minutes: {link}"),
            None => "; `sopd sign-in PARTY` makes a link for whoever has none".to_owned(),
        };
        drop(print::line(&format!("the desk is at {address}{more}")));
        Ok(())
    }

    /// Serves, waits or tries again until the daemon stops.
    pub(super) async fn work(mut self) {
        let mut trouble = Trouble::of("missions and runs go on without the desk");
        while !*self.stopping.borrow() {
            self.write_down();
            match std::mem::replace(&mut self.desk, Desk::Nowhere) {
                Desk::Open(opened) => {
                    trouble.over();
                    tracing::info!(address = %opened.serving.address, "the desk is open");
                    self.serve(opened).await;
                }
                Desk::Nowhere => self.changed().await,
                Desk::Shut(problem) => {
                    let pause = trouble.failed(&problem);
                    tokio::select! {
                        () = tokio::time::sleep(pause) => {}
                        _stopped = self.stopping.wait_for(|stop| *stop) => return,
                    }
                    self.reread();
                }
            }
            if !*self.stopping.borrow() {
                self.desk = self.open().unwrap_or_else(Desk::Shut);
            }
        }
    }

    /// Until the daemon stops or the desk's settings change.
    async fn serve(&mut self, Opened { serving, close }: Opened) {
        let mut served = serving.serve;
        tokio::select! {
            () = &mut served => return,
            () = self.changed() => {}
        }
        close.send_replace(true);
        if *self.stopping.borrow() {
            return served.await;
        }
        tracing::info!("the desk's settings have changed; it is opened anew");
        // Pages that listen for news would never end by themselves.
        drop(tokio::time::timeout(FAREWELL, served).await);
    }

    /// Returns when the daemon stops, or once the desk's settings have changed and are taken over.
    async fn changed(&mut self) {
        loop {
            let mut stopping = self.stopping.clone();
            tokio::select! {
                () = tokio::time::sleep(LOOK) => if self.reread() { return },
                _stopped = stopping.wait_for(|stop| *stop) => return,
            }
        }
    }

    /// Takes over the desk's settings; whether they have changed. Those that cannot be read leave all as it is.
    fn reread(&mut self) -> bool {
        let Ok(snapshot) = self.workspace.snapshot() else { return false };
        let changed = snapshot.settings.desk != self.settings;
        self.settings.clone_from(&snapshot.settings.desk);
        changed
    }

    fn write_down(&self) {
        let wanted = self.settings.listen.clone().unwrap_or_default();
        let written = match &self.desk {
            Desk::Open(opened) => Door::open(&wanted, &opened.serving.address).tell(&self.workspace),
            Desk::Shut(problem) => Door::shut(&wanted, &problem.message).tell(&self.workspace),
            Desk::Nowhere => daemon::no_door(&self.workspace),
        };
        if let Err(problem) = written {
            tracing::warn!(%problem, "it could not be written down where the desk listens");
        }
    }
}
