//! Templates from text, and from templates to specs.
use crate::config::compile;
use crate::config::compile::Given;
use crate::config::document;
use crate::config::document::Complaint;
use crate::config::document::Places;
use crate::config::inherit;
use crate::config::inherit::Sheet;
use crate::config::interpolate;
use crate::config::interpolate::Outside;
use crate::config::interpolate::Piece;
use crate::config::mounts;
use crate::config::overrides;
use crate::config::params;
use crate::config::params::Values;
use crate::config::structure;
use crate::config::texts;
use crate::error::Error;
use crate::error::Result;
use crate::model::CreateContainer;
use crate::model::EnvFileEntry;
use crate::model::ImageBuild;
use crate::model::Limits;
use crate::model::MountSource;
use crate::model::Place;
use crate::model::Rendered;
use crate::model::Template;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::OnceLock;

/// What a template is filled in with, besides the request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RenderContext {
    /// Directory that relative paths start from; absolute.
    pub base_dir: PathBuf,
    /// Directories that host paths must lie in, after following symbolic links.
    pub allowed_roots: Vec<PathBuf>,
    /// The container's name.
    pub name: String,
    /// What the container may use where the template says nothing.
    pub limits: Limits,
    /// Where files lie that the template refers to, if it is one of the server's own. Of any other template the request has to bring what it refers to:
    /// it must not read the server's files and variables.
    pub folder: Option<PathBuf>,
}

/// The JSON Schema of templates, for editors.
#[must_use]
pub fn schema() -> &'static Value {
    static SCHEMA: OnceLock<Value> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        let mut schema = schemars::schema_for!(Template).to_value();
        // The other spelling that is read too.
        if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
            let readonly = properties.get("readonly").cloned().unwrap_or_default();
            properties.insert("read_only".to_owned(), readonly);
        }
        schema
    })
}

/// Reads a template from JSON text; `source_name` is what complaints call it. Of one that extends another, only the shape is checked.
///
/// # Errors
/// `invalid_document` with every mistake, each with line and column.
pub fn parse_template(source_name: &str, text: &str) -> Result<Template> {
    let fail = |places| document::error_of(&format!("'{source_name}'"), places);
    let sheet = Sheet::read(source_name, text, None).map_err(|place| fail(vec![place]))?;
    inherit::whole(&Arc::new(sheet), None).map_err(fail)
}

/// The text of a template in a file, ready to be sent away: what it extends by path (`./base.json`) is put into it.
///
/// # Errors
/// `invalid_document` with every mistake on the way.
pub fn flatten_template(source_name: &str, text: &str, folder: &Path) -> Result<String> {
    inherit::flattened(source_name, text, folder).map_err(|places| document::error_of(&format!("'{source_name}'"), places))
}

/// The template in a value whose wrong parts are gone already, checked as far as it can be without a launch.
pub(super) fn checked(value: Value, complaints: &mut Vec<Complaint>) -> Option<Template> {
    let template = lenient(value, complaints)?;
    let mut values = params::declared(&template.params, complaints);
    params::settle(&mut values, &template.params, &BTreeSet::new(), complaints);
    compile::compile(&template, &Given { values: &values, limits: Limits::default(), outside: None }, complaints);
    Some(template)
}

/// The template in a value whose wrong parts are gone already; what is missing gets a stand-in, so that the rest can be checked.
pub(super) fn lenient(mut value: Value, complaints: &mut Vec<Complaint>) -> Option<Template> {
    let object = value.as_object_mut()?;
    object.entry("name").or_insert(json!("stand-in"));
    if !object.contains_key("extends") && !object.contains_key("build") {
        object.entry("image").or_insert(json!("stand-in"));
    }
    match serde_json::from_value(value) {
        Ok(template) => Some(template),
        Err(error) => {
            complaints.push(Complaint::at("", error.to_string()));
            None
        }
    }
}

