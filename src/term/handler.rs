//! What each sequence does: passed on to the engine, answered, or done better here.

use super::machine::BLINK;
use super::machine::CELL_PIXELS;
use super::machine::MAX_STACK;
use super::machine::Machine;
use super::machine::default_tabs;
use super::modes::Modes;
use super::screen::ScreenEvent;
use alacritty_terminal::grid::Dimensions as _;
use alacritty_terminal::index::Line;
use alacritty_terminal::term::TermMode;
use alacritty_terminal::term::cell::Cell as RawCell;
use alacritty_terminal::vte::ansi;
use alacritty_terminal::vte::ansi::Handler;
use alacritty_terminal::vte::ansi::NamedColor;
use std::fmt::Write as _;
use unicode_width::UnicodeWidthChar as _;

/// Private modes of xterm that the engine does not know: the alternate screen without a saved cursor, and that cursor alone.
const OLD_ALTERNATE: u16 = 47;
const CLEARED_ALTERNATE: u16 = 1047;
const SAVED_CURSOR: u16 = 1048;

impl Machine {
    /// Moves the cursor up; one that is within the scrolling region or below it stops at the region's top.
    fn rise(&mut self, count: usize) {
        let row = self.cursor_row();
        let top = if row >= self.region.0 { self.region.0 } else { 0 };
        self.move_to_row(row.saturating_sub(count).max(top));
    }

    /// Moves the cursor down; one that is within the scrolling region or above it stops at the region's bottom.
    fn sink(&mut self, count: usize) {
        let row = self.cursor_row();
        let end = if row < self.region.1 { self.region.1 } else { self.term.screen_lines() };
        self.move_to_row(row.saturating_add(count).min(end - 1));
    }

    fn cursor_row(&self) -> usize {
        usize::try_from(self.term.grid().cursor.point.line.0).unwrap_or(0)
    }

    fn move_to_row(&mut self, row: usize) {
        let cursor = &mut self.term.grid_mut().cursor;
        cursor.point.line = Line(i32::try_from(row).unwrap_or(0));
        cursor.input_needs_wrap = false;
    }

    /// Shows the alternate screen, empty, with the cursor where it is.
    fn enter_alternate(&mut self) {
        if !self.term.mode().contains(TermMode::ALT_SCREEN) {
            self.saved_behind = Some(self.term.grid().saved_cursor.clone());
            self.term.swap_alt();
        }
    }

    /// Shows the primary screen again; the cursor stays where it is.
    fn leave_alternate(&mut self) {
        if self.term.mode().contains(TermMode::ALT_SCREEN) {
            let cursor = self.term.grid().cursor.clone();
            self.term.swap_alt();
            let grid = self.term.grid_mut();
            grid.cursor = cursor;
            if let Some(saved) = self.saved_behind.take() {
                grid.saved_cursor = saved;
            }
            self.settle_cursors();
        }
    }

    fn private_mode_state(&self, mode: ansi::PrivateMode) -> Option<bool> {
        use ansi::NamedPrivateMode as Named;
        let ansi::PrivateMode::Named(named) = mode else {
            let alternate = matches!(mode.raw(), OLD_ALTERNATE | CLEARED_ALTERNATE);
            return alternate.then(|| self.term.mode().contains(TermMode::ALT_SCREEN));
        };
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
        move_forward(count: usize);
        move_backward(count: usize);
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

    fn move_up(&mut self, count: usize) {
        self.rise(count);
    }

    fn move_down(&mut self, count: usize) {
        self.sink(count);
    }

    fn move_up_and_cr(&mut self, count: usize) {
        self.rise(count);
        self.term.carriage_return();
    }

    fn move_down_and_cr(&mut self, count: usize) {
        self.sink(count);
        self.term.carriage_return();
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
        if self.prompt && c.width() != Some(0) {
            self.prompt = false;
            let (line, column) = self.last_cell();
            super::prompts::mark(&mut self.term.grid_mut()[line][column]);
        }
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
        match mode.raw() {
            OLD_ALTERNATE | CLEARED_ALTERNATE => self.enter_alternate(),
            SAVED_CURSOR => self.term.save_cursor_position(),
            _ => self.term.set_private_mode(mode),
        }
        if mode == ansi::NamedPrivateMode::ColumnMode.into() {
            self.region = (0, self.term.screen_lines());
        }
    }

    fn unset_private_mode(&mut self, mode: ansi::PrivateMode) {
        match mode.raw() {
            OLD_ALTERNATE | CLEARED_ALTERNATE => self.leave_alternate(),
            SAVED_CURSOR => self.restore_cursor_position(),
            _ => self.term.unset_private_mode(mode),
        }
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
