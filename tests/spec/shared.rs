//! Several servers of one PostgreSQL: what webhooks, triggers and plugins do is done once, within limits that they share.
use super::support::plane::Plane;
use super::support::plane::admin;
use super::support::plane::operator;
use super::support::postgres::Cluster;
use super::support::receiver::Receiver;
use super::support::receiver::Reply;
use super::support::scripts::over;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cto::automation::Incoming;
use cto::model::*;
use hmac::Mac as _;
use jiff::Timestamp;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(60);
const NOTE: &str = "script { about = \"notes\", params = { who = { default = \"\" } } }";

/// Two servers of one database, with the users ada and olga; none where no PostgreSQL is installed.
async fn two() -> Option<(Cluster, Plane, Plane)> {
    let Some(cluster) = Cluster::start() else {
        eprintln!("skipped: no PostgreSQL here; install it");
        return None;
    };
    let (one, two) = (Plane::sharing(&cluster.url()).await, Plane::sharing(&cluster.url()).await);
    for (name, role) in [("ada", Role::Admin), ("olga", Role::Operator)] {
        one.control.create_user(&admin(), AddUser { name: name.to_owned(), role, password: None }).await.unwrap();
    }
    Some((cluster, one, two))
}

async fn run(plane: &Plane, source: &str) -> Run {
    let inline = InlineScript { name: "nightly".to_owned(), source: format!("script {{ about = \"x\" }}\n{source}") };
    let request = StartRun { inline: Some(inline), ..StartRun::default() };
    plane.automation.start_run(&admin(), request, RunCause::Asked, None).await.unwrap()
}

/// A trigger of olga's for the script 'note', known to both.
async fn trigger(one: &Plane, two: &Plane, fields: Value) -> TriggerSecret {
    for plane in [one, two] {
        plane.automation.put_script(&admin(), "note", SaveScript { source: NOTE.to_owned(), replaces: None }).await.unwrap();
    }
    let mut all = json!({"name": "note", "run": {"script": "note"}});
    all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let made = one.automation.create_trigger(&operator("olga"), serde_json::from_value(all).unwrap()).await.unwrap();
    // The other one has looked when it has changed something itself.
    two.automation.pause_trigger(&operator("olga"), "note", false).await.unwrap();
    made
}

