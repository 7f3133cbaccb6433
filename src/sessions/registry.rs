//! All sessions of this server.
use super::channel::Typed;
use super::memory;
use super::pace::Traffic;
use super::pump;
use super::ring::Ring;
use super::session::Fixed;
use super::session::Session;
use super::state::RING;
use super::state::State;
use super::transport::Release;
use super::transport::Transport;
use crate::bus::Bus;
use crate::model::CommandNote;
use crate::model::ContainerId;
use crate::model::Event;
use crate::model::ExitReason;
use crate::model::Held;
use crate::model::Session as Facts;
use crate::model::SessionId;
use crate::model::SessionKind;
use crate::model::Size;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Most bytes of output kept for all sessions together.
const BUDGET: usize = 256 << 20;
/// What is left of a session's output when the budget is used up and nobody watches it.
const TRIMMED: usize = 64 << 10;
/// Ended sessions that are kept; then the one that ended first is forgotten.
const ENDED: usize = 50;
/// More than a session prints between two notes of its offset.
const LOST: u64 = 1 << 40;
/// Screens that are folded before their memory is given back: some hundred megabytes, so that it takes no longer than a moment.
const FOLDS: usize = 64;
/// Ends that may wait to be noted; then pumps wait with theirs.
const ENDS: usize = 256;
/// Notes of commands that may wait; further ones are dropped.
const COMMANDS: usize = 2_048;

/// All sessions of this server. Cheap to clone; a clone holds the same ones.
#[derive(Clone)]
pub struct Sessions(Arc<Inner>);

struct Inner {
    bus: Bus,
    /// Held for a look-up and never across an await.
    all: Mutex<BTreeMap<SessionId, Session>>,
    held: Arc<AtomicUsize>,
    traffic: Arc<Traffic>,
    ended: mpsc::Sender<Ended>,
    commands: mpsc::Sender<CommandNote>,
    /// For who keeps them, once.
    noted: Mutex<Option<mpsc::Receiver<CommandNote>>>,
}

/// A session has ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// What is known of it.
    pub session: Facts,
    /// What redraws its last screen.
    pub snapshot: Vec<u8>,
    /// What a server after this one needs, where it lives on in a holder.
    pub held: Option<Held>,
    /// To be dropped when the end is noted.
    pub release: Option<Arc<Release>>,
}

/// What a new session is.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Its id: a fresh one, or that of the session of a server before that it carries on.
    pub id: SessionId,
    /// The offset of its first byte.
    pub start: u64,
    /// Its container.
    pub container: ContainerId,
    /// That container's name.
    pub container_name: String,
    /// What it runs.
    pub kind: SessionKind,
    /// Who opens it.
    pub owner: String,
    /// Its first size.
    pub size: Size,
    /// What a server before this one noted of it.
    pub carried: Option<Carried>,
}

/// A session as a server before this one left it.
#[derive(Clone, Debug)]
pub struct Carried {
    /// When it was opened.
    pub created_at: Timestamp,
    /// Its title then.
    pub title: String,
    /// What redraws its screen as it was at the start offset.
    pub snapshot: Vec<u8>,
}

impl Fixed {
    /// What it is called until its program says otherwise: the program's name.
    pub(super) fn first_title(&self) -> String {
        self.command.first().map_or("", |program| program.rsplit('/').next().unwrap_or_default()).to_owned()
    }
}

impl Sessions {
    /// No sessions yet. What ends is told on the receiver, which has to be read.
    #[must_use]
    pub fn new(bus: Bus) -> (Self, mpsc::Receiver<Ended>) {
        memory::settle();
        let (ended, ends) = mpsc::channel(ENDS);
        let (commands, noted) = mpsc::channel(COMMANDS);
        let (all, noted) = (Mutex::default(), Mutex::new(Some(noted)));
        (Self(Arc::new(Inner { bus, all, held: Arc::default(), traffic: Arc::default(), ended, commands, noted })), ends)
    }

    /// What is heard of commands from now on; none when it is taken already. Of what nobody reads most is dropped.
    #[must_use]
    pub fn take_commands(&self) -> Option<mpsc::Receiver<CommandNote>> {
        self.0.noted.lock().expect("no panics while held").take()
    }

