//! One thing to tell, before it is known by which channel.

use crate::base::{Digest, Instant};
use crate::settings::What;
use serde::{Deserialize, Serialize};

/// One thing to tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Which switch it belongs to.
    pub what: What,
    /// One line, what is wanted or what happened first.
    pub headline: String,
    /// The rest, a sentence each.
    pub lines: Vec<String>,
    /// The page of the desk that shows it, `/decisions/D-17`.
    pub page: String,
    /// When it happened.
    pub at: Instant,
    /// The decision that is wanted, where one is.
    pub decision: Option<Asked>,
}

/// A decision as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// `D-17`.
    pub id: String,
    /// The hash of what it is about: a yes counts for these bytes only.
    pub hash: Digest,
    /// Whether a plain yes answers it.
    pub takes_yes: bool,
    /// All that a yes lets happen, as it is shown; none where that is more than a message holds, or not one text.
    #[serde(default)]
    pub effect: Option<String>,
    /// Whether that shows all of it, no value cut and no file by its hash alone.
    #[serde(default)]
    pub whole: bool,
}

/// A notice and the parties it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    /// What tells this notice from all others.
    pub(super) key: String,
    /// For whom.
    pub(super) parties: Vec<String>,
    /// Whether the channels of operations hear of it: not where another notice of the same fact says as much.
    pub(super) to_operations: bool,
    pub(super) notice: Notice,
}
