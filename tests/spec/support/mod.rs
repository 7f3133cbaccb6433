//! What tests share.
pub mod engine;
pub mod home;
pub mod http;
pub mod own_engine;
pub mod plane;
