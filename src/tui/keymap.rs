//! Which key runs which command where; a clash is an error at start.
use super::command::COMMANDS;
use super::command::CommandId;
use super::command::Scope;
use super::command::command;
use super::plugins::Plugged;
use crate::config::KeysConfig;
use crate::config::OwnCommand;
use crate::error::Error;
use crate::error::Result;
use crate::term::Key;
use crate::term::key_in_words;
pub use crate::term::normal_key as normal;
pub use crate::term::parse_key as parse;
pub use crate::term::show_key as show;
use std::collections::HashMap;

/// The prefix where the configuration names none.
pub const DEFAULT_PREFIX: &str = "C-b";

/// Keys and the commands they run.
#[derive(Clone, Debug)]
pub struct Keymap {
    prefix: Key,
    keys: HashMap<(Scope, Key), CommandId>,
    of: HashMap<CommandId, Vec<Key>>,
    words: bool,
    /// Commands of the person's own, with their keys.
    own: Vec<(Option<Key>, OwnCommand)>,
    /// Keys of plugins' commands.
    plugged: Vec<PluggedKey>,
}

/// A key that a plugin wants for a command.
#[derive(Clone, Debug)]
struct PluggedKey {
    plugin: String,
    command: String,
    scope: Scope,
    key: Key,
    /// What has this key already: then the command has none.
    taken: Option<String>,
}

impl Keymap {
    /// The registry's keys behind this prefix, such as `C-b`.
    ///
    /// # Errors
    /// `invalid_value` when the prefix is no key, or two commands of one scope have the same key.
    pub fn new(prefix: &str) -> Result<Self> {
        Self::of(&KeysConfig { prefix: prefix.to_owned(), ..KeysConfig::default() })
    }

    /// The registry's keys with those that the configuration gives instead.
    ///
    /// # Errors
    /// `invalid_value` when the prefix is no key, or two commands of one scope have the same key. Reading the files finds the
    /// same, with its place.
    pub fn of(config: &KeysConfig) -> Result<Self> {
        let prefix = &config.prefix;
        let prefix =
            parse(prefix).ok_or_else(|| Error::invalid(format!("keys.prefix: '{prefix}' is no key")).fix("write it like 'C-b', 'M-Space' or 'F12'"))?;
        let mut keymap = Self { prefix, keys: HashMap::new(), of: HashMap::new(), words: false, own: Vec::new(), plugged: Vec::new() };
        for command in COMMANDS {
            let mut own: Vec<Key> = Vec::new();
            for text in config.keys_of(command) {
                let key = parse(text).ok_or_else(|| Error::invalid(format!("keys.bind: command '{}' has '{text}', which is no key", command.name)))?;
                // Where programs have the keyboard, the prefix is never anything else.
                if own.contains(&key) || key == prefix && command.scope.has_prefix() {
                    continue;
                }
                if let Some(other) = keymap.keys.insert((command.scope, key), command.id) {
                    let other = self::command(other).name;
                    return Err(Error::invalid(format!("keys.bind: commands '{other}' and '{}' have the same key '{text}'", command.name)));
                }
                own.push(key);
            }
            keymap.of.insert(command.id, own);
        }
        Ok(keymap)
    }

    /// Takes in the commands of the person's own. Reading the files has found what is wrong with them.
    #[must_use]
    pub fn with_own(self, commands: Vec<OwnCommand>) -> Self {
        let own = commands.into_iter().map(|command| (command.key.as_deref().and_then(parse), command)).collect();
        Self { own, ..self }
    }

    /// The commands of the person's own.
    pub fn own(&self) -> impl Iterator<Item = &OwnCommand> {
        self.own.iter().map(|(_, command)| command)
    }

    /// The person's own command that a key runs: one of a nearer scope goes before one of ours that is valid everywhere.
    #[must_use]
    pub fn find_own(&self, scopes: &[Scope], key: Key) -> Option<&OwnCommand> {
        let key = normal(key);
        let own = |scope: &Scope| self.own.iter().find(|(known, command)| *known == Some(key) && command.scope() == *scope).map(|(_, command)| command);
        scopes.iter().take_while(|scope| !self.keys.contains_key(&(**scope, key))).find_map(own)
    }

