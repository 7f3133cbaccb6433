//! What tests share.
pub mod engine;
pub mod http;
pub mod plane;