/// Fills a template in: parameters, overrides, words of commands, sizes, ports, mounts.
///
/// Reads the file system (links of host paths are followed), changes nothing: directories to be made are named in
/// [`Rendered::directories`].
///
/// # Errors
/// `invalid_document` with every mistake in the values, or in the template with these values.
pub fn render(template: &Template, request: &CreateContainer, context: &RenderContext) -> Result<Rendered> {
    let mut complaints = Vec::new();
    complaints.extend(texts::container_name(&context.name).err().map(|detail| Complaint::at("/name", detail)));
    let mut values = params::declared(&template.params, &mut complaints);
    let (template, changed) = set(template, request, &mut values, &mut complaints)?;
    let given = request.set.keys().map(String::as_str).collect();
    params::settle(&mut values, &template.params, &given, &mut complaints);
    for (name, _) in values.iter().filter(|(_, value)| value.is_none()) {
        complaints.push(Complaint::at(document::child("/params", name), format!("parameter '{name}' needs a value: --set {name}=…")));
    }
    let outside = |outside: Outside| match &context.folder {
        Some(folder) => outside.text(&|name| std::env::var(name).ok(), folder),
        None => brought(outside, &request.references),
    };
    if template.extends.is_some() {
        complaints.push(Complaint::at("/extends", "what it extends is not known here"));
    }
    let filled = Given { values: &values, limits: context.limits.clone(), outside: Some(&outside) };
    let mut draft = compile::compile(&template, &filled, &mut complaints);
    let mut directories = Vec::new();
    for (index, pointer) in &draft.host_paths {
        let Some(MountSource::Bind { path }) = draft.spec.mounts.get_mut(*index).map(|mount| &mut mount.source) else { continue };
        match mounts::resolve(path, "mounted", &context.base_dir, &context.allowed_roots) {
            Ok(resolved) => {
                if !resolved.exists {
                    directories.push(resolved.path.clone());
                }
                *path = resolved.path;
            }
            Err(detail) => complaints.push(Complaint::at(pointer, detail)),
        }
    }
    if let Some(build) = &mut draft.spec.image.build {
        find_build(build, draft.recipe.as_deref(), context, &mut complaints);
    }
    if !complaints.is_empty() {
        for complaint in &mut complaints {
            // What is wrong is what was set: it is told by the name that it was set by.
            if let Some((_, path)) = changed.iter().find(|(pointer, _)| complaint.pointer.starts_with(pointer.as_str())) {
                complaint.pointer = document::child("/set", path);
            }
        }
        let places = complaints.iter().map(|complaint| Places::default().place(complaint)).collect();
        return Err(document::error_of(&format!("template '{}' with these values", template.name), places));
    }
    draft.spec.name.clone_from(&context.name);
    draft.spec.size = request.size.unwrap_or_default().clamped();
    let warnings = warnings(&template, &draft.spec).iter().map(|complaint| Places::default().place(complaint)).collect();
    Ok(Rendered { spec: draft.spec, directories, warnings, secrets: draft.secrets })
}

/// Finds what an image is built from, and reads the recipe where it is a file. Both have to lie where may be mounted from.
fn find_build(build: &mut ImageBuild, recipe: Option<&str>, context: &RenderContext, complaints: &mut Vec<Complaint>) {
    let mut find = |pointer: &str, written: &str| {
        let found = mounts::resolve(written, "read", &context.base_dir, &context.allowed_roots);
        let found = found.and_then(|found| if found.exists { Ok(found.path) } else { Err(format!("'{}' is not there", found.path)) });
        found.map_err(|detail| complaints.push(Complaint::at(pointer, detail))).ok()
    };
    if let Some(written) = build.context.take() {
        build.context = find("/build/context", &written);
    }
    let Some(path) = recipe.and_then(|written| find("/build/dockerfile", written)) else { return };
    match mounts::read_recipe(Path::new(&path)) {
        Ok(text) => (build.dockerfile, build.recipe) = (text, Some(path)),
        Err(detail) => complaints.push(Complaint::at("/build/dockerfile", detail)),
    }
}

/// What a request has brought for a reference.
fn brought(outside: Outside, references: &BTreeMap<String, String>) -> Result<String, String> {
    match outside {
        Outside::File(path) => references.get(&format!("file:{path}")).cloned().ok_or_else(|| format!("the content of the file '{path}' was not sent along")),
        variable => variable.text(&|name| references.get(name).cloned(), Path::new("/")),
    }
}

