//! What people are told without asking, and by which channel. Secrets (addresses with a key in them, passwords,
//! signing keys) are named here and never written here.

use super::parse::is_variable;
use crate::base::span::Unit;
use crate::base::{Problem, Span};
use crate::roster::is_agent_id;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Most channels of one workspace: each is served beside the others.
const MOST_CHANNELS: usize = 32;

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

    /// What makes no sense, each with its key. `given` are the secrets that steps may be given.
    pub(super) fn check(&self, given: &[String]) -> Vec<(String, Problem)> {
        let mut found = Vec::new();
        self.check_channels(&mut found);
        self.check_secrets(given, &mut found);
        for (channel, route) in &self.operations {
            self.check_route(&format!("operations.{channel}"), channel, route, &mut found);
        }
        for (party, routes) in &self.parties {
            check_party(&format!("parties.{party}"), party, &mut found);
            for (channel, route) in routes {
                self.check_route(&format!("parties.{party}.{channel}"), channel, route, &mut found);
            }
        }
        for (user, party) in &self.slack_answers.users {
            check_party(&format!("slack_answers.users.{user}"), party, &mut found);
        }
        if self.attempts == 0 {
            wrong(&mut found, "attempts", "nothing would ever be sent", "write 1 or more");
        }
        let spans = [("first_pause", self.first_pause), ("longest_pause", self.longest_pause)];
        for (key, _) in spans.into_iter().filter(|(_, span)| span.count == 0) {
            wrong(&mut found, key, format!("`{key}` leaves no time at all"), "write one like `10 seconds`");
        }
        found
    }

    fn check_channels(&self, found: &mut Found) {
        let mut seen = BTreeSet::new();
        for name in self.channels() {
            let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            if name.is_empty() || name.len() > 40 || !name.bytes().all(fits) {
                let hint = "use up to 40 lower-case letters, digits and hyphens";
                wrong(found, name, format!("`{name}` cannot be the name of a channel"), hint);
            }
            if !seen.insert(name) {
                wrong(found, name, format!("two channels are called `{name}`"), "rename one of them");
            }
        }
        if seen.len() > MOST_CHANNELS {
            wrong(found, "", "there are too many channels", "32 are the most");
        }
        for (name, exec) in &self.exec {
            let key = format!("exec.{name}");
            if exec.command.first().is_none_or(|program| program.trim().is_empty()) {
                wrong(
                    found,
                    &key,
                    "there is no program to start",
                    "write it as `command: [program, argument]`",
                );
            }
            if exec.time_limit.count == 0 {
                wrong(found, &key, "`time_limit` leaves no time at all", "write one like `30 seconds`");
            }
        }
        for (name, smtp) in &self.smtp {
            check_smtp(&format!("smtp.{name}"), smtp, found);
        }
    }

    fn check_secrets(&self, given: &[String], found: &mut Found) {
        for name in self.secrets() {
            if !is_variable(name) {
                // The name itself is not shown: somebody may have written the secret there.
                let hint = "write the name of a secret in capitals, never the secret itself";
                wrong(found, "", "a channel's secret is not named like one", hint);
            } else if given.contains(name) {
                let hint = "give channels secrets of their own, and leave them out of `runs.secrets`";
                wrong(found, "", format!("the secret {name} of a channel may be given to steps"), hint);
            }
        }
    }

    fn check_route(&self, key: &str, channel: &String, route: &Route, found: &mut Found) {
        let mails = self.smtp.contains_key(channel);
        if !self.channels().any(|name| name == channel) {
            let hint = "define it under `slack`, `smtp`, `webhook` or `exec`";
            wrong(found, key, format!("there is no channel `{channel}`"), hint);
        } else if mails && route.to.as_ref().is_none_or(|to| !is_address(to)) {
            wrong(found, key, "mail needs an address", "write `to: name@example.com`");
        } else if !mails && route.to.is_some() {
            wrong(found, key, format!("`{channel}` takes no address"), "leave `to` out");
        }
    }
}

/// Problems with the path of the key each is about.
type Found = Vec<(String, Problem)>;

fn wrong(found: &mut Found, key: &str, message: impl Into<String>, hint: &str) {
    found.push((format!("notifications.{key}"), Problem::invalid(message).hint(hint)));
}

