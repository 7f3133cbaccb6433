//! Recordings as bodies: a file of any length, sent as it is read.
use super::routes::Ask;
use super::screens::of_screen;
use crate::error::Error;
use crate::error::Result;
use crate::model::CAST_MEDIA;
use crate::model::CastQuery;
use crate::model::Code;
use crate::model::RecordingScreenQuery;
use axum::body::Body;
use axum::http::header;
use axum::response::IntoResponse as _;
use axum::response::Response;
use bytes::Bytes;
use futures_util::StreamExt as _;
use std::io::SeekFrom;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncSeekExt as _;
use tokio_util::io::ReaderStream;

/// Bytes read at once.
const BLOCK: usize = 64 * 1024;

/// `GET /api/v1/recordings/{id}/cast`: the file, or what begins with the screen at a time.
pub(super) async fn cast(ask: Ask, query: CastQuery) -> Result<Response> {
    let cast = ask.control.get_cast(&ask.actor, ask.id(), query).await?;
    let failed = |error: std::io::Error| Error::new(Code::StoreFailed, format!("the recording can't be read: {error}")).because(error);
    let mut file = tokio::fs::File::open(&cast.path).await.map_err(failed)?;
    file.seek(SeekFrom::Start(cast.position)).await.map_err(failed)?;
    let rest = ReaderStream::with_capacity(file.take(cast.length), BLOCK);
    let closing = ask.control.shutdown();
    let all = futures_util::stream::once(async { Ok(Bytes::from(cast.head)) }).chain(rest).take_until(closing.cancelled_owned());
    Ok(([(header::CONTENT_TYPE, CAST_MEDIA), (header::CACHE_CONTROL, "no-store")], Body::from_stream(all)).into_response())
}

/// `GET /api/v1/recordings/{id}/screen` in the form that was asked for.
pub(super) async fn screen(ask: Ask, query: RecordingScreenQuery) -> Result<Response> {
    ask.control.get_recording_screen(&ask.actor, ask.id(), query).await.map(of_screen)
}
