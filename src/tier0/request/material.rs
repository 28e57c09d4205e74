//! What a requester told, as the parts of a procedure.

use crate::sop::Section;

/// A step as it was told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// Its line, as written.
    pub(crate) text: String,
    /// The heading it stands under, where that is none of ours: `Containment`.
    pub(crate) group: Option<String>,
    /// What stands below it, each a line as written.
    pub(crate) below: Vec<String>,
    /// Tables and blocks of code that belong to it, in Markdown.
    pub(crate) blocks: Vec<String>,
    /// Who does it, where a column says so.
    pub(crate) who: Option<String>,
}

impl Told {
    /// A step of one line.
    pub(crate) fn line(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }
}

/// How it was told which lines are the steps; the later ones say so more clearly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Listed {
    /// Nothing says so.
    #[default]
    No,
    /// They are bullets.
    Bullets,
    /// They are numbered, rows of a table, below a heading that says so, or the requester answered so.
    Steps,
}

/// What could be read out of a mission's text and the answers to its questions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Material {
    /// The steps, in the order in which they were told.
    pub(crate) steps: Vec<Told>,
    /// How it was told that they are steps.
    pub(crate) listed: Listed,
    /// Lines told for a section: below a heading or behind a label that names it, or in answer to a question.
    pub(crate) lines: Vec<(Section, String)>,
    /// Lines that bind and have no step: they hold for the whole.
    pub(crate) rules: Vec<String>,
    /// Sentences of which nothing says whether they are steps; empty where there are steps.
    pub(crate) prose: Vec<String>,
    /// What was answered to who does the work.
    pub(crate) who: Option<String>,
}

impl Material {
    /// The lines told for `section`.
    pub(crate) fn of(&self, section: Section) -> impl Iterator<Item = &str> {
        self.lines.iter().filter(move |(known, _)| *known == section).map(|(_, line)| line.as_str())
    }

    /// Every line that was told and has no section; of sentences without structure those that bind.
    pub(crate) fn all_lines(&self) -> Vec<String> {
        let steps = self.steps.iter().flat_map(|step| std::iter::once(&step.text).chain(&step.below));
        let prose = self.prose.iter().filter(|line| super::read::binds(line));
        steps.chain(&self.rules).chain(prose).cloned().collect()
    }

    /// The lines the requester is asked about: sentences without structure, else bullets.
    pub(crate) fn lines_in_question(&self) -> Vec<String> {
        if self.steps.is_empty() {
            return self.prose.clone();
        }
        self.steps.iter().map(|step| step.text.clone()).collect()
    }

    /// Whether anything was told that an SOP could hold.
    pub(crate) fn tells(&self) -> bool {
        !self.all_lines().is_empty()
    }
}
