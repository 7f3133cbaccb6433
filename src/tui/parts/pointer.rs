//! The mouse in the workspace.
use super::selection::Marking;
use super::terminal::TerminalPane;
use super::workspace::Keys;
use super::workspace::Workspace;
use super::workspace::inside;
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

impl Workspace {
    /// Takes a mouse event of the workspace's area.
    pub fn mouse(&mut self, event: MouseEvent, cx: &Context) -> Vec<Effect> {
        if self.keys == Keys::Hints {
            // A press takes the labels away; nothing else moves under them.
            return if event.kind == MouseKind::Down { self.end_hints() } else { Vec::new() };
        }
        let (frames, borders) = self.frames(self.area);
        let at = Position { x: event.col, y: event.row };
        if let Some((pane, axis)) = self.dragged {
            return self.drag_border(pane, axis, event, cx);
        }
        let busy = frames.iter().find(|(pane, _)| self.panes.get(pane).is_some_and(TerminalPane::is_marked));
        // A button that went down in a pane is that pane's until it comes up, wherever the mouse goes.
        let held = busy.filter(|_| matches!(event.kind, MouseKind::Drag | MouseKind::Up));
        let Some((pane, room)) =
            held.or_else(|| frames.iter().find(|(_, frame)| inside(*frame, borders).contains(at))).map(|(pane, frame)| (*pane, inside(*frame, borders)))
        else {
            return self.press_border(event, &frames, cx);
        };
        let mut effects = Vec::new();
        if event.kind == MouseKind::Down && self.tab().is_some_and(|tab| tab.focus != pane) {
            self.focus_pane(pane);
            effects.extend(self.arrange(cx));
        }
        effects.extend(self.in_pane(pane, room, event, cx));
        effects
    }

    fn press_border(&mut self, event: MouseEvent, frames: &[(PaneId, Rect)], cx: &Context) -> Vec<Effect> {
        if event.kind != MouseKind::Down || event.button != MouseButton::Left || frames.len() < 2 {
            return Vec::new();
        }
        self.dragged = self.tab().and_then(|tab| tab.tree.border_at(self.area, event.col, event.row));
        if self.dragged.is_none()
            && let Some((pane, _)) = frames.iter().find(|(_, frame)| frame.contains(Position { x: event.col, y: event.row }))
        {
            self.focus_pane(*pane);
            return self.arrange(cx);
        }
        Vec::new()
    }

    fn drag_border(&mut self, pane: PaneId, axis: Axis, event: MouseEvent, cx: &Context) -> Vec<Effect> {
        if event.kind != MouseKind::Drag {
            self.dragged = None;
            return Vec::new();
        }
        let area = self.area;
        let Some(tab) = self.tab_mut() else { return Vec::new() };
        let Some((_, frame)) = tab.tree.frames(area).into_iter().find(|(own, _)| *own == pane) else { return Vec::new() };
        let (now, to, back, on) = match axis {
            Axis::Right => (frame.right() - 1, event.col, Direction::Left, Direction::Right),
            Axis::Down => (frame.bottom() - 1, event.row, Direction::Up, Direction::Down),
        };
        let direction = if to < now { back } else { on };
        if to != now {
            tab.tree.resize(pane, direction, to.abs_diff(now), area);
            self.changed = true;
        }
        self.arrange(cx)
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
