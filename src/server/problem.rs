//! Errors on their way to a client: `application/problem+json` with the request's id.
use crate::error::Error;
use crate::model::Code;
use crate::model::Problem;
use axum::body::Body;
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::middleware::Next;
use axum::response::IntoResponse;
use axum::response::Response;
use std::any::Any;
use std::time::Instant;
use tracing::Instrument as _;

/// The header that finds a request in the log.
const REQUEST_ID: &str = "x-request-id";

/// A refusal. It becomes a body in [`watch`], which knows the request's id.
#[derive(Clone, Debug)]
pub(super) struct Refusal(pub(super) Box<Problem>);

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let problem = error.problem();
        if problem.status >= 500 {
            let source = error.source.as_ref().map(ToString::to_string);
            tracing::warn!(code = problem.code.as_str(), source, "{}", problem.detail);
        }
        Self(Box::new(problem))
    }
}

impl Refusal {
    /// A problem whose status is none of those that codes stand for.
    pub(super) fn with_status(status: StatusCode, code: Code, detail: impl Into<String>) -> Self {
        let mut problem = Error::new(code, detail).problem();
        problem.status = status.as_u16();
        problem.title = status.canonical_reason().unwrap_or("Problem").to_owned();
        Self(Box::new(problem))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if let Some(tag) = self.0.revision.as_deref().filter(|revision| !revision.is_empty()).and_then(|revision| super::tags::tag_of(revision, None)) {
            response.headers_mut().insert(header::ETAG, tag);
        }
        match self.0.status {
            401 => {
                response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            429 | 503 => {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
            }
            _ => {}
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// What a handler that panicked answers.
#[allow(clippy::needless_pass_by_value)] // the signature that the layer wants
pub(super) fn panicked(payload: Box<dyn Any + Send>) -> Response {
    let what = payload.downcast_ref::<&str>().map(ToString::to_string).or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default();
    tracing::error!("a request handler panicked: {what}");
    Refusal(Box::new(Error::internal("the server stumbled over this request").problem())).into_response()
}

/// Gives every request an id, logs how it went, and writes the body of refusals.
pub(super) async fn watch(request: Request, next: Next) -> Response {
    let given = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok()).filter(|id| sound(id));
    let id = given.map_or_else(|| format!("req_{}", uuid::Uuid::now_v7().simple()), str::to_owned);
    let span = tracing::debug_span!("request", id, method = %request.method(), path = request.uri().path());
    let began = Instant::now();
    async move {
        let mut response = next.run(request).await;
        if let Some(Refusal(mut problem)) = response.extensions_mut().remove::<Refusal>() {
            problem.request_id = Some(id.clone());
            let body = serde_json::to_vec(&problem).expect("plain data always becomes JSON");
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
            response.headers_mut().remove(header::CONTENT_LENGTH);
            *response.body_mut() = Body::from(body);
        }
        if let Ok(value) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(REQUEST_ID, value);
        }
        tracing::debug!(status = response.status().as_u16(), ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX), "answered");
        response
    }
    .instrument(span)
    .await
}

/// Whether a client's own request id may go into logs and headers.
fn sound(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}
