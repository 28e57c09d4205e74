//! `sopd sop show SOP`: a version, with what its file cannot say: status and approval.

use super::approval;
use crate::cli::desk::Desk;
use crate::cli::print;
use crate::cli::trouble::Done;
use crate::front::shapes;
use crate::registry;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// SOP-REV-x (the active version) or SOP-REV-x-v1.0
    sop: String,
    /// Only the file
    #[arg(long)]
    plain: bool,
}

pub(super) fn run(desk: &Desk, args: &Args) -> Done {
    let workspace = desk.open()?;
    let row = workspace.journal.read(|db| registry::version(db, &args.sop))?;
    let text = registry::read_checked(&workspace.root, &row)?;
    if desk.json {
        let mut value = shapes::sop(&row);
        if let Some(members) = value.as_object_mut() {
            members.insert("text".to_owned(), text.into());
        }
        return print::json(&value);
    }
    if args.plain {
        return print::document(&text);
    }
    let overridden = row.overriding.as_ref().map_or(String::new(), |why| format!("\noverride: {why}"));
    print::line(&format!(
        "{}\n{}, approved by {}{overridden}\n{} · SHA-256 {}\n\n{text}",
        print::bold(&format!("{} v{}  {}", row.id, row.version, row.title)),
        row.status.word(),
        approval(&row),
        row.path,
        row.sha256
    ))
}
