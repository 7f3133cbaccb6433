//! The promises of cto, as tests.
#![allow(clippy::unwrap_used, clippy::panic)]

mod keys;
