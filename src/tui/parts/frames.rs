//! Draws the workspace: screens, and the lines that they share.
use super::badges::Badge;
use super::popup::clear;
use super::tab::Framed;
use super::tab::Tab;
use super::terminal::PaneState;
use super::terminal::TerminalPane;
use super::workspace::Keys;
use super::workspace::Workspace;
use crate::term::Cell;
use crate::term::CursorShape;
use crate::tui::component::Context;
use crate::tui::msg::Link;
use crate::tui::msg::PaneId;
use crate::tui::theme::Role;
use crate::tui::theme::Theme;
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::style::Style;
use std::time::Duration;
use unicode_width::UnicodeWidthStr as _;

/// How long after a change of size the server is given before a differing size is shown.
const SETTLED: Duration = Duration::from_millis(600);

impl Workspace {
    /// Draws the shown tab into its area, with the program's cursor unless something lies on top.
    pub fn draw(&self, frame: &mut Frame, area: Rect, cursor: bool, cx: &Context) {
        let frames = self.seen(area, cx.plain);
        let focus = self.tab().map(|tab| tab.focus);
        let (above, below): (Vec<Framed>, Vec<Framed>) = frames.iter().partition(|framed| framed.floats);
        self.draw_frames(frame, area, &below, cx);
        for framed in &above {
            if framed.borders {
                clear(frame, framed.frame);
            }
            self.draw_frames(frame, area, std::slice::from_ref(framed), cx);
        }
        let buffer = frame.buffer_mut();
        if self.keys == Keys::Numbers {
            let order = self.tab().map(Tab::panes).unwrap_or_default();
            for Framed { pane, frame, .. } in &frames {
                if let Some(number) = order.iter().position(|own| own == pane) {
                    let text = format!(" {number} ");
                    let style = cx.theme.style(Role::Accent).add_modifier(Modifier::REVERSED);
                    put(buffer, *frame, frame.x + frame.width.saturating_sub(3) / 2, frame.y + frame.height / 2, &text, style);
                }
            }
        }
        let Some((framed, pane)) =
            frames.iter().find(|framed| cursor && focus == Some(framed.pane)).and_then(|framed| Some((framed, self.panes.get(&framed.pane)?)))
        else {
            return;
        };
        if let Some(log) = &pane.log {
            log.draw_entry(frame, framed.room(), cx);
        }
        if !matches!(self.keys, Keys::Numbers | Keys::Hints)
            && let Some(position) = pane.cursor_at(framed.room())
        {
            frame.set_cursor_position(position);
        }
    }

    /// What is drawn: who has the screen read to them is not told what lies below a floating pane, nor of one without the focus.
    #[must_use]
    pub fn seen(&self, area: Rect, plain: bool) -> Vec<Framed> {
        let floats = self.tab().is_some_and(Tab::floats);
        self.frames(area).into_iter().filter(|framed| !plain || framed.floats == floats).collect()
    }

    /// Draws panes that lie beside each other.
    fn draw_frames(&self, frame: &mut Frame, area: Rect, frames: &[Framed], cx: &Context) {
        let focus = self.tab().map(|tab| tab.focus);
        // What floats has the keys for itself, and then nobody else gets them.
        let typed = self.tab().filter(|tab| tab.synced && !tab.floats()).map(|tab| self.receivers(tab)).unwrap_or_default();
        let buffer = frame.buffer_mut();
        let bordered: Vec<Framed> = frames.iter().filter(|framed| framed.borders).copied().collect();
        draw_lines(buffer, area, &bordered, focus, cx.theme);
        for Framed { pane: id, frame, .. } in &bordered {
            if let Some(pane) = self.panes.get(id) {
                let (mark, role) = typed.mark(*id);
                let role = role.unwrap_or(if focus == Some(*id) { Role::BorderFocus } else { Role::Muted });
                let own = draw_title(buffer, *frame, &format!("{mark}{}", pane.title()), cx.theme.style(role));
                let mut badges = self.tab().map(|tab| self.pane_badges(tab, *id)).unwrap_or_default();
                // Its sign stands before the title.
                let typed = if typed.panes.contains(id) { format!(" {} ", Badge::Typing.word()) } else { String::new() };
                badges.retain(|badge| *badge != Badge::Floating);
                draw_badges(buffer, *frame, own, &typed, &badges, cx);
            }
        }
        for framed in frames {
            let Some(pane) = self.panes.get(&framed.pane) else { continue };
            pane.draw(buffer, framed.room(), cx, self.keys == Keys::Prefix && focus == Some(framed.pane));
        }
    }

