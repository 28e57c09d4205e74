//! What single sentences give away: a complaint, a rule, an event, an end, an order to the writer of the SOP.
//! Each mark is a small list of everyday words; a sentence without a mark stays unused rather than misread.

use crate::base::text::{capital, full_stop, uncapital};
use crate::tier0::english::clause::Clause;
use crate::tier0::english::figures::{self, has_figure};
use crate::tier0::english::pieces;
use crate::tier0::english::reading::clause;
use crate::tier0::english::verbs;
use crate::tier0::english::words::{is_stop, stem_set, words};

/// Whether a sentence limits the time of the work as a whole.
pub(crate) fn limits_the_whole(said: &str) -> bool {
    let lower = said.to_lowercase();
    let whole =
        ["take longer than", "takes longer than", "take more than", "be done within", "be finished within"];
    whole.iter().any(|phrase| lower.contains(phrase))
}

/// What is wished for in a sentence that begins as a wish: `we want …`, `the goal …`.
pub(crate) fn wish_behind(said: &str) -> Option<&str> {
    let lower = said.to_lowercase();
    let wishes = [
        "we want",
        "i want",
        "we need",
        "i need",
        "we would like",
        "i would like",
        "the goal",
        "the aim",
        "what i would like",
        "what we want",
        "what we need",
    ];
    let wish = wishes.iter().find(|wish| lower.starts_with(**wish))?;
    Some(said.get(wish.len()..).unwrap_or_default())
}

/// Whether a sentence says what is not covered.
pub(crate) fn is_outside(said: &str) -> bool {
    let lower = said.to_lowercase();
    let phrases = [
        "out of scope",
        "not covered",
        "does not apply to",
        "do not apply to",
        "not part of this",
        "is not about",
    ];
    phrases.iter().any(|phrase| lower.contains(phrase))
}

/// `What must be settled:`, `which fields must be filled`: a question to the writer of the SOP, no rule of it.
pub(crate) fn asks_the_writer(said: &str) -> bool {
    let first = words(said).into_iter().next().unwrap_or_default();
    let asks = ["what", "which", "who", "whose", "how", "why", "where", "whether"];
    asks.contains(&first.as_str()) && !said.to_lowercase().starts_with("what i would like")
}

/// Orders to the reader of the mission, not to the people who will work by the SOP.
pub(crate) fn is_order_to_us(said: &str) -> bool {
    let stems = stem_set(said);
    let written = [
        "write the procedure",
        "write one procedure",
        "write a procedure",
        "write down",
        "describe the ",
        "describe how ",
        "describe what ",
        "say what",
        "say who",
    ];
    if written.iter().any(|begin| said.to_lowercase().starts_with(begin)) {
        return true;
    }
    let wants_writing = ["writ", "sop", "help", "ignor", "document", "draft"];
    let lower = said.to_lowercase();
    let about_the_paper =
        lower.contains("sop") || lower.contains("instructions") || lower.contains("write it down");
    about_the_paper && wants_writing.iter().any(|stem| stems.contains(*stem)) && said.split(' ').count() < 16
}

/// The clause after `done when`, `finished once`, …
pub(crate) fn done_clause(said: &str) -> Option<String> {
    let lower = said.to_lowercase();
    let heads = ["done", "finished", "complete", "closed", "over", "ends", "end"];
    let links = [" when ", " once ", " as soon as ", " if "];
    let found = heads
        .iter()
        .flat_map(|head| links.iter().map(move |link| format!("{head}{link}")))
        .find_map(|mark| {
            let at = lower.find(&mark)?;
            let before = lower.get(..at)?.split_whitespace().count();
            (before <= 6).then(|| said.get(at + mark.len()..)).flatten()
        })?;
    Some(found.trim().trim_end_matches('.').to_owned())
}

/// `We have one month by law.` → `Finish within one month by law.`
pub(crate) fn limit_as_order(rule: &str) -> String {
    match rule.strip_prefix("We have ").filter(|_| !figures::spans(rule).is_empty()) {
        Some(limit) => format!("Finish within {limit}"),
        None => rule.to_owned(),
    }
}

/// A longer sentence is a story with a rule somewhere in it.
pub(crate) const LONGEST_RULE: usize = 32;

/// Without `Oh, and …` in front and `…, because …` behind.
pub(crate) fn without_chat(said: &str) -> &str {
    let mut said = said.trim();
    for chat in ["Oh, and ", "Oh, ", "And ", "Also, ", "Anyway, ", "No, ", "So, "] {
        said = said.strip_prefix(chat).unwrap_or(said);
    }
    let end = [", because ", " because otherwise", ", which is a story"]
        .iter()
        .filter_map(|mark| said.find(mark))
        .min();
    end.and_then(|end| said.get(..end)).unwrap_or(said)
}

