//! Refuses channels that could not work, and routes that lead nowhere.

use super::{Notifications, Route, Security, Smtp};
use crate::base::Problem;
use crate::roster::is_agent_id;
use crate::settings::parse::is_variable;
use std::collections::BTreeSet;

/// Most channels of one workspace: each is served beside the others.
const MOST_CHANNELS: usize = 32;

impl Notifications {
    /// What makes no sense, each with its key. `given` are the secrets that steps may be given.
    pub(in crate::settings) fn check(&self, given: &[String]) -> Vec<(String, Problem)> {
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
    use crate::settings::{Settings, What};

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
