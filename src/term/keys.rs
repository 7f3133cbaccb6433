//! What a program is sent for keys, pasted text and the focus.

use super::modes::Modes;
use std::fmt;
use std::ops::BitOr;

/// Keys held down together with another, as a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Mods(u8);

impl Mods {
    /// None.
    pub const NONE: Self = Self(0);
    /// Shift.
    pub const SHIFT: Self = Self(1);
    /// Alt, or Option.
    pub const ALT: Self = Self(1 << 1);
    /// Control.
    pub const CTRL: Self = Self(1 << 2);
    /// Super, or Command.
    pub const SUPER: Self = Self(1 << 3);

    /// Whether all of `other` is in this set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether no key is held.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// This set without `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The number that sequences carry.
    pub(super) const fn parameter(self) -> u8 {
        self.0 + 1
    }
}

impl BitOr for Mods {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// A key by what is on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyCode {
    /// A character, as it comes out with Shift.
    Char(char),
    /// Enter.
    Enter,
    /// Tab.
    Tab,
    /// Tab with Shift.
    BackTab,
    /// Escape.
    Esc,
    /// Backspace.
    Backspace,
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Arrow right.
    Right,
    /// Arrow left.
    Left,
    /// Home.
    Home,
    /// End.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// Insert.
    Insert,
    /// Delete.
    Delete,
    /// A function key, 1 to 35.
    F(u8),
}

/// A key press.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// The key.
    pub code: KeyCode,
    /// What is held with it.
    pub mods: Mods,
    /// The character on it without Shift, where the terminal told it: no two keyboards are alike.
    base: Option<char>,
}

impl Key {
    /// A key with what is held with it.
    #[must_use]
    pub const fn new(code: KeyCode, mods: Mods) -> Self {
        Self { code, mods, base: None }
    }

    /// The same key, which makes this character without Shift.
    #[must_use]
    pub const fn on(self, base: char) -> Self {
        Self { base: Some(base), ..self }
    }
}

impl From<KeyCode> for Key {
    fn from(code: KeyCode) -> Self {
        Self::new(code, Mods::NONE)
    }
}

impl fmt::Display for Mods {
    /// As `C-S-M-`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [(Self::CTRL, "C-"), (Self::SHIFT, "S-"), (Self::ALT, "M-"), (Self::SUPER, "D-")];
        names.iter().filter(|(key, _)| self.contains(*key)).try_for_each(|(_, name)| f.write_str(name))
    }
}

/// The bytes that a program in these modes is sent for a key, as xterm and kitty send them.
///
/// Empty for a key that has none.
#[must_use]
pub fn encode_key(key: &Key, modes: &Modes) -> Vec<u8> {
    if modes.kitty & (Modes::KITTY_DISAMBIGUATE | Modes::KITTY_ALL_KEYS) != 0 { kitty(key, modes) } else { legacy(key, modes) }
}

fn legacy(key: &Key, modes: &Modes) -> Vec<u8> {
    let Key { code, mods, .. } = *key;
    let ctrl = mods.contains(Mods::CTRL);
    match code {
        KeyCode::Char(c) => with_alt(mods, &character(c, mods)),
        KeyCode::Enter if modes.newline => with_alt(mods, b"\r\n"),
        KeyCode::Enter => with_alt(mods, b"\r"),
        KeyCode::Tab if mods.contains(Mods::SHIFT) => with_alt(mods, b"\x1b[Z"),
        KeyCode::Tab => with_alt(mods, b"\t"),
        KeyCode::BackTab => with_alt(mods, b"\x1b[Z"),
        KeyCode::Esc => with_alt(mods, b"\x1b"),
        KeyCode::Backspace if ctrl => with_alt(mods, b"\x08"),
        KeyCode::Backspace => with_alt(mods, b"\x7f"),
        KeyCode::F(number @ 13..=35) => {
            // xterm has no keys beyond F12: they are the first twelve with Shift, then with Control.
            let held = if number <= 24 { Mods::SHIFT } else { Mods::CTRL };
            function(KeyCode::F((number - 13) % 12 + 1), mods | held, false)
        }
        code if mods.is_empty() && modes.app_cursor => match letter(code) {
            Some(letter) => vec![0x1b, b'O', letter],
            None => function(code, mods, false),
        },
        code => function(code, mods, false),
    }
}

/// A character with Control and Shift applied, as UTF-8.
fn character(c: char, mods: Mods) -> Vec<u8> {
    let control = match c {
        _ if !mods.contains(Mods::CTRL) => None,
        'a'..='z' | 'A'..='Z' => Some(c as u8 & 0x1f),
        '@' | ' ' | '2' => Some(0x00),
        '[' | '3' => Some(0x1b),
        '\\' | '4' => Some(0x1c),
        ']' | '5' => Some(0x1d),
        '^' | '6' => Some(0x1e),
        '_' | '7' | '/' => Some(0x1f),
        '?' | '8' => Some(0x7f),
        _ => None,
    };
    match control {
        Some(byte) => vec![byte],
        None if mods.contains(Mods::SHIFT) => c.to_uppercase().to_string().into_bytes(),
        None => c.to_string().into_bytes(),
    }
}

fn with_alt(mods: Mods, bytes: &[u8]) -> Vec<u8> {
    let prefix: &[u8] = if mods.contains(Mods::ALT) { b"\x1b" } else { b"" };
    [prefix, bytes].concat()
}

