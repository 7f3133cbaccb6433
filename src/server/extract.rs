//! Reading what a request asks: query strings and JSON bodies, with the place of each mistake.
use super::problem::Refusal;
use crate::error::Error;
use crate::model::CheckPlugin;
use crate::model::Code;
use crate::model::Endpoint;
use crate::model::InstallPluginOf;
use crate::model::Method;
use crate::model::Place;
use axum::body::Body;
use axum::extract::Query;
use axum::extract::RawPathParams;
use axum::extract::rejection::RawPathParamsRejection;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::http::header;
use bytes::Bytes;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// Most bytes of a request's body.
pub(super) const MAX_BODY: usize = 1 << 20;
/// Most bytes of a body that brings the files of a plugin: 16 MiB of them in base64, and their names.
const MAX_FILES: usize = 24 << 20;
/// How long a body may take to come in.
const BODY_TIME: Duration = Duration::from_secs(30);
/// Longest wait that `Prefer` may ask for.
const MAX_WAIT: Duration = Duration::from_secs(600);

/// The values of a path's parameters, or why there are none.
pub(super) type Params = Result<RawPathParams, RawPathParamsRejection>;

/// Names that are no text are nobody's.
pub(super) fn of_path(params: &Params) -> Result<Vec<String>, Refusal> {
    match params {
        Ok(params) => Ok(params.iter().map(|(_, value)| value.to_owned()).collect()),
        Err(rejection) => {
            Err(Error::new(Code::BadRequest, format!("the path is not understood: {rejection}")).fix("write it in UTF-8, percent-encoded").into())
        }
    }
}

/// The request of an endpoint: the query string of GET and DELETE, the JSON body otherwise (nothing counts as `{}`).
pub(super) async fn request_of<E: Endpoint>(uri: &Uri, headers: &HeaderMap, body: Body) -> Result<E::Request, Refusal> {
    match E::METHOD {
        Method::Get | Method::Delete if E::HABITS.dry_run => query(&super::trials::without(uri, "dry_run")),
        Method::Get if super::fields::has::<E>() => query(&super::trials::without(uri, super::fields::NAME)),
        Method::Get | Method::Delete | Method::Head | Method::Options => query(uri),
        Method::Post | Method::Put | Method::Patch => {
            let brings_files = [InstallPluginOf::NAME, CheckPlugin::NAME].contains(&E::NAME);
            json(headers, body, if brings_files { MAX_FILES } else { MAX_BODY }).await
        }
    }
}

/// The request that is in a query string.
pub(super) fn query<T: DeserializeOwned>(uri: &Uri) -> Result<T, Refusal> {
    match Query::<T>::try_from_uri(uri) {
        Ok(Query(request)) => Ok(request),
        Err(rejection) => {
            let cause = std::error::Error::source(&rejection).map_or_else(|| rejection.to_string(), ToString::to_string);
            // The cause reads `limit: invalid digit`, with the field in front where it is known.
            let (field, detail) = match cause.split_once(": ") {
                Some((field, detail)) if field.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') => (format!("/{field}"), detail.to_owned()),
                _ => (String::new(), cause),
            };
            let place = Place { pointer: field, detail: detail.clone(), ..Place::default() };
            Err(Error::invalid(format!("the query string is wrong: {detail}")).at(place).into())
        }
    }
}

async fn json<T: DeserializeOwned>(headers: &HeaderMap, body: Body, most: usize) -> Result<T, Refusal> {
    let bytes = whole(headers, body, most).await?;
    if bytes.is_empty() {
        return parse(b"{}");
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if kind != "application/json" {
        return Err(Refusal::with_status(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Code::BadRequest,
            format!("a body of type '{kind}' is not understood; send application/json"),
        ));
    }
    parse(&bytes)
}

/// A body of at most `most` bytes.
pub(super) async fn whole(headers: &HeaderMap, body: Body, most: usize) -> Result<Bytes, Refusal> {
    let too_large = || Refusal::from(Error::new(Code::TooLarge, format!("the body is larger than {most} bytes")));
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()).and_then(|text| text.parse::<u64>().ok());
    if announced.is_some_and(|length| length > most as u64) {
        return Err(too_large());
    }
    match tokio::time::timeout(BODY_TIME, axum::body::to_bytes(body, most)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) if format!("{error}").contains("length limit") => Err(too_large()),
        Ok(Err(error)) => Err(Error::new(Code::BadRequest, format!("the body could not be read: {error}")).into()),
        Err(_) => Err(Refusal::with_status(StatusCode::REQUEST_TIMEOUT, Code::TimedOut, "the body did not come within 30 s")),
    }
}

/// JSON text that is no JSON is a bad request; JSON with the wrong content is invalid. Both name the place.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let parsed = serde_path_to_error::deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value).map_err(|error| serde_path_to_error::Error::new(serde_path_to_error::Track::new().path(), error)));
    parsed.map_err(|error| {
        let pointer = pointer(error.path());
        let cause = error.into_inner();
        let text = cause.to_string();
        let detail = text.split(" at line ").next().unwrap_or(&text).to_owned();
        let number = |n: usize| u32::try_from(n).ok().filter(|n| *n > 0);
        let place = Place { pointer: pointer.clone(), file: None, line: number(cause.line()), column: number(cause.column()), detail: detail.clone() };
        let error = if cause.is_data() {
            let of = if pointer.is_empty() { "the body".to_owned() } else { format!("'{pointer}'") };
            Error::invalid(format!("{of} is wrong: {detail}"))
        } else {
            Error::new(Code::BadRequest, format!("the body is not JSON: {detail} in line {}", cause.line()))
        };
        error.at(place).into()
    })
}

/// A path of serde's as a JSON pointer (RFC 6901).
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(format!("/{index}")),
            Segment::Map { key } => Some(format!("/{}", key.replace('~', "~0").replace('/', "~1"))),
            Segment::Enum { variant } => Some(format!("/{variant}")),
            Segment::Unknown => None,
        })
        .collect()
}

/// How long the client would wait for the end of an operation (`Prefer: wait=N`, seconds, RFC 7240).
pub(super) fn wait_of(headers: &HeaderMap) -> Option<Duration> {
    let preferences = headers.get_all("prefer").into_iter().filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(','));
    let seconds = preferences.filter_map(|one| one.trim().strip_prefix("wait=")?.parse().ok()).next()?;
    Some(Duration::from_secs(seconds).min(MAX_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CreateContainer;
    use crate::model::ListQuery;

    #[test]
    fn mistakes_in_bodies_name_their_place() {
        let wrong = parse::<CreateContainer>(br#"{"size":{"cols":"x","rows":2}}"#).unwrap_err().0;
        assert_eq!((wrong.status, wrong.errors[0].pointer.as_str()), (422, "/size/cols"));
        let broken = parse::<CreateContainer>(b"{\n  nope").unwrap_err().0;
        assert_eq!((broken.status, broken.errors[0].line), (400, Some(2)));
        assert_eq!(parse::<CreateContainer>(b"{} {}").unwrap_err().0.status, 400);
    }

    #[test]
    fn mistakes_in_queries_name_their_field() {
        let wrong = query::<ListQuery>(&Uri::from_static("/x?limit=many")).unwrap_err().0;
        assert_eq!((wrong.status, wrong.errors[0].pointer.as_str()), (422, "/limit"));
    }

    #[test]
    fn a_wait_is_read_among_other_preferences_and_bounded() {
        let mut headers = HeaderMap::new();
        headers.insert("prefer", "respond-async, wait=9999".parse().unwrap());
        assert_eq!(wait_of(&headers), Some(MAX_WAIT));
    }
}
