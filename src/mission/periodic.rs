//! The periodic review of a published SOP: on the day it falls due its owner is asked whether it is still right, should
//! change, or is no longer needed. What must be done is asked of somebody, not only told.

use super::Office;
use super::brought::Brought;
use super::close::Close;
use super::decide::{Question, decide};
use super::records::{MissionState, NewMission, receive, receive_as, set_sop};
use super::setup::{Prepare, Setup};
use crate::agent::Snapshot;
use crate::base::{Digest, Instant, Span, problem::Result as Checked};
use crate::brief::{Ask, Brief};
use crate::decision::{self, Answer, DecisionKind, Verb};
use crate::governance::{Parties, publication_path};
use crate::journal::{Activity, Failure, FailureClass, Recorded, Repeat, Stop, Story, Tx, Workflow};
use crate::registry::{self, Confirmation, Retirement, Status, VersionRow};
use crate::settings::authority::{Deadline, OnDeadline};
use crate::sop;
use crate::sop::id::Change;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

/// What the id of a periodic review begins with.
pub(super) const PREFIX: &str = "P";

/// Whether `id` is of a periodic review.
pub fn is_periodic(id: &str) -> bool {
    id.split_once('-').is_some_and(|(prefix, _)| prefix == PREFIX)
}

/// The review of one version, for one day on which it fell due.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PeriodicReview {
    pub(super) mission: String,
    pub(super) brief: Brief,
    /// `SOP-REV-x-v1.0`.
    pub(super) version: String,
    pub(super) title: String,
    pub(super) owner: String,
    /// Where its text stands, in the workspace.
    pub(super) file: String,
    /// Hash of the published bytes: what the answer is about.
    pub(super) sha256: Digest,
    pub(super) due: Instant,
}

impl Story for PeriodicReview {
    const NAME: &'static str = "periodic_review";
    const VERSION: u32 = 1;
    type Output = ();
    fn key(&self) -> String {
        self.mission.clone()
    }
    async fn tell(self, w: Workflow) -> Result<(), Stop> {
        let (state, reason) = match reviewed(&w, &self).await {
            Ok(reason) => (MissionState::Answered, reason),
            Err(Stop::Cancelled) => (MissionState::Cancelled, "somebody cancelled it".to_owned()),
            Err(Stop::Failed(failure)) => (MissionState::Failed, failure.reason),
        };
        w.call(Close { mission: self.mission, state, reason }).await
    }
}

/// Asks until what is answered can be done. Who owns an SOP may not retire it: that word is asked of who signs.
async fn reviewed(w: &Workflow, review: &PeriodicReview) -> Result<String, Stop> {
    let (mission, brief) = (review.mission.clone(), review.brief.clone());
    let requester = review.owner.clone();
    let prepare =
        Prepare { mission: mission.clone(), brief, requester, nth: 1, snapshot: None, sources: Vec::new() };
    let setup = w.call(prepare).await?.setup;
    let snapshot = setup.asker.snapshot.clone();
    let (mut asked, mut why) = (review.owner.clone(), format!("its review fell due on {}", review.due.day()));
    let mut nth = 1;
    loop {
        let answer = decide(w, &setup, question(review, &setup, (&asked, &why), nth)).await?;
        let Some(answer) = answer else {
            return Ok(format!("{} is in force no more", review.version));
        };
        let (mission, version) = (mission.clone(), review.version.clone());
        let settle = SettleReview { mission, version, snapshot: snapshot.clone(), answer, nth };
        match w.call(settle).await? {
            Settled::Done(reason) => return Ok(reason),
            Settled::AskSigner { signs, words } => (asked, why) = (signs, words),
        }
        nth += 1;
    }
}

fn question(review: &PeriodicReview, setup: &Setup, (asked, why): (&str, &str), nth: u32) -> Question {
    let PeriodicReview { version, title, sha256, .. } = review;
    Question {
        key: format!("periodic-review#{nth}"),
        kind: DecisionKind::PeriodicReview,
        subject: version.clone(),
        title: format!("Say whether {version} is still right: {title}"),
        why: why.to_owned(),
        asked_of: vec![asked.to_owned()],
        barred: BTreeMap::new(),
        hash: sha256.clone(),
        details: json!({ "sop": review.brief.ask.sop, "file": review.file }),
        deadline: Deadline { after: setup.deadlines.draft.after, on_deadline: OnDeadline::Escalate },
        assume: false,
    }
}

/// What an answer led to.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Settled {
    /// It ends the review; how, in words.
    Done(String),
    /// Only who signs publications may say so.
    AskSigner { signs: String, words: String },
}

/// Does what was answered: sets the next date, hands in a mission that changes the SOP, or retires it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SettleReview {
    mission: String,
    version: String,
    snapshot: Digest,
    answer: Answer,
    nth: u32,
}

