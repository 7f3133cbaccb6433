//! What the control plane promises, on the real engine.
use super::support::plane::Plane;
use super::support::plane::admin;
use super::support::plane::operator;
use super::support::plane::viewer;
use cto::control::Control;
use cto::control::ExecOutput;
use cto::control::Screen;
use cto::engine::EngineEvent;
use cto::model::*;
use serde_json::json;
use std::time::Duration;

fn attach(mode: AttachMode) -> Attach {
    Attach { v: 1, token: None, from_offset: Some(0), cols: 80, rows: 24, mode, delivery: Delivery::Live, writer: 1, window: None }
}

/// Waits until the session's output has `wanted`.
async fn printed(control: &Control, session: &SessionId, wanted: &str) -> String {
    let mut reader = control.attach_session(&admin(), session.as_str(), attach(AttachMode::View)).await.unwrap();
    let mut seen = Vec::new();
    let waiting = async {
        while let Some(frame) = reader.next().await {
            match frame {
                ServerFrame::Output { offset, bytes } => {
                    reader.writer().ack(offset + bytes.len() as u64);
                    seen.extend_from_slice(&bytes);
                }
                ServerFrame::Snapshot { bytes, .. } => seen = bytes,
                _ => {}
            }
            if String::from_utf8_lossy(&seen).contains(wanted) {
                break;
            }
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(20), waiting).await.is_ok();
    let text = String::from_utf8_lossy(&seen).into_owned();
    assert!(in_time && text.contains(wanted), "waited for '{wanted}', saw {text:?}");
    text
}

#[tokio::test]
async fn a_container_is_launched_typed_into_stopped_started_and_removed() {
    let plane = Plane::start().await;
    let control = &plane.control;
    let mut events = control.subscribe_events(&admin(), None).await.unwrap();
    let container = plane.container(&operator("olga"), "life", json!({"command": "/bin/bash"})).await;
    assert_eq!((container.state, container.owner.as_deref(), container.sessions), (ContainerState::Running, Some("olga"), 1));
    plane
        .event(
            &mut events,
            |event| matches!(event, Event::ContainerChanged { container } if container.state == ContainerState::Running && container.name.ends_with("life")),
        )
        .await;

    // The main session is there from the first byte, and asked for again it is the same one.
    let main =
        control.create_session(&operator("olga"), OpenSession { container: container.name.clone(), main: true, ..OpenSession::default() }, None).await.unwrap();
    assert_eq!((main.kind, main.owner.as_str(), &main.not_resumable), (SessionKind::Main, "olga", &None));
    control
        .type_into_session(&operator("olga"), main.id.as_str(), SessionInput { text: Some("echo sum $((20+22))\n".to_owned()), base64: None })
        .await
        .unwrap();
    printed(control, &main.id, "sum 42").await;
    let Screen::Text(text) = control.get_screen(&viewer(), main.id.as_str(), ScreenFormat::Text).await.unwrap() else { panic!("text was asked for") };
    assert!(text.contains("\nsum 42\n"), "{text}");
    let wish = TileWish { container: container.id.clone(), size: Size { cols: 60, rows: 10 } };
    let (mark, tile) = control.tile(&viewer(), &wish, None).unwrap().expect("it has a session");
    assert_eq!(tile.session, main.id);
    assert!(control.tile(&viewer(), &wish, Some(&mark)).unwrap().is_none() || !text.is_empty());

    // A shell beside it ends when it is closed.
    let shell = control.create_session(&operator("olga"), OpenSession { container: container.name.clone(), ..OpenSession::default() }, None).await.unwrap();
    assert_eq!(shell.not_resumable, None);
    assert_eq!(control.get_container(&viewer(), &container.name).await.unwrap().sessions, 2);
    control.close_session(&operator("olga"), shell.id.as_str()).await.unwrap();
    let closed = control.get_session(&viewer(), shell.id.as_str()).await.unwrap();
    assert_eq!(closed.exit.map(|exit| exit.reason), Some(ExitReason::Closed));
    assert_eq!(control.close_session(&operator("olga"), main.id.as_str()).await.unwrap_err().code, Code::WrongState);

    let stopped = control.stop_container_now(&operator("olga"), &container.name, StopContainer { grace_seconds: Some(1) }).await.unwrap();
    assert_eq!(stopped.state, ContainerState::Exited);
    plane
        .event(&mut events, |event| {
            matches!(event, Event::SessionChanged { session } if session.id == main.id && session.exit.as_ref().is_some_and(|exit| exit.reason == ExitReason::Stopped))
        })
        .await;
    let started = control.start_container(&operator("olga"), &container.name).await.unwrap();
    assert_eq!((started.state, started.sessions), (ContainerState::Running, 1));
    let page = control.list_sessions(&viewer(), &ListQuery { q: Some(container.name.clone()), ..ListQuery::default() }).await.unwrap();
    assert_eq!(page.items.iter().filter(|session| session.state == SessionState::Live).count(), 1);

    assert_eq!(control.delete_container(&operator("olga"), &container.name, RemoveContainer { force: false }).await.unwrap_err().code, Code::WrongState);
    control.delete_container(&operator("olga"), &container.name, RemoveContainer { force: true }).await.unwrap();
    plane.event(&mut events, |event| matches!(event, Event::ContainerRemoved { id, .. } if *id == container.id)).await;
    assert_eq!(plane.existing().await, Vec::<String>::new());
    let audit = plane.audit().await;
    assert!(audit.contains(&"olga create:containers ~-life: Succeeded".to_owned()), "{audit:#?}");
    assert!(
        audit.contains(&"olga remove:containers ~-life: Failed".to_owned()) && audit.contains(&"olga remove:containers ~-life: Succeeded".to_owned()),
        "{audit:#?}"
    );
    control.parts().store.verify_audit().await.unwrap();
}

#[tokio::test]
async fn a_viewer_is_refused_and_the_refusal_is_audited() {
    let plane = Plane::start().await;
    let control = &plane.control;
    let container = plane.container(&operator("olga"), "mine", json!({"command": "/bin/bash"})).await;
    let name = container.name.as_str();
    let session = control.list_sessions(&viewer(), &ListQuery::default()).await.unwrap().items.remove(0);
    let who = [viewer(), operator("otto")];
    for actor in &who {
        let refused = [
            control.stop_container_now(actor, name, StopContainer::default()).await.err(),
            control.delete_container(actor, name, RemoveContainer { force: true }).await.err(),
            control.create_session(actor, OpenSession { container: name.to_owned(), ..OpenSession::default() }, None).await.err(),
            control.type_into_session(actor, session.id.as_str(), SessionInput { text: Some("x".to_owned()), base64: None }).await.err(),
            control.attach_session(actor, session.id.as_str(), attach(AttachMode::Write)).await.err(),
            control.attach_session(actor, session.id.as_str(), Attach { delivery: Delivery::Lossless, ..attach(AttachMode::View) }).await.err(),
            control.exec_in_container(actor, name, ExecStart { command: vec!["id".to_owned()], ..ExecStart::default() }).await.err(),
        ];
        for error in refused {
            assert_eq!(error.unwrap().code, Code::Forbidden);
        }
    }
    assert_eq!(control.create_container_from(&viewer(), plane.request("no", json!({})), None).await.unwrap_err().code, Code::Forbidden);
    assert_eq!(
        control.create_user(&operator("otto"), AddUser { name: "eve".to_owned(), role: Role::Admin, password: None }).await.unwrap_err().code,
        Code::Forbidden
    );
    // Looking is fine.
    control.attach_session(&viewer(), session.id.as_str(), attach(AttachMode::View)).await.unwrap();
    let refusals: Vec<String> = plane.audit().await.into_iter().filter(|line| line.ends_with("Refused")).collect();
    assert_eq!(refusals.len(), 16, "{refusals:#?}");
    assert!(refusals.contains(&"vic remove:containers ~-mine: Refused".to_owned()), "{refusals:#?}");
    assert_eq!(control.get_container(&viewer(), name).await.unwrap().state, ContainerState::Running);
}

#[tokio::test]
async fn a_name_is_free_again_at_once_whatever_the_watcher_has_seen_before() {
    let plane = Plane::start().await;
    for _ in 0..5 {
        let failing = plane.launch(&admin(), "again", json!({"command": ["sh", "-c", "exit 3"]})).await;
        assert_eq!(failing.problem.map(|problem| problem.code), Some(Code::ExitedAtOnce));
    }
    // Taken away behind the back of the lists.
    let taken = plane.container(&admin(), "again", json!({})).await;
    plane.control.parts().engine.remove(&taken.id, true).await.unwrap();
    plane.container(&admin(), "again", json!({})).await;
}

#[tokio::test]
async fn a_container_that_exits_at_once_is_told_and_removed() {
    let plane = Plane::start().await;
    for interactive in [true, false] {
        let fields = json!({"command": ["sh", "-c", "printf '\\033[31mno such thing\\033[m\\n'; exit 3"], "interactive": interactive});
        let operation = plane.launch(&admin(), "early", fields).await;
        let problem = operation.problem.expect("it fails");
        assert_eq!((operation.state, problem.code), (OperationState::Failed, Code::ExitedAtOnce));
        assert!(problem.detail.contains("exit code 3") && problem.detail.contains("): no such thing"), "{}", problem.detail);
        assert_eq!(plane.existing().await, Vec::<String>::new());
    }
    assert_eq!(plane.control.list_sessions(&admin(), &ListQuery::default()).await.unwrap().items, []);
    // A program that ends well by design is no failure.
    let ended = plane.container(&admin(), "hello", json!({"command": ["echo", "hello"]})).await;
    assert!(ended.exit_code.is_none_or(|code| code == 0));
    assert_eq!(plane.existing().await, [plane.name("hello")]);
}

#[tokio::test]
async fn what_can_not_be_launched_says_why_and_leaves_nothing() {
    let plane = Plane::start().await;
    let control = &plane.control;
    let operation = plane.launch(&admin(), "missing", json!({"command": "no-such-program"})).await;
    assert_eq!(operation.problem.map(|problem| problem.code), Some(Code::CommandNotFound));
    let operation = plane.launch(&admin(), "image", json!({"image": "127.0.0.1:1/no/such:image"})).await;
    assert_eq!(operation.problem.map(|problem| problem.code), Some(Code::ImageUnavailable));
    assert_eq!(plane.existing().await, Vec::<String>::new());

    let wrong = |fields| plane.request("wrong", fields);
    let error = control.create_container_from(&admin(), wrong(json!({"comand": "sh"})), None).await.unwrap_err();
    assert_eq!(error.code, Code::InvalidDocument, "{error}");
    let error = control.create_container_from(&admin(), wrong(json!({"privileged": true})), None).await.unwrap_err();
    assert_eq!(error.code, Code::PolicyRefused, "{error}");
    let error = control.create_container_from(&admin(), wrong(json!({"volumes": ["/var/run/docker.sock:/s"]})), None).await.unwrap_err();
    assert!(matches!(error.code, Code::PolicyRefused | Code::InvalidDocument), "{error}");
    let error = control
        .create_container_from(&admin(), CreateContainer { template: Some("no-such".to_owned()), ..CreateContainer::default() }, None)
        .await
        .unwrap_err();
    assert_eq!(error.code, Code::NotFound);

    plane.container(&admin(), "taken", json!({"command": "/bin/bash"})).await;
    let error = control.create_container_from(&admin(), plane.request("taken", json!({})), None).await.unwrap_err();
    assert_eq!(error.code, Code::NameInUse);
    assert_eq!(plane.existing().await, [plane.name("taken")]);
}

#[tokio::test]
async fn a_cancelled_launch_leaves_nothing() {
    let plane = Plane::start().await;
    let control = &plane.control;
    let mut events = control.subscribe_events(&admin(), None).await.unwrap();
    for phase in ["creating the container", "starting the container"] {
        let operation = control.create_container_from(&admin(), plane.request("gone", json!({"command": "/bin/bash"})), None).await.unwrap();
        plane
            .event(&mut events, |event| matches!(event, Event::OperationChanged { operation: now } if now.id == operation.id && now.progress.phase == phase))
            .await;
        let ended = control.cancel_operation(&admin(), operation.id.as_str()).await.unwrap();
        assert_eq!(ended.state, OperationState::Cancelled, "{:?}", ended.problem);
        assert_eq!(plane.existing().await, Vec::<String>::new(), "cancelled while {phase}");
    }
    assert_eq!(control.list_sessions(&admin(), &ListQuery::default()).await.unwrap().items, []);
}

#[tokio::test]
async fn names_are_made_up_without_clashes_and_repeated_requests_launch_once() {
    let plane = Plane::start().await;
    let control = &plane.control;
    let text = json!({"name": plane.prefix, "image": "debian:bookworm-slim", "command": "/bin/bash"}).to_string();
    let request = CreateContainer { inline: Some(InlineTemplate { source: "x.json".to_owned(), text }), ..CreateContainer::default() };
    let launches = (0..3).map(|_| control.create_container_from(&CONTROL_ADMIN, request.clone(), None));
    let mut names = Vec::new();
    for operation in futures_util::future::join_all(launches).await {
        let ended = control.wait_operation(&CONTROL_ADMIN, operation.unwrap().id.as_str(), Duration::from_secs(60)).await.unwrap();
        names.push(ended.result.unwrap_or_else(|| panic!("{:?}", ended.problem)).name);
    }
    names.sort();
    assert_eq!(names, [1, 2, 3].map(|number| format!("{}-{number}", plane.prefix)));

    let one = control.create_container_from(&CONTROL_ADMIN, request.clone(), Some("key")).await.unwrap();
    let same = control.create_container_from(&CONTROL_ADMIN, request.clone(), Some("key")).await.unwrap();
    assert_eq!(one.id, same.id);
    let other = control.create_container_from(&CONTROL_ADMIN, CreateContainer { name: Some(plane.name("x")), ..request }, Some("key")).await;
    assert_eq!(other.unwrap_err().code, Code::InvalidValue);
    control.wait_operation(&CONTROL_ADMIN, one.id.as_str(), Duration::from_secs(60)).await.unwrap();
    assert_eq!(plane.existing().await.len(), 4);
    // Pages follow each other.
    let query = ListQuery { limit: Some(3), q: Some(plane.prefix.clone()), ..ListQuery::default() };
    let first = control.list_containers(&viewer(), &query).await.unwrap();
    let rest = control.list_containers(&viewer(), &ListQuery { cursor: first.next_cursor.clone(), ..query }).await.unwrap();
    assert_eq!((first.items.len(), rest.items.len(), rest.next_cursor), (3, 1, None));
}

static CONTROL_ADMIN: std::sync::LazyLock<cto::access::Actor> = std::sync::LazyLock::new(admin);

#[tokio::test]
async fn a_server_after_another_carries_its_sessions_on() {
    let mut plane = Plane::start().await;
    let container = plane.container(&admin(), "stays", json!({"command": "/bin/bash"})).await;
    let open = |main| OpenSession { container: container.name.clone(), main, ..OpenSession::default() };
    let main = plane.control.create_session(&admin(), open(true), None).await.unwrap();
    let shell = plane.control.create_session(&admin(), open(false), None).await.unwrap();
    for session in [&main, &shell] {
        let input = SessionInput { text: Some("X=kept; echo $((20+22))\n".to_owned()), base64: None };
        plane.control.type_into_session(&admin(), session.id.as_str(), input).await.unwrap();
        printed(&plane.control, &session.id, "42").await;
    }
    plane.restart().await;
    let control = &plane.control;
    // Neither program has noticed.
    let again = control.get_session(&admin(), shell.id.as_str()).await.unwrap();
    assert_eq!((again.state, again.created_at), (SessionState::Live, shell.created_at));
    control.type_into_session(&admin(), shell.id.as_str(), SessionInput { text: Some("echo still $X\n".to_owned()), base64: None }).await.unwrap();
    printed(control, &shell.id, "still kept").await;
    let again = control.create_session(&admin(), open(true), None).await.unwrap();
    assert_eq!((again.id.clone(), again.state), (main.id, SessionState::Live));
    control.type_into_session(&admin(), again.id.as_str(), SessionInput { text: Some("echo still $X\n".to_owned()), base64: None }).await.unwrap();
    printed(control, &again.id, "still kept").await;
}

#[tokio::test]
async fn what_others_do_to_containers_is_seen() {
    let plane = Plane::start().await;
    let control = &plane.control;
    let container = plane.container(&admin(), "seen", json!({"command": "/bin/bash"})).await;
    let mut events = control.subscribe_events(&viewer(), None).await.unwrap();
    let is_ours = |found: &Container| found.id == container.id;
    let engine = control.parts().engine.clone();
    engine.stop(&container.id, Some(Duration::from_secs(0))).await.unwrap();
    plane
        .event(&mut events, |event| matches!(event, Event::ContainerChanged { container } if is_ours(container) && container.state == ContainerState::Exited))
        .await;
    engine.start(&container.id).await.unwrap();
    // Its main program is watched again, whoever started it.
    plane
        .event(
            &mut events,
            |event| matches!(event, Event::SessionChanged { session } if session.container == container.id && session.state == SessionState::Live),
        )
        .await;
    engine.remove(&container.id, true).await.unwrap();
    plane.event(&mut events, |event| matches!(event, Event::ContainerRemoved { id, .. } if *id == container.id)).await;
    let listed = control.list_containers(&viewer(), &ListQuery { q: Some(container.name.clone()), ..ListQuery::default() }).await.unwrap();
    assert_eq!(listed.items, []);
    assert_eq!(control.get_container(&viewer(), &container.name).await.unwrap_err().code, Code::NotFound);
}

#[tokio::test]
async fn what_was_removed_does_not_come_back_when_the_watcher_has_looked_before_and_tells_after() {
    let plane = Plane::start().await;
    let removed = plane.container(&admin(), "removed", json!({})).await;
    plane.control.delete_container(&admin(), removed.id.as_str(), RemoveContainer { force: true }).await.unwrap();
    let listed = async || plane.control.list_containers(&viewer(), &ListQuery::default()).await.unwrap().items.into_iter().any(|one| one.id == removed.id);
    plane.control.engine_event(&EngineEvent::Changed(Box::new(removed.clone())));
    assert!(!listed().await, "one look that was late");
    let mut all = plane.control.parts().engine.list().await.unwrap();
    all.push(removed.clone());
    plane.control.engine_event(&EngineEvent::Listed(all));
    assert!(!listed().await, "a list that was late");
}

#[tokio::test]
async fn exec_logs_and_stats_flow() {
    let plane = Plane::start().await;
    let control = &plane.control;
    let container = plane.container(&operator("olga"), "flow", json!({"command": ["sh", "-c", "echo begun; exec sleep 600"], "interactive": false})).await;
    let start = ExecStart { command: ["sh", "-c", "cat; echo err >&2; exit 7"].map(str::to_owned).to_vec(), stdin: true, ..ExecStart::default() };
    let mut exec = control.exec_in_container(&operator("olga"), &container.name, start).await.unwrap();
    exec.stdin.send("typed".into()).await.unwrap();
    drop(exec.stdin);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    while let Some(piece) = exec.output.recv().await {
        match piece {
            ExecOutput::Stdout(bytes) => out.extend_from_slice(&bytes),
            ExecOutput::Stderr(bytes) => err.extend_from_slice(&bytes),
        }
    }
    assert_eq!((out.as_slice(), err.as_slice(), exec.control.exit().await.unwrap()), (&b"typed"[..], &b"err\n"[..], 7));
    let audit = control.list_audit(&admin(), &ListQuery { q: Some("exec:".to_owned()), ..ListQuery::default() }).await.unwrap().items;
    assert_eq!(audit[0].detail.as_deref(), Some("sh"), "the program, never its arguments");

    let mut log = control.read_container_logs(&viewer(), &container.name, LogQuery::default()).await.unwrap();
    assert_eq!(log.recv().await.unwrap().unwrap(), (LogSource::Stdout, "begun\n".into()));
    let mut stats = control.subscribe_stats(&viewer(), vec![container.id.clone()]).await.unwrap();
    let sample = tokio::time::timeout(Duration::from_secs(20), stats.recv()).await.unwrap().unwrap();
    assert_eq!((sample.container, sample.pids >= 1), (container.id, true));
}

#[tokio::test]
async fn a_mounted_directory_is_made_as_the_servers_user() {
    let plane = Plane::start().await;
    let fields = json!({"command": ["sh", "-c", "echo hi > /workspace/file; exec sleep 600"], "volumes": ["./workspace:/workspace"], "interactive": false});
    let container = plane.container(&admin(), "mount", fields.clone()).await;
    let file = plane.home.path().join("workspace/file");
    let start = ExecStart { command: ["sh", "-c", "until [ -s /workspace/file ]; do :; done"].map(str::to_owned).to_vec(), ..ExecStart::default() };
    let exec = plane.control.exec_in_container(&admin(), &container.name, start).await.unwrap();
    assert_eq!(exec.control.exit().await.unwrap(), 0);
    assert_eq!(std::fs::read_to_string(file).unwrap(), "hi\n");
    // For anybody but an admin the directory of a request is no place to mount from.
    let error = plane.control.create_container_from(&operator("olga"), plane.request("other", fields), None).await.unwrap_err();
    assert!(matches!(error.code, Code::PolicyRefused | Code::InvalidDocument), "{error}");
}

#[tokio::test]
async fn tokens_prove_their_users_until_they_are_revoked() {
    let plane = Plane::start().await;
    let control = &plane.control;
    control.create_user(&admin(), AddUser { name: "olga".to_owned(), role: Role::Operator, password: None }).await.unwrap();
    let ask = |role| CreateToken { user: Some("olga".to_owned()), role, expires_in_days: Some(1), about: None };
    let made = control.create_token_for(&admin(), ask(Some(Role::Viewer))).await.unwrap();
    assert_eq!(control.create_token_for(&admin(), ask(Some(Role::Admin))).await.unwrap_err().code, Code::InvalidValue);
    let olga = control.identify(&made.secret).await.unwrap();
    assert_eq!((olga.name.as_str(), olga.role), ("olga", Role::Viewer));
    let me = control.get_me(&olga).await.unwrap();
    assert!(me.actions.contains(&Action::ReadContainers) && !me.actions.contains(&Action::CreateContainers));
    for wrong in ["", "cto_pat_x", &made.secret[..made.secret.len() - 1]] {
        assert_eq!(control.identify(wrong).await.unwrap_err().code, Code::Unauthenticated);
    }
    control.delete_token(&admin(), made.token.id.as_str()).await.unwrap();
    assert_eq!(control.identify(&made.secret).await.unwrap_err().code, Code::Unauthenticated);
    let another = control.create_token_for(&admin(), ask(None)).await.unwrap();
    control.delete_user(&admin(), "olga", RemoveVersion::default()).await.unwrap();
    assert_eq!(control.identify(&another.secret).await.unwrap_err().code, Code::Unauthenticated);
    // Whoever holds the socket needs no user first.
    let local = control
        .create_token_for(&Control::local_admin(), CreateToken { user: None, role: Some(Role::Operator), expires_in_days: None, about: None })
        .await
        .unwrap();
    assert_eq!(control.identify(&local.secret).await.unwrap().role, Role::Operator);
    let text = format!("{:?}", control.list_audit(&admin(), &ListQuery::default()).await.unwrap());
    assert!(!text.contains("cto_pat_"), "no secret is in the audit");
}

#[tokio::test]
async fn without_an_engine_the_server_says_so_and_lives() {
    let plane = Plane::over(cto::engine::Engine::connect(Some("unix:///nonexistent/engine.sock"))).await;
    let control = &plane.control;
    assert_eq!(control.list_containers(&viewer(), &ListQuery::default()).await.unwrap_err().code, Code::EngineUnavailable);
    assert_eq!(control.create_container_from(&admin(), plane.request("no", json!({})), None).await.unwrap_err().code, Code::EngineUnavailable);
    let health = control.get_health().await.unwrap();
    assert_eq!((health.ok, health.store_ok, health.engine.available), (false, true, false));
    control.put_layout(&viewer(), "last", SaveLayout { replaces: None, data: json!({"a": 1}) }).await.unwrap();
    assert_eq!(control.get_layout(&viewer(), "last").await.unwrap().version, 1);
    assert_eq!(control.get_layout(&admin(), "last").await.unwrap_err().code, Code::NotFound);
}
