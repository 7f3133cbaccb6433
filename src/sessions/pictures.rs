//! Pictures of screens: SVG, drawn from our own cells.
use crate::term::Attrs;
use crate::term::Cell;
use crate::term::Color;
use crate::term::Palette;
use crate::term::Rgb;
use crate::term::Screen;
use crate::term::Underline;
use std::fmt::Write as _;

/// Pixels of a cell; a monospaced letter is three fifths as wide as its font is high.
const CELL: (u32, u32) = (9, 18);
/// Pixels of a letter's height, and from the top of a cell to the line that it stands on.
const FONT: u32 = 15;
const BASE: u32 = 14;
/// Pixels around the screen.
const MARGIN: u32 = 9;

/// Appends formatted text; writing to a `String` cannot fail.
macro_rules! put {
    ($out:expr, $($arg:tt)*) => {
        let _ = write!($out, $($arg)*);
    };
}

/// How a cell is drawn, with its colours decided.
#[derive(Clone, Copy, PartialEq)]
struct Look {
    fg: Rgb,
    bg: Rgb,
    attrs: Attrs,
    underline: Underline,
    line: Rgb,
}

/// Cells of a row that are drawn at once.
struct Run {
    col: u32,
    cols: u32,
    text: String,
    look: Look,
}

/// The screen as a picture that stands alone: no scripts, no fonts, no links.
#[must_use]
pub fn svg(screen: &Screen) -> String {
    let palette = Palette::default();
    let size = screen.size();
    let (width, height) = (u32::from(size.cols) * CELL.0 + 2 * MARGIN, u32::from(size.rows) * CELL.1 + 2 * MARGIN);
    let mut out = String::new();
    put!(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n");
    put!(out, "<rect width=\"{width}\" height=\"{height}\" rx=\"5\" fill=\"{}\"/>\n", hex(palette.background));
    put!(out, "<g font-family=\"ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace\" font-size=\"{FONT}\">\n");
    let runs: Vec<Vec<Run>> = (0..size.rows).map(|row| runs(screen, row, &palette)).collect();
    // All that is behind first: letters may reach into their neighbours' cells.
    for (row, runs) in (0..).zip(&runs) {
        for run in runs.iter().filter(|run| run.look.bg != palette.background) {
            let (x, y) = place(run.col, row);
            put!(out, "<rect x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\" fill=\"{}\"/>\n", run.cols * CELL.0, CELL.1, hex(run.look.bg));
        }
    }
    let cursor = screen.cursor();
    if cursor.visible {
        let (x, y) = place(u32::from(cursor.col), u32::from(cursor.row));
        put!(out, "<rect x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\" fill=\"{}\" fill-opacity=\"0.5\"/>\n", CELL.0, CELL.1, hex(palette.cursor));
    }
    for (row, runs) in (0..).zip(&runs) {
        runs.iter().for_each(|run| draw(&mut out, run, row));
    }
    out.push_str("</g>\n</svg>\n");
    out
}

fn place(col: u32, row: u32) -> (u32, u32) {
    (MARGIN + col * CELL.0, MARGIN + row * CELL.1)
}

fn runs(screen: &Screen, row: u16, palette: &Palette) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for col in 0..screen.size().cols {
        let cell = screen.cell(i32::from(row), col);
        let look = look(&cell, palette);
        match runs.last_mut() {
            Some(last) if cell.width == 0 => last.cols += 1,
            // A letter that is wider than a cell, or drawn by several characters, stands alone, so that it can't move the others.
            Some(last)
                if last.look == look && cell.width == 1 && last.text.chars().count() == last.cols as usize && cell.text.as_str().chars().count() == 1 =>
            {
                last.cols += 1;
                last.text.push_str(cell.text.as_str());
            }
            _ => runs.push(Run { col: u32::from(col), cols: 1, text: cell.text.as_str().to_owned(), look }),
        }
    }
    runs
}

fn look(cell: &Cell, palette: &Palette) -> Look {
    let rgb = |color: Color, default: Rgb| match color {
        Color::Default => default,
        Color::Indexed(index) => palette.indexed(index),
        Color::Rgb(r, g, b) => (r, g, b),
    };
    let (mut fg, mut bg) = (rgb(cell.fg, palette.foreground), rgb(cell.bg, palette.background));
    if cell.attrs.contains(Attrs::INVERSE) {
        std::mem::swap(&mut fg, &mut bg);
    }
    Look { fg, bg, attrs: cell.attrs, underline: cell.underline, line: cell.underline_color.map_or(fg, |color| rgb(color, fg)) }
}

fn draw(out: &mut String, run: &Run, row: u32) {
    let (x, y) = place(run.col, row);
    let Look { fg, attrs, .. } = run.look;
    let width = run.cols * CELL.0;
    // Blanks at the ends would stretch what stands between: a run with several letters has one a cell.
    let text = run.text.trim_matches(' ');
    let cells = |text: &str| u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
    let blank_before = cells(&run.text) - cells(run.text.trim_start_matches(' '));
    let text_cols = if cells(&run.text) > 1 && cells(&run.text) == run.cols { cells(text) } else { run.cols };
    if !attrs.contains(Attrs::HIDDEN) && !text.is_empty() {
        let (x, length) = (x + blank_before * CELL.0, text_cols * CELL.0);
        put!(out, "<text x=\"{x}\" y=\"{}\" textLength=\"{length}\" fill=\"{}\"", y + BASE, hex(fg));
        for (attr, style) in [(Attrs::BOLD, " font-weight=\"bold\""), (Attrs::ITALIC, " font-style=\"italic\""), (Attrs::DIM, " fill-opacity=\"0.6\"")] {
            if attrs.contains(attr) {
                out.push_str(style);
            }
        }
        out.push('>');
        text.chars().for_each(|c| escape(out, c));
        out.push_str("</text>\n");
    }
    let dashes = match run.look.underline {
        Underline::None => None,
        Underline::Single | Underline::Double | Underline::Curly => Some(""),
        Underline::Dotted => Some(" stroke-dasharray=\"1 2\""),
        Underline::Dashed => Some(" stroke-dasharray=\"4 2\""),
    };
    if let Some(dashes) = dashes {
        line(out, (x, y + BASE + 2), width, run.look.line, dashes);
        if run.look.underline == Underline::Double {
            line(out, (x, y + BASE + 4), width, run.look.line, dashes);
        }
    }
    if attrs.contains(Attrs::STRIKE) {
        line(out, (x, y + CELL.1 / 2), width, fg, "");
    }
}

fn line(out: &mut String, (x, y): (u32, u32), width: u32, color: Rgb, dashes: &str) {
    put!(out, "<path d=\"M{x} {y}h{width}\" stroke=\"{}\"{dashes}/>\n", hex(color));
}

/// What a container printed is text here, never markup; characters that XML has no place for are left out.
fn escape(out: &mut String, c: char) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '\u{fffe}' | '\u{ffff}' => out.push(char::REPLACEMENT_CHARACTER),
        // Renderers make one of several blanks, but not of these.
        ' ' => out.push('\u{a0}'),
        c if c.is_control() => out.push('\u{a0}'),
        c => out.push(c),
    }
}

fn hex((r, g, b): Rgb) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}
