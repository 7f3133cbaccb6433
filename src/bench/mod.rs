//! Measures cto beside what it stands on or competes with, both in one run.
mod echo;
mod flood;
mod frame;
mod gallery;
mod hogs;
mod idle;
mod line;
mod lists;
mod machine;
mod panes;
mod pty;
mod reattach;
mod report;
mod script;
mod sessions;
mod spawn;
mod stage;
mod stats;
mod tasks;
mod throughput;
mod tmux;
mod users;
mod watch;

pub use report::Figures;
pub use report::Other;
pub use report::Ratio;
pub use report::Report;
pub use report::Step;

use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use stage::Stage;
use std::path::PathBuf;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long one benchmark may take in all.
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// The benchmarks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Benchmark {
    /// From a key to its echo.
    Echo,
    /// How fast a program can print.
    Throughput,
    /// From asking for a session to seeing its screen.
    Reattach,
    /// What silent sessions cost.
    Sessions,
    /// From asking for a container to its running; of this template.
    Spawn(String),
    /// An echo beside a flood, and Ctrl-C under it.
    Flood,
    /// An echo in the terminal client beside containers that never rest.
    Hogs,
    /// An echo in one of nine panes while the others are flooded.
    Panes,
    /// What users feel of each other.
    Users,
    /// What connections cost that say nothing.
    Idle,
    /// What it costs to watch many containers.
    Stats,
    /// Five things that people do all day, in keys.
    Tasks,
    /// What it costs to leave the terminal client open.
    Watch,
    /// What scripts cost beside pexpect.
    Script,
    /// What a frame of the terminal client costs.
    Frame,
    /// From asking for each template of the gallery to its being ready.
    Gallery,
}

/// How to measure.
#[derive(Clone, Debug)]
pub struct Options {
    /// Small sizes, to see that it works.
    pub quick: bool,
    /// Rounds of each side, in turn; each benchmark has its own number where none is given.
    pub rounds: Option<u32>,
    /// cto's own program.
    pub program: PathBuf,
}

impl Options {
    fn pick<T>(&self, full: T, quick: T) -> T {
        if self.quick { quick } else { full }
    }

    fn rounds(&self, full: u32, quick: u32) -> u32 {
        self.rounds.unwrap_or(self.pick(full, quick)).max(1)
    }
}

/// What hears how far a benchmark is.
type Progress<'a> = &'a mut dyn FnMut(&str);

/// Runs one benchmark on a server and containers of its own, and takes them away again, whatever happens. `progress` hears in
/// words how far it is. It wants a runtime of one thread: then waking another thread is no part of what is measured.
///
/// # Errors
/// `engine_unavailable` where there is no engine, `cancelled` when `stop` says so, `timed_out`, and what server and programs say.
pub async fn run(benchmark: &Benchmark, options: &Options, stop: CancellationToken, progress: Progress<'_>) -> Result<Report> {
    if *benchmark == Benchmark::Frame {
        return frame::run(options, progress).map(|report| report.sized(options));
    }
    let stage = tokio::select! {
        stage = Stage::set(options.program.clone(), matches!(benchmark, Benchmark::Users | Benchmark::Idle)) => stage?,
        () = stop.cancelled() => return Err(cancelled()),
    };
    let result = tokio::select! {
        result = on(&stage, benchmark, options, progress) => result,
        () = stop.cancelled() => Err(cancelled()),
        () = tokio::time::sleep(LIMIT) => Err(Error::new(Code::TimedOut, format!("the benchmark was not done after {} minutes", LIMIT.as_secs() / 60))),
    };
    let engine = stage.engine_name();
    let left = stage.clear().await;
    let mut report = result?.sized(options);
    report.engine = engine;
    report.notes.extend(left);
    Ok(report)
}

async fn on(stage: &Stage, benchmark: &Benchmark, options: &Options, progress: Progress<'_>) -> Result<Report> {
    match benchmark {
        Benchmark::Echo => echo::run(stage, options, progress).await,
        Benchmark::Throughput => throughput::run(stage, options, progress).await,
        Benchmark::Reattach => reattach::run(stage, options, progress).await,
        Benchmark::Sessions => sessions::run(stage, options, progress).await,
        Benchmark::Spawn(template) => spawn::run(stage, template, options, progress).await,
        Benchmark::Flood => flood::run(stage, options, progress).await,
        Benchmark::Hogs => hogs::run(stage, options, progress).await,
        Benchmark::Panes => panes::run(stage, options, progress).await,
        Benchmark::Users => users::run(stage, options, progress).await,
        Benchmark::Idle => idle::run(stage, options, progress).await,
        Benchmark::Stats => stats::run(stage, options, progress).await,
        Benchmark::Tasks => tasks::run(stage, options, progress).await,
        Benchmark::Watch => watch::run(stage, options, progress).await,
        Benchmark::Script => script::run(stage, options, progress).await,
        Benchmark::Frame => frame::run(options, progress),
        Benchmark::Gallery => gallery::run(stage, options, progress).await,
    }
}

fn cancelled() -> Error {
    Error::new(Code::Cancelled, "the benchmark was cancelled; nothing is left of it")
}

/// Times of one side, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Times {
    /// Half of the rounds took no longer.
    p50: f64,
    /// All but one of a hundred rounds took no longer; with fewer rounds, the slowest.
    p99: f64,
    /// The quickest round.
    min: f64,
}

impl Times {
    /// Sums up rounds; zeros when there are none.
    fn of(mut rounds: Vec<Duration>) -> Self {
        rounds.sort();
        let at = |share: f64| {
            // Nearest rank: the smallest value that `share` of all do not exceed.
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
            let rank = (share * rounds.len() as f64).ceil() as usize;
            rounds.get(rank.saturating_sub(1)).map_or(0.0, millis)
        };
        Self { p50: at(0.5), p99: at(0.99), min: rounds.first().map_or(0.0, millis) }
    }
}

/// A duration in milliseconds.
fn millis(duration: &Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let times = Times::of((1..=200).map(Duration::from_millis).collect());
        assert_eq!(times, Times { p50: 100.0, p99: 198.0, min: 1.0 });
        assert_eq!(Times::of(Vec::new()), Times { p50: 0.0, p99: 0.0, min: 0.0 });
    }
}
