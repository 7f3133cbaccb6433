//! `cto bench frame`: what a frame of the terminal client costs: nine panes that all have printed, and long lists.
use super::Options;
use super::Progress;
use super::Times;
use super::lists;
use super::report::Figures;
use super::report::Report;
use crate::error::Error;
use crate::error::Result;
use crate::model::Size;
use crate::term::Screen;
use crate::tui::trial::Plain;
use crate::tui::trial::Trial;
use std::fmt::Write as _;
use std::time::Duration;
use std::time::Instant;

/// The client's size.
pub(super) const SIZE: Size = Size { cols: 200, rows: 50 };
/// Panes in it.
const PANES: usize = 9;
/// Lines that each pane prints between two frames.
const LINES: usize = 5;

/// Lines that differ from frame to frame, in colours or without.
fn lines(frame: u32, width: u16, count: usize, coloured: bool) -> String {
    let mut text = String::new();
    for line in 0..count {
        let words =
            format!("{frame:06} {line:02} INFO worker took {:05} us for a request that was answered in full, as all are", frame.wrapping_mul(37) % 99_999);
        let words = &words[..words.len().min(usize::from(width))];
        // Writing to a string can't fail.
        let _ = if coloured { write!(text, "\r\n\x1b[3{}m{}\x1b[0m{}", line % 7 + 1, &words[..10], &words[10..]) } else { writeln!(text, "{words}") };
    }
    text
}

pub(super) fn run(options: &Options, progress: Progress<'_>) -> Result<Report> {
    let rounds = options.rounds(5, 2);
    let frames = options.pick(300, 10);
    let mut trial = Trial::new(SIZE, PANES)?;
    let pane = trial.size(0);
    let mut plain = Plain::beside(&trial)?;
    let mut alone: Vec<Screen> = (0..PANES).map(|_| Screen::new(pane, 2000)).collect();
    let (mut drawing, mut idle, mut feeding, mut parsing, mut paragraphs) = (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for round in 0..rounds {
        for frame in (round * frames)..((round + 1) * frames) {
            let output = lines(frame, pane.cols, LINES, true);
            let rows = lines(frame, pane.cols, usize::from(pane.rows), false);
            feeding.push(timed(|| trial.feed(output.as_bytes())));
            drawing.push(timed_result(|| trial.draw())?);
            idle.push(timed_result(|| trial.draw())?);
            parsing.push(timed(|| alone.iter_mut().for_each(|screen| screen.feed(output.as_bytes()))));
            paragraphs.push(timed_result(|| plain.draw(&rows))?);
        }
        progress(&format!("frame: round {} of {rounds}", round + 1));
    }
    if !trial.text().contains("INFO worker") {
        return Err(Error::internal("the panes do not show what they were given"));
    }
    let figures = |name: &str, times: Vec<Duration>| {
        let Times { p50, p99, .. } = Times::of(times);
        [(format!("{name}p50"), p50 * 1e3), (format!("{name}p99"), p99 * 1e3)]
    };
    let mut cto = [figures("", drawing), figures("unchanged_", idle), figures("parse_", feeding)].concat();
    cto.extend(lists::figures(options, rounds, progress)?);
    let rival = [figures("", paragraphs), figures("parse_", parsing)].concat();
    Ok(Report::new("frame", "us", Figures::of(cto))
        .against(
            "ratatui alone: nine paragraphs of plain text of the same size; 'parse': nine bare screens fed the same bytes".to_owned(),
            Ok(Figures::of(rival)),
            None,
        )
        .note(format!(
            "{PANES} panes on {}×{}, each with {LINES} new coloured lines a frame; {frames} frames a round, all rounds together",
            SIZE.cols, SIZE.rows
        ))
        .note(format!(
            "'table': {} containers, 'log': {} lines; from a key to its drawn frame, and for 'log_filter' until all is looked through, by 100,000 lines",
            lists::CONTAINERS,
            options.pick(lists::LINES, lists::FEW)
        ))
        .note("'unchanged' is a frame in which nothing is new; at 60 frames a second a frame has 16,600 us")
        .rounds(rounds))
}

fn timed(work: impl FnOnce()) -> Duration {
    let begun = Instant::now();
    work();
    begun.elapsed()
}

pub(super) fn timed_result(work: impl FnOnce() -> Result<()>) -> Result<Duration> {
    let begun = Instant::now();
    work()?;
    Ok(begun.elapsed())
}
