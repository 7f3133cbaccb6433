//! One line of text that is edited.
use super::text;
use crate::term::Key;
use crate::term::KeyCode;
use crate::term::Mods;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation as _;

/// Bytes that a line takes at most; what goes beyond is left out.
const LONGEST: usize = 4096;

/// What a key did to a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edit {
    /// The text is another.
    Changed,
    /// At most the cursor moved.
    Moved,
    /// It is no key for a line of text.
    Ignored,
}

/// A line of text with a cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Field {
    text: String,
    /// Bytes before the cursor; always between two graphemes.
    cursor: usize,
}

impl Field {
    /// A line with the cursor at its end.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut field = Self::default();
        field.insert(text);
        field
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Replaces the text; the cursor goes to its end.
    pub fn set(&mut self, text: &str) {
        *self = Self::new(text);
    }

    /// Removes all text; returns whether there was any.
    pub fn clear(&mut self) -> bool {
        let had = !self.text.is_empty();
        *self = Self::default();
        had
    }

    /// Inserts text at the cursor, as pasted: line ends and tabs become blanks, other control characters go.
    pub fn insert(&mut self, pasted: &str) {
        let pasted = pasted.trim_end_matches(['\r', '\n']).replace("\r\n", " ");
        for c in pasted.chars() {
            let c = if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c };
            if !c.is_control() && self.text.len() + c.len_utf8() <= LONGEST {
                self.text.insert(self.cursor, c);
                self.cursor += c.len_utf8();
            }
        }
        self.settle();
    }

    /// Takes a key.
    pub fn key(&mut self, key: Key) -> Edit {
        let before = self.text.len();
        match (key.code, key.mods.contains(Mods::CTRL), key.mods.contains(Mods::ALT)) {
            (KeyCode::Char(c), false, false) => self.insert(c.encode_utf8(&mut [0; 4])),
            (KeyCode::Left, false, false) | (KeyCode::Char('b'), true, _) => self.cursor = self.before(),
            (KeyCode::Right, false, false) | (KeyCode::Char('f'), true, _) => self.cursor = self.after(),
            (KeyCode::Left, ..) | (KeyCode::Char('b'), _, true) => self.cursor = self.word_before(),
            (KeyCode::Right, ..) | (KeyCode::Char('f'), _, true) => self.cursor = self.word_after(),
            (KeyCode::Home, ..) | (KeyCode::Char('a'), true, _) => self.cursor = 0,
            (KeyCode::End, ..) | (KeyCode::Char('e'), true, _) => self.cursor = self.text.len(),
            (KeyCode::Backspace, false, false) | (KeyCode::Char('h'), true, _) => self.cut(self.before(), self.cursor),
            (KeyCode::Delete, ..) | (KeyCode::Char('d'), true, _) => self.cut(self.cursor, self.after()),
            (KeyCode::Backspace, ..) | (KeyCode::Char('w'), true, _) => self.cut(self.word_before(), self.cursor),
            (KeyCode::Char('u'), true, _) => self.cut(0, self.cursor),
            (KeyCode::Char('k'), true, _) => self.cut(self.cursor, self.text.len()),
            _ => return Edit::Ignored,
        }
        if self.text.len() == before { Edit::Moved } else { Edit::Changed }
    }

    fn cut(&mut self, from: usize, to: usize) {
        self.text.replace_range(from..to, "");
        self.cursor = from;
        self.settle();
    }

    /// Moves a cursor that an edit left inside a grapheme to its end.
    fn settle(&mut self) {
        let ends = self.text.grapheme_indices(true).map(|(at, grapheme)| at + grapheme.len());
        self.cursor = std::iter::once(0).chain(ends).find(|end| *end >= self.cursor).unwrap_or(self.text.len());
    }

    fn before(&self) -> usize {
        self.text[..self.cursor].grapheme_indices(true).next_back().map_or(0, |(at, _)| at)
    }

    fn after(&self) -> usize {
        self.text[self.cursor..].graphemes(true).next().map_or(self.cursor, |grapheme| self.cursor + grapheme.len())
    }

    fn word_before(&self) -> usize {
        self.text[..self.cursor].unicode_word_indices().next_back().map_or(0, |(at, _)| at)
    }

    fn word_after(&self) -> usize {
        self.text[self.cursor..].unicode_word_indices().next().map_or(self.text.len(), |(at, word)| self.cursor + at + word.len())
    }

    /// Draws it into the first row of `area`, moved so that the cursor is seen; `placeholder` stands for no text.
    pub fn draw(&self, frame: &mut Frame, area: Rect, style: Style, placeholder: (&str, Style), focused: bool) {
        if area.width == 0 || area.height == 0 {
            return;
        }
        let room = usize::from(area.width);
        let mut start = 0;
        // One column stays free for the cursor behind the text.
        while text::width(&self.text[start..self.cursor]) + 1 > room {
            start += self.text[start..].graphemes(true).next().map_or(1, str::len);
        }
        let buffer = frame.buffer_mut();
        if self.text.is_empty() {
            text::put(buffer, area.x, area.y, area.width, placeholder.0, placeholder.1);
        } else {
            buffer.set_stringn(area.x, area.y, &self.text[start..], room, style);
        }
        if focused {
            let column = u16::try_from(text::width(&self.text[start..self.cursor])).unwrap_or(area.width - 1);
            frame.set_cursor_position((area.x + column.min(area.width - 1), area.y));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(field: &mut Field, code: KeyCode, mods: Mods) -> Edit {
        field.key(Key::new(code, mods))
    }

    #[test]
    fn keys_go_by_what_people_see_as_one_character() {
        let mut field = Field::new("a👩‍💻é");
        press(&mut field, KeyCode::Left, Mods::NONE);
        press(&mut field, KeyCode::Backspace, Mods::NONE);
        assert_eq!(field.text(), "aé");
        press(&mut field, KeyCode::Char('日'), Mods::NONE);
        assert_eq!(field.text(), "a日é");
    }

    #[test]
    fn words_and_ends_are_cut_as_in_a_shell() {
        let mut field = Field::new("logs web-1 now");
        assert_eq!(press(&mut field, KeyCode::Char('w'), Mods::CTRL), Edit::Changed);
        assert_eq!(field.text(), "logs web-1 ");
        press(&mut field, KeyCode::Home, Mods::NONE);
        press(&mut field, KeyCode::Char('k'), Mods::CTRL);
        assert_eq!(field.text(), "");
        assert_eq!(press(&mut field, KeyCode::Enter, Mods::NONE), Edit::Ignored);
    }

    #[test]
    fn pasted_lines_become_one() {
        let mut field = Field::default();
        field.insert("a\r\nb\tc\u{1b}[31m\n");
        assert_eq!(field.text(), "a b c[31m");
    }
}
