//! One tab: an arrangement of panes, and one that may float above it.
use super::floating::Floating;
use crate::tui::layout::Direction;
use crate::tui::layout::Tree;
use crate::tui::msg::PaneId;
use ratatui::layout::Rect;

/// One tab.
#[derive(Clone, Debug)]
pub struct Tab {
    /// The name it was given; named after its focused pane otherwise.
    pub name: Option<String>,
    /// Its arrangement.
    pub tree: Tree<PaneId>,
    /// The pane that floats above that.
    pub floating: Option<Floating<PaneId>>,
    /// The pane that has the focus.
    pub focus: PaneId,
    /// The one that had it before.
    pub last: Option<PaneId>,
    /// The focused pane of the arrangement fills the window.
    pub zoomed: bool,
    /// Which ready arrangement comes next.
    pub ready: usize,
    /// What is typed goes to all panes of the arrangement.
    pub synced: bool,
}

/// A pane on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Framed {
    /// Which.
    pub pane: PaneId,
    /// All that it takes.
    pub frame: Rect,
    /// That begins and ends with a border.
    pub borders: bool,
    /// It lies above others.
    pub floats: bool,
}

impl Framed {
    /// What the frame leaves for the screen.
    #[must_use]
    pub fn room(&self) -> Rect {
        let Rect { x, y, width, height } = self.frame;
        if self.borders { Rect { x: x + 1, y: y + 1, width: width.saturating_sub(2), height: height.saturating_sub(2) } } else { self.frame }
    }
}

impl Tab {
    /// A tab of these panes, as it is at first.
    #[must_use]
    pub fn new(tree: Tree<PaneId>, focus: PaneId) -> Self {
        Self { name: None, tree, floating: None, focus, last: None, zoomed: false, ready: 0, synced: false }
    }

    /// All its panes: those of the arrangement from the upper left to the lower right, then the one that floats.
    #[must_use]
    pub fn panes(&self) -> Vec<PaneId> {
        self.tree.panes().into_iter().chain(self.floating.map(|floating| floating.pane)).collect()
    }

    /// Whether a pane is in it.
    #[must_use]
    pub fn contains(&self, pane: PaneId) -> bool {
        self.tree.contains(pane) || self.is_floating(pane)
    }

    /// Whether it is this pane that floats.
    #[must_use]
    pub fn is_floating(&self, pane: PaneId) -> bool {
        self.floating.is_some_and(|floating| floating.pane == pane)
    }

    /// Whether what floats has the focus.
    #[must_use]
    pub fn floats(&self) -> bool {
        self.is_floating(self.focus)
    }

    /// The pane of the arrangement that has the focus, or had it last.
    #[must_use]
    pub fn tile(&self) -> PaneId {
        let within = |pane: &PaneId| self.tree.contains(*pane);
        Some(self.focus).filter(within).or(self.last.filter(within)).or_else(|| self.tree.panes().first().copied()).unwrap_or(self.focus)
    }

    /// Whether the focused pane fills the window.
    #[must_use]
    pub fn is_zoomed(&self) -> bool {
        if self.floats() { self.floating.is_some_and(|floating| floating.full) } else { self.zoomed }
    }

    /// Gives a pane of it the focus; what floats is seen then.
    pub fn give_focus(&mut self, pane: PaneId) {
        if self.focus == pane {
            return;
        }
        if self.tree.contains(pane) && self.tile() != pane {
            self.zoomed = false;
        }
        self.last = Some(self.focus);
        self.focus = pane;
        if let Some(floating) = self.floating.as_mut().filter(|floating| floating.pane == pane) {
            floating.shown = true;
        }
    }

    /// The pane some places after the focused one, around the end; a hidden one is passed over.
    #[must_use]
    pub fn nth_after(&self, steps: isize) -> Option<PaneId> {
        let hidden = self.floating.filter(|floating| !floating.shown).map(|floating| floating.pane);
        let panes: Vec<PaneId> = self.panes().into_iter().filter(|pane| Some(*pane) != hidden).collect();
        let place = panes.iter().position(|pane| *pane == self.focus)?;
        let to = (isize::try_from(place).ok()? + steps).rem_euclid(isize::try_from(panes.len()).ok()?);
        panes.get(usize::try_from(to).ok()?).copied()
    }

