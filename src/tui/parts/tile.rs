//! One tile of the home view: a container, a launch under way, or the place to launch from.
use super::items;
use super::picture;
use super::state;
use super::text;
use crate::model::Container;
use crate::model::Operation;
use crate::model::OperationState;
use crate::model::ProgressUnit;
use crate::model::Template;
use crate::tui::command::CommandId;
use crate::tui::component::Context;
use crate::tui::theme::Role;
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::style::Style;
use ratatui::widgets::Block;
use ratatui::widgets::Widget as _;

/// Columns between the parts of a tile's title.
const GAP: u16 = 1;

/// What is inside a tile's border.
#[must_use]
pub fn inside(area: Rect) -> Rect {
    Rect { x: area.x + 1, y: area.y + 1, width: area.width.saturating_sub(2), height: area.height.saturating_sub(2) }
}

/// Draws the border; the focus is seen by its colour, and by a mark where there are no colours.
fn border(buffer: &mut Buffer, area: Rect, cx: &Context, selected: bool) {
    let role = if selected { Role::BorderFocus } else { Role::Border };
    Block::bordered().border_style(cx.theme.style(role)).render(area, buffer);
}

/// Writes the parts of a title from the left, as many as there is room for; returns the columns left.
fn title(buffer: &mut Buffer, area: Rect, room: u16, parts: &[(String, Style)]) {
    let mut x = area.x + 1;
    let end = x + room;
    for (place, (part, style)) in parts.iter().enumerate() {
        let wanted = u16::try_from(text::width(part)).unwrap_or(u16::MAX);
        // The first two, name and state, are cut; what comes after them is left out.
        if part.is_empty() || x + 2 * GAP >= end || (place > 1 && x + wanted + 2 * GAP > end) {
            continue;
        }
        if place == 0 {
            text::put(buffer, x, area.y, GAP, " ", *style);
            x += GAP;
        }
        // The name leaves room for the glyph of the state.
        let keep = if place == 0 { GAP + 1 } else { 0 };
        x += text::put(buffer, x, area.y, end.saturating_sub(x + GAP + keep), part, *style);
        x += text::put(buffer, x, area.y, GAP, " ", *style);
    }
}

/// Draws a container's tile.
pub fn container(container: &Container, frame: &mut Frame, area: Rect, cx: &Context, selected: bool) {
    let (theme, told) = (cx.theme, state::told(container));
    let muted = theme.style(Role::Muted);
    let buffer = frame.buffer_mut();
    border(buffer, area, cx, selected);
    let runs = state::runs(container);
    let mut room = area.width.saturating_sub(2);
    if let Some(sample) = cx.data.latest(&container.id).filter(|_| runs) {
        let load = format!(" {} {} ", text::right(&text::percent(sample.cpu_percent), 4), text::right(&text::bytes(sample.memory_bytes), 4));
        let columns = u16::try_from(load.len()).unwrap_or(room).min(room);
        text::put(buffer, area.right() - 1 - columns, area.y, columns, &load, theme.style(Role::Text));
        room -= columns;
    }
    let mark = if selected { "▸" } else { "" };
    let name = theme.style(if selected { Role::Accent } else { Role::Title });
    let exit = state::last_exit(container);
    let words = match &exit {
        Some(exit) => format!("{} {exit}", told.glyph),
        None if told.word == "running" => told.glyph.to_owned(),
        None => format!("{} {}", told.glyph, told.word),
    };
    let words = (words, theme.style(told.role));
    let parts =
        [(format!("{mark}{}", container.name), name), words, (state::since(container, cx.now.time), muted), (state::origin(container).to_owned(), muted)];
    title(buffer, area, room, &parts);
    foot(container, buffer, area, cx);
    let body = inside(area);
    let known = cx.data.pictures.get(&container.id);
    if let Some(operation) = items::launch_of(container, cx.data) {
        progress(operation, buffer, body, cx, None);
    } else if runs {
        match known {
            Some(known) => picture::draw(&known.picture, buffer, body, theme, false),
            None => {
                let key = cx.keymap.label(CommandId::Open).unwrap_or_default();
                text::put(buffer, body.x, body.y, body.width, &format!("{key} opens its terminal"), muted);
            }
        }
    } else {
        stopped(container, exit.as_deref(), buffer, body, cx);
    }
}

