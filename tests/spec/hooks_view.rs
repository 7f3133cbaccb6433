//! Triggers, webhooks and plugins in the terminal client: listed, made, tried, their history, enabled and removed.
use super::drawn;
use super::drawn::Drawn;
use super::drawn::SIZES;
use super::support::home::Home;
use super::support::home::Terminal;
use super::support::receiver;
use super::support::receiver::Receiver;
use cto::error::Error;
use cto::model::*;
use cto::tui::component::Component;
use cto::tui::edit::Kind;
use cto::tui::hooks::HookReply;
use cto::tui::hooks::HookWish;
use cto::tui::msg::Ask;
use cto::tui::msg::Effect;
use cto::tui::msg::Msg;
use cto::tui::msg::Reply;
use cto::tui::msg::Request;
use cto::tui::parts::plugins::Plugins;
use cto::tui::parts::triggers::Triggers;
use cto::tui::parts::webhooks::Webhooks;
use jiff::SignedDuration;
use serde_json::Value;
use serde_json::json;

fn ago(minutes: i64) -> String {
    (drawn::noon() - SignedDuration::from_mins(minutes)).to_string()
}

fn trigger(name: &str, when: Value) -> Trigger {
    serde_json::from_value(json!({
        "id": format!("trg_{name}"), "name": name, "owner": "ada", "rights": "operator", "when": when, "run": {"script": "notify"}, "created_at": ago(60),
    }))
    .unwrap()
}

fn triggers() -> Vec<Trigger> {
    let mut asks = trigger("asks", json!({"event": "session", "is": "output", "matches": "Password:\u{1b}[2J"}));
    asks.trouble = Some("64 logs are followed already".to_owned());
    let mut push = trigger("push", json!({"event": "hook"}));
    push.paused = true;
    vec![asks, push, trigger("tell-oom", json!({"event": "container", "is": ["oom", "died"], "of": {"name": "web-*"}}))]
}

fn fires() -> Vec<Fire> {
    serde_json::from_value(json!([
        {"id": "3", "at": ago(2), "event": "web-1 was ended by the out-of-memory killer", "outcome": "started", "run": "run_1", "depth": 1},
        {"id": "2", "at": ago(20), "event": "web-2 died\u{1b}[31m", "outcome": "limited", "more": 12},
        {"id": "1", "at": ago(90), "event": "web-2 died", "outcome": "failed", "error": "there is no script 'notify'"},
    ]))
    .unwrap()
}

fn webhooks() -> Vec<Webhook> {
    serde_json::from_value(json!([
        {"id": "whk_1", "name": "ci", "owner": "ada", "to": {"kind": "webhook", "url": "https://ci.example.com/cto"}, "events": ["run.*"], "created_at": ago(60),
         "disabled": "the receiver answered 410"},
        {"id": "whk_2", "name": "me", "owner": "ada", "to": {"kind": "desktop"}, "events": ["container.oom", "run.failed"], "created_at": ago(60)},
    ]))
    .unwrap()
}

fn deliveries() -> Vec<HookDelivery> {
    serde_json::from_value(json!([
        {"id": "dlv_2", "webhook": "whk_1", "message": "msg_2", "event": "run.failed", "text": "hello failed", "state": "waiting", "created_at": ago(1),
         "next_at": ago(-1), "attempts": [{"at": ago(1), "ms": 15000, "error": "no answer within 15 s"}]},
        {"id": "dlv_1", "webhook": "whk_1", "message": "msg_1", "event": "run.failed", "text": "hello failed", "state": "delivered", "created_at": ago(40),
         "attempts": [{"at": ago(40), "ms": 12, "status": 500, "error": "answered 500", "response": "oh\u{1b}]0;no"}, {"at": ago(39), "ms": 9, "status": 200}]},
    ]))
    .unwrap()
}

