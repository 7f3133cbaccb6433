//! The home view: containers as live tiles or as a table, with filter and cursor.
use super::actions;
use super::empty;
use super::field::Field;
use super::items;
use super::items::Item;
use super::items::Listing;
use super::items::Sort;
use super::meter::Meter;
use super::plan::Plan;
use super::rows::CALM;
use super::rows::DOUBLE;
use super::sift;
use super::state;
use super::table;
use super::text;
use super::tile;
use crate::model::ContainerId;
use crate::model::Event;
use crate::model::OperationId;
use crate::model::OperationState;
use crate::model::Size;
use crate::model::TileWish;
use crate::term::KeyCode;
use crate::term::MouseButton;
use crate::term::MouseEvent;
use crate::term::MouseKind;
use crate::tui::command::CommandId;
use crate::tui::command::Scope;
use crate::tui::component::Component;
use crate::tui::component::Context;
use crate::tui::component::Hint;
use crate::tui::data::Data;
use crate::tui::msg::Ask;
use crate::tui::msg::Effect;
use crate::tui::msg::Msg;
use crate::tui::msg::Request;
use crate::tui::msg::ToastKind;
use crate::tui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use std::collections::HashMap;
use std::time::Duration;

/// The home view.
#[derive(Debug, Default)]
pub struct Home {
    listing: Listing,
    filter: Field,
    editing: bool,
    table: bool,
    cursor: Option<Item>,
    /// Containers that are marked, in the order in which they were.
    marked: Vec<ContainerId>,
    /// Where the cursor was: where it stays when its item goes.
    place: usize,
    /// The first row shown.
    top: usize,
    clicked: Option<(Item, Duration)>,
    touched: Duration,
    meters: HashMap<OperationId, Meter>,
    /// The letters of the launch tile, or of the empty view, are valid.
    letters: bool,
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

    /// The marked containers; without any, the one under the cursor.
    #[must_use]
    pub fn meant(&self, data: &Data) -> Vec<ContainerId> {
        let marked: Vec<_> = self.marked.iter().filter(|id| data.container(id).is_some()).cloned().collect();
        if marked.is_empty() { self.selected(data).into_iter().collect() } else { marked }
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
        self.listing.sort = Sort::ALL.into_iter().find(|known| Some(known.word()) == sort).unwrap_or(self.listing.sort);
        if let Some(id) = kept.get("selected").and_then(serde_json::Value::as_str) {
            self.select(&id.into());
        }
    }

    /// The small pictures that are on the screen, with their sizes.
    #[must_use]
    pub fn wishes(&self, cx: &Context) -> Vec<TileWish> {
        let (items, plan, top) = self.layout(cx);
        if plan.table {
            return Vec::new();
        }
        let wish = |(place, area): (usize, Rect)| match &items[place] {
            Item::Container(id) if cx.data.container(id).is_some_and(state::runs) => {
                let body = tile::inside(area);
                Some(TileWish { container: id.clone(), size: Size { cols: body.width, rows: body.height } })
            }
            _ => None,
        };
        plan.places(top, items.len()).filter_map(wish).collect()
    }

    /// The containers on the screen whose samples are shown; all that run while they are sorted by samples.
    #[must_use]
    pub fn watched(&self, cx: &Context) -> Vec<ContainerId> {
        if matches!(self.listing.sort, Sort::Cpu | Sort::Memory) {
            return cx.data.containers.iter().filter(|container| state::runs(container)).map(|container| container.id.clone()).collect();
        }
        let (items, plan, top) = self.layout(cx);
        let running = |(place, _): (usize, Rect)| match &items[place] {
            Item::Container(id) => cx.data.container(id).filter(|container| state::runs(container)).map(|container| container.id.clone()),
            _ => None,
        };
        plan.places(top, items.len()).filter_map(running).collect()
    }

    /// Whether nothing was ever launched.
    fn is_empty(&self, cx: &Context) -> bool {
        cx.data.containers.is_empty() && self.listing.items(cx.data, cx.now.time).len() == 1
    }

