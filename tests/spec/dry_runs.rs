//! `?dry_run=true` says what a request would do, refuses what it would be refused for, and does nothing.
use super::support::http::Door;
use super::support::plane::admin;
use cto::model::*;
use serde_json::Value;
use serde_json::json;

/// Every document, container and so on that the caller can see, to compare before and after.
async fn all(door: &Door, token: &str) -> Value {
    let mut seen = json!({});
    for place in ["containers", "volumes", "networks", "scripts", "schedules", "webhooks", "triggers", "audit"] {
        let paged = !["scripts", "webhooks", "triggers"].contains(&place);
        let query = if paged { "?limit=500" } else { "" };
        let (status, mut list) = door.ask(Some(token), Method::Get, &format!("/api/v1/{place}{query}"), None).await;
        assert_eq!(status, 200, "{place}: {list}");
        // Other tests' things come and go.
        if let Some(items) = list["items"].as_array_mut().filter(|_| ["containers", "volumes", "networks"].contains(&place)) {
            items.retain(|item| item["name"].as_str().is_some_and(|name| name.starts_with(&door.plane.prefix)));
            items.iter_mut().for_each(|item| *item = item["name"].clone());
        }
        seen[place] = list["items"].take();
    }
    seen
}

fn steps(plan: &Value) -> Vec<String> {
    let word = |step: &Value, field: &str| step[field].as_str().unwrap_or_default().to_owned();
    plan["steps"].as_array().unwrap().iter().map(|step| format!("{} {} {}", word(step, "does"), word(step, "kind"), word(step, "name"))).collect()
}

#[tokio::test]
async fn documents_are_checked_as_if_they_were_saved_and_none_is() {
    let mut door = Door::open().await;
    let token = door.token(Role::Admin).await;
    let script = json!({"source": "script { about = 'dry' }"});
    assert_eq!(door.ask(Some(&token), Method::Put, "/api/v1/scripts/dry-script", Some(script.clone())).await.0, 200);
    let spec = json!({"script": "dry-script", "cron": "0 3 * * *"});
    let webhook = json!({"name": "dry-hook", "to": {"kind": "terminal"}, "events": ["run.*"]});
    let trigger = json!({"name": "dry-trigger", "when": {"event": "hook"}, "run": {"script": "dry-script"}});
    let made = [("schedules", json!({"name": "dry-schedule", "spec": spec})), ("webhooks", webhook.clone()), ("triggers", trigger.clone())];

    let before = all(&door, &token).await;
    for (place, body) in &made {
        let (status, plan) = door.ask(Some(&token), Method::Post, &format!("/api/v1/{place}?dry_run=true"), Some(body.clone())).await;
        assert_eq!(status, 200, "{place}: {plan}");
        let (kind, name) = (place.trim_end_matches('s'), body["name"].as_str().unwrap());
        assert_eq!(steps(&plan), [format!("make {kind} {name}")]);
        assert_eq!((&plan["document"]["name"], &plan["document"]["version"]), (&body["name"], &json!(1)), "{place}");
        assert!(!plan.to_string().contains("whsec_"), "a secret that nobody will have is not told");
    }
    assert_eq!(all(&door, &token).await, before);

    for (place, body) in &made {
        assert_eq!(door.ask(Some(&token), Method::Post, &format!("/api/v1/{place}"), Some(body.clone())).await.0, 201, "{place}");
    }
    let before = all(&door, &token).await;
    let changed = [
        ("scripts/dry-script", json!({"source": "script { about = 3 }"}), "/errors/0/detail"),
        ("schedules/dry-schedule", json!({"spec": {"script": "dry-script", "cron": "0 4 * * *"}}), "/next_due"),
        ("webhooks/dry-hook", json!({"to": {"kind": "desktop"}, "events": ["*"]}), "/to/kind"),
        ("triggers/dry-trigger", json!({"when": {"event": "hook"}, "run": {"script": "dry-script"}, "quiet_seconds": 7}), "/trigger/quiet_seconds"),
    ];
    for (place, body, shown) in changed {
        let (status, reply) = door.ask(Some(&token), Method::Put, &format!("/api/v1/{place}?dry_run=true"), Some(body.clone())).await;
        assert_eq!(status, 200, "{place}: {reply}");
        assert!(reply.pointer(shown).is_some(), "{place} says what it would become: {reply}");
        let mut stale = body;
        stale["replaces"] = if place.starts_with("scripts") { json!("0") } else { json!(99) };
        let (status, problem) = door.ask(Some(&token), Method::Put, &format!("/api/v1/{place}?dry_run=true"), Some(stale)).await;
        assert_eq!((status, &problem["code"]), (412, &json!("stale")), "{place}: {problem}");
        let (status, plan) = door.ask(Some(&token), Method::Delete, &format!("/api/v1/{place}?dry_run=true"), None).await;
        let (kind, name) = place.split_once("s/").unwrap();
        assert_eq!((status, steps(&plan)), (200, vec![format!("remove {kind} {name}")]), "{place}: {plan}");
    }
    // What would be refused is refused.
    let refused = [
        (Method::Post, "schedules", json!({"name": "dry-schedule", "spec": spec}), 409, "name_in_use"),
        (Method::Post, "schedules", json!({"name": "other", "spec": {"script": "dry-script", "cron": "nonsense"}}), 422, "invalid_value"),
        (Method::Post, "webhooks", webhook, 409, "name_in_use"),
        (Method::Post, "triggers", trigger, 409, "name_in_use"),
        (Method::Put, "triggers/nothing", json!({"when": {"event": "hook"}, "run": {"script": "dry-script"}}), 404, "not_found"),
    ];
    for (method, place, body, status, code) in refused {
        let (got, problem) = door.ask(Some(&token), method, &format!("/api/v1/{place}?dry_run=true"), Some(body)).await;
        assert_eq!((got, problem["code"].as_str()), (status, Some(code)), "{place}: {problem}");
    }
    assert_eq!(all(&door, &token).await, before);
    door.close().await;
}

