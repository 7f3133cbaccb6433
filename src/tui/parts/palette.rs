//! Finds a command, a pane, a container, a session or a template; and the command line.
use super::actions;
use super::badges::Badge;
use super::badges::in_words;
use super::facts::Fact;
use super::field::Edit;
use super::field::Field;
use super::fuzzy;
use super::groups::Grouping;
use super::palette_plugins;
use super::pane_tree::TabSeen;
use super::popup::Popup;
use super::run_words;
use super::state;
use super::text;
use crate::model::ContainerId;
use crate::model::SessionId;
use crate::term::Key;
use crate::term::KeyCode;
use crate::term::Mods;
use crate::term::MouseKind;
use crate::tui::command::COMMANDS;
use crate::tui::command::CommandId;
use crate::tui::command::Scope;
use crate::tui::command::by_name;
use crate::tui::component::Component;
use crate::tui::component::Context;
use crate::tui::msg::Ask;
use crate::tui::msg::Effect;
use crate::tui::msg::Msg;
use crate::tui::msg::PaneId;
use crate::tui::pages::shell_line;
use crate::tui::stock::Kind;
use crate::tui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;
use std::collections::BTreeMap;
use std::collections::VecDeque;

/// Columns of the box at most.
const COLS: u16 = 76;
/// Rows of the list at most.
const ROWS: u16 = 15;
/// Lines kept of what was typed after `:`; the oldest goes first.
const KEPT: usize = 100;

/// The lines typed after `:`, kept while the program runs.
#[derive(Clone, Debug, Default)]
pub struct History(VecDeque<String>);

impl History {
    /// Keeps a line; the same one again moves to the end.
    pub fn keep(&mut self, line: &str) {
        self.0.retain(|kept| kept != line);
        if self.0.len() >= KEPT {
            self.0.pop_front();
        }
        self.0.push_back(line.to_owned());
    }
}

/// What an entry does.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Does {
    Run(CommandId),
    Container(ContainerId),
    Session(SessionId),
    Pane(PaneId),
    Template(String),
    Script(String),
    /// A command of the person's own.
    Own(String),
    /// A plugin's command.
    Plugin(String, String),
    /// Stands in the line in place of its last word.
    Word(String),
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub text: String,
    pub about: String,
    pub key: String,
    pub does: Does,
}

/// The overlay.
#[derive(Clone, Debug)]
pub struct Palette {
    scopes: Vec<Scope>,
    field: Field,
    /// It is the command line.
    line: bool,
    cursor: usize,
    /// The cursor was moved into the list: Enter takes the entry.
    moved: bool,
    history: History,
    /// How far back in the history, from 1.
    back: usize,
    /// Names of themes, each with a word on it.
    themes: Vec<(String, String)>,
    /// Tabs and panes, each with what shows it.
    panes: Vec<Entry>,
}

impl Palette {
    /// Finds among the commands of these scopes and everything that has a name.
    #[must_use]
    pub fn new(scopes: &[Scope]) -> Self {
        Self {
            scopes: scopes.to_vec(),
            field: Field::default(),
            line: false,
            cursor: 0,
            moved: false,
            history: History::default(),
            back: 0,
            themes: Vec::new(),
            panes: Vec::new(),
        }
    }

    /// The command line, with this text in it.
    #[must_use]
    pub fn line(scopes: &[Scope], text: &str) -> Self {
        Self { field: Field::new(text), line: true, ..Self::new(scopes) }
    }

    /// With the lines that were typed before.
    #[must_use]
    pub fn with_history(self, history: &History) -> Self {
        Self { history: history.clone(), ..self }
    }

    /// With the themes that there are.
    #[must_use]
    pub fn with_themes(self, themes: Vec<(String, String)>) -> Self {
        Self { themes, ..self }
    }

