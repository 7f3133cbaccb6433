//! `cto bench stats`: what it costs to watch many containers: cto, its client, and what the engine spends on it.
use super::Options;
use super::Progress;
use super::machine::cpu_time;
use super::machine::find_program;
use super::report::Figures;
use super::report::Report;
use super::stage::Stage;
use super::stage::launch;
use crate::client::StreamUpdate;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::Container;
use crate::model::CreateContainer;
use crate::model::InlineTemplate;
use crate::model::StreamMessage;
use crate::model::Topic;
use futures_util::StreamExt as _;
use std::collections::HashSet;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

/// Containers that are launched at once.
const AT_ONCE: usize = 4;
/// How long the first samples may take.
const FIRST: Duration = Duration::from_secs(60);

pub(super) async fn run(stage: &Stage, options: &Options, progress: Progress<'_>) -> Result<Report> {
    let count = options.pick(200, 3);
    let window = options.pick(Duration::from_secs(20), Duration::from_secs(2));
    let rounds = options.rounds(3, 1);
    // Before anything is launched: an engine elsewhere can not be measured.
    let engine = engine_pid(stage)?;
    progress(&format!("stats: launching {count} containers"));
    let containers = idle_containers(stage, count).await?;
    progress("stats: the machine settles");
    tokio::time::sleep(options.pick(Duration::from_secs(15), Duration::ZERO)).await;
    let docker = find_program("docker").filter(|_| stage.health.engine.address.starts_with("unix://"));
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        progress(&format!("stats: round {} of {rounds}", round + 1));
        let idle = spent(stage, engine, None, window).await?;
        ours.push(watched_by_cto(stage, engine, &containers, window, &idle).await?);
        if let Some(docker) = &docker {
            let idle = spent(stage, engine, None, window).await?;
            theirs.push(watched_by_docker(stage, engine, docker, &containers, window, &idle).await?);
        }
    }
    let rival =
        if theirs.is_empty() { Err("there is no docker program here, or the engine is on another machine".to_owned()) } else { Ok(Figures::medians(&theirs)) };
    let report = Report::new("stats", "percent of a core", Figures::medians(&ours))
        .against("docker stats".to_owned(), rival, Some("total"))
        .note(format!("{count} containers that sleep; each side watches all of them for {window:?} a round, a sample a second"))
        .note("'server' is the whole of cto's server, its history included; 'client' takes the samples; 'engine' is what the engine's processes spend above the time before, when nobody watches; 'total' is their sum");
    Ok(report.rounds(rounds))
}

/// Containers that sleep.
pub(super) async fn idle_containers(stage: &Stage, count: u32) -> Result<Vec<Container>> {
    let mut launches = futures_util::stream::iter(0..count).map(|number| idle_container(stage, number)).buffer_unordered(AT_ONCE);
    let mut containers = Vec::new();
    while let Some(container) = launches.next().await {
        containers.push(container?);
    }
    Ok(containers)
}

async fn idle_container(stage: &Stage, number: u32) -> Result<Container> {
    let template = serde_json::json!({"name": "idle", "image": "debian:bookworm-slim", "command": ["sleep", "1d"], "interactive": false, "network": "none"});
    let inline = InlineTemplate { source: "idle.json".to_owned(), text: template.to_string() };
    let request = CreateContainer { inline: Some(inline), name: Some(stage.name(&format!("idle-{number:03}"))), ..CreateContainer::default() };
    launch(&stage.client, &request).await
}

