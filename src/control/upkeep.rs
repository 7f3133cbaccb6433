//! What the keeper does to containers by itself: ending crash loops, restarting what is unhealthy, stopping what is overdue.
use super::Control;
use super::containers::of;
use crate::access::Actor;
use crate::engine::is_stranded;
use crate::error::Result;
use crate::model::Action;
use crate::model::Container;
use crate::model::ContainerId;
use crate::model::ContainerState;
use crate::model::ExitReason;
use crate::model::Restart;
use crate::model::Role;
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;
use tokio::time::Instant;

/// When somebody last did something with each container, and since when this is known.
pub(super) struct Activity {
    since: Instant,
    last: Mutex<HashMap<ContainerId, Instant>>,
}

impl Default for Activity {
    fn default() -> Self {
        Self { since: Instant::now(), last: Mutex::default() }
    }
}

impl Control {
    /// Who the keeper acts as.
    pub(super) fn keeper() -> Actor {
        Actor::new("keeper", Role::Admin)
    }

    /// Notes that somebody does something with a container.
    pub(super) fn touch(&self, id: &ContainerId) {
        self.0.activity.last.lock().expect("no panics while held").insert(id.clone(), Instant::now());
    }

    /// Forgets when somebody did something with a container that is gone.
    pub(super) fn forget_activity(&self, id: &ContainerId) {
        self.0.activity.last.lock().expect("no panics while held").remove(id);
    }

    /// How long nobody has done anything with a container; at most since this server knows it, or since it was started.
    fn idle(&self, container: &Container, now: Timestamp) -> Duration {
        let activity = &self.0.activity;
        let touched = activity.last.lock().expect("no panics while held").get(&container.id).copied();
        let typed = self.sessions().of(&container.id).iter().filter_map(crate::sessions::Session::last_typed).max();
        let last = touched.max(typed).unwrap_or(activity.since).max(activity.since);
        last.elapsed().min(runs_for(container, now))
    }

    /// The containers whose time is up, with why.
    #[must_use]
    pub fn overdue(&self) -> Vec<(Container, &'static str)> {
        let now = Timestamp::now();
        let mut all = Vec::new();
        let limited = |container: &Container| {
            let limited = container.upkeep.ttl_seconds.is_some() || container.upkeep.idle_seconds.is_some();
            (limited && !container.other_server).then(|| container.clone())
        };
        for container in self.running_now(limited) {
            let over = |limit: Option<u64>, time: Duration| limit.is_some_and(|limit| time >= Duration::from_secs(limit));
            if over(container.upkeep.ttl_seconds, runs_for(&container, now)) {
                all.push((container, "its time to live is over"));
            } else if over(container.upkeep.idle_seconds, self.idle(&container, now)) {
                all.push((container, "nobody has done anything with it for so long as its template allows"));
            }
        }
        all
    }

    /// Stops a container whose time is up.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn stop_overdue(&self, container: &Container, why: &str) -> Result<()> {
        tracing::info!(container = container.name, "stopped: {why}");
        self.noted(&Self::keeper(), Action::ControlContainers, &of(container), why.to_owned(), async {
            self.sessions().stopping(&container.id);
            self.parts().engine.stop(&container.id, None).await?;
            self.sessions().container_stopped(&container.id, Some(ExitReason::Stopped), None);
            self.look_again(container).await.map(drop)
        })
        .await
    }

    /// Ends the restarts of a container that ends again and again.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn end_crash_loop(&self, container: &Container) -> Result<()> {
        let why = if container.oom_killed { "it ran out of memory again and again" } else { "it ended again and again" };
        tracing::warn!(container = container.name, restarts = container.upkeep.restarts, "crash loop: {why}, and is no longer started");
        self.noted(&Self::keeper(), Action::ControlContainers, &of(container), format!("crash loop: {why}"), async {
            // Stopped first: the policy of one that is being restarted can't be changed.
            self.parts().engine.stop(&container.id, Some(Duration::ZERO)).await?;
            self.parts().engine.set_restart(&container.id, Restart::No).await?;
            self.look_again(container).await.map(drop)
        })
        .await
    }

    /// Restarts a container whose health check fails.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn restart_unhealthy(&self, container: &Container) -> Result<()> {
        tracing::warn!(container = container.name, "restarted: it is unhealthy");
        self.noted(&Self::keeper(), Action::ControlContainers, &of(container), "unhealthy", async {
            self.parts().engine.restart(&container.id, None).await?;
            self.look_again(container).await.map(drop)
        })
        .await
    }

    /// Starts a container that the engine would have started again, had its way out run by then; nothing when that is so no more.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn start_stranded(&self, container: &Container) -> Result<()> {
        if !is_stranded(&self.look_again(container).await?) {
            return Ok(());
        }
        tracing::info!(container = container.name, "started: the engine came back before its way out");
        self.noted(&Self::keeper(), Action::ControlContainers, &of(container), "its way out was not there when the engine started it", async {
            self.parts().engine.start(&container.id).await?;
            self.look_again(container).await.map(drop)
        })
        .await
    }

    /// Gives a container back the restarts that a crash loop has taken from it.
    pub(super) async fn rearm(&self, container: &Container) -> Result<()> {
        let restart = container.upkeep.restart.as_deref().and_then(|text| crate::config::restart(text).ok());
        match restart.filter(|_| container.upkeep.crash_loop) {
            Some(restart) => self.parts().engine.set_restart(&container.id, restart).await,
            None => Ok(()),
        }
    }
}

/// How long it runs.
fn runs_for(container: &Container, now: Timestamp) -> Duration {
    let started = container.started_at.filter(|_| container.state == ContainerState::Running).unwrap_or(now);
    Duration::try_from(now.duration_since(started)).unwrap_or_default()
}
