//! The terminal client on a screen of memory, to be measured; and plain ratatui with the same panes beside it.
use super::app::App;
use super::app::Start;
use super::app::View;
use super::keymap::Keymap;
use super::layout::Ready as Arrangement;
use super::msg::Msg;
use super::msg::Now;
use super::msg::PaneId;
use super::parts::workspace::Place;
use super::theme::Depth;
use super::theme::Theme;
use super::view;
use crate::error::Error;
use crate::error::Result;
use crate::model::Ready;
use crate::model::Resume;
use crate::model::ServerFrame;
use crate::model::Session;
use crate::model::SessionId;
use crate::model::SessionKind;
use crate::model::SessionState;
use crate::model::Size;
use jiff::Timestamp;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::layout::Rect;
use ratatui::widgets::Paragraph;
use std::time::Duration;

/// A client with panes that nobody is connected to.
pub struct Trial {
    app: App,
    terminal: Terminal<TestBackend>,
    panes: Vec<PaneId>,
    offset: u64,
    frames: u64,
}

impl Trial {
    /// A client of this size whose window is divided into so many panes.
    ///
    /// # Errors
    /// When the panes can't be arranged, as in no room at all.
    pub fn new(size: Size, panes: usize) -> Result<Self> {
        let now = Now { since_start: Duration::ZERO, time: Timestamp::now() };
        let mut app = App::new(Start::Home, Theme::standard(Depth::True), Keymap::new("C-b")?, 2000, size, now);
        app.view = View::Terminals;
        app.data.listed = true;
        for number in 0..panes {
            let place = if number == 0 { Place::Tab } else { Place::Split };
            let cx = super::app::context!(app);
            app.work.show(&session(number, size), place, &cx);
        }
        let tab = app.work.tabs.first_mut().ok_or_else(|| Error::internal("there is no pane to measure"))?;
        tab.tree = tab.tree.arranged(Arrangement::Tiled);
        let panes = tab.tree.panes();
        let cx = super::app::context!(app);
        app.work.arrange(&cx);
        let mut trial = Self { app, terminal: screen(size)?, panes, offset: 0, frames: 0 };
        for place in 0..trial.panes.len() {
            let Size { cols, rows } = trial.size(place);
            let ready = Ready {
                session: SessionId(place.to_string()),
                cols,
                rows,
                head_offset: 0,
                oldest_offset: 0,
                resume: Resume::Delta,
                last_seq: 0,
                title: String::new(),
            };
            trial.take(place, ServerFrame::Ready(Box::new(ready)));
            trial.take(place, ServerFrame::Resized { offset: 0, size: Size { cols, rows } });
        }
        Ok(trial)
    }

    /// The room of a pane.
    #[must_use]
    pub fn size(&self, pane: usize) -> Size {
        self.panes.get(pane).and_then(|id| self.app.work.panes.get(id)).map_or(Size::default(), |pane| pane.size)
    }

    /// Gives every pane the same output, as from its session.
    pub fn feed(&mut self, bytes: &[u8]) {
        for place in 0..self.panes.len() {
            self.take(place, ServerFrame::Output { offset: self.offset, bytes: bytes.to_vec() });
        }
        self.offset += bytes.len() as u64;
    }

    /// Draws a frame.
    ///
    /// # Errors
    /// When the screen of memory fails.
    pub fn draw(&mut self) -> Result<()> {
        self.frames += 1;
        let app = &self.app;
        self.terminal.draw(|frame| view::draw(app, frame)).map(drop).map_err(failed)
    }

    /// What the screen shows, a line a row.
    #[must_use]
    pub fn text(&self) -> String {
        self.terminal.backend().to_string()
    }

    fn take(&mut self, place: usize, frame: ServerFrame) {
        let now = Now { since_start: Duration::from_millis(16) * u32::try_from(self.frames).unwrap_or(u32::MAX), time: Timestamp::now() };
        if let Some(pane) = self.panes.get(place) {
            self.app.update(Msg::Frame(*pane, frame), now);
        }
    }
}

/// The same number of panes as plain paragraphs of text, without terminals in them: what ratatui alone takes.
pub struct Plain {
    terminal: Terminal<TestBackend>,
    areas: Vec<Rect>,
}

impl Plain {
    /// Paragraphs where the trial has its panes.
    ///
    /// # Errors
    /// When the screen of memory fails.
    pub fn beside(trial: &Trial) -> Result<Self> {
        let areas = trial.panes.iter().filter_map(|pane| trial.app.work.content(*pane)).collect();
        let all = trial.terminal.size().map_err(failed)?;
        Ok(Self { terminal: screen(Size { cols: all.width, rows: all.height })?, areas })
    }

    /// Draws the same lines into each.
    ///
    /// # Errors
    /// When the screen of memory fails.
    pub fn draw(&mut self, lines: &str) -> Result<()> {
        let areas = &self.areas;
        let drawn = self.terminal.draw(|frame| areas.iter().for_each(|area| frame.render_widget(Paragraph::new(lines), *area)));
        drawn.map(drop).map_err(failed)
    }
}

pub(super) fn screen(size: Size) -> Result<Terminal<TestBackend>> {
    Terminal::new(TestBackend::new(size.cols, size.rows)).map_err(failed)
}

pub(super) fn failed(error: impl std::fmt::Display) -> Error {
    Error::internal(format!("the screen of memory failed: {error}"))
}

fn session(number: usize, size: Size) -> Session {
    Session {
        id: SessionId(number.to_string()),
        container: "trial".into(),
        container_name: "trial".to_owned(),
        kind: SessionKind::Exec,
        command: vec!["trial".to_owned()],
        title: "trial".to_owned(),
        state: SessionState::Live,
        size,
        owner: "trial".to_owned(),
        not_resumable: None,
        viewers: 1,
        head_offset: 0,
        exit: None,
        recording: None,
        created_at: Timestamp::now(),
    }
}
