//! `cto serve` and `cto server`: running the server and looking after it.
use crate::cli::args::ServeArgs;
use crate::cli::args::ServerCommand;
use crate::cli::context::Context;
use crate::cli::output;
use crate::cli::server_log;
use crate::cli::service;
use crate::client::Client;
use crate::client::ensure_server;
use crate::daemon;
use crate::daemon::ServeOptions;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::Empty;
use crate::model::GetHealth;
use crate::model::GetVersion;
use crate::model::ServerHealth;
use crate::model::StopServer;
use crate::model::Version;
use jiff::Timestamp;
use serde::Serialize;
use std::time::Duration;
use std::time::Instant;

/// How long a server may take to end.
const STOPPED: Duration = Duration::from_secs(30);
/// How long a server that runs may take to say so.
const ANSWER: Duration = Duration::from_secs(5);
/// The exit code of `cto server status` when it does not run.
const NOT_RUNNING: u8 = 3;

/// `cto server`.
pub async fn server(context: &Context, command: ServerCommand) -> Result<u8> {
    let done = |()| 0;
    match command {
        ServerCommand::Status => status(context).await,
        ServerCommand::Start => start(context).await.map(done),
        ServerCommand::Stop => stop(context).await.map(done),
        ServerCommand::Restart => {
            if running(&context.local()?).await?.is_some() {
                stop(context).await?;
            }
            start(context).await.map(done)
        }
        ServerCommand::Logs { follow, tail } => server_log::show(&context.paths.log_dir, tail.0, follow).await.map(done),
        ServerCommand::Install { print } => service::install(context, print).map(done),
    }
}

/// What `cto server status --json` prints.
#[derive(Debug, Serialize)]
struct Status {
    running: bool,
    pid: Option<u32>,
    socket: String,
    version: Option<String>,
    api: Vec<String>,
    started_at: Option<Timestamp>,
    log_dir: String,
    database: String,
    health: Option<ServerHealth>,
}

/// The version of a server that runs; none when none does.
async fn running(client: &Client) -> Result<Option<Version>> {
    match client.call_within::<GetVersion>(&[], &Empty {}, ANSWER).await {
        Ok(version) => Ok(Some(version)),
        Err(error) if error.code == Code::ServerUnavailable => Ok(None),
        Err(error) => Err(error),
    }
}

async fn status(context: &Context) -> Result<u8> {
    let client = match context.remote()? {
        Some(remote) => remote,
        None => context.local()?,
    };
    let version = running(&client).await?;
    let health = if version.is_some() { client.call_within::<GetHealth>(&[], &Empty {}, ANSWER).await.ok() } else { None };
    let status = Status {
        running: version.is_some(),
        pid: version.as_ref().map(|version| version.pid),
        socket: client.address(),
        version: version.as_ref().map(|version| version.version.clone()),
        api: version.map(|version| version.api).unwrap_or_default(),
        started_at: health.as_ref().map(|health| health.started_at),
        log_dir: context.paths.log_dir.display().to_string(),
        database: context.paths.database().display().to_string(),
        health,
    };
    if context.json() {
        output::json(&status)?;
    } else {
        output::print(&told(&status))?;
    }
    Ok(if status.running { 0 } else { NOT_RUNNING })
}

fn told(status: &Status) -> String {
    let colour = output::coloured(&std::io::stdout());
    let tone = |good| if good { output::Tone::Good } else { output::Tone::Bad };
    let head = match status.running {
        true => output::paint("● running", tone(true), colour),
        false => format!("{}; the next command starts it, or: cto server start", output::paint("○ not running", output::Tone::Quiet, colour)),
    };
    let mut lines = vec![("server", head)];
    if let Some(version) = &status.version {
        lines.push(("version", version.clone()));
    }
    if let Some(pid) = status.pid {
        lines.push(("pid", pid.to_string()));
    }
    if let Some(started) = status.started_at {
        lines.push(("started", output::ago(started, Timestamp::now())));
    }
    lines.push(("socket", status.socket.clone()));
    lines.push(("logs", status.log_dir.clone()));
    if let Some(health) = &status.health {
        let engine = &health.engine;
        lines.push((
            "engine",
            match engine.available {
                true => format!("{} {} {} at {}", output::paint("●", tone(true), colour), engine.product, engine.version, engine.address),
                false => format!("{} {}", output::paint("✖", tone(false), colour), engine.detail.as_deref().unwrap_or("does not answer")),
            },
        ));
        if !health.config_ok {
            lines.push(("config", output::paint("✖ has mistakes, that of before holds; see: cto config show --running", tone(false), colour)));
        }
        if !health.store_ok {
            lines.push(("store", output::paint("✖ does not answer", tone(false), colour)));
        }
    }
    lines.iter().map(|(name, value)| format!("{name:<8} {value}\n")).collect()
}

async fn start(context: &Context) -> Result<()> {
    let ensured = ensure_server(&context.launcher()?).await?;
    if let Some(mismatch) = &ensured.mismatch {
        output::warn(mismatch);
    }
    if context.json() {
        return output::json(&ensured.version);
    }
    let word = if ensured.started { "started" } else { "runs already" };
    output::print(&format!("server {word}: pid {}, {}\n", ensured.version.pid, ensured.client.address()))
}

/// Ends the server and waits until its process is gone, so that what comes next finds the lock free.
async fn stop(context: &Context) -> Result<()> {
    let client = context.local()?;
    let Some(version) = running(&client).await? else {
        return Err(Error::new(Code::ServerUnavailable, "no server runs here").fix("see 'cto server status'"));
    };
    client.call::<StopServer>(&[], &Empty {}).await?;
    let begun = Instant::now();
    let process = i32::try_from(version.pid).ok().and_then(rustix::process::Pid::from_raw);
    // A process of another user answers "not permitted": it is there.
    let lives = || process.is_some_and(|process| rustix::process::test_kill_process(process) != Err(rustix::io::Errno::SRCH));
    // A client that is open may have started another by now.
    while lives() || running(&client).await?.is_some_and(|now| now.pid == version.pid) {
        if begun.elapsed() > STOPPED {
            return Err(Error::new(Code::TimedOut, format!("the server (pid {}) has not ended after {} s", version.pid, STOPPED.as_secs()))
                .fix("look at 'cto server logs'"));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    if context.json() { output::json(&serde_json::json!({ "stopped": version.pid })) } else { output::print(&format!("server stopped: pid {}\n", version.pid)) }
}

/// `cto serve`.
pub fn serve(context: &Context, args: &ServeArgs) -> Result<u8> {
    let options = ServeOptions {
        listen: args.listen.clone(),
        database: args.database.clone(),
        log_level: context.log_level(),
        environment: context.global.environment.clone(),
        background: args.background,
    };
    daemon::run(&context.paths, &options).map(|()| 0)
}
