//! What one place of a screen shows, free of any terminal library's types.

use std::fmt;
use std::ops::BitOr;

/// A colour as the program asked for it; the viewer decides how it looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Color {
    /// The terminal's own foreground or background.
    #[default]
    Default,
    /// One of 256: 0..16 the named ones, then a 6×6×6 cube, then 24 greys.
    Indexed(u8),
    /// Red, green, blue.
    Rgb(u8, u8, u8),
}

/// How text is drawn, as a set.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Attrs(u8);

impl Attrs {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// Bold.
    pub const BOLD: Self = Self(1);
    /// Dim.
    pub const DIM: Self = Self(1 << 1);
    /// Italic.
    pub const ITALIC: Self = Self(1 << 2);
    /// Blinking.
    pub const BLINK: Self = Self(1 << 3);
    /// Foreground and background exchanged.
    pub const INVERSE: Self = Self(1 << 4);
    /// Not shown, but copied.
    pub const HIDDEN: Self = Self(1 << 5);
    /// Struck through.
    pub const STRIKE: Self = Self(1 << 6);

    const NAMES: [(Self, &'static str); 7] = [
        (Self::BOLD, "bold"),
        (Self::DIM, "dim"),
        (Self::ITALIC, "italic"),
        (Self::BLINK, "blink"),
        (Self::INVERSE, "inverse"),
        (Self::HIDDEN, "hidden"),
        (Self::STRIKE, "strike"),
    ];

    /// Whether all of `other` is in this set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether the set is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Adds `other` if `on`.
    pub fn set(&mut self, other: Self, on: bool) {
        if on {
            self.0 |= other.0;
        } else {
            self.0 &= !other.0;
        }
    }
}

impl BitOr for Attrs {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl fmt::Debug for Attrs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Self::NAMES.iter().filter(|(attr, _)| self.contains(*attr));
        f.debug_set().entries(names.map(|(_, name)| name)).finish()
    }
}

/// The line below a character.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Underline {
    /// No line.
    #[default]
    None,
    /// One line.
    Single,
    /// Two lines.
    Double,
    /// A wavy line.
    Curly,
    /// Dots.
    Dotted,
    /// Dashes.
    Dashed,
}

/// Bytes of UTF-8 that one cell holds at most; what goes beyond is left out.
pub const SYMBOL_BYTES: usize = 22;

/// The text of one cell: a character and what combines with it, stored in place.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Symbol {
    bytes: [u8; SYMBOL_BYTES],
    len: u8,
}

impl Symbol {
    /// A symbol without text: the right half of a wide character.
    pub const EMPTY: Self = Self { bytes: [0; SYMBOL_BYTES], len: 0 };
    /// One space.
    pub const BLANK: Self = Self { bytes: [b' ', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], len: 1 };

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Only `push` writes bytes, and only whole characters.
        std::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or_default()
    }

    /// Appends a character; returns whether there was room for it.
    pub fn push(&mut self, c: char) -> bool {
        let start = usize::from(self.len);
        let end = start + c.len_utf8();
        if end > SYMBOL_BYTES {
            return false;
        }
        c.encode_utf8(&mut self.bytes[start..end]);
        self.len = u8::try_from(end).unwrap_or(0);
        true
    }

    /// Whether nothing but a space, or nothing, is in it.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        matches!(self.as_str(), "" | " ")
    }
}

impl From<char> for Symbol {
    fn from(c: char) -> Self {
        let mut symbol = Self::EMPTY;
        symbol.push(c);
        symbol
    }
}

impl From<&str> for Symbol {
    fn from(text: &str) -> Self {
        let mut symbol = Self::EMPTY;
        for c in text.chars() {
            if !symbol.push(c) {
                break;
            }
        }
        symbol
    }
}

impl Default for Symbol {
    fn default() -> Self {
        Self::BLANK
    }
}

impl PartialEq<str> for Symbol {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Symbol {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One place of a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cell {
    /// What is written there; a space where nothing is.
    pub text: Symbol,
    /// Columns it takes: 1, 2 for a wide character, 0 for the place that a wide one covers.
    pub width: u8,
    /// Colour of the text.
    pub fg: Color,
    /// Colour behind it.
    pub bg: Color,
    /// How it is drawn.
    pub attrs: Attrs,
    /// The line below it.
    pub underline: Underline,
    /// Colour of that line, where it is not the text's.
    pub underline_color: Option<Color>,
    /// Whether it belongs to a link.
    pub hyperlink: bool,
}

impl Default for Cell {
    fn default() -> Self {
        Self {
            text: Symbol::BLANK,
            width: 1,
            fg: Color::Default,
            bg: Color::Default,
            attrs: Attrs::NONE,
            underline: Underline::None,
            underline_color: None,
            hyperlink: false,
        }
    }
}

impl Cell {
    /// Whether it looks like a place that was never written.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        *self == Self::default()
    }

    /// Writes the SGR sequence that draws like this cell, starting from no attributes.
    pub(super) fn write_sgr(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"\x1b[0");
        let attrs = [(Attrs::BOLD, 1), (Attrs::DIM, 2), (Attrs::ITALIC, 3), (Attrs::BLINK, 5), (Attrs::INVERSE, 7), (Attrs::HIDDEN, 8), (Attrs::STRIKE, 9)];
        for (attr, code) in attrs {
            if self.attrs.contains(attr) {
                out.extend_from_slice(format!(";{code}").as_bytes());
            }
        }
        let underline: &[u8] = match self.underline {
            Underline::None => b"",
            Underline::Single => b";4",
            Underline::Double => b";4:2",
            Underline::Curly => b";4:3",
            Underline::Dotted => b";4:4",
            Underline::Dashed => b";4:5",
        };
        out.extend_from_slice(underline);
        write_color(out, self.fg, 30);
        write_color(out, self.bg, 40);
        match self.underline_color {
            Some(Color::Indexed(index)) => out.extend_from_slice(format!(";58:5:{index}").as_bytes()),
            Some(Color::Rgb(r, g, b)) => out.extend_from_slice(format!(";58:2::{r}:{g}:{b}").as_bytes()),
            Some(Color::Default) | None => {}
        }
        out.push(b'm');
    }

    /// Whether both are drawn alike, whatever is written in them.
    pub(super) fn same_style(&self, other: &Self) -> bool {
        self.fg == other.fg
            && self.bg == other.bg
            && self.attrs == other.attrs
            && self.underline == other.underline
            && self.underline_color == other.underline_color
    }
}

/// Appends the parameters that set a colour; `base` is 30 for the text and 40 for what is behind it.
fn write_color(out: &mut Vec<u8>, color: Color, base: u16) {
    let text = match color {
        Color::Default => return,
        Color::Indexed(index @ 0..8) => format!(";{}", base + u16::from(index)),
        Color::Indexed(index @ 8..16) => format!(";{}", base + 52 + u16::from(index)),
        Color::Indexed(index) => format!(";{};5;{index}", base + 8),
        Color::Rgb(r, g, b) => format!(";{};2;{r};{g};{b}", base + 8),
    };
    out.extend_from_slice(text.as_bytes());
}
