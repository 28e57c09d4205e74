//! What runs need of the world: the workspace, the journal, the door to models, a program that watches over commands,
//! a way to other services, and secrets.

use super::command::{Command, Ended, Limits};
use super::effect::Sight;
use super::http::Reach;
use crate::agent::Gateway;
use crate::base::{Digest, Problem, files, problem::Result};
use crate::journal::{Failure, Journal};
use crate::settings::{Runs, StepNetwork};
use crate::sop::Step;
use crate::sop::step_keys::is_taken;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What runs need of the world.
#[derive(Debug)]
pub struct Site {
    /// The workspace's folder.
    pub root: PathBuf,
    /// The journal.
    pub journal: Journal,
    /// The door to models.
    pub gateway: Arc<Gateway>,
    /// The program that watches over commands: `sopd` itself.
    pub warden: PathBuf,
    /// How other services are reached.
    pub http: Reach,
    /// Secrets by the name an SOP uses.
    pub secrets: BTreeMap<String, String>,
    /// Files with secrets in them: neither commands nor agents read them, wherever they lie.
    pub private: Vec<PathBuf>,
    /// What the settings say of runs.
    pub settings: Runs,
}

/// Where one try of a command works.
pub(super) struct Place {
    /// Its working folder.
    pub(super) folder: PathBuf,
    /// The folder the run's steps share, so that one finds what another left.
    pub(super) shared: PathBuf,
    /// Script and output.
    pub(super) record: PathBuf,
}

impl Site {
    /// The working folder of a step.
    fn work_of(&self, sight: &Sight, number: u32) -> PathBuf {
        let own = format!("work-{number}");
        self.of_run(&sight.row.id).join(if sight.is_beside(number) { &own } else { "work" })
    }

    /// The folder of a run.
    fn of_run(&self, run: &str) -> PathBuf {
        run_folder(&self.root, run)
    }

    /// The folders of one try of step `number` (0: before the first), made where they are not there. Steps work in the
    /// folder they share; one that may go on beside another works in a folder of its own, and finds the shared one by
    /// `RUN_FOLDER`.
    pub(super) fn place(&self, sight: &Sight, (number, name): (u32, &str)) -> Result<Place> {
        let at = self.of_run(&sight.row.id);
        let (shared, folder) = (at.join("work"), self.work_of(sight, number));
        let place = Place { folder, shared, record: at.join("record").join(name) };
        for folder in [&place.folder, &place.shared, &place.record] {
            files::make_private(folder)?;
        }
        Ok(place)
    }

    /// Why what a gate has shown of the results so far is not what a script would find: a file that somebody has changed
    /// since a step left it. What another step made of it is a result as well; what is gone was shown and is not used.
    pub(super) fn altered(&self, sight: &Sight) -> Result<Option<String>> {
        for step in &sight.steps {
            let folder = self.work_of(sight, step.number);
            for (name, _) in &step.files {
                let mut known =
                    sight.steps.iter().flat_map(|other| &other.files).filter(|file| file.0 == *name);
                let path = folder.join(name);
                if !path.is_file() {
                    continue;
                }
                let found = Digest::of(files::bytes(&path).map_err(|error| files::explain(&path, &error))?);
                if !known.any(|(_, hash)| *hash == found) {
                    return Ok(Some(format!(
                        "{name}, which step {} left, is not what was shown to who approved: it was changed since",
                        step.number
                    )));
                }
            }
        }
        Ok(None)
    }

    /// What no command and no agent may read.
    pub(super) fn hidden(&self) -> Vec<PathBuf> {
        let files = self.private.iter().filter(|file| file.exists()).cloned();
        std::iter::once(self.root.join(".sopd")).chain(files).collect()
    }

    /// What a script may use up, as long as its step does not say how long it may take.
    pub(super) fn limits(&self) -> Limits {
        Limits::of(&self.settings.limits)
    }

    /// Whether scripts of step `number` may use the network. A check before the first step (0) may where a step may.
    pub(super) fn network(&self, sight: &Sight, number: u32) -> bool {
        let mut asked = sight.plan.sop.body.steps.iter().filter(|step| step.network == Some(true));
        self.settings.network == StepNetwork::All || asked.any(|step| [0, step.number].contains(&number))
    }

    /// Runs a script of step `number` (0: before the first) in the place it was given.
    pub(super) async fn run(
        &self,
        sight: &Sight,
        (number, place): (u32, Place),
        (script, limits): (String, Limits),
        secrets: BTreeMap<String, String>,
    ) -> std::result::Result<Ended, Failure> {
        let mut env = sight.environment(number)?;
        env.insert("RUN_FOLDER".to_owned(), place.shared.to_string_lossy().into_owned());
        if let Some(name) = secrets.keys().find(|name| is_taken(name)) {
            let problem = Problem::invalid(format!(
                "the secret {name} would take the place of a variable of sopd's own"
            ));
            return Err(problem.hint("give the secret another name").into());
        }
        env.extend(secrets);
        let command = Command {
            folder: place.folder,
            record: place.record,
            script,
            env,
            limits,
            writable: vec![place.shared],
            readable: self.settings.readable.iter().map(|path| self.root.join(path)).collect(),
            hidden: self.hidden(),
            whole: self.of_run(&sight.row.id),
            network: self.network(sight, number),
            secrets: self.secrets.values().cloned().collect(),
        };
        Ok(super::command::run(&self.warden, command).await?)
    }

    /// The secrets with these names.
    ///
    /// # Errors
    /// `NotFound` for one that steps are not given, in words that say what to do about it.
    pub(super) fn secrets(&self, names: &[String]) -> Result<BTreeMap<String, String>> {
        let one = |name: &String| {
            self.secrets.get(name).map(|value| (name.clone(), value.clone())).ok_or_else(|| self.lacks(name))
        };
        names.iter().map(one).collect()
    }

    /// Why a step is not given a secret. What a step may have is said in the settings: that it stands in the file of
    /// secrets, or in the environment, is not enough.
    fn lacks(&self, name: &str) -> Problem {
        if !self.settings.secrets.iter().any(|known| known == name) {
            let message = format!(
                "no step is given the secret {name}: `runs.secrets` did not name it when sopd started"
            );
            let hint =
                format!("add it in sopd.yaml, `runs: {{ secrets: [{name}] }}`, start sopd again, then retry");
            return Problem::not_found(message).hint(hint);
        }
        let file = match &self.settings.secrets_file {
            Some(file) => format!("a line `{name}=…` in {file}"),
            None => format!(
                "the variable {name} in the environment of sopd, or a file named by `runs.secrets_file`"
            ),
        };
        let message = format!(
            "there is no secret {name}: `runs.secrets` names it, and sopd found no value for it when it started"
        );
        Problem::not_found(message).hint(format!("set it ({file}), start sopd again, then retry"))
    }

    /// Runs a script of step `number` in a place of its own.
    pub(super) async fn script(
        &self,
        sight: &Sight,
        (number, name): (u32, &str),
        script: String,
        limits: Limits,
    ) -> std::result::Result<Ended, Failure> {
        let step: &Step = sight.plan.step(number)?;
        let secrets = self.secrets(&step.secrets)?;
        let place = self.place(sight, (number, name))?;
        self.run(sight, (number, place), (script, limits), secrets).await
    }
}

/// Where the files of a run are.
pub fn run_folder(root: &Path, run: &str) -> PathBuf {
    root.join(".sopd").join("runs").join(run)
}
