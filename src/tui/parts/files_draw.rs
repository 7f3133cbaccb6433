//! How the files look.
use super::files::Copying;
use super::files::Files;
use super::files::Side;
use super::files::below;
use super::graph;
use super::rows::Row;
use super::text;
use crate::tui::component::Context;
use crate::tui::files::names;
use crate::tui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;

impl Files {
    pub(super) fn paint(&self, frame: &mut Frame, area: Rect, cx: &Context) {
        let cx = &Context { area, ..*cx };
        let muted = cx.theme.style(Role::Muted);
        if !self.is_shown(cx.data) {
            let key = |id| cx.keymap.label(id).unwrap_or_default();
            let containers = key(crate::tui::command::CommandId::GoHome);
            let words = match &self.container {
                Some(_) => format!("The container is gone: {containers} shows those that are there"),
                None => format!("No container is chosen: {containers} shows them, and {} there its files", key(crate::tui::command::CommandId::FilesOf)),
            };
            return graph::middle(frame.buffer_mut(), area, &words, muted);
        }
        let sides = self.sides(area, cx.plain);
        if let [_, (_, right)] = sides[..] {
            for y in right.y..right.bottom() {
                text::put(frame.buffer_mut(), right.x - 2, y, 1, "│", cx.theme.style(Role::Border));
            }
        }
        for (side, place) in sides {
            self.paint_side(frame, side, place, cx);
        }
        if let Some(copying) = self.copying.as_ref().filter(|_| area.height > 3) {
            let line = Rect { y: area.bottom() - 1, height: 1, ..area };
            text::put(frame.buffer_mut(), line.x, line.y, line.width, &progress(copying), cx.theme.style(Role::Info));
        }
    }

    fn paint_side(&self, frame: &mut Frame, side: Side, place: Rect, cx: &Context) {
        let pane = self.pane(side);
        let focused = side == self.side;
        if place.height > 1 {
            let called = if side == Side::Inside { self.name(cx) } else { "this machine".to_owned() };
            let role = if focused { Role::Accent } else { Role::Muted };
            let mark = if focused && cx.plain { "> " } else { "" };
            let head = format!("{mark}{called}:");
            let used = text::put(frame.buffer_mut(), place.x, place.y, place.width, &head, cx.theme.style(role));
            let room = usize::from(place.width.saturating_sub(used));
            let path = tail(&names::shown(&pane.path), room);
            text::put(
                frame.buffer_mut(),
                place.x + used,
                place.y,
                place.width.saturating_sub(used),
                &path,
                cx.theme.style(if focused { Role::Title } else { Role::Muted }),
            );
        }
        let area = below(place);
        let all = self.rows(side, cx);
        if pane.listing.is_none() {
            let words = pane.failed.clone().unwrap_or_else(|| "Reading the directory …".to_owned());
            let role = if pane.failed.is_some() { Role::Error } else { Role::Muted };
            return graph::middle(frame.buffer_mut(), area, &words, cx.theme.style(role));
        }
        let rows = pane.list.arrange(all);
        let note = self.note(side, &rows);
        if focused {
            pane.list.draw(frame, area, &rows, &note, cx);
        } else {
            pane.list.draw_calm(frame, area, &rows, &note, cx);
        }
    }

    /// What is said below a list.
    fn note(&self, side: Side, rows: &[Row]) -> String {
        let pane = self.pane(side);
        if let Some(why) = &pane.failed {
            return why.clone();
        }
        let shown = rows.iter().filter(|row| !row.fixed).count();
        if shown == 0 && pane.list.is_filtered() {
            return "nothing fits: esc shows all".to_owned();
        }
        let listing = pane.listing.as_ref();
        let hidden = if self.hidden { 0 } else { listing.map_or(0, |listing| listing.entries.iter().filter(|entry| entry.name.starts_with(b".")).count()) };
        let mut facts = vec![if shown == 0 { "empty".to_owned() } else { shown.to_string() }];
        if hidden > 0 {
            facts.push(format!("{hidden} hidden"));
        }
        if !pane.list.marked().is_empty() {
            let keys = pane.list.marked();
            let bytes: u64 = keys.iter().filter_map(|key| pane.entry(key)).map(|entry| entry.size).sum();
            facts.push(format!("{} marked, {}", keys.len(), text::size(bytes)));
        }
        facts.extend(listing.and_then(|listing| listing.cut.clone()));
        facts.join(" · ")
    }
}

/// The end of a path, where not all has room.
fn tail(path: &str, cols: usize) -> String {
    if text::width(path) <= cols {
        return path.to_owned();
    }
    let mut rest = path;
    while text::width(rest) + 1 > cols {
        let mut chars = rest.chars();
        if chars.next().is_none() {
            break;
        }
        rest = chars.as_str();
    }
    format!("…{rest}")
}

fn progress(copying: &Copying) -> String {
    let Copying { job, item, bytes, meter, stopping } = copying;
    let name = job.items.get(*item).map(|item| names::shown(&item.name)).unwrap_or_default();
    let total: Option<u64> = job.items.iter().map(|item| item.bytes).sum();
    let of = total
        .filter(|total| *total > 0)
        .map(|total| format!(" of {} ({}%)", text::size(total), (bytes.saturating_mul(100) / total).min(100)))
        .unwrap_or_default();
    let rate = meter.rate().map(|rate| format!(" · {}/s", text::size(rate))).unwrap_or_default();
    let count = if job.items.len() > 1 { format!(" {}/{}", item + 1, job.items.len()) } else { String::new() };
    let end = if *stopping { " · being cancelled" } else { " · esc cancels" };
    format!(" ◐ {}{count} {}{of}{rate}{end} · {name}", if job.out { "copying out" } else { "copying in" }, text::size(*bytes))
}
