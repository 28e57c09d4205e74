//! `sopd init [DIR]`

use super::desk::{Desk, quoted};
use super::print;
use super::trouble::Done;
use crate::base::text::{counted, put};
use crate::daemon;
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The folder; made where it does not exist. Files that are there are left alone
    dir: Option<PathBuf>,
    /// The kind of company whose roster, settings and examples it begins with [default: software]
    #[arg(long, value_parser = daemon::KITS)]
    kit: Option<String>,
}

pub(super) fn run(desk: &Desk, args: Args) -> Done {
    let dir = args.dir.or_else(|| desk.named().cloned()).unwrap_or_else(|| PathBuf::from("."));
    let done = daemon::init_kit(&dir, args.kit.as_deref(), &desk.clock)?;
    if desk.json {
        return print::json(&json!({
            "shape": "sopd/init/1", "workspace": dir, "kit": done.kit, "written": done.written, "kept": done.kept,
        }));
    }
    let shown = dir.display();
    let mut text = format!("{shown} is a workspace: {} written", counted(done.written.len(), "file"));
    if !done.kept.is_empty() {
        put(&mut text, format_args!(", {} left as they were", done.kept.len()));
    }
    let at = quoted(&dir.to_string_lossy());
    let sopd = desk.at(dir.clone()).command();
    let examples =
        done.written.iter().chain(&done.kept).filter(|name| name.starts_with("missions/examples/"));
    let example = examples.min().map_or("missions/examples/1-lead-qualification.md", String::as_str);
    put(
        &mut text,
        format_args!(
            "\n\nNext:\n  {sopd} up                  drive it (in a terminal of its own)\n  \
         cp {at}/{example} {at}/missions/\n  \
         {sopd} status --watch      see where it stands\n  \
         {sopd} inbox               see what waits for a person"
        ),
    );
    print::line(&text)
}
