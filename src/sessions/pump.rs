//! One task a session: output to the screen and the ring, input to the program, sizes, the end.
use super::registry::Ended;
use super::session::Session;
use super::state::State;
use super::transport::Transport;
use super::transport::TransportControl;
use crate::error::Result;
use crate::model::ExitReason;
use crate::model::Size;
use crate::term::ScreenEvent;
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Most bytes drawn under one hold of the lock, so that readers get their turn.
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
}

struct Pump {
    session: Session,
    control: Arc<dyn TransportControl>,
    outgoing: VecDeque<Bytes>,
    resizing: Option<Call>,
    resized_at: Option<Instant>,
    closing: Option<Call>,
    close_asked: Option<Instant>,
    told_at: Option<Instant>,
    bell_at: Option<Instant>,
}

/// Runs a session until its program has ended.
pub(super) async fn run(session: Session, transport: Transport, mut typed: mpsc::Receiver<Bytes>, ended: mpsc::Sender<Ended>) {
    let Transport { mut output, input, control, replay, .. } = transport;
    let mut pump = Pump {
        session: session.clone(),
        control: control.clone(),
        outgoing: VecDeque::new(),
        resizing: None,
        resized_at: None,
        closing: None,
        close_asked: None,
        told_at: None,
        bell_at: None,
    };
    pump.draw(&replay, false).await;
    session.announce();
    loop {
        let look = pump.look(Instant::now());
        if look.over {
            break;
        }
        tokio::select! {
            chunk = output.recv(), if look.held.is_none() => match chunk {
                Some(chunk) => pump.draw(&chunk, true).await,
                None => break,
            },
            room = input.reserve(), if !pump.outgoing.is_empty() => match room {
                Ok(room) => if let Some(bytes) = pump.outgoing.pop_front() { room.send(bytes) },
                Err(_) => pump.outgoing.clear(),
            },
            Some(bytes) = typed.recv(), if pump.outgoing.len() < OUTGOING => pump.outgoing.push_back(bytes),
            () = done(&mut pump.resizing) => {}
            () = done(&mut pump.closing) => {}
            () = session.0.wake.notified() => {}
            () = until(look.due) => {}
        }
    }
    // From here on typing is refused.
    drop(typed);
    drop(output);
    let (asked, stopped) = {
        let state = session.state();
        (state.closing, state.stop_reason)
    };
    let (reason, code) = tokio::time::timeout(CALL, control.ended()).await.unwrap_or((ExitReason::Lost, None));
    let reason = if asked { ExitReason::Closed } else { stopped.unwrap_or(reason) };
    session.end(reason, code);
    let last = Ended { session: session.facts(), snapshot: session.last_words() };
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
        let look = self.see(now);
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
        (look.resize, look.dirty, look.over, look.held) = (resize, dirty, over, held);
        look
    }

    /// Draws printed bytes and keeps them; `live` when the program waits for answers to its queries.
    async fn draw(&mut self, bytes: &[u8], live: bool) {
        for piece in bytes.chunks(PIECE) {
            let (replies, events) = {
                let mut state = self.session.state();
                let State { screen, ring, .. } = &mut *state;
                screen.feed(piece);
                ring.push(piece);
                let events = screen.take_events();
                self.note(&mut state, &events);
                (state.screen.take_replies(), events)
            };
            self.session.changed();
            if live {
                if !replies.is_empty() && self.outgoing.len() < 2 * OUTGOING {
                    self.outgoing.push_back(replies.into());
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
