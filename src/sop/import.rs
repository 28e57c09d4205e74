//! Reads procedures written in other forms into drafts of our own. Nothing is made up: what the source does
//! not say stands in the draft as `MISSING: …`, which the coded checks refuse. Nothing is dropped silently:
//! what has no place of its own is kept under Scope, and a note says so.

mod agent_sop;
mod fields;
mod inputs;
mod lists;
mod manifest;
mod markdown;
mod mend;
mod missing;
mod plan;
mod procedure;
mod several;
mod skill;
mod tables;
mod titles;

pub use procedure::{Procedure, inputs_in, is_procedure, procedure};
pub use several::several;
pub use tables::{Row, Table};
pub use titles::without_number;

use super::document::{Body, ExecutionMode, Head, Priority, RiskLevel, Section, Sop, Trigger};
use super::id::{SopId, Version};
use super::outline::Part;
use super::plain::{below, without_keys};
use super::prose::sentences;
use super::{blocks, parse, render};
use crate::base::{Problem, text::slug};
use crate::text::title::of_file;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What the person who imports says beside the files.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// The SOP's id; made from department and title when absent.
    pub id: Option<SopId>,
    /// Department code; taken from the id when absent.
    pub department: Option<String>,
    /// The one accountable owner: an agent id.
    pub owner: Option<String>,
    /// Who does the steps that name nobody: an agent id.
    pub assignee: Option<String>,
    /// The business objective.
    pub objective: Option<String>,
    /// Danger of a run.
    pub risk_level: Option<RiskLevel>,
    /// What happens if it goes wrong.
    pub impact: Option<String>,
    /// How to undo it.
    pub rollback: Option<String>,
    /// Who imports: an agent id.
    pub created_by: String,
    /// `2026-11-20`.
    pub created_at: String,
}

/// A draft, and what a person should know about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// The draft; it reads back from its own text.
    pub sop: Sop,
    /// What the source does not say, in words; each stands in the draft as `MISSING: …` or as `missing`.
    pub missing: Vec<String>,
    /// How the source was understood where one could understand it otherwise, and what was moved.
    pub notes: Vec<String>,
}

/// The agent id that stands where nobody is named; no roster has it.
pub const NOBODY: &str = "missing";

/// Reads `files`, pairs of name and content: one SOP in our form, `SOP.md` with or without `manifest.json`,
/// one `*.sop.md`, or one other Markdown file.
///
/// # Errors
/// All problems found, such as two files that disagree, or a draft that could not be read back.
pub fn import(files: &[(String, String)], given: &Given) -> Result<Imported, Vec<Problem>> {
    let is_json = |name: &str| name.rsplit('.').next().is_some_and(|end| end.eq_ignore_ascii_case("json"));
    let (manifests, texts): (Vec<_>, Vec<_>) = files.iter().partition(|(name, _)| is_json(name));
    let ([(name, text)], 0..=1) = (texts.as_slice(), manifests.len()) else {
        let problem = Problem::usage("an import reads one Markdown file, and at most one manifest beside it");
        return Err(vec![problem.hint("import each procedure by itself")]);
    };
    if text.starts_with("---") && text.lines().take(20).any(|line| line.starts_with("id: SOP-")) {
        return parse(name, text).map(|sop| Imported { sop, missing: Vec::new(), notes: Vec::new() });
    }
    let draft = Draft::default();
    let base = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let draft = if base == "SOP.md" || !manifests.is_empty() {
        skill::read(
            draft,
            (name, text),
            manifests.first().map(|(name, text)| (name.as_str(), text.as_str())),
        )?
    } else if base.ends_with(".sop.md") {
        agent_sop::read(draft, text)
    } else {
        markdown::read(draft, name, text)
    };
    draft.finish(base, given)
}

/// How many lines of `source` that hold words stand whole in `sop`, and how many there are.
pub fn lines_kept(source: &str, sop: &Sop) -> (usize, usize) {
    let all = source.lines().filter(|line| mend::words(line).next().is_some()).count();
    (all - mend::lost(source, &render(sop)).len(), all)
}

