//! Where panes lie: a tree of splits, and the arithmetic of borders that panes share.
use ratatui::layout::Rect;
use serde::{Deserialize, Serialize};

/// A whole share; what a split gives its first child is a part of it.
pub(super) const WHOLE: u32 = 1 << 16;
/// The smallest content that a border can be moved to.
const SMALLEST: (u16, u16) = (2, 1);
/// Content below which a pane is of no use: where one would be smaller, only the focused pane is shown.
const USEFUL: (u16, u16) = (10, 2);

/// How a split lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Axis {
    /// Side by side.
    Right,
    /// One above the other.
    Down,
}

/// A way to move on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To the left.
    Left,
    /// Down.
    Down,
    /// Up.
    Up,
    /// To the right.
    Right,
}

impl Direction {
    /// The axis that it moves along.
    #[must_use]
    pub fn axis(self) -> Axis {
        match self {
            Self::Left | Self::Right => Axis::Right,
            Self::Up | Self::Down => Axis::Down,
        }
    }

    /// Whether it leads to larger columns or rows.
    #[must_use]
    pub fn is_forward(self) -> bool {
        matches!(self, Self::Right | Self::Down)
    }
}

/// An arrangement of panes; `P` names one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tree<P> {
    /// One pane.
    Pane(P),
    /// Two arrangements beside each other.
    Split {
        /// How they lie.
        axis: Axis,
        /// What the first gets, of 65,536.
        share: u32,
        /// The left or upper one.
        first: Box<Tree<P>>,
        /// The right or lower one.
        second: Box<Tree<P>>,
    },
}

/// The ready arrangements, in the order in which they follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ready {
    /// All side by side.
    EvenRight,
    /// All above each other.
    EvenDown,
    /// A large one above, the others side by side below.
    MainAbove,
    /// A large one to the left, the others above each other to the right.
    MainLeft,
    /// Rows and columns.
    Tiled,
}

impl Ready {
    /// All, in their order.
    pub const ALL: [Self; 5] = [Self::EvenRight, Self::EvenDown, Self::MainAbove, Self::MainLeft, Self::Tiled];
}

impl<P: Copy + PartialEq> Tree<P> {
    /// The panes, from the upper left to the lower right.
    #[must_use]
    pub fn panes(&self) -> Vec<P> {
        match self {
            Self::Pane(pane) => vec![*pane],
            Self::Split { first, second, .. } => [first.panes(), second.panes()].concat(),
        }
    }

    /// Whether a pane is in it.
    #[must_use]
    pub fn contains(&self, pane: P) -> bool {
        match self {
            Self::Pane(own) => *own == pane,
            Self::Split { first, second, .. } => first.contains(pane) || second.contains(pane),
        }
    }

    /// Halves a pane and gives its right or lower half to another.
    pub fn split(&mut self, pane: P, axis: Axis, other: P) {
        match self {
            Self::Pane(own) if *own == pane => *self = pair(axis, WHOLE / 2, Self::Pane(pane), Self::Pane(other)),
            Self::Pane(_) => {}
            Self::Split { first, second, .. } => {
                first.split(pane, axis, other);
                second.split(pane, axis, other);
            }
        }
    }

    /// The arrangement without a pane, whose place goes to its neighbour; none when it was the only one.
    #[must_use]
    pub fn without(self, pane: P) -> Option<Self> {
        self.filter_map(&mut |own| (own != pane).then_some(own))
    }

    /// Exchanges two panes.
    pub fn swap(&mut self, a: P, b: P) {
        match self {
            Self::Pane(own) if *own == a => *own = b,
            Self::Pane(own) if *own == b => *own = a,
            Self::Pane(_) => {}
            Self::Split { first, second, .. } => {
                first.swap(a, b);
                second.swap(a, b);
            }
        }
    }

    /// The pane `steps` places after this one, around the end.
    #[must_use]
    pub fn nth_after(&self, pane: P, steps: isize) -> Option<P> {
        let panes = self.panes();
        let place = panes.iter().position(|own| *own == pane)?;
        let count = isize::try_from(panes.len()).ok()?;
        let to = (isize::try_from(place).ok()? + steps).rem_euclid(count);
        panes.get(usize::try_from(to).ok()?).copied()
    }

    /// Makes the panes of each row and each column equally large.
    pub fn even(&mut self) {
        if let Self::Split { axis, share, first, second } = self {
            let (a, b) = (first.lanes(*axis), second.lanes(*axis));
            *share = WHOLE * a / (a + b);
            first.even();
            second.even();
        }
    }