    /// With the tabs and panes that are open.
    #[must_use]
    pub fn with_panes(self, tabs: Vec<TabSeen>) -> Self {
        let mut panes = Vec::new();
        for tab in tabs {
            let number = tab.number;
            let about = |badges: &[Badge], rest: String| {
                in_words(badges, true).trim_start_matches(", ").to_owned() + if badges.is_empty() { "" } else { " · " } + &rest
            };
            let count = about(&tab.badges, text::count(tab.panes.len(), "pane"));
            panes.push(Entry { text: format!("tab {number}: {}", tab.name), about: count, key: "tab".to_owned(), does: Does::Pane(tab.focus) });
            for pane in tab.panes {
                let place = about(&pane.badges, format!("in tab {number}"));
                panes.push(Entry { text: format!("pane {}", pane.title), about: place, key: "pane".to_owned(), does: Does::Pane(pane.id) });
            }
        }
        Self { panes, ..self }
    }

    /// What is listed for what was typed.
    fn entries(&self, cx: &Context) -> Vec<(Entry, Vec<u32>)> {
        let (query, entries) = if self.line { self.completions(cx) } else { (self.field.text().to_owned(), self.everything(cx)) };
        let texts: Vec<&str> = entries.iter().map(|entry| entry.text.as_str()).collect();
        let found = fuzzy::find(&query, texts);
        found.into_iter().map(|found| (entries[found.place].clone(), found.letters)).collect()
    }

    fn everything(&self, cx: &Context) -> Vec<Entry> {
        let mut entries = Vec::new();
        for container in &cx.data.containers {
            let about = format!("{} {} · {}", state::told(container).glyph, state::told(container).word, state::origin(container));
            entries.push(Entry { text: container.name.clone(), about, key: "container".to_owned(), does: Does::Container(container.id.clone()) });
        }
        for session in cx.data.sessions.iter().filter(|session| session.state == crate::model::SessionState::Live) {
            let text = format!("{}: {}", session.container_name, session.title);
            let about = text::clip(&session.command.join(" "), 40);
            entries.push(Entry { text, about, key: "session".to_owned(), does: Does::Session(session.id.clone()) });
        }
        for entry in &cx.data.templates.items {
            let template = &entry.template;
            let about = template.description.clone().unwrap_or_else(|| template.image.clone());
            entries.push(Entry { text: format!("launch {}", template.name), about, key: "template".to_owned(), does: Does::Template(template.name.clone()) });
        }
        for script in cx.data.runs.scripts.iter().flat_map(|list| &list.items) {
            let about = script.header.about.clone();
            entries.push(Entry { text: format!("run script {}", script.name), about, key: "script".to_owned(), does: Does::Script(script.name.clone()) });
        }
        let commands = COMMANDS.iter().filter(|command| self.scopes.contains(&command.scope) || command.scope == Scope::Global);
        let entry = |command: &crate::tui::command::Command| Entry {
            text: command.name.replace('-', " "),
            about: command.help.to_owned(),
            key: cx.keymap.label(command.id).unwrap_or_default(),
            does: Does::Run(command.id),
        };
        let mut all: Vec<Entry> = commands.map(entry).collect();
        all.extend(self.panes.iter().cloned());
        let own = cx.keymap.own().filter(|own| own.scope() == Scope::Global || self.scopes.contains(&own.scope()));
        all.extend(own.map(|own| Entry {
            text: own.name.replace('-', " "),
            about: own.help.clone().unwrap_or_else(|| own.command.join(" ")),
            key: own.key.clone().unwrap_or_default(),
            does: Does::Own(own.name.clone()),
        }));
        all.extend(palette_plugins::entries(cx));
        all.extend(entries);
        all
    }

