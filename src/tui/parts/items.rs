//! What the home view lists, and in which order.
use super::facts::Fact;
use super::groups::Grouping;
use super::groups::Heading;
use super::groups::Sum;
use super::rows::Cell;
use super::rows::compare;
use super::sift::Sift;
use super::state;
use crate::model::Container;
use crate::model::ContainerId;
use crate::model::Operation;
use crate::model::OperationId;
use crate::model::OperationState;
use crate::model::Template;
use crate::tui::component::Context;
use crate::tui::data::Data;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
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
    /// The heading of a group.
    Group(String),
    /// A container.
    Container(ContainerId),
    /// A launch under way, or one that failed.
    Operation(OperationId),
    /// The last tile, which launches.
    Launch,
}

/// What is listed of all that there is.
#[derive(Clone, Debug)]
pub struct Listing {
    /// What is filtered by.
    pub sift: Sift,
    /// Whether stopped containers are left out.
    pub running_only: bool,
    /// What is sorted by; the oldest first where nothing is chosen.
    pub sort: Fact,
    /// The other way round.
    pub reverse: bool,
    /// What is grouped by.
    pub grouping: Grouping,
    /// Groups whose containers are not listed, each with what was grouped by.
    pub folded: BTreeSet<(String, String)>,
    /// The order as it was when it was last sorted: samples that come in move nothing.
    pub ranks: HashMap<ContainerId, usize>,
    /// Failed launches that are no longer shown.
    pub dismissed: Vec<OperationId>,
}

impl Default for Listing {
    fn default() -> Self {
        Self {
            sift: Sift::default(),
            running_only: false,
            sort: Fact::Created,
            reverse: false,
            grouping: Grouping::None,
            folded: BTreeSet::new(),
            ranks: HashMap::new(),
            dismissed: Vec::new(),
        }
    }
}

impl Listing {
    /// Sorts anew by what is known now.
    pub fn rank(&mut self, cx: &Context) {
        let mut containers: Vec<&Container> = cx.data.containers.iter().collect();
        containers.sort_by(|a, b| (a.created_at, &a.name).cmp(&(b.created_at, &b.name)));
        let mut cells: Vec<(Cell, &Container)> = containers.into_iter().map(|container| (self.sort.cell(container, cx), container)).collect();
        cells.sort_by(|(a, _), (b, _)| compare(Some(a), Some(b)));
        if self.reverse {
            cells.reverse();
        }
        self.ranks = cells.iter().enumerate().map(|(rank, (_, container))| (container.id.clone(), rank)).collect();
    }

    /// The containers listed, in their order. Those that came after the last sorting are last, the oldest first.
    #[must_use]
    pub fn containers<'a>(&self, data: &'a Data) -> Vec<&'a Container> {
        let mut containers: Vec<&Container> = data.containers.iter().filter(|container| self.lists(container)).collect();
        let rank = |container: &Container| self.ranks.get(&container.id).copied().unwrap_or(usize::MAX);
        let sorted = self.sort != Fact::Created || self.reverse;
        containers.sort_by_cached_key(|container| (if sorted { rank(container) } else { 0 }, container.created_at, container.name.clone()));
        containers
    }

    fn lists(&self, container: &Container) -> bool {
        (!self.running_only || state::runs(container)) && self.fits(container)
    }

    /// Whether the filter lets a container through.
    #[must_use]
    fn fits(&self, container: &Container) -> bool {
        let told = state::told(container).word;
        let origin = state::origin(container);
        self.sift.fits(&format!("{} {origin} {} {told}", container.name, container.image), &[&container.name, origin])
    }

    /// Everything listed: containers, with headings where they are grouped, launches, the launch tile.
    #[must_use]
    pub fn items(&self, data: &Data, now: Timestamp) -> Vec<Item> {
        let containers = self.containers(data);
        let mut items: Vec<Item> = Vec::with_capacity(containers.len() + 1);
        if self.grouping == Grouping::None {
            items.extend(containers.into_iter().map(|container| Item::Container(container.id.clone())));
        } else {
            // Those that are in no group come last.
            let mut groups: BTreeMap<(bool, &str), Vec<&Container>> = BTreeMap::new();
            for container in containers {
                let group = self.grouping.of(container);
                groups.entry((group.is_empty(), group)).or_default().push(container);
            }
            for ((_, group), members) in groups {
                items.push(Item::Group(group.to_owned()));
                if !self.is_folded(group) {
                    items.extend(members.into_iter().map(|container| Item::Container(container.id.clone())));
                }
            }
        }
        let mut operations: Vec<&Operation> = data.operations.iter().filter(|operation| self.shows(operation, data, now)).collect();
        operations.sort_by_key(|operation| operation.created_at);
        items.extend(operations.into_iter().map(|operation| Item::Operation(operation.id.clone())));
        items.push(Item::Launch);
        items
    }

    /// Whether the containers of a group are not listed. Whoever looks for something finds it in every group.
    #[must_use]
    pub fn is_folded(&self, group: &str) -> bool {
        self.sift.is_open() && self.folded.contains(&(self.grouping.word().to_owned(), group.to_owned()))
    }

    /// Folds a group, or unfolds it.
    pub fn fold(&mut self, group: &str) {
        let key = (self.grouping.word().to_owned(), group.to_owned());
        if !self.folded.remove(&key) {
            self.folded.insert(key);
        }
    }

    /// The containers of a group that the filter lets through.
    pub fn members<'a>(&'a self, group: &'a str, data: &'a Data) -> impl Iterator<Item = &'a Container> {
        data.containers.iter().filter(move |container| self.grouping.of(container) == group && self.lists(container))
    }

    /// A group as its heading shows it.
    #[must_use]
    pub fn heading(&self, group: &str, data: &Data) -> Heading {
        Heading { name: self.grouping.called(group), folded: self.is_folded(group), sum: Sum::of(self.members(group, data), data) }
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
