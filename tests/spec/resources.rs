//! What containers use, in the terminal client: graphs over time beside docker's own figures.
use super::drawn;
use super::drawn::Drawn;
use super::drawn::SIZES;
use super::support::engine::docker;
use super::support::home::Home;
use super::support::home::Terminal as Seen;
use cto::model::ContainerState;
use cto::model::Event;
use cto::model::StatsOverTime;
use cto::model::StatsPoint;
use cto::term::Mods;
use cto::term::MouseButton;
use cto::term::MouseEvent;
use cto::term::MouseKind;
use cto::tui::command::CommandId as C;
use cto::tui::msg::Ask;
use cto::tui::msg::Effect;
use cto::tui::msg::Msg;
use cto::tui::msg::Reply;
use cto::tui::msg::Request;
use cto::tui::parts::resources::Resources;
use cto::tui::past::MOST_READ;
use cto::tui::past::PastRead;
use cto::tui::past::PastWish;
use cto::tui::past::Range;
use jiff::SignedDuration;
use std::time::Duration;

/// The view on a screen.
struct Graphs {
    drawn: Drawn,
    part: Resources,
}

impl Graphs {
    /// Three containers, of which one has stopped.
    fn new(size: (u16, u16)) -> Self {
        let mut drawn = Drawn::new(size);
        (drawn.data.engine.cpus, drawn.data.engine.memory_bytes) = (4, 8 << 30);
        let (mut web, db, mut build) =
            (drawn::container("web-1", "python", 120), drawn::container("db", "postgres", 110), drawn::container("build", "shell", 3));
        web.started_at = Some(drawn::noon() - SignedDuration::from_secs(250));
        build.state = ContainerState::Exited;
        (build.exit_code, build.oom_killed) = (Some(137), true);
        build.finished_at = Some(drawn::noon() - SignedDuration::from_secs(60));
        drawn.data.containers = vec![build, db, web];
        for second in -40..=0 {
            for (name, cpu, memory) in [("web-1", 50.0 + f64::from(second), 100), ("db", 1.25, 92)] {
                let mut stats = drawn::stats(name, cpu, memory);
                stats.at = drawn::noon() + SignedDuration::from_secs(second.into());
                stats.network_bytes = (2_000_000 + u64::try_from(second + 40).unwrap() * 1_500, 300_000);
                stats.block_bytes = (4_096, 8_192);
                drawn.data.add_stats(stats);
            }
        }
        let mut part = Resources::default();
        drawn.send(&mut part, &Msg::Reply(Box::new(Request::Refresh), Ok(Reply::All(Box::default()))));
        drawn.send(&mut part, &Msg::Command(C::ResourceZone));
        Self { drawn, part }
    }

    /// The same with what the server knows of the last minutes.
    fn usual(size: (u16, u16)) -> Self {
        let mut graphs = Self::new(size);
        graphs.part.show(&["web-1-id".into()]);
        graphs.read();
        graphs.run(C::ListUp);
        graphs.run(C::ListDown);
        graphs
    }

    fn read(&mut self) {
        let effects = self.part.due(&self.drawn.cx());
        let [Effect::Request(Request::Past(wish))] = &effects[..] else { return };
        let items = wish.containers.iter().map(|id| StatsOverTime { container: id.clone(), items: points(if id.as_str() == "build-id" { 60 } else { 0 }) });
        let read = PastRead { items: items.collect() };
        self.drawn.send(&mut self.part, &Msg::Reply(Box::new(Request::Past(wish.clone())), Ok(Reply::Past(Box::new(read)))));
    }

    fn run(&mut self, id: C) -> Vec<Effect> {
        self.drawn.send(&mut self.part, &Msg::Command(id))
    }

    fn text(&self) -> String {
        self.drawn.text(&self.part)
    }

    /// Something is told of a container.
    fn change(&mut self, name: &str, change: impl FnOnce(&mut cto::model::Container)) {
        let container = self.drawn.data.containers.iter_mut().find(|container| container.name == name).unwrap();
        change(container);
        let event = Event::ContainerChanged { container: Box::new(container.clone()) };
        self.drawn.send(&mut self.part, &Msg::Event(Box::new(event)));
    }
}