#[tokio::test]
async fn a_launch_and_removals_say_what_they_would_do() {
    let mut door = Door::open().await;
    let (owner, other) = (door.token(Role::Admin).await, door.token(Role::Operator).await);
    let name = format!("{}-dry", door.plane.prefix);
    let before = all(&door, &owner).await;
    let (status, plan) = door.ask(Some(&owner), Method::Post, "/api/v1/containers?dry_run=true", Some(json!({"template": "shell", "name": name}))).await;
    assert_eq!(status, 200, "{plan}");
    let said = steps(&plan);
    assert!(said.ends_with(&[format!("make container {name}"), format!("start container {name}")]), "{said:?}");
    assert_eq!(plan["rendered"]["spec"]["name"], json!(name));
    // An image that the engine has not is brought first.
    let away = json!({"inline": {"source": "away.json", "text": "{\"name\": \"away\", \"image\": \"127.0.0.1:9/nobody/nothing:1\"}"}});
    let (status, plan) = door.ask(Some(&owner), Method::Post, "/api/v1/containers?dry_run=true", Some(away)).await;
    assert_eq!((status, steps(&plan)[0].as_str()), (200, "pull image 127.0.0.1:9/nobody/nothing:1"), "{plan}");
    // A port that a program has is told before anything is made.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let text = format!("{{\"name\": \"web\", \"image\": \"debian:bookworm-slim\", \"ports\": [\"{port}:80\"]}}");
    let (status, problem) =
        door.ask(Some(&owner), Method::Post, "/api/v1/containers?dry_run=true", Some(json!({"inline": {"source": "web.json", "text": text}}))).await;
    assert_eq!((status, &problem["code"]), (409, &json!("port_in_use")), "{problem}");
    assert_eq!(all(&door, &owner).await, before);

    let container = door.plane.container(&admin(), "asleep", json!({"command": ["sleep", "600"]})).await;
    let volume = format!("{}-volume", door.plane.prefix);
    door.plane.control.create_volume(&admin(), CreateVolume { name: volume.clone(), ..CreateVolume::default() }).await.unwrap();
    let before = all(&door, &owner).await;
    let place = format!("/api/v1/containers/{}", container.id);
    let (status, problem) = door.ask(Some(&owner), Method::Delete, &format!("{place}?dry_run=true"), None).await;
    assert_eq!((status, &problem["code"]), (409, &json!("wrong_state")), "it runs: {problem}");
    let (status, plan) = door.ask(Some(&owner), Method::Delete, &format!("{place}?force=true&dry_run=true"), None).await;
    assert_eq!(status, 200, "{plan}");
    let said = steps(&plan);
    assert!(said[0].starts_with("end session ses_"), "its terminal ends with it: {said:?}");
    assert_eq!(said[1..], [format!("end container {}", container.name), format!("remove container {}", container.name)]);
    assert_eq!(door.ask(Some(&other), Method::Delete, &format!("{place}?force=true&dry_run=true"), None).await.0, 403, "it is another's");
    let (status, plan) = door.ask(Some(&owner), Method::Delete, &format!("/api/v1/volumes/{volume}?dry_run=true"), None).await;
    assert_eq!((status, steps(&plan)), (200, vec![format!("remove volume {volume}")]));
    // The query says what the field of the request says.
    let (status, cleaned) = door.ask(Some(&owner), Method::Post, "/api/v1/clean?dry_run=true", Some(json!({"older_than_hours": 0}))).await;
    assert_eq!(status, 200, "{cleaned}");
    assert_eq!(all(&door, &owner).await, before, "all is there still");

    // What can't say what it would do does nothing when it is asked to.
    let (status, problem) = door.ask(Some(&owner), Method::Post, &format!("{place}/stop?dry_run=true"), Some(json!({}))).await;
    assert_eq!((status, &problem["code"]), (400, &json!("bad_request")), "{problem}");
    let (status, problem) = door.ask(Some(&owner), Method::Delete, &format!("{place}?dry_run=perhaps"), None).await;
    assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/dry_run")), "{problem}");
    assert_eq!(door.plane.control.get_container(&admin(), container.id.as_str()).await.unwrap().state, ContainerState::Running);
    door.close().await;
}

#[tokio::test]
async fn a_stack_says_what_it_would_make_and_remove() {
    let mut door = Door::open().await;
    let token = door.token(Role::Admin).await;
    let name = format!("{}-pair", door.plane.prefix);
    let text = format!("{{\"name\": \"{name}\", \"containers\": {{\"one\": {{\"image\": \"debian:bookworm-slim\", \"command\": [\"sleep\", \"60\"]}}}}}}");
    let (status, plan) =
        door.ask(Some(&token), Method::Post, "/api/v1/stacks?dry_run=true", Some(json!({"inline": {"source": "pair.json", "text": text}}))).await;
    assert_eq!(status, 200, "{plan}");
    assert!(steps(&plan).iter().any(|step| step.starts_with("make container ")), "{plan}");
    let (status, problem) = door.ask(Some(&token), Method::Post, &format!("/api/v1/stacks/{name}/down?dry_run=true"), Some(json!({}))).await;
    assert_eq!((status, &problem["code"]), (404, &json!("not_found")), "nothing was brought up: {problem}");
    door.close().await;
}
