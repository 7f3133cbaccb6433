//! What is left of a screen for those who have it read to them: no borders and no signs, words instead.
use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use ratatui::layout::Rect;

/// What is turned off; told once, and at the top of the help.
pub const TOLD: &str = "accessible: no tiles, borders, signs, graphs or moving parts; the cursor is on what is selected";

/// Signs of keys in hints, and their words; longer ones first.
const WORDS: [(&str, &str); 10] = [
    ("⇧⇥", "shift-tab"),
    ("↑↓", "up or down"),
    ("←→", "left or right"),
    ("⏎", "enter"),
    ("⇥", "tab"),
    ("⌫", "backspace"),
    ("↑", "up"),
    ("↓", "down"),
    ("←", "left"),
    ("→", "right"),
];

/// A hint in words.
#[must_use]
pub fn in_words(hint: &str) -> String {
    let mut words = hint.to_owned();
    for (sign, word) in WORDS {
        words = words.replace(sign, word);
    }
    let spoken = words.split(' ').map(|word| match word.strip_prefix('^') {
        Some(key) if !key.is_empty() => format!("ctrl-{key}"),
        _ => word.to_owned(),
    });
    spoken.collect::<Vec<_>>().join(" ")
}

/// Takes borders and signs away, except in these places, which belong to programs.
pub fn strip(buffer: &mut Buffer, programs: &[Rect]) {
    let area = buffer.area;
    for y in area.top()..area.bottom() {
        for x in area.left()..area.right() {
            if programs.iter().any(|place| place.contains(Position { x, y })) {
                continue;
            }
            let cell = &mut buffer[(x, y)];
            let mut letters = cell.symbol().chars();
            if let (Some(sign), None) = (letters.next(), letters.next())
                && let Some(plain) = plain(sign)
            {
                cell.set_symbol(plain);
            }
        }
    }
}

/// What stands for a sign; none for what is text.
fn plain(sign: char) -> Option<&'static str> {
    Some(match sign {
        // Lines, blocks, and the dots that graphs are drawn with.
        '\u{2500}'..='\u{259f}' | '\u{2800}'..='\u{28ff}' => " ",
        '●' | '○' | '◐' | '⏸' | '⟳' | '⌁' | '✓' | '⇉' => " ",
        '▸' | '→' => ">",
        '←' => "<",
        '↑' => "^",
        '↓' => "v",
        '▲' | '✖' => "!",
        '·' => ",",
        '…' => ".",
        '–' => "-",
        _ => return None,
    })
}
