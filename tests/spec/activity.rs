//! Sessions and activity in the terminal client: lists of who has what open, who did what, and what happened.
use super::drawn;
use super::drawn::Drawn;
use super::drawn::SIZES;
use super::support::home::Home;
use super::support::home::Terminal as Seen;
use cto::model::AuditEvent;
use cto::model::ContainerState;
use cto::model::Event;
use cto::model::ExitReason;
use cto::model::Outcome;
use cto::model::Role;
use cto::model::SessionExit;
use cto::model::SessionState;
use cto::tui::msg::Ask;
use cto::tui::msg::Effect;
use cto::tui::msg::Msg;
use cto::tui::msg::Reply;
use cto::tui::msg::Request;
use cto::tui::parts::activity::Activity;
use cto::tui::parts::session_list::SessionList;
use jiff::SignedDuration;
use std::time::Duration;

fn snapshots(name: &str, draw: impl Fn((u16, u16)) -> String) {
    for (width, height) in SIZES {
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), draw((width, height)));
    }
}

/// Two sessions that live and one that has ended.
fn sessions(size: (u16, u16)) -> (Drawn, SessionList) {
    let mut drawn = Drawn::usual(size);
    let mut ended = drawn::session("build", "make");
    ended.state = SessionState::Ended;
    ended.exit = Some(SessionExit { reason: ExitReason::OomKilled, code: Some(137), final_offset: 10, at: drawn::noon() });
    drawn.data.sessions.insert(0, ended);
    (drawn, SessionList::default())
}

#[test]
fn sessions_look_like_this() {
    snapshots("sessions", |size| {
        let (mut drawn, mut part) = sessions(size);
        drawn.press(&mut part, "Space");
        let seen = drawn.text(&part);
        drawn.data.sessions.clear();
        [seen, drawn.text(&part)].join("\n")
    });
}

#[test]
fn a_session_is_shown_closed_and_copied() {
    let (drawn, mut part) = sessions((120, 40));
    let opened = drawn.press(&mut part, "Enter");
    let [Effect::Ask(Ask::ShowSession(first))] = &opened[..] else { panic!("{opened:?}") };
    assert_eq!(drawn.press(&mut part, "C-y"), [Effect::Ask(Ask::Copy(format!("cto attach {first}")))]);
    drawn.press(&mut part, "Space");
    drawn.press(&mut part, "Space");
    let asked = drawn.press(&mut part, "C-d");
    let [Effect::Ask(Ask::Confirm(spec))] = &asked[..] else { panic!("{asked:?}") };
    assert!(spec.title.contains("2 programs") && spec.lines[0].contains("vim in web-1"), "{spec:?}");
    assert_eq!(spec.choices[0].effects.len(), 2);
    drawn.press(&mut part, "Esc");
    drawn.press(&mut part, "G");
    let said = drawn.press(&mut part, "C-d");
    assert!(matches!(&said[..], [Effect::Ask(Ask::Toast(_, text))] if text.contains("ended already")), "{said:?}");
}

fn audit() -> Vec<AuditEvent> {
    let event = |number: i64, actor: &str, action: &str, target: &str, outcome, detail: Option<&str>| AuditEvent {
        id: format!("aud_{number}").as_str().into(),
        at: drawn::noon() - SignedDuration::from_secs(number),
        actor: actor.to_owned(),
        role: Role::Operator,
        action: action.to_owned(),
        target: target.to_owned(),
        outcome,
        detail: detail.map(str::to_owned),
    };
    vec![
        event(5, "ada", "stop:containers", "web-1", Outcome::Succeeded, None),
        event(90, "vic", "remove:volumes", "data", Outcome::Refused, Some("forbidden: a viewer may not remove volumes")),
        event(4000, "keeper", "restart:containers", "sick", Outcome::Failed, Some("engine_unavailable: the engine does not answer")),
    ]
}

/// The audit, and a container that stopped while it was looked at.
fn activity(size: (u16, u16)) -> (Drawn, Activity) {
    let mut drawn = Drawn::usual(size);
    let mut part = Activity::default();
    drawn.press(&mut part, "T");
    drawn.send(&mut part, &Msg::Reply(Box::new(Request::Refresh), Ok(Reply::All(Box::default()))));
    let web = drawn.data.containers.iter_mut().find(|container| container.name == "web-1").unwrap();
    (web.state, web.exit_code, web.oom_killed) = (ContainerState::Exited, Some(137), true);
    web.finished_at = Some(drawn::noon() - SignedDuration::from_secs(3));
    let event = Event::ContainerChanged { container: Box::new(web.clone()) };
    drawn.send(&mut part, &Msg::Event(Box::new(event)));
    let operation = drawn.data.operations[0].clone();
    drawn.send(&mut part, &Msg::Event(Box::new(Event::OperationChanged { operation: Box::new(operation) })));
    drawn.send(&mut part, &Msg::Reply(Box::new(Request::Audit), Ok(Reply::Audit(audit()))));
    (drawn, part)
}

#[test]
fn activity_looks_like_this() {
    snapshots("activity", |size| {
        let (drawn, mut part) = activity(size);
        drawn.press(&mut part, "j");
        drawn.text(&part)
    });
}

#[test]
fn the_audit_is_read_once_filtered_and_shown_whole() {
    let (mut drawn, mut part) = activity((120, 40));
    drawn.now.since_start += Duration::from_secs(60);
    assert_eq!(part.due(&drawn.cx()), [Effect::Request(Request::Audit)]);
    assert_eq!(part.due(&drawn.cx()), [], "it is under way");
    drawn.press(&mut part, "/");
    drawn.write(&mut part, "refused");
    drawn.press(&mut part, "Enter");
    let text = drawn.text(&part);
    assert!(text.contains("remove:volumes") && !text.contains("stop:containers"), "{text}");
    let opened = drawn.press(&mut part, "Enter");
    assert!(matches!(&opened[..], [Effect::Ask(Ask::Sheet { lines, .. })] if lines.iter().any(|(line, _)| line.contains("a viewer may not"))), "{opened:?}");
    let problem = cto::error::Error::new(cto::model::Code::Forbidden, "you may not read the audit").problem();
    drawn.send(&mut part, &Msg::Reply(Box::new(Request::Audit), Err(Box::new(problem))));
    assert!(drawn.text(&part).contains("you may not read the audit"), "{}", drawn.text(&part));
}

#[test]
fn what_was_done_on_a_real_engine_is_listed_and_a_session_is_found_and_ended() {
    let home = Home::new();
    let name = home.container("listed");
    let mut seen = Seen::sized(&home, &[], (160, 40));
    seen.shows(&name);
    seen.type_in(":activity\r");
    seen.shows("TIME");
    home.ok(&["stop", &name]);
    seen.shows("container stopped");
    seen.type_in(&format!("/{name}\r"));
    home.ok(&["start", &name]);
    seen.shows("container started");
    seen.type_in("\u{1b}\u{1b}:sessions\r");
    seen.shows("VIEWERS");
    home.until("its main program's session is there", || {
        let all = home.json(&["sessions", "--json"]);
        all.as_array().unwrap().iter().any(|session| session["container_name"] == name.as_str() && session["state"] == "live")
    });
    seen.type_in(&format!("/{name}\r"));
    seen.shows("live");
    seen.type_in("\r");
    seen.shows("^b prefix");
}
