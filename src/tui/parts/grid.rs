//! The home view: containers as live tiles or as a table, with filter, groups, marks and cursor, and details beside them.
use super::actions;
use super::detail::Detail;
use super::detail::Layout;
use super::facts::Columns;
use super::facts::Fact;
use super::field::Field;
use super::groups::Grouping;
use super::items;
use super::items::Item;
use super::items::Listing;
use super::meter::Meter;
use super::plan::Plan;
use super::rows::CALM;
use super::sift;
use super::state;
use super::tile;
use crate::model::ContainerId;
use crate::model::Event;
use crate::model::OperationId;
use crate::model::OperationState;
use crate::model::Size;
use crate::model::TileWish;
use crate::term::KeyCode;
use crate::tui::command::Scope;
use crate::tui::component::Component;
use crate::tui::component::Context;
use crate::tui::component::Hint;
use crate::tui::data::Data;
use crate::tui::msg::Effect;
use crate::tui::msg::Msg;
use ratatui::Frame;
use ratatui::layout::Rect;
use std::collections::HashMap;
use std::time::Duration;

/// The home view.
#[derive(Debug, Default)]
pub struct Home {
    pub(super) listing: Listing,
    pub(super) columns: Columns,
    pub(in crate::tui) detail: Detail,
    pub(super) filter: Field,
    pub(super) editing: bool,
    pub(super) table: bool,
    pub(super) cursor: Option<Item>,
    /// Containers that are marked, in the order in which they were.
    pub(super) marked: Vec<ContainerId>,
    /// Where a range of marks begins.
    pub(super) anchor: Option<ContainerId>,
    /// Where the cursor was: where it stays when its item goes.
    place: usize,
    /// The first row shown.
    top: usize,
    pub(super) clicked: Option<(Item, Duration)>,
    pub(super) touched: Duration,
    pub(super) meters: HashMap<OperationId, Meter>,
    /// The letters of the launch tile, or of the empty view, are valid.
    pub(super) letters: bool,
}

impl Home {
    /// With the cursor on the first container.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether a filter is being typed.
    #[must_use]
    pub fn is_editing(&self) -> bool {
        self.editing
    }

    /// The container under the cursor.
    #[must_use]
    pub fn selected(&self, data: &Data) -> Option<ContainerId> {
        match &self.cursor {
            Some(Item::Container(id)) => data.container(id).map(|container| container.id.clone()),
            Some(_) => None,
            None => self.listing.containers(data).first().map(|container| container.id.clone()),
        }
    }

    /// The marked containers; without any, those of the group, or the one, under the cursor.
    #[must_use]
    pub fn meant(&self, data: &Data) -> Vec<ContainerId> {
        let marked: Vec<_> = self.marked.iter().filter(|id| data.container(id).is_some()).cloned().collect();
        match &self.cursor {
            _ if !marked.is_empty() => marked,
            Some(Item::Group(group)) => self.listing.members(group, data).map(|container| container.id.clone()).collect(),
            _ => self.selected(data).into_iter().collect(),
        }
    }

    /// Moves the cursor to a container.
    pub fn select(&mut self, id: &ContainerId) {
        self.cursor = Some(Item::Container(id.clone()));
    }

    /// How it is set, to be kept.
    #[must_use]
    pub fn state(&self) -> serde_json::Value {
        serde_json::json!({
            "table": self.table,
            "running_only": self.listing.running_only,
            "sort": self.listing.sort.word(),
            "reverse": self.listing.reverse,
            "columns": self.columns.save(),
            "group": self.listing.grouping.word(),
            "folded": self.listing.folded,
            "detail": self.detail.save(),
            "selected": match &self.cursor { Some(Item::Container(id)) => Some(id), _ => None },
        })
    }

