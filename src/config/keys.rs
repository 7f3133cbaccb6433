//! Keys that files give to commands: their schema, and whether they go together.
use crate::config::command::COMMANDS;
use crate::config::command::Command;
use crate::config::command::Scope;
use crate::config::document::Complaint;
use crate::config::document::child;
use crate::config::document::did_you_mean;
use crate::config::settings::KeysConfig;
use crate::term::Key;
use crate::term::key_names;
use crate::term::parse_key;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::collections::HashMap;

/// Where it stands in a configuration.
pub(super) const BIND: &str = "/keys/bind";
/// One of these has a key on every view: they lead everywhere, also out.
const WAYS_OUT: [&str; 3] = ["quit", "command-line", "palette"];
/// The same after the prefix.
const WAYS_HOME: [&str; 3] = ["detach", "terminal-command-line", "find"];
/// The one way out of copy mode.
const WAY_BACK: [&str; 1] = ["leave-scroll"];

/// Keys by scope and command.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bindings(pub BTreeMap<String, BTreeMap<String, Vec<String>>>);

impl Bindings {
    fn of(&self, command: &Command) -> Option<&Vec<String>> {
        self.0.get(command.scope.name())?.get(command.name)
    }
}

impl JsonSchema for Bindings {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Bindings".into()
    }

    /// Every scope and every command by name, so that editors complete them.
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let scopes: Map<String, Value> = Scope::ALL
            .into_iter()
            .map(|scope| {
                let commands: Map<String, Value> = COMMANDS
                    .iter()
                    .filter(|command| command.scope == scope)
                    .map(|command| {
                        let schema = json!({"type": "array", "items": {"type": "string"}, "description": command.help, "default": command.keys});
                        (command.name.to_owned(), schema)
                    })
                    .collect();
                let schema =
                    json!({"type": "object", "description": scope.title(), "properties": commands, "additionalProperties": false, "x-names": "command"});
                (scope.name().to_owned(), schema)
            })
            .collect();
        let mut schema = Map::new();
        schema.insert("type".to_owned(), json!("object"));
        schema.insert("properties".to_owned(), Value::Object(scopes));
        schema.insert("additionalProperties".to_owned(), json!(false));
        schema.insert("x-names".to_owned(), json!("scope"));
        schema.into()
    }
}

impl KeysConfig {
    /// The keys that a command has: those given to it, or its own.
    pub fn keys_of<'a>(&'a self, command: &Command) -> impl Iterator<Item = &'a str> + use<'a> {
        let given = self.bind.of(command);
        let own: &[&str] = if given.is_some() { &[] } else { command.keys };
        given.into_iter().flatten().map(String::as_str).chain(own.iter().copied())
    }

    /// Whether files gave it other keys than its own.
    #[must_use]
    pub fn is_given(&self, command: &Command) -> bool {
        self.bind.of(command).is_some()
    }
}

/// What is wrong with the keys of all layers so far, where `layer` is the keys of the file that was read last: complaints are about that one.
pub(super) fn check(all: &KeysConfig, layer: &Value) -> Vec<Complaint> {
    let unreadable = unreadable(layer);
    if !unreadable.is_empty() {
        return unreadable;
    }
    let mut work = Work { all, layer, taken: HashMap::new(), complaints: Vec::new() };
    let prefix = parse_key(&all.prefix);
    for command in COMMANDS {
        for (index, text) in all.keys_of(command).enumerate() {
            let Some(key) = parse_key(text) else { continue };
            if prefix == Some(key) && command.scope.has_prefix() {
                if all.is_given(command) {
                    let detail = format!("'{text}' is the prefix (keys.prefix), so it can't be the key of '{}' in '{}'", command.name, command.scope.name());
                    let place = work.place(command, index).unwrap_or_else(|| "/keys/prefix".to_owned());
                    work.complaints.push(Complaint::at(place, detail));
                }
                continue;
            }
            work.take(command, index, text, key);
        }
    }
    work.ways_out();
    work.complaints
}

/// Texts that are no keys.
fn unreadable(layer: &Value) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for (scope, commands) in layer.get("bind").and_then(Value::as_object).into_iter().flatten() {
        for (command, keys) in commands.as_object().into_iter().flatten() {
            for (index, text) in keys.as_array().into_iter().flatten().enumerate() {
                let Some(text) = text.as_str().filter(|text| parse_key(text).is_none()) else { continue };
                let meant = did_you_mean(text, key_names());
                let hint = if meant.is_empty() { "; write it like 'n', 'C-a', 'M-Left', 'S-F5' or 'Space'".to_owned() } else { meant };
                let pointer = child(&child(&child(BIND, scope), command), &index.to_string());
                complaints.push(Complaint::at(pointer, format!("'{text}' is no key{hint}")));
            }
        }
    }
    complaints
}

struct Work<'a> {
    all: &'a KeysConfig,
    layer: &'a Value,
    taken: HashMap<(Scope, Key), &'static Command>,
    complaints: Vec<Complaint>,
}

impl Work<'_> {
    /// Where the layer gives a command its key; none where another layer or the registry does.
    fn place(&self, command: &Command, index: usize) -> Option<String> {
        let below = child(&child("/bind", command.scope.name()), command.name);
        self.layer.pointer(&below)?;
        Some(format!("/keys{}", child(&below, &index.to_string())))
    }

    fn take(&mut self, command: &'static Command, index: usize, text: &str, key: Key) {
        let Some(other) = self.taken.insert((command.scope, key), command).filter(|other| other.id != command.id) else { return };
        let scope = command.scope.name();
        // The complaint is about the one that this layer gave, and the advice about the other.
        let (place, mine, theirs) = match self.place(command, index) {
            Some(place) => (place, command, other),
            None => {
                let index = self.all.keys_of(other).position(|text| parse_key(text) == Some(key)).unwrap_or(0);
                (self.place(other, index).unwrap_or_else(|| BIND.to_owned()), other, command)
            }
        };
        let detail = format!(
            "'{text}' would run both '{}' and '{}' in '{scope}'; give '{}' other keys, or none: \"{}\": []",
            mine.name, theirs.name, theirs.name, theirs.name
        );
        self.complaints.push(Complaint::at(place, detail));
    }

    /// Nobody is to sit before a program that can't be left.
    fn ways_out(&mut self) {
        for (scope, ways) in [(Scope::Global, &WAYS_OUT[..]), (Scope::Terminal, &WAYS_HOME), (Scope::Scroll, &WAY_BACK)] {
            let keys: Vec<Key> =
                self.taken.iter().filter(|((of, _), command)| *of == scope && ways.contains(&command.name)).map(|((_, key), _)| *key).collect();
            let covered = |near: Scope| keys.iter().all(|key| self.taken.contains_key(&(near, *key)));
            // Nearer scopes come before the global one.
            let shades = |near: Scope| scope == Scope::Global && !keys.is_empty() && !matches!(near, Scope::Global | Scope::Terminal | Scope::Scroll);
            let near = Scope::ALL.into_iter().find(|near| shades(*near) && covered(*near));
            let words = ways.join("', '");
            let detail = match near {
                None if keys.is_empty() => format!("no key would lead out of '{}': one of '{words}' needs one", scope.name()),
                Some(near) => format!("no key would lead out of '{}': it has all those of '{words}' for itself", near.name()),
                None => continue,
            };
            self.complaints.push(Complaint::at(child(BIND, near.unwrap_or(scope).name()), detail));
        }
    }
}
