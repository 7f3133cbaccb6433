//! The home view as a table; columns that matter less go first where there is no room.
use super::badges::in_words;
use super::items;
use super::items::Item;
use super::rows::Column;
use super::rows::columns;
use super::rows_draw::headings;
use super::state;
use super::text;
use super::tile;
use crate::tui::command::CommandId;
use crate::tui::component::Context;
use crate::tui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;

const COLUMNS: [Column; 8] = [
    Column { head: "NAME", least: 8, most: 28, goes: 0, right: false },
    Column { head: "STATE", least: 12, most: 22, goes: 1, right: false },
    Column { head: "TEMPLATE", least: 10, most: 30, goes: 4, right: false },
    Column { head: "CPU", least: 5, most: 5, goes: 2, right: true },
    Column { head: "MEM", least: 5, most: 5, goes: 3, right: true },
    Column { head: "UPTIME", least: 8, most: 8, goes: 5, right: true },
    Column { head: "SESSIONS", least: 8, most: 8, goes: 6, right: true },
    Column { head: "PORTS", least: 9, most: 40, goes: 7, right: false },
];

/// Draws the head line and the items from `top` on; `cursor` is marked.
pub fn draw(list: &[Item], top: usize, cursor: usize, frame: &mut Frame, area: Rect, cx: &Context, sort: &str) {
    let widths = columns(&COLUMNS, area.width);
    let buffer = frame.buffer_mut();
    // A window of a few lines has no room for a head.
    let head = u16::from(area.height > 3);
    if head > 0 {
        let sorted = COLUMNS.iter().position(|column| sort.eq_ignore_ascii_case(column.head)).map(|place| (place, "↓"));
        headings(buffer, Rect { height: 1, ..area }, &COLUMNS, &widths, sorted, cx.theme);
    }
    for (place, (item, y)) in list.iter().skip(top).zip(area.y + head..area.bottom()).enumerate() {
        let selected = place + top == cursor;
        let line = Rect { y, height: 1, ..area };
        row(item, buffer, line, cx, selected, &widths);
    }
}

/// Rows that the head line takes.
#[must_use]
pub fn head_rows(area: Rect) -> u16 {
    u16::from(area.height > 3)
}

fn row(item: &Item, buffer: &mut ratatui::buffer::Buffer, line: Rect, cx: &Context, selected: bool, widths: &[(usize, u16, u16)]) {
    let theme = cx.theme;
    if selected {
        buffer.set_style(line, theme.style(Role::Selection));
        text::put(buffer, line.x, line.y, 1, "▸", theme.style(Role::Selection));
    }
    let style = |role| if selected { theme.style(Role::Selection) } else { theme.style(role) };
    let cells: Vec<(String, Role)> = match item {
        Item::Container(id) => {
            let Some(container) = cx.data.container(id) else { return };
            let told = state::told(container);
            let runs = state::runs(container);
            let sample = cx.data.latest(id).filter(|_| runs);
            let news = cx.data.badges.get(id).map(|badges| in_words(badges, cx.plain)).unwrap_or_default();
            let word = state::last_exit(container).unwrap_or_else(|| told.word.to_owned()) + &news;
            let sessions = cx.data.live_sessions(id).count().max(usize::try_from(container.sessions).unwrap_or(0));
            vec![
                (
                    if widths.len() > 1 { container.name.clone() } else { format!("{} {}", if cx.plain { told.word } else { told.glyph }, container.name) },
                    Role::Text,
                ),
                (if cx.plain { word } else { format!("{} {word}", told.glyph) }, told.role),
                (state::origin(container).to_owned(), Role::Muted),
                (sample.map_or_else(String::new, |sample| text::percent(sample.cpu_percent)), Role::Text),
                (sample.map_or_else(String::new, |sample| text::bytes(sample.memory_bytes)), Role::Text),
                (state::since(container, cx.now.time), Role::Muted),
                (if sessions > 0 { sessions.to_string() } else { String::new() }, Role::Text),
                (tile::ports(container), Role::Muted),
            ]
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
            return wide(buffer, line, widths, (&operation.target, style(Role::Text)), (&word, style(role)));
        }
        Item::Launch => {
            let letters: Vec<String> = items::likely(cx.data).iter().take(5).map(|(letter, template)| format!("{letter} {}", template.name)).collect();
            let key = cx.keymap.label(CommandId::Launch).unwrap_or_default();
            let word = if selected { letters.join("  ") } else { format!("{key} new from template") };
            return wide(buffer, line, widths, ("+ launch", style(Role::Accent)), (&word, style(Role::Muted)));
        }
    };
    for (place, x, own) in widths {
        let (word, role) = &cells[*place];
        let word = if COLUMNS[*place].right { text::right(word, usize::from(*own)) } else { text::clip(word, usize::from(*own)) };
        text::put(buffer, line.x + x, line.y, *own, &word, style(*role));
    }
}

/// A row of a name and one text over all other columns.
fn wide(
    buffer: &mut ratatui::buffer::Buffer,
    line: Rect,
    widths: &[(usize, u16, u16)],
    name: (&str, ratatui::style::Style),
    word: (&str, ratatui::style::Style),
) {
    let mut places = widths.iter();
    if let Some((_, x, own)) = places.next() {
        text::put(buffer, line.x + x, line.y, *own, name.0, name.1);
    }
    if let Some((_, x, _)) = places.next() {
        text::put(buffer, line.x + x, line.y, line.width.saturating_sub(*x), word.0, word.1);
    }
}
