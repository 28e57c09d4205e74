//! The `sopd` binary: hands its arguments to the command line face.

fn main() {}
