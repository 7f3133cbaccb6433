//! Signing in: passwords, cookies, the first user, guests of shares, and connections that are up to no good.
use super::support::http::Door;
use super::support::http::read;
use super::support::plane::admin;
use cto::client::Client;
use cto::model::*;
use serde_json::Value;
use serde_json::json;
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

/// Somebody with a browser: a cookie, and what goes with it.
#[derive(Clone, Debug, Default)]
struct Browser {
    cookie: Option<String>,
    csrf: Option<String>,
}

impl Browser {
    async fn ask(&self, door: &Door, method: reqwest::Method, path: &str, body: Option<Value>) -> (u16, Value, Option<String>) {
        let mut request = super::support::http::http().request(method, door.url(path));
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", format!("other=1; {cookie}"));
        }
        if let Some(csrf) = &self.csrf {
            request = request.header(CSRF_HEADER, csrf);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let set = response.headers().get("set-cookie").map(|value| value.to_str().unwrap().to_owned());
        let (status, body) = read(response).await;
        (status, body, set)
    }

    async fn get(&self, door: &Door, path: &str) -> (u16, Value) {
        let (status, body, _) = self.ask(door, reqwest::Method::GET, path, None).await;
        (status, body)
    }

    async fn post(&self, door: &Door, path: &str, body: Value) -> (u16, Value) {
        let (status, body, _) = self.ask(door, reqwest::Method::POST, path, Some(body)).await;
        (status, body)
    }

    async fn log_in(door: &Door, body: Value) -> Result<Self, (u16, Value)> {
        let (status, body, set) = Self::default().ask(door, reqwest::Method::POST, "/api/v1/login", Some(body)).await;
        if status != 200 {
            return Err((status, body));
        }
        let set = set.expect("a cookie is set");
        assert!(set.contains("HttpOnly") && set.contains("SameSite=Strict") && set.contains("Path=/"), "{set}");
        assert!(!set.contains("Secure"), "this is plain HTTP on loopback: {set}");
        let csrf = body["csrf"].as_str().unwrap().to_owned();
        Ok(Self { cookie: Some(set.split(';').next().unwrap().to_owned()), csrf: Some(csrf) })
    }
}

async fn user(door: &Door, name: &str, role: Role, password: &str) {
    door.plane.control.create_user(&admin(), AddUser { name: name.to_owned(), role, password: Some(password.to_owned()) }).await.unwrap();
}

