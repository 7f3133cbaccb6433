//! A pane that mirrors one session, or shows logs: its screen, its keys, its end.
use super::badges::Unseen;
use super::hints::Hints;
use super::log::LogView;
use super::selection::Marking;
use super::selection::ScrollMode;
use crate::model::ContainerId;
use crate::model::ExitReason;
use crate::model::Problem;
use crate::model::RECORDER;
use crate::model::ServerFrame;
use crate::model::Session;
use crate::model::SessionExit;
use crate::model::SessionId;
use crate::model::SessionKind;
use crate::model::Size;
use crate::term::Key;
use crate::term::Modes;
use crate::term::MouseEvent;
use crate::term::Screen;
use crate::term::ScreenEvent;
use crate::term::encode_focus;
use crate::term::encode_key;
use crate::term::encode_mouse;
use crate::term::encode_paste;
use crate::tui::msg::Effect;
use crate::tui::msg::PaneId;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Lines of scrollback that a pane keeps unless the configuration says otherwise.
pub const SCROLLBACK: usize = 10_000;
/// Bytes that may be typed before a session is there.
const AHEAD: usize = 4096;

/// What a pane shows, so that it can be opened again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The container.
    pub container: ContainerId,
    /// Its name.
    pub name: String,
    /// What of it.
    pub shows: Shows,
    /// Further containers whose logs are shown with its own, with their names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub more: Vec<(ContainerId, String)>,
}

impl Origin {
    /// What shows this session.
    #[must_use]
    pub fn of(session: &Session) -> Self {
        let shows = if session.kind == SessionKind::Main { Shows::Main } else { Shows::Shell };
        Self { container: session.container.clone(), name: session.container_name.clone(), shows, more: Vec::new() }
    }
}

/// What of a container a pane shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shows {
    /// Its main program.
    Main,
    /// A further program, usually a shell.
    Shell,
    /// Its log.
    Log,
}

/// How a pane stands.
#[derive(Clone, Debug, PartialEq)]
pub enum PaneState {
    /// Its session is being opened.
    Opening,
    /// It is being connected to its session.
    Attaching,
    /// It shows its session.
    Live,
    /// The connection is lost; tried again at this time since the program began, or when the server answers.
    Lost(Duration),
    /// Its program has ended.
    Ended(Option<SessionExit>),
    /// It could not be opened.
    Failed(Box<Problem>),
}

/// What the workspace should know after a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// The bell rang.
    Bell,
    /// The program wants this in the clipboard.
    Clipboard(String),
    /// The title changed.
    Title,
    /// The server says this.
    Notice(String),
    /// The program ended.
    Ended,
}

/// A pane that mirrors one session.
pub struct TerminalPane {
    /// Its name.
    pub id: PaneId,
    /// What it shows.
    pub origin: Origin,
    /// The name it was given.
    pub name: Option<String>,
    /// The session, once it is open.
    pub session: Option<SessionId>,
    /// How it stands.
    pub state: PaneState,
    /// The session's screen.
    pub screen: Screen,
    /// Room that it has.
    pub size: Size,
    /// When that changed last.
    pub sized_at: Duration,
    /// How many watch the session.
    pub viewers: usize,
    /// Somebody else who alone may type into it.
    pub lease: Option<String>,
    /// What happened since it was seen.
    pub unseen: Unseen,
    /// Scrolled back.
    pub scroll: Option<ScrollMode>,
    /// Labels on what can be taken from it.
    pub hints: Option<Hints>,
    /// When its lost main program was shown anew.
    pub revived_at: Option<Duration>,
    /// Text is being marked with the mouse.
    pub marking: Option<Marking>,
    /// It is only looked at: nothing is typed here, and the session keeps its size.
    pub looks: bool,
    /// The logs that it shows instead of a session.
    pub log: Option<Box<LogView>>,
    program: String,
    offset: u64,
    acked: u64,
    has_focus: bool,
    /// What was typed before its session was there.
    ahead: Vec<u8>,
    held: Vec<ServerFrame>,
    /// A snapshot of less than was drawn.
    behind: Option<ServerFrame>,
}

