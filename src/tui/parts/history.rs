//! The commands that were run in a terminal, or in all: found by a few letters, pasted at the prompt, looked up in the scrollback.
use super::field::Edit;
use super::field::Field;
use super::fuzzy;
use super::popup::Popup;
use super::text;
use super::toast::say;
use crate::model::SessionCommand;
use crate::model::SessionId;
use crate::term::Key;
use crate::term::KeyCode;
use crate::term::Mods;
use crate::term::MouseKind;
use crate::tui::component::Component;
use crate::tui::component::Context;
use crate::tui::component::Hint;
use crate::tui::history::wish;
use crate::tui::msg::Ask;
use crate::tui::msg::Effect;
use crate::tui::msg::Msg;
use crate::tui::msg::PromptFor;
use crate::tui::msg::Reply;
use crate::tui::msg::Request;
use crate::tui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;
use std::collections::HashSet;

/// Columns of the box at most.
const COLS: u16 = 96;
/// Rows of the list at most.
const ROWS: u16 = 18;

/// The overlay.
#[derive(Clone, Debug)]
pub struct HistoryList {
    /// The focused terminal: its session, and its container's name.
    pane: Option<(SessionId, String)>,
    /// Those of all terminals are shown.
    all: bool,
    field: Field,
    cursor: usize,
    /// The newest first, each text once, with how it is shown; none before the server has answered.
    items: Option<Vec<(SessionCommand, String)>>,
    /// Why there are none.
    missing: Option<String>,
}

impl HistoryList {
    /// The commands of the focused terminal, or of all.
    #[must_use]
    pub fn new(pane: Option<(SessionId, String)>, all: bool) -> Self {
        let all = all || pane.is_none();
        Self { pane, all, field: Field::default(), cursor: 0, items: None, missing: None }
    }

    /// Asks for what is shown.
    #[must_use]
    pub fn ask(&self) -> Effect {
        wish(self.session().cloned())
    }

    /// The session whose commands alone are shown.
    fn session(&self) -> Option<&SessionId> {
        self.pane.as_ref().filter(|_| !self.all).map(|(session, _)| session)
    }

    fn learn(&mut self, commands: &[SessionCommand]) {
        let mut seen = HashSet::new();
        let newest = commands.iter().filter(|command| seen.insert(command.text.clone()));
        self.items = Some(newest.map(|command| (command.clone(), command.text.lines().collect::<Vec<_>>().join(" ⏎ "))).collect());
        self.cursor = 0;
    }

    fn found(&self) -> Vec<(&SessionCommand, &str, Vec<u32>)> {
        let items: &[(SessionCommand, String)] = self.items.as_deref().unwrap_or_default();
        let found = fuzzy::find(self.field.text(), items.iter().map(|(_, shown)| shown.as_str()));
        found.into_iter().filter_map(|found| items.get(found.place).map(|(command, shown)| (command, shown.as_str(), found.letters))).collect()
    }

    fn take(&self) -> Vec<Effect> {
        let found = self.found();
        let Some((command, ..)) = found.get(self.cursor) else { return Vec::new() };
        if command.cut {
            return vec![say("it is longer than what is kept of it")];
        }
        vec![Effect::Ask(Ask::Close), Effect::Ask(Ask::PasteCommand(command.text.clone()))]
    }

    /// Goes to where the command stands in the scrollback, with its output below.
    fn look(&self) -> Vec<Effect> {
        let found = self.found();
        let Some((command, ..)) = found.get(self.cursor) else { return Vec::new() };
        if self.pane.as_ref().is_none_or(|(session, _)| *session != command.session) {
            return vec![say(format!("it was run in another terminal, of {}", command.container_name))];
        }
        let line = command.text.lines().next().unwrap_or_default().to_owned();
        vec![Effect::Ask(Ask::Close), Effect::Ask(Ask::Prompted(PromptFor::Search { back: true }, line))]
    }

