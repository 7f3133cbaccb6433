//! Who may do what: pure decisions about roles, ownership, policy and tokens.
mod images;
mod policy;
mod roles;
mod storage;
mod token;

pub use images::check_build;
pub use images::check_image_name;
pub use policy::Policy;
pub use policy::check_spec;
pub use policy::shows_engine;
pub use roles::Actor;
pub use roles::Scope;
pub use roles::allowed;
pub use roles::refusal;
pub use roles::scope;
pub use storage::belongs;
pub use storage::check_network;
pub use storage::check_volume;
pub use token::NewToken;
pub use token::hash_secret;
pub use token::looks_like_a_token;
