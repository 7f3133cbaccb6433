//! What the table of containers can show of each: a column a fact.
use super::badges::in_words;
use super::rows::Cell;
use super::rows::Column;
use super::state;
use super::text;
use super::tile;
use crate::model::Container;
use crate::model::Health;
use crate::model::Stats;
use crate::tui::component::Context;
use crate::tui::theme::Role;
use serde::{Deserialize, Serialize};

/// Letters of an id that tell containers apart.
const SHORT_ID: usize = 12;
/// Columns of the screen that a column may be given.
const WIDTHS: std::ops::RangeInclusive<u16> = 3..=80;

/// One fact of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// Its name, which is always shown.
    Name,
    /// What it does, or how its last run ended.
    State,
    /// What its health check says.
    Health,
    /// Since when it runs, or how long ago it ended.
    Uptime,
    /// The template that it came from, or else its image.
    Template,
    /// Its image.
    Image,
    /// The stack that it is part of.
    Stack,
    /// Who made it through cto.
    Owner,
    /// Processor time.
    Cpu,
    /// Memory in use.
    Memory,
    /// Bytes received and sent.
    Network,
    /// Bytes read from disks and written.
    Block,
    /// Processes and threads.
    Pids,
    /// Published ports.
    Ports,
    /// Open sessions.
    Sessions,
    /// The beginning of its id.
    Id,
    /// How long ago it was created.
    Created,
}

impl Fact {
    /// All, as the chooser lists them.
    pub const ALL: [Self; 17] = [
        Self::Name,
        Self::State,
        Self::Health,
        Self::Uptime,
        Self::Template,
        Self::Image,
        Self::Stack,
        Self::Owner,
        Self::Cpu,
        Self::Memory,
        Self::Network,
        Self::Block,
        Self::Pids,
        Self::Ports,
        Self::Sessions,
        Self::Id,
        Self::Created,
    ];