    /// What the last word of the line may become, and that word.
    fn completions(&self, cx: &Context) -> (String, Vec<Entry>) {
        let line = self.field.text();
        let Some((command, word)) = line.split_once(' ') else {
            let all = COMMANDS.iter().filter(|command| {
                matches!(command.scope, Scope::Global | Scope::Home | Scope::Images | Scope::Volumes | Scope::Networks) || self.scopes.contains(&command.scope)
            });
            let entry = |command: &crate::tui::command::Command| Entry {
                text: command.name.to_owned(),
                about: command.help.to_owned(),
                key: cx.keymap.label(command.id).unwrap_or_default(),
                does: Does::Word(command.name.to_owned()),
            };
            let own = cx.keymap.own().map(|own| Entry {
                text: own.name.clone(),
                about: own.help.clone().unwrap_or_else(|| own.command.join(" ")),
                key: own.key.clone().unwrap_or_default(),
                does: Does::Word(own.name.clone()),
            });
            return (line.to_owned(), all.map(entry).chain(own).collect());
        };
        let word = word.trim_start();
        let entry = |name: &str, about: String, key: &str| Entry { text: name.to_owned(), about, key: key.to_owned(), does: Does::Word(name.to_owned()) };
        let entries = match by_name(command).map(|command| command.id) {
            Some(CommandId::Sort) => Fact::ALL.iter().map(|fact| entry(fact.word(), fact.about().to_owned(), "column")).collect(),
            Some(CommandId::GroupBy) => Grouping::ALL.iter().map(|grouping| entry(grouping.word(), String::new(), "group")).collect(),
            Some(CommandId::Theme) => self.themes.iter().map(|(name, about)| entry(name, about.clone(), "theme")).collect(),
            Some(CommandId::ScriptRun) => {
                let scripts = cx.data.runs.scripts.iter().flat_map(|list| &list.items);
                scripts.map(|script| entry(&script.name, script.header.about.clone(), "script")).collect()
            }
            Some(CommandId::Launch) => {
                let about = |template: &crate::model::Template| template.description.clone().unwrap_or_default();
                cx.data.templates.items.iter().map(|item| entry(&item.template.name, about(&item.template), "template")).collect()
            }
            // The network stands before the container.
            Some(CommandId::NetworkConnect | CommandId::NetworkDisconnect) if word.contains(' ') => {
                let network = word.split(' ').next().unwrap_or_default();
                let known = cx.data.stock.networks.iter().flatten().find(|known| known.name == network);
                let joins = command == "connect";
                // Those that are on it leave, the others join; all where nothing is known of it.
                let fits = |name: &str| known.is_none_or(|known| known.containers.iter().any(|member| member.name == name) != joins);
                let fitting = cx.data.containers.iter().filter(|container| fits(&container.name));
                fitting.map(|container| entry(&format!("{network} {}", container.name), String::new(), "container")).collect()
            }
            Some(id) if takes_stock(id).is_some() => {
                let kind = takes_stock(id).unwrap_or(Kind::Images);
                cx.data.stock.names(kind).into_iter().map(|name| entry(name, String::new(), kind.one())).collect()
            }
            Some(id) if takes_container(id) => {
                let told = |container: &crate::model::Container| format!("{} {}", state::told(container).glyph, state::told(container).word);
                cx.data.containers.iter().map(|container| entry(&container.name, told(container), "container")).collect()
            }
            _ => Vec::new(),
        };
        (word.to_owned(), entries)
    }

    /// Puts a word in place of the last one.
    fn complete(&mut self, word: &str) {
        let line = match self.field.text().split_once(' ') {
            Some((command, _)) => format!("{command} {word}"),
            None if by_name(word).is_some_and(|command| {
                takes_container(command.id)
                    || takes_stock(command.id).is_some()
                    || matches!(command.id, CommandId::Launch | CommandId::ScriptRun | CommandId::Theme | CommandId::Sort | CommandId::GroupBy)
            }) =>
            {
                format!("{word} ")
            }
            None => word.to_owned(),
        };
        self.field.set(&line);
        self.cursor = 0;
        self.moved = false;
    }

