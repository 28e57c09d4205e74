//! What people are told without asking, and by which channel. Secrets (addresses with a key in them, passwords,
//! signing keys) are named here and never written here.

mod check;

use crate::base::Span;
use crate::base::span::Unit;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What people may be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A mission of theirs was taken in.
    MissionAccepted,
    /// Somebody asks them something.
    Question,
    /// A mission of theirs is published.
    MissionPublished,
    /// A mission of theirs was rejected, cancelled or failed.
    MissionRejected,
    /// A mission stands still until a person says how to go on.
    MissionStuck,
    /// Somebody must decide, or do something.
    ApprovalRequired,
    /// They are asked once more.
    Reminder,
    /// A deadline passed, and the one above is asked as well.
    Escalation,
    /// An SOP that names them became active.
    SopActive,
    /// An SOP they own is due for review.
    ReviewDue,
    /// A run is complete.
    RunCompleted,
    /// A run failed.
    RunFailed,
    /// A step is complete.
    StepCompleted,
    /// A budget is at 80 % or used up.
    Budget,
}

impl What {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::MissionAccepted,
        Self::Question,
        Self::MissionPublished,
        Self::MissionRejected,
        Self::MissionStuck,
        Self::ApprovalRequired,
        Self::Reminder,
        Self::Escalation,
        Self::SopActive,
        Self::ReviewDue,
        Self::RunCompleted,
        Self::RunFailed,
        Self::StepCompleted,
        Self::Budget,
    ];
}

/// What people are told without asking.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one switch of the settings file")]
pub struct Notifications {
    /// Default on.
    pub mission_accepted: bool,
    /// Default on.
    pub question: bool,
    /// Default on.
    pub mission_published: bool,
    /// Default on.
    pub mission_rejected: bool,
    /// Default on.
    pub mission_stuck: bool,
    /// Default on.
    pub approval_required: bool,
    /// Default on.
    pub reminder: bool,
    /// Default on.
    pub escalation: bool,
    /// Default on.
    pub sop_active: bool,
    /// Default on.
    pub review_due: bool,
    /// Default on.
    pub run_completed: bool,
    /// Default on.
    pub run_failed: bool,
    /// Default off: too many to read.
    pub step_completed: bool,
    /// Default on.
    pub budget: bool,
    /// Slack incoming webhooks, by the name of the channel. Default none.
    pub slack: BTreeMap<String, Slack>,
    /// Mail servers, by the name of the channel. Default none.
    pub smtp: BTreeMap<String, Smtp>,
    /// Signed webhooks, by the name of the channel. Default none.
    pub webhook: BTreeMap<String, Webhook>,
    /// Programs, by the name of the channel. Default none.
    pub exec: BTreeMap<String, Exec>,
    /// By which channels a party is told, by its id and the name of the channel. Default none.
    pub parties: BTreeMap<String, BTreeMap<String, Route>>,
    /// Channels that hear of everything once, whomever it is about. Default none.
    pub operations: BTreeMap<String, Route>,
    /// Answers from Slack.
    pub slack_answers: SlackAnswers,
    /// Tries to send one message, the first included. Default 16: about a day with the pauses below.
    pub attempts: u32,
    /// Pause after the first failure; it doubles each time. Default 10 seconds.
    pub first_pause: Span,
    /// Longest pause between two tries. Default 4 hours.
    pub longest_pause: Span,
}

impl Default for Notifications {
    fn default() -> Self {
        Self {
            mission_accepted: true,
            question: true,
            mission_published: true,
            mission_rejected: true,
            mission_stuck: true,
            approval_required: true,
            reminder: true,
            escalation: true,
            sop_active: true,
            review_due: true,
            run_completed: true,
            run_failed: true,
            step_completed: false,
            budget: true,
            slack: BTreeMap::new(),
            smtp: BTreeMap::new(),
            webhook: BTreeMap::new(),
            exec: BTreeMap::new(),
            parties: BTreeMap::new(),
            operations: BTreeMap::new(),
            slack_answers: SlackAnswers::default(),
            attempts: 16,
            first_pause: Span { count: 10, unit: Unit::Second },
            longest_pause: Span { count: 4, unit: Unit::Hour },
        }
    }
}

