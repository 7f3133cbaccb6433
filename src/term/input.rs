//! What a terminal sends to a program that runs in it: keys, the mouse, pasted text, and answers to questions.
use super::keys::Key;
use super::keys::KeyCode;
use super::keys::Mods;
use super::mouse::MouseButton;
use super::mouse::MouseEvent;
use super::mouse::MouseKind;
use super::palette::Rgb;
use memchr::memmem;
use std::collections::VecDeque;

/// Bytes of one sequence; what is longer is none.
const LONGEST: usize = 1024;
/// Bytes of pasted text that are told at once; more come as another paste.
const MOST_PASTED: usize = 16 << 20;
const PASTE_END: &[u8] = b"\x1b[201~";

/// Something that a terminal told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A key was pressed, or repeated.
    Key(Key),
    /// The mouse did something.
    Mouse(MouseEvent),
    /// Text was pasted.
    Paste(String),
    /// It gained or lost the focus.
    Focus(bool),
    /// It answered.
    Answer(Answer),
}

/// An answer of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// To `OSC 11 ; ?`: the colour behind its text.
    Background(Rgb),
    /// To `CSI ? 996 n`, and without being asked where mode 2031 is on: whether it is dark.
    Dark(bool),
    /// To `CSI ? u`: it speaks kitty's protocol, with these flags now.
    Kitty(u8),
    /// To `CSI c`, which all terminals know: what did not come before it does not come.
    Attributes,
}

/// What the parser waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waits {
    /// Whether an escape is a key or the beginning of something: not for long.
    Escape,
    /// The end of a paste.
    Paste,
}

/// Makes inputs of bytes, however they are cut into pieces.
#[derive(Debug, Default)]
pub struct InputParser {
    held: Vec<u8>,
    paste: Option<Vec<u8>>,
    found: VecDeque<Input>,
}

/// What the beginning of some bytes is.
enum Token {
    /// More bytes are needed to tell.
    More,
    /// So many bytes, and what they mean.
    Take(usize, Option<Input>),
    /// Two escapes, each a key.
    Twice,
    /// So many bytes, after which pasted text comes.
    Paste(usize),
}

impl InputParser {
    /// Takes in what came.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
        let mut at = 0;
        loop {
            if let Some(paste) = &mut self.paste {
                // The marker may have been cut in two.
                let known = paste.len();
                paste.extend_from_slice(&self.held[at..]);
                at = self.held.len();
                let from = known.saturating_sub(PASTE_END.len());
                match memmem::find(&paste[from..], PASTE_END) {
                    Some(end) => {
                        let rest = paste.split_off(from + end);
                        self.end_paste();
                        self.held = rest[PASTE_END.len()..].to_vec();
                        at = 0;
                    }
                    None if paste.len() > MOST_PASTED => {
                        let rest = paste.split_off(paste.len() - PASTE_END.len());
                        self.end_paste();
                        self.paste = Some(rest);
                        break;
                    }
                    None => break,
                }
                continue;
            }
            let rest = &self.held[at..];
            if rest.is_empty() {
                break;
            }
            match token(rest) {
                Token::More if rest.len() > LONGEST => at = self.held.len(),
                Token::More => break,
                Token::Take(len, input) => {
                    at += len;
                    self.found.extend(input);
                }
                Token::Twice => {
                    at += 2;
                    self.found.extend([Input::Key(KeyCode::Esc.into()), Input::Key(KeyCode::Esc.into())]);
                }
                Token::Paste(len) => {
                    at += len;
                    self.paste = Some(Vec::new());
                }
            }
        }
        self.held.drain(..at);
    }

    /// What it can't tell without more bytes; after some time [`InputParser::flush`] decides.
    #[must_use]
    pub fn waits(&self) -> Option<Waits> {
        match (&self.paste, &self.held[..]) {
            (Some(_), _) => Some(Waits::Paste),
            (None, [0x1b] | [0x1b, 0x1b | b'[' | b'O' | b']' | b'P']) => Some(Waits::Escape),
            _ => None,
        }
    }

    /// Nothing more came for some time: an escape was the key, and a paste is over. The beginning of a sequence is still held: it is no text.
    pub fn flush(&mut self) {
        if self.paste.is_some() {
            self.end_paste();
        }
        match self.held[..] {
            [0x1b] => self.found.push_back(Input::Key(KeyCode::Esc.into())),
            [0x1b, 0x1b] => self.found.extend([Input::Key(KeyCode::Esc.into()), Input::Key(KeyCode::Esc.into())]),
            [0x1b, c @ (b'[' | b'O' | b']' | b'P')] => self.found.push_back(Input::Key(char_key(c.into(), Mods::ALT))),
            _ => return,
        }
        self.held.clear();
    }

    /// The oldest that was found.
    pub fn pop(&mut self) -> Option<Input> {
        self.found.pop_front()
    }

    fn end_paste(&mut self) {
        let text = self.paste.take().unwrap_or_default();
        self.found.push_back(Input::Paste(String::from_utf8_lossy(&text).into_owned()));
    }
}

