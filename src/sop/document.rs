//! The parts of an SOP. Status and approval are not among them: the file's bytes are the approved bytes.

use super::id::{SopId, Version};
pub use super::trigger::{Cron, Missed, Trigger};
use crate::base::{Digest, Span, yaml::small_if_any};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One SOP version: what the file holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sop {
    /// The YAML head.
    pub head: Head,
    /// The sections.
    pub body: Body,
}

impl Sop {
    /// Percent from which a result of `step` stands without review: of the step, else the head, else the section.
    pub fn threshold(&self, step: &Step) -> Option<u8> {
        let section = || super::measure::thresholds(&self.body.confidence).first().copied();
        step.confidence.or(self.head.confidence).or_else(section)
    }
}

/// The YAML head of an SOP file. Unknown keys are errors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// `SOP-REV-lead-qualification`.
    pub id: SopId,
    /// `X.Y[.Z]`.
    pub version: Version,
    /// Title for people.
    pub title: String,
    /// Department code.
    pub department: String,
    /// The one accountable owner: an agent id.
    pub owner: String,
    /// The business objective, one sentence.
    pub objective: String,
    /// What the SOP does, one or two sentences.
    pub description: String,
    /// How dangerous a run can be.
    pub risk_level: RiskLevel,
    /// What happens if it goes wrong, one sentence.
    pub impact: String,
    /// How much a run does without asking.
    #[serde(default)]
    pub execution_mode: ExecutionMode,
    /// Urgency, not danger.
    #[serde(default)]
    pub priority: Priority,
    /// What may start a run besides a person.
    #[serde(default = "manual_only")]
    pub triggers: Vec<Trigger>,
    /// Least time between two runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cooldown: Option<Span>,
    /// Runs at the same time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_concurrent: Option<u32>,
    /// What happens to a start beyond `max_concurrent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admission: Option<Admission>,
    /// Percent from which a result completes without review.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "small_if_any")]
    pub confidence: Option<u8>,
    /// How often the SOP itself is reviewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_every: Option<Span>,
    /// Who drafted it: the orchestrator, or a person.
    pub created_by: String,
    /// `2026-11-20`.
    pub created_at: String,
    /// The mission it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mission: Option<String>,
    /// Hash of the frozen contract it was judged against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract: Option<Digest>,
    /// The version this one replaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supersedes: Option<Version>,
}

fn manual_only() -> Vec<Trigger> {
    vec![Trigger::Manual]
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant),* }
        impl $name {
            /// The word in files and tables.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }
    };
}

words!(
    /// Danger of a run.
    RiskLevel {
        /// Little can go wrong.
        Low = "low",
        /// The usual.
        #[default]
        Medium = "medium",
        /// Asks a person before its first step.
        High = "high",
        /// As high, and worse.
        Critical = "critical",
    }
);
words!(
    /// How much a run does without asking.
    ExecutionMode {
        /// Asks nothing beyond steps that demand it.
        Auto = "auto",
        /// Asks before the first step.
        #[default]
        Supervised = "supervised",
        /// Asks before every step.
        StepByStep = "step_by_step",
        /// By priority.
        PriorityBased = "priority_based",
    }
);
words!(
    /// Urgency.
    Priority {
        /// Can wait.
        Low = "low",
        /// The usual.
        #[default]
        Normal = "normal",
        /// Before others.
        High = "high",
        /// Now.
        Critical = "critical",
    }
);
words!(
    /// What happens to a start that would exceed `max_concurrent`.
    Admission {
        /// Starts all the same.
        Parallel = "parallel",
        /// Waits.
        #[default]
        Hold = "hold",
        /// Joins a waiting start.
        Coalesce = "coalesce",
        /// Is refused.
        Drop = "drop",
    }
);

/// The sections in the order of the file. Text is Markdown without its section heading.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Body {
    /// Why this SOP exists.
    pub purpose: String,
    /// What is in and out; defined terms as `- **Term**: definition`.
    pub scope: String,
    /// `- agent.id: what they answer for`.
    pub roles: String,
    /// The exact event that starts it.
    pub trigger: String,
    /// The input packet.
    pub inputs: Vec<Input>,
    /// Checks before the first step.
    pub preflight: String,
    /// The work.
    pub steps: Vec<Step>,
    /// One measurable rule.
    pub definition_of_done: String,
    /// Threshold, mandatory review, where exceptions go.
    pub confidence: String,
    /// Risks, impact and the way back.
    pub risk: String,
    /// Other SOPs and sources, `- [[SOP-…]]: why`.
    pub references: String,
    /// `- vX.Y (date): what changed`.
    pub change_log: String,
}

/// The sections, in template order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    /// Purpose
    Purpose,
    /// Scope
    Scope,
    /// Roles
    Roles,
    /// Trigger
    Trigger,
    /// Inputs
    Inputs,
    /// Pre-flight
    Preflight,
    /// Steps
    Steps,
    /// Definition of done
    DefinitionOfDone,
    /// Confidence and escalation
    Confidence,
    /// Risk and rollback
    Risk,
    /// References
    References,
    /// Change log
    ChangeLog,
}

