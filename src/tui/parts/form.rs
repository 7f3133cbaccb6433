//! The values that a launch takes: name, limits, network and the template's parameters.
use super::field::Edit;
use super::field::Field;
use super::text;
use crate::model::Param;
use crate::model::ParamKind;
use crate::model::Template;
use crate::term::Key;
use crate::term::KeyCode;
use crate::tui::component::Context;
use crate::tui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;
use std::collections::BTreeMap;

/// Columns of an entry: its name, and its value.
const NAME: u16 = 12;
const VALUE: u16 = 26;

/// One value.
#[derive(Clone, Debug)]
struct Entry {
    /// What the server calls it; empty for the container's name.
    path: String,
    label: String,
    help: String,
    /// Its value where none is given.
    default: String,
    required: bool,
    value: Value,
}

#[derive(Clone, Debug)]
enum Value {
    Text(Field),
    /// One of these.
    Pick(Vec<String>, usize),
}

/// The values of one template.
#[derive(Clone, Debug, Default)]
pub struct Form {
    entries: Vec<Entry>,
}

impl Form {
    /// The values that this template takes, as they stand there.
    #[must_use]
    pub fn new(template: &Template) -> Self {
        let limits = template.limits.clone().unwrap_or_default();
        let field = |path: &str, label: &str, help: &str, default: String| Entry {
            path: path.to_owned(),
            label: label.to_owned(),
            help: help.to_owned(),
            default,
            required: false,
            value: Value::Text(Field::default()),
        };
        let mut entries = vec![field("", "name", "the container's name", "made up".to_owned())];
        entries.extend(template.params.iter().map(|(name, param)| of_param(name, param)));
        entries.push(field("limits.memory", "memory", "such as 512m or 2g", limits.memory.unwrap_or_else(|| "512m".to_owned())));
        entries.push(field("limits.cpus", "cpu", "cores: 0.5 is half of one", limits.cpus.unwrap_or(1.0).to_string()));
        let network = template.network.as_ref().map_or_else(|| "isolated".to_owned(), ToString::to_string);
        let mut choices = ["isolated", "internal", "none"].map(str::to_owned).to_vec();
        if !choices.contains(&network) {
            choices.push(network.clone());
        }
        entries.push(pick(field("network", "network", "out is allowed, in only by published ports; or none", network), choices));
        Self { entries }
    }

