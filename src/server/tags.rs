//! What stands in the headers of answers beside their content: the revision of a document, also as what a change counts on, and where the next page is.
use super::fields::Fields;
use super::problem::Refusal;
use crate::error::Error;
use crate::error::Result;
use crate::model::Answer;
use crate::model::Code;
use crate::model::Endpoint;
use crate::model::Habits;
use crate::model::Method;
use crate::model::Revisions;
use axum::http::HeaderMap;
use axum::http::HeaderName;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::http::header;
use axum::response::IntoResponse as _;
use axum::response::Response;
use percent_encoding::NON_ALPHANUMERIC;
use percent_encoding::utf8_percent_encode;
use serde::Deserialize;
use serde_json::Value;
use serde_json::json;
use sha2::Digest as _;
use sha2::Sha256;

/// What every revision begins with in a tag.
const BEFORE: &str = "rev-";

/// The request with what its headers say that it replaces. The check itself is made with the change, by whoever makes it.
pub(super) fn replacing<E: Endpoint>(request: E::Request, headers: &HeaderMap) -> Result<E::Request> {
    let Some(said) = said::<E>(headers)? else { return Ok(request) };
    let broken = |error: serde_json::Error| Error::new(Code::BadRequest, format!("the revision is not understood: {error}"));
    let mut fields = serde_json::to_value(request).map_err(broken)?;
    if fields.get("replaces").is_some_and(|replaces| *replaces != said) {
        return Err(Error::new(Code::BadRequest, "the headers and 'replaces' say different revisions").fix("say it once"));
    }
    fields["replaces"] = said;
    serde_json::from_value(fields).map_err(broken)
}

/// What `If-Match` or `If-None-Match` says is replaced, as `replaces` would say it. Where nothing can be, saying so is refused: what was asked to be
/// conditional must not be done without.
pub(super) fn said<E: Endpoint>(headers: &HeaderMap) -> Result<Option<Value>> {
    if E::METHOD == Method::Get {
        return Ok(None);
    }
    let only = |name: HeaderName| {
        let mut values = headers.get_all(&name).into_iter();
        match (values.next().map(HeaderValue::to_str), values.next()) {
            (None, _) => Ok(None),
            (Some(Ok(value)), None) => Ok(Some(value.trim().to_owned())),
            _ => Err(Error::new(Code::BadRequest, format!("'{name}' says one revision, such as \"rev-17\""))),
        }
    };
    let (matches, none) = (only(header::IF_MATCH)?, only(header::IF_NONE_MATCH)?);
    let (revisions, text) = match (E::HABITS.replaces, matches, none) {
        (_, None, None) => return Ok(None),
        (None, ..) => return Err(Error::new(Code::BadRequest, "nothing with revisions is changed here").fix("leave 'If-Match' and 'If-None-Match' out")),
        (Some(revisions), None, Some(none)) if none == "*" => return Ok(Some(nothing_yet(revisions))),
        (Some(revisions), Some(text), None) => (revisions, text),
        _ => {
            let error = Error::new(Code::BadRequest, "of 'If-Match' with a revision and 'If-None-Match: *', one can be said");
            return Err(error.fix("read the document, and send its ETag as If-Match"));
        }
    };
    let revision = revision_in(&text).ok_or_else(|| {
        let error = Error::new(Code::BadRequest, format!("'{text}' in 'If-Match' is no revision of a document here"));
        error.fix("send the ETag that the document came with, such as \"rev-17\"")
    })?;
    Ok(Some(match revisions {
        Revisions::Hashes => json!(revision),
        // No document has this one.
        Revisions::Numbers => json!(revision.parse::<i64>().unwrap_or(-1)),
    }))
}

/// What `replaces` says where there must be nothing yet.
fn nothing_yet(revisions: Revisions) -> Value {
    match revisions {
        Revisions::Numbers => json!(0),
        Revisions::Hashes => json!(""),
    }
}