fn plugins() -> Vec<Plugin> {
    let manifest = |name: &str, grants: Value| {
        json!({"name": name, "version": "1.0.0", "about": "Counts errors in logs", "grants": grants,
               "commands": [{"name": "errors", "about": "Counts them", "script": "errors.luau", "on": "container"}]})
    };
    serde_json::from_value(json!([
        {"name": "broken", "state": "broken", "broken": [{"pointer": "/name", "file": "plugin.json", "line": 2, "column": 3, "detail": "no\u{1b}[2J name"}]},
        {"name": "counter", "state": "enabled", "manifest": manifest("counter", json!(["events"])), "hash": "01", "granted": ["events"], "installed_by": "root",
         "installed_at": ago(60), "hooks_off": "five runs in a row failed"},
        {"name": "fresh", "state": "waiting", "manifest": manifest("fresh", json!(["containers", "secrets:smtp"])), "hash": "02"},
        {"name": "well", "state": "enabled", "manifest": manifest("well", json!([])), "hash": "03"},
    ]))
    .unwrap()
}

fn answered(drawn: &mut Drawn, part: &mut dyn Component, wish: HookWish, result: Result<HookReply, Error>) -> Vec<Effect> {
    if let Ok(reply) = &result {
        drawn.data.hooks.learn(&wish, reply);
    }
    let result = result.map(|reply| Reply::Hooks(Box::new(reply))).map_err(|error| Box::new(error.problem()));
    drawn.send(part, &Msg::Reply(Box::new(Request::Hooks(Box::new(wish))), result))
}

fn asks(wish: HookWish) -> [Effect; 1] {
    [Effect::Request(Request::Hooks(Box::new(wish)))]
}

fn refused() -> Error {
    Error::new(Code::Forbidden, "you may not list them")
}

#[test]
fn triggers_and_their_history_look_like_this() {
    for (width, height) in SIZES {
        let (mut drawn, mut part) = (Drawn::usual((width, height)), Triggers::default());
        assert_eq!(part.due(&drawn.cx()), asks(HookWish::Triggers));
        answered(&mut drawn, &mut part, HookWish::Triggers, Err(refused()));
        let bare = drawn.text(&part);
        answered(&mut drawn, &mut part, HookWish::Triggers, Ok(HookReply::Triggers(Vec::new())));
        let empty = drawn.text(&part);
        answered(&mut drawn, &mut part, HookWish::Triggers, Ok(HookReply::Triggers(triggers())));
        let full = drawn.text(&part);
        answered(&mut drawn, &mut part, HookWish::Triggers, Err(refused()));
        assert!(drawn.text(&part).contains("asks"), "what was known stays");
        drawn.press(&mut part, "G");
        drawn.press(&mut part, "Enter");
        let effects = part.due(&drawn.cx());
        assert!(effects.ends_with(&asks(HookWish::Fires("tell-oom".to_owned()))), "{effects:?}");
        answered(&mut drawn, &mut part, HookWish::Fires("tell-oom".to_owned()), Ok(HookReply::Fires(fires())));
        let history = drawn.text(&part);
        assert!(!history.contains('\u{1b}') && !full.contains('\u{1b}'));
        insta::assert_snapshot!(format!("triggers_{width}x{height}"), [full, history, empty, bare].join("\n"));
    }
}

#[test]
fn a_list_that_has_changed_is_asked_for_again_soon_and_once() {
    let (mut drawn, mut part) = (Drawn::usual(SIZES[0]), Triggers::default());
    let changed = |list| Msg::Event(Box::new(Event::ListChanged { list, name: "push".to_owned(), owner: None, change: ListChange::Changed }));
    let later = std::time::Duration::from_secs(1);
    assert_eq!(part.due(&drawn.cx()), asks(HookWish::Triggers));
    // It changes once more while the answer is under way.
    drawn.send(&mut part, &changed(ListName::Triggers));
    answered(&mut drawn, &mut part, HookWish::Triggers, Ok(HookReply::Triggers(triggers())));
    assert_eq!(part.due(&drawn.cx()), []);
    drawn.now.since_start += later;
    assert_eq!(part.due(&drawn.cx()), asks(HookWish::Triggers));
    answered(&mut drawn, &mut part, HookWish::Triggers, Ok(HookReply::Triggers(triggers())));
    drawn.now.since_start += later;
    drawn.send(&mut part, &changed(ListName::Webhooks));
    drawn.now.since_start += later;
    assert_eq!(part.due(&drawn.cx()), [], "what has changed is another list");
}

