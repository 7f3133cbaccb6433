//! Lists over the real server: every order that the description names, page by page; and what of each thing is told.
use super::support::http::Door;
use super::support::plane::admin;
use cto::access::Actor;
use cto::model::*;
use serde_json::Value;
use serde_json::json;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// A server with several things of most kinds, all of which have its prefix in their names.
async fn furnished() -> Door {
    let door = Door::open().await;
    let (control, automation, name) = (&door.plane.control, &door.plane.automation, |short: &str| door.plane.name(short));
    for (user, role) in [("bob", Role::Viewer), ("ada", Role::Operator), ("cy", Role::Admin)] {
        control.create_user(&admin(), AddUser { name: name(user), role, password: None }).await.unwrap();
        for expires_in_days in [Some(2), None, Some(1)] {
            let about = expires_in_days.map(|days| format!("{days} days"));
            control.create_token_for(&admin(), CreateToken { user: Some(name(user)), role: None, expires_in_days, about }).await.unwrap();
        }
    }
    for volume in ["two", "one", "three"] {
        control.create_volume(&admin(), CreateVolume { name: name(volume), ..CreateVolume::default() }).await.unwrap();
    }
    for (short, fields) in [("web", json!({"command": ["sleep", "1d"]})), ("api", json!({"command": ["sleep", "2d"]}))] {
        let container = door.plane.container(&admin(), short, fields).await;
        for _ in 0..2 {
            let open = OpenSession { container: container.id.to_string(), command: vec!["sh".to_owned()], ..OpenSession::default() };
            let session = control.create_session(&admin(), open, None).await.unwrap();
            control.start_recording(&admin(), session.id.as_str(), StartRecording::default()).await.unwrap();
        }
    }
    let source = |about: &str| format!("script {{ about = \"{about}\" }}\nlog(\"x\")\n");
    for short in ["late", "early", "middle"] {
        automation.put_script(&admin(), &name(short), SaveScript { source: source(short), replaces: None }).await.unwrap();
        let inline = InlineScript { name: name(short), source: source(short) };
        automation.start_run(&admin(), StartRun { inline: Some(inline), ..StartRun::default() }, RunCause::Asked, None).await.unwrap();
        let hour = short.len();
        let spec = json!({"script": name(short), "cron": format!("0 {hour} * * *"), "zone": "UTC"});
        automation.create_schedule(&admin(), serde_json::from_value(json!({"name": name(short), "spec": spec})).unwrap()).await.unwrap();
        let trigger = json!({"name": name(short), "when": {"event": "hook"}, "run": {"script": name(short)}});
        automation.create_trigger(&admin(), serde_json::from_value(trigger).unwrap()).await.unwrap();
        let webhook = json!({"name": name(short), "to": {"kind": "terminal"}, "events": ["run.failed"]});
        automation.create_webhook(&admin(), serde_json::from_value(webhook).unwrap()).await.unwrap();
        control.put_layout(&Actor::new("user-admin", Role::Admin), &name(short), SaveLayout { replaces: None, data: json!({}) }).await.unwrap();
    }
    door
}

/// The lists that can be sorted: path, operation, and the orders that the description names.
fn sorted_lists() -> BTreeMap<String, Vec<String>> {
    let document = cto::server::openapi();
    let mut lists = BTreeMap::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let parameters = item["get"]["parameters"].as_array().cloned().unwrap_or_default();
        if let Some(sort) = parameters.iter().find(|parameter| parameter["name"] == "sort") {
            let orders: Vec<String> = serde_json::from_value(sort["schema"]["enum"].clone()).unwrap();
            assert!(orders.contains(&sort["schema"]["default"].as_str().unwrap().to_owned()), "{path}");
            lists.insert(path.clone(), orders);
        }
    }
    lists
}