/// What a template's text refers to, read here, for a request that brings the template along: variables by their name, files as `file:PATH`.
///
/// # Errors
/// `invalid_value` when a file can't be read. Variables that are not set are left out: the template may do without.
pub fn references(text: &str, folder: &Path) -> Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    for piece in interpolate::pieces(text) {
        let Piece::Reference(inner) = piece else { continue };
        match interpolate::outside(inner) {
            Some(Outside::Variable(name, _)) => found.extend(std::env::var(name).ok().map(|value| (name.to_owned(), value))),
            Some(outside @ Outside::File(path)) => {
                found.insert(format!("file:{path}"), outside.text(&|_| None, folder).map_err(Error::invalid)?);
            }
            None => {}
        }
    }
    let document = jsonc_parser::parse_to_serde_value::<Value>(text, &jsonc_parser::ParseOptions::default()).unwrap_or_default();
    for entry in env_files(&document) {
        let (path, required) = entry.parts();
        match Outside::File(path).text(&|_| None, folder) {
            Ok(content) => drop(found.insert(format!("file:{path}"), content)),
            Err(detail) if required => return Err(Error::invalid(detail)),
            Err(_) => {}
        }
    }
    Ok(found)
}

/// The files of variables that a template or stack names, wherever in it.
fn env_files(document: &Value) -> Vec<EnvFileEntry> {
    match document {
        Value::Array(items) => items.iter().flat_map(env_files).collect(),
        Value::Object(parts) => {
            let own = parts.get("env_file").and_then(Value::as_array).into_iter().flatten();
            let own = own.filter_map(|entry| serde_json::from_value(entry.clone()).ok());
            own.chain(parts.values().flat_map(env_files)).collect()
        }
        _ => Vec::new(),
    }
}

/// Takes the request's values: those of parameters into `values`, the others into the fields that they name. Also returns the pointers
/// to those fields with their names.
fn set(template: &Template, request: &CreateContainer, values: &mut Values, complaints: &mut Vec<Complaint>) -> Result<(Template, Vec<(String, String)>)> {
    let mut value = serde_json::to_value(template).map_err(|error| Error::internal(format!("a template does not become JSON: {error}")))?;
    let mut changed: Vec<(String, String)> = Vec::new();
    let params: Vec<&str> = template.params.keys().map(String::as_str).collect();
    for (path, text) in &request.set {
        if let Some(param) = template.params.get(path) {
            complaints.extend(params::given(param, text).err().map(|detail| Complaint::at(document::child("/set", path), detail)));
            values.insert(path.clone(), Some(text.clone()));
            continue;
        }
        match overrides::apply(&mut value, schema(), path, text, &params) {
            Ok(pointer) => changed.push((pointer, path.clone())),
            Err(complaint) => complaints.push(complaint),
        }
    }
    if changed.is_empty() {
        return Ok((template.clone(), changed));
    }
    let refused = |place: Place| Error::internal(format!("a template's own JSON is refused: {}", place.detail));
    let found = structure::read("--set", &value.to_string(), schema()).map_err(refused)?;
    complaints.extend(found.complaints.into_iter().map(|complaint| Complaint { offset: None, ..complaint }));
    Ok((found.value.and_then(|value| lenient(value, complaints)).unwrap_or_else(|| template.clone()), changed))
}

/// What is allowed but worth a second look.
fn warnings(template: &Template, spec: &crate::model::ContainerSpec) -> Vec<Complaint> {
    let mut warnings = Vec::new();
    if spec.privileged {
        warnings.push(Complaint::at("/privileged", "a privileged container can do whatever the host's root can"));
    }
    for (index, port) in spec.ports.iter().enumerate() {
        if port.host_ip.parse::<std::net::IpAddr>().is_ok_and(|ip| !ip.is_loopback()) {
            warnings.push(Complaint::at(format!("/ports/{index}"), format!("port {} can be reached from other machines", port.container_port)));
        }
    }
    let text = serde_json::to_string(template).unwrap_or_default();
    for name in template.params.keys().filter(|name| !params::uses(&text, name)) {
        warnings.push(Complaint::at(document::child("/params", name), format!("parameter '{name}' is not used")));
    }
    warnings
}
