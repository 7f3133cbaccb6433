//! Connections: taken, given TLS where that is due, and ended when they say nothing.
//!
//! Of a connection nothing is known until its first request is whole. So many of that kind may be open; a further one pushes the
//! oldest out, so that whoever opens thousands and says nothing keeps nobody else out, and costs little.
use super::caller::Peer;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::rt::TokioTimer;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::net::UnixListener;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

/// How long a connection may take until its first byte, and the head of a request to come in, from the end of the one before.
const HEAD: Duration = Duration::from_secs(30);
/// How long TLS may take to be agreed on.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Connections that have not sent a whole request yet.
const UNPROVEN: usize = 1_024;
/// Connections in all; more are closed at once.
const MOST: usize = 16_384;
/// Most bytes of a request's head.
const HEAD_BYTES: usize = 64 << 10;
/// How long to wait when no more connections can be taken, for want of file descriptors.
const SHORT_OF_FILES: Duration = Duration::from_millis(200);

/// A port that is open.
pub struct Remote {
    /// Where connections come in.
    pub listener: TcpListener,
    /// What makes them private; none only on loopback.
    pub tls: Option<Arc<rustls::ServerConfig>>,
}

impl From<TcpListener> for Remote {
    fn from(listener: TcpListener) -> Self {
        Self { listener, tls: None }
    }
}

impl Remote {
    /// Its address as one types it into a browser.
    #[must_use]
    pub fn url(&self) -> Option<String> {
        let address = self.listener.local_addr().ok()?;
        Some(format!("{}://{address}", if self.tls.is_some() { "https" } else { "http" }))
    }
}

/// Opens a TCP port. What is not on loopback needs TLS: without it, passwords and terminals would travel in the clear.
///
/// # Errors
/// `invalid_value` for what is no address; `port_in_use`.
pub async fn listen(address: &str) -> Result<TcpListener> {
    let parsed: SocketAddr = address
        .replace("localhost:", "127.0.0.1:")
        .parse()
        .map_err(|_| Error::invalid(format!("'{address}' is not an address to listen on")).fix("write it as 127.0.0.1:PORT (port 0 takes a free one)"))?;
    TcpListener::bind(parsed).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            Error::new(Code::PortInUse, format!("port {} is taken on this machine", parsed.port())).fix("choose another, or 0 for any").because(error)
        }
        _ => Error::invalid(format!("cannot listen on '{address}': {error}")).because(error),
    })
}

/// Connections of which nothing is known yet, oldest first, each with what ends it.
#[derive(Default)]
struct Doorstep {
    waiting: Mutex<(u64, BTreeMap<u64, CancellationToken>)>,
}

/// One connection's place there.
struct Place {
    doorstep: Arc<Doorstep>,
    number: u64,
    out: CancellationToken,
}

impl Doorstep {
    fn enter(self: &Arc<Self>) -> Place {
        let out = CancellationToken::new();
        let mut waiting = self.waiting.lock().expect("no panics while held");
        waiting.0 += 1;
        let number = waiting.0;
        waiting.1.insert(number, out.clone());
        if waiting.1.len() > UNPROVEN
            && let Some((_, oldest)) = waiting.1.pop_first()
        {
            oldest.cancel();
        }
        Place { doorstep: self.clone(), number, out }
    }
}

impl Place {
    /// It has sent a request: nobody pushes it out any more.
    fn proven(&self) {
        self.doorstep.waiting.lock().expect("no panics while held").1.remove(&self.number);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.proven();
    }
}

/// What all connections share.
#[derive(Clone)]
pub(super) struct Shared {
    app: Router,
    base: Arc<str>,
    doorstep: Arc<Doorstep>,
    tasks: TaskTracker,
    closing: CancellationToken,
}

impl Shared {
    /// For connections to `app`, whose paths may begin with `base`.
    pub(super) fn new(app: Router, base: &str, closing: CancellationToken) -> Self {
        Self { app, base: base.into(), doorstep: Arc::default(), tasks: TaskTracker::new(), closing }
    }

