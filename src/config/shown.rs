//! The settings as they are shown to people: each with what it means, what it is, and who says so.
use crate::config::Config;
use crate::config::LoadedConfig;
use crate::config::config_schema;
use crate::config::leaves;
use crate::config::takes_in_words;
use serde_json::Value;

/// Settings that a person may change from the terminal client, for themselves.
pub const CHANGEABLE: [&str; 4] = ["/theme", "/accessible", "/keys/prefix", "/terminal/scrollback"];

/// One setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownSetting {
    /// Where it stands: `/terminal/scrollback`.
    pub pointer: String,
    /// Its name: `terminal.scrollback`.
    pub name: String,
    /// What it is now; secrets are hidden.
    pub value: String,
    /// What it is where nobody says anything.
    pub default: String,
    /// Who says so: a file, a variable, a flag, or `default`.
    pub origin: String,
    /// What it means, in a sentence.
    pub means: String,
    /// What it takes, in words.
    pub takes: String,
    /// The variable that stands for it.
    pub variable: String,
    /// It holds only when the server starts again.
    pub restart: bool,
}

impl ShownSetting {
    /// The part of the configuration that it is in; itself where it is in none.
    #[must_use]
    pub fn section(&self) -> &str {
        self.name.split('.').next().unwrap_or(&self.name)
    }

    /// Whether it can be changed from the terminal client.
    #[must_use]
    pub fn is_changeable(&self) -> bool {
        CHANGEABLE.contains(&self.pointer.as_str())
    }
}

/// Every setting, in the order of the reference.
#[must_use]
pub fn shown_settings(loaded: &LoadedConfig) -> Vec<ShownSetting> {
    let now = loaded.shown();
    let defaults = LoadedConfig::of(Config::default()).shown();
    let show = |leaf: crate::config::Leaf| {
        let means = leaf.schema.get("description").and_then(Value::as_str).unwrap_or_default();
        ShownSetting {
            name: leaf.name(),
            value: now.get(&leaf.pointer).map(in_words).unwrap_or_default(),
            default: defaults.get(&leaf.pointer).map(in_words).unwrap_or_default(),
            origin: loaded.origin(&leaf.pointer).to_owned(),
            means: means.split_whitespace().collect::<Vec<_>>().join(" "),
            takes: takes_in_words(config_schema(), leaf.schema),
            variable: leaf.variable(),
            restart: leaf.fixed().is_some(),
            pointer: leaf.pointer,
        }
    };
    leaves().into_iter().map(show).collect()
}

/// A value as people read it.
fn in_words(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
