//! All that is known of a container, as JSON.
use super::popup::Popup;
use super::reader::Line;
use super::reader::Reader;
use crate::model::ContainerId;
use crate::tui::component::Component;
use crate::tui::component::Context;
use crate::tui::msg::Effect;
use crate::tui::msg::Msg;
use crate::tui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;

/// Columns of the box at most.
const COLS: u16 = 100;

/// The overlay that shows it.
#[derive(Clone, Debug)]
pub struct Inspect {
    container: ContainerId,
    reader: Reader,
}

impl Inspect {
    /// At its first line.
    #[must_use]
    pub fn new(container: ContainerId) -> Self {
        Self { container, reader: Reader::default() }
    }

    fn lines(&self, cx: &Context) -> Vec<Line> {
        let Some(container) = cx.data.container(&self.container) else { return vec![("it is gone".to_owned(), Role::Muted)] };
        let sessions: Vec<_> = cx.data.sessions.iter().filter(|session| session.container == self.container).collect();
        let all = serde_json::json!({ "container": container, "sessions": sessions, "stats": cx.data.latest(&self.container) });
        let text = serde_json::to_string_pretty(&all).unwrap_or_else(|error| error.to_string());
        text.lines().map(|line| (line.to_owned(), Role::Text)).collect()
    }

    fn place(area: Rect, lines: &[Line]) -> Popup {
        Popup::place(area, COLS, u16::try_from(lines.len()).unwrap_or(u16::MAX))
    }
}

impl Component for Inspect {
    fn update(&mut self, msg: &Msg, cx: &Context) -> Option<Vec<Effect>> {
        let lines = self.lines(cx);
        let rows = usize::from(Self::place(cx.area, &lines).inner.height);
        self.reader.update(msg, rows, &lines)
    }

    fn draw(&self, frame: &mut Frame, area: Rect, cx: &Context) {
        let lines = self.lines(cx);
        let popup = Self::place(area, &lines);
        let name = cx.data.container(&self.container).map_or("", |container| container.name.as_str());
        popup.draw(frame, cx.theme, name, "/ find  esc leave");
        self.reader.draw(frame, &popup, &lines, cx);
    }

    fn takes_keys(&self) -> bool {
        true
    }

    fn hints(&self, _cx: &Context) -> Option<Vec<(String, String)>> {
        Some(vec![("/".to_owned(), "find".to_owned()), ("n".to_owned(), "next".to_owned()), ("esc".to_owned(), "leave".to_owned())])
    }
}
