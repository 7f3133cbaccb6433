//! Where a pane lies that floats above a tab's arrangement.
use crate::tui::layout::Direction;
use crate::tui::layout::WHOLE;
use ratatui::layout::Rect;
use serde::{Deserialize, Serialize};

/// The smallest frame, borders included.
const LEAST: (u16, u16) = (14, 5);
/// An area below this has no room for a frame within it: the pane fills it.
const ROOMY: (u16, u16) = (24, 8);
/// What one step moves it: cells are about twice as high as wide.
const STEP: (u16, u16) = (2, 1);

/// A pane above an arrangement; `P` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Floating<P> {
    /// The pane.
    pub pane: P,
    /// Where it lies.
    #[serde(flatten)]
    pub place: FloatPlace,
    /// It is seen.
    pub shown: bool,
    /// It fills the window.
    #[serde(default)]
    pub full: bool,
}

impl<P> Floating<P> {
    /// A new one, in the middle.
    #[must_use]
    pub fn new(pane: P) -> Self {
        Self { pane, place: FloatPlace::default(), shown: true, full: false }
    }

    /// The same of another pane.
    #[must_use]
    pub fn with<Q>(&self, pane: Q) -> Floating<Q> {
        Floating { pane, place: self.place, shown: self.shown, full: self.full }
    }

    /// Its frame, and whether it has a border.
    #[must_use]
    pub fn frame(&self, area: Rect) -> (Rect, bool) {
        let fills = self.full || area.width < ROOMY.0 || area.height < ROOMY.1;
        if fills { (area, false) } else { (self.place.frame(area), true) }
    }
}

/// A place in shares of the area, of 65,536 each, so that it stays where it is when the terminal is another size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FloatPlace {
    /// From the left.
    pub x: u32,
    /// From above.
    pub y: u32,
    /// Its columns.
    pub width: u32,
    /// Its rows.
    pub height: u32,
}

impl Default for FloatPlace {
    /// In the middle: four fifths of the columns, seven tenths of the rows.
    fn default() -> Self {
        Self { x: WHOLE / 10, y: WHOLE * 3 / 20, width: WHOLE * 4 / 5, height: WHOLE * 7 / 10 }
    }
}

impl FloatPlace {
    /// The frame in an area.
    #[must_use]
    pub fn frame(self, area: Rect) -> Rect {
        let (x, width) = fit(cells(area.width, self.x), cells(area.width, self.width), LEAST.0, area.width);
        let (y, height) = fit(cells(area.height, self.y), cells(area.height, self.height), LEAST.1, area.height);
        Rect { x: area.x + x, y: area.y + y, width, height }
    }

    /// The place of a frame.
    #[must_use]
    pub fn of(frame: Rect, area: Rect) -> Self {
        Self {
            x: share(frame.x.saturating_sub(area.x), area.width),
            y: share(frame.y.saturating_sub(area.y), area.height),
            width: share(frame.width, area.width),
            height: share(frame.height, area.height),
        }
    }

    /// Puts its upper left corner there, as far as the area goes.
    #[must_use]
    pub fn put(self, x: u16, y: u16, area: Rect) -> Self {
        let frame = self.frame(area);
        let within = |to: u16, from: u16, end: u16, length: u16| to.clamp(from, end.saturating_sub(length).max(from));
        let x = within(x, area.x, area.right(), frame.width);
        let y = within(y, area.y, area.bottom(), frame.height);
        Self::of(Rect { x, y, ..frame }, area)
    }

    /// Moves it by a step.
    #[must_use]
    pub fn moved(self, direction: Direction, area: Rect) -> Self {
        let Rect { x, y, .. } = self.frame(area);
        match direction {
            Direction::Left => self.put(x.saturating_sub(STEP.0), y, area),
            Direction::Right => self.put(x.saturating_add(STEP.0), y, area),
            Direction::Up => self.put(x, y.saturating_sub(STEP.1), area),
            Direction::Down => self.put(x, y.saturating_add(STEP.1), area),
        }
    }

