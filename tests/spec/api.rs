//! What the description of the API says is so: its examples, its schemas, its events.
use super::support::http::Door;
use super::support::http::http;
use cto::model::*;
use futures_util::StreamExt as _;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;

/// One operation of the description.
struct Operation {
    method: reqwest::Method,
    path: String,
    by_query: bool,
    /// The subprotocol of what becomes a WebSocket.
    protocol: Option<String>,
    schema: BTreeMap<u16, Value>,
}

/// The operations by their ids.
fn operations(document: &Value) -> BTreeMap<String, Operation> {
    let mut all = BTreeMap::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let responses = operation["responses"].as_object().unwrap();
            let schema = responses.iter().filter_map(|(status, response)| {
                let schema = response.pointer("/content/application~1json/schema").cloned().unwrap_or(Value::Null);
                Some((status.parse().ok()?, schema))
            });
            let operation = Operation {
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
                by_query: operation.pointer("/requestBody/content/application~1json").is_none(),
                protocol: responses.get("101").and_then(|response| response["description"].as_str()?.split('`').nth(1).map(str::to_owned)),
                schema: schema.collect(),
            };
            all.insert(item[method]["operationId"].as_str().unwrap().to_owned(), operation);
        }
    }
    all
}

/// What is wrong with `value` as the schema says it must be.
fn mistakes(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut schema = schema.clone();
    schema["components"] = document["components"].clone();
    let validator = jsonschema::validator_for(&schema).unwrap();
    validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// How long an answer may take to become what `until` says.
const PATIENCE: Duration = Duration::from_secs(60);

/// What an example says beside the request that the description shows: who asks (`as`, a token), how long is waited (`wait`), what is in the archive
/// that is the body (`files`), the secret that it is signed with (`sign`), what `Upload-Metadata` says (`metadata`), the piece that is the body (`piece`), what the answer is asked for again until (`until`: what must be at each pointer,
/// `true` for anything), and what of the answer later examples name (`keep`).
struct Walk<'a> {
    door: &'a Door,
    operations: BTreeMap<String, Operation>,
    token: String,
}

impl Walk<'_> {
    /// The answer to an example's request: status, and the body as far as it ends.
    async fn ask(&self, asked: &Value) -> (u16, Value) {
        let name = asked["endpoint"].as_str().unwrap();
        let operation = self.operations.get(name).unwrap_or_else(|| panic!("there is no endpoint '{name}'"));
        let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let escaped = |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
        let mut values = asked["path"].as_array().into_iter().flatten().map(|value| escaped(value.as_str().unwrap()));
        let path: Vec<String> = operation.path.split('/').map(|part| if part.starts_with('{') { values.next().unwrap() } else { part.to_owned() }).collect();
        let mut url = self.door.url(&path.join("/"));
        if let (Some(fields), true) = (asked["request"].as_object(), operation.by_query) {
            let pairs: Vec<String> = fields.iter().map(|(key, value)| format!("{key}={}", escaped(&plain(value)))).collect();
            url = format!("{url}?{}", pairs.join("&"));
        }
        let token = asked["as"].as_str().unwrap_or(&self.token);
        if let Some(protocol) = &operation.protocol {
            return (self.upgrades(&url, protocol, token).await, Value::Null);
        }
        let mut request = http().request(operation.method.clone(), url).bearer_auth(token);
        if let Some(body) = asked.get("request").filter(|_| !operation.by_query) {
            request = request.json(body);
        }
        if let Some(files) = asked["files"].as_object() {
            request = request.header("content-type", TAR_MEDIA).body(archive(files));
        }
        if let Some(secret) = asked["sign"].as_str() {
            let (id, at) = ("msg_1", jiff::Timestamp::now().as_second().to_string());
            let signature = super::hooks::signature(secret, id, &at, "{}");
            request = request.header("webhook-id", id).header("webhook-timestamp", at).header("webhook-signature", signature).body("{}");
        }
        for (name, value) in asked["headers"].as_object().into_iter().flatten() {
            if name != "Upload-Metadata" {
                request = request.header(name, value.as_str().unwrap());
            }
        }
        if let Some(metadata) = asked["metadata"].as_object() {
            let written =
                |(name, value): (&String, &Value)| format!("{name} {}", base64::Engine::encode(&base64::prelude::BASE64_STANDARD, value.as_str().unwrap()));
            request = request.header("upload-metadata", metadata.iter().map(written).collect::<Vec<_>>().join(","));
        }
        if let Some(piece) = asked["piece"].as_str() {
            request = request.header("content-type", PIECE_MEDIA).body(piece.to_owned());
        }
        if let Some(wait) = asked["wait"].as_u64() {
            request = request.header("prefer", format!("wait={wait}"));
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        if response.headers().get("content-type").is_some_and(|kind| kind == "text/event-stream") {
            return (status, Value::Null);
        }
        (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or(Value::Null))
    }

    /// The status of a handshake.
    async fn upgrades(&self, url: &str, protocol: &str, token: &str) -> u16 {
        use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
        let mut request = url.replacen("http", "ws", 1).into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", protocol.parse().unwrap());
        request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        let stream = tokio::net::TcpStream::connect(self.door.address).await.unwrap();
        tokio_tungstenite::client_async(request, stream).await.unwrap().1.status().as_u16()
    }

    /// The answer, once it is as `until` says.
    async fn patiently(&self, asked: &Value) -> (u16, Value) {
        let Some(until) = asked["until"].as_object() else { return self.ask(asked).await };
        let wanted = async {
            loop {
                let (status, reply) = self.ask(asked).await;
                let is = |(pointer, value): (&String, &Value)| reply.pointer(pointer).is_some_and(|there| there == value || *value == json!(true));
                if status < 300 && until.iter().all(is) {
                    return (status, reply);
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, wanted).await.unwrap_or_else(|_| panic!("{asked}"))
    }
}

/// A tar of these files.
fn archive(files: &serde_json::Map<String, Value>) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, text) in files {
        let text = text.as_str().unwrap().as_bytes();
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, text).unwrap();
    }
    archive.into_inner().unwrap()
}

