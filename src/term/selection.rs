//! Marking text on a screen and in its scrollback.

use super::screen::Screen;
use alacritty_terminal::index::Column;
use alacritty_terminal::index::Line;
use alacritty_terminal::index::Point as RawPoint;
use alacritty_terminal::index::Side as RawSide;
use alacritty_terminal::selection::Selection;
use alacritty_terminal::selection::SelectionRange;
use alacritty_terminal::selection::SelectionType;
use alacritty_terminal::term::cell::Flags;

/// A place in the text; rows below 0 are scrollback, −1 the newest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    /// Row, from the screen's top.
    pub row: i32,
    /// Column, from 0.
    pub col: u16,
}

/// How a selection grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SelectionKind {
    /// From one character to another.
    Simple,
    /// By words.
    Word,
    /// By whole lines, also where they are wrapped.
    Line,
    /// A rectangle.
    Block,
}

/// The half of a cell that is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Its left half: a selection begins with this cell, or ends before it.
    Left,
    /// Its right half: a selection begins after this cell, or ends with it.
    Right,
}

impl Screen {
    /// Begins a selection. It follows its text as the screen scrolls, and ends when that is overwritten.
    pub fn start_selection(&mut self, kind: SelectionKind, at: Point, side: Side) {
        let kind = match kind {
            SelectionKind::Simple => SelectionType::Simple,
            SelectionKind::Word => SelectionType::Semantic,
            SelectionKind::Line => SelectionType::Lines,
            SelectionKind::Block => SelectionType::Block,
        };
        self.machine.term.selection = Some(Selection::new(kind, self.inside(at), raw_side(side)));
    }

    /// Moves the end of the selection, if there is one.
    pub fn extend_selection(&mut self, to: Point, side: Side) {
        let to = self.inside(to);
        if let Some(selection) = &mut self.machine.term.selection {
            selection.update(to, raw_side(side));
        }
    }

    /// Forgets the selection.
    pub fn clear_selection(&mut self) {
        self.machine.term.selection = None;
    }

    /// Whether anything is selected.
    #[must_use]
    pub fn has_selection(&self) -> bool {
        self.range().is_some()
    }

    /// The selected text: wrapped lines whole, blanks at the ends of lines left out.
    #[must_use]
    pub fn selected_text(&self) -> Option<String> {
        self.machine.term.selection_to_string().filter(|text| !text.is_empty())
    }

    /// Whether the cell is selected; both halves of a wide character are, if one is.
    #[must_use]
    pub fn is_selected(&self, row: i32, col: u16) -> bool {
        self.range().is_some_and(|range| self.covers(&range, row, usize::from(col)))
    }

    /// The selected columns of a row as a range, for whoever draws whole rows.
    #[must_use]
    pub fn selected_columns(&self, row: i32) -> std::ops::Range<u16> {
        let Some(range) = self.range() else { return 0..0 };
        let mut selected = (0..self.size().cols).filter(|col| self.covers(&range, row, usize::from(*col)));
        match (selected.next(), selected.next_back()) {
            (None, _) => 0..0,
            (Some(first), None) => first..first + 1,
            (Some(first), Some(last)) => first..last + 1,
        }
    }

    fn range(&self) -> Option<SelectionRange> {
        let term = &self.machine.term;
        term.selection.as_ref().and_then(|selection| selection.to_range(term))
    }

    fn covers(&self, range: &SelectionRange, row: i32, col: usize) -> bool {
        let at = |col: usize| range.contains(RawPoint::new(Line(row), Column(col)));
        let Some(cell) = self.raw_row(row).and_then(|cells| cells.get(col)) else { return false };
        let first_half = cell.flags.contains(Flags::WIDE_CHAR) && at(col + 1);
        let second_half = cell.flags.contains(Flags::WIDE_CHAR_SPACER) && col > 0 && at(col - 1);
        at(col) || first_half || second_half
    }

    fn inside(&self, point: Point) -> RawPoint {
        let size = self.size();
        let first = -i32::try_from(self.scrollback_len()).unwrap_or(0);
        let row = point.row.clamp(first, i32::from(size.rows) - 1);
        RawPoint::new(Line(row), Column(usize::from(point.col.min(size.cols - 1))))
    }
}

fn raw_side(side: Side) -> RawSide {
    match side {
        Side::Left => RawSide::Left,
        Side::Right => RawSide::Right,
    }
}
