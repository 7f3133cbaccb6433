//! The home view before the first container: it teaches how to launch one.
use super::items;
use super::text;
use crate::model::Template;
use crate::tui::command::CommandId;
use crate::tui::component::Context;
use crate::tui::msg::Link;
use crate::tui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Templates that are offered.
const OFFERED: usize = 3;

/// Where the offered templates lie, each with its letter.
#[must_use]
pub fn places<'a>(area: Rect, templates: &[(char, &'a Template)]) -> Vec<(Rect, char, &'a Template)> {
    let rows = u16::try_from(OFFERED.min(templates.len())).unwrap_or(0) + 4;
    let top = area.y + area.height.saturating_sub(rows) / 3;
    let width = 58.min(area.width);
    let x = area.x + (area.width - width) / 2;
    // In a window of a few lines the words above are left out.
    let first = if area.height >= rows { top + 4 } else { area.y + 1.min(area.height.saturating_sub(1)) };
    let rect = |y| Rect { x, y, width, height: 1 };
    (first..area.bottom()).map(rect).zip(templates.iter().take(OFFERED)).map(|(rect, (letter, template))| (rect, *letter, *template)).collect()
}

/// Draws it.
pub fn draw(frame: &mut Frame, area: Rect, cx: &Context) {
    let theme = cx.theme;
    let buffer = frame.buffer_mut();
    let mut middle = |y: u16, line: &str, style: Style| {
        let cols = u16::try_from(text::width(line)).unwrap_or(area.width).min(area.width);
        if y < area.bottom() {
            text::put(buffer, area.x + (area.width - cols) / 2, y, cols, line, style);
        }
    };
    if !cx.data.listed {
        let line = match &cx.data.link {
            Link::Down { detail, .. } => format!("No server answers: {detail}"),
            _ => "Asking the server …".to_owned(),
        };
        return middle(area.y + area.height / 3, &line, theme.style(Role::Muted));
    }
    let key = cx.keymap.label(CommandId::Launch).unwrap_or_default();
    let templates = items::likely(cx.data);
    let places = places(area, &templates);
    let first = places.first().map_or(area.y + area.height / 3 + 4, |(rect, _, _)| rect.y);
    if first >= area.y + 4 {
        middle(first - 4, "No containers yet", theme.style(Role::Title));
        middle(first - 3, &format!("Press {key} to launch your first one"), theme.style(Role::Text));
        let rest = if places.is_empty() { "No template was found: 'cto template ls' says why" } else { "or pick one right here:" };
        middle(first - 1, rest, theme.style(Role::Muted));
    } else {
        middle(area.y, &format!("Press {key} to launch your first one"), theme.style(Role::Text));
    }
    for (rect, letter, template) in places {
        let buffer = frame.buffer_mut();
        let used = text::put(buffer, rect.x, rect.y, rect.width, &format!("  {letter}  "), theme.style(Role::Key));
        let name = text::left(&template.name, 16);
        let used = used + text::put(buffer, rect.x + used, rect.y, rect.width - used, &name, theme.style(Role::Title));
        let description = template.description.as_deref().unwrap_or(&template.image);
        text::put(buffer, rect.x + used, rect.y, rect.width - used, &format!(" {description}"), theme.style(Role::Muted));
    }
}
