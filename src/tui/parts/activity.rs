//! Who did what to what, and what happened: the audit of the server and the events since the program began, in one list by time.
use super::listed::Listed;
use super::rows::Cell;
use super::rows::Click;
use super::rows::Column;
use super::rows::List;
use super::rows::Row;
use super::text;
use crate::model::AuditEvent;
use crate::model::Container;
use crate::model::ContainerId;
use crate::model::Event;
use crate::model::NoticeLevel;
use crate::model::OperationState;
use crate::model::Outcome;
use crate::model::RunState;
use crate::model::SessionState;
use crate::term::MouseEvent;
use crate::tui::command::CommandId;
use crate::tui::command::Scope;
use crate::tui::component::Component;
use crate::tui::component::Context;
use crate::tui::component::Hint;
use crate::tui::happened::Known;
use crate::tui::happened::happened;
use crate::tui::happened::known;
use crate::tui::msg::Ask;
use crate::tui::msg::Effect;
use crate::tui::msg::Msg;
use crate::tui::msg::Reply;
use crate::tui::msg::Request;
use crate::tui::theme::Role;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::Frame;
use ratatui::layout::Rect;
use std::collections::HashMap;
use std::collections::HashSet;
use std::collections::VecDeque;
use std::time::Duration;

/// Events that are kept; the oldest goes first.
const KEPT: usize = 1_000;
/// While it is seen the audit is read anew this often: it changes with what others do.
const AGAIN: Duration = Duration::from_secs(15);
/// After an event the audit is read anew this soon.
const SOON: Duration = Duration::from_secs(2);

const COLUMNS: [Column; 6] = [
    Column { head: "TIME", least: 8, most: 14, goes: 1, right: false },
    Column { head: "WHAT", least: 10, most: 34, goes: 0, right: false },
    Column { head: "ON", least: 8, most: 28, goes: 2, right: false },
    Column { head: "BY", least: 6, most: 14, goes: 3, right: false },
    Column { head: "ENDED", least: 9, most: 11, goes: 4, right: false },
    Column { head: "DETAIL", least: 10, most: 90, goes: 5, right: false },
];

/// An event as it was told.
#[derive(Clone, Debug)]
struct Told {
    /// Counts up.
    number: u64,
    at: Timestamp,
    what: String,
    on: String,
    role: Role,
}

/// The view.
#[derive(Clone, Debug)]
pub struct Activity {
    list: List,
    events: VecDeque<Told>,
    count: u64,
    known: HashMap<ContainerId, Known>,
    /// Operations under way, so that each is told twice only: begun and ended.
    begun: HashSet<String>,
    audit: Option<Vec<AuditEvent>>,
    asked: bool,
    next: Duration,
    failed: Option<String>,
    utc: bool,
}

impl Default for Activity {
    fn default() -> Self {
        Self {
            list: List::new(&COLUMNS),
            events: VecDeque::new(),
            count: 0,
            known: HashMap::new(),
            begun: HashSet::new(),
            audit: None,
            asked: false,
            next: Duration::ZERO,
            failed: None,
            utc: false,
        }
    }
}

impl Activity {
    /// What is to be read now.
    pub fn due(&mut self, cx: &Context) -> Vec<Effect> {
        if self.asked || cx.now.since_start < self.next {
            return Vec::new();
        }
        self.asked = true;
        vec![Effect::Request(Request::Audit)]
    }

    /// When it wants to be woken up, since the program began.
    #[must_use]
    pub fn wake_at(&self) -> Option<Duration> {
        (!self.asked).then_some(self.next)
    }

    /// It is to be read anew at once.
    pub fn refresh(&mut self) {
        self.next = Duration::ZERO;
    }

    fn tell(&mut self, at: Timestamp, what: impl Into<String>, on: impl Into<String>, role: Role) {
        if self.events.len() >= KEPT {
            self.events.pop_front();
        }
        self.count += 1;
        self.events.push_back(Told { number: self.count, at, what: what.into(), on: on.into(), role });
    }

    fn look(&mut self, container: &Container, now: Timestamp) {
        let before = self.known.insert(container.id.clone(), known(container));
        // What it was like before the program began is no news, except for one that is new.
        if before.is_none() && container.created_at.as_second() + 60 < now.as_second() {
            return;
        }
        for happening in happened(before, container, now) {
            let role = if happening.bad { Role::Error } else { Role::Text };
            self.tell(happening.at, format!("container {}", happening.text), &*container.name, role);
        }
    }

