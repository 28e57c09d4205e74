//! The words of an SOP's head: title, id, objective, description, danger and impact. From the requester, else from
//! the version in force, else from the topic that carries the SOP, else from the requester's own steps.

use super::desk::Desk;
use crate::base::text::{capital, slug};
use crate::roster::{Agent, Part};
use crate::sop::Section;
use crate::sop::document::RiskLevel;
use crate::tier0::english::sentences;
use crate::tier0::english::words;
use crate::tier0::knowledge::matching::Fit;

/// Longest name part of an SOP id.
const LONGEST_NAME: usize = 40;

impl Desk<'_> {
    pub(super) fn title(&self) -> String {
        match &self.current {
            Some(sop) => sop.head.title.clone(),
            None => capital(self.q.mission.title.trim().trim_end_matches('.')),
        }
    }

    pub(super) fn identity(&self, owner: &Agent, title: &str) -> (String, String) {
        match &self.q.ask.sop {
            Some(sop) => (sop.department().to_owned(), sop.name().to_owned()),
            None => match &self.current {
                Some(sop) => (sop.head.id.department().to_owned(), sop.head.id.name().to_owned()),
                None => (owner.head.department.clone(), name_of(title)),
            },
        }
    }

    /// The topic the words of the head are taken from, where one carries the SOP.
    fn leading_summary(&self) -> Option<&str> {
        let fit = self.fits.first().filter(|_| self.carried() && !self.own_words())?;
        Some(fit.known.topic.summary.as_str()).filter(|summary| !summary.is_empty())
    }

    pub(super) fn objective(&self, title: &str) -> String {
        let asked = self.q.mission.objective.clone().or_else(|| self.q.ask.objective.clone());
        let current = || self.current.as_ref().map(|sop| sop.head.objective.clone());
        let known = || self.leading_summary().map(first_sentence);
        asked.or_else(current).or_else(known).unwrap_or_else(|| {
            format!("Everybody handles “{title}” the same way, with every step on record.")
        })
    }

    pub(super) fn description(&self, title: &str) -> String {
        if let Some(sop) = &self.current {
            return sop.head.description.clone();
        }
        if let Some(summary) = self.leading_summary() {
            return summary.to_owned();
        }
        format!("Says who does what, in which order, for “{title}”.")
    }

    /// Nothing but a person can tell how dangerous work is: what nobody said is the middle.
    pub(super) fn risk_level(&self) -> RiskLevel {
        let current = self.current.as_ref().map(|sop| sop.head.risk_level);
        self.q.ask.risk_level.or(current).unwrap_or(RiskLevel::Medium)
    }

    pub(super) fn impact(&self) -> String {
        if let Some(sop) = &self.current {
            return sop.head.impact.clone();
        }
        let line = |fit: &Fit<'_>| {
            let lines = fit.known.topic.lines(Part::Section(Section::Risk)).iter();
            lines.filter_map(|line| line.strip_prefix("Impact:")).map(|impact| capital(impact.trim())).next()
        };
        let known = self.fits.first().filter(|_| self.leading_summary().is_some()).and_then(line);
        known.unwrap_or_else(|| {
            "The work is late, done twice or left undone, and nobody can show who did what.".to_owned()
        })
    }
}

/// A long title is named by the words that tell it from others.
fn name_of(title: &str) -> String {
    let words = words::words(title);
    let telling: Vec<&str> = words.iter().map(String::as_str).filter(|word| !words::is_stop(word)).collect();
    let short = words.len() <= 5 || telling.is_empty();
    if short { slug(title, LONGEST_NAME) } else { slug(&telling.join(" "), LONGEST_NAME) }
}

fn first_sentence(text: &str) -> String {
    sentences(text).into_iter().next().unwrap_or_default()
}
