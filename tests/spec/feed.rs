//! What moves without being asked for: lists that tell when they change, searches through logs, who watches and types, guests that come back.
use super::support::engine::docker;
use super::support::home::Home;
use super::support::http::Door;
use super::support::plane::Plane;
use super::support::plane::admin;
use super::support::plane::operator;
use super::support::plane::viewer;
use cto::model::*;
use cto::sessions::Reader;
use serde_json::json;
use std::time::Duration;
use tokio::sync::mpsc::Receiver;

fn is(event: &Event, wanted: ListName, named: &str, became: ListChange) -> bool {
    matches!(event, Event::ListChanged { list, name, change, .. } if *list == wanted && name == named && *change == became)
}

/// Everything that is told until templates change, which ends what is looked at.
async fn until_the_end(events: &mut Receiver<Numbered>) -> Vec<Event> {
    let mut all = Vec::new();
    loop {
        let event = tokio::time::timeout(Duration::from_secs(30), events.recv()).await.expect("the end comes").expect("the server tells").event;
        if event == Event::TemplatesChanged {
            return all;
        }
        all.push(event);
    }
}

#[tokio::test]
async fn what_others_do_at_the_engine_is_told_of_images_volumes_and_networks() {
    let plane = Plane::start().await;
    let mut events = plane.control.subscribe_events(&viewer(), None).await.unwrap();
    plane
        .event(&mut plane.control.subscribe_events(&admin(), Some(0)).await.unwrap(), |event| matches!(event, Event::EngineChanged { available: true, .. }))
        .await;
    let name = plane.name("list");
    docker(&["volume", "create", &name]);
    plane.event(&mut events, |event| is(event, ListName::Volumes, &name, ListChange::Added)).await;
    docker(&["network", "create", &name]);
    plane.event(&mut events, |event| is(event, ListName::Networks, &name, ListChange::Added)).await;
    docker(&["tag", "debian:bookworm-slim", &format!("{name}:1")]);
    plane.event(&mut events, |event| is(event, ListName::Images, &format!("{name}:1"), ListChange::Added)).await;
    docker(&["rmi", &format!("{name}:1")]);
    plane.event(&mut events, |event| matches!(event, Event::ListChanged { list: ListName::Images, change: ListChange::Changed, .. })).await;
    docker(&["network", "rm", &name]);
    plane.event(&mut events, |event| is(event, ListName::Networks, &name, ListChange::Removed)).await;
    docker(&["volume", "rm", &name]);
    plane.event(&mut events, |event| is(event, ListName::Volumes, &name, ListChange::Removed)).await;
}

