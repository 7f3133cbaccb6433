//! Foreign files as our own: compose, devcontainer, Portainer's lists, a line of `docker run`, a running container; and stacks as compose.
//!
//! Nothing here runs anything or asks anybody: text in, text out. What can't be carried is told with its place and the reason.
mod compose;
mod container;
mod devcontainer;
mod export;
mod line;
mod portainer;
mod service;
mod service_parts;
mod text;
mod yaml;

pub use compose::compose;
pub use container::container;
pub use devcontainer::devcontainer;
pub use export::Service;
pub use export::to_compose;
pub use line::line;
pub use portainer::portainer;

use crate::config::Catalogue;
use crate::config::document;
use crate::config::parse_template;
use crate::error::Error;
use crate::error::Result;
use crate::model::Place;
use serde::Serialize;
use serde_json::{Map, Value};

/// What every container of cto may do; the rest is dropped. As the engine room has it.
const USUAL_CAPABILITIES: [&str; 10] = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "NET_BIND_SERVICE", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"];

/// What could not be carried, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Left {
    /// Where it stands in the foreign file, as a JSON pointer.
    pub pointer: String,
    /// Why it is not carried, or what is otherwise now.
    pub reason: String,
}

/// A foreign file as one of our own.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Imported {
    /// Whether it is a stack; a template otherwise.
    pub stack: bool,
    /// Our file.
    pub document: Value,
    /// What could not be carried.
    pub left: Vec<Left>,
}

impl Imported {
    /// The file's text.
    ///
    /// # Errors
    /// Never, but for a fault in cto.
    pub fn text(&self) -> Result<String> {
        let text = serde_json::to_string_pretty(&self.document).map_err(|error| Error::internal(format!("what was imported does not become JSON: {error}")))?;
        Ok(text + "\n")
    }

    /// Looks whether our own rules take what came out; what they do not take is told as what the foreign file has wrong.
    ///
    /// # Errors
    /// `invalid_document` with every mistake.
    pub fn checked(self) -> Result<Self> {
        let text = self.text()?;
        match self.stack {
            true => drop(Catalogue::default().parse_stack("what was imported", &text, None)?),
            false => drop(parse_template("what was imported", &text)?),
        }
        Ok(self)
    }
}

/// The error of a foreign file that can't be read at all.
fn unreadable(source: &str, place: Place) -> Error {
    document::error_of(&format!("'{source}'"), vec![place])
}

/// A name that our files can have, made of a foreign one.
fn name_of(text: &str) -> String {
    let mapped: String = text.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c.to_ascii_lowercase() } else { '-' }).collect();
    let name: String = mapped.trim_start_matches(|c: char| !c.is_ascii_alphanumeric()).chars().take(63).collect();
    if name.is_empty() { "imported".to_owned() } else { name.trim_end_matches('-').to_owned() }
}

/// A scalar as text.
fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The texts of a list, or of one text.
fn texts_of(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().filter_map(as_text).collect(),
        other => as_text(other).into_iter().collect(),
    }
}

/// Sets a field that says something.
fn put(target: &mut Map<String, Value>, field: &str, value: impl Into<Value>) {
    let value = value.into();
    let empty = match &value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(parts) => parts.is_empty(),
        _ => false,
    };
    if !empty {
        target.insert(field.to_owned(), value);
    }
}