/// A Slack incoming webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slack {
    /// Name of the secret that holds its address.
    pub url: String,
}

/// A mail server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Smtp {
    /// Its name, `smtp.example.com`.
    pub host: String,
    /// Its port. Default 587, that of mail submission (RFC 6409).
    #[serde(default = "submission")]
    pub port: u16,
    /// How the line is kept private. Default `starttls`.
    #[serde(default)]
    pub security: Security,
    /// Whom we say we are; none for a server that does not ask.
    #[serde(default)]
    pub user: Option<String>,
    /// Name of the secret that holds that user's password.
    #[serde(default)]
    pub password: Option<String>,
    /// The sender, `sopd <sopd@example.com>`.
    pub from: String,
}

fn submission() -> u16 {
    587
}

/// How the line to a mail server is kept private.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Security {
    /// It begins in the clear and must change to TLS before anything is said.
    #[default]
    Starttls,
    /// TLS from the first byte, as on port 465.
    Tls,
    /// In the clear: only to this machine.
    None,
}

/// A webhook signed as Standard Webhooks has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Name of the secret that holds its address.
    pub url: String,
    /// Name of the secret that holds the signing key, `whsec_…`.
    pub key: String,
}

/// A program that is given each message as JSON on standard input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exec {
    /// The program and its arguments; no shell reads them.
    pub command: Vec<String>,
    /// Longest it may take. Default 30 seconds.
    #[serde(default = "half_a_minute")]
    pub time_limit: Span,
}

fn half_a_minute() -> Span {
    Span { count: 30, unit: Unit::Second }
}

/// What goes by one channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Route {
    /// The address, where the channel is a mail server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Switches that differ here from those of the workspace.
    pub tell: BTreeMap<What, bool>,
}

/// Answers given by the buttons of Slack messages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SlackAnswers {
    /// Name of the secret that Slack signs with. Default none: no buttons, and no answer counts.
    pub signing_secret: Option<String>,
    /// For whom a Slack user answers: party by user id, `{ U012AB3CD: ceo }`. Default nobody.
    pub users: BTreeMap<String, String>,
}

impl Notifications {
    /// Whether `what` is told where a route does not say otherwise.
    pub fn tells(&self, what: What) -> bool {
        match what {
            What::MissionAccepted => self.mission_accepted,
            What::Question => self.question,
            What::MissionPublished => self.mission_published,
            What::MissionRejected => self.mission_rejected,
            What::MissionStuck => self.mission_stuck,
            What::ApprovalRequired => self.approval_required,
            What::Reminder => self.reminder,
            What::Escalation => self.escalation,
            What::SopActive => self.sop_active,
            What::ReviewDue => self.review_due,
            What::RunCompleted => self.run_completed,
            What::RunFailed => self.run_failed,
            What::StepCompleted => self.step_completed,
            What::Budget => self.budget,
        }
    }

    /// Whether anybody could be told anything.
    pub fn reach_anybody(&self) -> bool {
        !self.operations.is_empty() || self.parties.values().any(|routes| !routes.is_empty())
    }

    /// The names of all secrets that channels use.
    pub fn secrets(&self) -> impl Iterator<Item = &String> {
        let slack = self.slack.values().map(|slack| &slack.url);
        let smtp = self.smtp.values().filter_map(|smtp| smtp.password.as_ref());
        let webhook = self.webhook.values().flat_map(|hook| [&hook.url, &hook.key]);
        slack.chain(smtp).chain(webhook).chain(&self.slack_answers.signing_secret)
    }

    /// The names of all channels, each as often as it was given.
    pub fn channels(&self) -> impl Iterator<Item = &String> {
        self.slack.keys().chain(self.smtp.keys()).chain(self.webhook.keys()).chain(self.exec.keys())
    }
}
