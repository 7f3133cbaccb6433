//! Limits that hold on the real engine: memory, processes, restarts, readiness.
use super::support::engine::docker;
use super::support::engine::within;
use super::support::plane::Plane;
use super::support::plane::admin;
use cto::config::Config;
use cto::engine::Engine;
use cto::model::*;
use serde_json::json;
use std::time::Duration;

async fn until(plane: &Plane, name: &str, what: &str, so: impl Fn(&Container) -> bool) -> Container {
    let waiting = async {
        loop {
            let now = plane.control.get_container(&admin(), name).await.unwrap();
            if so(&now) {
                return now;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(90), waiting).await.unwrap_or_else(|_| panic!("{what}"))
}

#[tokio::test]
async fn a_memory_hog_is_ended_and_shown_as_out_of_memory() {
    let plane = Plane::start().await;
    let hog =
        json!({"command": ["perl", "-e", "$| = 1; sleep 1; my @all; push @all, 'x' x (8 << 20) while 1"], "interactive": false, "limits": {"memory": "48m"}});
    let container = plane.container(&admin(), "hog", hog).await;
    let ended = until(&plane, &container.name, "the hog is ended", |now| now.state == ContainerState::Exited).await;
    assert_eq!((ended.oom_killed, ended.exit_code), (true, Some(137)), "{ended:?}");
    assert_eq!(
        docker(&["inspect", "--format", "{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}}", &container.name]).trim(),
        "50331648 50331648",
        "no swap beyond it"
    );
    // In a session of an interactive container the program dies, and the shell and the container go on.
    let shell = plane.container(&admin(), "shell", json!({"command": "sh", "limits": {"memory": "64m"}})).await;
    let start = ExecStart { command: ["perl", "-e", "my @all; push @all, 'x' x (8 << 20) while 1"].map(str::to_owned).to_vec(), ..ExecStart::default() };
    let mut exec = plane.control.exec_in_container(&admin(), &shell.name, start).await.unwrap();
    while exec.output.recv().await.is_some_and(|output| matches!(output, cto::control::ExecOutput::Stdout(_) | cto::control::ExecOutput::Stderr(_))) {}
    assert_eq!(exec.control.exit().await.unwrap(), 137);
    assert_eq!(
        plane.control.get_container(&admin(), &shell.name).await.unwrap().state,
        ContainerState::Running,
        "the program is the killer's choice, not the holder"
    );
}

#[tokio::test]
async fn a_fork_bomb_stays_inside_its_limit() {
    let plane = Plane::start().await;
    let bomb = "if (fork == 0) { while (1) { fork; select undef, undef, undef, 0.01 } } sleep 600";
    let bomb = json!({"command": ["perl", "-e", bomb], "interactive": false, "limits": {"pids": 60, "cpus": 0.25, "memory": "64m"}});
    let other = plane.container(&admin(), "other", json!({"command": "sleep 600", "interactive": false})).await;
    let container = plane.container(&admin(), "bomb", bomb).await;
    within(async {
        let mut most = 0;
        while most < 60 {
            let shown = docker(&["top", &container.name, "-eo", "pid"]);
            most = most.max(shown.lines().count().saturating_sub(1));
            assert!(most <= 60, "{most} processes");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    for _ in 0..10 {
        let shown = docker(&["top", &container.name, "-eo", "pid"]);
        assert!(shown.lines().count() <= 61, "it stays so");
    }
    assert_eq!(docker(&["exec", &other.name, "sh", "-c", "echo still here"]).trim(), "still here", "others go on");
    assert_eq!(plane.control.get_container(&admin(), &container.name).await.unwrap().state, ContainerState::Running);
    plane.control.delete_container(&admin(), &container.name, RemoveContainer { force: true }).await.unwrap();
    assert_eq!(plane.existing().await, [other.name]);
}

#[tokio::test]
async fn a_container_that_crashes_is_started_again_later_and_later_and_ends_as_a_crash_loop() {
    let mut config = Config::default();
    config.limits.restarts = 4;
    let plane = Plane::configured(Engine::connect(None), config).await;
    let crash = json!({"command": ["sh", "-c", "date +%s.%N; sleep 0.7; exit 3"], "interactive": false, "restart": "always"});
    let container = plane.container(&admin(), "crash", crash).await;
    let ended = until(&plane, &container.name, "a crash loop", |now| now.upkeep.crash_loop).await;
    assert_eq!(ended.state, ContainerState::Exited, "{ended:?}");
    let log = docker(&["logs", &container.name]);
    let starts: Vec<f64> = log.lines().filter_map(|line| line.trim().parse().ok()).collect();
    assert!((4..=6).contains(&starts.len()), "{starts:?}");
    // The engine doubles its pause, 100 ms, 200, 400, 800, to which each run's own time comes; a busy machine takes longer, never shorter.
    for (pair, pause) in starts.windows(2).zip([0.1, 0.2, 0.4, 0.8]) {
        assert!(pair[1] - pair[0] >= 0.7 + 0.9 * pause, "{starts:?}");
    }
    let again = plane.control.get_container(&admin(), &container.name).await.unwrap();
    assert_eq!((again.upkeep.crash_loop, again.upkeep.restart.as_deref()), (true, Some("always")), "it stays ended");
}
