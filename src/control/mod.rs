//! The control plane: every change of the world passes here: allow, do, audit, announce.
mod accounts;
mod build;
mod clean;
mod containers;
mod files;
mod guard;
mod handlers;
mod history;
mod host;
mod idempotency;
mod images;
mod launch;
mod layouts;
mod leftovers;
mod life;
mod log_search;
mod logins;
mod networks;
mod operations;
mod paging;
mod ready;
mod recordings;
mod seen;
mod sessions;
mod settings;
mod shares;
mod stacks;
mod stats;
mod streams;
mod templates;
mod tokens;
mod trials;
mod upkeep;
mod uploads;
mod volumes;

pub use crate::engine::Exec;
pub use crate::engine::ExecControl;
pub use crate::engine::ExecOutput;
pub use guard::Target;
pub use handlers::LaunchAsked;
pub use handlers::LaunchChange;
pub use handlers::LaunchChanges;
pub use handlers::LaunchHandler;
pub use idempotency::Answer;
pub use logins::Begun;
pub use paging::Key;
pub use paging::Wanted;
pub use recordings::Cast;
pub use sessions::Screen;
pub use streams::TileMark;
pub use uploads::Checksum;
pub use uploads::Sent;

use crate::access::Actor;
use crate::access::Scope;
use crate::access::scope;
use crate::bus::Bus;
use crate::config::Config;
use crate::config::Paths;
use crate::engine::Engine;
use crate::error::Result;
use crate::model::Action;
use crate::model::CommandNote;
use crate::model::Me;
use crate::model::Role;
use crate::model::ServerHealth;
use crate::model::Version;
use crate::observe::StatsHistory;
use crate::observe::StatsHub;
use crate::sessions::Ended;
use crate::sessions::Holders;
use crate::sessions::Sessions;
use crate::store::Store;
use jiff::Timestamp;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::OnceLock;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// What this server can do that servers before it could not.
const FEATURES: [&str; 7] = ["revisions", "dry_run", "own_tokens", "save_templates", "sort", "fields", "uploads"];
/// How long health waits for the store.
const HEALTH: Duration = Duration::from_secs(2);

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
    /// What was set at the start; what holds now is told by [`Control::settings`].
    pub config: Config,
    /// Cancelled when the server is to stop: by `stop_server`, or by who runs it.
    pub shutdown: CancellationToken,
}

/// The control plane. Cheap to clone; a clone is the same.
#[derive(Clone)]
pub struct Control(Arc<Inner>);

struct Inner {
    parts: ControlParts,
    sessions: Sessions,
    holders: Holders,
    /// Ends of sessions, for the keeper, who takes it once.
    ends: Mutex<Option<mpsc::Receiver<Ended>>>,
    seen: seen::Seen,
    operations: operations::Operations,
    /// Places for containers that are created and started at the same time.
    launches: Arc<Semaphore>,
    /// Who is asked about each launch.
    handler: OnceLock<LaunchHandler>,
    opening: sessions::Opening,
    recordings: recordings::Recordings,
    stats: StatsHub,
    history: StatsHistory,
    host: host::Host,
    live: settings::Live,
    stacks: stacks::Busy,
    activity: upkeep::Activity,
    logins: logins::Logins,
    /// One change of the templates' files at a time: what is replaced is looked at first.
    saving: tokio::sync::Mutex<()>,
    searches: log_search::Searches,
    shelf: uploads::Shelf,
    started_at: Timestamp,
}

impl std::fmt::Debug for Control {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Control").field("parts", &self.0.parts).finish_non_exhaustive()
    }
}

