//! What benchmarks run on: a server and containers of their own, which are gone afterwards.
use super::line::Way;
use super::machine;
use crate::client::Client;
use crate::config::Paths;
use crate::engine::Engine;
use crate::error::Error;
use crate::error::Result;
use crate::model::AddUser;
use crate::model::Code;
use crate::model::Container;
use crate::model::CreateContainer;
use crate::model::CreateContainerFrom;
use crate::model::CreateSession;
use crate::model::CreateToken;
use crate::model::CreateTokenFor;
use crate::model::CreateUser;
use crate::model::Delivery;
use crate::model::Empty;
use crate::model::GetHealth;
use crate::model::GetVersion;
use crate::model::ListContainers;
use crate::model::ListQuery;
use crate::model::OpenSession;
use crate::model::OperationState;
use crate::model::Role;
use crate::model::ServerHealth;
use crate::model::SessionId;
use crate::model::Size;
use rustix::process::Pid;
use rustix::process::Signal;
use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;
use tokio::io::AsyncReadExt as _;
use tokio::process::Child;
use tokio::process::Command;

/// The terminals that are measured.
pub(super) const SIZE: Size = Size { cols: 80, rows: 24 };
/// Unacknowledged bytes of a lossless reader, as many as a server gives.
const WINDOW: u32 = 512 * 1024;
/// How long the server may take until it answers.
const READY: Duration = Duration::from_secs(20);
/// How long the engine may take until the server has found it.
const ENGINE: Duration = Duration::from_secs(5);
/// How long one launch, or one wait for a program to be ready, may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);
/// How long the server may take to end; then it is killed.
const ENDED: Duration = Duration::from_secs(15);

/// A server, an engine, and what was made on them.
pub(super) struct Stage {
    /// The server's directory; whatever else is kept for the benchmark lies there too.
    pub home: PathBuf,
    /// Speaks to the server.
    pub client: Client,
    /// The engine that the server uses.
    pub engine: Engine,
    /// What the server says of it.
    pub health: ServerHealth,
    /// The server's process.
    pub pid: u32,
    program: PathBuf,
    server: Child,
    port: Option<SocketAddr>,
    prefix: String,
}

/// A stage that is only half set is taken down again.
struct Half {
    home: PathBuf,
    server: Option<Child>,
}

impl Drop for Half {
    fn drop(&mut self) {
        if self.server.is_some() {
            let _ = std::fs::remove_dir_all(&self.home);
        }
    }
}

impl Stage {
    /// Starts a server in a directory of its own, on TCP too where that is wanted; `program` is cto.
    ///
    /// # Errors
    /// `engine_unavailable` where there is no engine, and what keeps a server from starting.
    pub async fn set(program: PathBuf, tcp: bool) -> Result<Self> {
        let prefix = format!("cto-bench-{}", std::process::id());
        let home = std::env::temp_dir().join(format!("{prefix}-{:08x}", rand::random::<u32>()));
        let made = std::fs::DirBuilder::new().mode(0o700).create(&home);
        made.map_err(|error| Error::invalid(format!("'{}' can't be made: {error}", home.display())).fix("set TMPDIR to a writable directory").because(error))?;
        let paths = Paths::under(&home)?;
        // What is measured is what people see who have seen the tour.
        let seen = std::fs::create_dir_all(&paths.state_dir).and_then(|()| std::fs::write(paths.tour_mark(), ""));
        seen.map_err(|error| Error::invalid(format!("'{}' can't be written in: {error}", home.display())).because(error))?;
        let socket = paths.socket();
        let mut command = Command::new(&program);
        // A process group of its own: Ctrl-C is for the benchmark, which ends its server when it has cleaned up.
        command.args(["serve", "--home"]).arg(&home).process_group(0).kill_on_drop(true);
        let port = if tcp { Some(free_port()?) } else { None };
        if let Some(port) = port {
            command.arg("--listen").arg(port.to_string());
        }
        for name in ["CTO_LISTEN", "CTO_DATABASE", "CTO_SERVER"] {
            command.env_remove(name);
        }
        let spawned = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let server = spawned.map_err(|error| Error::internal(format!("no server can be started: {error}")).because(error));
        let mut half = Half { home: home.clone(), server: None };
        half.server = Some(server?);
        let client = Client::local(&socket);
        let pid = until_ready(&client, half.server.as_mut()).await?;
        let health = with_engine(&client).await?;
        let engine = Engine::connect(Some(&health.engine.address));
        let server = half.server.take().ok_or_else(|| Error::internal("the server is gone"))?;
        Ok(Self { home, client, engine, health, pid, program, server, port, prefix })
    }

