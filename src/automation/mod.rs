//! What people would do at a terminal, done by itself: scripts, and what starts them.
mod api;
mod check;
mod cron;
mod due;
mod header;
mod hooks;
mod junit;
mod library;
mod live;
mod names;
mod pattern;
mod plugins;
mod runner;
mod runs;
mod sandbox;
mod scheduler;
mod schedules;
mod stream;
mod timing;
mod to_script;

pub use due::GRACE;
pub use due::Plan;
pub use due::plan;
pub use timing::Timing;

pub use hooks::Incoming;

use crate::access::Actor;
use crate::control::Control;
use crate::control::LaunchChanges;
use crate::error::Error;
use crate::error::Result;
use crate::model::DryRun;
use crate::model::DryStep;
use crate::model::DryVerb;
use crate::store::FireKey;
use crate::store::Store;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::time::Duration;
use tokio::sync::Notify;
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
    /// Rung when schedules are changed, or when something ends that they may wait for.
    schedules_changed: Notify,
    /// Fires of which it is not known whether their run is there. A std mutex: never held across an await.
    doubtful: Mutex<Vec<FireKey>>,
    hooks: hooks::Hooks,
    plugins: plugins::Plugins,
    /// One change of the scripts' files at a time: what is replaced is looked at first.
    saving: tokio::sync::Mutex<()>,
}

impl Inner {
    fn doubtful(&self) -> MutexGuard<'_, Vec<FireKey>> {
        self.doubtful.lock().expect("no panics while held")
    }
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
        let live = live::LiveRuns::default();
        let inner = Inner {
            control,
            live,
            schedules_changed: Notify::new(),
            doubtful: Mutex::default(),
            hooks: hooks::Hooks::default(),
            plugins: plugins::Plugins::default(),
            saving: tokio::sync::Mutex::default(),
        };
        let automation = Self(Arc::new(inner));
        let weak = Arc::downgrade(&automation.0);
        // The control plane must not keep alive what holds it.
        automation.control().ask_about_launches(Box::new(move |asked| {
            let whole = weak.upgrade().map(Self);
            Box::pin(async move {
                match whole {
                    Some(automation) => automation.handle_launch(asked).await,
                    None => Ok(LaunchChanges::default()),
                }
            })
        }));
        automation
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
        self.heal_plugins().await;
        // First the runs of dead servers: schedules that wait for their end would wait in vain.
        self.look_after_runs().await;
        let schedules = tokio::spawn(self.clone().keep_schedules(shutdown.clone()));
        let hooks = tokio::spawn(self.clone().keep_hooks(shutdown.clone()));
        let mut renewals = tokio::time::interval(RENEWAL);
        renewals.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => break,
                _ = renewals.tick() => self.look_after_runs().await,
            }
        }
        let _ = schedules.await;
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

/// A dry run of one step.
fn would(does: DryVerb, kind: &str, name: &str) -> DryRun {
    DryRun { steps: vec![DryStep::new(does, kind, name)], ..DryRun::default() }
}

/// The same, with the document as it would be.
fn would_make(kind: &str, name: &str, document: &impl serde::Serialize) -> Result<DryRun> {
    let document = serde_json::to_value(document).map_err(|error| Error::internal(format!("a {kind} does not become JSON: {error}")))?;
    Ok(DryRun { document: Some(document), ..would(DryVerb::Make, kind, name) })
}