    /// Sets it as it was; what is not understood is left as it is.
    pub fn restore(&mut self, kept: &serde_json::Value) {
        let flag = |name: &str| kept.get(name).and_then(serde_json::Value::as_bool);
        self.table = flag("table").unwrap_or(self.table);
        self.listing.running_only = flag("running_only").unwrap_or(self.listing.running_only);
        self.listing.reverse = flag("reverse").unwrap_or(self.listing.reverse);
        let sort = kept.get("sort").and_then(serde_json::Value::as_str);
        self.listing.sort = sort.and_then(Fact::named).unwrap_or(self.listing.sort);
        self.columns = Columns::restore(&kept["columns"]).unwrap_or_default();
        self.listing.grouping = kept["group"].as_str().and_then(Grouping::named).unwrap_or_default();
        self.listing.folded = serde_json::from_value(kept["folded"].clone()).unwrap_or_default();
        self.detail.restore(&kept["detail"]);
        if let Some(id) = kept.get("selected").and_then(serde_json::Value::as_str) {
            self.select(&id.into());
        }
    }

    /// Whether the containers are listed as a table.
    #[must_use]
    pub fn shows_table(&self, plain: bool) -> bool {
        (self.table || plain) && self.detail.layout != Layout::Detail
    }

    /// The columns of the table.
    #[must_use]
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// The table has these columns from now on.
    pub fn set_columns(&mut self, columns: Columns) {
        self.columns = columns;
    }

    /// The small pictures that are on the screen, with their sizes.
    #[must_use]
    pub fn wishes(&self, cx: &Context) -> Vec<TileWish> {
        let runs = |id: &ContainerId| cx.data.container(id).is_some_and(state::runs);
        let (list, beside) = self.detail.rooms(cx.area, cx.plain);
        let (items, plan, top) = self.layout(cx);
        let wish = |(place, area): (usize, Rect)| match &items[place] {
            Item::Container(id) if runs(id) => {
                let body = tile::inside(area);
                Some(TileWish { container: id.clone(), size: Size { cols: body.width, rows: body.height } })
            }
            _ => None,
        };
        let mut wishes: Vec<TileWish> = if plan.table || list.is_empty() { Vec::new() } else { plan.places(top).filter_map(wish).collect() };
        if let (Some(size), Some(id)) = (beside.and_then(|room| self.detail.picture(room)), self.selected(cx.data).filter(|id| runs(id))) {
            wishes.retain(|wish| wish.container != id);
            wishes.push(TileWish { container: id, size });
        }
        wishes
    }

    /// The containers on the screen whose samples are shown; all that run while they are sorted by samples, or summed up.
    #[must_use]
    pub fn watched(&self, cx: &Context) -> Vec<ContainerId> {
        if self.listing.sort.is_sampled() || self.listing.grouping != Grouping::None {
            return cx.data.containers.iter().filter(|container| state::runs(container)).map(|container| container.id.clone()).collect();
        }
        let (items, plan, top) = self.layout(cx);
        let running = |place: usize| match &items[place] {
            Item::Container(id) => cx.data.container(id).filter(|container| state::runs(container)).map(|container| container.id.clone()),
            _ => None,
        };
        let mut watched: Vec<ContainerId> = plan.seen(top).filter_map(running).collect();
        let beside = self.selected(cx.data).filter(|id| self.detail.is_shown() && !watched.contains(id));
        watched.extend(beside.filter(|id| cx.data.container(id).is_some_and(state::runs)));
        watched
    }

    /// Whether nothing was ever launched.
    pub(super) fn is_empty(&self, cx: &Context) -> bool {
        cx.data.containers.is_empty() && self.listing.items(cx.data, cx.now.time).len() == 1
    }

    /// Items, their places and the first line: all that drawing, clicks and wishes need.
    pub(super) fn layout(&self, cx: &Context) -> (Vec<Item>, Plan, usize) {
        let (area, _) = self.detail.rooms(cx.area, cx.plain);
        let items = self.listing.items(cx.data, cx.now.time);
        let plan = |area| Plan::new(area, items.len(), self.table || cx.plain, |place| matches!(items.get(place), Some(Item::Group(_))));
        let whole = plan(area);
        let filtered = self.editing || !self.marked.is_empty() || !self.filter.text().is_empty() || self.listing.running_only;
        let plan = if (filtered || !whole.fits()) && area.height > 2 { plan(Rect { height: area.height - 1, ..area }) } else { whole };
        let top = plan.top(self.top, self.cursor_place(&items));
        (items, plan, top)
    }

