//! A container's log as a body that may go on for ever.
use super::routes::Ask;
use crate::error::Error;
use crate::error::Result;
use crate::model::LogQuery;
use crate::model::LogSource;
use axum::body::Body;
use axum::http::header;
use axum::response::IntoResponse as _;
use axum::response::Response;
use bytes::Bytes;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// `GET /api/v1/containers/{id}/logs`: standard output and error as they were printed. The engine waits for a slow client.
pub(super) async fn read(ask: Ask, query: LogQuery) -> Result<Response> {
    let lines = ask.control.read_container_logs(&ask.actor, ask.id(), query).await?;
    let body = Body::from_stream(futures_util::stream::unfold((lines, ask.control.shutdown()), next));
    Ok(([(header::CONTENT_TYPE, "application/octet-stream"), (header::CACHE_CONTROL, "no-store")], body).into_response())
}

type Lines = mpsc::Receiver<Result<(LogSource, Bytes)>>;

async fn next((mut lines, closing): (Lines, CancellationToken)) -> Option<(Result<Bytes, Error>, (Lines, CancellationToken))> {
    let piece = tokio::select! {
        piece = lines.recv() => piece?,
        () = closing.cancelled() => return None,
    };
    Some((piece.map(|(_, bytes)| bytes), (lines, closing)))
}
