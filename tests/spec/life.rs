//! Containers between their start and their end: what can be done to them and asked about them, on the real engine.
use super::support::engine::docker;
use super::support::home::Home;
use super::support::plane::Plane;
use super::support::plane::admin;
use super::support::plane::operator;
use super::support::plane::viewer;
use cto::model::*;
use serde_json::Value;
use serde_json::json;
use std::time::Duration;

/// An image that is gone when the test ends.
struct Made(String);

impl Drop for Made {
    fn drop(&mut self) {
        docker(&["rmi", "-f", &self.0]);
    }
}

fn signal(name: &str) -> SendSignal {
    SendSignal { signal: Some(name.to_owned()) }
}

#[tokio::test]
async fn a_container_is_frozen_signalled_renamed_and_waited_for() {
    let plane = Plane::start().await;
    let (control, olga) = (&plane.control, operator("olga"));
    let fields = json!({"command": ["sh", "-c", "trap 'exit 7' USR1; while :; do sleep 0.1; done"], "interactive": false});
    let name = plane.container(&olga, "verbs", fields).await.name;
    let name = name.as_str();
    assert_eq!(control.pause_container(&olga, name).await.unwrap().state, ContainerState::Paused);
    assert_eq!(control.pause_container(&olga, name).await.unwrap_err().code, Code::WrongState);
    assert_eq!(control.unpause_container(&olga, name).await.unwrap().state, ContainerState::Running);
    assert_eq!(control.unpause_container(&olga, name).await.unwrap_err().code, Code::WrongState);

    let not_yet = control.wait_container(&viewer(), name, WaitQuery { within_seconds: Some(0) }).await.unwrap();
    assert_eq!(not_yet, Waited { ended: false, exit_code: None });
    let other = plane.container(&olga, "other", json!({"command": "sleep 600", "interactive": false})).await;
    let taken = control.rename_container(&olga, name, Rename { name: other.name.clone() }).await.unwrap_err();
    assert_eq!((taken.code, taken.message.contains(&other.name)), (Code::NameInUse, true), "{taken}");
    assert_eq!(control.rename_container(&olga, name, Rename { name: "a/b".to_owned() }).await.unwrap_err().code, Code::InvalidValue);
    let renamed = control.rename_container(&olga, name, Rename { name: plane.name("new") }).await.unwrap();
    assert_eq!(renamed.name, plane.name("new"));
    assert_eq!(control.get_container(&viewer(), name).await.unwrap_err().code, Code::NotFound);
    let name = renamed.name.as_str();

    assert_eq!(control.kill_container(&olga, name, signal("NOPE")).await.unwrap_err().code, Code::InvalidValue);
    let vic = viewer();
    let (waited, sent) =
        tokio::join!(control.wait_container(&vic, name, WaitQuery { within_seconds: Some(30) }), control.kill_container(&olga, name, signal("sigusr1")));
    sent.unwrap();
    assert_eq!(waited.unwrap(), Waited { ended: true, exit_code: Some(7) });
    assert_eq!(control.kill_container(&olga, name, signal("9")).await.unwrap_err().code, Code::WrongState);
    assert_eq!(control.kill_container(&olga, &other.name, SendSignal::default()).await.unwrap().exit_code, Some(137));

    for actor in [viewer(), operator("otto")] {
        let refused = [
            control.pause_container(&actor, name).await.err(),
            control.unpause_container(&actor, name).await.err(),
            control.kill_container(&actor, name, SendSignal::default()).await.err(),
            control.rename_container(&actor, name, Rename { name: plane.name("stolen") }).await.err(),
            control.update_container(&actor, name, UpdateLimits { pids: Some(10), ..UpdateLimits::default() }).await.err(),
        ];
        for error in refused {
            assert_eq!(error.unwrap().code, Code::Forbidden);
        }
    }
    let audit = control.list_audit(&admin(), &ListQuery::default()).await.unwrap().items;
    let noted = |detail: &str, outcome| audit.iter().any(|event| event.detail.as_deref() == Some(detail) && event.outcome == outcome);
    assert!(noted("pause", Outcome::Succeeded) && noted("signal USR1", Outcome::Succeeded), "{audit:#?}");
    assert_eq!(audit.iter().filter(|event| event.outcome == Outcome::Refused).count(), 10);
}

