//! One task a session: output to the screen and the ring, input to the program, sizes, the end.
use super::channel::Opened;
use super::channel::Printed;
use super::channel::Typed;
use super::pace::Pace;
use super::registry::Ended;
use super::session::NOBODY;
use super::session::Session;
use super::state::State;
use super::transport::Transport;
use super::transport::TransportControl;
use crate::error::Result;
use crate::model::ExitReason;
use crate::model::Size;
use crate::term::ScreenEvent;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Most bytes taken under one hold of the lock, so that readers get their turn.
const PIECE: usize = 16 * 1024;
/// Resizes closer than this become one, the last.
const RESIZES: Duration = Duration::from_millis(100);
/// Changes of title and the like are told at most this often; bells too.
const NEWS: Duration = Duration::from_millis(250);
/// Chunks that may wait for the program; then typing waits. Answers to queries beyond are dropped: nobody reads them.
const OUTGOING: usize = 8;
/// How long a call to the engine about size or end may take.
const CALL: Duration = Duration::from_secs(10);
/// How long a session outlives its stopped container, and the request to close it, when its output does not end.
const GRACE: Duration = Duration::from_secs(2);

/// A call to the transport that goes on beside the bytes.
type Call = BoxFuture<'static, ()>;

/// What the state asks of the pump.
#[derive(Default)]
struct Look {
    resize: Option<Size>,
    close: bool,
    dirty: bool,
    over: bool,
    /// When a lossless reader is waited for: until then.
    held: Option<Instant>,
    due: Option<Instant>,
    /// The holder is to know that output before this offset is with everyone who is waited for.
    safe: Option<u64>,
    /// This is less than all, so that it is to know at once.
    paced: bool,
    /// All that was before a gap is with them.
    drained: bool,
}

struct Pump {
    session: Session,
    control: Arc<dyn TransportControl>,
    outgoing: VecDeque<Typed>,
    /// Numbers what is typed without a number, and answers to queries.
    own: (u64, u32),
    /// Queries in output before this offset were answered, or are too old for an answer.
    live_from: u64,
    /// Output is missing from here to this offset; readers that are waited for get what was before first.
    gap: Option<u64>,
    carried: bool,
    resizing: Option<Call>,
    resized_at: Option<Instant>,
    closing: Option<Call>,
    close_asked: Option<Instant>,
    told_at: Option<Instant>,
    bell_at: Option<Instant>,
    pace: Pace,
}

/// Runs a session until its program has ended.
pub(super) async fn run(session: Session, transport: Transport, mut typed: mpsc::Receiver<Typed>, carried: bool, ended: mpsc::Sender<Ended>) {
    let Transport { mut output, input, control, replay, .. } = transport;
    let mut pump = Pump {
        session: session.clone(),
        control: control.clone(),
        outgoing: VecDeque::new(),
        own: (rand::random_range(1..u64::MAX), 0),
        live_from: 0,
        gap: None,
        carried,
        resizing: None,
        resized_at: None,
        closing: None,
        close_asked: None,
        told_at: None,
        bell_at: None,
        pace: Pace::new(),
    };
    if !replay.is_empty() {
        pump.draw(&replay, false).await;
    }
    session.announce();
    let mut safe = None;
    loop {
        let look = pump.look(Instant::now());
        if look.over {
            break;
        }
        if look.safe != safe {
            safe = look.safe;
            output.taken(safe.unwrap_or_default(), look.paced);
        }
        tokio::select! {
            printed = output.next(), if look.held.is_none() && pump.gap.is_none() => match printed {
                Some(Printed::Bytes(bytes)) => pump.draw(&bytes, true).await,
                Some(Printed::Opened(opened)) => pump.opened(&opened),
                Some(Printed::Gap(to)) => pump.gap = Some(to),
                Some(Printed::Taken(writer, seq)) => {
                    session.state().arrived(writer, seq);
                    session.changed();
                }
                None => break,
            },
            () = input.ready(), if !pump.outgoing.is_empty() => if let Some(typed) = pump.outgoing.pop_front() { input.send(typed) },
            Some(typed) = typed.recv(), if pump.outgoing.len() < OUTGOING => pump.type_in(typed),
            () = done(&mut pump.resizing) => {}
            () = done(&mut pump.closing) => {}
            () = session.0.wake.notified() => {}
            () = until(look.due) => {}
        }
    }
    // From here on typing is refused.
    drop(typed);
    let release = output.release().map(Arc::new);
    drop(output);
    let (asked, stopped) = {
        let state = session.state();
        (state.closing, state.stop_reason)
    };
    let (reason, code) = tokio::time::timeout(CALL, control.ended()).await.unwrap_or((ExitReason::Lost, None));
    let reason = if asked { ExitReason::Closed } else { stopped.unwrap_or(reason) };
    session.end(reason, code);
    let last = Ended { session: session.facts(), snapshot: session.last_words(), held: None, release };
    if ended.send(last).await.is_err() {
        tracing::debug!(session = %session.id(), "nobody notes the end of this session");
    }
}

