//! Draws the app; changes nothing.
use super::app::App;
use super::app::View;
use super::parts::status;
use super::parts::tab::Framed;
use super::parts::text;
use super::theme::Role;
use crate::model::Size;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Color;
use ratatui::style::Modifier;
use ratatui::text::Line;

/// The three parts of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Areas {
    /// The line on top; empty where there is no room.
    pub top: Rect,
    /// What one works with.
    pub middle: Rect,
    /// The line at the bottom; empty where there is no room.
    pub bottom: Rect,
}

/// Divides a screen of this size.
#[must_use]
pub fn areas(size: Size) -> Areas {
    let lines = |wanted: u16| u16::from(size.rows > wanted);
    let (above, below) = (lines(3), lines(2));
    let line = |y, height| Rect { x: 0, y, width: size.cols, height };
    Areas { top: line(0, above), middle: line(above, size.rows - above - below), bottom: line(size.rows - below, below) }
}

/// Draws everything.
pub fn draw(app: &App, frame: &mut Frame) {
    let cx = app.context();
    let all = frame.area();
    let areas = areas(Size { cols: all.width, rows: all.height });
    match app.view {
        View::Terminals => {
            if app.work.focused().is_some() {
                // A cursor below an overlay would show through it.
                app.work.draw(frame, areas.middle, app.overlays.is_empty(), &cx);
            } else {
                let line = Line::styled("no terminals are open", cx.theme.style(Role::Muted)).centered();
                frame.render_widget(line, Rect { y: areas.middle.y + areas.middle.height / 2, height: areas.middle.height.min(1), ..areas.middle });
            }
            if !areas.top.is_empty() {
                status::work_line(frame, areas.top, &app.work, &cx);
            }
        }
        _ => {
            let page = app.pages.get(app.view);
            page.unwrap_or(&app.home).draw(frame, areas.middle, &cx);
            if !areas.top.is_empty() {
                status::home_line(frame, areas.top, app.view.word(), &cx);
            }
        }
    }
    if let Some(step) = app.tour.filter(|_| app.overlays.is_empty()) {
        step.draw(frame, areas.middle, app.tour_waits(), &cx);
    }
    for overlay in &app.overlays {
        overlay.draw(frame, areas.middle, &cx);
    }
    app.toasts.draw(frame, areas.middle, &cx);
    if let Some(hud) = &app.hud {
        let line = format!(" {} ", hud.line());
        let width = u16::try_from(text::width(&line)).unwrap_or(u16::MAX).min(areas.middle.width);
        let style = cx.theme.style(Role::Info).add_modifier(Modifier::REVERSED);
        text::put(frame.buffer_mut(), areas.middle.right() - width, areas.middle.y, width, &line, style);
    }
    if !areas.bottom.is_empty() {
        let hints = match (app.overlays.last(), app.view) {
            (Some(overlay), _) => overlay.hints(&cx).unwrap_or_default(),
            (None, View::Terminals) => status::work_hints(&app.work, &cx),
            (None, _) => app.pages.get(app.view).unwrap_or(&app.home).hints(&cx).unwrap_or_else(|| status::hints(app.scopes(), &cx)),
        };
        status::footer(frame, areas.bottom, &hints, &cx);
    }
    if cx.plain {
        let shown = app.view == View::Terminals && app.overlays.is_empty();
        let panes = if shown { app.work.seen(areas.middle, true) } else { Vec::new() };
        // The last row of a log says how it stands, in our words.
        let room = |framed: &Framed| {
            let own = app.work.panes.get(&framed.pane).map_or(0, |pane| u16::from(pane.log.is_some()));
            let room = framed.room();
            Rect { height: room.height.saturating_sub(own), ..room }
        };
        super::plain::strip(frame.buffer_mut(), &panes.iter().map(room).collect::<Vec<_>>());
    }
    if let Some((text, ground)) = cx.theme.ground() {
        for cell in &mut frame.buffer_mut().content {
            cell.fg = if cell.fg == Color::Reset { text } else { cell.fg };
            cell.bg = if cell.bg == Color::Reset { ground } else { cell.bg };
        }
    }
}