    /// Waits until every connection has ended.
    pub(super) async fn ended(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Takes connections of this user's programs until the server stops.
    pub(super) async fn take_local(self, listener: UnixListener) {
        loop {
            let stream = tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => stream,
                    Err(error) => { complain(&error).await; continue }
                },
                () = self.closing.cancelled() => return,
            };
            let peer = Peer::Local(stream.peer_cred().ok().map(|cred| cred.uid()));
            let shared = self.clone();
            self.tasks.spawn(async move { shared.serve(stream, peer, None).await });
        }
    }

    /// Takes connections from anywhere until the server stops.
    pub(super) async fn take_remote(self, remote: Remote) {
        let Remote { listener, tls } = remote;
        let tls = tls.map(TlsAcceptor::from);
        loop {
            let (stream, theirs) = tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok(accepted) => accepted,
                    Err(error) => { complain(&error).await; continue }
                },
                () = self.closing.cancelled() => return,
            };
            if self.tasks.len() >= MOST {
                continue;
            }
            let _ = stream.set_nodelay(true);
            let peer = Peer::Remote { ours: stream.local_addr().ok(), theirs: theirs.ip(), tls: tls.is_some() };
            let (shared, tls, place) = (self.clone(), tls.clone(), self.doorstep.enter());
            self.tasks.spawn(async move {
                if shared.speaks(&stream, &place).await {
                    // In a place of its own, which those who say nothing don't have.
                    Box::pin(shared.hear(stream, peer, tls, place)).await;
                }
            });
        }
    }

    /// Whether anything comes at all. Until then a connection costs next to nothing: thousands may stand there and say nothing.
    async fn speaks(&self, stream: &TcpStream, place: &Place) -> bool {
        // A look at the first byte and not at readiness alone, which is told for new connections too early.
        let mut first = [0];
        tokio::select! {
            heard = tokio::time::timeout(HEAD, stream.peek(&mut first)) => matches!(heard, Ok(Ok(1))),
            () = place.out.cancelled() => false,
            () = self.closing.cancelled() => false,
        }
    }

    async fn hear(self, stream: TcpStream, peer: Peer, tls: Option<TlsAcceptor>, place: Place) {
        let Some(tls) = tls else { return self.serve(stream, peer, Some(place)).await };
        let out = place.out.clone();
        tokio::select! {
            // What is no TLS is no client of ours: nothing is answered.
            agreed = tokio::time::timeout(HANDSHAKE, tls.accept(stream)) => if let Ok(Ok(stream)) = agreed {
                self.serve(stream, peer, Some(place)).await;
            },
            () = out.cancelled() => {}
            () = self.closing.cancelled() => {}
        }
    }

    async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(self, stream: S, peer: Peer, place: Option<Place>) {
        let local = place.is_none();
        let out = place.as_ref().map_or_else(CancellationToken::new, |place| place.out.clone());
        let (app, base) = (self.app, self.base);
        let service = hyper::service::service_fn(move |request: Request<Incoming>| {
            if let Some(place) = &place {
                place.proven();
            }
            let mut request = request.map(Body::new);
            below(&mut request, &base);
            request.extensions_mut().insert(ConnectInfo(peer));
            app.clone().oneshot(request)
        });
        let mut builder = http1::Builder::new();
        builder.timer(TokioTimer::new()).max_buf_size(HEAD_BYTES);
        // Programs of this user keep their connections.
        builder.header_read_timeout((!local).then_some(HEAD));
        let connection = builder.serve_connection(TokioIo::new(stream), service).with_upgrades();
        let mut connection = std::pin::pin!(connection);
        // How a connection ends that breaks is of no interest.
        tokio::select! {
            _ = connection.as_mut() => {}
            () = out.cancelled() => {}
            () = self.closing.cancelled() => {
                connection.as_mut().graceful_shutdown();
                let _ = connection.await;
            }
        }
    }
}

/// Takes the base path off a request's path: a proxy may have left it there.
fn below(request: &mut Request<Body>, base: &str) {
    if base.is_empty() {
        return;
    }
    let uri = request.uri();
    let Some(rest) = uri.path().strip_prefix(base).filter(|rest| rest.is_empty() || rest.starts_with('/')) else { return };
    let path = if rest.is_empty() { "/" } else { rest };
    let all = uri.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    if let Ok(uri) = all.parse() {
        *request.uri_mut() = uri;
    }
}

/// A connection that is gone already is no fault of ours; without file descriptors it helps to wait.
async fn complain(error: &std::io::Error) {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        tracing::warn!("a connection can't be taken: {error}");
        tokio::time::sleep(SHORT_OF_FILES).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_says_nothing_is_pushed_out_by_newcomers_and_who_spoke_is_not() {
        let doorstep = Arc::new(Doorstep::default());
        let spoke = doorstep.enter();
        spoke.proven();
        let silent = doorstep.enter();
        let others: Vec<Place> = (0..UNPROVEN).map(|_| doorstep.enter()).collect();
        assert!(silent.out.is_cancelled() && !spoke.out.is_cancelled());
        assert!(others.iter().all(|place| !place.out.is_cancelled()));
        drop(others);
        drop(silent);
        assert!(doorstep.waiting.lock().unwrap().1.is_empty());
    }

    #[test]
    fn paths_are_the_same_with_and_without_the_base() {
        let path = |path: &str| {
            let mut request = Request::builder().uri(path).body(Body::empty()).unwrap();
            below(&mut request, "/cto");
            request.uri().to_string()
        };
        assert_eq!(path("/cto/api/v1/me?a=b"), "/api/v1/me?a=b");
        assert_eq!(path("/cto"), "/");
        assert_eq!(path("/cto/"), "/");
        assert_eq!(path("/ctofoo/x"), "/ctofoo/x");
        assert_eq!(path("/api/v1/me"), "/api/v1/me");
    }
}