#[tokio::test]
async fn who_signs_in_with_a_password_has_a_cookie_that_does_what_their_role_may() {
    let door = Door::open().await;
    user(&door, "ana", Role::Operator, "correct horse").await;
    let ana = Browser::log_in(&door, json!({"name": "ana", "password": "correct horse"})).await.unwrap();
    let (status, me) = ana.get(&door, "/api/v1/me").await;
    assert_eq!((status, me["name"].as_str(), me["role"].as_str(), me["csrf"].as_str()), (200, Some("ana"), Some("operator"), ana.csrf.as_deref()));
    assert_eq!(ana.get(&door, "/api/v1/users").await.0, 403, "an operator");
    // The cookie alone reads, and changes nothing: a page of another site can make the browser send it.
    let cookie_alone = Browser { csrf: None, ..ana.clone() };
    assert_eq!(cookie_alone.get(&door, "/api/v1/me").await.0, 200);
    let (status, problem) = cookie_alone.post(&door, "/api/v1/clean", json!({"dry_run": true})).await;
    assert_eq!((status, problem["code"].as_str()), (403, Some("forbidden")), "{problem}");
    let wrong = Browser { csrf: Some("guess".to_owned()), ..ana.clone() };
    assert_eq!(wrong.post(&door, "/api/v1/clean", json!({"dry_run": true})).await.0, 403);
    assert_eq!(ana.post(&door, "/api/v1/clean", json!({"dry_run": true})).await.0, 200);
    // Signed out, the cookie is worth nothing, and anybody may sign in again with it lying around.
    assert_eq!(ana.post(&door, "/api/v1/logout", json!({})).await.0, 204);
    assert_eq!(ana.get(&door, "/api/v1/me").await.0, 401);
    let (status, _) = ana.post(&door, "/api/v1/login", json!({"name": "ana", "password": "correct horse"})).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn a_token_signs_in_too_with_no_more_than_it_may() {
    let door = Door::open().await;
    let token = door.token(Role::Viewer).await;
    let browser = Browser::log_in(&door, json!({"token": token})).await.unwrap();
    assert_eq!(browser.get(&door, "/api/v1/me").await.1["role"], "viewer");
    assert_eq!(Browser::log_in(&door, json!({"token": "cto_pat_guess"})).await.unwrap_err().0, 401);
    assert_eq!(Browser::log_in(&door, json!({})).await.unwrap_err().0, 422);
    // It ends with its token.
    let control = &door.plane.control;
    let wish = CreateToken { user: Some("user-viewer".to_owned()), role: None, expires_in_days: Some(1), about: None };
    let made = control.create_token_for(&admin(), wish).await.unwrap();
    let begun = control.log_in(LogIn { name: None, password: None, token: Some(made.secret) }, None).await.unwrap();
    assert_eq!(Some(begun.login.expires_at.as_microsecond()), made.token.expires_at.map(|at| at.as_microsecond()));
}

#[tokio::test]
async fn wrong_passwords_say_nothing_of_who_exists_and_are_stopped_after_ten() {
    let door = Door::open().await;
    user(&door, "ana", Role::Operator, "correct horse").await;
    let of_ana = Browser::log_in(&door, json!({"name": "ana", "password": "wrong"})).await.unwrap_err();
    let of_nobody = Browser::log_in(&door, json!({"name": "nobody", "password": "wrong"})).await.unwrap_err();
    assert_eq!((of_ana.0, &of_ana.1["detail"]), (of_nobody.0, &of_nobody.1["detail"]));
    for _ in 0..9 {
        assert_eq!(Browser::log_in(&door, json!({"name": "ana", "password": "wrong"})).await.unwrap_err().0, 401);
    }
    // The right one does not help any more from here, so that nobody learns that it is.
    let stopped = Browser::log_in(&door, json!({"name": "ana", "password": "correct horse"})).await.unwrap_err();
    assert_eq!((stopped.0, stopped.1["code"].as_str()), (429, Some("too_many")));
    let audit = door.plane.control.list_audit(&admin(), &ListQuery { q: Some("log_in".to_owned()), ..ListQuery::default() }).await.unwrap();
    assert!(audit.items.iter().any(|event| event.actor == "ana" && event.outcome == Outcome::Refused));
}

#[tokio::test]
async fn the_first_user_is_made_with_the_printed_code_and_only_once() {
    let door = Door::open().await;
    let nobody = Browser::default();
    assert_eq!(nobody.get(&door, "/api/v1/setup").await, (200, json!({"needed": false})), "no code was printed");
    let code = door.plane.control.begin_setup().await.unwrap().unwrap();
    assert_eq!(nobody.get(&door, "/api/v1/setup").await, (200, json!({"needed": true})));
    let ask = |code: &str, password: &str| json!({"code": code, "name": "ada", "password": password});
    assert_eq!(nobody.post(&door, "/api/v1/setup", ask("AAAA-AAAA-AAAA", "correct horse")).await.0, 401);
    let (status, problem) = nobody.post(&door, "/api/v1/setup", ask(&code, "short")).await;
    assert_eq!((status, problem["code"].as_str()), (422, Some("invalid_value")));
    // Of many at once, one becomes the first user.
    let typed = code.to_lowercase().replace('-', " ");
    let body = ask(&typed, "correct horse");
    let tries = (0..4).map(|_| nobody.post(&door, "/api/v1/setup", body.clone()));
    let mut statuses: Vec<u16> = futures_util::future::join_all(tries).await.into_iter().map(|(status, _)| status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409]);
    assert_eq!(nobody.get(&door, "/api/v1/setup").await, (200, json!({"needed": false})));
    assert_eq!(nobody.post(&door, "/api/v1/setup", ask(&code, "correct horse")).await.0, 409);
    let ada = Browser::log_in(&door, json!({"name": "ada", "password": "correct horse"})).await.unwrap();
    assert_eq!(ada.get(&door, "/api/v1/me").await.1["role"], "admin");
    assert_eq!(door.plane.control.begin_setup().await.unwrap(), None, "another start prints none");
}