    fn take(&mut self, cx: &Context) -> Vec<Effect> {
        let entries = self.entries(cx);
        let picked = entries.get(self.cursor).map(|(entry, _)| entry.does.clone());
        let close = Effect::Ask(Ask::Close);
        if self.line {
            let typed = self.field.text().trim().to_owned();
            // A line that is no command yet becomes the one that it begins.
            let first = typed.split(' ').next().unwrap_or_default();
            if let Some(Does::Word(word)) = picked.filter(|_| self.moved || by_name(first).is_none()) {
                self.complete(&word);
            }
            let line = self.field.text().trim().to_owned();
            return if line.is_empty() { vec![close] } else { vec![close, Effect::Ask(Ask::RunLine(line))] };
        }
        match picked {
            Some(Does::Run(id)) => vec![Effect::Ask(Ask::Run(id))],
            Some(Does::Own(name)) => vec![close, Effect::Ask(Ask::RunOwn(name))],
            Some(Does::Plugin(plugin, command)) => vec![close, Effect::Ask(Ask::RunPlugin(plugin, command))],
            Some(Does::Container(id)) => vec![close, Effect::Ask(Ask::OpenTerminal(id))],
            Some(Does::Session(id)) => vec![close, Effect::Ask(Ask::ShowSession(id))],
            Some(Does::Pane(id)) => vec![close, Effect::Ask(Ask::FocusPane(id))],
            Some(Does::Script(name)) => vec![close, Effect::Ask(Ask::RunScript(name))],
            Some(Does::Template(name)) => {
                let template = cx.data.templates.items.iter().find(|entry| entry.template.name == name);
                match template.map(|entry| actions::launch_or_ask(&entry.template)) {
                    Some(run @ Effect::Ask(Ask::Run(_))) => vec![run],
                    Some(launch) => vec![close, launch],
                    None => vec![close],
                }
            }
            Some(Does::Word(_)) | None => Vec::new(),
        }
    }

    /// Shows an older or a newer line.
    fn recall(&mut self, back: usize) {
        self.back = back.min(self.history.0.len());
        let line = self.back.checked_sub(1).and_then(|back| self.history.0.iter().rev().nth(back)).cloned().unwrap_or_default();
        self.field.set(&line);
        self.cursor = 0;
        self.moved = false;
    }

    fn key(&mut self, key: Key, cx: &Context) -> Vec<Effect> {
        let entries = self.entries(cx);
        let last = entries.len().saturating_sub(1);
        let ctrl = key.mods.contains(Mods::CTRL);
        match (key.code, ctrl) {
            (KeyCode::Esc, _) => return vec![Effect::Ask(Ask::Close)],
            (KeyCode::Char('c'), true) if !self.field.clear() => return vec![Effect::Ask(Ask::Close)],
            (KeyCode::Char('c'), true) => self.cursor = 0,
            (KeyCode::Backspace, _) if self.line && self.field.text().is_empty() => return vec![Effect::Ask(Ask::Close)],
            (KeyCode::Enter, _) => return self.take(cx),
            (KeyCode::Tab, _) => match entries.get(self.cursor).map(|(entry, _)| entry.clone()) {
                Some(Entry { does: Does::Word(word), .. }) => self.complete(&word),
                Some(entry) => self.field.set(&entry.text),
                None => {}
            },
            (KeyCode::Up, _) if self.line && !self.moved && !self.history.0.is_empty() => self.recall(self.back + 1),
            (KeyCode::Down, _) if self.line && self.back > 0 => self.recall(self.back - 1),
            (KeyCode::Down, _) | (KeyCode::Char('n'), true) => {
                // The first step into the list of the command line stands on its first entry.
                self.cursor = if self.line && !self.moved { self.cursor } else { (self.cursor + 1).min(last) };
                self.moved = true;
            }
            (KeyCode::Up, _) | (KeyCode::Char('p'), true) => {
                self.moved = self.cursor > 0;
                self.cursor = self.cursor.saturating_sub(1);
            }
            (KeyCode::PageDown, _) => self.cursor = (self.cursor + usize::from(ROWS)).min(last),
            (KeyCode::PageUp, _) => self.cursor = self.cursor.saturating_sub(ROWS.into()),
            (KeyCode::Char('y'), true) => return self.copy(&entries, cx),
            _ => {
                if self.field.key(key) == Edit::Changed {
                    self.cursor = 0;
                    self.moved = false;
                    self.back = 0;
                }
            }
        }
        Vec::new()
    }

