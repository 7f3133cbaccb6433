//! The terminal engine with what it lacks: replies, blinking, kitty's keyboard flags, limits.

use super::cell::SYMBOL_BYTES;
use super::modes::Modes;
use super::modes::MouseEncoding;
use super::modes::MouseMode;
use super::palette::Palette;
use super::screen::ScreenEvent;
use alacritty_terminal::Term;
use alacritty_terminal::event::VoidListener;
use alacritty_terminal::grid::Cursor;
use alacritty_terminal::grid::Dimensions;
use alacritty_terminal::index::Column;
use alacritty_terminal::index::Line;
use alacritty_terminal::term::Config;
use alacritty_terminal::term::TermMode;
use alacritty_terminal::term::cell::Cell as RawCell;
use alacritty_terminal::term::cell::Flags;
use alacritty_terminal::vte::ansi;
use alacritty_terminal::vte::ansi::NamedColor;

/// The engine's flag bits end before this one, which it keeps and copies as it does the others.
pub(super) const BLINK: Flags = Flags::from_bits_retain(1 << 15);
/// Reply bytes that wait for whoever writes them to the program; more are dropped.
const MAX_REPLY_BYTES: usize = 64 * 1024;
/// Events that wait to be taken; the oldest of more are dropped.
const MAX_EVENTS: usize = 64;
/// Characters of a title.
const MAX_TITLE_CHARS: usize = 256;
/// Depth of the title and keyboard stacks; the oldest entry of more is dropped.
pub(super) const MAX_STACK: usize = 16;
/// Width and height of a cell in pixels, for programs that insist on knowing.
pub(super) const CELL_PIXELS: (usize, usize) = (8, 16);
/// Characters that one run may draw beyond its own bytes, since `CSI b` repeats 65,535 times.
const REPEAT_BUDGET: usize = 1 << 20;

/// Columns and rows in the engine's own terms.
#[derive(Clone, Copy)]
pub(super) struct Area {
    pub cols: usize,
    pub rows: usize,
}

impl Dimensions for Area {
    fn total_lines(&self) -> usize {
        self.rows
    }

    fn screen_lines(&self) -> usize {
        self.rows
    }

    fn columns(&self) -> usize {
        self.cols
    }
}

/// The keyboard flags of one of the two screens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct KittyStack {
    pub current: u8,
    pub saved: Vec<u8>,
}

/// The engine and the state beside it.
pub(super) struct Machine {
    pub term: Term<VoidListener>,
    pub palette: Palette,
    /// First row of the scrolling region and the one after its last.
    pub region: (usize, usize),
    pub tabs: Vec<bool>,
    pub charset: ansi::CharsetIndex,
    /// What the primary screen's saved cursor was before the alternate one covered it by another mode than 1049.
    pub saved_behind: Option<Cursor<RawCell>>,
    pub title: String,
    pub titles: Vec<String>,
    /// For the primary and the alternate screen.
    pub kitty: [KittyStack; 2],
    /// Whether some named colour was changed by the program.
    pub recoloured: bool,
    /// The character that `CSI b` would repeat, as it was drawn.
    pub last: Option<char>,
    /// The next character is a prompt's first.
    pub prompt: bool,
    /// Characters that may still be drawn in this run.
    pub budget: usize,
    /// The string that ends now was cut: nothing it asks for is done.
    pub discard: bool,
    pub replies: Vec<u8>,
    pub events: Vec<ScreenEvent>,
}

impl Machine {
    pub fn new(area: Area, scrollback_lines: usize, palette: Palette) -> Self {
        let config = Config { scrolling_history: scrollback_lines, ..Config::default() };
        Self {
            term: Term::new(config, &area, VoidListener),
            palette,
            region: (0, area.rows),
            tabs: default_tabs(area.cols),
            charset: ansi::CharsetIndex::G0,
            saved_behind: None,
            title: String::new(),
            titles: Vec::new(),
            kitty: Default::default(),
            recoloured: false,
            last: None,
            prompt: false,
            budget: 0,
            discard: false,
            replies: Vec::new(),
            events: Vec::new(),
        }
    }

    pub fn area(&self) -> Area {
        Area { cols: self.term.columns(), rows: self.term.screen_lines() }
    }

    pub fn resize(&mut self, area: Area) {
        if area.cols != self.term.columns() {
            let first = self.tabs.len();
            self.tabs.truncate(area.cols);
            self.tabs.extend((first..area.cols).map(|col| col % 8 == 0));
        }
        self.term.resize(area);
        self.region = (0, area.rows);
        self.settle_cursors();
        for row in 0..=self.term.bottommost_line().0 {
            self.mend_row(Line(row));
        }
    }

    /// Sets how much may be drawn by the next `bytes` bytes.
    pub fn allow(&mut self, bytes: usize) {
        self.budget = bytes.saturating_add(REPEAT_BUDGET);
    }

    pub fn reply(&mut self, text: &str) {
        if self.replies.len() + text.len() <= MAX_REPLY_BYTES {
            self.replies.extend_from_slice(text.as_bytes());
        }
    }

    /// Keeps an event; of a kind that only its last matters, the earlier ones go.
    pub fn tell(&mut self, event: ScreenEvent) {
        self.events.retain(|other| std::mem::discriminant(other) != std::mem::discriminant(&event));
        self.events.push(event);
        if self.events.len() > MAX_EVENTS {
            self.events.remove(0);
        }
    }

