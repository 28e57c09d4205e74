//! A mission whose text is a procedure already: what the document says, what it leaves open, and what was answered to that.

use super::answers::ASK_TRIGGER;
use crate::roles::{Answered, MissionView, is_yes};
use crate::sop::Input;
use crate::sop::headings::{Field, field};
use crate::sop::import::{Procedure, inputs_in, procedure};
use crate::text::sentences;

/// The questions begin so; their answers are read by these beginnings.
pub(crate) const ASK_MEANT: &str = "Who is meant in";
/// See [`ASK_MEANT`].
pub(crate) const ASK_OWNER: &str = "Who answers for";
/// See [`ASK_MEANT`].
pub(crate) const ASK_WHY: &str = "In one line";

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Adopted {
    /// What the document says.
    pub(crate) procedure: Procedure,
    /// Whom the requester names where the document's words name nobody: the word, and who is meant.
    pub(crate) meant: Vec<(String, String)>,
    /// Who does what nobody else does, and answers for the whole.
    pub(crate) who: Option<String>,
    /// What starts it, as answered.
    pub(crate) trigger: Option<String>,
    /// What must be known when it starts, as answered.
    pub(crate) inputs: Vec<Input>,
    /// What it is for, what happens if it goes wrong and how it is undone, as answered.
    pub(crate) why: [Option<String>; 3],
    /// What was answered beside that: it holds for the whole.
    pub(crate) rest: Vec<String>,
}

/// Reads the document and the answers.
pub(crate) fn read(mission: &MissionView) -> Adopted {
    let mut procedure = procedure(&mission.title, &mission.told());
    // A title other than the mission's is a line of the document like any other.
    if mission.told().contains(&procedure.title) && procedure.title != mission.title.trim() {
        procedure.headings.insert(0, format!("“{}” (the title)", procedure.title));
    }
    let mut adopted = Adopted { procedure, ..Adopted::default() };
    for answered in mission.answers.iter().filter(|answered| !answered.stands_on_assumption()) {
        adopted.hear(answered);
    }
    adopted
}

impl Adopted {
    /// What it is for, what happens if it goes wrong, how it is undone: whether the document leaves each open.
    pub(crate) fn open(&self) -> [bool; 3] {
        let said = &self.procedure;
        let is_for = said.objective.is_none() && said.description.is_empty();
        [is_for, said.impact.is_none(), !said.body.risk.to_lowercase().contains("rollback")]
    }

    fn hear(&mut self, answered: &Answered) {
        let asked = |begin: &str| answered.question.starts_with(begin);
        let answer = answered.answer.trim();
        if asked(ASK_MEANT) || asked(ASK_OWNER) {
            self.people(answer);
        } else if asked(ASK_TRIGGER) {
            self.start(answer);
        } else if asked(ASK_WHY) {
            self.reasons(answer);
        } else {
            self.rest.push(answer.to_owned());
        }
    }

    /// `cashier: ops.manager; manager = VP Sales`, or one name for all of it.
    fn people(&mut self, answer: &str) {
        for piece in answer.split([',', ';', '\n']).map(str::trim).filter(|piece| !piece.is_empty()) {
            let pair = [":", "=", "→", " is ", " ist ", " est ", " es ", " è "];
            let pair = pair.iter().find_map(|mark| piece.split_once(mark));
            let bare = |word: &str| word.trim().trim_matches(['“', '”', '"', '\'', '-', '*', ' ']).to_owned();
            match pair {
                Some((name, said)) if !says_owner(name) => self.meant.push((bare(name), bare(said))),
                Some((_, said)) => self.who = Some(bare(said)),
                None => {
                    self.who.get_or_insert_with(|| bare(piece));
                }
            }
        }
    }

    /// The event, then what must be known by then.
    fn start(&mut self, answer: &str) {
        let mut parts = answer.split([';', '\n']).map(str::trim).filter(|part| !part.is_empty());
        self.trigger = parts.next().map(str::to_owned);
        let known: Vec<String> =
            parts.map(|part| format!("- {}", part.trim_start_matches(['-', '*', ' ']))).collect();
        self.inputs = inputs_in(&known.join("\n"));
    }

