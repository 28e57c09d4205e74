//! What the fault stories share: a workspace in a temporary folder, a daemon that may be killed, people who
//! answer, and the question whether everything is still sound.

#![expect(clippy::panic, reason = "a helper that cannot do its work ends the test, and says why")]

use sopd::base::{Clock, Digest, Instant, Problem};
use sopd::daemon::{MissionStatus, Until, Workspace, init, run, statuses, submit};
use sopd::decision::{self, Answer, Decision, DecisionKind, Given, Verb};
use sopd::journal::{Access, Event, events_of, verify};
use sopd::mission::{self, Control};
use sopd::registry::{self, VersionRow};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// Longest wait for an event before a test gives up, in steps of [`POLL`].
const MOST_POLLS: u32 = 6_000;
const POLL: Duration = Duration::from_millis(20);
/// A workspace with the starter files.
pub(crate) struct World {
    folder: TempDir,
    pub(crate) clock: Clock,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::at(Clock::System)
    }

    /// With a clock that stands still: Monday 2026-11-16, 09:00 UTC.
    pub(crate) fn standing() -> Self {
        let nine = chrono::DateTime::parse_from_rfc3339("2026-11-16T09:00:00Z").unwrap();
        Self::at(Clock::fixed(Instant(nine.timestamp_millis())))
    }

    fn at(clock: Clock) -> Self {
        let folder = tempfile::tempdir().unwrap();
        init(folder.path(), &clock).unwrap();
        Self { folder, clock }
    }

    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }
    /// Another workspace with the same files; nobody may be at work in this one.
    pub(crate) fn copied(&self) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // Without the mark of its place, or it would be held as the copy it is.
        for name in all_files(self.root()).into_iter().filter(|name| !name.ends_with(".sopd/place")) {
            match std::fs::read(self.path(&name)) {
                Ok(bytes) => put(&folder.path().join(&name), bytes),
                // SQLite puts its side files away when the last reader leaves.
                Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{name}"),
            }
        }
        shut(folder.path());
        Self { folder, clock: self.clock.clone() }
    }
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root().join(name)
    }
    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        put(&self.path(name), bytes);
    }
    /// The names in a folder of the workspace, sorted.
    pub(crate) fn names(&self, folder: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.path(folder));
        let mut names: Vec<String> = entries
            .map(|entries| entries.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect())
            .unwrap_or_default();
        names.sort();
        names
    }
    /// Drops a mission file.
    pub(crate) fn drop_in(&self, name: &str, text: impl AsRef<[u8]>) {
        self.write(&format!("missions/{name}"), text);
    }
    /// Moves a fixed clock.
    pub(crate) fn hours(&self, hours: i64) {
        self.clock.set(self.clock.now().plus_millis(hours * 3_600_000));
    }

    /// The workspace as another process sees it.
    pub(crate) fn guest(&self) -> Workspace {
        Workspace::open(self.root(), Access::Guest, self.clock.clone()).unwrap()
    }

    /// Runs the daemon here until only people and clocks could go on.
    pub(crate) fn settle(&self) {
        self.try_settle().unwrap();
    }
    pub(crate) fn try_settle(&self) -> Result<(), Problem> {
        runtime().block_on(run(self.root(), self.clock.clone(), Until::Idle))
    }

    /// Runs the daemon here while `during` looks on from outside.
    pub(crate) fn while_up<T>(&self, during: impl FnOnce() -> T) -> T {
        let runtime = runtime();
        let (root, clock) = (self.root().to_owned(), self.clock.clone());
        let daemon = runtime.spawn(async move { run(&root, clock, Until::Stopped).await });
        let outcome = during();
        daemon.abort();
        runtime.shutdown_timeout(Duration::from_secs(30));
        outcome
    }

    /// Takes a mission in as `sopd submit` does.
    pub(crate) fn submit(&self, text: &str) -> String {
        self.try_submit(text, false).unwrap_or_else(|problems| panic!("{problems:?}"))
    }
    pub(crate) fn try_submit(&self, text: &str, again: bool) -> Result<String, Vec<Problem>> {
        let workspace = self.guest();
        let snapshot = workspace.snapshot()?;
        submit(&workspace, &snapshot, ("mission.md", text), again, false).map(|taken| taken.mission)
    }

    /// What waits for people, oldest first.
    pub(crate) fn open(&self) -> Vec<Decision> {
        self.guest().journal.read(|db| decision::open_for(db, None)).unwrap()
    }
    /// The one decision that is open.
    pub(crate) fn only(&self) -> Decision {
        let open = self.open();
        assert_eq!(open.len(), 1, "{open:#?}");
        open.into_iter().next().unwrap()
    }
    pub(crate) fn decision(&self, id: &str) -> Decision {
        self.guest().journal.read(|db| decision::one(db, id)).unwrap()
    }
    pub(crate) fn resolve(&self, id: &str, verb: Verb, given: Given) -> Result<Answer, Problem> {
        let (id, mut given) = (id.to_owned(), given);
        self.guest().journal.append(move |tx| {
            // Whoever says yes here has seen what is asked, unless the story says otherwise.
            let seen = decision::one(tx.db(), &id)?.ask.hash.0;
            given.shown = given.shown.or((verb == Verb::Approve).then_some(seen));
            decision::resolve(tx, &id, verb, &given)
        })?
    }
    pub(crate) fn say(&self, decision: &Decision, verb: Verb, text: &str) -> Answer {
        let by = decision.ask.asked_of.first().unwrap();
        self.resolve(&decision.id, verb, given(by, text)).unwrap()
    }
    /// Says yes to everything that waits. Returns how much that was.
    pub(crate) fn approve_all(&self) -> usize {
        let open = self.open();
        for decision in &open {
            let verb = if decision.ask.kind == DecisionKind::Question { Verb::Answer } else { Verb::Approve };
            let failed = decision.ask.details["failed"].as_array().is_some_and(|failed| !failed.is_empty());
            let overriding = failed.then(|| "a drill".to_owned());
            let by = decision.ask.asked_of.first().unwrap();
            self.resolve(&decision.id, verb, Given { overriding, ..given(by, "as drafted") }).unwrap();
        }
        open.len()
    }
    /// Settles and says yes until nothing waits any more.
    pub(crate) fn finish(&self) {
        for _ in 0..12 {
            self.settle();
            if self.approve_all() == 0 {
                return;
            }
        }
        panic!("still waiting: {:#?}", self.open());
    }
    /// Cancels a mission, as `sopd mission cancel` does.
    pub(crate) fn cancel(&self, mission: &str) {
        let workspace = self.guest();
        let publication = workspace.snapshot().unwrap().settings.publication.clone();
        let (mission, by) = (mission.to_owned(), publication.interim.signs.clone());
        let control = Control { mission, by, os_user: "tester".into(), text: String::new() };
        workspace.journal.append(move |tx| mission::cancel(tx, &control, &publication)).unwrap();
    }

    pub(crate) fn statuses(&self) -> Vec<MissionStatus> {
        self.guest().journal.read(|db| statuses(db, true)).unwrap()
    }
    pub(crate) fn status(&self, mission: &str) -> MissionStatus {
        self.guest().journal.read(|db| sopd::daemon::status_of(db, mission)).unwrap()
    }
    pub(crate) fn versions(&self) -> Vec<VersionRow> {
        self.guest().journal.read(registry::all).unwrap()
    }
    pub(crate) fn events(&self, subject: Option<&str>) -> Vec<Event> {
        self.guest().journal.read(|db| events_of(db, subject, 0, 100_000)).unwrap()
    }
    /// What happened to a mission, in order.
    pub(crate) fn kinds(&self, mission: &str) -> Vec<String> {
        self.events(Some(mission)).into_iter().map(|event| event.kind).collect()
    }
    /// The last fact of that kind.
    pub(crate) fn fact(&self, mission: &str, kind: &str) -> serde_json::Value {
        let event = self.events(Some(mission)).into_iter().rfind(|event| event.kind == kind);
        let event = event.unwrap_or_else(|| panic!("{mission} has no {kind}"));
        serde_json::from_str(&event.text).unwrap()
    }
    pub(crate) fn count(&self, sql: &str) -> i64 {
        let sql = sql.to_owned();
        self.guest().journal.read(|db| Ok(db.query_row(&sql, [], |row| row.get(0))?)).unwrap()
    }

    /// The chain verifies against INDEX.md, every published file is what was approved and nothing else is there,
    /// INDEX.md is what the journal says, nobody is said to have edited it, and no half-written file is left.
    pub(crate) fn assert_sound(&self) {
        let workspace = self.guest();
        let index = std::fs::read_to_string(self.path("sops/INDEX.md")).unwrap_or_default();
        let anchors = registry::anchors(&index, "sops/INDEX.md");
        verify(&workspace.journal, &anchors).unwrap();
        let checked = workspace.journal.read(|db| registry::verify_files(db, self.root())).unwrap();
        assert_eq!(checked.wrong, Vec::<String>::new());
        let generated = workspace.journal.read(registry::index).unwrap();
        assert_eq!(index, generated.map(|index| index.text).unwrap_or_default());
        let edited = self.events(Some("sopd")).into_iter().filter(|e| e.kind == "index_edited_by_hand");
        assert_eq!(edited.count(), 0, "sopd took its own INDEX.md for an edit");
        let leftovers = all_files(self.root());
        let leftovers: Vec<_> = leftovers
            .iter()
            .filter(|name| Path::new(name).extension().is_some_and(|end| end == "tmp"))
            .collect();
        assert!(leftovers.is_empty(), "{leftovers:?}");
    }

    /// Ended missions have left nothing behind: no open decision, no claim, no draft facts, no workflow.
    pub(crate) fn assert_released(&self) {
        for (what, sql) in [
            ("open decisions", "SELECT count(*) FROM decision WHERE state = 'open'"),
            ("claims", "SELECT count(*) FROM claim"),
            ("missions in the queue", "SELECT count(*) FROM claim_queue"),
            ("facts of drafts", "SELECT count(*) FROM sop_fact WHERE source LIKE 'M-%'"),
            ("workflows", "SELECT count(*) FROM workflow WHERE state <> 'done'"),
            ("timers", "SELECT count(*) FROM timer"),
        ] {
            assert_eq!(self.count(sql), 0, "{what} are left");
        }
    }

    /// The real daemon, in a process of its own: `up`, with what comes after it.
    pub(crate) fn process(&self, more: &[&str], environment: &[(&str, &str)]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sopd"));
        command.arg("up").args(more).current_dir(self.root()).envs(environment.iter().copied());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }
    pub(crate) fn start(&self) -> Child {
        self.process(&[], &[]).spawn().unwrap()
    }
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

