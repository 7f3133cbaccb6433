//! Resumable uploads: tus 1.0 with creation, expiration, termination and checksums. What it says, it says in headers.
use super::problem::Refusal;
use super::routes::Ask;
use crate::control::Checksum;
use crate::control::Sent;
use crate::error::Error;
use crate::error::Result;
use crate::model::*;
use axum::Json;
use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::HeaderName;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse as _;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::StreamExt as _;
use std::collections::BTreeMap;

/// The version that is spoken.
const VERSION: HeaderValue = HeaderValue::from_static("1.0.0");
const RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const VERSIONS: HeaderName = HeaderName::from_static("tus-version");
const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const LENGTH: HeaderName = HeaderName::from_static("upload-length");
const METADATA: HeaderName = HeaderName::from_static("upload-metadata");
const EXPIRES: HeaderName = HeaderName::from_static("upload-expires");
const CHECKSUM: HeaderName = HeaderName::from_static("upload-checksum");
/// What a piece is answered with that is not what its checksum says.
pub(super) const MISMATCH: u16 = 460;

/// The headers that requests of an endpoint have, each with what it says and whether it must be there.
pub(super) fn headers<E: Endpoint>() -> &'static [(&'static str, &'static str, bool)] {
    const SPOKEN: (&str, &str, bool) = ("Tus-Resumable", "`1.0.0`.", true);
    match E::NAME {
        CreateUpload::NAME => &[
            SPOKEN,
            ("Upload-Length", "How many bytes the file has.", true),
            ("Upload-Metadata", "`container`, `path` and, as in chmod, `mode`: each name with its value in base64 behind it, with commas between.", true),
        ],
        StatUpload::NAME | DeleteUpload::NAME => &[SPOKEN],
        SendUpload::NAME => &[
            SPOKEN,
            ("Upload-Offset", "How many bytes are there already: the piece begins behind them.", true),
            ("Upload-Checksum", "`sha256` or `sha1`, and the piece's own in base64: a piece that is not so is not kept.", false),
        ],
        _ => &[],
    }
}

/// Whether the requests of an endpoint say which version of the protocol they speak.
pub(super) fn speaks<E: Endpoint>() -> bool {
    headers::<E>().iter().any(|(name, ..)| *name == "Tus-Resumable")
}

/// Refuses another version.
pub(super) fn check<E: Endpoint>(headers: &HeaderMap) -> Result<(), Refusal> {
    if !speaks::<E>() || headers.get(RESUMABLE) == Some(&VERSION) {
        return Ok(());
    }
    let refusal = Refusal::with_status(StatusCode::PRECONDITION_FAILED, Code::BadRequest, "this speaks tus 1.0: send the header 'Tus-Resumable: 1.0.0'");
    Err(refusal)
}

/// Every answer says which version it speaks.
pub(super) fn marked(mut response: Response) -> Response {
    response.headers_mut().insert(RESUMABLE, VERSION);
    if response.status() == StatusCode::PRECONDITION_FAILED {
        response.headers_mut().insert(VERSIONS, VERSION);
    }
    response
}

/// `OPTIONS /api/v1/uploads`.
pub(super) async fn options(ask: Ask, _: HeaderMap, _: Body) -> Result<Response, Refusal> {
    let extensions = HeaderValue::from_static("creation,expiration,termination,checksum");
    let mut response = StatusCode::NO_CONTENT.into_response();
    let out = response.headers_mut();
    out.insert(VERSIONS, VERSION);
    out.insert("tus-extension", extensions);
    out.insert("tus-max-size", HeaderValue::from(ask.control.largest_upload()));
    out.insert("tus-checksum-algorithm", HeaderValue::from_static("sha256,sha1"));
    Ok(response)
}

/// `POST /api/v1/uploads`.
pub(super) async fn create(ask: Ask, headers: HeaderMap, _: Body) -> Result<Response, Refusal> {
    let upload = ask.control.create_upload(&ask.actor, wanted(&headers)?).await?;
    let place = HeaderValue::from_str(&format!("/api/v1/uploads/{}", upload.id)).map_err(|error| Error::internal(error.to_string()))?;
    let expires = expires(&upload);
    let mut response = (StatusCode::CREATED, Json(upload)).into_response();
    response.headers_mut().insert(header::LOCATION, place);
    response.headers_mut().extend(expires);
    Ok(response)
}

/// `HEAD /api/v1/uploads/{id}`.
pub(super) async fn stat(ask: Ask, _: HeaderMap, _: Body) -> Result<Response, Refusal> {
    let upload = ask.control.get_upload(&ask.actor, ask.id()).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    let out = response.headers_mut();
    out.insert(OFFSET, HeaderValue::from(upload.offset));
    out.insert(LENGTH, HeaderValue::from(upload.size_bytes));
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    out.extend(expires(&upload));
    Ok(response)
}

/// `PATCH /api/v1/uploads/{id}`.
pub(super) async fn send(ask: Ask, headers: HeaderMap, body: Body) -> Result<Response, Refusal> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.eq_ignore_ascii_case(PIECE_MEDIA) {
        let detail = format!("a piece of type '{kind}' is not understood; send {PIECE_MEDIA}");
        return Err(Refusal::with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE, Code::BadRequest, detail));
    }
    let offset = number(&headers, &OFFSET)?;
    let checksum = checksum(&headers)?;
    let pieces = body.into_data_stream().map(|piece| piece.map_err(std::io::Error::other)).boxed();
    let (upload, operation) = match ask.control.send_upload(&ask.actor, ask.id(), offset, checksum, pieces).await? {
        Sent::Taken(upload, operation) => (upload, operation),
        Sent::Damaged => {
            let status = StatusCode::from_u16(MISMATCH).unwrap_or(StatusCode::BAD_REQUEST);
            return Err(Refusal::with_status(status, Code::BadRequest, "the piece is not what its checksum says; nothing of it was kept"));
        }
    };
    let mut response = StatusCode::NO_CONTENT.into_response();
    let out = response.headers_mut();
    out.insert(OFFSET, HeaderValue::from(upload.offset));
    out.extend(expires(&upload));
    if let Some(operation) = operation {
        let place = HeaderValue::from_str(&format!("/api/v1/operations/{}", operation.id)).map_err(|error| Error::internal(error.to_string()))?;
        out.insert(header::LOCATION, place);
    }
    Ok(response)
}

