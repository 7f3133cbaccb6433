//! The grid of cells that a session's output draws.

use super::cell::Cell;
use super::commands::Commands;
use super::commands::Stands;
use super::guard::guarded;
use super::machine::Area;
use super::machine::Machine;
use super::modes::Cursor;
use super::modes::CursorShape;
use super::modes::Modes;
use super::palette::Palette;
use super::watch::Mark;
use super::watch::Notice;
use super::watch::Watcher;
use crate::model::Size;
use alacritty_terminal::grid::Dimensions as _;
use alacritty_terminal::grid::Scroll;
use alacritty_terminal::index::Column;
use alacritty_terminal::index::Line;
use alacritty_terminal::term::TermMode;
use alacritty_terminal::term::cell::Cell as RawCell;
use alacritty_terminal::term::cell::Flags;
use alacritty_terminal::vte::ansi;
use std::time::Instant;

/// Resets a terminal; what a viewer writes before a snapshot when it can't make a new one.
pub const RESET: &[u8] = b"\x1bc";

/// Something the program asked for besides drawing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScreenEvent {
    /// The title changed; no control characters, at most 256 characters, empty when reset.
    Title(String),
    /// The bell rang, once or more since the last look.
    Bell,
    /// Text for the clipboard (OSC 52), to be asked for before it is taken.
    ClipboardStore(String),
    /// The working directory (OSC 7), as an absolute path inside the container.
    Cwd(String),
    /// The engine failed on the output, and the screen begins again empty.
    Rebuilt,
}

/// A terminal without input or output of its own: bytes in, cells out.
pub struct Screen {
    pub(super) machine: Machine,
    pub(super) watcher: Watcher,
    processor: ansi::Processor,
    scrollback_lines: usize,
    generation: u64,
    /// Whoever wants to know of the shell's commands.
    pub(super) commands: Option<Box<Commands>>,
}

impl Screen {
    /// An empty screen that keeps up to `scrollback_lines` lines that leave its top.
    #[must_use]
    pub fn new(size: Size, scrollback_lines: usize) -> Self {
        Self {
            machine: Machine::new(area(size), scrollback_lines, Palette::default()),
            watcher: Watcher::default(),
            processor: ansi::Processor::new(),
            scrollback_lines,
            generation: 0,
            commands: None,
        }
    }

    /// Draws a piece of the program's output; sequences and characters may be split anywhere.
    pub fn feed(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let waited = self.sync_deadline().is_some();
        if guarded(|| self.draw(bytes)).is_none() {
            self.rebuild();
        }
        if !(waited && self.sync_deadline().is_some()) {
            self.generation += 1;
        }
    }

