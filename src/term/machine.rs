//! The terminal engine with what it lacks: replies, blinking, kitty's keyboard flags, limits.

use super::cell::Attrs;
use super::cell::Cell;
use super::cell::Color;
use super::cell::SYMBOL_BYTES;
use super::cell::Symbol;
use super::cell::Underline;
use super::modes::Modes;
use super::modes::MouseEncoding;
use super::modes::MouseMode;
use super::palette::Palette;
use super::screen::ScreenEvent;
use alacritty_terminal::Term;
use alacritty_terminal::event::VoidListener;
use alacritty_terminal::grid::Dimensions;
use alacritty_terminal::index::Column;
use alacritty_terminal::index::Line;
use alacritty_terminal::term::Config;
use alacritty_terminal::term::TermMode;
use alacritty_terminal::term::cell::Cell as RawCell;
use alacritty_terminal::term::cell::Flags;
use alacritty_terminal::vte::ansi;
use alacritty_terminal::vte::ansi::Handler;
use alacritty_terminal::vte::ansi::NamedColor;
use std::fmt::Write as _;
use unicode_width::UnicodeWidthChar as _;

/// The engine's flag bits end before this one, which it keeps and copies as it does the others.
pub(super) const BLINK: Flags = Flags::from_bits_retain(1 << 15);
/// Reply bytes that wait for whoever writes them to the program; more are dropped.
const MAX_REPLY_BYTES: usize = 64 * 1024;
/// Events that wait to be taken; the oldest of more are dropped.
const MAX_EVENTS: usize = 64;
/// Characters of a title.
const MAX_TITLE_CHARS: usize = 256;
/// Depth of the title and keyboard stacks; the oldest entry of more is dropped.
const MAX_STACK: usize = 16;
/// Width and height of a cell in pixels, for programs that insist on knowing.
const CELL_PIXELS: (usize, usize) = (8, 16);
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
    pub title: String,
    pub titles: Vec<String>,
    /// For the primary and the alternate screen.
    pub kitty: [KittyStack; 2],
    /// Whether some named colour was changed by the program.
    pub recoloured: bool,
    /// The character that `CSI b` would repeat, as it was drawn.
    pub last: Option<char>,
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
            title: String::new(),
            titles: Vec::new(),
            kitty: Default::default(),
            recoloured: false,
            last: None,
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

    /// The cell at a column of a row; broken halves of wide characters read as blanks.
    ///
    /// With `resolve`, colours that the program changed come out as they are now.
    pub fn cell(&self, row: &[RawCell], col: usize, resolve: bool) -> Cell {
        let raw = &row[col];
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
            underline_color: raw.underline_color().map(|color| self.color(color, resolve)),
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

    /// What a colour query is answered with.
    fn known_color(&self, index: usize) -> (u8, u8, u8) {
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
    fn settle_cursors(&mut self) {
        let last = Column(self.term.columns() - 1);
        let grid = self.term.grid_mut();
        grid.cursor.input_needs_wrap &= grid.cursor.point.column == last;
        grid.saved_cursor.input_needs_wrap &= grid.saved_cursor.point.column == last;
    }

    /// Makes blanks of the halves of wide characters that have lost their other half.
    fn mend_row(&mut self, line: Line) {
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

    fn has_room_for_mark(&self, c: char) -> bool {
        let grid = self.term.grid();
        let mut col = grid.cursor.point.column.0;
        if !grid.cursor.input_needs_wrap {
            col = col.saturating_sub(1);
        }
        let row = &grid[grid.cursor.point.line];
        if row[Column(col)].flags.contains(Flags::WIDE_CHAR_SPACER) {
            col = col.saturating_sub(1);
        }
        let cell = &row[Column(col)];
        let marks: usize = cell.zerowidth().into_iter().flatten().map(|mark| mark.len_utf8()).sum();
        cell.c.len_utf8() + marks + c.len_utf8() <= SYMBOL_BYTES
    }

    fn kitty(&mut self) -> &mut KittyStack {
        let alternate = self.term.mode().contains(TermMode::ALT_SCREEN);
        &mut self.kitty[usize::from(alternate)]
    }

    fn name(&mut self, title: &str) {
        let title: String = title.chars().filter(|c| !c.is_control()).take(MAX_TITLE_CHARS).collect();
        if title != self.title {
            self.title.clone_from(&title);
            self.tell(ScreenEvent::Title(title));
        }
    }

    fn private_mode_state(&self, mode: ansi::PrivateMode) -> Option<bool> {
        use ansi::NamedPrivateMode as Named;
        let ansi::PrivateMode::Named(named) = mode else { return None };
        let flag = match named {
            Named::CursorKeys => TermMode::APP_CURSOR,
            Named::Origin => TermMode::ORIGIN,
            Named::LineWrap => TermMode::LINE_WRAP,
            Named::ShowCursor => TermMode::SHOW_CURSOR,
            Named::ReportMouseClicks => TermMode::MOUSE_REPORT_CLICK,
            Named::ReportCellMouseMotion => TermMode::MOUSE_DRAG,
            Named::ReportAllMouseMotion => TermMode::MOUSE_MOTION,
            Named::ReportFocusInOut => TermMode::FOCUS_IN_OUT,
            Named::Utf8Mouse => TermMode::UTF8_MOUSE,
            Named::SgrMouse => TermMode::SGR_MOUSE,
            Named::AlternateScroll => TermMode::ALTERNATE_SCROLL,
            Named::UrgencyHints => TermMode::URGENCY_HINTS,
            Named::SwapScreenAndSetRestoreCursor => TermMode::ALT_SCREEN,
            Named::BracketedPaste => TermMode::BRACKETED_PASTE,
            Named::BlinkingCursor => return Some(self.term.cursor_style().blinking),
            // Whoever can read the reply is not inside an update.
            Named::SyncUpdate => return Some(false),
            Named::ColumnMode => return None,
        };
        Some(self.term.mode().contains(flag))
    }
}

fn default_tabs(cols: usize) -> Vec<bool> {
    (0..cols).map(|col| col % 8 == 0).collect()
}

fn report(state: Option<bool>) -> u8 {
    match state {
        None => 0,
        Some(true) => 1,
        Some(false) => 2,
    }
}

/// Passes calls on to the engine, then mends the wide characters that they may have cut in two.
macro_rules! pass_and_mend {
    ($($name:ident($arg:ident: $kind:ty);)*) => {
        $(fn $name(&mut self, $arg: $kind) {
            self.term.$name($arg);
            self.mend_row(self.term.grid().cursor.point.line);
        })*
    };
}

/// Passes calls on to the engine unchanged.
macro_rules! pass {
    ($($name:ident($($arg:ident: $kind:ty),*);)*) => {
        $(fn $name(&mut self, $($arg: $kind),*) {
            self.term.$name($($arg),*);
        })*
    };
}

impl Handler for Machine {
    pass! {
        set_cursor_style(style: Option<ansi::CursorStyle>);
        set_cursor_shape(shape: ansi::CursorShape);
        goto(line: i32, col: usize);
        goto_line(line: i32);
        goto_col(col: usize);
        move_up(count: usize);
        move_down(count: usize);
        move_forward(count: usize);
        move_backward(count: usize);
        move_down_and_cr(count: usize);
        move_up_and_cr(count: usize);
        put_tab(count: u16);
        backspace();
        carriage_return();
        linefeed();
        substitute();
        newline();
        scroll_up(count: usize);
        scroll_down(count: usize);
        insert_blank_lines(count: usize);
        delete_lines(count: usize);
        move_forward_tabs(count: u16);
        save_cursor_position();
        reverse_index();
        set_mode(mode: ansi::Mode);
        unset_mode(mode: ansi::Mode);
        set_keypad_application_mode();
        unset_keypad_application_mode();
        configure_charset(index: ansi::CharsetIndex, charset: ansi::StandardCharset);
        reset_color(index: usize);
        decaln();
    }

    pass_and_mend! {
        insert_blank(count: usize);
        erase_chars(count: usize);
        delete_chars(count: usize);
        clear_line(mode: ansi::LineClearMode);
    }

    fn input(&mut self, c: char) {
        let Some(left) = self.budget.checked_sub(1) else { return };
        self.budget = left;
        // Below U+0300 every character takes a column.
        if c >= '\u{300}' && c.width() == Some(0) && !self.has_room_for_mark(c) {
            return;
        }
        self.last = Some(self.term.grid().cursor.charsets[self.charset].map(c));
        self.term.input(c);
        if self.term.mode().contains(TermMode::INSERT) {
            self.mend_row(self.term.grid().cursor.point.line);
        }
    }

    fn clear_screen(&mut self, mode: ansi::ClearMode) {
        let above = matches!(mode, ansi::ClearMode::Above);
        self.term.clear_screen(mode);
        // The engine forgets the first row when the cursor is in the second.
        let grid = self.term.grid_mut();
        if above && grid.cursor.point.line == Line(1) {
            let blank = RawCell::from(grid.cursor.template.bg);
            grid[Line(0)][..].fill(blank);
        }
        self.mend_row(self.term.grid().cursor.point.line);
    }

    fn move_backward_tabs(&mut self, count: u16) {
        self.term.move_backward_tabs(count);
        self.settle_cursors();
    }

    fn restore_cursor_position(&mut self) {
        self.term.restore_cursor_position();
        self.settle_cursors();
    }

    fn terminal_attribute(&mut self, attr: ansi::Attr) {
        match attr {
            ansi::Attr::BlinkSlow | ansi::Attr::BlinkFast => {
                self.term.grid_mut().cursor.template.flags.insert(BLINK);
            }
            ansi::Attr::CancelBlink => self.term.grid_mut().cursor.template.flags.remove(BLINK),
            // `CSI 21 m` is a double underline everywhere but on the Linux console.
            ansi::Attr::CancelBold => self.term.terminal_attribute(ansi::Attr::DoubleUnderline),
            other => self.term.terminal_attribute(other),
        }
    }

    fn set_hyperlink(&mut self, link: Option<ansi::Hyperlink>) {
        if !self.discard {
            self.term.set_hyperlink(link);
        }
    }

    fn set_horizontal_tabstop(&mut self) {
        let col = self.term.grid().cursor.point.column.0;
        self.tabs[col] = true;
        self.term.set_horizontal_tabstop();
    }

    fn clear_tabs(&mut self, mode: ansi::TabulationClearMode) {
        match mode {
            ansi::TabulationClearMode::Current => self.tabs[self.term.grid().cursor.point.column.0] = false,
            ansi::TabulationClearMode::All => self.tabs.fill(false),
        }
        self.term.clear_tabs(mode);
    }

    fn set_scrolling_region(&mut self, top: usize, bottom: Option<usize>) {
        let rows = self.term.screen_lines();
        let end = bottom.unwrap_or(rows).min(rows);
        // As xterm, a region has at least two rows.
        if top < end {
            self.region = (top.saturating_sub(1), end);
            self.term.set_scrolling_region(top, Some(end));
        }
    }

    fn set_private_mode(&mut self, mode: ansi::PrivateMode) {
        self.term.set_private_mode(mode);
        if mode == ansi::NamedPrivateMode::ColumnMode.into() {
            self.region = (0, self.term.screen_lines());
        }
    }

    fn unset_private_mode(&mut self, mode: ansi::PrivateMode) {
        self.term.unset_private_mode(mode);
        if mode == ansi::NamedPrivateMode::ColumnMode.into() {
            self.region = (0, self.term.screen_lines());
        }
    }

    fn set_active_charset(&mut self, index: ansi::CharsetIndex) {
        self.charset = index;
        self.term.set_active_charset(index);
    }

    fn reset_state(&mut self) {
        self.term.reset_state();
        for index in 0..=NamedColor::Cursor as usize {
            self.term.reset_color(index);
        }
        let area = self.area();
        self.region = (0, area.rows);
        self.tabs = default_tabs(area.cols);
        self.charset = ansi::CharsetIndex::G0;
        self.kitty = Default::default();
        self.recoloured = false;
        self.titles.clear();
        self.name("");
    }

    fn bell(&mut self) {
        self.tell(ScreenEvent::Bell);
    }

    fn set_title(&mut self, title: Option<String>) {
        if !self.discard {
            self.name(title.as_deref().unwrap_or_default());
        }
    }

    fn push_title(&mut self) {
        if self.titles.len() == MAX_STACK {
            self.titles.remove(0);
        }
        self.titles.push(self.title.clone());
    }

    fn pop_title(&mut self) {
        if let Some(title) = self.titles.pop() {
            self.name(&title);
        }
    }

    fn set_color(&mut self, index: usize, color: ansi::Rgb) {
        if !self.discard {
            self.recoloured = true;
            self.term.set_color(index, color);
        }
    }

    fn dynamic_color_sequence(&mut self, prefix: String, index: usize, terminator: &str) {
        let (r, g, b) = self.known_color(index);
        let mut text = format!("\x1b]{prefix};rgb:");
        // Writing to a String cannot fail.
        let _ = write!(text, "{r:02x}{r:02x}/{g:02x}{g:02x}/{b:02x}{b:02x}{terminator}");
        self.reply(&text);
    }

    fn clipboard_store(&mut self, _clipboard: u8, data: &[u8]) {
        use base64::Engine as _;
        if self.discard {
            return;
        }
        let bytes = base64::engine::general_purpose::STANDARD.decode(data).ok();
        if let Some(text) = bytes.and_then(|bytes| String::from_utf8(bytes).ok()) {
            self.tell(ScreenEvent::ClipboardStore(text));
        }
    }

    fn identify_terminal(&mut self, intermediate: Option<char>) {
        match intermediate {
            None => self.reply("\x1b[?62;22c"),
            Some('>') => self.reply("\x1b[>1;10;0c"),
            Some(_) => {}
        }
    }

    fn device_status(&mut self, arg: usize) {
        match arg {
            5 => self.reply("\x1b[0n"),
            6 => self.reply_place(""),
            _ => {}
        }
    }

    fn report_mode(&mut self, mode: ansi::Mode) {
        let state = match mode {
            ansi::Mode::Named(ansi::NamedMode::Insert) => Some(self.modes().insert),
            ansi::Mode::Named(ansi::NamedMode::LineFeedNewLine) => Some(self.modes().newline),
            ansi::Mode::Unknown(_) => None,
        };
        self.reply(&format!("\x1b[{};{}$y", mode.raw(), report(state)));
    }

    fn report_private_mode(&mut self, mode: ansi::PrivateMode) {
        let state = report(self.private_mode_state(mode));
        self.reply(&format!("\x1b[?{};{state}$y", mode.raw()));
    }

    fn text_area_size_pixels(&mut self) {
        let area = self.area();
        let (width, height) = (area.cols * CELL_PIXELS.0, area.rows * CELL_PIXELS.1);
        self.reply(&format!("\x1b[4;{height};{width}t"));
    }

    fn text_area_size_chars(&mut self) {
        let area = self.area();
        self.reply(&format!("\x1b[8;{};{}t", area.rows, area.cols));
    }

    fn report_keyboard_mode(&mut self) {
        let flags = self.kitty().current;
        self.reply(&format!("\x1b[?{flags}u"));
    }

    fn push_keyboard_mode(&mut self, mode: ansi::KeyboardModes) {
        let stack = self.kitty();
        if stack.saved.len() == MAX_STACK {
            stack.saved.remove(0);
        }
        stack.saved.push(stack.current);
        stack.current = mode.bits() & Modes::KITTY_SUPPORTED;
    }

    fn pop_keyboard_modes(&mut self, to_pop: u16) {
        let stack = self.kitty();
        for _ in 0..to_pop.min(MAX_STACK as u16 + 1) {
            stack.current = stack.saved.pop().unwrap_or(0);
        }
    }

    fn set_keyboard_mode(&mut self, mode: ansi::KeyboardModes, behavior: ansi::KeyboardModesApplyBehavior) {
        use ansi::KeyboardModesApplyBehavior as Apply;
        let stack = self.kitty();
        let flags = mode.bits() & Modes::KITTY_SUPPORTED;
        stack.current = match behavior {
            Apply::Replace => flags,
            Apply::Union => stack.current | flags,
            Apply::Difference => stack.current & !flags,
        };
    }
}
