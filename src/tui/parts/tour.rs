//! The tour for those who are here for the first time: it points at what there is to do, and goes on when that is done.
use super::popup;
use super::text;
use crate::tui::app::View;
use crate::tui::command::CommandId;
use crate::tui::component::Context;
use crate::tui::plain::in_words;
use crate::tui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::widgets::Block;
use ratatui::widgets::Widget as _;

/// Columns of the text.
const COLS: u16 = 46;
/// Where there is less room than this, there is none for a tour.
const LEAST: (u16, u16) = (60, 14);

/// Where the tour is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Launch a container.
    Launch,
    /// Open its terminal.
    Open,
    /// The prefix, in a terminal.
    Prefix,
    /// Home again, where things have keys.
    Home,
    /// Everything else has a name.
    Find,
    /// The last word.
    Help,
}

impl Step {
    const ALL: [Self; 6] = [Self::Launch, Self::Open, Self::Prefix, Self::Home, Self::Find, Self::Help];

    fn place(self) -> usize {
        Self::ALL.iter().position(|step| *step == self).unwrap_or(0)
    }

    /// The one after it; none after the last.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        Self::ALL.get(self.place() + 1).copied()
    }

    /// Where the tour is when this is seen: what is done already is not taught.
    #[must_use]
    pub fn follow(self, view: View, cx: &Context) -> Self {
        let runs = cx.data.containers.iter().any(super::state::runs);
        match (self, view) {
            (Self::Launch, View::Terminals) | (Self::Open, View::Terminals) => Self::Prefix,
            (Self::Launch, _) if runs => Self::Open,
            (Self::Prefix, View::Home) => Self::Home,
            (step, _) => step,
        }
    }

    fn words(self, cx: &Context) -> (&'static str, String) {
        let key = |id: CommandId| cx.keymap.label(id).unwrap_or_else(|| format!(":{}", crate::tui::command::command(id).name));
        match self {
            Self::Launch => ("Welcome", format!("Press {} to launch a container from a template; each tile will be one.", key(CommandId::Launch))),
            Self::Open => ("A terminal", format!("{} on a container opens its terminal. What runs in it goes on when you leave.", key(CommandId::Open))),
            Self::Prefix => (
                "In a terminal",
                format!(
                    "All keys go to the program, except one: {}. After it come commands: {} splits, {} goes home.",
                    cx.keymap.show(cx.keymap.prefix()),
                    key(CommandId::SplitRight),
                    key(CommandId::Detach)
                ),
            ),
            Self::Home => (
                "Containers",
                format!(
                    "{} logs, {} stop, {} all that can be done. The bottom line shows what is valid here.",
                    key(CommandId::Logs),
                    key(CommandId::Stop),
                    key(CommandId::Menu)
                ),
            ),
            Self::Find => (
                "Everything has a name",
                format!("{} finds commands, containers and templates; {} takes their names.", key(CommandId::Palette), key(CommandId::CommandLine)),
            ),
            Self::Help => ("That is all", format!("{} shows every key. :tour shows this again.", key(CommandId::Help))),
        }
    }

    /// Draws it into the lower right corner of `area`; `waits` when keys are its own.
    pub fn draw(self, frame: &mut Frame, area: Rect, waits: bool, cx: &Context) {
        if area.width < LEAST.0 || area.height < LEAST.1 {
            return;
        }
        let (title, words) = self.words(cx);
        let lines = text::wrap(&words, usize::from(COLS));
        let height = u16::try_from(lines.len()).unwrap_or(1) + 2;
        let place = Rect { x: area.right() - COLS - 4, y: area.bottom() - height, width: COLS + 4, height };
        popup::clear(frame, place);
        let buffer = frame.buffer_mut();
        Block::bordered().border_style(cx.theme.style(Role::BorderFocus)).style(cx.theme.style(Role::Text)).render(place, buffer);
        let title = format!(" {title} {}/{} ", self.place() + 1, Self::ALL.len());
        text::put(buffer, place.x + 1, place.y, COLS, &title, cx.theme.style(Role::Title));
        for (line, y) in lines.iter().zip(place.y + 1..) {
            text::put(buffer, place.x + 2, y, COLS, line, cx.theme.style(Role::Text));
        }
        let hints = if waits { " ⇥ next  esc ends the tour " } else { " goes on at the containers " };
        let hints = if cx.plain { in_words(hints) } else { hints.to_owned() };
        text::put(buffer, place.x + 1, place.bottom() - 1, COLS, &hints, cx.theme.style(Role::Muted));
    }
}
