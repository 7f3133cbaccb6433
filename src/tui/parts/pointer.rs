//! The mouse in the workspace.
use super::floating::Edges;
use super::selection::Marking;
use super::tab::Framed;
use super::tab::Tab;
use super::terminal::TerminalPane;
use super::workspace::Keys;
use super::workspace::Workspace;
use crate::term::Mods;
use crate::term::MouseButton;
use crate::term::MouseEvent;
use crate::term::MouseKind;
use crate::term::MouseMode;
use crate::term::Point;
use crate::tui::component::Context;
use crate::tui::layout::Axis;
use crate::tui::layout::Direction;
use crate::tui::msg::Ask;
use crate::tui::msg::Effect;
use crate::tui::msg::PaneId;
use ratatui::layout::Position;
use ratatui::layout::Rect;

/// Lines that one step of the wheel moves the view.
const WHEEL: i32 = 3;

/// What the mouse drags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drag {
    /// The border on the far side of this pane, which lies so.
    Border(PaneId, Axis),
    /// What floats, held so far from its corner.
    Move {
        /// Columns.
        x: u16,
        /// Rows.
        y: u16,
    },
    /// Edges of what floats.
    Edges {
        /// The left one.
        left: bool,
        /// The right one.
        right: bool,
        /// The lower one.
        bottom: bool,
    },
}

impl Drag {
    /// What a press on the border of what floats begins: its upper line moves it, the others make it larger or smaller.
    fn of(frame: Rect, event: MouseEvent) -> Self {
        if event.row == frame.y {
            return Self::Move { x: event.col - frame.x, y: 0 };
        }
        Self::Edges { left: event.col == frame.x, right: event.col + 1 == frame.right(), bottom: event.row + 1 == frame.bottom() }
    }
}

/// Puts a border of the arrangement under the mouse; returns whether it moved.
fn drag_border(tab: &mut Tab, pane: PaneId, axis: Axis, event: MouseEvent, area: Rect) -> bool {
    let Some((_, frame)) = tab.tree.frames(area).into_iter().find(|(own, _)| *own == pane) else { return false };
    let (now, to, back, on) = match axis {
        Axis::Right => (frame.right() - 1, event.col, Direction::Left, Direction::Right),
        Axis::Down => (frame.bottom() - 1, event.row, Direction::Up, Direction::Down),
    };
    let direction = if to < now { back } else { on };
    to != now && tab.tree.resize(pane, direction, to.abs_diff(now), area)
}

impl Workspace {
    /// Takes a mouse event of the workspace's area.
    pub fn mouse(&mut self, event: MouseEvent, cx: &Context) -> Vec<Effect> {
        if self.keys == Keys::Hints {
            // A press takes the labels away; nothing else moves under them.
            return if event.kind == MouseKind::Down { self.end_hints() } else { Vec::new() };
        }
        let frames = self.frames(self.area);
        let at = Position { x: event.col, y: event.row };
        if let Some(drag) = self.dragged {
            return self.drag(drag, event, cx);
        }
        let busy = frames.iter().find(|framed| self.panes.get(&framed.pane).is_some_and(TerminalPane::is_marked));
        // A button that went down in a pane is that pane's until it comes up, wherever the mouse goes.
        let held = busy.filter(|_| matches!(event.kind, MouseKind::Drag | MouseKind::Up));
        // What lies above is hit first.
        let Some(hit) = held.or_else(|| frames.iter().rev().find(|framed| framed.frame.contains(at))) else { return Vec::new() };
        if held.is_none() && !hit.room().contains(at) {
            return self.press_border(event, hit, frames.len(), cx);
        }
        let mut effects = Vec::new();
        if event.kind == MouseKind::Down && self.tab().is_some_and(|tab| tab.focus != hit.pane) {
            self.focus_pane(hit.pane);
            effects.extend(self.arrange(cx));
        }
        effects.extend(self.in_pane(hit.pane, hit.room(), event, cx));
        effects
    }

    fn press_border(&mut self, event: MouseEvent, hit: &Framed, panes: usize, cx: &Context) -> Vec<Effect> {
        if event.kind != MouseKind::Down || event.button != MouseButton::Left {
            return Vec::new();
        }
        if hit.floats {
            self.dragged = Some(Drag::of(hit.frame, event));
        } else if panes > 1 {
            let border = self.tab().and_then(|tab| tab.tree.border_at(self.area, event.col, event.row));
            self.dragged = border.map(|(pane, axis)| Drag::Border(pane, axis));
        }
        if self.dragged.is_none() || hit.floats {
            self.focus_pane(hit.pane);
            return self.arrange(cx);
        }
        Vec::new()
    }

