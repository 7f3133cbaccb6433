//! All tabs and panes as a tree, and below them the sessions that no pane shows: to go to one, to close it, or to bring it here.
use super::badges::Badge;
use super::badges::in_words;
use super::field::Field;
use super::popup::Popup;
use super::session_list;
use super::sift;
use super::sift::PLACEHOLDER;
use super::sift::Sift;
use super::terminal::PaneState;
use super::text;
use super::workspace::Workspace;
use crate::model::Session;
use crate::model::SessionId;
use crate::model::SessionState;
use crate::term::Key;
use crate::term::KeyCode;
use crate::term::Mods;
use crate::term::MouseKind;
use crate::tui::component::Component;
use crate::tui::component::Context;
use crate::tui::component::Hint;
use crate::tui::msg::Ask;
use crate::tui::msg::Effect;
use crate::tui::msg::Msg;
use crate::tui::msg::PaneId;
use crate::tui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;
use std::collections::BTreeSet;

/// Columns of the box at most.
const COLS: u16 = 92;

/// A tab, as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TabSeen {
    /// From 1.
    pub number: usize,
    /// Its name.
    pub name: String,
    /// It is the one shown.
    pub shown: bool,
    /// What is to be told of it.
    pub badges: Vec<Badge>,
    /// The pane that has its focus.
    pub focus: PaneId,
    /// Its panes.
    pub panes: Vec<PaneSeen>,
}

/// A pane, as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaneSeen {
    /// Which.
    pub id: PaneId,
    /// `web-1 · bash`.
    pub title: String,
    /// How it stands: its size, or how its program ended.
    pub state: String,
    /// What is to be told of it.
    pub badges: Vec<Badge>,
    /// What it shows.
    pub session: Option<SessionId>,
}

impl Workspace {
    /// All tabs and panes, for lists.
    #[must_use]
    pub fn listed(&self) -> Vec<TabSeen> {
        let tab = |(place, tab): (usize, &super::tab::Tab)| {
            let pane = |id: PaneId| {
                let pane = self.panes.get(&id)?;
                let state = match &pane.state {
                    PaneState::Ended(exit) => exit.as_ref().map_or_else(|| "ended".to_owned(), super::terminal::ending),
                    PaneState::Failed(_) => "failed".to_owned(),
                    PaneState::Opening => "opening".to_owned(),
                    PaneState::Lost(_) => "connection lost".to_owned(),
                    PaneState::Attaching | PaneState::Live => pane.size.to_string(),
                };
                Some(PaneSeen { id, title: pane.title(), state, badges: self.pane_badges(tab, id), session: pane.session.clone() })
            };
            let panes = tab.panes().into_iter().filter_map(pane).collect();
            TabSeen { number: place + 1, name: self.tab_name(tab), shown: place == self.active, badges: self.tab_badges(tab), focus: tab.focus, panes }
        };
        self.tabs.iter().enumerate().map(tab).collect()
    }
}

/// What a row stands for; it is this that stays selected while the list changes.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Is {
    /// A tab, by its first pane.
    Tab(PaneId),
    Pane(PaneId),
    Heading,
    Session(SessionId),
}

struct Row {
    is: Is,
    text: String,
    badges: Vec<Badge>,
    state: String,
}

/// The overlay.
#[derive(Clone, Debug)]
pub struct PaneTree {
    tabs: Vec<TabSeen>,
    /// A pane is picked to be brought here.
    pick: bool,
    filter: Field,
    sift: Sift,
    editing: bool,
    selected: Is,
    /// Where that was, for when it is gone.
    place: usize,
}

impl PaneTree {
    /// Shows these; with `pick`, one is chosen to be brought into the tab shown.
    #[must_use]
    pub fn new(tabs: Vec<TabSeen>, pick: bool) -> Self {
        let shown = tabs.iter().find(|tab| tab.shown).map_or(Is::Heading, |tab| Is::Pane(tab.focus));
        let other = tabs.iter().find(|tab| !tab.shown).and_then(|tab| tab.panes.first()).map(|pane| Is::Pane(pane.id));
        let selected = if pick { other.unwrap_or(shown) } else { shown };
        let mut tree = Self { tabs, pick, filter: Field::default(), sift: Sift::default(), editing: false, selected, place: 0 };
        tree.place = tree.tabs.iter().take_while(|tab| !tab.shown).map(|tab| tab.panes.len() + 1).sum();
        tree
    }

