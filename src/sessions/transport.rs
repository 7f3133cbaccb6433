//! What carries a session's bytes between its program and the server.
use super::channel::Channel;
use super::channel::End;
use super::channel::Printed;
use super::channel::Typed;
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
use jiff::Timestamp;
use std::sync::Arc;
use tokio::sync::mpsc;

/// An open way to a program.
pub struct Transport {
    /// What it prints; ends when the program does, or the way is lost. Always drained without pause, except for lossless readers.
    pub output: Output,
    /// What is typed.
    pub input: Input,
    /// Its size and end.
    pub control: Arc<dyn TransportControl>,
    /// What it printed before, to be drawn first.
    pub replay: Vec<u8>,
    /// What runs.
    pub command: Vec<String>,
    /// Why the session will not outlast the server; none when it will.
    pub not_resumable: Option<String>,
    /// As which user a holder keeps it; the inner none is the container's own. None without a holder.
    pub held: Option<Option<String>>,
}

/// What a program prints.
pub struct Output(Source);

/// Where a program's input goes.
pub struct Input(Sink);

enum Source {
    Plain(mpsc::Receiver<Bytes>),
    Held(Arc<Channel>),
}

enum Sink {
    Plain(mpsc::Sender<Bytes>),
    Held(Arc<Channel>),
}

impl From<mpsc::Receiver<Bytes>> for Output {
    fn from(output: mpsc::Receiver<Bytes>) -> Self {
        Self(Source::Plain(output))
    }
}

impl From<mpsc::Sender<Bytes>> for Input {
    fn from(input: mpsc::Sender<Bytes>) -> Self {
        Self(Sink::Plain(input))
    }
}

impl Output {
    /// What comes next; none at the end. May be cancelled.
    pub(super) async fn next(&mut self) -> Option<Printed> {
        match &mut self.0 {
            Source::Plain(output) => output.recv().await.map(Printed::Bytes),
            Source::Held(channel) => channel.next().await,
        }
    }

    /// All output before `offset` is safe here, and with every reader that is waited for: the holder need not keep it.
    pub(super) fn taken(&self, offset: u64, at_once: bool) {
        if let Source::Held(channel) = &self.0 {
            channel.taken(offset, at_once);
        }
    }

    /// To be dropped when the session's end is noted: until then the holder keeps it.
    pub(super) fn release(&self) -> Option<Release> {
        match &self.0 {
            Source::Plain(_) => None,
            Source::Held(channel) => Some(Release(channel.clone())),
        }
    }
}

impl Input {
    /// Waits until there is room. May be cancelled.
    pub(super) async fn ready(&self) {
        match &self.0 {
            // An error means that nobody reads any more: what is sent goes nowhere.
            Sink::Plain(input) => drop(input.reserve().await),
            Sink::Held(channel) => channel.ready().await,
        }
    }

    /// Types, once there is room.
    pub(super) fn send(&self, typed: Typed) {
        match &self.0 {
            Sink::Plain(input) => drop(input.try_send(typed.bytes)),
            Sink::Held(channel) => channel.send(typed),
        }
    }
}

/// Keeps the holder of a session that has ended, until it is dropped.
#[derive(Debug)]
pub struct Release(Arc<Channel>);

impl Drop for Release {
    fn drop(&mut self) {
        self.0.leave();
    }
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
    /// The boot of its holder, where it has one that is known.
    fn boot(&self) -> Option<u64> {
        None
    }
}

impl Transport {
    /// A terminal of the engine's: plain exec, or attached to the main program. `why` there is no holder is shown to people.
    ///
    /// # Errors
    /// As [`Engine::open_terminal`].
    pub(super) async fn plain(engine: &Engine, request: &TerminalRequest, why: String) -> Result<Self> {
        let terminal = engine.open_terminal(request).await?;
        let control = EngineTerminal { engine: engine.clone(), control: terminal.control, container: request.container.clone(), main: request.main };
        Ok(Self {
            output: terminal.output.into(),
            input: terminal.input.into(),
            control: Arc::new(control),
            replay: terminal.replay,
            command: terminal.command,
            not_resumable: Some(why),
            held: None,
        })
    }

    /// A session of a holder, which has lived `since` then.
    pub(super) fn held(engine: &Engine, request: &TerminalRequest, channel: Arc<Channel>, command: Vec<String>, since: Timestamp) -> Self {
        let control = HeldTerminal { engine: engine.clone(), channel: channel.clone(), container: request.container.clone(), main: request.main, since };
        Self {
            output: Output(Source::Held(channel.clone())),
            input: Input(Sink::Held(channel)),
            control: Arc::new(control),
            replay: Vec::new(),
            command,
            not_resumable: None,
            held: Some(request.user.clone()),
        }
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
        match end_of(&self.engine, &self.container, self.main, code).await {
            (ExitReason::Lost, _) if code.is_some() => (ExitReason::Exited, code),
            end => end,
        }
    }
}

struct HeldTerminal {
    engine: Engine,
    channel: Arc<Channel>,
    container: ContainerId,
    main: bool,
    since: Timestamp,
}

#[async_trait::async_trait]
impl TransportControl for HeldTerminal {
    async fn resize(&self, size: Size) -> Result<()> {
        self.channel.resize(size);
        Ok(())
    }

    async fn close(&self) -> Result<()> {
        self.channel.close();
        Ok(())
    }

    async fn ended(&self) -> (ExitReason, Option<i64>) {
        if let Some(End::Exited(code)) = self.channel.end() {
            return (ExitReason::Exited, Some(code));
        }
        match end_of(&self.engine, &self.container, self.main, None).await {
            // It runs again: what lived in it before was stopped.
            (ExitReason::Lost, _) if self.started_since().await => (ExitReason::Stopped, None),
            end => end,
        }
    }

    fn boot(&self) -> Option<u64> {
        self.channel.boot()
    }
}

impl HeldTerminal {
    async fn started_since(&self) -> bool {
        let container = self.engine.inspect(self.container.as_str()).await;
        container.is_ok_and(|container| container.started_at.is_some_and(|at| at > self.since))
    }
}

/// What a container says of the end of a session in it; lost where it says nothing.
async fn end_of(engine: &Engine, container: &ContainerId, main: bool, code: Option<i64>) -> (ExitReason, Option<i64>) {
    let runs = |state| matches!(state, ContainerState::Running | ContainerState::Paused);
    match engine.inspect(container.as_str()).await {
        Ok(container) if container.oom_killed && !runs(container.state) => (ExitReason::OomKilled, code),
        Ok(container) if main && !runs(container.state) => (ExitReason::Exited, code.or(container.exit_code)),
        // Only a shell that ended with everything else in its container was stopped; the others ended by themselves.
        Ok(container) if !runs(container.state) => (ExitReason::Stopped, code),
        Err(error) if error.code == Code::NotFound => (ExitReason::Stopped, code),
        Ok(_) | Err(_) => (ExitReason::Lost, None),
    }
}
