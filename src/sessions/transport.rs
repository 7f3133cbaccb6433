//! What carries a session's bytes between its program and the server.
use crate::engine::Engine;
use crate::engine::TerminalControl;
use crate::engine::TerminalRequest;
use crate::error::Result;
use crate::model::Code;
use crate::model::ContainerId;
use crate::model::ContainerState;
use crate::model::ExitReason;
use crate::model::Size;
use bytes::Bytes;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Why a terminal of a plain exec does not outlast the server.
const PLAIN_EXEC: &str = "plain exec: it ends with the server";

/// An open way to a program.
pub struct Transport {
    /// What it prints; ends when the program does, or the way is lost. Always drained without pause, except for lossless readers.
    pub output: mpsc::Receiver<Bytes>,
    /// What is typed.
    pub input: mpsc::Sender<Bytes>,
    /// Its size and end.
    pub control: Arc<dyn TransportControl>,
    /// What it printed before, to be drawn first.
    pub replay: Vec<u8>,
    /// What runs.
    pub command: Vec<String>,
    /// Why the session will not outlast the server; none when it will.
    pub not_resumable: Option<String>,
}

/// Size and end of a program.
#[async_trait::async_trait]
pub trait TransportControl: Send + Sync + 'static {
    /// Sets the terminal's size.
    async fn resize(&self, size: Size) -> Result<()>;
    /// Hangs up, then kills.
    async fn close(&self) -> Result<()>;
    /// Why the output has ended, and the exit code where it is known. Asked once, then.
    async fn ended(&self) -> (ExitReason, Option<i64>);
}

impl Transport {
    /// A terminal of the engine's: plain exec, or attached to the main program.
    ///
    /// # Errors
    /// As [`Engine::open_terminal`].
    pub async fn open(engine: &Engine, request: &TerminalRequest) -> Result<Self> {
        let terminal = engine.open_terminal(request).await?;
        let control = EngineTerminal { engine: engine.clone(), control: terminal.control, container: request.container.clone(), main: request.main };
        Ok(Self {
            output: terminal.output,
            input: terminal.input,
            control: Arc::new(control),
            replay: terminal.replay,
            command: terminal.command,
            not_resumable: (!request.main).then(|| PLAIN_EXEC.to_owned()),
        })
    }
}

struct EngineTerminal {
    engine: Engine,
    control: TerminalControl,
    container: ContainerId,
    main: bool,
}

#[async_trait::async_trait]
impl TransportControl for EngineTerminal {
    async fn resize(&self, size: Size) -> Result<()> {
        self.control.resize(size).await
    }

    async fn close(&self) -> Result<()> {
        self.control.close().await
    }

    async fn ended(&self) -> (ExitReason, Option<i64>) {
        let code = self.control.exit().await.ok().flatten();
        let runs = |state| matches!(state, ContainerState::Running | ContainerState::Paused);
        match self.engine.inspect(self.container.as_str()).await {
            Ok(container) if container.oom_killed && !runs(container.state) => (ExitReason::OomKilled, code),
            Ok(container) if self.main && !runs(container.state) => (ExitReason::Exited, code.or(container.exit_code)),
            // Only a shell that ended with everything else in its container was stopped; the others ended by themselves.
            Ok(container) if !runs(container.state) => (ExitReason::Stopped, code),
            Ok(_) if code.is_some() => (ExitReason::Exited, code),
            Err(error) if error.code == Code::NotFound => (ExitReason::Stopped, code),
            Ok(_) | Err(_) => (ExitReason::Lost, None),
        }
    }
}