    fn rows(&self, cx: &Context) -> Vec<Row> {
        let mut rows = Vec::new();
        for tab in self.tabs.iter().filter(|tab| !self.pick || !tab.shown) {
            let name = format!("{}:{}", tab.number, tab.name);
            let fits = |text: &str| self.sift.fits(&format!("{name} {text}"), &[&name, text]);
            let panes: Vec<&PaneSeen> = tab.panes.iter().filter(|pane| fits(&pane.title)).collect();
            let Some(first) = tab.panes.first().filter(|_| !panes.is_empty()) else { continue };
            let state = if tab.shown { "shown".to_owned() } else { text::count(tab.panes.len(), "pane") };
            rows.push(Row { is: Is::Tab(first.id), text: name.clone(), badges: tab.badges.clone(), state });
            rows.extend(panes.into_iter().map(|pane| Row {
                is: Is::Pane(pane.id),
                text: format!("  {}", pane.title),
                badges: pane.badges.clone(),
                state: pane.state.clone(),
            }));
        }
        let hidden: Vec<Row> = self.unseen(cx).filter_map(|session| self.session_row(session)).collect();
        if !hidden.is_empty() {
            rows.push(Row { is: Is::Heading, text: "sessions that no pane shows".to_owned(), badges: Vec::new(), state: String::new() });
            rows.extend(hidden);
        }
        rows
    }

