//! Whom a requester means: `HR`, `the accounts payable clerk`, `VP Sales` → an agent of the roster.
//! The table of department words is data; a roster without such a department simply gives no answer.

use crate::roster::{Agent, AgentRole, Roster};
use crate::tier0::english::words::words;

/// The agent meant by `name`, if the roster has one.
pub(crate) fn meant<'a>(name: &str, roster: &'a Roster) -> Option<&'a Agent> {
    let asked = words(name);
    // `two people` are whoever is there, not the people department.
    if asked.len() == 2 && asked.last().is_some_and(|word| word == "people") {
        return None;
    }
    named(&asked, roster).or_else(|| by_department(&asked, roster, false))
}

/// The agent that has `name` as its id or its whole title: nobody need be asked.
pub(crate) fn exactly<'a>(name: &str, roster: &'a Roster) -> Option<&'a Agent> {
    let asked = words(name.trim().trim_start_matches("the ").trim_start_matches("The "));
    let is_it = |agent: &&Agent| words(&agent.head.id) == asked || words(&agent.head.title) == asked;
    roster.active().find(is_it).filter(|_| !asked.is_empty())
}

/// The agent somebody tells of when asked: by an id anywhere in the words, else by title or department.
pub(crate) fn told<'a>(said: &str, roster: &'a Roster) -> Option<&'a Agent> {
    let word = |text: &str| text.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
    let by_id = said.split_whitespace().find_map(|one| roster.get(&word(one)));
    by_id.filter(|agent| agent.is_active()).or_else(|| exactly(said, roster)).or_else(|| meant(said, roster))
}

/// The agent named by words of a requester's line: by its id, its title, or one word that is a department's.
pub(crate) fn named_in_line<'a>(name: &str, roster: &'a Roster) -> Option<&'a Agent> {
    let asked = words(name);
    let alone = asked.len() == 1;
    // `It` begins many a sentence; `IT` does so as a name.
    let short = name.chars().count() <= 2 && name.chars().any(char::is_lowercase);
    named(&asked, roster).or_else(|| by_department(&asked, roster, true).filter(|_| alone && !short))
}

fn named<'a>(asked: &[String], roster: &'a Roster) -> Option<&'a Agent> {
    let by_id = roster.active().find(|agent| words(&agent.head.id) == asked);
    by_id.or_else(|| roster.active().find(|agent| same_title(agent, asked)))
}

fn same_title(agent: &Agent, asked: &[String]) -> bool {
    let title = words(&agent.head.title);
    let asked: Vec<&String> =
        asked.iter().filter(|word| !["the", "our", "a"].contains(&word.as_str())).collect();
    !asked.is_empty() && (asked.iter().copied().eq(title.iter()) || is_tail(&title, &asked))
}

/// `controller` names the `Finance Controller`; a single common word such as `manager` names nobody.
fn is_tail(title: &[String], asked: &[&String]) -> bool {
    let common = ["manager", "lead", "partner", "operations", "officer", "team"];
    let telling = asked.iter().any(|word| !common.contains(&word.as_str()));
    telling && asked.len() <= title.len() && title.iter().rev().zip(asked.iter().rev()).all(|(a, b)| a == *b)
}

/// Lines of `data/departments.txt`: code, the word an agent is preferred by, the words that mean it. One with `~` is also
/// a plain word (`accounts`): at the head of a line it names nobody.
fn by_department<'a>(asked: &[String], roster: &'a Roster, in_line: bool) -> Option<&'a Agent> {
    let lines = include_str!("data/departments.txt").lines();
    let table = lines.filter_map(|line| {
        let (left, meant) = line.split_once('=')?;
        let (code, preferred) = left.split_once(' ')?;
        Some((code, preferred, meant))
    });
    for (code, preferred, meant) in table {
        let named = asked.iter().any(|word| word == preferred || means(meant, word, in_line));
        let line_manager = asked.iter().any(|word| word == "hiring" || word == "line" || word == "manager")
            && asked.iter().any(|word| word == "manager");
        if !named || line_manager && code == "PPL" {
            continue;
        }
        let workers =
            || roster.in_department(code).filter(|agent| agent.can(AgentRole::Worker) || preferred == "ceo");
        let last = |agent: &&Agent| words(&agent.head.title).last().is_some_and(|word| word == preferred);
        let any = |agent: &&Agent| words(&agent.head.title).iter().any(|word| word == preferred);
        let best = workers().find(last).or_else(|| workers().find(any));
        let found = best
            .or_else(|| workers().find(|agent| tells_of(agent, preferred, meant)))
            .or_else(|| workers().next());
        if found.is_some() {
            return found;
        }
    }
    None
}

fn means(meant: &str, word: &str, in_line: bool) -> bool {
    meant.split(' ').any(|known| known == word || !in_line && known.strip_prefix('~') == Some(word))
}

/// The words of an agent's title.
pub(crate) fn words_of(agent: &Agent) -> Vec<String> {
    words(&agent.head.title)
}

/// Whether an agent's skills or headings hold one of the words that mean the department.
fn tells_of(agent: &Agent, preferred: &str, meant: &str) -> bool {
    let headings = agent.topics.iter().flat_map(|topic| words(&topic.title));
    let skills = agent.head.skills.iter().flat_map(|skill| words(skill));
    headings.chain(skills).any(|word| word == preferred || means(meant, &word, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn departments_and_titles_lead_to_agents() {
        let roster = crate::tier0::testing::roster();
        for (name, id) in [
            ("HR", Some("people.partner")),
            ("IT", Some("it.security")),
            ("the accounts payable clerk", Some("finance.controller")),
            ("Purchasing", Some("ops.manager")),
            ("VP Sales", Some("vp.sales")),
            ("Legal", Some("legal.counsel")),
            ("the support lead", Some("support.lead")),
            ("the CEO", Some("ceo")),
            ("the hiring manager", None),
            ("the truck driver", None),
        ] {
            assert_eq!(meant(name, &roster).map(|agent| agent.head.id.as_str()), id, "{name}");
        }
    }
}
