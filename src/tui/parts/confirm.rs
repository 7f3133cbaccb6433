//! Asks before something is lost; the safe answer is where the cursor is.
use super::popup::Popup;
use super::text;
use crate::term::KeyCode;
use crate::term::Mods;
use crate::term::MouseKind;
use crate::tui::component::Component;
use crate::tui::component::Context;
use crate::tui::msg::Ask;
use crate::tui::msg::ConfirmSpec;
use crate::tui::msg::Effect;
use crate::tui::msg::Msg;
use crate::tui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;

/// Columns of the text at most.
const COLS: u16 = 62;

/// The overlay that asks it.
#[derive(Clone, Debug)]
pub struct Confirm {
    spec: ConfirmSpec,
    /// 0 is *Cancel*, then the choices.
    cursor: usize,
    /// The first line shown where not all have room.
    top: usize,
}

impl Confirm {
    /// Asks, with the cursor on *Cancel*.
    #[must_use]
    pub fn new(spec: ConfirmSpec) -> Self {
        Self { spec, cursor: 0, top: 0 }
    }

    /// The answers as buttons.
    fn buttons(&self) -> Vec<String> {
        let choices = self.spec.choices.iter().map(|choice| format!("[ {} {} ]", choice.key, choice.label));
        std::iter::once("[ n cancel ]".to_owned()).chain(choices).collect()
    }

    fn place(&self, area: Rect) -> (Popup, Vec<String>) {
        let cols = COLS.min(area.width.saturating_sub(4)).max(1);
        let mut lines = text::wrap(&self.spec.title, cols.into());
        lines.extend(self.spec.lines.iter().flat_map(|line| text::wrap(line, cols.into())));
        let wide = lines.iter().map(|line| text::width(line)).chain([self.buttons().iter().map(|button| text::width(button) + 1).sum()]).max();
        let wide = u16::try_from(wide.unwrap_or(0)).unwrap_or(cols).clamp(24, COLS);
        let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2);
        (Popup::place(area, wide, rows), lines)
    }

    /// Moves the lines by as many as are seen.
    fn scroll(&mut self, down: bool, area: Rect) {
        let (popup, lines) = self.place(area);
        let rows = seen(&popup, lines.len());
        self.top = if down { self.top + rows } else { self.top.saturating_sub(rows) }.min(lines.len().saturating_sub(rows));
    }

    /// Where the buttons lie, cut to the room there is.
    fn button_places(&self, inner: Rect) -> Vec<Rect> {
        let mut x = inner.x;
        let y = inner.bottom().saturating_sub(1);
        let place = |button: &String| {
            let width = u16::try_from(text::width(button)).unwrap_or(u16::MAX).min(inner.right().saturating_sub(x));
            let rect = Rect { x, y, width, height: 1.min(inner.height) };
            x = (x + width + 1).min(inner.right());
            rect
        };
        self.buttons().iter().map(place).collect()
    }

    fn answer(&self, place: usize) -> Vec<Effect> {
        let mut effects = vec![Effect::Ask(Ask::Close)];
        if let Some(choice) = place.checked_sub(1).and_then(|place| self.spec.choices.get(place)) {
            effects.extend(choice.effects.iter().cloned());
        }
        effects
    }
}

