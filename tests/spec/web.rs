//! The page in a real browser, on a real terminal.
use super::support::http::Door;
use super::support::plane::admin;
use cto::model::Role;
use serde_json::json;
use std::path::Path;
use std::time::Duration;

#[tokio::test]
async fn a_person_signs_in_opens_a_terminal_and_types_in_a_browser() {
    let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/web");
    assert!(web.join("node_modules/playwright-core").is_dir() && web.join("dist/index.html").is_file(), "the page and what drives it: 'make web'");
    let door = Door::open().await;
    let container = door.plane.container(&admin(), "web", json!({"command": "/bin/bash", "interactive": true})).await;
    let (token, viewer) = (door.token(Role::Admin).await, door.token(Role::Viewer).await);
    let mut browser = tokio::process::Command::new("node");
    browser.arg(web.join("tests/browser.mjs")).args([&door.url("/"), &token, &viewer, &container.name]).kill_on_drop(true);
    let output = tokio::time::timeout(Duration::from_secs(120), browser.output()).await.expect("in time").unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(said.lines().count(), 6, "{said}");
}
