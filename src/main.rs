//! The `sopd` binary: hands its arguments to the command line face.

use std::process::ExitCode;

fn main() -> ExitCode {
    sopd::cli::main()
}
