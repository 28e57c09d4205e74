//! Drafts one agent's part from its own knowledge and, where the agent owns the SOP, from the requester's own
//! words. What the knowledge does not hold becomes a question with a stated assumption, or is declined.

mod adopted;
mod around;
mod from_topic;
mod told;

use super::knowledge::assignment::{KNOWS, Wanted, best, read as read_brief};
use around::Telling;

use super::english::words::{self, share_found, stem_set};
use super::knowledge::matching::all_words;
use super::request::material::{Listed, Material};
use super::request::read::read;
use crate::contract::Finding;
use crate::draft::{Draft, Question, Statement};
use crate::roles::draft::DraftQuestion;
use crate::roster::{Agent, Part, Topic};
use crate::sop::Section;

/// Most topics one draft is made of.
const MOST_TOPICS: usize = 2;

/// Drafts `agent`'s part.
pub fn draft(q: &DraftQuestion, agent: &Agent) -> Draft {
    let wanted = read_brief(&q.brief);
    let owner = q.owner == agent.head.id;
    if owner && q.mission.adopts() {
        return adopted::draft(q, &wanted, agent);
    }
    let changing = q.mission.current.is_some();
    // What the requester answers on a change is for whoever is asked to draft it.
    let hears = owner || (changing && !q.mission.answers.is_empty());
    let material = if hears || wanted.own_words {
        read(&q.mission.told(), &q.mission.answers)
    } else {
        Material::default()
    };
    let (mut topics, unknown) = selected(agent, &wanted, q);
    if let Some(current) = &q.mission.current {
        topics.retain(|topic| brings_news(topic, current));
    }
    let own_words = !changing && leads(&wanted, &material, &topics, owner);
    if topics.is_empty() && !own_words && !(changing && hears && material.tells()) {
        return declined(q, agent);
    }
    let mut draft = Draft::default();
    if own_words {
        left_aside(&mut draft, &topics, agent);
        told::lead(&mut draft, &material, &Telling { title: &q.title, agent, names: &wanted.names });
        topics.clear();
    }
    for (index, topic) in topics.iter().enumerate() {
        from_topic::add(&mut draft, topic, index == 0);
    }
    if changing && topics.is_empty() {
        told::changes(&mut draft, &material);
    } else if !changing && !own_words {
        told::beside(&mut draft, &material);
    }
    ask_unknown(&mut draft, &unknown);
    if let Some(who) = material.who.filter(|who| owner && !who.contains(&q.owner)) {
        draft.assumptions.push(format!(
            "“{who}”, said of who does the work, does not name {0} by id: {0} owns it, and does the steps that name nobody.",
            q.owner
        ));
    }
    left_out(&mut draft, agent, &topics, q);
    answer_findings(&mut draft, agent, &q.findings);
    draft.confidence = confidence(&draft, &topics, q, own_words);
    draft
}

/// Most sentences of a topic are in the version in force already: what it would bring is not the change.
fn brings_news(topic: &Topic, current: &str) -> bool {
    let steps = topic.steps.iter().map(|known| known.step.text.clone());
    let lines: Vec<String> = topic.rules.iter().cloned().chain(steps).collect();
    let known: Vec<&str> = current.lines().collect();
    let stands = |line: &&String| known.iter().any(|text| words::likeness(text, line) >= 70);
    let standing = lines.iter().filter(stands).count();
    lines.is_empty() || 2 * standing < lines.len()
}

/// The requester's own steps lead when the plan says so, when they are told as steps, or when there is nothing else.
fn leads(wanted: &Wanted, material: &Material, topics: &[&Topic], owner: bool) -> bool {
    let told = wanted.own_words || topics.is_empty() || (owner && material.listed == Listed::Steps);
    told && !material.steps.is_empty()
}

/// What the requester told is not mixed with what a department knows; whoever signs is told that it knows something.
fn left_aside(draft: &mut Draft, topics: &[&Topic], agent: &Agent) {
    for topic in topics {
        draft.left_out.push(format!(
            "What {} knows of “{}” is not used: the requester's own steps lead.",
            agent.head.id, topic.title
        ));
    }
}

fn declined(q: &DraftQuestion, agent: &Agent) -> Draft {
    let reason = format!(
        "The knowledge of {} holds nothing on “{}”, and the mission's own words tell no steps that could be followed.",
        agent.head.id,
        if q.brief.trim().is_empty() { &q.title } else { q.brief.trim() }
    );
    Draft { declined: reason, ..Draft::default() }
}

