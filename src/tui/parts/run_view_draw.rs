//! How a run that is watched looks.
use super::run_log::Step;
use super::run_view::RunView;
use super::run_words;
use super::text;
use super::tile;
use crate::model::Run;
use crate::tui::command::CommandId;
use crate::tui::component::Context;
use crate::tui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;

/// A window of so many columns has the terminal beside the log; a smaller one below it.
const WIDE: u16 = 100;
/// Columns of the log at least and at most where the terminal is beside it.
const LEAST: u16 = 36;
const MOST: u16 = 72;
/// Rows below which there is no room for a terminal, and no room for a list of the steps.
const ROWS: u16 = 14;
const STEPS: u16 = 12;
/// Rows of the log below which the script's text has no room.
const CODED: u16 = 6;
/// Columns of a bar in the line on top.
const BAR: usize = 20;

/// Where the parts of the view lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rooms {
    /// Script, state and time.
    pub head: Rect,
    /// Why it is paused, and what can be done.
    pub paused: Option<Rect>,
    /// The steps.
    pub steps: Option<Rect>,
    /// The log.
    pub log: Rect,
    /// The script's text.
    pub code: Option<Rect>,
    /// The line above the terminal, and the terminal.
    pub pane: Option<(Rect, Rect)>,
}

impl Rooms {
    /// Divides the area.
    #[must_use]
    pub fn of(view: &RunView, cx: &Context) -> Self {
        let area = cx.area;
        let line = |y: u16| Rect { y, height: 1.min(area.height), ..area };
        let is_paused = view.run.as_ref().is_some_and(|run| run.paused.is_some()) && area.height > 3;
        let above = 1 + u16::from(is_paused);
        let body = Rect { y: area.y + above.min(area.height), height: area.height.saturating_sub(above), ..area };
        // Who has the screen read to them hears the log alone, and goes into the terminal.
        let (left, pane) = match view.pane_size().filter(|_| !cx.plain) {
            Some(size) if body.height >= ROWS && area.width >= WIDE => {
                let log = area.width.saturating_sub(size.cols + 1).clamp(LEAST, MOST);
                let right = Rect { x: body.x + log + 1, width: body.width - log - 1, ..body };
                (Rect { width: log, ..body }, Some(right))
            }
            Some(size) if body.height >= ROWS => {
                let rows = (size.rows + 1).min(body.height * 3 / 5);
                let below = Rect { y: body.bottom() - rows, height: rows, ..body };
                (Rect { height: body.height - rows, ..body }, Some(below))
            }
            _ => (body, None),
        };
        let count = u16::try_from(view.log.steps().len()).unwrap_or(u16::MAX);
        let rows = count.min(left.height / 3);
        let steps = (left.height >= STEPS && count > 0).then_some(Rect { height: rows, ..left });
        let used = steps.map_or(0, |steps| steps.height + 1);
        let rest = Rect { y: left.y + used, height: left.height - used, ..left };
        let code = view.code.is_shown(view.run.as_ref()) && rest.height >= CODED;
        let lines = if code { rest.height / 2 + 1 } else { 0 };
        let log = Rect { height: rest.height - lines, ..rest };
        let code = code.then_some(Rect { y: log.bottom(), height: lines, ..rest });
        let pane = pane.map(|room| (Rect { height: 1, ..room }, Rect { y: room.y + 1, height: room.height - 1, ..room }));
        Self { head: line(area.y), paused: is_paused.then(|| line(area.y + 1)), steps, log, code, pane }
    }
}

impl RunView {
    pub(super) fn draw_all(&self, frame: &mut Frame, cx: &Context) {
        let Some(run) = &self.run else {
            let key = cx.keymap.label(CommandId::GoScripts).unwrap_or_default();
            let words = format!("No run is watched: :runs lists them, {key} shows the scripts");
            return super::graph::middle(frame.buffer_mut(), cx.area, &words, cx.theme.style(Role::Muted));
        };
        let rooms = Rooms::of(self, cx);
        self.draw_head(frame, rooms.head, run, cx);
        if let (Some(room), Some(why)) = (rooms.paused, &run.paused) {
            let keys = [(CommandId::WatchResume, "goes on"), (CommandId::WatchStep, "one call"), (CommandId::WatchType, "types into its terminal")];
            let keys = keys.map(|(id, what)| format!("{} {what}", cx.keymap.label(id).unwrap_or_default()));
            let words = format!(" {} · {}", text::clip(why, usize::from(room.width / 2)), keys.join(" · "));
            text::put(frame.buffer_mut(), room.x, room.y, room.width, &words, cx.theme.style(Role::Warn));
        }
        if let Some(room) = rooms.steps {
            self.draw_steps(frame, room, run, cx);
            let rule = "─".repeat(room.width.into());
            text::put(frame.buffer_mut(), room.x, room.bottom(), room.width, &rule, cx.theme.style(Role::Border));
        }
        self.draw_log(frame, rooms.log, run, cx);
        if let Some(room) = rooms.code {
            self.code.draw(frame, room, self.line(), cx);
        }
        if let (Some((title, room)), Some(pane)) = (rooms.pane, &self.pane) {
            let buffer = frame.buffer_mut();
            for y in title.top()..room.bottom() {
                if room.x > cx.area.x {
                    text::put(buffer, room.x - 1, y, 1, "│", cx.theme.style(Role::Border));
                }
            }
            let key = cx.keymap.label(CommandId::WatchType).unwrap_or_default();
            let rule = "─".repeat(title.width.into());
            text::put(buffer, title.x, title.y, title.width, &rule, cx.theme.style(Role::Border));
            let words = format!(" {} · {key} types here ", text::clip(&self.pane_title(cx), usize::from(title.width.saturating_sub(20))));
            text::put(buffer, title.x + 1, title.y, title.width.saturating_sub(2), &words, cx.theme.style(Role::Muted));
            pane.draw(buffer, room, cx, false);
        }
        if cx.plain {
            frame.set_cursor_position((rooms.log.x, rooms.log.bottom().saturating_sub(1).max(rooms.log.y)));
        }
    }

