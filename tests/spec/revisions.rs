//! Documents that can be replaced have revisions: what one has read is replaced by what one saves, and never what somebody else saved meanwhile.
use super::support::http::Door;
use super::support::http::http;
use cto::model::Role;
use reqwest::Method;
use reqwest::StatusCode;
use reqwest::header::ETAG;
use reqwest::header::IF_MATCH;
use reqwest::header::IF_NONE_MATCH;
use serde_json::Value;
use serde_json::json;

/// A kind of documents: how one is made, and two ways to change it.
struct Kind {
    name: &'static str,
    place: &'static str,
    /// Where it is made; none where saving makes it.
    made: Option<(&'static str, Value)>,
    changes: [Value; 2],
}

fn kinds() -> Vec<Kind> {
    let schedule = |cron: &str| json!({"spec": {"inline": {"name": "x", "source": "script { about = 'x' }"}, "cron": cron}});
    let webhook = |events: &str| json!({"name": "rev-hook", "to": {"kind": "terminal"}, "events": [events]});
    let trigger = |quiet: u32| json!({"name": "rev-trigger", "when": {"event": "hook"}, "run": {"script": "rev-script"}, "quiet_seconds": quiet});
    let named = |name: &str, mut body: Value| {
        body["name"] = json!(name);
        body
    };
    vec![
        // A trigger further down starts it.
        Kind {
            name: "script",
            place: "/api/v1/scripts/rev-script",
            made: None,
            changes: [json!({"source": "script { about = 'one' }"}), json!({"source": "script { about = 'two' }"})],
        },
        Kind { name: "layout", place: "/api/v1/layouts/rev-layout", made: None, changes: [json!({"data": {"one": 1}}), json!({"data": {"two": 2}})] },
        Kind {
            name: "schedule",
            place: "/api/v1/schedules/rev-schedule",
            made: Some(("/api/v1/schedules", named("rev-schedule", schedule("0 3 * * *")))),
            changes: [schedule("0 4 * * *"), schedule("0 5 * * *")],
        },
        Kind {
            name: "webhook",
            place: "/api/v1/webhooks/rev-hook",
            made: Some(("/api/v1/webhooks", webhook("run.failed"))),
            changes: [webhook("run.*"), webhook("*")],
        },
        Kind { name: "trigger", place: "/api/v1/triggers/rev-trigger", made: Some(("/api/v1/triggers", trigger(0))), changes: [trigger(1), trigger(2)] },
        Kind {
            name: "user",
            place: "/api/v1/users/rev-user",
            made: Some(("/api/v1/users", json!({"name": "rev-user", "role": "viewer"}))),
            changes: [json!({"role": "operator"}), json!({"role": "viewer"})],
        },
    ]
}

struct Caller<'a> {
    door: &'a Door,
    token: String,
}