/// `DELETE /api/v1/uploads/{id}`.
pub(super) async fn delete(ask: Ask, _: HeaderMap, _: Body) -> Result<Response, Refusal> {
    ask.control.delete_upload(&ask.actor, ask.id()).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// When it is forgotten, as a header.
fn expires(upload: &Upload) -> Option<(HeaderName, HeaderValue)> {
    let at = upload.expires_at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    HeaderValue::from_str(&at).ok().map(|value| (EXPIRES, value))
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>> {
    let said = headers.get(name).map(|value| value.to_str().map_err(|_| wrong(name, "it is no text")));
    said.transpose()
}

fn number(headers: &HeaderMap, name: &HeaderName) -> Result<u64> {
    let said = text(headers, name)?.ok_or_else(|| wrong(name, "it is missing"))?;
    said.trim().parse().map_err(|_| wrong(name, &format!("'{said}' is no number of bytes")))
}

fn wrong(name: &HeaderName, why: &str) -> Error {
    Error::new(Code::BadRequest, format!("the header '{name}' is wrong: {why}")).fix("see the section on uploads in docs/api.md")
}

/// The file that the headers of a new upload tell of.
fn wanted(headers: &HeaderMap) -> Result<NewUpload> {
    if headers.contains_key("upload-defer-length") {
        return Err(wrong(&LENGTH, "the size must be known when an upload begins"));
    }
    let size_bytes = number(headers, &LENGTH)?;
    let metadata = metadata(text(headers, &METADATA)?.unwrap_or_default())?;
    let needed = |name: &str| metadata.get(name).cloned().ok_or_else(|| wrong(&METADATA, &format!("'{name}' is missing")));
    let mode = match metadata.get("mode") {
        None => None,
        Some(text) => Some(u32::from_str_radix(text, 8).map_err(|_| wrong(&METADATA, &format!("'{text}' is no mode, such as 644")))?),
    };
    Ok(NewUpload { container: needed("container")?, path: needed("path")?, mode, size_bytes })
}

/// Names, each with a value in base64.
fn metadata(text: &str) -> Result<BTreeMap<String, String>> {
    let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once(' ').unwrap_or((pair, ""));
        let value = STANDARD.decode(value.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        value.map(|value| (name.to_owned(), value)).ok_or_else(|| wrong(&METADATA, &format!("the value of '{name}' is no text in base64")))
    });
    pairs.collect()
}

fn checksum(headers: &HeaderMap) -> Result<Option<Checksum>> {
    let Some(text) = text(headers, &CHECKSUM)? else { return Ok(None) };
    let (kind, value) = text.trim().split_once(' ').ok_or_else(|| wrong(&CHECKSUM, "write 'sha256', a space, and the checksum in base64"))?;
    let bytes = STANDARD.decode(value.trim()).map_err(|_| wrong(&CHECKSUM, "it is no base64"))?;
    match kind {
        "sha1" => Ok(Some(Checksum::Sha1(bytes))),
        "sha256" => Ok(Some(Checksum::Sha256(bytes))),
        other => Err(wrong(&CHECKSUM, &format!("'{other}' is none of sha256, sha1"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    #[test]
    fn the_headers_of_a_new_upload_say_what_comes_and_where_it_goes() {
        let metadata = "container d2Vi,path L3Nydi9kYXRhLmJpbg==, mode NjQw,filename ZGF0YQ==,empty";
        let new = wanted(&all(&[("upload-length", "12"), ("upload-metadata", metadata)])).unwrap();
        assert_eq!(new, NewUpload { container: "web".to_owned(), path: "/srv/data.bin".to_owned(), mode: Some(0o640), size_bytes: 12 });
        for wrong in [
            &[("upload-metadata", metadata)][..],
            &[("upload-length", "-1"), ("upload-metadata", metadata)],
            &[("upload-length", "12")],
            &[("upload-length", "12"), ("upload-metadata", "container d2Vi")],
            &[("upload-length", "12"), ("upload-metadata", "container d2Vi,path ?")],
            &[("upload-length", "12"), ("upload-metadata", "container d2Vi,path L2E=,mode OTk=")],
            &[("upload-defer-length", "1"), ("upload-metadata", metadata)],
        ] {
            assert_eq!(wanted(&all(wrong)).unwrap_err().code, Code::BadRequest, "{wrong:?}");
        }
    }

    #[test]
    fn a_checksum_is_of_a_kind_that_is_known() {
        assert_eq!(checksum(&HeaderMap::new()).unwrap(), None);
        assert_eq!(checksum(&all(&[("upload-checksum", "sha1 AQI=")])).unwrap(), Some(Checksum::Sha1(vec![1, 2])));
        for wrong in ["sha1", "sha1 ?", "md5 AQI="] {
            assert!(checksum(&all(&[("upload-checksum", wrong)])).is_err(), "{wrong}");
        }
    }
}
