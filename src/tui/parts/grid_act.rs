//! What the commands of the home view do.
use super::actions;
use super::detail::Layout;
use super::empty;
use super::facts::Fact;
use super::grid::Home;
use super::groups::Grouping;
use super::items;
use super::items::Item;
use super::rows::DOUBLE;
use super::table;
use super::tile;
use super::toast::say;
use crate::model::Container;
use crate::model::ContainerId;
use crate::model::OperationState;
use crate::term::MouseButton;
use crate::term::MouseEvent;
use crate::term::MouseKind;
use crate::tui::command::CommandId;
use crate::tui::component::Context;
use crate::tui::export::Export;
use crate::tui::msg::Ask;
use crate::tui::msg::Effect;
use crate::tui::msg::PickRow;
use crate::tui::msg::PickSpec;
use crate::tui::msg::Request;
use crate::tui::msg::ToastKind;

impl Home {
    pub(super) fn command(&mut self, command: CommandId, cx: &Context) -> Option<Vec<Effect>> {
        let (items, plan, top) = self.layout(cx);
        let (at, last) = (self.cursor_place(&items), items.len().saturating_sub(1));
        let page = plan.seen(top).len().max(1);
        let item = items.get(at);
        match command {
            CommandId::Down => self.go(plan.beside(at, true), &items),
            CommandId::Up => self.go(plan.beside(at, false), &items),
            CommandId::Left | CommandId::Right if matches!(item, Some(Item::Group(_))) => {
                if let Some(Item::Group(group)) = item
                    && self.listing.is_folded(group) == (command == CommandId::Right)
                {
                    self.listing.fold(group);
                }
            }
            CommandId::Right if plan.table && matches!(item, Some(Item::Container(_))) => return Some(vec![Effect::Ask(Ask::Run(CommandId::Logs))]),
            CommandId::Left | CommandId::PreviousItem => self.go(at.saturating_sub(1), &items),
            CommandId::Right | CommandId::NextItem => self.go(at + 1, &items),
            CommandId::Top => self.go(0, &items),
            CommandId::Bottom => self.go(last, &items),
            CommandId::PageUp => self.go(at.saturating_sub(page), &items),
            CommandId::PageDown => self.go(at + page, &items),
            CommandId::ToggleView => self.table = !self.table,
            CommandId::Filter => self.editing = true,
            CommandId::ShowStopped => self.listing.running_only = !self.listing.running_only,
            CommandId::Sort => return Some(vec![Effect::Ask(Ask::Pick(Box::new(self.sorts())))]),
            CommandId::SortReverse => {
                self.listing.reverse = !self.listing.reverse;
                self.listing.rank(cx);
                return Some(vec![say(self.sorted())]);
            }
            CommandId::Columns => return Some(vec![Effect::Ask(Ask::ChooseColumns(self.columns.clone()))]),
            CommandId::GroupBy => {
                self.listing.grouping = self.listing.grouping.next();
                return Some(vec![say(self.grouped())]);
            }
            CommandId::SaveView => return Some(vec![self.export(cx).ask("containers")]),
            CommandId::ScreenMore | CommandId::ScreenLess | CommandId::ZoomDetail | CommandId::DetailNext | CommandId::DetailPrevious => {
                self.detail.command(command, cx);
            }
            CommandId::Back | CommandId::ClearInput if self.filter.clear() => self.listing.sift.set(""),
            CommandId::Back if !self.marked.is_empty() => self.marked.clear(),
            CommandId::Back if self.detail.layout != Layout::List => self.detail.layout = Layout::List,
            CommandId::ClearMarks => self.marked.clear(),
            CommandId::Mark => {
                match item {
                    Some(Item::Container(id)) => {
                        match self.marked.iter().position(|marked| marked == id) {
                            Some(place) => drop(self.marked.remove(place)),
                            None => self.marked.push(id.clone()),
                        }
                        self.anchor = Some(id.clone());
                    }
                    Some(Item::Group(group)) => self.mark_group(group, cx),
                    _ => return Some(Vec::new()),
                }
                self.go(at + 1, &items);
            }
            CommandId::MarkRange => {
                let anchor = self.anchor.clone().map(Item::Container);
                let from = anchor.and_then(|anchor| items.iter().position(|item| *item == anchor)).unwrap_or(at);
                for item in items.iter().take(from.max(at) + 1).skip(from.min(at)) {
                    if let Item::Container(id) = item
                        && !self.marked.contains(id)
                    {
                        self.marked.push(id.clone());
                    }
                }
            }
            _ => return self.act(command, item, cx),
        }
        Some(Vec::new())
    }

