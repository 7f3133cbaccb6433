//! How a text that is edited looks.
use super::edit_view::EditView;
use super::text;
use crate::tui::command::CommandId;
use crate::tui::component::Context;
use crate::tui::edit::Document;
use crate::tui::edit::document::TAB;
use crate::tui::edit::luau::Token;
use crate::tui::theme::Role;
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::style::Style;
use unicode_width::UnicodeWidthChar as _;

/// Names that are seen at once in the list of those that fit.
const OFFERS: u16 = 8;
/// Rows below which there is no room for a line on top.
const HEADED: u16 = 5;

/// Where the parts of the view lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rooms {
    /// Name, state and place.
    pub head: Option<Rect>,
    /// Signs and numbers.
    pub gutter: Rect,
    /// The text.
    pub text: Rect,
    /// What is wrong under the cursor, or what is looked for.
    pub foot: Option<Rect>,
}

impl Rooms {
    /// Divides the area.
    #[must_use]
    pub fn of(open: &Document, cx: &Context) -> Self {
        let area = cx.area;
        let head = u16::from(area.height >= HEADED);
        let foot = u16::from(area.height > 2);
        let body = Rect { y: area.y + head, height: area.height - head - foot, ..area };
        let digits = u16::try_from(open.rows().len().to_string().len()).unwrap_or(4);
        let width = (digits + 3).min(body.width / 2);
        let line = |y| Rect { y, height: 1, ..area };
        Self {
            head: (head > 0).then(|| line(area.y)),
            gutter: Rect { width, ..body },
            text: Rect { x: body.x + width, width: body.width - width, ..body },
            foot: (foot > 0).then(|| line(area.bottom() - 1)),
        }
    }
}

/// Columns of a character that stands in this column.
fn columns(c: char, column: usize) -> usize {
    if c == '\t' { TAB - column % TAB } else { c.width().unwrap_or(0) }
}

/// The column of the screen, from 0, that the cursor stands in.
#[must_use]
pub fn cursor_column(open: &Document) -> usize {
    open.before_cursor().chars().fold(0, |column, c| column + columns(c, column))
}

/// The character of a row in a column of the screen.
#[must_use]
pub fn char_at(line: &str, wanted: usize) -> usize {
    let mut column = 0;
    for (place, c) in line.chars().enumerate() {
        column += columns(c, column);
        if column > wanted {
            return place;
        }
    }
    line.chars().count()
}

impl EditView {
    pub(super) fn draw_all(&self, frame: &mut Frame, cx: &Context) {
        let Some(open) = &self.open else {
            let key = cx.keymap.label(CommandId::GoScripts).unwrap_or_default();
            let words = match &self.opening {
                Some(kind) => format!("Asking the server for {} …", kind.title()),
                None => format!("No text is edited: {key} shows the scripts"),
            };
            return super::graph::middle(frame.buffer_mut(), cx.area, &words, cx.theme.style(Role::Muted));
        };
        let rooms = Rooms::of(open, cx);
        if let Some(room) = rooms.head {
            self.draw_head(frame.buffer_mut(), room, open, cx);
        }
        for y in rooms.text.top()..rooms.text.bottom() {
            let row = self.top + usize::from(y - rooms.text.y);
            if row < open.rows().len() {
                draw_number(frame.buffer_mut(), Rect { y, height: 1, ..rooms.gutter }, open, row, cx);
                let found = if self.find.is_some() { open.found_in(row) } else { Vec::new() };
                draw_row(frame.buffer_mut(), Rect { y, height: 1, ..rooms.text }, open, (row, self.left), &found, cx);
            }
        }
        if let Some(room) = rooms.foot {
            self.draw_foot(frame, room, open, cx);
        }
        self.draw_offers(frame.buffer_mut(), &rooms, open, cx);
        if cx.plain {
            let (row, _) = open.cursor();
            let y = rooms.text.y + u16::try_from(row.saturating_sub(self.top)).unwrap_or(0);
            let x = rooms.text.x + u16::try_from(cursor_column(open).saturating_sub(self.left)).unwrap_or(0);
            frame.set_cursor_position((x, y));
        }
    }