    fn draw_head(&self, frame: &mut Frame, room: Rect, run: &Run, cx: &Context) {
        let (state, role) = run_words::state(run, cx.plain);
        let mut parts = vec![(run.script.clone(), Role::Title), (state, role), (Self::elapsed(run, cx), Role::Text)];
        if !run.state.is_over() {
            let progress = match run.progress {
                Some((done, total)) if total > 0 && !cx.plain && room.width >= 60 => tile::bar(done, total, BAR),
                Some((done, total)) => format!("{done} of {total}"),
                None => String::new(),
            };
            parts.extend([(progress, Role::Accent), (run.phase.clone(), Role::Text)]);
        }
        parts.extend([(run_words::steps(run), Role::Muted), (run_words::cause(&run.cause), Role::Muted), (run.owner.clone(), Role::Muted)]);
        if let Some(why) = &self.failed {
            parts.insert(2, (format!("{why}; it is tried again"), Role::Error));
        }
        let mut x = room.x + 1;
        for (words, role) in parts.iter().filter(|(words, _)| !words.is_empty()) {
            x += text::put(frame.buffer_mut(), x, room.y, room.right().saturating_sub(x), words, cx.theme.style(*role));
            x = x.saturating_add(2);
        }
    }

    fn draw_steps(&self, frame: &mut Frame, room: Rect, run: &Run, cx: &Context) {
        let skip = self.log.steps().len().saturating_sub(room.height.into());
        for (step, y) in self.log.steps().skip(skip).zip(room.top()..room.bottom()) {
            let (sign, word, role) = match step.ended {
                Some((_, false)) => ("✓", "done", Role::Ok),
                Some((_, true)) => ("✗", "failed", Role::Error),
                None if run.state.is_over() => ("✗", "not ended", Role::Error),
                None => ("▸", "under way", Role::Accent),
            };
            let time = took(step, run, cx);
            let columns = u16::try_from(text::width(&time)).unwrap_or(0);
            let name = if cx.plain { format!("{word}: {}", step.name) } else { format!("{sign} {}", step.name) };
            text::put(frame.buffer_mut(), room.x + 1, y, room.width.saturating_sub(columns + 3), &name, cx.theme.style(role));
            text::put(frame.buffer_mut(), room.right().saturating_sub(columns + 1), y, columns, &time, cx.theme.style(Role::Muted));
        }
    }

    fn draw_log(&self, frame: &mut Frame, room: Rect, run: &Run, cx: &Context) {
        let end = self.log.end(run);
        let all = self.log.lines().len() + end.len();
        let rows = usize::from(room.height);
        let top = all.saturating_sub(rows + self.up);
        let left = room.width.saturating_sub(1);
        for ((line, role), y) in self.log.lines().chain(&end).skip(top).zip(room.top()..room.bottom()) {
            text::put(frame.buffer_mut(), room.x + 1, y, left, line, cx.theme.style(*role));
        }
        if all == 0 && room.height > 0 {
            text::put(frame.buffer_mut(), room.x + 1, room.y, left, "Waiting for the first words …", cx.theme.style(Role::Muted));
        }
        if self.up > 0 && room.height > 0 {
            let key = cx.keymap.label(CommandId::WatchNewest).unwrap_or_default();
            let words = format!(" ↓ {} · {key} follows ", self.up);
            let columns = u16::try_from(text::width(&words)).unwrap_or(u16::MAX).min(room.width);
            text::put(frame.buffer_mut(), room.right() - columns, room.bottom() - 1, columns, &words, cx.theme.style(Role::Accent));
        }
        if self.log.dropped() > 0 && top == 0 && room.height > 0 {
            let words = format!("… {} entries before: cto runs logs -v {}", self.log.dropped(), run.id);
            text::put(frame.buffer_mut(), room.x + 1, room.y, left, &text::left(&words, left.into()), cx.theme.style(Role::Muted));
        }
    }
}

/// How long a step took; of one that goes on, the seconds so far, unless nothing is to move on the screen.
fn took(step: &Step, run: &Run, cx: &Context) -> String {
    match step.ended {
        Some((ms, _)) => run_words::short(ms),
        None if cx.plain || run.state.is_over() || run.paused.is_some() => String::new(),
        None => {
            let ms = cx.now.time.duration_since(step.began).as_millis();
            super::recordings::length(u64::try_from(ms).unwrap_or(0))
        }
    }
}
