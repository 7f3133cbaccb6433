//! WebSockets to a server, over its unix socket or TCP.
use super::Address;
use super::Client;
use super::http::filled;
use super::http::refusal;
use crate::error::Error;
use crate::error::Result;
use crate::model::Answer;
use crate::model::Code;
use crate::model::Endpoint;
use crate::model::KEEP_ALIVE_HEADER;
use crate::model::READ_ONLY_HEADER;
use futures_util::SinkExt as _;
use futures_util::StreamExt as _;
use futures_util::stream::SplitSink;
use futures_util::stream::SplitStream;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;
use std::time::SystemTime;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::net::TcpStream;
use tokio::net::UnixStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

pub(super) use tokio_tungstenite::tungstenite::Message;

/// How long connecting and the handshake may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How often a server pings that does not say so.
const PING: u32 = 20;
/// A server of which not even so many pings have come is gone.
const PINGS: u32 = 3;
/// How often the clock on the wall is looked at: the one that timers go by stands still while a laptop sleeps.
const LOOK: Duration = Duration::from_secs(5);
/// How long one message may take to leave. A server that takes input slowly answers within it all the same.
const SEND: Duration = Duration::from_secs(120);

pub(super) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

type Socket = WebSocketStream<Box<dyn Duplex>>;

/// The sending half. Clones share the socket; messages of one clone keep their order.
#[derive(Clone)]
pub(super) struct Sender(Arc<tokio::sync::Mutex<SplitSink<Socket, Message>>>);

/// The receiving half.
pub(super) struct Receiver {
    stream: SplitStream<Socket>,
    /// After so long without a word the server is gone.
    silence: Duration,
    heard: Heard,
}

/// When something was heard last, by both clocks.
struct Heard(Instant, SystemTime);

impl Heard {
    fn now() -> Self {
        Self(Instant::now(), SystemTime::now())
    }

    /// How long ago that was, sleep included.
    fn ago(&self) -> Duration {
        // A wall's clock that was set back says nothing.
        self.0.elapsed().max(self.1.elapsed().unwrap_or_default())
    }
}

impl Client {
    /// Opens the WebSocket of an endpoint.
    pub(super) async fn upgrade<E: Endpoint>(&self, path: &[&str]) -> Result<(Sender, Receiver)> {
        tokio::time::timeout(CONNECT, self.handshake::<E>(path))
            .await
            .map_err(|_| Error::new(Code::TimedOut, format!("no answer from {} within 10 s", self.address())))?
    }

    async fn handshake<E: Endpoint>(&self, path: &[&str]) -> Result<(Sender, Receiver)> {
        let Answer::Upgrade(protocol) = E::ANSWER else {
            return Err(Error::internal(format!("{} has no WebSocket", E::NAME)));
        };
        let path = filled(E::PATH, path);
        let (io, url, token): (Box<dyn Duplex>, String, Option<&str>) = match &self.0.address {
            Address::Unix(socket) => {
                let stream = UnixStream::connect(socket).await.map_err(|error| self.unreachable(error))?;
                (Box::new(stream), format!("ws://cto{path}"), None)
            }
            Address::Tcp(remote) => {
                let stream = TcpStream::connect((remote.host.as_str(), remote.port)).await.map_err(|error| self.unreachable(error))?;
                let _ = stream.set_nodelay(true);
                let token = Some(remote.token.as_str()).filter(|token| !token.is_empty());
                let url = format!("ws{}{path}", remote.url().trim_start_matches("http"));
                match &remote.tls {
                    None => (Box::new(stream), url, token),
                    Some(tls) => {
                        let name = rustls::pki_types::ServerName::try_from(remote.host.clone()).map_err(|error| Error::invalid(error.to_string()))?;
                        let stream = tokio_rustls::TlsConnector::from(tls.clone()).connect(name, stream).await.map_err(|error| self.unreachable(error))?;
                        (Box::new(stream), url, token)
                    }
                }
            }
        };
        let mut request = url.into_client_request().map_err(|error| Error::internal(error.to_string()))?;
        let headers = request.headers_mut();
        headers.insert("sec-websocket-protocol", ::http::HeaderValue::from_static(protocol));
        headers.insert("user-agent", ::http::HeaderValue::from_static(concat!("cto/", env!("CARGO_PKG_VERSION"))));
        if self.is_read_only() {
            headers.insert(READ_ONLY_HEADER, ::http::HeaderValue::from_static("true"));
        }
        if let Some(token) = token {
            let value = format!("Bearer {token}").parse().map_err(|_| Error::new(Code::Unauthenticated, "the token holds letters that no token has"))?;
            headers.insert("authorization", value);
        }
        // Buffers are allocated at once for every socket, so they are small; frames come in at most 64 KiB, snapshots in 16 MiB.
        let config =
            WebSocketConfig::default().read_buffer_size(16 << 10).write_buffer_size(16 << 10).max_message_size(Some(17 << 20)).max_frame_size(Some(17 << 20));
        let (socket, response) = tokio_tungstenite::client_async_with_config(request, io, Some(config)).await.map_err(|error| match error {
            tungstenite::Error::Http(response) => refusal(response.status().as_u16(), response.body().as_deref().unwrap_or_default()),
            other => self.unreachable(other),
        })?;
        let said = response.headers().get(KEEP_ALIVE_HEADER).and_then(|value| value.to_str().ok()?.parse().ok());
        let silence = Duration::from_secs(said.unwrap_or(PING).clamp(1, 3600).into()) * PINGS;
        let (sink, stream) = socket.split();
        Ok((Sender(Arc::new(tokio::sync::Mutex::new(sink))), Receiver { stream, silence, heard: Heard::now() }))
    }
}