fn token(bytes: &[u8]) -> Token {
    match bytes {
        [0x1b] | [0x1b, 0x1b | b'[' | b'O' | b']' | b'P'] => Token::More,
        // The first of two is a key of its own; so is the second, unless something begins with it.
        [0x1b, 0x1b, 0x1b | b'[' | b'O', ..] => Token::Take(1, Some(Input::Key(KeyCode::Esc.into()))),
        [0x1b, 0x1b, ..] => Token::Twice,
        [0x1b, b'[', rest @ ..] => csi(rest),
        [0x1b, b'O', last, ..] => match single_shift(*last) {
            Some(code) => Token::Take(3, Some(Input::Key(code.into()))),
            None => Token::Take(2, Some(Input::Key(char_key('O', Mods::ALT)))),
        },
        [0x1b, b']', b'0'..=b'9', ..] | [0x1b, b'P', b'0'..=b'9' | b'>' | b'!' | b'$', ..] => string(bytes),
        [0x1b, rest @ ..] => match plain(rest, Mods::ALT) {
            Token::Take(len, input) => Token::Take(len + 1, input),
            other => other,
        },
        _ => plain(bytes, Mods::NONE),
    }
}

/// A character or a control character.
fn plain(bytes: &[u8], mods: Mods) -> Token {
    let key = |code| Token::Take(1, Some(Input::Key(Key::new(code, mods))));
    let control = |c: u8| key_with(KeyCode::Char(c.into()), mods | Mods::CTRL);
    match bytes[0] {
        b'\r' => key(KeyCode::Enter),
        b'\t' => key(KeyCode::Tab),
        0x7f => key(KeyCode::Backspace),
        0x1b => key(KeyCode::Esc),
        0 => control(b' '),
        c @ 0x01..=0x1a => control(c | 0x60),
        c @ 0x1c..=0x1f => control(c | 0x40),
        c @ 0x20..=0x7e => Token::Take(1, Some(Input::Key(char_key(c.into(), mods)))),
        first => {
            let len = match first {
                0xc2..=0xdf => 2,
                0xe0..=0xef => 3,
                0xf0..=0xf4 => 4,
                _ => return Token::Take(1, None),
            };
            match std::str::from_utf8(&bytes[..len.min(bytes.len())]) {
                Ok(text) => Token::Take(len, text.chars().next().map(|c| Input::Key(char_key(c, mods)))),
                // An error without a length is a character that is cut off.
                Err(error) if error.error_len().is_none() => Token::More,
                Err(error) => Token::Take(error.error_len().unwrap_or(1), None),
            }
        }
    }
}

fn key_with(code: KeyCode, mods: Mods) -> Token {
    Token::Take(1, Some(Input::Key(Key::new(code, mods))))
}

/// A character by itself: large letters come with Shift.
fn char_key(c: char, mods: Mods) -> Key {
    Key::new(KeyCode::Char(c), if c.is_uppercase() { mods | Mods::SHIFT } else { mods })
}

/// `ESC O`: arrows of programs, F1 to F4, and the keypad's.
fn single_shift(last: u8) -> Option<KeyCode> {
    Some(match last {
        b'M' => KeyCode::Enter,
        b'j'..=b'y' => KeyCode::Char((last - 0x40).into()),
        b'X' => KeyCode::Char('='),
        last => lettered(last)?,
    })
}

/// Keys that end in a letter.
fn lettered(last: u8) -> Option<KeyCode> {
    Some(match last {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'F' => KeyCode::End,
        b'H' => KeyCode::Home,
        b'P'..=b'S' => KeyCode::F(last - b'P' + 1),
        _ => return None,
    })
}

