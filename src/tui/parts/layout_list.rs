//! The layouts that are kept, to pick from.
use super::popup::Pointed;
use super::popup::Popup;
use super::saved::SavedWorkspace;
use super::text;
use crate::model::Layout;
use crate::term::Key;
use crate::term::KeyCode;
use crate::term::Mods;
use crate::tui::component::Component;
use crate::tui::component::Context;
use crate::tui::layouts::LayoutWish;
use crate::tui::layouts::removal;
use crate::tui::layouts::wish;
use crate::tui::msg::Ask;
use crate::tui::msg::Effect;
use crate::tui::msg::Msg;
use crate::tui::msg::PromptFor;
use crate::tui::msg::PromptSpec;
use crate::tui::msg::Reply;
use crate::tui::msg::Request;
use crate::tui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;

/// Columns of the list.
const COLS: u16 = 70;
/// Rows of it at most.
const ROWS: u16 = 15;

/// The overlay.
#[derive(Clone, Debug, Default)]
pub struct LayoutList {
    /// Name and what is in it; none before the server has answered.
    items: Option<Vec<(String, String)>>,
    /// Why there is no list.
    failed: Option<String>,
    cursor: usize,
}

impl LayoutList {
    fn learn(&mut self, layouts: &[Layout]) {
        let about = |layout: &Layout| {
            let saved = serde_json::from_value::<SavedWorkspace>(layout.data["work"].clone());
            saved.map_or_else(|_| "not made by this version of cto".to_owned(), |saved| saved.about())
        };
        self.failed = None;
        let items: Vec<_> = layouts.iter().map(|layout| (layout.name.clone(), about(layout))).collect();
        self.cursor = self.cursor.min(items.len().saturating_sub(1));
        self.items = Some(items);
    }

    fn name(&self) -> Option<String> {
        self.items.as_ref()?.get(self.cursor).map(|(name, _)| name.clone())
    }

    fn key(&mut self, key: Key) -> Vec<Effect> {
        let close = Effect::Ask(Ask::Close);
        let last = self.items.as_ref().map_or(0, Vec::len).saturating_sub(1);
        let ctrl = key.mods.contains(Mods::CTRL);
        match (key.code, self.name()) {
            (KeyCode::Esc | KeyCode::Char('q'), _) => return vec![close],
            (KeyCode::Char('c'), _) if ctrl => return vec![close],
            (KeyCode::Down | KeyCode::Char('j') | KeyCode::Tab, _) => self.cursor = (self.cursor + 1).min(last),
            (KeyCode::Up | KeyCode::Char('k') | KeyCode::BackTab, _) => self.cursor = self.cursor.saturating_sub(1),
            (KeyCode::Char('n'), _) => {
                let purpose = PromptFor::SaveLayout { tab: false };
                return vec![close, Effect::Ask(Ask::Prompt(Box::new(PromptSpec { title: "save all tabs as".to_owned(), text: String::new(), purpose })))];
            }
            (KeyCode::Enter, Some(name)) => return vec![close, wish(LayoutWish::Open(name))],
            (KeyCode::Char('r'), Some(name)) => {
                let purpose = PromptFor::RenameLayout(name.clone());
                return vec![Effect::Ask(Ask::Prompt(Box::new(PromptSpec { title: "rename layout".to_owned(), text: name, purpose })))];
            }
            (KeyCode::Char('y'), Some(name)) if ctrl => return vec![Effect::Ask(Ask::Copy(format!("cto layout open {name}")))],
            (KeyCode::Delete, Some(name)) => return vec![Effect::Ask(Ask::Confirm(Box::new(removal(&name))))],
            (KeyCode::Char('d'), Some(name)) if ctrl => return vec![Effect::Ask(Ask::Confirm(Box::new(removal(&name))))],
            _ => {}
        }
        Vec::new()
    }

    fn place(&self, area: Rect) -> Popup {
        let rows = self.items.as_ref().map_or(1, Vec::len).max(1);
        Popup::place(area, COLS, u16::try_from(rows).unwrap_or(ROWS).min(ROWS))
    }

    /// The first row shown where not all have room.
    fn top(&self, popup: &Popup) -> usize {
        (self.cursor + 1).saturating_sub(popup.inner.height.into())
    }
}

impl Component for LayoutList {
    fn update(&mut self, msg: &Msg, cx: &Context) -> Option<Vec<Effect>> {
        match msg {
            Msg::Key(key) => Some(self.key(*key)),
            Msg::Reply(request, result) if matches!(&**request, Request::Layouts(_)) => {
                match result {
                    Ok(Reply::Layouts(layouts)) => self.learn(layouts),
                    Err(problem) if self.items.is_none() => self.failed = Some(problem.detail.clone()),
                    _ => return None,
                }
                Some(Vec::new())
            }
            Msg::Mouse(mouse) => {
                let popup = self.place(cx.area);
                let (top, count) = (self.top(&popup), self.items.as_ref().map_or(0, Vec::len));
                match popup.pointed(*mouse, &mut self.cursor, top, count) {
                    Pointed::Row(row) => {
                        self.cursor = row;
                        return Some(self.key(Key::new(KeyCode::Enter, Mods::NONE)));
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
        popup.draw(frame, cx.theme, "layouts", "⏎ open  r rename  ^d remove  n save");
        let inner = popup.inner;
        let told = match (&self.items, &self.failed) {
            (_, Some(problem)) => Some((problem.as_str(), Role::Error)),
            (None, None) => Some(("asking the server…", Role::Muted)),
            (Some(items), None) => items.is_empty().then_some(("none are kept yet: n keeps what is open", Role::Muted)),
        };
        if let Some((words, role)) = told {
            text::put(frame.buffer_mut(), inner.x, inner.y, inner.width, words, cx.theme.style(role));
        }
        let items = self.items.iter().flatten().enumerate().skip(self.top(&popup));
        for ((place, (name, about)), y) in items.zip(inner.top()..inner.bottom()) {
            let selected = place == self.cursor;
            let style = |role| cx.theme.style(if selected { Role::Selection } else { role });
            let cols = usize::from(inner.width);
            let named = text::left(&format!("{} {name}  ", if selected { "▸" } else { " " }), cols.min(24.max(text::width(name) + 4)));
            let used = u16::try_from(text::width(&named)).unwrap_or(inner.width).min(inner.width);
            text::put(frame.buffer_mut(), inner.x, y, inner.width, &named, style(Role::Text));
            let about = text::left(about, usize::from(inner.width - used));
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
        let keys = [("⏎", "open"), ("r", "rename"), ("^d", "remove"), ("n", "save all tabs"), ("^y", "copy as command line"), ("esc", "leave")];
        Some(keys.map(|(key, what)| (key.to_owned(), what.to_owned())).to_vec())
    }
}
