//! One run, watched: its steps and its log, and beside them the terminal that its script drives.
use super::run_code::RunCode;
use super::run_log::RunLines;
use super::run_view_draw::Rooms;
use super::run_words;
use super::terminal::Origin;
use super::terminal::PaneState;
use super::terminal::TerminalPane;
use super::toast::say;
use crate::model::Event;
use crate::model::Problem;
use crate::model::Run;
use crate::model::RunState;
use crate::model::ServerFrame;
use crate::model::Session;
use crate::model::SessionId;
use crate::model::SessionState;
use crate::model::Size;
use crate::term::MouseEvent;
use crate::term::MouseKind;
use crate::tui::command::CommandId;
use crate::tui::command::Scope;
use crate::tui::component::Component;
use crate::tui::component::Context;
use crate::tui::msg::Ask;
use crate::tui::msg::Effect;
use crate::tui::msg::Msg;
use crate::tui::msg::PaneId;
use crate::tui::msg::Reply;
use crate::tui::msg::Request;
use crate::tui::runs::RunsReply;
use crate::tui::runs::RunsWish;
use crate::tui::runs::newer;
use crate::tui::runs::wish;
use ratatui::Frame;
use ratatui::layout::Rect;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Seconds that the server waits for news.
const NEWS: u32 = 25;
/// What could not be read is asked for again this late; so is a connection that was lost.
const RETRY: Duration = Duration::from_secs(2);
/// The time that passes is told this often while the run goes on.
const SECOND: Duration = Duration::from_secs(1);
/// Rows that one step of the wheel moves.
const WHEEL: usize = 3;

/// Numbers of panes here; those of the terminals count up from 1.
static NEXT: AtomicU64 = AtomicU64::new(1 << 48);

/// The view.
pub struct RunView {
    pub(super) run: Option<Run>,
    pub(super) log: RunLines,
    /// Rows between the last one shown and the end; 0 follows.
    pub(super) up: usize,
    /// Rows of the log that were seen last.
    seen: usize,
    pub(super) failed: Option<String>,
    /// What was asked for and is not answered yet.
    asked: bool,
    next: Duration,
    /// Everything was read, and no more will come.
    complete: bool,
    /// The session that was chosen; the newest where none was.
    picked: Option<SessionId>,
    pub(super) pane: Option<TerminalPane>,
    pub(super) code: RunCode,
}

impl Default for RunView {
    fn default() -> Self {
        Self {
            run: None,
            log: RunLines::new(true),
            up: 0,
            seen: 1,
            failed: None,
            asked: false,
            next: Duration::ZERO,
            complete: false,
            picked: None,
            pane: None,
            code: RunCode::default(),
        }
    }
}

impl std::fmt::Debug for RunView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunView").field("run", &self.run.as_ref().map(|run| &run.id)).finish_non_exhaustive()
    }
}

impl RunView {
    /// Watches a run, from its beginning unless it is watched already.
    pub fn show(&mut self, run: Run) -> Vec<Effect> {
        if self.run.as_ref().is_some_and(|own| own.id == run.id) {
            return Vec::new();
        }
        let effects = self.rest();
        *self = Self { run: Some(run), ..Self::default() };
        effects
    }

    /// Nobody looks any more: the terminal is let go.
    pub fn rest(&mut self) -> Vec<Effect> {
        self.pane.take().map(|pane| Effect::Detach(pane.id)).into_iter().collect()
    }

    /// The terminal beside the log.
    pub fn pane_mut(&mut self) -> Option<&mut TerminalPane> {
        self.pane.as_mut()
    }

    /// The terminal beside the log.
    #[must_use]
    pub fn pane(&self) -> Option<&TerminalPane> {
        self.pane.as_ref()
    }

    /// Takes in a frame of its terminal; whether it was for it.
    pub fn frame(&mut self, pane: PaneId, frame: ServerFrame) -> bool {
        let Some(own) = self.pane.as_mut().filter(|own| own.id == pane) else { return false };
        // Bells, titles and what a program wants in the clipboard are for those who work in it.
        drop(own.take(frame));
        true
    }

