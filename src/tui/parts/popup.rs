//! The box that an overlay is drawn in.
use super::text;
use crate::term::MouseEvent;
use crate::term::MouseKind;
use crate::tui::plain::in_words;
use crate::tui::theme::Role;
use crate::tui::theme::Theme;
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Block;
use ratatui::widgets::Clear;
use ratatui::widgets::Widget as _;

/// Columns and rows below which there is no room for a border.
const BORDERED: (u16, u16) = (24, 6);

/// Where an overlay lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Popup {
    /// All of it.
    pub outer: Rect,
    /// What is inside its border.
    pub inner: Rect,
}

/// What the mouse was pressed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pointed {
    /// This row of the list.
    Row(usize),
    /// What is not of the list's text.
    Outside,
    /// Nothing, or it was not pressed.
    Nothing,
}

impl Popup {
    /// A box in the middle of `area`, for content of at most `cols` × `rows` cells.
    #[must_use]
    pub fn place(area: Rect, cols: u16, rows: u16) -> Self {
        let width = cols.saturating_add(4).min(area.width);
        let height = rows.saturating_add(2).min(area.height);
        if area.width < BORDERED.0 || area.height < BORDERED.1 {
            let height = rows.min(area.height);
            let outer = Rect { height, y: area.y + (area.height - height) / 2, ..area };
            return Self { outer, inner: outer };
        }
        let outer = Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 3, width, height };
        Self { outer, inner: Rect { x: outer.x + 2, y: outer.y + 1, width: width - 4, height: height - 2 } }
    }

    /// What the mouse means in a list that is drawn here, one row a line from `top` on: the wheel moves the cursor.
    pub fn pointed(&self, mouse: MouseEvent, cursor: &mut usize, top: usize, count: usize) -> Pointed {
        match mouse.kind {
            MouseKind::WheelDown => *cursor = (*cursor + 1).min(count.saturating_sub(1)),
            MouseKind::WheelUp => *cursor = cursor.saturating_sub(1),
            MouseKind::Down if self.inner.contains((mouse.col, mouse.row).into()) => {
                let row = top + usize::from(mouse.row - self.inner.y);
                return if row < count { Pointed::Row(row) } else { Pointed::Nothing };
            }
            MouseKind::Down => return Pointed::Outside,
            _ => {}
        }
        Pointed::Nothing
    }

    /// Clears the place and draws the border, with a title above and hints below.
    pub fn draw(&self, frame: &mut Frame, theme: &Theme, title: &str, hints: &str) {
        // What lies beside it would be read together with it.
        let cleared = if theme.is_plain() { Rect { x: 0, width: frame.area().width, ..self.outer } } else { self.outer };
        clear(frame, cleared);
        if self.outer == self.inner {
            return;
        }
        let hints = if theme.is_plain() { in_words(hints) } else { hints.to_owned() };
        let block = Block::bordered().border_style(theme.style(Role::BorderFocus)).style(theme.style(Role::Text));
        let buffer = frame.buffer_mut();
        block.render(self.outer, buffer);
        let room = self.outer.width.saturating_sub(4);
        if !title.is_empty() {
            let title = format!(" {} ", text::clip(title, usize::from(room.saturating_sub(2))));
            text::put(buffer, self.outer.x + 1, self.outer.y, room + 2, &title, theme.style(Role::Title));
        }
        if !hints.is_empty() {
            let hints = format!(" {} ", text::clip(&hints, usize::from(room.saturating_sub(2))));
            text::put(buffer, self.outer.x + 1, self.outer.bottom() - 1, room + 2, &hints, theme.style(Role::Muted));
        }
    }
}

/// Empties a place, and the halves of wide characters that would reach into it or out of it.
pub fn clear(frame: &mut Frame, area: Rect) {
    let area = area.intersection(frame.area());
    let buffer = frame.buffer_mut();
    for y in area.top()..area.bottom() {
        if area.x > buffer.area.x {
            blank_if_wide(buffer, area.x - 1, y);
        }
    }
    Clear.render(area, buffer);
}

fn blank_if_wide(buffer: &mut Buffer, x: u16, y: u16) {
    if let Some(cell) = buffer.cell_mut((x, y))
        && text::width(cell.symbol()) > 1
    {
        cell.set_symbol(" ");
    }
}
