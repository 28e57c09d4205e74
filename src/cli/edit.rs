//! `sopd edit ID --as PARTY [--file EDITED.md]`

use super::decide::{Act, act};
use super::desk::{Desk, quoted};
use super::print;
use super::trouble::Done;
use crate::base::{Problem, files};
use crate::decision::{self, Verb};
use crate::front::edited;
use std::path::PathBuf;

/// Largest text that is taken.
const MOST: u64 = 1024 * 1024;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The decision (D-17), or a mission with just one open decision
    id: String,
    /// For whom you act: who is asked; from then on it counts as a drafter
    #[arg(long = "as", value_name = "PARTY")]
    party: String,
    /// The whole text as it should be; without it, `$EDITOR` opens on the draft
    #[arg(long)]
    file: Option<PathBuf>,
    /// Why; goes on record
    #[arg(long, default_value = "")]
    comment: String,
    /// The hash of the draft you edited, at least its first 32 digits; without it, of what you were shown last
    #[arg(long)]
    hash: Option<String>,
}

pub(super) fn run(desk: &Desk, args: Args) -> Done {
    let Args { id, party, file, comment, hash } = args;
    if let Some(file) = file {
        let text = files::read_text(&file, MOST)?;
        let name = file.display().to_string();
        return hand_in(desk, (id, party), (name, text), (comment, hash));
    }
    let workspace = desk.open()?;
    let decision = workspace.journal.read(|db| decision::find(db, &id))?;
    let (text, _file) = edited::draft(&workspace, &decision)?;
    let own = workspace.root.join(".sopd").join(format!("edit-{}.md", decision.id));
    // What was refused before is gone on with.
    if !own.exists() {
        files::write(&own, text.as_bytes(), files::Existing::Keep)?;
    }
    open_editor(&own)?;
    let name = own.display().to_string();
    let given = (name.clone(), files::read_text(&own, MOST)?);
    let hash = hash.or(Some(decision.ask.hash.0.clone()));
    match hand_in(desk, (decision.id.clone(), party), given, (comment, hash)) {
        Ok(()) => Ok(files::remove(&own)?),
        Err(trouble) => {
            print::aside(&format!(
                "your text is kept in {name}; `{} edit {}` opens it again",
                desk.command(),
                quoted(&decision.id)
            ));
            Err(trouble)
        }
    }
}

fn hand_in(
    desk: &Desk,
    (id, party): (String, String),
    edited: (String, String),
    (text, shown): (String, Option<String>),
) -> Done {
    let edited = Some(edited);
    act(desk, Act { id, verb: Verb::Edit, party, text, overriding: None, line: None, shown, edited })
}

/// Opens the person's own editor and waits for its end.
fn open_editor(path: &std::path::Path) -> Done {
    let named = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    let Some(editor) = named("VISUAL").or_else(|| named("EDITOR")) else {
        let problem = Problem::usage("no editor is named in EDITOR");
        return Err(problem.hint("set it, or hand the text in with `--file EDITED.md`").into());
    };
    let mut words = editor.split_whitespace();
    let status = std::process::Command::new(words.next().unwrap_or_default()).args(words).arg(path).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => {
            Err(Problem::failed(format!("{editor} ended with {status}; nothing was handed in")).into())
        }
        Err(error) => Err(Problem::failed(format!("{editor} could not be started: {error}"))
            .hint("set EDITOR to a program that is there, or use `--file EDITED.md`")
            .into()),
    }
}
