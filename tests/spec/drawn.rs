//! Draws parts of the TUI from fixed data, for the tests that look at them.
use cto::model::Container;
use cto::model::ContainerState;
use cto::model::Health;
use cto::model::Operation;
use cto::model::OperationState;
use cto::model::Place;
use cto::model::Port;
use cto::model::Progress;
use cto::model::ProgressUnit;
use cto::model::Session;
use cto::model::SessionId;
use cto::model::SessionKind;
use cto::model::SessionState;
use cto::model::Size;
use cto::model::Stats;
use cto::model::TemplateEntry;
use cto::model::TemplateList;
use cto::model::TemplateOrigin;
use cto::term::Key;
use cto::term::KeyCode;
use cto::term::Mods;
use cto::term::MouseButton;
use cto::term::MouseEvent;
use cto::term::MouseKind;
use cto::term::Picture;
use cto::tui::component::Component;
use cto::tui::component::Context;
use cto::tui::data::Data;
use cto::tui::data::SmallPicture;
use cto::tui::keymap::Keymap;
use cto::tui::msg::Effect;
use cto::tui::msg::Msg;
use cto::tui::msg::Now;
use cto::tui::theme::Depth;
use cto::tui::theme::Theme;
use jiff::SignedDuration;
use jiff::Timestamp;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::time::Duration;

/// The sizes that every view is looked at in.
pub const SIZES: [(u16, u16); 4] = [(80, 24), (120, 40), (200, 50), (20, 5)];

/// A screen with data, theme and time, that parts are drawn on.
pub struct Drawn {
    pub data: Data,
    pub theme: Theme,
    pub keymap: Keymap,
    pub plain: bool,
    pub now: Now,
    pub area: Rect,
}

impl Drawn {
    /// A screen of this size, with nothing to show.
    pub fn new((width, height): (u16, u16)) -> Self {
        let now = Now { since_start: Duration::from_secs(60), time: noon() };
        let data = Data { listed: true, ..Data::default() };
        let keymap = Keymap::new("C-b").unwrap();
        Self { data, theme: Theme::standard(Depth::True), keymap, plain: false, now, area: Rect { x: 0, y: 0, width, height } }
    }

    /// A screen of this size with the usual containers and templates.
    pub fn usual(size: (u16, u16)) -> Self {
        let mut drawn = Self::new(size);
        drawn.data = usual();
        drawn
    }

    pub fn cx(&self) -> Context<'_> {
        Context { data: &self.data, theme: &self.theme, keymap: &self.keymap, plain: self.plain, now: self.now, area: self.area }
    }

    /// What the part looks like.
    pub fn buffer(&self, part: &dyn Component) -> Buffer {
        let mut terminal = Terminal::new(TestBackend::new(self.area.width, self.area.height)).unwrap();
        terminal.draw(|frame| part.draw(frame, self.area, &self.cx())).unwrap().buffer.clone()
    }

    /// The text of it, a line a row.
    pub fn text(&self, part: &dyn Component) -> String {
        lines(&self.buffer(part))
    }

    /// Sends a message to the part.
    pub fn send(&self, part: &mut dyn Component, msg: &Msg) -> Vec<Effect> {
        part.update(msg, &self.cx()).unwrap_or_default()
    }

    /// Presses a key: raw to those that take keys, or else the command that it runs.
    pub fn press(&self, part: &mut dyn Component, key: &str) -> Vec<Effect> {
        let key = cto::tui::keymap::parse(key).unwrap();
        if part.takes_keys()
            && let Some(effects) = part.update(&Msg::Key(key), &self.cx())
        {
            return effects;
        }
        let Some(command) = self.keymap.find(part.scopes(), key) else { return Vec::new() };
        self.send(part, &Msg::Command(command))
    }

    /// Types a text into the part.
    pub fn write(&self, part: &mut dyn Component, text: &str) {
        for c in text.chars() {
            self.send(part, &Msg::Key(Key::new(KeyCode::Char(c), Mods::NONE)));
        }
    }

    /// Clicks with the left button.
    pub fn click(&self, part: &mut dyn Component, col: u16, row: u16) -> Vec<Effect> {
        let mouse = MouseEvent { kind: MouseKind::Down, button: MouseButton::Left, col, row, mods: Mods::NONE };
        self.send(part, &Msg::Mouse(mouse))
    }

    /// Where a text stands on the screen: column and row of its first character.
    pub fn find(&self, part: &dyn Component, needle: &str) -> (u16, u16) {
        let buffer = self.buffer(part);
        for row in 0..self.area.height {
            for col in 0..self.area.width {
                let rest: String = (col..self.area.width).map(|col| buffer[(col, row)].symbol()).collect();
                if rest.starts_with(needle) {
                    return (col, row);
                }
            }
        }
        panic!("'{needle}' is not on the screen:\n{}", lines(&buffer));
    }
}

