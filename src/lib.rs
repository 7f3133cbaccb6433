//! The Container Terminal Orchestrator.