    /// Marks all of a group, or takes their marks away where all have one.
    fn mark_group(&mut self, group: &str, cx: &Context) {
        let members: Vec<ContainerId> = self.listing.members(group, cx.data).map(|container| container.id.clone()).collect();
        if members.iter().all(|id| self.marked.contains(id)) {
            self.marked.retain(|id| !members.contains(id));
        } else {
            let fresh: Vec<ContainerId> = members.into_iter().filter(|id| !self.marked.contains(id)).collect();
            self.marked.extend(fresh);
        }
    }

    /// What there is to sort by.
    fn sorts(&self) -> PickSpec {
        let row = |fact: Fact| PickRow { label: fact.word().to_owned(), about: fact.about().to_owned(), effects: vec![Effect::Ask(Ask::SortBy(fact))] };
        let at = Fact::ALL.iter().position(|fact| *fact == self.listing.sort).unwrap_or(0);
        PickSpec { title: "sort by".to_owned(), rows: Fact::ALL.map(row).to_vec(), at }
    }

    /// Sorts by a fact; by the same one again the other way round.
    pub fn sort_by(&mut self, fact: Fact, cx: &Context) -> Effect {
        self.touched = cx.now.since_start;
        self.listing.reverse = self.listing.sort == fact && !self.listing.reverse;
        self.listing.sort = fact;
        self.listing.rank(cx);
        say(self.sorted())
    }

    fn sorted(&self) -> String {
        format!("sorted by {}{}", self.listing.sort.word(), if self.listing.reverse { ", reversed" } else { "" })
    }

    /// Groups by what has this word.
    ///
    /// # Errors
    /// What can be grouped by.
    pub fn group_by(&mut self, word: &str) -> Result<String, String> {
        let known = || Grouping::ALL.map(Grouping::word).join(", ");
        self.listing.grouping = Grouping::named(word).ok_or_else(|| format!("'{word}' is nothing to group by: {}", known()))?;
        Ok(self.grouped())
    }

    fn grouped(&self) -> String {
        format!("grouped by {}", self.listing.grouping.word())
    }

    /// What is listed, with the columns of the table.
    fn export(&self, cx: &Context) -> Export {
        let facts: Vec<Fact> = self.columns.all().iter().map(|chosen| chosen.fact).collect();
        let heads = facts.iter().map(|fact| fact.word().to_owned()).collect();
        // Signs are for the screen.
        let plain = Context { plain: true, ..*cx };
        let row = |container: &Container| facts.iter().map(|fact| fact.cell(container, &plain).text).collect();
        Export { heads, rows: self.listing.containers(cx.data).into_iter().map(row).collect() }
    }

    /// A command for the item under the cursor, or for all that are marked.
    pub(super) fn act(&mut self, command: CommandId, item: Option<&Item>, cx: &Context) -> Option<Vec<Effect>> {
        let several = !self.marked.is_empty() || matches!(item, Some(Item::Group(_)));
        if several || matches!(command, CommandId::Bulk | CommandId::RunIn | CommandId::CopyInto) {
            let meant = self.meant(cx.data);
            let containers: Vec<&Container> = meant.iter().filter_map(|id| cx.data.container(id)).collect();
            if let Some(effects) = actions::many(command, &containers, cx) {
                return Some(effects);
            }
        }
        match item? {
            Item::Operation(id) => self.act_on_launch(command, id, cx),
            Item::Container(id) => actions::act(command, cx.data.container(id)?, cx),
            Item::Group(group) if command == CommandId::Open => {
                self.listing.fold(group);
                Some(Vec::new())
            }
            Item::Launch if command == CommandId::Open => Some(vec![Effect::Ask(Ask::Run(CommandId::Launch))]),
            Item::Launch | Item::Group(_) => None,
        }
    }

    fn act_on_launch(&mut self, command: CommandId, id: &crate::model::OperationId, cx: &Context) -> Option<Vec<Effect>> {
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

    pub(super) fn mouse(&mut self, mouse: MouseEvent, cx: &Context) -> Option<Vec<Effect>> {
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
        if plan.table && mouse.row == plan.area.y && table::head_rows(plan.area) > 0 && plan.area.contains(at) {
            let fact = table::heading_at(&self.columns, plan.area, mouse.col, &cx.data.plugins);
            return Some(fact.map(|fact| self.sort_by(fact, cx)).into_iter().collect());
        }
        let hit = plan.places(top).find(|(_, rect)| rect.contains(at));
        let Some((place, rect)) = hit else { return Some(Vec::new()) };
        self.go(place, &items);
        if mouse.button == MouseButton::Right {
            return self.act(CommandId::Menu, items.get(place), cx).or(Some(Vec::new()));
        }
        if let Item::Group(group) = &items[place] {
            self.listing.fold(group);
            return Some(Vec::new());
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
}
