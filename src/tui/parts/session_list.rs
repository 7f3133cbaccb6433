//! All sessions: who has which program open where, and how those ended that are over.
use super::listed::Listed;
use super::rows::Cell;
use super::rows::Click;
use super::rows::Column;
use super::rows::List;
use super::rows::Row;
use super::text;
use super::toast::say;
use crate::model::ExitReason;
use crate::model::Session;
use crate::model::SessionId;
use crate::model::SessionState;
use crate::term::MouseEvent;
use crate::tui::command::CommandId;
use crate::tui::command::Scope;
use crate::tui::component::Component;
use crate::tui::component::Context;
use crate::tui::component::Hint;
use crate::tui::msg::Ask;
use crate::tui::msg::Choice;
use crate::tui::msg::ConfirmSpec;
use crate::tui::msg::Effect;
use crate::tui::msg::Msg;
use crate::tui::msg::Request;
use crate::tui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;

/// Programs that one question can name.
const MOST_CLOSED: usize = 24;

const COLUMNS: [Column; 8] = [
    Column { head: "CONTAINER", least: 10, most: 28, goes: 0, right: false },
    Column { head: "PROGRAM", least: 8, most: 32, goes: 1, right: false },
    Column { head: "STATE", least: 8, most: 16, goes: 2, right: false },
    Column { head: "VIEWERS", least: 7, most: 7, goes: 4, right: true },
    Column { head: "OPENED", least: 6, most: 8, goes: 3, right: true },
    Column { head: "OWNER", least: 8, most: 14, goes: 5, right: false },
    Column { head: "SIZE", least: 9, most: 9, goes: 6, right: true },
    Column { head: "ID", least: 12, most: 40, goes: 7, right: false },
];

/// The view.
#[derive(Clone, Debug)]
pub struct SessionList {
    list: List,
}

impl Default for SessionList {
    fn default() -> Self {
        Self { list: List::new(&COLUMNS) }
    }
}

/// How a session stands, for people.
fn told(session: &Session, plain: bool) -> (String, Role) {
    let (glyph, word, role) = match (session.state, &session.exit) {
        (SessionState::Live, _) if session.recording.is_some() => ("⌁", "recording".to_owned(), Role::Ok),
        (SessionState::Live, _) => ("●", "live".to_owned(), Role::Ok),
        (SessionState::Ended, None) => ("○", "ended".to_owned(), Role::Muted),
        (SessionState::Ended, Some(exit)) => match (exit.reason, exit.code) {
            (ExitReason::OomKilled, _) => ("✖", "out of memory".to_owned(), Role::Error),
            (ExitReason::Lost, _) => ("✖", "lost".to_owned(), Role::Error),
            (ExitReason::Closed, _) => ("○", "closed".to_owned(), Role::Muted),
            (ExitReason::Stopped, _) => ("○", "stopped".to_owned(), Role::Muted),
            (ExitReason::Exited, Some(code)) if code != 0 => ("✖", format!("exit {code}"), Role::Error),
            (ExitReason::Exited, _) => ("○", "ended".to_owned(), Role::Muted),
        },
    };
    (if plain { word } else { format!("{glyph} {word}") }, role)
}

pub(super) fn program(session: &Session) -> String {
    if session.title.is_empty() { session.command.join(" ") } else { session.title.clone() }
}

impl SessionList {
    /// All sessions, those that live first, the newest first.
    fn rows(cx: &Context) -> Vec<Row> {
        let mut sessions: Vec<&Session> = cx.data.sessions.iter().collect();
        sessions.sort_by_key(|session| (session.state != SessionState::Live, std::cmp::Reverse(session.created_at)));
        let row = |session: &&Session| {
            let (state, role) = told(session, cx.plain);
            let opened = session.created_at.as_second() as f64;
            let cells = vec![
                Cell::new(&*session.container_name, Role::Text),
                Cell::new(program(session), Role::Text),
                Cell::new(state, role),
                Cell::number(session.viewers.to_string(), Role::Text, session.viewers.into()),
                Cell::number(text::age(session.created_at, cx.now.time), Role::Muted, opened),
                Cell::new(&*session.owner, Role::Muted),
                Cell::new(session.size.to_string(), Role::Muted),
                Cell::new(session.id.as_str(), Role::Muted),
            ];
            Row { id: session.id.to_string(), cells, fixed: false, wide: None }
        };
        sessions.iter().map(row).collect()
    }

