//! Taking an SOP out of use for good: the word of whoever signs publications, bound to the version it was said of.

use super::claims::holder;
use crate::agent::Snapshot;
use crate::base::markdown::one_line;
use crate::base::{Problem, problem::Result};
use crate::governance::{Parties, publication_path};
use crate::journal::Tx;
use crate::registry::{self, Retirement, VersionRow};
use crate::sop::SopId;

/// Who retires what, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retire {
    /// The SOP.
    pub sop: SopId,
    /// The acting party.
    pub by: String,
    /// The operating-system user behind it.
    pub os_user: String,
    /// Why; it stands in the registry.
    pub reason: String,
}

/// Retires the active version. Only who signs publications may; an SOP that is being changed is a conflict, and so is
/// one that is retired already.
pub fn retire(tx: &Tx<'_>, retire: &Retire, snapshot: &Snapshot) -> Result<VersionRow> {
    let Retire { sop, by, os_user, reason } = retire;
    if reason.trim().is_empty() {
        return Err(Problem::usage("retiring an SOP needs a reason").hint("say why with --reason \"…\""));
    }
    let newest = registry::history(tx.db(), sop)?;
    let Some(active) = registry::active(tx.db(), sop)? else {
        let stands = newest.first().map_or("not published", |row| row.status.word());
        let problem = Problem::conflict(format!("{sop} has no active version: its newest is {stands}"));
        return Err(problem.hint(format!("see `sopd sop history {sop}`")));
    };
    let path = publication_path(&snapshot.settings.publication, &snapshot.roster, &Parties::default())
        .map_err(Problem::not_allowed)?;
    if path.signs != *by {
        return Err(Problem::not_allowed(format!(
            "{by} may not retire {sop}; {}, who signs publications, may",
            path.signs
        )));
    }
    if let Some(mission) = holder(tx.db(), sop)? {
        let problem = Problem::conflict(format!("{mission} is working on {sop}"));
        return Err(problem.hint(format!("end it first: `sopd mission cancel {mission} --as {by}`")));
    }
    let reason = tx.clean(&one_line(reason));
    registry::retire(
        tx,
        &Retirement { row: active.clone(), by: by.clone(), os_user: os_user.clone(), reason },
    )?;
    Ok(active)
}
