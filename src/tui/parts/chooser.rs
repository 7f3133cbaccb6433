//! Chooses the columns of the table of containers; each change is seen at once.
use super::facts::Columns;
use super::facts::Fact;
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
use crate::tui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;

/// Columns of the list.
const COLS: u16 = 62;

/// The overlay.
#[derive(Clone, Debug)]
pub struct Chooser {
    columns: Columns,
    cursor: usize,
}

impl Chooser {
    /// Of these columns, the cursor on the first that may go.
    #[must_use]
    pub fn new(columns: Columns) -> Self {
        Self { columns, cursor: 1 }
    }

    /// What is listed: the chosen ones in their order, then the others.
    fn facts(&self) -> Vec<Fact> {
        let chosen = self.columns.all().iter().map(|chosen| chosen.fact);
        let others = Fact::ALL.into_iter().filter(|fact| self.columns.place(*fact).is_none());
        chosen.chain(others).collect()
    }

    fn place(area: Rect) -> Popup {
        Popup::place(area, COLS, u16::try_from(Fact::ALL.len()).unwrap_or(20))
    }

    fn top(&self, popup: &Popup) -> usize {
        (self.cursor + 1).saturating_sub(popup.inner.height.into())
    }

    fn key(&mut self, key: Key) -> Vec<Effect> {
        let facts = self.facts();
        let last = facts.len() - 1;
        let Some(fact) = facts.get(self.cursor).copied() else { return Vec::new() };
        match key.code {
            KeyCode::Esc | KeyCode::Enter | KeyCode::Char('q' | 'C') => return vec![Effect::Ask(Ask::Close)],
            KeyCode::Char('c') if key.mods.contains(Mods::CTRL) => return vec![Effect::Ask(Ask::Close)],
            KeyCode::Down | KeyCode::Char('j') | KeyCode::Tab => self.cursor = (self.cursor + 1).min(last),
            KeyCode::Up | KeyCode::Char('k') | KeyCode::BackTab => self.cursor = self.cursor.saturating_sub(1),
            KeyCode::Home => self.cursor = 0,
            KeyCode::End => self.cursor = last,
            KeyCode::Char(' ') => return self.change(fact, |columns| columns.toggle(fact)),
            KeyCode::Char('+' | '=') | KeyCode::Right => return self.change(fact, |columns| columns.widen(fact, Some(1))),
            KeyCode::Char('-') | KeyCode::Left => return self.change(fact, |columns| columns.widen(fact, Some(-1))),
            KeyCode::Char('0') => return self.change(fact, |columns| columns.widen(fact, None)),
            KeyCode::Char('K') => return self.change(fact, |columns| columns.shift(fact, true)),
            KeyCode::Char('J') => return self.change(fact, |columns| columns.shift(fact, false)),
            KeyCode::Char('r') => return self.change(fact, |columns| *columns = Columns::default()),
            _ => {}
        }
        Vec::new()
    }

    /// The cursor follows the fact.
    fn change(&mut self, fact: Fact, change: impl FnOnce(&mut Columns)) -> Vec<Effect> {
        change(&mut self.columns);
        self.cursor = self.facts().iter().position(|other| *other == fact).unwrap_or(0);
        vec![Effect::Ask(Ask::SetColumns(self.columns.clone()))]
    }
}

impl Component for Chooser {
    fn update(&mut self, msg: &Msg, cx: &Context) -> Option<Vec<Effect>> {
        match msg {
            Msg::Key(key) => Some(self.key(*key)),
            Msg::Mouse(mouse) => {
                let popup = Self::place(cx.area);
                let top = self.top(&popup);
                match popup.pointed(*mouse, &mut self.cursor, top, Fact::ALL.len()) {
                    Pointed::Row(row) => {
                        let fact = self.facts().get(row).copied()?;
                        return Some(self.change(fact, |columns| columns.toggle(fact)));
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
        let popup = Self::place(area);
        popup.draw(frame, cx.theme, "columns", "space show  +/- width  J/K move  r as usual  esc leave");
        let inner = popup.inner;
        for ((place, fact), y) in self.facts().into_iter().enumerate().skip(self.top(&popup)).zip(inner.top()..inner.bottom()) {
            let selected = place == self.cursor;
            let style = |role| cx.theme.style(if selected { Role::Selection } else { role });
            let chosen = self.columns.place(fact).and_then(|place| self.columns.all().get(place));
            let shown = match (cx.plain, chosen.is_some()) {
                (true, true) => "shown ",
                (true, false) => "hidden",
                (false, true) => "[x]",
                (false, false) => "[ ]",
            };
            let width = chosen.and_then(|chosen| chosen.width).map_or_else(String::new, |width| format!("{width} wide"));
            let line = format!("{} {shown} {} {}", if selected { "▸" } else { " " }, text::left(fact.word(), 9), text::left(&width, 8));
            let used = text::put(frame.buffer_mut(), inner.x, y, inner.width, &line, style(Role::Text));
            let about = text::left(fact.about(), usize::from(inner.width - used));
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
        let keys = [("space", "show or hide"), ("+ -", "width"), ("0", "natural width"), ("J K", "move"), ("r", "as usual"), ("esc", "leave")];
        Some(keys.map(|(key, what)| (key.to_owned(), what.to_owned())).to_vec())
    }
}