    /// The form of the focused program's cursor, as DECSCUSR counts.
    #[must_use]
    pub fn cursor_shape(&self) -> u8 {
        let Some(pane) = self.focused().filter(|pane| pane.scroll.is_none()) else { return 0 };
        let cursor = pane.screen.cursor();
        match (cursor.shape, cursor.blink) {
            (CursorShape::Block, true) => 1,
            // A steady block is what programs leave when they ask for nothing: the person's own form then.
            (CursorShape::Block, false) => 0,
            (CursorShape::Underline, blink) => 4 - u8::from(blink),
            (CursorShape::Beam, blink) => 6 - u8::from(blink),
        }
    }
}

impl TerminalPane {
    /// The corner of the part of the screen that is seen where the screen is larger than the pane: what holds the cursor.
    #[must_use]
    pub fn corner(&self, room: Rect) -> (u16, u16) {
        let size = self.screen.size();
        let at = match &self.scroll {
            Some(scroll) => {
                let row = scroll.cursor.row + i32::try_from(self.screen.display_offset()).unwrap_or(0);
                (scroll.cursor.col, u16::try_from(row).unwrap_or(0))
            }
            None => {
                let cursor = self.screen.cursor();
                (cursor.col, cursor.row)
            }
        };
        let follow = |at: u16, room: u16, all: u16| if all <= room { 0 } else { (at + 1).saturating_sub(room).min(all - room) };
        (follow(at.0, room.width, size.cols), follow(at.1, self.rows_for_screen(room), size.rows))
    }

    /// Rows of the room that the screen gets: an ended pane's last one says how it ended.
    fn rows_for_screen(&self, room: Rect) -> u16 {
        if self.is_over() && room.height > 1 { room.height - 1 } else { room.height }
    }

    /// Draws what is seen of it into a room.
    pub(super) fn draw(&self, buffer: &mut Buffer, room: Rect, cx: &Context, prefix: bool) {
        if room.is_empty() {
            return;
        }
        let screen_room = Rect { height: self.rows_for_screen(room), ..room };
        if let Some(log) = &self.log {
            log.draw(buffer, room, cx);
            return self.draw_prefix(buffer, room, cx, prefix);
        }
        let (left, top) = self.corner(room);
        let size = self.screen.size();
        let outside = cx.theme.style(Role::Muted);
        self.screen.visit(self.screen.display_offset(), |row, col, cell| {
            // A frame begins blank, and so is most of a screen.
            if row < top || col < left || cell.is_blank() {
                return;
            }
            let (x, y) = (screen_room.x + (col - left), screen_room.y + (row - top));
            if x < screen_room.right() && y < screen_room.bottom() {
                let style = cx.theme.cell(cell);
                let cut = cell.width > 1 && x + u16::from(cell.width) > screen_room.right();
                put_cell(&mut buffer[(x, y)], cell, style, cut);
            }
        });
        if self.screen.has_selection() {
            self.draw_selection(buffer, screen_room, (left, top), cx.theme);
        }
        // What lies outside a smaller session is no part of it.
        if size.cols < screen_room.width || size.rows < screen_room.height {
            for y in screen_room.y..screen_room.bottom() {
                let from = if y < screen_room.y + size.rows.saturating_sub(top) { screen_room.x + size.cols.min(screen_room.width) } else { screen_room.x };
                for x in from..screen_room.right() {
                    buffer[(x, y)].set_symbol("·").set_style(outside);
                }
            }
        }
        let settled = cx.now.since_start.saturating_sub(self.sized_at) > SETTLED;
        if size != self.size && !self.looks && settled && self.session.is_some() && !self.is_over() {
            badge(buffer, screen_room, &size.to_string(), cx.theme.style(Role::Warn));
        }
        if let Some(scroll) = &self.scroll {
            let found = scroll.needle.as_ref().map(|(needle, _)| format!(" '{needle}' {}", scroll.found)).unwrap_or_default();
            let text = format!("{}/{}{found}", self.screen.display_offset(), self.screen.scrollback_len());
            let text_room = Rect { height: 1, ..screen_room };
            badge(buffer, text_room, &text, cx.theme.style(Role::Accent).add_modifier(Modifier::REVERSED));
        } else {
            self.draw_prefix(buffer, screen_room, cx, prefix);
        }
        if let Some(hints) = &self.hints {
            hints.draw(buffer, screen_room, (left, top), &self.screen, cx.theme);
        }
        self.draw_state(buffer, room, cx);
    }

    /// Shows that the next key is a command's.
    fn draw_prefix(&self, buffer: &mut Buffer, room: Rect, cx: &Context, prefix: bool) {
        if prefix {
            let text = cx.keymap.show(cx.keymap.prefix());
            badge(buffer, Rect { height: 1, ..room }, &text, cx.theme.style(Role::Accent).add_modifier(Modifier::REVERSED));
        }
    }