    /// The line below, where there is something to say.
    fn note(&self, shown: usize, plan: &Plan, top: usize, count: usize, cx: &Context) -> Option<String> {
        let mut parts = Vec::new();
        let all = cx.data.containers.len();
        if !self.marked.is_empty() {
            let key = |id| cx.keymap.label(id).unwrap_or_default();
            let (logs, typing) = (key(CommandId::Logs), key(CommandId::TypeInto));
            parts.push(format!("{} marked, {logs} shows their logs, {typing} types into all", self.marked.len()));
        }
        if shown < all {
            parts.push(format!("{shown} of {} shown", text::count(all, "container")));
        }
        if self.listing.running_only {
            let key = cx.keymap.label(CommandId::ShowStopped).unwrap_or_default();
            parts.push(format!("stopped ones hidden, {key} shows them"));
        }
        let rows = plan.rows(count);
        if rows > plan.seen {
            let above = top * plan.columns;
            let below = count.saturating_sub((top + plan.seen) * plan.columns);
            parts.push(format!("↑ {above}  ↓ {below}"));
        }
        (!parts.is_empty()).then(|| parts.join(" · "))
    }

    /// Items, their places and the first row: all that drawing, clicks and wishes need.
    fn layout(&self, cx: &Context) -> (Vec<Item>, Plan, usize) {
        let items = self.listing.items(cx.data, cx.now.time);
        let plan = Plan::new(cx.area, items.len(), self.table || cx.plain);
        let filtered = self.editing || !self.marked.is_empty() || !self.filter.text().is_empty() || self.listing.running_only;
        let plan = if (filtered || plan.rows(items.len()) > plan.seen) && cx.area.height > 2 {
            Plan::new(Rect { height: cx.area.height - 1, ..cx.area }, items.len(), self.table || cx.plain)
        } else {
            plan
        };
        let top = plan.top(self.top, self.cursor_place(&items), items.len());
        (items, plan, top)
    }

    fn cursor_place(&self, items: &[Item]) -> usize {
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
        self.letters = self.cursor == Some(Item::Launch) || self.is_empty(cx);
        self.marked.retain(|id| !cx.data.listed || cx.data.container(id).is_some());
        self.meters.retain(|id, _| cx.data.operations.iter().any(|operation| operation.id == *id && operation.state == OperationState::Running));
    }

    fn go(&mut self, to: usize, items: &[Item]) {
        self.place = to.min(items.len().saturating_sub(1));
        self.cursor = items.get(self.place).cloned();
    }

    fn command(&mut self, command: CommandId, cx: &Context) -> Option<Vec<Effect>> {
        let (items, plan, _) = self.layout(cx);
        let (at, last) = (self.cursor_place(&items), items.len().saturating_sub(1));
        let page = plan.seen * plan.columns;
        match command {
            // In the last row but one there may be nothing right below.
            CommandId::Down if at / plan.columns < last / plan.columns => self.go(at + plan.columns, &items),
            CommandId::Up if at >= plan.columns => self.go(at - plan.columns, &items),
            CommandId::Up | CommandId::Down => {}
            CommandId::Left | CommandId::PreviousItem => self.go(at.saturating_sub(1), &items),
            CommandId::Right | CommandId::NextItem => self.go(at + 1, &items),
            CommandId::Top => self.go(0, &items),
            CommandId::Bottom => self.go(last, &items),
            CommandId::PageUp => self.go(at.saturating_sub(page), &items),
            CommandId::PageDown => self.go(at + page, &items),
            CommandId::ToggleView => self.table = !self.table,
            CommandId::Filter => self.editing = true,
            CommandId::ShowStopped => self.listing.running_only = !self.listing.running_only,
            CommandId::Sort | CommandId::SortReverse => {
                if command == CommandId::Sort {
                    self.listing.sort = self.listing.sort.next();
                } else {
                    self.listing.reverse = !self.listing.reverse;
                }
                self.listing.rank(cx.data);
                let turned = if self.listing.reverse { ", reversed" } else { "" };
                let words = format!("sorted by {}{turned}", self.listing.sort.word());
                return Some(vec![Effect::Ask(Ask::Toast(ToastKind::Info, words))]);
            }
            CommandId::Back | CommandId::ClearInput if self.filter.clear() => self.listing.sift.set(""),
            CommandId::Back if !self.marked.is_empty() => self.marked.clear(),
            CommandId::Mark => {
                if let Some(Item::Container(id)) = items.get(at) {
                    match self.marked.iter().position(|marked| marked == id) {
                        Some(place) => drop(self.marked.remove(place)),
                        None => self.marked.push(id.clone()),
                    }
                    self.go(at + 1, &items);
                }
            }
            _ => return self.act(command, items.get(at), cx),
        }
        Some(Vec::new())
    }

