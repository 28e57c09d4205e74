//! `sopd man FOLDER`

use super::print;
use super::trouble::Done;
use crate::base::files;
use crate::base::text::counted;
use std::io;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The folder to write them to, such as ~/.local/share/man/man1
    folder: PathBuf,
}

pub(super) fn run<C: clap::CommandFactory>(args: &Args) -> Done {
    let Args { folder } = args;
    let failed = |error: io::Error| files::explain(folder, &error);
    std::fs::create_dir_all(folder).map_err(failed)?;
    clap_mangen::generate_to(C::command(), folder).map_err(failed)?;
    let pages = std::fs::read_dir(folder).map_err(failed)?.flatten();
    let pages = pages.filter(|page| page.file_name().to_string_lossy().starts_with("sopd")).count();
    print::line(&format!("{} in {}: `man sopd`", counted(pages, "page"), folder.display()))
}