/// The revision that a tag names. A proxy that compresses makes a tag weak; it means the same revision still.
fn revision_in(tag: &str) -> Option<&str> {
    let inner = tag.strip_prefix("W/").unwrap_or(tag).strip_prefix('"')?.strip_suffix('"')?.strip_prefix(BEFORE)?;
    let revision = inner.split('.').next().unwrap_or_default();
    (!revision.is_empty() && revision.bytes().all(|byte| byte.is_ascii_alphanumeric())).then_some(revision)
}

/// The tag of a document of this revision.
pub(super) fn tag_of(revision: &str, content: Option<&[u8]>) -> Option<HeaderValue> {
    let moved: String = content.map(|content| Sha256::digest(content).iter().take(6).map(|byte| format!("{byte:02x}")).collect()).unwrap_or_default();
    let dot = if moved.is_empty() { "" } else { "." };
    HeaderValue::from_str(&format!("\"{BEFORE}{revision}{dot}{moved}\"")).ok()
}

/// The answer with this reply, or with these fields of it: with its tag where it is a document, or 304 where the caller has it already.
pub(super) fn answer<E: Endpoint>(reply: E::Reply, fields: Option<&Fields>, headers: &HeaderMap, uri: &Uri) -> Result<Response, Refusal> {
    let status = match E::ANSWER {
        Answer::Nothing => return Ok(StatusCode::NO_CONTENT.into_response()),
        Answer::Created => StatusCode::CREATED,
        Answer::Json | Answer::Operation | Answer::Bytes(_) | Answer::Upgrade(_) => StatusCode::OK,
    };
    let broken = |error: serde_json::Error| Error::internal(format!("an answer can't be written: {error}"));
    let content = match fields {
        None => serde_json::to_vec(&reply),
        Some(fields) => serde_json::to_value(&reply).and_then(|reply| serde_json::to_vec(&fields.of(reply))),
    };
    let content = content.map_err(broken)?;
    let Habits { revision: Some(pointer), moves, .. } = E::HABITS else {
        let next = if is_page::<E>() { next_page(&content, uri) } else { None };
        let mut response = (status, [(header::CONTENT_TYPE, "application/json")], content).into_response();
        if let Some(next) = next {
            response.headers_mut().insert(header::LINK, next);
        }
        return Ok(response);
    };
    let revision = match serde_json::to_value(&reply).map_err(broken)?.pointer(pointer) {
        Some(Value::String(hash)) if !hash.is_empty() => hash.clone(),
        Some(Value::Number(version)) => version.to_string(),
        // What can't be read has no revision.
        _ => return Ok((status, [(header::CONTENT_TYPE, "application/json")], content).into_response()),
    };
    // What a change answers shows the document in another form, and what is to be replaced next is its revision alone.
    let reads = E::METHOD == Method::Get;
    let Some(tag) = tag_of(&revision, (reads && moves).then_some(content.as_slice())) else {
        return Ok((status, [(header::CONTENT_TYPE, "application/json")], content).into_response());
    };
    let known = reads && has(headers, &tag);
    let mut response = match known {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => (status, [(header::CONTENT_TYPE, "application/json")], content).into_response(),
    };
    response.headers_mut().insert(header::ETAG, tag);
    // A browser may keep it, but asks each time whether it is so still.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    Ok(response)
}

/// Whether an endpoint answers with lists that come in pages.
pub(super) fn is_page<E: Endpoint>() -> bool {
    let reply = std::any::type_name::<E::Reply>();
    E::METHOD == Method::Get && (reply.contains("::Page<") || reply.ends_with("Page"))
}

/// Where the next page is (RFC 8288), seen from this one: whatever stands before the server needs not be known for that.
fn next_page(content: &[u8], uri: &Uri) -> Option<HeaderValue> {
    #[derive(Deserialize)]
    struct End {
        #[serde(default)]
        next_cursor: Option<String>,
    }
    let cursor = serde_json::from_slice::<End>(content).ok()?.next_cursor?;
    let asked = uri.query().unwrap_or_default().split('&').filter(|field| !field.is_empty() && field.split('=').next() != Some("cursor"));
    let fields: Vec<String> = asked.map(str::to_owned).chain([format!("cursor={}", utf8_percent_encode(&cursor, NON_ALPHANUMERIC))]).collect();
    HeaderValue::from_str(&format!("<?{}>; rel=\"next\"", fields.join("&"))).ok()
}

