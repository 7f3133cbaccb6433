//! Commands of a person's own for the TUI: a name, a key, and a program with its arguments.
use crate::config::command::COMMANDS;
use crate::config::command::Scope;
use crate::config::command::by_name;
use crate::config::document::Complaint;
use crate::config::settings::KeysConfig;
use crate::term::parse_key;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Where they stand in a configuration.
pub(super) const COMMANDS_AT: &str = "/commands";
/// What stands for a fact of the container.
pub const PLACEHOLDERS: [&str; 4] = ["{name}", "{id}", "{image}", "{template}"];

/// A command of one's own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnCommand {
    /// What the palette, `:` and the help call it: letters, digits and `-`.
    pub name: String,
    /// Its key, such as `F7`; without one it is in the palette and after `:`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Where it is valid.
    #[serde(default)]
    pub scope: OwnScope,
    /// Program and arguments. `{name}`, `{id}`, `{image}` and `{template}` stand for those of the container; whatever they are, each word stays one word: no
    /// shell reads it.
    pub command: Vec<String>,
    /// Where the program runs.
    #[serde(default)]
    pub run: OwnPlace,
    /// It asks first.
    #[serde(default)]
    pub confirm: bool,
    /// One line for the help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

/// Where a command of one's own is valid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OwnScope {
    /// Among the containers, for the one under the cursor or all that are marked.
    #[default]
    Home,
    /// Everywhere, for no container.
    Global,
}

/// Where a program runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OwnPlace {
    /// On this machine.
    #[default]
    Here,
    /// In the container.
    Container,
}

/// A container as placeholders know it.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// `{name}`.
    pub name: &'a str,
    /// `{id}`.
    pub id: &'a str,
    /// `{image}`.
    pub image: &'a str,
    /// `{template}`; empty where it came from none.
    pub template: &'a str,
}

impl OwnCommand {
    /// Where its key is looked for.
    #[must_use]
    pub fn scope(&self) -> Scope {
        match self.scope {
            OwnScope::Home => Scope::Home,
            OwnScope::Global => Scope::Global,
        }
    }

    /// Its words for a container. What a container is called can't become a second word, nor a placeholder.
    #[must_use]
    pub fn words(&self, facts: Option<&Facts>) -> Vec<String> {
        let Some(facts) = facts else { return self.command.clone() };
        let values = [facts.name, facts.id, facts.image, facts.template];
        self.command.iter().map(|word| filled(word, &values)).collect()
    }
}

/// A word with its placeholders filled in, from the left, so that what is filled in is not read again.
fn filled(word: &str, values: &[&str; 4]) -> String {
    let mut rest = word;
    let mut text = String::new();
    while let Some(at) = rest.find('{') {
        let (before, from) = rest.split_at(at);
        text.push_str(before);
        match PLACEHOLDERS.iter().zip(values).find(|(placeholder, _)| from.starts_with(**placeholder)) {
            Some((placeholder, value)) => {
                text.push_str(value);
                rest = &from[placeholder.len()..];
            }
            None => {
                text.push('{');
                rest = &from[1..];
            }
        }
    }
    text + rest
}

/// What is wrong with the commands of a file. `keys` are those of all layers.
pub(super) fn check(value: &Value, keys: &KeysConfig) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let Some(Ok(own)) = value.pointer(COMMANDS_AT).map(|all| serde_json::from_value::<Vec<OwnCommand>>(all.clone())) else { return complaints };
    for (index, command) in own.iter().enumerate() {
        let at = |field: &str| format!("{COMMANDS_AT}/{index}/{field}");
        let mut complain = |field: &str, detail: String| complaints.push(Complaint::at(at(field), detail));
        let is_word = !command.name.is_empty() && command.name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        if !is_word {
            complain("name", format!("'{}' is no name: use letters, digits and '-'", command.name));
        } else if by_name(&command.name).is_some() || own[..index].iter().any(|other| other.name == command.name) {
            complain("name", format!("there is a command '{}' already", command.name));
        }
        if command.command.first().is_none_or(String::is_empty) {
            complain("command", "name a program, and its arguments after it".to_owned());
        }
        if command.scope == OwnScope::Global {
            let uses = |word: &String| PLACEHOLDERS.iter().any(|placeholder| word.contains(placeholder));
            if command.run == OwnPlace::Container || command.command.iter().any(uses) {
                complain("scope", "a command that is valid everywhere is for no container: take 'home'".to_owned());
            }
        }
        let Some(text) = &command.key else { continue };
        let Some(key) = parse_key(text) else {
            complain("key", format!("'{text}' is no key; write it like 'F7', 'C-t' or 'M-x'"));
            continue;
        };
        let same = |other: &str| parse_key(other) == Some(key);
        let taken = COMMANDS.iter().find(|known| known.scope == command.scope() && keys.keys_of(known).any(same)).map(|known| known.name);
        let mine = own[..index].iter().find(|other| other.scope == command.scope && other.key.as_deref().is_some_and(same)).map(|other| other.name.as_str());
        if let Some(other) = taken.or(mine) {
            complain("key", format!("'{text}' would run both '{}' and '{other}' in '{}'", command.name, command.scope().name()));
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(words: &[&str]) -> OwnCommand {
        OwnCommand { name: "mine".to_owned(), command: words.iter().map(|word| (*word).to_owned()).collect(), ..OwnCommand::default() }
    }

    #[test]
    fn a_name_stays_in_its_word_whatever_it_is() {
        let facts = Facts { name: "a; rm -rf / {id}", id: "1234", image: "debian", template: "" };
        let words = command(&["docker", "logs", "{name}", "x={id}/{image}{template}", "{nothing}{"]).words(Some(&facts));
        assert_eq!(words, ["docker", "logs", "a; rm -rf / {id}", "x=1234/debian", "{nothing}{"]);
        assert_eq!(command(&["echo", "{name}"]).words(None), ["echo", "{name}"]);
    }

    #[test]
    fn a_mistake_is_told_with_its_place() {
        let read = |json: Value| {
            let all = serde_json::json!({ "commands": json });
            check(&all, &KeysConfig::default()).into_iter().map(|complaint| format!("{} {}", complaint.pointer, complaint.detail)).collect::<Vec<_>>()
        };
        let told = read(serde_json::json!([
            {"name": "stop", "command": ["x"]},
            {"name": "two words", "command": []},
            {"name": "a", "key": "s", "command": ["x"]},
            {"name": "b", "key": "F7", "command": ["x"]},
            {"name": "c", "key": "F7", "command": ["x"]},
            {"name": "d", "scope": "global", "command": ["x", "{name}"]}
        ]));
        for (line, word) in told.iter().zip(["already", "no name", "name a program", "'a' and 'stop'", "'c' and 'b'", "take 'home'"]) {
            assert!(line.contains(word), "'{word}' is not in {told:?}");
        }
        assert_eq!(told.len(), 6, "{told:?}");
        assert_eq!(read(serde_json::json!([{"name": "ps", "key": "F7", "command": ["docker", "top", "{id}"]}])), Vec::<String>::new());
    }
}
