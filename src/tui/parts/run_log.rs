//! The log of a run that is watched: its entries as lines, and the steps among them.
use super::run_words;
use super::text;
use crate::model::Run;
use crate::model::RunEntry;
use crate::model::RunNote;
use crate::model::RunState;
use crate::tui::theme::Role;
use jiff::Timestamp;
use std::collections::VecDeque;

/// Entries kept; the oldest go first.
const KEPT: usize = 4_000;
/// Letters of one entry, and lines of it, that are shown at most.
const LETTERS: usize = 8_000;
const LINES: usize = 60;
/// Lines of what a run reported that are shown at most.
const RESULTS: usize = 400;
/// Steps kept; the oldest go first.
const STEPS: usize = 500;

/// A line and how it is drawn.
pub type Line = (String, Role);

/// A step of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Its name.
    pub name: String,
    /// When it began.
    pub began: Timestamp,
    /// How long it took in milliseconds, and whether it failed; none while it goes on.
    pub ended: Option<(u64, bool)>,
}

/// What is known of a run's log.
#[derive(Clone, Debug, Default)]
pub struct RunLines {
    entries: VecDeque<RunEntry>,
    /// Entries that were dropped here.
    dropped: u64,
    steps: VecDeque<Step>,
    /// The lines, each with the number of its entry.
    laid: VecDeque<(u64, Line)>,
    width: usize,
    calls: bool,
    plain: bool,
}

impl RunLines {
    /// An empty log; whether calls are shown.
    #[must_use]
    pub fn new(calls: bool) -> Self {
        Self { calls, ..Self::default() }
    }

    /// The number of the newest entry; 0 before the first.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.entries.back().map_or(0, |entry| entry.seq)
    }

    /// The line of the script that it is at, as the newest entry tells that has one.
    #[must_use]
    pub fn line(&self) -> Option<u32> {
        self.entries.iter().rev().find_map(|entry| entry.line)
    }

    /// Its steps, the oldest first.
    pub fn steps(&self) -> impl ExactSizeIterator<Item = &Step> {
        self.steps.iter()
    }

    /// Shows calls, or hides them; whether they are shown from now on.
    pub fn toggle_calls(&mut self) -> bool {
        self.calls = !self.calls;
        self.relay();
        self.calls
    }

    /// Lays the lines for this width.
    pub fn lay(&mut self, width: usize, plain: bool) {
        if (self.width, self.plain) != (width, plain) {
            (self.width, self.plain) = (width, plain);
            self.relay();
        }
    }

    fn relay(&mut self) {
        self.laid = self.entries.iter().flat_map(|entry| self.lines_of(entry).into_iter().map(|line| (entry.seq, line))).collect();
    }

    /// Takes in what comes after all that is known.
    pub fn take(&mut self, entries: &[RunEntry]) {
        for entry in entries {
            if entry.seq <= self.last() {
                continue;
            }
            self.note(entry);
            let lines = self.lines_of(entry);
            self.laid.extend(lines.into_iter().map(|line| (entry.seq, line)));
            self.entries.push_back(entry.clone());
        }
        while self.entries.len() > KEPT
            && let Some(gone) = self.entries.pop_front()
        {
            self.dropped += 1;
            while self.laid.pop_front_if(|(seq, _)| *seq <= gone.seq).is_some() {}
        }
    }

    fn note(&mut self, entry: &RunEntry) {
        match &entry.what {
            RunNote::StepBegan { name } => {
                if self.steps.len() >= STEPS {
                    self.steps.pop_front();
                }
                self.steps.push_back(Step { name: name.clone(), began: entry.at, ended: None });
            }
            RunNote::StepEnded { name, ms, error, .. } => {
                if let Some(step) = self.steps.iter_mut().rfind(|step| step.name == *name && step.ended.is_none()) {
                    step.ended = Some((*ms, error.is_some()));
                }
            }
            _ => {}
        }
    }

    /// The lines, the oldest first.
    pub fn lines(&self) -> impl DoubleEndedIterator<Item = &Line> + ExactSizeIterator {
        self.laid.iter().map(|(_, line)| line)
    }

    /// Entries at the beginning that are not shown any more.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    fn lines_of(&self, entry: &RunEntry) -> Vec<Line> {
        let sign = |sign: &str, word: &str| if self.plain { word.to_owned() } else { sign.to_owned() };
        let wrap = |words: &str, role| self.wrapped(words, role);
        let number = entry.line.map(|line| line.to_string()).unwrap_or_default();
        match &entry.what {
            RunNote::Log { text } => text.lines().take(LINES).flat_map(|line| wrap(&run_words::untabbed(line), Role::Text)).take(LINES).collect(),
            RunNote::Call { text, .. } if self.calls => vec![(format!("{number:>4}  {}", short(text)), Role::Muted)],
            RunNote::Call { .. } => Vec::new(),
            RunNote::StepBegan { name } => wrap(&format!("{} {}", sign("▸", "step"), short(name)), Role::Accent),
            RunNote::StepEnded { name, ms, error: None, .. } => wrap(&format!("{} {}  {}", sign("✓", "done:"), short(name), run_words::short(*ms)), Role::Ok),
            RunNote::StepEnded { name, ms, error: Some(error), screen } => {
                let mut lines = wrap(&format!("{} {}  {}", sign("✗", "failed:"), short(name), run_words::short(*ms)), Role::Error);
                lines.extend(wrap(&format!("  {}", short(error)), Role::Error));
                lines.extend(screen.iter().flat_map(|screen| boxed(screen)));
                lines
            }
            RunNote::Screen { label, text } => std::iter::once((short(label), Role::Info)).chain(boxed(text)).collect(),
            RunNote::Paused { why } => wrap(&format!("{} {}", sign("⏸", "paused:"), short(why)), Role::Warn),
            RunNote::Left { entries } => vec![(format!("… {entries} more that are not kept"), Role::Muted)],
        }
    }

    fn wrapped(&self, words: &str, role: Role) -> Vec<Line> {
        if words.is_empty() {
            return vec![(String::new(), role)];
        }
        let cut: String = words.chars().take(LETTERS).collect();
        let lines = fold(&cut, self.width.max(8));
        lines.into_iter().map(|line| (line, role)).collect()
    }

    /// What stands below the log of a run that is over: what it reported, or why it failed.
    #[must_use]
    pub fn end(&self, run: &Run) -> Vec<Line> {
        if !run.state.is_over() {
            return Vec::new();
        }
        let (state, role) = run_words::state(run, self.plain);
        let took = run_words::took_ms(run, run.created_at).map(|ms| format!(" after {}", run_words::short(ms))).unwrap_or_default();
        let mut lines = vec![(String::new(), Role::Text), (format!("{state}{took}"), role)];
        if let Some(error) = &run.error {
            let place = error.line.map(|line| format!("{}:{line}: ", run.script)).unwrap_or_default();
            lines.extend(self.wrapped(&format!("{place}{}", short(&error.message)), Role::Error));
            // A step that failed has shown it already.
            let shown = self.entries.iter().rev().take(4).any(|entry| matches!(&entry.what, RunNote::StepEnded { screen, .. } if *screen == error.screen));
            if !shown {
                lines.extend(error.screen.iter().flat_map(|screen| boxed(screen)));
            }
            lines.extend(error.fix.iter().flat_map(|fix| self.wrapped(&format!("fix: {}", short(fix)), Role::Info)));
        }
        if !run.results.is_empty() && run.state != RunState::Queued {
            lines.push(("it reports".to_owned(), Role::Info));
            let json = serde_json::to_string_pretty(&run.results).unwrap_or_else(|error| error.to_string());
            lines.extend(json.lines().take(RESULTS).map(|line| (format!("  {line}"), Role::Text)));
            if json.lines().count() > RESULTS {
                lines.push((format!("  … all of it: cto runs show {}", run.id), Role::Muted));
            }
        }
        lines
    }
}