#[tokio::test]
async fn limits_change_while_it_runs_and_are_never_lifted() {
    let plane = Plane::start().await;
    let (control, olga) = (&plane.control, operator("olga"));
    let container = plane.container(&olga, "limits", json!({"command": "sleep 600", "interactive": false, "limits": {"memory": "256m"}})).await;
    let limits = UpdateLimits { memory_bytes: Some(64 << 20), cpus: Some(0.25), pids: Some(33) };
    assert_eq!(control.update_container(&olga, &container.name, limits).await.unwrap().state, ContainerState::Running);
    let EngineReport(report) = control.inspect_container(&olga, &container.name).await.unwrap();
    let host = &report["HostConfig"];
    let seen = [&host["Memory"], &host["MemorySwap"], &host["NanoCpus"], &host["PidsLimit"]].map(|value| value.as_i64().unwrap());
    assert_eq!(seen, [64 << 20, 64 << 20, 250_000_000, 33]);
    // More than one at a time, and back up again.
    control.update_container(&olga, &container.name, UpdateLimits { memory_bytes: Some(128 << 20), ..UpdateLimits::default() }).await.unwrap();
    for wrong in [
        UpdateLimits::default(),
        UpdateLimits { memory_bytes: Some(0), ..UpdateLimits::default() },
        UpdateLimits { memory_bytes: Some(u64::MAX), ..UpdateLimits::default() },
        UpdateLimits { cpus: Some(10_000.0), ..UpdateLimits::default() },
        UpdateLimits { pids: Some(0), ..UpdateLimits::default() },
    ] {
        assert_eq!(control.update_container(&admin(), &container.name, wrong).await.unwrap_err().code, Code::InvalidValue, "{wrong:?}");
    }
    // What is no limit can't be said at all.
    for field in ["Devices", "Privileged", "restart_policy", "Memory", "MEMORY_BYTES"] {
        assert!(serde_json::from_value::<UpdateLimits>(json!({ field: 1 })).is_err(), "{field}");
    }
}

#[tokio::test]
async fn processes_changes_and_the_engine_s_report_are_shown_without_secrets() {
    let plane = Plane::start().await;
    let (control, olga) = (&plane.control, operator("olga"));
    let script = "echo x > /etc/added; rm /etc/issue; exec sleep 600";
    let fields = json!({"command": ["sh", "-c", script], "interactive": false, "environment": {"PASSWORD": "hunter2"}});
    let name = plane.container(&olga, "look", fields).await.name;
    let name = name.as_str();
    let seen = async {
        while !control.list_changes(&viewer(), name).await.unwrap().items.iter().any(|change| change.kind == ChangeKind::Deleted) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), seen).await.unwrap();
    let changes = control.list_changes(&viewer(), name).await.unwrap().items;
    let has = |kind, path: &str| changes.contains(&FileChange { kind, path: path.to_owned() });
    assert!(has(ChangeKind::Added, "/etc/added") && has(ChangeKind::Deleted, "/etc/issue") && has(ChangeKind::Modified, "/etc"), "{changes:?}");

    let processes = control.list_processes(&viewer(), name, TopQuery::default()).await.unwrap();
    assert!(processes.titles.contains(&"CMD".to_owned()) && processes.processes.iter().flatten().any(|cell| cell.contains("sleep 600")), "{processes:?}");
    let args = |text: &str| TopQuery { ps_args: Some(text.to_owned()) };
    let own = control.list_processes(&olga, name, args("-eo pid,comm")).await.unwrap();
    assert_eq!(own.titles, ["PID", "COMMAND"]);
    assert_eq!(control.list_processes(&olga, name, args("--nonsense")).await.unwrap_err().code, Code::InvalidValue);
    // Options of ps can show the environment.
    assert_eq!(control.list_processes(&viewer(), name, args("auxe")).await.unwrap_err().code, Code::Forbidden);

    let report = |actor| async move { control.inspect_container(&actor, name).await.unwrap().0 };
    let of_env = |report: &Value| report["Config"]["Env"].to_string();
    assert!(of_env(&report(olga.clone()).await).contains("PASSWORD=hunter2"));
    for actor in [viewer(), operator("otto")] {
        let whole = report(actor).await;
        assert!(of_env(&whole).contains("PASSWORD=***") && !whole.to_string().contains("hunter2"), "{whole}");
    }
}

