//! What can be done with one thing, to pick from; each as a command line too.
use super::actions;
use super::popup::Popup;
use super::text;
use crate::model::ContainerId;
use crate::term::Key;
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

/// The action menu.
#[derive(Clone, Debug)]
pub struct Menu {
    subject: Subject,
    cursor: usize,
}

/// What the menu is for.
#[derive(Clone, Debug)]
enum Subject {
    Container(ContainerId),
    /// Something with this title, and its actions with their command lines.
    Other(String, Vec<(CommandId, Option<String>)>),
}

impl Menu {
    /// With the cursor on the first action.
    #[must_use]
    pub fn new(container: ContainerId) -> Self {
        Self { subject: Subject::Container(container), cursor: 0 }
    }

    /// Of these actions, each as it is written on a shell's command line.
    #[must_use]
    pub fn of(title: String, actions: Vec<(CommandId, Option<String>)>) -> Self {
        Self { subject: Subject::Other(title, actions), cursor: 0 }
    }

    fn commands(&self, cx: &Context) -> Vec<CommandId> {
        match &self.subject {
            Subject::Container(id) => cx.data.container(id).map(actions::possible).unwrap_or_default(),
            Subject::Other(_, actions) => actions.iter().map(|(id, _)| *id).collect(),
        }
    }

    /// The action under the cursor as a command line.
    fn line(&self, cx: &Context) -> Option<String> {
        match &self.subject {
            Subject::Container(id) => actions::line(self.commands(cx).get(self.cursor).copied()?, cx.data.container(id)?),
            Subject::Other(_, actions) => actions.get(self.cursor)?.1.clone(),
        }
    }

    /// The keys of the actions work here as they do outside.
    fn find(&self, key: Key, commands: &[CommandId], cx: &Context) -> Option<CommandId> {
        let scopes: Vec<_> = commands.iter().map(|id| command::command(*id).scope).collect();
        cx.keymap.find(&scopes, key).filter(|id| commands.contains(id))
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
        let container = match &self.subject {
            Subject::Container(id) => cx.data.container(id),
            Subject::Other(..) => return vec![command.map_or(close, |command| Effect::Ask(Ask::Run(command)))],
        };
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
                    KeyCode::Char('y') if !key.mods.is_empty() => {
                        return Some(self.line(cx).map(|line| Effect::Ask(Ask::Copy(line))).into_iter().collect());
                    }
                    _ => {
                        let meant = self.find(*key, &commands, cx);
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
        let name = match &self.subject {
            Subject::Container(id) => cx.data.container(id).map_or("it is gone", |container| container.name.as_str()),
            Subject::Other(title, _) => title.as_str(),
        };
        let line = self.line(cx).map_or_else(|| "⏎ do it  esc leave".to_owned(), |line| format!("^y {line}"));
        popup.draw(frame, cx.theme, name, &line);
        let inner = popup.inner;
        for ((place, id), y) in commands.iter().enumerate().skip(self.top(&popup)).zip(inner.top()..inner.bottom()) {
            let command = command::command(*id);
            let selected = place == self.cursor;
            let style = |role| cx.theme.style(if selected { Role::Selection } else { role });
            let key = cx.keymap.label(*id).unwrap_or_default();
            let line = text::left(&format!("{} {}", if selected { "▸" } else { " " }, command.title), usize::from(inner.width));
            text::put(
                frame.buffer_mut(),
                inner.x,
                y,
                inner.width,
                &line,
                style(if matches!(id, CommandId::Remove | CommandId::StockRemove) { Role::Error } else { Role::Text }),
            );
            let room: u16 = if cx.plain { 9 } else { 5 };
            let key = text::right(&key, usize::from(room));
            text::put(frame.buffer_mut(), inner.right().saturating_sub(room).max(inner.x), y, room.min(inner.width), &key, style(Role::Key));
            if selected && cx.plain {
                frame.set_cursor_position((inner.x, y));
            }
        }
    }

    fn takes_keys(&self) -> bool {
        true
    }

    fn hints(&self, _cx: &Context) -> Option<Vec<(String, String)>> {
        Some([("⏎", "do it"), ("^y", "copy as command line"), ("esc", "leave")].map(|(key, what)| (key.to_owned(), what.to_owned())).to_vec())
    }
}
