//! How the home view looks.
use super::empty;
use super::grid::Home;
use super::items;
use super::items::Item;
use super::meter::Meter;
use super::plan::Plan;
use super::sift;
use super::table::Table;
use super::text;
use super::tile;
use crate::model::OperationState;
use crate::tui::command::CommandId;
use crate::tui::component::Context;
use crate::tui::component::Hint;
use crate::tui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

impl Home {
    /// The line below, where there is something to say.
    fn note(&self, items: &[Item], plan: &Plan, top: usize, cx: &Context) -> Option<String> {
        let mut parts = Vec::new();
        let all = cx.data.containers.len();
        let key = |id| cx.keymap.label(id).unwrap_or_default();
        if !self.marked.is_empty() {
            let (logs, typing, more) = (key(CommandId::Logs), key(CommandId::TypeInto), key(CommandId::Bulk));
            parts.push(format!("{} marked, {logs} shows their logs, {typing} types into all, {more} more", self.marked.len()));
        }
        let shown = self.listing.containers(cx.data).len();
        if shown < all {
            parts.push(format!("{shown} of {} shown", text::count(all, "container")));
        }
        if self.listing.running_only {
            parts.push(format!("stopped ones hidden, {} shows them", key(CommandId::ShowStopped)));
        }
        if !plan.fits() {
            let seen = plan.seen(top);
            parts.push(format!("↑ {}  ↓ {}", seen.start, items.len().saturating_sub(seen.end)));
        }
        (!parts.is_empty()).then(|| parts.join(" · "))
    }

    pub(super) fn paint(&self, frame: &mut Frame, area: Rect, cx: &Context) {
        let cx = &Context { area, ..*cx };
        if self.is_empty(cx) || !cx.data.listed {
            return empty::draw(frame, area, cx);
        }
        let (list, beside) = self.detail.rooms(area, cx.plain);
        if let Some(room) = beside {
            let container = self.selected(cx.data).and_then(|id| cx.data.container(&id).cloned());
            self.detail.draw(frame, room, container.as_ref(), cx);
        }
        if !list.is_empty() {
            self.paint_list(frame, list, cx);
        }
    }

    fn paint_list(&self, frame: &mut Frame, area: Rect, cx: &Context) {
        let (items, plan, top) = self.layout(cx);
        let cursor = self.cursor_place(&items);
        if plan.table {
            let table = Table { items: &items, columns: &self.columns, listing: &self.listing };
            table.draw(top, cursor, frame, plan.area, cx);
            // A reader that follows the cursor reads the row.
            let row = plan.places(top).find(|(place, _)| cx.plain && !self.editing && *place == cursor);
            if let Some((_, row)) = row {
                frame.set_cursor_position((row.x, row.y));
            }
        } else {
            for (place, rect) in plan.places(top) {
                self.draw_item(&items[place], frame, rect, cx, place == cursor);
            }
        }
        let mark = cx.theme.style(Role::Accent).add_modifier(Modifier::REVERSED);
        for (place, rect) in plan.places(top) {
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
        if let Some(complaint) = self.listing.sift.complaint() {
            text::put(frame.buffer_mut(), x, line.y, line.right().saturating_sub(x), &format!(" {complaint}"), cx.theme.style(Role::Error));
        } else if let Some(note) = self.note(&items, &plan, top, cx) {
            text::put(frame.buffer_mut(), x, line.y, line.right().saturating_sub(x), &format!(" {note}"), muted);
        }
    }

    fn draw_item(&self, item: &Item, frame: &mut Frame, area: Rect, cx: &Context, selected: bool) {
        match item {
            Item::Group(group) => self.listing.heading(group, cx.data).draw(frame.buffer_mut(), area, cx, selected),
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

    pub(super) fn keys_below(&self, cx: &Context) -> Option<Vec<Hint>> {
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
            _ if !self.marked.is_empty() => {
                let all = [CommandId::Bulk, CommandId::Logs, CommandId::TypeInto, CommandId::Start, CommandId::Stop, CommandId::Restart, CommandId::Remove];
                let rest = [CommandId::ClearMarks, CommandId::CommandLine, CommandId::Help];
                Some(all.into_iter().chain(rest).filter_map(command).collect())
            }
            Some(Item::Group(group)) => {
                let fold = if self.listing.is_folded(group) { "unfold" } else { "fold" };
                let open = cx.keymap.label(CommandId::Open).map(|key| (key, fold.to_owned()));
                let all = [CommandId::Mark, CommandId::Bulk, CommandId::Logs, CommandId::GroupBy, CommandId::CommandLine, CommandId::Help];
                Some(open.into_iter().chain(all.into_iter().filter_map(command)).collect())
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