    /// The theme under the cursor is shown while it is looked at.
    fn look(&self, cx: &Context) -> Option<Effect> {
        if !self.line || !self.field.text().starts_with("theme ") {
            return None;
        }
        let entries = self.entries(cx);
        let word = entries.get(self.cursor).and_then(|(entry, _)| match &entry.does {
            Does::Word(name) => Some(name.clone()),
            _ => None,
        });
        Some(Effect::Ask(Ask::Preview(word)))
    }

    /// Copies what the entry would be on a shell's command line, where there is such a line.
    fn copy(&self, entries: &[(Entry, Vec<u32>)], cx: &Context) -> Vec<Effect> {
        let line = match entries.get(self.cursor).map(|(entry, _)| &entry.does) {
            Some(Does::Container(id)) => cx.data.container(id).map(|container| format!("cto attach {}", container.name)),
            Some(Does::Session(id)) => Some(format!("cto attach {id}")),
            Some(Does::Template(name)) => Some(format!("cto run {name}")),
            Some(Does::Script(name)) => Some(run_words::line(name, &BTreeMap::new())),
            Some(Does::Plugin(plugin, command)) => Some(crate::tui::plugins::line(plugin, command, None, &BTreeMap::new())),
            Some(Does::Run(id)) => shell_line(crate::tui::command::command(*id).name, ""),
            // What is typed, where it is a whole command.
            _ if self.line => self.field.text().split_once(' ').and_then(|(name, rest)| shell_line(name, rest)),
            _ => None,
        };
        line.map(|line| Effect::Ask(Ask::Copy(line))).into_iter().collect()
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
}

/// Of which kind a name may follow a command.
fn takes_stock(id: CommandId) -> Option<Kind> {
    match id {
        CommandId::ImagePull | CommandId::ImagePush | CommandId::ImageTag | CommandId::ImageHistory => Some(Kind::Images),
        CommandId::NetworkConnect | CommandId::NetworkDisconnect => Some(Kind::Networks),
        _ => None,
    }
}

/// Whether a command may be followed by a container's name.
fn takes_container(id: CommandId) -> bool {
    matches!(
        id,
        CommandId::Open
            | CommandId::Shell
            | CommandId::Attach
            | CommandId::Logs
            | CommandId::TypeInto
            | CommandId::Stats
            | CommandId::GoResources
            | CommandId::Stop
            | CommandId::Start
            | CommandId::Restart
            | CommandId::Remove
            | CommandId::Kill
            | CommandId::Duplicate
            | CommandId::Menu
            | CommandId::Inspect
            | CommandId::CopyId
            | CommandId::CopyContainerName
            | CommandId::Pause
            | CommandId::RunIn
            | CommandId::CopyInto
            | CommandId::OpenPort
            | CommandId::SplitRight
            | CommandId::SplitDown
            | CommandId::NewTab
            | CommandId::FloatPane
            | CommandId::PaneLogs
    )
}

impl Component for Palette {
    fn update(&mut self, msg: &Msg, cx: &Context) -> Option<Vec<Effect>> {
        match msg {
            Msg::Key(key) => {
                let mut effects = self.key(*key, cx);
                if effects.is_empty() {
                    effects.extend(self.look(cx));
                }
                Some(effects)
            }
            Msg::Paste(pasted) => {
                self.field.insert(pasted);
                self.cursor = 0;
                Some(Vec::new())
            }
            Msg::Mouse(mouse) => {
                let popup = Self::place(cx.area);
                let list = Self::list(&popup);
                let at = (mouse.col, mouse.row).into();
                match mouse.kind {
                    MouseKind::WheelDown => self.cursor = (self.cursor + 1).min(self.entries(cx).len().saturating_sub(1)),
                    MouseKind::WheelUp => self.cursor = self.cursor.saturating_sub(1),
                    MouseKind::Down if list.contains(at) => {
                        let place = self.top(list) + usize::from(mouse.row - list.y);
                        if place < self.entries(cx).len() {
                            self.cursor = place;
                            self.moved = true;
                            return Some(self.take(cx));
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
        let title = if self.line { "Command" } else { "Find" };
        let hints = if self.line { "⏎ run  ⇥ complete  ↑ before  esc" } else { "⏎ run  ⇥ complete  ^y as cto command  esc" };
        popup.draw(frame, cx.theme, title, hints);
        let inner = popup.inner;
        let used = text::put(frame.buffer_mut(), inner.x, inner.y, inner.width, if self.line { ":" } else { "> " }, cx.theme.style(Role::Accent));
        let field = Rect { x: inner.x + used, y: inner.y, width: inner.width.saturating_sub(used), height: 1.min(inner.height) };
        let placeholder = if self.line { "a command, such as: logs web-1" } else { "a command, pane, container, session or template" };
        self.field.draw(frame, field, cx.theme.style(Role::Text), (placeholder, cx.theme.style(Role::Muted)), true);
        let list = Self::list(&popup);
        let entries = self.entries(cx);
        for ((place, (entry, letters)), y) in entries.iter().enumerate().skip(self.top(list)).zip(list.top()..list.bottom()) {
            let selected = place == self.cursor && (!self.line || self.moved || !self.field.text().is_empty());
            let style = |role| cx.theme.style(if selected { Role::Selection } else { role });
            let buffer = frame.buffer_mut();
            let line = Rect { y, height: 1, ..list };
            buffer.set_style(line, style(Role::Text));
            text::put(buffer, list.x, y, 2, if selected { "▸" } else { " " }, style(Role::Accent));
            let name = 24.min(list.width.saturating_sub(2));
            // Where there is little room, the name has all of it.
            let narrow = list.width < 40;
            let name = if narrow { list.width.saturating_sub(2) } else { name };
            text::put(buffer, list.x + 2, y, name, &entry.text, style(Role::Text));
            for letter in letters.iter().filter_map(|letter| u16::try_from(*letter).ok()).filter(|letter| *letter < name) {
                buffer.set_style(Rect { x: list.x + 2 + letter, y, width: 1, height: 1 }, style(Role::Key));
            }
            if narrow {
                continue;
            }
            let key = u16::try_from(text::width(&entry.key)).unwrap_or(0).min(list.width.saturating_sub(name + 2));
            let about = list.width.saturating_sub(name + 4 + key);
            text::put(buffer, list.x + 2 + name + 1, y, about, &entry.about, style(Role::Muted));
            text::put(buffer, list.right() - key, y, key, &entry.key, style(Role::Key));
            // Until it is moved into the list, the cursor is where one types.
            if selected && self.moved && cx.plain {
                frame.set_cursor_position((list.x, y));
            }
        }
        if entries.is_empty() && list.height > 0 {
            let words = if self.line { "⏎ runs the line as it is" } else { "nothing fits" };
            text::put(frame.buffer_mut(), list.x + 2, list.y, list.width.saturating_sub(2), words, cx.theme.style(Role::Muted));
        }
    }

    fn takes_keys(&self) -> bool {
        true
    }

    fn hints(&self, _cx: &Context) -> Option<Vec<(String, String)>> {
        let hint = |key: &str, what: &str| (key.to_owned(), what.to_owned());
        Some(vec![hint("⏎", "run"), hint("⇥", "complete"), hint("↑↓", "move"), hint("esc", "leave")])
    }
}
