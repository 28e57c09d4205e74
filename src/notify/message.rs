//! One message: several notices for one party by one channel, as people read it and as programs do.

use super::notice::{Asked, Notice};
use crate::base::Instant;
use crate::base::text::{counted, put, put_line};
use serde_json::{Value, json};

/// Notices shown to a person in one message: more are not read, and a Slack message holds 50 blocks, three a notice.
const SHOWN: usize = 15;

/// One message.
#[derive(Clone, Debug)]
pub(super) struct Message {
    /// The same however often it is sent.
    pub(super) id: String,
    /// For whom; empty for a channel of operations.
    pub(super) party: String,
    pub(super) channel: String,
    pub(super) made_at: Instant,
    pub(super) notices: Vec<Notice>,
    /// Where the desk's pages are; none where it is served nowhere.
    pub(super) desk: Option<String>,
    /// Whether decisions may be answered below it.
    pub(super) answerable: bool,
}

/// A notice as a person is shown it.
pub(super) struct Shown<'a> {
    pub(super) notice: &'a Notice,
    pub(super) link: Option<String>,
    /// The decision, where a button may answer it.
    pub(super) asked: Option<&'a Asked>,
}

impl Message {
    /// What it is about, in one line.
    pub(super) fn subject(&self) -> String {
        let wanted = self.notices.iter().filter(|notice| notice.decision.is_some()).count();
        let other = self.notices.len() - wanted;
        let whom = if self.party.is_empty() { "" } else { " for you" };
        match (self.notices.as_slice(), wanted, other) {
            ([only], ..) => only.headline.clone(),
            (_, 0, other) => format!("{other} things happened"),
            (_, wanted, 0) => format!("{} wait{whom}", counted(wanted, "decision")),
            (_, 1, other) => format!("1 decision waits{whom}, and {}", counted(other, "other notice")),
            (_, wanted, other) => {
                format!("{wanted} decisions wait{whom}, and {}", counted(other, "other notice"))
            }
        }
    }

    /// What a person is shown: what is wanted first.
    pub(super) fn shown(&self) -> impl Iterator<Item = Shown<'_>> {
        let (wanted, other): (Vec<_>, Vec<_>) =
            self.notices.iter().partition(|notice| notice.decision.is_some());
        wanted.into_iter().chain(other).take(SHOWN).map(|notice| Shown {
            notice,
            link: self.link(&notice.page),
            asked: notice
                .decision
                .as_ref()
                .filter(|asked| self.answerable && asked.takes_yes && asked.effect.is_some() && asked.whole),
        })
    }

    /// How many notices a person is not shown, in words with where to see them; empty for none.
    pub(super) fn rest(&self) -> String {
        match self.notices.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!(
                "And {more} more: {}",
                self.link("/inbox").unwrap_or_else(|| "`sopd inbox`".to_owned())
            ),
        }
    }

    /// Why whoever reads this was sent it.
    pub(super) fn footer(&self) -> String {
        let whom =
            if self.party.is_empty() { "everybody here is".to_owned() } else { format!("{} is", self.party) };
        format!("sopd; {whom} told this. A link opens a page and decides nothing.")
    }

    fn link(&self, page: &str) -> Option<String> {
        self.desk.as_ref().map(|desk| format!("{desk}{page}"))
    }

    /// As plain text.
    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        for Shown { notice, link, .. } in self.shown() {
            put_line(&mut out, format_args!("{}", notice.headline));
            notice.lines.iter().for_each(|line| put_line(&mut out, format_args!("  {line}")));
            let asked = notice.decision.as_ref();
            if let Some((effect, whole)) =
                asked.and_then(|asked| Some((asked.effect.as_deref()?, asked.whole)))
            {
                let how =
                    if whole { "exactly" } else { "with what is long cut; all of it stands at the desk" };
                put_line(&mut out, format_args!("  What will happen, {how}:"));
                effect.lines().for_each(|line| put_line(&mut out, format_args!("    {line}")));
            }
            if let Some(link) = link {
                put_line(&mut out, format_args!("  {link}"));
            }
            out.push('\n');
        }
        let rest = self.rest();
        if !rest.is_empty() {
            put(&mut out, format_args!("{rest}\n\n"));
        }
        put_line(&mut out, format_args!("-- \n{}", self.footer()));
        out
    }

    /// As a program reads it: every notice, with the hash of what is to be decided.
    pub(super) fn json(&self) -> Value {
        let notice = |notice: &Notice| {
            json!({
                "what": notice.what, "headline": notice.headline, "lines": notice.lines, "at": notice.at.to_string(),
                "page": notice.page, "link": self.link(&notice.page),
                "decision": notice.decision.as_ref().map(|asked| json!({
                    "id": asked.id, "hash": asked.hash, "effect": asked.effect, "whole": asked.whole,
                })),
            })
        };
        let party = Some(&self.party).filter(|party| !party.is_empty());
        json!({
            "shape": "sopd/notification/1", "id": self.id, "party": party, "channel": self.channel,
            "subject": self.subject(), "made_at": self.made_at.to_string(),
            "notices": self.notices.iter().map(notice).collect::<Vec<_>>(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Digest;
    use crate::settings::What;

    fn message(wanted: usize, other: usize) -> Message {
        let notice = |decision: Option<Asked>, number: usize| Notice {
            what: What::RunCompleted,
            headline: format!("Headline {number}"),
            lines: vec!["A line.".to_owned()],
            page: format!("/runs/{number}"),
            at: Instant(0),
            decision,
        };
        let asked = |number| Asked {
            id: format!("D-{number}"),
            hash: Digest::of("x"),
            takes_yes: true,
            effect: None,
            whole: false,
        };
        let other = (0..other).map(|number| notice(None, 100 + number));
        Message {
            id: "msg_1".to_owned(),
            party: "ceo".to_owned(),
            channel: "mail".to_owned(),
            made_at: Instant(0),
            notices: other.chain((0..wanted).map(|number| notice(Some(asked(number)), number))).collect(),
            desk: Some("https://sop.example".to_owned()),
            answerable: false,
        }
    }

    #[test]
    fn a_subject_says_what_is_wanted() {
        for (wanted, other, expected) in [
            (1, 0, "Headline 0"),
            (0, 2, "2 things happened"),
            (3, 0, "3 decisions wait for you"),
            (1, 1, "1 decision waits for you, and 1 other notice"),
            (2, 3, "2 decisions wait for you, and 3 other notices"),
        ] {
            assert_eq!(message(wanted, other).subject(), expected);
        }
    }

    #[test]
    fn a_person_is_shown_what_is_wanted_first_and_how_much_more_there_is() {
        let text = message(15, 10).text();
        assert!(text.starts_with("Headline 0\n  A line.\n  https://sop.example/runs/0\n\n"), "{text}");
        assert_eq!(text.matches("Headline").count(), SHOWN);
        assert!(text.contains("And 10 more: https://sop.example/inbox\n"), "{text}");
        assert_eq!(message(15, 10).json()["notices"].as_array().unwrap().len(), 25, "a program gets all");
    }
}
