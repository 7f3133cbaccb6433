//! The layers of the configuration: defaults, the machine's file, the user's, the project's, those of an environment, variables, flags.
use crate::config::Config;
use crate::config::Paths;
use crate::config::config_schema;
use crate::config::document;
use crate::config::document::Complaint;
use crate::config::document::child;
use crate::config::interpolate;
use crate::config::interpolate::Outside;
use crate::config::interpolate::Piece;
use crate::config::keys;
use crate::config::keys::BIND;
use crate::config::overrides;
use crate::config::own;
use crate::config::settings;
use crate::config::settings::KeysConfig;
use crate::config::structure;
use crate::config::values::contents;
use crate::error::Result;
use crate::model::Place;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;

/// Parts that a project's file may set. It is somebody else's text: it must not lead the user to another engine or open a port.
pub(super) const OF_PROJECTS: [&str; 5] = ["$schema", "terminal", "keys", "theme", "accessible"];
/// What of them it may not: a key must not mean what its user does not expect, and no question that protects them be left out.
pub(super) const NOT_OF_PROJECTS: [&str; 2] = [BIND, "/terminal/confirm_paste"];
/// The variable that names the environment, whose files go before the others.
const ENVIRONMENT: &str = "CTO_ENV";
/// What is shown instead of a secret.
const HIDDEN: &str = "***";

/// Short variables, and the setting that each one stands for; every setting also has a long one.
pub const VARIABLES: [(&str, &str); 7] = [
    ("CTO_LOG", "/log/level"),
    ("CTO_LISTEN", "/server/listen"),
    ("CTO_DATABASE", "/server/database"),
    ("CTO_ENGINE", "/engine/address"),
    ("CTO_SCROLLBACK", "/terminal/scrollback"),
    ("CTO_PREFIX", "/keys/prefix"),
    ("CTO_THEME", "/theme"),
];

/// A configuration with what is wrong in its files. Wrong settings keep their defaults.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LoadedConfig {
    /// All layers on top of each other.
    pub config: Config,
    /// Every mistake of every layer.
    pub complaints: Vec<Place>,
    /// The files of the layers, weakest first, and whether each is there.
    pub files: Vec<(PathBuf, bool)>,
    /// Files that settings refer to (`${file:…}`).
    pub referred: Vec<PathBuf>,
    /// What is set by whom: a file, a variable or a flag, by pointer. The rest is as by default.
    pub origins: BTreeMap<String, String>,
    /// What is set, without the defaults.
    set: Value,
    /// Settings whose value was read from a file or a variable that they refer to.
    secret: BTreeSet<String>,
}

impl Config {
    /// Reads the layers: defaults, the machine's file, the user's, the project's (only what concerns the client), those of the environment
    /// that `CTO_ENV` names, `CTO_*` variables. Flags are laid on top by [`LoadedConfig::lay`].
    ///
    /// # Errors
    /// With every mistake in every layer, each with its place. A server must not start on half of its settings;
    /// clients use [`Config::read`].
    pub fn load(paths: &Paths, project: Option<&Path>, variable: &dyn Fn(&str) -> Option<String>) -> Result<Self> {
        Self::read(paths, project, variable).whole()
    }

