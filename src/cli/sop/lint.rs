//! `sopd sop lint FILE…`: the coded checks, with the roster and the registry of the workspace.

use crate::base::text::{counted, put};
use crate::base::{Problem, files, problem::Result};
use crate::cli::desk::Desk;
use crate::cli::print;
use crate::cli::trouble::Done;
use crate::contract::{Finding, Severity};
use crate::front::lint::{Linted, look};
use crate::front::shapes;
use crate::sop::Section;
use std::path::{Path, PathBuf};

/// Largest SOP file.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// SOP files
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

pub(super) fn run(desk: &Desk, args: &Args) -> Done {
    let workspace = desk.open()?;
    let mut problems = Vec::new();
    let mut found = Vec::new();
    for path in &args.files {
        let name = path.display().to_string();
        let text = files::read_text(path, MAX_BYTES)?;
        let Linted { problems: unread, findings } = look(&workspace, &name, &text)?;
        if unread.is_empty() {
            found.push((name, findings));
        }
        problems.extend(unread);
    }
    let all = || found.iter().flat_map(|(_, findings)| findings);
    let blocking = all().filter(|finding| finding.severity == Severity::Blocking).count();
    let count = all().count();
    if desk.json {
        let objects = found
            .iter()
            .flat_map(|(file, findings)| findings.iter().map(move |one| shapes::finding(file, one)));
        print::json(&objects.collect::<Vec<_>>())?;
    } else {
        for (file, findings) in &found {
            print::line(&page(file, findings))?;
        }
    }
    if blocking > 0 {
        problems.push(Problem::invalid(format!("{blocking} of {} blocking", counted(count, "finding"))));
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.into()) }
}

/// The findings of one file, for a person.
pub(super) fn page(file: &str, findings: &[Finding]) -> String {
    if findings.is_empty() {
        return format!("{file}: nothing found");
    }
    let mut out = print::bold(file);
    for finding in findings {
        let section = finding.section.map_or("the whole", Section::title);
        let severity = if finding.severity == Severity::Blocking { "blocking" } else { "advisory" };
        put(&mut out, format_args!("\n  {severity}  {section}: {} ({})", finding.message, finding.code));
        let quotes = std::iter::once(finding.quote.as_str()).chain(finding.other.as_deref());
        for quote in quotes.filter(|quote| !quote.trim().is_empty()) {
            put(&mut out, format_args!("\n    | {}", quote.trim().replace('\n', "\n    | ")));
        }
    }
    out
}

/// Reads one file to be imported or checked.
pub(super) fn read(path: &Path) -> Result<(String, String)> {
    Ok((path.display().to_string(), files::read_text(path, MAX_BYTES)?))
}