    /// Moves its right or lower border by some cells; one at the edge leaves no room, and then its left or upper border moves.
    #[must_use]
    pub fn resized(self, direction: Direction, cells: u16, area: Rect) -> Self {
        let frame = self.frame(area);
        let edge = match direction {
            Direction::Left => Edges { right: Some(frame.right().saturating_sub(cells)), ..Edges::default() },
            Direction::Right if frame.right() < area.right() => Edges { right: Some(frame.right().saturating_add(cells)), ..Edges::default() },
            Direction::Right => Edges { left: Some(frame.x.saturating_sub(cells)), ..Edges::default() },
            Direction::Up => Edges { bottom: Some(frame.bottom().saturating_sub(cells)), ..Edges::default() },
            Direction::Down if frame.bottom() < area.bottom() => Edges { bottom: Some(frame.bottom().saturating_add(cells)), ..Edges::default() },
            Direction::Down => Edges { top: Some(frame.y.saturating_sub(cells)), ..Edges::default() },
        };
        self.with_edges(edge, area)
    }

    /// Puts some of its edges elsewhere; the others stay.
    #[must_use]
    pub fn with_edges(self, edges: Edges, area: Rect) -> Self {
        let frame = self.frame(area);
        let (left, right) = stretch((frame.x, frame.right()), edges.left, edges.right, LEAST.0, (area.x, area.right()));
        let (top, bottom) = stretch((frame.y, frame.bottom()), edges.top, edges.bottom, LEAST.1, (area.y, area.bottom()));
        Self::of(Rect { x: left, y: top, width: right - left, height: bottom - top }, area)
    }
}

/// Where edges are to lie: the first cell of a left or upper one, the cell after a right or lower one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Edges {
    /// The left one.
    pub left: Option<u16>,
    /// The right one.
    pub right: Option<u16>,
    /// The upper one.
    pub top: Option<u16>,
    /// The lower one.
    pub bottom: Option<u16>,
}

/// Moves the ends of a stretch within bounds, so that it stays long enough.
fn stretch((start, end): (u16, u16), new_start: Option<u16>, new_end: Option<u16>, least: u16, (from, to): (u16, u16)) -> (u16, u16) {
    let least = least.min(to - from);
    let start = new_start.map_or(start, |wanted| wanted.clamp(from, end.saturating_sub(least).max(from)));
    let end = new_end.map_or(end, |wanted| wanted.clamp((start + least).min(to), to));
    (start, end)
}

fn cells(whole: u16, share: u32) -> u16 {
    u16::try_from((u32::from(whole) * share.min(WHOLE) + WHOLE / 2) / WHOLE).unwrap_or(whole).min(whole)
}

fn share(cells: u16, whole: u16) -> u32 {
    let whole = u32::from(whole.max(1));
    ((u32::from(cells) * WHOLE + whole / 2) / whole).min(WHOLE)
}

fn fit(from: u16, length: u16, least: u16, whole: u16) -> (u16, u16) {
    let length = length.max(least).min(whole);
    (from.min(whole - length), length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_comes_back_from_its_frame_in_every_area() {
        for width in 24..300 {
            let area = Rect { x: 3, y: 1, width, height: width / 2 };
            let frame = FloatPlace::default().frame(area);
            assert_eq!(FloatPlace::of(frame, area).frame(area), frame, "{width}");
            assert!(area.contains((frame.x, frame.y).into()) && frame.right() <= area.right() && frame.bottom() <= area.bottom());
        }
    }

    #[test]
    fn nothing_leads_out_of_the_area_and_nothing_makes_it_too_small() {
        let area = Rect { x: 0, y: 1, width: 80, height: 22 };
        let mut place = FloatPlace::default();
        for direction in [Direction::Left, Direction::Up, Direction::Right, Direction::Down] {
            for _ in 0..100 {
                place = place.moved(direction, area);
            }
        }
        let frame = place.frame(area);
        assert_eq!((frame.right(), frame.bottom()), (80, 23));
        for direction in [Direction::Left, Direction::Up] {
            place = place.resized(direction, 200, area);
        }
        assert_eq!((place.frame(area).width, place.frame(area).height), LEAST);
        for _ in 0..2 {
            for direction in [Direction::Right, Direction::Down] {
                place = place.resized(direction, 200, area);
            }
        }
        assert_eq!(place.frame(area), area);
        // What a file says is not believed.
        let wild = FloatPlace { x: u32::MAX, y: u32::MAX, width: u32::MAX, height: 0 };
        let frame = wild.frame(area);
        assert!(frame.right() <= area.right() && frame.bottom() <= area.bottom() && frame.height == LEAST.1);
    }
}
