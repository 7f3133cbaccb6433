//! Webhooks and notifications: signed, tried again, bounded, and never in anybody's way.
use super::drawn;
use super::support::golden::golden;
use super::support::http::Door;
use super::support::plane::Plane;
use super::support::plane::admin;
use super::support::plane::operator;
use super::support::receiver::Mail;
use super::support::receiver::Receiver;
use super::support::receiver::Reply;
use super::support::receiver::mail_server;
use super::support::receiver::mail_server_at;
use super::support::tls::Authority;
use super::support::tls::EARLY;
use super::support::tls::EXPIRED;
use super::support::tls::VALID;
use base64::Engine as _;
use cto::access::Actor;
use cto::config::Config;
use cto::engine::Engine;
use cto::model::*;
use cto::tui::Start;
use cto::tui::app::App;
use cto::tui::keymap::Keymap;
use cto::tui::msg::Effect;
use cto::tui::msg::Msg;
use cto::tui::msg::Now;
use cto::tui::theme::Depth;
use cto::tui::theme::Theme;
use cto::tui::view;
use hmac::Mac as _;
use jiff::SignedDuration;
use jiff::Timestamp;
use serde_json::json;
use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;
use std::time::Instant;

const OK: Reply = Reply::Status(200, "thanks");

fn to(url: String) -> SaveWebhook {
    SaveWebhook {
        name: "ci".to_owned(),
        to: HookTarget::Webhook { url },
        events: vec!["run.*".to_owned()],
        filter: HookFilter::default(),
        body: None,
        allow_private: true,
        replaces: None,
    }
}

/// A plane whose admin is a user.
async fn start() -> Plane {
    prepared(Plane::start().await).await
}

/// The same, with certificates of authorities in a file.
async fn start_trusting(file: &Path) -> Plane {
    let mut config = Config::default();
    config.hooks.ca_file = Some(file.to_owned());
    prepared(Plane::configured(Engine::connect(None), config).await).await
}

async fn prepared(plane: Plane) -> Plane {
    for (name, role) in [("ada", Role::Admin), ("olga", Role::Operator)] {
        plane.control.create_user(&admin(), AddUser { name: name.to_owned(), role, password: None }).await.unwrap();
    }
    plane
}

async fn made(plane: &Plane, request: SaveWebhook) -> WebhookSecret {
    plane.automation.create_webhook(&admin(), request).await.unwrap()
}

/// Lets a script of this name run to its end.
async fn run(plane: &Plane, actor: &Actor, name: &str, source: &str) -> Run {
    let inline = InlineScript { name: name.to_owned(), source: format!("script {{ about = \"x\" }}\n{source}") };
    let request = StartRun { inline: Some(inline), ..StartRun::default() };
    plane.automation.start_run(actor, request, RunCause::Asked, None).await.unwrap()
}

async fn deliveries(plane: &Plane, name: &str) -> Vec<HookDelivery> {
    plane.automation.list_deliveries(&admin(), name, PastQuery::default()).await.unwrap().items
}

