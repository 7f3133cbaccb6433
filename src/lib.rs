#![doc = include_str!("ARCHITECTURE.md")]

pub mod bus;
pub mod client;
pub mod engine;
pub mod config;
pub mod error;
pub mod model;
pub mod term;
pub mod tui;
