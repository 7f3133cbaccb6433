//! The bytes that make a freshly reset terminal look and behave like a screen.

use super::cell::Cell;
use super::machine::Machine;
use super::prompts;
use super::screen::Screen;
use alacritty_terminal::grid::Cursor as RawCursor;
use alacritty_terminal::grid::Dimensions as _;
use alacritty_terminal::index::Column;
use alacritty_terminal::index::Line;
use alacritty_terminal::term::TermMode;
use alacritty_terminal::term::cell::Cell as RawCell;
use alacritty_terminal::term::cell::Flags;
use alacritty_terminal::term::cell::Hyperlink;
use alacritty_terminal::vte::ansi::CharsetIndex;
use alacritty_terminal::vte::ansi::CursorShape;
use alacritty_terminal::vte::ansi::CursorStyle;
use alacritty_terminal::vte::ansi::NamedColor;
use alacritty_terminal::vte::ansi::StandardCharset;
use std::io::Write as _;

/// No attributes, no link, no line-drawing characters.
const PLAIN: &[u8] = b"\x1b[m\x1b]8;;\x1b\\\x1b(B\x1b)B\x1b*B\x1b+B";

/// Appends formatted bytes; writing to a `Vec` cannot fail.
macro_rules! put {
    ($out:expr, $($arg:tt)*) => {
        let _ = write!($out, $($arg)*);
    };
}

impl Screen {
    /// Bytes that redraw this screen on a freshly reset terminal of the same size.
    ///
    /// They hold the newest `scrollback_lines` lines of scrollback, both screens if the alternate
    /// one is shown, colours, title, modes, tab stops, the cursor, and the beginning of a sequence
    /// that the output has not finished, so that the output's next byte can follow at once.
    /// A drawing held back by the program is shown.
    pub fn snapshot(&mut self, scrollback_lines: usize) -> Vec<u8> {
        self.stop_sync();
        let mut out = Vec::new();
        let machine = &mut self.machine;
        write_colors(&mut out, machine);
        if machine.modes().alternate_screen {
            machine.with_primary(|machine| {
                write_content(&mut out, machine, scrollback_lines);
                write_saved_cursor(&mut out, machine);
                write_cursor(&mut out, machine, &machine.term.grid().cursor, 0);
                write_kitty(&mut out, machine, 0);
            });
            out.extend_from_slice(b"\x1b[?1049h\x1b[H");
            out.extend_from_slice(PLAIN);
            // It came up in the colour behind the primary screen's next text.
            out.extend_from_slice(b"\x1b[2J");
            write_content(&mut out, machine, 0);
            write_kitty(&mut out, machine, 1);
        } else {
            write_content(&mut out, machine, scrollback_lines);
            write_kitty(&mut out, machine, 0);
        }
        write_tabs(&mut out, machine);
        write_place(&mut out, machine);
        write_modes(&mut out, machine);
        out.extend_from_slice(self.watcher.pending());
        out
    }
}

impl Machine {
    /// Runs `work` with the primary screen in front while the alternate one is shown.
    fn with_primary<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        // Going to the alternate screen clears it, so that what is on it is put aside.
        let alternate = self.term.grid().clone();
        let selection = self.term.selection.take();
        self.term.swap_alt();
        let result = work(self);
        self.term.swap_alt();
        *self.term.grid_mut() = alternate;
        self.term.selection = selection;
        result
    }

    fn row(&self, row: i32) -> &[RawCell] {
        &self.term.grid()[Line(row)][Column(0)..Column(self.term.columns())]
    }
}

/// What the terminal that is written to draws with.
#[derive(Default)]
struct Pen {
    style: Cell,
    link: Option<Hyperlink>,
}

impl Pen {
    fn take(&mut self, out: &mut Vec<u8>, style: &Cell, link: Option<Hyperlink>) {
        if !self.style.same_style(style) {
            if Cell::default().same_style(style) {
                out.extend_from_slice(b"\x1b[m");
            } else {
                style.write_sgr(out);
            }
            self.style = *style;
        }
        if self.link != link {
            match &link {
                Some(link) => {
                    let clean = |text: &str| text.chars().filter(|c| !c.is_control()).collect::<String>();
                    put!(out, "\x1b]8;id={};{}\x1b\\", clean(link.id()), clean(link.uri()));
                }
                None => out.extend_from_slice(b"\x1b]8;;\x1b\\"),
            }
            self.link = link;
        }
    }

    fn lift(&mut self, out: &mut Vec<u8>) {
        self.take(out, &Cell::default(), None);
    }
}

