//! One line of a log as cells: its colours, wrapped or moved, as JSON one can read, with places found.
use super::filter::Pattern;
use super::level::Level;
use crate::term::Color;
use crate::tui::theme::Depth;
use crate::tui::theme::Role;
use crate::tui::theme::Theme;
use ratatui::style::Modifier;
use ratatui::style::Style;
use unicode_width::UnicodeWidthChar as _;

/// Columns between the stops of tabs.
const TAB: usize = 8;
/// Numbers in a colour sequence that are looked at.
const NUMBERS: usize = 32;

/// One character with what combines with it.
#[derive(Clone, Copy, Debug)]
pub struct Glyph {
    start: u32,
    end: u32,
    /// Columns.
    pub width: u8,
    /// How it looks.
    pub style: Style,
}

/// A line laid out in rows.
#[derive(Clone, Debug, Default)]
pub struct Laid {
    text: String,
    /// All characters.
    pub glyphs: Vec<Glyph>,
    /// Which of them are in each row; at least one.
    pub rows: Vec<std::ops::Range<usize>>,
}

/// How lines are laid out.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Columns of a row.
    pub cols: usize,
    /// Long lines go on in the next row.
    pub wrap: bool,
    /// Columns that rows begin later, where they are not wrapped.
    pub pan: usize,
    /// JSON gets a row for each value.
    pub json: bool,
    /// What is looked for.
    pub needle: Option<&'a Pattern>,
    /// The line is the one found.
    pub is_found: bool,
    /// Colours.
    pub theme: &'a Theme,
}

impl Laid {
    /// The characters of a place.
    #[must_use]
    pub fn symbol(&self, glyph: &Glyph) -> &str {
        self.text.get(glyph.start as usize..glyph.end as usize).unwrap_or(" ")
    }

    /// The text from one character to another, both included.
    #[must_use]
    pub fn between(&self, from: usize, to: usize) -> &str {
        let Some(first) = self.glyphs.get(from) else { return "" };
        let last = self.glyphs.get(to).or(self.glyphs.last());
        last.and_then(|last| self.text.get(first.start as usize..last.end as usize)).unwrap_or_default()
    }

    /// Lays a line out behind what stands in front of it.
    #[must_use]
    pub fn new(front: &[(String, Style)], body: &str, level: Level, frame: &Frame) -> Self {
        let mut laid = Self::default();
        for (text, style) in front {
            laid.add(text, *style);
        }
        let body_from = laid.text.len();
        let base = base(level, body, frame.theme);
        let pretty = if frame.json && !level.is_marker() { pretty(body) } else { None };
        let mut row_starts = vec![0];
        // What lies right of an unwrapped row is not seen, however long the line is.
        let most = if frame.wrap || pretty.is_some() { usize::MAX } else { frame.pan + frame.cols };
        match &pretty {
            Some(text) => {
                for (number, line) in text.lines().enumerate() {
                    if number > 0 {
                        row_starts.push(laid.glyphs.len());
                    }
                    laid.add(line, base);
                }
            }
            None => laid.add_coloured(body, base, most, frame.theme),
        }
        if let Some(needle) = frame.needle.filter(|needle| !needle.inverse && !level.is_marker()) {
            laid.show_found(needle, body_from, frame);
        }
        laid.cut(&row_starts, frame);
        laid
    }

    fn add(&mut self, text: &str, style: Style) {
        let mut cols = 0;
        for c in text.chars() {
            self.push(c, style, &mut cols);
        }
    }

    fn push(&mut self, c: char, style: Style, cols: &mut usize) {
        if c == '\t' {
            let blanks = TAB - *cols % TAB;
            for _ in 0..blanks {
                self.put(' ', 1, style);
            }
            *cols += blanks;
            return;
        }
        match c.width() {
            // What joins characters would make terminals and us count differently.
            _ if matches!(c, '\u{200d}' | '\u{fe0f}' | '\u{ad}') => {}
            None => {}
            Some(0) => {
                if let Some(last) = self.glyphs.last_mut().filter(|last| last.end - last.start < 16) {
                    self.text.push(c);
                    last.end += c.len_utf8() as u32;
                }
            }
            Some(width) => {
                self.put(c, width, style);
                *cols += width;
            }
        }
    }

    fn put(&mut self, c: char, width: usize, style: Style) {
        let start = self.text.len() as u32;
        self.text.push(c);
        self.glyphs.push(Glyph { start, end: start + c.len_utf8() as u32, width: width as u8, style });
    }

    fn add_coloured(&mut self, body: &str, base: Style, most: usize, theme: &Theme) {
        let mut style = base;
        let mut cols = 0;
        let mut rest = body;
        while cols < most {
            let (text, after) = rest.split_once('\x1b').map_or((rest, None), |(text, after)| (text, Some(after)));
            for c in text.chars() {
                if cols >= most {
                    return;
                }
                self.push(c, style, &mut cols);
            }
            let Some(after) = after else { return };
            let Some((sequence, after)) = after.strip_prefix('[').and_then(|after| after.split_once('m')) else { return };
            if theme.depth() != Depth::None {
                style = colour(style, base, sequence, theme);
            }
            rest = after;
        }
    }

