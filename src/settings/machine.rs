//! Which settings a face may change. Everything else is for who can write on the machine: programs that are started,
//! servers that are spoken to, variables and files with secrets, where the desk listens, and who answers for what.
//! A key that nobody has named here is one of those.

use super::Settings;
use serde_json::Value;
use std::collections::BTreeMap;

/// Keys, with all below them, that may be changed from afar.
const OPEN: [&str; 12] = [
    "budgets",
    "calls",
    "council",
    "decisions",
    "missions",
    "retention",
    "runs.approval_timeout",
    "runs.default_execution_mode",
    "runs.max_concurrent",
    "runs.max_visits",
    "runs.time_limit",
    "sops",
];
/// Of a model its name, its price and its limit may; not where it is reached, nor with which key.
const OPEN_OF_MODELS: [&str; 3] = ["model", "price", "max_answer_tokens"];

impl Settings {
    /// The keys in which `self` and `other` differ and that are changed on the machine only, by their paths.
    pub fn machine_keys_changed(&self, other: &Self) -> Vec<String> {
        let (before, after) = (leaves(self), leaves(other));
        let keys = before.keys().chain(after.keys().filter(|key| !before.contains_key(*key)));
        let mut changed: Vec<String> =
            keys.filter(|key| before.get(*key) != after.get(*key) && !is_open(key)).cloned().collect();
        changed.sort();
        changed
    }
}

fn is_open(key: &str) -> bool {
    let below =
        |open: &str| key.strip_prefix(open).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    let parts: Vec<&str> = key.split('.').collect();
    let of_model = parts.first() == Some(&"models") && parts.iter().any(|part| OPEN_OF_MODELS.contains(part));
    OPEN.iter().any(|open| below(open)) || of_model
}

/// The values that are not themselves made of keys, by their paths. What is absent and what is `null` are the same.
fn leaves(settings: &Settings) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    gather(serde_json::to_value(settings).unwrap_or_default(), "", &mut found);
    found
}

fn gather(value: Value, path: &str, into: &mut BTreeMap<String, Value>) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match value {
        Value::Object(members) => {
            members.into_iter().for_each(|(key, value)| gather(value, &below(&key), into));
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            items.into_iter().zip(1..).for_each(|(item, nth)| gather(item, &below(&nth.to_string()), into));
        }
        Value::Null => {}
        leaf => drop(into.insert(path.to_owned(), leaf)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_starts_programs_or_sends_secrets_somewhere_is_changed_on_the_machine_only() {
        let before = Settings::default();
        let changed = |text: &str| {
            let after =
                Settings::parse("sopd.yaml", text).unwrap_or_else(|problems| panic!("{text}: {problems:?}"));
            (before.machine_keys_changed(&after), after.machine_keys_changed(&before))
        };
        for open in [
            "missions: { rounds: 5 }\nbudgets: { week_usd: 1 }\nretention: { days: 30 }\n",
            "council: { members: 5 }\ndecisions: { max_escalations: 1 }\ncalls: { max_concurrent: 2 }\n",
            "models: { model: m, price: { input_per_mtok_usd: 1, output_per_mtok_usd: 2 }, tiers: { 1: { model: s } } }\n",
            "runs: { max_concurrent: 1, approval_timeout: 2 hours }\n",
        ] {
            assert_eq!(changed(open), (Vec::new(), Vec::new()), "{open}");
        }
        for (text, key) in [
            ("notifications: { exec: { x: { command: [/bin/sh] } } }\n", "notifications.exec.x.command"),
            (
                "notifications: { webhook: { x: { url: ADDRESS, key: KEY } } }\n",
                "notifications.webhook.x.key",
            ),
            (
                "notifications: { slack_answers: { signing_secret: SIGN, users: { U1: ceo } } }\n",
                "notifications.slack_answers.users.U1",
            ),
            ("models: { endpoint: \"http://x.example/v1\" }\n", "models.endpoint"),
            ("models: { api_key_env: UNRELATED }\n", "models.api_key_env"),
            (
                "models: { tiers: { 2: { model: m, endpoint: \"http://x.example/v1\" } } }\n",
                "models.tiers.2.endpoint",
            ),
            (
                "models: { model: m, council: [{ model: c, api_key_env: UNRELATED }] }\n",
                "models.council.1.api_key_env",
            ),
            (
                "models: { model: m, validators: { model: v, endpoint: \"http://x.example/v1\" } }\n",
                "models.validators.endpoint",
            ),
            ("traces: { endpoint: \"http://x.example\" }\n", "traces.endpoint"),
            ("runs: { secrets: [KEY] }\n", "runs.secrets"),
            ("runs: { secrets_file: other.env }\n", "runs.secrets_file"),
            ("runs: { webhooks: { /x: KEY } }\n", "runs.webhooks./x"),
            ("runs: { trigger_party: cro }\n", "runs.trigger_party"),
            ("runs: { priority_modes: { normal: auto } }\n", "runs.priority_modes.normal"),
            ("desk: { listen: \"127.0.0.1:9999\" }\n", "desk.listen"),
            ("desk: { listen: null }\n", "desk.listen"),
            ("desk: { tls_certificate: c.pem, tls_key: k.pem }\n", "desk.tls_key"),
            ("requester: cro\n", "requester"),
            ("publication: { signs: cro }\n", "publication.signs"),
            ("git: { commit: false }\n", "git.commit"),
        ] {
            let (there, back) = changed(text);
            assert!(there.contains(&key.to_owned()), "{text}: {there:?}");
            assert_eq!(there, back, "bringing the old text back is a change as well: {text}");
        }
    }
}
