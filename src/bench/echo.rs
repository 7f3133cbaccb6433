//! `cto bench echo`: from a key to its echo.
use super::Options;
use super::Progress;
use super::Times;
use super::line::Line;
use super::line::Way;
use super::line::echoes;
use super::report::Figures;
use super::report::Report;
use super::stage::PATIENCE;
use super::stage::SIZE;
use super::stage::Stage;
use super::stage::shell;
use super::tmux::Tmux;
use crate::error::Result;
use std::time::Duration;

/// The program that gives keys back: what its terminal would do itself is turned off.
pub(super) const CAT: &str = "stty raw -echo; printf RE%s ADY; exec cat";
/// Between two keys, as a quick typist leaves it many times over.
const GAP: Duration = Duration::from_millis(5);
/// How long everything may settle after the start.
const SETTLE: Duration = Duration::from_millis(500);

/// Opens a way to a program that says READY.
pub(super) async fn ready(way: &Way) -> Result<Line> {
    let mut line = way.open().await?;
    line.wait_for(b"READY", PATIENCE).await?;
    line.drain(SETTLE).await?;
    Ok(line)
}

/// Median and 99th percentile of one round, in microseconds.
pub(super) fn percentiles(times: Vec<Duration>) -> Figures {
    let Times { p50, p99, .. } = Times::of(times);
    Figures::of([("p50", p50 * 1e3), ("p99", p99 * 1e3)])
}

pub(super) async fn run(stage: &Stage, options: &Options, progress: Progress<'_>) -> Result<Report> {
    let rounds = options.rounds(3, 2);
    let keys = options.pick(1000, 20);
    let container = stage.container("echo").await?;
    let session = stage.session(&container, CAT).await?;
    let (docker, docker_is) = stage.docker_exec(&container, CAT).await;
    let tmux = Tmux::find(&stage.home).await;
    let mut ways = vec![stage.pane(session), docker, Way::Program { arguments: shell(CAT), size: SIZE }];
    if let Ok(tmux) = &tmux {
        tmux.start(CAT).await?;
        ways.push(tmux.attach());
    }
    let mut lines = Vec::new();
    for way in &ways {
        lines.push(ready(way).await?);
    }
    let mut measured: Vec<Vec<Figures>> = vec![Vec::new(); lines.len()];
    for round in 0..rounds {
        for (line, measured) in lines.iter_mut().zip(&mut measured) {
            measured.push(percentiles(echoes(line, keys, GAP).await?));
        }
        progress(&format!("echo: round {} of {rounds}", round + 1));
    }
    let mut medians = measured.iter().map(|rounds| Figures::medians(rounds));
    let mut next = || medians.next().unwrap_or_default();
    let (cto, rival, bare) = (next(), next(), next());
    let (tmux_is, tmux_figures) = match tmux {
        Ok(tmux) => (tmux.is.clone(), Ok(next())),
        Err(reason) => ("tmux".to_owned(), Err(reason)),
    };
    Ok(Report::new("echo", "us", cto)
        .against(docker_is, Ok(rival), None)
        .beside(tmux_is, tmux_figures)
        .beside("cat on a bare terminal of this machine: the floor of the measurement".to_owned(), Ok(bare))
        .note(format!("{keys} keys a round and side; medians of {rounds} rounds in turn"))
        .rounds(rounds))
}
