//! The part of an agent's knowledge that one piece of work rests on: a handbook of many topics is not sent with every
//! question.

use super::{Agent, Topic};
use crate::base::markdown::{What, cut};
use std::collections::BTreeSet;

/// A handbook of at most so many bytes, some thousand tokens, is always shown whole: little is saved by less.
const SHORT: usize = 5_000;
/// Letters by which two words are taken for one: "report", "reporting".
const STEM: usize = 5;

/// What is shown of a handbook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chapters {
    /// The topics shown, as they are written.
    pub text: String,
    /// The titles of the others.
    pub others: Vec<String>,
}

impl Topic {
    /// Whether it is the one every department has for all of its work.
    pub fn is_general(&self) -> bool {
        self.title.starts_with("How ") && self.title.ends_with(" works")
    }
}

impl Agent {
    /// The topics to show for work described by `words`: those that `named` names, the general ones, and those whose
    /// titles speak of it. Empty, which means all of them, when nothing would be left out or nothing of it is known.
    pub fn topics_for(&self, named: &[String], words: &str) -> Vec<String> {
        let is_named =
            |topic: &Topic| named.iter().any(|name| name.trim().eq_ignore_ascii_case(&topic.title));
        if self.knowledge.len() <= SHORT || !self.topics.iter().any(is_named) {
            return Vec::new();
        }
        let spoken = stems(words);
        let shown: Vec<String> = self
            .topics
            .iter()
            .filter(|topic| {
                is_named(topic) || topic.is_general() || !stems(&topic.title).is_disjoint(&spoken)
            })
            .map(|topic| topic.title.clone())
            .collect();
        if shown.len() == self.topics.len() { Vec::new() } else { shown }
    }

    /// Those topics of the knowledge, word for word; all where none is named.
    pub fn chapters(&self, topics: &[String]) -> Chapters {
        if topics.is_empty() {
            return Chapters { text: self.knowledge.clone(), others: Vec::new() };
        }
        let begins: Vec<(usize, String)> = cut(&self.knowledge)
            .into_iter()
            .filter_map(|block| match block.what {
                What::Heading(2, title) => Some((usize::try_from(block.line).unwrap_or(1) - 1, title)),
                _ => None,
            })
            .collect();
        let lines: Vec<&str> = self.knowledge.lines().collect();
        let mut found = Chapters { text: String::new(), others: Vec::new() };
        let ends = begins.iter().skip(1).map(|(line, _)| *line).chain([lines.len()]);
        for ((from, title), to) in begins.iter().zip(ends) {
            if !topics.contains(title) {
                found.others.push(title.clone());
                continue;
            }
            found.text.push_str(lines.get(*from..to).unwrap_or_default().join("\n").trim_end());
            found.text.push_str("\n\n");
        }
        found
    }
}

/// The words of a text that say what it is about, by their first letters.
fn stems(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.chars().count() >= STEM);
    words.map(|word| word.to_lowercase().chars().take(STEM).collect()).collect()
}

#[cfg(test)]
mod tests {
    use crate::roster;

    #[test]
    fn what_is_shown_of_a_handbook_is_its_own_text_and_what_is_not_is_named() {
        let agent = roster::parse("it.security.md", include_str!("../../agents/it.security.md")).unwrap();
        let titles: Vec<String> = agent.topics.iter().map(|topic| topic.title.clone()).collect();
        assert_eq!(agent.chapters(&[]).text, agent.knowledge);
        let all = agent.chapters(&titles);
        assert!(all.others.is_empty());
        assert_eq!(
            all.text.split_whitespace().collect::<Vec<_>>(),
            agent.knowledge.split_whitespace().collect::<Vec<_>>()
        );
        let one = agent.chapters(&titles[..1]);
        assert_eq!(one.others, titles[1..]);
        assert!(agent.knowledge.starts_with(one.text.trim_end()), "{}", one.text);

        let shown = agent.topics_for(&titles[..1], "Nothing that a title speaks of.");
        let general = agent.topics.iter().filter(|topic| topic.is_general()).count();
        assert!(shown.contains(&titles[0]) && shown.len() <= 1 + general, "{shown:?}");
        let spoken = agent.topics_for(&titles[..1], &titles[1]);
        assert!(spoken.contains(&titles[1]), "what a title speaks of is shown as well: {spoken:?}");
        assert!(agent.topics_for(&["No such topic".to_owned()], "x").is_empty(), "all, where none is known");
        assert!(agent.topics_for(&titles, "x").is_empty(), "all of them is all");
    }
}