    /// A line or a sentence for each of what was asked, in that order; one that names its matter stands for that.
    fn reasons(&mut self, answer: &str) {
        let lines: Vec<&str> = answer.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let open: Vec<usize> = (0..).zip(self.open()).filter(|(_, open)| *open).map(|(at, _)| at).collect();
        let all: Vec<String> = if lines.len() == 1 && open.len() > 1 {
            sentences::cut(answer, None).into_iter().map(|one| one.trim().to_owned()).collect()
        } else {
            lines.into_iter().map(|line| line.trim_start_matches(['-', '*', ' ']).to_owned()).collect()
        };
        let mut next = open.into_iter();
        let mut last = 0;
        for line in all {
            let label = line.split_once(':').and_then(|(label, _)| field(label));
            let named = match label {
                Some(Field::Objective) => Some(0),
                Some(Field::Impact) => Some(1),
                Some(Field::Rollback) => Some(2),
                _ => None,
            };
            let counted = line.trim_start_matches(|c: char| c.is_ascii_digit());
            let line = counted.strip_prefix(['.', ')']).map_or(line.as_str(), str::trim);
            last = named.or_else(|| next.next()).unwrap_or(last);
            if is_yes(line) {
                continue;
            }
            if let Some(place) = self.why.get_mut(last) {
                *place = Some(place.take().map_or_else(|| line.to_owned(), |old| format!("{old} {line}")));
            }
        }
    }
}

fn says_owner(name: &str) -> bool {
    field(name.trim()) == Some(Field::Owner)
        || ["whole", "all", "everything", "rest", "alles", "tout", "todo", "tutto"]
            .iter()
            .any(|word| name.to_lowercase().split_whitespace().any(|one| one == *word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(question: &str, answer: &str) -> Adopted {
        let answers =
            vec![Answered { question: question.to_owned(), answer: answer.to_owned(), assumed: false }];
        read(&MissionView {
            title: "Till".to_owned(),
            text: "| Step | Who | What |\n|-|-|-|\n| 1 | cashier | Count |\n".to_owned(),
            objective: None,
            change: crate::roles::ADOPT.to_owned(),
            current: None,
            answers,
            sources: Vec::new(),
        })
    }

    #[test]
    fn one_name_or_a_name_for_each_says_who_is_meant() {
        for (answer, who, meant) in [
            ("ops.manager", Some("ops.manager"), vec![]),
            ("cashier: ops.manager\nowner: VP Sales", Some("VP Sales"), vec![("cashier", "ops.manager")]),
            ("the “cashier” is ops.manager; ceo", Some("ceo"), vec![("the “cashier", "ops.manager")]),
            ("Yes.", None, vec![]),
        ] {
            let found = answered("Who is meant in “Till”: …", answer);
            let pairs: Vec<_> = found.meant.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
            assert_eq!((found.who.as_deref(), pairs), (who, meant), "{answer}");
        }
    }

    #[test]
    fn reasons_come_in_the_order_asked_or_by_their_names() {
        let whole = |answer: &str| answered("In one line each: …", answer).why.map(Option::unwrap_or_default);
        assert_eq!(
            whole("We know the float. Money is missing. Count again."),
            ["We know the float.", "Money is missing.", "Count again."]
        );
        assert_eq!(whole("1. A\n2. ok\n3. C"), ["A", "", "C"]);
        assert_eq!(whole("Rollback: count again."), ["", "", "Rollback: count again."]);
    }

    #[test]
    fn the_event_comes_first_and_what_must_be_known_behind_it() {
        let found = answered(ASK_TRIGGER, "The shop opens; till: which one; date");
        assert_eq!(found.trigger.as_deref(), Some("The shop opens"));
        assert_eq!(
            found.inputs.iter().map(|input| input.name.as_str()).collect::<Vec<_>>(),
            ["till", "date"]
        );
    }
}
