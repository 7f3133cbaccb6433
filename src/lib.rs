#![doc = include_str!("ARCHITECTURE.md")]

pub mod access;
pub mod bus;
pub mod cli;
pub mod client;
pub mod config;
pub mod control;
pub mod engine;
pub mod error;
pub mod keeper;
pub mod model;
pub mod observe;
pub mod server;
pub mod sessions;
pub mod store;
pub mod term;
pub mod tui;
