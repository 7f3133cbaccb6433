//! Logs in the terminal client: what is kept, what shows, what never reaches the terminal, and how it looks.
use super::drawn;
use super::drawn::Drawn;
use super::drawn::SIZES;
use super::support::home::Home;
use super::support::home::Terminal as Seen;
use cto::model::ContainerState;
use cto::term::KeyCode;
use cto::term::MouseButton;
use cto::term::MouseEvent;
use cto::term::MouseKind;
use cto::tui::command::CommandId;
use cto::tui::command::CommandId as C;
use cto::tui::logs::News;
use cto::tui::logs::Told;
use cto::tui::logs::filter::Pattern;
use cto::tui::logs::filter::Sieve;
use cto::tui::logs::filter::Slice;
use cto::tui::logs::level::Level;
use cto::tui::logs::split::Splitter;
use cto::tui::logs::store::Batch;
use cto::tui::logs::store::LogStore;
use cto::tui::logs::store::MOST_LINES;
use cto::tui::msg::Ask;
use cto::tui::msg::Effect;
use cto::tui::msg::PaneId;
use cto::tui::msg::Request;
use cto::tui::parts::workspace::Place;
use cto::tui::parts::workspace::Workspace;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

const PANE: PaneId = PaneId(1);

/// A workspace with one view of logs, on a screen.
struct Logs {
    drawn: Drawn,
    work: Workspace,
    round: u32,
}

impl Logs {
    fn of(containers: &[&str], size: (u16, u16)) -> Self {
        let mut drawn = Drawn::new(size);
        drawn.data.containers = containers.iter().map(|name| drawn::container(name, "shell", 10)).collect();
        let mut work = Workspace::default();
        work.area = drawn.area;
        let all = drawn.data.containers.clone();
        let effects = work.open_logs(&all, Place::Tab, &drawn.cx());
        let followed = effects.iter().filter(|effect| matches!(effect, Effect::FollowLog(_))).count();
        assert_eq!(followed, containers.len());
        let mut logs = Self { drawn, work, round: 1 };
        // The marks of the start are told apart in tests of their own.
        logs.run(C::LogClear);
        logs.run(C::LogZone);
        logs.run(C::LogTimes);
        logs
    }

    /// Lines of a container, a second each after noon.
    fn tell(&mut self, source: usize, lines: &[&str]) {
        let noon = i64::try_from(drawn::noon().as_nanosecond()).unwrap();
        let mut batch = Batch::default();
        for (second, line) in lines.iter().enumerate() {
            batch.push(noon + i64::try_from(second).unwrap() * 1_000_000_000, line);
        }
        self.hear(source, Told::Lines(batch));
    }

    fn hear(&mut self, source: usize, what: Told) {
        let news = News { source, round: self.round, what };
        self.work.hear_log(PANE, news, &self.drawn.cx());
    }

    fn run(&mut self, id: CommandId) -> Vec<Effect> {
        self.work.run(id, &self.drawn.cx()).unwrap()
    }

    fn write(&mut self, text: &str) {
        for c in text.chars() {
            let key = cto::term::Key::new(KeyCode::Char(c), cto::term::Mods::NONE);
            self.work.key(key, &self.drawn.cx()).unwrap();
        }
    }

    fn enter(&mut self) {
        let key = cto::term::Key::new(KeyCode::Enter, cto::term::Mods::NONE);
        self.work.key(key, &self.drawn.cx()).unwrap();
    }

    fn mouse(&mut self, kind: MouseKind, col: u16, row: u16) -> Vec<Effect> {
        let event = MouseEvent { kind, button: MouseButton::Left, col, row, mods: cto::term::Mods::NONE };
        self.work.mouse(event, &self.drawn.cx())
    }

    /// What is seen, a line a row.
    fn text(&self) -> String {
        let mut terminal = Terminal::new(TestBackend::new(self.drawn.area.width, self.drawn.area.height)).unwrap();
        terminal.draw(|frame| self.work.draw(frame, self.drawn.area, true, &self.drawn.cx())).unwrap();
        terminal.backend().to_string()
    }
}

fn numbered(from: usize, to: usize) -> Vec<String> {
    (from..to).map(|number| format!("INFO line {number}")).collect()
}

fn strings(lines: &[String]) -> Vec<&str> {
    lines.iter().map(String::as_str).collect()
}