    /// A session over an open transport. Must be called within a runtime.
    #[must_use]
    pub fn open(&self, new: NewSession, transport: Transport) -> Session {
        let fixed = Fixed {
            id: new.id,
            container: new.container,
            container_name: new.container_name,
            kind: new.kind,
            command: transport.command.clone(),
            owner: new.owner,
            not_resumable: transport.not_resumable.clone(),
            held: transport.held.clone(),
            created_at: new.carried.as_ref().map_or_else(Timestamp::now, |carried| carried.created_at),
        };
        // A chunk of a client is at most 64 KiB.
        let (typed, inputs) = mpsc::channel(8);
        let session = self.add(fixed, new.size, new.start, typed);
        self.make_room();
        {
            let mut state = session.state();
            state.held = transport.held.is_some();
            state.opened = !state.held;
            state.boot = transport.control.boot();
            if let Some(carried) = &new.carried {
                state.show(&carried.snapshot, carried.title.clone());
                state.drawn = new.start;
            }
        }
        tokio::spawn(pump::run(session.clone(), transport, inputs, new.carried.is_some(), self.0.ended.clone()));
        session
    }

    /// A session of a server before this one, to be looked at: its last screen and how it ended.
    pub fn adopt_ended(&self, facts: &Facts, snapshot: &[u8]) {
        let Some(exit) = facts.exit.clone() else { return };
        let fixed = Fixed {
            id: facts.id.clone(),
            container: facts.container.clone(),
            container_name: facts.container_name.clone(),
            kind: facts.kind,
            command: facts.command.clone(),
            owner: facts.owner.clone(),
            not_resumable: facts.not_resumable.clone(),
            held: None,
            created_at: facts.created_at,
        };
        let (typed, _) = mpsc::channel(1);
        let session = self.add(fixed, facts.size, exit.final_offset, typed);
        let mut state = session.state();
        state.show(snapshot, facts.title.clone());
        state.exit = Some(exit);
    }

    fn add(&self, fixed: Fixed, size: Size, start: u64, typed: mpsc::Sender<Typed>) -> Session {
        let ring = Ring::new(start, RING, self.0.held.clone());
        let state = State::new(size, fixed.first_title(), ring);
        let session = Session::new(fixed, state, typed, self.0.bus.clone(), self.0.traffic.clone(), self.0.commands.clone());
        self.all().insert(session.id().clone(), session.clone());
        session
    }

    /// Every session, oldest first.
    #[must_use]
    pub fn list(&self) -> Vec<Session> {
        self.all().values().cloned().collect()
    }

