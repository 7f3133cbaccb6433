//! Short messages in the corner; errors stay until a key is pressed and can be read again.
use super::popup;
use super::text;
use crate::tui::component::Context;
use crate::tui::msg::Ask;
use crate::tui::msg::Effect;
use crate::tui::msg::Now;
use crate::tui::msg::ToastKind;
use crate::tui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;
use std::collections::VecDeque;
use std::time::Duration;

/// How long a message is shown, unless it is an error.
const SHOWN_FOR: Duration = Duration::from_secs(4);
/// Messages shown at once; the oldest goes first.
const AT_ONCE: usize = 4;
/// Messages kept to be read again; the oldest goes first.
const KEPT: usize = 200;
/// Columns of a message at most.
const COLS: u16 = 64;

/// Asks for a message that is no bad news.
pub(super) fn say(text: impl Into<String>) -> Effect {
    Effect::Ask(Ask::Toast(ToastKind::Info, text.into()))
}

/// A message as it was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast {
    /// How it is meant.
    pub kind: ToastKind,
    /// What it says.
    pub text: String,
    /// When it came.
    pub at: Now,
}

impl Toast {
    fn stays(&self) -> bool {
        self.kind == ToastKind::Error
    }

    fn mark(&self) -> (&'static str, Role) {
        match self.kind {
            ToastKind::Info => ("·", Role::Info),
            ToastKind::Done => ("✓", Role::Ok),
            ToastKind::Warning => ("▲", Role::Warn),
            ToastKind::Error => ("✖", Role::Error),
        }
    }
}

/// The messages shown, and those of before.
#[derive(Clone, Debug, Default)]
pub struct Toasts {
    shown: VecDeque<Toast>,
    log: VecDeque<Toast>,
}

impl Toasts {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Shows a message; the same one again only begins its time anew.
    pub fn push(&mut self, kind: ToastKind, text: impl Into<String>, at: Now) {
        let toast = Toast { kind, text: text.into(), at };
        self.shown.retain(|shown| shown.text != toast.text || shown.kind != kind);
        if self.shown.len() >= AT_ONCE {
            self.shown.pop_front();
        }
        if self.log.len() >= KEPT {
            self.log.pop_front();
        }
        self.shown.push_back(toast.clone());
        self.log.push_back(toast);
    }

    /// Takes away errors, since a key was pressed; returns whether something was.
    pub fn dismiss(&mut self) -> bool {
        let before = self.shown.len();
        self.shown.retain(|toast| !toast.stays());
        self.shown.len() != before
    }

    /// Takes away what was shown long enough; returns whether something was.
    pub fn expire(&mut self, now: Duration) -> bool {
        let before = self.shown.len();
        self.shown.retain(|toast| toast.stays() || now < toast.at.since_start + SHOWN_FOR);
        self.shown.len() != before
    }

    /// When the next message goes away by itself, since the program began.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        self.shown.iter().filter(|toast| !toast.stays()).map(|toast| toast.at.since_start + SHOWN_FOR).min()
    }

    /// All messages that are kept, the oldest first.
    pub fn log(&self) -> impl DoubleEndedIterator<Item = &Toast> {
        self.log.iter()
    }

    /// Draws those shown into the lower right corner of `area`, the newest below.
    pub fn draw(&self, frame: &mut Frame, area: Rect, cx: &Context) {
        let mut bottom = area.bottom();
        for toast in self.shown.iter().rev() {
            let cols = COLS.min(area.width.saturating_sub(1));
            let room = usize::from(cols.saturating_sub(4));
            // What its mark and colour say, in words.
            let kind = match toast.kind {
                ToastKind::Error if cx.plain => "error: ",
                ToastKind::Warning if cx.plain => "warning: ",
                _ => "",
            };
            let lines = text::wrap(&format!("{kind}{}", toast.text), room);
            let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX).min(bottom.saturating_sub(area.y));
            if room == 0 || rows == 0 {
                return;
            }
            let widest = lines.iter().map(|line| text::width(line)).max().unwrap_or(0);
            let width = u16::try_from(widest).unwrap_or(cols).saturating_add(4).min(cols);
            let place = Rect { x: area.right() - width, y: bottom - rows, width, height: rows };
            popup::clear(frame, place);
            let (mark, role) = toast.mark();
            let style = cx.theme.style(role);
            for (line, y) in lines.iter().zip(place.y..place.bottom()) {
                text::put(frame.buffer_mut(), place.x + 3, y, width - 3, line, cx.theme.style(Role::Text));
            }
            if !cx.plain {
                text::put(frame.buffer_mut(), place.x, place.y, 3, &format!(" {mark}"), style);
            }
            bottom = place.y;
        }
    }
}
