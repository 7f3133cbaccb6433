//! The web page: files that build.rs put into the program.
use super::Door;
use super::openapi;
use super::problem::Refusal;
use crate::error::Error;
use crate::model::Code;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::http::header;
use axum::response::IntoResponse as _;
use axum::response::Response;
use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use std::sync::LazyLock;

/// Path below the page's root, and content.
static FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/web.rs"));

/// The reference of the API, made by a few lines of script from `/openapi.json`.
const REFERENCE: &str = include_str!("reference.html");

/// Only what cto serves itself may run, be loaded or be spoken to. Terminals set styles of their own.
const POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self' ws: wss:; \
                      object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Everything that is no route: a file of the page, or the page itself where a path has no ending (the page routes by itself).
pub(super) async fn serve(State(door): State<Door>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    if path == "api" || path.starts_with("api/") {
        return Refusal::from(Error::new(Code::NotFound, format!("nothing is served at '{}'", uri.path())).fix("see /docs for what is")).into_response();
    }
    if method != Method::GET && method != Method::HEAD {
        return not_allowed().await;
    }
    let wanted = FILES.iter().find(|(name, _)| *name == path);
    let page = || FILES.iter().find(|(name, _)| *name == "index.html").filter(|_| asks_for_a_page(path, &headers));
    match wanted.or_else(page) {
        Some((name, bytes)) if *name == "index.html" => file(name, based(bytes, &door.base), &headers),
        Some((name, bytes)) => file(name, Bytes::from_static(bytes), &headers),
        None => Refusal::from(Error::new(Code::NotFound, format!("nothing is served at '{}'", uri.path()))).into_response(),
    }
}

/// Whether a path is one of the page's own: such as a script's name, which may have a dot, where a browser wants to show it.
fn asks_for_a_page(path: &str, headers: &HeaderMap) -> bool {
    let wants = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    !path.rsplit('/').next().unwrap_or_default().contains('.') || wants.contains("text/html") && !path.starts_with("assets/")
}

/// A path that is served, with a method that is not.
pub(super) async fn not_allowed() -> Response {
    Refusal::with_status(StatusCode::METHOD_NOT_ALLOWED, Code::BadRequest, "this path does not take this method").into_response()
}

/// `GET /openapi.json`: as long as the program is the same, so is this.
pub(super) async fn description(headers: HeaderMap) -> Response {
    static DESCRIPTION: LazyLock<Bytes> = LazyLock::new(|| openapi::document().to_string().into());
    file("openapi.json", DESCRIPTION.clone(), &headers)
}

/// `GET /docs`.
pub(super) async fn reference() -> Response {
    // The page's script is inline: it is named by its hash.
    let script = REFERENCE.split("<script>").nth(1).and_then(|rest| rest.split("</script>").next()).unwrap_or_default();
    let hash = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, Sha256::digest(script));
    let policy = POLICY.replace("script-src 'self'", &format!("script-src 'sha256-{hash}'"));
    let mut response = Response::new(Body::from(REFERENCE));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    guard(response.headers_mut(), &policy);
    response
}

/// The page, told below which path it is shown: its files are named from there, and so is the API.
fn based(page: &'static [u8], base: &str) -> Bytes {
    if base.is_empty() {
        return Bytes::from_static(page);
    }
    let page = String::from_utf8_lossy(page);
    page.replace("name=\"cto-base\" content=\"/\"", &format!("name=\"cto-base\" content=\"{base}/\""))
        .replace("src=\"/", &format!("src=\"{base}/"))
        .replace("href=\"/", &format!("href=\"{base}/"))
        .into()
}

fn file(name: &str, bytes: Bytes, headers: &HeaderMap) -> Response {
    // Weak: what is sent may be compressed, and is the same file for that.
    let etag = format!("W/\"{}\"", Sha256::digest(&bytes).iter().take(12).map(|byte| format!("{byte:02x}")).collect::<String>());
    let known = knows(headers, &etag);
    let mut response = Response::new(if known { Body::empty() } else { Body::from(bytes) });
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(name)));
    // Names in assets/ hold a hash of their content; the page itself must be asked for each time.
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(if name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" }));
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        out.insert(header::ETAG, etag);
    }
    guard(out, POLICY);
    response
}

/// Whether who asks has this file already.
fn knows(headers: &HeaderMap, etag: &str) -> bool {
    let mut tags = headers.get_all(header::IF_NONE_MATCH).into_iter().filter_map(|value| value.to_str().ok()).flat_map(|list| list.split(','));
    tags.any(|tag| tag.trim() == "*" || tag.trim().trim_start_matches("W/") == etag.trim_start_matches("W/"))
}

fn guard(headers: &mut HeaderMap, policy: &str) {
    if let Ok(policy) = HeaderValue::from_str(policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "json" | "map" => "application/json",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