/// Percent of a core that server, this process and the engine use while everything is watched by cto.
async fn watched_by_cto(stage: &Stage, engine: u32, containers: &[Container], window: Duration, idle: &Spent) -> Result<Figures> {
    let mut stream = stage.client.stream().await?;
    stream.subscribe(Topic::Stats { containers: containers.iter().map(|container| container.id.clone()).collect() }).await;
    let mut seen = HashSet::new();
    let first = async {
        while seen.len() < containers.len() {
            if let StreamUpdate::Message(StreamMessage::Stats { stats, .. }) = stream.next().await {
                seen.insert(stats.container);
            }
        }
    };
    let come = tokio::time::timeout(FIRST, first).await;
    come.map_err(|_| Error::new(Code::TimedOut, format!("only {} of {} containers are watched", seen.len(), containers.len())))?;
    let mut samples: u64 = 0;
    let taking = async {
        loop {
            if let StreamUpdate::Message(StreamMessage::Stats { .. }) = stream.next().await {
                samples += 1;
            }
        }
    };
    let now = tokio::select! {
        now = spent(stage, engine, Some(std::process::id()), window) => now?,
        () = taking => return Err(Error::internal("a stream without an end has ended")),
    };
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    let each = samples as f64 / window.as_secs_f64() / containers.len().max(1) as f64;
    let engine = (now.engine - idle.engine).max(0.0);
    Ok(Figures::of([
        ("total", now.server + now.client + engine),
        ("server", now.server),
        ("client", now.client),
        ("engine", engine),
        ("engine_idle", idle.engine),
        ("server_unwatched", idle.server),
        ("samples_per_second", each),
    ]))
}

/// The same by docker's own program.
async fn watched_by_docker(stage: &Stage, engine: u32, docker: &Path, containers: &[Container], window: Duration, idle: &Spent) -> Result<Figures> {
    let mut command = tokio::process::Command::new(docker);
    command
        .args(["-H", &stage.health.engine.address, "stats", "--format", "{{.CPUPerc}} {{.MemUsage}}"])
        .args(containers.iter().map(|container| container.id.as_str()));
    let started = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).spawn();
    let mut child = started.map_err(|error| Error::internal(format!("docker stats can't be started: {error}")))?;
    // It begins all its streams first.
    tokio::time::sleep(window / 4).await;
    let now = spent(stage, engine, child.id(), window).await;
    let _ = child.kill().await;
    let now = now?;
    let engine = (now.engine - idle.engine).max(0.0);
    Ok(Figures::of([("total", now.client + engine), ("client", now.client), ("engine", engine), ("engine_idle", idle.engine)]))
}

/// Percent of a core.
struct Spent {
    server: f64,
    client: f64,
    engine: f64,
}

/// What the processes spend in a while.
async fn spent(stage: &Stage, engine: u32, client: Option<u32>, window: Duration) -> Result<Spent> {
    let gone = || Error::internal("a process that was to be measured is gone");
    let take = || -> Option<(Duration, Duration, Duration)> {
        let client = client.map_or(Some(Duration::ZERO), cpu_time)?;
        Some((cpu_time(stage.pid)?, client, engine_processes(engine).into_iter().filter_map(cpu_time).sum()))
    };
    let before = take().ok_or_else(gone)?;
    let begun = Instant::now();
    tokio::time::sleep(window).await;
    let passed = begun.elapsed().as_secs_f64();
    let now = take().ok_or_else(gone)?;
    let percent = |before: Duration, now: Duration| now.saturating_sub(before).as_secs_f64() / passed * 100.0;
    Ok(Spent { server: percent(before.0, now.0), client: percent(before.1, now.1), engine: percent(before.2, now.2) })
}

/// The engine's process: who listens at its socket.
pub(super) fn engine_pid(stage: &Stage) -> Result<u32> {
    let address = &stage.health.engine.address;
    let elsewhere =
        || Error::new(Code::InvalidValue, "what an engine on another machine spends can't be seen from here").fix("measure on the engine's machine");
    let path = address.strip_prefix("unix://").ok_or_else(elsewhere)?;
    let socket = std::os::unix::net::UnixStream::connect(path).map_err(|error| Error::internal(format!("the engine at '{path}' can't be asked: {error}")))?;
    let peer = rustix::net::sockopt::socket_peercred(&socket).map_err(|error| Error::internal(format!("the engine's process is not known: {error}")))?;
    u32::try_from(peer.pid.as_raw_nonzero().get()).map_err(|_| elsewhere())
}

/// It, its containerd, and the shims of containers. Those of other engines on the machine count too; they do before as well.
pub(super) fn engine_processes(engine: u32) -> Vec<u32> {
    let mut found = vec![engine];
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        let name = std::fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
        if name.starts_with("containerd") && pid != engine {
            found.push(pid);
        }
    }
    found
}