/// A view of two containers, with what logs are made of.
fn usual(size: (u16, u16)) -> Logs {
    let mut logs = Logs::of(&["web-1", "db"], size);
    let web = [
        "INFO listening on 0.0.0.0:5000",
        "\u{1b}[32mGET\u{1b}[0m /index.html 200",
        "{\"level\":\"warn\",\"msg\":\"slow query\",\"ms\":1204,\"tags\":[\"sql\",\"日本語\"]}",
        "ERROR could not connect to db:5432: connection refused",
        "a long line that goes on and on so that it has to be wrapped where the window is narrow, since nothing of what a program said may get lost at its edge; and on it goes, further than 120 columns reach, up to here",
    ];
    logs.tell(0, &web);
    logs.tell(1, &["LOG:  database system is ready", "WARNING:  out of shared memory"]);
    let mut gone = logs.drawn.data.containers[1].clone();
    gone.state = ContainerState::Exited;
    (gone.exit_code, gone.oom_killed) = (Some(137), true);
    gone.finished_at = Some(drawn::noon() + jiff::SignedDuration::from_secs(3));
    logs.drawn.data.containers[1] = gone;
    logs.work.look_logs(&logs.drawn.cx());
    logs
}

fn snapshots(name: &str, draw: impl Fn((u16, u16)) -> String) {
    for (width, height) in SIZES {
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), draw((width, height)));
    }
}

#[test]
fn two_logs_look_like_this() {
    snapshots("merged", |size| usual(size).text());
}

#[test]
fn times_json_and_a_filter_look_like_this() {
    snapshots("filtered", |size| {
        let mut logs = usual(size);
        logs.run(C::LogTimes);
        logs.run(C::LogJson);
        logs.run(C::LogFilter);
        logs.write("!/get|listening");
        logs.enter();
        logs.text()
    });
}

#[test]
fn the_states_without_lines_say_what_to_do() {
    snapshots("empty", |size| {
        let mut logs = Logs::of(&["web-1"], size);
        let opening = logs.text();
        logs.hear(0, Told::Begun);
        let quiet = logs.text();
        let problem = cto::error::Error::not_found("container", "web-1").problem();
        logs.hear(0, Told::Ended(Some(Box::new(problem))));
        [opening, quiet, logs.text()].join("\n")
    });
}

#[test]
fn lines_of_several_containers_stand_in_the_order_of_their_times() {
    let mut logs = Logs::of(&["a", "b"], (40, 10));
    logs.tell(0, &["a0", "a1", "a2"]);
    logs.tell(1, &["b0", "b1", "b2"]);
    let text = logs.text();
    let order: Vec<usize> = ["a0", "b0", "a1", "b1", "a2", "b2"].iter().map(|line| text.find(line).unwrap()).collect();
    assert!(order.is_sorted(), "{text}");
}

#[test]
fn whoever_scrolls_up_stands_still_and_is_told_of_new_lines() {
    let mut logs = Logs::of(&["web-1"], (50, 6));
    logs.tell(0, &strings(&numbered(0, 20)));
    assert!(logs.text().contains("line 19"), "the newest are followed");
    logs.run(C::LogUp);
    let before = logs.text();
    assert!(before.contains("line 18") && !before.contains("line 19"), "{before}");
    let noon = i64::try_from(drawn::noon().as_nanosecond()).unwrap() + 3_600_000_000_000;
    let mut batch = Batch::default();
    (20..25).for_each(|number| batch.push(noon, &format!("INFO line {number}")));
    logs.hear(0, Told::Lines(batch));
    let after = logs.text();
    assert!(after.contains("line 18") && !after.contains("line 24"), "{after}");
    assert!(after.contains("paused, 5 new lines"), "{after}");
    logs.run(C::LogNewest);
    assert!(logs.text().contains("line 24"));
    logs.run(C::LogOldest);
    assert!(logs.text().contains("line 0"));
    logs.run(C::LogFollow);
    assert!(logs.text().contains("line 24"));
}

#[test]
fn a_search_finds_older_lines_first_and_says_when_there_are_no_more() {
    let mut logs = Logs::of(&["web-1"], (60, 6));
    logs.tell(0, &strings(&numbered(0, 200)));
    logs.run(C::LogSearch);
    logs.write("line 5");
    logs.enter();
    assert!(logs.text().contains("line 59"), "{}", logs.text());
    logs.run(C::LogNext);
    assert!(logs.text().contains("line 58"), "{}", logs.text());
    logs.run(C::LogPrevious);
    assert!(logs.text().contains("line 59"), "{}", logs.text());
    let said = logs.run(C::LogPrevious);
    assert!(matches!(&said[..], [Effect::Ask(Ask::Toast(_, text))] if text.contains("no newer line")), "{said:?}");
}

#[test]
fn a_paused_view_stays_full_when_other_lines_are_let_through() {
    let mut logs = Logs::of(&["web-1"], (60, 6));
    let mut lines = numbered(0, 100);
    lines.push("ERROR at the end".to_owned());
    logs.tell(0, &strings(&lines));
    logs.run(C::LogUp);
    logs.run(C::LogFilter);
    logs.write("line 1");
    logs.enter();
    let text = logs.text();
    for line in ["line 15", "line 16", "line 17", "line 18", "line 19"] {
        assert!(text.contains(line), "{text}");
    }
}