    fn key(&mut self, key: Key) -> Vec<Effect> {
        let last = self.found().len().saturating_sub(1);
        let ctrl = key.mods.contains(Mods::CTRL);
        match (key.code, ctrl) {
            (KeyCode::Esc, _) => return vec![Effect::Ask(Ask::Close)],
            (KeyCode::Char('c'), true) if !self.field.clear() => return vec![Effect::Ask(Ask::Close)],
            (KeyCode::Char('c'), true) => self.cursor = 0,
            (KeyCode::Enter, _) => return self.take(),
            (KeyCode::Char('o'), true) => return self.look(),
            (KeyCode::Char('y'), true) => {
                return self.found().get(self.cursor).map(|(command, ..)| Effect::Ask(Ask::Copy(command.text.clone()))).into_iter().collect();
            }
            (KeyCode::Tab, _) if self.pane.is_some() => {
                (self.all, self.items, self.missing) = (!self.all, None, None);
                return vec![self.ask()];
            }
            (KeyCode::Down, _) | (KeyCode::Char('n'), true) => self.cursor = (self.cursor + 1).min(last),
            (KeyCode::Up, _) | (KeyCode::Char('p'), true) => self.cursor = self.cursor.saturating_sub(1),
            (KeyCode::PageDown, _) => self.cursor = (self.cursor + usize::from(ROWS)).min(last),
            (KeyCode::PageUp, _) => self.cursor = self.cursor.saturating_sub(ROWS.into()),
            _ => {
                if self.field.key(key) == Edit::Changed {
                    self.cursor = 0;
                }
            }
        }
        Vec::new()
    }

    fn place(area: Rect) -> Popup {
        Popup::place(area, COLS, ROWS + 1)
    }

    fn list(popup: &Popup) -> Rect {
        Rect { y: popup.inner.y + 1, height: popup.inner.height.saturating_sub(1), ..popup.inner }
    }

    fn top(&self, list: Rect) -> usize {
        (self.cursor + 1).saturating_sub(list.height.into())
    }

    /// How it ended, where, and when.
    fn about(&self, command: &SessionCommand, cx: &Context) -> String {
        let exit = match (command.exit_code, command.ended_at) {
            (Some(0), _) | (None, Some(_)) => String::new(),
            (Some(code), _) => format!("exit {code} · "),
            (None, None) => "running · ".to_owned(),
        };
        let place = if self.all { format!("{} · ", text::clip(&command.container_name, 20)) } else { String::new() };
        format!("{exit}{place}{}", text::age(command.started_at, cx.now.time))
    }

    /// What stands there in place of commands.
    fn nothing(&self, found: usize) -> Option<String> {
        match (&self.items, &self.missing) {
            (_, Some(why)) => Some(why.clone()),
            (None, None) => Some("asking the server…".to_owned()),
            (Some(items), None) if items.is_empty() => {
                let words = if self.all { "none are known: shells have to mark them, see 'cto history setup'" } else { "nothing was run here yet" };
                Some(words.to_owned())
            }
            _ => (found == 0).then(|| "nothing fits".to_owned()),
        }
    }
}

impl Component for HistoryList {
    fn update(&mut self, msg: &Msg, cx: &Context) -> Option<Vec<Effect>> {
        match msg {
            Msg::Key(key) => Some(self.key(*key)),
            Msg::Paste(pasted) => {
                self.field.insert(pasted);
                self.cursor = 0;
                Some(Vec::new())
            }
            Msg::Reply(request, result) => {
                let Request::History(asked) = &**request else { return None };
                // An answer to what was shown before.
                if asked.0.as_ref() != self.session() {
                    return Some(Vec::new());
                }
                match result {
                    Ok(Reply::History(page)) => {
                        self.learn(&page.items);
                        self.missing.clone_from(&page.missing);
                    }
                    Err(problem) => self.missing = Some(problem.detail.clone()),
                    Ok(_) => {}
                }
                Some(Vec::new())
            }
            Msg::Mouse(mouse) => {
                let popup = Self::place(cx.area);
                let list = Self::list(&popup);
                let (at, count) = ((mouse.col, mouse.row).into(), self.found().len());
                match mouse.kind {
                    MouseKind::WheelDown => self.cursor = (self.cursor + 1).min(count.saturating_sub(1)),
                    MouseKind::WheelUp => self.cursor = self.cursor.saturating_sub(1),
                    MouseKind::Down if list.contains(at) => {
                        let place = self.top(list) + usize::from(mouse.row - list.y);
                        if place < count {
                            self.cursor = place;
                            return Some(self.take());
                        }
                    }
                    MouseKind::Down if !popup.outer.contains(at) => return Some(vec![Effect::Ask(Ask::Close)]),
                    _ => {}
                }
                Some(Vec::new())
            }
            _ => None,
        }
    }

