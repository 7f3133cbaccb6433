//! Templates from text, and from templates to specs.
use crate::error::Error;
use crate::error::Result;
use crate::model::CreateContainer;
use crate::model::Rendered;
use crate::model::Template;
use std::path::PathBuf;

/// What a template is filled in with, besides the request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RenderContext {
    /// Directory that relative paths start from; absolute.
    pub base_dir: PathBuf,
    /// Directories that host paths must lie in, after following symbolic links.
    pub allowed_roots: Vec<PathBuf>,
    /// The container's name.
    pub name: String,
}

/// Reads a template from JSON text; `source_name` is what complaints call it.
///
/// # Errors
/// `invalid_document` with every mistake, each with line and column.
pub fn parse_template(source_name: &str, text: &str) -> Result<Template> {
    serde_json::from_str(text).map_err(|error| Error::invalid(format!("{source_name}: {error}")))
}

/// Fills a template in: parameters, overrides, words of commands, sizes, ports, mounts.
///
/// Reads the file system (links of host paths are followed), changes nothing: directories to be made are named in
/// [`Rendered::directories`].
///
/// # Errors
/// `invalid_document` with every mistake in the values, or in the template with these values.
pub fn render(template: &Template, request: &CreateContainer, context: &RenderContext) -> Result<Rendered> {
    let _ = (template, request, context);
    Err(Error::internal("templates can't be rendered yet"))
}
