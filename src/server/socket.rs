//! What all WebSockets share: limits, pings, the first frame, close codes.
use super::Door;
use super::caller;
use super::routes::Opening;
use crate::access::Actor;
use crate::error::Error;
use crate::error::Kind;
use crate::error::Result;
use crate::model::Code;
use axum::extract::WebSocketUpgrade;
use axum::extract::ws::CloseFrame;
use axum::extract::ws::Message;
use axum::extract::ws::WebSocket;
use bytes::Bytes;
use futures_util::SinkExt as _;
use futures_util::StreamExt as _;
use futures_util::stream::SplitSink;
use futures_util::stream::SplitStream;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio::time::Interval;

/// Most bytes of a client's message: 64 KiB of payload and some head.
const MAX_MESSAGE: usize = (64 << 10) + 64;
/// How long a client may take to send its first frame.
const FIRST: Duration = Duration::from_secs(5);
/// A client that answers none of so many pings is taken for gone.
const PINGS: u32 = 3;
/// Messages that wait for the socket. When full, whoever produces them waits.
const QUEUE: usize = 4;
/// How long one message may wait for a client that does not read.
const WRITE: Duration = Duration::from_secs(60);
/// How long a good-bye may take.
const FAREWELL: Duration = Duration::from_secs(1);

/// Limits of a WebSocket. Its buffers are allocated at once, so they are small; nothing is compressed.
pub(super) fn configured<F>(upgrade: WebSocketUpgrade<F>) -> WebSocketUpgrade<F> {
    upgrade.max_message_size(MAX_MESSAGE).max_frame_size(MAX_MESSAGE).read_buffer_size(8 << 10).write_buffer_size(8 << 10)
}

/// How often WebSockets are pinged that are opened now.
pub(super) fn keep_alive(door: &Door) -> Duration {
    Duration::from_secs(door.control.settings().server.keep_alive_seconds.max(1).into())
}

/// Why a WebSocket is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Close(pub(super) u16, pub(super) String);

impl Close {
    pub(super) const fn new(code: u16) -> Self {
        Self(code, String::new())
    }

    /// All was said.
    pub(super) const DONE: Self = Self::new(1000);
    /// The server stops, and may come back.
    pub(super) const RESTART: Self = Self::new(1012);
    /// The reader was too slow.
    pub(super) const SLOW: Self = Self::new(1013);
}

impl From<Error> for Close {
    fn from(error: Error) -> Self {
        let number = match error.kind() {
            Kind::BadRequest | Kind::Invalid => 4400,
            Kind::Unauthenticated => 4401,
            Kind::Forbidden => 4403,
            Kind::NotFound => 4404,
            Kind::TimedOut => 4408,
            Kind::Conflict | Kind::Stale | Kind::Cancelled => 4410,
            Kind::TooLarge => 4413,
            Kind::TooMany => 4429,
            Kind::Internal | Kind::Outside | Kind::Unavailable | Kind::Storage => 1011,
        };
        Self(number, format!("{}: {}", error.code.as_str(), error.message))
    }
}

/// The sending half. A task of its own writes, so that a client that reads slowly can still be heard.
pub(super) struct Outlet {
    queue: mpsc::Sender<Message>,
    task: JoinHandle<()>,
}

/// The receiving half.
pub(super) struct Inlet {
    stream: SplitStream<WebSocket>,
    pings: Interval,
    silence: Duration,
    heard: Instant,
    out: mpsc::Sender<Message>,
}

/// Takes a socket apart, and pings as often as is set.
pub(super) fn split(opening: &Opening, socket: WebSocket) -> (Outlet, Inlet) {
    let every = keep_alive(&opening.door);
    let (sink, stream) = socket.split();
    let (queue, queued) = mpsc::channel(QUEUE);
    let task = tokio::spawn(write(sink, queued));
    let mut pings = tokio::time::interval_at(Instant::now() + every, every);
    pings.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let inlet = Inlet { stream, pings, silence: every * PINGS, heard: Instant::now(), out: queue.clone() };
    (Outlet { queue, task }, inlet)
}

