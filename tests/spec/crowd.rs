//! Many launches at once, and an engine that dies in the middle of them.
use super::support::own_engine::OwnEngine;
use crate::survive::LONG;
use crate::survive::Server;
use crate::survive::proving;
use crate::survive::scale;
use cto::client::Client;
use cto::model::Code;
use cto::model::ContainerState;
use cto::model::CreateContainer;
use cto::model::CreateContainerFrom;
use cto::model::Empty;
use cto::model::GetContainer;
use cto::model::GetOperation;
use cto::model::InlineTemplate;
use cto::model::ListContainers;
use cto::model::ListQuery;
use cto::model::Operation;
use cto::model::OperationState;
use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;
use std::time::Instant;

/// Asks for a launch from an inline template.
async fn launch(client: &Client, name: &str, template: &serde_json::Value) -> cto::error::Result<Operation> {
    let inline = InlineTemplate { source: "crowd.json".to_owned(), text: template.to_string() };
    let request = CreateContainer { inline: Some(inline), name: Some(name.to_owned()), ..CreateContainer::default() };
    client.call::<CreateContainerFrom>(&[], &request).await
}

async fn operation(client: &Client, id: &str) -> Operation {
    client.call::<GetOperation>(&[id], &Empty {}).await.unwrap()
}

/// The operation when it has ended.
async fn ended(client: &Client, id: &str) -> Operation {
    let begun = Instant::now();
    loop {
        let now = operation(client, id).await;
        if now.state != OperationState::Running {
            return now;
        }
        assert!(begun.elapsed() < LONG * 2, "{now:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_launched_at_once_is_ready_after_waiting_its_turn_or_refused_by_a_limit() {
    let many = scale(12, 100);
    let server = Server::start().await;
    let template = serde_json::json!({"name": "crowd", "image": "debian:bookworm-slim", "command": "/bin/sh", "limits": {"pids": 64}});
    let begun = Instant::now();
    let names: Vec<String> = (0..many).map(|number| format!("{}-{number}", server.prefix)).collect();
    let asked = futures_util::future::join_all(names.iter().map(|name| launch(&server.client, name, &template))).await;
    let (mut ids, mut refused) = (Vec::new(), 0);
    for (asked, name) in asked.into_iter().zip(&names) {
        match asked {
            Ok(operation) => ids.push((operation.id, name)),
            Err(error) => {
                assert_eq!(error.code, Code::TooMany, "{error}");
                refused += 1;
            }
        }
    }
    // Whoever looks meanwhile is answered, and is told who waits.
    let (mut waited, mut slowest) = (BTreeSet::new(), Duration::ZERO);
    loop {
        let mut running = 0;
        for (id, name) in &ids {
            let now = operation(&server.client, id.as_str()).await;
            if now.progress.phase == "waiting for other launches" {
                waited.insert(*name);
            }
            running += usize::from(now.state == OperationState::Running);
        }
        let asked = Instant::now();
        server.client.call::<ListContainers>(&[], &ListQuery::default()).await.unwrap();
        slowest = slowest.max(asked.elapsed());
        if running == 0 {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(600), "{running} launches do not end");
    }
    for (id, name) in &ids {
        let end = operation(&server.client, id.as_str()).await;
        assert_eq!(end.state, OperationState::Succeeded, "{name}: {:?}", end.problem);
        let container = server.client.call::<GetContainer>(&[name.as_str()], &Empty {}).await.unwrap();
        assert_eq!(container.state, ContainerState::Running, "{name}");
    }
    assert!(!waited.is_empty(), "so many are not begun at once");
    println!(
        "{} of {many} launched in {:?}, {refused} refused by the limit of operations; {} were seen waiting; the list of containers was answered in {slowest:?} at most",
        ids.len(),
        begun.elapsed(),
        waited.len()
    );
}

/// The containers of an engine.
fn all_of(engine: &OwnEngine) -> Vec<String> {
    let output = Command::new("docker").args(["-H", &engine.address(), "ps", "-a", "--format", "{{.Names}}"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_killed_in_the_middle_of_launches_leaves_nothing_of_those_that_failed() {
    let engine = OwnEngine::start();
    let server = Server::over(Some(&engine.address())).await;
    let plain = serde_json::json!({"name": "plain", "image": "debian:bookworm-slim", "command": "/bin/sh"});
    // The holder's volume is filled by the first.
    let first = launch(&server.client, &format!("{}-first", server.prefix), &plain).await.unwrap();
    assert_eq!(ended(&server.client, first.id.as_str()).await.state, OperationState::Succeeded);
    let built = serde_json::json!({"name": "built", "image": "debian:bookworm-slim", "packages": ["less"], "command": "/bin/sh"});
    let mut moments = vec![("starting the container", &plain)];
    if proving() {
        moments.extend([("creating the container", &plain), ("installing less", &built)]);
    }
    for (at, (moment, template)) in moments.into_iter().enumerate() {
        let before: BTreeSet<String> = all_of(&engine).into_iter().collect();
        let asked = (0..5).map(|number| format!("{}-{at}-{number}", server.prefix)).collect::<Vec<_>>();
        let begun = futures_util::future::join_all(asked.iter().map(|name| launch(&server.client, name, template))).await;
        let ids: Vec<_> = begun.into_iter().map(|operation| operation.unwrap().id).collect();
        let waiting = Instant::now();
        'seen: loop {
            for id in &ids {
                if operation(&server.client, id.as_str()).await.progress.phase == moment {
                    break 'seen;
                }
            }
            assert!(waiting.elapsed() < LONG, "no launch came to '{moment}'");
        }
        engine.kill();
        let mut kept = before.clone();
        let mut failed = 0;
        // What is under way notices before the engine is back.
        let noticed = async {
            while futures_util::future::join_all(ids.iter().map(|id| operation(&server.client, id.as_str())))
                .await
                .iter()
                .all(|now| now.state == OperationState::Running)
            {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(LONG, noticed).await.expect("a launch notices that the engine is away");
        engine.up();
        for (id, name) in ids.iter().zip(&asked) {
            let end = ended(&server.client, id.as_str()).await;
            match end.state {
                OperationState::Succeeded => drop(kept.insert(name.clone())),
                _ => failed += 1,
            }
        }
        let back = Instant::now();
        loop {
            let now: BTreeSet<String> = all_of(&engine).into_iter().collect();
            if now == kept {
                break;
            }
            assert!(back.elapsed() < LONG, "killed at '{moment}': {:?} is left, {:?} is missing", now.difference(&kept), kept.difference(&now));
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        println!("killed at '{moment}': {failed} of {} failed, nothing of them is left after {:?}", ids.len(), back.elapsed());
        assert!(failed > 0, "the engine was killed at '{moment}', and no launch noticed");
    }
}