/// Whether the caller says that they have what has this tag.
fn has(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    let Ok(tag) = tag.to_str() else { return false };
    let all = headers.get_all(header::IF_NONE_MATCH).into_iter().filter_map(|value| value.to_str().ok()).flat_map(|line| line.split(','));
    all.map(str::trim).any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::DeleteLayout;
    use crate::model::PutScript;
    use crate::model::RemoveVersion;
    use crate::model::SaveScript;
    use crate::model::StartContainer;

    fn with(name: &'static str, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name.parse().unwrap(), value.parse().unwrap())])
    }

    #[test]
    fn headers_say_what_is_replaced_as_the_request_does() {
        let one = |headers: &HeaderMap| replacing::<DeleteLayout>(RemoveVersion::default(), headers).map(|request| request.replaces);
        assert_eq!(one(&HeaderMap::new()).unwrap(), None);
        for tag in ["\"rev-17\"", "W/\"rev-17\"", " \"rev-17.0a1b\" "] {
            assert_eq!(one(&with("if-match", tag)).unwrap(), Some(17), "{tag}");
        }
        assert_eq!(one(&with("if-match", "\"rev-x\"")).unwrap(), Some(-1), "no document has it");
        assert_eq!(one(&with("if-none-match", "*")).unwrap(), Some(0));
        for (name, value) in
            [("if-match", "*"), ("if-match", "rev-17"), ("if-match", "\"17\""), ("if-match", "\"rev-1\", \"rev-2\""), ("if-none-match", "\"rev-1\"")]
        {
            assert_eq!(one(&with(name, value)).unwrap_err().code, Code::BadRequest, "{name}: {value}");
        }
        let twice = |replaces| replacing::<DeleteLayout>(RemoveVersion { replaces: Some(replaces) }, &with("if-match", "\"rev-3\""));
        assert!(twice(3).is_ok() && twice(4).is_err());
        let script = replacing::<PutScript>(SaveScript::default(), &with("if-none-match", "*")).unwrap();
        assert_eq!(script.replaces.as_deref(), Some(""));
        assert_eq!(replacing::<StartContainer>(crate::model::Empty {}, &with("if-match", "\"rev-1\"")).unwrap_err().code, Code::BadRequest);
    }

    #[test]
    fn the_next_page_is_found_from_this_one() {
        let uri = |text: &str| text.parse::<Uri>().unwrap();
        let next = |content: &str, text: &str| next_page(content.as_bytes(), &uri(text)).map(|value| value.to_str().unwrap().to_owned());
        let more = r#"{"items":[{"next_cursor":"not this"}],"next_cursor":"a b/c"}"#;
        assert_eq!(next(more, "/api/v1/users?limit=2&cursor=x&q=an").unwrap(), "<?limit=2&q=an&cursor=a%20b%2Fc>; rel=\"next\"");
        assert_eq!(next(more, "/api/v1/users").unwrap(), "<?cursor=a%20b%2Fc>; rel=\"next\"");
        assert_eq!(next(r#"{"items":[{"next_cursor":"not this"}]}"#, "/x"), None);
    }

    #[test]
    fn a_tag_is_known_by_what_it_says() {
        let tag = tag_of("17", None).unwrap();
        assert_eq!(tag, "\"rev-17\"");
        assert!(has(&with("if-none-match", "\"rev-1\", W/\"rev-17\""), &tag) && has(&with("if-none-match", "*"), &tag));
        assert!(!has(&with("if-none-match", "\"rev-1\""), &tag) && !has(&HeaderMap::new(), &tag));
        assert_ne!(tag_of("17", Some(b"a")), tag_of("17", Some(b"b")), "what moves has another tag");
    }
}
