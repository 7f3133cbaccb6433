//! The session holder, as a program to be put into containers.

/// The program: static, for the server's own architecture. Empty where the server does not run on Linux.
pub const HOLDER: &[u8] = include_bytes!(env!("HOLD_BIN"));

/// What this holder is called: the same that `hold probe` says of itself.
pub const HOLDER_VERSION: &str = env!("HOLD_VERSION");
