//! The engine: the only room that talks to Docker, or to Podman by its Docker API.
mod address;
mod calls;
mod care;
mod containers;
mod create;
mod credentials;
mod demux;
mod derived;
mod directory;
mod egress;
mod exec;
mod fault;
mod files;
mod holder;
mod image_store;
mod images;
mod labels;
mod launched;
mod leftovers;
mod life;
mod lifecycle;
mod link;
mod logs;
mod meter;
mod mounts;
mod networks;
mod process;
mod raw;
mod recipe;
mod registry;
mod replay;
mod stacks;
mod stats;
mod terminal;
mod volume;
mod volumes;
mod watch;
mod way_in;

pub use egress::UnusedWay;
pub use egress::is_stranded;
pub use exec::Exec;
pub use exec::ExecControl;
pub use exec::ExecOutput;
pub use holder::HOLDER;
pub use holder::HOLDER_VERSION;
pub use images::Images;
pub use launched::Launched;
pub use meter::Meter;
pub use meter::Moment;
pub use registry::BuildRequest;
pub use stacks::Belonging;
pub use terminal::Terminal;
pub use terminal::TerminalControl;
pub use terminal::TerminalRequest;
pub use watch::EngineEvent;
pub use way_in::WayIn;

use crate::error::Result;
use crate::model::EngineInfo;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;

/// One engine, reached by one address, and the id of the server that uses it. Cheap to clone; a clone is the same engine.
#[derive(Clone, Debug)]
pub struct Engine(Arc<Inner>, Option<Arc<str>>);

#[derive(Debug)]
struct Inner {
    link: link::Link,
    /// Labels of images by id. Std mutexes: both are held for a look and never across an await.
    labels: Mutex<HashMap<String, labels::Labels>>,
    /// A lock for each derived image that is being built, and each container that the holder is brought into.
    building: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    /// Ways into containers.
    ways: Mutex<way_in::Ways>,
    /// What was asked last.
    calls: calls::Calls,
    /// The holder's volume.
    filled: volume::Filled,
}

impl Engine {
    /// The engine at `address` (`unix:///…`, `tcp://HOST:PORT`), or where docker's command line would find it: DOCKER_HOST, the
    /// current context, the known sockets of Docker and Podman.
    ///
    /// Nothing is asked yet and nothing fails here: an engine that is away answers each call with `engine_unavailable`, and is
    /// looked for again by the next.
    #[must_use]
    pub fn connect(address: Option<&str>) -> Self {
        let inner = Inner {
            link: link::Link::new(address.filter(|text| !text.is_empty())),
            labels: Mutex::default(),
            building: Mutex::default(),
            ways: Mutex::default(),
            calls: calls::Calls::default(),
            filled: volume::Filled::default(),
        };
        Self(Arc::new(inner), None)
    }

    /// The same engine as the server with this id uses it: what it makes there is marked as its own.
    #[must_use]
    pub fn used_by(&self, server: &str) -> Self {
        Self(self.0.clone(), Some(server.into()))
    }

    /// What was last known of the engine, without asking.
    #[must_use]
    pub fn info(&self) -> EngineInfo {
        self.0.link.info()
    }

    /// Asks whether the engine answers, for at most 10 s.
    ///
    /// # Errors
    /// `engine_unavailable` with where it was looked for and what to do.
    pub async fn ping(&self) -> Result<EngineInfo> {
        self.0.link.ping().await
    }

    /// Waits until an engine that did not answer does: whoever tries again in growing pauses need not wait for the end of the present one.
    pub async fn answers_again(&self) {
        self.0.link.opened().await;
    }

    /// The engine's images.
    #[must_use]
    pub fn images(&self) -> Images {
        Images(self.clone())
    }

    fn link(&self) -> &link::Link {
        &self.0.link
    }

    fn remembered(&self) -> MutexGuard<'_, HashMap<String, labels::Labels>> {
        self.0.labels.lock().expect("no panics while held")
    }

    fn ways(&self) -> MutexGuard<'_, way_in::Ways> {
        self.0.ways.lock().expect("no panics while held")
    }

    /// The lock of the derived image with this hash, or of the start of a container. Locks that nobody holds are forgotten.
    fn building(&self, hash: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut building = self.0.building.lock().expect("no panics while held");
        building.retain(|_, lock| Arc::strong_count(lock) > 1);
        building.entry(hash.to_owned()).or_default().clone()
    }
}
