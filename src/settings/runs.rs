//! Defaults of SOPs and their runs, retention, git. The defaults of runs are those of the skill
//! description whose files are valid here (requirement D1).

use crate::base::Span;
use crate::base::span::Unit;
use crate::sop::document::ExecutionMode;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Defaults of published SOPs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sops {
    /// How often a published SOP is reviewed when its head does not say. Default 6 months.
    pub review_every: Span,
}

impl Default for Sops {
    fn default() -> Self {
        Self { review_every: Span { count: 6, unit: Unit::Month } }
    }
}

/// Defaults of runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Runs {
    /// How much a run does without asking when its SOP does not say. Default `supervised`.
    pub default_execution_mode: ExecutionMode,
    /// What `priority_based` stands for at each priority.
    pub priority_modes: PriorityModes,
    /// How long a gate waits when its step does not say. Default 30 minutes.
    pub approval_timeout: Span,
    /// Runs of one SOP under way at once, where its head does not say. Default 3.
    pub max_concurrent: u32,
    /// Times one step of a run may be begun, where failures lead back to it. Default 5.
    pub max_visits: u32,
    /// Longest a run may take; then it pauses. Default 1 month.
    pub time_limit: Span,
    /// Names of the secrets that steps may be given, where their SOP names them. Default none. Each is read from
    /// the environment variable of that name, or from `secrets_file`.
    pub secrets: Vec<String>,
    /// A file of `NAME=value` lines that only its owner may read (mode 0600), by its path from the workspace. Default
    /// none.
    pub secrets_file: Option<String>,
    /// The secret of each webhook, by its path: a name like those of `secrets`, read from the same places, never given
    /// to a step. Default none; a webhook without a secret starts nothing.
    pub webhooks: BTreeMap<String, String>,
    /// Which steps' scripts may use the network. Default `named`.
    pub network: StepNetwork,
    /// Files and folders, by their paths from the workspace, that scripts of steps may read beside their run's own
    /// folder, programs, libraries and system settings. Default none.
    pub readable: Vec<String>,
    /// What one script may use up.
    pub limits: StepLimits,
    /// How long a stop of sopd waits for what is under way, commands, requests and calls of models, before it is cut off.
    /// Default 1 minute.
    pub stop_within: Span,
    /// For whom runs start that no person started: an id on the roster. It is their initiator, so it answers none of
    /// their gates. Default `sop.manager`.
    pub trigger_party: String,
}

impl Default for Runs {
    fn default() -> Self {
        Self {
            default_execution_mode: ExecutionMode::Supervised,
            priority_modes: PriorityModes::default(),
            approval_timeout: Span { count: 30, unit: Unit::Minute },
            max_concurrent: 3,
            max_visits: 5,
            time_limit: Span { count: 1, unit: Unit::Month },
            secrets: Vec::new(),
            secrets_file: None,
            webhooks: BTreeMap::new(),
            network: StepNetwork::default(),
            readable: Vec::new(),
            limits: StepLimits::default(),
            stop_within: Span { count: 1, unit: Unit::Minute },
            trigger_party: "sop.manager".to_owned(),
        }
    }
}

/// Which steps' scripts may use the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepNetwork {
    /// Those whose step says `**Network**: Yes`.
    #[default]
    Named,
    /// All of them, as before steps could say so.
    All,
}

/// What one script of a step may use up; one that needs more is ended, and its step fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StepLimits {
    /// Memory of all its processes together, in MiB. Default 2048.
    pub memory_mib: u32,
    /// Processes at once. Default 512.
    pub processes: u32,
    /// The largest file it may write, in MiB. Default 1024.
    pub file_mib: u32,
    /// What the folder of its run may hold on disk, in MiB. Default 4096.
    pub disk_mib: u32,
}

impl Default for StepLimits {
    fn default() -> Self {
        Self { memory_mib: 2048, processes: 512, file_mib: 1024, disk_mib: 4096 }
    }
}

/// What `priority_based` stands for at each priority. The defaults are those of the skill description; `auto`,
/// `supervised` and `step_by_step` may be written, `priority_based` not, since it would stand for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PriorityModes {
    /// Default `auto`.
    pub critical: ExecutionMode,
    /// Default `auto`.
    pub high: ExecutionMode,
    /// Default `supervised`.
    pub normal: ExecutionMode,
    /// Default `supervised`.
    pub low: ExecutionMode,
}

impl Default for PriorityModes {
    fn default() -> Self {
        Self {
            critical: ExecutionMode::Auto,
            high: ExecutionMode::Auto,
            normal: ExecutionMode::Supervised,
            low: ExecutionMode::Supervised,
        }
    }
}

impl PriorityModes {
    /// The mode of each priority, by its key in the settings.
    pub fn all(&self) -> [(&'static str, ExecutionMode); 4] {
        [("critical", self.critical), ("high", self.high), ("normal", self.normal), ("low", self.low)]
    }
}

/// How long erasable payloads are kept; facts and their hashes stay for ever.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// Days after the end of a run. Default 90. Its working folders go then by themselves.
    pub days: u32,
    /// Erase the payloads by themselves as well, as `sopd cleanup` does. Default off.
    pub erase: bool,
}

impl Default for Retention {
    fn default() -> Self {
        Self { days: 90, erase: false }
    }
}

/// How the audit log is witnessed from outside.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Audit {
    /// A file, by its path from the workspace, that a line with the chain's head is added to at each start, day and stop:
    /// best on another machine's disk. Default null.
    pub anchor_file: Option<String>,
}

/// What is committed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Git {
    /// One commit per publication when the workspace is the top of a git repository. Default on.
    pub commit: bool,
    /// Also when the workspace is a folder within a repository. Default off: that one is somebody's project.
    pub enclosing: bool,
}

impl Default for Git {
    fn default() -> Self {
        Self { commit: true, enclosing: false }
    }
}
