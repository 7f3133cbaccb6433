//! The promises of cto, as tests against real parts.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod architecture;
mod frames;
mod keys;
mod terminal;
mod tmux;
