//! Who may look into missions. An agent that works elsewhere sees what its assignment shows and nothing more, as a
//! worker in this process does: no other worker's draft, no scenario, no verdict.

use crate::roster::{Roster, Runtime};

/// Whether `party` may read the dossiers of missions and what is asked of others.
pub fn sees_missions(roster: &Roster, party: &str) -> bool {
    roster.get(party).is_none_or(|agent| agent.head.runtime != Runtime::External)
}
