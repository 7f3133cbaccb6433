//! A real engine, and containers that are gone when a test ends, also when it fails.
use cto::engine::Engine;
use cto::engine::ExecOutput;
use cto::engine::Terminal;
use cto::engine::TerminalRequest;
use cto::model::*;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The image of every test.
pub const IMAGE: &str = "debian:bookworm-slim";
/// What no wait of a test is longer than.
pub const LONG: Duration = Duration::from_secs(60);

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// Where the tests' engine is: `CTO_TEST_DOCKER_HOST`, or where docker's command line would find it.
pub fn address() -> Option<String> {
    std::env::var("CTO_TEST_DOCKER_HOST").ok().filter(|address| !address.is_empty())
}

pub fn engine() -> Engine {
    Engine::connect(address().as_deref())
}

/// Docker's command line on the tests' engine, for what only tests do; what it prints.
pub fn docker(arguments: &[&str]) -> String {
    let mut command = std::process::Command::new("docker");
    if let Some(address) = address() {
        command.env("DOCKER_HOST", address);
    }
    let output = command.args(arguments).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Removes the volumes, networks and images of a test, which have `prefix` in their names; its containers are gone.
pub fn sweep(prefix: &str) {
    for (list, remove) in [
        (["volume", "ls", "--format", "{{.Name}}"], ["volume", "rm"]),
        (["network", "ls", "--format", "{{.Name}}"], ["network", "rm"]),
        (["image", "ls", "--format", "{{.Repository}}:{{.Tag}}"], ["image", "rm"]),
    ] {
        for name in docker(&list).lines().filter(|name| name.contains(prefix)) {
            docker(&[&remove[..], &[name]].concat());
        }
    }
}

/// An engine with a name of one's own on it: containers whose names begin with `prefix` are removed when this is dropped.
pub struct Ground {
    pub engine: Engine,
    pub prefix: String,
}

impl Ground {
    pub fn new() -> Self {
        Self { engine: engine(), prefix: format!("cto-engine-{}-{:04}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed)) }
    }

    pub fn name(&self, name: &str) -> String {
        format!("{}-{name}", self.prefix)
    }

    /// A spec of a small container that runs `command`.
    pub fn spec(&self, name: &str, command: &[&str]) -> ContainerSpec {
        let mut spec: ContainerSpec = serde_json::from_value(serde_json::json!({
            "name": self.name(name), "image": {"reference": IMAGE}, "interactive": false, "network": "none",
            "limits": {"memory_bytes": 256 << 20, "cpus": 1.0, "pids": 128}, "size": {"cols": 80, "rows": 24},
        }))
        .unwrap();
        spec.command = command.iter().map(|word| (*word).to_owned()).collect();
        spec
    }

    /// Creates a container; it does not run yet.
    pub async fn created(&self, spec: &ContainerSpec) -> ContainerId {
        let image = self.engine.images().ensure(&spec.image, &mut |_| {}, CancellationToken::new()).await.unwrap();
        self.engine.create(spec, "tess", None, &image).await.unwrap()
    }

    /// A container that runs `command`.
    pub async fn running(&self, name: &str, command: &[&str]) -> ContainerId {
        let id = self.created(&self.spec(name, command)).await;
        self.engine.start(&id).await.unwrap();
        id
    }

    /// A container that runs until it is ended.
    pub async fn idle(&self) -> ContainerId {
        self.running("idle", &["sleep", "1000"]).await
    }

    /// Runs a command to its end: exit code, output, error output.
    pub async fn run(&self, id: &ContainerId, command: &[&str]) -> (i64, Vec<u8>, Vec<u8>) {
        let start = ExecStart { command: command.iter().map(|word| (*word).to_owned()).collect(), ..ExecStart::default() };
        let mut exec = self.engine.exec(&start, id).await.unwrap();
        let (mut out, mut error) = (Vec::new(), Vec::new());
        while let Some(piece) = within(exec.output.recv()).await {
            match piece {
                ExecOutput::Stdout(bytes) => out.extend(bytes),
                ExecOutput::Stderr(bytes) => error.extend(bytes),
            }
        }
        (within(exec.control.exit()).await.unwrap(), out, error)
    }

    /// Opens a terminal; the user's shell where `command` is empty.
    pub async fn terminal(&self, id: &ContainerId, command: &[&str]) -> Terminal {
        self.engine.open_terminal(&request(id, command)).await.unwrap()
    }
}

/// Asks for a terminal of 90×30.
pub fn request(id: &ContainerId, command: &[&str]) -> TerminalRequest {
    TerminalRequest {
        container: id.clone(),
        command: command.iter().map(|word| (*word).to_owned()).collect(),
        environment: std::collections::BTreeMap::new(),
        user: None,
        working_dir: None,
        size: Size { cols: 90, rows: 30 },
        main: false,
    }
}

/// Waits, but not for ever.
pub async fn within<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(LONG, work).await.expect("what is waited for happens within a minute")
}

/// Reads a terminal until its output holds `text`; all that was read.
pub async fn until(terminal: &mut Terminal, text: &str) -> String {
    let mut seen = Vec::new();
    let reading = async {
        loop {
            let so_far = String::from_utf8_lossy(&seen).into_owned();
            if so_far.contains(text) {
                return so_far;
            }
            match terminal.output.recv().await {
                Some(bytes) => seen.extend(bytes),
                None => panic!("the terminal ended before '{text}': {so_far:?}"),
            }
        }
    };
    match tokio::time::timeout(LONG, reading).await {
        Ok(seen) => seen,
        Err(_) => panic!("'{text}' was not seen"),
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        let prefix = self.prefix.clone();
        // Dropping can't wait, and the test's own runtime may be ending: another one cleans up.
        let cleaning = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let engine = engine();
                for container in engine.list().await.unwrap_or_default() {
                    if container.name.starts_with(&prefix) {
                        let _ = engine.remove(&container.id, true).await;
                    }
                }
            });
        });
        let _ = cleaning.join();
    }
}