#[tokio::test]
async fn a_lower_role_and_another_password_reach_those_who_are_signed_in() {
    let door = Door::open().await;
    user(&door, "boss", Role::Admin, "boss has a password").await;
    user(&door, "ana", Role::Operator, "correct horse").await;
    let boss = Browser::log_in(&door, json!({"name": "boss", "password": "boss has a password"})).await.unwrap();
    let ana = Browser::log_in(&door, json!({"name": "ana", "password": "correct horse"})).await.unwrap();
    let elsewhere = Browser::log_in(&door, json!({"name": "ana", "password": "correct horse"})).await.unwrap();
    let put = reqwest::Method::PUT;
    assert_eq!(boss.ask(&door, put.clone(), "/api/v1/users/ana", Some(json!({"role": "viewer"}))).await.0, 200);
    assert_eq!(ana.get(&door, "/api/v1/me").await.1["role"], "viewer");
    assert_eq!(boss.ask(&door, put.clone(), "/api/v1/users/boss", Some(json!({"role": "viewer"}))).await.0, 409, "nobody locks themselves out");
    assert_eq!(ana.ask(&door, put.clone(), "/api/v1/users/ana", Some(json!({"role": "admin"}))).await.0, 403);
    // Who changes their own password stays, and is signed out elsewhere.
    let change = |old: &str| Some(json!({"old": old, "new": "battery staple"}));
    assert_eq!(ana.ask(&door, put.clone(), "/api/v1/me/password", change("wrong")).await.0, 401);
    assert_eq!(ana.ask(&door, put.clone(), "/api/v1/me/password", change("correct horse")).await.0, 204);
    assert_eq!((ana.get(&door, "/api/v1/me").await.0, elsewhere.get(&door, "/api/v1/me").await.0), (200, 401));
    // Who is given another is signed out everywhere; who is removed too.
    assert_eq!(boss.ask(&door, put, "/api/v1/users/ana", Some(json!({"password": "given by the boss"}))).await.0, 200);
    assert_eq!(ana.get(&door, "/api/v1/me").await.0, 401);
    let ana = Browser::log_in(&door, json!({"name": "ana", "password": "given by the boss"})).await.unwrap();
    door.plane.control.delete_user(&admin(), "ana", RemoveVersion::default()).await.unwrap();
    assert_eq!(ana.get(&door, "/api/v1/me").await.0, 401);
}

#[tokio::test]
async fn a_websocket_with_a_cookie_must_come_from_our_own_page() {
    let door = Door::open().await;
    user(&door, "ana", Role::Viewer, "correct horse").await;
    let ana = Browser::log_in(&door, json!({"name": "ana", "password": "correct horse"})).await.unwrap();
    let dial = async |origin: Option<String>| {
        use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
        let mut request = format!("ws://{}/api/v1/stream", door.address).into_client_request().unwrap();
        let headers = request.headers_mut();
        headers.insert("sec-websocket-protocol", STREAM_PROTOCOL.parse().unwrap());
        headers.insert("cookie", ana.cookie.as_deref().unwrap().parse().unwrap());
        if let Some(origin) = origin {
            headers.insert("origin", origin.parse().unwrap());
        }
        let stream = TcpStream::connect(door.address).await.unwrap();
        match tokio_tungstenite::client_async(request, stream).await {
            Ok(_) => 101,
            Err(tokio_tungstenite::tungstenite::Error::Http(response)) => response.status().as_u16(),
            Err(other) => panic!("{other:?}"),
        }
    };
    assert_eq!(dial(Some(format!("http://{}", door.address))).await, 101);
    assert_eq!(dial(None).await, 403);
    assert_eq!(dial(Some("http://evil.example".to_owned())).await, 403);
}