/// The text of a screen; the cell that a wide character covers is left out.
pub fn lines(buffer: &Buffer) -> String {
    let mut text = String::new();
    for row in 0..buffer.area.height {
        let mut line = String::new();
        let mut skip = 0;
        for col in 0..buffer.area.width {
            let symbol = buffer[(col, row)].symbol();
            if skip > 0 {
                skip -= 1;
                continue;
            }
            skip = unicode_width::UnicodeWidthStr::width(symbol).saturating_sub(1);
            line.push_str(symbol);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

pub fn noon() -> Timestamp {
    "2026-01-15T12:00:00Z".parse().unwrap()
}

fn ago(minutes: i64) -> Timestamp {
    noon() - SignedDuration::from_mins(minutes)
}

/// A container that runs, made so many minutes ago.
pub fn container(name: &str, template: &str, minutes: i64) -> Container {
    Container {
        id: format!("{name}-id").into(),
        name: name.to_owned(),
        image: "debian:bookworm-slim".to_owned(),
        state: ContainerState::Running,
        health: None,
        exit_code: None,
        oom_killed: false,
        error: None,
        created_at: ago(minutes),
        started_at: Some(ago(minutes)),
        finished_at: None,
        template: Some(template.to_owned()),
        owner: Some("ada".to_owned()),
        foreign: false,
        other_server: false,
        recording: false,
        tty: true,
        command: vec!["bash".to_owned()],
        ports: Vec::new(),
        sessions: 0,
        upkeep: Default::default(),
        stack: None,
        labels: std::collections::BTreeMap::new(),
    }
}

pub fn stats(container: &str, cpu_percent: f64, mebibytes: u64) -> Stats {
    Stats {
        container: format!("{container}-id").into(),
        cpu_percent,
        memory_bytes: mebibytes << 20,
        memory_limit_bytes: 512 << 20,
        pids: 3,
        network_bytes: (0, 0),
        block_bytes: (0, 0),
        at: noon(),
    }
}

pub fn session(container: &str, title: &str) -> Session {
    Session {
        id: SessionId(format!("ses_{container}_{title}")),
        container: format!("{container}-id").into(),
        container_name: container.to_owned(),
        kind: SessionKind::Exec,
        command: vec![title.to_owned()],
        title: title.to_owned(),
        state: SessionState::Live,
        size: Size::default(),
        owner: "ada".to_owned(),
        not_resumable: None,
        viewers: 1,
        head_offset: 10,
        recording: None,
        exit: None,
        created_at: ago(5),
    }
}

pub fn launch(name: &str, progress: Progress) -> Operation {
    Operation {
        id: format!("op_{name}").as_str().into(),
        title: format!("launch {name} from python"),
        target: name.to_owned(),
        template: Some("python".to_owned()),
        owner: "ada".to_owned(),
        state: OperationState::Running,
        progress,
        result: None,
        image: None,
        stack: None,
        problem: None,
        created_at: ago(1),
    }
}

pub fn template(json: &str) -> TemplateEntry {
    TemplateEntry { template: serde_json::from_str(json).unwrap(), origin: TemplateOrigin::Gallery, path: None, etag: "0".to_owned(), text: None }
}

pub fn templates() -> TemplateList {
    let items = [
        r#"{"name":"ascii-games","image":"ubuntu:22.04","description":"Games for the terminal","command":"/bin/bash","packages":["bastet","ninvaders","moon-buggy"]}"#,
        r#"{"name":"git","image":"debian:bookworm-slim","description":"Git and an editor","packages":["git"]}"#,
        r#"{"name":"python","image":"debian:bookworm-slim","description":"Python 3 and its tools","command":"python3"}"#,
        r#"{"name":"python-dev","image":"python:3.9-slim","description":"Python with ./workspace mounted","command":"/bin/bash","volumes":["./workspace:/workspace"],
            "params":{"version":{"description":"Python's version","choices":["3.11","3.12"],"default":"3.11"},"port":{"type":"integer","default":5000},"token":{"description":"needed to fetch"}}}"#,
        r#"{"name":"shell","image":"debian:bookworm-slim","description":"A shell and nothing else","command":"bash"}"#,
        r#"{"name":"system-monitor","image":"alpine:latest","command":"htop","readonly":true}"#,
        r#"{"name":"vim","image":"debian:bookworm-slim","description":"Vim","packages":["vim-tiny"]}"#,
    ];
    let complaint = Place {
        pointer: "/imgae".to_owned(),
        file: Some("templates/broken.json".to_owned()),
        line: Some(3),
        column: Some(5),
        detail: "unknown field 'imgae', did you mean 'image'?".to_owned(),
    };
    TemplateList { items: items.map(template).to_vec(), complaints: vec![complaint] }
}

/// Some of each kind.
pub fn usual() -> Data {
    let mut web = container("web-1", "python", 120);
    web.ports = vec![Port { host_ip: "127.0.0.1".to_owned(), host_port: 5000, container_port: 80, protocol: "tcp".to_owned() }];
    let mut db = container("db", "postgres", 110);
    db.health = Some(Health::Healthy);
    let mut sick = container("sick", "shell", 100);
    sick.health = Some(Health::Unhealthy);
    let mut build = container("build", "shell", 90);
    build.state = ContainerState::Exited;
    build.exit_code = Some(137);
    build.oom_killed = true;
    build.finished_at = Some(ago(4));
    let mut other = container("データベース", "postgres", 80);
    other.template = None;
    other.foreign = true;
    let mut paused = container("👩‍💻-dev", "vim", 70);
    paused.state = ContainerState::Paused;
    let mut data = Data { listed: true, ..Data::default() };
    data.containers = vec![paused, other, build, sick, db, web];
    data.sessions = vec![session("web-1", "bash"), session("web-1", "vim")];
    data.templates = templates();
    for (name, cpu, memory) in [("web-1", 3.2, 48), ("db", 0.9, 92), ("sick", 240.0, 1950), ("データベース", 0.0, 11)] {
        data.add_stats(stats(name, cpu, memory));
    }
    picture(&mut data, "web-1", "\x1b[1;1H$ flask run\x1b[2;1H\x1b[32m * Running on \x1b[1m0.0.0.0:5000\x1b[3;1H\x1b[0m日本語 ok \x1b[41;97m 500 \x1b[0m");
    picture(&mut data, "build", "\x1b[1;1Hcc1plus: out of memory\x1b[2;1Hmake: *** [all] Error 1");
    let progress = Progress {
        phase: "pulling python:3.9-slim".to_owned(),
        line: Some("a1b2c3: downloading".to_owned()),
        done: 12_300_000,
        total: 46_100_000,
        unit: ProgressUnit::Bytes,
    };
    data.operations = vec![launch("web-2", progress)];
    data
}

fn picture(data: &mut Data, container: &str, ansi: &str) {
    let picture = Picture::from_ansi(ansi.as_bytes(), Size { cols: 40, rows: 6 });
    data.pictures.insert(format!("{container}-id").into(), SmallPicture { session: SessionId("ses_1".to_owned()), picture });
}
