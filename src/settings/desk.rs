//! The desk: where its pages are served, and how long people stay signed in.

use crate::base::Span;
use crate::base::span::Unit;
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
