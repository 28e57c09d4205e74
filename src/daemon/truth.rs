//! The tables whose rows are read as truth, and what of them is held against the chain. What is not named here is
//! advice, a place in line, or made anew from the rest: leases, outboxes, search, the figures of triggers. The record by
//! which workflows are told again is the journal's own to name.

use super::workspace::Workspace;
use crate::base::text::listed;
use crate::base::{Problem, problem::Result};
use crate::journal::{
    self, Anchor, KEPT_ENDS, KEPT_PAYLOADS, KEPT_SIGNALS, KEPT_STEPS, KEPT_TIMERS, KEPT_WORKFLOWS, Kept,
    Verified,
};
use crate::{decision, registry};

/// The whole chain with everything that is held against it: payloads, anchors, the rows below, and what workflows were
/// told of decisions.
///
/// # Errors
/// What is not as it was written.
pub fn verify(workspace: &Workspace, anchors: &[Anchor]) -> Result<Verified> {
    let verified = journal::verify(&workspace.journal, anchors);
    let mut forged = workspace.journal.read(decision::unwitnessed)?;
    forged.extend(workspace.journal.read(registry::unlike_their_publication)?);
    if forged.is_empty() {
        return verified;
    }
    forged.extend(verified.err().map(|problem| problem.message));
    Err(Problem::failed(listed(&forged)).hint("a row was changed past the log; compare it with a backup"))
}

/// A change of these columns needs a new journal format; see [`Kept`].
pub(super) const KEPT: &[Kept] = &[
    KEPT_PAYLOADS,
    KEPT_WORKFLOWS,
    KEPT_ENDS,
    KEPT_STEPS,
    KEPT_SIGNALS,
    KEPT_TIMERS,
    Kept::of(
        "decision",
        ("number", None),
        &[
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
    ),
    Kept::of(
        "sop_version",
        ("sop", Some("version")),
        &[
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
    ),
    Kept::of("registry_revision", ("revision", None), &["at", "what", "by", "mission", "seq", "hash"])
        .since(6),
    Kept::of("reporting_line", ("party", None), &["above"]).since(6),
    Kept::of(
        "mission",
        ("id", None),
        &[
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
    ),
    Kept::of("artifact", ("mission", Some("name")), &["hash", "at"]),
    Kept::of("claim", ("sop", None), &["mission"]),
    Kept::of("council_call", ("mission", None), &["by", "at"]),
    Kept::of(
        "run",
        ("id", None),
        &[
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
    ),
    Kept::of(
        "run_step",
        ("run", Some("number")),
        &[
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
    ),
    Kept::of("autonomy", ("number", None), &["sop", "step", "version", "widened", "by", "reason", "at"]),
    Kept::of(
        "trigger_due",
        ("id", None),
        &["sop", "source", "occurrence", "trigger", "packet", "at", "taken_at", "run", "refusal"],
    ),
    Kept::of("trigger_known", ("sop", None), &["sha256", "triggers"]).since(6),
    Kept::of("sign_in_link", ("hash", None), &["party", "expires_at", "used_at"]),
    Kept::of("password", ("party", None), &["hash", "at"]),
    Kept::of("session", ("number", None), &["hash", "party", "created_at", "ended_at"]),
    Kept::of(
        "token",
        ("number", None),
        &["hash", "party", "name", "scope", "created_at", "revoked_at", "suspended_at", "expires_at"],
    ),
    Kept::of("file_edit", ("number", None), &["path", "old", "new", "by", "note", "at", "review", "state"]),
];