/// Everyday words for what goes wrong today.
const TROUBLE: [&str; 64] = [
    " different things ",
    " same questions ",
    " nobody knew ",
    " nobody knows ",
    " nobody remembers ",
    " nobody waters ",
    " nobody told ",
    " nobody thinks ",
    " or not at all ",
    " nobody can tell ",
    " at the moment ",
    " today we ",
    " last week ",
    " last year ",
    " last month ",
    " this year ",
    " silence ",
    " their own idea ",
    " we argue ",
    " people leave and ",
    " and keep ",
    " keeps saying ",
    " i was ",
    " she said ",
    " for days ",
    " weeks ahead ",
    " on the morning ",
    " too late ",
    " the other day ",
    " by the way ",
    " every time somebody ",
    " vanish",
    " disappear",
    " months later ",
    " whatever ",
    " for weeks ",
    " wait weeks ",
    " customers wait ",
    " people wait ",
    " wait two weeks ",
    " hang up ",
    " hear nothing ",
    " passed around ",
    " passed from one ",
    " learns it from ",
    " on their own ",
    " by whoever ",
    " middle of the day ",
    " find out ",
    " finds out ",
    " come late ",
    " comes late ",
    " are wrong ",
    " is wrong ",
    " get lost ",
    " gets lost ",
    " forgotten ",
    " annoying ",
    " never match",
    " twice or ",
    " dead link ",
    " no idea ",
    " whoever shouts ",
    " notice first ",
];

/// Whether a sentence tells how things are today, not how they are to be.
pub(crate) fn is_complaint(said: &str) -> bool {
    let lower = format!(" {} ", said.to_lowercase().replace([',', '.', ';', '!'], " "));
    let weekday = ["monday", "tuesday", "wednesday", "thursday", "friday"];
    TROUBLE.iter().any(|phrase| lower.contains(phrase))
        || weekday.iter().any(|day| lower.contains(&format!(" last {day} ")))
        || (lower.contains(" nobody ")
            && !lower.contains(" nobody else ")
            && !["needs", "may", "must", "can"]
                .iter()
                .any(|modal| lower.contains(&format!("nobody {modal} "))))
}

/// Whether a sentence that is no order still binds.
pub(crate) fn binds(said: &str) -> bool {
    let words = words(said);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let complaint = has(&["argue", "last", "twice", "yesterday", "nobody", "were", "was", "had"]);
    let strong = has(&["must", "never", "needs", "need", "only", "requires", "always", "except", "unless"]);
    (!complaint && (strong || has_figure(said))) || (strong && has_figure(said))
}

/// The event in a condition: `when a truck arrives` → `A truck arrives.`; `on Monday and Thursday` → `A Monday
/// or Thursday begins.`
pub(crate) fn event_in(condition: &str) -> Option<String> {
    let (word, rest) = condition.split_once(' ')?;
    let event = match word {
        "when" | "once" | "whenever" | "as" => rest.trim_start_matches("soon as ").to_owned(),
        "every" | "each" => format!("a new {rest} begins"),
        "on" if rest.ends_with("day") && !rest.contains("the ") => {
            format!("a {} begins", rest.replace(" and ", " or "))
        }
        "on" => format!("{rest} begins"),
        "before" if rest.starts_with("a ") && rest.split(' ').count() <= 4 => format!("{rest} is planned"),
        _ => return None,
    };
    Some(full_stop(&capital(&event)))
}

/// `Nobody promises money on the first call.`: a rule, said as how it is to be.
pub(crate) fn forbids(said: &str) -> bool {
    let words = words(said);
    let verb =
        |at: usize| words.get(at).is_some_and(|word| verbs::base_of(word, verbs::Form::Third).is_some());
    let nobody = words.first().is_some_and(|word| word == "nobody" || word == "nothing");
    let other = words.get(1).is_some_and(|word| word == "else");
    nobody && (other || verb(1))
}

/// `…, legal decides, and nobody talks to the press.` → the work, and the ban as a sentence of its own.
pub(crate) fn ban_behind(said: &str) -> Option<(String, String)> {
    let (work, ban) = said.rsplit_once(" and nobody ")?;
    let work = work.trim_end_matches(',');
    let ban = full_stop(&format!("Nobody {ban}"));
    let orders = pieces::clauses(work).len();
    (orders >= 2 && forbids(&ban) && !is_complaint(work)).then(|| (full_stop(work), ban))
}

/// What a complaint says about the event that starts the work: its condition, or its part before the trouble.
pub(crate) fn event_of_complaint(said: &str) -> Option<String> {
    let lower = uncapital(said);
    let conditional = ["when ", "whenever ", "once "].iter().any(|word| lower.starts_with(word));
    if let Some((condition, _)) = lower.split_once(',').filter(|_| conditional) {
        return event_in(condition);
    }
    let mut cut = first_clause(&full_stop(&capital(said)));
    if is_complaint(&cut) {
        cut = full_stop(cut.split(" and ").next().unwrap_or_default());
    }
    (cut.split(' ').count() >= 3 && is_event(&cut) && !is_complaint(&cut)).then_some(cut)
}