    /// How many panes lie one after the other along an axis.
    fn lanes(&self, along: Axis) -> u32 {
        match self {
            Self::Split { axis, first, second, .. } if *axis == along => first.lanes(along) + second.lanes(along),
            _ => 1,
        }
    }

    /// The same panes in a ready arrangement.
    #[must_use]
    pub fn arranged(&self, ready: Ready) -> Self {
        let panes = self.panes();
        match ready {
            Ready::EvenRight => row(Axis::Right, panes.into_iter().map(Self::Pane)),
            Ready::EvenDown => row(Axis::Down, panes.into_iter().map(Self::Pane)),
            Ready::MainAbove => main_and_rest(&panes, Axis::Down),
            Ready::MainLeft => main_and_rest(&panes, Axis::Right),
            Ready::Tiled => {
                let columns = (1..).find(|side| side * side >= panes.len()).unwrap_or(1);
                row(Axis::Down, panes.chunks(columns).filter_map(|line| row(Axis::Right, line.iter().copied().map(Self::Pane))))
            }
        }
        .unwrap_or_else(|| self.clone())
    }

    /// The frame of each pane, borders included; neighbours share one line.
    #[must_use]
    pub fn frames(&self, area: Rect) -> Vec<(P, Rect)> {
        match self {
            Self::Pane(pane) => vec![(*pane, area)],
            Self::Split { axis, share, first, second } => {
                let (a, b) = halves(area, *axis, *share);
                [first.frames(a), second.frames(b)].concat()
            }
        }
    }

    /// Whether every pane has room for something of use inside its borders.
    #[must_use]
    pub fn fits(&self, area: Rect) -> bool {
        self.frames(area).iter().all(|(_, frame)| frame.width >= USEFUL.0 + 2 && frame.height >= USEFUL.1 + 2)
    }

    /// The pane next to this one in a direction: the one that lies beside its middle.
    #[must_use]
    pub fn neighbour(&self, pane: P, direction: Direction, area: Rect) -> Option<P> {
        let frames = self.frames(area);
        let (_, own) = frames.iter().find(|(other, _)| *other == pane)?;
        let middle = (own.x + own.width / 2, own.y + own.height / 2);
        let beside = |frame: &Rect| match direction {
            Direction::Left => frame.right() == own.x + 1,
            Direction::Right => frame.x + 1 == own.right(),
            Direction::Up => frame.bottom() == own.y + 1,
            Direction::Down => frame.y + 1 == own.bottom(),
        };
        let off = |frame: &Rect| match direction.axis() {
            Axis::Right => apart(middle.1, frame.y, frame.bottom()),
            Axis::Down => apart(middle.0, frame.x, frame.right()),
        };
        frames.iter().filter(|(_, frame)| beside(frame)).min_by_key(|(_, frame)| off(frame)).map(|(other, _)| *other)
    }

    /// Moves the border on the far side of a pane, or else the one on its near side, by some cells: as many as leave each pane of use,
    /// since all but one would be hidden else.
    ///
    /// Returns whether one moved.
    pub fn resize(&mut self, pane: P, direction: Direction, cells: u16, area: Rect) -> bool {
        if !self.fits(area) {
            return self.move_some_border(pane, direction, cells, area);
        }
        let moved = |cells| {
            let mut tree = self.clone();
            (tree.move_some_border(pane, direction, cells, area) && tree.fits(area)).then_some(tree)
        };
        let Some(tree) = (1..=cells).rev().find_map(moved) else { return false };
        let changed = tree != *self;
        *self = tree;
        changed
    }

    fn move_some_border(&mut self, pane: P, direction: Direction, cells: u16, area: Rect) -> bool {
        self.move_border(pane, direction, cells, area, true) || self.move_border(pane, direction, cells, area, false)
    }

    fn move_border(&mut self, pane: P, direction: Direction, cells: u16, area: Rect, far: bool) -> bool {
        let Self::Split { axis, share, first, second } = self else { return false };
        let (a, b) = halves(area, *axis, *share);
        let in_first = first.contains(pane);
        if !in_first && !second.contains(pane) {
            return false;
        }
        let inner = if in_first { first.move_border(pane, direction, cells, a, far) } else { second.move_border(pane, direction, cells, b, far) };
        if inner {
            return true;
        }
        if *axis != direction.axis() || in_first != far {
            return false;
        }
        let (whole, now) = match axis {
            Axis::Right => (area.width, a.width),
            Axis::Down => (area.height, a.height),
        };
        let wanted = if direction.is_forward() { now.saturating_add(cells) } else { now.saturating_sub(cells) };
        *share = share_of(wanted, whole, *axis);
        true
    }

