//! `sopd sop export SOP --as agent-sop|skill`

use crate::base::{Problem, files, files::Existing};
use crate::cli::desk::Desk;
use crate::cli::print;
use crate::cli::trouble::Done;
use crate::front;
use clap::ValueEnum;
use serde_json::json;
use std::path::PathBuf;

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Form {
    /// `*.sop.md` with parameters and constraints
    AgentSop,
    /// `<name>/SKILL.md`
    Skill,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// SOP-REV-x (the active version) or SOP-REV-x-v1.0
    sop: String,
    /// The form
    #[arg(long = "as", value_name = "FORM")]
    form: Form,
    /// Write it below this folder under its own name; without it, it is printed
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
}

pub(super) fn run(desk: &Desk, args: &Args) -> Done {
    let workspace = desk.open()?;
    let form = match args.form {
        Form::AgentSop => front::Form::AgentSop,
        Form::Skill => front::Form::Skill,
    };
    let (name, exported) = front::export_sop(&workspace, &args.sop, form)?;
    let Some(folder) = &args.to else {
        return if desk.json {
            print::json(&json!({ "shape": "sopd/export/1", "name": name, "text": exported }))
        } else {
            print::document(&exported)
        };
    };
    let path = folder.join(&name);
    files::write(&path, exported.as_bytes(), Existing::Keep).map_err(|problem| Problem {
        hint: Some("remove it, or name another folder".to_owned()),
        ..problem
    })?;
    if desk.json {
        return print::json(&json!({ "shape": "sopd/export/1", "name": name, "path": path }));
    }
    print::line(&path.display().to_string())
}