    fn drag(&mut self, drag: Drag, event: MouseEvent, cx: &Context) -> Vec<Effect> {
        if event.kind != MouseKind::Drag {
            self.dragged = None;
            return Vec::new();
        }
        let area = self.area;
        let Some(tab) = self.tab_mut() else { return Vec::new() };
        let changed = match drag {
            Drag::Border(pane, axis) => drag_border(tab, pane, axis, event, area),
            Drag::Move { x, y } => tab.floating.as_mut().is_some_and(|floating| {
                let place = floating.place.put(event.col.saturating_sub(x), event.row.saturating_sub(y), area);
                std::mem::replace(&mut floating.place, place) != place
            }),
            Drag::Edges { left, right, bottom } => tab.floating.as_mut().is_some_and(|floating| {
                let edges = Edges {
                    left: left.then_some(event.col),
                    right: right.then_some(event.col.saturating_add(1)),
                    bottom: bottom.then_some(event.row.saturating_add(1)),
                    top: None,
                };
                let place = floating.place.with_edges(edges, area);
                std::mem::replace(&mut floating.place, place) != place
            }),
        };
        self.changed |= changed;
        if changed { self.arrange(cx) } else { Vec::new() }
    }

    fn in_pane(&mut self, pane: PaneId, room: Rect, event: MouseEvent, cx: &Context) -> Vec<Effect> {
        let Some(own) = self.panes.get_mut(&pane) else { return Vec::new() };
        if let Some(log) = &mut own.log {
            return log.mouse(event, room, cx);
        }
        let size = own.screen.size();
        let (left, top) = own.corner(room);
        let col = event.col.clamp(room.x, room.right().saturating_sub(1)) - room.x + left;
        let row = event.row.clamp(room.y, room.bottom().saturating_sub(1)) - room.y + top;
        let (col, row) = (col.min(size.cols - 1), row.min(size.rows - 1));
        let marking = own.marking.is_some_and(|marking| marking.held);
        // Shift asks for our own marking and scrolling also where the program has the mouse.
        let ours = event.mods.contains(Mods::SHIFT) || own.scroll.is_some() || marking;
        if !ours && own.modes().mouse != MouseMode::Off {
            return own.mouse(MouseEvent { col, row, ..event }).unwrap_or_default();
        }
        let offset = i32::try_from(own.screen.display_offset()).unwrap_or(0);
        let at = Point { row: i32::from(row) - offset, col };
        match (event.kind, event.button) {
            (MouseKind::Down, MouseButton::Left) => {
                own.marking = Some(Marking::start(own.marking, &mut own.screen, at, cx.now.since_start));
                Vec::new()
            }
            (MouseKind::Drag, MouseButton::Left) => {
                if let TerminalPane { marking: Some(marking), screen, .. } = own {
                    marking.drag(screen, at);
                }
                Vec::new()
            }
            (MouseKind::Up, MouseButton::Left) => {
                let TerminalPane { marking: Some(marking), screen, .. } = own else { return Vec::new() };
                marking.held = false;
                let text = marking.text(screen);
                text.map(|text| Effect::Ask(Ask::Copy(text))).into_iter().collect()
            }
            (MouseKind::Down, MouseButton::Middle) => {
                let text = self.copied.clone();
                self.paste(&text, cx)
            }
            (MouseKind::WheelUp | MouseKind::WheelDown, _) => self.wheel(pane, MouseEvent { col, row, ..event }),
            _ => Vec::new(),
        }
    }

    /// The wheel looks back, unless the program shows its own pages and takes arrows for it.
    fn wheel(&mut self, pane: PaneId, event: MouseEvent) -> Vec<Effect> {
        let Some(own) = self.panes.get_mut(&pane) else { return Vec::new() };
        if own.scroll.is_none()
            && let Some(effects) = own.mouse(event)
        {
            return effects;
        }
        let up = event.kind == MouseKind::WheelUp;
        if own.scroll.is_none() && (!up || own.screen.scrollback_len() == 0) {
            return Vec::new();
        }
        own.start_scroll();
        let TerminalPane { scroll: Some(scroll), screen, .. } = own else { return Vec::new() };
        let marked = scroll.mark.is_some();
        scroll.page(screen, if up { -WHEEL } else { WHEEL });
        if screen.display_offset() == 0 && !up && !marked {
            let news = own.end_scroll();
            return self.hear(pane, news);
        }
        Vec::new()
    }
}
