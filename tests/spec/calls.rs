//! What the engine was asked to do, told as docker's command lines.
use super::drawn::Drawn;
use super::drawn::SIZES;
use super::drawn::noon;
use super::support::home::Home;
use super::support::home::Terminal;
use super::support::plane::Plane;
use super::support::plane::admin;
use super::support::plane::operator;
use super::support::plane::viewer;
use cto::model::EngineCall;
use cto::model::StopContainer;
use cto::tui::msg::Ask;
use cto::tui::msg::Effect;
use cto::tui::msg::Msg;
use cto::tui::msg::Reply;
use cto::tui::msg::Request;
use cto::tui::parts::calls::Calls;
use serde_json::json;

#[tokio::test]
async fn calls_are_told_in_docker_s_words_without_secrets_and_to_whom_they_concern() {
    let plane = Plane::start().await;
    let olga = operator("olga");
    let fields = json!({"command": ["sh", "-c", "echo hush-hush; sleep 600"], "interactive": false, "environment": {"TOKEN": "hush-hush"}});
    let name = plane.container(&olga, "told", fields).await.name;
    plane.control.stop_container_now(&olga, &name, StopContainer { grace_seconds: Some(0) }).await.unwrap();
    let told = |calls: Vec<EngineCall>| calls.into_iter().map(|call| call.line).collect::<Vec<_>>();
    let all = told(plane.control.list_engine_calls(&admin()).await.unwrap().items);
    assert!(all[0].starts_with("docker stop -t 0 ") && all[0].ends_with(&name), "the newest first: {all:?}");
    assert!(all.contains(&format!("docker start {name}")), "{all:?}");
    let made = all.iter().find(|line| line.starts_with(&format!("docker create --name {name} "))).unwrap_or_else(|| panic!("{all:?}"));
    assert!(made.contains("-e TOKEN=***") && made.ends_with("sh …"), "{made}");
    assert!(!all.join("\n").contains("hush"), "{all:?}");

    let own = told(plane.control.list_engine_calls(&olga).await.unwrap().items);
    assert!(own.iter().any(|line| line.starts_with("docker stop")), "{own:?}");
    assert!(plane.control.list_engine_calls(&operator("otto")).await.unwrap().items.is_empty(), "not of others' containers");
    assert!(plane.control.list_engine_calls(&viewer()).await.unwrap().items.is_empty());

    // What did not work says why.
    plane.control.pause_container(&olga, &name).await.unwrap_err();
    let failed = plane.control.list_engine_calls(&admin()).await.unwrap().items.remove(0);
    assert_eq!(failed.line, format!("docker pause {name}"));
    assert!(failed.problem.is_some_and(|problem| problem.contains(&name)));
}

fn call(line: &str, took_ms: u64, problem: Option<&str>) -> EngineCall {
    EngineCall { line: line.to_owned(), container: None, at: noon(), took_ms, problem: problem.map(str::to_owned) }
}

#[test]
fn they_are_shown_with_time_duration_and_result_and_copied() {
    for size in SIZES {
        let drawn = Drawn::usual(size);
        let mut calls = Calls::default();
        assert!(drawn.text(&calls).contains("asking"), "{}", drawn.text(&calls));
        let items = vec![
            call("docker stop -t 10 web-1", 10_312, None),
            call("docker start db", 240, Some("port 127.0.0.1:5432 is in use by container 'old'")),
            call("docker pull debian:bookworm-slim", 4_000, None),
        ];
        drawn.send(&mut calls, &Msg::Reply(Box::new(Request::EngineCalls), Ok(Reply::EngineCalls(items))));
        drawn.press(&mut calls, "j");
        insta::assert_snapshot!(format!("calls_{}x{}", size.0, size.1), drawn.text(&calls));
        assert_eq!(drawn.press(&mut calls, "y"), [Effect::Ask(Ask::Copy("docker start db".to_owned()))]);
    }
}

#[test]
fn one_key_after_the_errors_shows_them() {
    let home = Home::new();
    let name = home.container("seen");
    let mut terminal = Terminal::sized(&home, &[], (160, 40));
    terminal.shows(&name);
    terminal.type_in("!");
    terminal.shows("engine calls");
    terminal.type_in("\t");
    terminal.shows(&format!("docker start {name}"));
    terminal.type_in("\x1bq");
}