/// Points of ten seconds, until so many seconds ago.
fn points(until: i64) -> Vec<StatsPoint> {
    let point = |back: i64| StatsPoint {
        at: drawn::noon() - SignedDuration::from_secs(back),
        seconds: 10,
        cpu_percent: 40.0 + (back % 70) as f64,
        cpu_percent_max: 100.0,
        memory_bytes: (60 + u64::try_from(300 - back).unwrap() / 8) << 20,
        memory_limit_bytes: 512 << 20,
        pids: 3,
        network_bytes: (u64::try_from(300 - back).unwrap() * 6_000, u64::try_from(300 - back).unwrap() * 1_000),
        block_bytes: (4_096, if back < 100 { 8_192 } else { 0 }),
    };
    (1..=30).rev().map(|step| step * 10).filter(|back| *back > until).map(point).collect()
}

fn snapshots(name: &str, draw: impl Fn((u16, u16)) -> String) {
    for (width, height) in SIZES {
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), draw((width, height)));
    }
}

#[test]
fn the_graphs_of_one_container_look_like_this() {
    snapshots("one", |size| {
        let mut graphs = Graphs::usual(size);
        graphs.change("web-1", |web| web.health = Some(cto::model::Health::Healthy));
        graphs.change("web-1", |web| web.health = Some(cto::model::Health::Unhealthy));
        graphs.text()
    });
}

#[test]
fn marked_containers_stand_side_by_side() {
    snapshots("marked", |size| {
        let mut graphs = Graphs::usual(size);
        graphs.part.show(&["web-1-id".into(), "db-id".into(), "build-id".into()]);
        graphs.read();
        graphs.run(C::ListBottom);
        graphs.text()
    });
}

#[test]
fn one_graph_in_percent_with_the_cursor_on_the_axis_looks_like_this() {
    snapshots("cursor", |size| {
        let mut graphs = Graphs::usual(size);
        graphs.run(C::ResourceNormal);
        graphs.run(C::ResourceMetric);
        graphs.run(C::ResourceBack);
        graphs.run(C::ResourceBack);
        graphs.text()
    });
}

#[test]
fn everything_together_and_without_drawings_looks_like_this() {
    snapshots("plain", |size| {
        let mut graphs = Graphs::usual(size);
        graphs.run(C::ListTop);
        graphs.read();
        let drawn = graphs.text();
        graphs.drawn.plain = true;
        graphs.run(C::ListDown);
        [drawn, graphs.text()].join("\n")
    });
}

#[test]
fn the_states_without_anything_to_see_say_what_to_do() {
    snapshots("nothing", |size| {
        let mut graphs = Graphs::new(size);
        graphs.drawn.data.listed = false;
        let asking = graphs.text();
        graphs.drawn.data.listed = true;
        graphs.drawn.data.stats.clear();
        graphs.part.show(&["db-id".into()]);
        let effects = graphs.part.due(&graphs.drawn.cx());
        let reading = graphs.text();
        let [Effect::Request(request)] = &effects[..] else { panic!("{effects:?}") };
        let problem = cto::error::Error::new(cto::model::Code::EngineUnavailable, "the engine does not answer").problem();
        graphs.drawn.send(&mut graphs.part, &Msg::Reply(Box::new(request.clone()), Err(Box::new(problem))));
        let failed = graphs.text();
        graphs.drawn.data.containers.clear();
        [asking, reading, failed, graphs.text()].join("\n")
    });
}

#[test]
fn one_reading_at_a_time_is_bounded_and_repeated_only_when_it_is_due() {
    let mut graphs = Graphs::new((120, 40));
    graphs.drawn.data.containers = (0..200).map(|number| drawn::container(&format!("c{number}"), "shell", number)).collect();
    let effects = graphs.part.due(&graphs.drawn.cx());
    let [Effect::Request(Request::Past(wish))] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!((wish.containers.len(), wish.range), (MOST_READ, Range::Minutes));
    assert_eq!(graphs.part.due(&graphs.drawn.cx()), [], "one is under way");
    let reply = Reply::Past(Box::new(PastRead { items: Vec::new() }));
    graphs.drawn.send(&mut graphs.part, &Msg::Reply(Box::new(Request::Past(wish.clone())), Ok(reply)));
    assert_eq!(graphs.part.due(&graphs.drawn.cx()), [], "all is read");
    assert_eq!(graphs.part.wake_at(), Some(graphs.drawn.now.since_start + Duration::from_secs(30)));
    graphs.run(C::ResourceLonger);
    graphs.run(C::ResourceLonger);
    let effects = graphs.part.due(&graphs.drawn.cx());
    assert!(matches!(&effects[..], [Effect::Request(Request::Past(wish))] if wish.range == Range::Hour), "{effects:?}");
    let problem = cto::error::Error::internal("no").problem();
    graphs.drawn.send(&mut graphs.part, &Msg::Reply(Box::new(Request::Past(wish.clone())), Err(Box::new(problem))));
    assert_eq!(graphs.part.due(&graphs.drawn.cx()), [], "it is not tried again at once");
    graphs.drawn.now.since_start += Duration::from_secs(6);
    assert_eq!(graphs.part.due(&graphs.drawn.cx()).len(), 1);
}

