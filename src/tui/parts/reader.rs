//! Lines to read in an overlay: scrolled and searched.
use super::field::Field;
use super::popup::Popup;
use super::text;
use crate::term::Key;
use crate::term::KeyCode;
use crate::term::Mods;
use crate::term::MouseEvent;
use crate::term::MouseKind;
use crate::tui::component::Context;
use crate::tui::msg::Ask;
use crate::tui::msg::Effect;
use crate::tui::msg::Msg;
use crate::tui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;

/// Lines that one step of the wheel moves.
const WHEEL: usize = 3;

/// A line and how it is drawn.
pub type Line = (String, Role);

/// Where the reader is in some lines.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    top: usize,
    search: Field,
    searching: bool,
}

impl Reader {
    /// Takes a message for an overlay that is nothing but lines; leaving closes it.
    pub fn update(&mut self, msg: &Msg, rows: usize, lines: &[Line]) -> Option<Vec<Effect>> {
        match msg {
            Msg::Key(key) if self.key(*key, rows, lines) => return Some(vec![Effect::Ask(Ask::Close)]),
            Msg::Mouse(mouse) => self.mouse(*mouse, rows, lines.len()),
            Msg::Paste(pasted) => self.paste(pasted),
            Msg::Key(_) => {}
            _ => return None,
        }
        Some(Vec::new())
    }

    /// Takes a key, with `rows` seen of `count` lines; returns whether the reader is to be left.
    pub fn key(&mut self, key: Key, rows: usize, lines: &[Line]) -> bool {
        let last = lines.len().saturating_sub(rows);
        if self.searching {
            match key.code {
                KeyCode::Enter => self.searching = false,
                KeyCode::Esc => {
                    self.search.clear();
                    self.searching = false;
                }
                _ => {
                    self.search.key(key);
                }
            }
            self.find(self.top, lines, last);
            return false;
        }
        let half = (rows / 2).max(1);
        match (key.code, key.mods.contains(Mods::CTRL)) {
            (KeyCode::Esc, _) if self.search.clear() => {}
            (KeyCode::Esc | KeyCode::Char('q' | '?'), false) | (KeyCode::Char('c'), true) => return true,
            (KeyCode::Char('/'), false) => self.searching = true,
            (KeyCode::Char('n'), false) => self.find(self.top + 1, lines, last),
            (KeyCode::Down | KeyCode::Char('j'), false) => self.top += 1,
            (KeyCode::Up | KeyCode::Char('k'), false) => self.top = self.top.saturating_sub(1),
            (KeyCode::PageDown | KeyCode::Char(' '), _) => self.top += rows.max(1),
            (KeyCode::PageUp, _) => self.top = self.top.saturating_sub(rows.max(1)),
            (KeyCode::Char('d'), true) => self.top += half,
            (KeyCode::Char('u'), true) => self.top = self.top.saturating_sub(half),
            (KeyCode::Home | KeyCode::Char('g'), _) => self.top = 0,
            (KeyCode::End | KeyCode::Char('G'), _) => self.top = last,
            _ => {}
        }
        self.top = self.top.min(last);
        false
    }

    /// Takes the wheel.
    pub fn mouse(&mut self, mouse: MouseEvent, rows: usize, count: usize) {
        match mouse.kind {
            MouseKind::WheelDown => self.top = (self.top + WHEEL).min(count.saturating_sub(rows)),
            MouseKind::WheelUp => self.top = self.top.saturating_sub(WHEEL),
            _ => {}
        }
    }

    /// Takes pasted text, while something is searched.
    pub fn paste(&mut self, pasted: &str) {
        if self.searching {
            self.search.insert(pasted);
        }
    }

    /// Goes to the next line that has what is searched, around the end.
    fn find(&mut self, from: usize, lines: &[Line], last: usize) {
        let needle = self.search.text().to_lowercase();
        if needle.is_empty() {
            return;
        }
        let fits = |place: &usize| lines[*place].0.to_lowercase().contains(&needle);
        let places = (from.min(lines.len())..lines.len()).chain(0..from.min(lines.len()));
        if let Some(place) = places.into_iter().find(fits) {
            self.top = place.min(last);
        }
    }

    /// Draws the lines into the box; its last row is the search while there is one.
    pub fn draw(&self, frame: &mut Frame, popup: &Popup, lines: &[Line], cx: &Context) {
        let searched = self.searching || !self.search.text().is_empty();
        let inner = popup.inner;
        let rows = inner.height.saturating_sub(u16::from(searched));
        let needle = self.search.text().to_lowercase();
        let top = self.top.min(lines.len().saturating_sub(rows.into()));
        for ((line, role), y) in lines.iter().skip(top).zip(inner.y..inner.y + rows) {
            let hit = !needle.is_empty() && line.to_lowercase().contains(&needle);
            text::put(frame.buffer_mut(), inner.x, y, inner.width, line, cx.theme.style(if hit { Role::Selection } else { *role }));
        }
        if cx.plain {
            frame.set_cursor_position((inner.x, inner.y));
        }
        if searched && inner.height > 0 {
            let y = inner.bottom() - 1;
            let used = text::put(frame.buffer_mut(), inner.x, y, inner.width, "/ ", cx.theme.style(Role::Key));
            let field = Rect { x: inner.x + used, y, width: inner.width - used, height: 1 };
            self.search.draw(frame, field, cx.theme.style(Role::Text), ("find", cx.theme.style(Role::Muted)), self.searching);
        }
    }
}
