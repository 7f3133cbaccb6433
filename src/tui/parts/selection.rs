//! Looking back in a terminal: moving, marking, finding, copying.
use crate::term::Match;
use crate::term::Point;
use crate::term::Screen;
use crate::term::SearchOptions;
use crate::term::SelectionKind;
use crate::term::Side;
use crate::tui::command::CommandId;
use std::time::Duration;

/// Two clicks within this time are a double click.
const DOUBLE_CLICK: Duration = Duration::from_millis(400);

/// Text being marked with the mouse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marking {
    /// Where the button went down.
    pub from: Point,
    /// When.
    pub at: Duration,
    /// How often it went down there, quickly.
    pub clicks: u8,
    /// Whether it was moved since.
    pub moved: bool,
    /// The button is still down.
    pub held: bool,
}

impl Marking {
    /// Begins marking; a quick second click at the same place takes a word, a third a line.
    pub fn start(before: Option<Self>, screen: &mut Screen, from: Point, at: Duration) -> Self {
        let again = before.filter(|before| before.from == from && at.saturating_sub(before.at) < DOUBLE_CLICK);
        let clicks = again.map_or(1, |before| before.clicks % 3 + 1);
        screen.clear_selection();
        match clicks {
            2 => screen.start_selection(SelectionKind::Word, from, Side::Left),
            3 => screen.start_selection(SelectionKind::Line, from, Side::Left),
            _ => screen.start_selection(SelectionKind::Simple, from, Side::Left),
        }
        if clicks > 1 {
            screen.extend_selection(from, Side::Right);
        }
        Self { from, at, clicks, moved: false, held: true }
    }

    /// The mouse is here now.
    pub fn drag(&mut self, screen: &mut Screen, to: Point) {
        self.moved = true;
        if to < self.from {
            // The first character belongs to the text also when it is marked backwards.
            screen.start_selection(self.kind(), self.from, Side::Right);
            screen.extend_selection(to, Side::Left);
        } else {
            screen.start_selection(self.kind(), self.from, Side::Left);
            screen.extend_selection(to, Side::Right);
        }
    }

    /// The marked text, when the button comes up.
    #[must_use]
    pub fn text(&self, screen: &Screen) -> Option<String> {
        (self.moved || self.clicks > 1).then(|| screen.selected_text()).flatten()
    }

    fn kind(&self) -> SelectionKind {
        match self.clicks {
            2 => SelectionKind::Word,
            3 => SelectionKind::Line,
            _ => SelectionKind::Simple,
        }
    }
}

/// A terminal that is looked back in; its output stands still meanwhile.
#[derive(Clone, Debug)]
pub struct ScrollMode {
    /// Where the cursor is, in the text.
    pub cursor: Point,
    /// Where marking began, and how.
    pub mark: Option<(SelectionKind, Point)>,
    /// What was looked for last, and whether towards older lines.
    pub needle: Option<(String, bool)>,
    /// How many places hold it.
    pub found: usize,
}

/// What a command in the scroll mode leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Goes on.
    Stay,
    /// Back to the terminal.
    Leave,
    /// Copy this and go back.
    Copy(String),
    /// There is nothing to go to, for this reason.
    Nowhere(&'static str),
    /// Ask what to look for.
    AskNeedle {
        /// Towards older lines.
        back: bool,
    },
}

impl ScrollMode {
    /// Begins at the program's cursor.
    #[must_use]
    pub fn new(screen: &Screen) -> Self {
        let cursor = screen.cursor();
        Self { cursor: Point { row: i32::from(cursor.row), col: cursor.col }, mark: None, needle: None, found: 0 }
    }

    /// Does one of the commands of the scroll mode.
    pub fn run(&mut self, command: CommandId, screen: &mut Screen) -> Outcome {
        use CommandId as C;
        let rows = i32::from(screen.size().rows);
        let last_col = screen.size().cols.saturating_sub(1);
        let top = -i32::try_from(screen.display_offset()).unwrap_or(0);
        match command {
            C::ScrollUp => self.cursor.row -= 1,
            C::ScrollDown => self.cursor.row += 1,
            C::ScrollLeft => self.cursor.col = self.cursor.col.saturating_sub(1),
            C::ScrollRight => self.cursor.col = (self.cursor.col + 1).min(last_col),
            C::HalfUp => self.page(screen, -(rows / 2).max(1)),
            C::HalfDown => self.page(screen, (rows / 2).max(1)),
            C::ScrollPageUp => self.page(screen, -(rows - 1).max(1)),
            C::ScrollPageDown => self.page(screen, (rows - 1).max(1)),
            C::LineStart => self.cursor.col = 0,
            C::LineEnd => self.cursor.col = line_end(screen, self.cursor.row),
            C::Oldest => self.cursor = Point { row: oldest(screen), col: 0 },
            C::Newest => self.cursor = Point { row: rows - 1, col: 0 },
            C::ViewTop => self.cursor.row = top,
            C::ViewMiddle => self.cursor.row = top + rows / 2,
            C::ViewBottom => self.cursor.row = top + rows - 1,
            C::WordForward => self.words(screen, true, |was, is| !was && is),
            C::WordEnd => self.word_end(screen),
            C::WordBack => self.words(screen, false, |was, is| was && !is),
            C::Select => self.toggle(screen, SelectionKind::Simple),
            C::SelectLine => self.toggle(screen, SelectionKind::Line),
            C::SelectBlock => self.toggle(screen, SelectionKind::Block),
            C::Yank => return screen.selected_text().map_or(Outcome::Leave, Outcome::Copy),
            C::LeaveScroll if self.mark.is_some() => self.unmark(screen),
            C::LeaveScroll => return Outcome::Leave,
            C::FindForward => return Outcome::AskNeedle { back: false },
            C::FindBack => return Outcome::AskNeedle { back: true },
            C::PromptBack | C::PromptForward => {
                let prompts = screen.prompts();
                let next = if command == C::PromptBack {
                    prompts.iter().rfind(|prompt| prompt.row < self.cursor.row)
                } else {
                    prompts.iter().find(|prompt| prompt.row > self.cursor.row)
                };
                match next {
                    Some(prompt) => self.cursor = *prompt,
                    None if prompts.is_empty() => return Outcome::Nowhere("this shell does not mark its prompts (OSC 133)"),
                    None => return Outcome::Nowhere("there is no further prompt"),
                }
            }
            C::FindNext => self.find_again(screen, false),
            C::FindPrevious => self.find_again(screen, true),
            _ => {}
        }
        self.settle(screen);
        Outcome::Stay
    }