impl Sender {
    /// Sends one message; waits while the server does not read.
    pub(super) async fn send(&self, message: Message) -> Result<()> {
        let work = async { self.0.lock().await.send(message).await };
        match tokio::time::timeout(SEND, work).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(lost(error)),
            Err(_) => Err(Error::new(Code::TimedOut, "the server reads nothing")),
        }
    }

    /// Says good-bye; the server need not answer.
    pub(super) async fn close(&self) {
        let _ = tokio::time::timeout(Duration::from_secs(1), async { self.0.lock().await.close().await }).await;
    }
}

impl Receiver {
    /// The next text or binary message; none after a clean close (1000).
    pub(super) async fn next(&mut self) -> Option<Result<Message>> {
        loop {
            let Ok(message) = tokio::time::timeout(LOOK.min(self.silence), self.stream.next()).await else {
                if self.heard.ago() < self.silence {
                    continue;
                }
                return Some(Err(Error::new(Code::ServerUnavailable, format!("the server has said nothing for {} s", self.heard.ago().as_secs()))));
            };
            self.heard = Heard::now();
            match message? {
                Ok(message @ (Message::Text(_) | Message::Binary(_))) => return Some(Ok(message)),
                Ok(Message::Close(frame)) => return closed(frame).map(Err),
                Ok(_) => {}
                Err(error) => return Some(Err(lost(error))),
            }
        }
    }
}

fn lost(error: tungstenite::Error) -> Error {
    Error::new(Code::ServerUnavailable, format!("the connection to the server was lost: {error}")).because(error)
}

/// What a close frame means; none when all is well. The reason is `code: detail`, as the server writes it.
fn closed(frame: Option<CloseFrame>) -> Option<Error> {
    let Some(frame) = frame else {
        return Some(Error::new(Code::ServerUnavailable, "the server closed the connection"));
    };
    let number = u16::from(frame.code);
    let (code, detail) = match frame.reason.as_str().split_once(": ") {
        Some((code, detail)) => (serde_json::from_value(code.into()).ok(), detail),
        None => (None, frame.reason.as_str()),
    };
    let (fallback, words) = match number {
        1000 => return None,
        1001 | 1012 => (Code::ServerUnavailable, "the server is stopping"),
        1013 => (Code::TooMany, "too slow to keep up"),
        4400 => (Code::BadRequest, "the server did not understand a frame"),
        4401 => (Code::Unauthenticated, "the server does not know who asks"),
        4403 => (Code::Forbidden, "not allowed"),
        4404 => (Code::NotFound, "no such thing"),
        4408 => (Code::TimedOut, "the first frame came too late"),
        4413 => (Code::TooLarge, "a frame was too large"),
        4429 => (Code::TooMany, "too many connections"),
        _ => (Code::ServerUnavailable, "the server closed the connection"),
    };
    Some(Error::new(code.unwrap_or(fallback), if detail.is_empty() { words.to_owned() } else { detail.to_owned() }))
}
