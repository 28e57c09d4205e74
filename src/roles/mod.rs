//! What each role is asked and what it answers: the exact data that goes into a prompt, or into tier-0 code,
//! and the exact shape that must come back. Pure data; a question holds nothing its receiver must not see.

pub mod council;
pub mod done;
pub mod draft;
pub mod perform;
pub mod plan;
pub mod review;
pub mod revise;
pub mod scrutiny;
pub mod synthesise;
pub mod user_test;

use crate::base::text::full_stop;
use crate::source::Shown;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::borrow::Cow;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what leaves a field out is handed a reference")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// A kind of thinking that can be asked of an agent.
pub trait Role {
    /// Name of the role: of its prompt file, of its events and of its setting.
    const NAME: &'static str;
    /// What is asked.
    type Question: Serialize + DeserializeOwned + Clone + Send + Sync + 'static;
    /// What comes back; its JSON schema is what a model is held to.
    type Answer: Serialize + DeserializeOwned + schemars::JsonSchema + Clone + Send + Sync + 'static;
}

/// The word for a mission whose text is a procedure that becomes an SOP as it stands.
pub const ADOPT: &str = "adopt";

/// What everyone may know of a mission: the brief without its scenarios.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MissionView {
    /// Title of the mission.
    pub title: String,
    /// The requester's words, Markdown.
    pub text: String,
    /// The business objective where the requester gave one.
    pub objective: Option<String>,
    /// Size of the change, in words: `new`, `major`, `minor`, `patch`, or [`ADOPT`].
    pub change: String,
    /// Text of the SOP version that is being changed.
    pub current: Option<String>,
    /// What the requester answered to questions.
    pub answers: Vec<Answered>,
    /// The documents it rests on, with what of them this receiver is shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Shown>,
}

impl MissionView {
    /// Whether the text is a procedure that becomes an SOP as it stands.
    pub fn adopts(&self) -> bool {
        self.change == ADOPT
    }

    /// What was asked: the requester's words, and below them those of the binding sources.
    pub fn told(&self) -> Cow<'_, str> {
        let bound: Vec<&str> = self.sources.iter().filter_map(Shown::binding_text).collect();
        if bound.is_empty() {
            return Cow::Borrowed(&self.text);
        }
        Cow::Owned(std::iter::once(self.text.as_str()).chain(bound).collect::<Vec<_>>().join("\n\n"))
    }
}

/// A question and what was answered, or assumed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answered {
    /// The question.
    pub question: String,
    /// The answer or the assumption.
    pub answer: String,
    /// Nobody answered: the assumption stands.
    pub assumed: bool,
}

impl Answered {
    /// What was said to a question with an assumption, in words that need no question beside them: who takes the
    /// assumption has said it. `None`: nobody answered.
    pub fn to(question: &str, assumption: &str, said: Option<&str>) -> Self {
        let assumed = said.is_none();
        let answer = said.map_or_else(|| assumption.to_owned(), |said| resolved(said, assumption));
        // Who answers in other words answers something, too: the assumption stands beside it.
        let question = if answer.starts_with(assumption) {
            question.to_owned()
        } else {
            format!("{question} (assumed without an answer: {assumption})")
        };
        Self { question, answer, assumed }
    }

    /// Whether nothing was said in answer: nobody answered, or whoever did takes what is assumed.
    pub fn stands_on_assumption(&self) -> bool {
        self.assumed || is_yes(&self.answer)
    }
}

/// Answers that say that what is assumed may stand, in the languages of the data of `text`. A bare "yes" is none: it may
/// be the answer to the question itself.
const AS_ASSUMED: [&str; 26] = [
    "as assumed",
    "assumed",
    "ok",
    "okay",
    "fine",
    "that's fine",
    "that is fine",
    "fine by me",
    "sounds good",
    "agreed",
    "as you assume",
    "as proposed",
    "go with that",
    "go with the assumption",
    "skip",
    "-",
    "wie angenommen",
    "passt",
    "einverstanden",
    "comme supposé",
    "d'accord",
    "vale",
    "de acuerdo",
    "va bene",
    "d'accordo",
    "akkoord",
];

/// Words before an assent that add nothing to it: "yes, as assumed".
const BEFORE: [&str; 10] = ["yes", "y", "ok", "okay", "ja", "oui", "sí", "si", "sì", "fine"];

/// Words after an assent that take something of it back.
const BUT: [&str; 12] =
    ["but", "except", "however", "only", "instead", "not", "without", "aber", "nur", "mais", "sauf", "pero"];

/// An answer with the assumption in the place of the words that take it: "As assumed, and within 2 days" as well.
fn resolved(said: &str, assumption: &str) -> String {
    if is_assent(said) {
        return assumption.to_owned();
    }
    let said = said.trim();
    let rest = AS_ASSUMED.first().and_then(|words| {
        let start = said.get(..words.len()).filter(|start| start.eq_ignore_ascii_case(words))?;
        said.strip_prefix(start)?.strip_prefix([',', ';', ':', '.'])
    });
    let takes_back = |rest: &&str| {
        let first = rest.split_whitespace().next().unwrap_or_default().to_lowercase();
        BUT.contains(&first.as_str())
    };
    let rest = rest.filter(|rest| !takes_back(rest));
    rest.map_or_else(|| said.to_owned(), |rest| format!("{} {}", full_stop(assumption), rest.trim()))
}

/// Whether an answer is an assent or a bare yes: where code asks, that means the same.
pub fn is_yes(answer: &str) -> bool {
    let plain = answer.trim().trim_end_matches(['.', '!']).to_lowercase();
    is_assent(answer) || BEFORE.contains(&plain.as_str())
}

/// Whether an answer says that what is assumed may stand.
pub fn is_assent(answer: &str) -> bool {
    let plain = answer.trim().trim_end_matches(['.', '!']).to_lowercase();
    let after = BEFORE.iter().find_map(|word| plain.strip_prefix(word)?.strip_prefix(','));
    let bare = after.map_or(plain.as_str(), str::trim);
    AS_ASSUMED.contains(&bare)
}

/// An assertion as a worker or a validator sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AssertionView {
    /// Its id.
    pub id: String,
    /// What must hold.
    pub statement: String,
    /// What would break it.
    pub fails_if: String,
    /// Titles of the sections in which evidence counts.
    pub sections: Vec<String>,
}

impl AssertionView {
    /// The view of an assertion.
    pub fn of(assertion: &crate::contract::Assertion) -> Self {
        Self {
            id: assertion.id.clone(),
            statement: assertion.statement.clone(),
            fails_if: assertion.fails_if.clone(),
            sections: assertion.sections.iter().map(|section| section.title().to_owned()).collect(),
        }
    }
}
