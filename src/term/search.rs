//! Finding text on a screen and in its scrollback.

use super::screen::Screen;
use super::selection::Point;

/// How text is compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SearchOptions {
    /// Capitals differ from small letters.
    pub match_case: bool,
}

/// Where a text was found; it may go on over wrapped rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match {
    /// Its first cell.
    pub start: Point,
    /// Its last cell.
    pub end: Point,
}

impl Screen {
    /// All places of `needle`, from the oldest line to the newest; those that overlap are left out.
    #[must_use]
    pub fn find_all(&self, needle: &str, options: SearchOptions) -> Vec<Match> {
        let needle = fold(needle, options);
        let mut found = Vec::new();
        if needle.is_empty() {
            return found;
        }
        let rows = i32::from(self.size().rows);
        let mut row = -i32::try_from(self.scrollback_len()).unwrap_or(0);
        while row < rows {
            let mut line = LineText::default();
            loop {
                line.add(self, row, options);
                let wrapped = self.is_wrapped(row);
                row += 1;
                if !wrapped || row >= rows {
                    break;
                }
            }
            line.find(&needle, &mut found);
        }
        found
    }

    /// The first place after `from`; from the oldest line again when there is none.
    #[must_use]
    pub fn find_next(&self, needle: &str, from: Point, options: SearchOptions) -> Option<Match> {
        let found = self.find_all(needle, options);
        found.iter().find(|place| place.start > from).or(found.first()).copied()
    }

    /// The last place before `from`; from the newest line again when there is none.
    #[must_use]
    pub fn find_previous(&self, needle: &str, from: Point, options: SearchOptions) -> Option<Match> {
        let found = self.find_all(needle, options);
        found.iter().rev().find(|place| place.start < from).or(found.last()).copied()
    }
}

/// One line, wrapped or not, with the cell of each of its characters.
#[derive(Default)]
struct LineText {
    chars: Vec<char>,
    cells: Vec<Point>,
}

impl LineText {
    fn add(&mut self, screen: &Screen, row: i32, options: SearchOptions) {
        for col in 0..screen.size().cols {
            for c in fold(screen.cell(row, col).text.as_str(), options) {
                self.chars.push(c);
                self.cells.push(Point { row, col });
            }
        }
    }

    fn find(&self, needle: &[char], found: &mut Vec<Match>) {
        let mut at = 0;
        while at + needle.len() <= self.chars.len() {
            let end = at + needle.len();
            if self.chars[at..end] == *needle {
                found.push(Match { start: self.cells[at], end: self.cells[end - 1] });
                at = end;
            } else {
                at += 1;
            }
        }
    }
}

fn fold(text: &str, options: SearchOptions) -> Vec<char> {
    if options.match_case { text.chars().collect() } else { text.chars().flat_map(char::to_lowercase).collect() }
}