    /// Its word, in what is kept and on the command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::State => "state",
            Self::Health => "health",
            Self::Uptime => "uptime",
            Self::Template => "template",
            Self::Image => "image",
            Self::Stack => "stack",
            Self::Owner => "owner",
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Network => "network",
            Self::Block => "block",
            Self::Pids => "pids",
            Self::Ports => "ports",
            Self::Sessions => "sessions",
            Self::Id => "id",
            Self::Created => "created",
        }
    }

    /// What it tells, for the chooser.
    #[must_use]
    pub fn about(self) -> &'static str {
        match self {
            Self::Name => "always shown",
            Self::State => "what it does, or how its last run ended",
            Self::Health => "what its health check says",
            Self::Uptime => "since when it runs, or when it ended",
            Self::Template => "the template that it came from, or its image",
            Self::Image => "its image",
            Self::Stack => "the stack that it is part of",
            Self::Owner => "who made it through cto",
            Self::Cpu => "percent of one core, as docker shows it",
            Self::Memory => "memory without page cache",
            Self::Network => "bytes received / sent",
            Self::Block => "bytes read from disks / written",
            Self::Pids => "processes and threads",
            Self::Ports => "published ports",
            Self::Sessions => "open sessions",
            Self::Id => "the beginning of its id",
            Self::Created => "how long ago it was created",
        }
    }

    /// The fact with this word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fact| fact.word() == word)
    }

    /// Its column.
    #[must_use]
    pub fn column(self) -> Column {
        let column = |head, least, most, goes, right| Column { head, least, most, goes, right };
        match self {
            Self::Name => column("NAME", 8, 28, 0, false),
            Self::State => column("STATE", 12, 22, 1, false),
            Self::Cpu => column("CPU", 5, 5, 2, true),
            Self::Memory => column("MEM", 5, 5, 3, true),
            Self::Template => column("TEMPLATE", 10, 30, 4, false),
            Self::Uptime => column("UPTIME", 8, 8, 5, true),
            Self::Sessions => column("SESSIONS", 8, 8, 6, true),
            Self::Ports => column("PORTS", 9, 40, 7, false),
            Self::Health => column("HEALTH", 9, 9, 8, false),
            Self::Stack => column("STACK", 8, 20, 9, false),
            Self::Image => column("IMAGE", 12, 36, 10, false),
            Self::Owner => column("OWNER", 6, 14, 11, false),
            Self::Network => column("NET RX/TX", 9, 9, 12, true),
            Self::Block => column("BLOCK R/W", 9, 9, 13, true),
            Self::Pids => column("PIDS", 5, 5, 14, true),
            Self::Created => column("CREATED", 7, 7, 15, true),
            Self::Id => column("ID", 12, 12, 16, false),
        }
    }

    /// Whether it is known only while samples come in.
    #[must_use]
    pub fn is_sampled(self) -> bool {
        matches!(self, Self::Cpu | Self::Memory | Self::Network | Self::Block | Self::Pids)
    }

    /// What it says of a container, and what that is sorted by.
    #[must_use]
    pub fn cell(self, container: &Container, cx: &Context) -> Cell {
        let runs = state::runs(container);
        let sampled = |text: &dyn Fn(&Stats) -> String, number: &dyn Fn(&Stats) -> f64, role| match cx.data.latest(&container.id).filter(|_| runs) {
            Some(sample) => Cell::number(text(sample), role, number(sample)),
            None => Cell::new("", role),
        };
        let pair = |(a, b): (u64, u64)| format!("{}/{}", text::bytes(a), text::bytes(b));
        let sum = |(a, b): (u64, u64)| a.saturating_add(b) as f64;
        match self {
            Self::Name => Cell::new(&*container.name, Role::Text),
            Self::State => {
                let told = state::told(container);
                let news = cx.data.badges.get(&container.id).map(|badges| in_words(badges, cx.plain)).unwrap_or_default();
                let word = state::last_exit(container).unwrap_or_else(|| told.word.to_owned()) + &news;
                let rank = if runs { 2.0 } else { f64::from(u8::from(state::failed(container))) };
                Cell::number(if cx.plain { word } else { format!("{} {word}", told.glyph) }, told.role, rank)
            }
            Self::Health => match container.health {
                Some(Health::Unhealthy) => Cell::number("unhealthy", Role::Warn, 3.0),
                Some(Health::Starting) => Cell::number("starting", Role::Info, 2.0),
                Some(Health::Healthy) => Cell::number("healthy", Role::Ok, 1.0),
                None => Cell::new("", Role::Muted),
            },
            Self::Uptime => {
                let text = state::since(container, cx.now.time);
                match container.started_at.filter(|_| runs) {
                    Some(at) => Cell::number(text, Role::Muted, -(at.as_second() as f64)),
                    None => Cell::new(text, Role::Muted),
                }
            }
            Self::Template => Cell::new(state::origin(container), Role::Muted),
            Self::Image => Cell::new(&*container.image, Role::Muted),
            Self::Stack => Cell::new(container.stack.as_ref().map_or("", |place| place.stack.as_str()), Role::Muted),
            Self::Owner => Cell::new(container.owner.as_deref().unwrap_or_default(), Role::Muted),
            Self::Cpu => sampled(&|sample| text::percent(sample.cpu_percent), &|sample| sample.cpu_percent, Role::Text),
            Self::Memory => sampled(&|sample| text::bytes(sample.memory_bytes), &|sample| sample.memory_bytes as f64, Role::Text),
            Self::Network => sampled(&|sample| pair(sample.network_bytes), &|sample| sum(sample.network_bytes), Role::Muted),
            Self::Block => sampled(&|sample| pair(sample.block_bytes), &|sample| sum(sample.block_bytes), Role::Muted),
            Self::Pids => sampled(&|sample| sample.pids.to_string(), &|sample| sample.pids as f64, Role::Muted),
            Self::Ports => Cell::new(tile::ports(container), Role::Muted),
            Self::Sessions => {
                let count = cx.data.live_sessions(&container.id).count().max(usize::try_from(container.sessions).unwrap_or(0));
                Cell::number(if count > 0 { count.to_string() } else { String::new() }, Role::Text, count as f64)
            }
            Self::Id => Cell::new(container.id.as_str().get(..SHORT_ID).unwrap_or(container.id.as_str()), Role::Muted),
            Self::Created => Cell::number(text::age(container.created_at, cx.now.time), Role::Muted, -(container.created_at.as_second() as f64)),
        }
    }
}

/// A column that was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChosenColumn {
    /// What it shows.
    pub fact: Fact,
    /// The width that it was given; as wide as it needs where none was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u16>,
}

