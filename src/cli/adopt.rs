//! `sopd adopt FILE|FOLDER… [--dry-run]`: each document becomes a mission whose text it is, word for word; a table says what
//! becomes of each.

use super::desk::Desk;
use super::print;
use super::sop::import::sources;
use super::trouble::Done;
use crate::agent::Snapshot;
use crate::base::text::counted;
use crate::base::{Problem, files, problem::Result};
use crate::brief;
use crate::daemon::{self, Workspace};
use crate::front::next;
use crate::mission::Original;
use crate::source::Form;
use crate::tier0::{Adoption, adoption};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Most documents whose questions are told word for word; of more, the table has their number, and `--json` the words.
const TOLD_IN_FULL: usize = 3;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Documents that are procedures already, or folders of them
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Only say what each would become
    #[arg(long)]
    dry_run: bool,
    /// Take a document although the very same one was a mission before
    #[arg(long)]
    again: bool,
}

/// What becomes of one document.
struct Row {
    file: String,
    title: String,
    became: Result<(Adoption, Option<String>), Vec<Problem>>,
}

pub(super) fn run(desk: &Desk, args: &Args) -> Done {
    let workspace = desk.open()?;
    let snapshot = workspace.snapshot()?;
    let all = sources::documents(&args.files)?;
    let rows: Vec<Row> = all.iter().map(|path| row((&workspace, &snapshot), path, args)).collect();
    if desk.json {
        print::json(&rows.iter().map(Row::shape).collect::<Vec<_>>())?;
    } else {
        let heads = [
            "file",
            if args.dry_run { "would become" } else { "mission" },
            "steps",
            "lines kept",
            "questions",
        ];
        let cells: Vec<Vec<String>> = rows.iter().map(Row::cells).collect();
        print::line(&print::table(&heads, &cells))?;
        questions(&rows, args.dry_run)?;
        print::line(&told(desk, &workspace, args.dry_run))?;
    }
    let failed = rows.iter().filter(|row| row.became.is_err()).count();
    if failed == 0 {
        return Ok(());
    }
    let message = format!("{failed} of {} cannot be adopted", counted(rows.len(), "document"));
    Err(Problem::invalid(message).hint("the table says why; it stopped none of the others").into())
}

/// What each would be asked, where nothing is asked yet.
fn questions(rows: &[Row], dry_run: bool) -> Done {
    for row in rows.iter().filter(|_| dry_run && rows.len() <= TOLD_IN_FULL) {
        let Ok((adoption, _)) = &row.became else { continue };
        if !adoption.questions.is_empty() {
            print::line(&format!("\n{} would ask:\n  - {}", row.file, adoption.questions.join("\n  - ")))?;
        }
    }
    Ok(())
}

fn told(desk: &Desk, workspace: &Workspace, dry_run: bool) -> String {
    if dry_run {
        return "\nNothing was written.".to_owned();
    }
    let command = desk.command();
    let note = next::idle_note(&command, workspace);
    format!("\n{}", note.unwrap_or_else(|| format!("`{command} inbox` lists what is asked.")))
}

fn row((workspace, snapshot): (&Workspace, &Snapshot), path: &Path, args: &Args) -> Row {
    let file = path.display().to_string();
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (text, original) = match read(workspace, path, &name) {
        Ok(read) => read,
        Err(problem) => return Row { file, title: String::new(), became: Err(vec![problem]) },
    };
    let title = brief::title_of(&name, &text);
    let mission = brief::adopting(&title, &text);
    let read = brief::parse(&mission.0, &mission.1);
    let became = read.and_then(|brief| {
        let looked = adoption(&brief.title, &brief.text, &snapshot.roster);
        let looked = looked.map_err(|reason| vec![Problem::invalid(reason)])?;
        if args.dry_run {
            return Ok((looked, None));
        }
        let file = (mission.0.as_str(), mission.1.as_str());
        let taken = daemon::submit_read(workspace, snapshot, file, original, args.again)?;
        Ok((looked, Some(taken.mission)))
    });
    Row { file, title, became }
}

/// The text of a document, and the document itself where it is no text.
fn read(workspace: &Workspace, path: &Path, name: &str) -> Result<(String, Option<Original>)> {
    if Form::of(name)?.is_text() {
        return Ok((files::read_text(path, brief::parse::MAX_BRIEF_BYTES as u64)?, None));
    }
    let bytes = daemon::bytes_of(path, name)?;
    Ok((daemon::document(workspace, name, &bytes)?, Some((name.to_owned(), bytes))))
}

impl Row {
    fn cells(&self) -> Vec<String> {
        let file = self.file.clone();
        match &self.became {
            Ok((adoption, mission)) => {
                let became = mission.clone().unwrap_or_else(|| self.title.clone());
                let lines = format!("{} of {}", adoption.kept, adoption.lines);
                vec![file, became, adoption.steps.to_string(), lines, adoption.questions.len().to_string()]
            }
            Err(problems) => {
                let why: Vec<String> = problems
                    .iter()
                    .take(1)
                    .flat_map(|problem| [Some(problem.message.clone()), problem.hint.clone()])
                    .flatten()
                    .collect();
                vec![file, "nothing".to_owned(), String::new(), String::new(), why.join("; ")]
            }
        }
    }

    /// Shape `sopd/adopt/1`.
    fn shape(&self) -> Value {
        match &self.became {
            Ok((adoption, mission)) => json!({
                "shape": "sopd/adopt/1", "file": self.file, "title": self.title, "mission": mission,
                "steps": adoption.steps, "lines": { "kept": adoption.kept, "all": adoption.lines },
                "questions": adoption.questions, "commands": adoption.commands,
            }),
            Err(problems) => json!({ "shape": "sopd/adopt/1", "file": self.file, "errors": problems }),
        }
    }
}
