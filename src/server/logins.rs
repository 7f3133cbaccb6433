//! Signing in and out: control decides, here are the cookies.
use super::Door;
use super::routes::Ask;
use super::routes::Origin;
use crate::control::Begun;
use crate::error::Result;
use crate::model::Code;
use crate::model::Empty;
use crate::model::LogIn;
use crate::model::OpenShare;
use crate::model::SetUp;
use axum::Json;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse as _;
use axum::response::Response;
use jiff::Timestamp;

/// `POST /api/v1/setup`.
pub(super) async fn set_up(door: Door, origin: Origin, request: SetUp) -> Result<Response> {
    let begun = slowly(&door, door.control.set_up_first(request)).await?;
    Ok(with_cookie(&door, origin, begun))
}

/// `POST /api/v1/login`.
pub(super) async fn log_in(door: Door, origin: Origin, request: LogIn) -> Result<Response> {
    let begun = slowly(&door, door.control.log_in(request, origin.ip)).await?;
    Ok(with_cookie(&door, origin, begun))
}

/// `POST /api/v1/logout`.
pub(super) async fn log_out(ask: Ask, _: Empty) -> Result<Response> {
    if let Some(secret) = &ask.secret {
        ask.control.log_out(secret).await?;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    let gone = format!("{}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0", ask.cookie_name);
    if let Ok(value) = HeaderValue::from_str(&gone) {
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
    Ok(response)
}

/// `POST /api/v1/shares/open`.
pub(super) async fn open_share(door: Door, _: Origin, request: OpenShare) -> Result<Response> {
    let opened = slowly(&door, door.control.open_share(request)).await?;
    Ok(Json(opened).into_response())
}

/// Lets those wait who guess wrong, and only so many at once.
async fn slowly<T>(door: &Door, work: impl Future<Output = Result<T>>) -> Result<T> {
    match work.await {
        Err(error) if matches!(error.code, Code::Unauthenticated | Code::NotFound) => Err(super::caller::wait(door, error).await),
        other => other,
    }
}

/// An answer with the cookie of a login: not for scripts, not for other sites, and over plain HTTP only where that is all there is.
fn with_cookie(door: &Door, origin: Origin, begun: Begun) -> Response {
    let seconds = begun.login.expires_at.duration_since(Timestamp::now()).as_secs().max(0);
    let secure = if origin.secure { "; Secure" } else { "" };
    let cookie = format!("{}={}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}", door.cookie, begun.secret);
    let mut response = Json(begun.login).into_response();
    if let Ok(mut value) = HeaderValue::from_str(&cookie) {
        value.set_sensitive(true);
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
    response
}