    /// Takes in the keys that plugins want. Whatever else has one of them keeps it; of two plugins the first by name has it.
    pub fn set_plugins(&mut self, plugins: &Plugged) {
        self.plugged.clear();
        for (plugin, command) in plugins.commands() {
            let Some(key) = command.key.as_deref().and_then(parse).map(normal) else { continue };
            let ours = [Scope::Home, Scope::Global].into_iter().find_map(|scope| self.keys.get(&(scope, key))).map(|id| self::command(*id).name.to_owned());
            let own = || self.own.iter().find(|(known, _)| *known == Some(key)).map(|(_, own)| own.name.clone());
            let other =
                || self.plugged.iter().find(|other| other.key == key && other.taken.is_none()).map(|other| format!("{}: {}", other.plugin, other.command));
            let prefix = || (key == self.prefix).then(|| "the prefix".to_owned());
            let taken = ours.or_else(own).or_else(prefix).or_else(other);
            let scope = crate::config::plugin_key_scope(command.on);
            self.plugged.push(PluggedKey { plugin: plugin.name.clone(), command: command.name.clone(), scope, key, taken });
        }
    }

    /// The plugin and its command that a key runs.
    #[must_use]
    pub fn find_plugin(&self, scopes: &[Scope], key: Key) -> Option<(String, String)> {
        let key = normal(key);
        let known = |scope: &Scope| self.plugged.iter().find(|known| known.key == key && known.scope == *scope && known.taken.is_none());
        let found = scopes.iter().take_while(|scope| !self.keys.contains_key(&(**scope, key))).find_map(known)?;
        Some((found.plugin.clone(), found.command.clone()))
    }

    /// The key of a plugin's command as people read it; or what has the key that it wants.
    ///
    /// # Errors
    /// Why it has none, though it wants one.
    pub fn plugin_label(&self, plugin: &str, command: &str) -> std::result::Result<Option<String>, String> {
        let Some(known) = self.plugged.iter().find(|known| known.plugin == plugin && known.command == command) else { return Ok(None) };
        let key = self.show(known.key);
        match &known.taken {
            None => Ok(Some(key)),
            Some(other) => Err(format!("{key} is that of {other}")),
        }
    }

    /// Whether keys are shown in words instead of signs.
    pub fn set_words(&mut self, words: bool) {
        self.words = words;
    }

    /// A key as people read it.
    #[must_use]
    pub fn show(&self, key: Key) -> String {
        if self.words { key_in_words(key) } else { show(key) }
    }

    /// The one key that a focused terminal does not get.
    #[must_use]
    pub fn prefix(&self) -> Key {
        self.prefix
    }

    /// Whether it is the prefix.
    #[must_use]
    pub fn is_prefix(&self, key: Key) -> bool {
        normal(key) == self.prefix
    }

    /// The command that a key runs in the first of these scopes that has one.
    #[must_use]
    pub fn find(&self, scopes: &[Scope], key: Key) -> Option<CommandId> {
        let key = normal(key);
        scopes.iter().find_map(|scope| self.keys.get(&(*scope, key)).copied())
    }

    /// The keys of a command, the one shown first.
    #[must_use]
    pub fn keys(&self, id: CommandId) -> &[Key] {
        self.of.get(&id).map_or(&[], Vec::as_slice)
    }

    /// The first key of a command as people read it, with the prefix where it needs one: `^b %`.
    #[must_use]
    pub fn label(&self, id: CommandId) -> Option<String> {
        let key = self.keys(id).first().map(|key| self.show(*key))?;
        Some(if command(id).scope == Scope::Terminal { format!("{} {key}", self.show(self.prefix)) } else { key })
    }

    /// All keys of a command as people read them, without the prefix.
    #[must_use]
    pub fn labels(&self, id: CommandId) -> Vec<String> {
        self.keys(id).iter().map(|key| self.show(*key)).collect()
    }
}
