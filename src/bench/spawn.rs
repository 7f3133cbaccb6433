//! `cto bench spawn`: from asking for a container to its running, through cto and through the engine's API alone.
use super::Times;
use super::millis;
use crate::client::Client;
use crate::engine::Engine;
use crate::error::Error;
use crate::error::Result;
use crate::model::Attach;
use crate::model::AttachMode;
use crate::model::ClientFrame;
use crate::model::Container;
use crate::model::ContainerSpec;
use crate::model::CreateContainer;
use crate::model::CreateContainerFrom;
use crate::model::CreateSession;
use crate::model::DeleteContainer;
use crate::model::Empty;
use crate::model::GetHealth;
use crate::model::OpenSession;
use crate::model::OperationState;
use crate::model::RemoveContainer;
use crate::model::RenderTemplate;
use crate::model::ServerFrame;
use crate::model::Size;
use serde::Serialize;
use std::time::Duration;
use std::time::Instant;
use tokio_util::sync::CancellationToken;

/// How long one launch may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// What to measure.
#[derive(Clone, Debug)]
pub struct SpawnOptions {
    /// Rounds of each side, in turn.
    pub rounds: u32,
    /// The template that is launched.
    pub template: String,
}

impl Default for SpawnOptions {
    fn default() -> Self {
        Self { rounds: 20, template: "shell".to_owned() }
    }
}

/// What was measured; times in milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SpawnReport {
    /// `spawn`.
    pub benchmark: &'static str,
    /// The engine's version.
    pub engine: String,
    /// Rounds of each side.
    pub rounds: u32,
    /// Create and start, as a client of cto sees it.
    pub cto: Times,
    /// Create and start, by the engine's API alone, with the same spec.
    pub rival: Times,
    /// `cto` by `rival`, at p50.
    pub ratio: f64,
    /// `cto` less `rival`, at p50.
    pub extra_ms: f64,
    /// From asking for the launch to the first bytes that the program printed reaching the client.
    pub first_output: Times,
}

/// Launches and removes containers in turn through `client` and through the engine alone. `progress` hears how many of
/// how many rounds are done.
///
/// # Errors
/// What server or engine say. Containers of the round that failed are removed.
pub async fn spawn(client: &Client, options: &SpawnOptions, mut progress: impl FnMut(u32, u32)) -> Result<SpawnReport> {
    let health = client.call::<GetHealth>(&[], &Empty {}).await?;
    let engine = Engine::connect(Some(&health.engine.address));
    let request = CreateContainer { template: Some(options.template.clone()), ..CreateContainer::default() };
    let spec = client.call::<RenderTemplate>(&[], &request).await?.spec;
    let image = engine.images().ensure(&spec.image, &mut |_| {}, CancellationToken::new()).await?;
    let name = |side: &str, round: u32| format!("cto-bench-{}-{side}-{round}", std::process::id());

    let (mut ours, mut theirs, mut first) = (Vec::new(), Vec::new(), Vec::new());
    // Round 0 warms caches on both sides and is not counted.
    for round in 0..=options.rounds {
        let raw = by_engine(&engine, ContainerSpec { name: name("engine", round), ..spec.clone() }, &image).await?;
        let (running, printed) = by_cto(client, CreateContainer { name: Some(name("cto", round)), ..request.clone() }).await?;
        if round > 0 {
            theirs.push(raw);
            ours.push(running);
            first.push(printed);
        }
        progress(round, options.rounds);
    }
    let (cto, rival) = (Times::of(ours), Times::of(theirs));
    Ok(SpawnReport {
        benchmark: "spawn",
        engine: health.engine.version,
        rounds: options.rounds,
        cto,
        rival,
        ratio: ((cto.p50 / rival.p50) * 1e3).round() / 1e3,
        extra_ms: millis(&Duration::from_secs_f64(((cto.p50 - rival.p50) / 1e3).max(0.0))),
        first_output: Times::of(first),
    })
}

/// Create and start by the engine alone; the container is removed afterwards.
async fn by_engine(engine: &Engine, spec: ContainerSpec, image: &str) -> Result<Duration> {
    let begun = Instant::now();
    let id = engine.create(&spec, "bench", image).await?;
    let started = engine.start(&id).await;
    let took = begun.elapsed();
    engine.remove(&id, true).await?;
    started.map(|()| took)
}

/// Launch through cto: until it runs, and until its first output is here; the container is removed afterwards.
async fn by_cto(client: &Client, request: CreateContainer) -> Result<(Duration, Duration)> {
    let begun = Instant::now();
    let operation = client.call_operation::<CreateContainerFrom>(&[], &request, PATIENCE).await?;
    let running = begun.elapsed();
    let container = match (operation.state, operation.result, operation.problem) {
        (OperationState::Succeeded, Some(container), _) => container,
        (_, _, Some(problem)) => return Err(problem.into()),
        _ => return Err(Error::internal("the launch ended without a container")),
    };
    let printed = tokio::time::timeout(PATIENCE, first_output(client, &container)).await;
    let printed = printed.map(|result| result.map(|()| begun.elapsed()));
    client.call::<DeleteContainer>(&[container.id.as_str()], &RemoveContainer { force: true }).await?;
    let printed = printed.map_err(|_| Error::new(crate::model::Code::TimedOut, format!("'{}' printed nothing within {PATIENCE:?}", container.name)))?;
    Ok((running, printed?))
}

/// Opens the container's main terminal (or a shell) and waits for anything on its screen.
async fn first_output(client: &Client, container: &Container) -> Result<()> {
    let open = OpenSession { container: container.id.to_string(), main: container.tty, ..OpenSession::default() };
    let session = client.call::<CreateSession>(&[], &open).await?;
    let Size { cols, rows } = Size::default();
    let attach =
        Attach { v: 1, token: None, from_offset: Some(0), cols, rows, mode: AttachMode::View, delivery: crate::model::Delivery::Live, writer: 0, window: None };
    let mut attached = client.attach(session.id.as_str(), attach).await?;
    while let Some(frame) = attached.next().await {
        match frame? {
            ServerFrame::Ready(ready) if ready.head_offset > 0 => break,
            ServerFrame::Output { bytes, .. } if !bytes.is_empty() => break,
            ServerFrame::Snapshot { offset, .. } => {
                if offset > 0 {
                    break;
                }
                attached.send(ClientFrame::Ack(0)).await?;
            }
            _ => {}
        }
    }
    Ok(())
}
