//! Traces: where a collector takes them.

use crate::base::Problem;
use serde::{Deserialize, Serialize};

/// Where traces of missions and runs are sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Traces {
    /// The address of a collector that speaks OTLP over HTTP, `http://127.0.0.1:4318`. Default null: none are made.
    pub endpoint: Option<String>,
}

impl Traces {
    /// What makes no sense, with its key.
    pub(super) fn check(&self) -> Option<(String, Problem)> {
        let endpoint = self.endpoint.as_deref()?;
        let url = url::Url::parse(endpoint).ok();
        if url.is_some_and(|url| ["http", "https"].contains(&url.scheme()) && url.has_host()) {
            return None;
        }
        let problem = Problem::invalid(format!("`{endpoint}` is not the address of a collector"))
            .hint("write where it listens, like `http://127.0.0.1:4318`, or `null`");
        Some(("traces.endpoint".to_owned(), problem))
    }
}

#[cfg(test)]
mod tests {
    use crate::settings::Settings;

    #[test]
    fn a_collector_is_reached_over_http() {
        let parse =
            |endpoint: &str| Settings::parse("sopd.yaml", &format!("traces: {{ endpoint: {endpoint} }}\n"));
        assert!(parse("null").is_ok() && parse("\"https://otel.example/v1/traces\"").is_ok());
        for wrong in ["here", "\"127.0.0.1:4318\"", "\"file:///tmp/x\""] {
            let problems = parse(wrong).expect_err(wrong);
            assert!(
                problems[0].message.contains("not the address of a collector"),
                "{wrong}: {}",
                problems[0]
            );
        }
    }
}