    /// The session of that id.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<Session> {
        self.all().get(&SessionId::from(id)).cloned()
    }

    /// The sessions of a container, oldest first.
    #[must_use]
    pub fn of(&self, container: &ContainerId) -> Vec<Session> {
        self.all().values().filter(|session| session.fixed().container == *container).cloned().collect()
    }

    /// The living session of a container's main program.
    #[must_use]
    pub fn main_of(&self, container: &ContainerId) -> Option<Session> {
        self.of(container).into_iter().find(|session| session.fixed().kind == SessionKind::Main && session.is_live())
    }

    /// Whether a container's main program is or was watched.
    #[must_use]
    pub fn had_main(&self, container: &ContainerId) -> bool {
        self.of(container).iter().any(|session| session.fixed().kind == SessionKind::Main)
    }

    /// What a container's tile shows: its main session, or else its newest; living ones first.
    #[must_use]
    pub fn shown(&self, container: &ContainerId) -> Option<Session> {
        self.of(container).into_iter().max_by_key(|session| (session.is_live(), session.fixed().kind == SessionKind::Main, session.id().clone()))
    }

    /// How many sessions live in a container.
    #[must_use]
    pub fn count(&self, container: &ContainerId) -> u32 {
        u32::try_from(self.of(container).iter().filter(|session| session.is_live()).count()).unwrap_or(u32::MAX)
    }

    /// The main session of a container that a server before this one has lost, for carrying it on: its id, and the offset to go on from.
    #[must_use]
    pub fn lost_main(&self, container: &ContainerId) -> Option<(SessionId, u64)> {
        let facts = self.last_main(container)?;
        let lost = facts.exit.is_some_and(|exit| exit.reason == ExitReason::Lost);
        // How much was printed since the last note is not known: an offset far beyond can't be taken for one of before.
        lost.then(|| (facts.id, facts.head_offset + LOST))
    }

    /// The size of a container's newest main session: its next one begins with the same.
    #[must_use]
    pub fn last_main_size(&self, container: &ContainerId) -> Option<Size> {
        self.last_main(container).map(|facts| facts.size)
    }

    fn last_main(&self, container: &ContainerId) -> Option<Facts> {
        self.of(container).iter().rev().map(Session::facts).find(|facts| facts.kind == SessionKind::Main)
    }

    /// The sessions in holders that have changed since they were noted, those that wait longest first, at most `most`.
    #[must_use]
    pub fn to_note(&self, most: usize) -> Vec<Session> {
        let now = Instant::now();
        let mut due: Vec<(Duration, Session)> =
            self.list().into_iter().filter_map(|session| Some((session.state().note_is_due(now)?, session.clone()))).collect();
        due.sort_by_key(|(since, _)| std::cmp::Reverse(*since));
        due.into_iter().take(most).map(|(_, session)| session).collect()
    }

    /// Makes those small that nobody needs at the moment, and gives back the memory that they had: to be called now and then, on a thread that may wait.
    /// How many became smaller.
    pub fn fold_quiet(&self) -> usize {
        let now = Instant::now();
        let mut folded = 0;
        for session in self.list() {
            if session.state().fold_if_quiet(now) {
                folded += 1;
                if folded % FOLDS == 0 {
                    memory::give_back();
                }
            }
        }
        self.make_room();
        if folded % FOLDS != 0 {
            memory::give_back();
        }
        folded
    }

    /// Gives back memory that nobody has: to be called now and then, on a thread that may wait.
    pub fn give_back_memory(&self) {
        memory::give_back();
    }

    /// Forgets an ended session.
    pub fn forget(&self, id: &SessionId) {
        let gone = self.all().remove(id);
        if gone.is_some() {
            self.0.bus.publish(Event::SessionRemoved { id: id.clone() });
        }
    }

    /// Forgets the sessions that ended longer than `kept` ago, and all but the newest 50 that ended. Returns which.
    pub fn forget_old(&self, kept: Duration) -> Vec<SessionId> {
        self.make_room();
        let now = Timestamp::now();
        let mut ended: Vec<(Timestamp, SessionId)> = self.list().iter().filter_map(|session| Some((session.facts().exit?.at, session.id().clone()))).collect();
        ended.sort_unstable_by(|one, other| other.cmp(one));
        let is_old = |at: &Timestamp| now.duration_since(*at).unsigned_abs() > kept;
        let gone: Vec<SessionId> = ended.into_iter().enumerate().filter(|(place, (at, _))| *place >= ENDED || is_old(at)).map(|(_, (_, id))| id).collect();
        for id in &gone {
            self.forget(id);
        }
        gone
    }

    /// A container is about to be stopped: what ends in it from now on was stopped.
    pub fn stopping(&self, container: &ContainerId) {
        for session in self.of(container) {
            session.state().stop_reason = Some(ExitReason::Stopped);
        }
    }

    /// A container has stopped, at `at` where that is known: what lived in it then ends now. `reason` says why where that is known
    /// better than by the programs.
    pub fn container_stopped(&self, container: &ContainerId, reason: Option<ExitReason>, at: Option<Timestamp>) {
        for session in self.of(container) {
            if at.is_none_or(|at| session.fixed().created_at < at) {
                session.container_stopped(reason);
            }
        }
    }

    /// Lets all readers go since the server is about to stop, and returns how each living session is.
    #[must_use]
    pub fn stop(&self) -> Vec<Ended> {
        let living: Vec<Session> = self.list().into_iter().filter(Session::is_live).collect();
        living
            .into_iter()
            .filter_map(|session| {
                session.stop_readers();
                session.noted().map(|(session, held, snapshot)| Ended { session, snapshot, held, release: None })
            })
            .collect()
    }

    /// Keeps all rings together within the budget: those that nobody watches give first, the oldest sessions before others.
    fn make_room(&self) {
        if self.0.held.load(Ordering::Relaxed) <= BUDGET {
            return;
        }
        for session in self.list() {
            let mut state = session.state();
            if state.slots.is_empty() {
                state.ring.trim(TRIMMED);
            }
            if self.0.held.load(Ordering::Relaxed) <= BUDGET {
                return;
            }
        }
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<SessionId, Session>> {
        self.0.all.lock().expect("no panics while held")
    }
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sessions").finish_non_exhaustive()
    }
}
