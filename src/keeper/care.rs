//! Containers that are restarted: those that end again and again, and those that are unhealthy; and those whose time is up.
use crate::control::Control;
use crate::engine::is_stranded;
use crate::model::Container;
use crate::model::ContainerId;
use crate::model::ContainerState;
use crate::model::Health;
use jiff::Timestamp;
use std::collections::HashMap;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// Restarts within this time count together.
const WINDOW: Duration = Duration::from_secs(600);
/// After this time, what could not be stopped is stopped again.
const AGAIN: Duration = Duration::from_secs(180);
/// Pauses between tries to start what the engine has not started again: each is twice the one before.
const REJOIN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(600));

/// What is known of the restarts of containers.
#[derive(Default)]
pub(super) struct Care {
    known: HashMap<ContainerId, Known>,
    /// Those that are being stopped because their time is up, with when that was tried last.
    overdue: HashMap<ContainerId, Instant>,
    /// Those that the engine has not started again. It tells nothing of them any more, so they are kept until they run.
    stranded: HashMap<ContainerId, Stranded>,
}

struct Stranded {
    container: Container,
    next: Instant,
    pause: Duration,
}

#[derive(Default)]
struct Known {
    /// The engine's own count.
    count: u32,
    times: VecDeque<Instant>,
    /// The run that was found unhealthy.
    unhealthy: Option<Timestamp>,
    /// Its restarts are being ended.
    ending: bool,
}

impl Care {
    /// Takes in how a container is now.
    pub fn look(&mut self, control: &Control, container: &Container) {
        if container.state != ContainerState::Running {
            self.overdue.remove(&container.id);
        }
        if container.foreign || container.other_server || container.upkeep.restart.is_none() {
            return;
        }
        if is_stranded(container) {
            let fresh = || Stranded { container: container.clone(), next: Instant::now(), pause: REJOIN.0 };
            self.stranded.entry(container.id.clone()).or_insert_with(fresh);
            return;
        }
        self.stranded.remove(&container.id);
        let (now, most) = (Instant::now(), control.settings().limits.restarts as usize);
        let known = self.known.entry(container.id.clone()).or_insert_with(|| Known { count: container.upkeep.restarts, ..Known::default() });
        // A count that is smaller than before began anew, when somebody started it.
        let more = container.upkeep.restarts.saturating_sub(known.count);
        if container.upkeep.restarts < known.count {
            known.times.clear();
        }
        known.count = container.upkeep.restarts;
        known.times.extend((0..more.min(1000)).map(|_| now));
        let ill = container.health == Some(Health::Unhealthy) && container.state == ContainerState::Running && known.unhealthy != container.started_at;
        if ill {
            known.unhealthy = container.started_at;
            known.times.push_back(now);
        }
        known.times.retain(|at| now.duration_since(*at) < WINDOW);
        let alive = matches!(container.state, ContainerState::Running | ContainerState::Restarting);
        known.ending &= alive;
        let (control, container) = (control.clone(), container.clone());
        // One that could not be ended is tried again after as many further restarts.
        if alive && known.times.len() >= most {
            known.ending = true;
            known.times.clear();
            tokio::spawn(async move {
                if let Err(error) = control.end_crash_loop(&container).await {
                    tracing::warn!(%error, container = container.name, "a crash loop can't be ended");
                }
            });
        } else if ill && !known.ending {
            tokio::spawn(async move {
                if let Err(error) = control.restart_unhealthy(&container).await {
                    tracing::warn!(%error, container = container.name, "what is unhealthy can't be restarted");
                }
            });
        }
    }

    /// Starts what the engine could not start again, since it was the turn of its way out only after it.
    pub fn rejoin(&mut self, control: &Control) {
        let now = Instant::now();
        for stranded in self.stranded.values_mut().filter(|stranded| stranded.next <= now) {
            stranded.next = now + stranded.pause;
            stranded.pause = REJOIN.1.min(stranded.pause * 2);
            let (control, container) = (control.clone(), stranded.container.clone());
            tokio::spawn(async move {
                if let Err(error) = control.start_stranded(&container).await {
                    tracing::warn!(%error, container = container.name, "what the engine has not started again can't be started");
                }
            });
        }
    }

    /// Forgets a container that is gone.
    pub fn forget(&mut self, id: &ContainerId) {
        self.known.remove(id);
        self.overdue.remove(id);
        self.stranded.remove(id);
    }

    /// Stops what is overdue.
    pub fn stop_overdue(&mut self, control: &Control) {
        for (container, why) in control.overdue() {
            let now = Instant::now();
            if self.overdue.get(&container.id).is_some_and(|tried| now.duration_since(*tried) < AGAIN) {
                continue;
            }
            self.overdue.insert(container.id.clone(), now);
            let control = control.clone();
            tokio::spawn(async move {
                if let Err(error) = control.stop_overdue(&container, why).await {
                    tracing::warn!(%error, container = container.name, "what is overdue can't be stopped");
                }
            });
        }
    }
}