#[test]
fn a_trigger_is_tried_paused_changed_and_removed_and_its_secret_is_shown_once() {
    let (mut drawn, mut part) = (Drawn::usual((120, 40)), Triggers::default());
    answered(&mut drawn, &mut part, HookWish::Triggers, Ok(HookReply::Triggers(triggers())));
    assert_eq!(drawn.press(&mut part, "n"), [Effect::Ask(Ask::EditDocument(Kind::Trigger(None)))]);
    drawn.press(&mut part, "j");
    let name = || "push".to_owned();
    assert_eq!(drawn.press(&mut part, "e"), [Effect::Ask(Ask::EditDocument(Kind::Trigger(Some(name()))))]);
    assert_eq!(drawn.press(&mut part, "t"), asks(HookWish::TestTrigger(name())));
    assert_eq!(drawn.press(&mut part, "s"), asks(HookWish::ResumeTrigger(name())));
    assert_eq!(drawn.press(&mut part, "C-y"), [Effect::Ask(Ask::Copy("cto trigger show push".to_owned()))]);
    let sheet = drawn.press(&mut part, "i");
    let [Effect::Ask(Ask::Sheet { lines, .. })] = &sheet[..] else { panic!("{sheet:?}") };
    assert!(lines.iter().any(|(line, _)| line.contains("/api/v1/hooks/push")), "{lines:?}");
    let asked = drawn.press(&mut part, "R");
    let [Effect::Ask(Ask::Confirm(spec))] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(spec.choices[0].effects, asks(HookWish::RotateTrigger(name())));
    let told = TriggerSecret { trigger: triggers().remove(1), secret: Some("whsec_abc".to_owned()) };
    let shown = answered(&mut drawn, &mut part, HookWish::RotateTrigger(name()), Ok(HookReply::Trigger(Box::new(told))));
    let [Effect::Ask(Ask::Confirm(spec))] = &shown[..] else { panic!("{shown:?}") };
    assert_eq!((spec.lines[0].as_str(), &spec.choices[0].effects[..]), ("whsec_abc", &[Effect::Ask(Ask::Copy("whsec_abc".to_owned()))][..]));
    assert!(!format!("{:?}", drawn.data.hooks).contains("whsec_abc"), "it is not kept");
    let asked = drawn.press(&mut part, "C-d");
    let [Effect::Ask(Ask::Confirm(spec))] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(spec.choices[0].effects, asks(HookWish::RemoveTriggers(vec![name()])));
    // Of its history the run that an event started is watched, and the rest is told.
    drawn.press(&mut part, "Enter");
    answered(&mut drawn, &mut part, HookWish::Fires(name()), Ok(HookReply::Fires(fires())));
    assert_eq!(drawn.press(&mut part, "Enter"), asks(HookWish::Run("run_1".into())));
    drawn.press(&mut part, "G");
    let sheet = drawn.press(&mut part, "Enter");
    assert!(matches!(&sheet[..], [Effect::Ask(Ask::Sheet { lines, .. })] if lines.iter().any(|(line, _)| line.contains("no script 'notify'"))), "{sheet:?}");
    drawn.press(&mut part, "Esc");
    assert!(drawn.text(&part).contains("tell-oom"));
}

#[test]
fn webhooks_and_their_deliveries_look_like_this() {
    for (width, height) in SIZES {
        let (mut drawn, mut part) = (Drawn::usual((width, height)), Webhooks::default());
        assert_eq!(part.due(&drawn.cx()), asks(HookWish::Webhooks));
        answered(&mut drawn, &mut part, HookWish::Webhooks, Err(refused()));
        let bare = drawn.text(&part);
        answered(&mut drawn, &mut part, HookWish::Webhooks, Ok(HookReply::Webhooks(Vec::new())));
        let empty = drawn.text(&part);
        answered(&mut drawn, &mut part, HookWish::Webhooks, Ok(HookReply::Webhooks(webhooks())));
        let full = drawn.text(&part);
        drawn.press(&mut part, "Enter");
        answered(&mut drawn, &mut part, HookWish::Deliveries("ci".to_owned()), Ok(HookReply::Deliveries(deliveries())));
        insta::assert_snapshot!(format!("webhooks_{width}x{height}"), [full, drawn.text(&part), empty, bare].join("\n"));
    }
}

