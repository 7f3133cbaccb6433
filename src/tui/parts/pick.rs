//! Asks for one of several.
use super::popup::Pointed;
use super::popup::Popup;
use super::text;
use crate::term::Key;
use crate::term::KeyCode;
use crate::term::Mods;
use crate::tui::component::Component;
use crate::tui::component::Context;
use crate::tui::msg::Ask;
use crate::tui::msg::Effect;
use crate::tui::msg::Msg;
use crate::tui::msg::PickSpec;
use crate::tui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;

/// Columns of the list at most.
const COLS: u16 = 60;
/// Rows of it at most.
const ROWS: u16 = 20;

/// The overlay.
#[derive(Clone, Debug)]
pub struct Pick {
    spec: PickSpec,
    cursor: usize,
}

impl Pick {
    /// With the cursor where the question says.
    #[must_use]
    pub fn new(spec: PickSpec) -> Self {
        let cursor = spec.at.min(spec.rows.len().saturating_sub(1));
        Self { spec, cursor }
    }

    fn place(&self, area: Rect) -> Popup {
        Popup::place(area, COLS, u16::try_from(self.spec.rows.len().max(1)).unwrap_or(ROWS).min(ROWS))
    }

    fn top(&self, popup: &Popup) -> usize {
        (self.cursor + 1).saturating_sub(popup.inner.height.into())
    }

    fn take(&self) -> Vec<Effect> {
        let mut effects = vec![Effect::Ask(Ask::Close)];
        effects.extend(self.spec.rows.get(self.cursor).map(|row| row.effects.clone()).unwrap_or_default());
        effects
    }

    fn key(&mut self, key: Key) -> Vec<Effect> {
        let last = self.spec.rows.len().saturating_sub(1);
        match key.code {
            KeyCode::Esc | KeyCode::Char('q') => return vec![Effect::Ask(Ask::Close)],
            KeyCode::Char('c') if key.mods.contains(Mods::CTRL) => return vec![Effect::Ask(Ask::Close)],
            KeyCode::Enter => return self.take(),
            KeyCode::Down | KeyCode::Char('j') | KeyCode::Tab => self.cursor = (self.cursor + 1).min(last),
            KeyCode::Up | KeyCode::Char('k') | KeyCode::BackTab => self.cursor = self.cursor.saturating_sub(1),
            KeyCode::Home => self.cursor = 0,
            KeyCode::End => self.cursor = last,
            // A digit chooses at once.
            KeyCode::Char(digit @ '1'..='9') if key.mods.is_empty() => {
                let place = digit as usize - '1' as usize;
                if place <= last {
                    self.cursor = place;
                    return self.take();
                }
            }
            // Another letter goes to the next that begins with it.
            KeyCode::Char(letter) if key.mods.is_empty() => {
                let begins = |place: &usize| self.spec.rows.get(*place).is_some_and(|row| row.label.to_lowercase().starts_with(letter));
                let next = (self.cursor + 1..=last).chain(0..=self.cursor.min(last)).find(begins);
                self.cursor = next.unwrap_or(self.cursor);
            }
            _ => {}
        }
        Vec::new()
    }
}

impl Component for Pick {
    fn update(&mut self, msg: &Msg, cx: &Context) -> Option<Vec<Effect>> {
        match msg {
            Msg::Key(key) => Some(self.key(*key)),
            Msg::Mouse(mouse) => {
                let popup = self.place(cx.area);
                let (top, count) = (self.top(&popup), self.spec.rows.len());
                match popup.pointed(*mouse, &mut self.cursor, top, count) {
                    Pointed::Row(row) => {
                        self.cursor = row;
                        return Some(self.take());
                    }
                    Pointed::Outside => return Some(vec![Effect::Ask(Ask::Close)]),
                    Pointed::Nothing => {}
                }
                Some(Vec::new())
            }
            Msg::Paste(_) => Some(Vec::new()),
            _ => None,
        }
    }

    fn draw(&self, frame: &mut Frame, area: Rect, cx: &Context) {
        let popup = self.place(area);
        popup.draw(frame, cx.theme, &self.spec.title, "⏎ take it  esc leave");
        let inner = popup.inner;
        let wide = self.spec.rows.iter().map(|row| text::width(&row.label)).max().unwrap_or(0) + 2;
        for ((place, row), y) in self.spec.rows.iter().enumerate().skip(self.top(&popup)).zip(inner.top()..inner.bottom()) {
            let selected = place == self.cursor;
            let style = |role| cx.theme.style(if selected { Role::Selection } else { role });
            let label = format!("{} {}", if selected { "▸" } else { " " }, text::left(&row.label, wide));
            let used = text::put(frame.buffer_mut(), inner.x, y, inner.width, &label, style(Role::Text));
            let about = text::left(&row.about, usize::from(inner.width - used));
            text::put(frame.buffer_mut(), inner.x + used, y, inner.width - used, &about, style(Role::Muted));
            if selected && cx.plain {
                frame.set_cursor_position((inner.x, y));
            }
        }
    }

    fn takes_keys(&self) -> bool {
        true
    }

    fn hints(&self, _cx: &Context) -> Option<Vec<(String, String)>> {
        Some([("⏎", "take it"), ("1-9", "take at once"), ("esc", "leave")].map(|(key, what)| (key.to_owned(), what.to_owned())).to_vec())
    }
}