fn check_party(key: &str, party: &str, found: &mut Found) {
    if !is_agent_id(party) {
        let hint = "write an id of the roster, like `chief.staff`";
        wrong(found, key, format!("`{party}` is not an agent id"), hint);
    }
}

fn check_smtp(key: &str, smtp: &Smtp, found: &mut Found) {
    if smtp.user.is_some() != smtp.password.is_some() {
        wrong(found, key, "a user needs a password, and a password its user", "name both, or neither");
    }
    if smtp.security == Security::None && !is_this_machine(&smtp.host) {
        let hint = "write `security: starttls` or `tls`; `none` is for a mail server on this machine";
        wrong(found, key, format!("mail would go to {} in the clear", smtp.host), hint);
    }
    if smtp.host.trim().is_empty() {
        wrong(found, key, "there is no mail server", "write `host: smtp.example.com`");
    }
    let address =
        smtp.from.rsplit_once('<').map_or(smtp.from.as_str(), |(_, rest)| rest.trim_end_matches('>'));
    if !is_address(address) {
        wrong(found, key, "the sender is not an address", "write `from: sopd <sopd@example.com>`");
    }
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<core::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Roughly an address: whether mail arrives there only its server knows.
fn is_address(text: &str) -> bool {
    let plain =
        |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || "<>,;@".contains(c));
    text.split_once('@').is_some_and(|(name, host)| plain(name) && plain(host))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    #[test]
    fn every_switch_has_a_key_of_its_own_name() {
        let all = serde_json::to_value(Notifications::default()).unwrap();
        for what in What::ALL {
            let key = serde_json::to_value(what).unwrap();
            assert_eq!(all[key.as_str().unwrap()], Notifications::default().tells(what), "{key}");
        }
    }

    #[test]
    fn channels_that_could_not_work_are_refused_with_their_line() {
        let mail = "smtp:\n    mail: { host: localhost, security: none, from: a@b.example }";
        for (text, expected) in [
            ("approvals: true", "sopd.yaml:2:3"),
            ("parties:\n    ceo: { mail: {} }", "sopd.yaml:3: there is no channel `mail`"),
            ("parties:\n    CEO: {}", "sopd.yaml:3: `CEO` is not an agent id"),
            (&format!("{mail}\n  parties:\n    ceo: {{ mail: {{}} }}"), "sopd.yaml:5: mail needs an address"),
            (
                &format!("{mail}\n  operations: {{ mail: {{ to: a b@c }} }}"),
                "sopd.yaml:4: mail needs an address",
            ),
            (
                &format!("{mail}\n  operations: {{ mail: {{ to: a@b, tell: {{ reminders: true }} }} }}"),
                "sopd.yaml:4:",
            ),
            ("slack: { ops: { url: \"https://hooks.slack.com/CANARY\" } }", "is not named like one"),
            ("slack: { Ops: { url: OPS } }", "`Ops` cannot be the name"),
            (
                "slack: { ops: { url: OPS } }\n  exec: { ops: { command: [x] } }",
                "two channels are called `ops`",
            ),
            ("slack: { ops: { url: OPS } }\n  operations: { ops: { to: a@b } }", "`ops` takes no address"),
            ("exec: { bell: { command: [] } }", "there is no program"),
            ("exec: { bell: { command: [x], time_limit: 0 seconds } }", "leaves no time"),
            ("smtp: { mail: { host: mx.example, security: none, from: a@b } }", "in the clear"),
            ("smtp: { mail: { host: mx.example, user: u, from: a@b } }", "a user needs a password"),
            ("smtp: { mail: { host: mx.example, from: nobody } }", "the sender is not an address"),
            ("slack_answers: { users: { U1: Boss } }", "`Boss` is not an agent id"),
            ("attempts: 0", "sopd.yaml:2: nothing would ever be sent"),
            ("first_pause: 0 seconds", "leaves no time"),
        ] {
            let problems =
                Settings::parse("sopd.yaml", &format!("notifications:\n  {text}\n")).expect_err(text);
            let told = problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
            assert!(told.contains(expected) && !told.contains("CANARY"), "{text}\n{told}");
        }
        let text = "runs: { secrets: [OPS] }\nnotifications: { slack: { ops: { url: OPS } } }\n";
        let problems = Settings::parse("sopd.yaml", text).unwrap_err();
        assert!(problems[0].message.contains("may be given to steps"), "{problems:?}");
    }
}