    fn draw_selection(&self, buffer: &mut Buffer, room: Rect, (left, top): (u16, u16), theme: &Theme) {
        let offset = i32::try_from(self.screen.display_offset()).unwrap_or(0);
        let style = theme.style(Role::Selection);
        for y in room.y..room.bottom() {
            let row = i32::from(y - room.y + top) - offset;
            for col in self.screen.selected_columns(row) {
                let x = room.x + col.saturating_sub(left);
                if col >= left && x < room.right() {
                    let cell = &mut buffer[(x, y)];
                    // A program's own reversed text would look unmarked otherwise.
                    cell.modifier.remove(Modifier::REVERSED);
                    cell.set_style(style);
                }
            }
        }
    }

    fn draw_state(&self, buffer: &mut Buffer, room: Rect, cx: &Context) {
        let last = Rect { y: room.bottom() - 1, height: 1, ..room };
        if let Some(text) = self.epitaph() {
            let role = if matches!(self.state, PaneState::Failed(_)) { Role::Error } else { Role::Warn };
            fill(buffer, last, cx.theme.style(role));
            put(buffer, last, last.x, last.y, &text, cx.theme.style(role));
            return;
        }
        let waits = match (&self.state, &cx.data.link) {
            (PaneState::Opening, _) => Some("opening…".to_owned()),
            (PaneState::Lost(_), Link::Down { since, .. }) => {
                Some(format!("server lost {} s ago · trying again · this is the last screen", seconds_since(*since, cx)))
            }
            (PaneState::Lost(_), _) => Some("connection lost · trying again".to_owned()),
            _ => None,
        };
        if let Some(text) = waits {
            let style = cx.theme.style(Role::Warn).add_modifier(Modifier::REVERSED);
            put(buffer, last, last.x, last.y, &format!(" {text} "), style);
        }
    }

    /// Where the real cursor belongs.
    fn cursor_at(&self, room: Rect) -> Option<Position> {
        if room.is_empty() || self.is_over() || self.log.is_some() {
            return None;
        }
        let (left, top) = self.corner(room);
        let (col, row) = match &self.scroll {
            Some(scroll) => {
                let row = scroll.cursor.row + i32::try_from(self.screen.display_offset()).unwrap_or(0);
                (scroll.cursor.col, u16::try_from(row).ok()?)
            }
            None => {
                let cursor = self.screen.cursor();
                if !cursor.visible {
                    return None;
                }
                (cursor.col, cursor.row)
            }
        };
        let at = Position { x: room.x + col.checked_sub(left)?, y: room.y + row.checked_sub(top)? };
        room.contains(at).then_some(at)
    }
}

/// Whole seconds since a time of the program.
fn seconds_since(since: Duration, cx: &Context) -> u64 {
    cx.now.since_start.saturating_sub(since).as_secs()
}

/// One cell of a screen in the buffer; a wide one that is cut by the pane's edge is blank.
pub(in crate::tui) fn put_cell(place: &mut ratatui::buffer::Cell, cell: &Cell, style: Style, cut: bool) {
    place.set_style(style);
    if cut || cell.width == 0 {
        place.set_symbol(" ");
        return;
    }
    let text = cell.text.as_str();
    // A symbol that the terminal would draw wider than its cell pushes the rest of the line.
    if text.is_ascii() || text.width() == usize::from(cell.width) {
        place.set_symbol(text);
    } else {
        let end = text.char_indices().nth(1).map_or(text.len(), |(at, _)| at);
        let first = &text[..end];
        place.set_symbol(if first.width() == usize::from(cell.width) { first } else { " " });
    }
}

/// Text in the lower right corner of a room.
fn badge(buffer: &mut Buffer, room: Rect, text: &str, style: Style) {
    let text = format!(" {text} ");
    let width = u16::try_from(text.width()).unwrap_or(u16::MAX);
    if width <= room.width && room.height > 0 {
        put(buffer, room, room.right() - width, room.bottom() - 1, &text, style);
    }
}

fn fill(buffer: &mut Buffer, room: Rect, style: Style) {
    for position in room.positions() {
        let cell = &mut buffer[position];
        cell.reset();
        cell.set_style(style);
    }
}

/// Writes text from a place on, as far as the room goes.
pub(super) fn put(buffer: &mut Buffer, room: Rect, x: u16, y: u16, text: &str, style: Style) {
    let x = x.max(room.x);
    if y < room.bottom() && x < room.right() {
        // A wide character that the text covers by half would push the rest of the line.
        buffer.set_stringn(x, y, text, usize::from(room.right() - x), Style::reset().patch(style));
    }
}

