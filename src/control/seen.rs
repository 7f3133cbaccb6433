//! What was last seen of the engine's containers: a copy for lists, kept fresh by the keeper.
use super::Control;
use crate::access::Actor;
use crate::access::allowed;
use crate::engine::EngineEvent;
use crate::error::Result;
use crate::model::Action;
use crate::model::Container;
use crate::model::ContainerId;
use crate::model::EngineCalls;
use crate::model::Event;
use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::MutexGuard;

/// The copy. The engine itself remains the truth: when the copy is not known to be fresh, the engine is asked.
#[derive(Default)]
pub(super) struct Seen(Mutex<Copies>);

#[derive(Default)]
struct Copies {
    /// The watcher follows the engine.
    fresh: bool,
    containers: BTreeMap<ContainerId, Container>,
    /// How often the watcher has told of each container.
    told: BTreeMap<ContainerId, u64>,
    /// What was removed from here lately. Ids do not come again; what the watcher tells of one of these it has seen before.
    gone: VecDeque<ContainerId>,
}

/// Removed containers that are remembered: far more than the watcher is behind.
const GONE: usize = 256;

/// How often the watcher had told of a container when somebody asked the engine about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tick(u64);

impl Seen {
    fn copies(&self) -> MutexGuard<'_, Copies> {
        self.0.lock().expect("no panics while held")
    }
}

impl Control {
    /// Takes in what the watcher tells, and tells everyone what is new about it.
    pub fn engine_event(&self, event: &EngineEvent) {
        if let EngineEvent::Removed { id, .. } = event {
            self.forget_activity(id);
        }
        let news = {
            let mut copies = self.0.seen.copies();
            match event {
                EngineEvent::Back(_) => vec![Event::EngineChanged { available: true, detail: None }],
                EngineEvent::Stock { list, name, change } => vec![Event::ListChanged { list: *list, name: name.clone(), owner: None, change: *change }],
                EngineEvent::Lost { detail } => {
                    copies.fresh = false;
                    vec![Event::EngineChanged { available: false, detail: Some(detail.clone()) }]
                }
                EngineEvent::Listed(all) => {
                    copies.fresh = true;
                    copies.told = all.iter().map(|container| (container.id.clone(), copies.told.get(&container.id).unwrap_or(&0) + 1)).collect();
                    let there = all.iter().filter(|container| !copies.gone.contains(&container.id));
                    let now: BTreeMap<ContainerId, Container> = there.map(|container| (container.id.clone(), container.clone())).collect();
                    let before = std::mem::replace(&mut copies.containers, now);
                    let mut news: Vec<Event> = before
                        .values()
                        .filter(|old| !copies.containers.contains_key(&old.id))
                        .map(|old| Event::ContainerRemoved { id: old.id.clone(), name: old.name.clone() })
                        .collect();
                    news.extend(copies.containers.values().filter(|new| before.get(&new.id) != Some(new)).map(changed));
                    news
                }
                EngineEvent::Changed(container) if copies.gone.contains(&container.id) => Vec::new(),
                EngineEvent::Changed(container) => {
                    *copies.told.entry(container.id.clone()).or_default() += 1;
                    let before = copies.containers.insert(container.id.clone(), (**container).clone());
                    if before.as_ref() == Some(container) { Vec::new() } else { vec![changed(container)] }
                }
                EngineEvent::Removed { id, name } => {
                    copies.told.remove(id);
                    let known = copies.containers.remove(id).is_some();
                    if known { vec![Event::ContainerRemoved { id: id.clone(), name: name.clone() }] } else { Vec::new() }
                }
            }
        };
        for event in news {
            self.publish(event);
        }
    }

    fn publish(&self, event: Event) {
        let event = match event {
            Event::ContainerChanged { container } => Event::ContainerChanged { container: Box::new(self.with_sessions(*container)) },
            other => other,
        };
        self.parts().bus.publish(event);
    }

    pub(super) fn tick(&self, id: &ContainerId) -> Tick {
        Tick(self.0.seen.copies().told.get(id).copied().unwrap_or(0))
    }

    /// Takes in what the engine was asked for after `tick`, so that whoever lists next sees what they did. The watcher's word counts
    /// more: what it has told since is newer.
    pub(super) fn note(&self, tick: Tick, container: &Container) {
        let news = {
            let mut copies = self.0.seen.copies();
            let told = copies.told.get(&container.id).copied().unwrap_or(0);
            if told != tick.0 || !copies.fresh || copies.gone.contains(&container.id) || copies.containers.get(&container.id) == Some(container) {
                return;
            }
            let mut raw = container.clone();
            raw.sessions = 0;
            let before = copies.containers.insert(container.id.clone(), raw.clone());
            (before.as_ref() != Some(&raw)).then(|| changed(&raw))
        };
        if let Some(event) = news {
            self.publish(event);
        }
    }

    /// Takes in that a container is gone.
    pub(super) fn note_removed(&self, id: &ContainerId) {
        self.forget_activity(id);
        let known = {
            let mut copies = self.0.seen.copies();
            if copies.gone.len() == GONE {
                copies.gone.pop_front();
            }
            copies.gone.push_back(id.clone());
            copies.containers.remove(id)
        };
        if let Some(container) = known {
            self.publish(Event::ContainerRemoved { id: container.id, name: container.name });
        }
    }

    /// Every container, from the copy where it is fresh.
    pub(super) async fn all_containers(&self) -> Result<Vec<Container>> {
        let known = {
            let copies = self.0.seen.copies();
            copies.fresh.then(|| copies.containers.values().cloned().collect())
        };
        let all: Vec<Container> = match known {
            Some(all) => all,
            None => self.parts().engine.list().await?,
        };
        Ok(all.into_iter().map(|container| self.with_sessions(container)).collect())
    }

    /// What the engine was asked to do last, the newest first: all of it for those who may read the audit, for others what is about containers
    /// that they may control.
    ///
    /// # Errors
    /// `forbidden`, `engine_unavailable`.
    pub async fn list_engine_calls(&self, actor: &Actor) -> Result<EngineCalls> {
        Self::may(actor, Action::ReadContainers)?;
        let containers = self.all_containers().await?;
        let all = Self::may(actor, Action::ReadAudit).is_ok();
        let mut items = self.parts().engine.calls();
        items.retain_mut(|call| {
            let known = call.container.as_ref().and_then(|id| containers.iter().find(|container| container.id == *id));
            // A name says more than an id.
            if let Some(container) = known
                && let Some(short) = container.id.as_str().get(..12)
            {
                call.line = call.line.replacen(short, &container.name, 1);
            }
            all || known.is_some_and(|container| allowed(actor, Action::ControlContainers, Some(container.owner.as_deref().unwrap_or_default())))
        });
        Ok(EngineCalls { items })
    }

    /// What `of` says of the containers that run, as far as the watcher knows them now; it asks nobody.
    pub(super) fn running_now<T>(&self, of: impl Fn(&Container) -> Option<T>) -> Vec<T> {
        let copies = self.0.seen.copies();
        let running = copies.containers.values().filter(|container| copies.fresh && container.state == crate::model::ContainerState::Running);
        running.filter_map(of).collect()
    }

    /// The container with the number of its sessions.
    pub(super) fn with_sessions(&self, mut container: Container) -> Container {
        container.sessions = self.sessions().count(&container.id);
        container
    }
}

fn changed(container: &Container) -> Event {
    Event::ContainerChanged { container: Box::new(container.clone()) }
}
