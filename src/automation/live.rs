//! Runs that are under way: what is known of them, and what they are told meanwhile.
use crate::bus::Bus;
use crate::error::Error;
use crate::error::Result;
use crate::model::Event;
use crate::model::Run;
use crate::model::RunEntry;
use crate::model::RunId;
use crate::model::RunNote;
use crate::model::SessionId;
use crate::store::Store;
use crate::term::Masks;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;
use tokio::sync::Notify;
use tokio::sync::Semaphore;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Scripts that run at the same time; the others wait for their turn.
const AT_ONCE: usize = 256;
/// Entries and bytes that a run's log may have; what comes after is counted and left out.
const MOST_ENTRIES: u64 = 10_000;
const MOST_BYTES: usize = 8 << 20;
/// Bytes of one text in it.
const LONGEST: usize = 64 << 10;
/// Clients are told of changes at most so often.
const TELLING: Duration = Duration::from_millis(100);

/// The runs of this server that are not over.
pub(super) struct LiveRuns {
    runs: Mutex<HashMap<RunId, Arc<Live>>>,
    /// Places for scripts that run at the same time.
    pub places: Arc<Semaphore>,
}

impl Default for LiveRuns {
    fn default() -> Self {
        Self { runs: Mutex::default(), places: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl LiveRuns {
    pub(super) fn find(&self, id: &str) -> Option<Arc<Live>> {
        self.lock().get(&RunId(id.to_owned())).cloned()
    }

    pub(super) fn all(&self) -> Vec<Arc<Live>> {
        self.lock().values().cloned().collect()
    }

    pub(super) fn count(&self) -> usize {
        self.lock().len()
    }

    pub(super) fn add(&self, live: &Arc<Live>) {
        self.lock().insert(live.id.clone(), live.clone());
    }

    pub(super) fn remove(&self, id: &RunId) {
        self.lock().remove(id);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RunId, Arc<Live>>> {
        self.runs.lock().expect("no panics while held")
    }
}

/// One run that is not over.
pub(super) struct Live {
    pub id: RunId,
    /// Cancelled when it is to end.
    pub cancel: CancellationToken,
    /// It is to end because the server does, not because somebody wants that.
    stopping: AtomicBool,
    state: Mutex<State>,
    masks: Mutex<Masks>,
    gate: Mutex<Gate>,
    opened: Notify,
    /// Who types alone in sessions that it drives.
    taken: Mutex<BTreeMap<SessionId, String>>,
    /// Grows with each entry and each change.
    changed: watch::Sender<u64>,
    /// One flush at a time.
    flushing: tokio::sync::Mutex<()>,
    bus: Bus,
}

struct State {
    run: Run,
    /// Entries that are not in the store yet.
    waiting: Vec<RunEntry>,
    last: u64,
    bytes: usize,
    left: u64,
    /// Grows with each change of the run.
    version: u64,
    /// The version that the row in the store has.
    saved: u64,
    told: Option<Instant>,
    /// It was changed since clients were told.
    untold: bool,
}

/// Where a run pauses.
#[derive(Default)]
struct Gate {
    breakpoints: Vec<u32>,
    /// At the next call, wherever it is.
    next: bool,
    paused: bool,
}

impl Live {
    pub(super) fn new(run: Run, bus: Bus, breakpoints: Vec<u32>, step: bool, last: u64) -> Self {
        let id = run.id.clone();
        let state = State { run, waiting: Vec::new(), last, bytes: 0, left: 0, version: 0, saved: 0, told: None, untold: false };
        Self {
            id,
            cancel: CancellationToken::new(),
            stopping: AtomicBool::new(false),
            state: Mutex::new(state),
            masks: Mutex::default(),
            gate: Mutex::new(Gate { breakpoints, next: step, paused: false }),
            opened: Notify::new(),
            taken: Mutex::default(),
            changed: watch::Sender::new(0),
            flushing: tokio::sync::Mutex::new(()),
            bus,
        }
    }

    /// Lets it end because the server does.
    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.cancel.cancel();
    }

    /// Whether it ends because the server does.
    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// The run as it is now.
    pub(super) fn run(&self) -> Run {
        self.state().run.clone()
    }

    /// Grows with each entry and each change.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Changes what is known; clients are told, but not too often.
    pub(super) fn update(&self, change: impl FnOnce(&mut Run)) {
        let told = {
            let mut state = self.state();
            change(&mut state.run);
            state.version += 1;
            let now = Instant::now();
            let tell = state.run.state.is_over() || state.told.is_none_or(|told| now.duration_since(told) >= TELLING);
            state.untold = !tell;
            if tell {
                state.told = Some(now);
            }
            tell.then(|| state.run.clone())
        };
        if let Some(run) = told {
            self.bus.publish(Event::RunChanged { run: Box::new(run) });
        }
        self.changed.send_modify(|count| *count += 1);
    }

    /// Tells clients of changes that came too soon after others.
    pub(super) fn tell_rest(&self) {
        let rest = {
            let mut state = self.state();
            std::mem::take(&mut state.untold).then(|| {
                state.told = Some(Instant::now());
                state.run.clone()
            })
        };
        if let Some(run) = rest {
            self.bus.publish(Event::RunChanged { run: Box::new(run) });
        }
    }

    /// A value that is never shown.
    pub(super) fn hide(&self, secret: &str) {
        self.masks.lock().expect("no panics while held").add(secret);
    }

    /// All of these.
    pub(super) fn masks(&self) -> Masks {
        self.masks.lock().expect("no panics while held").clone()
    }

    /// A text without secrets, cut where it is too long.
    pub(super) fn masked(&self, text: &str) -> String {
        // Masked first: half of a secret is not found.
        let mut masked = self.masks.lock().expect("no panics while held").hide(&text[..text.floor_char_boundary(2 * LONGEST)]);
        masked.truncate(masked.floor_char_boundary(LONGEST));
        masked
    }

    /// Data without secrets.
    pub(super) fn masked_value(&self, value: serde_json::Value) -> serde_json::Value {
        self.masks.lock().expect("no panics while held").hide_in(value)
    }

    /// Adds to the log; secrets are masked.
    pub(super) fn note(&self, line: Option<u32>, what: RunNote) {
        let what = match what {
            RunNote::Log { text } => RunNote::Log { text: self.masked(&text) },
            RunNote::Call { text, session } => RunNote::Call { text: self.masked(&text), session },
            RunNote::StepBegan { name } => RunNote::StepBegan { name: self.masked(&name) },
            RunNote::StepEnded { name, ms, error, screen } => RunNote::StepEnded {
                name: self.masked(&name),
                ms,
                error: error.map(|error| self.masked(&error)),
                screen: screen.map(|screen| self.masked(&screen)),
            },
            RunNote::Screen { label, text } => RunNote::Screen { label: self.masked(&label), text: self.masked(&text) },
            RunNote::Paused { why } => RunNote::Paused { why: self.masked(&why) },
            RunNote::Left { entries } => RunNote::Left { entries },
        };
        {
            let mut state = self.state();
            let bytes = match &what {
                RunNote::Log { text } | RunNote::Call { text, .. } | RunNote::StepBegan { name: text } | RunNote::Paused { why: text } => text.len(),
                RunNote::Screen { text, .. } => text.len(),
                RunNote::StepEnded { screen, .. } => screen.as_ref().map_or(64, String::len),
                RunNote::Left { .. } => 0,
            };
            if state.last >= MOST_ENTRIES || state.bytes + bytes > MOST_BYTES {
                state.left += 1;
                return;
            }
            state.bytes += bytes + 64;
            state.last += 1;
            let entry = RunEntry { seq: state.last, at: Timestamp::now(), line, what };
            state.waiting.push(entry);
        }
        self.changed.send_modify(|count| *count += 1);
    }

    /// Says how many entries were left out, if any were.
    pub(super) fn note_left(&self) {
        let mut state = self.state();
        if state.left > 0 {
            state.last += 1;
            let entry = RunEntry { seq: state.last, at: Timestamp::now(), line: None, what: RunNote::Left { entries: state.left } };
            state.waiting.push(entry);
            state.left = 0;
        }
    }

    /// Writes to the store what is not there yet. False when the run is another server's by now.
    ///
    /// It is done to its end also when who asked is gone: a write that was given up could still come, after later ones.
    pub(super) async fn flush(self: &Arc<Self>, store: &Store, server: &str) -> Result<bool> {
        let (live, store, server) = (self.clone(), store.clone(), server.to_owned());
        let flushing = tokio::spawn(async move { live.write(&store, &server).await });
        flushing.await.unwrap_or_else(|error| Err(Error::internal(format!("what a run said can't be written: {error}"))))
    }

    async fn write(&self, store: &Store, server: &str) -> Result<bool> {
        let _one = self.flushing.lock().await;
        let (run, entries, version, saved) = {
            let state = self.state();
            (state.run.clone(), state.waiting.clone(), state.version, state.saved)
        };
        // Entries first: who sees that a run is over has its whole log.
        if !entries.is_empty() {
            store.add_run_entries(run.id.as_str(), &entries).await?;
            // What was noted meanwhile came after them.
            self.state().waiting.drain(..entries.len());
        }
        if version == saved {
            return Ok(true);
        }
        let ours = store.save_run(&run, server).await?;
        self.state().saved = version;
        Ok(ours)
    }

    /// Pauses before the next call.
    pub(super) fn pause(&self) {
        self.gate().next = true;
    }

    /// Whether a call on this line has to wait, and why.
    pub(super) fn stops_at(&self, line: Option<u32>) -> Option<String> {
        let mut gate = self.gate();
        let why = if std::mem::take(&mut gate.next) {
            "paused before the next call".to_owned()
        } else {
            let line = line.filter(|line| gate.breakpoints.contains(line))?;
            format!("breakpoint at line {line}")
        };
        gate.paused = true;
        Some(why)
    }

    /// The lines that it pauses at.
    pub(super) fn breakpoints(&self) -> Vec<u32> {
        self.gate().breakpoints.clone()
    }

    /// It pauses at these lines and no others.
    pub(super) fn set_breakpoints(&self, lines: Vec<u32>) {
        self.gate().breakpoints = lines;
    }

    /// Waits for a person: shown as `why` until they let it go on.
    pub(super) async fn wait_for_person(&self, line: Option<u32>, why: String) {
        self.gate().paused = true;
        self.note(line, RunNote::Paused { why: why.clone() });
        self.update(|run| run.paused = Some(why));
        loop {
            let opened = self.opened.notified();
            if !self.gate().paused {
                break;
            }
            opened.await;
        }
        self.unpaused();
        self.note(line, RunNote::Call { text: "goes on".to_owned(), session: None });
    }

    /// No pause that somebody asked for holds any more.
    pub(super) fn unpaused(&self) {
        let why = self.taken_by();
        self.update(|run| run.paused = why);
    }

    /// Somebody types alone in a session that it drives, or nobody does any more. Until then its next call waits.
    pub(super) fn taken_over(&self, session: &SessionId, by: Option<String>) {
        let (before, now) = {
            let mut taken = self.taken.lock().expect("no panics while held");
            let before = words_of(&taken);
            match by {
                Some(by) => drop(taken.insert(session.clone(), by)),
                None => drop(taken.remove(session)),
            }
            (before, words_of(&taken))
        };
        if before == now {
            return;
        }
        self.note(None, now.clone().map_or_else(|| RunNote::Call { text: "goes on".to_owned(), session: None }, |why| RunNote::Paused { why }));
        // A pause that somebody asked for is shown as long as it holds.
        if !self.gate().paused {
            self.update(|run| run.paused = now);
        }
        self.opened.notify_waiters();
    }

    /// Why it waits for somebody who types; none where nobody does.
    pub(super) fn taken_by(&self) -> Option<String> {
        words_of(&self.taken.lock().expect("no panics while held"))
    }

    /// Waits until nobody types alone in its sessions.
    pub(super) async fn handed_back(&self) {
        loop {
            let opened = self.opened.notified();
            if self.taken_by().is_none() {
                return;
            }
            opened.await;
        }
    }

    /// Lets it go on; false where it does not wait.
    pub(super) fn resume(&self, step: bool) -> bool {
        let mut gate = self.gate();
        let waits = std::mem::take(&mut gate.paused);
        gate.next = step;
        drop(gate);
        self.opened.notify_waiters();
        waits
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panics while held")
    }

    fn gate(&self) -> MutexGuard<'_, Gate> {
        self.gate.lock().expect("no panics while held")
    }
}

/// Who types alone, for people.
fn words_of(taken: &BTreeMap<SessionId, String>) -> Option<String> {
    let (session, by) = taken.first_key_value()?;
    Some(format!("'{by}' has taken over session {session}: it goes on when they hand it back"))
}
