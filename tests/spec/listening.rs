//! Nothing is missed between the first list and the first event.
use super::drawn;
use super::support::http::Door;
use cto::client::StreamUpdate;
use cto::model::*;
use cto::tui::Start;
use cto::tui::app::App;
use cto::tui::keymap::Keymap;
use cto::tui::msg::Effect;
use cto::tui::msg::Everything;
use cto::tui::msg::Msg;
use cto::tui::msg::Now;
use cto::tui::msg::Reply;
use cto::tui::msg::Request;
use cto::tui::theme::Depth;
use cto::tui::theme::Theme;
use std::time::Duration;

/// What a server answers that has, or has not, heard from its engine.
fn everything(available: bool) -> Msg {
    let detail = (!available).then(|| "not asked yet".to_owned());
    let engine = EngineInfo { available, detail, ..EngineInfo::default() };
    Msg::Reply(Box::new(Request::Refresh), Ok(Reply::All(Box::new(Everything { engine, ..Everything::default() }))))
}

fn lists(effects: &[Effect]) -> usize {
    effects.iter().filter(|effect| **effect == Effect::Request(Request::Refresh)).count()
}

#[test]
fn an_engine_that_came_before_its_events_were_heard_is_found_by_listing_once_more() {
    let now = Now { since_start: Duration::from_secs(1), time: drawn::noon() };
    let app = || App::new(Start::Home, Theme::standard(Depth::True), Keymap::new("C-b").unwrap(), 100, Size { cols: 100, rows: 30 }, now);
    // The list was older than the subscription.
    let mut late = app();
    assert_eq!(lists(&late.begin()), 1);
    assert_eq!(lists(&late.update(everything(false), now)), 0);
    assert_eq!(lists(&late.update(Msg::Listening, now)), 1);
    late.update(everything(true), now);
    assert!(late.data.engine.available);
    // The subscription came while the list was under way: of two answers the older one could come last, so the second is asked for after the first.
    let mut early = app();
    early.begin();
    assert_eq!(lists(&early.update(Msg::Listening, now)), 0);
    assert_eq!(lists(&early.update(everything(false), now)), 1);
    assert_eq!(lists(&early.update(everything(true), now)), 0);
    assert!(early.data.engine.available);
}

#[test]
fn what_is_told_while_everything_is_listed_is_not_undone_by_the_older_list() {
    let now = Now { since_start: Duration::from_secs(1), time: drawn::noon() };
    let mut app = App::new(Start::Home, Theme::standard(Depth::True), Keymap::new("C-b").unwrap(), 100, Size { cols: 100, rows: 30 }, now);
    app.begin();
    let running = drawn::container("web", "shell", 5);
    let stopped = Container { state: ContainerState::Exited, ..running.clone() };
    let gone = drawn::container("gone", "shell", 5);
    app.update(Msg::Event(Box::new(Event::ContainerChanged { container: Box::new(stopped) })), now);
    app.update(Msg::Event(Box::new(Event::ContainerRemoved { id: gone.id.clone(), name: gone.name.clone() })), now);
    let older = Everything { containers: vec![running.clone(), gone], ..Everything::default() };
    app.update(Msg::Reply(Box::new(Request::Refresh), Ok(Reply::All(Box::new(older)))), now);
    let seen = |app: &App| app.data.containers.iter().map(|container| (container.name.clone(), container.state)).collect::<Vec<_>>();
    assert_eq!(seen(&app), [("web".to_owned(), ContainerState::Exited)]);
    // A list that was asked for afterwards is believed.
    app.update(Msg::Event(Box::new(Event::Resync)), now);
    let newer = Everything { containers: vec![running], ..Everything::default() };
    app.update(Msg::Reply(Box::new(Request::Refresh), Ok(Reply::All(Box::new(newer)))), now);
    assert_eq!(seen(&app), [("web".to_owned(), ContainerState::Running)]);
}

#[tokio::test]
async fn a_subscription_to_events_says_from_when_on_it_hears_them() {
    let door = Door::open().await;
    let mut stream = door.client.stream().await.unwrap();
    let own = stream.subscribe(Topic::Events).await;
    let heard = async {
        loop {
            if let StreamUpdate::Message(message) = stream.next().await
                && !matches!(message, StreamMessage::Welcome { .. })
            {
                return (message, stream);
            }
        }
    };
    let (first, mut stream) = tokio::time::timeout(Duration::from_secs(30), heard).await.unwrap();
    assert_eq!(first, StreamMessage::Listening { id: own });
    door.plane.control.parts().bus.publish(Event::TemplatesChanged);
    let told = async {
        loop {
            let update = stream.next().await;
            if matches!(&update, StreamUpdate::Message(StreamMessage::Event { event, .. }) if event.event == Event::TemplatesChanged) {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), told).await.unwrap();
}
