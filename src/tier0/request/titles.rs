//! Titles and artifacts for steps that were told as sentences.

use super::material::ProseStep;
use crate::base::text::{capital, uncapital};
use crate::tier0::english::clause::Clause;
use crate::tier0::english::figures::has_figure;
use crate::tier0::english::small_words;
use crate::tier0::english::verbs::{self, participle};

/// A title ends before these words, once it is long enough to say something.
const ENDS: [&str; 36] = [
    "once", "into", "against", "within", "by", "so", "before", "after", "if", "when", "who", "which", "that",
    "because", "unless", "on", "at", "in", "with", "whether", "and", "from", "where", "until", "than",
    "through", "for", "no", "never", "back", "first", "what", "how", "via", "is", "are",
];

/// Shortest and longest title, in words.
const SHORTEST: usize = 3;
const LONGEST: usize = 9;

/// The title of a step: its first order, cut where the details begin.
pub(crate) fn of_step(step: &ProseStep, subject: &str) -> String {
    step.orders.first().map_or_else(String::new, |order| of_order(order, subject))
}

fn of_order(order: &Clause, subject: &str) -> String {
    if let Some(list) = short_list(&order.order) {
        return capital(&list);
    }
    let mut kept: Vec<&str> = Vec::new();
    for token in order.order.split_whitespace() {
        let bare = token.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        let told = kept.iter().any(|word| ["that", "whether"].contains(word));
        let is = told && ["is", "are"].contains(&bare.as_str());
        let ends = !is && ENDS.contains(&bare.as_str()) || (kept.len() >= 4 && has_figure(token));
        let relative =
            ["that", "which", "who", "in", "on", "for", "with", "from", "into"].contains(&bare.as_str());
        let enough = kept.len() >= if relative { SHORTEST + 1 } else { SHORTEST };
        if (enough && ends) || kept.len() >= LONGEST {
            break;
        }
        kept.push(token);
        if token.ends_with([';', ':']) || token.ends_with(',') && kept.len() >= SHORTEST {
            let with = kept.iter().position(|word| *word == "with").filter(|at| *at >= SHORTEST);
            kept.truncate(with.unwrap_or(kept.len()));
            break;
        }
    }
    // A title that is too long ends before its last phrase, not in the middle of it.
    if kept.len() >= LONGEST {
        let phrase = |word: &&str| ENDS.contains(word) || *word == "to";
        let last = kept.iter().rposition(phrase).filter(|at| *at > SHORTEST);
        kept.truncate(last.unwrap_or(kept.len()));
    }
    let dangling = ["the", "a", "an", "and", "or", "of", "to", "for", "on", "in", "by", "with", "at", "its"];
    while kept.last().is_some_and(|last| kept.len() > 2 && dangling.contains(&last.to_lowercase().as_str())) {
        kept.pop();
    }
    let title = kept.join(" ");
    let title = title.trim_end_matches([',', ';', ':', '.']);
    match kept.as_slice() {
        [_alone] => capital(&format!("{title} on {}", uncapital(subject))),
        _ => capital(title),
    }
}

/// `take name, outlet, deadline and question, and pass …`: a short list is a whole phrase.
fn short_list(order: &str) -> Option<String> {
    let tokens: Vec<&str> = order.split_whitespace().take(LONGEST).collect();
    let first_comma = tokens.iter().position(|token| token.ends_with(','))?;
    let joint = tokens.iter().position(|token| *token == "and" || *token == "or")?;
    let item = tokens.get(joint + 1)?;
    let words = |token: &&str| token.trim_end_matches([',', '.']).to_owned();
    let is_verb = |token: &&str| verbs::base_of(&words(token), verbs::Form::Base).is_some();
    let items = tokens.get(first_comma + 1..joint)?;
    let plain = first_comma <= 2
        && tokens.get(1).is_some_and(|next| !small_words::DETERMINERS.contains(next))
        && items.len() <= 3
        && items.first().is_some_and(|next| !is_verb(next));
    let kept = tokens.get(..=joint + 1)?;
    (plain && !["the", "a", "an"].contains(item))
        .then(|| kept.join(" ").trim_end_matches([',', '.']).to_owned())
}

/// What exists after a step that was told as a sentence: its entry in the run record.
pub(crate) fn artifact(step: &ProseStep) -> String {
    let what = step.orders.first().and_then(done_thing);
    match what {
        Some(what) => format!("run record entry with name, date and result: {what}"),
        None => "run record entry with name, date and result of this step".to_owned(),
    }
}

/// `check the identity of the person first` → `the identity of the person checked`.
fn done_thing(order: &Clause) -> Option<String> {
    let (verb, rest) = order.order.split_once(' ')?;
    let mut tokens: Vec<&str> = rest.split_whitespace().collect();
    let particles = ["up", "out", "off", "down", "back", "in", "over", "through"];
    let particle = tokens.first().copied().filter(|first| particles.contains(first));
    if particle.is_some() {
        tokens.remove(0);
    }
    let comma = |token: &&str| token.ends_with([',', ';', ':']);
    let stops = |token: &&str| {
        ENDS.contains(&token.to_lowercase().trim_end_matches(',')) || particles.contains(token)
    };
    let mut thing: Vec<&str> = Vec::new();
    for token in tokens {
        if stops(&token) || thing.len() >= LONGEST {
            break;
        }
        thing.push(token);
        if comma(&token) {
            break;
        }
    }
    while thing.last().is_some_and(|last| ["of", "to", "the", "a", "and", "or"].contains(last)) {
        thing.pop();
    }
    let thing = thing.join(" ");
    let thing = thing.trim_end_matches([',', ';', ':', '.']);
    let particle = particle.map(|particle| format!(" {particle}")).unwrap_or_default();
    let is_noun = thing.contains(' ') && !thing.starts_with("to ") && !thing.starts_with("of ");
    is_noun.then(|| format!("{thing} {}{particle}", participle(verb)))
}
