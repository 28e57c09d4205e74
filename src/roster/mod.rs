//! The roster: who can work on missions, with what knowledge. Reads agent files; no I/O, no clock.

pub mod bullets;
mod chapters;
mod company;
mod head;
pub mod parse;
pub(crate) mod source;
pub(crate) mod steps;

pub use chapters::Chapters;
pub use company::Roster;
pub use parse::parse;

use crate::sop::{Section, Step};
use serde::{Deserialize, Serialize};

/// One agent file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Agent {
    /// The YAML head.
    pub head: AgentHead,
    /// The opening paragraph: who this agent is and how it judges.
    pub persona: String,
    /// Its knowledge, one topic per `##` heading.
    pub topics: Vec<Topic>,
    /// The Markdown below the opening paragraph, as written: what a model is given.
    pub knowledge: String,
}

/// The YAML head of an agent file. Unknown keys are errors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentHead {
    /// `vp.sales`; the file is named after it.
    pub id: String,
    /// Title for people.
    pub title: String,
    /// Department code, `REV`.
    pub department: String,
    /// Whether it works already.
    pub status: AgentStatus,
    /// What it may be asked to do in a mission; a person may have none and do the steps of runs.
    pub roles: Vec<AgentRole>,
    /// Who does the thinking.
    #[serde(default)]
    pub runtime: Runtime,
    /// 0 none, 1 small, 2 medium, 3 large.
    #[serde(default, deserialize_with = "crate::base::yaml::small")]
    pub tier: u8,
    /// Another agent's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reports_to: Option<String>,
    /// Matched with a step's `Needs Skills`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skills: Vec<String>,
}

/// Whether an agent works already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentStatus {
    /// At work.
    Active,
    /// On the chart, not at work.
    Planned,
}

/// Parts an agent may be asked to play.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentRole {
    /// Plans, contracts, synthesises; writes no domain content.
    Orchestrator,
    /// Drafts domain content.
    Worker,
    /// Judges structure and conflicts.
    Scrutiny,
    /// Exercises the SOP black-box.
    UserTesting,
    /// Gives an outsider's opinion.
    Council,
    /// Signs publications.
    Approver,
}

/// Who does an agent's thinking.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Runtime {
    /// A model, or tier-0 code where none is configured.
    #[default]
    Model,
    /// A person, through the inbox.
    Person,
    /// A program elsewhere that takes its assignments and hands in its drafts; it does nothing but draft.
    External,
}

/// One `##` heading of an agent's knowledge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Topic {
    /// The heading.
    pub title: String,
    /// The paragraph below the heading.
    pub summary: String,
    /// Bullets below the heading: full sentences with numbers and units.
    pub rules: Vec<String>,
    /// The `###` parts with their bullets, in file order; `Terms` bullets are under [`Part::Terms`].
    pub parts: Vec<(Part, Vec<String>)>,
    /// The numbered steps of the `### Steps` part.
    pub steps: Vec<KnownStep>,
}

/// A `###` part of a topic: a section of the SOP template, or the defined terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Bullets for that section.
    Section(Section),
    /// `**Term**: definition`.
    Terms,
}

/// A step as an agent knows it: its phase orders it among other agents' steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KnownStep {
    /// Title, text and keys; its number is its place in the topic.
    pub step: Step,
    /// Where in the work it belongs.
    pub phase: Phase,
    /// Bullets that are not keys: rules of this step.
    pub rules: Vec<String>,
    /// The step's further keys as `Key: value` lines, without Phase, Assignee and Artifact.
    #[serde(default)]
    pub keys: Vec<String>,
}

/// The phases of any procedure, in order.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Receive and check what starts the work.
    Intake,
    /// Gather what is needed.
    Prepare,
    /// Measure and judge.
    Assess,
    /// Decide and route.
    Decide,
    /// Do it.
    Act,
    /// Record, confirm, close.
    Record,
}

impl AgentRole {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Orchestrator, Self::Worker, Self::Scrutiny, Self::UserTesting, Self::Council, Self::Approver];

    /// The word in an agent file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Orchestrator => "orchestrator",
            Self::Worker => "worker",
            Self::Scrutiny => "scrutiny",
            Self::UserTesting => "user_testing",
            Self::Council => "council",
            Self::Approver => "approver",
        }
    }
}

impl Agent {
    /// Whether it is at work.
    pub fn is_active(&self) -> bool {
        self.head.status == AgentStatus::Active
    }
    /// Whether it may be asked to play `role`.
    pub fn can(&self, role: AgentRole) -> bool {
        self.head.roles.contains(&role)
    }
}

impl Topic {
    /// The bullets of `part`; empty when the topic has no such part.
    pub fn lines(&self, part: Part) -> &[String] {
        self.parts.iter().find(|(known, _)| *known == part).map_or(&[], |(_, lines)| lines)
    }
    /// The rows of its `Inputs` part.
    pub fn inputs(&self) -> Vec<crate::sop::Input> {
        let lines = self.lines(Part::Section(Section::Inputs)).iter();
        lines.filter_map(|line| bullets::input(line).ok()).collect()
    }
    /// Its defined terms: `(term, definition)`.
    pub fn terms(&self) -> Vec<(&str, &str)> {
        self.lines(Part::Terms).iter().filter_map(|line| bullets::term(line).ok()).collect()
    }
}

/// Longest agent id; file names and tables must hold it.
const MAX_AGENT_ID: usize = 60;

/// `vp.sales`: as in an SOP, not too long, and beginning with a letter.
pub fn is_agent_id(text: &str) -> bool {
    let letter = text.starts_with(|c: char| c.is_ascii_lowercase());
    text.len() <= MAX_AGENT_ID && letter && crate::sop::words::is_agent_id(text)
}