    /// As [`Config::load`], but leaves out what is wrong. `variable` gives the value of an environment variable.
    #[must_use]
    pub fn read(paths: &Paths, project: Option<&Path>, variable: impl Fn(&str) -> Option<String>) -> LoadedConfig {
        let mut loaded = LoadedConfig { set: Value::Object(Map::new()), ..LoadedConfig::default() };
        let folders = [(paths.system_dir.as_deref(), false), (Some(paths.config_dir.as_path()), false), (project, true)];
        let mut names = vec!["cto.json".to_owned()];
        if let Some(environment) = variable(ENVIRONMENT).filter(|name| !name.is_empty()) {
            match environment_name(&environment) {
                Ok(()) => names.push(format!("cto.{environment}.json")),
                Err(detail) => loaded.complaints.push(Place { file: Some(ENVIRONMENT.to_owned()), detail, ..Place::default() }),
            }
        }
        for name in names {
            for (folder, of_project) in folders {
                let Some(file) = folder.map(|folder| folder.join(&name)) else { continue };
                let there = file.symlink_metadata().is_ok();
                if there {
                    match layer(&file, of_project, paths, &variable, &mut loaded) {
                        Ok(value) => loaded.merge(value, &file.display().to_string()),
                        Err(place) => loaded.complaints.push(place),
                    }
                }
                loaded.files.push((file, there));
            }
        }
        let long = settings::leaves().into_iter().map(|leaf| (leaf.variable(), leaf.pointer));
        let short = VARIABLES.map(|(name, pointer)| (name.to_owned(), pointer.to_owned()));
        for (name, pointer) in short.into_iter().chain(long) {
            let Some(text) = variable(&name).filter(|text| !text.is_empty()) else { continue };
            loaded.lay(&name, &pointer, &text, paths);
        }
        loaded.settle();
        loaded
    }
}

impl LoadedConfig {
    /// One that was not read from files.
    #[must_use]
    pub fn of(config: Config) -> Self {
        Self { config, ..Self::default() }
    }

    /// The configuration, where nothing is wrong.
    ///
    /// # Errors
    /// With every mistake.
    pub fn whole(self) -> Result<Config> {
        if self.complaints.is_empty() { Ok(self.config) } else { Err(document::error_of("the configuration", self.complaints)) }
    }

    /// Sets what a variable or a flag says, on top of everything so far.
    pub fn lay(&mut self, from: &str, pointer: &str, text: &str, paths: &Paths) {
        let checked = of_text(pointer, text, paths).and_then(|value| match self.clashes(&value).into_iter().next() {
            Some(complaint) => Err(complaint.detail),
            None => Ok(value),
        });
        match checked {
            Ok(value) => {
                self.secret.remove(pointer);
                self.merge(value, from);
                self.settle();
            }
            Err(detail) => self.complaints.push(Place { pointer: pointer.to_owned(), file: Some(from.to_owned()), detail, ..Place::default() }),
        }
    }

    /// The keys of all layers so far, with those of one that is to be laid on top.
    fn keys_with(&self, value: &Value) -> KeysConfig {
        let mut all = self.set.get("keys").cloned().unwrap_or(json!({}));
        merge(&mut all, value.get("keys").cloned().unwrap_or(json!({})));
        prune(&mut all);
        serde_json::from_value(all).unwrap_or_default()
    }

    /// What is wrong with the keys of a layer that is to be laid on top.
    fn clashes(&self, value: &Value) -> Vec<Complaint> {
        let Some(own) = value.get("keys") else { return Vec::new() };
        let mut all = self.set.get("keys").cloned().unwrap_or(json!({}));
        merge(&mut all, own.clone());
        prune(&mut all);
        serde_json::from_value(all).map_or_else(|_| Vec::new(), |all| keys::check(&all, own))
    }

    fn merge(&mut self, value: Value, from: &str) {
        for pointer in settings::flat(&value).into_keys() {
            self.origins.insert(pointer, from.to_owned());
        }
        merge(&mut self.set, value);
    }

    /// Each part was checked when it was read, so together they fit.
    fn settle(&mut self) {
        self.config = serde_json::from_value(self.set.clone()).unwrap_or_default();
    }

