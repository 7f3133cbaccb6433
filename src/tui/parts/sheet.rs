//! Lines to be read, in a box: details, layers, JSON.
use super::popup::Popup;
use super::reader::Line;
use super::reader::Reader;
use crate::tui::component::Component;
use crate::tui::component::Context;
use crate::tui::msg::Effect;
use crate::tui::msg::Msg;
use ratatui::Frame;
use ratatui::layout::Rect;

/// Columns of the box at most.
const COLS: u16 = 100;

/// The overlay.
#[derive(Clone, Debug)]
pub struct Sheet {
    title: String,
    lines: Vec<Line>,
    reader: Reader,
}

impl Sheet {
    /// At its first line.
    #[must_use]
    pub fn new(title: String, lines: Vec<Line>) -> Self {
        Self { title, lines, reader: Reader::default() }
    }

    fn place(&self, area: Rect) -> Popup {
        Popup::place(area, COLS, u16::try_from(self.lines.len()).unwrap_or(u16::MAX))
    }
}

impl Component for Sheet {
    fn update(&mut self, msg: &Msg, cx: &Context) -> Option<Vec<Effect>> {
        let rows = usize::from(self.place(cx.area).inner.height);
        self.reader.update(msg, rows, &self.lines)
    }

    fn draw(&self, frame: &mut Frame, area: Rect, cx: &Context) {
        let popup = self.place(area);
        popup.draw(frame, cx.theme, &self.title, "/ find  esc leave");
        self.reader.draw(frame, &popup, &self.lines, cx);
    }

    fn takes_keys(&self) -> bool {
        true
    }

    fn hints(&self, _cx: &Context) -> Option<Vec<(String, String)>> {
        Some(vec![("/".to_owned(), "find".to_owned()), ("n".to_owned(), "next".to_owned()), ("esc".to_owned(), "leave".to_owned())])
    }
}