    pub fn reply_name(&mut self) {
        self.reply(concat!("\x1bP>|cto(", env!("CARGO_PKG_VERSION"), ")\x1b\\"));
    }

    pub fn reply_place(&mut self, marker: &str) {
        let point = self.term.grid().cursor.point;
        let mut row = usize::try_from(point.line.0).unwrap_or(0);
        if self.term.mode().contains(TermMode::ORIGIN) {
            row = row.saturating_sub(self.region.0);
        }
        self.reply(&format!("\x1b[{marker}{};{}R", row + 1, point.column.0 + 1));
    }

    pub fn modes(&self) -> Modes {
        let mode = self.term.mode();
        let alternate_screen = mode.contains(TermMode::ALT_SCREEN);
        Modes {
            app_cursor: mode.contains(TermMode::APP_CURSOR),
            app_keypad: mode.contains(TermMode::APP_KEYPAD),
            bracketed_paste: mode.contains(TermMode::BRACKETED_PASTE),
            mouse: if mode.contains(TermMode::MOUSE_MOTION) {
                MouseMode::Motion
            } else if mode.contains(TermMode::MOUSE_DRAG) {
                MouseMode::Drag
            } else if mode.contains(TermMode::MOUSE_REPORT_CLICK) {
                MouseMode::Click
            } else {
                MouseMode::Off
            },
            mouse_encoding: if mode.contains(TermMode::SGR_MOUSE) {
                MouseEncoding::Sgr
            } else if mode.contains(TermMode::UTF8_MOUSE) {
                MouseEncoding::Utf8
            } else {
                MouseEncoding::Normal
            },
            focus_events: mode.contains(TermMode::FOCUS_IN_OUT),
            alternate_screen,
            alternate_scroll: mode.contains(TermMode::ALTERNATE_SCROLL),
            kitty: self.kitty[usize::from(alternate_screen)].current,
            insert: mode.contains(TermMode::INSERT),
            origin: mode.contains(TermMode::ORIGIN),
            auto_wrap: mode.contains(TermMode::LINE_WRAP),
            newline: mode.contains(TermMode::LINE_FEED_NEW_LINE),
        }
    }

    /// What a colour query is answered with.
    pub fn known_color(&self, index: usize) -> (u8, u8, u8) {
        if let Some(rgb) = self.term.colors()[index] {
            return (rgb.r, rgb.g, rgb.b);
        }
        match u8::try_from(index) {
            Ok(index) => self.palette.indexed(index),
            Err(_) if index == NamedColor::Background as usize => self.palette.background,
            Err(_) if index == NamedColor::Cursor as usize => self.palette.cursor,
            Err(_) => self.palette.foreground,
        }
    }

    /// Ends a wait at the margin for a cursor that the engine has moved away from it.
    pub fn settle_cursors(&mut self) {
        let last = Column(self.term.columns() - 1);
        let grid = self.term.grid_mut();
        grid.cursor.input_needs_wrap &= grid.cursor.point.column == last;
        grid.saved_cursor.input_needs_wrap &= grid.saved_cursor.point.column == last;
    }

    /// Makes blanks of the halves of wide characters that have lost their other half.
    pub fn mend_row(&mut self, line: Line) {
        let row = &mut self.term.grid_mut()[line][..];
        for col in 0..row.len() {
            let flags = row[col].flags;
            if flags.contains(Flags::WIDE_CHAR) {
                if !row.get(col + 1).is_some_and(|next| next.flags.contains(Flags::WIDE_CHAR_SPACER)) {
                    row[col].clear_wide();
                }
            } else if flags.contains(Flags::WIDE_CHAR_SPACER) && (col == 0 || !row[col - 1].flags.contains(Flags::WIDE_CHAR)) {
                row[col].flags.remove(Flags::WIDE_CHAR_SPACER);
            }
        }
    }

    /// The cell that was drawn last, if the cursor still stands behind it.
    pub fn last_cell(&self) -> (Line, Column) {
        let grid = self.term.grid();
        let mut col = grid.cursor.point.column.0;
        if !grid.cursor.input_needs_wrap {
            col = col.saturating_sub(1);
        }
        let row = &grid[grid.cursor.point.line];
        if row[Column(col)].flags.contains(Flags::WIDE_CHAR_SPACER) {
            col = col.saturating_sub(1);
        }
        (grid.cursor.point.line, Column(col))
    }

    pub fn has_room_for_mark(&self, c: char) -> bool {
        let (line, column) = self.last_cell();
        let cell = &self.term.grid()[line][column];
        let marks: usize = cell.zerowidth().into_iter().flatten().map(|mark| mark.len_utf8()).sum();
        cell.c.len_utf8() + marks + c.len_utf8() <= SYMBOL_BYTES
    }

    pub fn kitty(&mut self) -> &mut KittyStack {
        let alternate = self.term.mode().contains(TermMode::ALT_SCREEN);
        &mut self.kitty[usize::from(alternate)]
    }

    pub fn name(&mut self, title: &str) {
        let title: String = title.chars().filter(|c| !c.is_control()).take(MAX_TITLE_CHARS).collect();
        if title != self.title {
            self.title.clone_from(&title);
            self.tell(ScreenEvent::Title(title));
        }
    }
}

/// A stop in every eighth column.
pub(super) fn default_tabs(cols: usize) -> Vec<bool> {
    (0..cols).map(|col| col % 8 == 0).collect()
}