/// The topics the brief means, and the subjects no topic knows.
fn selected<'a>(agent: &'a Agent, wanted: &Wanted, q: &DraftQuestion) -> (Vec<&'a Topic>, Vec<String>) {
    let known: Vec<&Topic> = agent.topics.iter().filter(|topic| !topic.is_general()).collect();
    let mut chosen: Vec<&Topic> = Vec::new();
    let mut unknown = Vec::new();
    for heading in &wanted.topics {
        match known.iter().find(|topic| topic.title == *heading) {
            Some(topic) => chosen.push(topic),
            None => unknown.push(heading.clone()),
        }
    }
    for subject in &wanted.subjects {
        match best(&known, subject) {
            Some(topic) if !chosen.iter().any(|taken| std::ptr::eq(*taken, topic)) => chosen.push(topic),
            Some(_) => {}
            None => unknown.push(subject.clone()),
        }
    }
    if wanted.topics.is_empty() && wanted.subjects.is_empty() && !wanted.own_words {
        chosen.extend(best(&known, &q.title));
    }
    chosen.truncate(MOST_TOPICS);
    (chosen, unknown)
}

fn ask_unknown(draft: &mut Draft, unknown: &[String]) {
    for subject in unknown {
        draft.questions.push(Question {
            text: format!("Which rules, figures and deadlines hold for “{subject}”?"),
            assumption: format!("“{subject}” is left out of this version."),
        });
    }
}

/// Topics of this agent that are near the mission and were not used.
fn left_out(draft: &mut Draft, agent: &Agent, used: &[&Topic], q: &DraftQuestion) {
    let asked = format!("{} {}", q.title, q.brief);
    for topic in agent.topics.iter().filter(|topic| !topic.is_general()) {
        let near = share_found(&topic.title, &asked) >= KNOWS;
        if near && !used.iter().any(|taken| std::ptr::eq(*taken, topic)) {
            draft.left_out.push(format!(
                "“{}” was considered and not used: the assignment asks for other work.",
                topic.title
            ));
        }
    }
}

/// What validators missed is looked for in everything this agent knows, also in what was left out at first.
fn answer_findings(draft: &mut Draft, agent: &Agent, findings: &[Finding]) {
    for finding in findings {
        let asked = format!("{} {}", finding.message, finding.quote);
        let found = finding.section.and_then(|section| known_line(agent, section, &asked, draft));
        match (found, finding.section) {
            (Some(text), Some(section)) => {
                draft.assumptions.push(format!(
                    "Added to {} in answer to the finding {}.",
                    section.title(),
                    finding.code
                ));
                draft.statements.push(Statement { section, text });
            }
            _ => draft.left_out.push(format!(
                "The finding {} stands: the knowledge of {} holds nothing more on it.",
                finding.code, agent.head.id
            )),
        }
    }
}

fn known_line(agent: &Agent, section: Section, asked: &str, draft: &Draft) -> Option<String> {
    let part = Part::Section(section);
    let rules = |topic: &'_ Topic| if section == Section::Steps { topic.rules.clone() } else { Vec::new() };
    let lines = agent
        .topics
        .iter()
        .flat_map(|topic| topic.lines(part).iter().cloned().chain(rules(topic)).collect::<Vec<_>>());
    let fresh = lines.filter(|line| !draft.statements.iter().any(|known| known.text == *line));
    let asked = stem_set(asked);
    let ranked = fresh
        .map(|line| (stem_set(&line).intersection(&asked).count(), line))
        .filter(|(shared, _)| *shared >= 2);
    ranked.max_by_key(|(shared, _)| *shared).map(|(_, line)| line)
}

/// Honest: how much of what was asked is in the topics used, less for every open question.
fn confidence(draft: &Draft, topics: &[&Topic], q: &DraftQuestion, own_words: bool) -> u8 {
    let asked = format!("{} {}", q.title, q.brief);
    let held: String = topics.iter().map(|topic| all_words(topic)).collect::<Vec<_>>().join(" ");
    let base = if own_words { 60 } else { 45 + share_found(&asked, &held) / 2 };
    let open = u8::try_from(draft.questions.len()).unwrap_or(u8::MAX).saturating_mul(10);
    base.saturating_sub(open).clamp(10, 95)
}
