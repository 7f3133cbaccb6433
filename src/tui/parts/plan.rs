//! Where the tiles of the home view lie, or the rows of its table.
use super::table;
use ratatui::layout::Rect;
use std::ops::Range;

/// The smallest tile.
const SMALLEST: (u16, u16) = (30, 7);
/// Columns that a tile should have where there is a choice.
const GOOD_COLS: u16 = 36;

/// Where tiles or rows lie.
#[derive(Clone, Debug)]
pub struct Plan {
    /// All of it.
    pub area: Rect,
    /// Rows instead of tiles.
    pub table: bool,
    columns: usize,
    lines: Vec<Line>,
}

/// Items side by side.
#[derive(Clone, Copy, Debug)]
struct Line {
    first: usize,
    count: usize,
    height: u16,
}

impl Plan {
    /// For so many items, of which some are headings with a line to themselves; a table where tiles have no room.
    #[must_use]
    pub fn new(area: Rect, count: usize, table: bool, heading: impl Fn(usize) -> bool) -> Self {
        if table || area.width < SMALLEST.0 || area.height < SMALLEST.1 {
            let lines = (0..count).map(|first| Line { first, count: 1, height: 1 }).collect();
            return Self { area, table: true, columns: 1, lines };
        }
        let headings = (0..count).filter(|place| heading(*place)).count();
        let most = usize::from((area.width / GOOD_COLS).max(1));
        let columns = most.min((count - headings).max(1));
        let mut lines: Vec<Line> = Vec::new();
        for first in 0..count {
            match lines.last_mut() {
                Some(line) if line.height == 0 && line.count < columns && !heading(first) => line.count += 1,
                _ => lines.push(Line { first, count: 1, height: u16::from(heading(first)) }),
            }
        }
        let rows = lines.iter().filter(|line| line.height == 0).count().max(1);
        let above = u16::try_from(headings).unwrap_or(u16::MAX).min(area.height / (SMALLEST.1 + 1));
        let room = area.height - above;
        let seen = rows.min(usize::from(room / SMALLEST.1).max(1));
        let width = area.width / u16::try_from(columns).unwrap_or(1);
        // Not much higher than a terminal of this width would be.
        let high = (width / 3).max(SMALLEST.1);
        let height = (room / u16::try_from(seen).unwrap_or(1)).min(high);
        for line in lines.iter_mut().filter(|line| line.height == 0) {
            line.height = height;
        }
        Self { area, table: false, columns, lines }
    }

    fn head(&self) -> u16 {
        if self.table { table::head_rows(self.area) } else { 0 }
    }

    fn room(&self) -> usize {
        usize::from(self.area.height - self.head())
    }

    /// The first line from which all up to `line` are seen.
    fn first_for(&self, line: usize) -> usize {
        let mut room = self.room();
        let mut first = line;
        for (place, line) in self.lines.iter().enumerate().take(line + 1).rev() {
            let Some(left) = room.checked_sub(line.height.into()) else { break };
            (room, first) = (left, place);
        }
        first
    }

    fn line_of(&self, item: usize) -> usize {
        self.lines.partition_point(|line| line.first <= item).saturating_sub(1)
    }

    /// The first line shown, so that the cursor's is.
    #[must_use]
    pub fn top(&self, wanted: usize, cursor: usize) -> usize {
        let line = self.line_of(cursor);
        wanted.clamp(self.first_for(line), line).min(self.first_for(self.lines.len().saturating_sub(1)))
    }

    /// Lines that are seen from `top` on.
    fn shown(&self, top: usize) -> Range<usize> {
        let mut room = self.room();
        let fitting = self.lines.iter().skip(top).take_while(|line| {
            let fits = usize::from(line.height) <= room;
            room = room.saturating_sub(line.height.into());
            fits
        });
        // What is too high is better cut than not seen at all.
        top..(top + fitting.count().max(1)).min(self.lines.len())
    }

    /// The items that are seen.
    #[must_use]
    pub fn seen(&self, top: usize) -> Range<usize> {
        let shown = self.shown(top);
        let of = |line: Option<&Line>| line.map_or(0, |line| line.first);
        let end = self.lines.get(shown.end.saturating_sub(1)).map_or(0, |line| line.first + line.count);
        of(self.lines.get(shown.start))..end
    }

    /// Whether all has room.
    #[must_use]
    pub fn fits(&self) -> bool {
        self.first_for(self.lines.len().saturating_sub(1)) == 0
    }

    /// The item a line above or below.
    #[must_use]
    pub fn beside(&self, item: usize, below: bool) -> usize {
        let line = self.line_of(item);
        let next = if below { line + 1 } else { line.wrapping_sub(1) };
        match (self.lines.get(line), self.lines.get(next)) {
            // In the last row but one there may be nothing right below.
            (Some(line), Some(next)) => next.first + item.saturating_sub(line.first).min(next.count - 1),
            _ => item,
        }
    }

    /// The items that are seen, with their places.
    pub fn places(&self, top: usize) -> impl Iterator<Item = (usize, Rect)> + '_ {
        let (area, columns) = (self.area, self.columns);
        let edge = move |column: usize| area.x + u16::try_from(usize::from(area.width) * column / columns).unwrap_or(0);
        let mut y = area.y + self.head();
        self.lines[self.shown(top)].iter().flat_map(move |line| {
            let line = *line;
            let height = line.height.min(area.bottom().saturating_sub(y));
            let whole = line.count == 1 && line.height == 1;
            let row = y;
            y += height;
            (0..line.count).map(move |column| {
                let rect =
                    if whole { Rect { y: row, height, ..area } } else { Rect { x: edge(column), y: row, width: edge(column + 1) - edge(column), height } };
                (line.first + column, rect)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(width: u16, height: u16) -> Rect {
        Rect { x: 0, y: 0, width, height }
    }

    #[test]
    fn tiles_stand_below_the_heading_of_their_group() {
        // A heading, three tiles, a heading, one tile.
        let plan = Plan::new(area(80, 40), 6, false, |place| place == 0 || place == 4);
        let places: Vec<(usize, Rect)> = plan.places(0).collect();
        assert_eq!(places.len(), 6);
        assert_eq!((places[0].1.height, places[0].1.width), (1, 80));
        assert_eq!(places[1].1.y, 1);
        assert_eq!(places[3].1.x, 0, "the third begins a row");
        assert_eq!(places[4].1.height, 1);
        assert_eq!(places[5].1.y, places[4].1.y + 1);
        assert_eq!([plan.beside(1, true), plan.beside(2, true), plan.beside(3, true), plan.beside(5, false)], [3, 3, 4, 4]);
    }

    #[test]
    fn the_line_of_the_cursor_is_always_seen() {
        for height in 1..30 {
            for width in [20, 40, 80, 200] {
                let plan = Plan::new(area(width, height), 50, false, |place| place % 7 == 0);
                for cursor in 0..50 {
                    let top = plan.top(0, cursor);
                    assert!(plan.seen(top).contains(&cursor), "{width}x{height}, {cursor}");
                    assert!(plan.places(top).any(|(place, rect)| place == cursor && rect.height > 0 && rect.bottom() <= height), "{width}x{height}, {cursor}");
                }
            }
        }
        let none = Plan::new(area(80, 24), 0, true, |_| false);
        assert_eq!((none.top(3, 2), none.seen(0), none.places(0).count()), (0, 0..0, 0));
    }
}
