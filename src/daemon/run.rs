//! Starting, wiring and stopping.

use super::intake::Intake;
use super::lock::Lock;
use super::notices::Notices;
use super::projector::{Projector, remove_leftovers};
use super::triggers::Triggers;
use super::workspace::{Workspace, private_files, run_secrets};
use crate::agent::Gateway;
use crate::base::{Clock, Problem, problem::Result};
use crate::journal::{self, Access, Engine, Stories};
use crate::mission::{self, Office};
use crate::run::Site;
use crate::run::http::Reach;
use crate::settings::Settings;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Longest time to reach a service that a step calls.
const CONNECT: Duration = Duration::from_secs(10);
/// Longest silence of such a service.
const SILENCE: Duration = Duration::from_mins(1);

/// How long the daemon works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Until it is told to stop (Ctrl-C, SIGTERM).
    Stopped,
    /// Until nothing is left that needs neither a person nor a clock.
    Idle,
}

/// Pause between two looks at whether everything has come to rest.
const REST: Duration = Duration::from_millis(20);

/// Pause between two looks at what people read, while the work goes on.
const GLANCE: Duration = Duration::from_secs(1);

/// Turns true when the daemon stops.
pub type Stopping = tokio::sync::watch::Receiver<bool>;

/// How long what runs beside the driving may take to end.
const FAREWELL: Duration = Duration::from_secs(5);

/// Holds the workspace in `root` and drives it. The lock is taken before anything is touched.
pub async fn run(root: &Path, clock: Clock, until: Until) -> Result<()> {
    run_beside(root, clock, until, |_workspace, _stopping| Ok(None::<std::future::Ready<()>>)).await
}

/// [`run`], with something beside it: `open` is called once the workspace is held and may refuse the start; the
/// future it gives is driven until it ends or the daemon stops, which [`Stopping`] tells it.
pub async fn run_beside<Beside>(
    root: &Path,
    clock: Clock,
    until: Until,
    open: impl FnOnce(&Workspace, Stopping) -> Result<Option<Beside>>,
) -> Result<()>
where
    Beside: Future<Output = ()> + Send + 'static,
{
    let mut lock = Lock::take(root, &clock)?;
    let mut told = Told::listen()?;
    let workspace = Workspace::open(root, Access::Holder, clock)?;
    super::held::look(&workspace)?;
    tracing::info!(workspace = %root.display(), version = env!("CARGO_PKG_VERSION"), process = std::process::id(), "driving");
    let settings = workspace.snapshot().map_err(first_of)?.settings.clone();
    let gateway = Arc::new(Gateway::new(&workspace.journal, settings.calls));
    let office = Arc::new(Office {
        root: workspace.root.clone(),
        journal: workspace.journal.clone(),
        gateway: gateway.clone(),
    });
    let site = Arc::new(site(&workspace, &settings, &gateway)?);
    let stories =
        crate::run::stories(mission::stories(Stories::default(), &office, &gateway), &site, &gateway);
    remove_leftovers(&workspace);
    super::edits::finish(&workspace)?;
    super::set_back::look(&workspace)?;
    // Before anything is driven, so that whoever looks on misses nothing.
    let (stop, stopping) = tokio::sync::watch::channel(false);
    let beside = open(&workspace, stopping)?.map(tokio::spawn);
    let engine = Engine::start(&workspace.journal, stories)?;
    let intake = Intake::start(&workspace)?;
    let triggers = Triggers::start(&workspace);
    let projector = Projector::start(&workspace, &settings);
    let notices = Notices::start(&workspace);
    let mut chores = Chores { intake, triggers, projector, notices };
    let asked = match until {
        Until::Stopped => Some(keep_going(&mut chores, &mut told).await),
        Until::Idle => tokio::select! {
            rested = come_to_rest(&engine, &mut chores) => rested.map(|()| None)?,
            asked = told.asked() => Some(asked),
        },
    };
    if let Some(asked) = asked {
        if let Err(problem) = lock.tell_stopping() {
            tracing::warn!(%problem, "whoever asks for something now is not told that it begins with the next start");
        }
        drain(&engine, &mut chores, &mut told, (asked, stop_within(&workspace, &settings))).await;
    }
    chores.intake.stop().await;
    stop.send_replace(true);
    if let Some(beside) = beside
        && tokio::time::timeout(FAREWELL, beside).await.is_err()
    {
        tracing::warn!("somebody was still being served; the line was cut");
    }
    engine.stop().await;
    chores.notices.flush(until).await;
    let flushed = chores.projector.flush().await;
    put_down(&workspace);
    match asked {
        Some(_) if until == Until::Idle => {
            flushed.and(Err(Problem::failed("it was stopped before everything had come to rest")))
        }
        _ => flushed,
    }
}

/// The last of a stop.
fn put_down(workspace: &Workspace) {
    if let Err(problem) = journal::settle_writes(&workspace.journal) {
        tracing::debug!(%problem, "the latest writes stay beside the journal");
    }
    tracing::info!("stopped");
}

/// What runs need of the world, as the settings of the start say.
fn site(workspace: &Workspace, settings: &Settings, gateway: &Arc<Gateway>) -> Result<Site> {
    Ok(Site {
        root: workspace.root.clone(),
        journal: workspace.journal.clone(),
        gateway: gateway.clone(),
        warden: std::env::current_exe()
            .map_err(|error| Problem::failed(format!("sopd cannot find its own program: {error}")))?,
        http: Reach::new(CONNECT, SILENCE),
        secrets: run_secrets(&workspace.root, settings)?,
        private: private_files(&workspace.root, settings),
        settings: settings.runs.clone(),
    })
}

