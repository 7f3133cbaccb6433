//! Everybody makes tokens of their own, and none of them does more than who made it.
use super::support::http::Door;
use super::support::plane::admin;
use cto::control::Control;
use cto::model::*;
use serde_json::Value;
use serde_json::json;

const OWN: &str = "/api/v1/me/tokens";

async fn make(door: &Door, token: &str, body: Value) -> (u16, Value) {
    door.ask(Some(token), Method::Post, OWN, Some(body)).await
}

#[tokio::test]
async fn a_token_of_ones_own_does_no_more_than_oneself_and_lasts_no_longer() {
    let mut door = Door::open().await;
    let (olga, vic, root) = (door.token(Role::Operator).await, door.token(Role::Viewer).await, door.token(Role::Admin).await);
    let (status, made) = make(&door, &olga, json!({"role": "viewer", "expires_in_days": 2, "about": "the status page"})).await;
    assert_eq!(status, 201, "{made}");
    assert_eq!(
        (&made["token"]["user"], &made["token"]["role"], &made["token"]["about"]),
        (&json!("user-operator"), &json!("viewer"), &json!("the status page"))
    );
    let (id, secret) = (made["token"]["id"].as_str().unwrap(), made["secret"].as_str().unwrap());
    assert_eq!(door.ask(Some(secret), Method::Get, "/api/v1/me", None).await.1["role"], json!("viewer"));

    // Never a higher role: not than the user's, and not than what they show here.
    for (token, role) in [(olga.as_str(), "admin"), (vic.as_str(), "operator"), (secret, "operator")] {
        let (status, problem) = make(&door, token, json!({"role": role})).await;
        assert_eq!((status, &problem["code"]), (422, &json!("invalid_value")), "{role}: {problem}");
    }
    // What is made with a token that ends does not outlive it.
    let (status, second) = make(&door, secret, json!({"expires_in_days": 300})).await;
    let end = |made: &Value| made["token"]["expires_at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_microsecond();
    assert_eq!((status, &second["token"]["role"], end(&second)), (201, &json!("viewer"), end(&made)), "{second}");

    // One sees and revokes one's own; others, and those of others, are none.
    let ids = async |token: &str| {
        let (status, list) = door.ask(Some(token), Method::Get, OWN, None).await;
        assert_eq!(status, 200, "{list}");
        list["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert!(ids(&olga).await.contains(&id.to_owned()) && !ids(&vic).await.contains(&id.to_owned()) && !ids(&root).await.contains(&id.to_owned()));
    let place = format!("{OWN}/{id}");
    assert_eq!(door.ask(Some(&vic), Method::Delete, &place, None).await.0, 404);
    assert_eq!(door.ask(Some(&root), Method::Delete, &place, None).await.0, 404, "an admin has another way");
    assert_eq!(door.ask(Some(&olga), Method::Delete, &place, None).await.0, 204);
    assert_eq!(door.ask(Some(secret), Method::Get, "/api/v1/me", None).await.0, 401);
    let listed = door.ask(Some(&olga), Method::Get, OWN, None).await.1.to_string();
    assert!(!listed.contains("cto_pat_") && !listed.contains("secret"), "{listed}");

    let wrong = [
        json!({"expires_in_days": 0}),
        json!({"expires_in_days": 9999}),
        json!({"about": "x".repeat(201)}),
        json!({"about": "a\nb"}),
        json!({"user": "user-admin"}),
    ];
    for body in wrong {
        assert_eq!(make(&door, &olga, body.clone()).await.0, 422, "{body}");
    }
    let audit = door.plane.audit().await.join("\n");
    assert!(audit.contains("use:tokens") && !audit.contains("cto_pat_"), "{audit}");
    door.close().await;
}

#[tokio::test]
async fn one_user_has_so_many_tokens_and_no_more() {
    let mut door = Door::open().await;
    let vic = door.token(Role::Viewer).await;
    for _ in 1..100 {
        let (status, made) = make(&door, &vic, json!({})).await;
        assert_eq!(status, 201, "{made}");
    }
    let (status, problem) = make(&door, &vic, json!({})).await;
    assert_eq!((status, &problem["code"]), (429, &json!("too_many")), "{problem}");
    door.close().await;
}

#[tokio::test]
async fn the_socket_s_own_user_has_tokens_of_their_own_without_being_a_user() {
    let mut door = Door::open().await;
    let wish = CreateOwnToken { role: Some(Role::Operator), ..CreateOwnToken::default() };
    let made = door.client.call::<CreateTokenOfMe>(&[], &wish).await.unwrap();
    assert_eq!((made.token.user.as_str(), made.token.role), ("local-operator", Role::Operator));
    let own = door.client.call::<ListTokensOfMe>(&[], &ListQuery::default()).await.unwrap().items;
    assert_eq!(own.iter().map(|token| (&token.id, &token.user)).collect::<Vec<_>>(), [(&made.token.id, &made.token.user)]);
    assert_eq!(door.plane.control.identify(&made.secret).await.unwrap().role, Role::Operator);
    door.client.call::<DeleteTokenOfMe>(&[made.token.id.as_str()], &Empty {}).await.unwrap();
    assert_eq!(door.plane.control.identify(&made.secret).await.unwrap_err().code, Code::Unauthenticated);
    assert_eq!(door.plane.control.list_own_tokens(&Control::local_admin(), &ListQuery::default()).await.unwrap().items, []);
    assert_eq!(door.plane.control.list_tokens(&admin(), &ListQuery::default()).await.unwrap().items, []);
    door.close().await;
}