impl Section {
    /// All sections in template order with the heading each has in a file.
    pub const ALL: [(Self, &'static str); 12] = [
        (Self::Purpose, "Purpose"),
        (Self::Scope, "Scope"),
        (Self::Roles, "Roles"),
        (Self::Trigger, "Trigger"),
        (Self::Inputs, "Inputs"),
        (Self::Preflight, "Pre-flight"),
        (Self::Steps, "Steps"),
        (Self::DefinitionOfDone, "Definition of done"),
        (Self::Confidence, "Confidence and escalation"),
        (Self::Risk, "Risk and rollback"),
        (Self::References, "References"),
        (Self::ChangeLog, "Change log"),
    ];
    /// The heading in the file.
    pub fn title(self) -> &'static str {
        Self::ALL.iter().find(|(section, _)| *section == self).map_or("", |(_, title)| title)
    }
}

/// One row of the input packet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// `snake_case`.
    pub name: String,
    /// Its type.
    pub kind: InputKind,
    /// A run without it is refused.
    pub required: bool,
    /// What it is and where it comes from.
    pub description: String,
    /// What a run uses when nobody gives a value; as a person would write it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    pub default: Option<String>,
    /// A regular expression that the whole value must fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    pub pattern: Option<String>,
}

/// Types of inputs. Written `text`, `number`, `date`, `yes_no`, `email`, `url`, `choice: a, b`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InputKind {
    /// Any text.
    Text,
    /// A decimal number.
    Number,
    /// `2026-11-20`.
    Date,
    /// Yes or no.
    YesNo,
    /// An e-mail address.
    Email,
    /// A web address.
    Url,
    /// One of these words.
    Choice(Vec<String>),
}

/// One step: what to do in Markdown (fenced blocks included), and its keys.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// From 1, without gaps.
    pub number: u32,
    /// Imperative.
    pub title: String,
    /// Instructions in Markdown, with their fenced blocks, without the keys.
    pub text: String,
    /// Who does it.
    pub assignee: Option<String>,
    /// What exists afterwards.
    pub artifact: Option<String>,
    /// Steps that must be complete before this one; empty means the step before it, or nothing where it `is_first`.
    pub depends_on: Vec<u32>,
    /// It waits for no step: `Depends On: none`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_first: bool,
    /// Expression over inputs and earlier outputs.
    pub when: Option<String>,
    /// A person is asked first.
    pub approval_required: Option<bool>,
    /// Who is asked, and how many of them must say yes.
    pub approvers: Option<Approvers>,
    /// How long the gate waits, and then what.
    pub approval_timeout: Option<ApprovalTimeout>,
    /// The gate stands only when this expression holds.
    pub approval_when: Option<String>,
    /// What a failure leads to.
    pub on_failure: Option<OnFailure>,
    /// Matched with an agent's skills.
    pub needs_skills: Vec<String>,
    /// Longest the step may take.
    pub time_limit: Option<Span>,
    /// Percent below which a person reviews the result.
    pub confidence: Option<u8>,
    /// JSON schema of the result.
    pub output: Option<String>,
    /// Tools an agent may use.
    pub tools: Vec<String>,
    /// The result reaches customers.
    pub reaches_customers: Option<bool>,
    /// How to undo it, Markdown with a fenced block.
    pub rollback: Option<String>,
    /// Names of secrets the step may read.
    pub secrets: Vec<String>,
    /// Whether its script may use the network; without a word it may not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<bool>,
}

impl Step {
    /// Whether it asks for an approval of its own; naming who approves does, unless it says that none is required.
    pub fn asks(&self) -> bool {
        self.approval_required.unwrap_or(self.approvers.is_some()) || self.approval_when.is_some()
    }

    /// Whom it names: who does it, and who lets it go ahead.
    pub fn parties(&self) -> impl Iterator<Item = &String> {
        self.assignee.iter().chain(self.approvers.iter().flat_map(|approvers| &approvers.parties))
    }
}

/// `chief.staff, coo (2)`: the named parties, and how many must agree (default 1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approvers {
    /// Agent ids.
    pub parties: Vec<String>,
    /// How many of them.
    pub quorum: u32,
}

/// `30 minutes, then escalate`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalTimeout {
    /// How long the gate waits.
    pub after: Span,
    /// What then.
    pub then: Lapse,
}

words!(
    /// What a gate's time-out leads to.
    Lapse {
        /// The next in line is asked.
        #[default]
        Escalate = "escalate",
        /// The step is rejected.
        Reject = "reject",
        /// The step goes ahead.
        Approve = "approve",
        /// The step is left out.
        Skip = "skip",
        /// The run pauses.
        Pause = "pause",
    }
);

/// What a failed step leads to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    /// The run fails.
    Stop,
    /// Tried again.
    Retry {
        /// How often.
        times: u32,
        /// With this pause.
        every: Option<Span>,
    },
    /// Goes on at that step.
    Goto(u32),
    /// Completed steps are undone in reverse order.
    Rollback,
}