    fn show_found(&mut self, needle: &Pattern, from: usize, frame: &Frame) {
        let role = if frame.is_found { Role::Accent } else { Role::Warn };
        let found = frame.theme.style(role).add_modifier(Modifier::REVERSED);
        let Some(body) = self.text.get(from..) else { return };
        let mut glyph = 0;
        for place in needle.regex.find_iter(body) {
            let (start, end) = (from + place.start(), from + place.end());
            while let Some(own) = self.glyphs.get_mut(glyph).filter(|own| (own.start as usize) < end) {
                if own.end as usize > start {
                    own.style = found;
                }
                glyph += 1;
            }
        }
    }

    /// Divides the characters into rows.
    fn cut(&mut self, starts: &[usize], frame: &Frame) {
        for (place, start) in starts.iter().enumerate() {
            let end = starts.get(place + 1).copied().unwrap_or(self.glyphs.len());
            if !frame.wrap {
                self.rows.push(self.window(*start, end, frame));
                continue;
            }
            let (mut from, mut cols) = (*start, 0);
            for at in *start..end {
                let width = usize::from(self.glyphs[at].width);
                if cols + width > frame.cols && at > from {
                    self.rows.push(from..at);
                    (from, cols) = (at, 0);
                }
                cols += width;
            }
            self.rows.push(from..end);
        }
    }

    /// The characters of a long row that are seen.
    fn window(&self, start: usize, end: usize, frame: &Frame) -> std::ops::Range<usize> {
        let mut cols = 0;
        let mut from = start;
        while from < end && cols < frame.pan {
            cols += usize::from(self.glyphs[from].width);
            from += 1;
        }
        let mut to = from;
        cols = 0;
        while to < end && cols + usize::from(self.glyphs[to].width) <= frame.cols {
            cols += usize::from(self.glyphs[to].width);
            to += 1;
        }
        from..to
    }
}

/// How a line looks that has no colours of its own.
fn base(level: Level, body: &str, theme: &Theme) -> Style {
    let own = memchr::memchr(0x1b, body.as_bytes()).is_some();
    let role = match level {
        Level::Marker => Role::Info,
        Level::BadMarker => Role::Error,
        _ if own => Role::Text,
        Level::Error => Role::Error,
        Level::Warn => Role::Warn,
        Level::Debug | Level::Trace => Role::Muted,
        Level::Info | Level::Unknown => Role::Text,
    };
    theme.style(role)
}

/// JSON with a row for each value; none where it is no object or list.
fn pretty(body: &str) -> Option<String> {
    let body = super::store::plain(body);
    let body = body.trim();
    if !body.starts_with(['{', '[']) {
        return None;
    }
    let value: serde_json::Value = serde_json::from_str(body).ok()?;
    serde_json::to_string_pretty(&value).ok()
}

/// The style after a colour sequence.
fn colour(style: Style, base: Style, sequence: &str, theme: &Theme) -> Style {
    let numbers: Vec<u16> = sequence.split([';', ':']).take(NUMBERS).map(|number| number.parse().unwrap_or(0)).collect();
    let mut style = style;
    let mut at = 0;
    while let Some(number) = numbers.get(at).copied() {
        at += 1;
        style = match number {
            0 => base,
            1 => style.add_modifier(Modifier::BOLD),
            2 => style.add_modifier(Modifier::DIM),
            3 => style.add_modifier(Modifier::ITALIC),
            4 => style.add_modifier(Modifier::UNDERLINED),
            7 => style.add_modifier(Modifier::REVERSED),
            9 => style.add_modifier(Modifier::CROSSED_OUT),
            22 => style.remove_modifier(Modifier::BOLD | Modifier::DIM),
            23 => style.remove_modifier(Modifier::ITALIC),
            24 => style.remove_modifier(Modifier::UNDERLINED),
            27 => style.remove_modifier(Modifier::REVERSED),
            29 => style.remove_modifier(Modifier::CROSSED_OUT),
            30..=37 => style.fg(theme.color(Color::Indexed((number - 30) as u8))),
            90..=97 => style.fg(theme.color(Color::Indexed((number - 82) as u8))),
            40..=47 => style.bg(theme.color(Color::Indexed((number - 40) as u8))),
            100..=107 => style.bg(theme.color(Color::Indexed((number - 92) as u8))),
            39 => style.fg(theme.color(Color::Default)),
            49 => style.bg(theme.color(Color::Default)),
            38 | 48 => {
                let byte = |place: usize| numbers.get(place).map_or(0, |number| (*number).min(255) as u8);
                let color = match numbers.get(at) {
                    Some(5) => {
                        at += 2;
                        Color::Indexed(byte(at - 1))
                    }
                    Some(2) => {
                        at += 4;
                        Color::Rgb(byte(at - 3), byte(at - 2), byte(at - 1))
                    }
                    _ => return style,
                };
                if number == 38 { style.fg(theme.color(color)) } else { style.bg(theme.color(color)) }
            }
            _ => style,
        };
    }
    style
}
