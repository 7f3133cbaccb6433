//! What people write in files, and where those files lie: paths, configuration, templates, themes.
//!
//! Every mistake in a file is told at once, each with its place ([`crate::model::Place`]): a file with mistakes never
//! ends the program.
mod catalogue;
pub mod command;
mod compile;
mod document;
mod edit;
pub mod import;
mod inherit;
mod interpolate;
mod keys;
mod layers;
pub mod mounts;
mod overrides;
mod own;
mod params;
mod paths;
mod plugin_example;
mod plugin_files;
mod plugin_views;
mod plugins;
mod sample;
mod saved;
mod scope;
mod scripts;
mod settings;
mod shown;
mod stack;
mod stacks;
mod structure;
mod template;
mod terms;
mod texts;
pub mod theme;
mod values;
mod watch;

pub use catalogue::Catalogue;
pub use catalogue::template_folders;
pub use document::Complaint;
pub use document::Places;
pub use document::did_you_mean;
pub use document::error_of;
pub use document::json_mistake;
pub use document::nearest;
pub use document::placed;
pub use document::read_file;
pub use edit::set;
pub use interpolate::Piece;
pub use interpolate::pieces;
pub use keys::Bindings;
pub use layers::LoadedConfig;
pub use layers::VARIABLES;
pub use layers::check_file;
pub use own::Facts;
pub use own::OwnCommand;
pub use own::OwnPlace;
pub use own::OwnScope;
pub use params::declared as declared_params;
pub use params::given as check_param;
pub use paths::Paths;
pub use paths::project_of;
pub use paths::resolve_existing;
pub use plugin_example::*;
pub use plugin_files::*;
pub use plugin_views::plugin_key;
pub use plugin_views::plugin_key_scope;
pub use plugins::*;
pub use sample::sample;
pub use saved::*;
pub use scripts::*;
pub use settings::*;
pub use shown::ShownSetting;
pub use shown::shown_settings;
pub use stack::Member;
pub use stack::Stack;
pub use stack::flatten_stack;
pub use stack::stack_schema;
pub use stacks::SavedStack;
pub use stacks::Stacks;
pub use structure::takes_in_words;
pub use template::RenderContext;
pub use template::flatten_template;
pub use template::parse_template;
pub use template::references;
pub use template::render;
pub use template::schema;
pub use terms::duration;
pub use terms::restart;
pub use watch::Files;

/// The environment's variables, with `CTO_ENV` as a flag says it where one does.
pub fn variables(environment: Option<String>) -> impl Fn(&str) -> Option<String> + Clone + Send + Sync + 'static {
    move |name| match &environment {
        Some(environment) if name == "CTO_ENV" => Some(environment.clone()),
        _ => std::env::var(name).ok(),
    }
}

/// Whether Docker takes `name` as a container's name.
///
/// # Errors
/// When it does not, with the rule.
pub fn check_container_name(name: &str) -> crate::error::Result<()> {
    texts::container_name(name).map_err(crate::error::Error::invalid)
}

/// A container's memory as people write it: `512m`, `2g`, or a number of bytes.
///
/// # Errors
/// What is wrong with it, in words.
pub fn parse_memory(text: &str) -> Result<u64, String> {
    texts::memory(text)
}

/// Whether Docker takes `reference` as an image's name.
///
/// # Errors
/// When it does not, with the rule.
pub fn check_image_reference(reference: &str) -> crate::error::Result<()> {
    texts::image(reference).map_err(crate::error::Error::invalid)
}
