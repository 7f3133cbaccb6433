//! Small pictures of screens: cut out on the server, drawn without a whole engine by a viewer.

use super::cell::Attrs;
use super::cell::Cell;
use super::cell::Color;
use super::cell::Symbol;
use super::cell::Underline;
use super::guard::guarded;
use super::screen::Screen;
use crate::model::Size;
use std::io::Write as _;
use std::num::NonZeroU16;
use unicode_width::UnicodeWidthChar as _;

/// A small part of a screen as text that addresses its cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TileFrame {
    /// Width in cells.
    pub cols: u16,
    /// Height in cells.
    pub rows: u16,
    /// Cursor positions, SGR and text, to be drawn on an empty grid; no other sequences.
    pub ansi: Vec<u8>,
}

impl Screen {
    /// The part of the screen around the cursor, at most `cols` × `rows` cells.
    ///
    /// It stays at the left edge, and at the top, unless a visible cursor lies outside.
    #[must_use]
    pub fn tile(&self, cols: u16, rows: u16) -> TileFrame {
        let size = self.size();
        let cursor = self.cursor();
        let (cols, rows) = (cols.min(size.cols), rows.min(size.rows));
        let follow = |place: u16, length: u16| if cursor.visible { (place + 1).saturating_sub(length) } else { 0 };
        let left = follow(cursor.col, cols);
        let top = follow(cursor.row, rows);
        let mut ansi = Vec::new();
        let mut style = Cell::default();
        for row in 0..rows {
            // Cells between here and the next drawn one are blank and need not be written.
            let mut at = None;
            for col in 0..cols {
                let cell = small(&self.cell(i32::from(top + row), left + col), cols - col);
                if cell.is_blank() || cell.width == 0 {
                    continue;
                }
                if at != Some(col) {
                    // Writing to a Vec cannot fail.
                    let _ = write!(ansi, "\x1b[{};{}H", row + 1, col + 1);
                }
                if !style.same_style(&cell) {
                    cell.write_sgr(&mut ansi);
                    style = cell;
                }
                ansi.extend_from_slice(cell.text.as_str().as_bytes());
                at = Some(col + u16::from(cell.width));
            }
        }
        TileFrame { cols, rows, ansi }
    }
}

/// The cell as a small picture shows it, with `room` columns left.
fn small(cell: &Cell, room: u16) -> Cell {
    let mut cell = Cell { underline_color: None, hyperlink: false, ..*cell };
    if cell.underline != Underline::None {
        cell.underline = Underline::Single;
    }
    let cut = u16::from(cell.width) > room;
    if cut || cell.attrs.contains(Attrs::HIDDEN) {
        cell.text = if cell.width == 0 { Symbol::EMPTY } else { Symbol::BLANK };
        cell.width = cell.width.min(1);
    } else {
        // Characters that change another's width are what small engines fail on.
        let mut text = Symbol::EMPTY;
        for (place, c) in cell.text.as_str().chars().enumerate() {
            let selector = matches!(c, '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}');
            if place == 0 || !selector {
                // The one that stands for broken text is not drawn by them at all.
                text.push(if c == char::REPLACEMENT_CHARACTER { '?' } else { c });
            }
        }
        cell.text = text;
    }
    cell.attrs.set(Attrs::HIDDEN | Attrs::BLINK | Attrs::STRIKE, false);
    cell
}

/// A drawn small picture: a grid of cells that never changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    size: Size,
    cells: Vec<Cell>,
}

impl Picture {
    /// Draws `ansi` on an empty grid of `size`; what can't be drawn leaves it blank.
    #[must_use]
    pub fn from_ansi(ansi: &[u8], size: Size) -> Self {
        let size = size.clamped();
        let count = usize::from(size.cols) * usize::from(size.rows);
        let cells = guarded(|| draw(ansi, size)).unwrap_or_else(|| vec![Cell::default(); count]);
        Self { size, cells }
    }

    /// Columns and rows.
    #[must_use]
    pub fn size(&self) -> Size {
        self.size
    }

    /// The cell at a place, `None` outside.
    #[must_use]
    pub fn cell(&self, row: u16, col: u16) -> Option<&Cell> {
        let inside = row < self.size.rows && col < self.size.cols;
        let place = usize::from(row) * usize::from(self.size.cols) + usize::from(col);
        self.cells.get(place).filter(|_| inside)
    }

    /// Calls `see` with each row, column and cell.
    pub fn visit(&self, mut see: impl FnMut(u16, u16, &Cell)) {
        for row in 0..self.size.rows {
            for col in 0..self.size.cols {
                if let Some(cell) = self.cell(row, col) {
                    see(row, col, cell);
                }
            }
        }
    }

    /// The lines, blanks at their ends left out.
    #[must_use]
    pub fn text(&self) -> String {
        let rows = self.cells.chunks(usize::from(self.size.cols));
        let line = |row: &[Cell]| row.iter().map(|cell| cell.text.as_str()).collect::<String>().trim_end().to_owned();
        rows.map(line).collect::<Vec<_>>().join("\n").trim_end_matches('\n').to_owned()
    }
}

fn draw(ansi: &[u8], size: Size) -> Vec<Cell> {
    // A clamped size has no side of 0.
    let side = |length: u16| NonZeroU16::new(length).unwrap_or(NonZeroU16::MIN);
    let mut parser = vt100::Parser::new(side(size.rows), side(size.cols), 0);
    parser.process(ansi);
    let screen = parser.screen();
    let mut cells = Vec::with_capacity(usize::from(size.cols) * usize::from(size.rows));
    for row in 0..size.rows {
        for col in 0..size.cols {
            cells.push(screen.cell(row, col).map(convert).unwrap_or_default());
        }
    }
    cells
}

fn convert(cell: &vt100::Cell) -> Cell {
    let color = |color: vt100::Color| match color {
        vt100::Color::Default => Color::Default,
        vt100::Color::Idx(index) => Color::Indexed(index),
        vt100::Color::Rgb(r, g, b) => Color::Rgb(r, g, b),
    };
    let mut attrs = Attrs::NONE;
    attrs.set(Attrs::BOLD, cell.bold());
    attrs.set(Attrs::DIM, cell.dim());
    attrs.set(Attrs::ITALIC, cell.italic());
    attrs.set(Attrs::INVERSE, cell.inverse());
    let contents = cell.contents();
    let wide = contents.chars().next().and_then(|c| c.width()) == Some(2);
    let (text, width) = match contents {
        _ if cell.is_wide_continuation() => (Symbol::EMPTY, 0),
        "" => (Symbol::BLANK, 1),
        text => (Symbol::from(text), if wide { 2 } else { 1 }),
    };
    Cell {
        text,
        width,
        fg: color(cell.fgcolor()),
        bg: color(cell.bgcolor()),
        attrs,
        underline: if cell.underline() { Underline::Single } else { Underline::None },
        underline_color: None,
        hyperlink: false,
    }
}