impl Control {
    /// A control plane over these parts. It works as long as [`crate::keeper::start`]'s future runs beside it.
    #[must_use]
    pub fn new(mut parts: ControlParts) -> Self {
        parts.engine = parts.engine.used_by(parts.store.id());
        let (sessions, ends) = Sessions::new(parts.bus.clone());
        let stats = StatsHub::new(parts.engine.clone());
        let history = StatsHistory::new(parts.engine.clone(), parts.store.clone());
        let holders = Holders::new(parts.engine.clone());
        let operations = operations::Operations::new(parts.bus.clone(), parts.config.limits.operations);
        let live = settings::Live::new(parts.config.clone());
        let shelf = uploads::Shelf::new(parts.paths.uploads());
        Self(Arc::new(Inner {
            parts,
            sessions,
            holders,
            ends: Mutex::new(Some(ends)),
            seen: seen::Seen::default(),
            operations,
            launches: launch::places(),
            handler: OnceLock::new(),
            opening: sessions::Opening::default(),
            recordings: recordings::Recordings::default(),
            stats,
            history,
            host: host::Host::default(),
            live,
            stacks: stacks::Busy::default(),
            activity: upkeep::Activity::default(),
            logins: logins::Logins::default(),
            saving: tokio::sync::Mutex::default(),
            searches: log_search::Searches::default(),
            shelf,
            started_at: Timestamp::now(),
        }))
    }

    /// What it is made of.
    #[must_use]
    pub fn parts(&self) -> &ControlParts {
        &self.0.parts
    }

    /// The live terminals.
    #[must_use]
    pub fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    /// Since when this server runs.
    #[must_use]
    pub fn started_at(&self) -> Timestamp {
        self.0.started_at
    }

    /// Ends of sessions, for the keeper; none when they are taken already.
    #[must_use]
    pub fn take_ends(&self) -> Option<mpsc::Receiver<Ended>> {
        self.0.ends.lock().expect("no panics while held").take()
    }

    /// What is heard of commands in sessions, for the keeper; none when it is taken already.
    #[must_use]
    pub fn take_commands(&self) -> Option<mpsc::Receiver<CommandNote>> {
        self.sessions().take_commands()
    }

    /// Who the local socket's own user is: an admin.
    #[must_use]
    pub fn local_admin() -> Actor {
        Actor::new(accounts::LOCAL, Role::Admin)
    }

    /// Changes with each start of the server.
    #[must_use]
    pub fn boot_id(&self) -> &str {
        self.parts().bus.boot_id()
    }

    /// Cancelled when the server is to stop.
    #[must_use]
    pub fn shutdown(&self) -> CancellationToken {
        self.parts().shutdown.clone()
    }

    /// Health of the server, its engine and its store.
    ///
    /// # Errors
    /// None: what is ill is said in the answer.
    pub async fn get_health(&self) -> Result<ServerHealth> {
        let engine = self.parts().engine.info();
        let store_ok = matches!(tokio::time::timeout(HEALTH, self.parts().store.ping()).await, Ok(Ok(())));
        let store_connections = self.parts().store.connections();
        Ok(ServerHealth { ok: engine.available && store_ok, engine, store_ok, store_connections, config_ok: self.config_ok(), started_at: self.0.started_at })
    }

    /// Version of the server and of its API.
    ///
    /// # Errors
    /// None.
    #[expect(clippy::unused_async, reason = "every endpoint is asked in the same way")]
    pub async fn get_version(&self) -> Result<Version> {
        Ok(Version {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            api: vec!["v1".to_owned()],
            features: FEATURES.map(str::to_owned).to_vec(),
            boot_id: self.boot_id().to_owned(),
            pid: std::process::id(),
        })
    }

    /// Who the caller is and what they may do.
    ///
    /// # Errors
    /// None.
    #[expect(clippy::unused_async, reason = "every endpoint is asked in the same way")]
    pub async fn get_me(&self, actor: &Actor) -> Result<Me> {
        let actions = Action::ALL.iter().copied().filter(|action| scope(actor.role, *action) != Scope::Nothing).collect();
        Ok(Me { name: actor.name.clone(), role: actor.role, actions, csrf: None })
    }

    /// Ends the server; containers and what runs in them go on.
    ///
    /// # Errors
    /// `forbidden`. A store that can't be written does not keep the server from ending.
    pub async fn stop_server(&self, actor: &Actor) -> Result<()> {
        Self::may(actor, Action::ManageServer)?;
        let done = self.guarded(actor, Action::ManageServer, &Target::free("server"), async { Ok(()) }).await;
        if let Err(error) = done {
            tracing::warn!(%error, "the end of the server can't be noted");
        }
        self.parts().shutdown.cancel();
        Ok(())
    }
}
