//! The home view as a table; columns that matter less go first where there is no room.
use super::facts::Columns;
use super::facts::Fact;
use super::items;
use super::items::Item;
use super::items::Listing;
use super::rows::Cell;
use super::rows::Column;
use super::rows::columns;
use super::rows_draw::headings;
use super::state;
use super::text;
use super::tile;
use crate::tui::command::CommandId;
use crate::tui::component::Context;
use crate::tui::plugins;
use crate::tui::plugins::Plugged;
use crate::tui::theme::Role;
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// What is drawn, and how.
pub struct Table<'a> {
    /// The rows.
    pub items: &'a [Item],
    /// The columns.
    pub columns: &'a Columns,
    /// What is sorted and grouped by.
    pub listing: &'a Listing,
}

/// Rows that the head line takes: a window of a few lines has no room for one.
#[must_use]
pub fn head_rows(area: Rect) -> u16 {
    u16::from(area.height > 3)
}

/// The fact whose heading lies at this column of the screen.
#[must_use]
pub fn heading_at(chosen: &Columns, area: Rect, col: u16, plugged: &Plugged) -> Option<Fact> {
    let widths = columns(&drawn(chosen, plugged), area.width);
    let hit = widths.into_iter().find(|(_, x, own)| (area.x + x..area.x + x + own).contains(&col));
    hit.and_then(|(place, _, _)| chosen.all().get(place)).map(|chosen| chosen.fact)
}

/// How early a plugin's column goes where there is no room: after all of ours.
const GOES: u8 = 100;

/// The columns that were chosen, and behind them those of plugins.
fn drawn(chosen: &Columns, plugged: &Plugged) -> Vec<Column> {
    let further = plugged.columns.columns.iter().enumerate().map(|(place, heading)| {
        let goes = GOES.saturating_add(u8::try_from(place).unwrap_or(u8::MAX));
        Column { head: "", least: heading.width, most: heading.width, goes, right: false }
    });
    chosen.drawn().into_iter().chain(further).collect()
}

