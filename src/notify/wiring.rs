//! What sending needs of the world: settings, secrets by name, the client, the clock. Whoever starts the daemon hands
//! it in.

use super::channel::Fault;
use crate::base::Clock;
use crate::run::http::Reach;
use crate::settings::notifications::Notifications;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What sending needs of the world. It has no `Debug`: it holds secrets.
pub struct Wiring {
    /// The workspace's folder, in which programs are started.
    pub root: PathBuf,
    /// Who is told what, and how.
    pub settings: Notifications,
    /// Where people reach the desk, `https://sop.example.com`; none where it is served nowhere.
    pub desk: Option<String>,
    /// The secrets that the settings name, by name.
    pub secrets: BTreeMap<String, String>,
    /// The environment of programs.
    pub environment: Vec<(String, String)>,
    /// The HTTP client.
    pub http: Reach,
    /// The time, for signatures.
    pub clock: Clock,
}

impl Wiring {
    /// The secret of that name. One that is not set may be set later.
    pub(super) fn secret(&self, name: &str) -> Result<&str, Fault> {
        let value = self.secrets.get(name).map(|value| value.trim()).filter(|value| !value.is_empty());
        value.ok_or_else(|| Fault::Later {
            why: format!("{name} is not set: neither in the environment nor in `runs.secrets_file`"),
            retry_after: None,
        })
    }

    /// Whether decisions may be answered from Slack.
    pub(super) fn answers(&self) -> bool {
        let answers = &self.settings.slack_answers;
        answers.signing_secret.is_some() && !answers.users.is_empty()
    }
}
