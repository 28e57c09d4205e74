//! What a requester told, as the parts of a procedure; and what is asked where a part is missing.

use crate::base::Span;
use crate::tier0::english::clause::Clause;

/// What could be read out of a mission's text and the answers to its questions.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Material {
    /// What starts the work: a full sentence.
    pub(crate) trigger: Option<String>,
    /// The work, in order.
    pub(crate) steps: Vec<ProseStep>,
    /// Sentences with a figure, a `must`, a `never` or a `needs`: they bind, but are no step.
    pub(crate) rules: Vec<String>,
    /// When it is finished: a clause without its `done when`.
    pub(crate) done: Option<String>,
    /// What is not covered: full sentences.
    pub(crate) out_of_scope: Vec<String>,
    /// Wishes: `we want …`, `it must not take longer than …`.
    pub(crate) goals: Vec<String>,
    /// The longest time the whole work may take.
    pub(crate) limit: Option<Span>,
    /// Names of things a request must hold.
    pub(crate) inputs: Vec<String>,
    /// The requester says that this is how it is wanted.
    pub(crate) wished: bool,
    /// The steps stood in a list.
    pub(crate) listed: bool,
    /// Pairs of sentences that cannot both hold.
    pub(crate) contradictions: Vec<(String, String)>,
    /// How things are today: why somebody asks for the SOP.
    pub(crate) background: Vec<String>,
    /// Orders that were read and do not read like one; they are asked about.
    pub(crate) unclear: Vec<String>,
    /// Sentences that were read and not used.
    pub(crate) unused: Vec<String>,
    /// What was answered to who does the work.
    pub(crate) who: Option<String>,
    /// Whether the words are English enough to be read.
    pub(crate) readable: bool,
}

/// One step as the requester told it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ProseStep {
    /// Who does it, in the requester's words.
    pub(crate) actor: Option<String>,
    /// The orders: full sentences that start with a verb or their condition.
    pub(crate) orders: Vec<Clause>,
    /// Nested bullets and rules that follow it: full sentences.
    pub(crate) rules: Vec<String>,
    /// How long it may take.
    pub(crate) limit: Option<Span>,
}

/// What tier 0 asks when a mission holds too little; the answers are read by these beginnings.
pub(crate) const ASK_TRIGGER: &str = "What starts this work";
/// See [`ASK_TRIGGER`].
pub(crate) const ASK_STEPS: &str = "What are the three to five steps";
/// See [`ASK_TRIGGER`].
pub(crate) const ASK_WHO: &str = "Who does this work";
/// See [`ASK_TRIGGER`].
pub(crate) const ASK_DONE: &str = "How can anybody tell that it is finished";
