//! `cto bench flood`: a program that prints without end, beside one that echoes keys; and what Ctrl-C does to it.
use super::Options;
use super::Progress;
use super::Times;
use super::echo::CAT;
use super::echo::percentiles;
use super::echo::ready;
use super::line::Line;
use super::line::Way;
use super::line::echoes;
use super::report::Figures;
use super::report::Report;
use super::stage::SIZE;
use super::stage::Stage;
use crate::error::Error;
use crate::error::Result;
use std::time::Duration;
use std::time::Instant;
use tokio::sync::mpsc;
use tokio::sync::oneshot;

/// Floods at each line that it is told, until Ctrl-C: then it says so with that line.
const YES: &str = r#"trap : INT; stty -echo; printf RE%s ADY
while :; do read -r token || exit; yes; printf '\nSTOP%s-%s;' PED "$token"; done"#;
/// Between two keys.
const GAP: Duration = Duration::from_millis(5);
/// How long a flood runs before anything is measured under it.
const RISE: Duration = Duration::from_millis(300);
/// How long Ctrl-C may take.
const LIMIT: Duration = Duration::from_secs(30);

/// A viewer of a flooding program, on a thread of its own: as another window, it takes no time from the one that is measured.
struct Flood {
    asks: mpsc::Sender<(Ask, oneshot::Sender<Result<Duration>>)>,
}

/// What the viewer is to do.
#[derive(Clone, Copy)]
enum Ask {
    Begin,
    /// Type Ctrl-C and time until the program says that it has stopped.
    Stop,
}

impl Flood {
    /// Opens the way and waits until the program is ready.
    async fn open(way: Way) -> Result<Self> {
        let (asks, asked) = mpsc::channel(1);
        let (tell, told) = oneshot::channel();
        std::thread::spawn(move || {
            let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime,
                Err(error) => return drop(tell.send(Err(Error::internal(format!("no runtime can be started: {error}"))))),
            };
            runtime.block_on(async {
                match ready(&way).await {
                    Ok(mut line) => {
                        line.draw(SIZE, 2000);
                        let _ = tell.send(Ok(()));
                        watch(line, asked).await;
                    }
                    Err(error) => drop(tell.send(Err(error))),
                }
            });
            runtime.shutdown_background();
        });
        told.await.unwrap_or_else(|_| Err(Error::internal("the viewer of the flood is gone")))?;
        Ok(Self { asks })
    }

    async fn ask(&self, ask: Ask) -> Result<Duration> {
        let gone = || Error::internal("the viewer of the flood is gone");
        let (tell, told) = oneshot::channel();
        self.asks.send((ask, tell)).await.map_err(|_| gone())?;
        told.await.unwrap_or_else(|_| Err(gone()))
    }
}

/// Takes all that is printed, and does what is asked.
async fn watch(mut line: Line, mut asked: mpsc::Receiver<(Ask, oneshot::Sender<Result<Duration>>)>) {
    let mut piece = Vec::new();
    let mut number = 0u32;
    loop {
        let (ask, tell) = tokio::select! {
            read = line.read(&mut piece) => match read {
                Ok(()) => continue,
                Err(_) => return,
            },
            asked = asked.recv() => match asked {
                Some(ask) => ask,
                None => return,
            },
        };
        let begun = Instant::now();
        let done = match ask {
            Ask::Begin => {
                number += 1;
                line.send(format!("{number}\n").as_bytes()).await
            }
            Ask::Stop => match line.send(b"\x03").await {
                Ok(()) => line.wait_for_end(format!("STOPPED-{number};").as_bytes(), LIMIT).await.map(drop),
                failed => failed,
            },
        };
        let _ = tell.send(done.map(|()| begun.elapsed()));
    }
}

/// One side: a quiet terminal and a flooding one.
struct Side {
    line: Line,
    flood: Flood,
    quiet: Vec<Figures>,
    flooded: Vec<Figures>,
    stops: Vec<Duration>,
}

impl Side {
    async fn open(quiet: &Way, flood: Way) -> Result<Self> {
        Ok(Self { line: ready(quiet).await?, flood: Flood::open(flood).await?, quiet: Vec::new(), flooded: Vec::new(), stops: Vec::new() })
    }

    async fn round(&mut self, keys: u32, stops: u32) -> Result<()> {
        self.quiet.push(percentiles(echoes(&mut self.line, keys, GAP).await?));
        self.flood.ask(Ask::Begin).await?;
        self.line.drain(RISE).await?;
        self.flooded.push(percentiles(echoes(&mut self.line, keys, GAP).await?));
        self.stops.push(self.flood.ask(Ask::Stop).await?);
        for _ in 1..stops {
            self.flood.ask(Ask::Begin).await?;
            self.line.drain(RISE).await?;
            self.stops.push(self.flood.ask(Ask::Stop).await?);
        }
        Ok(())
    }

    /// Echo without and with the flood, by how much it grows (the median of the rounds' own ratios), and Ctrl-C in milliseconds.
    fn figures(self) -> Figures {
        let (quiet, flooded) = (Figures::medians(&self.quiet), Figures::medians(&self.flooded));
        let growth = |name: &str| Figures::growth(name, &self.quiet, &self.flooded);
        let stops = Times::of(self.stops.clone());
        let of = |figures: &Figures, name: &str| figures.get(name).unwrap_or_default();
        Figures::of([
            ("quiet_p50", of(&quiet, "p50")),
            ("quiet_p99", of(&quiet, "p99")),
            ("flood_p50", of(&flooded, "p50")),
            ("flood_p99", of(&flooded, "p99")),
            ("growth_p50", growth("p50")),
            ("growth_p99", growth("p99")),
            ("ctrl_c_p50_ms", stops.p50),
            ("ctrl_c_worst_ms", stops.p99),
        ])
    }
}

pub(super) async fn run(stage: &Stage, options: &Options, progress: Progress<'_>) -> Result<Report> {
    let rounds = options.rounds(5, 1);
    let keys = options.pick(400, 10);
    let stops = options.pick(5, 1);
    let container = stage.container("flood").await?;
    let (quiet, flood) = (stage.session(&container, CAT).await?, stage.session(&container, YES).await?);
    let (docker, docker_is) = stage.docker_exec(&container, CAT).await;
    let (docker_flood, _) = stage.docker_exec(&container, YES).await;
    let mut cto = Side::open(&stage.pane(quiet), stage.pane(flood)).await?;
    let mut rival = Side::open(&docker, docker_flood).await?;
    for round in 0..rounds {
        cto.round(keys, stops).await?;
        rival.round(keys, stops).await?;
        progress(&format!("flood: round {} of {rounds}", round + 1));
    }
    Ok(Report::new("flood", "us", cto.figures())
        .against(format!("two of {docker_is}"), Ok(rival.figures()), None)
        .note(format!("{keys} keys a round and side without and with the flood; medians of {rounds} rounds in turn; {stops} times Ctrl-C a round"))
        .note("'growth' has no unit: the echo under the flood by the echo without; 'ctrl_c' is in milliseconds, until the program's last words are seen")
        .rounds(rounds))
}