    /// Puts the border at this place of the screen into the middle of a drag; returns the pane whose far border it is.
    #[must_use]
    pub fn border_at(&self, area: Rect, x: u16, y: u16) -> Option<(P, Axis)> {
        let Self::Split { axis, share, first, second } = self else { return None };
        let (a, b) = halves(area, *axis, *share);
        let on = match axis {
            Axis::Right => x + 1 == a.right() && y > area.y && y + 1 < area.bottom(),
            Axis::Down => y + 1 == a.bottom() && x > area.x && x + 1 < area.right(),
        };
        let inner = || first.border_at(a, x, y).or_else(|| second.border_at(b, x, y));
        if on { first.panes().last().map(|pane| (*pane, *axis)) } else { inner() }
    }
}

impl<P> Tree<P> {
    /// The arrangement of what `keep` makes of each pane; the place of one that it drops goes to its neighbour.
    pub fn filter_map<Q>(self, keep: &mut impl FnMut(P) -> Option<Q>) -> Option<Tree<Q>> {
        match self {
            Self::Pane(pane) => keep(pane).map(Tree::Pane),
            Self::Split { axis, share, first, second } => match (first.filter_map(keep), second.filter_map(keep)) {
                (Some(first), Some(second)) => Some(pair(axis, share.clamp(1, WHOLE - 1), first, second)),
                (one, other) => one.or(other),
            },
        }
    }
}

fn pair<P>(axis: Axis, share: u32, first: Tree<P>, second: Tree<P>) -> Tree<P> {
    Tree::Split { axis, share, first: Box::new(first), second: Box::new(second) }
}

/// All of these after each other, equally large.
fn row<P>(axis: Axis, parts: impl DoubleEndedIterator<Item = Tree<P>>) -> Option<Tree<P>> {
    let mut count = 0;
    parts.rev().fold(None, |rest, part| {
        count += 1;
        Some(match rest {
            None => part,
            Some(rest) => pair(axis, WHOLE / count, part, rest),
        })
    })
}

fn main_and_rest<P: Copy>(panes: &[P], axis: Axis) -> Option<Tree<P>> {
    let (main, rest) = panes.split_first()?;
    let across = if axis == Axis::Right { Axis::Down } else { Axis::Right };
    Some(match row(across, rest.iter().copied().map(Tree::Pane)) {
        None => Tree::Pane(*main),
        Some(rest) => pair(axis, WHOLE * 3 / 5, Tree::Pane(*main), rest),
    })
}

/// How far a place is from a range of cells.
fn apart(place: u16, from: u16, to: u16) -> u16 {
    from.saturating_sub(place).max((place + 1).saturating_sub(to))
}

/// The share that gives the first child this many cells, so that both keep room for something.
fn share_of(cells: u16, whole: u16, axis: Axis) -> u32 {
    let least = 2 + if axis == Axis::Right { SMALLEST.0 } else { SMALLEST.1 };
    let most = (whole + 1).saturating_sub(least).max(least);
    let whole = u32::from(whole.max(1));
    ((u32::from(cells.clamp(least, most)) * WHOLE + whole / 2) / whole).clamp(1, WHOLE - 1)
}

/// The frames of a split's children; they overlap by the line that they share.
fn halves(area: Rect, axis: Axis, share: u32) -> (Rect, Rect) {
    let cut = |whole: u16| {
        let cells = (u32::from(whole) * share.min(WHOLE) + WHOLE / 2) / WHOLE;
        u16::try_from(cells).unwrap_or(whole).clamp(1.min(whole), whole)
    };
    match axis {
        Axis::Right => {
            let width = cut(area.width);
            let from = area.x + width.saturating_sub(1);
            (Rect { width, ..area }, Rect { x: from, width: area.right() - from, ..area })
        }
        Axis::Down => {
            let height = cut(area.height);
            let from = area.y + height.saturating_sub(1);
            (Rect { height, ..area }, Rect { y: from, height: area.bottom() - from, ..area })
        }
    }
}
