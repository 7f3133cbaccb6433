//! Containers that belong together: by stack, template or owner, each group with a heading that folds it.
use super::state;
use super::text;
use crate::model::Container;
use crate::tui::component::Context;
use crate::tui::data::Data;
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// What containers are grouped by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Grouping {
    /// Nothing.
    #[default]
    None,
    /// The stack that they are part of.
    Stack,
    /// The template that they came from.
    Template,
    /// Who made them.
    Owner,
}

impl Grouping {
    /// All, in the order in which they follow each other.
    pub const ALL: [Self; 4] = [Self::None, Self::Stack, Self::Template, Self::Owner];

    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "nothing",
            Self::Stack => "stack",
            Self::Template => "template",
            Self::Owner => "owner",
        }
    }

    /// The grouping with this word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grouping| grouping.word() == word || (*grouping == Self::None && word == "none"))
    }

    /// The next one.
    #[must_use]
    pub fn next(self) -> Self {
        let place = Self::ALL.iter().position(|grouping| *grouping == self).unwrap_or(0);
        Self::ALL[(place + 1) % Self::ALL.len()]
    }

    /// The group of a container; empty for those that are in none.
    #[must_use]
    pub fn of(self, container: &Container) -> &str {
        let group = match self {
            Self::None => None,
            Self::Stack => container.stack.as_ref().map(|place| place.stack.as_str()),
            Self::Template => container.template.as_deref(),
            Self::Owner => container.owner.as_deref(),
        };
        group.unwrap_or_default()
    }

    /// What a group is called.
    #[must_use]
    pub fn called(self, group: &str) -> String {
        match (group.is_empty(), self) {
            (false, _) => group.to_owned(),
            (true, Self::Owner) => "not made by cto".to_owned(),
            (true, _) => format!("no {}", self.word()),
        }
    }
}

/// What the containers of a group come to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sum {
    /// Containers.
    pub count: usize,
    /// Those that run.
    pub running: usize,
    /// Percent of one core.
    pub cpu: f64,
    /// Bytes.
    pub memory: u64,
}

impl Sum {
    /// Of these containers.
    #[must_use]
    pub fn of<'a>(containers: impl IntoIterator<Item = &'a Container>, data: &Data) -> Self {
        let mut sum = Self::default();
        for container in containers {
            sum.count += 1;
            if state::runs(container) {
                sum.running += 1;
                if let Some(sample) = data.latest(&container.id) {
                    sum.cpu += sample.cpu_percent;
                    sum.memory = sum.memory.saturating_add(sample.memory_bytes);
                }
            }
        }
        sum
    }

    /// How many there are and run.
    #[must_use]
    pub fn counted(&self) -> String {
        if self.running == self.count { format!("{} running", self.running) } else { format!("{} of {} running", self.running, self.count) }
    }
}

/// A group as its heading shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Heading {
    /// What it is called.
    pub name: String,
    /// Its containers are not listed.
    pub folded: bool,
    /// What they come to.
    pub sum: Sum,
}

impl Heading {
    /// How many there are and run; in words also whether they are listed.
    #[must_use]
    pub fn told(&self, plain: bool) -> String {
        format!("{}{}", if plain && self.folded { "folded, " } else { "" }, self.sum.counted())
    }

    /// Its name, with the sign of whether it is folded.
    #[must_use]
    pub fn title(&self, plain: bool) -> String {
        match (plain, self.folded) {
            (true, _) => format!("group {}", self.name),
            (false, true) => format!("▸ {}", self.name),
            (false, false) => format!("▾ {}", self.name),
        }
    }

    /// Draws it between tiles.
    pub fn draw(&self, buffer: &mut Buffer, line: Rect, cx: &Context, selected: bool) {
        let style = |role| cx.theme.style(if selected { Role::Selection } else { role });
        if selected {
            buffer.set_style(line, style(Role::Text));
        }
        let title = format!(" {} ", self.title(cx.plain));
        let used = text::put(buffer, line.x, line.y, line.width, &title, style(Role::Title));
        let sum = format!("{}  {}  {} ", self.sum.counted(), text::percent(self.sum.cpu), text::bytes(self.sum.memory));
        let used = used + text::put(buffer, line.x + used, line.y, line.width - used, &sum, style(Role::Muted));
        let rule = "─".repeat(usize::from(line.width - used));
        text::put(buffer, line.x + used, line.y, line.width - used, &rule, style(Role::Border));
    }
}
