//! A workspace whose models are a server in the test's hand, a clock that stands still, and people who answer.
#![expect(
    clippy::disallowed_methods,
    clippy::panic,
    reason = "tests write files and end where they find something else"
)]

use crate::fake_openai::FakeOpenAi;
use serde_json::Value;
use sopd::base::{Clock, Instant};
use sopd::daemon::{MissionStatus, Until, Workspace, init, run, statuses, submit};
use sopd::decision::{self, Decision, DecisionKind, Given, Verb};
use sopd::journal::{Access, events_of};
use sopd::mission::artifacts;
use std::path::Path;

/// 20 November 2026, a Friday, 09:00 UTC.
pub(crate) const NOW: Instant = Instant(1_795_165_200_000);

/// Limits that keep a test short: no second try and no pause that matters.
pub(crate) const QUICK: &str = "calls: { read_timeout: 20 seconds, total_timeout: 20 seconds, attempts: 1, per_minute: 100000, retry_after_cap: 1 second }\n";

/// Names the workspace to a process started by [`World::settle_apart`].
const WORKSPACE: &str = "SOPD_TEST_WORKSPACE";

/// Is no test but the body of such a process.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_of_its_own() {
    let Some(root) = std::env::var_os(WORKSPACE) else { return };
    run(Path::new(&root), Clock::fixed(NOW), Until::Idle).await.unwrap();
}

pub(crate) struct World {
    folder: tempfile::TempDir,
    pub(crate) clock: Clock,
}

impl World {
    /// A fresh workspace whose every tier is served by `server`; `settings` are further lines of `sopd.yaml`.
    pub(crate) fn new(server: &FakeOpenAi, settings: &str) -> Self {
        let models = format!(
            "models: {{ endpoint: \"{}\", api_key_env: null, model: fake-1, price: {{ input_per_mtok_usd: 1, output_per_mtok_usd: 4, cached_per_mtok_usd: 0.1 }}, tiers: {{ 2: {{ model: fake-2, price: {{ input_per_mtok_usd: 1, output_per_mtok_usd: 4, cached_per_mtok_usd: 0.1 }} }}, 3: {{ model: fake-3, price: {{ input_per_mtok_usd: 1, output_per_mtok_usd: 4, cached_per_mtok_usd: 0.1 }} }} }} }}\n",
            server.url()
        );
        Self::with(&format!("{models}{settings}"))
    }

    /// A fresh workspace with these settings.
    pub(crate) fn with(settings: &str) -> Self {
        let world = Self { folder: tempfile::tempdir().unwrap(), clock: Clock::fixed(NOW) };
        init(world.root(), &world.clock).unwrap();
        world.append("sopd.yaml", settings);
        world
    }

    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn append(&self, file: &str, text: &str) {
        let path = self.root().join(file);
        let before = std::fs::read_to_string(&path).unwrap_or_default();
        std::fs::write(path, format!("{before}{text}")).unwrap();
    }

