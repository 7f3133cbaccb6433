//! The last messages, to be read again.
use super::popup::Popup;
use super::reader::Line;
use super::reader::Reader;
use super::toast::Toasts;
use crate::term::KeyCode;
use crate::tui::command::CommandId;
use crate::tui::component::Component;
use crate::tui::component::Context;
use crate::tui::component::Hint;
use crate::tui::msg::Ask;
use crate::tui::msg::Effect;
use crate::tui::msg::Msg;
use crate::tui::msg::ToastKind;
use crate::tui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;

/// Columns of the text at most.
const COLS: u16 = 100;

/// The overlay that shows them.
#[derive(Clone, Debug)]
pub struct Errors {
    lines: Vec<Line>,
    reader: Reader,
}

impl Errors {
    /// The messages as they are now, the newest first; times in UTC.
    #[must_use]
    pub fn new(toasts: &Toasts) -> Self {
        let mut lines = Vec::new();
        for toast in toasts.log().rev().filter(|toast| matches!(toast.kind, ToastKind::Error | ToastKind::Warning)) {
            let role = if toast.kind == ToastKind::Error { Role::Error } else { Role::Warn };
            let time = toast.at.time.strftime("%H:%M:%S").to_string();
            let mut before = time;
            for line in toast.text.lines() {
                lines.push((format!("{before:8}  {line}"), role));
                before = String::new();
            }
        }
        if lines.is_empty() {
            lines.push(("nothing went wrong since the start".to_owned(), Role::Muted));
        }
        Self { lines, reader: Reader::default() }
    }

    fn place(&self, area: Rect) -> Popup {
        Popup::place(area, COLS, u16::try_from(self.lines.len()).unwrap_or(u16::MAX))
    }
}

impl Component for Errors {
    fn update(&mut self, msg: &Msg, cx: &Context) -> Option<Vec<Effect>> {
        if matches!(msg, Msg::Key(key) if key.code == KeyCode::Tab) {
            return Some(vec![Effect::Ask(Ask::Run(CommandId::EngineCalls))]);
        }
        let rows = usize::from(self.place(cx.area).inner.height);
        self.reader.update(msg, rows, &self.lines)
    }

    fn draw(&self, frame: &mut Frame, area: Rect, cx: &Context) {
        let popup = self.place(area);
        popup.draw(frame, cx.theme, "Errors and warnings", "/ find  ⇥ engine calls  esc leave");
        self.reader.draw(frame, &popup, &self.lines, cx);
    }

    fn takes_keys(&self) -> bool {
        true
    }

    fn hints(&self, _cx: &Context) -> Option<Vec<Hint>> {
        Some(vec![("/".to_owned(), "find".to_owned()), ("⇥".to_owned(), "engine calls".to_owned()), ("esc".to_owned(), "leave".to_owned())])
    }
}
