//! Bars of block characters: a column each, an eighth of a row fine.
use super::text;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

const EIGHTHS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// Draws a bar in each column for which there is a value; what is nothing is a thin line, what is not known is left empty.
pub fn bars(buffer: &mut Buffer, area: Rect, values: impl Iterator<Item = Option<f64>>, most: f64, style: Style, thin: Style) {
    let area = area.intersection(buffer.area);
    let all = f64::from(area.height) * 8.0;
    for (x, value) in (area.left()..area.right()).zip(values) {
        let Some(value) = value else { continue };
        let full = if most > 0.0 { (value / most * all).clamp(0.0, all) } else { 0.0 };
        // Little is not nothing.
        let eighths = (full.round() as u32).max(1);
        let is_nothing = value <= 0.0;
        for (row, y) in (area.top()..area.bottom()).rev().enumerate() {
            let own = eighths.saturating_sub(8 * row as u32).min(8) as usize;
            if own == 0 {
                break;
            }
            buffer[(x, y)].set_symbol(EIGHTHS[own]).set_style(if is_nothing { thin } else { style });
        }
    }
}

/// The next of the round numbers 1, 2, 5, 10, 20, …; of bytes among powers of two.
#[must_use]
pub fn round_up(value: f64, binary: bool) -> f64 {
    if value <= 1.0 {
        return 1.0;
    }
    if binary {
        return 2.0_f64.powf(value.log2().ceil());
    }
    let ten = 10.0_f64.powf(value.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|step| step * ten).find(|round| *round >= value).unwrap_or(value)
}

/// Writes words into the middle of a place, broken where they have no room.
pub fn middle(buffer: &mut Buffer, area: Rect, words: &str, style: Style) {
    let lines = text::wrap(words, usize::from(area.width));
    let first = area.y + area.height.saturating_sub(lines.len() as u16) / 2;
    for (line, y) in lines.iter().zip(first..area.bottom()) {
        let wide = (text::width(line) as u16).min(area.width);
        text::put(buffer, area.x + (area.width - wide) / 2, y, wide, line, style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_an_eighth_fine_and_nothing_is_thin() {
        let area = Rect { x: 0, y: 0, width: 6, height: 2 };
        let mut buffer = Buffer::empty(area);
        let values = [Some(0.0), Some(1.0), Some(8.0), Some(12.0), Some(99.0), None];
        bars(&mut buffer, area, values.into_iter(), 16.0, Style::new(), Style::new());
        let row = |y| (0..6).map(|x| buffer[(x, y)].symbol().to_owned()).collect::<String>();
        assert_eq!([row(0), row(1)], ["   ▄█ ", "▁▁███ "]);
    }

    #[test]
    fn scales_are_round() {
        assert_eq!([0.3, 1.1, 2.0, 34.0, 100.0, 340.0].map(|value| round_up(value, false)), [1.0, 2.0, 2.0, 50.0, 100.0, 500.0]);
        assert_eq!(round_up(100.0 * 1024.0, true), 128.0 * 1024.0);
    }
}
