//! Triggers: what starts runs by itself, how often, and what may come in from outside.
use super::support::golden::golden;
use super::support::http::Door;
use super::support::http::read;
use super::support::plane::Plane;
use super::support::plane::admin;
use super::support::plane::operator;
use base64::Engine as _;
use cto::access::Actor;
use cto::automation::Incoming;
use cto::model::*;
use hmac::Mac as _;
use jiff::SignedDuration;
use jiff::Timestamp;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

/// A script that takes what happened as parameters.
const NOTE: &str = "script { about = \"notes what happened\", params = { what = { default = \"\" }, who = { default = \"\" } } }";

/// A plane with the user olga, and the script 'note'.
async fn plane() -> Plane {
    let plane = Plane::start().await;
    prepare(&plane).await;
    plane
}

async fn prepare(plane: &Plane) {
    plane.control.create_user(&admin(), AddUser { name: "olga".to_owned(), role: Role::Operator, password: None }).await.unwrap();
    plane.automation.put_script(&admin(), "note", SaveScript { source: NOTE.to_owned(), replaces: None }).await.unwrap();
}

fn olga() -> Actor {
    operator("olga")
}

fn save(name: &str, when: Value, params: Value) -> SaveTrigger {
    serde_json::from_value(json!({"name": name, "when": when, "run": {"script": "note", "params": params}})).unwrap()
}

async fn made(plane: &Plane, request: SaveTrigger) -> TriggerSecret {
    plane.automation.create_trigger(&olga(), request).await.unwrap()
}

async fn fires(plane: &Plane, name: &str) -> Vec<Fire> {
    plane.automation.list_fires(&olga(), name, PastQuery::default()).await.unwrap().items
}