pub(crate) fn given(by: &str, text: &str) -> Given {
    Given { by: by.into(), os_user: "tester".into(), text: text.into(), ..Given::default() }
}

#[expect(clippy::disallowed_methods, reason = "a person's editor is not our one door to writing files")]
pub(crate) fn put(path: &Path, bytes: impl AsRef<[u8]>) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

#[expect(clippy::disallowed_methods, reason = "a person's editor is not our one door to writing files")]
pub(crate) fn rename(from: &Path, to: &Path) {
    std::fs::rename(from, to).unwrap();
}

/// Waits for something to become so, by looking again and again.
pub(crate) fn until(what: &str, mut so: impl FnMut() -> bool) {
    for _ in 0..MOST_POLLS {
        if so() {
            return;
        }
        std::thread::sleep(POLL);
    }
    panic!("waited in vain until {what}");
}

/// Lets nobody else look into what sopd keeps, as it does itself: what is copied by hand has other modes.
pub(crate) fn shut(root: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    for (name, mode) in [(".sopd/journal.db", 0o600), (".sopd", 0o700)] {
        std::fs::set_permissions(root.join(name), std::fs::Permissions::from_mode(mode)).unwrap();
    }
}

/// Every file below `root`, relative to it, sorted.
pub(crate) fn all_files(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(root).unwrap().to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    found
}