    /// The connection of its terminal is gone.
    pub fn detached(&mut self, pane: PaneId, problem: Option<Box<Problem>>, now: Duration) {
        if let Some(own) = self.pane.as_mut().filter(|own| own.id == pane) {
            own.detached(problem, now + RETRY);
        }
    }

    /// Connects its terminal again where the time has come, or at once.
    pub fn reconnect(&mut self, all: bool, now: Duration) -> Vec<Effect> {
        let due = |pane: &&mut TerminalPane| matches!(pane.state, PaneState::Lost(at) if all || at <= now);
        self.pane.as_mut().filter(due).map(TerminalPane::reattach).unwrap_or_default()
    }

    /// What it needs now while it is seen.
    pub fn due(&mut self, cx: &Context) -> Vec<Effect> {
        self.arrange(cx);
        let Some(run) = &self.run else { return Vec::new() };
        let mut effects = Vec::new();
        if !self.asked && !self.complete && cx.now.since_start >= self.next {
            self.asked = true;
            // What is there already comes at once.
            let wait = if self.log.last() == 0 { 0 } else { NEWS };
            effects.push(wish(RunsWish::Log(run.id.clone(), self.log.last(), wait)));
        }
        effects.extend(self.code.due(run));
        let shown = self.pane.as_ref().and_then(|pane| pane.session.clone());
        if let Some(wanted) = self.wanted(cx).filter(|wanted| shown.as_ref() != Some(&wanted.id)).cloned() {
            effects.extend(self.rest());
            let id = PaneId(NEXT.fetch_add(1, Ordering::Relaxed));
            let mut pane = TerminalPane::new(id, Origin::of(&wanted), wanted.size, 0);
            pane.looks = true;
            effects.extend(pane.show(&wanted));
            self.pane = Some(pane);
        }
        effects
    }

