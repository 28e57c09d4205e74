//! `sopd.yaml`: every limit, rule and switch a workspace can set. Every key is optional; what is absent has the
//! default documented at its field. Pure data: read once, then handed down and snapshotted by hash.

pub mod authority;
pub mod council;
pub mod desk;
pub mod limits;
mod machine;
pub mod models;
pub mod notifications;
mod parse;
pub mod runs;
pub mod traces;

pub use authority::{DecisionRules, OnDeadline, Publication};
pub use council::{Council, CouncilLevel};
pub use desk::Desk;
pub use limits::{Budgets, CallLimits, MissionRules};
pub use models::{Model, Models, Price};
pub use notifications::{Notifications, What};
pub use runs::{Audit, Git, PriorityModes, Retention, Runs, Sops, StepLimits, StepNetwork};
pub use traces::Traces;

use crate::base::problem::Result;
use crate::base::{Digest, Problem};
use serde::{Deserialize, Serialize};

/// All settings of one workspace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Who is taken to ask for a mission whose file does not say. Default `ceo`.
    pub requester: String,
    /// Who signs what is published.
    pub publication: Publication,
    /// Deadlines of what people are asked.
    pub decisions: DecisionRules,
    /// Which classes of work the council sees, and who sits on it.
    pub council: Council,
    /// Which model does the thinking at which tier.
    pub models: Models,
    /// Limits of single model calls.
    pub calls: CallLimits,
    /// Limits on cost.
    pub budgets: Budgets,
    /// How far a mission goes by itself.
    pub missions: MissionRules,
    /// Defaults of published SOPs.
    pub sops: Sops,
    /// Defaults of runs.
    pub runs: Runs,
    /// Where the pages are served.
    pub desk: Desk,
    /// Where traces are sent.
    pub traces: Traces,
    /// What people are told without asking.
    pub notifications: Notifications,
    /// How long erasable payloads are kept.
    pub retention: Retention,
    /// Where anchors of the audit log are written down.
    pub audit: Audit,
    /// What is committed.
    pub git: Git,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            requester: "ceo".to_owned(),
            publication: Publication::default(),
            decisions: DecisionRules::default(),
            council: Council::default(),
            models: Models::default(),
            calls: CallLimits::default(),
            budgets: Budgets::default(),
            missions: MissionRules::default(),
            sops: Sops::default(),
            runs: Runs::default(),
            desk: Desk::default(),
            traces: Traces::default(),
            notifications: Notifications::default(),
            retention: Retention::default(),
            audit: Audit::default(),
            git: Git::default(),
        }
    }
}

impl Settings {
    /// Reads `text`, the content of the settings file `file`. A file of comments gives the defaults.
    ///
    /// A file that is not YAML, or has an unknown key, gives that one problem; otherwise all values that make
    /// no sense are returned at once.
    pub fn parse(file: &str, text: &str) -> std::result::Result<Self, Vec<Problem>> {
        parse::parse(file, text)
    }

    /// The hash under which a mission remembers the settings it was planned with.
    pub fn digest(&self) -> Result<Digest> {
        let text = serde_json::to_vec(self)
            .map_err(|error| Problem::failed(format!("the settings cannot be written down: {error}")))?;
        Ok(Digest::of(text))
    }
}
