//! The layers of the configuration: defaults, the machine's file, the user's, the project's, variables.
use crate::config::Config;
use crate::config::Paths;
use crate::config::config_schema;
use crate::config::document;
use crate::config::document::Complaint;
use crate::config::document::did_you_mean;
use crate::config::structure;
use crate::config::theme;
use crate::error::Result;
use crate::model::Place;
use serde_json::{Map, Value, json};
use std::net::SocketAddr;
use std::path::Path;

/// Parts that a project's file may set. It is somebody else's text: it must not lead the user to another engine or open a port.
const OF_PROJECTS: [&str; 4] = ["$schema", "terminal", "keys", "theme"];

/// The variables, and the setting that each one stands for.
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
}

impl Config {
    /// Reads the layers: defaults, the machine's file, the user's, the project's (only what concerns the client), `CTO_*`
    /// variables. Flags are laid on top by who parses them.
    ///
    /// # Errors
    /// With every mistake in every layer, each with its place. A server must not start on half of its settings;
    /// clients use [`Config::read`].
    pub fn load(paths: &Paths, project: Option<&Path>) -> Result<Self> {
        let loaded = Self::read(paths, project, |name| std::env::var(name).ok());
        if loaded.complaints.is_empty() {
            return Ok(loaded.config);
        }
        Err(document::error_of("the configuration", loaded.complaints))
    }

    /// As [`Config::load`], but leaves out what is wrong. `variable` gives the value of an environment variable.
    #[must_use]
    pub fn read(paths: &Paths, project: Option<&Path>, variable: impl Fn(&str) -> Option<String>) -> LoadedConfig {
        let mut merged = Value::Object(Map::new());
        let mut complaints = Vec::new();
        let machine = paths.system_dir.as_ref().map(|dir| dir.join("cto.json"));
        let files = [(machine, false), (Some(paths.config_file()), false), (project.map(|dir| dir.join("cto.json")), true)];
        for (file, of_project) in files {
            let Some(file) = file.filter(|file| file.exists()) else { continue };
            match layer(&file, of_project, paths) {
                Ok((value, wrong)) => {
                    merge(&mut merged, value);
                    complaints.extend(wrong);
                }
                Err(place) => complaints.push(place),
            }
        }
        for (name, pointer) in VARIABLES {
            let Some(text) = variable(name).filter(|text| !text.is_empty()) else { continue };
            match of_variable(pointer, &text, paths) {
                Ok(value) => merge(&mut merged, value),
                Err(detail) => complaints.push(Place { pointer: pointer.to_owned(), file: Some(name.to_owned()), detail, ..Place::default() }),
            }
        }
        // Each part was checked when it was read, so together they fit.
        let config = serde_json::from_value(merged).unwrap_or_default();
        LoadedConfig { config, complaints }
    }
}

/// The usable parts of one file, and what is wrong with the others.
fn layer(file: &Path, of_project: bool, paths: &Paths) -> Result<(Value, Vec<Place>), Place> {
    let text = document::read_file(file)?;
    let mut found = structure::read(&file.display().to_string(), &text, config_schema())?;
    let mut value = found.value.take().unwrap_or(json!({}));
    if of_project && let Some(parts) = value.as_object_mut() {
        let refused: Vec<String> = parts.keys().filter(|name| !OF_PROJECTS.contains(&name.as_str())).cloned().collect();
        for name in refused {
            parts.remove(&name);
            let detail = format!("a project can't set '{name}'; set it in '{}'", paths.config_file().display());
            found.complaints.push(Complaint::at(document::child("", &name), detail));
        }
    }
    for complaint in contents(&value, paths) {
        if let Some(part) = value.pointer_mut(&complaint.pointer) {
            *part = Value::Null;
        }
        found.complaints.push(complaint);
    }
    prune(&mut value);
    Ok((value, found.told()))
}

/// What is wrong with settings of the right shape.
fn contents(value: &Value, paths: &Paths) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let mut check = |pointer: &str, check: &dyn Fn(&str) -> Result<(), String>| {
        if let Some(text) = value.pointer(pointer).and_then(Value::as_str) {
            complaints.extend(check(text).err().map(|detail| Complaint::at(pointer, detail)));
        }
    };
    check("/log/level", &log_level);
    check("/server/listen", &listen);
    check("/server/database", &database);
    check("/engine/address", &engine);
    check("/keys/prefix", &prefix);
    check("/theme", &|name| {
        let names = theme::names(paths);
        if names.iter().any(|known| known == name) {
            return Ok(());
        }
        Err(format!("there is no theme '{name}'{}", did_you_mean(name, names.iter().map(String::as_str))))
    });
    let roots = value.pointer("/containers/allowed_roots").and_then(Value::as_array);
    if roots.into_iter().flatten().filter_map(Value::as_str).any(|root| !root.starts_with('/')) {
        complaints.push(Complaint::at("/containers/allowed_roots", "every root must be an absolute path"));
    }
    complaints
}

fn log_level(text: &str) -> Result<(), String> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    for part in text.split(',') {
        let level = part.rsplit_once('=').map_or(part, |(_, level)| level).trim();
        if !LEVELS.contains(&level.to_ascii_lowercase().as_str()) {
            return Err(format!("there is no log level '{level}'{}", did_you_mean(level, LEVELS)));
        }
    }
    Ok(())
}

fn listen(text: &str) -> Result<(), String> {
    let address: SocketAddr = text.parse().map_err(|_| format!("'{text}' is not an address and port such as '127.0.0.1:7480'"))?;
    if address.ip().is_loopback() {
        Ok(())
    } else {
        Err(format!("'{text}' can be reached from other machines, which needs TLS; use '127.0.0.1:{}'", address.port()))
    }
}

fn database(text: &str) -> Result<(), String> {
    let known = ["sqlite:", "postgres://", "postgresql://"];
    if known.iter().any(|scheme| text.starts_with(scheme)) { Ok(()) } else { Err("a database is 'sqlite:PATH' or 'postgres://…'".to_owned()) }
}

fn engine(text: &str) -> Result<(), String> {
    let known = ["unix://", "tcp://", "http://", "https://", "ssh://"];
    if known.iter().any(|scheme| text.starts_with(scheme)) {
        Ok(())
    } else {
        Err(format!("'{text}' is not an engine's address such as 'unix:///var/run/docker.sock'"))
    }
}

fn prefix(text: &str) -> Result<(), String> {
    let mut letters = text.strip_prefix("C-").unwrap_or_default().chars();
    match (letters.next(), letters.next()) {
        (Some(letter), None) if letter.is_ascii_lowercase() || "@\\]^_".contains(letter) => Ok(()),
        (Some('S'), Some('p')) if text == "C-Space" => Ok(()),
        _ => Err(format!("'{text}' can't be the prefix; write a control key such as 'C-b' or 'C-Space'")),
    }
}

/// One variable as a value of the same shape as a file.
fn of_variable(pointer: &str, text: &str, paths: &Paths) -> Result<Value, String> {
    let number =
        (pointer == "/terminal/scrollback").then(|| text.parse::<u64>().map_err(|_| format!("expected a whole number, found '{text}'"))).transpose()?;
    let leaf = number.map_or_else(|| json!(text), |number| json!(number));
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

/// Removes what is null: it says nothing, so it must not hide a lower layer.
fn prune(value: &mut Value) {
    if let Value::Object(parts) = value {
        parts.retain(|_, part| !part.is_null());
        parts.values_mut().for_each(prune);
    }
}