#[tokio::test]
async fn lists_tell_of_their_changes_to_those_who_may_see_them() {
    let plane = Plane::start().await;
    let (control, olga, otto) = (&plane.control, operator("olga"), operator("otto"));
    control.create_user(&admin(), AddUser { name: "olga".to_owned(), role: Role::Operator, password: None }).await.unwrap();
    let mut heard = Vec::new();
    for actor in [admin(), olga.clone(), otto, viewer()] {
        heard.push(control.subscribe_events(&actor, None).await.unwrap());
    }
    let webhook = SaveWebhook {
        replaces: None,
        name: "mine".to_owned(),
        to: HookTarget::Terminal,
        events: vec!["volume.*".to_owned(), "recording.ended".to_owned()],
        filter: HookFilter::default(),
        body: None,
        allow_private: false,
    };
    plane.automation.create_webhook(&olga, webhook).await.unwrap();
    control.put_layout(&olga, "desk", SaveLayout { data: json!({}), replaces: None }).await.unwrap();
    let token =
        control.create_token_for(&admin(), CreateToken { user: Some("olga".to_owned()), role: None, expires_in_days: None, about: None }).await.unwrap().token;
    control.delete_token(&admin(), token.id.as_str()).await.unwrap();
    let volume = plane.name("told");
    control.create_volume(&olga, CreateVolume { name: volume.clone(), ..CreateVolume::default() }).await.unwrap();
    // The webhook tells its owner, and its deliveries changed with that.
    plane.event(&mut heard[1], |event| is(event, ListName::Webhooks, "mine", ListChange::Added)).await;
    plane.event(&mut heard[1], |event| is(event, ListName::Layouts, "desk", ListChange::Added)).await;
    plane.event(&mut heard[1], |event| is(event, ListName::Tokens, token.id.as_str(), ListChange::Added)).await;
    plane.event(&mut heard[1], |event| is(event, ListName::Tokens, token.id.as_str(), ListChange::Removed)).await;
    // The engine tells of volumes in its own time.
    let mut volumes = vec![volume];
    loop {
        let delivered = plane.event(&mut heard[1], |event| is(event, ListName::Deliveries, "mine", ListChange::Changed));
        if tokio::time::timeout(Duration::from_secs(10), delivered).await.is_ok() {
            break;
        }
        assert!(volumes.len() < 4, "the webhook tells of none of {volumes:?}");
        let another = plane.name(&format!("told-{}", volumes.len()));
        control.create_volume(&olga, CreateVolume { name: another.clone(), ..CreateVolume::default() }).await.unwrap();
        volumes.push(another);
    }
    for volume in &volumes {
        control.delete_volume(&olga, volume).await.unwrap();
    }
    plane.automation.delete_webhook(&olga, "mine", RemoveVersion::default()).await.unwrap();
    plane.event(&mut heard[1], |event| is(event, ListName::Webhooks, "mine", ListChange::Removed)).await;
    control.parts().bus.publish(Event::TemplatesChanged);
    let mut lists = Vec::new();
    for events in [0, 2, 3] {
        let all = until_the_end(&mut heard[events]).await;
        let own = |list: ListName| {
            all.iter().any(|event| matches!(event, Event::ListChanged { list: of, owner, .. } if *of == list && owner.as_deref() == Some("olga")))
        };
        lists.push([own(ListName::Webhooks), own(ListName::Deliveries), own(ListName::Tokens), own(ListName::Layouts)]);
    }
    assert_eq!(lists, [[true, true, true, false], [false; 4], [false; 4]]);
}

#[tokio::test]
async fn a_webhook_that_is_made_before_the_server_has_looked_at_any_is_told() {
    let plane = Plane::start().await;
    let olga = operator("olga");
    plane.control.create_user(&admin(), AddUser { name: "olga".to_owned(), role: Role::Operator, password: None }).await.unwrap();
    let mut events = plane.control.subscribe_events(&olga, None).await.unwrap();
    // One that is not kept never looks of its own accord.
    let automation = cto::automation::Automation::new(plane.control.clone());
    let webhook = SaveWebhook {
        replaces: None,
        name: "early".to_owned(),
        to: HookTarget::Terminal,
        events: vec!["run.failed".to_owned()],
        filter: HookFilter::default(),
        body: None,
        allow_private: false,
    };
    automation.create_webhook(&olga, webhook).await.unwrap();
    let told = plane.event(&mut events, |event| is(event, ListName::Webhooks, "early", ListChange::Added));
    tokio::time::timeout(Duration::from_secs(3), told).await.expect("it is told at once");
}