    /// A command for the item under the cursor.
    fn act(&mut self, command: CommandId, item: Option<&Item>, cx: &Context) -> Option<Vec<Effect>> {
        match item? {
            Item::Container(id) => actions::act(command, cx.data.container(id)?, cx),
            Item::Operation(id) => {
                let operation = cx.data.operations.iter().find(|operation| operation.id == *id)?;
                let failed = operation.state == OperationState::Failed;
                match command {
                    CommandId::Back | CommandId::Cancel | CommandId::Remove | CommandId::Open if failed => {
                        self.listing.dismissed.push(id.clone());
                        Some(Vec::new())
                    }
                    CommandId::Back | CommandId::Cancel | CommandId::Remove => Some(vec![Effect::Request(Request::Cancel(id.clone()))]),
                    CommandId::Open => Some(vec![Effect::Ask(Ask::Toast(ToastKind::Info, format!("{} is still being launched", operation.target)))]),
                    _ => None,
                }
            }
            Item::Launch if command == CommandId::Open => Some(vec![Effect::Ask(Ask::Run(CommandId::Launch))]),
            Item::Launch => None,
        }
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

    fn mouse(&mut self, mouse: MouseEvent, cx: &Context) -> Option<Vec<Effect>> {
        let (items, plan, top) = self.layout(cx);
        let at = (mouse.col, mouse.row).into();
        if !cx.area.contains(at) {
            return None;
        }
        match (mouse.kind, mouse.button) {
            (MouseKind::WheelUp, _) => return self.command(CommandId::Up, cx),
            (MouseKind::WheelDown, _) => return self.command(CommandId::Down, cx),
            (MouseKind::Down, MouseButton::Left | MouseButton::Right) => {}
            _ => return Some(Vec::new()),
        }
        let templates = items::likely(cx.data);
        if self.is_empty(cx) {
            let hit = empty::places(cx.area, &templates).into_iter().find(|(rect, _, _)| rect.contains(at));
            return Some(hit.map(|(_, _, template)| actions::launch_or_ask(template)).into_iter().collect());
        }
        let hit = plan.places(top, items.len()).find(|(_, rect)| rect.contains(at));
        let Some((place, rect)) = hit else { return Some(Vec::new()) };
        self.go(place, &items);
        if mouse.button == MouseButton::Right {
            return self.act(CommandId::Menu, items.get(place), cx).or(Some(Vec::new()));
        }
        if items[place] == Item::Launch {
            let hit = tile::launch_places(rect, &templates).into_iter().find(|(place, _, _)| !plan.table && place.contains(at));
            let effect = hit.map_or(Effect::Ask(Ask::Run(CommandId::Launch)), |(_, _, template)| actions::launch_or_ask(template));
            return Some(vec![effect]);
        }
        let now = cx.now.since_start;
        let double = self.clicked.take().is_some_and(|(item, when)| item == items[place] && now.saturating_sub(when) <= DOUBLE);
        if double {
            return self.act(CommandId::Open, items.get(place), cx).or(Some(Vec::new()));
        }
        self.clicked = Some((items[place].clone(), now));
        Some(Vec::new())
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
                if matches!(self.listing.sort, Sort::Cpu | Sort::Memory) {
                    self.listing.rank(cx.data);
                }
                None
            }
            _ => None,
        }
    }

    fn draw_item(&self, item: &Item, frame: &mut Frame, area: Rect, cx: &Context, selected: bool) {
        match item {
            Item::Container(id) => {
                if let Some(container) = cx.data.container(id) {
                    tile::container(container, frame, area, cx, selected);
                }
            }
            Item::Operation(id) => {
                if let Some(operation) = cx.data.operations.iter().find(|operation| operation.id == *id) {
                    tile::operation(operation, frame, area, cx, selected, self.meters.get(id).and_then(Meter::rate));
                }
            }
            Item::Launch => tile::launch(frame, area, cx, selected),
        }
    }
}