#[test]
fn an_expression_with_a_mistake_says_so_and_changes_nothing() {
    let mut logs = Logs::of(&["web-1"], (80, 6));
    logs.tell(0, &["one", "two"]);
    logs.run(C::LogFilter);
    logs.write("/(");
    let text = logs.text();
    assert!(text.contains("unclosed group") && text.contains("one"), "{text}");
}

#[test]
fn levels_narrow_the_view_and_marks_of_what_happened_stay() {
    let mut logs = usual((120, 20));
    logs.run(C::LogLevel);
    let text = logs.text();
    assert!(text.contains("connection refused") && text.contains("OOM-killed"), "{text}");
    assert!(!text.contains("WARNING") && !text.contains("listening"), "{text}");
    logs.run(C::LogLevel);
    assert!(logs.text().contains("WARNING"));
}

#[test]
fn a_container_that_starts_again_is_followed_after_its_last_line() {
    let mut logs = Logs::of(&["web-1"], (80, 10));
    logs.tell(0, &["last words"]);
    logs.drawn.data.containers[0].state = ContainerState::Exited;
    logs.work.look_logs(&logs.drawn.cx());
    logs.hear(0, Told::Ended(None));
    assert!(logs.text().contains("○ stopped"), "{}", logs.text());
    let container = &mut logs.drawn.data.containers[0];
    container.state = ContainerState::Running;
    container.started_at = Some(drawn::noon() + jiff::SignedDuration::from_secs(9));
    let effects = logs.work.look_logs(&logs.drawn.cx());
    let noon = i64::try_from(drawn::noon().as_nanosecond()).unwrap();
    assert!(matches!(&effects[..], [Effect::FollowLog(follow)] if follow.after == Some(noon) && follow.tail.is_none()), "{effects:?}");
    assert!(logs.text().contains("web-1 started"), "{}", logs.text());
}

#[test]
fn what_the_mouse_marks_and_what_keys_mark_is_copied() {
    let mut logs = Logs::of(&["web-1"], (60, 8));
    logs.tell(0, &["first line", "second 日本語 line", "third line"]);
    logs.mouse(MouseKind::Down, 6, 0);
    logs.mouse(MouseKind::Drag, 8, 1);
    let copied = logs.mouse(MouseKind::Up, 8, 1);
    assert_eq!(copied, [Effect::Ask(Ask::Copy("line\nsecond 日".to_owned()))]);
    logs.run(C::LogSelect);
    logs.run(C::LogUp);
    assert_eq!(logs.run(C::LogCopy), [Effect::Ask(Ask::Copy("second 日本語 line\nthird line".to_owned()))]);
}

#[test]
fn what_shows_is_saved_as_plain_text() {
    let mut logs = usual((80, 24));
    logs.run(C::LogFilter);
    logs.write("get");
    logs.enter();
    let asked = logs.run(C::LogSave);
    assert!(matches!(&asked[..], [Effect::Ask(Ask::Prompt(spec))] if spec.text == "web-1.log"), "{asked:?}");
    let effects = logs.work.prompted(&cto::tui::msg::PromptFor::SaveLog, "out.log");
    let [Effect::Request(Request::SaveLog(wish))] = &effects[..] else { panic!("{effects:?}") };
    assert!(!wish.replace);
    let mut bytes = Vec::new();
    wish.excerpt.write(&mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.contains("web-1 GET /index.html 200\n"), "{text}");
    assert!(!text.contains('\u{1b}') && !text.contains("listening"), "{text}");
}

#[test]
fn nothing_but_text_and_colours_comes_out_of_hostile_bytes() {
    let mut splitter = Splitter::new(None);
    let mut batch = Batch::default();
    let hostile: &[u8] = b"2026-01-15T12:00:00.5Z \x1b]0;title\x07\x1b[2J\x1b[31mred\x1b[0m\x9b31m\x08\xff\xfe\r\n\
        2026-01-15T12:00:01Z \x1bPnever ended\n2026-01-15T12:00:02Z 10%\r20%\r30%\nno time at all\n";
    for byte in hostile {
        splitter.push(&[*byte], &mut batch);
    }
    let mut store = LogStore::default();
    store.add(0, batch);
    let lines: Vec<String> = (store.first()..store.end()).map(|number| store.text(store.line(number).unwrap()).to_owned()).collect();
    assert!(lines[0].contains("\u{1b}[31mred\u{1b}[0m"), "{lines:?}");
    for line in &lines {
        let plain = cto::tui::logs::store::plain(line);
        assert!(!plain.chars().any(char::is_control), "{line:?}");
    }
    assert!(["10%", "20%", "30%", "no time at all"].iter().all(|line| lines.iter().any(|own| own == line)), "{lines:?}");
}

