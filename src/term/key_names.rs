//! Keys as people write them in files, and as they read them.
use super::keys::Key;
use super::keys::KeyCode;
use super::keys::Mods;

/// A key without what makes no difference: characters carry Shift in themselves.
#[must_use]
pub fn normal_key(key: Key) -> Key {
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
pub fn parse_key(text: &str) -> Option<Key> {
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
    Some(normal_key(Key::new(code, mods)))
}

/// A key as people read it: `^b`, `M-←`, `F5`, `⏎`.
#[must_use]
pub fn show_key(key: Key) -> String {
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

/// A key in words, for those who have it read to them: `ctrl-b`, `alt-left`, `enter`.
#[must_use]
pub fn key_in_words(key: Key) -> String {
    let held = [(Mods::CTRL, "ctrl-"), (Mods::ALT, "alt-"), (Mods::SHIFT, "shift-")];
    let mut words: String = held.iter().filter(|(held, _)| key.mods.contains(*held)).map(|(_, word)| *word).collect();
    match key.code {
        KeyCode::Char(' ') => words.push_str("space"),
        KeyCode::Char(c) => words.push(c),
        KeyCode::F(number) => words.push_str(&format!("F{number}")),
        KeyCode::BackTab => words.push_str("shift-tab"),
        KeyCode::Esc => words.push_str("escape"),
        KeyCode::PageUp => words.push_str("page up"),
        KeyCode::PageDown => words.push_str("page down"),
        code => words.push_str(&NAMED.iter().find(|(_, _, known)| *known == code).map_or("?", |(written, _, _)| written).to_lowercase()),
    }
    words
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

/// The names of keys that are not one character, as they are written.
pub fn key_names() -> impl Iterator<Item = &'static str> {
    NAMED.iter().map(|(written, _, _)| *written)
}