/// Keys that have a number.
fn numbered(number: u32) -> Option<KeyCode> {
    Some(match number {
        1 | 7 => KeyCode::Home,
        2 => KeyCode::Insert,
        3 => KeyCode::Delete,
        4 | 8 => KeyCode::End,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        11..=15 => KeyCode::F(u8::try_from(number - 10).ok()?),
        17..=21 => KeyCode::F(u8::try_from(number - 11).ok()?),
        23..=26 => KeyCode::F(u8::try_from(number - 12).ok()?),
        28..=29 => KeyCode::F(u8::try_from(number - 13).ok()?),
        31..=34 => KeyCode::F(u8::try_from(number - 14).ok()?),
        _ => return None,
    })
}

/// `OSC` and `DCS`: the only ones that are answers here name colours.
fn string(bytes: &[u8]) -> Token {
    let end = bytes.iter().skip(2).position(|byte| matches!(byte, 0x07 | 0x1b)).map(|at| at + 2);
    let Some(end) = end else { return Token::More };
    let len = match bytes.get(end..) {
        Some([0x1b]) => return Token::More,
        Some([0x1b, b'\\', ..]) => end + 2,
        Some([0x1b, ..]) => end,
        _ => end + 1,
    };
    let answer = bytes[2..end].strip_prefix(b"11;").filter(|_| bytes[1] == b']').and_then(color);
    Token::Take(len, answer.map(|color| Input::Answer(Answer::Background(color))))
}

/// A colour as terminals tell it: `rgb:1e1e/1e1e/2e2e`, with one to four digits each.
fn color(text: &[u8]) -> Option<Rgb> {
    let text = std::str::from_utf8(text).ok()?;
    let parts = text.strip_prefix("rgb:").or_else(|| text.strip_prefix("rgba:"))?;
    let part = |digits: &str| {
        let most = (1_u32 << (4 * u32::try_from(digits.len()).ok().filter(|len| (1..=4).contains(len))?)) - 1;
        u8::try_from(u32::from_str_radix(digits, 16).ok()? * 255 / most).ok()
    };
    let mut parts = parts.split('/').map(part);
    Some((parts.next()??, parts.next()??, parts.next()??))
}

/// What follows `ESC [`.
fn csi(rest: &[u8]) -> Token {
    // The Linux console's F1 to F5.
    if let [b'[', last, ..] = rest {
        return Token::Take(4, matches!(last, b'A'..=b'E').then(|| Input::Key(KeyCode::F(last - b'A' + 1).into())));
    }
    if rest == b"[" {
        return Token::More;
    }
    let Some(end) = rest.iter().position(|byte| !matches!(byte, 0x20..=0x3f)) else { return Token::More };
    let (last, len) = (rest[end], end + 3);
    if !matches!(last, 0x40..=0x7e) {
        // It was broken off; what broke it off stands for itself.
        return Token::Take(len - 1, None);
    }
    if last == b'M' && end == 0 {
        let Some([button, col, row]) = rest.get(1..4) else { return Token::More };
        let place = |byte: &u8| u16::from(byte.saturating_sub(33));
        return Token::Take(6, mouse(u32::from(button.saturating_sub(32)), place(col), place(row), false).map(Input::Mouse));
    }
    let params = &rest[..end];
    let input = match (params.first(), last) {
        (Some(b'<'), b'M' | b'm') => {
            let numbers = numbers(&params[1..]);
            let place = |at| u16::try_from(numbers.get(at, 0).unwrap_or(1).saturating_sub(1)).unwrap_or(u16::MAX);
            numbers.get(0, 0).and_then(|button| mouse(button, place(1), place(2), last == b'm')).map(Input::Mouse)
        }
        (Some(b'?'), _) => answer(&numbers(&params[1..]), last).map(Input::Answer),
        (Some(b'<' | b'=' | b'>'), _) => None,
        (None, b'I') => Some(Input::Focus(true)),
        (None, b'O') => Some(Input::Focus(false)),
        (_, b'~') if params == b"200" => return Token::Paste(len),
        _ => key(&numbers(params), last).map(Input::Key),
    };
    Token::Take(len, input)
}

fn answer(numbers: &Numbers, last: u8) -> Option<Answer> {
    match last {
        b'u' => Some(Answer::Kitty(u8::try_from(numbers.get(0, 0).unwrap_or(0)).unwrap_or(0))),
        b'c' => Some(Answer::Attributes),
        b'n' if numbers.get(0, 0) == Some(997) => Some(Answer::Dark(numbers.get(1, 0) != Some(2))),
        _ => None,
    }
}

/// The numbers of a sequence: parts by `;`, and parts of these by `:`.
struct Numbers(Vec<Vec<Option<u32>>>);

impl Numbers {
    fn get(&self, part: usize, inner: usize) -> Option<u32> {
        self.0.get(part)?.get(inner).copied().flatten()
    }
}

