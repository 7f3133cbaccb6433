//! How containers are looked after, on the real engine: what is put in, readiness, restarts, crash loops, times that are up.
use super::support::engine::docker;
use super::support::engine::within;
use super::support::own_engine::OwnEngine;
use super::support::plane::Plane;
use super::support::plane::admin;
use super::support::plane::operator;
use cto::config::Config;
use cto::engine::Engine;
use cto::model::*;
use serde_json::json;
use std::time::Duration;

/// What a command in a container prints.
async fn said(plane: &Plane, container: &str, command: &str) -> String {
    let start = ExecStart { command: ["sh", "-c", command].map(str::to_owned).to_vec(), ..ExecStart::default() };
    let mut exec = plane.control.exec_in_container(&admin(), container, start).await.unwrap();
    let mut text = Vec::new();
    while let Some(cto::control::ExecOutput::Stdout(bytes) | cto::control::ExecOutput::Stderr(bytes)) = exec.output.recv().await {
        text.extend_from_slice(&bytes);
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// Waits until a container is like this.
async fn until(plane: &Plane, name: &str, what: &str, so: impl Fn(&Container) -> bool) -> Container {
    let waiting = async {
        loop {
            let now = plane.control.parts().engine.inspect(name).await.unwrap();
            if so(&now) {
                return now;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), waiting).await.unwrap_or_else(|_| panic!("{what}"))
}

#[tokio::test]
async fn what_a_template_asks_for_holds_in_the_container() {
    let plane = Plane::start().await;
    let fields = json!({
        "command": ["sh", "-c", "trap 'exit 7' INT; while :; do sleep 0.05; done"], "interactive": false, "init": false,
        "files": [{"path": "/etc/greeting/hello", "content": "hello ${param.who}\n"}, {"path": "/usr/local/bin/hi", "content": "#!/bin/sh\necho hi\n", "mode": "0755"}],
        "params": {"who": {"default": "ann", "pattern": "[a-z]+"}},
        "limits": {"memory": "64m", "swap": "32m", "shm": "32m", "ulimits": {"nofile": "100:200"}},
        "sysctls": {"net.core.somaxconn": "200", "kernel.shmmax": "1048576"}, "cap_drop": ["CHOWN", "cap_setuid"], "security": ["no-new-privileges"], "stop_signal": "INT", "stop_grace": "20s",
        "health": {"command": "test -e /hooked", "interval": "1s"}, "hooks": {"after_start": ["touch /hooked", ["sh", "-c", "hi > /said"]]},
        "ready": {"command": "test -x /usr/local/bin/hi"}, "sessions": [{"command": "sh", "working_dir": "/etc"}],
    });
    let container = plane.container(&operator("olga"), "all", fields).await;
    let told = said(&plane, &container.name, "cat /etc/greeting/hello /said; stat -c %a /usr/local/bin/hi; awk '/open files/ {print $4}' /proc/1/limits; df -k /dev/shm | tail -1 | awk '{print $2}'; grep -E 'CapBnd|NoNewPrivs' /proc/1/status; cat /proc/1/comm").await;
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(said(&plane, &container.name, "cat /proc/sys/net/core/somaxconn /proc/sys/kernel/shmmax").await, "200\n1048576\n");
    assert_eq!(lines[..5], ["hello ann", "hi", "755", "100", "32768"], "{told}");
    let capabilities = u64::from_str_radix(lines.iter().find_map(|line| line.strip_prefix("CapBnd:")).unwrap().trim(), 16).unwrap();
    assert_eq!(capabilities & (1 | 1 << 7), 0, "neither CHOWN nor SETUID is left of {capabilities:x}");
    assert_eq!(capabilities & (1 << 3), 1 << 3, "FOWNER is");
    assert!(told.contains("NoNewPrivs:\t1") && lines.last() == Some(&"sh"), "without an init the program is process 1: {told}");
    let inspect = docker(&[
        "inspect",
        "--format",
        "{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} {{.Config.StopTimeout}} {{.HostConfig.RestartPolicy.Name}}",
        &container.name,
    ]);
    assert_eq!(inspect.trim(), "67108864 100663296 20 no");
    let sessions = plane.control.list_sessions(&admin(), &ListQuery::default()).await.unwrap().items;
    assert_eq!(sessions.iter().filter(|session| session.container == container.id).map(|session| session.command.join(" ")).collect::<Vec<_>>(), ["sh"]);
    until(&plane, &container.name, "healthy", |now| now.health == Some(Health::Healthy)).await;
    plane.control.stop_container_now(&admin(), &container.name, StopContainer::default()).await.unwrap();
    let ended = plane.control.parts().engine.inspect(&container.name).await.unwrap();
    assert_eq!((ended.exit_code, ended.upkeep.crash_loop), (Some(7), false), "it was asked by its own signal");
}

#[tokio::test]
async fn networks_lead_where_the_template_says_and_nowhere_else() {
    let plane = Plane::start().await;
    let network = plane.name("net");
    // An owner of this test alone, whose network nobody else uses or removes.
    let nell = operator(&plane.name("nell"));
    let internal = format!("cto-internal-{}", nell.name);
    docker(&["network", "create", &network]);
    let sleep = json!(["sleep", "600"]);
    let inside = json!({"command": sleep, "interactive": false, "network": "internal"});
    let one = plane.container(&nell, "one", inside.clone()).await;
    let two = plane.container(&nell, "two", inside).await;
    let joined = plane.container(&nell, "joined", json!({"command": sleep, "interactive": false, "networks": [{"name": network, "aliases": ["db"]}]})).await;
    let other = plane.container(&nell, "other", json!({"command": sleep, "interactive": false, "network": "internal", "networks": [network]})).await;
    assert!(said(&plane, &one.name, &format!("getent hosts {}", two.name)).await.contains(&two.name), "its owner's other container is reached by name");
    // What that means on the way, a route less or packets dropped, differs between engines.
    assert_eq!(docker(&["network", "inspect", "--format", "{{.Internal}}", &internal]).trim(), "true", "there is no way out");
    let joins = docker(&["inspect", "--format", "{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}", &one.name]);
    assert_eq!(joins.trim(), internal, "and no other network");
    assert!(said(&plane, &other.name, "getent hosts db").await.contains("db"), "in a network that both joined, by its other name");
    let nowhere = plane.launch(&nell, "nowhere", json!({"command": sleep, "interactive": false, "networks": ["cto-no-such-net"]})).await;
    let problem = nowhere.problem.unwrap();
    assert!(problem.detail.contains("cto-no-such-net"), "{problem:?}");
    for container in [&one, &two, &joined, &other] {
        plane.control.delete_container(&admin(), &container.name, RemoveContainer { force: true }).await.unwrap();
    }
    docker(&["network", "rm", &network, &internal]);
    assert_eq!(plane.existing().await, Vec::<String>::new(), "nothing is left of the one that failed");
}

#[tokio::test]
async fn a_launch_is_done_when_the_container_is_ready_and_fails_when_it_is_not_in_time() {
    let plane = Plane::start().await;
    let listen = "use IO::Socket::INET; print \"up\\n\"; my $s = IO::Socket::INET->new(LocalPort => 8080, Listen => 5, ReuseAddr => 1); \
                  while (my $c = $s->accept) { my $l = <$c>; print $c \"HTTP/1.0 \" . ($l =~ m{/yes} ? 204 : 500) . \" x\\r\\n\\r\\n\"; close $c }";
    let server = json!(["sh", "-c", format!("sleep 0.5; exec perl -e '$|=1; {listen}'")]);
    let with = |ready: serde_json::Value| json!({"command": server, "interactive": false, "ready": ready, "ports": [8080]});
    let ada = admin();
    let (ready, late, ends) = tokio::join!(
        plane.launch(&ada, "ready", with(json!({"log": "up", "port": 8080, "http": "8080/yes", "command": "test -d /etc"}))),
        plane.launch(&ada, "late", with(json!({"http": "8080/no", "within": "1500ms"}))),
        plane.launch(&ada, "ends", json!({"command": ["sh", "-c", "sleep 1; exit 3"], "interactive": false, "ready": {"port": 1}})),
    );
    let container = ready.result.unwrap_or_else(|| panic!("{:?}", ready.problem));
    assert!(said(&plane, &container.name, "cat /proc/net/tcp").await.contains(":1F90 "));
    let late = late.problem.unwrap();
    assert_eq!((late.code, late.detail.contains("is not ready after 1.5 s: it waits for an answer at 8080/no")), (Code::TimedOut, true), "{late:?}");
    let ends = ends.problem.unwrap();
    assert_eq!((ends.code, ends.detail.contains("ended before it was ready (exit code 3)")), (Code::ExitedAtOnce, true), "{ends:?}");
    let hook =
        plane.launch(&admin(), "hook", json!({"command": "sleep 600", "interactive": false, "hooks": {"after_start": ["sh -c 'echo no; exit 5'"]}})).await;
    assert!(hook.problem.unwrap().detail.contains("ended with 5: no"));
    assert_eq!(plane.existing().await, [container.name], "what failed is removed");
}

#[tokio::test]
async fn a_container_that_ends_again_and_again_is_a_crash_loop_and_out_of_memory_is_named() {
    let mut config = Config::default();
    config.limits.restarts = 2;
    let alone = OwnEngine::start();
    let plane = Plane::configured(Engine::connect(Some(&alone.address())), config).await;
    let crash = json!({"command": ["sh", "-c", "sleep 1; exit 3"], "interactive": false, "restart": "always"});
    let hog = json!({"command": ["sh", "-c", "sleep 1; exec perl -e '$x = \"a\" x (200 << 20); sleep 60'"], "interactive": false, "restart": "on-failure:1", "limits": {"memory": "24m"}});
    let ill = json!({"command": "sleep 600", "interactive": false, "restart": "unless-stopped", "stop_grace": "1s", "health": {"command": "false", "interval": "1s", "retries": 1}});
    let ada = admin();
    let (crash, hog, ill) = tokio::join!(plane.container(&ada, "crash", crash), plane.container(&ada, "hog", hog), plane.container(&ada, "ill", ill));
    let looped = until(&plane, &crash.name, "a crash loop", |now| now.upkeep.crash_loop).await;
    assert_eq!((looped.state, looped.upkeep.restart.as_deref()), (ContainerState::Exited, Some("always")));
    // The engine may just have started it once more: then it was stopped.
    assert!(matches!(looped.exit_code, Some(3 | 143)), "{looped:?}");
    let out = until(&plane, &hog.name, "out of memory", |now| now.upkeep.crash_loop).await;
    assert!(out.oom_killed && out.upkeep.restarts == 1, "{out:?}");
    // A restart passes through the same state as an end: what was done is told by the audit.
    let told = async {
        while plane.audit().await.join("\n").matches("keeper").count() < 3 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), told).await.expect("the keeper's restarts and ends are told");
    until(&plane, &ill.name, "an end of what stays unhealthy", |now| now.state == ContainerState::Exited).await;
    // Somebody who starts it again gives it its restarts back.
    let again = plane.control.start_container(&admin(), &crash.name).await.unwrap();
    assert_eq!((again.state, again.upkeep.crash_loop), (ContainerState::Running, false));
    until(&plane, &crash.name, "it is started again", |now| now.upkeep.restarts > 0).await;
}

#[tokio::test]
async fn containers_whose_time_is_up_are_stopped_and_activity_keeps_one() {
    let alone = OwnEngine::start();
    let plane = Plane::configured(Engine::connect(Some(&alone.address())), Config::default()).await;
    let with = |field: &str, time: &str| json!({"command": "sh", "stop_grace": "1s", field: time});
    let ada = admin();
    let (short, idle, used) = tokio::join!(
        plane.container(&ada, "short", with("ttl", "3s")),
        plane.container(&ada, "idle", with("idle_stop", "3s")),
        plane.container(&ada, "used", with("idle_stop", "10s"))
    );
    within(async {
        let mut stopped = 0;
        while stopped < 2 {
            said(&plane, &used.name, "sleep 0.2").await;
            stopped = 0;
            for container in [&short, &idle] {
                let state = plane.control.parts().engine.inspect(&container.name).await.unwrap().state;
                stopped += usize::from(state == ContainerState::Exited);
            }
        }
    })
    .await;
    assert_eq!(plane.control.parts().engine.inspect(&used.name).await.unwrap().state, ContainerState::Running, "an exec is activity");
    until(&plane, &used.name, "nobody uses it any more", |now| now.state == ContainerState::Exited).await;
    // The engine knows of an end before its cause is noted.
    let seen = std::sync::Mutex::new(Vec::new());
    let noted = async {
        loop {
            let page = plane.control.list_audit(&admin(), &ListQuery { q: Some("keeper".to_owned()), ..ListQuery::default() }).await.unwrap();
            let told = |words: &str| page.items.iter().any(|event| event.detail.as_deref().is_some_and(|detail| detail.contains(words)));
            if told("time to live") && told("nobody has done") {
                return;
            }
            *seen.lock().unwrap() = page.items;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let told = tokio::time::timeout(Duration::from_secs(30), noted).await;
    assert!(told.is_ok(), "the audit says why each was stopped: {:?}", seen.lock().unwrap());
}

#[tokio::test]
async fn a_server_looks_after_its_own_containers_and_leaves_those_of_another_alone() {
    let alone = OwnEngine::start();
    let start = || Plane::configured(Engine::connect(Some(&alone.address())), Config::default());
    let (mut one, two) = tokio::join!(start(), start());
    let ada = admin();
    let brief = || json!({"command": "sh", "stop_grace": "1s", "ttl": "2s"});
    let theirs = one.container(&ada, "theirs", brief()).await;
    one.control.create_network(&ada, CreateNetwork { name: one.name("net"), ..CreateNetwork::default() }).await.unwrap();
    assert!(!theirs.other_server, "whose it is, is told by their own server: {theirs:?}");
    // The server is away, and its container's time comes to be over.
    one.stop().await;
    let address = alone.address();
    let labels = ["--label", "cto.owner=ada", "--label", "cto.ttl=2"];
    let nobodys = two.name("nobodys");
    docker(&[&["-H", &address, "run", "-d", "--name", &nobodys, "--stop-timeout", "1"], &labels[..], &["debian:bookworm-slim", "sleep", "600"]].concat());
    let own = two.container(&ada, "own", brief()).await;
    until(&two, &own.name, "its own is stopped", |now| now.state == ContainerState::Exited).await;
    until(&two, &nobodys, "one of an older version is anybody's", |now| now.state == ContainerState::Exited).await;
    let seen = two.control.parts().engine.inspect(&theirs.name).await.unwrap();
    assert_eq!((seen.state, seen.other_server, seen.foreign), (ContainerState::Running, true, false), "its time was over before");
    docker(&["-H", &address, "stop", "-t", "0", &theirs.name]);
    let clean = Clean { dry_run: true, older_than_hours: 0 };
    let items = two.control.clean(&ada, clean).await.unwrap().items;
    let names: Vec<&str> = items.iter().map(|item| item.name.as_str()).collect();
    assert!(names.contains(&own.name.as_str()) && !names.iter().any(|name| name.starts_with(&one.prefix)), "{names:?}");
    let pruned = two.control.prune_networks(&ada, NetworkPrune { all: false, dry_run: true }).await.unwrap();
    assert!(pruned.items.is_empty(), "{pruned:?}");
    docker(&["-H", &address, "start", &theirs.name]);
    one.restart().await;
    until(&one, &theirs.name, "its own server stops it", |now| now.state == ContainerState::Exited).await;
    let items = one.control.clean(&ada, clean).await.unwrap().items;
    let names: Vec<&str> = items.iter().map(|item| item.name.as_str()).collect();
    assert!([&theirs.name, &one.name("net")].iter().all(|name| names.contains(&name.as_str())), "{names:?}");
    assert!(!names.contains(&own.name.as_str()), "{names:?}");
}
