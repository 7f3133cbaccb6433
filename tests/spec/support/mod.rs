//! What tests share.
pub mod plane;