    fn draw_head(&self, buffer: &mut Buffer, room: Rect, open: &Document, cx: &Context) {
        let (errors, warnings) = (open.marks.iter().filter(|mark| mark.error).count(), open.marks.iter().filter(|mark| !mark.error).count());
        let (row, _) = open.cursor();
        let column = open.before_cursor().chars().count() + 1;
        let checked = open.kind.script().is_some();
        let state = match (&self.unchecked, self.checking || self.check_at.is_some()) {
            (Some(why), _) => (format!("not checked: {why}"), Role::Warn),
            (None, true) if checked => ("checking …".to_owned(), Role::Muted),
            (None, _) if errors > 0 => (text::count(errors, "mistake"), Role::Error),
            (None, _) if warnings > 0 => (text::count(warnings, "warning"), Role::Warn),
            (None, _) => ("no mistakes found".to_owned(), Role::Ok),
        };
        let mut parts = vec![(open.kind.title(), Role::Title)];
        if open.is_changed() {
            parts.push((if cx.plain { "not saved".to_owned() } else { "● not saved".to_owned() }, Role::Warn));
        }
        if open.elsewhere {
            parts.push(("changed by others meanwhile".to_owned(), Role::Error));
        }
        parts.extend([state, (format!("{}:{column}", row + 1), Role::Muted)]);
        if !open.breakpoints.is_empty() {
            parts.push((text::count(open.breakpoints.len(), "breakpoint"), Role::Error));
        }
        if !self.shelf.is_empty() {
            parts.push((format!("{} more not saved", self.shelf.len()), Role::Warn));
        }
        let mut x = room.x + 1;
        for (words, role) in &parts {
            x += text::put(buffer, x, room.y, room.right().saturating_sub(x), words, cx.theme.style(*role));
            x = x.saturating_add(2);
        }
    }

    fn draw_foot(&self, frame: &mut Frame, room: Rect, open: &Document, cx: &Context) {
        if let Some(field) = &self.find {
            let x = room.x + text::put(frame.buffer_mut(), room.x, room.y, room.width, " find ", cx.theme.style(Role::Key));
            let own = Rect { x, width: room.right().saturating_sub(x), ..room };
            field.draw(frame, own, cx.theme.style(Role::Text), ("", cx.theme.style(Role::Muted)), true);
            return;
        }
        let (row, _) = open.cursor();
        let words = match open.mark_on(row) {
            Some(mark) => Some((format!(" {} {}", if mark.error { "✖" } else { "▲" }, mark.text), if mark.error { Role::Error } else { Role::Warn })),
            None if open.marks.is_empty() => None,
            None => {
                let key = cx.keymap.label(CommandId::EditNextMistake).unwrap_or_default();
                let (line, mark) = (open.marks[0].row + 1, &open.marks[0].text);
                Some((format!(" {key} goes to line {line}: {mark}"), Role::Muted))
            }
        };
        if let Some((words, role)) = words {
            text::put(frame.buffer_mut(), room.x, room.y, room.width, &words, cx.theme.style(role));
        }
    }

    /// What a name can become, below it or above it, with how the chosen one is called.
    fn draw_offers(&self, buffer: &mut Buffer, rooms: &Rooms, open: &Document, cx: &Context) {
        let Some(offers) = &self.offers else { return };
        let (Some(chosen), room) = (offers.chosen(), rooms.text) else { return };
        let (row, _) = open.cursor();
        let line = room.y + u16::try_from(row.saturating_sub(self.top)).unwrap_or(0);
        let (above, below) = (line.saturating_sub(room.y), room.bottom().saturating_sub(line + 1));
        let said = [chosen.signature.as_str(), chosen.about.as_str()].into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>();
        let count = u16::try_from(offers.items.len()).unwrap_or(OFFERS).min(OFFERS);
        let most = above.max(below);
        let notes = u16::try_from(said.len()).unwrap_or(0).min(most.saturating_sub(1));
        let list = count.min(most.saturating_sub(notes));
        if list == 0 {
            return;
        }
        let widest = offers.items.iter().map(|offer| text::width(&offer.name)).chain(said.iter().map(|words| text::width(words))).max().unwrap_or(0);
        let width = u16::try_from(widest + 2).unwrap_or(room.width).min(room.width);
        let begin = u16::try_from(cursor_column(open).saturating_sub(self.left + offers.typed)).unwrap_or(0);
        let x = (room.x + begin).min(room.right().saturating_sub(width));
        let height = list + notes;
        let y = if below >= height || below >= above { line + 1 } else { line - height };
        let first = (offers.at + 1).saturating_sub(list.into());
        for (place, offer) in offers.items.iter().enumerate().skip(first).take(list.into()) {
            let role = if place == offers.at { Role::Selection } else { Role::Bar };
            let words = text::left(&format!(" {}", offer.name), width.into());
            text::put(buffer, x, y + u16::try_from(place - first).unwrap_or(0), width, &words, cx.theme.style(role));
        }
        for (place, words) in said.iter().take(notes.into()).enumerate() {
            let words = text::left(&format!(" {words}"), width.into());
            let role = if place == 0 { Role::Key } else { Role::Muted };
            let style = cx.theme.style(Role::Bar).patch(Style { fg: cx.theme.style(role).fg, ..Style::new() });
            text::put(buffer, x, y + list + u16::try_from(place).unwrap_or(0), width, &words, style);
        }
    }
}

