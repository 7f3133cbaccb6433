//! What people would do at a terminal, done by itself: scripts, and what starts them.
mod api;
mod check;
mod header;
mod hooks;
mod junit;
mod library;
mod live;
mod mask;
mod pattern;
mod runner;
mod runs;
mod sandbox;
mod stream;

pub use hooks::Incoming;

use crate::access::Actor;
use crate::control::Control;
use crate::error::Error;
use crate::error::Result;
use crate::store::Store;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long this server has its runs without saying so again, and how often it says so.
const LEASE: Duration = Duration::from_secs(30);
const RENEWAL: Duration = Duration::from_secs(10);

/// Scripts, their runs, and what starts them. Cheap to clone; a clone is the same.
#[derive(Clone)]
pub struct Automation(Arc<Inner>);

struct Inner {
    control: Control,
    live: live::LiveRuns,
    hooks: hooks::Hooks,
}

impl std::fmt::Debug for Automation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Automation").finish_non_exhaustive()
    }
}

impl Automation {
    /// Automation over a control plane. What starts by itself does so as long as [`Automation::keep`] runs beside it.
    #[must_use]
    pub fn new(control: Control) -> Self {
        Self(Arc::new(Inner { control, live: live::LiveRuns::default(), hooks: hooks::Hooks::default() }))
    }

    /// The control plane that everything here is asked of.
    #[must_use]
    pub fn control(&self) -> &Control {
        &self.0.control
    }

    fn store(&self) -> &Store {
        &self.control().parts().store
    }

    /// Runs until `shutdown`: starts what is due, takes over what servers before this one have left, forgets what is old.
    pub async fn keep(self, shutdown: CancellationToken) {
        let hooks = tokio::spawn(self.clone().keep_hooks(shutdown.clone()));
        let mut renewals = tokio::time::interval(RENEWAL);
        renewals.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => break,
                _ = renewals.tick() => self.look_after_runs().await,
            }
        }
        self.stop_runs().await;
        // They end by themselves, within a moment.
        let _ = hooks.await;
    }

    /// The owner of something that starts by itself, with the rights that they have now.
    ///
    /// # Errors
    /// `forbidden` when they are no user any more; `store_failed`.
    pub async fn owner(&self, name: &str) -> Result<Actor> {
        let local = Control::local_admin();
        if name == local.name {
            return Ok(local);
        }
        let user = self.control().parts().store.find_user(name).await?;
        user.map(|user| Actor::new(user.name, user.role)).ok_or_else(|| {
            Error::new(crate::model::Code::Forbidden, format!("'{name}', whose this is, is no user any more")).fix("make it anew as somebody else")
        })
    }
}
