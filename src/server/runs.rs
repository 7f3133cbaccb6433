//! What is sent of runs beside JSON.
use super::routes::Ask;
use crate::error::Result;
use crate::model::Empty;
use crate::model::JUNIT_MEDIA;
use axum::http::header;
use axum::response::IntoResponse as _;
use axum::response::Response;

/// `GET /runs/{id}/junit`.
pub(super) async fn junit(ask: Ask, _: Empty) -> Result<Response> {
    let report = ask.automation.get_run_report(&ask.actor, ask.id()).await?;
    Ok(([(header::CONTENT_TYPE, JUNIT_MEDIA)], report).into_response())
}
