//! What the home view lists, and in which order.
use super::sift::Sift;
use super::state;
use crate::model::Container;
use crate::model::ContainerId;
use crate::model::Operation;
use crate::model::OperationId;
use crate::model::OperationState;
use crate::model::Template;
use crate::tui::data::Data;
use jiff::Timestamp;
use std::collections::HashMap;

/// Seconds that a failed launch is shown, unless it is dismissed before.
const FAILURES_STAY: i64 = 600;
/// Templates that most people want first, where nothing is known of this one.
const LIKELY: [&str; 6] = ["shell", "python", "ascii-games", "vim", "git", "system-monitor"];
/// Letters that keep their meaning on the launch tile.
const TAKEN: &str = "njkgvqox";

/// One thing of the home view.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Item {
    /// A container.
    Container(ContainerId),
    /// A launch under way, or one that failed.
    Operation(OperationId),
    /// The last tile, which launches.
    Launch,
}

/// What containers are sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// The oldest first.
    #[default]
    Created,
    /// By name.
    Name,
    /// Running ones first.
    State,
    /// The busiest first.
    Cpu,
    /// The largest first.
    Memory,
}

impl Sort {
    /// All, in the order in which they follow each other.
    pub const ALL: [Self; 5] = [Self::Created, Self::Name, Self::State, Self::Cpu, Self::Memory];

    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Name => "name",
            Self::State => "state",
            Self::Cpu => "cpu",
            Self::Memory => "memory",
        }
    }

    /// The next one.
    #[must_use]
    pub fn next(self) -> Self {
        let place = Self::ALL.iter().position(|sort| *sort == self).unwrap_or(0);
        Self::ALL[(place + 1) % Self::ALL.len()]
    }
}

/// What is listed of all that there is.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// What is filtered by.
    pub sift: Sift,
    /// Whether stopped containers are left out.
    pub running_only: bool,
    /// What is sorted by.
    pub sort: Sort,
    /// The other way round.
    pub reverse: bool,
    /// The order as it was when it was last sorted: samples that come in move nothing.
    pub ranks: HashMap<ContainerId, usize>,
    /// Failed launches that are no longer shown.
    pub dismissed: Vec<OperationId>,
}

impl Listing {
    /// Sorts anew by what is known now.
    pub fn rank(&mut self, data: &Data) {
        let mut containers: Vec<&Container> = data.containers.iter().collect();
        containers.sort_by(|a, b| (a.created_at, &a.name).cmp(&(b.created_at, &b.name)));
        let sample = |container: &Container| data.latest(&container.id);
        match self.sort {
            Sort::Created => {}
            Sort::Name => containers.sort_by(|a, b| a.name.cmp(&b.name)),
            Sort::State => containers.sort_by_key(|container| (!state::runs(container), !state::failed(container))),
            Sort::Cpu => {
                let cpu = |container: &Container| sample(container).map_or(-1.0, |sample| sample.cpu_percent);
                containers.sort_by(|a, b| cpu(b).total_cmp(&cpu(a)));
            }
            Sort::Memory => containers.sort_by_key(|container| std::cmp::Reverse(sample(container).map(|sample| sample.memory_bytes))),
        }
        if self.reverse {
            containers.reverse();
        }
        self.ranks = containers.iter().enumerate().map(|(rank, container)| (container.id.clone(), rank)).collect();
    }

    /// The containers listed, in their order. Those that came after the last sorting are last, the oldest first.
    #[must_use]
    pub fn containers<'a>(&self, data: &'a Data) -> Vec<&'a Container> {
        let shown = |container: &&Container| (!self.running_only || state::runs(container)) && self.fits(container);
        let mut containers: Vec<&Container> = data.containers.iter().filter(shown).collect();
        let rank = |container: &Container| self.ranks.get(&container.id).copied().unwrap_or(usize::MAX);
        let sorted = self.sort != Sort::Created || self.reverse;
        containers.sort_by_cached_key(|container| (if sorted { rank(container) } else { 0 }, container.created_at, container.name.clone()));
        containers
    }

    /// Whether the filter lets a container through.
    #[must_use]
    fn fits(&self, container: &Container) -> bool {
        let told = state::told(container).word;
        let origin = state::origin(container);
        self.sift.fits(&format!("{} {origin} {} {told}", container.name, container.image), &[&container.name, origin])
    }

    /// Everything listed: containers, launches, the launch tile.
    #[must_use]
    pub fn items(&self, data: &Data, now: Timestamp) -> Vec<Item> {
        let mut items: Vec<Item> = self.containers(data).into_iter().map(|container| Item::Container(container.id.clone())).collect();
        let mut operations: Vec<&Operation> = data.operations.iter().filter(|operation| self.shows(operation, data, now)).collect();
        operations.sort_by_key(|operation| operation.created_at);
        items.extend(operations.into_iter().map(|operation| Item::Operation(operation.id.clone())));
        items.push(Item::Launch);
        items
    }

    /// Whether a launch has a tile of its own: its container is not there yet.
    fn shows(&self, operation: &Operation, data: &Data, now: Timestamp) -> bool {
        if operation.template.is_none() || self.dismissed.contains(&operation.id) {
            return false;
        }
        let fresh = now.as_second() - operation.created_at.as_second() < FAILURES_STAY;
        match operation.state {
            OperationState::Running => made_by(operation, data).is_none(),
            OperationState::Failed => fresh,
            OperationState::Succeeded | OperationState::Cancelled => false,
        }
    }
}

/// The container that a launch has made, as far as it is.
#[must_use]
pub fn made_by<'a>(operation: &Operation, data: &'a Data) -> Option<&'a Container> {
    let made = operation.result.as_ref().and_then(|made| data.container(&made.id));
    // The engine's clock counts in other steps than ours.
    let after = operation.created_at.as_second() - 1;
    made.or_else(|| data.containers.iter().find(|container| container.name == operation.target && container.created_at.as_second() >= after))
}

/// The launch that a container is in the middle of.
#[must_use]
pub fn launch_of<'a>(container: &Container, data: &'a Data) -> Option<&'a Operation> {
    data.running_operations().find(|operation| operation.template.is_some() && made_by(operation, data).is_some_and(|made| made.id == container.id))
}

/// The templates, the most likely first, each with the letter that launches it.
#[must_use]
pub fn likely(data: &Data) -> Vec<(char, &Template)> {
    let mut templates: Vec<&Template> = data.templates.items.iter().map(|entry| &entry.template).collect();
    let uses = |template: &Template| data.containers.iter().filter(|container| container.template.as_deref() == Some(&template.name)).count();
    let place = |template: &Template| LIKELY.iter().position(|name| *name == template.name).unwrap_or(LIKELY.len());
    templates.sort_by_cached_key(|template| (std::cmp::Reverse(uses(template).min(1)), place(template), template.name.clone()));
    let mut used = TAKEN.to_owned();
    let mut lettered = Vec::new();
    for template in templates {
        let own = template.name.chars().filter(char::is_ascii_lowercase);
        if let Some(letter) = own.chain('a'..='z').find(|letter| !used.contains(*letter)) {
            used.push(letter);
            lettered.push((letter, template));
        }
    }
    lettered
}

/// Whether a template can be launched without asking for anything.
#[must_use]
pub fn is_ready(template: &Template) -> bool {
    template.params.values().all(|param| param.default.is_some())
}