    fn act(&self, id: CommandId, rows: &[Row], cx: &Context) -> Option<Vec<Effect>> {
        use CommandId as C;
        if !matches!(id, C::SessionOpen | C::SessionClose | C::SessionRecord | C::SessionDetails | C::SessionCopy | C::SessionCopyLine) {
            return None;
        }
        let meant = self.list.meant(rows);
        let sessions: Vec<&Session> = meant.iter().filter_map(|id| cx.data.session(&SessionId(id.clone()))).collect();
        let Some(first) = sessions.first() else { return Some(vec![say("there is no session under the cursor")]) };
        Some(match id {
            C::SessionOpen if first.state == SessionState::Live => vec![Effect::Ask(Ask::ShowSession(first.id.clone()))],
            C::SessionOpen | C::SessionDetails => vec![Effect::Ask(details(first))],
            C::SessionCopy => vec![Effect::Ask(Ask::Copy(meant.join("\n")))],
            C::SessionCopyLine => vec![Effect::Ask(Ask::Copy(format!("cto attach {}", first.id)))],
            C::SessionRecord if first.state == SessionState::Live => {
                vec![Effect::Request(Request::Record { session: first.id.clone(), on: first.recording.is_none() })]
            }
            C::SessionRecord => vec![say("it has ended: there is nothing to record")],
            _ => close(&sessions),
        })
    }
}

/// Asks before programs are ended.
pub(super) fn close(sessions: &[&Session]) -> Vec<Effect> {
    let live: Vec<&&Session> = sessions.iter().filter(|session| session.state == SessionState::Live).collect();
    if live.is_empty() {
        return vec![say("it has ended already")];
    }
    if live.len() > MOST_CLOSED {
        return vec![say(format!("{MOST_CLOSED} at a time, so that the question can name each"))];
    }
    let names: Vec<String> = live.iter().map(|session| format!("{} in {}", program(session), session.container_name)).collect();
    let title = if let [one] = &names[..] { format!("End {one}?") } else { format!("End {} programs?", names.len()) };
    let mut lines = if names.len() > 1 { vec![format!("{}.", names.join(", "))] } else { Vec::new() };
    lines.push("What is unsaved there is lost.".to_owned());
    if live.iter().any(|session| session.kind == crate::model::SessionKind::Main) {
        lines.push("A container whose main program ends stops.".to_owned());
    }
    let effects = live.iter().map(|session| Effect::Request(Request::CloseSession(session.id.clone()))).collect();
    let choices = vec![Choice { key: 'y', label: "end".to_owned(), destroys: true, effects }];
    vec![Effect::Ask(Ask::Confirm(Box::new(ConfirmSpec { title, lines, choices })))]
}

fn details(session: &Session) -> Ask {
    let text = serde_json::to_string_pretty(session).unwrap_or_else(|error| error.to_string());
    let mut lines = Vec::new();
    if let Some(why) = &session.not_resumable {
        lines.push((format!("it will not outlast the server: {why}"), Role::Warn));
    }
    lines.extend(text.lines().map(|line| (line.to_owned(), Role::Text)));
    Ask::Sheet { title: format!("{} in {}", program(session), session.container_name), lines }
}

impl Listed for SessionList {
    fn list(&mut self) -> &mut List {
        &mut self.list
    }

    fn all(&self, cx: &Context) -> Vec<Row> {
        Self::rows(cx)
    }

    fn command(&mut self, id: CommandId, cx: &Context) -> Option<Vec<Effect>> {
        let rows = match self.own_command(id, cx) {
            Ok(effects) => return Some(effects),
            Err(rows) => rows,
        };
        self.act(id, &rows, cx)
    }

    fn mouse(&mut self, event: MouseEvent, cx: &Context) -> Vec<Effect> {
        let all = Self::rows(cx);
        let rows = self.list.arrange(all.clone());
        let id = match self.list.mouse(event, cx.area, &all, &rows, cx) {
            Click::Open => CommandId::SessionOpen,
            Click::Menu => CommandId::SessionDetails,
            Click::Nothing => return Vec::new(),
        };
        self.act(id, &rows, cx).unwrap_or_default()
    }
}

impl Component for SessionList {
    fn update(&mut self, msg: &Msg, cx: &Context) -> Option<Vec<Effect>> {
        if matches!(msg, Msg::Event(_) | Msg::Reply(..)) {
            return None;
        }
        self.take(msg, cx)
    }

    fn draw(&self, frame: &mut Frame, area: Rect, cx: &Context) {
        let all = Self::rows(cx);
        if all.is_empty() {
            let key = cx.keymap.label(CommandId::Shell).unwrap_or_default();
            let words = if cx.data.listed { format!("There are no sessions: {key} on a container opens a shell") } else { "Asking the server …".to_owned() };
            return super::graph::middle(frame.buffer_mut(), area, &words, cx.theme.style(Role::Muted));
        }
        let live = cx.data.sessions.iter().filter(|session| session.state == SessionState::Live).count();
        let rows = self.list.arrange(all);
        let mut note = format!("{} · {live} live", text::count(rows.len(), "session"));
        if rows.is_empty() {
            note = "no session fits: esc shows all".to_owned();
        } else if !self.list.marked().is_empty() {
            note.push_str(&format!(" · {} marked", self.list.marked().len()));
        }
        self.list.draw(frame, area, &rows, &note, cx);
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Sessions, Scope::List, Scope::Global]
    }

    fn takes_keys(&self) -> bool {
        self.list.is_editing()
    }

    fn hints(&self, _cx: &Context) -> Option<Vec<Hint>> {
        self.list.hints()
    }
}