/// Writes a title into the upper line of a frame; returns the column after it.
fn draw_title(buffer: &mut Buffer, frame: Rect, title: &str, style: Style) -> u16 {
    let room = Rect { x: frame.x + 2, width: frame.width.saturating_sub(4), height: 1, ..frame };
    let title = format!(" {title} ");
    put(buffer, room, room.x, room.y, &title, style);
    room.x.saturating_add(u16::try_from(title.width()).unwrap_or(u16::MAX)).min(room.right())
}

/// Writes badges behind a title: with their words where these fit, else their signs over its end. Those who have the screen read to them always have words.
fn draw_badges(buffer: &mut Buffer, frame: Rect, after: u16, typed: &str, badges: &[Badge], cx: &Context) {
    let room = Rect { x: frame.x + 2, width: frame.width.saturating_sub(4), height: 1, ..frame };
    let words: Vec<(String, Role)> =
        badges.iter().map(|badge| (if cx.plain { format!(", {}", badge.word()) } else { format!(" {} ", badge.told()) }, badge.role())).collect();
    let typed = (!typed.is_empty()).then(|| (typed.to_owned(), Role::Warn));
    let width = |parts: &[(String, Role)]| u16::try_from(parts.iter().map(|(part, _)| part.width()).sum::<usize>()).unwrap_or(u16::MAX);
    let mut parts: Vec<(String, Role)> = typed.into_iter().chain(words).collect();
    let mut x = if cx.plain { after.min(room.right().saturating_sub(width(&parts))).max(room.x) } else { after };
    if x.saturating_add(width(&parts)) > room.right() && !cx.plain {
        parts = badges.iter().map(|badge| (badge.sign().to_owned(), badge.role())).collect();
        x = x.min(room.right().saturating_sub(width(&parts))).max(room.x);
    }
    for (part, role) in parts {
        put(buffer, room, x, room.y, &part, cx.theme.style(role).add_modifier(Modifier::BOLD));
        x = x.saturating_add(u16::try_from(part.width()).unwrap_or(u16::MAX));
    }
}

/// The lines between and around panes: each is drawn once, with the character that its neighbours ask for.
fn draw_lines(buffer: &mut Buffer, area: Rect, frames: &[Framed], focus: Option<PaneId>, theme: &Theme) {
    const UP: u8 = 1;
    const DOWN: u8 = 2;
    const LEFT: u8 = 4;
    const RIGHT: u8 = 8;
    let width = usize::from(area.width);
    let mut arms = vec![0_u8; width * usize::from(area.height)];
    let mut add = |x: u16, y: u16, arm: u8| {
        let place = usize::from(y - area.y) * width + usize::from(x - area.x);
        if let Some(cell) = arms.get_mut(place) {
            *cell |= arm;
        }
    };
    for frame in frames.iter().map(|framed| framed.frame).filter(|frame| frame.width > 1 && frame.height > 1) {
        let (right, bottom) = (frame.right() - 1, frame.bottom() - 1);
        for y in [frame.y, bottom] {
            for x in frame.x..right {
                add(x, y, RIGHT);
                add(x + 1, y, LEFT);
            }
        }
        for x in [frame.x, right] {
            for y in frame.y..bottom {
                add(x, y, DOWN);
                add(x, y + 1, UP);
            }
        }
    }
    let own = frames.iter().find(|framed| Some(framed.pane) == focus).map(|framed| framed.frame);
    let on_focus = |x: u16, y: u16| {
        own.is_some_and(|frame| frame.contains(Position { x, y }) && (x == frame.x || x + 1 == frame.right() || y == frame.y || y + 1 == frame.bottom()))
    };
    for (place, arm) in arms.iter().enumerate().filter(|(_, arm)| **arm != 0) {
        let symbol = match *arm {
            a if a == UP | DOWN || a == UP || a == DOWN => "│",
            a if a == LEFT | RIGHT || a == LEFT || a == RIGHT => "─",
            a if a == DOWN | RIGHT => "┌",
            a if a == DOWN | LEFT => "┐",
            a if a == UP | RIGHT => "└",
            a if a == UP | LEFT => "┘",
            a if a == UP | DOWN | RIGHT => "├",
            a if a == UP | DOWN | LEFT => "┤",
            a if a == LEFT | RIGHT | DOWN => "┬",
            a if a == LEFT | RIGHT | UP => "┴",
            _ => "┼",
        };
        let x = area.x + u16::try_from(place % width).unwrap_or(0);
        let y = area.y + u16::try_from(place / width).unwrap_or(0);
        let role = if on_focus(x, y) { Role::BorderFocus } else { Role::Border };
        buffer[(x, y)].set_symbol(symbol).set_style(theme.style(role));
    }
}
