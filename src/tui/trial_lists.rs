//! The terminal client with long lists on a screen of memory, to be measured: many containers in the table, and a long log.
use super::app::App;
use super::app::Start;
use super::app::View;
use super::app::context;
use super::command::CommandId;
use super::keymap::Keymap;
use super::logs::News;
use super::logs::Told;
use super::logs::store::Batch;
use super::msg::Effect;
use super::msg::Msg;
use super::msg::Now;
use super::msg::PaneId;
use super::parts::workspace::Place;
use super::theme::Depth;
use super::theme::Theme;
use super::trial::failed;
use super::trial::screen;
use super::view;
use crate::error::Error;
use crate::error::Result;
use crate::model::Container;
use crate::model::ContainerId;
use crate::model::ContainerState;
use crate::model::Size;
use crate::model::Upkeep;
use crate::term::Key;
use crate::term::KeyCode;
use crate::term::Mods;
use jiff::Timestamp;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use std::collections::BTreeMap;
use std::time::Duration;

/// Lines that are told at once, as a reader of the engine's log tells them.
const AT_ONCE: usize = 4096;
/// A list that is never done is given up after so many steps.
const STEPS: u32 = 100_000;

/// A client that shows one long list.
pub struct LongList {
    app: App,
    terminal: Terminal<TestBackend>,
    since_start: Duration,
}

impl LongList {
    /// So many containers, in the table.
    ///
    /// # Errors
    /// When there is no screen of memory.
    pub fn containers(size: Size, count: usize) -> Result<Self> {
        let mut list = Self::of(size, (0..count).map(container).collect())?;
        list.run(CommandId::ToggleView)?;
        Ok(list)
    }

    /// The log of a container, of so many lines.
    ///
    /// # Errors
    /// When there is no screen of memory.
    pub fn log(size: Size, lines: impl Iterator<Item = String>) -> Result<Self> {
        let mut list = Self::of(size, vec![container(0)])?;
        list.app.view = View::Terminals;
        let app = &mut list.app;
        let containers = app.data.containers.clone();
        let cx = context!(app);
        app.work.open_logs(&containers, Place::Tab, &cx);
        let pane = app.work.focused().map(|pane| pane.id).ok_or_else(|| Error::internal("there is no log to measure"))?;
        let mut batch = Batch::default();
        for (time, line) in (0..).zip(lines) {
            batch.push(time, &line);
            if batch.len() == AT_ONCE {
                list.tell(pane, std::mem::take(&mut batch));
            }
        }
        list.tell(pane, batch);
        list.draw()?;
        Ok(list)
    }

    fn of(size: Size, containers: Vec<Container>) -> Result<Self> {
        let now = Now { since_start: Duration::ZERO, time: Timestamp::now() };
        let mut app = App::new(Start::Home, Theme::standard(Depth::True), Keymap::new("C-b")?, 2000, size, now);
        app.data.listed = true;
        app.data.containers = containers;
        Ok(Self { app, terminal: screen(size)?, since_start: Duration::ZERO })
    }

    fn tell(&mut self, pane: PaneId, batch: Batch) {
        let news = News { source: 0, round: 1, what: Told::Lines(batch) };
        self.update(Msg::Log(pane, news));
    }

    /// Runs a command and draws what it has led to.
    ///
    /// # Errors
    /// When the screen of memory fails.
    pub fn run(&mut self, id: CommandId) -> Result<()> {
        self.update(Msg::Command(id));
        self.draw()
    }

    /// Types a character and draws what it has led to.
    ///
    /// # Errors
    /// When the screen of memory fails.
    pub fn press(&mut self, key: KeyCode) -> Result<()> {
        self.update(Msg::Key(Key::new(key, Mods::NONE)));
        self.draw()
    }

    /// Lets time go on, a frame at a time, until everything has been looked through.
    ///
    /// # Errors
    /// When it is never done, or the screen of memory fails.
    pub fn look_through(&mut self) -> Result<()> {
        for _ in 0..STEPS {
            let effects = self.update(Msg::Tick);
            self.draw()?;
            if !effects.iter().any(|effect| matches!(effect, Effect::WakeAt(at) if at.is_zero())) {
                return Ok(());
            }
        }
        Err(Error::internal("a list that was to be measured is never looked through"))
    }

    /// What the screen shows, a line a row.
    #[must_use]
    pub fn text(&self) -> String {
        self.terminal.backend().to_string()
    }

    fn update(&mut self, msg: Msg) -> Vec<Effect> {
        self.since_start += Duration::from_millis(16);
        self.app.update(msg, Now { since_start: self.since_start, time: self.app.now.time })
    }

    fn draw(&mut self) -> Result<()> {
        let app = &self.app;
        self.terminal.draw(|frame| view::draw(app, frame)).map(drop).map_err(failed)
    }
}

fn container(number: usize) -> Container {
    let now = Timestamp::now();
    Container {
        id: ContainerId::from(format!("{number:064x}")),
        name: format!("service-{number:03}"),
        image: "debian:bookworm-slim".to_owned(),
        state: if number % 5 == 4 { ContainerState::Exited } else { ContainerState::Running },
        health: None,
        exit_code: None,
        oom_killed: false,
        error: None,
        created_at: now,
        started_at: Some(now),
        finished_at: None,
        template: Some("shell".to_owned()),
        owner: Some("trial".to_owned()),
        foreign: number.is_multiple_of(3),
        other_server: false,
        tty: true,
        recording: false,
        command: vec!["sh".to_owned()],
        ports: Vec::new(),
        sessions: 0,
        upkeep: Upkeep::default(),
        stack: None,
        labels: BTreeMap::new(),
    }
}
