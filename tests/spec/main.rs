//! The promises of cto, as tests against real parts.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod access;
mod architecture;
mod bench;
mod cli;
mod config;
mod conformance;
mod control;
mod docs;
mod drawn;
mod endure;
mod engine;
mod files;
mod flows;
mod frames;
mod fuzz;
mod gallery;
mod generated;
mod grid;
mod holder;
mod hostile;
mod keys;
mod launch;
mod life;
mod palette;
mod recordings;
mod server;
mod sessions;
mod settings;
mod store;
mod support;
mod survive;
mod terminal;
mod tmux;
mod web;
