//! Makes container output safe for a person's terminal: text, colours, tabs and lines.

use std::io::Write as _;

/// Bytes of a colour sequence; a longer one is dropped.
const MAX_SGR_BYTES: usize = 128;
/// Characters of a string that are left out while its end is awaited; then text goes on.
const MAX_STRING_CHARS: usize = 1 << 20;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    Escape,
    /// After intermediate bytes of an escape sequence.
    EscapeRest,
    /// A CSI sequence that may still be a colour.
    Csi,
    /// A CSI sequence that is none.
    CsiIgnored,
    /// An OSC string, up to its end or that of the line.
    Osc,
    /// Another string (DCS, APC, PM, SOS), up to its end.
    String,
}

/// Filters a stream piece by piece; sequences and characters may be split anywhere.
///
/// Passes text, SGR, tab and newline. A carriage return passes only before a newline, and becomes one
/// where it stands alone, so that no line overwrites another. Invalid UTF-8 becomes U+FFFD.
#[derive(Debug, Default)]
pub struct SafeText {
    state: State,
    sgr: Vec<u8>,
    string_chars: usize,
    split: Vec<u8>,
    returned: bool,
    coloured: bool,
}

impl SafeText {
    /// A filter at the beginning of a stream.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The safe form of the next piece.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes.len());
        let mut input = std::mem::take(&mut self.split);
        input.extend_from_slice(bytes);
        let mut rest = &input[..];
        while !rest.is_empty() {
            match std::str::from_utf8(rest) {
                Ok(text) => {
                    self.text(text, &mut out);
                    rest = &[];
                }
                Err(error) => {
                    let (good, bad) = rest.split_at(error.valid_up_to());
                    self.text(std::str::from_utf8(good).unwrap_or_default(), &mut out);
                    let Some(length) = error.error_len() else {
                        self.split = bad.to_vec();
                        break;
                    };
                    self.take(char::REPLACEMENT_CHARACTER, &mut out);
                    rest = &bad[length..];
                }
            }
        }
        out
    }

    /// What is left at the end of the stream, and the end of colours that were begun.
    pub fn finish(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        if !self.split.is_empty() {
            self.take(char::REPLACEMENT_CHARACTER, &mut out);
        }
        self.end_return(&mut out);
        if self.coloured {
            out.extend_from_slice(b"\x1b[0m");
        }
        *self = Self::default();
        out
    }

    fn text(&mut self, text: &str, out: &mut Vec<u8>) {
        for c in text.chars() {
            self.take(c, out);
        }
    }

    fn take(&mut self, c: char, out: &mut Vec<u8>) {
        match (self.state, c) {
            (_, '\x1b') => self.state = State::Escape,
            (_, '\x18' | '\x1a') => self.state = State::Text,
            (State::Text, _) => self.plain(c, out),
            (State::Osc | State::String, '\x07' | '\u{9c}') => self.state = State::Text,
            (State::Osc, '\r' | '\n') => {
                self.state = State::Text;
                self.plain(c, out);
            }
            (State::Osc | State::String, _) => {
                self.string_chars += 1;
                if self.string_chars > MAX_STRING_CHARS {
                    self.state = State::Text;
                }
            }
            // Controls inside a sequence act as if they stood before it.
            (_, '\0'..='\x1f') => self.plain(c, out),
            (State::Escape, '[') => {
                self.sgr.clear();
                self.state = State::Csi;
            }
            (State::Escape, ']' | 'P' | 'X' | '^' | '_') => {
                self.string_chars = 0;
                self.state = if c == ']' { State::Osc } else { State::String };
            }
            (State::Escape | State::EscapeRest, ' '..='/') => self.state = State::EscapeRest,
            (State::Escape | State::EscapeRest, '0'..='~') => self.state = State::Text,
            (State::Csi, '0'..='9' | ';' | ':') if self.sgr.len() < MAX_SGR_BYTES => self.sgr.push(c as u8),
            (State::Csi, 'm') => {
                // Writing to a Vec cannot fail.
                let _ = write!(out, "\x1b[{}m", String::from_utf8_lossy(&self.sgr));
                self.coloured = !matches!(&self.sgr[..], b"" | b"0");
                self.state = State::Text;
            }
            (State::Csi | State::CsiIgnored, '@'..='~') => self.state = State::Text,
            (State::Csi | State::CsiIgnored, ' '..='?') => self.state = State::CsiIgnored,
            // No sequence holds such a character: it was cut off, and this is text again.
            (_, _) => {
                self.state = State::Text;
                self.plain(c, out);
            }
        }
    }

    fn plain(&mut self, c: char, out: &mut Vec<u8>) {
        match c {
            '\r' => self.returned = true,
            '\n' => {
                if std::mem::take(&mut self.returned) {
                    out.push(b'\r');
                }
                out.push(b'\n');
            }
            '\t' => {
                self.end_return(out);
                out.push(b'\t');
            }
            c if c.is_control() => {}
            c => {
                self.end_return(out);
                let mut buffer = [0; 4];
                out.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
            }
        }
    }

    fn end_return(&mut self, out: &mut Vec<u8>) {
        if std::mem::take(&mut self.returned) {
            out.push(b'\n');
        }
    }
}

/// A text as one line of at most `most` characters, without anything that could drive a terminal.
#[must_use]
pub fn one_line(text: &str, most: usize) -> String {
    let safe = safe_text(text.as_bytes());
    let plain: Vec<char> = strip_colours(&String::from_utf8_lossy(&safe)).chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match plain.len() > most {
        true => plain[..most.saturating_sub(1)].iter().chain(&['…']).collect(),
        false => plain.into_iter().collect(),
    }
}

/// The text without the colours that [`SafeText`] leaves.
fn strip_colours(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str(part.split_once('m').map_or("", |(_, rest)| rest));
    }
    plain
}

/// The safe form of a whole text; see [`SafeText`].
#[must_use]
pub fn safe_text(bytes: &[u8]) -> Vec<u8> {
    let mut filter = SafeText::new();
    let mut out = filter.push(bytes);
    out.extend(filter.finish());
    out
}
