//! HTTP and WebSocket: translates between the wire and control, and decides nothing.
mod attach;
mod caller;
mod exec;
mod extract;
mod files;
mod hooks;
mod images;
mod logs;
mod openapi;
mod problem;
mod recordings;
mod routes;
mod runs;
mod socket;
mod stream;
mod topics;
mod web;

pub use openapi::document as openapi;
pub use routes::routed;

use crate::automation::Automation;
use crate::control::Control;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use axum::Router;
use axum::middleware;
use caller::Peer;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::net::UnixListener;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::Predicate as _;
use tower_http::compression::predicate::DefaultPredicate;
use tower_http::compression::predicate::NotForContentType;

/// How long answers that are under way may take when the server stops; WebSockets are closed at once.
const GRACE: Duration = Duration::from_secs(2);

/// What every handler needs. Cheap to clone.
#[derive(Clone)]
struct Door {
    control: Control,
    automation: Automation,
    /// Set when the server stops: WebSockets say so and close.
    closing: CancellationToken,
    wrong_tokens: Arc<tokio::sync::Semaphore>,
}

/// Serves the API on the unix socket, and on TCP where there is a listener, until `closing` is set; then lets answers that are
/// under way end for 2 s.
///
/// # Errors
/// When a listener fails for good.
pub async fn serve(automation: Automation, unix: UnixListener, tcp: Vec<TcpListener>, closing: CancellationToken) -> Result<()> {
    let app = router(automation, closing.clone());
    let mut tasks = tokio::task::JoinSet::new();
    let stop = closing.clone();
    let local = axum::serve(unix, app.clone().into_make_service_with_connect_info::<Peer>()).with_graceful_shutdown(stop.cancelled_owned());
    tasks.spawn(local.into_future());
    for listener in tcp {
        let stop = closing.clone();
        let remote = axum::serve(listener, app.clone().into_make_service_with_connect_info::<Peer>()).with_graceful_shutdown(stop.cancelled_owned());
        tasks.spawn(remote.into_future());
    }
    let all = async {
        while let Some(ended) = tasks.join_next().await {
            ended.map_err(|error| Error::internal(error.to_string()))?.map_err(|error| Error::internal(format!("the listener failed: {error}")))?;
        }
        Ok(())
    };
    tokio::select! {
        result = all => result,
        () = async { closing.cancelled().await; tokio::time::sleep(GRACE).await } => Ok(()),
    }
}

/// Opens a TCP listener on a loopback address.
///
/// # Errors
/// `invalid_value` for other addresses: without TLS, tokens and terminals would travel in the clear. `port_in_use`.
pub async fn listen(address: &str) -> Result<TcpListener> {
    let parsed: SocketAddr = address
        .replace("localhost:", "127.0.0.1:")
        .parse()
        .map_err(|_| Error::invalid(format!("'{address}' is not an address to listen on")).fix("write it as 127.0.0.1:PORT (port 0 takes a free one)"))?;
    if !parsed.ip().is_loopback() {
        return Err(Error::invalid(format!("'{address}' can be reached from other machines, and there is no TLS yet"))
            .fix("listen on 127.0.0.1:PORT; from elsewhere: ssh -L PORT:127.0.0.1:PORT this-machine"));
    }
    TcpListener::bind(parsed).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            Error::new(Code::PortInUse, format!("port {} is taken on this machine", parsed.port())).fix("choose another, or 0 for any").because(error)
        }
        _ => Error::invalid(format!("cannot listen on '{address}': {error}")).because(error),
    })
}

/// Every route, with what surrounds them.
fn router(automation: Automation, closing: CancellationToken) -> Router {
    let door = Door { control: automation.control().clone(), automation, closing, wrong_tokens: Arc::new(caller::waiting_room()) };
    // What is not text is large and often small already, or read by who knows its length.
    let bytes = NotForContentType::const_new("application/octet-stream");
    let archives = NotForContentType::const_new(crate::model::TAR_MEDIA);
    routes::all()
        .into_router()
        .fallback(web::serve)
        .method_not_allowed_fallback(web::not_allowed)
        .layer(middleware::from_fn_with_state(door.clone(), caller::find))
        .layer(CatchPanicLayer::custom(problem::panicked))
        .layer(CompressionLayer::new().compress_when(DefaultPredicate::new().and(bytes).and(archives)))
        .layer(middleware::from_fn(problem::watch))
        .with_state(door)
}
