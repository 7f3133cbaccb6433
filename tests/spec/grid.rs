//! The home view: tiles, table, filter, cursor, and what is asked before something is lost.
use super::drawn;
use super::drawn::Drawn;
use super::drawn::SIZES;
use cto::model::Code;
use cto::model::OperationState;
use cto::model::Progress;
use cto::model::ProgressUnit;
use cto::tui::component::Component;
use cto::tui::msg::Ask;
use cto::tui::msg::Effect;
use cto::tui::msg::Msg;
use cto::tui::msg::Request;
use cto::tui::msg::ToastKind;
use cto::tui::parts::confirm::Confirm;
use cto::tui::parts::facts::Fact;
use cto::tui::parts::grid::Home;
use cto::tui::parts::help::Help;
use cto::tui::parts::inspect::Inspect;
use cto::tui::parts::menu::Menu;
use cto::tui::parts::status;
use cto::tui::parts::toast::Toasts;
use cto::tui::theme::Depth;
use cto::tui::theme::Role;
use cto::tui::theme::Theme;
use ratatui::layout::Rect;
use ratatui::style::Color;
use std::time::Duration;

fn snapshots(name: &str, draw: impl Fn((u16, u16)) -> String) {
    for (width, height) in SIZES {
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), draw((width, height)));
    }
}

fn home(drawn: &Drawn) -> Home {
    let mut home = Home::new();
    drawn.send(&mut home, &Msg::Tick);
    home
}

#[test]
fn containers_are_tiles_with_their_real_screens() {
    snapshots("tiles", |size| {
        let drawn = Drawn::usual(size);
        drawn.text(&home(&drawn))
    });
}

#[test]
fn containers_are_a_table_that_hides_what_matters_less() {
    snapshots("table", |size| {
        let drawn = Drawn::usual(size);
        let mut home = home(&drawn);
        drawn.press(&mut home, "v");
        drawn.text(&home)
    });
}

#[test]
fn no_containers_yet_teaches_how_to_launch_one() {
    snapshots("empty", |size| {
        let mut drawn = Drawn::new(size);
        drawn.data.templates = drawn::templates();
        drawn.text(&home(&drawn))
    });
    let mut drawn = Drawn::new((80, 24));
    drawn.data.templates = drawn::templates();
    let mut home = home(&drawn);
    assert!(matches!(&drawn.press(&mut home, "s")[..], [Effect::Ask(Ask::Launch { request, open: true })] if request.template.as_deref() == Some("shell")));
    let (col, row) = drawn.find(&home, "python");
    assert!(matches!(&drawn.click(&mut home, col, row)[..], [Effect::Ask(Ask::Launch { request, .. })] if request.template.as_deref() == Some("python")));
}

#[test]
fn a_hundred_containers_scroll_and_only_those_seen_are_asked_for() {
    let mut drawn = Drawn::new((120, 40));
    drawn.data.containers = (0..100).map(|number| drawn::container(&format!("c{number:02}"), "shell", 200 - number)).collect();
    let mut home = home(&drawn);
    let seen = home.wishes(&drawn.cx());
    assert!(seen.len() < 20 && seen[0].container.as_str() == "c00-id", "{seen:?}");
    assert_eq!(home.watched(&drawn.cx()).len(), seen.len());
    drawn.press(&mut home, "G");
    drawn.press(&mut home, "Up");
    let seen = home.wishes(&drawn.cx());
    assert!(seen.iter().any(|wish| wish.container.as_str() == "c99-id"), "{seen:?}");
    insta::assert_snapshot!("hundred_120x40", drawn.text(&home));
    drawn.press(&mut home, "v");
    assert!(home.wishes(&drawn.cx()).is_empty(), "a table shows no pictures");
    insta::assert_snapshot!("hundred_table_120x40", drawn.text(&home));
}