/// The published bytes of a workspace: path and hash.
pub(crate) fn published(root: &Path) -> Vec<(String, Digest)> {
    let files = all_files(&root.join("sops"));
    let sops = files.into_iter().filter(|name| name.contains("/SOP-"));
    let read = |name: &str| std::fs::read_to_string(root.join("sops").join(name)).unwrap();
    sops.map(|name| (name.clone(), Digest::of(dateless(&read(&name))))).collect()
}

/// A text without its days: what began before midnight may end after it.
pub(crate) fn dateless(text: &str) -> String {
    let is_day = |word: &&str| word.len() == 10 && word.bytes().filter(u8::is_ascii_digit).count() == 8;
    let days: Vec<&str> = text.split(|c: char| !(c.is_ascii_digit() || c == '-')).filter(is_day).collect();
    days.iter().fold(text.to_owned(), |text, day| text.replace(day, "DAY"))
}

/// An example mission of the starter workspace.
pub(crate) fn example(world: &World, start: &str) -> String {
    let names = world.names("missions/examples");
    let name = names.iter().find(|name| name.starts_with(start)).unwrap();
    world.read(&format!("missions/examples/{name}"))
}

/// Two sentences that tier 0 makes an SOP of.
const INVOICES: &str = "# Vendor invoice approval\n\nWe paid one supplier twice and another four weeks late. Write the \
                        procedure for supplier invoices, from their arrival in the mailbox to the payment.\n";

/// A brief about invoices with this head.
pub(crate) fn invoices(head: &str) -> String {
    format!("---\n{head}\n---\n{INVOICES}")
}

/// A mission that waits for the forwarder.
pub(crate) fn forwarded() -> (World, String, Decision) {
    let world = World::standing();
    let mission = world.submit(&invoices("sop: SOP-FIN-vendor-invoice-approval\nrequested_by: cro"));
    world.settle();
    let decision = world.only();
    assert_eq!(decision.ask.kind, DecisionKind::Forward);
    (world, mission, decision)
}

/// A mission that waits for its signature.
pub(crate) fn signable() -> (World, String, Decision) {
    let (world, mission, forward) = forwarded();
    world.say(&forward, Verb::Approve, "ready");
    world.settle();
    let decision = world.only();
    assert_eq!(decision.ask.kind, DecisionKind::Publish);
    (world, mission, decision)
}