#[test]
fn while_it_is_paused_nothing_moves_and_nothing_is_asked_for() {
    let mut graphs = Graphs::usual((120, 40));
    graphs.run(C::ResourcePause);
    let before = graphs.text();
    assert!(before.contains("paused at 12:00:00"), "{before}");
    let mut stats = drawn::stats("web-1", 99.0, 400);
    graphs.drawn.now.time += SignedDuration::from_secs(30);
    graphs.drawn.now.since_start += Duration::from_secs(300);
    stats.at = graphs.drawn.now.time;
    graphs.drawn.data.add_stats(stats);
    assert_eq!(graphs.text(), before);
    assert_eq!(graphs.part.watched(&graphs.drawn.cx()), []);
    assert_eq!((graphs.part.due(&graphs.drawn.cx()), graphs.part.wake_at()), (Vec::new(), None));
    graphs.run(C::ResourcePause);
    assert!(graphs.text().contains("CPU 99.00%"), "{}", graphs.text());
}

#[test]
fn a_screen_on_which_nothing_changes_is_drawn_the_same() {
    let mut graphs = Graphs::usual((120, 40));
    graphs.run(C::ResourceLonger);
    graphs.run(C::ResourceLonger);
    graphs.read();
    let mut drawn = vec![graphs.text()];
    for _ in 0..40 {
        graphs.drawn.now.time += SignedDuration::from_secs(1);
        drawn.push(graphs.text());
    }
    drawn.dedup();
    assert!(drawn.len() <= 2, "the columns of an hour begin at times that do not move: drawn {} times", drawn.len());
}

#[test]
fn the_cursor_shows_what_was_used_then_and_the_mouse_moves_it() {
    let mut graphs = Graphs::usual((120, 40));
    let now = "CPU 50.00%";
    let (col, row) = graphs.drawn.find(&graphs.part, now);
    graphs.drawn.click(&mut graphs.part, col, row + 2);
    let then = graphs.text();
    assert!(then.contains("11:55:0") && !then.contains(now), "{then}");
    graphs.run(C::ResourceForward);
    assert!(graphs.text().contains("11:55:0") && graphs.text() != then, "{}", graphs.text());
    graphs.run(C::Back);
    assert!(graphs.text().contains(now));
    let wheel = MouseEvent { kind: MouseKind::WheelUp, button: MouseButton::Left, col, row: row + 2, mods: Mods::NONE };
    graphs.drawn.send(&mut graphs.part, &Msg::Mouse(wheel));
    assert!(graphs.text().contains("11:59:5") && graphs.text() != then, "{}", graphs.text());
}

#[test]
fn the_list_is_filtered_sorted_marked_and_follows_what_it_stands_on() {
    let mut graphs = Graphs::usual((120, 40));
    let press = |graphs: &mut Graphs, key: &str| graphs.drawn.press(&mut graphs.part, key);
    press(&mut graphs, "/");
    graphs.drawn.write(&mut graphs.part, "/^. (db|build)");
    press(&mut graphs, "Enter");
    let text = graphs.text();
    assert!(!text.contains("● web-1") && text.contains("● db") && text.contains("all containers"), "{text}");
    press(&mut graphs, "Esc");
    graphs.part.show(&["db-id".into()]);
    press(&mut graphs, "o");
    assert!(graphs.text().contains("NAME↓"), "{}", graphs.text());
    press(&mut graphs, "o");
    let (_, web) = graphs.drawn.find(&graphs.part, "● web-1");
    let (_, db) = graphs.drawn.find(&graphs.part, "● db");
    assert!(web < db, "the busiest first");
    assert!(graphs.text().contains("▸ ● db"), "{}", graphs.text());
    press(&mut graphs, "Space");
    let opened = press(&mut graphs, "Enter");
    assert_eq!(opened, [Effect::Ask(Ask::OpenTerminal("db-id".into()))]);
    assert_eq!(press(&mut graphs, "C-y"), [Effect::Ask(Ask::Copy("cto stats --history --since 5m db".to_owned()))]);
    let (col, row) = graphs.drawn.find(&graphs.part, "● web-1");
    graphs.drawn.click(&mut graphs.part, col, row);
    assert_eq!(graphs.drawn.click(&mut graphs.part, col, row), [Effect::Ask(Ask::OpenTerminal("db-id".into()))], "what is marked goes first");
}