#[test]
fn the_cursor_follows_its_container_and_not_its_place() {
    let mut drawn = Drawn::usual((120, 40));
    let mut home = home(&drawn);
    drawn.press(&mut home, "Right");
    assert_eq!(home.selected(&drawn.data).unwrap().as_str(), "db-id");
    drawn.data.containers.retain(|container| container.name != "web-1");
    drawn.data.containers.insert(0, drawn::container("new", "shell", 0));
    drawn.send(&mut home, &Msg::Tick);
    assert_eq!(home.selected(&drawn.data).unwrap().as_str(), "db-id");
    drawn.data.containers.retain(|container| container.name != "db");
    drawn.send(&mut home, &Msg::Tick);
    assert_eq!(home.selected(&drawn.data).unwrap().as_str(), "sick-id", "what moved into its place");
}

#[test]
fn samples_that_come_in_move_nothing_under_the_cursor() {
    let mut drawn = Drawn::usual((120, 40));
    let mut home = home(&drawn);
    home.sort_by(Fact::Cpu, &drawn.cx());
    let before = drawn.text(&home);
    assert!(drawn.find(&home, "sick") < drawn.find(&home, "web-1"), "the busiest is first");
    for container in ["web-1-id", "db-id"] {
        let mut stats = drawn.data.latest(&container.into()).unwrap().clone();
        stats.cpu_percent = 900.0;
        drawn.data.add_stats(stats.clone());
        drawn.send(&mut home, &Msg::Stats(stats));
    }
    assert!(drawn.find(&home, "sick") < drawn.find(&home, "web-1"), "\n{before}");
    drawn.now.since_start += Duration::from_secs(10);
    let stats = drawn.data.latest(&"db-id".into()).unwrap().clone();
    drawn.send(&mut home, &Msg::Stats(stats));
    assert!(drawn.find(&home, "web-1").1 <= drawn.find(&home, "sick").1);
}

#[test]
fn a_filter_swallows_letters_and_says_what_it_hides() {
    let drawn = Drawn::usual((120, 40));
    let mut home = home(&drawn);
    for (filter, shown, hidden) in [("web", "web-1", "sick"), ("!web", "sick", "▸web-1"), ("~wb1", "web-1", "sick"), ("failed", "build", "db ●")] {
        drawn.press(&mut home, "/");
        assert!(home.takes_keys());
        drawn.write(&mut home, filter);
        drawn.press(&mut home, "Enter");
        let text = drawn.text(&home);
        assert!(text.contains(shown) && !text.contains(hidden), "{filter}:\n{text}");
        drawn.press(&mut home, "Esc");
    }
    drawn.press(&mut home, "/");
    drawn.write(&mut home, "web");
    insta::assert_snapshot!("filter_120x40", drawn.text(&home));
}

#[test]
fn stopped_containers_can_be_hidden() {
    let drawn = Drawn::usual((120, 40));
    let mut home = home(&drawn);
    assert!(drawn.text(&home).contains("exit 137, OOM"));
    drawn.press(&mut home, "A");
    assert!(!drawn.text(&home).contains("exit 137, OOM"));
}

#[test]
fn removing_asks_names_what_is_lost_and_cancel_is_the_default() {
    let drawn = Drawn::usual((120, 40));
    let mut home = home(&drawn);
    let effects = drawn.press(&mut home, "C-d");
    let [Effect::Ask(Ask::Confirm(spec))] = &effects[..] else { panic!("{effects:?}") };
    let confirm = Confirm::new((**spec).clone());
    snapshots("confirm", |size| {
        let drawn = Drawn::usual(size);
        drawn.text(&confirm)
    });
    assert_eq!(drawn.press(&mut confirm.clone(), "Enter"), [Effect::Ask(Ask::Close)]);
    assert_eq!(drawn.press(&mut confirm.clone(), "Esc"), [Effect::Ask(Ask::Close)]);
    assert_eq!(drawn.press(&mut confirm.clone(), "n"), [Effect::Ask(Ask::Close)]);
    let remove = Effect::Request(Request::Remove { id: "web-1-id".into(), force: true });
    assert_eq!(drawn.press(&mut confirm.clone(), "y"), [Effect::Ask(Ask::Close), remove.clone()]);
    let mut chosen = confirm.clone();
    drawn.press(&mut chosen, "Tab");
    assert_eq!(drawn.press(&mut chosen, "Enter"), [Effect::Ask(Ask::Close), remove.clone()]);
    let (col, row) = drawn.find(&confirm, "remove ]");
    assert_eq!(drawn.click(&mut confirm.clone(), col, row), [Effect::Ask(Ask::Close), remove]);
}

