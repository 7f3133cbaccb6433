//! `cto bench spawn`: from asking for a container to its running, through cto and through the engine's API alone.
use super::Options;
use super::Progress;
use super::Times;
use super::report::Figures;
use super::report::Report;
use super::stage::PATIENCE;
use super::stage::Stage;
use super::stage::launch;
use crate::client::Client;
use crate::engine::Engine;
use crate::error::Error;
use crate::error::Result;
use crate::model::Attach;
use crate::model::AttachMode;
use crate::model::Code;
use crate::model::Container;
use crate::model::ContainerSpec;
use crate::model::CreateContainer;
use crate::model::CreateSession;
use crate::model::DeleteContainer;
use crate::model::Delivery;
use crate::model::OpenSession;
use crate::model::RemoveContainer;
use crate::model::RenderTemplate;
use crate::model::ServerFrame;
use crate::model::Size;
use std::time::Duration;
use std::time::Instant;
use tokio_util::sync::CancellationToken;

pub(super) async fn run(stage: &Stage, template: &str, options: &Options, progress: Progress<'_>) -> Result<Report> {
    let rounds = options.rounds(20, 2);
    let (client, engine) = (&stage.client, &stage.engine);
    let request = CreateContainer { template: Some(template.to_owned()), ..CreateContainer::default() };
    let spec = client.call::<RenderTemplate>(&[], &request).await?.spec;
    let image = engine.images().ensure(&spec.image, &mut |_| {}, CancellationToken::new()).await?;
    let name = |side: &str, round: u32| stage.name(&format!("{side}-{round}"));
    let (mut ours, mut theirs, mut first) = (Vec::new(), Vec::new(), Vec::new());
    // Round 0 warms caches on both sides and is not counted.
    for round in 0..=rounds {
        let raw = by_engine(engine, ContainerSpec { name: name("engine", round), ..spec.clone() }, &image).await?;
        let (running, printed) = by_cto(client, CreateContainer { name: Some(name("cto", round)), ..request.clone() }).await?;
        if round > 0 {
            theirs.push(raw);
            ours.push(running);
            first.push(printed);
        }
        progress(&format!("spawn: round {round} of {rounds}"));
    }
    let figures = |times: Times| [("p50", times.p50), ("p99", times.p99), ("min", times.min)];
    let (cto, rival, first) = (Times::of(ours), Times::of(theirs), Times::of(first));
    let all = figures(cto).into_iter().chain([("extra_p50", cto.p50 - rival.p50), ("first_output_p50", first.p50), ("first_output_p99", first.p99)]);
    Ok(Report::new("spawn", "ms", Figures::of(all))
        .against("create and start by the engine's API alone, with the same spec".to_owned(), Ok(Figures::of(figures(rival))), Some("p50"))
        .note("'extra' is what cto takes more; 'first_output' is until the first bytes of the program have reached a client")
        .rounds(rounds))
}

/// Create and start by the engine alone; the container is removed afterwards.
async fn by_engine(engine: &Engine, spec: ContainerSpec, image: &str) -> Result<Duration> {
    let begun = Instant::now();
    let id = engine.create(&spec, "bench", None, image).await?;
    let started = engine.start(&id).await;
    let took = begun.elapsed();
    engine.remove(&id, true).await?;
    started.map(|()| took)
}

/// Launch through cto: until it runs, and until its first output is here; the container is removed afterwards.
async fn by_cto(client: &Client, request: CreateContainer) -> Result<(Duration, Duration)> {
    let begun = Instant::now();
    let container = launch(client, &request).await?;
    let running = begun.elapsed();
    let printed = tokio::time::timeout(PATIENCE, first_output(client, &container)).await;
    let printed = printed.map(|result| result.map(|()| begun.elapsed()));
    client.call::<DeleteContainer>(&[container.id.as_str()], &RemoveContainer { force: true }).await?;
    let printed = printed.map_err(|_| Error::new(Code::TimedOut, format!("'{}' printed nothing within {PATIENCE:?}", container.name)))?;
    Ok((running, printed?))
}

/// Opens the container's main terminal (or a shell) and waits for anything on its screen.
async fn first_output(client: &Client, container: &Container) -> Result<()> {
    let open = OpenSession { container: container.id.to_string(), main: container.tty, ..OpenSession::default() };
    let session = client.call::<CreateSession>(&[], &open).await?;
    let Size { cols, rows } = Size::default();
    let attach = Attach { v: 1, token: None, from_offset: Some(0), cols, rows, mode: AttachMode::View, delivery: Delivery::Live, writer: 0, window: None };
    let mut attached = client.attach(session.id.as_str(), attach).await?;
    while let Some(frame) = attached.next().await {
        match frame? {
            ServerFrame::Ready(ready) if ready.head_offset > 0 => break,
            ServerFrame::Output { bytes, .. } if !bytes.is_empty() => break,
            ServerFrame::Snapshot { offset, .. } if offset > 0 => break,
            _ => {}
        }
    }
    Ok(())
}