impl Component for Confirm {
    fn update(&mut self, msg: &Msg, cx: &Context) -> Option<Vec<Effect>> {
        let count = self.spec.choices.len() + 1;
        match msg {
            Msg::Key(key) => {
                match key.code {
                    KeyCode::Esc | KeyCode::Char('q') => return Some(self.answer(0)),
                    KeyCode::Enter => return Some(self.answer(self.cursor)),
                    KeyCode::PageDown => self.scroll(true, cx.area),
                    KeyCode::PageUp => self.scroll(false, cx.area),
                    KeyCode::Tab | KeyCode::Right | KeyCode::Down => self.cursor = (self.cursor + 1) % count,
                    KeyCode::BackTab | KeyCode::Left | KeyCode::Up => self.cursor = (self.cursor + count - 1) % count,
                    KeyCode::Char(c) => {
                        // A choice's own letter goes first; without one, `n` and Ctrl-c are Cancel.
                        if let Some(place) = self.spec.choices.iter().position(|choice| choice.key == c && key.mods.is_empty()) {
                            return Some(self.answer(place + 1));
                        }
                        if matches!(c, 'n' | 'N') || c == 'c' && key.mods.contains(Mods::CTRL) {
                            return Some(self.answer(0));
                        }
                    }
                    _ => {}
                }
                Some(Vec::new())
            }
            Msg::Mouse(mouse) if mouse.kind == MouseKind::Down => {
                let (popup, _) = self.place(cx.area);
                let hit = self.button_places(popup.inner).iter().position(|place| place.contains((mouse.col, mouse.row).into()));
                Some(hit.map(|place| self.answer(place)).unwrap_or_default())
            }
            Msg::Mouse(mouse) => {
                if matches!(mouse.kind, MouseKind::WheelDown | MouseKind::WheelUp) {
                    self.scroll(mouse.kind == MouseKind::WheelDown, cx.area);
                }
                Some(Vec::new())
            }
            Msg::Paste(_) => Some(Vec::new()),
            _ => None,
        }
    }

    fn draw(&self, frame: &mut Frame, area: Rect, cx: &Context) {
        let (popup, lines) = self.place(area);
        popup.draw(frame, cx.theme, "", "");
        let inner = popup.inner;
        let title_lines = text::wrap(&self.spec.title, usize::from(COLS.min(area.width.saturating_sub(4)).max(1))).len();
        let rows = seen(&popup, lines.len());
        for ((place, line), y) in lines.iter().enumerate().skip(self.top).take(rows).zip(inner.y..) {
            let role = if place < title_lines { Role::Title } else { Role::Text };
            text::put(frame.buffer_mut(), inner.x, y, inner.width, line, cx.theme.style(role));
        }
        // What is lost is never cut off in silence.
        if rows < lines.len() && inner.height > 1 {
            let words = format!("↑ {} ↓ {} pgdn", self.top, lines.len().saturating_sub(self.top + rows));
            text::put(frame.buffer_mut(), inner.x, inner.bottom() - 2, inner.width, &words, cx.theme.style(Role::Warn));
        }
        for (place, (button, rect)) in self.buttons().iter().zip(self.button_places(inner)).enumerate() {
            let danger = place.checked_sub(1).and_then(|place| self.spec.choices.get(place)).is_some_and(|choice| choice.destroys);
            let role = match (place == self.cursor, danger) {
                (true, _) => Role::Selection,
                (false, true) => Role::Error,
                (false, false) => Role::Text,
            };
            text::put(frame.buffer_mut(), rect.x, rect.y, rect.width, button, cx.theme.style(role));
            if place == self.cursor && cx.plain {
                frame.set_cursor_position((rect.x, rect.y));
            }
        }
    }

    fn takes_keys(&self) -> bool {
        true
    }

    fn hints(&self, _cx: &Context) -> Option<Vec<(String, String)>> {
        let hint = |key: &str, what: &str| (key.to_owned(), what.to_owned());
        let mut hints = vec![hint("n", "cancel")];
        hints.extend(self.spec.choices.iter().map(|choice| hint(&choice.key.to_string(), &choice.label)));
        hints.extend([hint("⇥", "other answer"), hint("⏎", "take it")]);
        Some(hints)
    }
}

/// Lines that are seen at once: where not all have room, one row says how many are not seen.
fn seen(popup: &Popup, lines: usize) -> usize {
    let rows = usize::from(popup.inner.height.saturating_sub(1));
    if lines > rows { rows.saturating_sub(1).max(1) } else { rows }
}