impl Component for Home {
    fn update(&mut self, msg: &Msg, cx: &Context) -> Option<Vec<Effect>> {
        self.settle(cx);
        let effects = self.take(msg, cx);
        self.settle(cx);
        effects
    }

    fn draw(&self, frame: &mut Frame, area: Rect, cx: &Context) {
        let cx = &Context { area, ..*cx };
        if self.is_empty(cx) || !cx.data.listed {
            return empty::draw(frame, area, cx);
        }
        let (items, plan, top) = self.layout(cx);
        let cursor = self.cursor_place(&items);
        if plan.table {
            table::draw(&items, top, cursor, frame, plan.area, cx, self.listing.sort.word());
            // A reader that follows the cursor reads the row.
            let row = plan.places(top, items.len()).find(|(place, _)| cx.plain && !self.editing && *place == cursor);
            if let Some((_, row)) = row {
                frame.set_cursor_position((row.x, row.y));
            }
        } else {
            for (place, rect) in plan.places(top, items.len()) {
                self.draw_item(&items[place], frame, rect, cx, place == cursor);
            }
        }
        let mark = cx.theme.style(Role::Accent).add_modifier(Modifier::REVERSED);
        for (place, rect) in plan.places(top, items.len()) {
            if matches!(&items[place], Item::Container(id) if self.marked.contains(id)) {
                text::put(frame.buffer_mut(), rect.x, rect.y, 1, "+", mark);
            }
        }
        if plan.area.height == area.height {
            return;
        }
        let line = Rect { y: area.bottom() - 1, height: 1, ..area };
        let muted = cx.theme.style(Role::Muted);
        let mut x = line.x;
        if self.editing || !self.filter.text().is_empty() {
            x += text::put(frame.buffer_mut(), x, line.y, line.width, " / ", cx.theme.style(Role::Key));
            let own = Rect { x, width: 30.min(line.right() - x), ..line };
            self.filter.draw(frame, own, cx.theme.style(Role::Text), (sift::PLACEHOLDER, muted), self.editing);
            x = own.right();
        }
        let shown = items.iter().filter(|item| matches!(item, Item::Container(_))).count();
        if let Some(complaint) = self.listing.sift.complaint() {
            text::put(frame.buffer_mut(), x, line.y, line.right().saturating_sub(x), &format!(" {complaint}"), cx.theme.style(Role::Error));
        } else if let Some(note) = self.note(shown, &plan, top, items.len(), cx) {
            text::put(frame.buffer_mut(), x, line.y, line.right().saturating_sub(x), &format!(" {note}"), muted);
        }
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Home, Scope::Global]
    }

    fn takes_keys(&self) -> bool {
        self.editing || self.letters
    }

    fn hints(&self, cx: &Context) -> Option<Vec<Hint>> {
        let hint = |key: &str, what: &str| (key.to_owned(), what.to_owned());
        if self.editing {
            return Some(sift::hints());
        }
        let command = |id: CommandId| cx.keymap.label(id).map(|key| (key, crate::tui::command::command(id).title.to_owned()));
        match &self.cursor {
            Some(Item::Operation(id)) => {
                let failed = cx.data.operations.iter().any(|operation| operation.id == *id && operation.state == OperationState::Failed);
                let mut hints = vec![hint("esc", if failed { "dismiss" } else { "cancel" })];
                hints.extend([CommandId::Launch, CommandId::ToggleView, CommandId::CommandLine, CommandId::Help].into_iter().filter_map(command));
                Some(hints)
            }
            _ if self.letters => {
                let launch = cx.keymap.label(CommandId::Launch).map(|key| (key, "new from template".to_owned()));
                let mut hints: Vec<Hint> = launch.into_iter().collect();
                hints.extend(items::likely(cx.data).into_iter().take(3).map(|(letter, template)| (letter.to_string(), template.name.clone())));
                hints.extend([CommandId::CommandLine, CommandId::Help, CommandId::Quit].into_iter().filter_map(command));
                Some(hints)
            }
            _ => None,
        }
    }
}
