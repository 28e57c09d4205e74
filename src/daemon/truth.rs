//! The tables whose rows are read as truth, and what of them is held against the chain. What is not named here is
//! advice, a place in line, or made anew from the rest: claims and leases, whom parties reported to, timers, outboxes,
//! search, the figures of triggers, the record by which workflows are told again.

use super::workspace::Workspace;
use crate::base::text::listed;
use crate::base::{Problem, problem::Result};
use crate::decision;
use crate::journal::{self, Anchor, KEPT_PAYLOADS, Kept, Verified};

/// The whole chain with everything that is held against it: payloads, anchors, the rows below, and what workflows were
/// told of decisions.
///
/// # Errors
/// What is not as it was written.
pub fn verify(workspace: &Workspace, anchors: &[Anchor]) -> Result<Verified> {
    let verified = journal::verify(&workspace.journal, anchors)?;
    let forged = workspace.journal.read(decision::unwitnessed)?;
    if forged.is_empty() {
        return Ok(verified);
    }
    Err(Problem::failed(listed(&forged)).hint("a row was changed past the log; compare it with a backup"))
}

/// A change of these columns needs a new journal format; see [`Kept`].
pub(super) const KEPT: &[Kept] = &[
    KEPT_PAYLOADS,
    Kept {
        table: "decision",
        key: ("number", None),
        columns: &[
            "workflow",
            "step",
            "mission",
            "kind",
            "subject",
            "title",
            "why",
            "asked_of",
            "barred",
            "hash",
            "details",
            "requested_at",
            "due_at",
            "on_deadline",
            "reminders",
            "state",
            "answer",
            "resolved_at",
            "quorum",
            "votes",
        ],
    },
    Kept {
        table: "sop_version",
        key: ("sop", Some("version")),
        columns: &[
            "status",
            "title",
            "department",
            "owner",
            "risk_level",
            "trigger_text",
            "path",
            "sha256",
            "mission",
            "created_by",
            "created_at",
            "approved_by",
            "approved_at",
            "override",
            "review_due",
            "revision",
        ],
    },
    Kept {
        table: "registry_revision",
        key: ("revision", None),
        columns: &["at", "what", "by", "mission", "seq"],
    },
    Kept {
        table: "mission",
        key: ("id", None),
        columns: &[
            "title",
            "state",
            "reason",
            "round",
            "sop",
            "version",
            "requested_by",
            "file",
            "sha256",
            "created_at",
            "ended_at",
        ],
    },
    Kept { table: "artifact", key: ("mission", Some("name")), columns: &["hash", "at"] },
    Kept { table: "claim", key: ("sop", None), columns: &["mission"] },
    Kept { table: "council_call", key: ("mission", None), columns: &["by", "at"] },
    Kept {
        table: "run",
        key: ("id", None),
        columns: &[
            "number",
            "sop",
            "version",
            "sha256",
            "state",
            "reason",
            "mode",
            "initiator",
            "trigger",
            "idempotency_key",
            "packet",
            "plan",
            "slot",
            "most",
            "caller",
            "held",
            "halted",
            "created_at",
            "started_at",
            "ended_at",
            "score",
            "review",
            "reviewed_by",
            "erased_at",
        ],
    },
    Kept {
        table: "run_step",
        key: ("run", Some("number")),
        columns: &[
            "title",
            "work",
            "state",
            "reason",
            "assignee",
            "skills",
            "depends_on",
            "artifact",
            "due_at",
            "visits",
            "attempts",
            "started_at",
            "ended_at",
            "confidence",
            "outputs",
            "said",
            "files",
        ],
    },
    Kept {
        table: "autonomy",
        key: ("number", None),
        columns: &["sop", "step", "version", "widened", "by", "reason", "at"],
    },
    Kept {
        table: "trigger_due",
        key: ("id", None),
        columns: &["sop", "source", "occurrence", "trigger", "packet", "at", "taken_at", "run", "refusal"],
    },
    Kept { table: "sign_in_link", key: ("hash", None), columns: &["party", "expires_at", "used_at"] },
    Kept { table: "password", key: ("party", None), columns: &["hash", "at"] },
    Kept { table: "session", key: ("number", None), columns: &["hash", "party", "created_at", "ended_at"] },
    Kept {
        table: "token",
        key: ("number", None),
        columns: &[
            "hash",
            "party",
            "name",
            "scope",
            "created_at",
            "revoked_at",
            "suspended_at",
            "expires_at",
        ],
    },
    Kept {
        table: "file_edit",
        key: ("number", None),
        columns: &["path", "old", "new", "by", "note", "at", "review", "state"],
    },
];
