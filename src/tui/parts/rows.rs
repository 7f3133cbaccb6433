//! A list of things with columns: filter, sort, marks, and a cursor that follows its thing.
use super::field::Field;
use super::sift;
use super::sift::Sift;
use crate::term::Key;
use crate::term::MouseButton;
use crate::term::MouseEvent;
use crate::term::MouseKind;
use crate::tui::command::CommandId;
use crate::tui::component::Context;
use crate::tui::component::Hint;
use crate::tui::export::Export;
use crate::tui::theme::Role;
use ratatui::layout::Rect;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::time::Duration;

/// Two clicks within this time are one double click.
pub(super) const DOUBLE: Duration = Duration::from_millis(400);
/// Nothing is sorted anew so soon after a key or a click.
pub(super) const CALM: Duration = Duration::from_secs(3);

/// A column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its heading.
    pub head: &'static str,
    /// Columns of the screen that it takes at least.
    pub least: u16,
    /// Columns of the screen that it takes at most.
    pub most: u16,
    /// How early it goes where there is no room: 0 stays.
    pub goes: u8,
    /// At the right of its place, as numbers are.
    pub right: bool,
}

/// What stands in one column of one row.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// The text.
    pub text: String,
    /// How it is drawn.
    pub role: Role,
    /// What it is sorted by, the largest first; without a number by the text.
    pub number: Option<f64>,
}

impl Cell {
    /// A text.
    #[must_use]
    pub fn new(text: impl Into<String>, role: Role) -> Self {
        Self { text: text.into(), role, number: None }
    }

    /// A number.
    #[must_use]
    pub fn number(text: impl Into<String>, role: Role, number: f64) -> Self {
        Self { text: text.into(), role, number: Some(number) }
    }
}

/// A row.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What stays the same when all else changes.
    pub id: String,
    /// One for each column.
    pub cells: Vec<Cell>,
    /// It always stands on top and is never filtered or marked.
    pub fixed: bool,
    /// One text over all columns but the first.
    pub wide: Option<(String, Role)>,
}

/// What a click asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Click {
    /// Nothing more.
    Nothing,
    /// What Enter does.
    Open,
    /// The menu.
    Menu,
}

/// How a list stands.
#[derive(Clone, Debug)]
pub struct List {
    pub(super) columns: &'static [Column],
    pub(super) filter: Field,
    pub(super) sift: Sift,
    pub(super) editing: bool,
    pub(super) cursor: Option<String>,
    /// Where the cursor was: where it stays when its thing goes.
    place: usize,
    pub(super) top: usize,
    pub(super) marked: Vec<String>,
    /// Where a range of marks begins.
    anchor: Option<String>,
    pub(super) sort: Option<usize>,
    pub(super) reverse: bool,
    /// The order as it was when it was last sorted: what changes meanwhile moves nothing.
    ranks: HashMap<String, usize>,
    clicked: Option<(String, Duration)>,
    touched: Duration,
    /// Rows seen when it was drawn or asked last.
    pub(super) seen: usize,
}

impl List {
    /// A list with these columns, the cursor on its first row.
    #[must_use]
    pub fn new(columns: &'static [Column]) -> Self {
        Self {
            columns,
            filter: Field::default(),
            sift: Sift::default(),
            editing: false,
            cursor: None,
            place: 0,
            top: 0,
            marked: Vec::new(),
            anchor: None,
            sort: None,
            reverse: false,
            ranks: HashMap::new(),
            clicked: None,
            touched: Duration::ZERO,
            seen: 1,
        }
    }

    /// Whether keys are typed into its filter.
    #[must_use]
    pub fn is_editing(&self) -> bool {
        self.editing
    }

    /// Whether not all is shown since it is filtered.
    #[must_use]
    pub fn is_filtered(&self) -> bool {
        !self.filter.text().is_empty()
    }

    /// The rows that show, in their order.
    #[must_use]
    pub fn arrange(&self, rows: Vec<Row>) -> Vec<Row> {
        let fits = |row: &Row| {
            let text: Vec<&str> = row.cells.iter().map(|cell| cell.text.as_str()).collect();
            row.fixed || self.sift.fits(&text.join(" "), &[text.first().copied().unwrap_or_default()])
        };
        let mut rows: Vec<Row> = rows.into_iter().filter(fits).collect();
        if self.is_sorted() {
            let rank = |row: &Row| self.ranks.get(&row.id).copied().unwrap_or(usize::MAX);
            rows.sort_by_key(|row| (!row.fixed, rank(row)));
        }
        rows
    }