/// The viewers that a reader is told of, once they are as wanted.
async fn shows(reader: &mut Reader, wanted: impl Fn(&[Viewer]) -> bool) -> Vec<Viewer> {
    let waiting = async {
        loop {
            if let Some(ServerFrame::Presence(viewers)) = reader.next().await
                && wanted(&viewers)
            {
                return viewers;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.expect("it is told")
}

#[tokio::test]
async fn everyone_in_a_session_sees_who_is_there_with_what_and_who_types() {
    let door = Door::open().await;
    let (owner, control) = (admin(), &door.plane.control);
    let container = door.plane.container(&owner, "who", json!({"command": ["sleep", "600"]})).await;
    let open = OpenSession { container: container.name.clone(), command: vec!["sh".to_owned()], ..OpenSession::default() };
    let session = control.create_session(&owner, open, None).await.unwrap();
    let attach = |mode| Attach { v: 1, token: None, from_offset: None, cols: 80, rows: 24, mode, delivery: Delivery::Live, writer: 7, window: None };
    let mut looks = control.attach_session(&owner, session.id.as_str(), attach(AttachMode::View)).await.unwrap();
    let types = door.client.attach(session.id.as_str(), attach(AttachMode::Write)).await.unwrap();
    let there = shows(&mut looks, |viewers| viewers.len() == 2 && viewers[1].client.is_some()).await;
    assert_eq!((there[1].mode, there[1].client.as_deref(), there[1].typed_at, there[1].lease), (AttachMode::Write, Some("cto"), None, false));
    assert!(there[0].id != there[1].id && there.iter().all(|viewer| viewer.since.is_some()));
    types.send(ClientFrame::Input { seq: 1, bytes: b"true\n".to_vec() }).await.unwrap();
    let typed = shows(&mut looks, |viewers| viewers[1].typed_at.is_some()).await[1].typed_at;
    // More within the second is no news.
    for seq in 2..20 {
        types.send(ClientFrame::Input { seq, bytes: b"true\n".to_vec() }).await.unwrap();
    }
    types.send(ClientFrame::Control(Control::TakeLease)).await.unwrap();
    let now = shows(&mut looks, |viewers| viewers[1].lease).await;
    assert!(now[1].typed_at >= typed);
    let listed = door.client.call::<ListViewers>(&[session.id.as_str()], &Empty {}).await.unwrap().items;
    assert_eq!(
        listed.iter().map(|viewer| (viewer.id, viewer.lease)).collect::<Vec<_>>(),
        now.iter().map(|viewer| (viewer.id, viewer.lease)).collect::<Vec<_>>()
    );
    drop(types);
    shows(&mut looks, |viewers| viewers.len() == 1).await;
}

#[tokio::test]
async fn a_guest_who_comes_back_is_the_same_and_uses_nothing_up() {
    let door = Door::open().await;
    let (owner, control) = (admin(), &door.plane.control);
    let container = door.plane.container(&owner, "back", json!({"command": ["sleep", "600"]})).await;
    let open = OpenSession { container: container.name.clone(), command: vec!["sh".to_owned()], ..OpenSession::default() };
    let session = control.create_session(&owner, open, None).await.unwrap();
    let share = |uses| CreateShare { mode: ShareMode::View, expires_in_s: Some(600), max_uses: uses };
    let made = control.create_share(&owner, session.id.as_str(), share(Some(1))).await.unwrap();
    let other = control.create_share(&owner, session.id.as_str(), share(Some(1))).await.unwrap();
    let comes = async |code: &str, name: &str, guest: Option<&str>| {
        let body = json!({"code": code, "name": name, "guest": guest});
        door.ask(None, cto::model::Method::Post, "/api/v1/shares/open", Some(body)).await
    };
    let (status, first) = comes(&made.code, "Zoë", None).await;
    assert_eq!((status, first["name"].as_str()), (200, Some("Zoë")));
    let token = first["token"].as_str().unwrap();
    for _ in 0..3 {
        let (status, again) = comes(&made.code, "Somebody else", Some(token)).await;
        assert_eq!((status, again["token"].as_str(), again["name"].as_str()), (200, Some(token), Some("Zoë")));
    }
    assert_eq!(control.list_shares(&owner, session.id.as_str()).await.unwrap().items[0].uses, 1);
    assert_eq!(comes(&made.code, "Max", None).await.0, 404, "another person is one too many");
    assert_eq!(comes(&made.code, "Max", Some("cto_guest_made-up")).await.0, 404);
    // The token of one share opens no other: there they come in as somebody new.
    let (status, elsewhere) = comes(&other.code, "Zoë", Some(token)).await;
    assert!(status == 200 && elsewhere["token"].as_str() != Some(token));
    control.delete_share(&owner, made.share.id.as_str()).await.unwrap();
    assert_eq!(comes(&made.code, "Zoë", Some(token)).await.0, 404, "a share that was taken back");
}

#[tokio::test]
async fn logs_of_several_containers_are_searched_with_progress_and_within_bounds() {
    let plane = Plane::start().await;
    let (control, owner) = (&plane.control, operator("olga"));
    let print = |text: &str| json!({"command": ["sh", "-c", format!("{text}; sleep 600")]});
    let one = plane.container(&owner, "one", print("echo start; printf 'a \\033[31mERROR\\033[0m: disk full\\n'; echo end")).await;
    let two = plane
        .container(
            &owner,
            "two",
            print("i=0; while [ $i -lt 900 ]; do echo line $i; i=$((i+1)); done; head -c 300000 /dev/zero | tr '\\0' a; echo; echo error 2 >&2"),
        )
        .await;
    let names = vec![one.name.clone(), two.name.clone()];
    let ended = async |request: SearchLogs| {
        let operation = control.search_logs(&owner, request, None).await.unwrap();
        assert!(!operation.title.contains("error"), "what is looked for is nobody else's business");
        let id = operation.id.to_string();
        loop {
            let found = control.get_log_search(&owner, &id, LogSearchQuery { after: 0, wait: 5 }).await.unwrap();
            if !found.running {
                return found;
            }
        }
    };
    let query = |query: &str| SearchLogs { query: query.to_owned(), containers: names.clone(), ..SearchLogs::default() };
    // The programs may still be printing.
    let mut found = ended(SearchLogs { context: 1, ..query("error") }).await;
    while found.hits < 2 {
        found = ended(SearchLogs { context: 1, ..query("error") }).await;
    }
    assert_eq!((found.scanned, found.total, found.hits, found.items.len()), (2, 2, 2, 2));
    assert!(found.bytes > 300_000 && found.lines > 900 && found.notes.is_empty(), "{:?}", found.notes);
    let hit = found.items.iter().find(|hit| hit.container == one.id).unwrap();
    assert_eq!((hit.text.as_str(), hit.line, hit.source, hit.level), ("a ERROR: disk full", 2, LogSource::Stdout, Some(LogLevel::Error)));
    assert_eq!((&hit.before[..], &hit.after[..]), (&["start".to_owned()][..], &["end".to_owned()][..]));
    let other = found.items.iter().find(|hit| hit.container == two.id).unwrap();
    assert_eq!(other.text, "error 2");

    let some = ended(SearchLogs { regex: true, limit: Some(10), ..query(r"^line \d+$") }).await;
    assert_eq!((some.hits, some.notes.len()), (10, 1), "{:?}", some.notes);
    let hostile = ended(SearchLogs { regex: true, ..query("(a|a)*(a+)+b$") }).await;
    assert_eq!((hostile.hits, hostile.scanned), (0, 2));
    let late = ended(SearchLogs { since: Some(jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1)), ..query("line") }).await;
    assert_eq!(late.hits, 0);

    for wrong in [SearchLogs { regex: true, ..query("(") }, query(""), SearchLogs { context: 6, ..query("x") }, SearchLogs { limit: Some(501), ..query("x") }] {
        assert_eq!(control.search_logs(&owner, wrong, None).await.unwrap_err().code, Code::InvalidValue);
    }
    assert_eq!(control.search_logs(&owner, SearchLogs { containers: vec!["nobody".to_owned()], ..query("x") }, None).await.unwrap_err().code, Code::NotFound);
    // Others do not see it; its owner ends it.
    assert_eq!(control.get_log_search(&operator("otto"), some.id.as_str(), LogSearchQuery::default()).await.unwrap_err().code, Code::NotFound);
    control.get_log_search(&admin(), some.id.as_str(), LogSearchQuery::default()).await.unwrap();
    control.delete_log_search(&owner, some.id.as_str()).await.unwrap();
    assert_eq!(control.get_log_search(&owner, some.id.as_str(), LogSearchQuery::default()).await.unwrap_err().code, Code::NotFound);
}

#[test]
fn the_command_line_searches_logs() {
    let home = Home::new();
    let name = home.name("seek");
    let template = r#"{"name": "t", "image": "debian:bookworm-slim", "command": ["sh", "-c", "echo first; echo needle here; sleep 600"]}"#;
    let file = home.dir.path().join("t.json");
    std::fs::write(&file, template).unwrap();
    home.ok(&["run", file.to_str().unwrap(), "--name", &name, "-d"]);
    let mut text = String::new();
    home.until("it is printed", || {
        text = String::from_utf8(home.cto(&["search", "NEEDLE", &name, "-C", "1"]).output().unwrap().stdout).unwrap();
        text.contains("needle")
    });
    assert!(text.starts_with(&format!("{name}- first\n{name}:2 ")) && text.ends_with("needle here\n--\n"), "{text}");
    assert_eq!(home.json(&["search", "needle", &name, "--json"])["items"][0]["text"], "needle here");
    assert_eq!(home.fails(1, &["search", "needle", &name, "-s", "--since", "2099-01-01T00:00:00Z"]), "");
    assert!(home.fails(2, &["search", "(", &name, "-e"]).contains("the expression is wrong"));
}
