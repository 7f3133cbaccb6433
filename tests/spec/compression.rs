//! What is compressed on its way, what is not, and what a browser need not ask for again.
use super::support::http::Door;
use super::support::http::http;
use cto::model::*;
use serde_json::json;
use std::io::Read as _;

/// The answer to who takes what `accept` says, as far as its head; with `none_match`, to who has that already.
async fn get(door: &Door, path: &str, token: Option<&str>, accept: &str, none_match: Option<&str>) -> reqwest::Response {
    let mut request = http().get(door.url(path)).header("accept-encoding", accept);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if let Some(tag) = none_match {
        request = request.header("if-none-match", tag);
    }
    request.send().await.unwrap()
}

fn header<'a>(response: &'a reqwest::Response, name: &str) -> Option<&'a str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn text_is_compressed_for_who_takes_that_and_whole_for_the_others() {
    let door = Door::open().await;
    let token = door.token(Role::Viewer).await;
    for (path, token) in [("/", None), ("/docs", None), ("/openapi.json", None), ("/api/v1/templates", Some(token.as_str()))] {
        let packed = get(&door, path, token, "br;q=0.9, gzip, deflate", None).await;
        assert_eq!(
            (packed.status().as_u16(), header(&packed, "content-encoding"), header(&packed, "vary")),
            (200, Some("gzip"), Some("accept-encoding")),
            "{path}"
        );
        let packed = packed.bytes().await.unwrap();
        let whole = get(&door, path, token, "identity", None).await;
        assert_eq!((header(&whole, "content-encoding"), header(&whole, "vary")), (None, Some("accept-encoding")), "{path}");
        let whole = whole.bytes().await.unwrap();
        let mut unpacked = Vec::new();
        flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, whole, "{path}");
        assert!(packed.len() * 10 < whole.len() * 7, "{path}: {} of {}", packed.len(), whole.len());
    }
}

#[tokio::test]
async fn files_with_a_hash_in_their_name_are_kept_and_the_others_asked_for_again() {
    let door = Door::open().await;
    let page = get(&door, "/", None, "gzip", None).await;
    assert_eq!(header(&page, "cache-control"), Some("no-cache"));
    let tag = header(&page, "etag").unwrap().to_owned();
    // Proxies that compress say so by a 'W/', and some send several.
    for known in [tag.clone(), tag.trim_start_matches("W/").to_owned(), format!("\"x\", {tag}")] {
        let again = get(&door, "/", None, "gzip", Some(&known)).await;
        assert_eq!((again.status().as_u16(), again.bytes().await.unwrap().len()), (304, 0), "{known}");
    }
    assert_eq!(get(&door, "/", None, "gzip", Some("\"other\"")).await.status().as_u16(), 200);
    let text = http().get(door.url("/")).send().await.unwrap().text().await.unwrap();
    let Some(asset) = text.split('"').find(|part| part.starts_with("/assets/")) else { return };
    let asset = get(&door, asset, None, "gzip", None).await;
    assert_eq!(header(&asset, "cache-control"), Some("public, max-age=31536000, immutable"));
    assert_eq!(header(&asset, "content-encoding"), Some("gzip"));
}

#[tokio::test]
async fn events_and_secrets_are_not_compressed() {
    let door = Door::open().await;
    let token = door.token(Role::Admin).await;
    let events = get(&door, "/api/v1/events", Some(&token), "gzip", None).await;
    assert_eq!((header(&events, "content-type"), header(&events, "content-encoding")), (Some("text/event-stream"), None));
    let me = get(&door, "/api/v1/me", Some(&token), "gzip", None).await;
    assert_eq!((header(&me, "cache-control"), header(&me, "content-encoding")), (Some("no-store"), None));
    let wish = json!({"user": "user-admin", "role": "viewer"});
    let made = http().post(door.url("/api/v1/tokens")).bearer_auth(&token).header("accept-encoding", "gzip").json(&wish).send().await.unwrap();
    assert_eq!((made.status().as_u16(), header(&made, "cache-control"), header(&made, "content-encoding")), (201, Some("no-store"), None));
}

#[tokio::test]
async fn a_path_that_is_no_text_is_refused_as_everything_else_is() {
    let door = Door::open().await;
    let token = door.token(Role::Viewer).await;
    let (status, problem) = door.ask(Some(&token), Method::Get, "/api/v1/containers/%ff", None).await;
    assert_eq!((status, problem["code"].as_str()), (400, Some("bad_request")), "{problem}");
}

#[tokio::test]
async fn who_takes_an_answer_in_no_form_gets_it_as_it_is_and_what_they_asked_for_is_done_once() {
    let door = Door::open().await;
    let token = door.token(Role::Admin).await;
    for (number, accept) in ["identity;q=0", "*;q=0", "gzip;q=0, *;q=0", "br, identity;q=0"].into_iter().enumerate() {
        let wish = json!({"name": format!("user-{number}"), "role": "viewer"});
        let made = http().post(door.url("/api/v1/users")).bearer_auth(&token).header("accept-encoding", accept).json(&wish).send().await.unwrap();
        assert_eq!((made.status().as_u16(), header(&made, "content-encoding")), (201, None), "{accept}");
        let read = get(&door, "/api/v1/templates", Some(&token), accept, None).await;
        assert_eq!((read.status().as_u16(), header(&read, "content-encoding")), (200, None), "{accept}");
        assert!(read.text().await.unwrap().starts_with("{\"items\""), "{accept}");
    }
    let packed = get(&door, "/api/v1/templates", Some(&token), "identity;q=0, gzip;q=0.5", None).await;
    assert_eq!(header(&packed, "content-encoding"), Some("gzip"));
}
