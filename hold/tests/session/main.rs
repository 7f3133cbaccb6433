//! The promises of the holder, on the real program.
#![cfg(feature = "program")]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod client;
mod hostile;
mod main_program;
mod output;
mod program;
mod typing;
