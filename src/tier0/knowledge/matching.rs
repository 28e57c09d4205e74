//! Finds which knowledge a mission is about. A topic fits by how much of its heading is asked for, how much of
//! what is asked for it holds, and how much of the rest of the words it shares; rare words weigh more (TF-IDF).

use crate::roster::{Agent, AgentRole, Part, Topic};
use crate::sop::Section;
use crate::tier0::english::words::{is_generic, phrases_meant, ratio, stem_set, stems};
use std::collections::{BTreeMap, BTreeSet};

/// What is looked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query {
    title: BTreeSet<String>,
    text: BTreeSet<String>,
}

impl Query {
    /// `title` weighs most; `text` is everything else that was said.
    pub(crate) fn new(title: &str, text: &str) -> Self {
        Self { title: stem_set(&phrases_meant(title)), text: stem_set(&phrases_meant(text)) }
    }
}

/// One topic of one agent, ready to be compared.
#[derive(Clone, Debug)]
pub(crate) struct Known<'a> {
    /// Whose it is.
    pub(crate) agent: &'a Agent,
    /// The topic.
    pub(crate) topic: &'a Topic,
    title: BTreeSet<String>,
    summary: BTreeSet<String>,
    body: BTreeMap<String, usize>,
}

/// How well a topic fits a query.
#[derive(Clone, Debug)]
pub(crate) struct Fit<'a> {
    /// The topic and its agent.
    pub(crate) known: Known<'a>,
    /// 0.0–1.0.
    pub(crate) score: f64,
    /// How much of the topic's heading was asked for, 0.0–1.0.
    pub(crate) heading: f64,
}

/// The topics that can be found.
#[derive(Clone, Debug)]
pub(crate) struct Library<'a> {
    topics: Vec<Known<'a>>,
    found_in: BTreeMap<String, usize>,
}

impl<'a> Library<'a> {
    /// All special topics of those of these agents that draft.
    pub(crate) fn new(agents: impl IntoIterator<Item = &'a Agent>) -> Self {
        let topics: Vec<Known<'a>> = agents
            .into_iter()
            .filter(|agent| agent.can(AgentRole::Worker))
            .flat_map(|agent| agent.topics.iter().map(move |topic| (agent, topic)))
            .filter(|(_, topic)| !topic.is_general())
            .map(|(agent, topic)| known(agent, topic))
            .collect();
        let mut found_in: BTreeMap<String, usize> = BTreeMap::new();
        for topic in &topics {
            for stem in topic.body.keys() {
                *found_in.entry(stem.clone()).or_default() += 1;
            }
        }
        Self { topics, found_in }
    }

    /// All topics with how well they fit, best first; equal ones in the order of agents and files.
    pub(crate) fn fits(&self, query: &Query) -> Vec<Fit<'a>> {
        let mut fits: Vec<Fit<'a>> = self.topics.iter().map(|known| self.fit(query, known)).collect();
        fits.sort_by(|a, b| b.score.total_cmp(&a.score));
        fits
    }

    fn fit(&self, query: &Query, known: &Known<'a>) -> Fit<'a> {
        let asked = |stem: &str| {
            if query.title.contains(stem) {
                1.0
            } else if query.text.contains(stem) {
                0.7
            } else {
                0.0
            }
        };
        let held = |stem: &str| {
            if known.title.contains(stem) {
                1.0
            } else if known.summary.contains(stem) {
                0.8
            } else {
                match known.body.get(stem) {
                    Some(1) => 0.4,
                    Some(2) => 0.55,
                    Some(_) => 0.7,
                    None => 0.0,
                }
            }
        };
        let heading = self.share(&known.title, asked);
        let wanted = self.share(&query.title, held).min(Self::caution(&query.title));
        let told = self.share(&query.text, held);
        Fit { known: known.clone(), score: 0.4 * heading + 0.35 * wanted + 0.25 * told, heading }
    }

    /// One word alone does not say what a mission is about: `production`, `review`, `order`.
    fn caution(title: &BTreeSet<String>) -> f64 {
        let telling = title.iter().filter(|stem| !is_generic(stem)).count();
        if telling < 2 { 0.7 } else { 1.0 }
    }

    /// The weighted share of `stems` that `worth` finds.
    fn share(&self, stems: &BTreeSet<String>, worth: impl Fn(&str) -> f64) -> f64 {
        let total: f64 = stems.iter().map(|stem| self.rarity(stem)).sum();
        let found: f64 = stems.iter().map(|stem| self.rarity(stem) * worth(stem)).sum();
        if total > 0.0 { found / total } else { 0.0 }
    }

    /// Words in few topics tell topics apart; words no topic holds tell that the topic is foreign.
    fn rarity(&self, stem: &str) -> f64 {
        let count = self.found_in.get(stem).copied().unwrap_or(0);
        let rare = 1.0 + (1.0 / (ratio(count, self.topics.len().max(1)) + 0.02)).ln();
        if is_generic(stem) { 0.3 * rare } else { rare }
    }
}

fn known<'a>(agent: &'a Agent, topic: &'a Topic) -> Known<'a> {
    let mut body: BTreeMap<String, usize> = BTreeMap::new();
    for stem in stems(&subject_words(topic)) {
        *body.entry(stem).or_default() += 1;
    }
    let title = stem_set(&topic.title);
    Known { agent, topic, title, summary: stem_set(&topic.summary), body }
}

/// What a topic is about: review, escalation and rollback are said alike of all work.
fn subject_words(topic: &Topic) -> String {
    let alike = [Section::Confidence, Section::Risk, Section::References, Section::Roles];
    let about = |part: &Part| !alike.iter().any(|section| *part == Part::Section(*section));
    let parts =
        topic.parts.iter().filter(|(part, _)| about(part)).flat_map(|(_, lines)| lines.iter().cloned());
    let steps = topic
        .steps
        .iter()
        .map(|known| format!("{} {} {}", known.step.title, known.step.text, known.rules.join(" ")));
    let mut all = vec![topic.title.clone(), topic.summary.clone()];
    all.extend(topic.rules.iter().cloned().chain(parts).chain(steps));
    all.join("\n")
}

/// Everything a topic says.
pub(crate) fn all_words(topic: &Topic) -> String {
    let steps = topic.steps.iter().map(|known| {
        let artifact = known.step.artifact.as_deref().unwrap_or_default();
        format!("{} {} {} {artifact}", known.step.title, known.step.text, known.rules.join(" "))
    });
    let parts = topic.parts.iter().flat_map(|(_, lines)| lines.iter().cloned());
    let mut all = vec![topic.title.clone(), topic.summary.clone()];
    all.extend(topic.rules.iter().cloned().chain(parts).chain(steps));
    all.join("\n")
}