/// Breaks a line where it is full; unlike prose it keeps its blanks.
fn fold(words: &str, cols: usize) -> Vec<String> {
    if text::width(words) <= cols {
        return vec![words.to_owned()];
    }
    let (mut lines, mut line, mut used) = (Vec::new(), String::new(), 0);
    for c in words.chars().filter(|c| !c.is_control()) {
        let own = unicode_width::UnicodeWidthChar::width(c).unwrap_or(0);
        if used + own > cols {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        used += own;
        line.push(c);
    }
    lines.push(line);
    lines
}

/// One line of a text.
fn short(words: &str) -> String {
    words.chars().take(LETTERS).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A screen with a line at its side; empty lines at its end are left out.
fn boxed(screen: &str) -> Vec<Line> {
    let lines: Vec<&str> = screen.trim_end().lines().take(LINES).collect();
    lines.into_iter().map(|line| (format!("│ {}", run_words::untabbed(line)), Role::Muted)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(seq: u64, what: RunNote) -> RunEntry {
        RunEntry { seq, at: Timestamp::UNIX_EPOCH, line: Some(7), what }
    }

    #[test]
    fn entries_become_lines_and_the_oldest_go() {
        let mut log = RunLines::new(false);
        log.lay(10, false);
        log.take(&[entry(1, RunNote::StepBegan { name: "one".to_owned() }), entry(2, RunNote::Call { text: "send".to_owned(), session: None })]);
        log.take(&[entry(2, RunNote::Log { text: "again".to_owned() }), entry(3, RunNote::Log { text: "a\u{1b}[31m line that is long".to_owned() })]);
        let shown = |log: &RunLines| log.lines().map(|(line, _)| line.clone()).collect::<Vec<_>>();
        assert_eq!(shown(&log), ["▸ one", "a[31m line", " that is l", "ong"]);
        assert!(log.toggle_calls());
        assert_eq!(shown(&log)[1], "   7  send");
        log.take(&[entry(4, RunNote::StepEnded { name: "one".to_owned(), ms: 1_300, error: None, screen: None })]);
        assert_eq!(log.steps().next().and_then(|step| step.ended), Some((1_300, false)));
        let many: Vec<RunEntry> = (5..5_005).map(|seq| entry(seq, RunNote::Log { text: seq.to_string() })).collect();
        log.take(&many);
        assert_eq!((log.dropped(), log.last(), log.lines().len()), (1_004, 5_004, KEPT));
    }
}
