//! What people write in files, and where those files lie: paths, configuration, templates, themes.
//!
//! Every mistake in a file is told at once, each with its place ([`crate::model::Place`]): a file with mistakes never
//! ends the program.
mod catalogue;
pub mod mounts;
mod paths;
mod settings;
mod template;
pub mod theme;

pub use catalogue::Catalogue;
pub use paths::Paths;
pub use paths::project_of;
pub use settings::*;
pub use template::RenderContext;
pub use template::parse_template;
pub use template::render;
