//! The desk: where its pages are served, and how long people stay signed in.

use crate::base::span::Unit;
use crate::base::{Problem, Span};
use core::net::SocketAddr;
use serde::{Deserialize, Serialize};

/// Where and how the pages are served by `sopd up`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Desk {
    /// Address and port. Default `127.0.0.1:8321`; null serves nothing.
    pub listen: Option<String>,
    /// What people type to reach it, `https://sop.example.com`. Needed where that is not `listen` itself.
    pub address: Option<String>,
    /// The certificate chain, a PEM file. With `tls_key` the desk speaks TLS.
    pub tls_certificate: Option<String>,
    /// Its private key, a PEM file that only its owner may read.
    pub tls_key: Option<String>,
    /// Another program in front speaks TLS. Default off.
    pub behind_proxy: bool,
    /// A session that was not used for so long ends. Default 12 hours: a working day.
    pub session_idle: Span,
    /// A session ends after so long in any case. Default 7 days.
    pub session_longest: Span,
}

impl Default for Desk {
    fn default() -> Self {
        Self {
            listen: Some("127.0.0.1:8321".to_owned()),
            address: None,
            tls_certificate: None,
            tls_key: None,
            behind_proxy: false,
            session_idle: Span { count: 12, unit: Unit::Hour },
            session_longest: Span { count: 7, unit: Unit::Day },
        }
    }
}

impl Desk {
    /// Where people reach it, `https://sop.example.com`; `None` where it is served nowhere or on a port nobody knows.
    pub fn reached_at(&self) -> Option<String> {
        let scheme = if self.tls_certificate.is_some() { "https" } else { "http" };
        let listen = self.listen.as_ref().filter(|listen| !listen.ends_with(":0"));
        self.address.clone().or_else(|| listen.map(|listen| format!("{scheme}://{listen}")))
    }

    /// What makes no sense, each with its key: what others can reach must not be spoken in the clear.
    pub(super) fn check(&self) -> Vec<(String, Problem)> {
        let mut found = Vec::new();
        let mut wrong = |key: &str, message: String, hint: &str| {
            found.push((key.to_owned(), Problem::invalid(message).hint(hint)));
        };
        let Some(listen) = &self.listen else { return found };
        let Ok(address) = listen.parse::<SocketAddr>() else {
            let hint = "write an address and a port, like `127.0.0.1:8321`, or `null`";
            wrong("desk.listen", format!("`{listen}` is not an address with a port"), hint);
            return found;
        };
        let tls = self.tls_certificate.is_some() && self.tls_key.is_some();
        if self.tls_certificate.is_some() != self.tls_key.is_some() {
            let message = "a certificate needs its key, and a key its certificate";
            wrong("desk", message.to_owned(), "name both files, or neither");
        }
        let open = !address.ip().is_loopback();
        if open && !tls && !self.behind_proxy {
            let hint = "name `tls_certificate` and `tls_key`, or say `behind_proxy: true` where another program speaks TLS";
            wrong("desk.listen", format!("{listen} is open to others without TLS"), hint);
        }
        if self.address.is_none() && (self.behind_proxy || open) {
            let message = "the desk must know its own address to tell its pages from others'";
            wrong(
                "desk.listen",
                message.to_owned(),
                "write what people type, like `address: https://sop.example.com`",
            );
        }
        if let Some(typed) = self.address.as_deref().filter(|typed| !is_origin(typed)) {
            let hint = "write it without a path, like `https://sop.example.com`";
            wrong("desk.address", format!("`{typed}` is not the address of a server"), hint);
        }
        found
    }
}

/// Scheme and host, nothing else.
fn is_origin(typed: &str) -> bool {
    let host = typed.strip_prefix("https://").or_else(|| typed.strip_prefix("http://"));
    host.is_some_and(|host| !host.is_empty() && !host.contains(['/', ' ', '@', '?', '#']))
}

#[cfg(test)]
mod tests {
    use crate::settings::Settings;

    #[test]
    fn a_desk_that_others_reach_speaks_tls_or_says_who_does() {
        for (text, expected) in [
            ("{ listen: \"0.0.0.0:8321\" }", "is open to others without TLS"),
            ("{ listen: \"0.0.0.0:8321\", behind_proxy: true }", "must know its own address"),
            ("{ listen: \"[::]:8321\", tls_key: k }", "a certificate needs its key"),
            ("{ listen: here }", "`here` is not an address"),
            ("{ address: \"https://x.example/desk\" }", "is not the address of a server"),
            ("{ listne: null }", "unknown"),
        ] {
            let problems = Settings::parse("sopd.yaml", &format!("desk: {text}\n")).expect_err(text);
            let found = problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
            assert!(found.contains(expected), "{text}: {found}");
        }
        for text in [
            "{ listen: null }",
            "{ listen: \"[::1]:1\" }",
            "{ listen: \"0.0.0.0:8321\", behind_proxy: true, address: \"https://x.example\" }",
            "{ listen: \"0.0.0.0:8321\", tls_certificate: c, tls_key: k, address: \"https://x.example:8321\" }",
        ] {
            assert!(Settings::parse("sopd.yaml", &format!("desk: {text}\n")).is_ok(), "{text}");
        }
    }
}