    /// Takes everything away: containers, server, files. What can't be is told.
    pub async fn clear(mut self) -> Vec<String> {
        let mut left = Vec::new();
        // What people launch by keys has names of its own; the server knows which are its.
        let page = self.client.call::<ListContainers>(&[], &ListQuery::default()).await;
        let own: Vec<_> = page.into_iter().flat_map(|page| page.items).filter(|one| !one.foreign && !one.other_server).map(|one| one.id).collect();
        match self.engine.list().await {
            Ok(containers) => {
                for container in containers.iter().filter(|container| container.name.starts_with(&self.prefix) || own.contains(&container.id)) {
                    if let Err(error) = self.engine.remove(&container.id, true).await
                        && error.code != Code::NotFound
                    {
                        left.push(format!("container '{}' is left: {}", container.name, error.message));
                    }
                }
            }
            Err(error) => left.push(format!("containers named '{}-…' may be left: {}", self.prefix, error.message)),
        }
        if let Some(pid) = i32::try_from(self.pid).ok().and_then(Pid::from_raw) {
            let _ = rustix::process::kill_process(pid, Signal::TERM);
        }
        if tokio::time::timeout(ENDED, self.server.wait()).await.is_err() {
            let _ = self.server.kill().await;
        }
        if let Err(error) = std::fs::remove_dir_all(&self.home) {
            left.push(format!("'{}' is left: {error}", self.home.display()));
        }
        left
    }

    /// What the engine is.
    pub fn engine_name(&self) -> String {
        format!("{} {}", self.health.engine.product, self.health.engine.version)
    }

    /// A name for a container, by which it is found again.
    pub fn name(&self, what: &str) -> String {
        format!("{}-{what}", self.prefix)
    }

    /// Launches a container from the shell template, with limits that do not limit.
    ///
    /// # Errors
    /// What the server says.
    pub async fn container(&self, what: &str) -> Result<Container> {
        let limits = [("limits.memory", "2g"), ("limits.cpus", "2"), ("limits.pids", "8192")];
        let set = limits.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter().collect();
        let request = CreateContainer { template: Some("shell".to_owned()), name: Some(self.name(what)), set, ..CreateContainer::default() };
        launch(&self.client, &request).await
    }

    /// Opens a session that runs a shell's script.
    ///
    /// # Errors
    /// What the server says.
    pub async fn session(&self, container: &Container, script: &str) -> Result<SessionId> {
        let command = shell(script);
        let open = OpenSession { container: container.id.to_string(), command, size: Some(SIZE), ..OpenSession::default() };
        Ok(self.client.call::<CreateSession>(&[], &open).await?.id)
    }

    /// The way to a session for a reader that gets every byte.
    pub fn lossless(&self, session: SessionId) -> Way {
        Way::Session { client: self.client.clone(), session, delivery: Delivery::Lossless, window: WINDOW, size: SIZE }
    }

    /// The way to a session as a pane goes it.
    pub fn pane(&self, session: SessionId) -> Way {
        pane(self.client.clone(), session)
    }

    /// Where the server listens on TCP.
    ///
    /// # Errors
    /// When it was set without a port.
    pub fn port(&self) -> Result<SocketAddr> {
        self.port.ok_or_else(|| Error::internal("the benchmark's server has no port"))
    }

    /// Adds a user, an admin: the containers are not theirs. Speaks to the server over TCP as they do.
    ///
    /// # Errors
    /// What the server says.
    pub async fn user(&self, name: &str) -> Result<Client> {
        let port = self.port()?;
        self.client.call::<CreateUser>(&[], &AddUser { name: name.to_owned(), role: Role::Admin, password: None }).await?;
        let wish = CreateToken { user: Some(name.to_owned()), role: None, expires_in_days: None, about: None };
        let token = self.client.call::<CreateTokenFor>(&[], &wish).await?;
        Client::tcp(&format!("http://{port}"), &token.secret)
    }