#[tokio::test]
async fn an_image_made_of_a_container_is_its_owner_s_and_runs_without_the_holder() {
    let plane = Plane::start().await;
    let (control, olga) = (&plane.control, operator("olga"));
    let container = plane.container(&olga, "base", json!({"command": ["sh", "-c", "echo kept > /kept; exec sh"], "interactive": true})).await;
    let made = Made(format!("{}:1", plane.name("image")));
    let commit = |image: &str| Commit { image: image.to_owned(), message: Some("with a file".to_owned()), no_pause: false };
    let run = async |actor, image: &str| {
        let operation = control.commit_container(actor, &container.name, commit(image), None).await?;
        control.wait_operation(&admin(), operation.id.as_str(), Duration::from_secs(60)).await
    };
    let operation = run(&olga, &made.0).await.unwrap();
    let image = operation.image.unwrap_or_else(|| panic!("{:?}", operation.problem));
    assert_eq!((image.tags.as_slice(), image.owner.as_deref(), image.derived), ([made.0.clone()].as_slice(), Some("olga"), false));
    assert_eq!(docker(&["run", "--rm", &made.0, "cat", "/kept"]), "kept\n", "without cto it runs as any image");
    let config: Value = serde_json::from_str(&docker(&["image", "inspect", "-f", "{{json .Config}}", &made.0])).unwrap();
    assert_eq!(config["Entrypoint"], Value::Null);
    assert_eq!((config["Labels"]["cto.owner"].as_str(), config["Labels"]["cto.built-by"].as_str()), (Some(""), Some("olga")));
    // A container made from it is cto's as any other.
    let again = plane.container(&olga, "again", json!({"image": made.0, "command": ["sh", "-c", "cat /kept; exec sleep 600"]})).await;
    assert_eq!((again.foreign, again.owner.as_deref()), (false, Some("olga")));

    // Nobody puts an image in the place of another's.
    let others = [operator("otto"), viewer()];
    for actor in &others {
        assert_eq!(run(actor, &plane.name("free")).await.unwrap_err().code, Code::Forbidden);
    }
    for image in ["debian:bookworm-slim", "cto-derived/python:0123456789", "docker.io/cto-derived/x"] {
        let refused = run(&olga, image).await.unwrap_err();
        assert_eq!(refused.code, Code::PolicyRefused, "{image}");
    }
    assert_eq!(run(&olga, "a b").await.unwrap_err().code, Code::InvalidValue);
    assert_eq!(run(&olga, "sha256:00").await.unwrap_err().code, Code::InvalidValue);
    let over = run(&olga, &made.0).await.unwrap();
    assert_eq!(over.state, OperationState::Succeeded, "one's own may be replaced: {:?}", over.problem);
    control.delete_container(&olga, &again.name, RemoveContainer { force: true }).await.unwrap();
    docker(&["rmi", "-f", &image.id]);
    let left = docker(&["image", "ls", "-aq", "--no-trunc"]);
    assert!(!left.contains(&image.id), "the image is gone with the last container that used it");
}