    /// The sessions of the run that there still are, the oldest first.
    fn sessions<'a>(&self, cx: &Context<'a>) -> Vec<&'a Session> {
        self.run.iter().flat_map(|run| &run.sessions).filter_map(|id| cx.data.session(id)).collect()
    }

    /// The session that is to be seen: the one chosen, or the newest that lives; what was seen last stays where there is none.
    fn wanted<'a>(&self, cx: &Context<'a>) -> Option<&'a Session> {
        let all = self.sessions(cx);
        let picked = all.iter().find(|session| Some(&session.id) == self.picked.as_ref());
        let live = all.iter().rfind(|session| session.state == SessionState::Live);
        let last = all.last().filter(|_| self.pane.is_none());
        picked.or(live).or(last).copied()
    }

    /// When it wants to be woken up, since the program began.
    #[must_use]
    pub fn wake_at(&self, now: Duration) -> Option<Duration> {
        let read = (!self.asked && !self.complete && self.run.is_some()).then_some(self.next);
        let lost = self.pane.as_ref().and_then(|pane| match pane.state {
            PaneState::Lost(at) => Some(at),
            _ => None,
        });
        let runs = self.run.as_ref().is_some_and(|run| run.state == RunState::Running && run.paused.is_none());
        [read, lost, runs.then(|| now + SECOND)].into_iter().flatten().min()
    }

    /// Everything is read anew.
    pub fn refresh(&mut self) {
        self.next = Duration::ZERO;
    }

    /// Brings the lines to the room that there is.
    fn arrange(&mut self, cx: &Context) {
        let rooms = Rooms::of(self, cx);
        // A column stays free at the left.
        self.log.lay(usize::from(rooms.log.width.saturating_sub(1)), cx.plain);
        self.seen = usize::from(rooms.log.height).max(1);
        self.up = self.up.min(self.most_up());
    }

    fn most_up(&self) -> usize {
        let end = self.run.as_ref().map_or(0, |run| self.log.end(run).len());
        (self.log.lines().len() + end).saturating_sub(self.seen)
    }

    fn scroll(&mut self, rows: isize) {
        self.up = self.up.saturating_add_signed(rows).min(self.most_up());
    }

    fn command(&mut self, id: CommandId, cx: &Context) -> Option<Vec<Effect>> {
        use CommandId as C;
        let page = isize::try_from(self.seen).unwrap_or(1);
        match id {
            C::WatchUp => self.scroll(1),
            C::WatchDown => self.scroll(-1),
            C::WatchPageUp => self.scroll(page),
            C::WatchPageDown => self.scroll(-page),
            C::WatchOldest => self.scroll(isize::MAX),
            C::WatchNewest => self.up = 0,
            C::WatchCalls => {
                let words = if self.log.toggle_calls() { "what the script asks for is shown" } else { "what the script asks for is hidden" };
                return Some(vec![say(words)]);
            }
            C::WatchText | C::WatchBreakpoint | C::WatchLineUp | C::WatchLineDown => {
                let Some(run) = &self.run else { return Some(vec![say("no run is watched")]) };
                return Some(self.code.command(id, run));
            }
            C::Back => return Some(vec![Effect::Ask(Ask::Run(C::HistoryBack))]),
            _ => return self.act(id, cx),
        }
        Some(Vec::new())
    }

    fn act(&mut self, id: CommandId, cx: &Context) -> Option<Vec<Effect>> {
        use CommandId as C;
        let own = [C::WatchPause, C::WatchStep, C::WatchResume, C::WatchAbort, C::WatchRetry, C::WatchType, C::WatchSession, C::WatchCopyLine];
        if !own.contains(&id) {
            return None;
        }
        let Some(run) = &self.run else { return Some(vec![say("no run is watched")]) };
        let (over, paused) = (run.state.is_over(), run.paused.is_some());
        let key = |id| cx.keymap.label(id).unwrap_or_default();
        Some(match id {
            C::WatchCopyLine => vec![Effect::Ask(Ask::Copy(format!("cto runs logs {}", run.id)))],
            C::WatchSession => self.next_session(cx),
            C::WatchType => self.type_into(cx),
            C::WatchRetry if over => vec![wish(RunsWish::Retry(run.id.clone()))],
            C::WatchRetry => vec![say("it is still under way: it can be repeated when it is over")],
            _ if over => vec![say(format!("it is over: {} runs it once more", key(C::WatchRetry)))],
            C::WatchAbort => super::runs::cancel(&[run]),
            C::WatchPause if paused => vec![say(format!("it is paused: {} lets it go on", key(C::WatchResume)))],
            C::WatchPause => vec![wish(RunsWish::Pause(run.id.clone())), say("it pauses before its next call")],
            _ if !paused => vec![say(format!("it is not paused: {} pauses it", key(C::WatchPause)))],
            id => vec![wish(RunsWish::Resume(run.id.clone(), id == C::WatchStep))],
        })
    }

    fn next_session(&mut self, cx: &Context) -> Vec<Effect> {
        let all = self.sessions(cx);
        let shown = self.pane.as_ref().and_then(|pane| pane.session.as_ref());
        let at = all.iter().position(|session| Some(&session.id) == shown);
        match all.get(at.map_or(0, |at| at + 1) % all.len().max(1)) {
            Some(next) if all.len() > 1 => self.picked = Some(next.id.clone()),
            _ => return vec![say("it has no other terminal now")],
        }
        Vec::new()
    }

    fn type_into(&self, cx: &Context) -> Vec<Effect> {
        let shown = self.pane.as_ref().and_then(|pane| pane.session.as_ref()).and_then(|id| cx.data.session(id));
        match shown.filter(|session| session.state == SessionState::Live) {
            Some(session) => vec![Effect::Ask(Ask::ShowSession(session.id.clone()))],
            None => vec![say("it has no terminal now that could be typed into")],
        }
    }

    fn hear(&mut self, msg: &Msg, cx: &Context) -> Option<Vec<Effect>> {
        let own = self.run.as_ref()?.id.clone();
        match msg {
            Msg::Event(event) => {
                if let Event::RunChanged { run } = &**event
                    && run.id == own
                {
                    self.learn(run);
                }
                None
            }
            Msg::Reply(request, result) => {
                let Request::Runs(asked) = &**request else { return None };
                if let (RunsWish::Log(id, ..), true) = (&**asked, self.asked)
                    && *id == own
                {
                    self.asked = false;
                    self.failed = result.as_ref().err().map(|problem| problem.detail.clone());
                    if self.failed.is_some() {
                        self.next = cx.now.since_start + RETRY;
                    }
                }
                let Ok(Reply::Runs(reply)) = result else { return None };
                match &**reply {
                    RunsReply::Log(log) if log.run.id == own => {
                        self.take_log(log, cx);
                        Some(Vec::new())
                    }
                    RunsReply::Source(told) if matches!(&**asked, RunsWish::Source(id) | RunsWish::PauseAt(id, _) if *id == own) => {
                        self.code.take(told, self.log.line());
                        Some(Vec::new())
                    }
                    RunsReply::Run(run) if run.id == own => {
                        self.learn(run);
                        Some(Vec::new())
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn take_log(&mut self, log: &crate::model::RunLog, cx: &Context) {
        self.arrange(cx);
        let before = self.log.lines().len();
        self.learn(&log.run);
        self.log.take(&log.entries);
        self.code.follow(self.log.line());
        self.complete = log.run.state.is_over() && !log.more;
        if self.up > 0 {
            // What is read stays where it is.
            self.up = (self.up + self.log.lines().len().saturating_sub(before)).min(self.most_up());
        }
    }

    fn learn(&mut self, told: &Run) {
        let fresh = self.run.as_ref().map_or(told, |known| newer(known, told)).clone();
        // One that begins again has more to say.
        self.complete &= fresh.state.is_over();
        self.run = Some(fresh);
    }

    fn mouse(&mut self, event: MouseEvent, cx: &Context) -> Vec<Effect> {
        let rooms = Rooms::of(self, cx);
        let at = (event.col, event.row).into();
        match event.kind {
            MouseKind::WheelUp => self.scroll(isize::try_from(WHEEL).unwrap_or(1)),
            MouseKind::WheelDown => self.scroll(-isize::try_from(WHEEL).unwrap_or(1)),
            MouseKind::Down if rooms.pane.is_some_and(|(_, room)| room.contains(at)) => return self.type_into(cx),
            _ => {}
        }
        Vec::new()
    }

    /// What its terminal is called: its container, and which of how many it is.
    pub(super) fn pane_title(&self, cx: &Context) -> String {
        let Some(pane) = &self.pane else { return String::new() };
        let all = self.sessions(cx);
        let at = all.iter().position(|session| Some(&session.id) == pane.session.as_ref());
        match at {
            Some(at) if all.len() > 1 => format!("{}  {} of {}", pane.title(), at + 1, all.len()),
            _ => pane.title(),
        }
    }

    /// How large a terminal would have to be to be seen whole; none where there is none.
    pub(super) fn pane_size(&self) -> Option<Size> {
        self.pane.as_ref().map(|pane| pane.screen.size())
    }

    /// How long it has gone on, or went on: roughly where nothing is to move on the screen.
    pub(super) fn elapsed(run: &Run, cx: &Context) -> String {
        match run_words::took_ms(run, cx.now.time) {
            None => String::new(),
            Some(_) if cx.plain && !run.state.is_over() => run_words::took(run, cx.now.time),
            Some(ms) => super::recordings::length(ms),
        }
    }
}

impl Component for RunView {
    fn update(&mut self, msg: &Msg, cx: &Context) -> Option<Vec<Effect>> {
        if matches!(msg, Msg::Event(_) | Msg::Reply(..)) {
            return self.hear(msg, cx);
        }
        self.arrange(cx);
        match msg {
            Msg::Command(id) => self.command(*id, cx),
            Msg::Mouse(event) => Some(self.mouse(*event, cx)),
            _ => None,
        }
    }

    fn draw(&self, frame: &mut Frame, area: Rect, cx: &Context) {
        self.draw_all(frame, &Context { area, ..*cx });
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Run, Scope::Global]
    }
}
