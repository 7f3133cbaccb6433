//! What happened to containers, told from what they are like before and after.
use super::data::Data;
use crate::model::Container;
use crate::model::ContainerId;
use crate::model::ContainerState;
use crate::model::Health;
use jiff::Timestamp;
use std::collections::HashMap;
use std::collections::VecDeque;

/// Happenings kept of each container; the oldest goes first.
const KEPT: usize = 64;

/// What was known of a container when it was looked at last.
pub type Known = (ContainerState, Option<Timestamp>, Option<Health>);

/// Something that happened to a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    /// When.
    pub at: Timestamp,
    /// One column that stands for it.
    pub glyph: &'static str,
    /// In words, without the container's name.
    pub text: String,
    /// It is bad news.
    pub bad: bool,
}

/// What happened to a container between two looks.
#[must_use]
pub fn happened(before: Option<Known>, container: &Container, now: Timestamp) -> Vec<Happening> {
    let mut all = Vec::new();
    let mut tell = |at, glyph, text: String, bad| all.push(Happening { at, glyph, text, bad });
    let is_over = |state: ContainerState| matches!(state, ContainerState::Exited | ContainerState::Dead);
    let (state, started, health) = before.map_or((None, None, None), |(state, started, health)| (Some(state), started, health));
    if let Some(start) = container.started_at
        && started != Some(start)
    {
        let again = state.is_some_and(|state| !is_over(state));
        tell(start, if again { "⟳" } else { "●" }, if again { "restarted" } else { "started" }.to_owned(), false);
    }
    if is_over(container.state) && state.is_none_or(|state| !is_over(state)) && container.started_at.is_some() {
        let code = container.exit_code.map(|code| format!(", exit {code}")).unwrap_or_default();
        let killed = if container.oom_killed { " · OOM-killed" } else { "" };
        let bad = container.oom_killed || container.exit_code.is_some_and(|code| code != 0);
        tell(container.finished_at.unwrap_or(now), if bad { "✖" } else { "○" }, format!("stopped{code}{killed}"), bad);
    }
    match (state, container.state) {
        (Some(ContainerState::Running), ContainerState::Paused) => tell(now, "⏸", "paused".to_owned(), false),
        (Some(ContainerState::Paused), ContainerState::Running) => tell(now, "●", "unpaused".to_owned(), false),
        _ => {}
    }
    match (health, container.health) {
        (Some(before), Some(Health::Unhealthy)) if before != Health::Unhealthy => tell(now, "▲", "unhealthy".to_owned(), true),
        (Some(Health::Unhealthy), Some(Health::Healthy)) => tell(now, "●", "healthy again".to_owned(), false),
        _ => {}
    }
    all
}

/// What is to be remembered of a container for the next look.
#[must_use]
pub fn known(container: &Container) -> Known {
    (container.state, container.started_at, container.health)
}

/// Remembers what happened to all containers.
#[derive(Clone, Debug, Default)]
pub struct Chronicle {
    known: HashMap<ContainerId, Known>,
    told: HashMap<ContainerId, VecDeque<Happening>>,
}

impl Chronicle {
    /// Looks at one container.
    pub fn look(&mut self, container: &Container, now: Timestamp) {
        let before = self.known.insert(container.id.clone(), known(container));
        let fresh = happened(before, container, now);
        if fresh.is_empty() {
            return;
        }
        let told = self.told.entry(container.id.clone()).or_default();
        for happening in fresh {
            if told.len() >= KEPT {
                told.pop_front();
            }
            told.push_back(happening);
        }
    }

    /// Looks at all containers, and forgets those that are gone.
    pub fn look_at_all(&mut self, data: &Data, now: Timestamp) {
        for container in &data.containers {
            self.look(container, now);
        }
        self.known.retain(|id, _| data.container(id).is_some());
        self.told.retain(|id, _| data.container(id).is_some());
    }

    /// What happened to a container, in the order in which it was told.
    pub fn of(&self, id: &ContainerId) -> impl Iterator<Item = &Happening> {
        self.told.get(id).into_iter().flatten()
    }
}