async fn write(mut sink: SplitSink<WebSocket, Message>, mut queued: mpsc::Receiver<Message>) {
    while let Some(message) = queued.recv().await {
        let last = matches!(message, Message::Close(_));
        match tokio::time::timeout(WRITE, sink.send(message)).await {
            Ok(Ok(())) if !last => {}
            _ => return,
        }
    }
}

impl Outlet {
    /// Where messages go in.
    pub(super) fn queue(&self) -> mpsc::Sender<Message> {
        self.queue.clone()
    }

    /// Sends what is queued, then says why it ends. A client that does not read is not waited for longer than a second.
    pub(super) async fn close(mut self, Close(code, reason): Close, inlet: Inlet) {
        let frame = CloseFrame { code, reason: short(reason).into() };
        let said = tokio::time::timeout(FAREWELL, self.queue.send(Message::Close(Some(frame)))).await;
        drop(self.queue);
        let Inlet { mut stream, out, .. } = inlet;
        drop(out);
        if said.is_err() || tokio::time::timeout(FAREWELL, &mut self.task).await.is_err() {
            self.task.abort();
            return;
        }
        // The client's answer, so that nothing it still sends makes the kernel drop what we said last.
        let _ = tokio::time::timeout(FAREWELL, async { while let Some(Ok(_)) = stream.next().await {} }).await;
    }
}

/// A close frame's reason has room for 123 bytes.
fn short(mut reason: String) -> String {
    while reason.len() > 123 {
        reason.pop();
    }
    reason
}

/// What a client says.
pub(super) enum Said {
    Binary(Bytes),
    Text(String),
}

impl Inlet {
    /// The next message. Pings meanwhile. May be cancelled.
    ///
    /// # Errors
    /// None when the client is gone, else what to close with.
    pub(super) async fn next(&mut self) -> Result<Said, Option<Close>> {
        loop {
            tokio::select! {
                message = self.stream.next() => {
                    self.heard = Instant::now();
                    match message {
                        Some(Ok(Message::Binary(bytes))) => return Ok(Said::Binary(bytes)),
                        Some(Ok(Message::Text(text))) => return Ok(Said::Text(text.as_str().to_owned())),
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                        Some(Ok(Message::Close(_))) | None => return Err(None),
                        Some(Err(error)) if error.to_string().contains("too long") || error.to_string().contains("too big") => {
                            return Err(Some(Error::new(Code::TooLarge, "messages may have 64 KiB at most").into()));
                        }
                        Some(Err(_)) => return Err(None),
                    }
                }
                _ = self.pings.tick() => {
                    if self.heard.elapsed() > self.silence {
                        return Err(None);
                    }
                    // A full queue means that something is on its way already.
                    let _ = self.out.try_send(Message::Ping(Bytes::new()));
                }
            }
        }
    }

    /// The first message, due within 5 s.
    ///
    /// # Errors
    /// As [`Inlet::next`].
    pub(super) async fn first(&mut self) -> Result<Said, Option<Close>> {
        match tokio::time::timeout(FIRST, self.next()).await {
            Ok(said) => said,
            Err(_) => Err(Some(Error::new(Code::TimedOut, "the first frame did not come within 5 s").into())),
        }
    }
}

/// Who opened this socket: known from the connection, or by the token of its first frame.
///
/// # Errors
/// `unauthenticated`.
pub(super) async fn actor(opening: &Opening, token: Option<&str>) -> Result<Actor> {
    match (&opening.actor, token) {
        (Some(actor), _) => Ok(actor.clone()),
        (None, Some(token)) => caller::identify(&opening.door, token).await,
        (None, None) => Err(caller::unknown()),
    }
}

/// What a client calls itself, in a word that can be shown. Only browsers say where their page is from.
pub(super) fn client_of(headers: &axum::http::HeaderMap) -> Option<String> {
    if headers.contains_key(axum::http::header::ORIGIN) {
        return Some("browser".to_owned());
    }
    let agent = headers.get(axum::http::header::USER_AGENT)?.to_str().ok()?;
    let word: String = agent.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).take(32).collect();
    (!word.is_empty()).then_some(word)
}