#[test]
fn a_webhook_is_tried_enabled_and_a_delivery_is_sent_again() {
    let (mut drawn, mut part) = (Drawn::usual((120, 40)), Webhooks::default());
    answered(&mut drawn, &mut part, HookWish::Webhooks, Ok(HookReply::Webhooks(webhooks())));
    let name = || "ci".to_owned();
    assert_eq!(drawn.press(&mut part, "e"), [Effect::Ask(Ask::EditDocument(Kind::Webhook(Some(name()))))]);
    assert_eq!(drawn.press(&mut part, "t")[..1], asks(HookWish::TestWebhook(name())));
    assert_eq!(drawn.press(&mut part, "s"), asks(HookWish::EnableWebhook(name())));
    assert!(matches!(&drawn.press(&mut part, "r")[..], [Effect::Ask(Ask::Toast(_, text))] if text.contains("shows its deliveries")));
    drawn.press(&mut part, "Enter");
    answered(&mut drawn, &mut part, HookWish::Deliveries(name()), Ok(HookReply::Deliveries(deliveries())));
    assert_eq!(drawn.press(&mut part, "r")[..1], asks(HookWish::Redeliver("dlv_2".to_owned())));
    drawn.press(&mut part, "j");
    let sheet = drawn.press(&mut part, "Enter");
    let [Effect::Ask(Ask::Sheet { lines, .. })] = &sheet[..] else { panic!("{sheet:?}") };
    assert!(lines.iter().any(|(line, _)| line.starts_with("try 1") && line.ends_with("12 ms, answered 500")), "{lines:?}");
    let mut again = deliveries().remove(0);
    again.state = HookDeliveryState::Delivered;
    let told = answered(&mut drawn, &mut part, HookWish::Redeliver("dlv_2".to_owned()), Ok(HookReply::Delivered(Box::new(again))));
    assert!(matches!(&told[..], [Effect::Ask(Ask::Toast(_, text))] if text.starts_with("run.failed: delivered")), "{told:?}");
    assert!(!drawn.text(&part).contains("waiting"), "{}", drawn.text(&part));
}

#[test]
fn plugins_look_like_this_and_are_enabled_after_a_question_that_names_what_they_get() {
    for (width, height) in SIZES {
        let (mut drawn, mut part) = (Drawn::usual((width, height)), Plugins::default());
        assert_eq!(part.due(&drawn.cx()), asks(HookWish::Plugins));
        answered(&mut drawn, &mut part, HookWish::Plugins, Err(refused()));
        let bare = drawn.text(&part);
        answered(&mut drawn, &mut part, HookWish::Plugins, Ok(HookReply::Plugins(Vec::new())));
        let empty = drawn.text(&part);
        answered(&mut drawn, &mut part, HookWish::Plugins, Ok(HookReply::Plugins(plugins())));
        insta::assert_snapshot!(format!("plugins_{width}x{height}"), [drawn.text(&part), empty, bare].join("\n"));
    }
    let (mut drawn, mut part) = (Drawn::usual((120, 40)), Plugins::default());
    answered(&mut drawn, &mut part, HookWish::Plugins, Ok(HookReply::Plugins(plugins())));
    assert!(matches!(&drawn.press(&mut part, "s")[..], [Effect::Ask(Ask::Toast(_, text))] if text.contains("broken")));
    drawn.press(&mut part, "j");
    let sheet = drawn.press(&mut part, "Enter");
    let [Effect::Ask(Ask::Sheet { lines, .. })] = &sheet[..] else { panic!("{sheet:?}") };
    assert!(lines.iter().any(|(line, _)| line.contains("five runs in a row failed")), "{lines:?}");
    assert!(lines.iter().any(|(line, _)| line.starts_with("asks for  events (granted)")), "{lines:?}");
    assert_eq!(drawn.press(&mut part, "r"), [Effect::Ask(Ask::RunsOfPlugin("counter".to_owned()))]);
    drawn.press(&mut part, "j");
    let asked = drawn.press(&mut part, "s");
    let [Effect::Ask(Ask::Confirm(spec))] = &asked[..] else { panic!("{asked:?}") };
    assert!(spec.lines[1].contains("read the secret 'smtp'"), "{spec:?}");
    let grants = vec!["containers".to_owned(), "secrets:smtp".to_owned()];
    let enable = EnablePlugin { grants, hash: Some("02".to_owned()) };
    assert_eq!(spec.choices[0].effects, asks(HookWish::EnablePlugin("fresh".to_owned(), Box::new(enable))));
    drawn.press(&mut part, "j");
    assert_eq!(drawn.press(&mut part, "s"), asks(HookWish::DisablePlugin("well".to_owned())));
    let asked = drawn.press(&mut part, "C-d");
    assert!(matches!(&asked[..], [Effect::Ask(Ask::Confirm(spec))] if spec.choices[0].effects == asks(HookWish::RemovePlugins(vec!["well".to_owned()]))));
}