/// What an importer fills in; what stays empty is missing.
#[derive(Default)]
struct Draft {
    title: String,
    description: String,
    owner: Option<String>,
    /// Who owns it, where the source says it in words that are no agent id.
    owner_said: Option<String>,
    objective: Option<String>,
    impact: Option<String>,
    version: Option<Version>,
    priority: Option<Priority>,
    execution_mode: Option<ExecutionMode>,
    triggers: Vec<Trigger>,
    cooldown: Option<crate::base::Span>,
    max_concurrent: Option<u32>,
    body: Body,
    inputs_are_said: bool,
    /// Who does a step, where the source says it in words that are no agent id.
    who: BTreeMap<u32, String>,
    /// Headings of the source that stand under others here, each with where.
    headings: Vec<String>,
    /// The source, where every word of it has to stand in the draft.
    source: Option<String>,
    missing: Vec<String>,
    notes: Vec<String>,
}

impl Draft {
    fn finish(mut self, source: &str, given: &Given) -> Result<Imported, Vec<Problem>> {
        let (id, department) = self.identity(source, given).map_err(|problem| vec![problem])?;
        let said = (self.owner.take(), self.objective.take(), self.impact.take());
        let owner = self.word("the owner", given.owner.as_deref().or(said.0.as_deref()));
        let objective = given.objective.as_deref().or(said.1.as_deref());
        let objective = self.line("the business objective in one sentence", objective);
        let impact = given.impact.as_deref().or(said.2.as_deref());
        let impact = self.line("what happens if it goes wrong", impact);
        let described = Some(std::mem::take(&mut self.description)).filter(|text| !text.is_empty());
        let description = self.line("what the SOP does, in one or two sentences", described.as_deref());
        self.one_script_a_step();
        self.fill_body(source, given);
        let version = self.version.unwrap_or(Version::FIRST);
        self.change_log(version, source, given);
        let head = Head {
            id,
            version,
            title: self.title.clone(),
            department,
            owner,
            objective,
            description,
            risk_level: given.risk_level.unwrap_or_default(),
            impact,
            execution_mode: self.execution_mode.unwrap_or_default(),
            priority: self.priority.unwrap_or_default(),
            triggers: Some(std::mem::take(&mut self.triggers))
                .filter(|all| !all.is_empty())
                .unwrap_or_else(|| vec![Trigger::Manual]),
            cooldown: self.cooldown,
            max_concurrent: self.max_concurrent,
            admission: None,
            confidence: None,
            review_every: None,
            created_by: given.created_by.clone(),
            created_at: given.created_at.clone(),
            mission: None,
            contract: None,
            supersedes: None,
        };
        let mut sop = Sop { head, body: std::mem::take(&mut self.body) };
        self.keep_all_words(&mut sop);
        let read = parse(source, &render(&sop))?;
        Ok(Imported { sop: read, missing: self.missing, notes: self.notes })
    }

    /// Lines of the source with a word that would be lost are kept whole.
    fn keep_all_words(&mut self, sop: &mut Sop) {
        let Some(source) = self.source.take() else { return };
        let lost = mend::lost(&source, &render(sop));
        if lost.is_empty() {
            return;
        }
        let lines =
            lost.iter().map(|(_, line)| format!("    {}", line.trim())).collect::<Vec<_>>().join("\n");
        add(&mut sop.body.scope, &format!("### Lines without a place of their own\n\n{lines}"));
        for (number, line) in lost {
            self.notes.push(format!("line {number}: kept as it is under Scope: {}", line.trim()));
        }
    }

    /// Notes that a heading of the source stands under another one here.
    fn moved(&mut self, part: &Part, here: &str) {
        if !part.title.is_empty() && part.title != here {
            self.headings.push(format!("“{}” ({here})", part.title));
        }
    }

    /// A heading with nothing below it.
    fn bare(&mut self, part: &Part) {
        if !part.title.is_empty() {
            self.headings.push(format!("“{}” (nothing stands below it)", part.title));
        }
    }

