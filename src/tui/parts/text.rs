//! Text that has to fit into cells: widths, cutting, numbers and ages of fixed width.
use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

/// Columns that a text takes.
#[must_use]
pub fn width(text: &str) -> usize {
    text.width()
}

/// The text without what moves the cursor, cut to `cols` columns; a cut one ends in `…`.
#[must_use]
pub fn clip(text: &str, cols: usize) -> String {
    let clean: String = text.chars().filter(|c| !c.is_control()).collect();
    if width(&clean) <= cols {
        return clean;
    }
    if cols == 0 {
        return String::new();
    }
    let mut out = String::new();
    let mut used = 0;
    for grapheme in clean.graphemes(true) {
        if used + width(grapheme) > cols - 1 {
            break;
        }
        used += width(grapheme);
        out.push_str(grapheme);
    }
    out.push('…');
    out
}

/// The text in exactly `cols` columns, at their left.
#[must_use]
pub fn left(text: &str, cols: usize) -> String {
    let text = clip(text, cols);
    let room = cols.saturating_sub(width(&text));
    text + &" ".repeat(room)
}

/// The text in exactly `cols` columns, at their right.
#[must_use]
pub fn right(text: &str, cols: usize) -> String {
    let text = clip(text, cols);
    " ".repeat(cols.saturating_sub(width(&text))) + &text
}

/// A name as it was typed: without what moves the cursor; none where nothing is left.
#[must_use]
pub fn name(typed: &str) -> Option<String> {
    let name: String = typed.trim().chars().filter(|c| !c.is_control()).collect();
    (!name.is_empty()).then_some(name)
}

/// Writes a text, cut to `cols` columns; returns the columns it took.
pub fn put(buffer: &mut Buffer, x: u16, y: u16, cols: u16, text: &str, style: Style) -> u16 {
    if !buffer.area.contains((x, y).into()) {
        return 0;
    }
    let text = clip(text, usize::from(cols.min(buffer.area.right() - x)));
    buffer.set_stringn(x, y, &text, usize::from(cols), style).0.saturating_sub(x)
}

/// Breaks a text at blanks so that no line is wider than `cols` columns; what has no blank is cut where it must.
#[must_use]
pub fn wrap(text: &str, cols: usize) -> Vec<String> {
    let cols = cols.max(1);
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            if !line.is_empty() && width(&line) + 1 + width(word) > cols {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            for grapheme in word.graphemes(true) {
                if !line.is_empty() && width(&line) + width(grapheme) > cols {
                    lines.push(std::mem::take(&mut line));
                }
                line.push_str(grapheme);
            }
        }
        lines.push(line);
    }
    lines
}

/// An amount of memory in at most four columns: `48M`, `1.9G`, `512K`.
#[must_use]
pub fn bytes(amount: u64) -> String {
    const UNITS: [&str; 6] = ["B", "K", "M", "G", "T", "P"];
    let mut value = amount as f64;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let digits = usize::from(unit > 2 && value < 9.95);
    format!("{value:.digits$}{}", UNITS[unit])
}

/// An amount to be read with care, as of a download: `12.3 MB`.
#[must_use]
pub fn size(amount: u64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let mut value = amount as f64;
    let mut unit = 0;
    while value >= 999.95 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    if unit == 0 { format!("{amount} B") } else { format!("{value:.1} {}", UNITS[unit]) }
}

/// Processor use in at most four columns: `3%`, `100%`; what is above 9,999 stays there.
#[must_use]
pub fn percent(value: f64) -> String {
    format!("{:.0}%", value.clamp(0.0, 9999.0))
}

/// At least how long ago a time was, in at most five columns: `<5m`, `15m`, `2h`, `3d`. In few steps, since each one is written to the
/// terminal: a screen on which nothing happens stays silent.
#[must_use]
pub fn age(since: Timestamp, now: Timestamp) -> String {
    let minutes = now.as_second().saturating_sub(since.as_second()).max(0) / 60;
    match minutes {
        0..5 => "<5m".to_owned(),
        5..15 => "5m".to_owned(),
        15..30 => "15m".to_owned(),
        30..60 => "30m".to_owned(),
        60..1_440 => format!("{}h", minutes / 60),
        _ => format!("{}d", (minutes / 1_440).min(9_999)),
    }
}

/// `1 session`, `2 sessions`.
#[must_use]
pub fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_told_in_few_steps() {
        let at = |seconds: i64| age(Timestamp::from_second(0).unwrap(), Timestamp::from_second(seconds).unwrap());
        assert_eq!([0, 299, 300, 899, 900, 1_800, 3_599].map(at), ["<5m", "<5m", "5m", "5m", "15m", "30m", "30m"]);
        assert_eq!([3_600, 7_199, 86_399, 86_400, i64::from(u32::MAX)].map(at), ["1h", "1h", "23h", "1d", "9999d"]);
        assert_eq!(at(-5), "<5m");
    }

    #[test]
    fn a_cut_text_never_shows_half_a_character() {
        assert_eq!(clip("日本語", 4), "日…");
        assert_eq!(clip("日本語", 5), "日本…");
        assert_eq!(clip("日本語", 6), "日本語");
        assert_eq!(left("👩‍💻 dev", 4), "👩‍💻 …");
        assert_eq!(right("ab", 4), "  ab");
        assert_eq!(clip("a\u{1b}[31mb", 9), "a[31mb");
    }

    #[test]
    fn numbers_keep_their_width() {
        assert_eq!(
            ["0B", "999B", "1K", "48M", "976K", "1.9G", "12G"],
            [0, 999, 1_000, 48 << 20, 999_000, 2_040_109_465, 12 << 30].map(bytes).each_ref().map(String::as_str)
        );
        assert_eq!([percent(0.4), percent(99.6), percent(240.0)], ["0%", "100%", "240%"]);
        assert_eq!(size(46_123_456), "46.1 MB");
    }

    #[test]
    fn long_words_and_lines_are_broken() {
        assert_eq!(wrap("the name 'web-2' is in use", 10), ["the name", "'web-2' is", "in use"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
    }
}
