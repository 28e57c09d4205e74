//! The ways a message leaves by, one file each. Each tries once and says whether another try may help.

mod exec;
mod slack;
mod smtp;
mod webhook;

use super::message::Message;
use super::wiring::Wiring;
use crate::agent::provider::RetryAfter;
use crate::run::http::HttpFault;
use crate::settings::notifications::{Exec, Notifications, Slack, Smtp, Webhook};
use std::time::Duration;

/// Notices of one message for a program: some hundred kilobytes.
const MOST_FOR_A_PROGRAM: u32 = 100;
/// Notices of one message for a person, who is shown the first of them and told how many more there are.
const MOST_FOR_A_PERSON: u32 = 10_000;
/// Longest one try over the network may take.
const LONGEST_TRY: Duration = Duration::from_secs(30);

/// Why a message was not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Another try may help.
    Later {
        /// What happened.
        why: String,
        /// When the server wants to be asked again.
        retry_after: Option<RetryAfter>,
    },
    /// It is no use to try again: whoever was reached said no.
    Never(String),
}

impl Fault {
    fn later(why: impl Into<String>) -> Self {
        Self::Later { why: why.into(), retry_after: None }
    }
    /// What happened, in words.
    pub fn why(&self) -> &str {
        match self {
            Self::Later { why, .. } | Self::Never(why) => why,
        }
    }
}

impl From<HttpFault> for Fault {
    fn from(fault: HttpFault) -> Self {
        let why = fault.to_string();
        match fault {
            HttpFault::Outage { retry_after, .. } => Self::Later { why, retry_after },
            HttpFault::Refused { .. } | HttpFault::BadRequest(_) => Self::Never(why),
        }
    }
}

/// A channel by its kind.
enum Channel<'a> {
    Slack(&'a Slack),
    Smtp(&'a Smtp),
    Webhook(&'a Webhook),
    Exec(&'a Exec),
}

fn named<'a>(settings: &'a Notifications, name: &str) -> Option<Channel<'a>> {
    let slack = settings.slack.get(name).map(Channel::Slack);
    let smtp = || settings.smtp.get(name).map(Channel::Smtp);
    let webhook = || settings.webhook.get(name).map(Channel::Webhook);
    let exec = || settings.exec.get(name).map(Channel::Exec);
    slack.or_else(smtp).or_else(webhook).or_else(exec)
}

/// How many notices one message by that channel holds.
pub(super) fn most(settings: &Notifications, name: &str) -> u32 {
    match named(settings, name) {
        Some(Channel::Webhook(_) | Channel::Exec(_)) => MOST_FOR_A_PROGRAM,
        Some(Channel::Slack(_) | Channel::Smtp(_)) | None => MOST_FOR_A_PERSON,
    }
}

/// Whether people answer below the messages of that channel.
pub(super) fn is_slack(settings: &Notifications, name: &str) -> bool {
    matches!(named(settings, name), Some(Channel::Slack(_)))
}

/// Sends `message` once.
pub(super) async fn send(wiring: &Wiring, message: &Message) -> Result<(), Fault> {
    let channel = named(&wiring.settings, &message.channel)
        .ok_or_else(|| Fault::Never(format!("there is no channel `{}` any more", message.channel)))?;
    match channel {
        Channel::Slack(slack) => slack::send(wiring, slack, message).await,
        Channel::Smtp(server) => smtp::send(wiring, server, message).await,
        Channel::Webhook(hook) => webhook::send(wiring, hook, message).await,
        Channel::Exec(exec) => exec::send(wiring, exec, message).await,
    }
}
