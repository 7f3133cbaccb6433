//! The engine: the only room that talks to Docker, or to Podman by its Docker API.
mod exec;
mod images;
mod terminal;
mod watch;

pub use exec::Exec;
pub use exec::ExecControl;
pub use exec::ExecOutput;
pub use images::Images;
pub use terminal::Terminal;
pub use terminal::TerminalControl;
pub use terminal::TerminalRequest;
pub use watch::EngineEvent;

use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::Container;
use crate::model::ContainerId;
use crate::model::ContainerSpec;
use crate::model::EngineInfo;
use crate::model::ExecStart;
use crate::model::LogQuery;
use crate::model::LogSource;
use crate::model::Stats;
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// One engine, reached by one address. Cheap to clone; a clone is the same engine.
#[derive(Clone, Debug)]
pub struct Engine(Arc<String>);

fn later<T>() -> Result<T> {
    Err(Error::new(Code::EngineUnavailable, "the engine room is being built"))
}

#[allow(clippy::unused_async, missing_docs, clippy::missing_errors_doc, clippy::must_use_candidate)]
impl Engine {
    pub fn connect(address: Option<&str>) -> Self {
        Self(Arc::new(address.unwrap_or_default().to_owned()))
    }
    pub fn info(&self) -> EngineInfo {
        EngineInfo { address: self.0.to_string(), ..EngineInfo::default() }
    }
    pub async fn ping(&self) -> Result<EngineInfo> {
        later()
    }
    pub async fn list(&self) -> Result<Vec<Container>> {
        later()
    }
    pub async fn inspect(&self, name: &str) -> Result<Container> {
        Err(Error::not_found("container", name))
    }
    pub async fn create(&self, _spec: &ContainerSpec, _owner: &str, _image_id: &str) -> Result<ContainerId> {
        later()
    }
    pub async fn start(&self, _id: &ContainerId) -> Result<()> {
        later()
    }
    pub async fn stop(&self, _id: &ContainerId, _grace: Option<Duration>) -> Result<()> {
        later()
    }
    pub async fn restart(&self, _id: &ContainerId, _grace: Option<Duration>) -> Result<()> {
        later()
    }
    pub async fn kill(&self, _id: &ContainerId) -> Result<()> {
        later()
    }
    pub async fn remove(&self, _id: &ContainerId, _force: bool) -> Result<()> {
        later()
    }
    pub async fn wait(&self, _id: &ContainerId) -> Result<i64> {
        later()
    }
    /// The container `within` after its start, or at once when it is no longer running.
    pub async fn first_state(&self, _id: &ContainerId, _within: Duration) -> Result<Container> {
        later()
    }
    pub fn images(&self) -> Images {
        Images(self.clone())
    }
    pub async fn open_terminal(&self, _request: &TerminalRequest) -> Result<Terminal> {
        later()
    }
    pub async fn exec(&self, _start: &ExecStart, _id: &ContainerId) -> Result<Exec> {
        later()
    }
    pub async fn logs(&self, _id: &ContainerId, _query: &LogQuery) -> Result<mpsc::Receiver<Result<(LogSource, Bytes)>>> {
        later()
    }
    pub async fn stats(&self, _id: &ContainerId) -> Result<mpsc::Receiver<Stats>> {
        later()
    }
    pub fn watch(&self, _cancel: CancellationToken) -> mpsc::Receiver<EngineEvent> {
        mpsc::channel(1).1
    }
}
