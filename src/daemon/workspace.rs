//! A workspace folder: where things are in it, and opening its journal.

use crate::agent::Snapshot;
use crate::base::{Clock, Problem, files, problem::Result};
use crate::governance;
use crate::journal::{Access, Journal, Redactor};
use crate::notify::Wiring;
use crate::run::http::Reach;
use crate::run::{Delivered, Post};
use crate::settings::{Runs, Settings};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The settings file that makes a folder a workspace.
pub(super) const SETTINGS_FILE: &str = "sopd.yaml";
/// Most bytes of secrets that are read.
const MOST_SECRETS: u64 = 64 * 1024;
/// The variables that a program which is told something has from the daemon's environment.
const HANDED_ON: [&str; 5] = ["PATH", "HOME", "LANG", "LC_ALL", "TZ"];
/// The folder nobody edits.
pub(super) const PRIVATE_FOLDER: &str = ".sopd";

/// One numbered list for all layers' tables: `MIGRATIONS[n]` leads from journal format `n` to `n + 1`.
const MIGRATIONS: &[&[&str]] = &[
    &[
        crate::journal::TABLES,
        crate::agent::TABLES,
        crate::decision::TABLES,
        crate::registry::TABLES,
        crate::mission::TABLES,
    ],
    &[
        crate::decision::TABLES_2,
        crate::decision::TABLES_3,
        crate::decision::TABLES_4,
        crate::decision::WAITING_TABLES,
        crate::run::TABLES,
        crate::run::TRIGGER_TABLES,
        crate::access::TABLES,
        super::repeats::REPEAT_TABLES,
        crate::registry::SEARCH_TABLES,
        crate::agent::CALL_INDEX,
        super::edits::TABLES,
        crate::notify::TABLES,
    ],
    &[crate::registry::PUBLICATION_INDEX, crate::run::AUTONOMY_INDEX, crate::access::TABLES_2],
    &[crate::decision::UNSENT_TABLES, crate::access::TABLES_3, super::departed::TABLES],
    &[crate::journal::TABLES_5],
    &[crate::journal::TABLES_6],
];

/// An opened workspace.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// Its folder.
    pub root: PathBuf,
    /// Its journal.
    pub journal: Journal,
}

impl Workspace {
    /// The nearest folder with a `sopd.yaml`, from `start` upwards.
    pub fn find(start: &Path) -> Result<PathBuf> {
        let start = absolute(start)?;
        let found = start.ancestors().find(|folder| folder.join(SETTINGS_FILE).is_file());
        found.map(Path::to_path_buf).ok_or_else(|| {
            Problem::not_found(format!("there is no {SETTINGS_FILE} in {} or above it", start.display()))
                .hint("make a workspace with `sopd init DIR`, or name one with --workspace DIR")
        })
    }

    /// Opens the workspace in `root`.
    ///
    /// Its path is made absolute here, once: what is handed on from it is read in other working folders.
    pub fn open(root: &Path, access: Access, clock: Clock) -> Result<Self> {
        let root = absolute(root)?;
        let private = root.join(PRIVATE_FOLDER);
        if access == Access::Holder {
            files::make_private(&private)?;
        }
        // As with a secrets file: what others could have read or written is not gone on with unseen.
        private_own(&root).iter().try_for_each(|path| files::check_private(path))?;
        let redactor = Redactor::new(secrets(&root));
        let path = private.join("journal.db");
        let journal = Journal::open_kept(&path, (MIGRATIONS, super::truth::KEPT), access, (clock, redactor))?;
        Ok(Self { root, journal })
    }

    /// Settings, roster and prompts as they are on disk now; where they cannot be read, as they last were sound, whether
    /// a daemon drives the workspace or not. Whoever has left since is not among them.
    ///
    /// # Errors
    /// What is wrong with them, without any secret, where they never were sound.
    pub fn snapshot(&self) -> Result<Arc<Snapshot>, Vec<Problem>> {
        Snapshot::in_force(&self.root).map_err(|problems| self.cleaned(problems))
    }

    /// The same, and nothing else than what is on disk now: for whoever tries out what was just written.
    ///
    /// # Errors
    /// What is wrong with them, without any secret.
    pub fn snapshot_on_disk(&self) -> Result<Arc<Snapshot>, Vec<Problem>> {
        Snapshot::read(&self.root).map_err(|problems| self.cleaned(problems))
    }

    fn cleaned(&self, problems: Vec<Problem>) -> Vec<Problem> {
        let clean = |problem: Problem| problem.in_words(|words| self.journal.clean(words));
        problems.into_iter().map(clean).collect()
    }

    /// Refuses a party that is not at work here, with the names that would do: the one place every face and every
    /// credential goes through. A roster that cannot be read is no licence. Whether a party at work may do what it
    /// wants is not decided here.
    pub fn check_party(&self, party: &str, asked_of: &[String]) -> Result<()> {
        let snapshot = self.snapshot().map_err(|problems| {
            let first = super::run::first_of(problems);
            let message = format!("who may act cannot be told until this is mended: {}", first.message);
            Problem { message, ..first }
        })?;
        let Err(reason) = governance::at_work(&snapshot.settings, &snapshot.roster, party) else {
            return Ok(());
        };
        let was_known = snapshot.roster.get(party).is_some() || asked_of.iter().any(|asked| asked == party);
        if was_known {
            return Err(Problem::not_allowed(format!("{reason}, so nothing can be done in its name"))
                .hint("what is asked of it moves to the one above; see `sopd inbox`"));
        }
        let problem =
            Problem::not_found(format!("there is no party `{party}`: nobody on the roster has that id"));
        Err(match asked_of {
            [] => problem,
            asked_of => problem.hint(format!("this is asked of {}", crate::base::text::listed(asked_of))),
        })
    }