/// Writes rows one after the other, so that lines wrap and scroll as they did.
fn write_content(out: &mut Vec<u8>, machine: &Machine, scrollback_lines: usize) {
    let tail = machine.term.history_size().min(scrollback_lines);
    let first = -i32::try_from(tail).unwrap_or(0);
    let last = machine.term.bottommost_line().0;
    let blank = Cell::default();
    let mut pen = Pen::default();
    let mut continued = false;
    // Ends of lines that are only written once something follows; all are, when lines must scroll away.
    let mut ends = 0;
    for row in first..=last {
        let cells = machine.row(row);
        let cols = cells.len();
        let wraps = row < last && cells[cols - 1].flags.contains(Flags::WRAPLINE);
        let drawn = (0..cols).rev().find(|col| machine.cell(cells, *col, false) != blank).map_or(0, |col| col + 1);
        let length = if wraps { cols } else { drawn.max(usize::from(continued)) };
        if length > 0 || tail > 0 {
            out.extend(b"\r\n".iter().cycle().take(2 * ends));
            ends = 0;
        }
        for col in 0..length {
            let cell = machine.cell(cells, col, false);
            // The wide character that comes next leaves this place by itself.
            let left_free =
                cells[col].flags.contains(Flags::LEADING_WIDE_CHAR_SPACER) && col == cols - 1 && wraps && leads_to_same(machine, row, &cell, &cells[col]);
            if cell.width > 0 && !left_free {
                pen.take(out, &cell, cells[col].hyperlink());
                write_mark(out, &cells[col]);
                out.extend_from_slice(cell.text.as_str().as_bytes());
            }
        }
        // A row that scrolled in took on the colour behind the text.
        if continued && length < cols {
            pen.lift(out);
            out.extend_from_slice(b"\x1b[K");
        }
        if !wraps {
            pen.lift(out);
            ends += 1;
        }
        continued = wraps;
    }
    pen.lift(out);
}

/// Whether the next row begins with a wide character drawn as `cell` is.
fn leads_to_same(machine: &Machine, row: i32, cell: &Cell, raw: &RawCell) -> bool {
    let below = machine.row(row + 1);
    let next = machine.cell(below, 0, false);
    next.width == 2 && cell.same_style(&next) && raw.hyperlink() == below[0].hyperlink()
}

/// Says that a prompt begins here.
fn write_mark(out: &mut Vec<u8>, raw: &RawCell) {
    if prompts::is_marked(raw) {
        out.extend_from_slice(prompts::MARK);
    }
}

fn write_colors(out: &mut Vec<u8>, machine: &Machine) {
    if !machine.recoloured {
        return;
    }
    for index in 0..=NamedColor::Cursor as usize {
        if let Some(rgb) = machine.term.colors()[index] {
            let name = match index.checked_sub(256) {
                None => format!("4;{index}"),
                Some(extra) => (10 + extra).to_string(),
            };
            put!(out, "\x1b]{name};rgb:{:02x}/{:02x}/{:02x}\x1b\\", rgb.r, rgb.g, rgb.b);
        }
    }
}

/// Puts the cursor at its place, in rows from `top`, with its drawing state.
fn write_cursor(out: &mut Vec<u8>, machine: &Machine, cursor: &RawCursor<RawCell>, top: usize) {
    out.extend_from_slice(PLAIN);
    let mut pen = Pen::default();
    let row = usize::try_from(cursor.point.line.0).unwrap_or(0).saturating_sub(top);
    let col = cursor.point.column.0;
    let cells = machine.row(cursor.point.line.0);
    // Only drawing the last cell again makes a terminal wait at the margin; and drawing the one
    // before the cursor again lets `CSI b` repeat it.
    let again = if cursor.input_needs_wrap { Some(col) } else { col.checked_sub(1) };
    let again = again.map(|col| if machine.cell(cells, col, false).width == 0 { col.saturating_sub(1) } else { col });
    let known = |place: usize| {
        let cell = machine.cell(cells, place, false);
        place + usize::from(cell.width) == col && cell.text.as_str().chars().next() == machine.last
    };
    match again {
        Some(place) if cursor.input_needs_wrap || known(place) => {
            put!(out, "\x1b[{};{}H", row + 1, place + 1);
            let cell = machine.cell(cells, place, false);
            pen.take(out, &cell, cells[place].hyperlink());
            write_mark(out, &cells[place]);
            out.extend_from_slice(cell.text.as_str().as_bytes());
        }
        _ => {
            put!(out, "\x1b[{};{}H", row + 1, col + 1);
        }
    }
    let template = &cursor.template;
    pen.take(out, &machine.style(template, false), template.hyperlink());
    let charsets = [(CharsetIndex::G0, '('), (CharsetIndex::G1, ')'), (CharsetIndex::G2, '*'), (CharsetIndex::G3, '+')];
    for (index, letter) in charsets {
        if cursor.charsets[index] == StandardCharset::SpecialCharacterAndLineDrawing {
            put!(out, "\x1b{letter}0");
        }
    }
}

