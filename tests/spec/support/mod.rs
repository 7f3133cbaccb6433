//! What tests share.
pub mod engine;
pub mod plane;