fn numbers(params: &[u8]) -> Numbers {
    let number = |text: &[u8]| std::str::from_utf8(text).ok()?.parse().ok();
    let part = |text: &[u8]| text.split(|byte| *byte == b':').map(number).collect();
    Numbers(params.split(|byte| *byte == b';').map(part).collect())
}

fn key(numbers: &Numbers, last: u8) -> Option<Key> {
    // The third kind of event is that a key came up.
    if numbers.get(1, 1) == Some(3) {
        return None;
    }
    let held = numbers.get(1, 0).unwrap_or(1).saturating_sub(1);
    let mods = [Mods::SHIFT, Mods::ALT, Mods::CTRL, Mods::SUPER].into_iter().enumerate();
    let mods = mods.filter(|(bit, _)| held >> bit & 1 == 1).fold(Mods::NONE, |all, (_, one)| all | one);
    let first = numbers.get(0, 0).unwrap_or(1);
    let code = match last {
        b'u' => return numbered_key(first, numbers.get(0, 1), mods),
        // xterm's other keys: `27 ; modifiers ; character ~`.
        b'~' if first == 27 => return numbered_key(numbers.get(2, 0)?, None, mods),
        b'~' => numbered(first)?,
        b'Z' => return Some(Key::new(KeyCode::BackTab, mods | Mods::SHIFT)),
        last => lettered(last)?,
    };
    Some(Key::new(code, mods))
}

/// A key of kitty's protocol, with the character that it makes with Shift where the terminal says so.
fn numbered_key(code: u32, shifted: Option<u32>, mods: Mods) -> Option<Key> {
    const KEYPAD: [KeyCode; 28] = {
        use KeyCode::{Char, Delete, Down, End, Enter, Home, Insert, Left, PageDown, PageUp, Right, Up};
        [
            Char('0'),
            Char('1'),
            Char('2'),
            Char('3'),
            Char('4'),
            Char('5'),
            Char('6'),
            Char('7'),
            Char('8'),
            Char('9'),
            Char('.'),
            Char('/'),
            Char('*'),
            Char('-'),
            Char('+'),
            Enter,
            Char('='),
            Char(','),
            Left,
            Right,
            Up,
            Down,
            PageUp,
            PageDown,
            Home,
            End,
            Insert,
            Delete,
        ]
    };
    let code = match code {
        9 if mods.contains(Mods::SHIFT) => KeyCode::BackTab,
        9 => KeyCode::Tab,
        13 => KeyCode::Enter,
        27 => KeyCode::Esc,
        127 => KeyCode::Backspace,
        57376..=57398 => KeyCode::F(u8::try_from(code - 57376 + 13).ok()?),
        57399..=57426 => KEYPAD[(code - 57399) as usize],
        // The other keys of the private area are held keys by themselves, and keys of players.
        0xe000..=0xf8ff => return None,
        code => KeyCode::Char(char::from_u32(code)?),
    };
    let shifted = shifted.and_then(char::from_u32).filter(|_| mods.contains(Mods::SHIFT));
    Some(match (code, shifted) {
        (KeyCode::Char(base), Some(c)) => Key::new(KeyCode::Char(c), mods).on(base),
        (code, _) => Key::new(code, mods),
    })
}

/// Button, modifiers and movement share a number.
fn mouse(code: u32, col: u16, row: u16, up: bool) -> Option<MouseEvent> {
    let mods = [(4, Mods::SHIFT), (8, Mods::ALT), (16, Mods::CTRL)].into_iter();
    let mods = mods.filter(|(bit, _)| code & bit != 0).fold(Mods::NONE, |all, (_, one)| all | one);
    let moved = code & 32 != 0;
    let (kind, button) = match (code & 3 | (code & 192) >> 4, moved) {
        (0..=2, _) if up => (MouseKind::Up, code & 3),
        (0..=2, false) => (MouseKind::Down, code & 3),
        (0..=2, true) => (MouseKind::Drag, code & 3),
        (3, false) => (MouseKind::Up, 0),
        (3, true) => (MouseKind::Move, 0),
        (4, _) => (MouseKind::WheelUp, 0),
        (5, _) => (MouseKind::WheelDown, 0),
        (6, _) => (MouseKind::WheelLeft, 0),
        (7, _) => (MouseKind::WheelRight, 0),
        _ => return None,
    };
    let button = [MouseButton::Left, MouseButton::Middle, MouseButton::Right][button as usize];
    Some(MouseEvent { kind, button, col, row, mods })
}