    /// Sorts anew by what the rows say now.
    fn rank(&mut self, rows: &[Row]) {
        let mut order: Vec<&Row> = rows.iter().collect();
        if let Some(column) = self.sort {
            order.sort_by(|a, b| compare(a.cells.get(column), b.cells.get(column)));
        }
        if self.reverse {
            order.reverse();
        }
        self.ranks = order.into_iter().enumerate().map(|(rank, row)| (row.id.clone(), rank)).collect();
    }

    /// Whether its order is another than that of what it was given.
    #[must_use]
    pub fn is_sorted(&self) -> bool {
        self.sort.is_some() || self.reverse
    }

    /// Sorts anew where nobody has touched anything for a while. `rows` are all that there are.
    pub fn rank_when_calm(&mut self, rows: &[Row], now: Duration) {
        if self.is_sorted() && now.saturating_sub(self.touched) > CALM {
            self.rank(rows);
        }
    }

    /// The row that the cursor is on.
    #[must_use]
    pub fn place(&self, rows: &[Row]) -> usize {
        let found = self.cursor.as_ref().and_then(|cursor| rows.iter().position(|row| row.id == *cursor));
        found.unwrap_or(self.place).min(rows.len().saturating_sub(1))
    }

    /// What the cursor is on.
    #[must_use]
    pub fn selected<'a>(&self, rows: &'a [Row]) -> Option<&'a Row> {
        rows.get(self.place(rows))
    }

    /// Moves the cursor to this thing.
    pub fn select(&mut self, id: &str) {
        self.cursor = Some(id.to_owned());
    }

    /// What is marked, in the order in which it was.
    #[must_use]
    pub fn marked(&self) -> &[String] {
        &self.marked
    }

    /// Marks these and no others.
    pub fn mark_only(&mut self, ids: Vec<String>) {
        self.marked = ids;
    }

    /// What an action is for: what is marked, or else what the cursor is on.
    #[must_use]
    pub fn meant(&self, rows: &[Row]) -> Vec<String> {
        if self.marked.is_empty() { self.selected(rows).filter(|row| !row.fixed).map(|row| row.id.clone()).into_iter().collect() } else { self.marked.clone() }
    }

    /// Brings the cursor to what there is now. `all` are the rows before the filter, `rows` those that show.
    pub fn settle(&mut self, all: &[Row], rows: &[Row]) {
        self.marked.retain(|id| all.iter().any(|row| row.id == *id));
        self.place = self.place(rows);
        if !rows.is_empty() {
            self.cursor = rows.get(self.place).map(|row| row.id.clone());
        }
        self.top = top(self.top, self.place, rows.len(), self.seen);
    }

    fn go(&mut self, to: usize, rows: &[Row]) {
        self.place = to.min(rows.len().saturating_sub(1));
        self.cursor = rows.get(self.place).map(|row| row.id.clone());
    }

    /// Does one of a list's own commands; says what there is to say. None when it is not its own.
    pub fn command(&mut self, id: CommandId, all: &[Row], rows: &[Row], now: Duration) -> Option<Option<String>> {
        use CommandId as C;
        self.touched = now;
        let at = self.place(rows);
        let page = self.seen.max(1);
        match id {
            C::ListUp => self.go(at.saturating_sub(1), rows),
            C::ListDown => self.go(at + 1, rows),
            C::ListTop => self.go(0, rows),
            C::ListBottom => self.go(usize::MAX, rows),
            C::ListPageUp => self.go(at.saturating_sub(page), rows),
            C::ListPageDown => self.go(at.saturating_add(page), rows),
            C::ListFilter => self.editing = true,
            C::ListMark => {
                if let Some(row) = rows.get(at).filter(|row| !row.fixed) {
                    match self.marked.iter().position(|marked| *marked == row.id) {
                        Some(place) => drop(self.marked.remove(place)),
                        None => self.marked.push(row.id.clone()),
                    }
                    self.anchor = Some(row.id.clone());
                }
                self.go(at + 1, rows);
            }
            C::ListMarkRange => {
                let from = self.anchor.as_ref().and_then(|anchor| rows.iter().position(|row| row.id == *anchor)).unwrap_or(at);
                for row in rows.iter().take(from.max(at) + 1).skip(from.min(at)).filter(|row| !row.fixed) {
                    if !self.marked.contains(&row.id) {
                        self.marked.push(row.id.clone());
                    }
                }
            }
            C::ListClearMarks => self.marked.clear(),
            C::ListSort | C::ListReverse => {
                if id == C::ListReverse {
                    self.reverse = !self.reverse;
                } else {
                    self.sort = self.sort.map_or(Some(0), |sort| Some(sort + 1)).filter(|sort| *sort < self.columns.len());
                }
                self.rank(all);
                let by = self.sort.and_then(|sort| self.columns.get(sort)).map_or("nothing".to_owned(), |column| column.head.to_lowercase());
                return Some(Some(format!("sorted by {by}{}", if self.reverse { ", reversed" } else { "" })));
            }
            C::Back | C::ClearInput if self.filter.clear() => self.sift.set(""),
            C::Back if !self.marked.is_empty() => self.marked.clear(),
            _ => return None,
        }
        Some(None)
    }

    /// Takes a key of the filter.
    pub fn key(&mut self, key: Key, now: Duration) {
        self.touched = now;
        if sift::typed(&mut self.filter, &mut self.editing, key) {
            self.refilter();
        }
    }

    /// Takes pasted text for the filter.
    pub fn paste(&mut self, text: &str) {
        if self.editing {
            self.filter.insert(text);
            self.refilter();
        }
    }

    fn refilter(&mut self) {
        self.sift.set(self.filter.text());
        self.place = 0;
    }

    /// Takes a mouse event; `area` is where the list is drawn.
    pub fn mouse(&mut self, event: MouseEvent, area: Rect, all: &[Row], rows: &[Row], cx: &Context) -> Click {
        let now = cx.now.since_start;
        self.touched = now;
        let at = self.place(rows);
        match (event.kind, event.button) {
            (MouseKind::WheelUp, _) => self.go(at.saturating_sub(1), rows),
            (MouseKind::WheelDown, _) => self.go(at + 1, rows),
            (MouseKind::Down, MouseButton::Left | MouseButton::Right) => {
                let room = self.room(area, cx.plain);
                if room.head.is_some_and(|head| head.y == event.row) {
                    let hit = columns(self.columns, area.width).into_iter().find(|(_, x, own)| (area.x + x..area.x + x + own).contains(&event.col));
                    if let Some((column, _, _)) = hit {
                        (self.reverse, self.sort) = (self.sort == Some(column) && !self.reverse, Some(column));
                        self.rank(all);
                    }
                    return Click::Nothing;
                }
                if !room.rows.contains((event.col, event.row).into()) {
                    return Click::Nothing;
                }
                let place = top(self.top, at, rows.len(), room.rows.height.into()) + usize::from(event.row - room.rows.y);
                let Some(row) = rows.get(place) else { return Click::Nothing };
                self.go(place, rows);
                if event.button == MouseButton::Right {
                    return Click::Menu;
                }
                if self.clicked.take().is_some_and(|(id, when)| id == row.id && now.saturating_sub(when) <= DOUBLE) {
                    return Click::Open;
                }
                self.clicked = Some((row.id.clone(), now));
            }
            _ => {}
        }
        Click::Nothing
    }

    /// What shows, to be saved.
    #[must_use]
    pub fn export(&self, rows: &[Row]) -> Export {
        let heads = self.columns.iter().map(|column| column.head.to_lowercase()).collect();
        Export { heads, rows: rows.iter().map(|row| row.cells.iter().map(|cell| cell.text.clone()).collect()).collect() }
    }

    /// Keys of the filter for the footer, while it is typed.
    #[must_use]
    pub fn hints(&self) -> Option<Vec<Hint>> {
        self.editing.then(sift::hints)
    }
}