fn examples() -> Vec<Value> {
    serde_json::from_str(include_str!("../../src/server/examples.json")).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_example_of_the_description_is_answered_as_the_description_says() {
    let mut door = Door::open().await;
    let document = cto::server::openapi();
    let code = door.plane.control.begin_setup().await.unwrap().unwrap();
    let walk = Walk { door: &door, operations: operations(&document), token: door.token(Role::Admin).await };
    // Names of this test's own, and what came instead of the ids and secrets in the description.
    let mut instead = vec![("my-".to_owned(), format!("{}-my-", door.plane.prefix)), ("FIRST-START-CODE".to_owned(), code)];
    let mut wrong = Vec::new();
    for example in &examples() {
        let text = instead.iter().fold(example.to_string(), |text, (from, to)| text.replace(from, to));
        let asked: Value = serde_json::from_str(&text).unwrap();
        let name = asked["endpoint"].as_str().unwrap();
        let (status, reply) = walk.patiently(&asked).await;
        match walk.operations[name].schema.get(&status) {
            _ if status >= 400 => wrong.push(format!("{name} {}: {status}: {reply}", asked["path"])),
            None => wrong.push(format!("{name}: {status}, which is not described: {reply}")),
            Some(Value::Null) => {}
            Some(schema) => wrong.extend(mistakes(&document, schema, &reply).into_iter().map(|mistake| format!("{name}: {mistake}"))),
        }
        // The keys of `keep` are what the description shows; the values say where the real thing is in the reply.
        for (shown, pointer) in example["keep"].as_object().into_iter().flatten() {
            if let Some(real) = reply.pointer(pointer.as_str().unwrap()).and_then(Value::as_str) {
                instead.push((shown.clone(), real.to_owned()));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    door.close().await;
}

#[test]
fn every_endpoint_has_an_example() {
    let examples = examples();
    let shown: std::collections::BTreeSet<&str> = examples.iter().map(|example| example["endpoint"].as_str().unwrap()).collect();
    let operations = operations(&cto::server::openapi());
    let without: Vec<&String> = operations.keys().filter(|name| !shown.contains(name.as_str())).collect();
    assert!(without.is_empty(), "add one to src/server/examples.json: {without:?}");
}

/// The next event of a stream of server-sent events: its id, kind and data.
async fn next_event(text: &mut String, body: &mut (impl futures_util::Stream<Item = reqwest::Result<bytes::Bytes>> + Unpin)) -> (String, String, Value) {
    loop {
        if let Some((block, rest)) = text.split_once("\n\n") {
            let (block, rest) = (block.to_owned(), rest.to_owned());
            *text = rest;
            let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(&format!("{name}: "))).map(str::to_owned);
            if let (Some(id), Some(kind), Some(data)) = (field("id"), field("event"), field("data")) {
                return (id, kind, serde_json::from_str(&data).unwrap());
            }
            continue;
        }
        let piece = tokio::time::timeout(Duration::from_secs(30), body.next()).await.expect("something is sent").expect("the stream goes on").unwrap();
        text.push_str(&String::from_utf8_lossy(&piece));
    }
}

#[tokio::test]
async fn events_go_on_after_the_last_one_heard_and_another_start_means_listing_again() {
    let door = Door::open().await;
    let token = door.token(Role::Viewer).await;
    let watch = async |query: &str, last: Option<&str>| {
        let mut request = http().get(door.url(&format!("/api/v1/events{query}"))).bearer_auth(&token);
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = request.send().await.unwrap();
        assert_eq!((response.status().as_u16(), response.headers()["content-type"].to_str().unwrap()), (200, "text/event-stream"));
        Box::pin(response.bytes_stream())
    };
    let bus = &door.plane.control.parts().bus;
    let (mut text, mut body) = (String::new(), watch("?kinds=templates_changed", None).await);
    bus.publish(Event::SessionRemoved { id: SessionId::fresh() });
    bus.publish(Event::TemplatesChanged);
    let (first, kind, data) = next_event(&mut text, &mut body).await;
    assert_eq!((kind.as_str(), &data["type"]), ("templates_changed", &json!("templates_changed")));
    drop(body);
    // What happened while nobody listened is told to who says what they heard last.
    bus.publish(Event::SessionRemoved { id: SessionId::from("ses_meanwhile") });
    let (mut text, mut body) = (String::new(), watch("", Some(&first)).await);
    let (_, kind, data) = next_event(&mut text, &mut body).await;
    assert_eq!((kind.as_str(), &data["id"]), ("session_removed", &json!("ses_meanwhile")));
    let (mut text, mut body) = (String::new(), watch("?kinds=templates_changed", Some("another-start-1")).await);
    assert_eq!(next_event(&mut text, &mut body).await.1, "resync");
}