impl Caller<'_> {
    /// Status, tag and body of an answer.
    async fn ask(&self, method: Method, place: &str, header: Option<(reqwest::header::HeaderName, &str)>, body: Option<&Value>) -> (StatusCode, String, Value) {
        let mut request = http().request(method, self.door.url(place)).bearer_auth(&self.token);
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.unwrap();
        let tag = response.headers().get(ETAG).map(|tag| tag.to_str().unwrap().to_owned()).unwrap_or_default();
        let (status, text) = (response.status(), response.text().await.unwrap());
        (status, tag, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    async fn read(&self, kind: &Kind) -> (String, Value) {
        let (status, tag, document) = self.ask(Method::GET, kind.place, None, None).await;
        assert_eq!(status, StatusCode::OK, "{}: {document}", kind.name);
        assert!(tag.starts_with("\"rev-") && tag.ends_with('"'), "{}: {tag}", kind.name);
        (tag, document)
    }

    async fn make(&self, kind: &Kind) {
        let (status, _, made) = match &kind.made {
            Some((place, body)) => self.ask(Method::POST, place, None, Some(body)).await,
            None => self.ask(Method::PUT, kind.place, Some((IF_NONE_MATCH, "*")), Some(&kind.changes[0])).await,
        };
        assert!(status.is_success(), "{}: {status} {made}", kind.name);
    }
}

/// The revision in a tag.
fn revision(tag: &str) -> String {
    tag.trim_matches('"').trim_start_matches("rev-").split('.').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_document_is_replaced_only_in_the_revision_that_was_read() {
    let mut door = Door::open().await;
    let caller = Caller { token: door.token(Role::Admin).await, door: &door };
    for kind in &kinds() {
        let (name, place) = (kind.name, kind.place);
        caller.make(kind).await;
        let (first, document) = caller.read(kind).await;

        // Who has it already is not sent it again.
        let (status, tag, body) = caller.ask(Method::GET, place, Some((IF_NONE_MATCH, &first)), None).await;
        assert_eq!((status, tag, body), (StatusCode::NOT_MODIFIED, first.clone(), Value::Null), "{name}");
        let (status, ..) = caller.ask(Method::GET, place, Some((IF_NONE_MATCH, "\"rev-other\"")), None).await;
        assert_eq!(status, StatusCode::OK, "{name}");

        // It is there: nobody makes it a second time.
        let (status, tag, problem) = caller.ask(Method::PUT, place, Some((IF_NONE_MATCH, "*")), Some(&kind.changes[1])).await;
        assert_eq!((status, problem["code"].as_str()), (StatusCode::PRECONDITION_FAILED, Some("stale")), "{name}: {problem}");
        assert_eq!((revision(&tag), problem["revision"].as_str()), (revision(&first), Some(revision(&first).as_str())), "{name}");

        let (status, changed, body) = caller.ask(Method::PUT, place, Some((IF_MATCH, &first)), Some(&kind.changes[1])).await;
        assert_eq!(status, StatusCode::OK, "{name}: {body}");
        let (second, now) = caller.read(kind).await;
        assert_ne!(revision(&first), revision(&second), "{name}");
        assert_eq!(revision(&changed), revision(&second), "{name}: a change answers with the revision that there is then");
        assert_ne!(document, now, "{name}");

        // The old revision is worth nothing any more, neither in a header nor in the field that says the same.
        for method in [Method::PUT, Method::DELETE] {
            let body = (method == Method::PUT).then_some(&kind.changes[0]);
            let (status, tag, problem) = caller.ask(method.clone(), place, Some((IF_MATCH, &first)), body).await;
            assert_eq!((status, problem["code"].as_str()), (StatusCode::PRECONDITION_FAILED, Some("stale")), "{name} {method}: {problem}");
            assert_eq!(revision(&tag), revision(&second), "{name} {method}");
        }
        let mut same = kind.changes[0].clone();
        let old = revision(&first);
        same["replaces"] = old.parse::<i64>().map_or_else(|_| json!(old), |number| json!(number));
        assert_eq!(caller.ask(Method::PUT, place, None, Some(&same)).await.0, StatusCode::PRECONDITION_FAILED, "{name}");
        let (status, _, problem) = caller.ask(Method::PUT, place, Some((IF_MATCH, &second)), Some(&same)).await;
        assert_eq!((status, problem["code"].as_str()), (StatusCode::BAD_REQUEST, Some("bad_request")), "{name}: two different ones were said");
        assert_eq!(caller.read(kind).await.1, now, "{name}: nothing of that was done");

        // A proxy that compresses makes a tag weak, and it names the same revision still.
        let weak = format!("W/{second}");
        assert_eq!(caller.ask(Method::PUT, place, Some((IF_MATCH, &weak)), Some(&kind.changes[0])).await.0, StatusCode::OK, "{name}");
    }
    // Those that others stand on go last.
    for kind in kinds().iter().rev() {
        let (tag, _) = caller.read(kind).await;
        assert_eq!(caller.ask(Method::DELETE, kind.place, Some((IF_MATCH, &tag)), None).await.0, StatusCode::NO_CONTENT, "{}", kind.name);
        assert_eq!(caller.ask(Method::GET, kind.place, None, None).await.0, StatusCode::NOT_FOUND, "{}", kind.name);
    }
    door.close().await;
}

#[tokio::test]
async fn of_many_who_replace_the_same_revision_at_once_one_does() {
    let mut door = Door::open().await;
    let caller = Caller { token: door.token(Role::Admin).await, door: &door };
    for kind in &kinds() {
        caller.make(kind).await;
        let (tag, _) = caller.read(kind).await;
        let racers = (0..8).map(|_| caller.ask(Method::PUT, kind.place, Some((IF_MATCH, &tag)), Some(&kind.changes[1])));
        let ended = futures_util::future::join_all(racers).await;
        let done = ended.iter().filter(|(status, ..)| *status == StatusCode::OK).count();
        let late = ended.iter().filter(|(status, ..)| *status == StatusCode::PRECONDITION_FAILED).count();
        assert_eq!((done, late), (1, 7), "{}: {ended:?}", kind.name);
    }
    door.close().await;
}

#[tokio::test]
async fn what_has_no_revisions_is_not_changed_on_a_condition_that_nobody_checks() {
    let mut door = Door::open().await;
    let caller = Caller { token: door.token(Role::Admin).await, door: &door };
    for (header, place) in [(IF_MATCH, "/api/v1/containers/nothing/stop"), (IF_NONE_MATCH, "/api/v1/containers")] {
        let (status, _, problem) = caller.ask(Method::POST, place, Some((header, "*")), Some(&json!({"template": "shell"}))).await;
        assert_eq!((status, problem["code"].as_str()), (StatusCode::BAD_REQUEST, Some("bad_request")), "{place}: {problem}");
    }
    let (status, tag, _) = caller.ask(Method::GET, "/api/v1/templates/shell", None, None).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(caller.ask(Method::GET, "/api/v1/templates/shell", Some((IF_NONE_MATCH, &tag)), None).await.0, StatusCode::NOT_MODIFIED);
    door.close().await;
}