    /// These parameters, each with its name.
    #[must_use]
    pub fn of_params<'a>(params: impl IntoIterator<Item = (&'a String, &'a Param)>) -> Self {
        Self { entries: params.into_iter().map(|(name, param)| of_param(name, param)).collect() }
    }

    /// Fills in what is given already, by the names of the entries.
    pub fn fill(&mut self, given: &BTreeMap<String, String>) {
        for entry in &mut self.entries {
            let Some(value) = given.get(&entry.path) else { continue };
            match &mut entry.value {
                Value::Text(field) => field.set(value),
                Value::Pick(choices, picked) => *picked = choices.iter().position(|choice| choice == value).unwrap_or(*picked),
            }
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The container's name, where one is given.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        self.entries.iter().find(|entry| entry.path.is_empty()).map(Entry::given).filter(|name| !name.is_empty())
    }

    /// The values that differ from what the template says.
    #[must_use]
    pub fn set(&self) -> BTreeMap<String, String> {
        let given = |entry: &Entry| (entry.path.clone(), entry.given());
        self.entries.iter().filter(|entry| !entry.path.is_empty()).map(given).filter(|(_, value)| !value.is_empty()).collect()
    }

    /// The first value that has to be given and is not.
    #[must_use]
    pub fn missing(&self) -> Option<usize> {
        self.entries.iter().position(|entry| entry.required && entry.given().is_empty())
    }

    /// The entry that a complaint is about, by its pointer or name.
    #[must_use]
    pub fn find(&self, pointer: &str) -> Option<usize> {
        let last = pointer.rsplit('/').next().unwrap_or(pointer);
        self.entries.iter().position(|entry| !entry.path.is_empty() && (entry.path == last || entry.path.rsplit('.').next() == Some(last)))
    }

    /// What is said of an entry.
    #[must_use]
    pub fn help(&self, place: usize) -> &str {
        self.entries.get(place).map_or("", |entry| &entry.help)
    }

    /// Takes a key for an entry.
    pub fn key(&mut self, place: usize, key: Key) -> Edit {
        let Some(entry) = self.entries.get_mut(place) else { return Edit::Ignored };
        match &mut entry.value {
            Value::Text(field) => field.key(key),
            Value::Pick(choices, picked) => {
                let count = choices.len().max(1);
                match key.code {
                    KeyCode::Right | KeyCode::Char(' ') => *picked = (*picked + 1) % count,
                    KeyCode::Left => *picked = (*picked + count - 1) % count,
                    KeyCode::Char(c) => match choices.iter().position(|choice| choice.starts_with(c)) {
                        Some(place) => *picked = place,
                        None => return Edit::Ignored,
                    },
                    _ => return Edit::Ignored,
                }
                Edit::Changed
            }
        }
    }

    /// Takes pasted text for an entry.
    pub fn paste(&mut self, place: usize, pasted: &str) {
        if let Some(Entry { value: Value::Text(field), .. }) = self.entries.get_mut(place) {
            field.insert(pasted);
        }
    }

    /// Entries side by side in this width.
    #[must_use]
    pub fn columns(width: u16) -> u16 {
        (width / (NAME + VALUE)).max(1)
    }

    /// Rows that all entries take in this width.
    #[must_use]
    pub fn rows(&self, width: u16) -> u16 {
        u16::try_from(self.entries.len()).unwrap_or(u16::MAX).div_ceil(Self::columns(width))
    }

    /// Where the entries lie; scrolled so that the focused one is seen.
    #[must_use]
    pub fn places(&self, area: Rect, focus: Option<usize>) -> Vec<(usize, Rect)> {
        let columns = usize::from(Self::columns(area.width));
        let width = area.width / u16::try_from(columns).unwrap_or(1);
        let row = focus.unwrap_or(0) / columns;
        let top = (row + 1).saturating_sub(area.height.into());
        let rect = |place: usize| {
            let (row, column) = (place / columns - top, place % columns);
            let x = area.x + u16::try_from(column).unwrap_or(0) * width;
            Rect { x, y: area.y + u16::try_from(row).unwrap_or(0), width, height: 1 }
        };
        (top * columns..self.entries.len()).map(|place| (place, rect(place))).take_while(|(_, rect)| rect.y < area.bottom()).collect()
    }

    /// Draws the entries; the focused one has the cursor.
    pub fn draw(&self, frame: &mut Frame, area: Rect, focus: Option<usize>, cx: &Context) {
        for (place, rect) in self.places(area, focus) {
            let entry = &self.entries[place];
            let focused = focus == Some(place);
            let role = match (focused, entry.required && entry.given().is_empty()) {
                (true, _) => Role::Accent,
                (false, true) => Role::Warn,
                (false, false) => Role::Muted,
            };
            let label = format!("{}{}{}", if focused { "▸" } else { " " }, entry.label, if entry.required { "*" } else { "" });
            let name = NAME.min(rect.width);
            text::put(frame.buffer_mut(), rect.x, rect.y, name.saturating_sub(1), &label, cx.theme.style(role));
            let value = Rect { x: rect.x + name, width: rect.width.saturating_sub(name + 2), ..rect };
            match &entry.value {
                Value::Text(field) => {
                    field.draw(frame, value, cx.theme.style(Role::Text), (&entry.default, cx.theme.style(Role::Muted)), focused);
                }
                Value::Pick(choices, picked) => {
                    let word = format!("{} ▾", choices.get(*picked).map_or("", String::as_str));
                    let role = if focused { Role::Accent } else { Role::Text };
                    text::put(frame.buffer_mut(), value.x, value.y, value.width, &word, cx.theme.style(role));
                }
            }
        }
    }
}

impl Entry {
    /// Its value where it is not the template's own.
    fn given(&self) -> String {
        match &self.value {
            Value::Text(field) => field.text().trim().to_owned(),
            Value::Pick(choices, picked) => choices.get(*picked).filter(|choice| **choice != self.default).cloned().unwrap_or_default(),
        }
    }
}

fn pick(entry: Entry, choices: Vec<String>) -> Entry {
    let picked = choices.iter().position(|choice| *choice == entry.default).unwrap_or(0);
    Entry { value: Value::Pick(choices, picked), ..entry }
}

fn of_param(name: &str, param: &Param) -> Entry {
    let kind = match param.kind {
        ParamKind::Text => "text",
        ParamKind::Integer => "a whole number",
        ParamKind::Boolean => "true or false",
    };
    let entry = Entry {
        path: name.to_owned(),
        label: name.to_owned(),
        help: param.description.clone().unwrap_or_else(|| kind.to_owned()),
        default: param.default.as_ref().map(ToString::to_string).unwrap_or_default(),
        required: param.default.is_none(),
        value: Value::Text(Field::default()),
    };
    let mut choices: Vec<String> = param.choices.iter().map(ToString::to_string).collect();
    if choices.is_empty() && param.kind == ParamKind::Boolean {
        choices = vec!["false".to_owned(), "true".to_owned()];
    }
    if choices.is_empty() { entry } else { Entry { required: false, ..pick(entry, choices) } }
}