/// The lower border: sessions and ports.
fn foot(container: &Container, buffer: &mut Buffer, area: Rect, cx: &Context) {
    let mut parts = Vec::new();
    let sessions = cx.data.live_sessions(&container.id).count().max(usize::try_from(container.sessions).unwrap_or(0));
    if sessions > 0 {
        parts.push(text::count(sessions, "session"));
    }
    if !container.ports.is_empty() && state::runs(container) {
        parts.push(ports(container));
    }
    if container.foreign {
        parts.push("not made by cto".to_owned());
    }
    // What happened comes first: it is what one looks for.
    let mut x = area.x + 1;
    for badge in cx.data.badges.get(&container.id).into_iter().flatten() {
        let style = cx.theme.style(badge.role()).add_modifier(Modifier::BOLD);
        x += text::put(buffer, x, area.bottom() - 1, (area.right() - 1).saturating_sub(x), &format!(" {} ", badge.told()), style);
    }
    let left = (area.right() - 1).saturating_sub(x);
    if !parts.is_empty() && left > 4 {
        let foot = format!(" {} ", text::clip(&parts.join(" · "), usize::from(left - 4)));
        text::put(buffer, x, area.bottom() - 1, left, &foot, cx.theme.style(Role::Muted));
    }
}

/// Its published ports: `5000→80`.
#[must_use]
pub fn ports(container: &Container) -> String {
    let port = |port: &crate::model::Port| format!("{}→{}", port.host_port, port.container_port);
    container.ports.iter().filter(|port| port.host_port != 0).map(port).collect::<Vec<_>>().join(" ")
}

/// The body of a container that does not run: what was last seen, and what can be done.
fn stopped(container: &Container, exit: Option<&str>, buffer: &mut Buffer, body: Rect, cx: &Context) {
    let theme = cx.theme;
    let above = Rect { height: body.height.saturating_sub(1), ..body };
    if let Some(error) = container.error.as_deref().filter(|error| !error.is_empty()) {
        for (line, y) in text::wrap(error, body.width.into()).iter().zip(above.top()..above.bottom()) {
            text::put(buffer, body.x, y, body.width, line, theme.style(Role::Error));
        }
    } else if let Some(known) = cx.data.pictures.get(&container.id) {
        picture::draw(&known.picture, buffer, above, theme, true);
    } else {
        let words = exit.map_or_else(|| "never started".to_owned(), |exit| format!("last run: {exit}"));
        text::put(buffer, body.x, body.y, if above.height > 0 { body.width } else { 0 }, &words, theme.style(Role::Muted));
    }
    let mut x = body.x;
    for id in [CommandId::Start, CommandId::Logs, CommandId::Remove] {
        let Some(key) = cx.keymap.label(id) else { continue };
        let action = crate::tui::command::command(id).title;
        if usize::from(body.right().saturating_sub(x)) < text::width(&key) + text::width(action) + 3 || body.height == 0 {
            break;
        }
        x += text::put(buffer, x, body.bottom() - 1, body.right() - x, &format!("[{key}]"), theme.style(Role::Key));
        x += text::put(buffer, x, body.bottom() - 1, body.right().saturating_sub(x), &format!(" {action}  "), theme.style(Role::Text));
    }
}

/// Draws the tile of a launch; `rate` is in bytes a second.
pub fn operation(operation: &Operation, frame: &mut Frame, area: Rect, cx: &Context, selected: bool, rate: Option<u64>) {
    let theme = cx.theme;
    let buffer = frame.buffer_mut();
    border(buffer, area, cx, selected);
    let failed = operation.state == OperationState::Failed;
    let (words, role) = if failed { ("✖ failed", Role::Error) } else { ("◐ launching", Role::Info) };
    let mark = if selected { "▸" } else { "" };
    let name = theme.style(if selected { Role::Accent } else { Role::Title });
    let template = operation.template.clone().unwrap_or_default();
    let parts = [(format!("{mark}{}", operation.target), name), (words.to_owned(), theme.style(role)), (template, theme.style(Role::Muted))];
    title(buffer, area, area.width.saturating_sub(2), &parts);
    let body = inside(area);
    if failed {
        let problem = operation.problem.as_ref();
        let mut lines: Vec<(String, Role)> = Vec::new();
        let detail = problem.map_or("it failed", |problem| problem.detail.as_str());
        lines.extend(text::wrap(detail, body.width.into()).into_iter().map(|line| (line, Role::Text)));
        let fix = problem.and_then(|problem| problem.fix.as_deref()).unwrap_or_default();
        lines.extend(text::wrap(fix, body.width.into()).into_iter().map(|line| (line, Role::Muted)));
        for ((line, role), y) in lines.iter().zip(body.top()..body.bottom()) {
            text::put(buffer, body.x, y, body.width, line, theme.style(*role));
        }
    } else {
        progress(operation, buffer, body, cx, rate);
    }
    let hint = if failed { " esc dismisses " } else { " esc cancels " };
    if selected {
        text::put(buffer, area.x + 1, area.bottom() - 1, area.width.saturating_sub(2), hint, theme.style(Role::Muted));
    }
}