async fn fires(plane: &Plane, wanted: impl Fn(&[Fire]) -> bool) -> Vec<Fire> {
    let looking = async {
        loop {
            let all = plane.automation.list_fires(&operator("olga"), "note", PastQuery::default()).await.unwrap().items;
            if wanted(&all) {
                return all;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(LIMIT, looking).await.expect("the trigger gets there")
}

/// A request that is signed by the secret.
fn signed(secret: &str, id: &str) -> Incoming {
    let (at, body) = (Timestamp::now().as_second(), "{}");
    let mut code = hmac::Hmac::<sha2::Sha256>::new_from_slice(&STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap()).unwrap();
    code.update(format!("{id}.{at}.{body}").as_bytes());
    Incoming {
        id: Some(id.to_owned()),
        timestamp: Some(at.to_string()),
        signature: Some(format!("v1,{}", STANDARD.encode(code.finalize().into_bytes()))),
        body: body.as_bytes().to_vec(),
        ..Incoming::default()
    }
}

async fn receive(plane: &Plane, request: &Incoming) -> Option<Code> {
    plane.automation.receive_hook("note", request, Timestamp::now()).await.map_err(|error| error.code).err()
}

fn job(command: &str) -> Value {
    json!({"command": ["sh", "-c", command], "interactive": false, "network": "none"})
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_is_delivered_once_whoever_sees_it() {
    let Some((_cluster, one, two)) = two().await else { return };
    let receiver = Receiver::start(Reply::Status(200, "thanks")).await;
    let request = SaveWebhook {
        name: "ci".to_owned(),
        to: HookTarget::Webhook { url: receiver.url("/") },
        events: vec!["run.failed".to_owned(), "container.died".to_owned()],
        filter: HookFilter::default(),
        body: None,
        allow_private: true,
        replaces: None,
    };
    one.automation.create_webhook(&admin(), request).await.unwrap();
    two.automation.enable_webhook(&admin(), "ci").await.unwrap();
    // Ten that only one server sees each, and one that both see.
    let mut runs = BTreeSet::new();
    for number in 0..20 {
        runs.insert(run(if number % 2 == 0 { &one } else { &two }, "error('no')").await.id.to_string());
    }
    one.launch(&admin(), "job", job("exit 3")).await;
    let deliveries = async {
        loop {
            let all = two.automation.list_deliveries(&admin(), "ci", PastQuery::default()).await.unwrap().items;
            let own = all.iter().filter(|one| one.event == "run.failed").count();
            let died = all.iter().any(|delivery| delivery.text.contains(&one.name("job")));
            if own == 20 && died && all.iter().all(|one| one.state == HookDeliveryState::Delivered) {
                return all;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let all = tokio::time::timeout(LIMIT, deliveries).await.expect("all are delivered");
    assert!(all.iter().all(|one| one.attempts.len() == 1));
    let got = receiver.got();
    assert_eq!(got.iter().map(|one| one.header("webhook-id").to_owned()).collect::<BTreeSet<_>>().len(), got.len(), "none came twice");
    let told: BTreeSet<String> = got.iter().filter_map(|one| one.json()["data"]["run"]["id"].as_str().map(str::to_owned)).collect();
    assert_eq!(told, runs);
    let died = got.iter().filter(|got| got.json()["data"]["container"]["name"] == json!(one.name("job"))).count();
    assert_eq!(died, 1, "both servers saw it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_one_server_has_taken_is_refused_by_the_other_and_they_share_the_limit() {
    let Some((_cluster, one, two)) = two().await else { return };
    let made = trigger(&one, &two, json!({"when": {"event": "hook"}, "limit": {"times": 3, "seconds": 600}})).await;
    let secret = made.secret.unwrap();
    let mut notices = two.control.subscribe_events(&operator("olga"), None).await.unwrap();
    let first = signed(&secret, "msg_1");
    assert_eq!(receive(&one, &first).await, None);
    for plane in [&one, &two] {
        assert_eq!(receive(plane, &first).await, Some(Code::WrongState), "a replay");
    }
    assert_eq!(receive(&two, &Incoming { body: b"{ }".to_vec(), ..first }).await, Some(Code::Unauthenticated));
    // At the same time at both: three in all, whoever is first.
    let more: Vec<Incoming> = (2..10).map(|number| signed(&secret, &format!("msg_{number}"))).collect();
    let asked = more.iter().enumerate().map(|(index, request)| receive(if index % 2 == 0 { &one } else { &two }, request));
    let answers = futures_util::future::join_all(asked).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_none()).count(), 2, "{answers:?}");
    assert!(answers.iter().flatten().all(|code| *code == Code::TooMany), "{answers:?}");
    let all = fires(&one, |all| all.iter().filter(|fire| fire.run.is_some()).count() == 3).await;
    assert!(all.iter().all(|fire| matches!(fire.outcome, FireOutcome::Started | FireOutcome::Limited)), "{all:?}");
    // That the limit is reached is told to the owner's clients of both.
    let told = two.event(&mut notices, |event| matches!(event, Event::Notice { .. })).await;
    assert!(matches!(&told, Event::Notice { title, .. } if title == "trigger note"), "{told:?}");
    // A server that comes later has the limit too.
    let later = Plane::sharing(&_cluster.url()).await;
    assert_eq!(receive(&later, &signed(&secret, "msg_20")).await, Some(Code::TooMany));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_both_see_starts_one_run_also_after_quiet() {
    let Some((_cluster, one, two)) = two().await else { return };
    let when = json!({"event": "container", "is": ["died"], "of": {"name": format!("{}*", one.name("job"))}});
    trigger(&one, &two, json!({"when": when, "quiet_seconds": 2, "run": {"script": "note", "params": {"who": "${event.container}"}}})).await;
    for name in ["job-1", "job-2", "job-3"] {
        one.launch(&admin(), name, job("exit 0")).await;
    }
    let all = fires(&two, |all| all.iter().any(|fire| fire.run.is_some())).await;
    // What both see later comes after what they did of this.
    two.automation.delete_trigger(&operator("olga"), "note", RemoveVersion::default()).await.unwrap();
    let runs = one.automation.list_runs(&admin(), RunQuery::default()).await.unwrap().items;
    assert_eq!((all.len(), runs.len()), (1, 1), "{all:?}");
    let last = runs[0].params.get("who").map(ToString::to_string).unwrap_or_default();
    assert!(last.starts_with(&one.name("job")), "{last}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_both_have_reacts_once() {
    let Some((_cluster, one, two)) = two().await else { return };
    let manifest = json!({"name": "spec", "version": "1.0.0", "about": "x", "grants": ["events"],
        "hooks": [{"events": ["container.died"], "script": "died.luau"}]});
    let source = "script { about = \"x\", params = { exit_code = { type = \"integer\", default = 0 }, container = { default = \"\" } } }\nreport { code = params.exit_code }\n";
    let files = BTreeMap::from([("plugin.json".to_owned(), STANDARD.encode(manifest.to_string())), ("died.luau".to_owned(), STANDARD.encode(source))]);
    for plane in [&one, &two] {
        let request = InstallPlugin { files: files.clone(), grants: vec!["events".to_owned()] };
        assert_eq!(plane.automation.install_plugin(&admin(), request).await.unwrap().state, PluginState::Enabled);
    }
    one.launch(&admin(), "job", job("exit 4")).await;
    let own = |run: &&Run| matches!(&run.cause, RunCause::Plugin { event: Some(event), .. } if event.contains(&one.name("job")));
    let reaction = async {
        loop {
            let all = two.automation.list_runs(&admin(), RunQuery { limit: Some(500), ..RunQuery::default() }).await.unwrap().items;
            if let Some(run) = all.iter().find(own) {
                return run.clone();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let run = tokio::time::timeout(LIMIT, reaction).await.expect("one of them reacts");
    // Whichever server has it, the other one tells of it too.
    assert_eq!(over(&two, &admin(), &run, LIMIT).await.run.results.get("code"), Some(&json!(4)));
    // Both have seen this one's end before that of the next.
    one.launch(&admin(), "next", job("exit 0")).await;
    let next = async {
        loop {
            let all = one.automation.list_runs(&admin(), RunQuery { limit: Some(500), ..RunQuery::default() }).await.unwrap().items;
            let told = |run: &&Run| matches!(&run.cause, RunCause::Plugin { event: Some(event), .. } if event.contains(&one.name("next")));
            if all.iter().any(|run| told(&run)) {
                return all.iter().filter(own).count();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    assert_eq!(tokio::time::timeout(LIMIT, next).await.expect("one reacts to the next"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_reaches_its_owners_clients_of_every_server_once() {
    let Some((_cluster, one, two)) = two().await else { return };
    let request = SaveWebhook {
        name: "me".to_owned(),
        to: HookTarget::Desktop,
        events: vec!["run.failed".to_owned()],
        filter: HookFilter::default(),
        body: None,
        allow_private: false,
        replaces: None,
    };
    one.automation.create_webhook(&operator("olga"), request).await.unwrap();
    let is_notice = |event: &Event| matches!(event, Event::Notice { .. });
    let mut own = [one.control.subscribe_events(&operator("olga"), None).await.unwrap(), two.control.subscribe_events(&operator("olga"), None).await.unwrap()];
    let mut others = two.control.subscribe_events(&admin(), None).await.unwrap();
    one.automation.test_webhook(&operator("olga"), "me").await.unwrap();
    for (plane, events) in [&one, &two].into_iter().zip(&mut own) {
        let Event::Notice { title, text, desktop, owner, .. } = plane.event(events, is_notice).await else { unreachable!() };
        assert_eq!((title.as_str(), text.as_str(), desktop, owner.as_deref()), ("me", "a test of me, asked for by olga", true, Some("olga")));
    }
    // The next one comes next: the first was shown once, and to nobody else.
    one.automation.test_webhook(&operator("olga"), "me").await.unwrap();
    let second = two.event(&mut own[1], is_notice).await;
    assert!(is_notice(&second));
    for (plane, events) in [&one, &two].into_iter().zip(&mut own) {
        if std::ptr::eq(plane, &one) {
            plane.event(events, is_notice).await;
        }
        plane.control.parts().bus.publish(Event::TemplatesChanged);
        let next = plane.event(events, |event| is_notice(event) || *event == Event::TemplatesChanged).await;
        assert_eq!(next, Event::TemplatesChanged);
    }
    let heard = two.event(&mut others, |event| is_notice(event) || *event == Event::TemplatesChanged).await;
    assert_eq!(heard, Event::TemplatesChanged);
}
