//! Draws a small picture of a screen in its own colours.
//!
//! An own widget over [`Picture`]'s cells, and not tui-term's: that one can't tell a wide character at the edge.
use crate::term::Picture;
use crate::tui::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

/// Draws as much of the picture as `area` has room for; `faded` is for what no longer runs.
pub fn draw(picture: &Picture, buffer: &mut Buffer, area: Rect, theme: &Theme, faded: bool) {
    let area = area.intersection(buffer.area);
    picture.visit(|row, col, cell| {
        if row >= area.height || col >= area.width || cell.width == 0 || cell.is_blank() {
            return;
        }
        // A wide character that is cut by the edge is left out.
        let cut = u16::from(cell.width) > area.width - col;
        let symbol = if cut || cell.text.as_str().is_empty() { " " } else { cell.text.as_str() };
        let mut style = theme.cell(cell);
        if faded {
            style = style.add_modifier(Modifier::DIM);
        }
        if let Some(place) = buffer.cell_mut((area.x + col, area.y + row)) {
            place.set_symbol(symbol).set_style(style);
        }
        if cell.width == 2
            && !cut
            && let Some(place) = buffer.cell_mut((area.x + col + 1, area.y + row))
        {
            place.set_symbol(" ").set_style(style);
        }
    });
}
