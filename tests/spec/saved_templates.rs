//! Templates are saved over the API: checked as a file is, whole, and never over what somebody else saved meanwhile.
use super::support::http::Door;
use cto::model::*;
use serde_json::Value;
use serde_json::json;

async fn put(door: &Door, token: &str, name: &str, text: &str, replaces: Option<&str>) -> (u16, Value) {
    let mut body = json!({"text": text});
    if let Some(replaces) = replaces {
        body["replaces"] = json!(replaces);
    }
    door.ask(Some(token), Method::Put, &format!("/api/v1/templates/{name}"), Some(body)).await
}

#[tokio::test]
async fn a_template_is_saved_launched_changed_and_removed() {
    let mut door = Door::open().await;
    let root = door.token(Role::Admin).await;
    let mut events = door.plane.control.subscribe_events(&super::support::plane::admin(), None).await.unwrap();
    let text = "{\n  // mine\n  \"name\": \"mine\",\n  \"image\": \"debian:bookworm-slim\",\n  \"command\": [\"sleep\", \"600\"]\n}\n";
    let (status, saved) = put(&door, &root, "mine", text, Some("")).await;
    assert_eq!((status, &saved["template"]["name"], &saved["origin"], &saved["text"]), (200, &json!("mine"), &json!("user"), &json!(text)), "{saved}");
    door.plane.event(&mut events, |event| matches!(event, Event::TemplatesChanged)).await;
    let (_, got) = door.ask(Some(&root), Method::Get, "/api/v1/templates/mine", None).await;
    assert_eq!(got, saved, "as it was written, comments too");
    let file = door.plane.control.parts().paths.config_dir.join("templates/mine.json");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    let (status, rendered) = door.ask(Some(&root), Method::Post, "/api/v1/templates/render", Some(json!({"template": "mine"}))).await;
    assert_eq!((status, &rendered["spec"]["command"]), (200, &json!(["sleep", "600"])), "{rendered}");

    // What somebody else saved meanwhile stays.
    let first = saved["etag"].as_str().unwrap();
    let (status, changed) = put(&door, &root, "mine", &text.replace("600", "60"), Some(first)).await;
    assert_eq!(status, 200, "{changed}");
    let (status, problem) = put(&door, &root, "mine", text, Some(first)).await;
    assert_eq!((status, &problem["code"], &problem["revision"]), (412, &json!("stale"), &changed["etag"]), "{problem}");
    let (status, problem) = put(&door, &root, "mine", text, Some("")).await;
    assert_eq!((status, &problem["code"]), (412, &json!("stale")), "{problem}");
    let place = "/api/v1/templates/mine";
    assert_eq!(door.ask(Some(&root), Method::Delete, &format!("{place}?replaces={first}"), None).await.0, 412);
    assert_eq!(door.ask(Some(&root), Method::Delete, place, None).await.0, 204);
    assert!(!file.exists());
    assert_eq!(door.ask(Some(&root), Method::Delete, place, None).await.0, 404);
    door.close().await;
}

#[tokio::test]
async fn mistakes_are_told_with_their_places_and_nothing_is_saved() {
    let mut door = Door::open().await;
    let (root, olga) = (door.token(Role::Admin).await, door.token(Role::Operator).await);
    let file = door.plane.control.parts().paths.config_dir.join("templates/wrong.json");
    let cases = [
        ("{\"name\": \"wrong\", \"imgae\": \"x\"}", "/imgae"),
        ("{\"name\": \"wrong\", \"image\": \"x\", \"limits\": {\"memory\": \"much\"}}", "/limits/memory"),
        ("{\"name\": \"wrong\", \"extends\": \"no-such-template\"}", "/extends"),
        ("{\"name\": \"other\", \"image\": \"x\"}", "/name"),
    ];
    for (text, pointer) in cases {
        for place in ["wrong", "wrong?dry_run=true"] {
            let (status, problem) = put(&door, &root, place, text, None).await;
            assert_eq!((status, &problem["code"]), (422, &json!("invalid_document")), "{text}: {problem}");
            let told: Vec<&str> = problem["errors"].as_array().unwrap().iter().map(|place| place["pointer"].as_str().unwrap()).collect();
            assert!(told.contains(&pointer), "{text}: {told:?}");
        }
    }
    let (status, _) = put(&door, &root, "wrong?dry_run=true", "{\"name\": \"wrong\", \"image\": \"x\"}", None).await;
    assert_eq!(status, 200);
    assert!(!file.exists(), "none of that was saved");
    // Names lead nowhere else, and what ships can only be covered.
    assert_eq!(put(&door, &root, "..%2Fcto", "{\"name\": \"../cto\", \"image\": \"x\"}", None).await.0, 422);
    let (status, problem) = door.ask(Some(&root), Method::Delete, "/api/v1/templates/shell", None).await;
    assert_eq!((status, &problem["code"]), (404, &json!("not_found")), "{problem}");
    // A template of the server's own may read the server's files: it is an admin's to save.
    assert_eq!(put(&door, &olga, "wrong", "{\"name\": \"wrong\", \"image\": \"x\"}", None).await.0, 403);
    assert_eq!(door.ask(Some(&olga), Method::Delete, "/api/v1/templates/shell", None).await.0, 403);
    door.close().await;
}

#[tokio::test]
async fn of_many_who_save_over_the_same_text_at_once_one_does() {
    let mut door = Door::open().await;
    let root = door.token(Role::Admin).await;
    let text = |number: usize| format!("{{\"name\": \"race\", \"image\": \"x{number}\"}}");
    let (_, saved) = put(&door, &root, "race", &text(100), Some("")).await;
    let etag = saved["etag"].as_str().unwrap();
    let texts: Vec<String> = (0..8).map(text).collect();
    let ended = futures_util::future::join_all(texts.iter().map(|text| put(&door, &root, "race", text, Some(etag)))).await;
    let statuses: Vec<u16> = ended.iter().map(|(status, _)| *status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 412).count(), 7, "{statuses:?}");
    door.close().await;
}
