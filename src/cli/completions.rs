//! `sopd completions SHELL`

use super::print;
use super::trouble::Done;
use clap_complete::Shell;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The shell
    shell: Shell,
}

pub(super) fn run<C: clap::CommandFactory>(args: &Args) -> Done {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut C::command(), "sopd", &mut script);
    print::document(&String::from_utf8_lossy(&script))
}
