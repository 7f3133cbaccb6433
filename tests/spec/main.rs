//! The promises of cto, as tests.
