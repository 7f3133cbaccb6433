//! Where the tiles of the home view lie, or the rows of its table.
use super::table;
use ratatui::layout::Rect;

/// The smallest tile.
const SMALLEST: (u16, u16) = (30, 7);
/// Columns that a tile should have where there is a choice.
const GOOD_COLS: u16 = 36;

/// Where tiles or rows lie.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// All of it.
    pub area: Rect,
    /// Rows instead of tiles.
    pub table: bool,
    /// Tiles side by side.
    pub columns: usize,
    /// Rows of tiles, or of the table, that are seen at once.
    pub seen: usize,
    /// Height of a tile or row.
    pub height: u16,
}

impl Plan {
    /// For so many items; a table where tiles have no room.
    #[must_use]
    pub fn new(area: Rect, count: usize, table: bool) -> Self {
        if table || area.width < SMALLEST.0 || area.height < SMALLEST.1 {
            let seen = usize::from(area.height.saturating_sub(table::head_rows(area))).max(1);
            return Self { area, table: true, columns: 1, seen, height: 1 };
        }
        let most = usize::from((area.width / GOOD_COLS).max(1));
        let columns = most.min(count.max(1));
        let rows = count.max(1).div_ceil(columns);
        let fitting = usize::from(area.height / SMALLEST.1).max(1);
        let seen = rows.min(fitting);
        let width = area.width / u16::try_from(columns).unwrap_or(1);
        // Not much higher than a terminal of this width would be.
        let high = (width / 3).max(SMALLEST.1);
        let height = (area.height / u16::try_from(seen).unwrap_or(1)).min(high);
        let seen = rows.min(usize::from(area.height / height).max(1));
        Self { area, table: false, columns, seen, height }
    }

    /// Rows in all.
    #[must_use]
    pub fn rows(&self, count: usize) -> usize {
        count.div_ceil(self.columns)
    }

    /// The first row shown, so that the cursor's is.
    #[must_use]
    pub fn top(&self, wanted: usize, cursor: usize, count: usize) -> usize {
        let row = cursor / self.columns;
        let last = self.rows(count).saturating_sub(self.seen);
        wanted.clamp((row + 1).saturating_sub(self.seen), row).min(last)
    }

    /// The items that are seen, with their places.
    pub fn places(&self, top: usize, count: usize) -> impl Iterator<Item = (usize, Rect)> + '_ {
        let plan = *self;
        let first = top * plan.columns;
        let rect = move |place: usize| {
            let shown = place - first;
            let (row, column) = (shown / plan.columns, shown % plan.columns);
            let edge = |column: usize| plan.area.x + u16::try_from(usize::from(plan.area.width) * column / plan.columns).unwrap_or(0);
            let head = if plan.table { table::head_rows(plan.area) } else { 0 };
            let y = plan.area.y + head + u16::try_from(row).unwrap_or(0) * plan.height;
            Rect { x: edge(column), y, width: edge(column + 1) - edge(column), height: plan.height.min(plan.area.bottom().saturating_sub(y)) }
        };
        (first..count.min(first + plan.seen * plan.columns)).map(move |place| (place, rect(place)))
    }
}