#[test]
fn a_trigger_is_made_and_tried_in_a_real_terminal_and_what_is_refused_is_kept() {
    let home = Home::new();
    let file = home.dir.path().join("notify.luau");
    std::fs::write(&file, "script { about = \"Notes\", params = { text = { default = \"\" } } }\nlog(\"told: \" .. params.text)\n").unwrap();
    home.ok(&["script", "save", file.to_str().unwrap()]);
    let mut seen = Terminal::sized(&home, &[], (140, 44));
    seen.shows("● docker");
    seen.type_in("7");
    seen.shows("No triggers: n makes one");
    seen.type_in("n");
    seen.shows("\"script\": \"notify\"");
    // The name of a script that there is not is refused, at its place, and what was typed stays.
    seen.type_in("\x06notify\r\x03x");
    seen.shows("xnotify");
    seen.type_in("\x13");
    seen.shows("✖");
    seen.shows("● not saved");
    seen.type_in("\x15");
    seen.shows("\"notify\"");
    seen.type_in("\x13");
    seen.shows("tell-oom is saved");
    seen.shows("container oom in web-*");
    seen.type_in("t");
    seen.shows("told: ");
    seen.shows("trigger tell-oom");
    seen.shows("✓ succeeded");
    seen.type_in("\x1b");
    seen.shows("container oom in web-*");
    seen.type_in("\x04");
    seen.shows("Remove the trigger tell-oom");
    seen.type_in("y");
    seen.shows("No triggers: n makes one");
    // What really happens is in the history of the trigger that waited for it.
    home.ok(&["trigger", "add", "edited", "--changed", "script/*", "--script", "notify"]);
    seen.type_in("\x1b[15~");
    seen.shows("script * changed");
    seen.type_in("\r");
    seen.shows("edited has done nothing yet");
    // What is changed before the server has begun to watch tells nobody.
    let mut round = 0;
    home.until("the trigger fires", || {
        round += 1;
        std::fs::write(home.dir.path().join("other.luau"), format!("script {{ about = \"Other {round}\" }}\n")).unwrap();
        home.ok(&["script", "save", "other.luau"]);
        home.json(&["trigger", "history", "edited", "--json"]).as_array().is_some_and(|fires| !fires.is_empty())
    });
    seen.shows("✓ started");
    seen.type_in("\r");
    seen.shows("trigger edited");
    seen.shows("✓ succeeded");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_tried_in_a_real_terminal_and_its_deliveries_are_seen() {
    let receiver = Receiver::start(receiver::Reply::Status(500, "no")).await;
    let url = receiver.url("/hook");
    let work = tokio::task::spawn_blocking(move || {
        let home = Home::new();
        home.ok(&["webhook", "add", "ci", "--on", "run.failed", "--url", &url, "--allow-private"]);
        let mut seen = Terminal::sized(&home, &[], (140, 40));
        seen.shows("● docker");
        seen.type_in("8");
        seen.shows("run.failed");
        seen.type_in("t");
        seen.shows("ping: ");
        seen.type_in("\r");
        seen.shows("of ci");
        seen.shows("500");
        seen.type_in("r");
        seen.shows("it is sent once more");
        seen.type_in("\x1b");
        seen.shows("run.failed");
        seen.type_in("R");
        seen.shows("Make another secret for ci?");
        seen.type_in("y");
        seen.shows("whsec_");
        seen.type_in("c");
        seen.shows("copied ");
        (home, seen)
    });
    let (home, seen) = work.await.unwrap();
    assert!(receiver.wait(2).await.len() >= 2);
    tokio::task::spawn_blocking(move || drop((seen, home))).await.unwrap();
}