#[test]
fn every_key_has_an_answer() {
    let drawn = Drawn::usual((120, 40));
    let mut home = home(&drawn);
    assert_eq!(drawn.press(&mut home, "Enter"), [Effect::Ask(Ask::OpenTerminal("web-1-id".into()))]);
    assert_eq!(drawn.press(&mut home, "e"), [Effect::Ask(Ask::OpenShell("web-1-id".into()))]);
    assert_eq!(drawn.press(&mut home, "s"), [Effect::Request(Request::Stop("web-1-id".into()))]);
    assert!(matches!(&drawn.press(&mut home, "S")[..], [Effect::Ask(Ask::Toast(ToastKind::Info, text))] if text.contains("runs already")));
    assert_eq!(drawn.press(&mut home, "r"), [Effect::Request(Request::Restart("web-1-id".into()))]);
    assert_eq!(drawn.press(&mut home, "x"), [Effect::Ask(Ask::Menu("web-1-id".into()))]);
    assert_eq!(drawn.press(&mut home, "i"), [Effect::Ask(Ask::Inspect("web-1-id".into()))]);
    home.select(&"build-id".into());
    assert!(matches!(&drawn.press(&mut home, "Enter")[..], [Effect::Ask(Ask::Toast(ToastKind::Info, text))] if text.contains("does not run")));
    assert_eq!(drawn.press(&mut home, "S"), [Effect::Request(Request::Start("build-id".into()))]);
}

#[test]
fn the_mouse_selects_and_a_double_click_opens() {
    let mut drawn = Drawn::usual((120, 40));
    let mut home = home(&drawn);
    let (col, row) = drawn.find(&home, "sick");
    assert_eq!(drawn.click(&mut home, col, row + 1), []);
    assert_eq!(home.selected(&drawn.data).unwrap().as_str(), "sick-id");
    drawn.now.since_start += Duration::from_millis(200);
    assert_eq!(drawn.click(&mut home, col, row + 1), [Effect::Ask(Ask::OpenTerminal("sick-id".into()))]);
    let (col, row) = drawn.find(&home, "ascii-games");
    assert!(matches!(&drawn.click(&mut home, col, row)[..], [Effect::Ask(Ask::Launch { .. })]));
}

#[test]
fn a_launch_is_a_tile_that_esc_cancels_and_that_becomes_its_container() {
    let mut drawn = Drawn::usual((120, 40));
    let mut home = home(&drawn);
    let progress = |done| Progress { phase: "pulling".to_owned(), line: None, done, total: 46_000_000, unit: ProgressUnit::Bytes };
    for (seconds, done) in [(0, 0), (2, 6_000_000)] {
        drawn.now.since_start = Duration::from_secs(100 + seconds);
        let operation = drawn::launch("web-2", progress(done));
        drawn.data.put_operation(&operation);
        drawn.send(&mut home, &Msg::Event(Box::new(cto::model::Event::OperationChanged { operation: Box::new(operation) })));
    }
    let text = drawn.text(&home);
    assert!(text.contains("6.0 MB of 46.0 MB  3.0 MB/s") && text.contains(" 13%"), "\n{text}");
    drawn.press(&mut home, "G");
    drawn.press(&mut home, "Left");
    assert_eq!(drawn.press(&mut home, "Esc"), [Effect::Request(Request::Cancel("op_web-2".into()))]);
    drawn.data.containers.insert(0, drawn::container("web-2", "python", 0));
    drawn.send(&mut home, &Msg::Tick);
    assert_eq!(home.selected(&drawn.data).unwrap().as_str(), "web-2-id");
}

