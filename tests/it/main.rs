//! One integration binary, a module per story.

fn main() {}
