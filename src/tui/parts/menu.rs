//! What can be done with one container, to pick from.
use super::actions;
use super::popup::Popup;
use super::text;
use crate::model::ContainerId;
use crate::term::KeyCode;
use crate::term::MouseKind;
use crate::tui::command;
use crate::tui::command::CommandId;
use crate::tui::component::Component;
use crate::tui::component::Context;
use crate::tui::msg::Ask;
use crate::tui::msg::Effect;
use crate::tui::msg::Msg;
use crate::tui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;

/// Columns of the menu.
const COLS: u16 = 44;

/// The action menu of a container.
#[derive(Clone, Debug)]
pub struct Menu {
    container: ContainerId,
    cursor: usize,
}

impl Menu {
    /// With the cursor on the first action.
    #[must_use]
    pub fn new(container: ContainerId) -> Self {
        Self { container, cursor: 0 }
    }

    fn commands(&self, cx: &Context) -> Vec<CommandId> {
        cx.data.container(&self.container).map(actions::possible).unwrap_or_default()
    }

    fn place(area: Rect, count: usize) -> Popup {
        Popup::place(area, COLS, u16::try_from(count.max(1)).unwrap_or(u16::MAX))
    }

    /// The first action shown where not all have room.
    fn top(&self, popup: &Popup) -> usize {
        (self.cursor + 1).saturating_sub(popup.inner.height.into())
    }

    fn run(&self, command: Option<CommandId>, cx: &Context) -> Vec<Effect> {
        let close = Effect::Ask(Ask::Close);
        let container = cx.data.container(&self.container);
        let Some((command, container)) = command.zip(container) else { return vec![close] };
        // What concerns more than the container, such as its log in a pane, is for the app.
        let own = actions::act(command, container, cx);
        own.map_or_else(|| vec![Effect::Ask(Ask::Run(command))], |own| [vec![close], own].concat())
    }
}

impl Component for Menu {
    fn update(&mut self, msg: &Msg, cx: &Context) -> Option<Vec<Effect>> {
        let commands = self.commands(cx);
        let count = commands.len().max(1);
        match msg {
            Msg::Key(key) => {
                match key.code {
                    KeyCode::Esc | KeyCode::Char('q') => return Some(self.run(None, cx)),
                    KeyCode::Enter => return Some(self.run(commands.get(self.cursor).copied(), cx)),
                    KeyCode::Down | KeyCode::Tab | KeyCode::Char('j') => self.cursor = (self.cursor + 1) % count,
                    KeyCode::Up | KeyCode::BackTab | KeyCode::Char('k') => self.cursor = (self.cursor + count - 1) % count,
                    KeyCode::Char('c') if !key.mods.is_empty() => return Some(self.run(None, cx)),
                    _ => {
                        // The keys of the actions work here as they do outside.
                        let meant = cx.keymap.find(&[crate::tui::command::Scope::Home], *key).filter(|id| commands.contains(id));
                        return Some(meant.map(|id| self.run(Some(id), cx)).unwrap_or_default());
                    }
                }
                Some(Vec::new())
            }
            Msg::Mouse(mouse) => {
                let popup = Self::place(cx.area, commands.len());
                match mouse.kind {
                    MouseKind::WheelDown => self.cursor = (self.cursor + 1).min(count - 1),
                    MouseKind::WheelUp => self.cursor = self.cursor.saturating_sub(1),
                    MouseKind::Down if popup.inner.contains((mouse.col, mouse.row).into()) => {
                        let place = self.top(&popup) + usize::from(mouse.row - popup.inner.y);
                        return Some(self.run(commands.get(place).copied(), cx));
                    }
                    MouseKind::Down => return Some(self.run(None, cx)),
                    _ => {}
                }
                Some(Vec::new())
            }
            Msg::Paste(_) => Some(Vec::new()),
            _ => None,
        }
    }

    fn draw(&self, frame: &mut Frame, area: Rect, cx: &Context) {
        let commands = self.commands(cx);
        let popup = Self::place(area, commands.len());
        let name = cx.data.container(&self.container).map_or("it is gone", |container| container.name.as_str());
        popup.draw(frame, cx.theme, name, "⏎ do it  esc leave");
        let inner = popup.inner;
        for ((place, id), y) in commands.iter().enumerate().skip(self.top(&popup)).zip(inner.top()..inner.bottom()) {
            let command = command::command(*id);
            let selected = place == self.cursor;
            let style = |role| cx.theme.style(if selected { Role::Selection } else { role });
            let key = cx.keymap.label(*id).unwrap_or_default();
            let line = text::left(&format!("{} {}", if selected { "▸" } else { " " }, command.title), usize::from(inner.width));
            text::put(frame.buffer_mut(), inner.x, y, inner.width, &line, style(if *id == CommandId::Remove { Role::Error } else { Role::Text }));
            let key = text::right(&key, 5);
            text::put(frame.buffer_mut(), inner.right().saturating_sub(5).max(inner.x), y, 5.min(inner.width), &key, style(Role::Key));
        }
    }

    fn takes_keys(&self) -> bool {
        true
    }

    fn hints(&self, _cx: &Context) -> Option<Vec<(String, String)>> {
        Some(vec![("⏎".to_owned(), "do it".to_owned()), ("esc".to_owned(), "leave".to_owned())])
    }
}
