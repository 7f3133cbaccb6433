//! Archives of containers' files, passed on as they come.
use super::routes::Ask;
use crate::error::Result;
use crate::model::PathQuery;
use crate::model::TAR_MEDIA;
use axum::Json;
use axum::body::Body;
use axum::http::header;
use axum::response::IntoResponse as _;
use axum::response::Response;
use futures_util::StreamExt as _;

/// `GET /api/v1/containers/{id}/files`.
pub(super) async fn download(ask: Ask, query: PathQuery) -> Result<Response> {
    let pieces = ask.control.download_files(&ask.actor, ask.id(), query).await?;
    Ok(([(header::CONTENT_TYPE, TAR_MEDIA), (header::CACHE_CONTROL, "no-store")], Body::from_stream(pieces)).into_response())
}

/// `PUT /api/v1/containers/{id}/files`.
pub(super) async fn upload(ask: Ask, query: PathQuery, body: Body) -> Result<Response> {
    let pieces = body.into_data_stream().map(|piece| piece.map_err(std::io::Error::other)).boxed();
    ask.control.upload_files(&ask.actor, ask.id(), query, pieces).await.map(|done| Json(done).into_response())
}
