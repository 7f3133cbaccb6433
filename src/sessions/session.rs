//! The handle of one session.
use super::channel::Typed;
use super::pace::Traffic;
use super::reader::Reader;
use super::recorder::Recording;
use super::state::RING;
use super::state::State;
use crate::bus::Bus;
use crate::error::Error;
use crate::error::Result;
use crate::model::Attach;
use crate::model::Code;
use crate::model::CommandNote;
use crate::model::ContainerId;
use crate::model::Event;
use crate::model::ExitReason;
use crate::model::Held;
use crate::model::RECORDER;
use crate::model::ScreenJson;
use crate::model::Session as Facts;
use crate::model::SessionExit;
use crate::model::SessionId;
use crate::model::SessionKind;
use crate::model::SessionState;
use crate::model::Size;
use crate::model::Tile;
use crate::model::Viewer;
use crate::term::Masks;
use crate::term::Screen;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use jiff::Timestamp;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::sync::mpsc;
use tokio::sync::watch;
use tokio::time::Instant;

/// How long typing through the API waits for a program that does not read.
const TYPING: Duration = Duration::from_secs(10);

/// The writer of what is typed without sequence numbers: the pump gives it one.
pub(super) const NOBODY: u64 = 0;
/// How long a viewer that wants to go on where it was waits for its session to be reached.
const REACHED: Duration = Duration::from_secs(5);
/// How long someone waits for it who wants to see its screen or its output.
const SHOWN: Duration = Duration::from_secs(3);

/// One live terminal, or the last screen of one that has ended. Cheap to clone; a clone is the same session.
#[derive(Clone)]
pub struct Session(pub(super) Arc<Shared>);

pub(super) struct Shared {
    pub fixed: Fixed,
    /// A std mutex: it is held while at most 16 KiB are drawn or a snapshot is made, and never across an await.
    state: Mutex<State>,
    /// Grows with each change that readers may want to see.
    changed: watch::Sender<u64>,
    /// What is typed, for the pump.
    pub typed: mpsc::Sender<Typed>,
    /// Tells the pump to look at the state.
    pub wake: Notify,
    /// What is known of its recording; held for a look only.
    pub recording: Mutex<Recording>,
    /// Who types and which flood, of all sessions of this server.
    pub traffic: Arc<Traffic>,
    /// When something was typed last; held for a look only.
    pub typed_at: Mutex<Option<Instant>>,
    /// What no recording of it shows; held for a look only.
    masks: Mutex<Arc<Masks>>,
    /// What is heard of commands.
    pub commands: mpsc::Sender<CommandNote>,
    bus: Bus,
}

/// What never changes.
#[derive(Clone, Debug)]
pub struct Fixed {
    /// Its id.
    pub id: SessionId,
    /// Its container.
    pub container: ContainerId,
    /// That container's name.
    pub container_name: String,
    /// What it runs.
    pub kind: SessionKind,
    /// Program and arguments.
    pub command: Vec<String>,
    /// Who opened it.
    pub owner: String,
    /// Why it will not outlast the server.
    pub not_resumable: Option<String>,
    /// As which user a holder keeps it; the inner none is the container's own. None without a holder.
    pub held: Option<Option<String>>,
    /// When it was opened.
    pub created_at: Timestamp,
}

impl Session {
    pub(super) fn new(fixed: Fixed, state: State, typed: mpsc::Sender<Typed>, bus: Bus, traffic: Arc<Traffic>, commands: mpsc::Sender<CommandNote>) -> Self {
        let (state, changed) = (Mutex::new(state), watch::Sender::new(0));
        let (wake, recording, typed_at, masks) = (Notify::new(), Mutex::default(), Mutex::default(), Mutex::default());
        Self(Arc::new(Shared { fixed, state, changed, typed, wake, recording, typed_at, masks, traffic, commands, bus }))
    }