impl Table<'_> {
    /// Draws the head line and the items from `top` on; `cursor` is marked.
    pub fn draw(&self, top: usize, cursor: usize, frame: &mut Frame, area: Rect, cx: &Context) {
        let drawn = drawn(self.columns, &cx.data.plugins);
        let widths = columns(&drawn, area.width);
        let buffer = frame.buffer_mut();
        let head = head_rows(area);
        if head > 0 {
            let arrow = if self.listing.reverse { "↑" } else { "↓" };
            let sorted = self.columns.place(self.listing.sort).map(|place| (place, arrow));
            headings(buffer, Rect { height: 1, ..area }, &drawn, &widths, sorted, cx.theme);
            for (place, x, own) in &widths {
                let heading = place.checked_sub(self.columns.all().len()).and_then(|place| cx.data.plugins.columns.columns.get(place));
                let title = heading.map(|heading| text::clip(&heading.title, usize::from(*own))).unwrap_or_default();
                text::put(buffer, area.x + x, area.y, *own, &title, cx.theme.style(Role::Muted));
            }
        }
        for (place, (item, y)) in self.items.iter().skip(top).zip(area.y + head..area.bottom()).enumerate() {
            let row = Row { item, line: Rect { y, height: 1, ..area }, selected: place + top == cursor, widths: &widths, drawn: &drawn };
            self.row(&row, buffer, cx);
        }
    }

    fn row(&self, row: &Row, buffer: &mut Buffer, cx: &Context) {
        let theme = cx.theme;
        if row.selected {
            buffer.set_style(row.line, theme.style(Role::Selection));
            text::put(buffer, row.line.x, row.line.y, 1, "▸", theme.style(Role::Selection));
        }
        let style = |role| if row.selected { theme.style(Role::Selection) } else { theme.style(role) };
        match row.item {
            Item::Container(id) => {
                let Some(container) = cx.data.container(id) else { return };
                let told = state::told(container);
                for (place, x, own) in row.widths {
                    let Some(chosen) = self.columns.all().get(*place) else {
                        let texts = cx.data.plugins.columns.rows.get(id.as_str());
                        if let Some(told) = texts.and_then(|texts| texts.get(*place - self.columns.all().len())) {
                            let cell = Cell::new(told.text.as_str(), plugins::role(told.role));
                            row.cell(buffer, (*place, *x, *own), &cell, style(cell.role));
                        }
                        continue;
                    };
                    let mut cell = chosen.fact.cell(container, cx);
                    if row.widths.len() == 1 {
                        cell.text = format!("{} {}", if cx.plain { told.word } else { told.glyph }, cell.text);
                    }
                    row.cell(buffer, (*place, *x, *own), &cell, style(cell.role));
                }
            }
            Item::Group(group) => {
                let heading = self.listing.heading(group, cx.data);
                let title = heading.title(cx.plain);
                if row.widths.len() == 1 {
                    let words = format!("{title} · {}", heading.told(cx.plain));
                    return row.wide(buffer, (&words, style(Role::Title)), ("", style(Role::Muted)));
                }
                row.wide(buffer, (&title, style(Role::Title)), (&heading.told(cx.plain), style(Role::Muted)));
                for (place, x, own) in row.widths.iter().skip(2) {
                    let cell = match self.columns.all().get(*place).map(|chosen| chosen.fact) {
                        Some(Fact::Cpu) => text::percent(heading.sum.cpu),
                        Some(Fact::Memory) => text::bytes(heading.sum.memory),
                        _ => continue,
                    };
                    row.cell(buffer, (*place, *x, *own), &Cell::new(cell, Role::Title), style(Role::Title));
                }
            }
            Item::Operation(id) => {
                let Some(operation) = cx.data.operations.iter().find(|operation| operation.id == *id) else { return };
                let failed = operation.state == crate::model::OperationState::Failed;
                let (word, role) = match &operation.problem {
                    Some(problem) if failed && cx.plain => (format!("failed: {}", problem.detail), Role::Error),
                    Some(problem) if failed => (format!("✖ {}", problem.detail), Role::Error),
                    _ if failed => (if cx.plain { "failed" } else { "✖ failed" }.to_owned(), Role::Error),
                    _ => (format!("{} {} {}", if cx.plain { "launching:" } else { "◐" }, operation.progress.phase, tile::amount(operation, None)), Role::Info),
                };
                row.wide(buffer, (&operation.target, style(Role::Text)), (&word, style(role)));
            }
            Item::Launch => {
                let letters: Vec<String> = items::likely(cx.data).iter().take(5).map(|(letter, template)| format!("{letter} {}", template.name)).collect();
                let key = cx.keymap.label(CommandId::Launch).unwrap_or_default();
                let word = if row.selected { letters.join("  ") } else { format!("{key} new from template") };
                row.wide(buffer, ("+ launch", style(Role::Accent)), (&word, style(Role::Muted)));
            }
        }
    }
}

/// One row, and where its columns lie.
struct Row<'a> {
    item: &'a Item,
    line: Rect,
    selected: bool,
    widths: &'a [(usize, u16, u16)],
    drawn: &'a [Column],
}

impl Row<'_> {
    fn cell(&self, buffer: &mut Buffer, (place, x, own): (usize, u16, u16), cell: &Cell, style: Style) {
        let right = self.drawn.get(place).is_some_and(|column| column.right);
        let word = if right { text::right(&cell.text, usize::from(own)) } else { text::clip(&cell.text, usize::from(own)) };
        text::put(buffer, self.line.x + x, self.line.y, own, &word, style);
    }

    /// A name, and one text over all other columns.
    fn wide(&self, buffer: &mut Buffer, name: (&str, Style), word: (&str, Style)) {
        let mut places = self.widths.iter();
        if let Some((_, x, own)) = places.next() {
            text::put(buffer, self.line.x + x, self.line.y, *own, name.0, name.1);
        }
        if let Some((_, x, _)) = places.next() {
            text::put(buffer, self.line.x + x, self.line.y, self.line.width.saturating_sub(*x), word.0, word.1);
        }
    }
}
