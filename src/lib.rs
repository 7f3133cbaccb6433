//! The Container Terminal Orchestrator: containers with live terminals that outlast their viewers.

pub mod bus;
pub mod error;
pub mod model;
pub mod term;
