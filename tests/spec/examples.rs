//! The scripts that ship, each run as it is.
use crate::support::plane::Plane;
use crate::support::plane::admin;
use crate::support::scripts::Ran;
use crate::support::scripts::run_script;
use cto::access::Actor;
use cto::model::*;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;

/// Images may have to be made first.
const LIMIT: Duration = Duration::from_secs(900);

async fn example(plane: &Plane, actor: &Actor, name: &str, params: &[(&str, &str)]) -> Ran {
    let params: BTreeMap<String, ParamValue> = params.iter().map(|(name, value)| ((*name).to_owned(), ParamValue::Text((*value).to_owned()))).collect();
    run_script(plane, actor, StartRun { script: Some(name.to_owned()), params, ..StartRun::default() }, LIMIT).await
}

/// Runs a script that launches what it needs; its results.
async fn works(name: &str) -> serde_json::Map<String, serde_json::Value> {
    let plane = Plane::start().await;
    let ran = example(&plane, &admin(), name, &[]).await;
    assert_eq!(ran.run.state, RunState::Succeeded, "{:?}", ran.run.error);
    assert!(!ran.run.containers.is_empty(), "it launched something");
    let left = plane.control.list_containers(&admin(), &ListQuery::default()).await.unwrap().items;
    assert!(!left.iter().any(|container| ran.run.containers.contains(&container.id)), "what it launched is gone");
    ran.run.results
}

#[tokio::test(flavor = "multi_thread")]
async fn every_example_is_tested_here_and_has_no_mistakes() {
    let plane = Plane::start().await;
    let list = plane.automation.list_scripts(&admin(), &WholeQuery::default()).await.unwrap();
    assert_eq!(list.broken, []);
    let names: Vec<&str> = list.items.iter().map(|script| script.name.as_str()).collect();
    let tests = include_str!("examples.rs");
    assert!(names.len() >= 10, "{names:?}");
    for script in &list.items {
        assert!(tests.contains(&format!("\"{}\"", script.name)), "{} has no test", script.name);
        assert!(!script.header.about.is_empty());
        let source = plane.automation.get_script(&admin(), &script.name).await.unwrap().source.unwrap();
        let check = plane.automation.check_script(&admin(), InlineScript { name: script.name.clone(), source }).await.unwrap();
        assert_eq!((check.errors, check.warnings), (vec![], vec![]), "{}", script.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_is_logged_in_to_and_asked() {
    assert_eq!(works("database-login").await["total"], json!(35.75));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_edited_in_vim() {
    works("vim-edit").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_branch_is_rebased_over_a_conflict() {
    assert_eq!(works("git-rebase").await["history"], json!(["blue", "green", "start"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_installer_is_answered() {
    assert_eq!(works("installer").await["directory"], json!("/opt/tool"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adventure_is_played() {
    assert_eq!(works("adventure").await["place"], json!("at the grate"));
}

#[tokio::test(flavor = "multi_thread")]
async fn htop_is_driven_by_its_screen() {
    works("htop-by-screen").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pythons_prompt_is_used() {
    assert_eq!(works("python-repl").await["primes"], json!([2, 3, 5, 7, 11, 13, 17, 19, 23, 29]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_is_reported() {
    let results = works("build-report").await;
    assert_eq!((results["ran"].clone(), results["tests"]["test_perimeter"].clone()), (json!(3), json!("ok")));
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_containers_are_asked_whether_they_are_well() {
    let plane = Plane::start().await;
    let names: Vec<String> = (1..=20).map(|number| format!("box-{number}")).collect();
    let actor = admin();
    let launches = names.iter().map(|name| plane.container(&actor, name, json!({"command": ["sleep", "1d"]})));
    let all = futures_util::future::join_all(launches).await;
    plane.control.stop_container_now(&admin(), all[7].id.as_str(), StopContainer { grace_seconds: Some(0) }).await.unwrap();
    let ran = example(&plane, &admin(), "health-check", &[("filter", &plane.prefix), ("command", "test -d /tmp")]).await;
    assert_eq!((ran.run.state, ran.error().0), (RunState::Failed, format!("1 of 20 are not well: {}", all[7].name)));
    assert_eq!((&ran.run.results["asked"], &ran.run.results["well"]), (&json!(20), &json!(19)));
    assert_eq!(plane.existing().await.len(), 20, "containers that it did not launch stay");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_classroom_is_reset() {
    let plane = Plane::start().await;
    let fields = json!({"command": ["sleep", "1d"], "files": [{"path": "/usr/local/bin/check", "mode": "0755", "content": ["#!/bin/sh", "echo 2 of 3 done"]}]});
    let ada = plane.container(&admin(), "ada", fields.clone()).await;
    plane.container(&admin(), "bob", fields).await;
    let ran = example(&plane, &admin(), "classroom-reset", &[("filter", &plane.prefix)]).await;
    assert_eq!(ran.run.state, RunState::Succeeded, "{:?}", ran.run.error);
    assert_eq!((&ran.run.results["reset"], &ran.run.results["students"][0]["before"]), (&json!(2), &json!("2 of 3 done")));
    let tasks = PathQuery::new(b"/root/tasks.py");
    assert!(plane.control.stat_path(&admin(), ada.id.as_str(), tasks).await.is_ok());
}
