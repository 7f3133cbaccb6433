//! The client's copy of what the server knows, kept fresh by events.
use super::hooks::Hooks;
use super::msg::Everything;
use super::msg::Link;
use super::parts::badges::Badge;
use super::plugins::Plugged;
use super::runs::Known;
use super::stock::Stock;
use crate::model::Container;
use crate::model::ContainerId;
use crate::model::ContainerState;
use crate::model::EngineInfo;
use crate::model::Event;
use crate::model::Operation;
use crate::model::OperationState;
use crate::model::Session;
use crate::model::SessionId;
use crate::model::SessionState;
use crate::model::Stats;
use crate::model::TemplateList;
use crate::model::Tile;
use crate::term::Picture;
use base64::Engine as _;
use std::collections::BTreeMap;
use std::collections::HashMap;
use std::collections::VecDeque;

/// Samples kept of each container, about one a second.
pub const HISTORY: usize = 60;

/// A small picture and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmallPicture {
    /// The session that it shows.
    pub session: SessionId,
    /// The picture.
    pub picture: Picture,
}

/// What is known of the server.
#[derive(Clone, Debug, Default)]
pub struct Data {
    /// Nothing can be changed from here.
    pub read_only: bool,
    /// How it is reached.
    pub link: Link,
    /// Whether everything was listed once.
    pub listed: bool,
    /// The engine.
    pub engine: EngineInfo,
    /// All containers, newest first.
    pub containers: Vec<Container>,
    /// All sessions, oldest first.
    pub sessions: Vec<Session>,
    /// Operations, newest first.
    pub operations: Vec<Operation>,
    /// Templates, and the complaints about others.
    pub templates: TemplateList,
    /// Images, volumes and networks, as far as they were listed.
    pub stock: Stock,
    /// Scripts and runs, as far as they were listed.
    pub runs: Known,
    /// Plugins, as far as they were listed, and what they show.
    pub plugins: Plugged,
    /// Triggers, webhooks and plugins, as far as they were listed.
    pub hooks: Hooks,
    /// The newest samples of each container, the latest last.
    pub stats: HashMap<ContainerId, VecDeque<Stats>>,
    /// The newest small picture of each container.
    pub pictures: HashMap<ContainerId, SmallPicture>,
    /// What happened in the terminals of each container that are open here, while nobody looked.
    pub badges: BTreeMap<ContainerId, Vec<Badge>>,
    /// What was told while everything is being listed.
    pub meanwhile: Option<Vec<Event>>,
}

impl Data {
    /// Everything is being listed from now on.
    pub fn begin_listing(&mut self) {
        self.meanwhile = Some(Vec::new());
    }

    /// Nothing is being listed any more.
    pub fn end_listing(&mut self) {
        self.meanwhile = None;
    }

    /// Takes in a whole list, and again what was told since it was asked for: the list may be older than that.
    pub fn replace(&mut self, all: Everything) {
        self.listed = true;
        self.engine = all.engine;
        self.containers = all.containers;
        self.sessions = all.sessions;
        self.operations = all.operations;
        self.templates = all.templates;
        let known = |id: &ContainerId| self.containers.iter().any(|container| container.id == *id);
        self.stats.retain(|id, _| known(id));
        self.pictures.retain(|id, _| known(id));
        for event in self.meanwhile.take().into_iter().flatten() {
            self.apply(&event);
        }
    }

