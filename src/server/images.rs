//! Builds: the directory is the body, the operation the answer.
use super::routes::Ask;
use super::routes::begun;
use crate::error::Result;
use crate::model::BuildImage;
use axum::body::Body;
use axum::response::Response;
use futures_util::StreamExt as _;

/// `POST /api/v1/images/build`.
pub(super) async fn build(ask: Ask, request: BuildImage, body: Body) -> Result<Response> {
    let pieces = body.into_data_stream().map(|piece| piece.map_err(std::io::Error::other)).boxed();
    begun(ask.control.build_image(&ask.actor, request, pieces).await?)
}