#[test]
fn a_line_without_end_is_cut_and_takes_no_more_memory_than_it_may() {
    let mut splitter = Splitter::new(None);
    let mut batch = Batch::default();
    for _ in 0..1024 {
        splitter.push(&[b'x'; 4096], &mut batch);
    }
    splitter.push(b"\n2026-01-15T12:00:00Z next\n", &mut batch);
    assert_eq!(batch.len(), 2);
    assert!(batch.bytes() < 70_000, "{}", batch.bytes());
}

#[test]
fn times_that_the_engine_puts_into_long_lines_are_taken_out() {
    let mut splitter = Splitter::new(None);
    let mut batch = Batch::default();
    let piece = "x".repeat(16 << 10);
    splitter.push(format!("2026-01-15T12:00:00Z {piece}2026-01-15T12:00:00.1Z tail\n").as_bytes(), &mut batch);
    let mut store = LogStore::default();
    store.add(0, batch);
    assert_eq!(store.text(store.line(0).unwrap()), format!("{piece}tail"));
}

#[test]
fn the_oldest_lines_go_first_and_marks_stay_with_their_lines() {
    let mut store = LogStore::default();
    for part in 0..110 {
        let mut batch = Batch::default();
        (0..10_000).for_each(|line| batch.push(part * 10_000 + line, "a line of a usual length, such as programs print"));
        store.add(0, batch);
    }
    let kept = store.end() - store.first();
    assert_eq!(usize::try_from(kept).unwrap(), MOST_LINES);
    assert_eq!(store.dropped(), 100_000);
    assert!(store.bytes() < 100 << 20, "{} bytes", store.bytes());
    let mark = store.mark(500_000).unwrap();
    let mut older = Batch::default();
    (0..10).for_each(|_| older.push(200_000, "from another container"));
    store.add(1, older);
    assert_eq!(store.number(mark), 500_010);
    store.clear();
    assert_eq!(store.bytes(), 0);
}

#[test]
fn a_filter_is_worked_off_in_slices_from_the_newest_line_on() {
    let mut store = LogStore::default();
    let mut batch = Batch::default();
    (0..100_000).for_each(|line| batch.push(line, if line % 1000 == 0 { "ERROR here" } else { "INFO all is well with request number one" }));
    store.add(0, batch);
    let mut sieve = Sieve::default();
    sieve.change(Pattern::parse("error").unwrap(), None, &store);
    let begun = std::time::Instant::now();
    let mut slices = 0;
    loop {
        let mut slice = Slice::default();
        slices += 1;
        let more = sieve.step(&store, &mut slice);
        if slices == 1 {
            assert_eq!(sieve.count(&store), 20, "a slice of 20,000 lines");
            assert_eq!(sieve.before(store.end(), &store), Some(99_000), "the newest first");
        }
        if !more {
            break;
        }
    }
    assert_eq!((slices, sieve.count(&store)), (5, 100));
    if std::env::var_os("CTO_PROVE").is_some() && !cfg!(debug_assertions) {
        assert!(begun.elapsed() < std::time::Duration::from_millis(100), "{:?}", begun.elapsed());
    }
    sieve.change(None, Some(Level::Error), &store);
    while sieve.step(&store, &mut Slice::default()) {}
    assert_eq!(sieve.count(&store), 100);
}

#[test]
fn the_logs_of_marked_containers_are_followed_filtered_and_saved_on_a_real_engine() {
    let home = Home::new();
    let (one, two) = (home.container("one"), home.container("two"));
    let mut seen = Seen::open(&home, &[]);
    seen.shows(&two);
    for name in [&one, &two] {
        home.ok(&["exec", name, "sh", "-c", &format!("echo from-{name} > /proc/1/fd/1")]);
    }
    seen.type_in(&format!(":logs {one} {two}\r"));
    seen.shows("+1 · logs");
    seen.shows("following");
    seen.type_in("&from-\r");
    seen.shows("& from-");
    std::fs::write(home.dir.path().join("taken.log"), "mine").unwrap();
    seen.type_in("\u{13}");
    seen.shows("save the lines shown as");
    seen.type_in("\u{15}taken.log\r");
    seen.shows("Overwrite");
    assert_eq!(std::fs::read_to_string(home.dir.path().join("taken.log")).unwrap(), "mine");
    seen.type_in("y");
    seen.shows("saved");
    assert!(std::fs::read_to_string(home.dir.path().join("taken.log")).unwrap().contains("started"));
    home.ok(&["restart", &one]);
    seen.shows(&format!("{one} stopped"));
}