    pub(super) fn cursor_place(&self, items: &[Item]) -> usize {
        let found = self.cursor.as_ref().and_then(|cursor| items.iter().position(|item| item == cursor));
        found.unwrap_or(self.place).min(items.len().saturating_sub(1))
    }

    /// Brings the cursor to what is listed now: it follows its item, and a launch into its container.
    fn settle(&mut self, cx: &Context) {
        if let Some(Item::Operation(id)) = &self.cursor
            && let Some(operation) = cx.data.operations.iter().find(|operation| operation.id == *id)
            && operation.state != OperationState::Failed
            && let Some(made) = items::made_by(operation, cx.data)
        {
            self.cursor = Some(Item::Container(made.id.clone()));
        }
        let (items, _, top) = self.layout(cx);
        self.place = self.cursor_place(&items);
        // Before the first list there is nothing to follow, and what was kept may still come.
        if cx.data.listed {
            self.cursor = items.get(self.place).cloned();
        }
        self.top = top;
        // What is marked is meant by every key, also where the last mark has brought the cursor here.
        self.letters = self.cursor == Some(Item::Launch) && self.marked.is_empty() || self.is_empty(cx);
        self.marked.retain(|id| !cx.data.listed || cx.data.container(id).is_some());
        self.meters.retain(|id, _| cx.data.operations.iter().any(|operation| operation.id == *id && operation.state == OperationState::Running));
    }

    pub(super) fn go(&mut self, to: usize, items: &[Item]) {
        self.place = to.min(items.len().saturating_sub(1));
        self.cursor = items.get(self.place).cloned();
    }

    fn edit(&mut self, key: crate::term::Key) {
        if sift::typed(&mut self.filter, &mut self.editing, key) {
            self.refilter();
        }
    }

    /// Lists by what is typed now; a cursor whose item goes moves to the first.
    fn refilter(&mut self) {
        self.listing.sift.set(self.filter.text());
        self.place = 0;
    }

    fn take(&mut self, msg: &Msg, cx: &Context) -> Option<Vec<Effect>> {
        match msg {
            Msg::Key(_) | Msg::Command(_) | Msg::Mouse(_) | Msg::Paste(_) => self.touched = cx.now.since_start,
            _ => {}
        }
        match msg {
            Msg::Key(key) if self.editing => {
                self.edit(*key);
                Some(Vec::new())
            }
            Msg::Key(key) if self.letters && key.mods.is_empty() => {
                let KeyCode::Char(c) = key.code else { return None };
                let templates = items::likely(cx.data);
                let (_, template) = templates.iter().find(|(letter, _)| *letter == c)?;
                Some(vec![actions::launch_or_ask(template)])
            }
            Msg::Paste(pasted) if self.editing => {
                self.filter.insert(pasted);
                self.refilter();
                Some(Vec::new())
            }
            Msg::Command(command) => self.command(*command, cx),
            Msg::Mouse(mouse) => self.mouse(*mouse, cx),
            Msg::Event(event) => {
                if let Event::OperationChanged { operation } = &**event {
                    self.meters.entry(operation.id.clone()).or_default().take(&operation.progress, cx.now.since_start);
                }
                None
            }
            Msg::Stats(_) if cx.now.since_start.saturating_sub(self.touched) > CALM => {
                if self.listing.sort.is_sampled() {
                    self.listing.rank(cx);
                }
                None
            }
            _ => None,
        }
    }
}

impl Component for Home {
    fn update(&mut self, msg: &Msg, cx: &Context) -> Option<Vec<Effect>> {
        self.settle(cx);
        let effects = self.take(msg, cx);
        self.settle(cx);
        let selected = self.selected(cx.data);
        let more = self.detail.update(msg, selected.as_ref(), cx);
        if more.is_empty() { effects } else { Some(effects.into_iter().flatten().chain(more).collect()) }
    }

    fn draw(&self, frame: &mut Frame, area: Rect, cx: &Context) {
        self.paint(frame, area, cx);
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Home, Scope::Global]
    }

    fn takes_keys(&self) -> bool {
        self.editing || self.letters
    }

    fn hints(&self, cx: &Context) -> Option<Vec<Hint>> {
        self.keys_below(cx)
    }
}
