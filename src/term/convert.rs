//! Turns the engine's cells into our own.

use super::cell::Attrs;
use super::cell::Cell;
use super::cell::Color;
use super::cell::Symbol;
use super::cell::Underline;
use super::machine::BLINK;
use super::machine::Machine;
use alacritty_terminal::term::cell::Cell as RawCell;
use alacritty_terminal::term::cell::Flags;
use alacritty_terminal::vte::ansi;

impl Machine {
    /// The cell at a column of a row; broken halves of wide characters read as blanks.
    ///
    /// With `resolve`, colours that the program changed come out as they are now.
    pub fn cell(&self, row: &[RawCell], col: usize, resolve: bool) -> Cell {
        let raw = &row[col];
        // Most of a screen is plain text, and most of that blank; this is asked of every cell of every frame.
        if raw.flags.is_empty() && raw.extra.is_none() && raw.c != '\t' {
            let resolve = resolve && self.recoloured;
            let text = if raw.c == ' ' { Symbol::BLANK } else { Symbol::from(raw.c) };
            return Cell { text, fg: self.color(raw.fg, resolve), bg: self.color(raw.bg, resolve), ..Cell::default() };
        }
        let mut cell = self.style(raw, resolve);
        let spacer = |col: usize| row.get(col).is_some_and(|cell| cell.flags.contains(Flags::WIDE_CHAR_SPACER));
        let wide = |col: usize| row[col].flags.contains(Flags::WIDE_CHAR) && !spacer(col);
        if spacer(col) && col > 0 && wide(col - 1) {
            // Both halves look alike, whatever has been done to the second since.
            let first = self.style(&row[col - 1], resolve);
            return Cell { text: Symbol::EMPTY, width: 0, ..first };
        }
        let whole = wide(col) && spacer(col + 1);
        let broken = raw.flags.intersects(Flags::WIDE_CHAR | Flags::WIDE_CHAR_SPACER) && !whole;
        if broken || raw.c == '\t' {
            return cell;
        }
        cell.text = Symbol::from(raw.c);
        cell.width = if whole { 2 } else { 1 };
        for c in raw.zerowidth().into_iter().flatten() {
            cell.text.push(*c);
        }
        cell
    }

    /// A blank drawn as `raw` is.
    pub fn style(&self, raw: &RawCell, resolve: bool) -> Cell {
        let flags = raw.flags;
        let mut attrs = Attrs::NONE;
        attrs.set(Attrs::BOLD, flags.contains(Flags::BOLD));
        attrs.set(Attrs::DIM, flags.contains(Flags::DIM));
        attrs.set(Attrs::ITALIC, flags.contains(Flags::ITALIC));
        attrs.set(Attrs::BLINK, flags.contains(BLINK));
        attrs.set(Attrs::INVERSE, flags.contains(Flags::INVERSE));
        attrs.set(Attrs::HIDDEN, flags.contains(Flags::HIDDEN));
        attrs.set(Attrs::STRIKE, flags.contains(Flags::STRIKEOUT));
        let underline = if !flags.intersects(Flags::ALL_UNDERLINES) {
            Underline::None
        } else if flags.contains(Flags::DOUBLE_UNDERLINE) {
            Underline::Double
        } else if flags.contains(Flags::UNDERCURL) {
            Underline::Curly
        } else if flags.contains(Flags::DOTTED_UNDERLINE) {
            Underline::Dotted
        } else if flags.contains(Flags::DASHED_UNDERLINE) {
            Underline::Dashed
        } else {
            Underline::Single
        };
        let resolve = resolve && self.recoloured;
        Cell {
            text: Symbol::BLANK,
            width: 1,
            fg: self.color(raw.fg, resolve),
            bg: self.color(raw.bg, resolve),
            attrs,
            underline,
            underline_color: super::prompts::underline_color(raw).map(|color| self.color(color, resolve)),
            hyperlink: raw.hyperlink().is_some(),
        }
    }

    fn color(&self, color: ansi::Color, resolve: bool) -> Color {
        let index = match color {
            ansi::Color::Spec(rgb) => return Color::Rgb(rgb.r, rgb.g, rgb.b),
            ansi::Color::Indexed(index) => usize::from(index),
            ansi::Color::Named(name) => name as usize,
        };
        if resolve && let Some(rgb) = self.term.colors()[index] {
            return Color::Rgb(rgb.r, rgb.g, rgb.b);
        }
        u8::try_from(index).map_or(Color::Default, Color::Indexed)
    }
}