    /// The way of `docker exec -it` to a shell's script, and what it is: docker's own program on a terminal where it is installed,
    /// else the same calls of the engine's API.
    pub async fn docker_exec(&self, container: &Container, script: &str) -> (Way, String) {
        let address = self.health.engine.address.clone();
        match machine::find_program("docker").filter(|_| address.starts_with("unix://")) {
            Some(docker) => {
                let words = [docker.display().to_string(), "-H".to_owned(), address, "exec".to_owned(), "-it".to_owned(), container.id.to_string()];
                let arguments = words.into_iter().chain(shell(script)).collect();
                let version = said(&[&docker.display().to_string(), "--version"]).await;
                let version = version.split([' ', ',']).find(|word| word.starts_with(|c: char| c.is_ascii_digit())).unwrap_or_default().to_owned();
                (Way::Program { arguments, size: SIZE }, format!("docker exec -it ({version}) on a terminal"))
            }
            None => {
                let way = Way::Exec { address, container: container.id.clone(), command: shell(script), size: SIZE };
                (way, "exec with a terminal by the engine's API (no docker program here)".to_owned())
            }
        }
    }

    /// cto's own command line, against the stage's server.
    pub fn cto(&self, arguments: &[&str]) -> Way {
        self.cto_on(arguments, SIZE)
    }

    /// The same on a terminal of this size.
    pub fn cto_on(&self, arguments: &[&str], size: Size) -> Way {
        Way::Program { arguments: self.own_words(arguments), size }
    }

    /// Program and arguments of cto's own command line, against the stage's server.
    pub fn own_words(&self, arguments: &[&str]) -> Vec<String> {
        let own = [self.program.display().to_string(), "--home".to_owned(), self.home.display().to_string()];
        own.into_iter().chain(arguments.iter().map(|&word| word.to_owned())).collect()
    }
}

/// The way of a pane to a session, by this client.
pub(super) fn pane(client: Client, session: SessionId) -> Way {
    Way::Session { client, session, delivery: Delivery::Live, window: 64 * 1024, size: SIZE }
}

/// A port of this machine that is free at the moment.
fn free_port() -> Result<SocketAddr> {
    let probe = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    probe.map_err(|error| Error::internal(format!("no port of this machine can be opened: {error}")).because(error))
}

/// The command that runs a shell's script.
pub(super) fn shell(script: &str) -> Vec<String> {
    ["sh", "-c", script].map(str::to_owned).to_vec()
}

/// The first line that a program prints, for its version; empty when it does not.
pub(super) async fn said(arguments: &[&str]) -> String {
    let Some((program, rest)) = arguments.split_first() else { return String::new() };
    let asking = Command::new(program).args(rest).stdin(Stdio::null()).kill_on_drop(true).output();
    match tokio::time::timeout(Duration::from_secs(10), asking).await {
        Ok(Ok(output)) => String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().to_owned(),
        _ => String::new(),
    }
}

/// Launches a container and waits until it runs.
pub(super) async fn launch(client: &Client, request: &CreateContainer) -> Result<Container> {
    let operation = client.call_operation::<CreateContainerFrom>(&[], request, PATIENCE).await?;
    match (operation.state, operation.result, operation.problem) {
        (OperationState::Succeeded, Some(container), _) => Ok(container),
        (_, _, Some(problem)) => Err(problem.into()),
        _ => Err(Error::internal("the launch ended without a container")),
    }
}

/// Waits until the server has found an engine.
async fn with_engine(client: &Client) -> Result<ServerHealth> {
    let begun = Instant::now();
    loop {
        let health = client.call::<GetHealth>(&[], &Empty {}).await?;
        if health.engine.available {
            return Ok(health);
        }
        // A server that has just started has not asked yet.
        if begun.elapsed() > ENGINE {
            let detail = health.engine.detail.unwrap_or_else(|| "it does not answer".to_owned());
            return Err(Error::new(Code::EngineUnavailable, format!("there is no engine to measure on: {detail}")).fix("see 'cto doctor'"));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until the server answers; its process id.
async fn until_ready(client: &Client, server: Option<&mut Child>) -> Result<u32> {
    let server = server.ok_or_else(|| Error::internal("the server is gone"))?;
    let deadline = Instant::now() + READY;
    loop {
        if let Ok(version) = client.call_within::<GetVersion>(&[], &Empty {}, Duration::from_secs(5)).await {
            return Ok(version.pid);
        }
        if let Ok(Some(status)) = server.try_wait() {
            let mut words = String::new();
            if let Some(stderr) = server.stderr.take() {
                let _ = tokio::time::timeout(Duration::from_secs(1), stderr.take(64 << 10).read_to_string(&mut words)).await;
            }
            let words = words.trim().trim_start_matches("error: ").to_owned();
            let why = if words.is_empty() { status.to_string() } else { words };
            return Err(Error::new(Code::ServerUnavailable, format!("the benchmark's server could not be started: {why}")));
        }
        if Instant::now() > deadline {
            return Err(Error::new(Code::ServerUnavailable, format!("the benchmark's server does not answer after {READY:?}")));
        }
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
}
