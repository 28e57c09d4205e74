//! `sopd sop search WORDS`: full text over the active versions.

use crate::cli::desk::Desk;
use crate::cli::print;
use crate::cli::trouble::Done;
use crate::front::shapes;
use crate::registry::{self, Found, MAX_FOUND};
use serde_json::Value;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Words, or how words begin; an SOP must hold all of them
    #[arg(required = true)]
    words: Vec<String>,
}

pub(super) fn run(desk: &Desk, args: &Args) -> Done {
    let workspace = desk.open()?;
    let found = registry::search(&workspace.journal, &workspace.root, &args.words.join(" "))?;
    if desk.json {
        return print::json(&found.iter().map(object).collect::<Vec<_>>());
    }
    if found.is_empty() {
        return print::line("no active SOP holds these words");
    }
    for Found { row, excerpt } in &found {
        let words = |(strong, text): &(bool, String)| if *strong { print::bold(text) } else { text.clone() };
        let excerpt: String = excerpt.iter().map(words).collect();
        let excerpt = excerpt.split_whitespace().collect::<Vec<_>>().join(" ");
        print::line(&format!("{} v{}  {}\n    {excerpt}", row.id, row.version, print::bold(&row.title)))?;
    }
    if found.len() == MAX_FOUND {
        print::aside(&format!("these are the {MAX_FOUND} that fit best; more words find others"));
    }
    Ok(())
}

fn object(found: &Found) -> Value {
    let mut value = shapes::sop(&found.row);
    let excerpt: String = found.excerpt.iter().map(|(_, text)| text.as_str()).collect();
    if let Some(members) = value.as_object_mut() {
        members.insert("excerpt".to_owned(), excerpt.into());
    }
    value
}
