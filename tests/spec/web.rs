//! The page in a real browser, on a real terminal.
use super::support::home::Home;
use super::support::http::Door;
use super::support::plane::admin;
use cto::model::Role;
use serde_json::json;
use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

/// Walks through a test of the browser with these arguments: the first promises of it, `small`; all of them where it is to be proven.
async fn walk(test: &str, arguments: &[&OsStr], all: usize, small: usize) {
    let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/web");
    assert!(web.join("node_modules/playwright-core").is_dir() && web.join("dist/index.html").is_file(), "the page and what drives it: 'make web'");
    let wanted = if std::env::var_os("CTO_PROVE").is_some() { all } else { small };
    let mut browser = tokio::process::Command::new("node");
    browser.arg(web.join("tests/browser").join(test)).args(arguments).kill_on_drop(true);
    if wanted < all {
        browser.env("CTO_PROMISES", wanted.to_string());
    }
    let output = tokio::time::timeout(Duration::from_secs(420), browser.output()).await.expect("in time").unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(said.lines().count(), wanted, "{said}");
}

#[tokio::test]
async fn a_person_signs_in_opens_a_terminal_and_types_in_a_browser() {
    let door = Door::open().await;
    let container = door.plane.container(&admin(), "web", json!({"command": "/bin/bash", "interactive": true})).await;
    let (token, viewer) = (door.token(Role::Admin).await, door.token(Role::Viewer).await);
    let url = door.url("/");
    walk("main.mjs", &[url.as_ref(), token.as_ref(), viewer.as_ref(), container.name.as_ref()], 11, 11).await;
}

#[tokio::test]
async fn a_person_writes_runs_schedules_and_plays_in_a_browser() {
    let plugin = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/luau/plugins/example");
    let door = Door::open().await;
    let container = door.plane.container(&admin(), "automation", json!({"command": "/bin/bash", "interactive": true})).await;
    let (token, viewer) = (door.token(Role::Admin).await, door.token(Role::Viewer).await);
    let url = door.url("/");
    walk("automation.mjs", &[url.as_ref(), token.as_ref(), viewer.as_ref(), container.name.as_ref(), plugin.as_ref()], 15, 6).await;
}

#[tokio::test]
async fn a_person_launches_moves_files_reads_logs_and_manages_images_volumes_networks_and_stacks_in_a_browser() {
    let door = Door::open().await;
    let registry = super::support::registry::Registry::start(&[]);
    let home = door.plane.home.path();
    let image = super::support::engine::IMAGE;
    let greet = json!({
        "name": "greet", "image": image, "command": ["bash", "-c", "echo hello ${param.who}; exec bash"],
        "params": {"who": {"description": "Whom", "min": 2}},
    });
    let idle = json!({"image": image, "command": "sleep 1000", "interactive": false});
    let some = json!({"image": image, "command": "sleep ${param.seconds}", "interactive": false});
    let seconds = json!({"type": "integer", "min": 1, "default": 1000, "description": "How long"});
    let pair = json!({"name": door.plane.name("pair"), "description": "Two", "params": {"seconds": seconds}, "containers": {"a": some, "b": idle}});
    for (path, text) in [
        ("config/templates/greet.json", greet.to_string()),
        ("config/templates/broken.json", json!({"name": "broken", "image": 5}).to_string()),
        ("config/stacks/pair.json", pair.to_string()),
        ("tiny/Dockerfile", "FROM scratch\nCOPY greeting /greeting\n".to_owned()),
        // Another's image of the same files would be this one.
        ("tiny/greeting", door.plane.name("hello")),
    ] {
        std::fs::create_dir_all(home.join(path).parent().unwrap()).unwrap();
        std::fs::write(home.join(path), text).unwrap();
    }
    let ticks = r#"i=0; while true; do i=$((i+1)); echo -e "\e[32mok\e[0m tick $i"; [ $((i % 9)) = 0 ] && echo "err $i" >&2; [ $((i % 10)) = 0 ] && echo '{"level":"warn","what":"<b>hot</b>"}'; sleep 0.1; done"#;
    let talker = json!({"command": ["bash", "-c", ticks], "interactive": false, "environment": {"DB_PASSWORD": "hunter2"}});
    door.plane.container(&admin(), "talk", talker).await;
    let (token, viewer) = (door.token(Role::Admin).await, door.token(Role::Viewer).await);
    let (url, tiny) = (door.url("/"), home.join("tiny"));
    let arguments = [url.as_ref(), token.as_ref(), viewer.as_ref(), door.plane.prefix.as_ref(), registry.address.as_ref(), tiny.as_ref()];
    walk("resources.mjs", &arguments, 19, 7).await;
}

/// The same for tests that have a server of their own.
async fn walk_alone(test: &str, all: usize, small: usize) {
    let home = Home::new();
    walk(test, &[env!("CARGO_BIN_EXE_cto").as_ref(), home.dir.path().as_ref(), home.prefix.as_ref()], all, small).await;
}

#[tokio::test]
async fn accounts_the_wall_and_shares_work_in_a_browser_and_layouts_in_the_terminal_client_too() {
    walk_alone("wall.mjs", 21, 9).await;
}

#[tokio::test]
async fn a_terminal_in_the_browser_outlasts_reloads_cuts_and_the_server_and_is_shared() {
    walk_alone("terminal.mjs", 15, 4).await;
}