impl TerminalPane {
    /// A pane that waits for its session.
    #[must_use]
    pub fn new(id: PaneId, origin: Origin, size: Size, scrollback: usize) -> Self {
        let size = size.clamped();
        let log = (origin.shows == Shows::Log).then(|| {
            let own = (origin.container.clone(), origin.name.clone());
            Box::new(LogView::new(&[vec![own], origin.more.clone()].concat(), size))
        });
        Self {
            id,
            origin,
            name: None,
            session: None,
            state: if log.is_some() { PaneState::Live } else { PaneState::Opening },
            screen: Screen::new(size, if log.is_some() { 0 } else { scrollback }),
            size,
            sized_at: Duration::ZERO,
            viewers: 0,
            lease: None,
            unseen: Unseen::default(),
            scroll: None,
            hints: None,
            revived_at: None,
            marking: None,
            looks: false,
            log,
            program: String::new(),
            offset: 0,
            acked: 0,
            has_focus: false,
            ahead: Vec::new(),
            held: Vec::new(),
            behind: None,
        }
    }

    /// `web-1 · bash`; with a name of its own `deploy · web-1`.
    #[must_use]
    pub fn title(&self) -> String {
        if let Some(name) = &self.name {
            return format!("{name} · {}", self.origin.name);
        }
        let own = self.screen.title();
        let what = match self.origin.shows {
            Shows::Log if !self.origin.more.is_empty() => return format!("{} +{} · logs", self.origin.name, self.origin.more.len()),
            Shows::Log => "log",
            _ if !own.is_empty() => own,
            _ => &self.program,
        };
        if what.is_empty() { self.origin.name.clone() } else { format!("{} · {what}", self.origin.name) }
    }

    /// Connects to a session.
    pub fn show(&mut self, session: &Session) -> Vec<Effect> {
        self.session = Some(session.id.clone());
        (self.offset, self.acked) = (0, 0);
        self.program = session.command.first().map(|word| word.rsplit('/').next().unwrap_or(word).to_owned()).unwrap_or_default();
        self.screen.resize(session.size);
        let mut effects = self.attach(None);
        let ahead = std::mem::take(&mut self.ahead);
        if !ahead.is_empty() {
            effects.push(Effect::Input(self.id, ahead));
        }
        effects
    }

    /// Connects again, after the last byte that was taken in.
    pub fn reattach(&mut self) -> Vec<Effect> {
        let from = (self.offset > 0).then_some(self.offset);
        self.attach(from)
    }

    fn attach(&mut self, from_offset: Option<u64>) -> Vec<Effect> {
        let Some(session) = self.session.clone() else { return Vec::new() };
        self.state = PaneState::Attaching;
        if self.looks {
            return vec![Effect::Look { pane: self.id, session, from_offset }];
        }
        vec![Effect::Attach { pane: self.id, session, size: self.size, from_offset }]
    }

    /// Whether keys go to a program.
    #[must_use]
    pub fn is_live(&self) -> bool {
        matches!(self.state, PaneState::Live | PaneState::Attaching | PaneState::Lost(_) | PaneState::Opening)
    }