#[tokio::test]
async fn a_removal_names_the_programs_that_would_lose_their_work() {
    let plane = Plane::start().await;
    let control = &plane.control;
    let container = plane.container(&admin(), "work", json!({"command": "/bin/bash", "interactive": true})).await;
    let main = control.create_session(&admin(), OpenSession { container: container.name.clone(), main: true, ..OpenSession::default() }, None).await.unwrap();
    let removal = async |force| control.delete_container(&admin(), &container.name, RemoveContainer { force }).await;
    let refused = removal(false).await.unwrap_err();
    assert_eq!((refused.code, refused.message.contains("is running"), refused.message.contains("lost")), (Code::WrongState, true, false), "{refused}");
    let typed = SessionInput { text: Some("cat\n".to_owned()), base64: None };
    control.type_into_session(&admin(), main.id.as_str(), typed).await.unwrap();
    let told = async {
        loop {
            let refused = removal(false).await.unwrap_err();
            if refused.message.contains("would be lost: cat") {
                return refused;
            }
        }
    };
    let refused = tokio::time::timeout(Duration::from_secs(30), told).await.unwrap();
    assert!(refused.code == Code::WrongState && refused.fix.unwrap().contains("cto rm -f"));
    removal(true).await.unwrap();
}

#[test]
fn docker_s_words_do_what_they_do_with_docker() {
    let home = Home::new();
    let name = home.container("w");
    for verb in ["pause", "unpause"] {
        assert_eq!(home.ok(&[verb, &name]), format!("{name}\n"));
    }
    assert!(home.fails(5, &["unpause", &name]).contains("is not paused"));
    assert_eq!(home.ok(&["update", "-m", "64m", "--cpus", "0.5", "--pids-limit", "40", &name]), format!("{name}\n"));
    assert!(home.fails(2, &["update", "-m", "1k", &name]).contains("less memory"));
    let report = home.json(&["inspect", &name]);
    assert_eq!((report[0]["HostConfig"]["Memory"].as_i64(), report[0]["Name"].as_str()), (Some(64 << 20), Some(format!("/{name}").as_str())));
    let by_docker: Value = serde_json::from_str(&docker(&["inspect", &name])).unwrap();
    assert_eq!(report, by_docker);
    assert!(home.fails(3, &["inspect", "nothing-of-this-name"]).contains("no container"));
    home.ok(&["exec", &name, "--", "touch", "/new-file"]);
    assert!(home.ok(&["diff", &name]).lines().any(|line| line == "A /new-file"));
    let top = home.ok(&["top", &name]);
    assert!(top.starts_with("UID") && top.contains("bash"), "{top}");
    assert!(home.ok(&["top", &name, "-eo", "pid,comm"]).starts_with("PID"));
    assert_eq!(home.json(&["top", &name, "--json"])["titles"][0], "UID");
    let image = Made(format!("{}:x", home.name("image")));
    let id = home.ok(&["commit", "-m", "a word", &name, &image.0]);
    assert_eq!(id.trim(), docker(&["image", "inspect", "-f", "{{.Id}}", &image.0]).trim());
    let other = home.name("renamed");
    assert_eq!(home.ok(&["rename", &name, &other]), "");
    assert!(home.fails(2, &["kill", "-s", "NONSENSE", &other]).contains("no signal"));
    assert_eq!(home.ok(&["kill", &other]), format!("{other}\n"));
    assert_eq!(home.ok(&["wait", &other]), "137\n");
    assert_eq!(home.json(&["wait", &other, "--json"])[0]["exit_code"], 137);
}

#[test]
fn a_stop_is_waited_for_as_long_as_the_container_has_to_end() {
    if std::env::var_os("CTO_PROVE").is_none() {
        return;
    }
    let home = Home::new();
    let (name, file) = (home.name("stubborn"), home.dir.path().join("stubborn.json"));
    let fields = json!({"name": "stubborn", "image": "debian:bookworm-slim", "command": ["sh", "-c", "trap '' TERM; while :; do sleep 1; done"],
        "interactive": false, "stop_grace": "125s"});
    std::fs::write(&file, fields.to_string()).unwrap();
    home.ok(&["run", file.to_str().unwrap(), "--name", &name, "-d"]);
    let begun = std::time::Instant::now();
    home.cto(&["stop", &name]).timeout(Duration::from_secs(200)).assert().success();
    assert!(begun.elapsed() > Duration::from_secs(120), "{:?}", begun.elapsed());
}