    /// Takes in one fact.
    pub fn apply(&mut self, event: &Event) {
        if let Some(meanwhile) = &mut self.meanwhile {
            meanwhile.push(event.clone());
        }
        match event {
            Event::ContainerChanged { container } => {
                if container.state != ContainerState::Running {
                    self.stats.remove(&container.id);
                }
                put_first(&mut self.containers, (**container).clone(), |a, b| a.id == b.id);
            }
            Event::ContainerRemoved { id, .. } => {
                self.containers.retain(|container| container.id != *id);
                self.stats.remove(id);
                self.pictures.remove(id);
            }
            Event::SessionChanged { session } => match self.sessions.iter_mut().find(|known| known.id == session.id) {
                Some(known) => *known = (**session).clone(),
                None => self.sessions.push((**session).clone()),
            },
            Event::SessionRemoved { id } => self.sessions.retain(|session| session.id != *id),
            Event::OperationChanged { operation } => self.put_operation(operation),
            Event::EngineChanged { available, detail } => {
                self.engine.available = *available;
                self.engine.detail.clone_from(detail);
            }
            Event::RunChanged { run } => self.runs.put(run),
            Event::ScheduleChanged { schedule } => self.runs.put_schedule(schedule),
            Event::ScheduleRemoved { name } => self.runs.drop_schedule(name),
            Event::Bell { .. }
            | Event::Notice { .. }
            | Event::ScriptsChanged
            | Event::TemplatesChanged
            | Event::ConfigChanged { .. }
            | Event::ListChanged { .. }
            | Event::Resync => {}
        }
    }

    /// Takes in one operation.
    pub fn put_operation(&mut self, operation: &Operation) {
        put_first(&mut self.operations, operation.clone(), |a, b| a.id == b.id);
    }

    /// Takes in a sample.
    pub fn add_stats(&mut self, stats: Stats) {
        let samples = self.stats.entry(stats.container.clone()).or_default();
        if samples.len() >= HISTORY {
            samples.pop_front();
        }
        samples.push_back(stats);
    }

    /// Takes in a small picture; returns whether it looks different from the last.
    pub fn add_tile(&mut self, tile: &Tile) -> bool {
        let Ok(ansi) = base64::engine::general_purpose::STANDARD.decode(&tile.base64) else { return false };
        let fresh = SmallPicture { session: tile.session.clone(), picture: Picture::from_ansi(&ansi, tile.size) };
        let changed = self.pictures.get(&tile.container) != Some(&fresh);
        self.pictures.insert(tile.container.clone(), fresh);
        changed
    }

    /// The container with this id.
    #[must_use]
    pub fn container(&self, id: &ContainerId) -> Option<&Container> {
        self.containers.iter().find(|container| container.id == *id)
    }

    /// The container with this name, id or unique prefix of the id.
    #[must_use]
    pub fn find_container(&self, text: &str) -> Option<&Container> {
        self.containers.iter().find(|container| container.name == text || container.id.as_str() == text).or_else(|| {
            let mut fitting = self.containers.iter().filter(|container| !text.is_empty() && container.id.as_str().starts_with(text));
            fitting.next().filter(|_| fitting.next().is_none())
        })
    }

    /// The session with this id.
    #[must_use]
    pub fn session(&self, id: &SessionId) -> Option<&Session> {
        self.sessions.iter().find(|session| session.id == *id)
    }

    /// The live sessions of a container, oldest first.
    pub fn live_sessions<'a>(&'a self, id: &'a ContainerId) -> impl Iterator<Item = &'a Session> {
        self.sessions.iter().filter(move |session| session.container == *id && session.state == SessionState::Live)
    }

    /// The newest sample of a container.
    #[must_use]
    pub fn latest(&self, id: &ContainerId) -> Option<&Stats> {
        self.stats.get(id).and_then(VecDeque::back)
    }

    /// Operations under way, newest first.
    pub fn running_operations(&self) -> impl Iterator<Item = &Operation> {
        self.operations.iter().filter(|operation| operation.state == OperationState::Running)
    }
}

/// Replaces the equal one where it stands, or puts a new one first.
fn put_first<T>(list: &mut Vec<T>, fresh: T, same: impl Fn(&T, &T) -> bool) {
    match list.iter_mut().find(|known| same(known, &fresh)) {
        Some(known) => *known = fresh,
        None => list.insert(0, fresh),
    }
}