/// The columns of the table, from the left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns(Vec<ChosenColumn>);

impl Default for Columns {
    fn default() -> Self {
        let usual = [Fact::Name, Fact::State, Fact::Template, Fact::Cpu, Fact::Memory, Fact::Uptime, Fact::Sessions, Fact::Ports];
        Self(usual.map(|fact| ChosenColumn { fact, width: None }).to_vec())
    }
}

impl Columns {
    /// The columns.
    #[must_use]
    pub fn all(&self) -> &[ChosenColumn] {
        &self.0
    }

    /// How the table draws them.
    #[must_use]
    pub fn drawn(&self) -> Vec<Column> {
        let column = |chosen: &ChosenColumn| {
            let natural = chosen.fact.column();
            chosen.width.map_or(natural, |width| Column { least: width, most: width, ..natural })
        };
        self.0.iter().map(column).collect()
    }

    /// Where a fact's column stands.
    #[must_use]
    pub fn place(&self, fact: Fact) -> Option<usize> {
        self.0.iter().position(|chosen| chosen.fact == fact)
    }

    /// Shows a fact, as the last column, or no longer. The name stays.
    pub fn toggle(&mut self, fact: Fact) {
        match self.place(fact) {
            Some(place) if fact != Fact::Name => drop(self.0.remove(place)),
            Some(_) => {}
            None => self.0.push(ChosenColumn { fact, width: None }),
        }
    }

    /// Makes a column wider or narrower by so many columns of the screen; with none as wide as it needs.
    pub fn widen(&mut self, fact: Fact, by: Option<i16>) {
        let Some(chosen) = self.0.iter_mut().find(|chosen| chosen.fact == fact) else { return };
        chosen.width = by.map(|by| chosen.width.unwrap_or(fact.column().least).saturating_add_signed(by).clamp(*WIDTHS.start(), *WIDTHS.end()));
    }

    /// Moves a column one place to the left or to the right. The name stays the first.
    pub fn shift(&mut self, fact: Fact, left: bool) {
        let Some(place) = self.place(fact).filter(|place| *place > 0) else { return };
        let other = if left { place - 1 } else { place + 1 };
        if other > 0 && other < self.0.len() {
            self.0.swap(place, other);
        }
    }

    /// To be kept.
    #[must_use]
    pub fn save(&self) -> serde_json::Value {
        serde_json::to_value(&self.0).unwrap_or_default()
    }

    /// As they were kept; what another version kept and this one does not know is left out.
    #[must_use]
    pub fn restore(kept: &serde_json::Value) -> Option<Self> {
        let read = |value: &serde_json::Value| serde_json::from_value::<ChosenColumn>(value.clone()).ok();
        let mut columns = Self(vec![ChosenColumn { fact: Fact::Name, width: None }]);
        for chosen in kept.as_array()?.iter().filter_map(read) {
            let width = chosen.width.map(|width| width.clamp(*WIDTHS.start(), *WIDTHS.end()));
            match columns.place(chosen.fact) {
                Some(place) => columns.0[place].width = width,
                None => columns.0.push(ChosenColumn { width, ..chosen }),
            }
        }
        Some(columns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_names_its_fact_and_is_what_is_kept() {
        for fact in Fact::ALL {
            assert_eq!(Fact::named(fact.word()), Some(fact));
            assert_eq!(serde_json::to_value(fact).unwrap(), fact.word());
        }
    }

    #[test]
    fn the_name_stays_first_whatever_is_chosen() {
        let mut columns = Columns::default();
        columns.toggle(Fact::Name);
        columns.shift(Fact::State, true);
        columns.toggle(Fact::Id);
        columns.widen(Fact::Id, Some(200));
        assert_eq!(columns.all()[0].fact, Fact::Name);
        assert_eq!(columns.all().last().unwrap().width, Some(80));
        assert_eq!(Columns::restore(&columns.save()), Some(columns));
        let odd = serde_json::json!([{"fact": "cpu"}, {"fact": "of another version"}, 7]);
        let facts: Vec<Fact> = Columns::restore(&odd).unwrap().all().iter().map(|chosen| chosen.fact).collect();
        assert_eq!(facts, [Fact::Name, Fact::Cpu]);
    }
}
