//! Active SOPs as prompts and as resources. A file that is not the approved one any more is left out of the prompts,
//! and refused with its reason where it is asked for.

use crate::base::problem::Result;
use crate::base::text::put_line;
use crate::base::{Kind, Problem};
use crate::daemon::Workspace;
use crate::registry::{self, Status, VersionRow};
use crate::run::packet;
use crate::sop::{Input, Sop};
use rmcp::model::{Prompt, PromptArgument, Resource};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// How the address of an SOP begins.
pub(super) const SCHEME: &str = "sop://";
/// Entries of one page.
const PAGE: usize = 100;

/// A page of a list, and where the next one begins.
pub(super) type Page<T> = (Vec<T>, Option<String>);

/// Active SOPs as prompts.
pub(super) fn prompts(workspace: &Workspace, after: Option<&str>) -> Result<Page<Prompt>> {
    let (rows, next) = page(workspace, after)?;
    let known = rows.iter().filter_map(|row| Some((row, document(workspace, row).ok()?.0)));
    Ok((known.map(|(row, sop)| prompt(row, &sop)).collect(), next))
}

/// Active SOPs as resources.
pub(super) fn resources(workspace: &Workspace, after: Option<&str>) -> Result<Page<Resource>> {
    let (rows, next) = page(workspace, after)?;
    Ok((rows.iter().map(resource).collect(), next))
}

/// The text behind an address, `sop://SOP-REV-x` or `sop://SOP-REV-x-v1.0`.
pub(super) fn text(workspace: &Workspace, address: &str) -> Result<String> {
    registry::read_checked(&workspace.root, &version(workspace, address)?)
}

/// The version behind an address.
///
/// # Errors
/// `NotFound`, `Usage` for an address that is none.
pub(super) fn version(workspace: &Workspace, address: &str) -> Result<VersionRow> {
    let unknown = || Problem::not_found(format!("there is no resource `{address}`"));
    let name = address.strip_prefix(SCHEME).ok_or_else(unknown)?;
    workspace.journal.read(|db| registry::version(db, name))
}

/// What a prompt says: to do the SOP with these inputs, and the SOP itself. Title and words.
pub(super) fn words(
    workspace: &Workspace,
    name: &str,
    given: &Map<String, Value>,
) -> Result<(String, String)> {
    let row = workspace.journal.read(|db| registry::version(db, name))?;
    if row.status != Status::Active {
        return Err(Problem::not_found(format!("{name} has no active version")));
    }
    let (sop, text) = document(workspace, &row)?;
    let single = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let given: BTreeMap<String, String> =
        given.iter().map(|(name, value)| (name.clone(), single(value))).collect();
    let checked = packet::check(&sop.body.inputs, &given).map_err(|problems| together(&problems))?;
    let mut words = format!(
        "Follow {} v{} to the letter, with the inputs below. To have it run under control, with its gates and on \
         record, call `sop_execute`; do not do by hand what the run does.\n\nInputs:\n",
        row.id, row.version
    );
    for (name, value) in &checked.0 {
        put_line(&mut words, format_args!("- {name}: {value}"));
    }
    put_line(&mut words, format_args!("\n{text}"));
    Ok((row.title, words))
}

fn page(workspace: &Workspace, after: Option<&str>) -> Result<Page<VersionRow>> {
    let mut rows = workspace.journal.read(registry::all)?;
    rows.retain(|row| row.status == Status::Active && after.is_none_or(|after| row.id.as_str() > after));
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let next = rows.last().filter(|_| more).map(|row| row.id.to_string());
    Ok((rows, next))
}

fn document(workspace: &Workspace, row: &VersionRow) -> Result<(Sop, String)> {
    let text = registry::read_checked(&workspace.root, row)?;
    Ok((crate::sop::parse(&row.path, &text).map_err(|problems| together(&problems))?, text))
}

fn together(problems: &[Problem]) -> Problem {
    let words: Vec<String> = problems.iter().map(ToString::to_string).collect();
    Problem::new(problems.first().map_or(Kind::Failed, |first| first.kind), words.join("; "))
}

fn prompt(row: &VersionRow, sop: &Sop) -> Prompt {
    let arguments = sop.body.inputs.iter().map(argument).collect();
    Prompt::new(row.id.to_string(), Some(sop.head.objective.clone()), Some(arguments))
        .with_title(format!("{} v{}", row.title, row.version))
}

fn argument(input: &Input) -> PromptArgument {
    PromptArgument::new(input.name.clone())
        .with_description(input.description.clone())
        .with_required(input.required && input.default.is_none())
}

fn resource(row: &VersionRow) -> Resource {
    Resource::new(format!("{SCHEME}{}", row.id), row.id.to_string())
        .with_title(format!("{} v{}", row.title, row.version))
        .with_description(format!("Owner: {}. SHA-256 {}", row.owner, row.sha256))
        .with_mime_type("text/markdown")
}