impl Activity for SettleReview {
    const NAME: &'static str = "settle_review";
    const REPEAT: Repeat = Repeat::Pure;
    type World = Office;
    type Output = Settled;
    fn key(&self) -> String {
        format!("settle-review#{}", self.nth)
    }
    async fn perform(self, office: &Office) -> Result<Recorded<Settled>, Failure> {
        let Self { mission, version, answer, .. } = self;
        let snapshot = office.gateway.snapshot(&self.snapshot)?;
        let row = office.journal.read(|db| registry::version(db, &version))?;
        if row.status != Status::Active {
            let meanwhile = format!("v{} is {} meanwhile", row.version, row.status.word());
            return Ok(Recorded::of(Settled::Done(meanwhile)));
        }
        let by = answer.by.clone();
        let done = |what: String| Recorded::of(Settled::Done(format!("{by} {what}")));
        Ok(match answer.verb {
            Verb::Revise => {
                let new = change_of(&row, &answer, &mission);
                done("wants it changed: a mission does it".to_owned())
                    .change(move |tx| receive(tx, &new).map(drop))
            }
            Verb::Reject => {
                let signs = signer(&snapshot)?;
                if signs != by {
                    let words = format!("{by} wants it retired: {}", answer.text);
                    return Ok(Recorded::of(Settled::AskSigner { signs, words }));
                }
                let Answer { os_user, text: reason, .. } = answer.clone();
                let retirement = Retirement { row, by: by.clone(), os_user, reason };
                done(format!("retired it: {}", answer.text))
                    .change(move |tx| registry::retire(tx, &retirement).map(drop))
            }
            _ => {
                let next = every(office, &row, &snapshot).after(answer.at);
                let confirmation = Confirmation { row, by: by.clone(), mission, next };
                done(format!("says that it is still right; the next review is due on {}", next.day()))
                    .change(move |tx| registry::confirm(tx, &confirmation))
            }
        })
    }
}

/// Who signs publications, and so retires.
fn signer(snapshot: &Snapshot) -> Result<String, Failure> {
    let Snapshot { settings, roster, .. } = snapshot;
    publication_path(&settings.publication, roster, &Parties::default())
        .map(|path| path.signs)
        .map_err(|reason| Failure::new(FailureClass::Person, reason))
}

/// How often the SOP says that it is looked at; as the settings have it where its text cannot be read any more.
fn every(office: &Office, row: &VersionRow, snapshot: &Snapshot) -> Span {
    let bytes = office.journal.blob(&row.sha256).ok().flatten();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    let sop = text.and_then(|text| sop::parse(&row.path, &text).ok());
    sop.and_then(|sop| sop.head.review_every).unwrap_or(snapshot.settings.sops.review_every)
}

/// The mission that changes the SOP as the answer says.
fn change_of(row: &VersionRow, answer: &Answer, review: &str) -> NewMission {
    let title = format!("Change {} as its review asks", row.id);
    let ask = Ask {
        sop: Some(row.id.clone()),
        change: Some(Change::Minor),
        requested_by: Some(answer.by.clone()),
        ..Ask::default()
    };
    let text = format!("# {title}\n\n{}\n\n<!-- Asked for in {review}. -->\n", answer.text.trim());
    let brief = Brief { title, text: answer.text.trim().to_owned(), ask };
    let (file, requester) = (format!("{review}.md"), answer.by.clone());
    NewMission { brief, text, file, requester, again: true, dropped: false, brought: Brought::default() }
}

/// Asks the owner of every active version whose review is due and is not asked for already; ends those whose version
/// is in force no more. Returns how many began.
///
/// # Errors
/// When the journal cannot be used.
pub fn ask_owners(tx: &Tx<'_>) -> Checked<usize> {
    let mut begun = 0;
    for row in registry::due_for_review(tx.db(), tx.now())? {
        let Some(due) = row.review_due else { continue };
        begun += usize::from(ask_owner(tx, &row, due)?);
    }
    for (review, version) in open_reviews(tx.db())? {
        if registry::version(tx.db(), &version)?.status != Status::Active {
            withdraw(tx, &review)?;
        }
    }
    Ok(begun)
}

/// Asks no longer: the review goes on without an answer, and ends.
fn withdraw(tx: &Tx<'_>, review: &str) -> Checked<()> {
    let open = decision::open_of_mission(tx.db(), review)?;
    decision::void_all(tx, review)?;
    open.iter().try_for_each(|one| tx.signal(review, &decision::signal_of(&one.id), &json!(null)))
}

/// Reviews under way: id and the version they are of.
fn open_reviews(db: &Connection) -> Checked<Vec<(String, String)>> {
    let sql = "SELECT id, sop || '-v' || version FROM mission
               WHERE ended_at IS NULL AND id LIKE ?1 AND version IS NOT NULL";
    let rows = db
        .prepare_cached(sql)?
        .query_map([format!("{PREFIX}-%")], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}

/// Whether there is or was a review of just these words: of one version, for one moment.
fn asked_before(db: &Connection, text: &Digest) -> Checked<bool> {
    let sql = "SELECT EXISTS(SELECT 1 FROM mission WHERE sha256 = ?1)";
    Ok(db.prepare_cached(sql)?.query_row([&text.0], |row| row.get(0))?)
}

fn ask_owner(tx: &Tx<'_>, row: &VersionRow, due: Instant) -> Checked<bool> {
    let version = format!("{}-v{}", row.id, row.version);
    let text = format!(
        "# Periodic review of {version}\n\nIts review fell due at {}. {} says whether it is still right, should \
         change, or is no longer needed. Its text: `{}`.\n",
        due, row.owner, row.path
    );
    if asked_before(tx.db(), &Digest::of(&text))? {
        return Ok(false);
    }
    let title = format!("Periodic review of {version}");
    let ask = Ask { sop: Some(row.id.clone()), requested_by: Some(row.owner.clone()), ..Ask::default() };
    let new = NewMission {
        brief: Brief { title, text: text.clone(), ask },
        text,
        file: "periodic review".to_owned(),
        requester: row.owner.clone(),
        again: true,
        dropped: false,
        brought: Brought::default(),
    };
    let id = receive_as(tx, &new, PREFIX, |mission, _sources| {
        let (mission, brief) = (mission.to_owned(), new.brief.clone());
        let VersionRow { title, owner, path: file, sha256, .. } = row.clone();
        let story = PeriodicReview { mission, brief, version, title, owner, file, sha256, due };
        ((PeriodicReview::NAME, PeriodicReview::VERSION), serde_json::to_string(&story))
    })?;
    set_sop(tx, &id, row.id.as_str(), &row.version.to_string())?;
    Ok(true)
}