#[test]
fn what_is_wished_is_that_of_the_subject() {
    let mut graphs = Graphs::new((80, 24));
    graphs.part.show(&["db-id".into()]);
    let wish = PastWish { range: Range::Minutes, containers: vec!["db-id".into()] };
    assert_eq!(graphs.part.due(&graphs.drawn.cx()), [Effect::Request(Request::Past(Box::new(wish)))]);
}

/// The figure after a word on a screen, in its unit.
fn figure(text: &str, word: &str) -> f64 {
    let after = text.split(word).nth(1).unwrap_or_else(|| panic!("'{word}' is seen:\n{text}")).trim_start();
    let digits: String = after.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    let unit: String = after[digits.len()..].chars().take_while(|c| c.is_ascii_alphabetic()).collect();
    let number: f64 = digits.parse().unwrap_or_else(|_| panic!("a number after '{word}':\n{text}"));
    number
        * [("KiB", 1024.0), ("MiB", 1_048_576.0), ("GiB", 1_073_741_824.0), ("kB", 1e3), ("MB", 1e6)]
            .iter()
            .find(|known| known.0 == unit)
            .map_or(1.0, |known| known.1)
}

#[test]
fn the_figures_are_those_of_docker_stats() {
    let home = Home::new();
    let name = home.container("busy");
    // A fifth of a core, 40 MB that stay, and traffic that is over.
    docker(&["update", "--cpus", "0.2", &name]);
    docker(&["exec", "-d", &name, "sh", "-c", "x=$(head -c 20000000 /dev/zero | tr '\\0' x); while :; do :; done"]);
    let mut seen = Seen::sized(&home, &[], (160, 40));
    seen.shows(&name);
    seen.type_in(&format!(":resources {name}\r"));
    seen.shows("CPU ");
    home.until("docker and the view tell the same", || {
        let told = docker(&["stats", "--no-stream", "--format", "CPU {{.CPUPerc}} MEM {{.MemUsage}} BLOCK {{.BlockIO}} NET {{.NetIO}}", &name]);
        let text = seen.text();
        if !text.contains("MEM ") || !text.contains("/s w ") {
            return false;
        }
        let own = text.split("│ CPU").nth(1).map(|rest| format!("CPU{rest}")).unwrap_or_default();
        // Both look at another second; the limit makes them alike.
        let cpu = (figure(&told, "CPU") - figure(&own, "CPU")).abs() < 5.0 && figure(&told, "CPU") > 10.0;
        let memory = (figure(&told, "MEM") - figure(&own, "MEM")).abs() < 1_048_576.0 && figure(&told, "MEM") > 20e6;
        let limit = (figure(&told, "MiB /") - figure(&own, "MiB /")).abs() < 1.0;
        let network = (figure(&told, "NET") - figure(own.split("NET").nth(1).unwrap_or_default(), "B/s  ")).abs() < 500.0;
        cpu && memory && limit && network
    });
}

#[test]
fn what_happens_is_marked_on_the_time_axis_on_a_real_engine() {
    let home = Home::new();
    let name = home.container("restarted");
    let mut seen = Seen::sized(&home, &[], (160, 40));
    seen.shows(&name);
    seen.type_in(&format!(":resources {name}\r"));
    seen.shows("started");
    home.ok(&["stop", &name]);
    seen.shows("stopped");
    home.ok(&["start", &name]);
    seen.shows("last 5m");
    seen.type_in("]]");
    seen.shows("last 1h");
    seen.type_in("%");
    seen.shows("in percent");
    seen.type_in("p");
    seen.shows("paused at");
    seen.type_in("\u{1b}\u{1b}q");
}