    /// Keeps these out of its recordings from now on, while this server has it.
    pub fn hide(&self, masks: &Masks) {
        if !masks.is_empty() {
            Arc::make_mut(&mut self.0.masks.lock().expect("no panics while held")).add_all(masks);
        }
    }

    /// What is kept out of its recordings.
    pub(super) fn masks(&self) -> Arc<Masks> {
        self.0.masks.lock().expect("no panics while held").clone()
    }

    /// Somebody types here.
    pub(super) fn is_typed_into(&self) {
        self.0.traffic.typed(self.number(), Instant::now());
    }

    /// Whether somebody types into another session.
    pub(super) fn gives_way(&self, now: Instant) -> bool {
        self.0.traffic.typed_elsewhere(self.number(), now)
    }

    /// This one floods: how many sessions do.
    pub(super) fn floods(&self, now: Instant) -> u64 {
        self.0.traffic.floods(self.number(), now)
    }

    /// Tells it from the others of this server.
    fn number(&self) -> u64 {
        Arc::as_ptr(&self.0).addr() as u64
    }

    /// What never changes.
    #[must_use]
    pub fn fixed(&self) -> &Fixed {
        &self.0.fixed
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &SessionId {
        &self.0.fixed.id
    }

    /// When something was typed last since this server knows it.
    #[must_use]
    pub fn last_typed(&self) -> Option<Instant> {
        *self.0.typed_at.lock().expect("no panics while held")
    }

    /// Whether its program runs.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.state().exit.is_none()
    }

    /// What clients are told of it.
    #[must_use]
    pub fn facts(&self) -> Facts {
        self.facts_in(&self.state())
    }

    fn facts_in(&self, state: &State) -> Facts {
        let fixed = self.0.fixed.clone();
        Facts {
            id: fixed.id,
            container: fixed.container,
            container_name: fixed.container_name,
            kind: fixed.kind,
            command: fixed.command,
            title: state.title.clone(),
            state: if state.exit.is_some() { SessionState::Ended } else { SessionState::Live },
            size: state.size,
            owner: fixed.owner,
            not_resumable: fixed.not_resumable,
            viewers: u32::try_from(state.slots.iter().filter(|slot| slot.viewer.name != RECORDER).count()).unwrap_or(u32::MAX),
            head_offset: state.ring.head(),
            recording: self.recording(),
            exit: state.exit.clone(),
            created_at: fixed.created_at,
        }
    }

    /// Whether it can be attached to where a viewer left it: a session of a server before this one has to be reached first, which is
    /// waited for 5 seconds.
    ///
    /// # Errors
    /// `engine_unavailable` when it could not be reached in time.
    pub async fn reached(&self) -> Result<()> {
        let mut changes = self.0.changed.subscribe();
        let waiting = async {
            while self.is_live() && !self.state().is_reached() {
                if changes.changed().await.is_err() {
                    return;
                }
            }
        };
        tokio::time::timeout(REACHED, waiting).await.map_err(|_| self.unreached())
    }

    /// Waits until there is something to show of it: a session of a server before this one has to be reached first, which is waited for 3 seconds.
    /// Where that is not enough, what that server noted last is shown.
    ///
    /// # Errors
    /// `engine_unavailable` when it could not be reached in time and nothing was noted.
    pub async fn shown(&self) -> Result<()> {
        match tokio::time::timeout(SHOWN, self.reached()).await {
            Ok(Ok(())) => Ok(()),
            _ if self.state().pictured => Ok(()),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(self.unreached()),
        }
    }

    fn unreached(&self) -> Error {
        Error::new(Code::EngineUnavailable, format!("session '{}' can't be reached at the moment", self.id())).fix("try again")
    }

    /// How it is, with what redraws it then, for a server after this one; none while it has not been reached.
    #[must_use]
    pub fn noted(&self) -> Option<(Facts, Option<Held>, Vec<u8>)> {
        let mut state = self.state();
        if !state.is_reached() || state.exit.is_some() {
            return None;
        }
        let snapshot = state.draw(super::state::SCROLLBACK);
        Some((self.facts_in(&state), self.held_in(&state), snapshot))
    }