/// How far long work is: phase, bar, amount and rate, newest line.
fn progress(operation: &Operation, buffer: &mut Buffer, body: Rect, cx: &Context, rate: Option<u64>) {
    let theme = cx.theme;
    let now = &operation.progress;
    let mut rows = body.top()..body.bottom();
    let mut row = |buffer: &mut Buffer, line: &str, role: Role| {
        if let Some(y) = rows.next() {
            text::put(buffer, body.x, y, body.width, line, theme.style(role));
        }
    };
    row(buffer, if now.phase.is_empty() { "starting" } else { &now.phase }, Role::Text);
    if now.total > 0 {
        row(buffer, &bar(now.done, now.total, body.width.into()), Role::Accent);
    }
    row(buffer, &amount(operation, rate), Role::Muted);
    if let Some(line) = &now.line {
        row(buffer, line, Role::Muted);
    }
}

/// `12.3 MB of 46.1 MB  3.1 MB/s`, `step 3 of 8`; empty where nothing is counted yet.
#[must_use]
pub fn amount(operation: &Operation, rate: Option<u64>) -> String {
    let now = &operation.progress;
    let of = |done: String, total: String| if now.total > 0 { format!("{done} of {total}") } else { done };
    match now.unit {
        _ if now.done == 0 && now.total == 0 => String::new(),
        ProgressUnit::Bytes => {
            let rate = rate.map(|rate| format!("  {}/s", text::size(rate))).unwrap_or_default();
            of(text::size(now.done), text::size(now.total)) + &rate
        }
        ProgressUnit::Steps => format!("step {}", of(now.done.to_string(), now.total.to_string())),
    }
}

/// A bar with its percentage, `cols` columns wide.
#[must_use]
pub fn bar(done: u64, total: u64, cols: usize) -> String {
    let share = if total == 0 { 0.0 } else { (done as f64 / total as f64).clamp(0.0, 1.0) };
    let cells = cols.saturating_sub(5);
    let full = (share * cells as f64).round() as usize;
    format!("{}{} {:>3.0}%", "█".repeat(full), "░".repeat(cells.saturating_sub(full)), share * 100.0)
}

/// Where the templates of the launch tile lie, each with its letter.
#[must_use]
pub fn launch_places<'a>(area: Rect, templates: &[(char, &'a Template)]) -> Vec<(Rect, char, &'a Template)> {
    let body = inside(area);
    let columns = if body.width >= 34 { 2 } else { 1 };
    let width = body.width / columns;
    let rows = body.height.saturating_sub(1);
    let places = (0..columns).flat_map(|column| (0..rows).map(move |row| (column, row)));
    let rect = |(column, row)| Rect { x: body.x + column * width, y: body.y + 1 + row, width, height: 1 };
    places.map(rect).zip(templates).map(|(rect, (letter, template))| (rect, *letter, *template)).collect()
}

/// Draws the tile that launches; its letters work while it has the focus.
pub fn launch(frame: &mut Frame, area: Rect, cx: &Context, selected: bool) {
    let theme = cx.theme;
    let buffer = frame.buffer_mut();
    border(buffer, area, cx, selected);
    let mark = if selected { "▸" } else { "" };
    let name = theme.style(if selected { Role::Accent } else { Role::Title });
    title(buffer, area, area.width.saturating_sub(2), &[(format!("{mark}+ launch"), name)]);
    let body = inside(area);
    if body.height == 0 {
        return;
    }
    let key = cx.keymap.label(CommandId::Launch).unwrap_or_default();
    let used = text::put(buffer, body.x, body.y, body.width, &format!(" {key} "), theme.style(Role::Key));
    text::put(buffer, body.x + used, body.y, body.width - used, " new from template", theme.style(Role::Text));
    let letters = theme.style(if selected { Role::Key } else { Role::Muted });
    for (rect, letter, template) in launch_places(area, &items::likely(cx.data)) {
        let used = text::put(buffer, rect.x, rect.y, rect.width, &format!(" {letter}  "), letters);
        text::put(buffer, rect.x + used, rect.y, rect.width.saturating_sub(used + 1), &template.name, theme.style(Role::Text));
    }
}