/// What a guest sees until `text` is there, or the close code that ends it.
async fn seen(attached: &mut cto::client::Attached, text: &str) -> Result<(), String> {
    let mut all = String::new();
    loop {
        match tokio::time::timeout(Duration::from_secs(20), attached.next()).await {
            Ok(Some(Ok(ServerFrame::Output { bytes, .. } | ServerFrame::Snapshot { bytes, .. }))) => {
                all.push_str(&String::from_utf8_lossy(&bytes));
                if all.contains(text) {
                    return Ok(());
                }
            }
            Ok(Some(Ok(_))) => {}
            Ok(Some(Err(error))) => return Err(error.to_string()),
            Ok(None) => return Err("closed".to_owned()),
            Err(_) => return Err(format!("nothing within 20 s, after {all:?}")),
        }
    }
}

#[tokio::test]
async fn guests_come_into_the_session_that_is_shared_and_nowhere_else() {
    let door = Door::open().await;
    let owner = admin();
    let control = &door.plane.control;
    let container = door.plane.container(&owner, "shared", json!({"command": ["sleep", "600"]})).await;
    let open =
        |argv: &[&str]| OpenSession { container: container.name.clone(), command: argv.iter().map(ToString::to_string).collect(), ..OpenSession::default() };
    let session = control.create_session(&owner, open(&["sh"]), None).await.unwrap();
    let other = control.create_session(&owner, open(&["sh"]), None).await.unwrap();
    let share = |mode, uses| CreateShare { mode, expires_in_s: Some(600), max_uses: uses };
    let looking = control.create_share(&owner, session.id.as_str(), share(ShareMode::View, Some(1))).await.unwrap();
    let typing = control.create_share(&owner, session.id.as_str(), share(ShareMode::Write, None)).await.unwrap();
    let nobody = Browser::default();
    let opened = async |code: &str| nobody.post(&door, "/api/v1/shares/open", json!({"code": code, "name": "Zoë"})).await;
    let (status, watcher) = opened(&looking.code).await;
    assert_eq!((status, watcher["mode"].as_str(), watcher["session"].as_str()), (200, Some("view"), Some(session.id.as_str())));
    assert_eq!(opened(&looking.code).await.0, 404, "it was good once");
    assert_eq!(opened("guess").await.0, 404);
    assert_eq!(nobody.post(&door, "/api/v1/shares/open", json!({"code": typing.code, "name": "\u{1b}[31m"})).await.0, 422);
    let (_, typist) = opened(&typing.code).await;
    let (watcher, typist) = (watcher["token"].as_str().unwrap(), typist["token"].as_str().unwrap());
    // The token is good for the session alone.
    for path in ["/api/v1/me", "/api/v1/containers", &format!("/api/v1/sessions/{}/screen", session.id)] {
        assert_eq!(door.ask(Some(watcher), Method::Get, path, None).await.0, 401, "{path}");
    }
    let guest = Client::tcp(&door.url(""), "").unwrap();
    let attach = |token: &str, mode| Attach {
        v: 1,
        token: Some(token.to_owned()),
        from_offset: None,
        cols: 80,
        rows: 24,
        mode,
        delivery: Delivery::Lossless,
        writer: 9,
        window: None,
    };
    let refused = match guest.attach(other.id.as_str(), attach(watcher, AttachMode::View)).await {
        Ok(mut attached) => seen(&mut attached, "$").await.unwrap_err(),
        Err(error) => error.to_string(),
    };
    assert!(refused.contains("another session"), "{refused}");
    let mut looks = guest.attach(session.id.as_str(), attach(watcher, AttachMode::Write)).await.unwrap();
    let mut types = guest.attach(session.id.as_str(), attach(typist, AttachMode::Write)).await.unwrap();
    // Who may look types nothing, also when they ask to.
    let _ = looks.send(ClientFrame::Input { seq: 1, bytes: b"echo looked-$((1+1))\n".to_vec() }).await;
    types.send(ClientFrame::Input { seq: 1, bytes: b"echo typed-$((1+1))\n".to_vec() }).await.unwrap();
    seen(&mut types, "typed-2").await.unwrap();
    seen(&mut looks, "typed-2").await.unwrap();
    assert!(!control.sessions().find(session.id.as_str()).unwrap().screen_text().contains("looked-2"));
    let listed = control.list_shares(&owner, session.id.as_str()).await.unwrap().items;
    assert_eq!(listed.iter().map(|share| share.uses).collect::<Vec<_>>(), [1, 1]);
    // Taken back, its guests are out; others stay.
    control.delete_share(&owner, looking.share.id.as_str()).await.unwrap();
    let out = seen(&mut looks, "never printed").await.unwrap_err();
    assert!(out.contains("share has ended") || out.contains("4403") || out == "closed", "{out}");
    types.send(ClientFrame::Input { seq: 2, bytes: b"echo still-$((1+1))\n".to_vec() }).await.unwrap();
    seen(&mut types, "still-2").await.unwrap();
    let audit = control.list_audit(&owner, &ListQuery { q: Some("guest:zo".to_owned()), ..ListQuery::default() }).await.unwrap();
    assert!(audit.items.iter().any(|event| event.action == "write:sessions"), "{audit:?}");
}