    /// Sessions that live and that no pane shows.
    fn unseen<'a>(&self, cx: &Context<'a>) -> impl Iterator<Item = &'a Session> {
        let seen: BTreeSet<String> = self.tabs.iter().flat_map(|tab| &tab.panes).filter_map(|pane| Some(pane.session.as_ref()?.to_string())).collect();
        cx.data.sessions.iter().filter(move |session| session.state == SessionState::Live && !seen.contains(session.id.as_str()))
    }

    fn session_row(&self, session: &Session) -> Option<Row> {
        let text = format!("{}: {}", session.container_name, session_list::program(session));
        let fits = self.sift.fits(&text, &[&text]);
        fits.then(|| Row { is: Is::Session(session.id.clone()), text: format!("  {text}"), badges: Vec::new(), state: session.size.to_string() })
    }

    /// The place of what is selected; where that is gone, of what stands there now.
    fn cursor(&self, rows: &[Row]) -> usize {
        let place = rows.iter().position(|row| row.is == self.selected).unwrap_or(self.place).min(rows.len().saturating_sub(1));
        // A heading is nothing to act on.
        if rows.get(place).is_some_and(|row| row.is == Is::Heading) { (place + 1).min(rows.len() - 1) } else { place }
    }

    fn select(&mut self, rows: &[Row], place: usize, forward: bool) {
        let mut place = place.min(rows.len().saturating_sub(1));
        if rows.get(place).is_some_and(|row| row.is == Is::Heading) {
            place = if forward || place == 0 { place + 1 } else { place - 1 };
        }
        if let Some(row) = rows.get(place) {
            self.selected = row.is.clone();
            self.place = place;
        }
    }

    fn panes_of(&self, first: PaneId) -> Vec<PaneId> {
        let tab = self.tabs.iter().find(|tab| tab.panes.first().is_some_and(|pane| pane.id == first));
        tab.map(|tab| tab.panes.iter().map(|pane| pane.id).collect()).unwrap_or_default()
    }

    fn go(&self, is: &Is) -> Vec<Effect> {
        let close = Effect::Ask(Ask::Close);
        match is {
            Is::Heading => Vec::new(),
            Is::Session(id) => vec![close, Effect::Ask(Ask::ShowSession(id.clone()))],
            Is::Tab(_) | Is::Pane(_) if self.pick => self.bring(is),
            Is::Pane(id) => vec![close, Effect::Ask(Ask::FocusPane(*id))],
            Is::Tab(first) => {
                let focus = self.tabs.iter().find(|tab| tab.panes.first().is_some_and(|pane| pane.id == *first)).map(|tab| tab.focus);
                focus.map(|focus| vec![close, Effect::Ask(Ask::FocusPane(focus))]).unwrap_or_default()
            }
        }
    }

    /// Brings it into the tab shown; of a tab all panes.
    fn bring(&self, is: &Is) -> Vec<Effect> {
        let panes = match is {
            Is::Pane(id) => vec![*id],
            Is::Tab(first) => self.panes_of(*first),
            Is::Session(_) => return self.go(is),
            Is::Heading => return Vec::new(),
        };
        std::iter::once(Effect::Ask(Ask::Close)).chain(panes.into_iter().map(|pane| Effect::Ask(Ask::JoinPane(pane)))).collect()
    }

    fn close(&self, is: &Is, cx: &Context) -> Vec<Effect> {
        match is {
            Is::Pane(id) => vec![Effect::Ask(Ask::AskClose(vec![*id]))],
            Is::Tab(first) => vec![Effect::Ask(Ask::AskClose(self.panes_of(*first)))],
            Is::Session(id) => cx.data.session(id).map(|session| session_list::close(&[session])).unwrap_or_default(),
            Is::Heading => Vec::new(),
        }
    }

    fn key(&mut self, key: Key, cx: &Context) -> Vec<Effect> {
        if self.editing {
            let moves = matches!(key.code, KeyCode::Up | KeyCode::Down);
            if !moves {
                if sift::typed(&mut self.filter, &mut self.editing, key) {
                    self.sift.set(self.filter.text());
                }
                return Vec::new();
            }
        }
        let rows = self.rows(cx);
        let (place, ctrl) = (self.cursor(&rows), key.mods.contains(Mods::CTRL));
        let page = usize::from(self.layout(&rows, cx.area).1.height).max(1);
        let is = rows.get(place).map(|row| row.is.clone());
        match (key.code, is) {
            (KeyCode::Char('c'), _) if ctrl => return vec![Effect::Ask(Ask::Close)],
            (KeyCode::Esc, _) if self.filter.clear() => self.sift.set(""),
            (KeyCode::Esc | KeyCode::Char('q'), _) => return vec![Effect::Ask(Ask::Close)],
            (KeyCode::Char('/'), _) => self.editing = true,
            (KeyCode::Down | KeyCode::Char('j') | KeyCode::Tab, _) => self.select(&rows, place + 1, true),
            (KeyCode::Up | KeyCode::Char('k') | KeyCode::BackTab, _) => self.select(&rows, place.saturating_sub(1), false),
            (KeyCode::PageDown, _) => self.select(&rows, place + page, true),
            (KeyCode::PageUp, _) => self.select(&rows, place.saturating_sub(page), false),
            (KeyCode::Home | KeyCode::Char('g'), _) => self.select(&rows, 0, true),
            (KeyCode::End | KeyCode::Char('G'), _) => self.select(&rows, rows.len(), false),
            (KeyCode::Enter, Some(is)) => return self.go(&is),
            (KeyCode::Char('b'), Some(is)) => return self.bring(&is),
            (KeyCode::Char('x') | KeyCode::Delete, Some(is)) => return self.close(&is, cx),
            _ => {}
        }
        Vec::new()
    }

    /// The box, and within it the rows and the first of them that is shown.
    fn layout(&self, rows: &[Row], area: Rect) -> (Popup, Rect, usize) {
        let wanted = u16::try_from(rows.len().max(1)).unwrap_or(u16::MAX).saturating_add(1);
        let popup = Popup::place(area, COLS, wanted);
        let list = Rect { y: popup.inner.y + 1, height: popup.inner.height.saturating_sub(1), ..popup.inner };
        (popup, list, (self.cursor(rows) + 1).saturating_sub(list.height.into()))
    }

    fn draw_row(row: &Row, selected: bool, line: Rect, frame: &mut Frame, cx: &Context) {
        let style = |role| cx.theme.style(if selected { Role::Selection } else { role });
        let buffer = frame.buffer_mut();
        buffer.set_style(line, style(Role::Text));
        text::put(buffer, line.x, line.y, 2, if selected { "▸" } else { " " }, style(Role::Accent));
        let state = u16::try_from(text::width(&row.state)).unwrap_or(0).min(line.width / 3);
        let room = line.width.saturating_sub(state + 4);
        let role = match row.is {
            Is::Tab(_) => Role::Title,
            Is::Heading => Role::Muted,
            Is::Pane(_) | Is::Session(_) => Role::Text,
        };
        let news = in_words(&row.badges, cx.plain);
        let words = u16::try_from(text::width(&news)).unwrap_or(0);
        // What happened is read even where the name has to be cut.
        let name = room.saturating_sub(words).max(room / 2);
        let used = text::put(buffer, line.x + 2, line.y, name, &row.text, style(role));
        let mut x = line.x + 2 + used + u16::from(!cx.plain);
        for badge in &row.badges {
            let told = if cx.plain { format!(", {}", badge.word()) } else { format!(" {}", badge.told()) };
            x += text::put(buffer, x, line.y, (line.right() - state).saturating_sub(x + 1), &told, style(badge.role()));
        }
        text::put(buffer, line.right() - state, line.y, state, &row.state, style(Role::Muted));
        if selected && cx.plain {
            frame.set_cursor_position((line.x, line.y));
        }
    }
}

