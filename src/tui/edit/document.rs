//! One text that is edited: with its cursor, its history, what is wrong in it, and where a run of it pauses.
use super::Kind;
use super::luau;
use super::luau::Language;
use super::luau::Token;
use crate::model::Place;
use crate::model::ScriptCheck;
use crate::model::ScriptHeader;
use ratatui_textarea::CursorMove;
use ratatui_textarea::TextArea;
use std::collections::BTreeSet;
use std::ops::Range;

/// Changes that can be taken back.
const HISTORY: usize = 2_000;
/// Columns between two stops of a tab.
pub const TAB: usize = 4;

/// Something that is wrong at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Row, from 0.
    pub row: usize,
    /// Column in characters, from 0.
    pub column: usize,
    /// It can't be used with this; else it is a warning.
    pub error: bool,
    /// What is wrong.
    pub text: String,
}

/// A text that is edited.
pub struct Document {
    /// What it is.
    pub kind: Kind,
    text: TextArea<'static>,
    /// What is kept elsewhere; what it began with where nothing is yet.
    before: String,
    /// What the server calls that text, for a script.
    pub hash: String,
    /// What is wrong, by rows.
    pub marks: Vec<Mark>,
    /// What the script says of itself, as it was checked last.
    pub header: Option<ScriptHeader>,
    /// Rows at which a run pauses.
    pub breakpoints: BTreeSet<usize>,
    /// Pieces of each row with what they are, in bytes of the row.
    colours: Vec<Vec<(Token, Range<usize>)>>,
    /// Somebody else has saved another text meanwhile.
    pub elsewhere: bool,
}

impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Document").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl Document {
    /// A text with what is kept elsewhere of it, the cursor at its beginning.
    #[must_use]
    pub fn new(kind: Kind, source: &str, before: &str, hash: String) -> Self {
        let mut document = Self {
            kind,
            text: area(source),
            before: even(before),
            hash,
            marks: Vec::new(),
            header: None,
            breakpoints: BTreeSet::new(),
            colours: Vec::new(),
            elsewhere: false,
        };
        document.colour();
        document
    }

    /// The text.
    #[must_use]
    pub fn source(&self) -> String {
        self.text.lines().join("\n")
    }

    /// Its rows; at least one.
    #[must_use]
    pub fn rows(&self) -> &[String] {
        self.text.lines()
    }

    /// Row and column of the cursor, from 0.
    #[must_use]
    pub fn cursor(&self) -> (usize, usize) {
        let cursor = self.text.cursor();
        (cursor.0, cursor.1)
    }

    /// What is selected: from one place, to before another.
    #[must_use]
    pub fn selected(&self) -> Option<((usize, usize), (usize, usize))> {
        self.text.selection_range()
    }

    /// What of the cursor's row is before it.
    #[must_use]
    pub fn before_cursor(&self) -> String {
        let (row, column) = self.cursor();
        self.rows().get(row).map(|line| line.chars().take(column).collect()).unwrap_or_default()
    }

    /// Whether it is another text than what is kept elsewhere.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.before.split('\n').ne(self.text.lines().iter().map(String::as_str))
    }

    /// The text was kept elsewhere under this hash.
    pub fn saved(&mut self, source: &str, hash: String) {
        (self.before, self.hash, self.elsewhere) = (source.to_owned(), hash, false);
    }

    /// How it is written.
    #[must_use]
    pub fn language(&self) -> Language {
        if self.kind.script().is_some() { Language::Luau } else { Language::Json }
    }

    /// Pieces of a row with what they are.
    #[must_use]
    pub fn colours(&self, row: usize) -> &[(Token, Range<usize>)] {
        self.colours.get(row).map_or(&[], Vec::as_slice)
    }

    /// Takes another text, as one change; the cursor stays in its row.
    pub fn replace(&mut self, source: &str) {
        let (row, column) = self.cursor();
        self.edit(|text| {
            text.select_all();
            let changed = text.cut();
            text.insert_str(even(source)) || changed
        });
        self.go(row, column);
    }

    /// Moves the cursor, or the end of what is selected.
    pub fn step(&mut self, to: CursorMove, selects: bool) {
        match (selects, self.text.is_selecting()) {
            (true, false) => self.text.start_selection(),
            (false, true) => self.text.cancel_selection(),
            _ => {}
        }
        self.text.move_cursor(to);
    }

    /// Moves the cursor to a place.
    pub fn go(&mut self, row: usize, column: usize) {
        self.text.cancel_selection();
        let number = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
        self.text.move_cursor(CursorMove::Jump(number(row), number(column)));
    }

    /// Changes the text; what is on each row goes with it. Whether it was changed.
    pub fn edit(&mut self, change: impl FnOnce(&mut TextArea<'static>) -> bool) -> bool {
        let before = (!self.breakpoints.is_empty()).then(|| self.text.lines().to_vec());
        if !change(&mut self.text) {
            return false;
        }
        if let Some(before) = before {
            self.breakpoints = moved(&self.breakpoints, &before, self.text.lines());
        }
        self.colour();
        true
    }

    /// Begins a row like the one before it, and one step further in where that opens something.
    pub fn new_row(&mut self) {
        let line = self.before_cursor();
        let indent: String = line.chars().take_while(|c| matches!(c, ' ' | '\t')).collect();
        let step = if self.language() == Language::Luau { "\t" } else { "  " };
        let end = line.trim_end();
        let opens = end.ends_with(['{', '(', '['])
            || self.language() == Language::Luau && (["then", "do", "else", "repeat"].iter().any(|word| end.ends_with(word)) || is_function(end));
        let more = if opens { step } else { "" };
        self.edit(|text| {
            text.insert_newline();
            text.insert_str(format!("{indent}{more}"));
            true
        });
    }

    /// Puts a name in the place of what was typed of it.
    pub fn complete(&mut self, typed: usize, name: &str) {
        self.edit(|text| {
            let deleted = (0..typed).map(|_| text.delete_char()).fold(false, |before, now| before | now);
            text.insert_str(name) || deleted
        });
    }

    /// What is copied, or was.
    #[must_use]
    pub fn copied(&self) -> String {
        self.text.yank_text()
    }

    /// Copies what is selected.
    pub fn copy(&mut self) {
        self.text.copy();
    }

    /// Looks for a text, from the cursor on or before it. Whether it is there.
    pub fn find(&mut self, wanted: &str, here: bool, back: bool) -> bool {
        // It is a text, not an expression, and so always one that can be read.
        let ready = self.text.set_search_pattern(regex::escape(wanted)).is_ok() && !wanted.is_empty();
        self.text.cancel_selection();
        ready && if back { self.text.search_back(here) } else { self.text.search_forward(here) }
    }

    /// Looks for the same once more, or for this instead.
    pub fn find_again(&mut self, wanted: Option<&str>) -> bool {
        match wanted {
            Some(wanted) => self.find(wanted, false, false),
            None => self.text.search_forward(false),
        }
    }

    /// Where in a row what is looked for stands, in bytes.
    #[must_use]
    pub fn found_in(&self, row: usize) -> Vec<Range<usize>> {
        let (Some(pattern), Some(line)) = (self.text.search_pattern(), self.rows().get(row)) else { return Vec::new() };
        pattern.find_iter(line).map(|found| found.range()).collect()
    }

    /// Puts pasted text at the cursor.
    pub fn paste(&mut self, pasted: &str) {
        self.edit(|text| text.insert_str(even(pasted)));
    }

    /// Takes in what the server found in this text.
    pub fn take_check(&mut self, check: &ScriptCheck) {
        self.header.clone_from(&check.header);
        let errors = check.errors.iter().map(|place| mark(place, true));
        self.marks = errors.chain(check.warnings.iter().map(|place| mark(place, false))).collect();
        self.marks.sort_by_key(|mark| (mark.row, mark.column));
    }

    /// Takes in places that are wrong.
    pub fn take_places(&mut self, places: &[Place]) {
        self.marks = places.iter().map(|place| mark(place, true)).collect();
        self.marks.sort_by_key(|mark| (mark.row, mark.column));
    }

    /// The next place that is wrong after the cursor, or the one before it; around the ends too.
    #[must_use]
    pub fn next_mark(&self, back: bool) -> Option<&Mark> {
        let cursor = self.cursor();
        let at = |mark: &&Mark| (mark.row, mark.column);
        if back {
            self.marks.iter().rfind(|mark| at(mark) < cursor).or(self.marks.last())
        } else {
            self.marks.iter().find(|mark| at(mark) > cursor).or(self.marks.first())
        }
    }

    /// What is wrong on a row, the worst first.
    #[must_use]
    pub fn mark_on(&self, row: usize) -> Option<&Mark> {
        self.marks.iter().filter(|mark| mark.row == row).max_by_key(|mark| mark.error)
    }

    /// Sets a breakpoint on the cursor's row, or takes it away. A run pauses only where the script asks for something: on another row it is set on the
    /// next one that does.
    pub fn toggle_breakpoint(&mut self) -> Toggled {
        let (row, _) = self.cursor();
        if self.breakpoints.remove(&row) {
            return Toggled::Gone(row);
        }
        let stops = luau::stops(&self.source());
        match stops.range(row..).next() {
            None => Toggled::Nowhere,
            Some(found) => {
                // Asked for again on a row that has none of its own, it goes.
                let there = !self.breakpoints.insert(*found);
                if there {
                    self.breakpoints.remove(found);
                }
                match (there, *found == row) {
                    (true, _) => Toggled::Gone(*found),
                    (false, true) => Toggled::Set(row),
                    (false, false) => Toggled::Moved(*found),
                }
            }
        }
    }

    /// Rows at which a run pauses, as the server counts them.
    #[must_use]
    pub fn lines_to_pause(&self) -> Vec<u32> {
        self.breakpoints.iter().filter_map(|row| u32::try_from(row + 1).ok()).collect()
    }

    fn colour(&mut self) {
        let source = self.source();
        let mut starts = vec![0];
        starts.extend(source.match_indices('\n').map(|(at, _)| at + 1));
        self.colours = vec![Vec::new(); starts.len()];
        for (token, range) in luau::tokens(&source, self.language()) {
            let mut row = starts.partition_point(|start| *start <= range.start).saturating_sub(1);
            // What goes over several rows has a piece in each.
            while let Some(start) = starts.get(row).copied().filter(|start| *start < range.end) {
                let end = starts.get(row + 1).map_or(source.len(), |next| next - 1);
                let piece = range.start.max(start) - start..range.end.min(end).max(start) - start;
                self.colours[row].push((token, piece));
                row += 1;
            }
        }
    }
}

