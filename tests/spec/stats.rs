//! What containers use: read here where that is possible, through restarts, and remembered for minutes and days.
use super::support::engine::docker;
use super::support::engine::within;
use super::support::home::Home;
use super::support::plane::Plane;
use super::support::plane::admin;
use cto::engine::Moment;
use cto::model::*;
use cto::observe::StatsHistory;
use jiff::Timestamp;
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn a_watched_container_is_watched_on_after_a_restart_and_no_more_after_its_end() {
    let plane = Plane::start().await;
    let control = &plane.control;
    let busy =
        json!({"command": ["sh", "-c", "while :; do :; done"], "interactive": false, "network": "none", "limits": {"cpus": 0.2, "memory": "64m", "pids": 20}});
    let container = plane.container(&admin(), "busy", busy).await;
    let engine = &control.parts().engine;
    assert!(engine.meter(&container.id).await.unwrap().is_some(), "the tests' engine is on this machine");
    let mut samples = control.subscribe_stats(&admin(), vec![container.id.clone()]).await.unwrap();
    let mut beside = control.subscribe_stats(&admin(), vec![container.id.clone()]).await.unwrap();
    let first = within(samples.recv()).await.unwrap();
    assert_eq!((first.memory_limit_bytes, first.container.clone()), (64 << 20, container.id.clone()));
    let mut works = async || {
        // Of a busy machine it may get less than its limit.
        let busy = async { while samples.recv().await.unwrap().cpu_percent < 2.0 {} };
        within(busy).await;
    };
    works().await;
    control.restart_container(&admin(), &container.name, StopContainer { grace_seconds: Some(0) }).await.unwrap();
    works().await;
    within(beside.recv()).await.unwrap();
    control.stop_container_now(&admin(), &container.name, StopContainer { grace_seconds: Some(0) }).await.unwrap();
    // What was on its way comes, and then nothing: a stopped container uses nothing.
    let silence = async { while tokio::time::timeout(Duration::from_secs(3), beside.recv()).await.is_ok() {} };
    within(silence).await;
    assert_eq!(engine.meter(&container.id).await.unwrap_err().code, Code::WrongState);
}

#[tokio::test]
async fn what_a_container_has_used_outlasts_the_server_and_goes_with_the_container() {
    let plane = Plane::start().await;
    let control = &plane.control;
    let template = json!({"command": ["sleep", "600"], "interactive": false, "network": "none", "limits": {"memory": "64m"}});
    let container = plane.container(&admin(), "quiet", template).await;
    let parts = control.parts();
    let history = StatsHistory::new(parts.engine.clone(), parts.store.clone());
    history.look(std::slice::from_ref(&container.id)).await.unwrap();
    history.look(std::slice::from_ref(&container.id)).await.unwrap();
    let ago = Timestamp::now() - Duration::from_secs(60);
    let seen = history.of(&container.id, ago, 100).await.unwrap();
    assert!(!seen.is_empty() && seen.iter().all(|point| point.memory_limit_bytes == 64 << 20 && point.pids >= 1 && point.seconds == 10), "{seen:?}");
    assert!(parts.store.list_stats(&container.id, ago).await.unwrap().is_empty(), "five minutes are not over");
    history.keep().await.unwrap();
    // The next server knows what this one has seen.
    let next = StatsHistory::new(parts.engine.clone(), parts.store.clone());
    let kept = next.of(&container.id, ago, 100).await.unwrap();
    assert_eq!(kept.iter().map(|point| (point.seconds, point.memory_limit_bytes)).collect::<Vec<_>>(), [(300, 64 << 20)]);
    // By the API, from what the keeper looks at by itself.
    let asked = async {
        while control.get_stats(&admin(), &container.name, StatsQuery { since: Some("1m".to_owned()), points: None }).await.unwrap().items.is_empty() {
            tokio::task::yield_now().await;
        }
    };
    within(asked).await;
    for (since, points) in [("soon", None), ("1m", Some(0)), ("1m", Some(5000))] {
        let query = StatsQuery { since: Some(since.to_owned()), points };
        assert_eq!(control.get_stats(&admin(), &container.name, query).await.unwrap_err().code, Code::InvalidValue);
    }
    control.delete_container(&admin(), &container.name, RemoveContainer { force: true }).await.unwrap();
    let gone = async {
        while !parts.store.list_stats(&container.id, ago).await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    within(gone).await;
}

#[tokio::test]
async fn the_counters_that_are_read_here_are_those_that_the_engine_reads() {
    let plane = Plane::start().await;
    let script = "head -c 8000000 /dev/urandom > /junk; sync; tail -f /dev/null";
    let container = plane.container(&admin(), "counted", json!({"command": ["sh", "-c", script], "interactive": false, "limits": {"memory": "128m"}})).await;
    docker(&["exec", &container.name, "sh", "-c", "getent hosts localhost; cat /junk > /dev/null"]);
    let engine = &plane.control.parts().engine;
    let mut meter = engine.meter(&container.id).await.unwrap().expect("the tests' engine is on this machine");
    let mut buffer = Vec::new();
    let mut told = engine.stats(&container.id).await.unwrap();
    let equal = async {
        loop {
            let theirs = within(told.recv()).await.unwrap();
            let ours = meter.read(&Moment::now().unwrap(), &mut buffer).unwrap();
            let close = ours.memory_bytes.abs_diff(theirs.memory_bytes) < 1 << 20 && ours.network_bytes.0.abs_diff(theirs.network_bytes.0) < 10_000;
            if close && ours.pids == theirs.pids && ours.block_bytes == theirs.block_bytes && ours.memory_limit_bytes == theirs.memory_limit_bytes {
                return (ours, theirs);
            }
        }
    };
    let (ours, theirs) = within(equal).await;
    assert!(ours.memory_bytes > 0 && ours.memory_limit_bytes == 128 << 20 && theirs.network_bytes.1 <= ours.network_bytes.1, "{ours:?} {theirs:?}");
}

#[test]
fn the_command_line_shows_what_was_used() {
    let home = Home::new();
    let name = home.container("past");
    home.until("the server has looked", || !home.json(&["stats", "--history", "--json", &name])[0]["items"].as_array().unwrap().is_empty());
    let table = home.ok(&["stats", "--history", "--since", "15m", &name]);
    assert!(table.starts_with(&format!("{name}\nSINCE")) && table.contains("MiB"), "{table}");
    assert!(home.fails(2, &["stats", "--history", "--since", "yesterday", &name]).contains("is not a time"));
    assert!(home.fails(3, &["stats", "--history", "nothing-of-this-name"]).contains("no container"));
}