    /// Every setting as it may be shown: secrets that are referred to, and passwords in addresses, are hidden.
    #[must_use]
    pub fn shown(&self) -> BTreeMap<String, Value> {
        let all = serde_json::to_value(&self.config).unwrap_or_default();
        let mut shown: BTreeMap<String, Value> = settings::leaves().into_iter().map(|leaf| (leaf.pointer, Value::Null)).collect();
        for (pointer, value) in settings::flat(&all) {
            let value = match value {
                // An item of a list is a part of the setting.
                _ if self.secret.iter().any(|secret| secret.strip_prefix(pointer.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))) => {
                    json!(HIDDEN)
                }
                Value::String(text) => json!(interpolate::without_password(&text)),
                other => other,
            };
            shown.insert(pointer, value);
        }
        shown
    }

    /// Who set a setting.
    #[must_use]
    pub fn origin(&self, pointer: &str) -> &str {
        self.origins.get(pointer).map_or("default", String::as_str)
    }
}

/// What is wrong in one file, read as if it were the user's.
#[must_use]
pub fn check_file(file: &Path, paths: &Paths, variable: &dyn Fn(&str) -> Option<String>) -> Vec<Place> {
    let mut loaded = LoadedConfig::default();
    if let Err(place) = layer(file, false, paths, variable, &mut loaded) {
        loaded.complaints.push(place);
    }
    loaded.complaints
}

/// Whether an environment can have this name: it becomes a part of a file's.
///
/// # Errors
/// When it can't.
fn environment_name(name: &str) -> Result<(), String> {
    if name.len() <= 63 && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
        return Ok(());
    }
    Err(format!("'{name}' can't be an environment: use letters, digits, '-' and '_', as in 'staging'"))
}

/// The usable parts of one file; what is wrong with the others is noted.
fn layer(file: &Path, of_project: bool, paths: &Paths, variable: &dyn Fn(&str) -> Option<String>, loaded: &mut LoadedConfig) -> Result<Value, Place> {
    let text = document::read_file(file)?;
    let mut found = structure::read(&file.display().to_string(), &text, config_schema())?;
    let mut value = found.value.take().unwrap_or(json!({}));
    if of_project && let Some(parts) = value.as_object_mut() {
        let refused: Vec<String> = parts.keys().filter(|name| !OF_PROJECTS.contains(&name.as_str())).cloned().collect();
        for name in refused {
            parts.remove(&name);
            let detail = format!("a project can't set '{name}'; set it in '{}'", paths.config_file().display());
            found.complaints.push(Complaint::at(child("", &name), detail));
        }
        for refused in NOT_OF_PROJECTS {
            let Some((part, field)) = refused.trim_start_matches('/').split_once('/') else { continue };
            if parts.get_mut(part).and_then(Value::as_object_mut).and_then(|fields| fields.remove(field)).is_some() {
                let detail = format!("a project can't set '{part}.{field}'; set it in '{}'", paths.config_file().display());
                found.complaints.push(Complaint::at(refused, detail));
            }
        }
    }
    let folder = file.parent().unwrap_or(Path::new("/"));
    let mut work = Filling { variable, folder, may_read: !of_project, secret: BTreeSet::new(), referred: Vec::new(), complaints: Vec::new() };
    work.walk(&mut value, "");
    let mut complaints = work.complaints;
    if found.complaints.iter().any(|complaint| complaint.pointer.starts_with(BIND)) {
        remove(&mut value, BIND);
    }
    let keys = loaded.keys_with(&value);
    for complaint in contents(&value, paths).into_iter().chain(loaded.clashes(&value)).chain(own::check(&value, &keys)) {
        let secret = work.secret.iter().any(|pointer| complaint.pointer == *pointer);
        let detail = if secret { "what is referred to can't be taken here".to_owned() } else { complaint.detail };
        complaints.push(Complaint { detail, ..complaint });
    }
    for complaint in complaints {
        // Keys go together or not at all: what is left of them could clash.
        // A command lacks nothing, or is none.
        let wrong = match complaint.pointer.as_str() {
            pointer if pointer.starts_with(BIND) => BIND,
            pointer if pointer.starts_with(own::COMMANDS_AT) => own::COMMANDS_AT,
            pointer => pointer,
        };
        remove(&mut value, wrong);
        found.complaints.push(complaint);
    }
    prune(&mut value);
    for pointer in settings::flat(&value).keys() {
        loaded.secret.remove(pointer);
    }
    loaded.secret.extend(work.secret);
    loaded.referred.extend(work.referred);
    loaded.complaints.extend(found.told());
    Ok(value)
}

