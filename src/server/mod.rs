//! HTTP and WebSocket: translates between the wire and control, and decides nothing.
mod attach;
mod caller;
mod events;
mod exec;
mod extract;
mod fields;
mod files;
mod hooks;
mod images;
mod listen;
mod logins;
mod logs;
mod openapi;
mod openapi_habits;
mod openapi_uploads;
mod pace;
mod problem;
mod recordings;
mod routes;
mod runs;
mod screens;
mod secrets;
mod socket;
mod stream;
mod tags;
mod tls;
mod topics;
mod trials;
mod uploads;
mod web;

pub use listen::Remote;
pub use listen::listen;
pub use openapi::document as openapi;
pub use routes::routed;
pub use tls::CertificateFiles;
pub use tls::Tls;
pub use tls::host_name;

use crate::automation::Automation;
use crate::control::Control;
use crate::error::Error;
use axum::Router;
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header;
use axum::middleware;
use axum::middleware::Next;
use axum::response::IntoResponse as _;
use axum::response::Response;
use problem::Refusal;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::UnixListener;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::Predicate as _;
use tower_http::compression::predicate::DefaultPredicate;
use tower_http::compression::predicate::NotForContentType;
use tracing::Instrument as _;

/// How long answers that are under way may take when the server stops; WebSockets are closed at once.
const GRACE: Duration = Duration::from_secs(2);

/// What every handler needs. Cheap to clone.
#[derive(Clone)]
struct Door {
    control: Control,
    automation: Automation,
    /// Set when the server stops: WebSockets say so and close.
    closing: CancellationToken,
    /// Places for those who guess wrong.
    wrong: Arc<tokio::sync::Semaphore>,
    pace: Arc<pace::Pace>,
    /// The name of the cookie.
    cookie: Arc<str>,
    /// The path below which a proxy shows all this.
    base: Arc<str>,
}

/// Serves the API on the unix socket, and on TCP where there are ports, until `closing` is set; then lets answers that are
/// under way end for 2 s. `base` is the path below which a proxy shows it, such as `/cto`; empty where there is none.
pub async fn serve(automation: Automation, unix: UnixListener, remotes: Vec<Remote>, base: &str, closing: CancellationToken) {
    let shared = listen::Shared::new(router(automation, base, closing.clone()), base, closing.clone());
    tokio::spawn(shared.clone().take_local(unix));
    for remote in remotes {
        tokio::spawn(shared.clone().take_remote(remote));
    }
    closing.cancelled().await;
    let _ = tokio::time::timeout(GRACE, shared.ended()).await;
}

/// Lets what changes something be done to its end, and be noted, also when its client is gone in the middle.
async fn to_its_end(request: Request, next: Next) -> Response {
    if request.method().is_safe() {
        return next.run(request).await;
    }
    match tokio::spawn(next.run(request).in_current_span()).await {
        Ok(response) => response,
        Err(error) => match error.try_into_panic() {
            Ok(payload) => std::panic::resume_unwind(payload),
            Err(_) => Refusal::from(Error::internal("the server ended while it did this")).into_response(),
        },
    }
}

/// Lets an answer go as it is where its caller takes it in no form at all. They may be refused then, but not after what they asked for is done
/// (RFC 9110, 12.5.3, leaves the choice).
async fn plain_at_last(mut request: Request, next: Next) -> Response {
    let headers = request.headers_mut();
    let said: Vec<HeaderValue> = headers.get_all(header::ACCEPT_ENCODING).into_iter().cloned().collect();
    if !said.is_empty() {
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity;q=0.001"));
        for value in said {
            headers.append(header::ACCEPT_ENCODING, value);
        }
    }
    next.run(request).await
}

/// Every route, with what surrounds them.
fn router(automation: Automation, base: &str, closing: CancellationToken) -> Router {
    let control = automation.control().clone();
    let cookie = caller::cookie_name(control.parts().store.id()).into();
    let door = Door { control, automation, closing, wrong: Arc::new(caller::waiting_room()), pace: Arc::default(), cookie, base: base.into() };
    // What is not text is large and often small already, or read by who knows its length.
    let bytes = NotForContentType::const_new("application/octet-stream");
    let fonts = NotForContentType::const_new("font/");
    let archives = NotForContentType::const_new(crate::model::TAR_MEDIA);
    routes::all()
        .into_router()
        .fallback(web::serve)
        .method_not_allowed_fallback(web::not_allowed)
        .layer(middleware::from_fn(to_its_end))
        .layer(middleware::from_fn_with_state(door.clone(), caller::find))
        .layer(CatchPanicLayer::custom(problem::panicked))
        .layer(CompressionLayer::new().compress_when(DefaultPredicate::new().and(bytes).and(archives).and(fonts).and(secrets::none)))
        .layer(middleware::from_fn(plain_at_last))
        .layer(middleware::from_fn(problem::watch))
        .with_state(door)
}
