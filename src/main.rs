//! The `cto` program.
fn main() {}
