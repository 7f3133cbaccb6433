//! The server as a process: builds every room of it from a configuration, and runs them until it is told to stop.
mod doctor;
mod lock;
mod log;
mod notify;
mod reload;

pub use doctor::Finding;
pub use doctor::Verdict;
pub use doctor::doctor;
pub use lock::holder;

use crate::automation::Automation;
use crate::bus::Bus;
use crate::config::LoadedConfig;
use crate::config::Paths;
use crate::config::ServerConfig;
use crate::control::Control;
use crate::control::ControlParts;
use crate::engine::Engine;
use crate::error::Error;
use crate::error::Result;
use crate::keeper;
use crate::server;
use crate::store::Store;
use rustix::fs::Mode;
use rustix::process::Resource;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;
use tokio::net::UnixListener;
use tokio::signal::unix::SignalKind;
use tokio_util::sync::CancellationToken;

/// How long the end of the server may take in all: answers that are under way, launches that clean up after themselves, notes in
/// the store. Whatever is not done by then is found by the next server.
const LAST_WORDS: Duration = Duration::from_secs(8);
/// Threads that work. The work is waiting; more threads would only hold memory.
const WORKERS: usize = 2;
/// Threads for files and name look-ups, at most.
const BLOCKING: usize = 16;
/// A thread's stack: real pages come as they are used.
const STACK: usize = 2 << 20;

/// What flags say; they go before the configuration.
#[derive(Clone, Debug, Default)]
pub struct ServeOptions {
    /// Address for the API over TCP.
    pub listen: Option<String>,
    /// `sqlite:PATH` or `postgres://…`.
    pub database: Option<String>,
    /// What is logged.
    pub log_level: Option<String>,
    /// The environment whose files go before the others.
    pub environment: Option<String>,
    /// Leave the terminal and its process group behind, and say nothing there once the server answers.
    pub background: bool,
}

/// Runs the server until SIGTERM, SIGINT, SIGHUP or a client's wish.
///
/// # Errors
/// `already_running` when another server uses the same files; what is wrong with configuration, database or listeners.
pub fn run(paths: &Paths, options: &ServeOptions) -> Result<()> {
    if options.background {
        // Fails only for the leader of a process group, which a child never is; then there is nothing to leave.
        let _ = rustix::process::setsid();
    }
    // Sockets, logs and databases are for their owner only, whatever the shell's umask.
    rustix::process::umask(Mode::from_raw_mode(0o077));
    raise_limits();
    paths.prepare()?;
    let lock = lock::take(paths)?;
    let loaded = reload::read(paths, options);
    let config = loaded.clone().whole()?;
    let level = log::start(&paths.log_dir, &config.log.level, !options.background)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .max_blocking_threads(BLOCKING)
        .thread_keep_alive(Duration::from_secs(5))
        .thread_stack_size(STACK)
        .enable_all()
        .build()
        .map_err(|error| Error::internal(format!("no runtime can be started: {error}")))?;
    let result = runtime.block_on(serve(paths, options, loaded, level));
    if let Err(error) = &result {
        tracing::error!("{error}");
    }
    // Whatever hangs in a file system must not keep the process.
    runtime.shutdown_background();
    drop(lock);
    result
}