    /// Takes note that it is noted as it was at this offset.
    pub fn was_noted(&self, offset: u64) {
        let mut state = self.state();
        state.noted = Some((offset, state.size, Instant::now()));
    }

    /// What a server after this one needs to find it again; none without a holder.
    #[must_use]
    pub fn held(&self) -> Option<Held> {
        self.held_in(&self.state())
    }

    fn held_in(&self, state: &State) -> Option<Held> {
        self.0.fixed.held.clone().map(|user| Held { user, boot: state.boot })
    }

    /// Who watches and types, the first to come first; not what records it.
    #[must_use]
    pub fn viewers(&self) -> Vec<Viewer> {
        let mut viewers = self.state().viewers();
        viewers.retain(|viewer| viewer.name != RECORDER);
        viewers
    }

    /// Begins to watch. Whether the viewer may type is decided by who calls this.
    ///
    /// # Errors
    /// `too_many` beyond 256 viewers.
    pub fn attach(&self, attach: &Attach, viewer: &str) -> Result<Reader> {
        let id = {
            let mut state = self.state();
            if state.slots.len() >= 256 {
                return Err(Error::new(Code::TooMany, "256 clients watch this session already"));
            }
            let id = state.join(attach, viewer);
            state.dirty = true;
            id
        };
        self.changed();
        self.poke();
        Ok(Reader::new(self.clone(), id, self.0.changed.subscribe(), attach.mode))
    }

    /// Types as the API does: without sequence numbers.
    ///
    /// # Errors
    /// `wrong_state` when it has ended; `timed_out` when the program reads nothing for 10 seconds.
    pub async fn type_bytes(&self, bytes: Vec<u8>) -> Result<()> {
        if !self.is_live() {
            return Err(self.has_ended());
        }
        let bytes = Bytes::from(bytes);
        match tokio::time::timeout(TYPING, self.0.typed.send(Typed { writer: NOBODY, seq: 0, bytes: bytes.clone() })).await {
            Ok(Ok(())) => {
                self.note_typed(&bytes);
                Ok(())
            }
            Ok(Err(_)) => Err(self.has_ended()),
            Err(_) => Err(Error::new(Code::TimedOut, "the program in this session reads no input")),
        }
    }

    pub(super) fn has_ended(&self) -> Error {
        Error::new(Code::WrongState, format!("session '{}' has ended", self.id()))
    }

    /// Asks for another size. Several wishes in a row become one.
    ///
    /// # Errors
    /// `wrong_state` when it has ended.
    pub fn resize(&self, size: Size) -> Result<()> {
        if !self.is_live() {
            return Err(self.has_ended());
        }
        self.state().wanted = size.clamped();
        self.poke();
        Ok(())
    }

    /// Asks for its end: a hang-up, then a kill. It has ended when its facts say so.
    pub fn close(&self) {
        self.state().closing = true;
        self.poke();
    }

    /// Waits until it has ended, as long as `within`. Whether it has.
    pub async fn ended(&self, within: Duration) -> bool {
        let mut changes = self.0.changed.subscribe();
        let waiting = async {
            while self.is_live() {
                if changes.changed().await.is_err() {
                    return;
                }
            }
        };
        tokio::time::timeout(within, waiting).await.is_ok()
    }

