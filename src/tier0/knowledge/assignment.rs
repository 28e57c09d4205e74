//! The words of an assignment's brief: written by the plan, read by the draft. A brief a person wrote is read
//! for its subjects; one this tier wrote also says which topics to use and who is meant by which name.

use super::matching::all_words;
use crate::base::text::listed;
use crate::roster::{Agent, Topic};
use crate::tier0::english::words::share_found;

/// What a brief asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Wanted {
    /// Headings of knowledge, between quotation marks.
    pub(crate) topics: Vec<String>,
    /// The requester's own steps lead.
    pub(crate) own_words: bool,
    /// Whom the requester's names mean: `(HR, people.partner)`.
    pub(crate) names: Vec<(String, String)>,
    /// The subjects of a brief without quotation marks: `qualification criteria`, `pipeline stages`.
    pub(crate) subjects: Vec<String>,
}

const OWN_WORDS: &str = "Follow the steps in the requester's own words.";
const NAMES: &str = "In those words, ";

/// Writes a brief.
pub(crate) fn written(wanted: &Wanted) -> String {
    let mut sentences = Vec::new();
    if !wanted.topics.is_empty() {
        let quoted: Vec<String> = wanted.topics.iter().map(|topic| format!("“{topic}”")).collect();
        sentences.push(format!("Cover {}.", listed(&quoted)));
    }
    if wanted.own_words {
        sentences.push(OWN_WORDS.to_owned());
    }
    if !wanted.names.is_empty() {
        let names: Vec<String> = wanted.names.iter().map(|(name, id)| format!("{name} is {id}")).collect();
        sentences.push(format!("{NAMES}{}.", names.join("; ")));
    }
    sentences.join(" ")
}

/// Reads a brief, whoever wrote it.
pub(crate) fn read(brief: &str) -> Wanted {
    let topics: Vec<String> = brief
        .split('“')
        .skip(1)
        .filter_map(|rest| rest.split_once('”'))
        .map(|(topic, _)| topic.to_owned())
        .collect();
    let own_words = brief.contains(OWN_WORDS);
    let names = brief.split_once(NAMES).map_or(Vec::new(), |(_, names)| {
        let pairs = names.trim_end_matches('.').split("; ").filter_map(|pair| pair.split_once(" is "));
        pairs.map(|(name, id)| (name.to_owned(), id.to_owned())).collect()
    });
    let subjects = if topics.is_empty() && !own_words { subjects(brief) } else { Vec::new() };
    Wanted { topics, own_words, names, subjects }
}

/// `qualification criteria and pipeline stages` → both.
fn subjects(brief: &str) -> Vec<String> {
    let brief = brief.replace(" and ", ", ").replace([';', '.'], ",");
    let lead_in = ["cover ", "the ", "write about ", "describe ", "draft "];
    let subject = |piece: &str| {
        let mut piece = piece.trim();
        for word in lead_in {
            piece = piece.strip_prefix(word).unwrap_or(piece);
        }
        piece.to_owned()
    };
    brief.split(',').map(subject).filter(|piece| !piece.is_empty()).collect()
}

/// A subject of the brief is known when this share of its words is in a topic.
pub(crate) const KNOWS: u8 = 50;

/// The topic of `agent` that a brief means first; without a brief, the one nearest to the title.
pub(crate) fn topic_meant<'a>(agent: &'a Agent, brief: &str, title: &str) -> Option<&'a Topic> {
    let known: Vec<&Topic> = agent.topics.iter().filter(|topic| !topic.is_general()).collect();
    let wanted = read(brief);
    let by_heading =
        wanted.topics.iter().find_map(|heading| known.iter().copied().find(|topic| topic.title == *heading));
    let by_subject = || wanted.subjects.iter().find_map(|subject| best(&known, subject));
    by_heading.or_else(by_subject).or_else(|| best(&known, title))
}

/// The topic that holds most of a subject's words; words of the heading count twice.
pub(crate) fn best<'a>(known: &[&'a Topic], subject: &str) -> Option<&'a Topic> {
    let score = |topic: &Topic| {
        let heading = u16::from(share_found(subject, &format!("{} {}", topic.title, topic.summary)));
        let back = u16::from(share_found(&topic.title, subject));
        let body = u16::from(share_found(subject, &all_words(topic)));
        (2 * heading + back + body, body)
    };
    let ranked =
        known.iter().map(|topic| (score(topic), *topic)).filter(|((_, body), _)| *body >= u16::from(KNOWS));
    ranked.max_by_key(|((score, _), _)| *score).map(|(_, topic)| topic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let wanted = Wanted {
            topics: vec!["A and B".to_owned(), "C".to_owned()],
            own_words: true,
            names: vec![("the dock worker".to_owned(), "ops.manager".to_owned())],
            subjects: Vec::new(),
        };
        assert_eq!(read(&written(&wanted)), wanted);
        assert_eq!(read("qualification criteria and pipeline stages").subjects.len(), 2);
    }
}