    fn draw(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let step = self.watcher.step(bytes);
            let (now, rest) = bytes.split_at(step.feed);
            self.run(now);
            if let Some(commands) = &mut self.commands {
                commands.see(now);
            }
            match step.notice {
                Some(Notice::NameAsked) => self.machine.reply_name(),
                Some(Notice::PlaceAsked) => self.machine.reply_place("?"),
                Some(Notice::Cwd(path)) => {
                    if let Some(commands) = &mut self.commands {
                        commands.works_in(&path);
                    }
                    self.machine.tell(ScreenEvent::Cwd(path));
                }
                Some(Notice::Shell(mark)) => {
                    // What is held back is drawn later, and nobody knows then where the prompt was.
                    self.machine.prompt = mark == (Mark::Prompt { secondary: false }) && self.sync_deadline().is_none();
                    if let Some(mut commands) = self.commands.take() {
                        // One that is ended by ST is known at its first byte.
                        let pending = self.watcher.pending();
                        let stands = Stands { col: self.cursor().col, size: self.size(), pending, back: rest.len().saturating_sub(pending.len()) };
                        commands.mark(mark, &stands, Instant::now());
                        self.commands = Some(commands);
                    }
                }
                Some(Notice::TooLong) => {
                    self.stop_sync();
                    self.machine.discard = true;
                    self.run(b"\x18");
                    self.machine.discard = false;
                }
                None => {}
            }
            bytes = &rest[step.skip..];
        }
    }

    fn run(&mut self, bytes: &[u8]) {
        self.machine.allow(bytes.len() + self.processor.sync_bytes_count());
        self.processor.advance(&mut self.machine, bytes);
    }

    fn rebuild(&mut self) {
        let fresh = Self::new(self.size(), self.scrollback_lines);
        let palette = self.machine.palette;
        let (generation, commands) = (self.generation, self.commands.take());
        *self = fresh;
        self.machine.palette = palette;
        (self.generation, self.commands) = (generation, commands);
        self.machine.tell(ScreenEvent::Rebuilt);
    }

    /// Begins again, empty, at the same size.
    pub fn reset(&mut self) {
        let palette = self.machine.palette;
        let (generation, commands) = (self.generation + 1, self.commands.take());
        *self = Self::new(self.size(), self.scrollback_lines);
        self.machine.palette = palette;
        (self.generation, self.commands) = (generation, commands);
    }

    /// Changes the size, clamped to [`Size::LIMITS`]; lines of the primary screen are wrapped anew.
    pub fn resize(&mut self, size: Size) {
        if size.clamped() == self.size() {
            return;
        }
        // A drawing that is held back was made for the old size, and when it is shown must not decide what a screen becomes.
        let resized = guarded(|| {
            self.stop_sync();
            self.machine.resize(area(size));
        });
        if resized.is_none() {
            let scrollback_lines = self.scrollback_lines;
            let (generation, commands) = (self.generation, self.commands.take());
            *self = Self::new(size, scrollback_lines);
            (self.generation, self.commands) = (generation, commands);
            self.machine.tell(ScreenEvent::Rebuilt);
        }
        self.generation += 1;
    }

    /// Columns and rows.
    #[must_use]
    pub fn size(&self) -> Size {
        let Area { cols, rows } = self.machine.area();
        Size { cols: narrow(cols), rows: narrow(rows) }
    }

    /// Sets the colours that queries are answered with.
    pub fn set_palette(&mut self, palette: Palette) {
        self.machine.palette = palette;
    }

    /// Takes the answers to the program's queries, to be written to it.
    ///
    /// Only the server's screen sends them; a viewer's copy drops them. At most 64 KiB wait.
    pub fn take_replies(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.machine.replies)
    }

    /// Takes what happened since the last call; of each kind the latest.
    pub fn take_events(&mut self) -> Vec<ScreenEvent> {
        std::mem::take(&mut self.machine.events)
    }

    /// The title that the program gave, or an empty text.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.machine.title
    }

    /// Grows when what is shown may have changed.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// The program's cursor; on a wide character, its first column.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        let term = &self.machine.term;
        let cursor = &term.grid().cursor;
        let point = cursor.point;
        let style = term.cursor_style();
        let covered = term.grid()[point].flags.contains(Flags::WIDE_CHAR_SPACER);
        Cursor {
            col: narrow(if covered { point.column.0.saturating_sub(1) } else { point.column.0 }),
            row: u16::try_from(point.line.0).unwrap_or(0),
            shape: match style.shape {
                ansi::CursorShape::Underline => CursorShape::Underline,
                ansi::CursorShape::Beam => CursorShape::Beam,
                _ => CursorShape::Block,
            },
            visible: term.mode().contains(TermMode::SHOW_CURSOR),
            blink: style.blinking,
            pending_wrap: cursor.input_needs_wrap,
        }
    }

    /// What the program has asked of its terminal.
    #[must_use]
    pub fn modes(&self) -> Modes {
        self.machine.modes()
    }

    /// Lines that have left the top and are kept; none on the alternate screen.
    #[must_use]
    pub fn scrollback_len(&self) -> usize {
        self.machine.term.history_size()
    }

    /// How many lines the view is scrolled back; grows with the output so that the view stands still.
    #[must_use]
    pub fn display_offset(&self) -> usize {
        self.machine.term.grid().display_offset()
    }

    /// Scrolls the view by `lines` (back if positive), as far as there are lines.
    pub fn scroll_view(&mut self, lines: i32) {
        let limit = i32::from(u16::MAX);
        self.machine.term.scroll_display(Scroll::Delta(lines.clamp(-limit, limit)));
        self.generation += 1;
    }

    /// Scrolls the view back to the screen itself.
    pub fn scroll_to_bottom(&mut self) {
        self.machine.term.scroll_display(Scroll::Bottom);
        self.generation += 1;
    }

    /// One cell; rows below 0 are scrollback, −1 the newest. A blank where there is none.
    #[must_use]
    pub fn cell(&self, row: i32, col: u16) -> Cell {
        match self.raw_row(row) {
            Some(cells) if usize::from(col) < cells.len() => self.machine.cell(cells, usize::from(col), true),
            _ => Cell::default(),
        }
    }

    /// Calls `see` with each cell that is seen when scrolled back by `display_offset` lines.
    ///
    /// Rows count from the top of the view.
    pub fn visit(&self, display_offset: usize, mut see: impl FnMut(u16, u16, &Cell)) {
        let size = self.size();
        let offset = i32::try_from(display_offset.min(self.scrollback_len())).unwrap_or(0);
        for row in 0..size.rows {
            let Some(cells) = self.raw_row(i32::from(row) - offset) else { continue };
            for col in 0..size.cols {
                see(row, col, &self.machine.cell(cells, usize::from(col), true));
            }
        }
    }

    /// The lines of the screen; blanks at their ends, and blank lines at the end, left out.
    #[must_use]
    pub fn text(&self) -> String {
        let rows = i32::from(self.size().rows);
        let lines: Vec<String> = (0..rows).map(|row| self.row_text(row).trim_end().to_owned()).collect();
        lines.join("\n").trim_end_matches('\n').to_owned()
    }

    /// The scrollback and the screen as lines; those that were wrapped at the margin are whole.
    #[must_use]
    pub fn text_with_scrollback(&self) -> String {
        let first = -i32::try_from(self.scrollback_len()).unwrap_or(0);
        let mut text = String::new();
        for row in first..i32::from(self.size().rows) {
            let line = self.row_text(row);
            if self.is_wrapped(row) {
                text.push_str(&line);
            } else {
                text.push_str(line.trim_end());
                text.push('\n');
            }
        }
        text.trim_end_matches('\n').to_owned()
    }

    /// Whether the line in `row` goes on in the next one.
    #[must_use]
    pub fn is_wrapped(&self, row: i32) -> bool {
        let last = self.raw_row(row).and_then(<[RawCell]>::last);
        last.is_some_and(|cell| cell.flags.contains(Flags::WRAPLINE))
    }

    /// When a drawing that the program holds back (mode 2026) must be shown at the latest.
    #[must_use]
    pub fn sync_deadline(&self) -> Option<Instant> {
        self.processor.sync_timeout().sync_timeout()
    }

    /// Shows what is held back, if its time is over by `now`; returns whether anything was.
    pub fn stop_sync_if_due(&mut self, now: Instant) -> bool {
        let due = self.sync_deadline().is_some_and(|deadline| deadline <= now);
        if due {
            if guarded(|| self.stop_sync()).is_none() {
                self.rebuild();
            }
            self.generation += 1;
        }
        due
    }

    /// Whether plain lines scroll from here on through the whole screen into the scrollback, whatever else the program has set.
    pub(super) fn lets_output_wait(&self) -> bool {
        let term = &self.machine.term;
        let whole = self.machine.region == (0, term.screen_lines()) && !term.mode().contains(TermMode::ALT_SCREEN);
        whole && self.watcher.is_between() && self.sync_deadline().is_none()
    }

    pub(super) fn stop_sync(&mut self) {
        if self.sync_deadline().is_some() {
            self.machine.allow(self.processor.sync_bytes_count());
            self.processor.stop_sync(&mut self.machine);
        }
    }

    /// The engine's cells of a row, if there is such a row.
    pub(super) fn raw_row(&self, row: i32) -> Option<&[RawCell]> {
        let term = &self.machine.term;
        let known = term.topmost_line().0..=term.bottommost_line().0;
        known.contains(&row).then(|| &term.grid()[Line(row)][Column(0)..Column(term.columns())])
    }

    pub(super) fn row_text(&self, row: i32) -> String {
        let mut text = String::new();
        let Some(cells) = self.raw_row(row) else { return text };
        for col in 0..cells.len() {
            text.push_str(self.machine.cell(cells, col, false).text.as_str());
        }
        text
    }
}

fn area(size: Size) -> Area {
    let size = size.clamped();
    Area { cols: usize::from(size.cols), rows: usize::from(size.rows) }
}

fn narrow(value: usize) -> u16 {
    u16::try_from(value).unwrap_or(u16::MAX)
}
