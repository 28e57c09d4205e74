//! Which models are configured and answer, and which local servers one could use.

use super::{Check, Outcome, check};
use crate::agent::provider::{self, Endpoint};
use crate::settings::Models;
use crate::settings::models::Endpoint as Configured;
use std::collections::BTreeMap;
use std::time::Duration;

/// A server that is there answers well within this.
const WAIT: Duration = Duration::from_secs(3);
/// Where local model servers listen unless told otherwise (their own documentation).
const LOCAL: [(&str, u16); 4] = [("Ollama", 11434), ("LM Studio", 1234), ("llama.cpp", 8080), ("vLLM", 8000)];
/// Models named of one server.
const NAMED: usize = 5;

/// Looks at every configured server, and at the usual ports of local ones.
pub(super) async fn look(models: &Models) -> Vec<Check> {
    let mut checks = Vec::new();
    let configured = servers(models);
    if configured.is_empty() {
        checks.push(check(
            "models",
            Outcome::Note,
            "none named in sopd.yaml: every role is played by code (tier 0)",
        ));
    }
    for (address, wanted) in &configured {
        checks.push(server(address, wanted).await);
    }
    for (name, port) in LOCAL {
        let address = format!("http://127.0.0.1:{port}/v1");
        if let Ok(found) = provider::models(&endpoint(&address, None)).await {
            let said = format!("{name} answers at {address} with {}", listed(&found));
            checks.push(check("local models", Outcome::Good, said));
        }
    }
    checks
}

/// Every model that may be called, by the address of its server.
fn servers(models: &Models) -> BTreeMap<String, Vec<Configured>> {
    let tiers = (1..=3).flat_map(|tier| {
        let seats = (0..models.council.len()).map(move |seat| models.council_member(seat, tier));
        [models.tier(tier), models.validator(tier)].into_iter().chain(seats)
    });
    let mut servers: BTreeMap<String, Vec<Configured>> = BTreeMap::new();
    for model in tiers.flatten() {
        let of_server = servers.entry(model.endpoint.clone()).or_default();
        if !of_server.contains(&model) {
            of_server.push(model);
        }
    }
    servers
}

async fn server(address: &str, wanted: &[Configured]) -> Check {
    let variable = wanted.iter().find_map(|model| model.api_key_env.clone());
    let key = match &variable {
        Some(name) => match std::env::var(name) {
            Ok(key) if !key.is_empty() => Some(key),
            _ => {
                return check("models", Outcome::Bad, format!("{address} needs a key, and {name} is not set"));
            }
        },
        None => None,
    };
    match provider::models(&endpoint(address, key)).await {
        Err(fault) => check("models", Outcome::Bad, format!("{address} does not answer: {fault}")),
        Ok(found) => {
            let lacks: Vec<&str> = wanted
                .iter()
                .map(|model| model.model.as_str())
                .filter(|name| !found.iter().any(|one| one == name))
                .collect();
            if lacks.is_empty() {
                let names: Vec<&str> = wanted.iter().map(|model| model.model.as_str()).collect();
                return check(
                    "models",
                    Outcome::Good,
                    format!("{address} answers and has {}", names.join(", ")),
                );
            }
            let said = format!(
                "{address} answers, but does not list {}; it has {}",
                lacks.join(", "),
                listed(&found)
            );
            check("models", Outcome::Note, said)
        }
    }
}

fn endpoint(address: &str, api_key: Option<String>) -> Endpoint {
    let short = Endpoint::new(address, "");
    Endpoint { api_key, connect_timeout: WAIT, read_timeout: WAIT, total_timeout: WAIT, ..short }
}

fn listed(found: &[String]) -> String {
    let mut names: Vec<String> = found.iter().take(NAMED).cloned().collect();
    if found.len() > NAMED {
        names.push(format!("{} more", found.len() - NAMED));
    }
    if names.is_empty() { "no model".to_owned() } else { names.join(", ") }
}
