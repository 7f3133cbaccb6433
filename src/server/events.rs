//! Events as server-sent events, for programs and for proxies that cut WebSockets.
//!
//! See <https://html.spec.whatwg.org/multipage/server-sent-events.html>. An event's id is `BOOT-NUMBER`: numbers count within one start of the
//! server, and whoever comes back with one of another start is told to list again.
use super::routes::Ask;
use crate::error::Result;
use crate::model::EventQuery;
use crate::model::Numbered;
use axum::http::HeaderValue;
use axum::http::header;
use axum::response::IntoResponse as _;
use axum::response::Response;
use axum::response::sse::Event;
use axum::response::sse::KeepAlive;
use axum::response::sse::Sse;
use std::convert::Infallible;
use std::time::Duration;

/// How often something is sent, so that proxies see that the connection lives.
const BEAT: Duration = Duration::from_secs(15);
/// How long clients are told to wait before they come back.
const RETRY: Duration = Duration::from_secs(2);

/// `GET /api/v1/events`.
pub(super) async fn watch(ask: Ask, query: EventQuery) -> Result<Response> {
    let boot = ask.control.boot_id().to_owned();
    let after = ask.last_event_id.as_ref().or(query.after.as_ref()).map(|id| number_of(id, &boot));
    let events = ask.control.subscribe_events(&ask.actor, after).await?;
    let kinds: Option<Vec<String>> = query.kinds.map(|list| list.split(',').map(|kind| kind.trim().to_owned()).collect());
    let closing = ask.control.shutdown();
    let stream = futures_util::stream::unfold((events, closing, kinds, boot, true), |(mut events, closing, kinds, boot, first)| async move {
        if first {
            // Said at once, so that a client knows that it is connected.
            return Some((Ok(Event::default().comment("connected").retry(RETRY)), (events, closing, kinds, boot, false)));
        }
        loop {
            let numbered = tokio::select! {
                event = events.recv() => event?,
                () = closing.cancelled() => return None,
            };
            if let Some(event) = told(&numbered, kinds.as_deref(), &boot) {
                return Some((Ok::<_, Infallible>(event), (events, closing, kinds, boot, false)));
            }
        }
    });
    let mut response = Sse::new(stream).keep_alive(KeepAlive::new().interval(BEAT).text("still here")).into_response();
    // nginx would keep events back until its buffer is full.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// The number in an id of this start of the server; one that no event has for any other.
fn number_of(id: &str, boot: &str) -> u64 {
    id.strip_prefix(boot).and_then(|rest| rest.strip_prefix('-')?.parse().ok()).unwrap_or(u64::MAX)
}

fn told(numbered: &Numbered, kinds: Option<&[String]>, boot: &str) -> Option<Event> {
    let json = serde_json::to_value(numbered).ok()?;
    let kind = json["type"].as_str().unwrap_or_default().to_owned();
    if kind != "resync" && kinds.is_some_and(|kinds| !kinds.contains(&kind)) {
        return None;
    }
    Some(Event::default().id(format!("{boot}-{}", numbered.seq)).event(kind).data(json.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_another_start_are_none_of_this_one() {
        assert_eq!(number_of("abc-12", "abc"), 12);
        for other in ["abd-12", "abc", "abc-", "abc-x", "12", ""] {
            assert_eq!(number_of(other, "abc"), u64::MAX, "{other}");
        }
    }
}