#[test]
fn a_failed_launch_says_why_until_it_is_dismissed() {
    let mut drawn = Drawn::usual((80, 24));
    let error = cto::error::Error::new(Code::ImageUnavailable, "can't pull 'python:3.9-slim': no such host").fix("check the name, or the network");
    let operation = &mut drawn.data.operations[0];
    operation.state = OperationState::Failed;
    operation.problem = Some(error.problem());
    let mut home = home(&drawn);
    drawn.press(&mut home, "G");
    drawn.press(&mut home, "Left");
    insta::assert_snapshot!("failed_launch_80x24", drawn.text(&home));
    drawn.press(&mut home, "Esc");
    assert!(!drawn.text(&home).contains("no such host"));
}

#[test]
fn the_line_on_top_has_one_ground() {
    let drawn = Drawn::usual((120, 40));
    let line = Rect { height: 1, ..drawn.area };
    let mut terminal = ratatui::Terminal::new(ratatui::backend::TestBackend::new(120, 1)).unwrap();
    let buffer = terminal.draw(|frame| status::home_line(frame, line, "", &drawn.cx())).unwrap().buffer.clone();
    let ground = drawn.theme.style(Role::Bar).bg.unwrap();
    assert!(buffer.content().iter().all(|cell| cell.bg == ground), "{}", drawn::lines(&buffer));
}

#[test]
fn without_colours_nothing_is_lost() {
    let mut drawn = Drawn::usual((120, 40));
    let coloured = drawn.text(&home(&drawn));
    drawn.theme = Theme::standard(Depth::None);
    let buffer = drawn.buffer(&home(&drawn));
    assert!(buffer.content().iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
    assert_eq!(drawn::lines(&buffer), coloured, "states and cursor are told by glyphs and words");
    assert!(coloured.contains("▸web-1") && coloured.contains("▲ unhealthy"));
}

#[test]
fn a_picture_keeps_its_own_colours() {
    let drawn = Drawn::usual((120, 40));
    let home = home(&drawn);
    let (col, row) = drawn.find(&home, "* Running");
    assert_eq!(drawn.buffer(&home)[(col, row)].fg, Color::Green);
}

#[test]
fn menu_help_and_inspect_fit_every_size() {
    snapshots("menu", |size| {
        let drawn = Drawn::usual(size);
        drawn.text(&Menu::new("web-1-id".into()))
    });
    snapshots("help", |size| {
        let drawn = Drawn::usual(size);
        drawn.text(&Help::new(home(&drawn).scopes()))
    });
    snapshots("inspect", |size| {
        let drawn = Drawn::usual(size);
        drawn.text(&Inspect::new("web-1-id".into()))
    });
    let drawn = Drawn::usual((80, 24));
    let mut help = Help::new(home(&drawn).scopes());
    drawn.press(&mut help, "/");
    drawn.write(&mut help, "zoom");
    drawn.press(&mut help, "Enter");
    assert!(drawn.text(&help).contains("zoom"));
    assert!(drawn.press(&mut help, "Esc").is_empty(), "first the search goes");
    assert_eq!(drawn.press(&mut help, "Esc"), [Effect::Ask(Ask::Close)]);
}

#[test]
fn toasts_go_by_themselves_and_errors_stay() {
    let drawn = Drawn::usual((80, 24));
    let mut toasts = Toasts::new();
    toasts.push(ToastKind::Done, "copied 3 lines", drawn.now);
    toasts.push(ToastKind::Error, "cannot start 'web-2': port 127.0.0.1:5000 is in use by container 'web-1'; stop it with 'cto stop web-1'", drawn.now);
    let mut terminal = ratatui::Terminal::new(ratatui::backend::TestBackend::new(80, 8)).unwrap();
    let buffer = terminal.draw(|frame| toasts.draw(frame, frame.area(), &drawn.cx())).unwrap().buffer.clone();
    insta::assert_snapshot!("toasts_80x8", drawn::lines(&buffer));
    let due = toasts.deadline().unwrap();
    assert!(!toasts.expire(due - Duration::from_millis(1)) && toasts.expire(due));
    assert_eq!(toasts.deadline(), None);
    assert!(toasts.dismiss() && !toasts.dismiss());
    assert_eq!(toasts.log().count(), 2, "what was said can be read again");
}
