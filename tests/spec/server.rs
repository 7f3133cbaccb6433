//! What the server promises on the wire.
use super::support::http::Door;
use super::support::http::read;
use super::support::plane::admin;
use cto::access::Scope;
use cto::access::scope;
use cto::client::ExecEvent;
use cto::client::StreamUpdate;
use cto::model::*;
use futures_util::SinkExt as _;
use futures_util::StreamExt as _;
use serde_json::Value;
use serde_json::json;
use sha2::Digest as _;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

/// One endpoint as plain data.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    name: &'static str,
    method: Method,
    path: &'static str,
    action: Option<Action>,
    answer: Answer,
}

fn table() -> Vec<Row> {
    struct Rows(Vec<Row>);
    impl EachEndpoint for Rows {
        fn visit<E: Endpoint>(&mut self) {
            self.0.push(Row { name: E::NAME, method: E::METHOD, path: E::PATH, action: E::ACTION, answer: E::ANSWER });
        }
    }
    let mut rows = Rows(Vec::new());
    each_endpoint(&mut rows);
    rows.0
}

/// A request that is well formed, about things that do not exist.
fn body(row: &Row) -> Option<Value> {
    if !matches!(row.method, Method::Post | Method::Put) {
        return None;
    }
    Some(match row.name {
        "CreateContainerFrom" | "RenderTemplate" => json!({"template": "no-such-template"}),
        "CreateSession" => json!({"container": "no-such-container"}),
        "TypeIntoSession" => json!({"text": "x"}),
        "ResizeSession" => json!({"cols": 80, "rows": 24}),
        "RenameContainer" => json!({"name": "another-name"}),
        "UpdateContainer" => json!({"pids": 10}),
        "CommitContainer" => json!({"image": "nothing-of-this-name"}),
        "UpStackFrom" | "PlanStack" => json!({"stack": "nothing-of-this-name"}),
        "PullImage" => json!({"image": "127.0.0.1:9/nobody/nothing:1"}),
        "PruneImages" => json!({"dry_run": true}),
        "PruneVolumes" | "PruneNetworks" | "CleanUp" => json!({"dry_run": true}),
        "CreateVolumeOf" | "CreateNetworkOf" => json!({"name": "-no-name"}),
        "RefreshImageOf" => json!({"launch": {"template": "no-such-template"}}),
        "ConnectNetwork" | "DisconnectNetwork" => json!({"container": "no-such-container"}),
        "TagImageAs" => json!({"name": "nothing-of-this-name"}),
        "PutLayout" => json!({"data": {}}),
        "CreateWebhook" => json!({"name": "-no-name", "to": {"kind": "terminal"}, "events": ["*"]}),
        "PutWebhook" => json!({"to": {"kind": "terminal"}, "events": ["*"]}),
        "CreateTrigger" | "PutTrigger" => json!({"name": "-no-name", "when": {"event": "hook"}, "run": {"script": "no-such-script"}}),
        "InstallPluginOf" | "CheckPlugin" => json!({"files": {}}),
        "RunPluginOf" => json!({"command": "no-such-command"}),
        "SetUpFirst" => json!({"code": "AAAA", "name": "someone", "password": "correct horse"}),
        "LogInAs" => json!({"name": "someone", "password": "wrong"}),
        "ChangePasswordOfMe" => json!({"old": "wrong", "new": "correct horse"}),
        "OpenShareOf" => json!({"code": "guess", "name": "somebody"}),
        "CreateUser" => json!({"name": "someone", "role": "viewer"}),
        _ => json!({}),
    })
}

#[test]
fn every_endpoint_is_routed_and_nothing_else_is() {
    let mut endpoints: Vec<_> = table().into_iter().map(|row| format!("{:?} {}", row.method, row.path)).collect();
    let mut routed: Vec<_> = cto::server::routed().into_iter().map(|(method, path)| format!("{method:?} {path}")).collect();
    endpoints.sort();
    routed.sort();
    assert_eq!(routed, endpoints);
}