    fn draw(&self, frame: &mut Frame, area: Rect, cx: &Context) {
        let popup = Self::place(area);
        let title = match &self.pane {
            Some((_, name)) if !self.all => format!("commands of this terminal, in {name}"),
            _ => "commands of all terminals".to_owned(),
        };
        let other = match (&self.pane, self.all) {
            (None, _) => "",
            (Some(_), true) => "⇥ this terminal  ",
            (Some(_), false) => "⇥ all terminals  ",
        };
        popup.draw(frame, cx.theme, &title, &format!("⏎ paste  ^o its output  {other}^y copy  esc"));
        let inner = popup.inner;
        let used = text::put(frame.buffer_mut(), inner.x, inner.y, inner.width, "> ", cx.theme.style(Role::Accent));
        let field = Rect { x: inner.x + used, y: inner.y, width: inner.width.saturating_sub(used), height: 1.min(inner.height) };
        self.field.draw(frame, field, cx.theme.style(Role::Text), ("a few letters of a command", cx.theme.style(Role::Muted)), true);
        let list = Self::list(&popup);
        let found = self.found();
        for ((place, (command, shown, letters)), y) in found.iter().enumerate().skip(self.top(list)).zip(list.top()..list.bottom()) {
            let selected = place == self.cursor;
            let style = |role| cx.theme.style(if selected { Role::Selection } else { role });
            let buffer = frame.buffer_mut();
            buffer.set_style(Rect { y, height: 1, ..list }, style(Role::Text));
            text::put(buffer, list.x, y, 2, if selected { "▸" } else { " " }, style(Role::Accent));
            let about = if list.width < 40 { String::new() } else { self.about(command, cx) };
            let room = u16::try_from(text::width(&about)).unwrap_or(0).min(list.width / 2);
            let name = list.width.saturating_sub(room + 4);
            let clipped = text::clip(shown, name.into());
            text::put(buffer, list.x + 2, y, name, &clipped, style(Role::Text));
            for letter in letters {
                let before: String = shown.chars().take(usize::try_from(*letter).unwrap_or(0)).collect();
                if let Ok(col) = u16::try_from(text::width(&before))
                    && col < name
                {
                    buffer.set_style(Rect { x: list.x + 2 + col, y, width: 1, height: 1 }, style(Role::Key));
                }
            }
            let role = if command.exit_code.is_some_and(|code| code != 0) { Role::Error } else { Role::Muted };
            text::put(buffer, list.right() - room, y, room, &about, style(role));
            if selected && cx.plain && self.cursor > 0 {
                frame.set_cursor_position((list.x, y));
            }
        }
        if let Some(words) = self.nothing(found.len()).filter(|_| list.height > 0) {
            text::put(frame.buffer_mut(), list.x + 2, list.y, list.width.saturating_sub(2), &words, cx.theme.style(Role::Muted));
        }
    }

    fn takes_keys(&self) -> bool {
        true
    }

    fn hints(&self, _cx: &Context) -> Option<Vec<Hint>> {
        let keys = [("⏎", "paste at the prompt"), ("^o", "its output"), ("⇥", "this or all"), ("^y", "copy"), ("esc", "leave")];
        Some(keys.map(|(key, what)| (key.to_owned(), what.to_owned())).to_vec())
    }
}
