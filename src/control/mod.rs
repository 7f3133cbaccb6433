//! The control plane: every change of the world passes here: allow, do, audit, announce.
mod accounts;
mod containers;
mod launch;
mod layouts;
mod operations;
mod sessions;
mod streams;
mod templates;

pub use crate::engine::Exec;
pub use crate::engine::ExecControl;
pub use crate::engine::ExecOutput;
pub use sessions::Screen;
pub use streams::TileMark;

use crate::access::Actor;
use crate::bus::Bus;
use crate::config::Config;
use crate::config::Paths;
use crate::engine::Engine;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::Me;
use crate::model::ServerHealth;
use crate::model::Version;
use crate::store::Store;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// What a control plane is made of.
#[derive(Clone, Debug)]
pub struct ControlParts {
    /// Where containers run.
    pub engine: Engine,
    /// What is kept.
    pub store: Store,
    /// Who is told.
    pub bus: Bus,
    /// Where files lie.
    pub paths: Paths,
    /// What is set.
    pub config: Config,
    /// Cancelled when the server is to stop: by `stop_server`, or by who runs it.
    pub shutdown: CancellationToken,
}

/// The control plane. Cheap to clone; a clone is the same.
#[derive(Clone, Debug)]
pub struct Control(Arc<ControlParts>);

fn later<T>() -> Result<T> {
    Err(Error::new(Code::Internal, "not built yet"))
}

#[allow(clippy::unused_async, clippy::missing_errors_doc)]
impl Control {
    /// A control plane over these parts. Must be called within a runtime.
    #[must_use]
    pub fn new(parts: ControlParts) -> Self {
        Self(Arc::new(parts))
    }

    /// Who the local socket's own user is: an admin.
    #[must_use]
    pub fn local_admin() -> Actor {
        Actor::new("local", crate::model::Role::Admin)
    }

    /// Who holds this token.
    pub async fn identify(&self, secret: &str) -> Result<Actor> {
        let _ = secret;
        later()
    }

    /// Changes with each start of the server.
    #[must_use]
    pub fn boot_id(&self) -> &str {
        self.0.bus.boot_id()
    }

    /// Cancelled when the server is to stop.
    #[must_use]
    pub fn shutdown(&self) -> CancellationToken {
        self.0.shutdown.clone()
    }

    /// Health of the server, its engine and its store.
    pub async fn get_health(&self) -> Result<ServerHealth> {
        later()
    }

    /// Version of the server and of its API.
    pub async fn get_version(&self) -> Result<Version> {
        later()
    }

    /// Who the caller is and what they may do.
    pub async fn get_me(&self, actor: &Actor) -> Result<Me> {
        let _ = actor;
        later()
    }

    /// Ends the server; containers and what runs in them go on.
    pub async fn stop_server(&self, actor: &Actor) -> Result<()> {
        let _ = actor;
        later()
    }
}