/// Waits for a call, if there is one, and forgets it.
async fn done(call: &mut Option<Call>) {
    match call {
        Some(running) => running.await,
        None => std::future::pending().await,
    }
    *call = None;
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

/// A call with a limit; its failure is logged, since a program that has ended can't be resized or closed.
fn call(what: &'static str, work: impl Future<Output = Result<()>> + Send + 'static) -> Call {
    async move {
        match tokio::time::timeout(CALL, work).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "{what} a session"),
            Err(_) => tracing::warn!("{what} a session took longer than {CALL:?}"),
        }
    }
    .boxed()
}

impl Pump {
    /// Looks at what the state asks for, and does what needs no waiting.
    fn look(&mut self, now: Instant) -> Look {
        let mut look = self.see(now);
        if let Some(safe) = look.safe {
            let slow = self.session.gives_way(now);
            let (told, next) = self.pace.tell(safe, slow, || self.session.floods(now), now);
            (look.safe, look.paced) = (Some(told), slow && next.is_some());
            look.due = look.due.into_iter().chain(next).min();
        }
        if let Some(size) = look.resize {
            self.resized_at = Some(now);
            self.session.changed();
            let control = self.control.clone();
            self.resizing = Some(call("resizing", async move { control.resize(size).await }));
        }
        if look.close {
            self.close_asked = Some(now);
            let control = self.control.clone();
            self.closing = Some(call("closing", async move { control.close().await }));
        }
        if look.drained
            && let Some(to) = self.gap.take()
        {
            self.session.state().ring.skip_to(to);
            self.session.changed();
            self.redraw();
        }
        if look.dirty {
            self.told_at = Some(now);
            self.session.announce();
        }
        look
    }

    fn see(&self, now: Instant) -> Look {
        let mut state = self.session.state();
        let mut look = Look::default();
        let mut due = |at: Instant| look.due = Some(look.due.map_or(at, |other| other.min(at)));
        let held = state.waits(now);
        if let Some(at) = held {
            due(at);
        }
        let ready = |last: Option<Instant>, pause: Duration| last.map_or(now, |last| last + pause);
        let (mut resize, mut dirty, mut over) = (None, false, false);
        if state.wanted != state.size && self.resizing.is_none() {
            match ready(self.resized_at, RESIZES) {
                at if at <= now => {
                    let size = state.wanted;
                    state.resize(size);
                    resize = Some(size);
                }
                at => due(at),
            }
        }
        if state.dirty {
            match ready(self.told_at, NEWS) {
                at if at <= now => dirty = true,
                at => due(at),
            }
        }
        let ends = [state.stopped.map(|at| at + GRACE), self.close_asked.filter(|_| self.closing.is_none()).map(|at| at + GRACE)];
        for at in ends.into_iter().flatten() {
            over |= at <= now;
            due(at);
        }
        look.close = state.closing && self.close_asked.is_none();
        look.safe = state.opened.then(|| state.safe());
        look.drained = self.gap.is_some() && state.drained();
        (look.resize, look.dirty, look.over, look.held) = (resize, dirty, over, held);
        look
    }

