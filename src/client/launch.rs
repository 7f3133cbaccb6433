//! Starting a server on this machine when none answers.
use super::Client;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::Empty;
use crate::model::GetVersion;
use crate::model::Version;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;
use std::time::Instant;
use tokio::io::AsyncReadExt as _;

/// How long a server may take until it answers.
const READY: Duration = Duration::from_secs(10);
/// At most one start in so long: a server that dies at once must not be started for ever.
const PAUSE: Duration = Duration::from_secs(5);

/// How to start a server on this machine. Clones share the memory of the last start.
#[derive(Clone, Debug)]
pub struct Launcher {
    /// The server's socket.
    socket: PathBuf,
    /// The program, usually this one.
    program: PathBuf,
    /// Its arguments, such as `serve --background`.
    arguments: Vec<OsString>,
    last: Arc<Mutex<Option<Instant>>>,
}

/// A server that answers.
#[derive(Debug)]
pub struct Ensured {
    /// Speaks to it, and starts it again should it die.
    pub client: Client,
    /// What it says of itself.
    pub version: Version,
    /// It was started just now.
    pub started: bool,
    /// What to tell the person when client and server are of different versions.
    pub mismatch: Option<String>,
}

impl Launcher {
    /// `program` with `arguments` must start a server that answers on `socket`.
    pub fn new(socket: impl Into<PathBuf>, program: impl Into<PathBuf>, arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        Self { socket: socket.into(), program: program.into(), arguments: arguments.into_iter().map(Into::into).collect(), last: Arc::default() }
    }
}

/// Finds the server on this machine, or starts one in the background and waits until it answers.
///
/// # Errors
/// `server_unavailable` with the server's own words when it ends at once, when it was started less than 5 s ago, or when it
/// does not answer within 10 s.
pub async fn ensure_server(launcher: &Launcher) -> Result<Ensured> {
    let client = Client::with_launcher(launcher.socket.clone(), Some(launcher.clone()));
    match answers(&client).await {
        Ok(version) => return Ok(ensured(client, version, false)),
        Err(error) if error.code != Code::ServerUnavailable => return Err(error),
        Err(_) => {}
    }
    {
        let mut last = launcher.last.lock().expect("no panics while held");
        if last.is_some_and(|at| at.elapsed() < PAUSE) {
            return Err(Error::new(Code::ServerUnavailable, "the server ended soon after its start").fix("look at 'cto server logs'"));
        }
        *last = Some(Instant::now());
    }
    let version = start(launcher, &client).await?;
    Ok(ensured(client, version, true))
}

fn ensured(client: Client, version: Version, started: bool) -> Ensured {
    let own = env!("CARGO_PKG_VERSION");
    let mismatch = (version.version != own)
        .then(|| format!("the server is cto {}, this is {own}: 'cto server stop' lets the next command start the new one", version.version));
    Ensured { client, version, started, mismatch }
}

async fn answers(client: &Client) -> Result<Version> {
    client.call_within::<GetVersion>(&[], &Empty {}, Duration::from_secs(5)).await
}

/// Starts a server in the background and waits until it answers.
async fn start(launcher: &Launcher, client: &Client) -> Result<Version> {
    let failed = |detail: String| {
        Error::new(Code::ServerUnavailable, format!("the server could not be started: {detail}"))
            .fix("look at 'cto server logs', or run 'cto serve' to see it start")
    };
    // The server makes itself the leader of a session of its own; its error output is read only until it answers.
    let mut child = tokio::process::Command::new(&launcher.program)
        .args(&launcher.arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| failed(format!("{}: {error}", launcher.program.display())))?;
    let deadline = Instant::now() + READY;
    let mut ended = None;
    loop {
        if let Ok(version) = answers(client).await {
            return Ok(version);
        }
        if ended.is_none()
            && let Ok(Some(status)) = child.try_wait()
        {
            ended = Some((status, Instant::now()));
        }
        // One that ended may have lost the race against another client's: that one is about to answer.
        if let Some((status, at)) = &ended
            && at.elapsed() > Duration::from_secs(2)
        {
            let mut said = String::new();
            if let Some(stderr) = child.stderr.take() {
                let _ = tokio::time::timeout(Duration::from_secs(1), stderr.take(64 << 10).read_to_string(&mut said)).await;
            }
            let said = said.trim().trim_start_matches("cto: ").trim_start_matches("error: ");
            return Err(failed(if said.is_empty() { status.to_string() } else { said.to_owned() }));
        }
        if Instant::now() > deadline {
            return Err(failed("it does not answer after 10 s".to_owned()));
        }
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
}
