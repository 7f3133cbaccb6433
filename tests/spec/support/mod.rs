//! What tests share.
pub mod engine;
pub mod golden;
pub mod home;
pub mod http;
pub mod narrow;
pub mod own_engine;
pub mod plane;
pub mod postgres;
pub mod receiver;
pub mod registry;
pub mod scripts;
pub mod tls;
pub mod tmux;