/// The final letter of a key that has one.
fn letter(code: KeyCode) -> Option<u8> {
    match code {
        KeyCode::Up => Some(b'A'),
        KeyCode::Down => Some(b'B'),
        KeyCode::Right => Some(b'C'),
        KeyCode::Left => Some(b'D'),
        KeyCode::End => Some(b'F'),
        KeyCode::Home => Some(b'H'),
        _ => None,
    }
}

/// Keys that send a sequence in every mode; `kitty` gives F1 to F4 kitty's form.
fn function(code: KeyCode, mods: Mods, kitty: bool) -> Vec<u8> {
    let number = match code {
        KeyCode::Insert => 2,
        KeyCode::Delete => 3,
        KeyCode::PageUp => 5,
        KeyCode::PageDown => 6,
        // The form with a letter would read as a report of the cursor's place.
        KeyCode::F(3) if kitty => 13,
        KeyCode::F(number @ 1..=4) => {
            let letter = char::from(b'P' + number - 1);
            return match (mods.is_empty(), kitty) {
                (true, false) => format!("\x1bO{letter}").into_bytes(),
                (true, true) => format!("\x1b[{letter}").into_bytes(),
                (false, _) => format!("\x1b[1;{}{letter}", mods.parameter()).into_bytes(),
            };
        }
        KeyCode::F(5) => 15,
        KeyCode::F(number @ 6..=10) => number + 11,
        KeyCode::F(number @ 11..=12) => number + 12,
        code => {
            let Some(letter) = letter(code).map(char::from) else { return Vec::new() };
            return if mods.is_empty() { format!("\x1b[{letter}").into_bytes() } else { format!("\x1b[1;{}{letter}", mods.parameter()).into_bytes() };
        }
    };
    if mods.is_empty() { format!("\x1b[{number}~").into_bytes() } else { format!("\x1b[{number};{}~", mods.parameter()).into_bytes() }
}

fn kitty(key: &Key, modes: &Modes) -> Vec<u8> {
    let all = modes.kitty & Modes::KITTY_ALL_KEYS != 0;
    let Key { code, mut mods, base } = *key;
    let number = match code {
        KeyCode::Char(c) => {
            if c.is_uppercase() && c.to_lowercase().count() == 1 {
                mods = mods | Mods::SHIFT;
            }
            if !all && mods.without(Mods::SHIFT).is_empty() {
                return character(c, mods);
            }
            u32::from(base.unwrap_or_else(|| c.to_lowercase().next().unwrap_or(c)))
        }
        KeyCode::Enter | KeyCode::Tab | KeyCode::Backspace if !all && mods.is_empty() => {
            return legacy(key, modes);
        }
        KeyCode::Enter => 13,
        KeyCode::Tab => 9,
        KeyCode::BackTab => {
            mods = mods | Mods::SHIFT;
            9
        }
        KeyCode::Esc => 27,
        KeyCode::Backspace => 127,
        KeyCode::F(number @ 13..=35) => 57376 + u32::from(number - 13),
        code => return function(code, mods, true),
    };
    let text = match code {
        KeyCode::Char(c) if all && modes.kitty & Modes::KITTY_TEXT != 0 && mods.without(Mods::SHIFT).is_empty() => {
            let typed = if mods.contains(Mods::SHIFT) { c.to_uppercase().next().unwrap_or(c) } else { c };
            Some(u32::from(typed))
        }
        _ => None,
    };
    let held = if mods.is_empty() { String::new() } else { mods.parameter().to_string() };
    let number = match (code, base) {
        // What it makes with Shift, for those who want to know.
        (KeyCode::Char(c), Some(_)) if modes.kitty & Modes::KITTY_ALTERNATES != 0 && u32::from(c) != number => format!("{number}:{}", u32::from(c)),
        _ => number.to_string(),
    };
    match (held.as_str(), text) {
        (held, Some(text)) => format!("\x1b[{number};{held};{text}u"),
        ("", None) => format!("\x1b[{number}u"),
        (held, None) => format!("\x1b[{number};{held}u"),
    }
    .into_bytes()
}

/// The bytes that a program in these modes is sent for pasted text.
///
/// Control characters other than tab and line ends are left out, so that text can't act as keys; every
/// end marker goes as a whole. Where the program did not ask for markers, lines end as Enter ends them.
#[must_use]
pub fn encode_paste(text: &str, modes: &Modes) -> Vec<u8> {
    let clean: String = without_end_marker(text).chars().filter(|c| !c.is_control() || "\t\n\r".contains(*c)).collect();
    if modes.bracketed_paste { format!("\x1b[200~{clean}\x1b[201~").into_bytes() } else { clean.replace("\r\n", "\r").replace('\n', "\r").into_bytes() }
}

/// The text without any end marker, also none that the removal of another has made.
fn without_end_marker(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    for c in text.chars() {
        kept.push(c);
        for marker in ["\x1b[201~", "\u{9b}201~"] {
            if kept.ends_with(marker) {
                kept.truncate(kept.len() - marker.len());
            }
        }
    }
    kept
}

/// The bytes for gaining or losing the focus; empty where the program did not ask for them.
#[must_use]
pub fn encode_focus(gained: bool, modes: &Modes) -> Vec<u8> {
    match (modes.focus_events, gained) {
        (false, _) => Vec::new(),
        (true, true) => b"\x1b[I".to_vec(),
        (true, false) => b"\x1b[O".to_vec(),
    }
}
