//! Where shells say that their prompts begin (OSC 133;A), kept with the prompt's first character.
//!
//! The engine knows no such marks. They lie in the one place of a cell that it keeps and moves with the text, when lines are
//! wrapped anew or scroll away, and that no program can set to this value: the colour of the underline. A mark goes when
//! its character is drawn over or cleared.

use super::screen::Screen;
use super::selection::Point;
use alacritty_terminal::term::cell::Cell as RawCell;
use alacritty_terminal::vte::ansi::Color;
use alacritty_terminal::vte::ansi::NamedColor;

/// What a shell says before its prompt.
pub(super) const MARK: &[u8] = b"\x1b]133;A\x1b\\";
/// Programs name underlines' colours by number or by value only.
const MARKED: Color = Color::Named(NamedColor::Cursor);

/// Marks a prompt's first character.
pub(super) fn mark(cell: &mut RawCell) {
    cell.set_underline_color(Some(MARKED));
}

/// Whether it is a prompt's first character.
pub(super) fn is_marked(cell: &RawCell) -> bool {
    cell.underline_color() == Some(MARKED)
}

/// The colour that the program gave a cell's underline.
pub(super) fn underline_color(cell: &RawCell) -> Option<Color> {
    cell.underline_color().filter(|color| *color != MARKED)
}

impl Screen {
    /// Where the prompts begin whose shell says so, the oldest first; rows below 0 are scrollback.
    #[must_use]
    pub fn prompts(&self) -> Vec<Point> {
        let first = -i32::try_from(self.scrollback_len()).unwrap_or(0);
        let begin = |row: i32| {
            let col = self.raw_row(row)?.iter().position(is_marked)?;
            Some(Point { row, col: u16::try_from(col).ok()? })
        };
        (first..i32::from(self.size().rows)).filter_map(begin).collect()
    }
}
