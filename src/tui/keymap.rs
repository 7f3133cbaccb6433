//! Which key runs which command where; a clash is an error at start.
use super::command::COMMANDS;
use super::command::CommandId;
use super::command::Scope;
use super::command::command;
use crate::error::Error;
use crate::error::Result;
use crate::term::Key;
use crate::term::KeyCode;
use crate::term::Mods;
use std::collections::HashMap;

/// The prefix where the configuration names none.
pub const DEFAULT_PREFIX: &str = "C-b";

/// Keys and the commands they run.
#[derive(Clone, Debug)]
pub struct Keymap {
    prefix: Key,
    keys: HashMap<(Scope, Key), CommandId>,
}

impl Keymap {
    /// The registry's keys behind this prefix, such as `C-b`.
    ///
    /// # Errors
    /// `invalid_value` when the prefix is no key, or two commands of one scope have the same key.
    pub fn new(prefix: &str) -> Result<Self> {
        let prefix =
            parse(prefix).ok_or_else(|| Error::invalid(format!("keys.prefix: '{prefix}' is no key")).fix("write it like 'C-b', 'M-Space' or 'F12'"))?;
        let mut keys = HashMap::new();
        for command in COMMANDS {
            for text in command.keys {
                let key = parse(text).ok_or_else(|| Error::internal(format!("command '{}' has '{text}', which is no key", command.name)))?;
                if let Some(other) = keys.insert((command.scope, key), command.id) {
                    let other = self::command(other).name;
                    return Err(Error::internal(format!("commands '{other}' and '{}' have the same key '{text}'", command.name)));
                }
            }
        }
        Ok(Self { prefix, keys })
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

    /// The first key of a command as people read it, with the prefix where it needs one: `^b %`.
    #[must_use]
    pub fn label(&self, id: CommandId) -> Option<String> {
        let command = command(id);
        let key = command.keys.first().and_then(|text| parse(text)).map(show)?;
        Some(if command.scope == Scope::Terminal { format!("{} {key}", show(self.prefix)) } else { key })
    }

    /// All keys of a command as people read them, without the prefix.
    #[must_use]
    pub fn labels(&self, id: CommandId) -> Vec<String> {
        command(id).keys.iter().filter_map(|text| parse(text)).map(show).collect()
    }
}

/// A key without what makes no difference: characters carry Shift in themselves.
#[must_use]
pub fn normal(key: Key) -> Key {
    match key.code {
        KeyCode::Char(c) if key.mods.contains(Mods::CTRL) => Key::new(KeyCode::Char(c.to_ascii_lowercase()), key.mods.without(Mods::SHIFT)),
        KeyCode::Char(c) if key.mods.contains(Mods::SHIFT) => {
            let upper = c.to_uppercase().next().unwrap_or(c);
            Key::new(KeyCode::Char(upper), key.mods.without(Mods::SHIFT))
        }
        KeyCode::Tab if key.mods.contains(Mods::SHIFT) => Key::new(KeyCode::BackTab, key.mods.without(Mods::SHIFT)),
        KeyCode::BackTab => Key::new(KeyCode::BackTab, key.mods.without(Mods::SHIFT)),
        _ => key,
    }
}

/// Reads a key as the registry and the configuration write it: `C-b`, `M-Left`, `F5`, `%`, `Space`.
#[must_use]
pub fn parse(text: &str) -> Option<Key> {
    let mut rest = text;
    let mut mods = Mods::NONE;
    while rest.len() > 2 {
        let (held, after) = match rest.split_at_checked(2)? {
            ("C-", after) => (Mods::CTRL, after),
            ("M-", after) => (Mods::ALT, after),
            ("S-", after) => (Mods::SHIFT, after),
            _ => break,
        };
        mods = mods | held;
        rest = after;
    }
    let mut chars = rest.chars();
    let code = match (chars.next()?, chars.as_str()) {
        (c, "") => KeyCode::Char(c),
        ('F', number) if number.chars().all(|c| c.is_ascii_digit()) => KeyCode::F(number.parse().ok().filter(|number| (1..=35).contains(number))?),
        _ => NAMED.iter().find(|(name, _, _)| *name == rest).map(|(_, _, code)| *code)?,
    };
    Some(normal(Key::new(code, mods)))
}

/// A key as people read it: `^b`, `M-←`, `F5`, `⏎`.
#[must_use]
pub fn show(key: Key) -> String {
    let mut text = String::new();
    if key.mods.contains(Mods::CTRL) {
        text.push('^');
    }
    if key.mods.contains(Mods::ALT) {
        text.push_str("M-");
    }
    if key.mods.contains(Mods::SHIFT) {
        text.push_str("S-");
    }
    match key.code {
        KeyCode::Char(' ') => text.push_str("space"),
        KeyCode::Char(c) => text.push(c),
        KeyCode::F(number) => text.push_str(&format!("F{number}")),
        code => text.push_str(NAMED.iter().find(|(_, _, known)| *known == code).map_or("?", |(_, shown, _)| shown)),
    }
    text
}

/// Keys with names: as written, as shown.
const NAMED: &[(&str, &str, KeyCode)] = &[
    ("Space", "space", KeyCode::Char(' ')),
    ("Enter", "⏎", KeyCode::Enter),
    ("Tab", "⇥", KeyCode::Tab),
    ("BackTab", "⇧⇥", KeyCode::BackTab),
    ("Esc", "esc", KeyCode::Esc),
    ("Backspace", "⌫", KeyCode::Backspace),
    ("Up", "↑", KeyCode::Up),
    ("Down", "↓", KeyCode::Down),
    ("Left", "←", KeyCode::Left),
    ("Right", "→", KeyCode::Right),
    ("Home", "home", KeyCode::Home),
    ("End", "end", KeyCode::End),
    ("PageUp", "pgup", KeyCode::PageUp),
    ("PageDown", "pgdn", KeyCode::PageDown),
    ("Insert", "ins", KeyCode::Insert),
    ("Delete", "del", KeyCode::Delete),
];