    fn hear(&mut self, event: &Event, cx: &Context) {
        let now = cx.now.time;
        match event {
            Event::ContainerChanged { container } => self.look(container, now),
            Event::ContainerRemoved { id, name } => {
                self.known.remove(id);
                self.tell(now, "container removed", &**name, Role::Text);
            }
            Event::SessionChanged { session } => {
                let (key, live) = (session.id.to_string(), session.state == SessionState::Live);
                let on = format!("{} in {}", session.title, session.container_name);
                if live && self.begun.insert(key.clone()) {
                    // One that was there before is told only when it ends.
                    if session.created_at.as_second() + 60 >= now.as_second() {
                        self.tell(session.created_at, "session opened", on, Role::Text);
                    }
                } else if !live && self.begun.remove(&key) {
                    self.tell(now, "session ended", on, Role::Text);
                }
            }
            Event::OperationChanged { operation } => {
                let key = operation.id.to_string();
                match operation.state {
                    OperationState::Running => {
                        if self.begun.insert(key) {
                            self.tell(operation.created_at, "begun", &*operation.title, Role::Info);
                        }
                    }
                    state => {
                        self.begun.remove(&key);
                        let (word, role) = match state {
                            OperationState::Failed => ("failed", Role::Error),
                            OperationState::Cancelled => ("cancelled", Role::Muted),
                            _ => ("done", Role::Ok),
                        };
                        self.tell(now, word, &*operation.title, role);
                    }
                }
            }
            Event::EngineChanged { available: true, .. } => self.tell(now, "engine answers again", "", Role::Ok),
            Event::EngineChanged { detail, .. } => self.tell(now, "engine lost", detail.clone().unwrap_or_default(), Role::Error),
            Event::RunChanged { run } => {
                let key = run.id.to_string();
                match run.state {
                    RunState::Queued => return,
                    RunState::Running => {
                        if !self.begun.insert(key) {
                            return;
                        }
                        self.tell(now, "run began", &*run.script, Role::Info);
                    }
                    state => {
                        self.begun.remove(&key);
                        let role = match state {
                            RunState::Succeeded => Role::Ok,
                            RunState::Cancelled => Role::Muted,
                            _ => Role::Error,
                        };
                        self.tell(now, format!("run {}", state.as_str().replace('_', " ")), &*run.script, role);
                    }
                }
            }
            // What their runs do is told already.
            Event::ScheduleChanged { .. } | Event::ScheduleRemoved { .. } => return,
            Event::Notice { title, text, level, .. } => {
                let role = match level {
                    NoticeLevel::Info => Role::Info,
                    NoticeLevel::Good => Role::Ok,
                    NoticeLevel::Bad => Role::Error,
                };
                self.tell(now, &**title, &**text, role);
            }
            Event::ScriptsChanged => self.tell(now, "scripts changed", "", Role::Text),
            Event::TemplatesChanged => self.tell(now, "templates changed", "", Role::Text),
            Event::ConfigChanged { ok, detail, .. } => {
                let role = if *ok { Role::Text } else { Role::Error };
                self.tell(now, "configuration changed", detail.clone().unwrap_or_default(), role);
            }
            Event::SessionRemoved { id, .. } => {
                self.begun.remove(id.as_str());
                return;
            }
            Event::Bell { .. } | Event::ListChanged { .. } | Event::Resync => return,
        }
        self.next = self.next.min(cx.now.since_start + SOON);
    }

    fn clock(&self, at: Timestamp) -> String {
        at.to_zoned(if self.utc { TimeZone::UTC } else { TimeZone::system() }).strftime("%m-%d %H:%M:%S").to_string()
    }

    fn time(&self, at: Timestamp) -> Cell {
        Cell::number(self.clock(at), Role::Muted, at.as_millisecond() as f64)
    }

    /// All rows, the newest first.
    fn rows(&self) -> Vec<Row> {
        let mut rows: Vec<(Timestamp, Row)> = Vec::new();
        for told in &self.events {
            let cells = vec![
                self.time(told.at),
                Cell::new(&*told.what, told.role),
                Cell::new(&*told.on, Role::Text),
                Cell::new("", Role::Muted),
                Cell::new("", Role::Muted),
                Cell::new("", Role::Muted),
            ];
            rows.push((told.at, Row { id: format!("event:{}", told.number), cells, fixed: false, wide: None }));
        }
        for event in self.audit.iter().flatten() {
            let (word, role) = outcome(event.outcome);
            let cells = vec![
                self.time(event.at),
                Cell::new(&*event.action, Role::Accent),
                Cell::new(&*event.target, Role::Text),
                Cell::new(&*event.actor, Role::Text),
                Cell::new(word, role),
                Cell::new(event.detail.clone().unwrap_or_default(), Role::Muted),
            ];
            rows.push((event.at, Row { id: event.id.to_string(), cells, fixed: false, wide: None }));
        }
        rows.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        rows.into_iter().map(|(_, row)| row).collect()
    }

