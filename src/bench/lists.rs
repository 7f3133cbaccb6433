//! The part of `cto bench frame` about long lists: 500 containers in the table, and a log of a million lines.
use super::Options;
use super::Progress;
use super::Times;
use super::frame::SIZE;
use super::frame::timed_result;
use crate::error::Error;
use crate::error::Result;
use crate::term::KeyCode;
use crate::tui::command::CommandId;
use crate::tui::trial_lists::LongList;
use std::time::Duration;

/// Containers in the table.
pub(super) const CONTAINERS: usize = 500;
/// Lines in the log.
pub(super) const LINES: usize = 1_000_000;
/// Lines in it where it only has to be seen that it works.
pub(super) const FEW: usize = 20_000;
/// What the log is filtered by: one line in a thousand has it.
const NEEDLE: &str = "needle";

/// From a key to its drawn frame: scrolling and filtering the table, scrolling the log. Filtering the log is given by 100,000 lines.
pub(super) fn figures(options: &Options, rounds: u32, progress: Progress<'_>) -> Result<Vec<(String, f64)>> {
    let presses = options.pick(200, 10);
    let count = options.pick(LINES, FEW);
    progress("frame: the table");
    let mut table = LongList::containers(SIZE, CONTAINERS)?;
    let (mut scrolling, mut filtering) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        for step in 0..presses {
            let id = if step % 8 == 7 { CommandId::PageDown } else { CommandId::Down };
            scrolling.push(timed_result(|| table.run(id))?);
        }
        table.run(CommandId::Top)?;
        table.run(CommandId::Filter)?;
        for key in "service-49".chars() {
            filtering.push(timed_result(|| table.press(KeyCode::Char(key)))?);
        }
        shows(&table.text(), "service-490", "service-480")?;
        for _ in "service-49".chars() {
            filtering.push(timed_result(|| table.press(KeyCode::Backspace))?);
        }
        table.press(KeyCode::Enter)?;
    }
    progress("frame: the log");
    let mut log = LongList::log(SIZE, (0..count).map(line))?;
    let (mut paging, mut sieving) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        for step in 0..presses {
            let id = if step % 8 == 7 { CommandId::LogPageUp } else { CommandId::LogUp };
            paging.push(timed_result(|| log.run(id))?);
        }
        paging.push(timed_result(|| log.run(CommandId::LogOldest))?);
        paging.push(timed_result(|| log.run(CommandId::LogNewest))?);
        log.run(CommandId::LogFilter)?;
        for key in NEEDLE.chars() {
            log.press(KeyCode::Char(key))?;
        }
        let all = timed_result(|| {
            log.press(KeyCode::Enter)?;
            log.look_through()
        })?;
        sieving.push(all.div_f64(count as f64 / 1e5));
        shows(&log.text(), NEEDLE, "plain")?;
        // The filter goes away again.
        log.run(CommandId::LogBack)?;
        progress(&format!("frame: the log, round {} of {rounds}", round + 1));
    }
    let two = |name: &str, times: Vec<Duration>| {
        let Times { p50, p99, .. } = Times::of(times);
        [(format!("{name}_p50"), p50 * 1e3), (format!("{name}_p99"), p99 * 1e3)]
    };
    Ok([two("table_scroll", scrolling), two("table_filter", filtering), two("log_scroll", paging), two("log_filter", sieving)].concat())
}

fn line(number: usize) -> String {
    let word = if number.is_multiple_of(1000) { NEEDLE } else { "plain" };
    format!("{number:07} INFO worker {} answered a {word} request for /api/v1/things/{} in {} us", number % 17, number % 9973, number % 4999)
}

fn shows(text: &str, wanted: &str, unwanted: &str) -> Result<()> {
    if text.contains(wanted) && !text.contains(unwanted) {
        return Ok(());
    }
    Err(Error::internal(format!("a list that was filtered does not show '{wanted}' alone:\n{text}")))
}