impl Component for PaneTree {
    fn update(&mut self, msg: &Msg, cx: &Context) -> Option<Vec<Effect>> {
        match msg {
            Msg::Key(key) => Some(self.key(*key, cx)),
            Msg::Panes(tabs) => {
                self.tabs.clone_from(tabs);
                Some(Vec::new())
            }
            Msg::Paste(pasted) => {
                self.editing = true;
                self.filter.insert(pasted);
                self.sift.set(self.filter.text());
                Some(Vec::new())
            }
            Msg::Mouse(mouse) => {
                let rows = self.rows(cx);
                let (popup, list, top) = self.layout(&rows, cx.area);
                let at = (mouse.col, mouse.row).into();
                match mouse.kind {
                    MouseKind::WheelDown => self.select(&rows, self.cursor(&rows) + 1, true),
                    MouseKind::WheelUp => self.select(&rows, self.cursor(&rows).saturating_sub(1), false),
                    MouseKind::Down if list.contains(at) => {
                        let place = top + usize::from(mouse.row - list.y);
                        return Some(rows.get(place).map(|row| self.go(&row.is)).unwrap_or_default());
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
        let rows = self.rows(cx);
        let (popup, list, top) = self.layout(&rows, area);
        let (title, hints) = if self.pick {
            ("bring a pane here", "⏎ bring here  / filter  esc leave")
        } else {
            ("tabs and panes", "⏎ go there  b bring here  x close  / filter  esc leave")
        };
        popup.draw(frame, cx.theme, title, hints);
        let inner = popup.inner;
        let used = text::put(frame.buffer_mut(), inner.x, inner.y, inner.width, "/ ", cx.theme.style(Role::Accent));
        let field = Rect { x: inner.x + used, y: inner.y, width: inner.width.saturating_sub(used), height: 1.min(inner.height) };
        match self.sift.complaint() {
            Some(complaint) if !self.editing => drop(text::put(frame.buffer_mut(), field.x, field.y, field.width, complaint, cx.theme.style(Role::Warn))),
            _ => self.filter.draw(frame, field, cx.theme.style(Role::Text), (PLACEHOLDER, cx.theme.style(Role::Muted)), self.editing),
        }
        let cursor = self.cursor(&rows);
        for ((place, row), y) in rows.iter().enumerate().skip(top).zip(list.top()..list.bottom()) {
            Self::draw_row(row, place == cursor && !(self.editing && cx.plain), Rect { y, height: 1, ..list }, frame, cx);
        }
        if rows.is_empty() && list.height > 0 {
            let words = if self.filter.text().is_empty() { "no terminals are open" } else { "nothing fits: esc shows all" };
            text::put(frame.buffer_mut(), list.x + 2, list.y, list.width.saturating_sub(2), words, cx.theme.style(Role::Muted));
        }
    }

    fn takes_keys(&self) -> bool {
        true
    }

    fn shows_panes(&self) -> bool {
        true
    }

    fn hints(&self, _cx: &Context) -> Option<Vec<Hint>> {
        if self.editing {
            return Some(sift::hints());
        }
        let go = if self.pick { "bring here" } else { "go there" };
        let keys = [("⏎", go), ("b", "bring here"), ("x", "close"), ("/", "filter"), ("↑↓", "move"), ("esc", "leave")];
        Some(keys.into_iter().filter(|(key, _)| !self.pick || *key != "b").map(|(key, what)| (key.to_owned(), what.to_owned())).collect())
    }
}