    /// Waits until it has printed something, or has ended.
    pub async fn first_output(&self) {
        let mut changes = self.0.changed.subscribe();
        let start = self.state().ring.oldest();
        while self.is_live() && self.state().ring.head() == start {
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    /// Its container has stopped: it ends now by itself, and after two seconds in any case.
    pub(super) fn container_stopped(&self, reason: Option<ExitReason>) {
        let mut state = self.state();
        if state.exit.is_none() && state.stopped.is_none() {
            state.stopped = Some(Instant::now());
            state.stop_reason = state.stop_reason.or(reason);
            drop(state);
            self.poke();
        }
    }

    /// The lines of its screen.
    #[must_use]
    pub fn screen_text(&self) -> String {
        let mut state = self.state();
        let screen = state.screen.open();
        screen.stop_sync_if_due(std::time::Instant::now());
        screen.text()
    }

    /// Bytes that redraw its screen on a fresh terminal.
    #[must_use]
    pub fn screen_ansi(&self) -> Vec<u8> {
        self.state().draw(0)
    }

    /// Its screen as data.
    #[must_use]
    pub fn screen_json(&self) -> ScreenJson {
        let mut state = self.state();
        let screen = state.screen.open();
        screen.stop_sync_if_due(std::time::Instant::now());
        let (cursor, alternate) = (screen.cursor(), screen.modes().alternate_screen);
        let mut lines: Vec<String> = screen.text().split('\n').map(str::to_owned).collect();
        lines.resize(usize::from(state.size.rows).max(lines.len()), String::new());
        ScreenJson {
            size: state.size,
            cursor: (cursor.col, cursor.row),
            cursor_visible: cursor.visible,
            alternate,
            lines,
            title: state.title.clone(),
            offset: state.ring.head(),
        }
    }

    /// At most `limit` bytes of its output from `offset` on, or from the oldest kept, with the offset of the first.
    #[must_use]
    pub fn output(&self, offset: Option<u64>, limit: u64) -> (u64, Vec<u8>) {
        let state = self.state();
        let from = offset.unwrap_or(0).max(state.ring.oldest());
        (from, state.ring.copy(from, usize::try_from(limit).unwrap_or(RING).min(RING)))
    }

    /// Looks at its screen.
    pub fn look<T>(&self, look: impl FnOnce(&mut Screen) -> T) -> T {
        let mut state = self.state();
        let screen = state.screen.open();
        screen.stop_sync_if_due(std::time::Instant::now());
        look(screen)
    }

    /// Grows when its picture may have changed.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.state().screen.generation()
    }

    /// A small picture of its screen, and the generation that it shows.
    #[must_use]
    pub fn tile(&self, size: Size) -> (u64, Tile) {
        let (generation, frame) = {
            let mut state = self.state();
            let frame = state.screen.open().tile(size.cols, size.rows);
            (state.screen.generation(), frame)
        };
        let size = Size { cols: frame.cols, rows: frame.rows };
        let Fixed { id, container, .. } = self.0.fixed.clone();
        (generation, Tile { container, session: id, size, base64: STANDARD.encode(frame.ansi) })
    }

    /// What redraws it later: its last screen with the lines above.
    pub(super) fn last_words(&self) -> Vec<u8> {
        self.state().draw(super::state::SCROLLBACK)
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().expect("no panics while held: the screen guards itself")
    }

    /// Lets every reader look.
    pub(super) fn changed(&self) {
        self.0.changed.send_modify(|count| *count += 1);
    }

    /// Lets the pump look; announces itself what a session without a pump has to say.
    pub(super) fn poke(&self) {
        if self.is_live() {
            self.0.wake.notify_one();
        } else {
            self.announce();
        }
    }

    /// Tells everyone how it is.
    pub(super) fn announce(&self) {
        self.state().dirty = false;
        self.0.bus.publish(Event::SessionChanged { session: Box::new(self.facts()) });
    }

    pub(super) fn ring_bell(&self) {
        self.0.bus.publish(Event::Bell { session: self.id().clone() });
    }

    /// Ends it; readers are shown the rest and EXIT.
    pub(super) fn end(&self, reason: ExitReason, code: Option<i64>) {
        {
            let mut state = self.state();
            let final_offset = state.ring.head();
            state.exit = Some(SessionExit { reason, code, final_offset, at: Timestamp::now() });
        }
        self.changed();
        self.announce();
    }

    /// Lets readers go since the server is about to stop.
    pub(super) fn stop_readers(&self) {
        self.state().stopping = true;
        self.changed();
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("fixed", &self.0.fixed).finish_non_exhaustive()
    }
}
