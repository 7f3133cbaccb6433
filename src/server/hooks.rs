//! Requests that come in for triggers: as they are, since signatures are of bytes.
use super::Door;
use super::extract;
use super::problem::Refusal;
use crate::automation::Incoming;
use axum::Json;
use axum::body::Body;
use axum::http::HeaderMap;
use axum::response::IntoResponse as _;
use axum::response::Response;
use jiff::Timestamp;

/// Most bytes of a body.
const BODY: usize = 256 << 10;

/// `POST /api/v1/hooks/{name}`.
pub(super) async fn receive(door: Door, path: Vec<String>, headers: HeaderMap, body: Body) -> Result<Response, Refusal> {
    let body = extract::whole(&headers, body, BODY).await?.to_vec();
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let request = Incoming {
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp"),
        signature: header("webhook-signature"),
        github_id: header("x-github-delivery"),
        github_signature: header("x-hub-signature-256"),
        github_event: header("x-github-event"),
        body,
    };
    let name = path.first().map_or("", String::as_str);
    Ok(Json(door.automation.receive_hook(name, &request, Timestamp::now()).await?).into_response())
}
