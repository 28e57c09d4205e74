//! The words of an SOP's head: title, id, objective, description, danger and impact. From the requester, else from
//! the version in force, else from the topic that carries the SOP, else from the requester's own steps.

use super::desk::Desk;
use crate::base::text::{capital, full_stop, listed, slug, uncapital};
use crate::roster::{Agent, Part};
use crate::sop::Section;
use crate::sop::document::RiskLevel;
use crate::tier0::english::sentences;
use crate::tier0::english::words;
use crate::tier0::knowledge::matching::Fit;
use crate::tier0::request::titles;

/// Longest name part of an SOP id.
const LONGEST_NAME: usize = 40;

impl Desk<'_> {
    pub(super) fn title(&self) -> String {
        if let Some(sop) = &self.current {
            return sop.head.title.clone();
        }
        let asked = self.q.mission.title.split([';', '?']).next().unwrap_or_default();
        let asked = asked.split(", or").next().unwrap_or_default().trim().trim_end_matches('.');
        let leading = self.fits.first().map(|fit| fit.known.topic.title.as_str());
        let is_name = reads_as_name(asked);
        match leading.filter(|_| self.carried() && !is_name) {
            Some(topic) => topic.to_owned(),
            None => capital(asked),
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
            match (&self.material.done, self.material.limit) {
                (Some(done), _) => full_stop(&format!("Every time, {}", uncapital(done))),
                (None, Some(limit)) => {
                    format!("Everybody handles “{title}” the same way, within {limit} and with every step on record.")
                }
                (None, None) => {
                    let since = self.material.trigger.as_deref().map_or(String::new(), |event| {
                        format!(", from the moment {} to the last entry in the record", uncapital(event.trim_end_matches('.')))
                    });
                    format!("Everybody handles “{title}” the same way{since}.")
                }
            }
        })
    }

    pub(super) fn description(&self, title: &str) -> String {
        if let Some(sop) = &self.current {
            return sop.head.description.clone();
        }
        if let Some(summary) = self.leading_summary() {
            return summary.to_owned();
        }
        let steps: Vec<String> =
            self.material.steps.iter().take(5).map(|step| uncapital(&titles::of_step(step, title))).collect();
        if steps.is_empty() {
            format!("Says who does what, in which order, for {}.", uncapital(title))
        } else {
            format!("Says who does what for “{title}”: {}.", listed(&steps))
        }
    }

    pub(super) fn risk_level(&self) -> RiskLevel {
        let asked = self.q.ask.risk_level.or_else(|| self.current.as_ref().map(|sop| sop.head.risk_level));
        asked.unwrap_or_else(|| {
            let topic = self.fits.first().filter(|_| self.carried()).map(|fit| &fit.known);
            let risks = topic
                .map_or(String::new(), |known| known.topic.lines(Part::Section(Section::Risk)).join(" "));
            let text = format!("{} {} {risks}", self.q.mission.title, self.q.mission.text).to_lowercase();
            let grave = [
                "payment",
                "bank",
                "personal data",
                "security",
                "production",
                "salary",
                "contract",
                "sanction",
                "safety",
                "lawsuit",
                "breach",
            ];
            match (grave.iter().filter(|word| text.contains(**word)).count(), topic) {
                (0, None) => RiskLevel::Low,
                (0..=2, _) => RiskLevel::Medium,
                _ => RiskLevel::High,
            }
        })
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
    sentences::sentences(text).into_iter().next().unwrap_or_default()
}

/// Whether a mission's title can be an SOP's: a short noun phrase, no question, no story.
fn reads_as_name(title: &str) -> bool {
    let words: Vec<String> = words::words(title);
    let first = words.first().map(String::as_str).unwrap_or_default();
    let story = [
        "when", "how", "who", "what", "why", "someone", "somebody", "please", "help", "we", "i", "the", "our",
    ];
    (2..=7).contains(&words.len()) && !story.contains(&first)
}