    /// The session was found in its holder, or started there.
    fn opened(&mut self, opened: &Opened) {
        let hole = {
            let mut state = self.session.state();
            // A picture of another time is of no use where the output after it is not kept.
            let hole = self.carried && (opened.start > state.drawn || opened.head < state.drawn);
            state.open(opened, self.carried);
            if self.carried {
                let other = state.size != opened.size;
                if other {
                    state.resize(opened.size);
                }
                state.wanted = opened.size;
                state.decide_size();
                self.live_from = opened.head;
                hole || other
            } else {
                false
            }
        };
        self.session.changed();
        if hole {
            self.redraw();
        }
    }

    /// Lets a full-screen program draw anew, by another size for a moment.
    fn redraw(&mut self) {
        if self.resizing.is_some() {
            return;
        }
        let size = self.session.state().size;
        let near = Size { rows: if size.rows > Size::LIMITS.0 { size.rows - 1 } else { size.rows + 1 }, ..size };
        let control = self.control.clone();
        self.resizing = Some(call("resizing", async move {
            control.resize(near).await?;
            tokio::time::sleep(RESIZES).await;
            control.resize(size).await
        }));
    }

    /// Passes on what is typed; what has no number gets one.
    fn type_in(&mut self, typed: Typed) {
        if typed.writer == NOBODY && typed.seq == 0 {
            self.own.1 += 1;
            self.outgoing.push_back(Typed { writer: self.own.0, seq: self.own.1, bytes: typed.bytes });
        } else {
            self.outgoing.push_back(typed);
        }
    }

    /// Draws printed bytes and keeps them; `live` when the program waits for answers to its queries.
    async fn draw(&mut self, bytes: &[u8], live: bool) {
        for piece in bytes.chunks(PIECE) {
            let asks;
            let (replies, events) = {
                let mut state = self.session.state();
                let State { screen, ring, drawn, .. } = &mut *state;
                // What a picture shows already is kept, and not drawn a second time.
                let shown = usize::try_from(drawn.saturating_sub(ring.head())).unwrap_or(usize::MAX);
                screen.feed(piece.get(shown..).unwrap_or_default());
                ring.push(piece);
                asks = ring.head() > self.live_from;
                state.quiet_since = Instant::now();
                let (replies, events) = state.screen.take_news();
                self.note(&mut state, &events);
                self.session.heard(&mut state);
                (replies, events)
            };
            self.session.changed();
            if live && asks {
                if !replies.is_empty() && self.outgoing.len() < 2 * OUTGOING {
                    self.type_in(Typed { writer: NOBODY, seq: 0, bytes: replies.into() });
                }
                self.ring_bell(&events);
            }
            if bytes.len() > PIECE {
                tokio::task::yield_now().await;
            }
        }
    }

    fn note(&self, state: &mut State, events: &[ScreenEvent]) {
        for event in events {
            match event {
                ScreenEvent::Title(title) => {
                    let title = if title.is_empty() { self.session.fixed().first_title() } else { title.clone() };
                    state.dirty |= state.title != title;
                    state.title = title;
                }
                ScreenEvent::Rebuilt => tracing::warn!(session = %self.session.id(), "the screen failed on its output and begins again"),
                // The clipboard and the directory are each viewer's own business.
                ScreenEvent::Bell | ScreenEvent::ClipboardStore(_) | ScreenEvent::Cwd(_) => {}
            }
        }
    }

    fn ring_bell(&mut self, events: &[ScreenEvent]) {
        let now = Instant::now();
        if events.contains(&ScreenEvent::Bell) && self.bell_at.is_none_or(|at| at + NEWS <= now) {
            self.bell_at = Some(now);
            self.session.ring_bell();
        }
    }
}