    pub(crate) fn replace(&self, file: &str, from: &str, to: &str) {
        let path = self.root().join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} does not hold {from}");
        std::fs::write(path, text.replace(from, to)).unwrap();
    }

    pub(crate) fn workspace(&self) -> Workspace {
        Workspace::open(self.root(), Access::Guest, self.clock.clone()).unwrap()
    }

    /// Hands in a mission file; its id.
    pub(crate) fn submit(&self, text: &str) -> String {
        let workspace = self.workspace();
        let snapshot = workspace.snapshot().unwrap();
        submit(&workspace, &snapshot, ("mission.md", text), false, false).unwrap().mission
    }

    /// Hands in the example whose file begins with `number`.
    pub(crate) fn submit_example(&self, number: u32) -> String {
        let folder = std::fs::read_dir(self.root().join("missions/examples")).unwrap();
        let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
        let mut files = folder.flatten().map(|entry| entry.path());
        let file = files.find(|path| name(path).starts_with(&number.to_string())).unwrap();
        self.submit(&std::fs::read_to_string(file).unwrap())
    }

    /// Does everything that needs no person and no clock. Nothing may hang.
    pub(crate) async fn settle(&self) {
        let work = run(self.root(), self.clock.clone(), Until::Idle);
        tokio::time::timeout(std::time::Duration::from_mins(5), work).await.unwrap().unwrap();
    }

    /// The same in a process of its own with these variables, which may be told to die: whether it did not.
    pub(crate) fn settle_apart(&self, variables: &[(&str, &str)]) -> bool {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "models_world::a_process_of_its_own", "--nocapture"]);
        child.env(WORKSPACE, self.root()).envs(variables.iter().copied());
        child.output().unwrap().status.success()
    }

    /// Moves the clock on and does what is due then.
    pub(crate) async fn later(&self, minutes: i64) {
        self.clock.set(self.clock.now().plus_millis(minutes * 60_000));
        self.settle().await;
    }

    pub(crate) fn open(&self) -> Vec<Decision> {
        self.workspace().journal.read(|db| decision::open_for(db, None)).unwrap()
    }

    /// The only decision that is open; its kind must be `kind`.
    pub(crate) fn only(&self, kind: DecisionKind) -> Decision {
        let mut open = self.open();
        let titles: Vec<String> = open.iter().map(|d| format!("{}: {}", d.ask.title, d.ask.why)).collect();
        assert_eq!(open.len(), 1, "{titles:#?} {:#?}", self.statuses());
        let only = open.remove(0);
        assert_eq!(only.ask.kind, kind, "{titles:#?}");
        only
    }

    /// The first party asked answers; `Err` with what it is told when it may not.
    pub(crate) fn try_answer(
        &self,
        decision: &Decision,
        verb: Verb,
        text: &str,
        over: Option<&str>,
    ) -> Result<(), String> {
        let given = Given {
            by: decision.ask.asked_of[0].clone(),
            os_user: "test".into(),
            text: text.into(),
            overriding: over.map(str::to_owned),
            shown: Some(decision.ask.hash.0.clone()),
            ..Given::default()
        };
        let id = decision.id.clone();
        let resolved = self.workspace().journal.append(move |tx| decision::resolve(tx, &id, verb, &given));
        resolved.map_err(|problem| problem.to_string())?.map(drop).map_err(|problem| problem.to_string())
    }

    pub(crate) fn answer(&self, decision: &Decision, verb: Verb, text: &str) {
        self.try_answer(decision, verb, text, None).unwrap();
    }

    /// Approves whatever is put on the publication path until nothing is open.
    pub(crate) async fn approve_all(&self) {
        for _ in 0..6 {
            self.settle().await;
            let open = self.open();
            if open.is_empty() {
                return;
            }
            for decision in open {
                let known = matches!(decision.ask.kind, DecisionKind::Forward | DecisionKind::Publish);
                assert!(known, "{}: {}", decision.ask.title, decision.ask.why);
                self.answer(&decision, Verb::Approve, "");
            }
        }
    }

    pub(crate) fn statuses(&self) -> Vec<MissionStatus> {
        self.workspace().journal.read(|db| statuses(db, true)).unwrap()
    }

    pub(crate) fn status(&self, mission: &str) -> MissionStatus {
        self.statuses().into_iter().find(|status| status.id == mission).unwrap()
    }

    /// Bodies of the events of one kind.
    pub(crate) fn events(&self, kind: &str) -> Vec<Value> {
        let workspace = self.workspace();
        let events = workspace.journal.read(|db| events_of(db, None, 0, 100_000)).unwrap();
        let of_kind = events.into_iter().filter(|event| event.kind == kind);
        of_kind
            .map(|event| {
                let fact: Value = serde_json::from_str(&event.text).unwrap();
                match fact.get("payload").and_then(Value::as_str) {
                    Some(hash) => {
                        let hash = sopd::base::Digest(hash.to_owned());
                        serde_json::from_slice(&workspace.journal.blob(&hash).unwrap().unwrap()).unwrap()
                    }
                    None => fact,
                }
            })
            .collect()
    }

    /// A file of a mission's dossier.
    pub(crate) fn file(&self, mission: &str, name: &str) -> String {
        let workspace = self.workspace();
        let all = workspace.journal.read(|db| artifacts(db, mission)).unwrap();
        let found = all.iter().find(|artifact| artifact.name == name);
        let found = found.unwrap_or_else(|| panic!("no {name} among {all:#?}"));
        String::from_utf8(workspace.journal.blob(&found.hash).unwrap().unwrap()).unwrap()
    }
}