/// Waits until a webhook's deliveries are so.
async fn until(plane: &Plane, name: &str, wanted: impl Fn(&[HookDelivery]) -> bool) -> Vec<HookDelivery> {
    let looking = async {
        loop {
            let all = deliveries(plane, name).await;
            if wanted(&all) {
                return all;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), looking).await.expect("the deliveries get there")
}

/// What a receiver has to compare `webhook-signature` with, made as the specification says.
pub fn signature(secret: &str, id: &str, at: &str, body: &str) -> String {
    let engine = base64::engine::general_purpose::STANDARD;
    let key = engine.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let mut code = hmac::Hmac::<sha2::Sha256>::new_from_slice(&key).unwrap();
    code.update(format!("{id}.{at}.{body}").as_bytes());
    format!("v1,{}", engine.encode(code.finalize().into_bytes()))
}

#[tokio::test]
async fn what_happens_to_runs_is_told_signed_and_once() {
    let (plane, receiver) = (start().await, Receiver::start(OK).await);
    let secret = made(&plane, to(receiver.url("/hook?x=1"))).await.secret.unwrap();
    let run = run(&plane, &admin(), "nightly", "error(\"no\")").await;
    let got = receiver.wait(2).await;
    let kinds: Vec<String> = got.iter().map(|one| one.json()["type"].as_str().unwrap().to_owned()).collect();
    assert!(kinds.contains(&"run.started".to_owned()) && kinds.contains(&"run.failed".to_owned()), "{kinds:?}");
    let failed = got.iter().find(|one| one.json()["type"] == "run.failed").unwrap();
    assert_eq!((failed.path.as_str(), &failed.json()["data"]["run"]["id"]), ("/hook?x=1", &json!(run.id)));
    assert_eq!(failed.header("content-type"), "application/json");
    let (id, at) = (failed.header("webhook-id"), failed.header("webhook-timestamp"));
    assert_eq!(failed.header("webhook-signature"), signature(&secret, id, at, &failed.body));
    let all = until(&plane, "ci", |all| all.iter().all(|one| one.state == HookDeliveryState::Delivered)).await;
    assert_eq!((all.len(), all[0].attempts[0].status, all[0].attempts[0].response.as_str()), (2, Some(200), "thanks"));
    // While a secret is rotated there are two signatures.
    let fresh = plane.automation.rotate_webhook(&admin(), "ci", RotateSecret::default()).await.unwrap().secret.unwrap();
    plane.automation.test_webhook(&admin(), "ci").await.unwrap();
    let ping = receiver.wait(3).await.pop().unwrap();
    let signed = |secret: &str| signature(secret, ping.header("webhook-id"), ping.header("webhook-timestamp"), &ping.body);
    assert_eq!(ping.header("webhook-signature"), format!("{} {}", signed(&fresh), signed(&secret)));
}

#[tokio::test]
async fn a_failing_receiver_is_tried_again_ever_more_rarely_and_then_given_up() {
    let (plane, receiver) = (start().await, Receiver::start(Reply::Status(500, "\u{1b}[31mout of order")).await);
    made(&plane, SaveWebhook { events: vec!["run.failed".to_owned()], ..to(receiver.url("/")) }).await;
    run(&plane, &admin(), "nightly", "error(\"no\")").await;
    let mut delivery = until(&plane, "ci", |all| all.iter().any(|one| one.attempts.len() == 1)).await.remove(0);
    let mut waits = Vec::new();
    while let Some(next) = delivery.next_at {
        let tried = plane.automation.deliver_due(next - SignedDuration::from_millis(1)).await.unwrap();
        assert_eq!(tried, 0, "not before its time");
        assert_eq!(plane.automation.deliver_due(next).await.unwrap(), 1);
        delivery = deliveries(&plane, "ci").await.remove(0);
        waits.extend(delivery.next_at.map(|after| after.duration_since(next).as_secs()));
    }
    assert_eq!(waits, [300, 1_800, 7_200, 18_000, 36_000, 36_000]);
    assert_eq!((delivery.state, delivery.attempts.len()), (HookDeliveryState::Failed, 8));
    let attempt = &delivery.attempts[7];
    assert_eq!((attempt.status, attempt.error.as_deref(), attempt.response.as_str()), (Some(500), Some("answered 500"), "[31mout of order"));
    let ids: Vec<String> = receiver.got().iter().map(|one| one.header("webhook-id").to_owned()).collect();
    assert!(ids.iter().all(|id| *id == delivery.message), "the same message in every try");
    let sent = plane.automation.get_delivery(&admin(), delivery.id.as_str()).await.unwrap();
    assert_eq!((&sent.body, &sent.delivery), (&receiver.got()[0].body, &delivery), "what was sent can be looked at");
    assert_eq!(plane.automation.get_delivery(&operator("otto"), delivery.id.as_str()).await.unwrap_err().code, Code::NotFound, "by its owner");
    let webhook = plane.automation.get_webhook(&admin(), "ci").await.unwrap();
    assert_eq!(webhook.disabled.as_deref(), Some("a delivery failed 8 times, last: answered 500"));
    // Nothing more is told until somebody lets it go on; then the same message can be sent again. Another one shows when the event was looked at.
    let other = Receiver::start(OK).await;
    made(&plane, SaveWebhook { name: "seen".to_owned(), events: vec!["run.failed".to_owned()], ..to(other.url("/")) }).await;
    run(&plane, &admin(), "nightly", "error(\"no\")").await;
    until(&plane, "seen", |all| !all.is_empty()).await;
    receiver.answer([OK]);
    assert_eq!(plane.automation.enable_webhook(&admin(), "ci").await.unwrap().disabled, None);
    let again = plane.automation.redeliver(&admin(), delivery.id.as_str()).await.unwrap();
    assert_eq!((again.state, &again.message, again.id == delivery.id), (HookDeliveryState::Delivered, &delivery.message, false));
    assert_eq!(receiver.got().last().unwrap().body, receiver.got()[0].body);
}

#[tokio::test]
async fn a_receiver_that_recovers_has_the_event_and_may_ask_for_time() {
    let (plane, receiver) = (start().await, Receiver::start(OK).await);
    receiver.answer([Reply::With(503, "retry-after: 60"), Reply::With(429, "retry-after: 999999999"), OK]);
    made(&plane, SaveWebhook { events: vec!["run.failed".to_owned()], ..to(receiver.url("/")) }).await;
    run(&plane, &admin(), "nightly", "error(\"no\")").await;
    let first = until(&plane, "ci", |all| all.iter().any(|one| one.attempts.len() == 1)).await.remove(0);
    let next = first.next_at.unwrap();
    assert!((55..=61).contains(&next.duration_since(Timestamp::now()).as_secs()), "{next}");
    plane.automation.deliver_due(next).await.unwrap();
    let second = deliveries(&plane, "ci").await.remove(0).next_at.unwrap();
    assert_eq!(second.duration_since(next).as_secs(), 3_600, "an hour at most");
    plane.automation.deliver_due(second).await.unwrap();
    assert_eq!(deliveries(&plane, "ci").await[0].state, HookDeliveryState::Delivered);
    // 410 says that it wants nothing more.
    receiver.answer([Reply::Status(410, "")]);
    run(&plane, &admin(), "nightly", "error(\"no\")").await;
    until(&plane, "ci", |all| all.len() == 2 && all[0].state == HookDeliveryState::Failed).await;
    let disabled = async {
        loop {
            if let Some(why) = plane.automation.get_webhook(&admin(), "ci").await.unwrap().disabled {
                return why;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let why = tokio::time::timeout(Duration::from_secs(30), disabled).await.expect("it is disabled");
    assert_eq!(why, "the receiver said that it wants nothing more (410)");
}

#[tokio::test]
async fn slow_and_hostile_receivers_are_bounded_and_hold_up_nobody() {
    let (plane, good) = (start().await, Receiver::start(OK).await);
    let wrong = [
        ("silent", Reply::Silence, "no answer within 15 s"),
        ("garbage", Reply::Garbage, "the receiver does not speak HTTP as it should: invalid HTTP version parsed"),
        ("head", Reply::EndlessHead, "the receiver does not speak HTTP as it should: message head is too large"),
        (
            "redirects",
            Reply::With(302, "location: http://169.254.169.254/latest"),
            "answered 302: it redirects to 'http://169.254.169.254/latest', which is not followed",
        ),
    ];
    for (name, reply, _) in &wrong {
        let receiver = Receiver::start(reply.clone()).await;
        made(&plane, SaveWebhook { name: (*name).to_owned(), ..to(receiver.url("/")) }).await;
    }
    let endless = Receiver::start(Reply::Endless).await;
    made(&plane, SaveWebhook { name: "endless".to_owned(), ..to(endless.url("/")) }).await;
    let stuck = Receiver::start(Reply::Stuck).await;
    made(&plane, SaveWebhook { name: "stuck".to_owned(), ..to(stuck.url("/")) }).await;
    made(&plane, SaveWebhook { name: "good".to_owned(), ..to(good.url("/")) }).await;
    let began = Instant::now();
    for _ in 0..10 {
        run(&plane, &admin(), "nightly", "error(\"no\")").await;
    }
    good.wait(20).await;
    assert!(began.elapsed() < Duration::from_secs(12), "the others wait for nobody: {:?}", began.elapsed());
    for (name, _, why) in wrong {
        let tried = until(&plane, name, |all| all.iter().any(|one| !one.attempts.is_empty())).await;
        let attempt = tried.iter().find_map(|one| one.attempts.first()).unwrap();
        assert_eq!(attempt.error.as_deref(), Some(why), "{name}");
    }
    let all = until(&plane, "stuck", |all| all.iter().any(|one| one.state == HookDeliveryState::Delivered)).await;
    let attempt = all.iter().find_map(|one| one.attempts.first()).unwrap();
    assert_eq!((attempt.status, attempt.response.as_str()), (Some(200), "begun"), "the status counts");
    let all = until(&plane, "endless", |all| all.iter().all(|one| one.state == HookDeliveryState::Delivered)).await;
    assert!(all.iter().all(|one| one.attempts[0].response.len() <= 1_024 && one.attempts[0].ms < 5_000), "{all:?}");
}

#[tokio::test]
async fn private_addresses_are_refused_unless_an_admin_allows_them() {
    let (plane, receiver) = (start().await, Receiver::start(OK).await);
    let port = receiver.address.port();
    let olga = operator("olga");
    for (number, host) in ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0x7f.1", "2130706433", "169.254.169.254", "10.0.0.1"].iter().enumerate() {
        let request = SaveWebhook { name: format!("w{number}"), allow_private: false, ..to(format!("http://{host}:{port}/")) };
        plane.automation.create_webhook(&olga, request).await.unwrap();
        let delivery = plane.automation.test_webhook(&olga, &format!("w{number}")).await.unwrap();
        let why = delivery.attempts[0].error.clone().unwrap();
        assert!(why.contains("which webhooks do not reach"), "{host}: {why}");
        assert_eq!((delivery.state, delivery.attempts[0].status), (HookDeliveryState::Failed, None), "{host}");
    }
    assert!(receiver.got().is_empty());
    let refused = plane.automation.create_webhook(&olga, to(receiver.url("/"))).await.unwrap_err();
    assert_eq!((refused.code, refused.places[0].pointer.as_str()), (Code::InvalidValue, "/allow_private"));
    // What an admin has allowed stays allowed when it is changed otherwise.
    made(&plane, to(receiver.url("/"))).await;
    assert_eq!(plane.automation.test_webhook(&admin(), "ci").await.unwrap().state, HookDeliveryState::Delivered);
}

#[tokio::test]
async fn deliveries_outlast_a_server_and_two_servers_do_not_both_send_them() {
    let (mut plane, receiver) = (start().await, Receiver::start(Reply::Status(500, "")).await);
    made(&plane, SaveWebhook { events: vec!["run.failed".to_owned()], ..to(receiver.url("/")) }).await;
    run(&plane, &admin(), "nightly", "error(\"no\")").await;
    let next = until(&plane, "ci", |all| all.iter().any(|one| one.attempts.len() == 1)).await[0].next_at.unwrap();
    plane.restart().await;
    // Known again once the new server has looked.
    assert_eq!(plane.automation.get_webhook(&admin(), "ci").await.unwrap().disabled, None);
    receiver.answer([OK]);
    plane.automation.enable_webhook(&admin(), "ci").await.unwrap();
    let other = cto::automation::Automation::new(plane.control.clone());
    other.enable_webhook(&admin(), "ci").await.unwrap();
    let (one, two) = tokio::join!(plane.automation.deliver_due(next), other.deliver_due(next));
    assert_eq!(one.unwrap() + two.unwrap(), 1, "each is given to one");
    assert_eq!(deliveries(&plane, "ci").await[0].state, HookDeliveryState::Delivered);
    assert_eq!(receiver.got().len(), 2);
}

#[tokio::test]
async fn what_happens_to_containers_is_told_to_those_whose_filter_fits() {
    let (plane, receiver) = (start().await, Receiver::start(OK).await);
    let request = SaveWebhook { events: vec!["container.*".to_owned()], ..to(receiver.url("/")) };
    let filter = HookFilter { container: Some(format!("{}*", plane.name("web"))), ..HookFilter::default() };
    made(&plane, SaveWebhook { filter, ..request }).await;
    let fields = json!({"command": ["sh", "-c", "exit 3"], "interactive": false, "network": "none"});
    plane.launch(&operator("olga"), "other", fields.clone()).await;
    plane.launch(&operator("olga"), "web-1", fields).await;
    let got = receiver.wait(2).await;
    let told: Vec<_> = got.iter().map(|one| one.json()).collect();
    let died = told.iter().find(|one| one["type"] == "container.died").unwrap();
    let container = &died["data"]["container"];
    assert_eq!((&container["name"], &container["owner"], &container["exit_code"]), (&json!(plane.name("web-1")), &json!("olga"), &json!(3)));
    assert!(told.iter().all(|one| one["data"]["container"]["name"] == json!(plane.name("web-1"))), "{told:?}");
}

#[tokio::test]
async fn a_notification_is_shown_to_its_owner_alone() {
    let plane = start().await;
    let request = SaveWebhook { name: "me".to_owned(), to: HookTarget::Desktop, events: vec!["run.failed".to_owned()], ..to(String::new()) };
    let made = plane.automation.create_webhook(&operator("olga"), SaveWebhook { allow_private: false, ..request }).await.unwrap();
    assert_eq!(made.secret, None);
    let mut own = plane.control.subscribe_events(&operator("olga"), None).await.unwrap();
    let mut others = plane.control.subscribe_events(&admin(), None).await.unwrap();
    plane.automation.test_webhook(&operator("olga"), "me").await.unwrap();
    let is_notice = |event: &Event| matches!(event, Event::Notice { .. });
    let Event::Notice { title, text, desktop, owner, .. } = plane.event(&mut own, is_notice).await else { unreachable!() };
    assert_eq!((title.as_str(), text.as_str(), desktop, owner.as_deref()), ("me", "a test of me, asked for by olga", true, Some("olga")));
    // What comes after it is heard by everybody; the notice was not.
    plane.control.parts().bus.publish(Event::TemplatesChanged);
    let heard = plane.event(&mut others, |event| is_notice(event) || *event == Event::TemplatesChanged).await;
    assert_eq!(heard, Event::TemplatesChanged);
}

#[test]
fn the_terminal_client_shows_a_notice_and_lets_the_terminal_tell_the_desktop() {
    let now = Now { since_start: Duration::from_secs(60), time: drawn::noon() };
    let mut app = App::new(Start::Home, Theme::standard(Depth::True), Keymap::new("C-b").unwrap(), 100, Size { cols: 100, rows: 30 }, now);
    let notice = |desktop| Event::Notice {
        owner: Some("olga".to_owned()),
        title: "me".to_owned(),
        text: "run of \u{1b}[31mnightly failed".to_owned(),
        level: NoticeLevel::Bad,
        desktop,
    };
    let told = |effects: &[Effect]| effects.iter().any(|effect| matches!(effect, Effect::Notify(title, _) if title == "me"));
    assert!(!told(&app.update(Msg::Event(Box::new(notice(false))), now)));
    assert!(told(&app.update(Msg::Event(Box::new(notice(true))), now)));
    let mut screen = ratatui::Terminal::new(ratatui::backend::TestBackend::new(100, 30)).unwrap();
    let picture = drawn::lines(screen.draw(|frame| view::draw(&app, frame)).unwrap().buffer);
    assert!(picture.contains("me: run of nightly failed"), "{picture}");
}

#[tokio::test]
async fn a_mail_is_handed_over_to_its_server() {
    let (plane, (address, taking)) = (start().await, mail_server().await);
    let to = HookTarget::Email {
        server: address.to_string(),
        from: "cto@x.example".to_owned(),
        to: vec!["ann@x.example".to_owned(), "bob@x.example".to_owned()],
        user: None,
        password: None,
    };
    let request = SaveWebhook {
        name: "mail".to_owned(),
        to,
        events: vec!["run.failed".to_owned()],
        filter: HookFilter::default(),
        body: None,
        allow_private: true,
        replaces: None,
    };
    made(&plane, request.clone()).await;
    let delivery = plane.automation.test_webhook(&admin(), "mail").await.unwrap();
    assert_eq!((delivery.state, delivery.attempts[0].response.as_str()), (HookDeliveryState::Delivered, "250 taken as 42"));
    let told = taking.await.unwrap();
    assert!(
        told.starts_with("EHLO x.example\r\nEHLO x.example\r\nMAIL FROM:<cto@x.example>\r\nRCPT TO:<ann@x.example>\r\nRCPT TO:<bob@x.example>\r\nDATA\r\n"),
        "{told}"
    );
    assert!(told.contains(&format!("Message-ID: <{}@x.example>", delivery.message)));
    // A password is a secret of the owner's.
    let (address, _taking) = mail_server().await;
    let HookTarget::Email { from, to, .. } = request.to.clone() else { unreachable!() };
    let to = HookTarget::Email { server: address.to_string(), from, to, user: Some("ann".to_owned()), password: Some("no-such-secret".to_owned()) };
    plane.automation.put_webhook(&admin(), "mail", SaveWebhook { to, ..request }).await.unwrap();
    let delivery = plane.automation.test_webhook(&admin(), "mail").await.unwrap();
    assert_eq!(delivery.attempts[0].error.as_deref(), Some("no secret 'no-such-secret'"));
    // Whoever is no user any more is told nothing more.
    let request = SaveWebhook { to: HookTarget::Terminal, name: "gone".to_owned(), allow_private: false, ..self::to(String::new()) };
    plane.automation.create_webhook(&operator("olga"), request).await.unwrap();
    plane.control.delete_user(&admin(), "olga", RemoveVersion::default()).await.unwrap();
    plane.automation.enable_webhook(&admin(), "gone").await.unwrap();
    run(&plane, &admin(), "nightly", "error(\"no\")").await;
    let receiver = Receiver::start(OK).await;
    made(&plane, self::to(receiver.url("/"))).await;
    run(&plane, &admin(), "nightly", "error(\"no\")").await;
    receiver.wait(2).await;
    assert!(deliveries(&plane, "gone").await.is_empty());
}

#[tokio::test]
async fn a_webhook_may_send_a_document_of_its_own() {
    let (plane, receiver) = (start().await, Receiver::start(OK).await);
    let body = json!({
        "text": "${event.script}: ${event.state}, $${event.text}",
        "blocks": [{"type": "context", "of": "${event.owner}"}, 7, true],
        "run": "${event.data/run}",
        "steps": "${event.data/run/steps}",
        "code": "${event.exit_code}",
    });
    let events = vec!["run.failed".to_owned(), "container.died".to_owned()];
    // Of the containers that others have on this engine it tells nothing.
    let filter = HookFilter { script: Some("nightly".to_owned()), ..HookFilter::default() };
    let secret = made(&plane, SaveWebhook { body: Some(body.clone()), events, filter, ..to(receiver.url("/")) }).await.secret.unwrap();
    let run = run(&plane, &admin(), "nightly", "error('a \"quoted\"\\n line')").await;
    let got = receiver.wait(1).await[0].clone();
    let told = got.json();
    assert_eq!(told["text"], "nightly: failed, ${event.text}");
    assert_eq!(told["blocks"], json!([{"type": "context", "of": "ada"}, 7, true]));
    assert_eq!((&told["run"]["id"], &told["steps"], &told["code"]), (&json!(run.id), &json!(0), &json!(null)), "values stay what they are");
    assert_eq!(got.header("webhook-signature"), signature(&secret, got.header("webhook-id"), got.header("webhook-timestamp"), &got.body));
    assert_eq!(plane.automation.get_webhook(&admin(), "ci").await.unwrap().body, Some(body));
    // What comes from outside can't become more than a value.
    let line = json!({"text": "<${event.data/run/error}>"});
    let request = SaveWebhook { body: Some(line), events: vec!["run.failed".to_owned()], ..to(receiver.url("/")) };
    plane.automation.put_webhook(&admin(), "ci", request).await.unwrap();
    self::run(&plane, &admin(), "nightly", "error('\",\"admin\":true,\"x\":\"\\27[31m')").await;
    let told = receiver.wait(2).await[1].json();
    assert_eq!(told.as_object().unwrap().len(), 1, "{told}");
    assert!(told["text"].as_str().unwrap().contains("\",\"admin\":true,\"x\":\" [31m"), "{told}");
}

#[tokio::test]
async fn deliveries_by_https_reach_only_receivers_whose_certificate_is_trusted() {
    let (dir, authority, stranger) = (tempfile::tempdir().unwrap(), Authority::new("ours"), Authority::new("theirs"));
    let file = dir.path().join("authorities.pem");
    std::fs::write(&file, authority.pem()).unwrap();
    let plane = start_trusting(&file).await;
    let receiver = Receiver::start_tls(OK, authority.acceptor("localhost", VALID)).await;
    let url = |receiver: &Receiver| format!("https://localhost:{}/hook", receiver.address.port());
    let secret = made(&plane, to(url(&receiver))).await.secret.unwrap();
    run(&plane, &admin(), "nightly", "error(\"no\")").await;
    let got = receiver.wait(2).await;
    let (id, at) = (got[0].header("webhook-id"), got[0].header("webhook-timestamp"));
    assert_eq!(got[0].header("webhook-signature"), signature(&secret, id, at, &got[0].body));
    until(&plane, "ci", |all| all.len() == 2 && all.iter().all(|one| one.state == HookDeliveryState::Delivered)).await;

    let nobody = "the certificate of 'localhost' is from nobody whom this machine trusts; \
        put its authority's certificate into the file that 'hooks.ca_file' names";
    let unknown = Receiver::start_tls(OK, stranger.acceptor("localhost", VALID)).await;
    let cases = [
        ("unknown", unknown.clone(), nobody),
        ("same-name", Receiver::start_tls(OK, Authority::new("ours").acceptor("localhost", VALID)).await, nobody),
        ("expired", Receiver::start_tls(OK, authority.acceptor("localhost", EXPIRED)).await, "the certificate of 'localhost' has expired"),
        ("early", Receiver::start_tls(OK, authority.acceptor("localhost", EARLY)).await, "the certificate of 'localhost' is not valid yet"),
        ("other", Receiver::start_tls(OK, authority.acceptor("example.com", VALID)).await, "the certificate that was shown is not for 'localhost'"),
    ];
    for (name, receiver, why) in cases {
        made(&plane, SaveWebhook { name: name.to_owned(), ..to(url(&receiver)) }).await;
        let delivery = plane.automation.test_webhook(&admin(), name).await.unwrap();
        assert_eq!((delivery.state, delivery.attempts[0].error.as_deref()), (HookDeliveryState::Failed, Some(why)), "{name}");
        assert!(receiver.got().is_empty(), "{name} was told nothing");
    }

    // One that does not encrypt at all; it happens to be no web server either.
    let (address, _told) = mail_server().await;
    made(&plane, SaveWebhook { name: "plain".to_owned(), ..to(format!("https://localhost:{}/", address.port())) }).await;
    let why = plane.automation.test_webhook(&admin(), "plain").await.unwrap().attempts[0].error.clone().unwrap();
    assert_eq!(why, "no TLS with 'localhost': received corrupt message of type InvalidContentType");

    // The file is read again when it has changed; what it says is told when it is of no use.
    std::fs::write(&file, format!("{}{}", authority.pem(), stranger.pem())).unwrap();
    assert_eq!(plane.automation.test_webhook(&admin(), "unknown").await.unwrap().state, HookDeliveryState::Delivered);
    assert_eq!(unknown.got().len(), 1);
    let broken = async || plane.automation.test_webhook(&admin(), "ci").await.unwrap().attempts[0].error.clone().unwrap();
    std::fs::write(&file, "nothing of use").unwrap();
    assert_eq!(broken().await, format!("'hooks.ca_file', '{}', has no certificate in PEM", file.display()));
    std::fs::write(&file, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    assert!(broken().await.starts_with(&format!("'hooks.ca_file', '{}', has a certificate that can't be used: ", file.display())));
    std::fs::remove_file(&file).unwrap();
    assert_eq!(broken().await, format!("'hooks.ca_file', '{}', can't be read: No such file or directory (os error 2)", file.display()));
}

#[tokio::test]
async fn mails_and_passwords_are_handed_over_encrypted_or_not_at_all() {
    let (dir, authority) = (tempfile::tempdir().unwrap(), Authority::new("ours"));
    let file = dir.path().join("authorities.pem");
    std::fs::write(&file, authority.pem()).unwrap();
    let plane = start_trusting(&file).await;
    let secrets = plane.control.parts().paths.config_dir.join("secrets");
    std::fs::create_dir_all(&secrets).unwrap();
    std::fs::write(secrets.join("smtp"), "hunter2\n").unwrap();
    std::fs::set_permissions(secrets.join("smtp"), std::fs::Permissions::from_mode(0o600)).unwrap();
    let mail = |server: String| {
        let (user, password) = (Some("ann".to_owned()), Some("smtp".to_owned()));
        let to = HookTarget::Email { server, from: "cto@x.example".to_owned(), to: vec!["ann@x.example".to_owned()], user, password };
        SaveWebhook { name: "mail".to_owned(), to, ..self::to(String::new()) }
    };
    made(&plane, mail("localhost:25".to_owned())).await;
    let send = async |server: String| {
        plane.automation.put_webhook(&admin(), "mail", mail(server)).await.unwrap();
        plane.automation.test_webhook(&admin(), "mail").await.unwrap().attempts.remove(0)
    };
    let login = format!("AUTH PLAIN {}\r\n", base64::engine::general_purpose::STANDARD.encode("\0ann\0hunter2"));

    let good = || authority.acceptor("localhost", VALID);
    let (address, told) = mail_server_at("127.0.0.1:0", Mail::StartTls(good(), b"")).await.unwrap();
    let attempt = send(format!("localhost:{}", address.port())).await;
    assert_eq!((attempt.error, attempt.response.as_str()), (None, "250 taken as 42"));
    let told = told.await.unwrap();
    assert_eq!(told.plain, "EHLO x.example\r\nSTARTTLS\r\n", "nothing else is said without encryption");
    assert!(told.secret.starts_with(&format!("EHLO x.example\r\n{login}MAIL FROM:<cto@x.example>\r\n")), "{}", told.secret);

    let stranger = Authority::new("theirs").acceptor("localhost", VALID);
    let refused = [
        (Mail::StartTls(stranger, b""), "the certificate of 'localhost' is from nobody whom this machine trusts"),
        (Mail::StartTls(authority.acceptor("localhost", EXPIRED), b""), "the certificate of 'localhost' has expired"),
        (Mail::StartTls(authority.acceptor("mail.example", VALID), b""), "the certificate that was shown is not for 'localhost'"),
        (Mail::StartTls(good(), b"250 AUTH PLAIN\r\n"), "the mail server said something before the encryption began"),
        // Somebody on the way takes the offer out, or the answer.
        (Mail::Plain, "'localhost' offers no encryption (STARTTLS), and nothing is sent without"),
        (Mail::NoTls, "the mail server said '454 not today'"),
    ];
    for (mail, why) in refused {
        let (address, told) = mail_server_at("127.0.0.1:0", mail).await.unwrap();
        let error = send(format!("localhost:{}", address.port())).await.error.unwrap();
        assert!(error.starts_with(why), "{error}");
        let told = told.await.unwrap();
        assert!(["EHLO x.example\r\n", "EHLO x.example\r\nSTARTTLS\r\n"].contains(&told.plain.as_str()) && told.secret.is_empty(), "{why}: {told:?}");
    }

    // The port on which encryption comes first is for root alone on most machines.
    let own = format!("127.{}.{}.1", 64 + std::process::id() / 250 % 64, 1 + std::process::id() % 250);
    for (from, years, why) in [(&authority, VALID, None), (&authority, EXPIRED, Some("has expired")), (&Authority::new("theirs"), VALID, Some("from nobody"))] {
        let (_, told) = match mail_server_at(&format!("{own}:465"), Mail::Tls(from.acceptor(&own, years))).await {
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => return eprintln!("skipped: port 465 is not for this user"),
            other => other.unwrap(),
        };
        let error = send(format!("{own}:465")).await.error;
        let told = told.await.unwrap();
        assert_eq!((told.plain.as_str(), told.secret.contains(&login)), ("", why.is_none()), "{told:?}");
        match why {
            None => assert_eq!(error, None),
            Some(why) => assert!(error.as_ref().is_some_and(|error| error.contains(why)) && told.secret.is_empty(), "{error:?}"),
        }
    }
}

#[tokio::test]
async fn webhooks_of_others_are_neither_seen_nor_touched() {
    let door = Door::open().await;
    let (admin, operator, viewer) = (door.token(Role::Admin).await, door.token(Role::Operator).await, door.token(Role::Viewer).await);
    let body = json!({"name": "ci", "to": {"kind": "webhook", "url": "https://example.com/"}, "events": ["run.failed"]});
    let (status, made) = door.ask(Some(&admin), Method::Post, "/api/v1/webhooks", Some(body.clone())).await;
    assert_eq!((status, made["secret"].as_str().unwrap().starts_with("whsec_")), (201, true));
    let (_, shown) = door.ask(Some(&admin), Method::Get, "/api/v1/webhooks/ci", None).await;
    assert!(!shown.to_string().contains("whsec_"), "a secret is shown once");
    assert_eq!(door.ask(Some(&viewer), Method::Get, "/api/v1/webhooks", None).await.0, 403);
    assert_eq!(door.ask(Some(&operator), Method::Get, "/api/v1/webhooks", None).await.1["items"], json!([]));
    for (method, path) in [(Method::Get, ""), (Method::Delete, ""), (Method::Post, "/test"), (Method::Post, "/rotate"), (Method::Get, "/deliveries")] {
        assert_eq!(door.ask(Some(&operator), method, &format!("/api/v1/webhooks/ci{path}"), None).await.0, 404, "{method:?} {path}");
    }
    assert_eq!(door.ask(Some(&operator), Method::Post, "/api/v1/webhooks", Some(body)).await.0, 409);
    assert_eq!(door.ask(Some(&admin), Method::Delete, "/api/v1/webhooks/ci", None).await.0, 204);
    let audit = door.plane.audit().await;
    assert!(audit.iter().any(|line| line == "user-admin manage:webhooks webhook ci: Succeeded"), "{audit:?}");
}

#[tokio::test]
async fn mistakes_are_named_with_what_to_do() {
    let plane = Plane::start().await;
    let good = || to("https://example.com/".to_owned());
    let mail = |server: &str, from: &str, to: &[&str]| HookTarget::Email {
        server: server.to_owned(),
        from: from.to_owned(),
        to: to.iter().map(|one| (*one).to_owned()).collect(),
        user: None,
        password: None,
    };
    let url = |url: &str| SaveWebhook { to: HookTarget::Webhook { url: url.to_owned() }, ..good() };
    let cases = [
        SaveWebhook { name: "-x".to_owned(), ..good() },
        SaveWebhook { events: vec![], ..good() },
        SaveWebhook { events: vec!["run.faild".to_owned(), "container.*".to_owned(), "x*".to_owned()], ..good() },
        url("example.com/hook"),
        url("ftp://example.com/"),
        url("https://me:secret@example.com/"),
        url("https://"),
        SaveWebhook { body: Some(json!({"a/b": ["${event.txet}", "${event.container}"], "c": "${HOME} ${event.text"})), ..good() },
        SaveWebhook { body: Some(json!("${event.text")), ..good() },
        SaveWebhook { body: Some(json!({"text": "x".repeat(20_000)})), ..good() },
        SaveWebhook { to: HookTarget::Terminal, body: Some(json!({})), ..good() },
        SaveWebhook { to: mail("smtp.example.com", "a@b.example", &[]), ..good() },
        SaveWebhook { to: mail("smtp.example.com:587", "a@b.example\r\nbcc: x@y.example", &["nobody"]), ..good() },
    ];
    let mut told = String::new();
    for case in cases {
        let error = plane.automation.create_webhook(&operator("olga"), SaveWebhook { allow_private: false, ..case }).await.unwrap_err();
        writeln!(told, "{}", error.message.replace(['\r', '\n'], "~")).unwrap();
        if let Some(fix) = &error.fix {
            writeln!(told, "  fix: {fix}").unwrap();
        }
    }
    let private = plane.automation.create_webhook(&operator("olga"), good()).await.unwrap_err();
    let unknown = plane.automation.test_webhook(&admin(), "nothing").await.unwrap_err();
    made(&plane, good()).await;
    let taken = plane.automation.create_webhook(&admin(), good()).await.unwrap_err();
    let renamed = plane.automation.put_webhook(&admin(), "ci", SaveWebhook { name: "cd".to_owned(), ..good() }).await.unwrap_err();
    let hours = plane.automation.rotate_webhook(&admin(), "ci", RotateSecret { keep_hours: Some(1_000) }).await.unwrap_err();
    for error in [private, unknown, taken, renamed, hours] {
        writeln!(told, "{}\n  fix: {}", error.message, error.fix.as_deref().unwrap_or("-")).unwrap();
    }
    golden("tests/golden/hooks.txt", &told);
}