    /// The pane that lies in a direction. From what floats it is that of the arrangement whose middle lies nearest, or else the one below.
    #[must_use]
    pub fn neighbour(&self, direction: Direction, area: Rect) -> Option<PaneId> {
        let Some(floating) = self.floating.filter(|floating| floating.pane == self.focus) else {
            return self.tree.neighbour(self.focus, direction, area);
        };
        let middle = |frame: Rect| (i32::from(frame.x) * 2 + i32::from(frame.width), i32::from(frame.y) * 2 + i32::from(frame.height));
        let (x, y) = middle(floating.frame(area).0);
        let off = |(_, frame): &(PaneId, Rect)| {
            let (to_x, to_y) = middle(*frame);
            let (along, across) = match direction {
                Direction::Left => (x - to_x, y - to_y),
                Direction::Right => (to_x - x, y - to_y),
                Direction::Up => (y - to_y, x - to_x),
                Direction::Down => (to_y - y, x - to_x),
            };
            // A border's width is no direction.
            (along > 2).then_some(along + across.abs())
        };
        let nearest = self.tree.frames(area).into_iter().filter_map(|framed| Some((off(&framed)?, framed.0))).min_by_key(|(off, _)| *off);
        nearest.map(|(_, pane)| pane).or_else(|| Some(self.tile()))
    }

    /// What is seen in an area, the lowest first.
    ///
    /// One pane alone needs no border, nor does a zoomed one; where the arrangement doesn't fit, one pane of it is shown.
    #[must_use]
    pub fn frames(&self, area: Rect) -> Vec<Framed> {
        let alone = self.zoomed || matches!(self.tree, Tree::Pane(_)) || !self.tree.fits(area);
        let arranged = if alone { vec![(self.tile(), area)] } else { self.tree.frames(area) };
        let mut frames: Vec<Framed> = arranged.into_iter().map(|(pane, frame)| Framed { pane, frame, borders: !alone, floats: false }).collect();
        if let Some(above) = self.floating.filter(|floating| floating.shown).map(|floating| framed(floating, area)) {
            // What is covered whole is not seen.
            if !above.borders {
                frames.clear();
            }
            frames.push(above);
        }
        frames
    }

    /// The frames of all its panes that have one, seen or not.
    #[must_use]
    pub fn rooms(&self, area: Rect) -> Vec<Framed> {
        let hidden = self.floating.filter(|floating| !floating.shown).map(|floating| framed(floating, area));
        self.frames(area).into_iter().chain(hidden).collect()
    }

    /// What floats is seen while it has the focus, and steps aside when it would cover most of the pane that has it.
    pub fn settle(&mut self, area: Rect) {
        let focus = self.focus;
        let below = self.frames(area).into_iter().find(|framed| framed.pane == focus).map(|framed| framed.frame);
        let Some(floating) = &mut self.floating else { return };
        if floating.pane == focus {
            floating.shown = true;
            return;
        }
        let covers = below.is_none_or(|below| floating.frame(area).0.intersection(below).area() * 2 > below.area());
        if floating.shown && covers {
            floating.shown = false;
            floating.full = false;
        }
    }

    /// Takes a pane out; returns whether another is left. What floats above nothing is the arrangement then.
    pub fn take_out(&mut self, pane: PaneId) -> bool {
        let floats = self.is_floating(pane);
        let others = |tab: &Self| tab.last.filter(|last| *last != pane && tab.contains(*last)).or_else(|| tab.tree.nth_after(pane, -1));
        let next = others(self).filter(|next| *next != pane);
        if floats {
            self.floating = None;
        } else {
            match (self.tree.clone().without(pane), self.floating) {
                (Some(tree), _) => self.tree = tree,
                (None, Some(floating)) => {
                    self.tree = Tree::Pane(floating.pane);
                    self.floating = None;
                }
                (None, None) => return false,
            }
        }
        if self.focus == pane {
            self.zoomed &= floats;
            self.focus = next.filter(|next| self.contains(*next)).or_else(|| self.tree.panes().first().copied()).unwrap_or(self.focus);
        }
        self.zoomed &= !matches!(self.tree, Tree::Pane(_));
        self.last = self.last.filter(|last| *last != pane && *last != self.focus);
        true
    }
}

fn framed(floating: Floating<PaneId>, area: Rect) -> Framed {
    let (frame, borders) = floating.frame(area);
    Framed { pane: floating.pane, frame, borders, floats: true }
}