/// Waits until a trigger has done so much.
async fn until(plane: &Plane, name: &str, wanted: impl Fn(&[Fire]) -> bool) -> Vec<Fire> {
    let looking = async {
        loop {
            let all = fires(plane, name).await;
            if wanted(&all) {
                return all;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    match tokio::time::timeout(Duration::from_secs(30), looking).await {
        Ok(all) => all,
        Err(_) => panic!("{name} did only {:?}", fires(plane, name).await),
    }
}

/// The run that a trigger started first.
async fn started(plane: &Plane, name: &str) -> Run {
    let all = until(plane, name, |all| all.iter().any(|fire| fire.run.is_some())).await;
    let id = all.iter().rev().find_map(|fire| fire.run.clone()).unwrap();
    plane.automation.get_run(&olga(), id.as_str()).await.unwrap()
}

fn param(run: &Run, name: &str) -> String {
    run.params.get(name).map(ToString::to_string).unwrap_or_default()
}

fn quiet_container(command: &str) -> Value {
    json!({"command": ["sh", "-c", command], "interactive": false, "network": "none"})
}

#[tokio::test]
async fn the_end_of_a_container_starts_a_run_as_the_trigger_s_owner() {
    let plane = plane().await;
    let when = json!({"event": "container", "is": ["died"], "of": {"name": format!("{}*", plane.name("job"))}});
    made(&plane, save("note-ends", when, json!({"what": "${event.kind} ${event.exit_code}", "who": "${event.container}"}))).await;
    plane.launch(&admin(), "other", quiet_container("exit 1")).await;
    plane.launch(&admin(), "job-1", quiet_container("exit 7")).await;
    let run = started(&plane, "note-ends").await;
    assert_eq!((run.owner.as_str(), run.script.as_str()), ("olga", "note"));
    assert_eq!((param(&run, "what").as_str(), param(&run, "who")), ("container.died 7", plane.name("job-1")));
    let RunCause::Trigger { name, event, depth } = &run.cause else { panic!("{:?}", run.cause) };
    assert_eq!((name.as_str(), event, *depth), ("note-ends", &format!("container {} ended, exit code 7", plane.name("job-1")), 0));
    assert_eq!(fires(&plane, "note-ends").await.len(), 1, "of the one that is meant, once");
}

#[tokio::test]
async fn a_trigger_may_be_for_containers_with_certain_labels_alone() {
    let plane = plane().await;
    let when = |labels: Value| json!({"event": "container", "is": ["died"], "of": {"name": format!("{}*", plane.name("")), "labels": labels}});
    made(&plane, save("both", when(json!({"tier": "db*", "site": "north"})), json!({"who": "${event.container}"}))).await;
    made(&plane, save("tier", when(json!({"tier": "db-1"})), json!({"who": "${event.container}"}))).await;
    let log = json!({"event": "log", "matches": "^gone", "of": {"labels": {"site": "north"}}});
    made(&plane, save("lines", log, json!({"who": "${event.container}"}))).await;
    let labelled = async |name: &str, command: &str, labels: Value| {
        let mut fields = quiet_container(command);
        fields["labels"] = labels;
        plane.launch(&admin(), name, fields).await;
    };
    labelled("none", "exit 0", json!({})).await;
    labelled("half", "exit 0", json!({"tier": "db-1", "site": "south"})).await;
    labelled("whole", "exit 0", json!({"tier": "db-2", "site": "north"})).await;
    labelled("talks-south", "echo gone; sleep 1000", json!({"site": "south"})).await;
    labelled("talks", "echo gone; sleep 1000", json!({"site": "north"})).await;
    assert_eq!(param(&started(&plane, "both").await, "who"), plane.name("whole"));
    assert_eq!(param(&started(&plane, "tier").await, "who"), plane.name("half"));
    assert_eq!(param(&started(&plane, "lines").await, "who"), plane.name("talks"));
    for name in ["both", "tier", "lines"] {
        assert_eq!(fires(&plane, name).await.len(), 1, "{name}");
    }
    // They are told with the container, without cto's own.
    let whole = plane.control.get_container(&admin(), &plane.name("whole")).await.unwrap();
    assert_eq!(whole.labels, BTreeMap::from([("site".to_owned(), "north".to_owned()), ("tier".to_owned(), "db-2".to_owned())]));
}

#[tokio::test]
async fn an_event_that_two_servers_see_starts_one_run() {
    let plane = plane().await;
    made(&plane, save("ends", json!({"event": "container", "is": ["died"], "of": {"name": plane.name("job")}}), json!({}))).await;
    let (other, end) = (cto::automation::Automation::new(plane.control.clone()), tokio_util::sync::CancellationToken::new());
    let keeping = tokio::spawn(other.clone().keep(end.clone()));
    plane.launch(&admin(), "job", quiet_container("exit 0")).await;
    started(&plane, "ends").await;
    // What comes later is seen by both after what came before.
    plane.launch(&admin(), "later", quiet_container("exit 0")).await;
    assert_eq!(fires(&plane, "ends").await.len(), 1);
    end.cancel();
    keeping.await.unwrap();
}

#[tokio::test]
async fn what_is_too_much_is_counted_and_told_once() {
    let plane = plane().await;
    let secret = hook(&plane, SaveTrigger { limit: TriggerLimit { times: 2, seconds: 600 }, ..save("ci", json!({"event": "hook"}), json!({})) }).await;
    let mut notices = plane.control.subscribe_events(&olga(), None).await.unwrap();
    let mut codes = Vec::new();
    for number in 0..5 {
        let request = standard(&secret, &format!("msg_{number}"), Timestamp::now(), "{}");
        codes.push(plane.automation.receive_hook("ci", &request, Timestamp::now()).await.map_err(|error| error.code).err());
    }
    assert_eq!(codes, [None, None, Some(Code::TooMany), Some(Code::TooMany), Some(Code::TooMany)]);
    let all = fires(&plane, "ci").await;
    let outcomes: Vec<FireOutcome> = all.iter().map(|fire| fire.outcome).collect();
    assert_eq!(outcomes, [FireOutcome::Limited, FireOutcome::Started, FireOutcome::Started]);
    assert_eq!(all[0].error.as_deref(), Some("more than 2 in 600 s; what comes beyond is counted"));
    let told = plane.event(&mut notices, |event| matches!(event, Event::Notice { .. })).await;
    let Event::Notice { title, text, .. } = told else { unreachable!() };
    assert_eq!((title.as_str(), text.as_str()), ("trigger ci", "did nothing: more than 2 in 600 s; what comes beyond is counted"));
}

#[tokio::test]
async fn of_several_events_the_last_one_counts_once_it_is_quiet() {
    let plane = plane().await;
    let when = json!({"event": "file", "of": "script", "name": "deploy*"});
    made(&plane, SaveTrigger { quiet_seconds: 1, ..save("changes", when, json!({"who": "${event.name}"})) }).await;
    // Files are looked at from the first look on.
    let saved = async |name: &str, text: &str| {
        plane.automation.put_script(&admin(), name, SaveScript { source: format!("{NOTE} -- {text}"), replaces: None }).await.unwrap();
    };
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    saved("other", "1").await;
    saved("deploy-a", "1").await;
    saved("deploy-b", "1").await;
    let run = started(&plane, "changes").await;
    assert_eq!(param(&run, "who"), "deploy-b");
    let all = fires(&plane, "changes").await;
    assert_eq!((all.len(), all[0].more), (1, 1));
}

#[tokio::test]
async fn runs_that_start_each_other_for_ever_are_cut() {
    let plane = plane().await;
    made(&plane, save("ends", json!({"event": "container", "is": ["died"], "of": {"name": plane.name("job")}}), json!({}))).await;
    let container = plane.container(&admin(), "job", quiet_container("sleep 1000")).await;
    let cause = |depth| RunCause::Trigger { name: "ends".to_owned(), event: "x".to_owned(), depth };
    let run = plane.automation.start_run(&olga(), StartRun { script: Some("note".to_owned()), ..StartRun::default() }, cause(2), None).await.unwrap();
    let over = async {
        loop {
            let run = plane.automation.get_run(&olga(), run.id.as_str()).await.unwrap();
            if run.state.is_over() {
                return run;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let mut run = over.await;
    let (store, boot) = (&plane.control.parts().store, plane.control.boot_id());
    run.containers.push(container.id.clone());
    assert!(store.save_run(&run, boot).await.unwrap());
    let stop = StopContainer { grace_seconds: Some(0) };
    plane.control.stop_container_now(&admin(), container.id.as_str(), stop).await.unwrap();
    let all = until(&plane, "ends", |all| all.iter().any(|fire| fire.run.is_some())).await;
    assert_eq!((all[0].outcome, all[0].depth), (FireOutcome::Started, 3));
    run.cause = cause(4);
    assert!(store.save_run(&run, boot).await.unwrap());
    plane.control.start_container(&admin(), container.id.as_str()).await.unwrap();
    plane.control.stop_container_now(&admin(), container.id.as_str(), stop).await.unwrap();
    let all = until(&plane, "ends", |all| all.len() == 2).await;
    assert_eq!((all[0].outcome, all[0].depth, all[0].run.clone()), (FireOutcome::Loop, 5, None));
    assert_eq!(all[0].error.as_deref(), Some("5 runs have started each other by triggers already"));
}

#[tokio::test]
async fn a_script_that_launches_what_starts_it_ends_after_a_few_rounds() {
    let plane = plane().await;
    let spec = format!("image = \"debian:bookworm-slim\", command = {{ \"sleep\", \"1d\" }}, name = \"{}\"", plane.name("again"));
    let source = format!("script {{ about = \"x\" }}\nlaunch({{ {spec} }})\nsleep(1)\n");
    plane.automation.put_script(&admin(), "again", SaveScript { source, replaces: None }).await.unwrap();
    let when = json!({"event": "container", "is": ["started"], "of": {"name": format!("{}*", plane.name("again"))}});
    let request = save("again", when, json!({}));
    made(&plane, SaveTrigger { run: TriggerRun { script: "again".to_owned(), params: BTreeMap::new() }, ..request }).await;
    plane.launch(&olga(), "again", quiet_container("sleep 1000")).await;
    let all = until(&plane, "again", |all| all.iter().any(|fire| fire.outcome == FireOutcome::Loop)).await;
    let depths: Vec<u32> = all.iter().rev().map(|fire| fire.depth).collect();
    assert_eq!(depths, [0, 1, 2, 3, 4, 5], "{all:?}");
}

#[tokio::test]
async fn lines_of_logs_and_numbers_start_runs() {
    let plane = plane().await;
    let of = json!({"name": plane.name("app")});
    let log = json!({"event": "log", "matches": "level=error code=(?<code>[0-9]+)", "of": of});
    made(&plane, save("errors", log, json!({"what": "${event.group.code}", "who": "${event.line}"}))).await;
    let metric = json!({"event": "metric", "metric": "memory_bytes", "above": 1_000, "seconds": 1, "of": of});
    made(&plane, save("memory", metric, json!({"what": "${event.metric}"}))).await;
    plane.launch(&admin(), "app", quiet_container("echo level=info; printf 'level=error code=42 \\033[31mred\\n' >&2; sleep 1000")).await;
    let run = started(&plane, "errors").await;
    assert_eq!((param(&run, "what").as_str(), param(&run, "who").as_str()), ("42", "level=error code=42 red"));
    assert_eq!(param(&started(&plane, "memory").await, "what"), "memory_bytes");
    assert_eq!((fires(&plane, "errors").await.len(), fires(&plane, "memory").await.len()), (1, 1), "it stays high, and that is no news");
}

#[tokio::test]
async fn what_sessions_print_and_that_they_are_quiet_start_runs() {
    let plane = plane().await;
    let of = json!({"name": plane.name("box")});
    let session = |is: &str, further: Value| {
        let mut when = json!({"event": "session", "is": is, "of": of});
        when.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
        save(is, when, json!({"what": "${event.line}", "who": "${event.container}"}))
    };
    for request in [
        session("output", json!({"matches": "^Password for (\\w+):"})),
        session("idle", json!({"seconds": 1})),
        session("prompt", json!({})),
        session("bell", json!({})),
        session("ended", json!({})),
    ] {
        made(&plane, request).await;
    }
    let container = plane.container(&admin(), "box", json!({"command": ["sleep", "1000"], "interactive": false, "network": "none"})).await;
    let command = ["sh", "-c", "printf '\\033]133;A\\007$ \\r\\n\\007\\033[1mPassword for ann:\\033[0m '; sleep 1000"].map(str::to_owned).to_vec();
    let open = OpenSession { container: container.name.clone(), command, ..OpenSession::default() };
    let session = plane.control.create_session(&admin(), open, None).await.unwrap();
    assert_eq!(param(&started(&plane, "output").await, "what"), "Password for ann: ");
    for name in ["prompt", "bell", "idle"] {
        assert_eq!(param(&started(&plane, name).await, "who"), container.name, "{name}");
    }
    plane.control.close_session(&admin(), session.id.as_str()).await.unwrap();
    started(&plane, "ended").await;
    assert_eq!((fires(&plane, "output").await.len(), fires(&plane, "idle").await.len()), (1, 1));
}

/// Makes a trigger that waits for requests; its secret.
async fn hook(plane: &Plane, request: SaveTrigger) -> String {
    made(plane, request).await.secret.unwrap()
}

fn code_of(key: &[u8], text: &str) -> Vec<u8> {
    let mut code = hmac::Hmac::<sha2::Sha256>::new_from_slice(key).unwrap();
    code.update(text.as_bytes());
    code.finalize().into_bytes().to_vec()
}

/// A request as Standard Webhooks wants it.
fn standard(secret: &str, id: &str, at: Timestamp, body: &str) -> Incoming {
    let engine = base64::engine::general_purpose::STANDARD;
    let key = engine.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let signature = format!("v1,{}", engine.encode(code_of(&key, &format!("{id}.{}.{body}", at.as_second()))));
    Incoming {
        id: Some(id.to_owned()),
        timestamp: Some(at.as_second().to_string()),
        signature: Some(signature),
        body: body.as_bytes().to_vec(),
        ..Incoming::default()
    }
}

async fn post(door: &Door, name: &str, request: &Incoming) -> (u16, Value) {
    let mut builder = super::support::http::http().post(door.url(&format!("/api/v1/hooks/{name}"))).body(request.body.clone());
    for (header, value) in [
        ("webhook-id", &request.id),
        ("webhook-timestamp", &request.timestamp),
        ("webhook-signature", &request.signature),
        ("x-github-delivery", &request.github_id),
        ("x-hub-signature-256", &request.github_signature),
        ("x-github-event", &request.github_event),
    ] {
        if let Some(value) = value {
            builder = builder.header(header, value);
        }
    }
    // As by way of a proxy, and with a token of somebody else's.
    read(builder.header("host", "cto.example.com").bearer_auth("not-ours").send().await.unwrap()).await
}

#[tokio::test]
async fn a_request_that_comes_in_is_taken_once_if_it_is_signed_and_fresh() {
    let door = Door::open().await;
    prepare(&door.plane).await;
    let params = json!({"what": "${event.body/ref}", "who": "${event.body/commits/0/author}"});
    let secret = hook(&door.plane, save("push", json!({"event": "hook"}), params)).await;
    let now = Timestamp::now();
    let body = r#"{"ref": "main\n; rm -rf /", "commits": [{"author": "ann"}]}"#;
    let good = standard(&secret, "msg_1", now, body);
    assert_eq!(post(&door, "push", &good).await, (200, json!({"taken": true})));
    let run = started(&door.plane, "push").await;
    assert_eq!((param(&run, "what").as_str(), param(&run, "who").as_str()), ("main ; rm -rf /", "ann"), "no controls: it may be typed");

    let refused = async |request: &Incoming, name: &str| {
        let (status, mut problem) = post(&door, name, request).await;
        problem.as_object_mut().unwrap().remove("request_id");
        (status, problem)
    };
    assert_eq!(refused(&good, "push").await.0, 409, "a replay");
    let unsigned = refused(&Incoming { signature: None, ..good.clone() }, "push").await;
    let other = format!("whsec_{}", base64::engine::general_purpose::STANDARD.encode([7; 32]));
    assert_eq!(refused(&standard(&other, "msg_2", now, body), "push").await, unsigned, "a wrong signature");
    assert_eq!(refused(&Incoming { body: b"{}".to_vec(), ..good.clone() }, "push").await, unsigned, "another body");
    assert_eq!(refused(&Incoming { id: Some("msg_2".to_owned()), ..good.clone() }, "push").await, unsigned, "another id");
    assert_eq!(refused(&standard(&other, "msg_2", now, body), "no-such-trigger").await, unsigned, "an unknown name looks the same");
    assert_eq!(refused(&standard(&other, "msg_2", now, body), "..%2f..").await, unsigned);
    assert_eq!((unsigned.0, unsigned.1["code"].as_str()), (401, Some("unauthenticated")));
    for off in [-301, 330] {
        let (status, problem) = refused(&standard(&secret, "msg_3", now + SignedDuration::from_secs(off), body), "push").await;
        assert_eq!((status, problem["detail"].as_str()), (401, Some("the request's time is more than 300 s from now")));
    }
    assert_eq!(refused(&standard(&secret, "msg_4", now, "{"), "push").await.0, 400);
    let large = format!("\"{}\"", "x".repeat(256 << 10));
    assert_eq!(refused(&standard(&secret, "msg_5", now, &large), "push").await.0, 413);
    assert_eq!(fires(&door.plane, "push").await.len(), 1, "nothing of all that did anything");

    // A rotated secret, and the one of before.
    let fresh = door.plane.automation.rotate_trigger(&olga(), "push", RotateSecret::default()).await.unwrap().secret.unwrap();
    assert_eq!(post(&door, "push", &standard(&fresh, "msg_6", now, body)).await.0, 200);
    assert_eq!(post(&door, "push", &standard(&secret, "msg_7", now, body)).await.0, 200);
    door.plane.automation.rotate_trigger(&olga(), "push", RotateSecret { keep_hours: Some(0) }).await.unwrap();
    assert_eq!(post(&door, "push", &standard(&fresh, "msg_8", now, body)).await.0, 401);
    door.plane.automation.pause_trigger(&olga(), "push", true).await.unwrap();
    assert_eq!(post(&door, "push", &standard(&fresh, "msg_9", now, body)).await.0, 401);
}

#[tokio::test]
async fn github_s_way_of_signing_is_taken_where_it_is_asked_for() {
    let door = Door::open().await;
    prepare(&door.plane).await;
    let when = json!({"event": "hook", "signed": "github"});
    let secret = hook(&door.plane, save("gh", when, json!({"what": "${event.hook_event} ${event.body/ref}"}))).await;
    let body = r#"{"ref": "refs/heads/main"}"#;
    let hex: String = code_of(secret.as_bytes(), body).iter().map(|byte| format!("{byte:02x}")).collect();
    let request = Incoming {
        github_id: Some("72d3162e-cc78-11e3-81ab-4c9367dc0958".to_owned()),
        github_signature: Some(format!("sha256={hex}")),
        github_event: Some("push".to_owned()),
        body: body.as_bytes().to_vec(),
        ..Incoming::default()
    };
    assert_eq!(post(&door, "gh", &request).await, (200, json!({"taken": true})));
    assert_eq!(param(&started(&door.plane, "gh").await, "what"), "push refs/heads/main");
    assert_eq!(post(&door, "gh", &request).await.0, 409);
    assert_eq!(post(&door, "gh", &Incoming { body: b"{}".to_vec(), ..request.clone() }).await.0, 401);
    assert_eq!(post(&door, "gh", &standard(&secret, "msg_1", Timestamp::now(), body)).await.0, 401, "only in the way that is asked for");
}

#[tokio::test]
async fn a_flood_of_wrong_requests_fills_neither_the_audit_nor_the_server() {
    let plane = plane().await;
    let before = plane.audit().await.len();
    let wrong = Incoming { id: Some("x".to_owned()), timestamp: Some("1".to_owned()), signature: Some("v1,x".to_owned()), ..Incoming::default() };
    let (one, now) = (&plane.automation, Timestamp::now());
    let all = futures_util::future::join_all((0..500).map(|number| {
        let wrong = wrong.clone();
        async move { one.receive_hook(&format!("n{number}"), &wrong, now).await.unwrap_err().code }
    }))
    .await;
    assert!(all.contains(&Code::TooMany) && all.contains(&Code::Unauthenticated));
    let rows = plane.audit().await;
    assert_eq!(rows.len(), before + 1, "{rows:?}");
    assert!(rows.last().unwrap().starts_with("nobody receive:hooks hook n"), "{rows:?}");
}

#[tokio::test]
async fn triggers_of_others_are_seen_and_not_touched() {
    let door = Door::open().await;
    prepare(&door.plane).await;
    made(&door.plane, save("ends", json!({"event": "container", "is": ["died"]}), json!({}))).await;
    let (operator, viewer) = (door.token(Role::Operator).await, door.token(Role::Viewer).await);
    let (status, seen) = door.ask(Some(&viewer), Method::Get, "/api/v1/triggers/ends", None).await;
    assert_eq!((status, seen["owner"].as_str()), (200, Some("olga")));
    for (method, path) in [(Method::Delete, ""), (Method::Post, "/pause"), (Method::Post, "/test"), (Method::Post, "/rotate")] {
        assert_eq!(door.ask(Some(&operator), method, &format!("/api/v1/triggers/ends{path}"), None).await.0, 403, "{path}");
    }
    // Its owner is no user any more: it can do nothing.
    door.plane.control.delete_user(&admin(), "olga", RemoveVersion::default()).await.unwrap();
    door.plane.launch(&admin(), "job", quiet_container("exit 0")).await;
    let all = until(&door.plane, "ends", |all| !all.is_empty()).await;
    assert!(all[0].run.is_none(), "{all:?}");
    let all = until(&door.plane, "ends", |all| all[0].outcome == FireOutcome::Failed).await;
    assert_eq!(all[0].error.as_deref(), Some("'olga', whose this is, is no user any more"));
}

#[tokio::test]
async fn mistakes_are_named_with_what_to_do() {
    let plane = plane().await;
    let good = || save("ends", json!({"event": "container", "is": ["died"]}), json!({}));
    let params = |params: Value| save("ends", json!({"event": "container", "is": ["died"]}), params);
    let when = |when: Value| save("ends", when, json!({}));
    let script = |name: &str| SaveTrigger { run: TriggerRun { script: name.to_owned(), params: BTreeMap::new() }, ..good() };
    let mut told = String::new();
    for case in [
        SaveTrigger { name: "a/b".to_owned(), ..good() },
        script("nope"),
        script("not"),
        params(json!({"whom": "x"})),
        params(json!({"who": "${event.contaner}", "what": "${HOME}"})),
        params(json!({"who": "${event.text"})),
        when(json!({"event": "container", "is": []})),
        when(json!({"event": "container", "is": ["died"], "of": {"labels": {"cto.owner": "olga", "tier": "db"}}})),
        when(json!({"event": "log", "matches": "(unclosed"})),
        when(json!({"event": "log", "matches": ""})),
        when(json!({"event": "log", "matches": "(a{1000}){1000}"})),
        when(json!({"event": "metric", "metric": "cpu_percent", "above": -1.0, "below": 5.0})),
        when(json!({"event": "session", "is": "output"})),
        when(json!({"event": "session", "is": "idle"})),
        when(json!({"event": "session", "is": "bell", "matches": "x"})),
        SaveTrigger { limit: TriggerLimit { times: 0, seconds: 60 }, quiet_seconds: 1_000_000, ..good() },
    ] {
        let error = plane.automation.create_trigger(&olga(), case).await.unwrap_err();
        writeln!(told, "{}", error.message).unwrap();
        error.fix.iter().for_each(|fix| writeln!(told, "  fix: {fix}").unwrap());
    }
    made(&plane, good()).await;
    let taken = plane.automation.create_trigger(&olga(), good()).await.unwrap_err();
    let unknown = plane.automation.delete_trigger(&olga(), "nothing", RemoveVersion::default()).await.unwrap_err();
    let no_secret = plane.automation.rotate_trigger(&olga(), "ends", RotateSecret::default()).await.unwrap_err();
    let others = plane.automation.delete_trigger(&operator("otto"), "ends", RemoveVersion::default()).await.unwrap_err();
    for error in [taken, unknown, no_secret, others] {
        writeln!(told, "{}\n  fix: {}", error.message, error.fix.as_deref().unwrap_or("-")).unwrap();
    }
    golden("tests/golden/triggers.txt", &told);
}

#[tokio::test]
async fn a_trigger_reaches_no_further_than_who_made_it() {
    let plane = plane().await;
    plane.control.create_user(&admin(), AddUser { name: "amy".to_owned(), role: Role::Admin, password: None }).await.unwrap();
    // As by a token of hers that is an operator's.
    let weaker = operator("amy");
    let when = json!({"event": "container", "is": ["died"]});
    let made = plane.automation.create_trigger(&weaker, save("weak", when, json!({"what": "x", "who": "y"}))).await.unwrap();
    assert_eq!(made.trigger.rights, Role::Operator);
    let run = plane.automation.test_trigger(&weaker, "weak", TestTrigger::default()).await.unwrap();
    assert_eq!((run.owner.as_str(), run.rights), ("amy", Role::Operator));
}
