//! How a list of things with columns looks.
use super::rows::Column;
use super::rows::List;
use super::rows::Row;
use super::rows::columns;
use super::rows::top;
use super::sift;
use super::text;
use crate::tui::component::Context;
use crate::tui::theme::Role;
use crate::tui::theme::Theme;
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Columns of the filter at the bottom, at most.
const FILTER: u16 = 34;

/// Where the parts of a list lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// The headings; a window of a few lines has no room for them.
    pub head: Option<Rect>,
    /// The rows.
    pub rows: Rect,
    /// The filter, and what there is to say.
    pub foot: Option<Rect>,
}

impl List {
    /// Divides a place. Without decoration the headings are left out: they are read with each row.
    #[must_use]
    pub fn room(&self, area: Rect, plain: bool) -> Room {
        let line = |y| Rect { y, height: 1, ..area };
        let head = u16::from(area.height > 3 && !plain);
        let foot = u16::from(area.height > 5 || area.height > 1 && (self.editing || self.is_filtered()));
        Room {
            head: (head > 0).then(|| line(area.y)),
            rows: Rect { y: area.y + head, height: area.height - head - foot, ..area },
            foot: (foot > 0).then(|| line(area.bottom() - 1)),
        }
    }

    /// Notes how many rows are seen in this place.
    pub fn set_room(&mut self, area: Rect, plain: bool) {
        self.seen = usize::from(self.room(area, plain).rows.height).max(1);
    }

    /// Draws the headings, the rows that are seen and the line below with `note`.
    pub fn draw(&self, frame: &mut Frame, area: Rect, rows: &[Row], note: &str, cx: &Context) {
        self.draw_all(frame, area, rows, note, true, cx);
    }

    /// The same for a list beside the one that has the focus: its cursor is seen, and does not shine.
    pub fn draw_calm(&self, frame: &mut Frame, area: Rect, rows: &[Row], note: &str, cx: &Context) {
        self.draw_all(frame, area, rows, note, false, cx);
    }

    fn draw_all(&self, frame: &mut Frame, area: Rect, rows: &[Row], note: &str, focused: bool, cx: &Context) {
        let room = self.room(area, cx.plain);
        let widths = columns(self.columns, area.width);
        let cursor = self.place(rows);
        let seen = usize::from(room.rows.height);
        let first = top(self.top, cursor, rows.len(), seen);
        if let Some(head) = room.head {
            let sorted = self.sort.map(|sort| (sort, if self.reverse { "↑" } else { "↓" }));
            headings(frame.buffer_mut(), head, self.columns, &widths, sorted, cx.theme);
        }
        for ((place, row), y) in rows.iter().enumerate().skip(first).zip(room.rows.top()..room.rows.bottom()) {
            let line = Rect { y, height: 1, ..area };
            self.draw_row(frame, line, row, &widths, focused && place == cursor, cx);
            if !focused && place == cursor {
                text::put(frame.buffer_mut(), line.x, line.y, 1, "▹", cx.theme.style(Role::Muted));
            }
        }
        if let Some(foot) = room.foot {
            let more = if rows.len() > seen { format!("  ↑ {first}  ↓ {}", rows.len().saturating_sub(first + seen)) } else { String::new() };
            self.draw_foot(frame, foot, &format!("{note}{more}"), cx);
        }
    }

    fn draw_row(&self, frame: &mut Frame, line: Rect, row: &Row, widths: &[(usize, u16, u16)], selected: bool, cx: &Context) {
        let theme = cx.theme;
        let buffer = frame.buffer_mut();
        let style = |role| theme.style(if selected { Role::Selection } else { role });
        if selected {
            buffer.set_style(line, theme.style(Role::Selection));
            text::put(buffer, line.x, line.y, 1, if cx.plain { ">" } else { "▸" }, theme.style(Role::Selection));
        }
        if self.marked.contains(&row.id) {
            text::put(buffer, line.x + 1, line.y, 1, "+", style(Role::Accent));
        }
        for (place, x, own) in widths {
            let (Some(cell), Some(column)) = (row.cells.get(*place), self.columns.get(*place)) else { continue };
            let cols = usize::from(*own);
            let word = if column.right { text::right(&cell.text, cols) } else { text::clip(&cell.text, cols) };
            text::put(buffer, line.x + x, line.y, *own, &word, style(cell.role));
        }
        if let (Some((words, role)), Some((_, x, _))) = (&row.wide, widths.get(1)) {
            text::put(buffer, line.x + x, line.y, line.width.saturating_sub(*x), words, style(*role));
        }
        // A reader that follows the cursor reads the row.
        if selected && cx.plain && !self.editing {
            frame.set_cursor_position((line.x, line.y));
        }
    }

    fn draw_foot(&self, frame: &mut Frame, foot: Rect, note: &str, cx: &Context) {
        let muted = cx.theme.style(Role::Muted);
        let mut x = foot.x;
        if self.editing || self.is_filtered() {
            x += text::put(frame.buffer_mut(), x, foot.y, foot.width, " / ", cx.theme.style(Role::Key));
            let own = Rect { x, width: FILTER.min(foot.right() - x), ..foot };
            self.filter.draw(frame, own, cx.theme.style(Role::Text), (sift::PLACEHOLDER, muted), self.editing);
            x = own.right();
        }
        let (words, role) = match self.sift.complaint() {
            Some(complaint) => (complaint, Role::Error),
            None => (note, Role::Muted),
        };
        text::put(frame.buffer_mut(), x, foot.y, foot.right().saturating_sub(x), &format!(" {words}"), cx.theme.style(role));
    }
}

/// Draws headings; the one that is sorted by has an arrow.
pub fn headings(buffer: &mut Buffer, line: Rect, all: &[Column], widths: &[(usize, u16, u16)], sorted: Option<(usize, &str)>, theme: &Theme) {
    for (place, x, own) in widths {
        let column = &all[*place];
        let arrow = sorted.filter(|(sort, _)| sort == place).map_or("", |(_, arrow)| arrow);
        let word = format!("{}{arrow}", column.head);
        let word = if column.right { text::right(&word, usize::from(*own)) } else { text::left(&word, usize::from(*own)) };
        text::put(buffer, line.x + x, line.y, *own, &word, theme.style(Role::Muted));
    }
}