#[tokio::test]
async fn only_who_may_type_lets_others_type() {
    let door = Door::open().await;
    let owner = admin();
    let control = &door.plane.control;
    let container = door.plane.container(&owner, "mine", json!({"command": ["sleep", "600"]})).await;
    let open = OpenSession { container: container.name.clone(), command: vec!["sh".to_owned()], ..OpenSession::default() };
    let session = control.create_session(&owner, open, None).await.unwrap();
    let stranger = super::support::plane::operator("stranger");
    for mode in [ShareMode::View, ShareMode::Write] {
        let refused = control.create_share(&stranger, session.id.as_str(), CreateShare { mode, ..CreateShare::default() }).await.unwrap_err();
        assert_eq!(refused.code, Code::Forbidden);
    }
    assert_eq!(control.list_shares(&stranger, session.id.as_str()).await.unwrap_err().code, Code::Forbidden);
    for wrong in [CreateShare { expires_in_s: Some(1), ..CreateShare::default() }, CreateShare { max_uses: Some(0), ..CreateShare::default() }] {
        assert_eq!(control.create_share(&owner, session.id.as_str(), wrong).await.unwrap_err().code, Code::InvalidValue);
    }
    let made = control.create_share(&owner, session.id.as_str(), CreateShare::default()).await.unwrap();
    assert_eq!(control.delete_share(&stranger, made.share.id.as_str()).await.unwrap_err().code, Code::Forbidden);
}

#[tokio::test]
async fn thousands_of_silent_connections_keep_nobody_out() {
    let door = Door::open().await;
    let token = door.token(Role::Viewer).await;
    let mut silent = Vec::new();
    for number in 0..3_000 {
        let mut stream = TcpStream::connect(door.address).await.unwrap();
        if number % 3 == 0 {
            // Some say a little, and no more.
            let _ = stream.write_all(b"GET /api/v1/me HT").await;
        }
        silent.push(stream);
        if number % 500 == 499 {
            let (status, _) = door.ask(Some(&token), Method::Get, "/api/v1/me", None).await;
            assert_eq!(status, 200, "after {number}");
        }
    }
    // Those that came first were pushed out; so many and no more are left.
    let mut byte = [0];
    let first = tokio::time::timeout(Duration::from_secs(20), silent[1].read(&mut byte)).await.expect("it is closed");
    assert!(matches!(first, Ok(0) | Err(_)), "{first:?}");
}