/// How long a stop waits; settings that cannot be read are as they were at the start.
fn stop_within(workspace: &Workspace, first: &Settings) -> Duration {
    let now = workspace.snapshot().map(|snapshot| snapshot.settings.runs.stop_within);
    let span = now.unwrap_or(first.runs.stop_within);
    Duration::from_millis(u64::try_from(span.millis()).unwrap_or(0))
}

/// Begins nothing new and lets what is under way come to its end; whoever asks again cuts it off. What people read is
/// kept up meanwhile.
async fn drain(engine: &Engine, chores: &mut Chores, told: &mut Told, (asked, most): (Asked, Duration)) {
    let under_way = engine.under_way();
    let (waits_for, names, within_s) = (under_way.len(), under_way.join("; "), most.as_secs());
    if asked == Asked::Now {
        tracing::warn!(cut_off = waits_for, names, "stopping at once");
        engine.cut();
    } else {
        tracing::info!(
            waits_for,
            names,
            within_s,
            "stopping: nothing new begins; a second signal cuts off what is under way"
        );
    }
    let mut drained = std::pin::pin!(engine.drain(most));
    loop {
        let Chores { projector, notices, .. } = chores;
        tokio::select! {
            () = &mut drained => return,
            _ = told.asked() => {
                tracing::warn!(cut_off = engine.under_way().len(), "told again: what is under way is cut off");
                engine.cut();
            }
            () = projector.due() => projector.attend().await,
            () = notices.due() => notices.pass().await,
        }
    }
}

/// What the daemon does besides driving.
struct Chores {
    intake: Intake,
    triggers: Triggers,
    projector: Projector,
    notices: Notices,
}

/// How a daemon is told to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    /// What is under way may end (SIGTERM, Ctrl-C, SIGHUP).
    InOrder,
    /// At once (SIGQUIT, `sopd stop --now`).
    Now,
}

/// The signals by which a daemon is told to stop. Listened to before anybody is told that it serves, so that whoever
/// stops it at once still sees it end in order.
struct Told {
    terminate: Signal,
    interrupt: Signal,
    /// Of a terminal or a session that ends: sent to whoever was started there.
    hangup: Signal,
    quit: Signal,
}

impl Told {
    fn listen() -> Result<Self> {
        let to = |kind| {
            signal(kind).map_err(|error| Problem::failed(format!("signals cannot be listened to: {error}")))
        };
        let (terminate, interrupt) = (to(SignalKind::terminate())?, to(SignalKind::interrupt())?);
        Ok(Self { terminate, interrupt, hangup: to(SignalKind::hangup())?, quit: to(SignalKind::quit())? })
    }

    /// The next time it is told.
    async fn asked(&mut self) -> Asked {
        tokio::select! {
            _ = self.terminate.recv() => Asked::InOrder,
            _ = self.interrupt.recv() => Asked::InOrder,
            _ = self.hangup.recv() => Asked::InOrder,
            _ = self.quit.recv() => Asked::Now,
        }
    }
}

async fn keep_going(Chores { intake, triggers, projector, notices }: &mut Chores, told: &mut Told) -> Asked {
    loop {
        tokio::select! {
            asked = told.asked() => return asked,
            () = intake.due() => intake.attend(),
            () = triggers.due() => triggers.attend().await,
            () = projector.due() => projector.attend().await,
            () = notices.due() => notices.pass().await,
        }
    }
}

/// Whether the engine has nothing more to drive before `patience` is over.
async fn rests_within(engine: &Engine, patience: Duration) -> bool {
    tokio::time::timeout(patience, engine.idle()).await.is_ok()
}

async fn come_to_rest(engine: &Engine, chores: &mut Chores) -> Result<()> {
    let Chores { intake, triggers, projector, notices } = chores;
    loop {
        intake.sweep().await?;
        let started = triggers.pass().await?;
        projector.pass().await?;
        notices.pass().await;
        if intake.unsettled() {
            intake.due().await;
            continue;
        }
        if started || triggers.unsettled() {
            triggers.due().await;
            continue;
        }
        while !rests_within(engine, GLANCE).await {
            // A slow model works for minutes: people who look meanwhile find how it stands.
            projector.attend().await;
        }
        // What was driven may have set something off that is not in line yet.
        tokio::time::sleep(REST).await;
        let quiet = engine.is_idle() && !intake.sweep().await? && !triggers.pass().await?;
        if quiet && !intake.unsettled() && !triggers.unsettled() {
            return Ok(());
        }
    }
}

/// The first of several problems, with a word about the others.
pub fn first_of(problems: Vec<Problem>) -> Problem {
    let more = problems.len().saturating_sub(1);
    let mut problems = problems.into_iter();
    let first = problems.next().unwrap_or_else(|| Problem::failed("the workspace cannot be read"));
    match more {
        0 => first,
        more => {
            let hint = first.hint.clone().map_or(String::new(), |hint| format!("{hint}; "));
            first.hint(format!("{hint}{more} more: see `sopd doctor`"))
        }
    }
}