    /// Looks for a text from the cursor on; returns whether there is one.
    pub fn find(&mut self, screen: &mut Screen, needle: &str, back: bool) -> bool {
        self.found = screen.find_all(needle, options(needle)).len();
        self.needle = Some((needle.to_owned(), back));
        self.find_again(screen, false);
        self.settle(screen);
        self.found > 0
    }

    fn find_again(&mut self, screen: &Screen, other_way: bool) {
        let Some((needle, back)) = &self.needle else { return };
        let place = if *back == other_way {
            screen.find_next(needle, self.cursor, options(needle))
        } else {
            screen.find_previous(needle, self.cursor, options(needle))
        };
        if let Some(Match { start, .. }) = place {
            self.cursor = start;
        }
    }

    /// Moves view and cursor by some rows; below the end it stops.
    pub fn page(&mut self, screen: &mut Screen, rows: i32) {
        screen.scroll_view(-rows);
        self.cursor.row += rows;
        self.settle(screen);
    }

    /// Keeps the cursor inside the text and the view around the cursor; the marked text ends at the cursor.
    fn settle(&mut self, screen: &mut Screen) {
        let rows = i32::from(screen.size().rows);
        self.cursor.row = self.cursor.row.clamp(oldest(screen), rows - 1);
        let top = -i32::try_from(screen.display_offset()).unwrap_or(0);
        if self.cursor.row < top {
            screen.scroll_view(top - self.cursor.row);
        } else if self.cursor.row > top + rows - 1 {
            screen.scroll_view(top + rows - 1 - self.cursor.row);
        }
        if let Some((kind, from)) = self.mark {
            let (start, end) = if self.cursor < from { (Side::Right, Side::Left) } else { (Side::Left, Side::Right) };
            screen.start_selection(kind, from, start);
            screen.extend_selection(self.cursor, end);
        }
    }

    fn toggle(&mut self, screen: &mut Screen, kind: SelectionKind) {
        match self.mark {
            Some((own, _)) if own == kind => self.unmark(screen),
            Some((_, from)) => self.mark = Some((kind, from)),
            None => self.mark = Some((kind, self.cursor)),
        }
    }

    fn unmark(&mut self, screen: &mut Screen) {
        self.mark = None;
        screen.clear_selection();
    }

    /// Steps from cell to cell until the change from one to the next is a border of words.
    fn words(&mut self, screen: &Screen, forward: bool, border: impl Fn(bool, bool) -> bool) {
        let cols = screen.size().cols;
        let mut at = self.cursor;
        let mut first = true;
        let most = usize::from(cols) * usize::from(screen.size().rows);
        for _ in 0..most {
            let Some(next) = step(screen, at, forward) else { break };
            let (was, is) = (is_word(screen, at), is_word(screen, next));
            if border(was, is) && (forward || !first) {
                self.cursor = if forward { next } else { at };
                return;
            }
            first = false;
            at = next;
        }
        self.cursor = at;
    }

    fn word_end(&mut self, screen: &Screen) {
        let Some(start) = step(screen, self.cursor, true) else { return };
        self.cursor = start;
        self.words(screen, true, |was, is| was && !is);
        if let Some(before) = step(screen, self.cursor, false).filter(|before| is_word(screen, *before)) {
            self.cursor = before;
        }
    }
}

/// Small letters only: capitals don't matter.
fn options(needle: &str) -> SearchOptions {
    SearchOptions { match_case: needle.chars().any(char::is_uppercase) }
}

fn oldest(screen: &Screen) -> i32 {
    -i32::try_from(screen.scrollback_len()).unwrap_or(0)
}

fn line_end(screen: &Screen, row: i32) -> u16 {
    (0..screen.size().cols).rev().find(|col| !screen.cell(row, *col).text.is_blank()).unwrap_or(0)
}

fn is_word(screen: &Screen, at: Point) -> bool {
    !screen.cell(at.row, at.col).text.is_blank()
}

fn step(screen: &Screen, at: Point, forward: bool) -> Option<Point> {
    let last = screen.size().cols.saturating_sub(1);
    match (forward, at.col) {
        (true, col) if col < last => Some(Point { col: col + 1, ..at }),
        (true, _) => (at.row + 1 < i32::from(screen.size().rows)).then_some(Point { row: at.row + 1, col: 0 }),
        (false, 0) => (at.row > oldest(screen)).then_some(Point { row: at.row - 1, col: last }),
        (false, col) => Some(Point { col: col - 1, ..at }),
    }
}