fn write_saved_cursor(out: &mut Vec<u8>, machine: &Machine) {
    let saved = &machine.term.grid().saved_cursor;
    if *saved != RawCursor::default() {
        write_cursor(out, machine, saved, 0);
        out.extend_from_slice(b"\x1b7");
    }
}

fn write_tabs(out: &mut Vec<u8>, machine: &Machine) {
    if machine.tabs.iter().enumerate().all(|(col, stop)| *stop == (col % 8 == 0)) {
        return;
    }
    out.extend_from_slice(b"\x1b[3g");
    for (col, _) in machine.tabs.iter().enumerate().filter(|(_, stop)| **stop) {
        put!(out, "\x1b[1;{}H\x1bH", col + 1);
    }
}

/// Writes the scrolling region, origin mode and both cursors, each of which moves the others.
fn write_place(out: &mut Vec<u8>, machine: &Machine) {
    let grid = machine.term.grid();
    let (top, end) = machine.region;
    if (top, end) != (0, machine.term.screen_lines()) {
        put!(out, "\x1b[{};{}r", top + 1, end);
    }
    if !machine.modes().origin {
        write_saved_cursor(out, machine);
        write_cursor(out, machine, &grid.cursor, 0);
        return;
    }
    let row = usize::try_from(grid.cursor.point.line.0).unwrap_or(0);
    if (top..end).contains(&row) {
        write_saved_cursor(out, machine);
        out.extend_from_slice(b"\x1b[?6h");
        write_cursor(out, machine, &grid.cursor, top);
    } else {
        // Outside the region only a saved cursor leads there; the program's own is given up.
        write_cursor(out, machine, &grid.cursor, 0);
        out.extend_from_slice(b"\x1b7\x1b[?6h\x1b8");
    }
}

fn write_kitty(out: &mut Vec<u8>, machine: &Machine, screen: usize) {
    let stack = &machine.kitty[screen];
    let mut flags = stack.saved.iter().chain([&stack.current]);
    if stack.saved.is_empty() && stack.current == 0 {
        return;
    }
    if let Some(first) = flags.next() {
        put!(out, "\x1b[={first};1u");
    }
    for flags in flags {
        put!(out, "\x1b[>{flags}u");
    }
}

fn write_modes(out: &mut Vec<u8>, machine: &Machine) {
    let mode = *machine.term.mode();
    let on = [
        (TermMode::APP_CURSOR, "\x1b[?1h"),
        (TermMode::APP_KEYPAD, "\x1b="),
        (TermMode::MOUSE_REPORT_CLICK, "\x1b[?1000h"),
        (TermMode::MOUSE_DRAG, "\x1b[?1002h"),
        (TermMode::MOUSE_MOTION, "\x1b[?1003h"),
        (TermMode::FOCUS_IN_OUT, "\x1b[?1004h"),
        (TermMode::UTF8_MOUSE, "\x1b[?1005h"),
        (TermMode::SGR_MOUSE, "\x1b[?1006h"),
        (TermMode::BRACKETED_PASTE, "\x1b[?2004h"),
        (TermMode::INSERT, "\x1b[4h"),
        (TermMode::LINE_FEED_NEW_LINE, "\x1b[20h"),
    ];
    let off = [
        (TermMode::LINE_WRAP, "\x1b[?7l"),
        (TermMode::SHOW_CURSOR, "\x1b[?25l"),
        (TermMode::ALTERNATE_SCROLL, "\x1b[?1007l"),
        (TermMode::URGENCY_HINTS, "\x1b[?1042l"),
    ];
    for (_, sequence) in on.iter().filter(|(flag, _)| mode.contains(*flag)) {
        out.extend_from_slice(sequence.as_bytes());
    }
    for (_, sequence) in off.iter().filter(|(flag, _)| !mode.contains(*flag)) {
        out.extend_from_slice(sequence.as_bytes());
    }
    let style = machine.term.cursor_style();
    if style != CursorStyle::default() {
        let steady = match style.shape {
            CursorShape::Underline => 4,
            CursorShape::Beam => 6,
            _ => 2,
        };
        put!(out, "\x1b[{} q", steady - i32::from(style.blinking));
    }
    if machine.prompt {
        out.extend_from_slice(prompts::MARK);
    }
    if machine.charset == CharsetIndex::G1 {
        out.push(0x0e);
    }
    if !machine.title.is_empty() {
        put!(out, "\x1b]2;{}\x1b\\", machine.title);
    }
}