/// Numbers before texts, the largest first; texts by their letters, those that are empty last.
pub(super) fn compare(a: Option<&Cell>, b: Option<&Cell>) -> Ordering {
    match (a.and_then(|cell| cell.number), b.and_then(|cell| cell.number)) {
        (Some(a), Some(b)) => b.total_cmp(&a),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => {
            let text = |cell: Option<&Cell>| cell.map(|cell| (cell.text.is_empty(), cell.text.to_lowercase()));
            text(a).cmp(&text(b))
        }
    }
}

/// The first row shown, so that the cursor's is.
#[must_use]
pub(super) fn top(wanted: usize, cursor: usize, count: usize, seen: usize) -> usize {
    wanted.clamp((cursor + 1).saturating_sub(seen.max(1)), cursor).min(count.saturating_sub(seen))
}

/// The columns shown in this width: place in the table, first column of the screen, width.
#[must_use]
pub fn columns(all: &[Column], width: u16) -> Vec<(usize, u16, u16)> {
    let width = width.saturating_sub(2);
    let mut shown: Vec<usize> = Vec::new();
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by_key(|place| all[*place].goes);
    let mut used = 0;
    for place in order {
        let wanted = all[place].least + u16::from(!shown.is_empty());
        if shown.is_empty() || used + wanted <= width {
            used += wanted;
            shown.push(place);
        } else {
            break;
        }
    }
    shown.sort_unstable();
    let mut spare = width.saturating_sub(used);
    let mut x = 2;
    let mut widths = Vec::new();
    for place in shown {
        let more = (all[place].most - all[place].least).min(spare);
        spare -= more;
        let own = (all[place].least + more).min(width);
        widths.push((place, x, own));
        x += own + 1;
    }
    widths
}
