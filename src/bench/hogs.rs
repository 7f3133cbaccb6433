//! `cto bench hogs`: an echo in the terminal client beside containers that take all the processor time they can get.
use super::Options;
use super::Progress;
use super::echo::CAT;
use super::echo::percentiles;
use super::echo::ready;
use super::line::Line;
use super::line::echoes;
use super::report::Figures;
use super::report::Report;
use super::stage::Stage;
use super::stage::launch;
use crate::error::Result;
use crate::model::CloseSession;
use crate::model::Container;
use crate::model::CreateContainer;
use crate::model::Empty;
use crate::model::SessionId;
use std::time::Duration;

/// As many containers as are busy.
const HOGS: usize = 4;
/// Never rests.
const HOG: &str = "while :; do :; done";
/// Between two keys.
const GAP: Duration = Duration::from_millis(5);
/// How long the machine may settle after the hogs were started or ended.
const SETTLE: Duration = Duration::from_secs(1);

/// One side: its terminal, and the rounds that were measured with it.
struct Side {
    line: Line,
    quiet: Vec<Figures>,
    busy: Vec<Figures>,
}

impl Side {
    fn new(line: Line) -> Self {
        Self { line, quiet: Vec::new(), busy: Vec::new() }
    }

    async fn round(&mut self, keys: u32) -> Result<Figures> {
        echoes(&mut self.line, keys, GAP).await.map(percentiles)
    }

    /// Echo without and with the hogs, and by how much it grows: the median of the rounds' own ratios.
    fn figures(&self) -> Figures {
        let (quiet, busy) = (Figures::medians(&self.quiet), Figures::medians(&self.busy));
        let growth = |name: &str| Figures::growth(name, &self.quiet, &self.busy);
        let of = |figures: &Figures, name: &str| figures.get(name).unwrap_or_default();
        Figures::of([
            ("quiet_p50", of(&quiet, "p50")),
            ("quiet_p99", of(&quiet, "p99")),
            ("busy_p50", of(&busy, "p50")),
            ("busy_p99", of(&busy, "p99")),
            ("growth_p50", growth("p50")),
            ("growth_p99", growth("p99")),
        ])
    }
}

/// Containers as the shell template makes them.
async fn containers(stage: &Stage) -> Result<Vec<Container>> {
    let mut containers = Vec::new();
    for number in 0..HOGS {
        let request = CreateContainer { template: Some("shell".to_owned()), name: Some(stage.name(&format!("hog-{number}"))), ..CreateContainer::default() };
        containers.push(launch(&stage.client, &request).await?);
    }
    Ok(containers)
}

/// Starts a program in each that never rests.
async fn begin(stage: &Stage, containers: &[Container]) -> Result<Vec<SessionId>> {
    let mut hogs = Vec::new();
    for container in containers {
        hogs.push(stage.session(container, HOG).await?);
    }
    tokio::time::sleep(SETTLE).await;
    Ok(hogs)
}

async fn end(stage: &Stage, hogs: Vec<SessionId>) -> Result<()> {
    for hog in hogs {
        stage.client.call::<CloseSession>(&[hog.as_str()], &Empty {}).await?;
    }
    tokio::time::sleep(SETTLE).await;
    Ok(())
}

pub(super) async fn run(stage: &Stage, options: &Options, progress: Progress<'_>) -> Result<Report> {
    let rounds = options.rounds(5, 1);
    let keys = options.pick(400, 10);
    let container = stage.container("typed").await?;
    let session = stage.session(&container, CAT).await?;
    let (docker, docker_is) = stage.docker_exec(&container, CAT).await;
    let containers = containers(stage).await?;
    let mut cto = Side::new(ready(&stage.cto(&["attach", session.as_str()])).await?);
    let mut rival = Side::new(ready(&docker).await?);
    for round in 0..rounds {
        for side in [&mut cto, &mut rival] {
            let figures = side.round(keys).await?;
            side.quiet.push(figures);
        }
        let hogs = begin(stage, &containers).await?;
        for side in [&mut cto, &mut rival] {
            let figures = side.round(keys).await?;
            side.busy.push(figures);
        }
        end(stage, hogs).await?;
        progress(&format!("hogs: round {} of {rounds}", round + 1));
    }
    Ok(Report::new("hogs", "us", cto.figures())
        .against(docker_is, Ok(rival.figures()), None)
        .note(format!(
            "{keys} keys a round and side without and with {HOGS} containers that never rest, limited as the shell template limits; medians of {rounds} rounds"
        ))
        .note("'growth' has no unit: the echo beside the hogs by the echo without; cto's keys go through its terminal client")
        .rounds(rounds))
}
