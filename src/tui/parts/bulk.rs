//! How far one thing is that is done to several containers, and what became of each.
use super::popup::Pointed;
use super::popup::Popup;
use super::text;
use super::toast::say;
use crate::term::Key;
use crate::term::KeyCode;
use crate::term::Mods;
use crate::tui::bulk::BulkJob;
use crate::tui::bulk::BulkNews;
use crate::tui::bulk::End;
use crate::tui::bulk::Outcome;
use crate::tui::component::Component;
use crate::tui::component::Context;
use crate::tui::msg::Ask;
use crate::tui::msg::Effect;
use crate::tui::msg::Msg;
use crate::tui::msg::ToastKind;
use crate::tui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;

/// Columns of the list at most.
const COLS: u16 = 90;
/// Rows of it at most.
const ROWS: u16 = 24;

/// How one step stands.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Waiting,
    Working,
    Over(Outcome),
}

/// The overlay.
#[derive(Clone, Debug)]
pub struct Bulk {
    id: u64,
    verb: String,
    steps: Vec<(String, Step)>,
    cursor: usize,
    /// The rest is not to be done any more.
    cancelled: bool,
}

impl Bulk {
    /// Of a job that begins.
    #[must_use]
    pub fn new(job: &BulkJob) -> Self {
        let steps = job.steps.iter().map(|step| (step.name.clone(), Step::Waiting)).collect();
        Self { id: job.id, verb: job.verb.clone(), steps, cursor: 0, cancelled: false }
    }

    fn count(&self, of: impl Fn(&Step) -> bool) -> usize {
        self.steps.iter().filter(|(_, step)| of(step)).count()
    }

    fn is_over(&self) -> bool {
        self.count(|step| matches!(step, Step::Over(_))) == self.steps.len()
    }

    /// `stop: 2 of 5 done, 1 failed`.
    fn title(&self) -> String {
        let ended = |end: End| self.count(|step| matches!(step, Step::Over(outcome) if outcome.end == end));
        summary(&self.verb, self.steps.len(), ended(End::Done), ended(End::Failed), ended(End::Cancelled))
    }

    fn learn(&mut self, news: &BulkNews) {
        match news {
            BulkNews::Began(place) => {
                if let Some((_, step)) = self.steps.get_mut(*place) {
                    *step = Step::Working;
                }
            }
            BulkNews::Ended(place, outcome) => {
                if let Some((_, step)) = self.steps.get_mut(*place) {
                    *step = Step::Over(outcome.clone());
                }
            }
            BulkNews::Over(..) => {}
        }
    }

    fn key(&mut self, key: Key) -> Vec<Effect> {
        let last = self.steps.len().saturating_sub(1);
        let close = Effect::Ask(Ask::Close);
        match key.code {
            KeyCode::Esc if !self.is_over() && !self.cancelled => {
                self.cancelled = true;
                return vec![Effect::StopBulk(self.id)];
            }
            KeyCode::Esc | KeyCode::Char('q') => return vec![close],
            KeyCode::Char('c') if key.mods.contains(Mods::CTRL) => return vec![close],
            KeyCode::Down | KeyCode::Char('j') => self.cursor = (self.cursor + 1).min(last),
            KeyCode::Up | KeyCode::Char('k') => self.cursor = self.cursor.saturating_sub(1),
            KeyCode::Home => self.cursor = 0,
            KeyCode::End => self.cursor = last,
            KeyCode::Enter => return self.open(),
            KeyCode::Char('y') => return vec![Effect::Ask(Ask::Copy(self.report()))],
            _ => {}
        }
        Vec::new()
    }

    /// All that one step has said.
    fn open(&self) -> Vec<Effect> {
        match self.steps.get(self.cursor) {
            Some((name, Step::Over(outcome))) if !outcome.lines.is_empty() => {
                let lines = outcome.lines.iter().map(|line| (line.clone(), Role::Text)).collect();
                vec![Effect::Ask(Ask::Sheet { title: format!("{} in {name}", self.verb), lines })]
            }
            Some((name, Step::Over(outcome))) => vec![say(format!("{name}: {}", outcome.told))],
            Some((name, _)) => vec![say(format!("{name} is still under way"))],
            None => Vec::new(),
        }
    }