/// Endpoints that are open to all, by what they do themselves.
const OPEN: [&str; 5] = ["GetSetup", "SetUpFirst", "LogInAs", "OpenShareOf", "ReceiveHook"];

#[tokio::test]
async fn every_route_lets_in_the_roles_of_the_table_and_nobody_else() {
    let door = Door::open().await;
    let mut wrong = Vec::new();
    let mut golden: Vec<(String, Vec<&str>)> =
        table().iter().map(|row| (format!("{:<6} {}", format!("{:?}", row.method).to_uppercase(), row.path), Vec::new())).collect();
    for role in [None, Some(Role::Viewer), Some(Role::Operator), Some(Role::Admin)] {
        let token = match role {
            Some(role) => Some(door.token(role).await),
            None => None,
        };
        for (at, row) in table().iter().enumerate() {
            let path = row.path.replace("{id}", "nothing-of-this-name").replace("{name}", "nothing-of-this-name");
            let open = OPEN.contains(&row.name);
            // Nothing would be left to ask.
            let ends_it = row.name == "StopServer" && role == Some(Role::Admin);
            let may = role.is_some_and(|role| row.action.is_none_or(|action| scope(role, action) != Scope::Nothing));
            golden[at].1.push(match () {
                () if open => "open",
                () if may => "yes",
                () if role.is_none() => "401",
                () => "403",
            });
            // A WebSocket says who it is in its first frame at the latest, and events never end: that is seen elsewhere.
            if ends_it || matches!(row.answer, Answer::Upgrade(_) | Answer::Bytes("text/event-stream")) {
                continue;
            }
            let (status, reply) = door.ask(token.as_deref(), row.method, &path, body(row)).await;
            // Who signs in, or comes in as a guest, with nonsense is told so as who has not signed in.
            let right = if open {
                status < 500 && status != 403
            } else if may {
                status < 500 && status != 401 && status != 403 || row.name == "ChangePasswordOfMe"
            } else {
                status == if role.is_none() { 401 } else { 403 }
            };
            if !right {
                wrong.push(format!("{role:?}: {} gave {status} {reply}", row.name));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    let mut text = format!("{:<60} {:<8} {:<8} {:<8} admin\n", "route", "nobody", "viewer", "operator");
    for (route, of) in golden {
        text.push_str(&format!("{route:<60} {:<8} {:<8} {:<8} {}\n", of[0], of[1], of[2], of[3]));
    }
    super::support::golden::golden("tests/golden/routes.txt", &text);
}

#[tokio::test]
async fn whatever_is_refused_is_a_problem_with_the_request_s_id() {
    let door = Door::open().await;
    let token = door.token(Role::Admin).await;
    let http = super::support::http::http();
    let post = |path: &str| http.post(door.url(path)).bearer_auth(&token);
    let json = "application/json";
    let cases = vec![
        ("no such route", http.get(door.url("/api/v1/nope")).bearer_auth(&token), 404, "not_found"),
        ("no such file", http.get(door.url("/nope.js")), 404, "not_found"),
        ("wrong method", http.delete(door.url("/api/v1/health")).bearer_auth(&token), 405, "bad_request"),
        ("wrong method for the page", http.post(door.url("/")), 405, "bad_request"),
        ("no JSON", post("/api/v1/sessions").header("content-type", json).body("{\"container\":"), 400, "bad_request"),
        ("two values", post("/api/v1/sessions").header("content-type", json).body("{\"container\":\"x\"} {}"), 400, "bad_request"),
        ("another type", post("/api/v1/sessions").header("content-type", "text/plain").body("x"), 415, "bad_request"),
        ("no type", post("/api/v1/sessions").body("{}"), 415, "bad_request"),
        ("wrong type of field", post("/api/v1/sessions").header("content-type", json).body("{\"container\":3}"), 422, "invalid_value"),
        ("unknown field", post("/api/v1/sessions").header("content-type", json).body("{\"container\":\"x\",\"colour\":1}"), 422, "invalid_value"),
        ("nothing", post("/api/v1/sessions"), 422, "invalid_value"),
        ("too large", post("/api/v1/sessions").header("content-type", json).body(vec![b' '; (1 << 20) + 1]), 413, "too_large"),
        ("wrong query", http.get(door.url("/api/v1/containers?limit=many")).bearer_auth(&token), 422, "invalid_value"),
        ("unknown query", http.get(door.url("/api/v1/containers?colour=red")).bearer_auth(&token), 422, "invalid_value"),
        ("wrong token", http.get(door.url("/api/v1/me")).bearer_auth("cto_pat_guess"), 401, "unauthenticated"),
        ("another scheme", http.get(door.url("/api/v1/me")).basic_auth("a", Some("b")), 401, "unauthenticated"),
        ("no upgrade", http.get(door.url("/api/v1/stream")).bearer_auth(&token), 426, "bad_request"),
        ("a key that is none", post("/api/v1/sessions").header("idempotency-key", "").json(&json!({"container": "x"})), 400, "bad_request"),
    ];
    for (case, request, status, code) in cases {
        let response = request.header("x-request-id", "spec-1").send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "application/problem+json", "{case}");
        assert_eq!(response.headers()["x-request-id"], "spec-1", "{case}");
        let (seen, problem) = read(response).await;
        assert_eq!((seen, problem["code"].as_str()), (status, Some(code)), "{case}: {problem}");
        assert_eq!((problem["status"].as_u64(), problem["request_id"].as_str()), (Some(u64::from(status)), Some("spec-1")), "{case}");
    }
    let (_, problem) = read(post("/api/v1/sessions").json(&json!({"container": "x", "size": {"cols": 80, "rows": "tall"}})).send().await.unwrap()).await;
    assert_eq!(problem["errors"][0]["pointer"], "/size/rows", "{problem}");
    // An id that could forge lines of the log is not taken over.
    let odd = http.get(door.url("/api/v1/health")).bearer_auth(&token).header("x-request-id", "a b").send().await.unwrap();
    assert!(odd.headers()["x-request-id"].to_str().unwrap().starts_with("req_"));
}

#[tokio::test]
async fn other_names_and_other_sites_are_refused_on_tcp() {
    let door = Door::open().await;
    let token = door.token(Role::Admin).await;
    let ask = |host: Option<String>, origin: Option<&str>| {
        let mut request = super::support::http::http().get(door.url("/api/v1/me")).bearer_auth(&token);
        if let Some(host) = host {
            request = request.header("host", host);
        }
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        async move { request.send().await.unwrap().status().as_u16() }
    };
    let port = door.address.port();
    assert_eq!(ask(None, None).await, 200);
    assert_eq!(ask(Some(format!("localhost:{port}")), Some(&format!("http://localhost:{port}"))).await, 200);
    assert_eq!(ask(Some(format!("rebound.example:{port}")), None).await, 403);
    assert_eq!(ask(None, Some("http://evil.example")).await, 403);
    assert_eq!(refused(&door, "/api/v1/stream", STREAM_PROTOCOL, None, Some("http://evil.example")).await, 403);
}

#[tokio::test]
async fn long_work_is_waited_for_when_that_is_preferred() {
    let door = Door::open().await;
    let token = door.token(Role::Admin).await;
    let request = |name: &str| serde_json::to_value(door.plane.request(name, json!({"command": "sleep 600"}))).unwrap();
    let http = super::support::http::http();
    let begun = http.post(door.url("/api/v1/containers")).bearer_auth(&token).json(&request("later")).send().await.unwrap();
    let place = begun.headers()["location"].to_str().unwrap().to_owned();
    let (status, operation) = read(begun).await;
    assert_eq!((status, operation["state"].as_str()), (202, Some("running")), "{operation}");
    assert_eq!(door.ask(Some(&token), Method::Get, &place, None).await.1["id"], operation["id"]);
    let waited = http.post(door.url("/api/v1/containers")).bearer_auth(&token).header("prefer", "wait=60").json(&request("now")).send().await.unwrap();
    assert_eq!(waited.headers()["preference-applied"], "wait");
    let (status, operation) = read(waited).await;
    assert_eq!((status, operation["result"]["name"].as_str()), (201, Some(door.plane.name("now").as_str())), "{operation}");
    let whole = door.plane.control.wait_operation(&admin(), place.rsplit('/').next().unwrap(), Duration::from_secs(60)).await.unwrap();
    assert_eq!(whole.state, OperationState::Succeeded);
}

#[tokio::test]
async fn what_was_begun_is_done_and_noted_also_when_its_client_is_gone() {
    let door = Door::open().await;
    let (token, control) = (door.token(Role::Admin).await, &door.plane.control);
    let fields = json!({"command": ["bash", "-c", "trap '' TERM; while true; do sleep 0.1; done"], "interactive": false});
    let container = door.plane.container(&admin(), "stubborn", fields).await;
    let outcomes = async || {
        let audit = control.list_audit(&admin(), &ListQuery { q: Some(container.name.clone()), ..ListQuery::default() }).await.unwrap();
        audit.items.into_iter().filter(|event| event.action == Action::ControlContainers.as_str()).map(|event| event.outcome).collect::<Vec<_>>()
    };
    let path = door.url(&format!("/api/v1/containers/{}/stop", container.name));
    let stopping = super::support::http::http().post(path).bearer_auth(&token).json(&json!({"grace_seconds": 2})).send();
    let begun = async { while outcomes().await != [Outcome::Intent] {} };
    tokio::select! {
        answer = stopping => panic!("it was stopped at once: {answer:?}"),
        () = begun => {}
    }
    within(async { while !outcomes().await.contains(&Outcome::Succeeded) {} }).await;
    assert_eq!(control.get_container(&admin(), &container.name).await.unwrap().state, ContainerState::Exited);
}

#[tokio::test]
async fn the_page_the_reference_and_the_description_need_no_token() {
    let door = Door::open().await;
    for (path, kind) in [
        ("/", "text/html; charset=utf-8"),
        ("/containers/deep/link", "text/html; charset=utf-8"),
        ("/docs", "text/html; charset=utf-8"),
        ("/openapi.json", "application/json"),
    ] {
        let response = super::support::http::http().get(door.url(path)).send().await.unwrap();
        assert_eq!((response.status().as_u16(), response.headers()["content-type"].to_str().unwrap()), (200, kind), "{path}");
        assert!(kind.starts_with("application") || response.headers().contains_key("content-security-policy"), "{path}");
    }
}

#[tokio::test]
async fn a_client_that_does_not_say_what_it_wants_is_cut_off() {
    let door = Door::open().await;
    let mut socket = upgrade(&door, "/api/v1/sessions/ses_x/attach", TERM_PROTOCOL, None).await;
    assert_eq!(closed(&mut socket).await.0, 4408);
}

#[tokio::test]
async fn frames_that_break_the_rules_close_with_the_reason() {
    let door = Door::open().await;
    let viewer = door.token(Role::Viewer).await;
    let attach = |token: Option<&str>, v: u32| {
        let attach = Attach {
            v,
            token: token.map(str::to_owned),
            from_offset: None,
            cols: 80,
            rows: 24,
            mode: AttachMode::View,
            delivery: Delivery::Live,
            writer: 1,
            window: None,
        };
        ClientFrame::Attach(Box::new(attach)).encode()
    };
    for (first, code, reason) in [
        (vec![0x82, 0, 0, 0, 1, b'x'], 4400, "bad_request: the first frame must be ATTACH"),
        (vec![], 4400, "bad_request: empty frame"),
        (attach(Some(&viewer), 2), 4400, "bad_request: version 2"),
        (attach(None, 1), 4401, "unauthenticated: this needs a token"),
        (attach(Some("cto_pat_guess"), 1), 4401, "unauthenticated: "),
        (attach(Some(&viewer), 1), 4404, "not_found: no session 'ses_x'"),
        (vec![0x81; 80 << 10], 4413, "too_large: "),
    ] {
        let mut socket = upgrade(&door, "/api/v1/sessions/ses_x/attach", TERM_PROTOCOL, None).await;
        socket.send(Message::Binary(first.into())).await.unwrap();
        let (seen, said) = closed(&mut socket).await;
        assert!(seen == code && said.starts_with(reason), "wanted {code} {reason}, got {seen} {said}");
    }
    assert_eq!(refused(&door, "/api/v1/stream", "cto.stream.v9", Some(&viewer), None).await, 400);
}

#[tokio::test]
async fn a_terminal_is_watched_and_typed_into_over_the_wire() {
    let mut door = Door::open().await;
    let container = door.plane.container(&admin(), "wire", json!({"command": "/bin/bash"})).await;
    let session = door.client.call::<CreateSession>(&[], &OpenSession { container: container.name, main: true, ..OpenSession::default() }).await.unwrap();
    let attach = |mode| Attach { v: 1, token: None, from_offset: None, cols: 90, rows: 30, mode, delivery: Delivery::Live, writer: 7, window: None };
    let mut typist = door.client.attach(session.id.as_str(), attach(AttachMode::Write)).await.unwrap();
    assert!(matches!(typist.next().await, Some(Ok(ServerFrame::Ready(ready))) if ready.session == session.id));
    typist.send(ClientFrame::Input { seq: 1, bytes: b"echo $((6*7))-over\n".to_vec() }).await.unwrap();
    let mut acknowledged = false;
    let mut printed = Vec::new();
    while !acknowledged || !String::from_utf8_lossy(&printed).contains("42-over") {
        match within(typist.next()).await {
            Some(Ok(ServerFrame::InputAck(1))) => acknowledged = true,
            Some(Ok(ServerFrame::Output { bytes, .. })) => printed.extend(bytes),
            Some(Ok(ServerFrame::Snapshot { bytes, .. })) => printed = bytes,
            Some(Ok(_)) => {}
            other => panic!("{other:?}"),
        }
    }
    // Who only watches is told so, and goes on watching.
    let mut watcher = door.client.attach(session.id.as_str(), attach(AttachMode::View)).await.unwrap();
    watcher.send(ClientFrame::Input { seq: 1, bytes: b"x".to_vec() }).await.unwrap();
    watcher.send(ClientFrame::Ping(9)).await.unwrap();
    let (mut told, mut pong) = (false, false);
    while !told || !pong {
        match within(watcher.next()).await {
            Some(Ok(ServerFrame::Notice(text))) => told = text.contains("only watches"),
            Some(Ok(ServerFrame::Pong(9))) => pong = true,
            Some(Ok(_)) => {}
            other => panic!("{other:?}"),
        }
    }
    let screen = door.client.bytes::<GetScreen>(&[session.id.as_str()], &ScreenQuery { format: ScreenFormat::Text }).await.unwrap();
    assert!(String::from_utf8_lossy(&screen).contains("42-over"));
    // The server says why when it stops.
    let closing = door.close();
    let last = async {
        loop {
            match typist.next().await {
                Some(Ok(_)) => {}
                other => return other,
            }
        }
    };
    let (_, last) = tokio::join!(closing, within(last));
    assert_eq!(last.unwrap().unwrap_err().to_string(), "the server is stopping");
}

#[tokio::test]
async fn a_session_s_end_is_said_before_the_clean_close() {
    let door = Door::open().await;
    let container = door.plane.container(&admin(), "end", json!({"command": "/bin/bash"})).await;
    let request = OpenSession { container: container.name, command: vec!["sh".into(), "-c".into(), "read line; exit 3".into()], ..OpenSession::default() };
    let session = door.client.call::<CreateSession>(&[], &request).await.unwrap();
    let attach =
        Attach { v: 1, token: None, from_offset: None, cols: 80, rows: 24, mode: AttachMode::Write, delivery: Delivery::Live, writer: 7, window: None };
    let mut attached = door.client.attach(session.id.as_str(), attach).await.unwrap();
    attached.send(ClientFrame::Input { seq: 1, bytes: b"\n".to_vec() }).await.unwrap();
    let mut exit = None;
    while let Some(frame) = within(attached.next()).await {
        if let ServerFrame::Exit(end) = frame.unwrap() {
            exit = end.code;
        }
    }
    assert_eq!(exit, Some(3));
}

#[tokio::test]
async fn ten_megabytes_through_a_command_keep_their_hash() {
    let door = Door::open().await;
    let container = door.plane.container(&admin(), "hash", json!({"command": "sleep 600"})).await;
    let bytes: Vec<u8> = (0..10_u32 << 18).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let start = ExecStart { command: vec!["cat".into()], stdin: true, ..ExecStart::default() };
    let mut exec = door.client.exec(&container.name, start).await.unwrap();
    let expected = sha2::Sha256::digest(&bytes);
    let feeding = tokio::spawn(async move {
        exec.sender.stdin(&bytes).await.unwrap();
        exec.sender.end().await.unwrap();
    });
    let mut hash = sha2::Sha256::new();
    let mut exit = None;
    while let Some(event) = within(exec.receiver.next()).await {
        match event.unwrap() {
            ExecEvent::Stdout(bytes) => hash.update(&bytes),
            ExecEvent::Exit(code) => exit = Some(code),
            ExecEvent::Started => {}
            ExecEvent::Stderr(bytes) => panic!("{bytes:?}"),
        }
    }
    feeding.await.unwrap();
    assert_eq!((exit, hash.finalize()), (Some(0), expected));
}

#[tokio::test]
async fn a_command_gets_no_further_ahead_than_its_window() {
    let door = Door::open().await;
    let container = door.plane.container(&admin(), "window", json!({"command": "sleep 600"})).await;
    let token = door.token(Role::Admin).await;
    let mut socket = upgrade(&door, &format!("/api/v1/containers/{}/exec", container.name), EXEC_PROTOCOL, Some(&token)).await;
    // Prints 4 MiB, then says so on the other stream: seen only when everything before it was let through.
    let script = "head -c 4194304 /dev/zero; echo all >&2";
    let start = ExecStart { command: vec!["sh".into(), "-c".into(), script.into()], ..ExecStart::default() };
    socket.send(Message::Binary(ExecFrame::Start(Box::new(start)).encode().into())).await.unwrap();
    let mut received = 0;
    while received < EXEC_WINDOW {
        received += output(&mut socket).await;
    }
    let ahead = tokio::time::timeout(Duration::from_millis(300), output(&mut socket)).await;
    assert!(ahead.is_err() && received < EXEC_WINDOW + MAX_CHUNK as u64, "{received} bytes without an ACK");
    socket.send(Message::Binary(ExecFrame::Ack(received).encode().into())).await.unwrap();
    // The engine keeps no order between the two streams.
    while received < (4 << 20) + 4 {
        received += output(&mut socket).await;
        socket.send(Message::Binary(ExecFrame::Ack(received).encode().into())).await.unwrap();
    }
    assert_eq!(received, (4 << 20) + 4);
    assert!(matches!(frame(&mut socket).await, Some(ExecFrame::Exit(0))));
    assert_eq!(closed(&mut socket).await.0, 1000);
}

#[tokio::test]
async fn a_command_that_can_t_be_run_says_why_and_one_whose_client_goes_is_ended() {
    let door = Door::open().await;
    let container = door.plane.container(&admin(), "gone", json!({"command": "sleep 600"})).await;
    let run = async |command: &[&str]| {
        let start = ExecStart { command: command.iter().map(|&word| word.to_owned()).collect(), ..ExecStart::default() };
        door.client.exec(&container.name, start).await.unwrap()
    };
    let failed = within(run(&["no-such-program"]).await.receiver.next()).await.unwrap().unwrap_err();
    assert_eq!(failed.code, Code::CommandNotFound, "{failed}");
    let nowhere = door.client.exec("nothing-of-this-name", ExecStart { command: vec!["true".into()], ..ExecStart::default() }).await;
    assert_eq!(within(nowhere.unwrap().receiver.next()).await.unwrap().unwrap_err().code, Code::NotFound);
    let mut long = run(&["sleep", "4711"]).await;
    assert!(matches!(within(long.receiver.next()).await, Some(Ok(ExecEvent::Started))));
    drop(long);
    let ended = async {
        loop {
            let mut look = run(&["sh", "-c", "grep -al '^sleep.4711' /proc/[0-9]*/cmdline 2>/dev/null; true"]).await;
            let mut found = false;
            while let Some(event) = look.receiver.next().await {
                found |= matches!(event.unwrap(), ExecEvent::Stdout(_));
            }
            if !found {
                return;
            }
        }
    };
    within(ended).await;
}

#[tokio::test]
async fn the_stream_tells_events_stats_tiles_and_logs_within_their_credit() {
    let door = Door::open().await;
    let mut stream = door.client.stream().await.unwrap();
    let events = stream.subscribe(Topic::Events).await;
    let container = door.plane.container(&admin(), "stream", json!({"command": "sh -c 'echo from-the-log; exec sh'"})).await;
    let id = container.id.clone();
    until(&mut stream, |message| matches!(message, StreamMessage::Event { id: of, event: Numbered { event: Event::ContainerChanged { container }, .. } } if *of == events && container.id == id)).await;
    let logs = stream.subscribe(Topic::Logs { container: id.clone(), query: LogQuery { follow: true, ..LogQuery::default() } }).await;
    until(&mut stream, |message| matches!(message, StreamMessage::Log { id: of, base64, .. } if *of == logs && decoded(base64).contains("from-the-log"))).await;
    let tiles = stream.subscribe(Topic::Tiles { tiles: vec![TileWish { container: id.clone(), size: Size { cols: 40, rows: 10 } }] }).await;
    until(&mut stream, |message| matches!(message, StreamMessage::Tile { id: of, tile } if *of == tiles && decoded(&tile.base64).contains("from-the-log")))
        .await;
    let stats = stream.subscribe(Topic::Stats { containers: vec![id.clone()] }).await;
    until(&mut stream, |message| matches!(message, StreamMessage::Stats { id: of, stats: sample } if *of == stats && sample.memory_bytes > 0)).await;
    let wrong = stream.subscribe(Topic::Logs { container: "nothing-of-this-name".into(), query: LogQuery::default() }).await;
    until(&mut stream, |message| matches!(message, StreamMessage::End { id: of, problem: Some(problem) } if *of == wrong && problem.code == Code::NotFound))
        .await;
}

#[tokio::test]
async fn a_subscription_without_credit_is_told_how_much_it_missed() {
    let door = Door::open().await;
    let token = door.token(Role::Viewer).await;
    let mut socket = upgrade(&door, "/api/v1/stream", STREAM_PROTOCOL, None).await;
    say(&mut socket, &StreamRequest::Auth { token }).await;
    assert!(matches!(hear(&mut socket).await, StreamMessage::Welcome { boot_id } if boot_id == door.plane.control.boot_id()));
    say(&mut socket, &StreamRequest::Subscribe { id: 5, topic: Topic::Events, credit: Some(1) }).await;
    // The answer to a subscription that fails shows that the one before it has begun.
    let nothing = Topic::Logs { container: "nothing-of-this-name".into(), query: LogQuery::default() };
    say(&mut socket, &StreamRequest::Subscribe { id: 6, topic: nothing, credit: None }).await;
    let mut events = 0;
    loop {
        match hear(&mut socket).await {
            StreamMessage::End { id: 6, .. } => break,
            // Other tests make events too.
            StreamMessage::Event { id: 5, .. } => events += 1,
            StreamMessage::Listening { id: 5 } => {}
            other => panic!("{other:?}"),
        }
    }
    let bus = &door.plane.control.parts().bus;
    for _ in 0..4 {
        bus.publish(Event::TemplatesChanged);
    }
    while events == 0 {
        if matches!(hear(&mut socket).await, StreamMessage::Event { id: 5, .. }) {
            events += 1;
        }
    }
    assert_eq!(events, 1, "one credit is one event");
    say(&mut socket, &StreamRequest::Credit { id: 5, more: 10 }).await;
    let mut missed = 0;
    while missed < 3 {
        match hear(&mut socket).await {
            StreamMessage::Lagged { id: 5, missed: more } => missed += more,
            StreamMessage::Event { .. } => missed += 1,
            other => panic!("{other:?}"),
        }
    }
    let nobody = &mut upgrade(&door, "/api/v1/stream", STREAM_PROTOCOL, None).await;
    say(nobody, &StreamRequest::Unsubscribe { id: 1 }).await;
    assert_eq!(closed(nobody).await.0, 4401);
}

type Socket = WebSocketStream<TcpStream>;

async fn dial(door: &Door, path: &str, protocol: &str, token: Option<&str>, origin: Option<&str>) -> Result<Socket, tungstenite::Error> {
    let mut request = format!("ws://{}{path}", door.address).into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", protocol.parse().unwrap());
    if let Some(token) = token {
        request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    }
    if let Some(origin) = origin {
        request.headers_mut().insert("origin", origin.parse().unwrap());
    }
    let stream = TcpStream::connect(door.address).await.unwrap();
    tokio_tungstenite::client_async(request, stream).await.map(|(socket, _)| socket)
}

async fn upgrade(door: &Door, path: &str, protocol: &str, token: Option<&str>) -> Socket {
    dial(door, path, protocol, token, None).await.unwrap()
}

async fn refused(door: &Door, path: &str, protocol: &str, token: Option<&str>, origin: Option<&str>) -> u16 {
    match dial(door, path, protocol, token, origin).await {
        Err(tungstenite::Error::Http(response)) => response.status().as_u16(),
        other => panic!("{other:?}"),
    }
}

/// Code and reason of the close that comes next.
async fn closed(socket: &mut Socket) -> (u16, String) {
    let waiting = async {
        loop {
            match socket.next().await {
                Some(Ok(Message::Close(Some(frame)))) => return (u16::from(frame.code), frame.reason.as_str().to_owned()),
                Some(Ok(_)) => {}
                other => panic!("{other:?}"),
            }
        }
    };
    within(waiting).await
}

async fn frame(socket: &mut Socket) -> Option<ExecFrame> {
    loop {
        match socket.next().await?.unwrap() {
            Message::Binary(bytes) => return Some(ExecFrame::decode(&bytes).unwrap()),
            Message::Close(_) => return None,
            _ => {}
        }
    }
}

/// Bytes of the next output.
async fn output(socket: &mut Socket) -> u64 {
    loop {
        match frame(socket).await {
            Some(ExecFrame::Stdout(bytes) | ExecFrame::Stderr(bytes)) => return bytes.len() as u64,
            Some(ExecFrame::Started) => {}
            other => panic!("{other:?}"),
        }
    }
}

async fn say(socket: &mut Socket, request: &StreamRequest) {
    socket.send(Message::Text(serde_json::to_string(request).unwrap().into())).await.unwrap();
}

async fn hear(socket: &mut Socket) -> StreamMessage {
    let waiting = async {
        loop {
            if let Message::Text(text) = socket.next().await.unwrap().unwrap() {
                return serde_json::from_str(&text).unwrap();
            }
        }
    };
    within(waiting).await
}

async fn until(stream: &mut cto::client::Stream, wanted: impl Fn(&StreamMessage) -> bool) {
    let waiting = async {
        loop {
            if let StreamUpdate::Message(message) = stream.next().await
                && wanted(&message)
            {
                return;
            }
        }
    };
    within(waiting).await;
}

fn decoded(text: &str) -> String {
    use base64::Engine as _;
    String::from_utf8_lossy(&base64::engine::general_purpose::STANDARD.decode(text).unwrap()).into_owned()
}

async fn within<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), work).await.expect("in time")
}