pub(super) fn draw_number(buffer: &mut Buffer, room: Rect, open: &Document, row: usize, cx: &Context) {
    let (sign, role) = match (open.breakpoints.contains(&row), open.mark_on(row)) {
        (true, _) => ("●", Role::Error),
        (false, Some(mark)) if mark.error => ("✖", Role::Error),
        (false, Some(_)) => ("▲", Role::Warn),
        (false, None) => (" ", Role::Muted),
    };
    text::put(buffer, room.x, room.y, 1, sign, cx.theme.style(role));
    let (current, _) = open.cursor();
    let role = if row == current { Role::Text } else { Role::Muted };
    let number = text::right(&(row + 1).to_string(), usize::from(room.width.saturating_sub(3)));
    text::put(buffer, room.x + 1, room.y, room.width.saturating_sub(2), &number, cx.theme.style(role));
    if open.breakpoints.contains(&row) && open.mark_on(row).is_some() {
        text::put(buffer, room.right().saturating_sub(2), room.y, 1, "✖", cx.theme.style(Role::Error));
    }
}

pub(super) fn draw_row(buffer: &mut Buffer, room: Rect, open: &Document, (row, left): (usize, usize), found: &[std::ops::Range<usize>], cx: &Context) {
    let Some(line) = open.rows().get(row) else { return };
    let (cursor, selected) = (open.cursor(), open.selected());
    let wrong: Vec<usize> = open.marks.iter().filter(|mark| mark.row == row).map(|mark| mark.column).collect();
    let mut colours = open.colours(row).iter().peekable();
    let mut column = 0;
    let mut cells = [0; 4];
    for (place, (byte, c)) in line.char_indices().chain([(line.len(), ' ')]).enumerate() {
        let end = byte == line.len();
        let is_cursor = cursor == (row, place);
        if end && !is_cursor {
            break;
        }
        while colours.next_if(|(_, range)| range.end <= byte).is_some() {}
        let token = colours.peek().filter(|(_, range)| range.start <= byte).map(|(token, _)| *token);
        let mut style = cx.theme.style(role(token));
        if wrong.contains(&place) {
            style = style.add_modifier(Modifier::UNDERLINED);
        }
        if found.iter().any(|range| range.contains(&byte)) {
            style = style.add_modifier(Modifier::BOLD | Modifier::UNDERLINED);
        }
        if selected.is_some_and(|(from, to)| from <= (row, place) && (row, place) < to) {
            style = cx.theme.style(Role::Selection);
        }
        if is_cursor {
            style = style.add_modifier(Modifier::REVERSED);
        }
        let wide = columns(c, column);
        let x = column.checked_sub(left).and_then(|x| u16::try_from(x).ok());
        if let Some(x) = x.filter(|x| usize::from(*x) + wide <= usize::from(room.width) && wide > 0) {
            let shown = if c == '\t' { &" ".repeat(wide) } else { &*c.encode_utf8(&mut cells) };
            // Of a tab only its first cell is the cursor.
            let rest = if is_cursor && c == '\t' { cx.theme.style(Role::Text) } else { style };
            buffer.set_stringn(room.x + x, room.y, shown, wide, rest);
            buffer.set_stringn(room.x + x, room.y, if c == '\t' { " " } else { shown }, wide, style);
        }
        column += wide;
    }
}

/// How a piece of a text is drawn.
fn role(token: Option<Token>) -> Role {
    match token {
        Some(Token::Word) => Role::Accent,
        Some(Token::Text) => Role::Ok,
        Some(Token::Comment) => Role::Muted,
        Some(Token::Number) => Role::Info,
        Some(Token::Name | Token::Sign) | None => Role::Text,
    }
}
