//! Sessions as they look, and what they printed.
use super::routes::Ask;
use crate::control::Screen;
use crate::error::Result;
use crate::model::OutputQuery;
use crate::model::ScreenQuery;
use axum::Json;
use axum::http::HeaderValue;
use axum::http::header;
use axum::response::IntoResponse as _;
use axum::response::Response;

/// `GET /sessions/{id}/screen` in the form that was asked for.
pub(super) async fn screen(ask: Ask, query: ScreenQuery) -> Result<Response> {
    ask.control.get_screen(&ask.actor, ask.id(), query.format).await.map(of_screen)
}

/// A screen with the media type of its form.
pub(super) fn of_screen(screen: Screen) -> Response {
    match screen {
        Screen::Json(screen) => Json(screen).into_response(),
        Screen::Text(text) => text.into_response(),
        Screen::Ansi(content) => bytes(content),
        Screen::Svg(picture) => ([(header::CONTENT_TYPE, "image/svg+xml")], picture).into_response(),
    }
}

/// `GET /sessions/{id}/output`, with the offset of its first byte in a header.
pub(super) async fn output(ask: Ask, query: OutputQuery) -> Result<Response> {
    let (offset, content) = ask.control.get_output(&ask.actor, ask.id(), query).await?;
    let mut response = bytes(content);
    response.headers_mut().insert("x-offset", HeaderValue::from(offset));
    Ok(response)
}

fn bytes(content: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, "application/octet-stream")], content).into_response()
}