    fn act(&self, id: CommandId, rows: &[Row]) -> Option<Vec<Effect>> {
        let meant = self.list.meant(rows);
        let chosen: Vec<&Row> = rows.iter().filter(|row| meant.contains(&row.id)).collect();
        match id {
            CommandId::ActivityOpen => {
                let row = self.list.selected(rows)?;
                let own = self.audit.iter().flatten().find(|event| event.id.to_string() == row.id);
                let lines: Vec<String> = match own {
                    Some(event) => serde_json::to_string_pretty(event).unwrap_or_else(|error| error.to_string()).lines().map(str::to_owned).collect(),
                    None => row.cells.iter().map(|cell| cell.text.clone()).filter(|text| !text.is_empty()).collect(),
                };
                let lines = lines.into_iter().map(|line| (line, Role::Text)).collect();
                Some(vec![Effect::Ask(Ask::Sheet { title: row.cells.get(1).map(|cell| cell.text.clone()).unwrap_or_default(), lines })])
            }
            CommandId::ActivityCopy => {
                let line = |row: &&Row| row.cells.iter().map(|cell| cell.text.as_str()).filter(|text| !text.is_empty()).collect::<Vec<_>>().join("  ");
                Some(vec![Effect::Ask(Ask::Copy(chosen.iter().map(line).collect::<Vec<_>>().join("\n")))])
            }
            CommandId::ActivityCopyLine => Some(vec![Effect::Ask(Ask::Copy("cto audit".to_owned()))]),
            _ => None,
        }
    }
}

fn outcome(outcome: Outcome) -> (&'static str, Role) {
    match outcome {
        Outcome::Intent => ("begun", Role::Info),
        Outcome::Succeeded => ("done", Role::Ok),
        Outcome::Failed => ("failed", Role::Error),
        Outcome::Refused => ("refused", Role::Warn),
        Outcome::Unknown => ("unknown", Role::Warn),
    }
}

impl Listed for Activity {
    fn list(&mut self) -> &mut List {
        &mut self.list
    }

    fn all(&self, _cx: &Context) -> Vec<Row> {
        self.rows()
    }

    fn is_listed(&self, _cx: &Context) -> bool {
        true
    }

    fn command(&mut self, id: CommandId, cx: &Context) -> Option<Vec<Effect>> {
        let rows = match self.own_command(id, cx) {
            Ok(effects) => return Some(effects),
            Err(rows) => rows,
        };
        if id == CommandId::ActivityZone {
            self.utc = !self.utc;
            return Some(Vec::new());
        }
        self.act(id, &rows)
    }

    fn mouse(&mut self, event: MouseEvent, cx: &Context) -> Vec<Effect> {
        let all = self.rows();
        let rows = self.list.arrange(all.clone());
        match self.list.mouse(event, cx.area, &all, &rows, cx) {
            Click::Open | Click::Menu => self.act(CommandId::ActivityOpen, &rows).unwrap_or_default(),
            Click::Nothing => Vec::new(),
        }
    }
}

impl Component for Activity {
    fn update(&mut self, msg: &Msg, cx: &Context) -> Option<Vec<Effect>> {
        match msg {
            Msg::Event(event) => {
                self.hear(event, cx);
                return None;
            }
            Msg::Reply(_, Ok(Reply::All(_))) => {
                for container in &cx.data.containers {
                    self.look(container, cx.now.time);
                }
                self.known.retain(|id, _| cx.data.container(id).is_some());
                return None;
            }
            Msg::Reply(request, result) => {
                if **request != Request::Audit {
                    return None;
                }
                self.asked = false;
                self.next = cx.now.since_start + AGAIN;
                self.failed = result.as_ref().err().map(|problem| problem.detail.clone());
                if let Ok(Reply::Audit(audit)) = result {
                    self.audit = Some(audit.clone());
                }
                return Some(Vec::new());
            }
            _ => {}
        }
        self.take(msg, cx)
    }

    fn draw(&self, frame: &mut Frame, area: Rect, cx: &Context) {
        let all = self.rows();
        if all.is_empty() {
            let words = match (&self.failed, &self.audit) {
                (Some(why), _) => format!("the audit can't be read: {why}; events will be listed here"),
                (None, None) => "Asking the server …".to_owned(),
                (None, Some(_)) => "nothing has happened yet".to_owned(),
            };
            return super::graph::middle(frame.buffer_mut(), area, &words, cx.theme.style(Role::Muted));
        }
        let rows = self.list.arrange(all);
        let note = match &self.failed {
            Some(why) => format!("the audit can't be read: {why}"),
            None if rows.is_empty() => "nothing fits: esc shows all".to_owned(),
            None => text::count(rows.len(), "row"),
        };
        self.list.draw(frame, area, &rows, &note, cx);
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Activity, Scope::List, Scope::Global]
    }

    fn takes_keys(&self) -> bool {
        self.list.is_editing()
    }

    fn hints(&self, _cx: &Context) -> Option<Vec<Hint>> {
        self.list.hints()
    }
}