    /// Every outcome, to be copied.
    fn report(&self) -> String {
        let line = |(name, step): &(String, Step)| match step {
            Step::Over(outcome) => format!("{name}\t{}", outcome.told),
            Step::Working => format!("{name}\tunder way"),
            Step::Waiting => format!("{name}\twaiting"),
        };
        self.steps.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    fn place(&self, area: Rect) -> Popup {
        Popup::place(area, COLS, u16::try_from(self.steps.len().max(1)).unwrap_or(ROWS).min(ROWS))
    }

    fn top(&self, popup: &Popup) -> usize {
        (self.cursor + 1).saturating_sub(popup.inner.height.into())
    }
}

/// How a job stands: `stop: 2 of 5 done, 1 failed`.
fn summary(verb: &str, all: usize, done: usize, failed: usize, cancelled: usize) -> String {
    let mut words = format!("{verb}: {done} of {all} done");
    if failed > 0 {
        words.push_str(&format!(", {failed} failed"));
    }
    if cancelled > 0 {
        words.push_str(&format!(", {cancelled} left out"));
    }
    words
}

/// What is told of a job that nobody looks at when it ends.
#[must_use]
pub fn told(verb: &str, outcomes: &[(String, Outcome)]) -> (ToastKind, String) {
    let ended = |end: End| outcomes.iter().filter(|(_, outcome)| outcome.end == end).count();
    let failed = ended(End::Failed);
    let mut words = summary(verb, outcomes.len(), ended(End::Done), failed, ended(End::Cancelled));
    for (name, outcome) in outcomes.iter().filter(|(_, outcome)| outcome.end == End::Failed) {
        words.push_str(&format!("\n{name}: {}", outcome.told));
    }
    (if failed > 0 { ToastKind::Error } else { ToastKind::Done }, words)
}

impl Component for Bulk {
    fn update(&mut self, msg: &Msg, cx: &Context) -> Option<Vec<Effect>> {
        match msg {
            Msg::Key(key) => Some(self.key(*key)),
            Msg::Bulk(id, news) if *id == self.id => {
                self.learn(news);
                Some(Vec::new())
            }
            Msg::Mouse(mouse) => {
                let popup = self.place(cx.area);
                let (top, count) = (self.top(&popup), self.steps.len());
                if let Pointed::Row(row) = popup.pointed(*mouse, &mut self.cursor, top, count) {
                    self.cursor = row;
                    return Some(self.open());
                }
                Some(Vec::new())
            }
            Msg::Paste(_) => Some(Vec::new()),
            _ => None,
        }
    }

    fn draw(&self, frame: &mut Frame, area: Rect, cx: &Context) {
        let popup = self.place(area);
        let hints = match (self.is_over(), self.cancelled) {
            (true, _) => "⏎ all that it said  y copy  esc leave",
            (false, false) => "esc cancels the rest  q lets it go on",
            (false, true) => "what is under way still ends  esc leave",
        };
        popup.draw(frame, cx.theme, &self.title(), hints);
        let inner = popup.inner;
        let names = self.steps.iter().map(|(name, _)| text::width(name)).max().unwrap_or(0).min(30);
        for ((place, (name, step)), y) in self.steps.iter().enumerate().skip(self.top(&popup)).zip(inner.top()..inner.bottom()) {
            let selected = place == self.cursor;
            let style = |role| cx.theme.style(if selected { Role::Selection } else { role });
            let (glyph, word, role) = match step {
                Step::Waiting => (" ", "waiting", Role::Muted),
                Step::Working => ("◐", "under way", Role::Info),
                Step::Over(Outcome { end: End::Done, told, .. }) => ("✓", told.as_str(), Role::Ok),
                Step::Over(Outcome { end: End::Failed, told, .. }) => ("✖", told.as_str(), Role::Error),
                Step::Over(Outcome { end: End::Cancelled, told, .. }) => ("○", told.as_str(), Role::Muted),
            };
            let mark = match step {
                _ if !cx.plain => glyph,
                Step::Over(Outcome { end: End::Failed, .. }) => "failed:",
                Step::Over(Outcome { end: End::Cancelled, .. }) => "cancelled:",
                Step::Waiting | Step::Working | Step::Over(_) => "",
            };
            let line = format!("{} {}  ", if selected { "▸" } else { " " }, text::left(name, names));
            let used = text::put(frame.buffer_mut(), inner.x, y, inner.width, &line, style(Role::Text));
            let outcome = text::left(format!("{mark} {word}").trim_start_matches(if cx.plain { " " } else { "" }), usize::from(inner.width - used));
            text::put(frame.buffer_mut(), inner.x + used, y, inner.width - used, &outcome, style(role));
            if selected && cx.plain {
                frame.set_cursor_position((inner.x, y));
            }
        }
    }

    fn takes_keys(&self) -> bool {
        true
    }

    fn hints(&self, _cx: &Context) -> Option<Vec<(String, String)>> {
        let keys: &[(&str, &str)] = match (self.is_over(), self.cancelled) {
            (true, _) => &[("⏎", "all that it said"), ("y", "copy the outcomes"), ("esc", "leave")],
            (false, false) => &[("esc", "cancel the rest"), ("q", "let it go on")],
            (false, true) => &[("esc", "leave")],
        };
        Some(keys.iter().map(|(key, what)| ((*key).to_owned(), (*what).to_owned())).collect())
    }
}