async fn serve(paths: &Paths, options: &ServeOptions, loaded: LoadedConfig, level: log::Level) -> Result<()> {
    let config = loaded.config.clone();
    let shutdown = CancellationToken::new();
    let mut signals = Signals::listen()?;
    let remotes = match &config.server.listen {
        Some(address) => vec![open_port(address, &config.server, paths).await?],
        None => Vec::new(),
    };
    let base = config.server.base_path.clone().unwrap_or_default();
    let store = Store::open(&config.server.database.clone().unwrap_or_else(|| paths.database().display().to_string())).await?;
    let engine = Engine::connect(config.engine.address.as_deref());
    let control = Control::new(ControlParts { engine, store: store.clone(), bus: Bus::default(), paths: paths.clone(), config, shutdown: shutdown.clone() });
    let keeper = tokio::spawn(keeper::start(control.clone(), shutdown.clone()).await);
    let automation = Automation::new(control.clone());
    let automatic = tokio::spawn(automation.clone().keep(shutdown.clone()));
    tokio::spawn(reload::watch(control.clone(), options.clone(), loaded, level, shutdown.clone()));
    let socket = paths.socket();
    let unix = listen(&socket)?;
    let addresses: Vec<String> = remotes.iter().filter_map(|(remote, _)| remote.url()).collect();
    let fingerprint = remotes.iter().find_map(|(_, tls)| tls.as_ref().map(|tls| tls.fingerprint.clone()));
    let setup = if remotes.is_empty() { None } else { control.begin_setup().await? };
    tracing::info!(version = env!("CARGO_PKG_VERSION"), pid = std::process::id(), socket = %socket.display(), tcp = addresses.join(" "), fingerprint, "serving");
    if let (Some(code), Some(address)) = (&setup, addresses.first()) {
        tracing::info!("nobody has a password yet: the first user is made at {address}{base}/setup with the code {code}");
    }
    if options.background {
        // The client that started this server has what it needs when it answers; from now on the log has the rest.
        notify::leave_terminal();
    } else {
        say(&socket, &addresses, &base, fingerprint.as_deref(), setup.as_deref());
    }
    let (ports, closing) = (remotes.into_iter().map(|(remote, _)| remote).collect(), shutdown.clone());
    let mut serving = tokio::spawn(async move { server::serve(automation, unix, ports, &base, closing).await });
    notify::ready();
    let mut pulse = notify::pulse();
    let mut failed = None;
    loop {
        tokio::select! {
            name = signals.next() => {
                tracing::info!("{name}: stopping");
                break;
            }
            () = shutdown.cancelled() => {
                tracing::info!("asked to stop");
                break;
            }
            ended = &mut serving => {
                failed = ended.map_err(|error| Error::internal(format!("serving failed: {error}"))).err();
                break;
            }
            () = notify::beat(&mut pulse) => {}
        }
    }
    notify::stopping();
    // From here on nobody finds this server; the next one may not remove the socket before the lock is free.
    let _ = std::fs::remove_file(&socket);
    shutdown.cancel();
    let last_words = async {
        if failed.is_none() {
            let _ = serving.await;
        }
        let _ = automatic.await;
        let _ = keeper.await;
        store.close().await;
    };
    tokio::select! {
        ended = tokio::time::timeout(LAST_WORDS, last_words) => {
            if ended.is_err() {
                tracing::warn!("not everything was done in time; the next server finds the rest");
            }
        }
        name = signals.next() => tracing::warn!("{name} again: stopping at once"),
    }
    tracing::info!("stopped");
    failed.map_or(Ok(()), Err)
}

/// Opens the socket. What lies there is of a server that is dead: this one holds the lock.
fn listen(socket: &Path) -> Result<UnixListener> {
    let failed =
        |error: std::io::Error| Error::invalid(format!("cannot listen on '{}': {error}", socket.display())).fix("set CTO_HOME to another place").because(error);
    match std::fs::remove_file(socket) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    let listener = UnixListener::bind(socket).map_err(failed)?;
    std::fs::set_permissions(socket, std::fs::Permissions::from_mode(0o600)).map_err(failed)?;
    Ok(listener)
}

/// Opens the port, with TLS where the configuration says so or others can reach it.
async fn open_port(address: &str, config: &ServerConfig, paths: &Paths) -> Result<(server::Remote, Option<server::Tls>)> {
    let listener = server::listen(address).await?;
    let own = listener.local_addr().map_err(|error| Error::internal(error.to_string()))?.ip();
    if own.is_loopback() && config.tls.is_none() {
        return Ok((listener.into(), None));
    }
    let files = config.tls.as_ref().map(|tls| server::CertificateFiles { certificate: tls.certificate.clone().into(), key: tls.key.clone().into() });
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned(), server::host_name()];
    if !own.is_unspecified() {
        names.push(own.to_string());
    }
    names.extend(config.names.iter().cloned());
    names.retain(|name| !name.is_empty());
    let tls = server::Tls::open(files.as_ref(), &paths.state_dir.join("tls"), &names)?;
    Ok((server::Remote { listener, tls: Some(tls.config.clone()) }, Some(tls)))
}

/// Tells the person at the terminal where the server is.
fn say(socket: &Path, addresses: &[String], base: &str, fingerprint: Option<&str>, setup: Option<&str>) {
    use std::io::Write as _;
    let mut text = format!("serving on {}", socket.display());
    for address in addresses {
        text.push_str(&format!(" and {address}{base}"));
    }
    text.push_str(" (Ctrl-C stops; containers go on)\n");
    if let Some(fingerprint) = fingerprint {
        text.push_str(&format!("certificate {fingerprint}\n"));
    }
    if let (Some(code), Some(address)) = (setup, addresses.first()) {
        text.push_str(&format!("nobody has a password yet: make the first user at {address}{base}/setup with the code {code}\n"));
    }
    // A closed terminal is no reason to stop.
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// Every session and client takes a file descriptor or two: as many as the system lets us.
fn raise_limits() {
    let mut limit = rustix::process::getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    let _ = rustix::process::setrlimit(Resource::Nofile, limit);
}

/// The signals that stop the server.
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    hang_up: tokio::signal::unix::Signal,
}

impl Signals {
    fn listen() -> Result<Self> {
        let on = |kind| tokio::signal::unix::signal(kind).map_err(|error| Error::internal(format!("signals can't be heard: {error}")));
        Ok(Self { terminate: on(SignalKind::terminate())?, interrupt: on(SignalKind::interrupt())?, hang_up: on(SignalKind::hangup())? })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.hang_up.recv() => "SIGHUP",
        }
    }
}