    /// Whether its program has ended or never began.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.state, PaneState::Ended(_) | PaneState::Failed(_))
    }

    /// Why nothing that is typed would reach its program; none where it would.
    #[must_use]
    pub fn deaf(&self) -> Option<String> {
        match &self.state {
            _ if self.log.is_some() => Some("a log".to_owned()),
            PaneState::Opening => Some("still being opened".to_owned()),
            PaneState::Ended(_) => Some("ended".to_owned()),
            PaneState::Failed(_) => Some("not to be typed into".to_owned()),
            _ if self.scroll.is_some() || self.hints.is_some() => Some("standing still".to_owned()),
            _ => self.lease.as_ref().map(|name| format!("only {name} types there")),
        }
    }

    /// What the program asked of its terminal.
    #[must_use]
    pub fn modes(&self) -> Modes {
        self.screen.modes()
    }

    /// Takes in a frame of the session; while the view is scrolled back or labelled it waits.
    pub fn take(&mut self, frame: ServerFrame) -> Vec<News> {
        if (self.scroll.is_some() || self.hints.is_some()) && !matches!(frame, ServerFrame::Presence(_)) {
            self.held.push(frame);
            return Vec::new();
        }
        match frame {
            ServerFrame::Ready(ready) => {
                self.state = PaneState::Live;
                self.behind = None;
                self.screen.resize(Size { cols: ready.cols, rows: ready.rows });
            }
            // A server that knows less than was drawn has lost the program, or begins it anew: what is seen stays until
            // it is clear which.
            ServerFrame::Snapshot { offset, .. } if offset < self.offset && self.behind.is_none() => self.behind = Some(frame),
            ServerFrame::Snapshot { offset, size, bytes } => {
                self.state = PaneState::Live;
                self.behind = None;
                self.screen.reset();
                self.screen.resize(size);
                self.screen.feed(&bytes);
                self.offset = offset;
                self.acked = self.acked.min(offset);
                // What redraws the screen is no news.
                self.screen.take_events();
                self.screen.take_replies();
            }
            ServerFrame::Output { offset, bytes } => {
                if let Some(snapshot) = self.behind.clone() {
                    self.take(snapshot);
                }
                return self.feed(offset, &bytes);
            }
            ServerFrame::Resized { size, .. } => self.screen.resize(size),
            ServerFrame::Exit(exit) => {
                self.behind = None;
                self.state = PaneState::Ended(Some(exit));
                return vec![News::Ended];
            }
            ServerFrame::Presence(viewers) => self.viewers = viewers.iter().filter(|viewer| viewer.name != RECORDER).count(),
            ServerFrame::Notice(text) => return vec![News::Notice(text)],
            ServerFrame::Lease(lease) if lease.yours => {
                self.lease = None;
                return vec![News::Notice("only you type here now".to_owned())];
            }
            ServerFrame::Lease(lease) => {
                self.lease.clone_from(&lease.holder);
                return vec![News::Notice(
                    lease.holder.map_or_else(|| "everyone may type here again".to_owned(), |name| format!("only {name} types here now")),
                )];
            }
            ServerFrame::Gap { .. } | ServerFrame::Pong(_) | ServerFrame::InputAck(_) => {}
        }
        Vec::new()
    }

    fn feed(&mut self, offset: u64, bytes: &[u8]) -> Vec<News> {
        self.state = PaneState::Live;
        // After a reconnect the first bytes may be known already.
        let known = usize::try_from(self.offset.saturating_sub(offset)).unwrap_or(usize::MAX);
        let Some(fresh) = bytes.get(known..) else { return Vec::new() };
        self.screen.feed(fresh);
        self.offset = self.offset.max(offset + bytes.len() as u64);
        // The server's screen answers queries; answers of this copy would come twice.
        self.screen.take_replies();
        let told = |event| match event {
            ScreenEvent::Title(_) => Some(News::Title),
            ScreenEvent::Bell => Some(News::Bell),
            ScreenEvent::ClipboardStore(text) => Some(News::Clipboard(text)),
            ScreenEvent::Cwd(_) | ScreenEvent::Rebuilt => None,
        };
        self.screen.take_events().into_iter().filter_map(told).collect()
    }

    /// Says how far the output was taken in, if that was not said yet.
    pub fn ack(&mut self) -> Option<Effect> {
        let behind = self.offset > self.acked && self.session.is_some();
        behind.then(|| {
            self.acked = self.offset;
            Effect::Ack(self.id, self.offset)
        })
    }

    /// The connection is gone.
    pub fn detached(&mut self, problem: Option<Box<Problem>>, retry_at: Duration) {
        use crate::model::Code;
        if self.is_over() {
            return;
        }
        self.state = match problem {
            // Nobody knows the session any more.
            Some(problem) if problem.code == Code::NotFound => PaneState::Ended(None),
            Some(problem) if matches!(problem.code, Code::Forbidden | Code::Unauthenticated) => PaneState::Failed(problem),
            _ => PaneState::Lost(retry_at),
        };
    }

    /// Types a key.
    pub fn key(&mut self, key: Key) -> Vec<Effect> {
        self.forget_marks();
        let bytes = encode_key(&key, &self.modes());
        self.type_bytes(bytes)
    }

    /// Pastes a text.
    pub fn paste(&mut self, text: &str) -> Vec<Effect> {
        self.forget_marks();
        let bytes = encode_paste(text, &self.modes());
        self.type_bytes(bytes)
    }

    /// Sends a mouse event whose place counts from the screen's corner, if the program wants it.
    pub fn mouse(&mut self, event: MouseEvent) -> Option<Vec<Effect>> {
        let bytes = encode_mouse(event, &self.modes())?;
        Some(self.type_bytes(bytes))
    }

    /// Tells the program that it gained or lost the focus.
    pub fn set_focus(&mut self, focus: bool) -> Vec<Effect> {
        if self.has_focus == focus {
            return Vec::new();
        }
        self.has_focus = focus;
        let bytes = encode_focus(focus, &self.modes());
        self.type_bytes(bytes)
    }

    fn type_bytes(&mut self, bytes: Vec<u8>) -> Vec<Effect> {
        if bytes.is_empty() || self.looks || self.origin.shows == Shows::Log {
            return Vec::new();
        }
        if self.state == PaneState::Opening && self.ahead.len() + bytes.len() <= AHEAD {
            // Who is quick has typed before there is a program to take it.
            self.ahead.extend(bytes);
            return Vec::new();
        }
        if self.is_live() { vec![Effect::Input(self.id, bytes)] } else { Vec::new() }
    }

    /// Gives it other room.
    pub fn set_size(&mut self, size: Size, now: Duration) -> Option<Effect> {
        let size = size.clamped();
        if size == self.size {
            return None;
        }
        self.size = size;
        self.sized_at = now;
        if let Some(log) = &mut self.log {
            log.set_size(size);
        }
        if self.session.is_none() {
            self.screen.resize(size);
            return None;
        }
        Some(Effect::ResizeSession(self.id, size))
    }

    /// Begins to look back.
    pub fn start_scroll(&mut self) {
        if self.scroll.is_none() && self.log.is_none() {
            self.scroll = Some(ScrollMode::new(&self.screen));
        }
    }

    /// Back to the newest output; what came meanwhile is drawn now.
    pub fn end_scroll(&mut self) -> Vec<News> {
        if self.scroll.take().is_none() {
            return Vec::new();
        }
        self.screen.clear_selection();
        self.screen.scroll_to_bottom();
        self.catch_up()
    }

    /// Takes the labels away.
    pub fn end_hints(&mut self) -> Vec<News> {
        self.hints = None;
        if self.scroll.is_some() { Vec::new() } else { self.catch_up() }
    }

    /// Draws what came while it stood still.
    fn catch_up(&mut self) -> Vec<News> {
        let held = std::mem::take(&mut self.held);
        held.into_iter().flat_map(|frame| self.take(frame)).collect()
    }

    /// Whether the mouse's button is down and marks text in it.
    #[must_use]
    pub fn is_marked(&self) -> bool {
        self.marking.is_some_and(|marking| marking.held) || self.log.as_ref().is_some_and(|log| log.is_held())
    }

    fn forget_marks(&mut self) {
        if self.marking.take().is_some() {
            self.screen.clear_selection();
        }
    }

    /// What the line under an ended pane says; none while it lives.
    #[must_use]
    pub fn epitaph(&self) -> Option<String> {
        match &self.state {
            PaneState::Ended(exit) if self.looks => Some(format!("[{}]", exit.as_ref().map_or_else(|| "ended".to_owned(), ending))),
            PaneState::Failed(problem) if self.looks => Some(format!("[{}]", problem.detail)),
            PaneState::Ended(exit) => Some(format!("[{} · r restart · x close]", exit.as_ref().map_or_else(|| "ended".to_owned(), ending))),
            PaneState::Failed(problem) => Some(format!("[{} · r restart · x close]", problem.detail)),
            _ => None,
        }
    }
}

/// How a session ended: `exit 137 · OOM-killed`.
#[must_use]
pub fn ending(exit: &SessionExit) -> String {
    let code = exit.code.map(|code| format!("exit {code}"));
    let reason = match exit.reason {
        ExitReason::Exited => None,
        ExitReason::Closed => Some("closed"),
        ExitReason::Stopped => Some("container stopped"),
        ExitReason::OomKilled => Some("OOM-killed"),
        ExitReason::Lost => Some("lost: server or engine ended"),
    };
    let parts: Vec<String> = code.into_iter().chain(reason.map(str::to_owned)).collect();
    if parts.is_empty() { "ended".to_owned() } else { parts.join(" · ") }
}
