//! Chooses whose work a mission is: the topics that fit, the owner, the other workers.

use super::matching::{Fit, Library, Query};
use crate::roster::{Part, Phase, Topic};
use crate::sop::Section;
use crate::tier0::english::words::{self, shared};
use std::collections::BTreeSet;

/// Below this a topic is not about the mission.
pub(crate) const FITS: f64 = 0.34;
/// A topic of another department with a trigger of its own joins only when it fits nearly as well.
const NEARLY: f64 = 0.9;
/// A topic written to support another one (no trigger, or the same) joins earlier.
const SUPPORTS: f64 = 0.15;
/// Most workers of one mission when the requester named none.
const MOST_WORKERS: usize = 3;

/// Whether a topic carries an SOP by itself: its title is the mission's, but for words that say little. Any other
/// likeness is a question to the requester.
pub(crate) fn carries(fit: &Fit<'_>, title: &str) -> bool {
    let telling = |text: &str| -> BTreeSet<String> {
        words::stem_set(text).into_iter().filter(|stem| !words::is_generic(stem)).collect()
    };
    let (topic, asked) = (telling(&fit.known.topic.title), telling(title));
    let inside = topic.len() > 1 && topic.is_subset(&asked) || asked.len() > 1 && asked.is_subset(&topic);
    // One telling word is not enough: `Outage on Friday` is not yet `Production incident`.
    inside || words::stem_set(&fit.known.topic.title) == words::stem_set(title)
}

/// Topics that fit a mission, the leading one first; one entry per agent and topic.
pub(crate) fn chosen<'a>(library: &Library<'a>, query: &Query, told: &str) -> Vec<Fit<'a>> {
    let fits = library.fits(query);
    let Some(best) = fits.iter().find(|fit| trigger(fit.known.topic).is_some()).cloned() else {
        return Vec::new();
    };
    if best.score < FITS || best.heading < 0.2 {
        return Vec::new();
    }
    let mut joined: Vec<Fit<'a>> = fits.into_iter().filter(|fit| joins(fit, &best)).collect();
    joined.sort_by_key(|fit| std::cmp::Reverse(leads(fit, &best, told)));
    let mut agents: Vec<&str> = Vec::new();
    joined.retain(|fit| {
        let id = fit.known.agent.head.id.as_str();
        let again = agents.contains(&id);
        agents.push(id);
        !again
    });
    joined.truncate(MOST_WORKERS);
    joined
}

fn joins(fit: &Fit<'_>, best: &Fit<'_>) -> bool {
    let (own, its) = (trigger(fit.known.topic), trigger(best.known.topic));
    let supports = own.is_none() || own == its;
    let itself = std::ptr::eq(fit.known.topic, best.known.topic);
    itself
        || (supports && fit.score >= SUPPORTS && shares_packet(fit.known.topic, best.known.topic))
        || (fit.score >= NEARLY * best.score && fit.heading >= 0.4)
}

/// A topic written to support another is about the same thing: most of its required inputs are the other's too.
fn shares_packet(support: &Topic, main: &Topic) -> bool {
    let required: Vec<String> =
        support.inputs().into_iter().filter(|input| input.required).map(|input| input.name).collect();
    let shared = main.inputs().iter().filter(|input| required.contains(&input.name)).count();
    shared > 0 && 2 * shared >= required.len() && !support.steps.is_empty()
}

/// Sorts the topic whose trigger starts the work to the front: it has a trigger, fits nearly best, begins in the
/// earliest phase, and its trigger shares words with what was told.
fn leads(fit: &Fit<'_>, best: &Fit<'_>, told: &str) -> (bool, bool, std::cmp::Reverse<Phase>, usize, u8) {
    let trigger = trigger(fit.known.topic);
    let first = fit.known.topic.steps.iter().map(|known| known.phase).min().unwrap_or(Phase::Record);
    let words = trigger.map_or(0, |trigger| shared(trigger, told));
    let near = fit.score >= NEARLY * best.score;
    (trigger.is_some(), near, std::cmp::Reverse(first), words, words::percent(fit.score))
}

/// The event that starts a topic's work.
pub(crate) fn trigger(topic: &Topic) -> Option<&str> {
    topic.lines(Part::Section(Section::Trigger)).first().map(String::as_str)
}