    /// A step holds one script: those that follow each other without a word are made one, the rest is told.
    fn one_script_a_step(&mut self) {
        for step in &mut self.body.steps {
            if let Some(text) = blocks::joined(&step.text) {
                step.text = text;
                self.notes
                    .push(format!("step {}: scripts without words between them are one now", step.number));
            }
            let scripts = blocks::look(&step.text).scripts;
            if scripts > 1 {
                self.notes.push(format!(
                    "step {}: {scripts} scripts with words between them; make each a step of its own, with a `When` where the words hold it back",
                    step.number
                ));
            }
        }
    }

    fn identity(&mut self, source: &str, given: &Given) -> Result<(SopId, String), Problem> {
        if self.title.is_empty() {
            return Err(Problem::invalid("the file has no title").hint("begin it with `# Title`"));
        }
        match (&given.id, &given.department) {
            (Some(id), _) => Ok((id.clone(), id.department().to_owned())),
            (None, Some(department)) => {
                // A title without a Latin letter or figure gives no id; the name of the file may.
                let latin = self.title.contains(|c: char| c.is_ascii_alphanumeric());
                let words = if latin { self.title.clone() } else { of_file(source) };
                let id = SopId::new(department, &slug(&words, 48)).map_err(Problem::usage)?;
                Ok((id, department.clone()))
            }
            (None, None) => {
                let problem = Problem::usage("the file does not say to which department the SOP belongs");
                Err(problem.hint("say it with `--id SOP-OPS-name` or `--department OPS`"))
            }
        }
    }

    fn change_log(&mut self, version: Version, source: &str, given: &Given) {
        let mut line = format!("- v{version} ({}): Imported from {source}.", given.created_at);
        if !self.headings.is_empty() {
            let written = write!(line, " Headings of it that are others here: {}.", self.headings.join("; "));
            debug_assert!(written.is_ok(), "BUG: writing to a string failed");
        }
        add(&mut self.body.change_log, &line);
    }

    /// The text of a section that holds text.
    fn section(&mut self, section: Section) -> &mut String {
        let body = &mut self.body;
        match section {
            Section::Purpose => &mut body.purpose,
            Section::Roles => &mut body.roles,
            Section::Trigger => &mut body.trigger,
            Section::Preflight => &mut body.preflight,
            Section::DefinitionOfDone => &mut body.definition_of_done,
            Section::Confidence => &mut body.confidence,
            Section::Risk => &mut body.risk,
            Section::References => &mut body.references,
            Section::ChangeLog => &mut body.change_log,
            Section::Scope | Section::Inputs | Section::Steps => &mut body.scope,
        }
    }

    /// Keeps a part that has no place of its own under Scope.
    fn keep(&mut self, part: &Part) {
        if part.text.is_empty() {
            return;
        }
        let text = without_keys(&below(&part.text, 4));
        let text = if part.title.is_empty() { text } else { format!("### {}\n\n{text}", part.title) };
        add(&mut self.body.scope, &text);
        let name = if part.title.is_empty() { "the text before the first heading" } else { &part.title };
        self.notes.push(format!(
            "line {}: \"{name}\" has no section of its own and is kept under Scope",
            part.line
        ));
    }

    /// Overview, purpose or introduction: the purpose, and its first sentence as description.
    fn overview(&mut self, text: &str) {
        add(&mut self.body.purpose, &without_keys(&below(text, 3)));
        if self.description.is_empty() {
            // The head of a table is no sentence, and a quotation is somebody else's.
            let prose: Vec<&str> =
                text.lines().filter(|line| !line.trim_start().starts_with(['|', '>'])).collect();
            let first = sentences(&prose.join("\n"), 1).into_iter().next();
            self.description = first.map(|first| first.text).unwrap_or_default();
        }
    }
}

/// Adds a block below what is there already.
fn add(place: &mut String, text: &str) {
    let lists = place.lines().last().is_some_and(|line| line.starts_with("- ")) && text.starts_with("- ");
    let gap = if place.is_empty() {
        ""
    } else if lists {
        "\n"
    } else {
        "\n\n"
    };
    let written = write!(place, "{gap}{}", text.trim());
    debug_assert!(written.is_ok(), "BUG: writing to a string failed");
}

#[cfg(test)]
mod documents;
#[cfg(test)]
mod tests;