    /// Where missions are dropped.
    pub fn missions(&self) -> PathBuf {
        self.root.join("missions")
    }
}

/// What holds everything that was said and done, secrets of steps among it: nobody but its owner may look into it.
pub fn private_own(root: &Path) -> [PathBuf; 2] {
    let private = root.join(PRIVATE_FOLDER);
    [private.join("journal.db"), private]
}

/// A path from the root of the file system, wherever this process works.
pub fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).map_err(|error| Problem::failed(format!("{}: {error}", path.display())))
}

/// The secret values this workspace's settings lead to, or those that count while these cannot be read.
fn secrets(root: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(root.join(SETTINGS_FILE)).ok();
    let settings = text.and_then(|text| Settings::parse(SETTINGS_FILE, &text).ok());
    let in_force = || Some(Snapshot::in_force(root).ok()?.settings.clone());
    let Some(settings) = settings.or_else(in_force) else { return Vec::new() };
    let keys = settings.models.key_variables().into_iter().filter_map(|name| std::env::var(name).ok());
    let runs = &settings.runs;
    let names = runs.secrets.iter().chain(runs.webhooks.values()).chain(settings.notifications.secrets());
    // Of the file all, also what no step is given: a secret that nobody names is one all the same.
    let of_file = runs.secrets_file.as_ref().and_then(|name| read_secrets(&root.join(name)).ok());
    let of_file = of_file.unwrap_or_default().into_values();
    keys.chain(secrets_named(root, runs, names).unwrap_or_default().into_values()).chain(of_file).collect()
}

/// The secrets that steps of runs may be given, by name.
pub(super) fn run_secrets(root: &Path, settings: &Settings) -> Result<BTreeMap<String, String>> {
    secrets_named(root, &settings.runs, settings.runs.secrets.iter())
}

/// The secrets of the channels, by name.
pub fn notify_secrets(workspace: &Workspace, settings: &Settings) -> Result<BTreeMap<String, String>> {
    secrets_named(&workspace.root, &settings.runs, settings.notifications.secrets())
}

/// The files with secrets in them that the settings name.
pub fn private_files(root: &Path, settings: &Settings) -> Vec<PathBuf> {
    let named = [&settings.runs.secrets_file, &settings.desk.tls_key];
    named.into_iter().flatten().map(|name| root.join(name)).collect()
}

/// What notifications need of the world, with the settings as they are on disk now. `http` is their client.
pub fn notify_wiring(workspace: &Workspace, settings: &Settings, http: Reach) -> Result<Wiring> {
    let notifications = settings.notifications.clone();
    let secrets = notify_secrets(workspace, settings)?;
    let environment =
        HANDED_ON.into_iter().filter_map(|name| Some((name.to_owned(), std::env::var(name).ok()?)));
    Ok(Wiring {
        root: workspace.root.clone(),
        settings: notifications,
        desk: settings.desk.reached_at(),
        secrets,
        environment: environment.collect(),
        http,
        clock: workspace.journal.clock().clone(),
    })
}

/// Refuses a webhook's request that cannot be let in, by its path and headers; see [`crate::run::expect`].
pub fn expect(workspace: &Workspace, (path, headers): (&str, &[(String, String)])) -> Result<()> {
    let secret = webhook_secret(workspace, path)?;
    crate::run::expect(&workspace.journal, &workspace.root, secret.as_deref(), (path, headers))
}

/// The secret that the settings name for a webhook's path.
fn webhook_secret(workspace: &Workspace, path: &str) -> Result<Option<String>> {
    let snapshot = workspace.snapshot().map_err(super::run::first_of)?;
    let runs = &snapshot.settings.runs;
    Ok(secrets_named(&workspace.root, runs, runs.webhooks.get(path))?.into_values().next())
}

/// Takes a webhook's request in, with the secret that the settings name for its path; see [`crate::run::deliver`].
pub fn deliver(workspace: &Workspace, post: &Post) -> Result<Delivered> {
    let secret = webhook_secret(workspace, &post.path)?;
    crate::run::deliver(&workspace.journal, &workspace.root, secret.as_deref(), post)
}

/// Of these secrets those that are there: in the file of secrets, else in the environment of this process.
///
/// # Errors
/// When the file of secrets cannot be read, or others may read it.
pub fn secrets_named<'a>(
    root: &Path,
    runs: &Runs,
    names: impl IntoIterator<Item = &'a String>,
) -> Result<BTreeMap<String, String>> {
    let of_file = match &runs.secrets_file {
        Some(name) => read_secrets(&root.join(name))?,
        None => BTreeMap::new(),
    };
    let value = |name: &String| of_file.get(name).cloned().or_else(|| std::env::var(name).ok());
    let named = names.into_iter();
    Ok(named.filter_map(|name| Some((name.clone(), value(name)?))).collect())
}

fn read_secrets(path: &Path) -> Result<BTreeMap<String, String>> {
    files::check_private(path)?;
    let text = files::read_text(path, MOST_SECRETS)?;
    let mut found = BTreeMap::new();
    for (line, number) in text.lines().zip(1_u32..) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let Some((name, value)) = line.split_once('=') else {
            // The line itself is not shown: it may be a secret.
            return Err(Problem::invalid(format!("{} line {number} is not NAME=value", path.display())));
        };
        found.insert(name.trim().to_owned(), value.to_owned());
    }
    Ok(found)
}