/// Verbs of things that happen to us; they start work.
pub(crate) const EVENTS: [&str; 25] = [
    "arrive", "arrives", "come", "comes", "ask", "asks", "leave", "leaves", "reports", "report", "requests",
    "fills", "submits", "hands", "signs", "calls", "writes", "call", "happens", "fails", "breaks",
    "receives", "closes", "applies", "resigns",
];

pub(crate) fn is_event(said: &str) -> bool {
    let lower = said.to_lowercase();
    let cyclic = ["every ", "each ", "once a ", "on the first"].iter().any(|start| lower.starts_with(start));
    cyclic || words(said).iter().take(8).any(|word| EVENTS.contains(&word.as_str()))
}

/// Whether this order is somebody outside asking for the work, not the work itself.
pub(crate) fn starts_work(order: &Clause) -> bool {
    let outside = [
        "someone",
        "somebody",
        "customer",
        "employee",
        "people",
        "person",
        "candidate",
        "supplier",
        "user",
        "visitor",
        "journalist",
        "applicant",
        "traveller",
        "requester",
        "caller",
        "their manager",
    ];
    let verb = order.order.split(' ').next().unwrap_or_default();
    let actor = order.actor.as_deref().unwrap_or_default().to_lowercase();
    outside.iter().any(|who| actor.contains(who))
        && ["ask", "fill", "request", "report", "call", "submit", "hand", "sign", "send", "write"]
            .contains(&verb)
}

/// Up to the complaint: `Invoices arrive by e-mail, and we have paid two twice` → `Invoices arrive by e-mail.`
pub(crate) fn first_clause(sentence: &str) -> String {
    let cut =
        [", and we", " and we ", " but ", " and nobody", " and keep ", ", and nobody", " and then there"];
    let at = cut.iter().filter_map(|mark| sentence.find(mark)).min();
    let cut = at.and_then(|at| sentence.get(..at)).filter(|cut| cut.split(' ').count() >= 3);
    full_stop(cut.unwrap_or(sentence))
}

/// `draft the post in the folder` → `the post`.
pub(crate) fn thing_of(order: &str) -> Option<String> {
    let particles = ["up", "out", "off", "down", "back"];
    let mut tokens = order.split(' ').skip(1).skip_while(|token| particles.contains(token));
    tokens.next().filter(|token| ["the", "a", "an", "each", "every"].contains(token))?;
    let noun: Vec<&str> = tokens.take_while(|token| !is_stop(token)).take(3).collect();
    (!noun.is_empty()).then(|| format!("the {}", noun.join(" ").trim_end_matches([',', '.'])))
}

/// `a, b, and c` and `a; b` as pieces.
pub(crate) fn list_pieces(text: &str) -> Vec<String> {
    let text = text.trim().trim_end_matches('.').replace(", and then ", ", ").replace(", then ", ", ");
    let text = text.replace(", and ", ", ").replace("; ", ", ");
    let mut pieces: Vec<String> = text.split(", ").map(|piece| piece.trim().to_owned()).collect();
    if let Some(last) = pieces.pop() {
        match last.split_once(" and ") {
            Some((a, b)) if clause(a).is_some() && clause(b).is_some() => {
                pieces.extend([a.to_owned(), b.to_owned()]);
            }
            _ => pieces.push(last),
        }
    }
    pieces
}

/// Below which heading of the mission file we are.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Under {
    #[default]
    Anything,
    Steps,
    Trigger,
    Done,
    Inputs,
    OutOfScope,
    Rules,
}

pub(crate) fn heading(title: &str) -> Under {
    let lower = title.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if has(&["out of scope", "not in scope", "exclu"]) {
        Under::OutOfScope
    } else if has(&["step", "procedure", "how it", "what happens", "process"]) {
        Under::Steps
    } else if has(&["trigger", "starts"]) {
        Under::Trigger
    } else if has(&["done", "finished", "complete"]) {
        Under::Done
    } else if has(&["input", "what we need", "fields"]) {
        Under::Inputs
    } else if has(&["rule", "constraint", "limits"]) {
        Under::Rules
    } else {
        Under::Anything
    }
}

/// The names in `fills in a form with name, e-mail and order number`, `must state name, date and reason`.
pub(crate) fn inputs_in(said: &str) -> Vec<String> {
    let lower = said.to_lowercase();
    let marks = [
        "form with ",
        "request with ",
        "must include ",
        "must contain ",
        "must state ",
        "we ask for ",
        "please give ",
    ];
    let Some(rest) = marks.iter().find_map(|mark| lower.split_once(mark).map(|(_, rest)| rest)) else {
        return Vec::new();
    };
    let list = rest.trim_end_matches('.').replace(" and ", ", ");
    let names = list.split(',').map(str::trim);
    names.filter(|name| !name.is_empty() && name.split(' ').count() <= 4).map(str::to_owned).collect()
}