/// Fills in the references of one file.
struct Filling<'a> {
    variable: &'a dyn Fn(&str) -> Option<String>,
    folder: &'a Path,
    may_read: bool,
    secret: BTreeSet<String>,
    referred: Vec<PathBuf>,
    complaints: Vec<Complaint>,
}

impl Filling<'_> {
    fn walk(&mut self, value: &mut Value, pointer: &str) {
        match value {
            Value::Object(parts) => parts.iter_mut().for_each(|(name, part)| self.walk(part, &child(pointer, name))),
            Value::Array(items) => items.iter_mut().enumerate().for_each(|(index, item)| self.walk(item, &child(pointer, &index.to_string()))),
            Value::String(text) if text.contains("${") => match self.fill(text, pointer) {
                Ok(filled) => *text = filled,
                Err(detail) => {
                    self.complaints.push(Complaint::at(pointer, detail));
                    *value = Value::Null;
                }
            },
            _ => {}
        }
    }

    fn fill(&mut self, text: &str, pointer: &str) -> Result<String, String> {
        let mut result = String::new();
        for piece in interpolate::pieces(text) {
            match piece {
                Piece::Plain(text) => result.push_str(text),
                Piece::Unclosed(text) => return Err(format!("'{text}' is never closed by '}}'")),
                Piece::Reference(inner) => {
                    let wrong = || format!("'${{{inner}}}' means nothing here; write '${{NAME}}' for a variable or '${{file:PATH}}' for a file");
                    let outside = interpolate::outside(inner).ok_or_else(wrong)?;
                    if let Outside::File(path) = outside {
                        if !self.may_read {
                            return Err("a project can't refer to files".to_owned());
                        }
                        self.referred.push(self.folder.join(path));
                        self.secret.insert(pointer.to_owned());
                    }
                    result.push_str(&outside.text(self.variable, self.folder)?);
                }
            }
        }
        Ok(result)
    }
}

/// One text as a value of the same shape as a file.
pub(super) fn of_text(pointer: &str, text: &str, paths: &Paths) -> Result<Value, String> {
    let leaf = settings::leaves().into_iter().find(|leaf| leaf.pointer == pointer).ok_or_else(|| format!("there is no setting '{pointer}'"))?;
    let leaf = overrides::value(&structure::branches(config_schema(), leaf.schema), text)?;
    let value = pointer.trim_start_matches('/').rsplit('/').fold(leaf, |inner, name| json!({ name: inner }));
    let found = structure::read("", &value.to_string(), config_schema()).map_err(|place| place.detail)?;
    match found.complaints.into_iter().chain(contents(&value, paths)).next() {
        Some(complaint) => Err(complaint.detail),
        None => Ok(value),
    }
}

/// Lays `upper` over `lower`: objects part by part, everything else as a whole.
fn merge(lower: &mut Value, upper: Value) {
    match (lower, upper) {
        (Value::Object(lower), Value::Object(upper)) => {
            for (name, value) in upper {
                merge(lower.entry(name).or_insert(Value::Null), value);
            }
        }
        (lower, upper) => *lower = upper,
    }
}

/// Makes the value at a pointer say nothing.
fn remove(value: &mut Value, pointer: &str) {
    if let Some(part) = value.pointer_mut(pointer) {
        *part = Value::Null;
    }
}

/// Removes what is null: it says nothing, so it must not hide a lower layer.
fn prune(value: &mut Value) {
    if let Value::Object(parts) = value {
        parts.retain(|_, part| !part.is_null());
        parts.values_mut().for_each(prune);
    }
}
