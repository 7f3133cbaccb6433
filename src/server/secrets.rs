//! Answers that hold secrets: nobody on the way keeps them, and they are not compressed.
//!
//! What is compressed together with text that somebody else may choose tells by its length whether that text is in it, too
//! (<https://www.breachattack.com/>).
use crate::model::*;
use axum::http::Extensions;
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::Version;
use axum::http::header;
use axum::response::Response;

/// Endpoints whose answers hold a secret.
const HOLD: [&str; 12] = [
    GetMe::NAME,
    SetUpFirst::NAME,
    LogInAs::NAME,
    CreateTokenFor::NAME,
    CreateTokenOfMe::NAME,
    CreateShareOf::NAME,
    OpenShareOf::NAME,
    CreateWebhook::NAME,
    RotateWebhook::NAME,
    CreateTrigger::NAME,
    PutTrigger::NAME,
    RotateTrigger::NAME,
];

/// The mark of such an answer.
#[derive(Clone, Copy, Debug)]
struct Secret;

/// The answer of an endpoint, with the mark where it holds a secret.
pub(super) fn marked<E: Endpoint>(mut response: Response) -> Response {
    if HOLD.contains(&E::NAME) {
        response.extensions_mut().insert(Secret);
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// Whether an answer may be compressed as far as secrets go.
pub(super) fn none(_: StatusCode, _: Version, _: &HeaderMap, extensions: &Extensions) -> bool {
    extensions.get::<Secret>().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::collections::BTreeSet;

    /// Whether a schema has a field that is a secret, at any depth.
    fn tells(document: &Value, schema: &Value, seen: &mut BTreeSet<String>) -> bool {
        match schema {
            Value::Object(fields) => {
                let text = |field: &Value| field["type"] == "string" || field["type"].as_array().is_some_and(|kinds| kinds.contains(&"string".into()));
                let named = |name: &str| schema.pointer(&format!("/properties/{name}")).is_some_and(text);
                if ["secret", "csrf", "token", "code"].into_iter().any(named) {
                    return true;
                }
                if let Some(target) = fields.get("$ref").and_then(Value::as_str) {
                    return seen.insert(target.to_owned())
                        && document.pointer(target.trim_start_matches('#')).is_some_and(|schema| tells(document, schema, seen));
                }
                fields.values().any(|value| tells(document, value, seen))
            }
            Value::Array(items) => items.iter().any(|item| tells(document, item, seen)),
            _ => false,
        }
    }

    #[test]
    fn every_answer_that_holds_a_secret_is_marked() {
        let document = crate::server::openapi();
        let operations = document["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values());
        let holding = operations.filter(|operation| {
            let mut replies = operation["responses"].as_object().unwrap().iter().filter(|(status, _)| status.starts_with('2'));
            replies.any(|(_, reply)| tells(&document, reply, &mut BTreeSet::new()))
        });
        let names: BTreeSet<&str> = holding.map(|operation| operation["operationId"].as_str().unwrap()).collect();
        assert_eq!(names, BTreeSet::from(HOLD));
    }
}