/// What became of a breakpoint; rows count from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Toggled {
    /// It is on this row.
    Set(usize),
    /// The row asks for nothing; it is on the next one that does.
    Moved(usize),
    /// It is gone from this row.
    Gone(usize),
    /// Nothing that follows asks for anything.
    Nowhere,
}

fn area(source: &str) -> TextArea<'static> {
    let mut text = TextArea::new(even(source).split('\n').map(str::to_owned).collect());
    text.set_max_histories(HISTORY);
    text.set_hard_tab_indent(true);
    text
}

/// The text with line ends of one kind, and without what is no text but tabs.
fn even(source: &str) -> String {
    source.replace("\r\n", "\n").chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

fn is_function(line: &str) -> bool {
    line.ends_with(')') && line.rsplit_once("function").is_some_and(|(_, rest)| rest.matches(')').count() == 1)
}

fn mark(place: &Place, error: bool) -> Mark {
    let number = |number: Option<u32>| number.unwrap_or(1).saturating_sub(1) as usize;
    Mark { row: number(place.line), column: number(place.column), error, text: place.detail.clone() }
}

/// Where rows are after a change: what is before it stays, what is behind it goes with its text.
fn moved(rows: &BTreeSet<usize>, before: &[String], after: &[String]) -> BTreeSet<usize> {
    let same = before.iter().zip(after).take_while(|(old, new)| old == new).count();
    let most = before.len().min(after.len()) - same;
    let tail = before.iter().rev().zip(after.iter().rev()).take(most).take_while(|(old, new)| old == new).count();
    let place = |row: usize| {
        if row < same {
            row
        } else if row >= before.len() - tail {
            row + after.len() - before.len()
        } else {
            row.min(after.len() - tail.min(after.len() - 1) - 1)
        }
    };
    rows.iter().map(|row| place(*row)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(source: &str) -> Document {
        Document::new(Kind::Script("a".to_owned()), source, source, String::new())
    }

    #[test]
    fn a_breakpoint_stays_with_its_line_and_is_where_something_is_asked_for() {
        let mut text = script("local a = 1\nterm:send(\"x\")\nlog(a)\n");
        assert_eq!(text.toggle_breakpoint(), Toggled::Moved(1));
        text.go(0, 0);
        text.edit(|text| text.insert_str("one\ntwo\n"));
        assert_eq!(text.lines_to_pause(), [4]);
        text.step(CursorMove::Top, false);
        text.edit(|text| {
            text.move_cursor(CursorMove::End);
            text.delete_next_char()
        });
        assert_eq!(text.lines_to_pause(), [3]);
        text.go(2, 0);
        assert_eq!(text.toggle_breakpoint(), Toggled::Gone(2));
        text.go(4, 0);
        assert_eq!(text.toggle_breakpoint(), Toggled::Nowhere);
    }

    #[test]
    fn new_rows_are_indented_like_their_block_and_changes_are_taken_back() {
        let mut text = script("step(\"x\", function()\n\tlog(1)\nend)");
        text.go(0, 99);
        text.new_row();
        assert_eq!(text.rows()[1], "\t");
        text.go(2, 99);
        text.new_row();
        assert_eq!(text.rows()[3], "\t");
        assert!(text.is_changed());
        while text.edit(|text| text.undo()) {}
        assert!(!text.is_changed());
        text.replace("a\r\nb\u{1b}[2J");
        assert_eq!(text.source(), "a\nb[2J");
        assert!(text.find("b[", true, false));
        assert_eq!(text.cursor(), (1, 0));
    }
}