#[tokio::test]
async fn over_tls_a_client_signs_in_once_and_has_every_feature() {
    let mut plane = super::support::plane::Plane::start().await;
    let home = tempfile::tempdir().unwrap();
    let tls = cto::server::Tls::open(None, home.path(), &["127.0.0.1".to_owned()]).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let remote = cto::server::Remote { listener, tls: Some(tls.config.clone()) };
    let unix = tokio::net::UnixListener::bind(home.path().join("spec.sock")).unwrap();
    let closing = tokio_util::sync::CancellationToken::new();
    let (automation, token) = (plane.automation.clone(), closing.clone());
    let serving = tokio::spawn(async move { cto::server::serve(automation, unix, vec![remote], "/base", token).await });
    let ana = AddUser { name: "ana".to_owned(), role: Role::Operator, password: Some("correct horse".to_owned()) };
    plane.control.create_user(&admin(), ana).await.unwrap();
    let container = plane.container(&super::support::plane::operator("ana"), "far", json!({"command": ["sleep", "600"]})).await;
    // Plain HTTP is not answered, nor is who does not trust the certificate given anything.
    let url = format!("https://{address}/base");
    assert!(super::support::http::http().get(format!("http://{address}/")).send().await.is_err());
    assert_eq!(Client::tcp(&url, "x").unwrap().call::<GetVersion>(&[], &Empty {}).await.unwrap_err().code, Code::ServerUnavailable);
    let cto = async |args: &[&str], typed: &str| {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_cto"));
        command.args(args).env("CTO_HOME", home.path()).env_remove("CTO_TOKEN").stdin(std::process::Stdio::piped());
        let mut child = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(typed.as_bytes()).await.unwrap();
        let output = tokio::time::timeout(Duration::from_secs(60), child.wait_with_output()).await.unwrap().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr))
    };
    let (done, said) = cto(&["login", &url, "--user", "ana"], "correct horse\n").await;
    assert!(!done && said.contains("nobody whom this machine trusts") && said.contains(&tls.fingerprint), "{said}");
    let other = format!("sha256:{}", "0".repeat(64));
    let (done, said) = cto(&["login", &url, "--user", "ana", "--fingerprint", &other], "correct horse\n").await;
    assert!(!done && said.contains("and not"), "{said}");
    let (done, said) = cto(&["login", &url, "--user", "ana", "--fingerprint", &tls.fingerprint], "wrong\n").await;
    assert!(!done && said.contains("name or password is wrong"), "{said}");
    let (done, said) = cto(&["login", &url, "--user", "ana", "--fingerprint", &tls.fingerprint], "correct horse\n").await;
    assert!(done && said.contains("signed in"), "{said}");
    let kept = home.path().join("state/servers.json");
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(kept).unwrap().permissions()) & 0o777, 0o600);
    let (done, said) = cto(&["--server", &url, "ps"], "").await;
    assert!(done && said.contains(&container.name), "{said}");
    // Streams too: a command's output, and a terminal.
    let (done, said) = cto(&["--server", &url, "exec", &container.name, "--", "echo", "far away"], "").await;
    assert!(done && said.contains("far away"), "{said}");
    let (_, secret) = Client::remote(&url, "", &cto::client::Trust::Fingerprint(tls.fingerprint.clone()))
        .unwrap()
        .log_in(&LogIn { name: Some("ana".to_owned()), password: Some("correct horse".to_owned()), token: None })
        .await
        .unwrap();
    let client = Client::remote(&url, &secret, &cto::client::Trust::Fingerprint(tls.fingerprint.clone())).unwrap();
    let open = OpenSession { container: container.name.clone(), command: vec!["sh".to_owned()], ..OpenSession::default() };
    let session = client.call::<CreateSession>(&[], &open).await.unwrap();
    let attach =
        Attach { v: 1, token: None, from_offset: None, cols: 80, rows: 24, mode: AttachMode::Write, delivery: Delivery::Live, writer: 3, window: None };
    let mut attached = client.attach(session.id.as_str(), attach).await.unwrap();
    attached.send(ClientFrame::Input { seq: 1, bytes: b"echo tls-$((1+1))\n".to_vec() }).await.unwrap();
    seen(&mut attached, "tls-2").await.unwrap();
    let (done, said) = cto(&["logout", &url], "").await;
    assert!(done, "{said}");
    let (done, said) = cto(&["--server", &url, "ps"], "").await;
    assert!(!done && said.contains("not signed in"), "{said}");
    closing.cancel();
    serving.await.unwrap();
    plane.stop().await;
}