/// What a thing is compared by, as its own field says; none where it has none.
fn value(item: &Value, field: &str) -> Option<Value> {
    let field = if field == "name" && item.get("template").is_some_and(Value::is_object) { &item["template"]["name"] } else { &item[field] };
    match field {
        Value::Null => None,
        Value::Array(all) => all.first().map(|first| json!(first.as_str().unwrap().to_lowercase())),
        Value::String(text) => Some(text.parse::<jiff::Timestamp>().map_or_else(|_| json!(text.to_lowercase()), |at| json!(at.as_microsecond()))),
        other => Some(other.clone()),
    }
}

fn compare(one: &Value, other: &Value, field: &str) -> Ordering {
    match (value(one, field), value(other, field)) {
        (Some(Value::String(one)), Some(Value::String(other))) => one.cmp(&other),
        (Some(one), Some(other)) => one.as_i64().cmp(&other.as_i64()),
        (one, other) => one.is_some().cmp(&other.is_some()),
    }
}

/// A list in this order, page by page.
async fn walk(door: &Door, token: &str, path: &str, order: &str, paged: bool) -> Vec<Value> {
    let mut items = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = if paged { format!("&limit=2{cursor}") } else { String::new() };
        let url = format!("{path}?sort={order}&q={}{page}", if path.contains("/images") { "debian" } else { &door.plane.prefix });
        let (status, reply) = door.ask(Some(token), Method::Get, &url, None).await;
        assert_eq!(status, 200, "{url}: {reply}");
        let found = reply["items"].as_array().unwrap_or_else(|| panic!("{url}: {reply}")).clone();
        assert!(!paged || found.len() <= 2, "{url}");
        items.extend(found);
        match reply["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_list_is_sorted_by_each_of_its_fields_and_pages_follow_each_other_in_that_order() {
    let mut door = furnished().await;
    let token = door.token(Role::Admin).await;
    let lists = sorted_lists();
    assert!(lists.len() >= 20, "{lists:?}");
    let whole = ["layouts", "plugins", "scripts", "stacks", "templates", "triggers", "webhooks"];
    let mut seen = 0;
    for (path, orders) in &lists {
        let noun = path.rsplit('/').next().unwrap();
        let session = door.plane.control.list_sessions(&admin(), &ListQuery::default()).await.unwrap().items.remove(0).id;
        let path = path.replace("{id}", session.as_str());
        for order in orders {
            let (field, descending) = (order.trim_start_matches('-'), order.starts_with('-'));
            let items = walk(&door, &token, &path, order, !whole.contains(&noun)).await;
            let wrong = items.windows(2).find(|two| {
                let compared = compare(&two[0], &two[1], field);
                if descending { compared.is_lt() } else { compared.is_gt() }
            });
            assert!(wrong.is_none(), "{path} by {order}: {wrong:?}");
            let ids: std::collections::BTreeSet<String> =
                items.iter().map(|item| [&item["id"], &item["name"], &item["template"]["name"]].map(Value::to_string).concat()).collect();
            assert_eq!(ids.len(), items.len(), "{path} by {order}: each is there once");
            let all = walk(&door, &token, &path, &orders[0], false).await.len();
            assert!(items.len() >= all.min(2), "{path} by {order}: {} of {all}", items.len());
            seen += items.len();
        }
    }
    assert!(seen > 200, "{seen} things in all");
    door.close().await;
}

#[tokio::test]
async fn an_order_that_a_list_has_not_and_a_cursor_of_another_order_are_refused_and_what_there_is_is_named() {
    let mut door = Door::open().await;
    let token = door.token(Role::Admin).await;
    for user in ["ben", "amy"] {
        door.plane.control.create_user(&admin(), AddUser { name: user.to_owned(), role: Role::Viewer, password: None }).await.unwrap();
    }
    let ask = async |path: &str| door.ask(Some(&token), Method::Get, path, None).await;
    for (path, known) in
        [("/api/v1/users?sort=age", "name, role, created_at"), ("/api/v1/audit?sort=actor", "at"), ("/api/v1/templates?sort=-x", "name, origin")]
    {
        let (status, problem) = ask(path).await;
        assert_eq!((status, &problem["code"], &problem["errors"][0]["pointer"]), (422, &json!("invalid_value"), &json!("/sort")), "{path}: {problem}");
        assert!(problem["fix"].as_str().unwrap().contains(&format!("sort by {known};")), "{problem}");
    }
    let (_, page) = ask("/api/v1/users?sort=-created_at&limit=1").await;
    let cursor = page["next_cursor"].as_str().unwrap();
    assert_eq!(ask(&format!("/api/v1/users?sort=-created_at&limit=1&cursor={cursor}")).await.0, 200);
    let (status, problem) = ask(&format!("/api/v1/users?sort=name&limit=1&cursor={cursor}")).await;
    assert_eq!(status, 422);
    assert!(problem["detail"].as_str().unwrap().contains("sorted by '-created_at', and not by 'name'"), "{problem}");
    door.close().await;
}

#[tokio::test]
async fn of_lists_and_documents_only_the_fields_come_that_are_asked_for() {
    let mut door = Door::open().await;
    let token = door.token(Role::Admin).await;
    for user in ["ben", "amy"] {
        door.plane.control.create_user(&admin(), AddUser { name: user.to_owned(), role: Role::Viewer, password: None }).await.unwrap();
    }
    let ask = async |path: &str| door.ask(Some(&token), Method::Get, path, None).await;
    assert_eq!(
        ask("/api/v1/users?q=n&fields=name,role&sort=-name&limit=2").await,
        (200, json!({"items": [{"name": "user-admin", "role": "admin"}, {"name": "ben", "role": "viewer"}]}))
    );
    // Pages go on as without it, and what stands beside the things of a list stays.
    let (_, page) = ask("/api/v1/users?fields=name&limit=1").await;
    assert_eq!(page["items"], json!([{"name": "amy"}]));
    let next = format!("/api/v1/users?fields=name&limit=1&cursor={}", page["next_cursor"].as_str().unwrap());
    assert_eq!(ask(&next).await.1["items"], json!([{"name": "ben"}]));
    let (_, templates) = ask("/api/v1/templates?fields=template.name,origin&q=shell").await;
    assert_eq!(
        (&templates["items"][0], templates["complaints"].is_array()),
        (&json!({"template": {"name": "shell"}, "origin": "gallery"}), true),
        "{templates}"
    );
    assert_eq!(ask("/api/v1/users/amy?fields=name").await, (200, json!({"name": "amy"})));
    assert_eq!(ask("/api/v1/health?fields=engine.available,ok").await, (200, json!({"ok": true, "engine": {"available": true}})));

    // A document's revision is that of the whole.
    let tag = async |path: &str| {
        let response = super::support::http::http().get(door.url(path)).bearer_auth(&token).send().await.unwrap();
        response.headers()["etag"].to_str().unwrap().to_owned()
    };
    assert_eq!(tag("/api/v1/users/amy?fields=name").await, tag("/api/v1/users/amy").await);

    for (path, says, fix) in [
        ("/api/v1/users?fields=name,age", "no field 'age'", "created_at, has_password, name"),
        ("/api/v1/users/amy?fields=", "no field ''", "name"),
        ("/api/v1/health?fields=engine.colour", "no field 'colour' in 'engine'", "available"),
        ("/api/v1/health?fields=ok.really", "no field 'really' in 'ok'", "nothing is below 'ok'"),
    ] {
        let (status, problem) = ask(path).await;
        assert_eq!((status, &problem["code"], &problem["errors"][0]["pointer"]), (422, &json!("invalid_value"), &json!("/fields")), "{path}: {problem}");
        assert!(problem["detail"].as_str().unwrap().contains(says) && problem["fix"].as_str().unwrap().contains(fix), "{path}: {problem}");
    }
    // What makes its answer itself knows of no fields.
    assert_eq!(ask("/api/v1/recordings/rec_none/cast?fields=x").await.0, 422);
    door.close().await;
}
