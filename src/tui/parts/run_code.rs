//! The text of a run that is watched: the line that it is at, and where it pauses.
use super::edit_draw;
use super::run_view::RunView;
use super::text;
use super::toast::say;
use crate::model::Run;
use crate::model::RunId;
use crate::model::RunText;
use crate::tui::command::CommandId;
use crate::tui::component::Context;
use crate::tui::edit::Document;
use crate::tui::edit::Kind;
use crate::tui::edit::document::Toggled;
use crate::tui::msg::Effect;
use crate::tui::runs::RunsWish;
use crate::tui::runs::wish;
use crate::tui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;

/// The text, as far as it was asked for.
#[derive(Debug, Default)]
pub struct RunCode {
    pub(super) document: Option<Document>,
    asked: bool,
    /// Whether it is shown where somebody said so; else while the run is paused.
    pinned: Option<bool>,
    /// The line that the cursor was brought to last.
    followed: Option<u32>,
}

impl RunCode {
    /// Whether it is to be seen, as far as it is known.
    pub(super) fn is_shown(&self, run: Option<&Run>) -> bool {
        self.document.is_some() && self.is_wanted(run)
    }

    fn is_wanted(&self, run: Option<&Run>) -> bool {
        self.pinned.unwrap_or_else(|| run.is_some_and(|run| run.paused.is_some()))
    }

    /// Asks for the text where it is to be seen and is not known.
    pub(super) fn due(&mut self, run: &Run) -> Vec<Effect> {
        if self.asked || !self.is_wanted(Some(run)) {
            return Vec::new();
        }
        self.asked = true;
        vec![wish(RunsWish::Source(run.id.clone()))]
    }

    /// Takes it in; what cannot be had is not asked for again.
    pub(super) fn take(&mut self, told: &RunText, line: Option<u32>) {
        let cursor = self.document.as_ref().map(Document::cursor);
        let source = &told.script.source;
        let mut document = Document::new(Kind::Script(told.script.name.clone()), source, source, String::new());
        document.breakpoints = told.breakpoints.iter().map(|line| line.saturating_sub(1) as usize).collect();
        if let Some((row, _)) = cursor {
            document.go(row, 0);
        }
        self.document = Some(document);
        self.follow(line);
    }

    /// Brings the cursor to the line that the run is at, when that is another than before.
    pub(super) fn follow(&mut self, line: Option<u32>) {
        if let (Some(document), Some(line)) = (&mut self.document, line.filter(|line| self.followed != Some(*line))) {
            document.go(line.saturating_sub(1) as usize, 0);
            self.followed = Some(line);
        }
    }

    /// Does one of its commands.
    pub(super) fn command(&mut self, id: CommandId, run: &Run) -> Vec<Effect> {
        use CommandId as C;
        if id == C::WatchText {
            self.pinned = Some(!self.is_wanted(Some(run)));
            return self.due(run);
        }
        let Some(document) = &mut self.document else {
            // It comes, and the key is pressed again.
            self.pinned = Some(true);
            return self.due(run).into_iter().chain([say("the script's text is shown first")]).collect();
        };
        let (row, _) = document.cursor();
        match id {
            C::WatchLineUp => document.go(row.saturating_sub(1), 0),
            C::WatchLineDown => document.go(row + 1, 0),
            _ if run.state.is_over() => return vec![say("it is over")],
            _ => return toggle(document, &run.id),
        }
        Vec::new()
    }

    pub(super) fn draw(&self, frame: &mut Frame, room: Rect, line: Option<u32>, cx: &Context) {
        let Some(document) = &self.document else { return };
        let buffer = frame.buffer_mut();
        let rule = "─".repeat(room.width.into());
        text::put(buffer, room.x, room.y, room.width, &rule, cx.theme.style(Role::Border));
        let title = format!(" {} ", document.kind.title());
        text::put(buffer, room.x + 1, room.y, room.width.saturating_sub(2), &title, cx.theme.style(Role::Muted));
        let body = Rect { y: room.y + 1, height: room.height.saturating_sub(1), ..room };
        let (row, _) = document.cursor();
        let rows = usize::from(body.height);
        let top = row.saturating_sub(rows / 2).min(document.rows().len().saturating_sub(rows));
        let digits = u16::try_from(document.rows().len().to_string().len()).unwrap_or(4);
        let width = (digits + 3).min(body.width / 2);
        let at = line.map(|line| line.saturating_sub(1) as usize);
        for (own, y) in (top..document.rows().len()).zip(body.top()..body.bottom()) {
            let gutter = Rect { y, height: 1, width, ..body };
            let code = Rect { x: body.x + width, y, width: body.width - width, height: 1 };
            edit_draw::draw_number(buffer, gutter, document, own, cx);
            edit_draw::draw_row(buffer, code, document, (own, 0), &[], cx);
            if at == Some(own) {
                text::put(buffer, gutter.right().saturating_sub(2), y, 1, if cx.plain { ">" } else { "▶" }, cx.theme.style(Role::Warn));
                buffer.set_style(code, cx.theme.style(Role::Selection));
            }
        }
    }
}

fn toggle(document: &mut Document, run: &RunId) -> Vec<Effect> {
    let words = match document.toggle_breakpoint() {
        Toggled::Set(row) => format!("it pauses at line {}", row + 1),
        Toggled::Moved(row) => format!("that line asks for nothing: it pauses at line {}", row + 1),
        Toggled::Gone(row) => format!("no pause at line {} any more", row + 1),
        Toggled::Nowhere => return vec![say("nothing below asks for anything: a run pauses only at such calls")],
    };
    vec![wish(RunsWish::PauseAt(run.clone(), document.lines_to_pause())), say(words)]
}

impl RunView {
    /// The line that the run is at, as far as its log was read.
    pub(super) fn line(&self) -> Option<u32> {
        self.log.line()
    }
}
