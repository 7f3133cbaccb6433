//! How a view of logs looks, moves and is marked.
use super::log::LogView;
use super::log::Reading;
use super::log::Selection;
use super::log::Top;
use super::text;
use crate::term::Color;
use crate::term::MouseButton;
use crate::term::MouseEvent;
use crate::term::MouseKind;
use crate::tui::command::CommandId;
use crate::tui::component::Context;
use crate::tui::logs::Range;
use crate::tui::logs::laid::Frame as Way;
use crate::tui::logs::laid::Laid;
use crate::tui::logs::level::Level;
use crate::tui::msg::Ask;
use crate::tui::msg::Effect;
use crate::tui::theme::Role;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::style::Style;
use std::rc::Rc;

/// Columns of a container's name in front of its lines, at most.
const NAME: usize = 16;
/// Lines that are copied at most.
const MOST_COPIED: usize = 100_000;
/// Rows that one step of the wheel moves the view.
const WHEEL: isize = 3;
/// Colours of the names of several containers, among the terminal's sixteen.
const COLORS: [u8; 8] = [6, 2, 5, 3, 4, 14, 10, 13];

/// A row that is seen: its line, how that is laid out, and which of its rows it is.
struct Seen {
    number: u64,
    laid: Rc<Laid>,
    row: usize,
}

impl LogView {
    /// Rows for lines: the last one of the pane says how the view stands.
    pub(super) fn rows(&self) -> usize {
        usize::from(if self.size.rows > 1 { self.size.rows - 1 } else { self.size.rows })
    }

    fn lay(&self, number: u64, cols: usize, wrap: bool, cx: &Context) -> Laid {
        let Some(line) = self.store.line(number) else { return Laid::default() };
        let body = self.store.text(line);
        let time = Timestamp::from_nanosecond(i128::from(line.time)).unwrap_or_default();
        let zoned = || time.to_zoned(if self.utc { TimeZone::UTC } else { TimeZone::system() });
        let mut front = Vec::new();
        if self.sources.len() > 1 {
            let place = usize::from(line.source);
            let name = self.sources.get(place).map_or("", |source| source.name.as_str());
            let wide = self.sources.iter().map(|source| text::width(&source.name)).max().unwrap_or(0).min(NAME);
            let color = cx.theme.color(Color::Indexed(COLORS[place % COLORS.len()]));
            front.push((text::left(name, wide) + " ", Style::new().fg(color)));
        }
        if self.times && !line.level.is_marker() {
            front.push((zoned().strftime("%m-%d %H:%M:%S%.3f ").to_string(), cx.theme.style(Role::Muted)));
        }
        let found = self.found.map(|mark| self.store.number(mark)) == Some(number);
        let way = Way { cols, wrap, pan: if wrap { 0 } else { self.pan }, json: self.json, needle: self.needle.as_ref(), is_found: found, theme: cx.theme };
        if line.level.is_marker() {
            let at = zoned().strftime("%m-%d %H:%M:%S");
            let body = if cx.plain { format!("{body}, {at}") } else { format!("── {body} · {at} ──") };
            return Laid::new(&front, &body, line.level, &way);
        }
        Laid::new(&front, body, line.level, &way)
    }

    fn laid(&self, number: u64, cx: &Context) -> Laid {
        self.lay(number, usize::from(self.size.cols).max(1), self.wrap, cx)
    }

    /// The first row of the newest lines that fill the view.
    fn follow_place(&self, cx: &Context) -> Option<(u64, usize)> {
        let rows = self.rows();
        let (mut at, mut filled) = (self.store.end(), 0);
        let mut place = None;
        while filled < rows {
            let Some(number) = self.sieve.before(at, &self.store) else { break };
            filled += self.laid(number, cx).rows.len();
            place = Some((number, filled.saturating_sub(rows)));
            at = number;
        }
        place
    }

    /// The first row that is seen.
    pub(super) fn top_place(&self, cx: &Context) -> Option<(u64, usize)> {
        let bottom = self.follow_place(cx);
        let Some(top) = self.top else { return bottom };
        let number = self.store.number(top.mark);
        // Where fewer lines show than before, what is above them fills the view.
        match self.sieve.at_or_after(number, &self.store) {
            Some(own) if own == number => bottom.min(Some((number, top.row))),
            Some(next) => bottom.min(Some((next, 0))),
            None => bottom,
        }
    }

    /// Stands still with this row as the first.
    pub(super) fn stand_at(&mut self, number: u64, row: usize) {
        let Some(mark) = self.store.mark(number) else { return };
        if self.top.is_none() {
            self.newest = self.store.end().checked_sub(1).and_then(|newest| self.store.mark(newest));
        }
        self.top = Some(Top { mark, row });
    }

    fn visible(&self, cx: &Context) -> Vec<Seen> {
        let Some((first, skipped)) = self.top_place(cx) else { return Vec::new() };
        let rows = self.rows();
        let mut seen = Vec::with_capacity(rows);
        let (mut at, mut skip) = (Some(first), skipped);
        while let Some(number) = at
            && seen.len() < rows
        {
            let laid = Rc::new(self.laid(number, cx));
            // Narrower room may have given the line fewer rows than there were.
            let from = skip.min(laid.rows.len().saturating_sub(1));
            seen.extend((from..laid.rows.len()).take(rows - seen.len()).map(|row| Seen { number, laid: Rc::clone(&laid), row }));
            skip = 0;
            at = self.sieve.at_or_after(number + 1, &self.store);
        }
        seen
    }

    pub(super) fn last_seen(&self, cx: &Context) -> Option<u64> {
        self.visible(cx).last().map(|seen| seen.number)
    }

    /// Moves by rows; at the end it follows again. While lines are marked, the end of the marked ones moves.
    pub(super) fn travel(&mut self, rows: isize, cx: &Context) {
        if let Some(selection) = self.selection.filter(|selection| selection.lines && !selection.held) {
            return self.extend(selection, rows, cx);
        }
        let Some((mut number, mut row)) = self.top_place(cx) else { return };
        let mut left = rows.unsigned_abs();
        if rows < 0 {
            while left > row {
                left -= row;
                let Some(before) = self.sieve.before(number, &self.store) else {
                    (left, row) = (0, 0);
                    break;
                };
                (number, row) = (before, self.laid(before, cx).rows.len());
            }
            return self.stand_at(number, row - left);
        }
        while left > 0 {
            let own = self.laid(number, cx).rows.len();
            if row + left < own {
                row += left;
                break;
            }
            let Some(next) = self.sieve.at_or_after(number + 1, &self.store) else { break };
            left -= own.saturating_sub(row).min(left);
            (number, row) = (next, 0);
        }
        if self.top.is_none() || self.follow_place(cx).is_none_or(|bottom| (number, row) >= bottom) {
            self.follow();
        } else {
            self.stand_at(number, row);
        }
    }

    fn extend(&mut self, selection: Selection, rows: isize, cx: &Context) {
        let mut number = self.store.number(selection.to.0);
        for _ in 0..rows.unsigned_abs() {
            let next = if rows < 0 { self.sieve.before(number, &self.store) } else { self.sieve.at_or_after(number + 1, &self.store) };
            let Some(next) = next else { break };
            number = next;
        }
        self.select_to(number, cx);
    }

    fn select_to(&mut self, number: u64, cx: &Context) {
        if let (Some(selection), Some(mark)) = (&mut self.selection, self.store.mark(number)) {
            selection.to = (mark, 0);
        }
        if !self.visible(cx).iter().any(|seen| seen.number == number) {
            self.show_line(number, cx);
        }
    }

    /// To the oldest line, or to the newest.
    pub(super) fn go_to_end(&mut self, newest: bool, cx: &Context) {
        let first = self.sieve.at_or_after(self.store.first(), &self.store);
        let last = self.sieve.before(self.store.end(), &self.store);
        let to = if newest { last } else { first };
        if let (Some(selection), Some(to)) = (self.selection, to)
            && selection.lines
        {
            return self.select_to(to, cx);
        }
        match first {
            _ if newest => self.follow(),
            Some(first) => self.stand_at(first, 0),
            None => {}
        }
    }

    /// Brings a line into the middle of the view.
    pub(super) fn show_line(&mut self, number: u64, cx: &Context) {
        if self.visible(cx).iter().any(|seen| seen.number == number) {
            return self.pause(cx);
        }
        self.stand_at(number, 0);
        let half = isize::try_from(self.rows() / 2).unwrap_or(0);
        let selection = self.selection.take();
        self.travel(-half, cx);
        self.selection = selection;
    }

    /// Begins to mark lines, at the found one or the last that is seen; or ends it.
    pub(super) fn select(&mut self, cx: &Context) {
        if self.selection.take().is_some() {
            return;
        }
        self.pause(cx);
        let seen = self.visible(cx);
        let found = self.found.map(|mark| self.store.number(mark)).filter(|number| seen.iter().any(|seen| seen.number == *number));
        let at = found.or_else(|| seen.last().map(|seen| seen.number)).and_then(|number| self.store.mark(number));
        self.selection = at.map(|mark| Selection { from: (mark, 0), to: (mark, 0), lines: true, held: false });
    }

    /// Copies what is marked; without that the found line, or the last that is seen.
    pub(super) fn copy(&mut self, cx: &Context) -> Vec<Effect> {
        if self.selection.is_none() {
            self.select(cx);
        }
        let text = self.selected(cx);
        self.selection = None;
        vec![Effect::Ask(Ask::Copy(text))]
    }

    /// Both ends of what is marked: line and character, the first one first.
    fn ends(&self) -> Option<[(u64, usize); 2]> {
        let selection = self.selection?;
        let place = |(mark, glyph)| (self.store.number(mark), glyph);
        let (from, to) = (place(selection.from), place(selection.to));
        let [mut first, mut last] = if from <= to { [from, to] } else { [to, from] };
        if selection.lines {
            (first.1, last.1) = (0, usize::MAX);
        }
        Some([first, last])
    }

    fn selected(&self, cx: &Context) -> String {
        let Some([first, last]) = self.ends() else { return String::new() };
        let mut lines = Vec::new();
        let mut at = self.sieve.at_or_after(first.0, &self.store);
        while let Some(number) = at.filter(|number| *number <= last.0 && lines.len() < MOST_COPIED) {
            let laid = self.lay(number, usize::MAX, true, cx);
            let from = if number == first.0 { first.1 } else { 0 };
            let to = if number == last.0 { last.1 } else { usize::MAX };
            let rows = laid.rows.iter().filter(|row| row.end > from && row.start <= to || laid.glyphs.is_empty());
            lines.extend(rows.map(|row| laid.between(row.start.max(from), row.end.saturating_sub(1).min(to)).to_owned()));
            at = self.sieve.at_or_after(number + 1, &self.store);
        }
        lines.join("\n")
    }

    /// Takes a mouse event in its room.
    pub fn mouse(&mut self, event: MouseEvent, room: Rect, cx: &Context) -> Vec<Effect> {
        match (event.kind, event.button) {
            (MouseKind::WheelUp, _) => self.travel(-WHEEL, cx),
            (MouseKind::WheelDown, _) => self.travel(WHEEL, cx),
            (MouseKind::Down, MouseButton::Left) => {
                self.selection = self.at(event, room, cx).map(|at| Selection { from: at, to: at, lines: false, held: true });
            }
            (MouseKind::Drag, MouseButton::Left) => {
                if let (Some(to), Some(mut selection)) = (self.at(event, room, cx), self.selection) {
                    selection.to = to;
                    self.selection = Some(selection);
                }
            }
            (MouseKind::Up, MouseButton::Left) => {
                let moved = self.selection.is_some_and(|selection| selection.from != selection.to);
                let text = if moved { self.selected(cx) } else { String::new() };
                self.selection = None;
                return vec![Effect::Ask(Ask::Copy(text))];
            }
            _ => {}
        }
        Vec::new()
    }

    /// Line and character at a place of the screen.
    fn at(&self, event: MouseEvent, room: Rect, cx: &Context) -> Option<(crate::tui::logs::store::Mark, usize)> {
        let seen = self.visible(cx);
        let row = usize::from(event.row.saturating_sub(room.y)).min(seen.len().checked_sub(1)?);
        let seen = &seen[row];
        let range = seen.laid.rows[seen.row].clone();
        let col = usize::from(event.col.saturating_sub(room.x));
        let mut used = 0;
        let mut glyph = range.start;
        for at in range {
            glyph = at;
            used += usize::from(seen.laid.glyphs[at].width);
            if used > col {
                break;
            }
        }
        Some((self.store.mark(seen.number)?, glyph))
    }

    /// Whether the mouse's button is down in it.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.selection.is_some_and(|selection| selection.held)
    }

    /// Draws it.
    pub fn draw(&self, buffer: &mut Buffer, room: Rect, cx: &Context) {
        let ends = self.ends();
        let selected = cx.theme.style(Role::Selection);
        let seen = self.visible(cx);
        for (y, seen) in (room.y..room.bottom()).zip(&seen) {
            let mut x = room.x;
            let whole = ends.is_some_and(|[first, last]| seen.laid.glyphs.is_empty() && (first.0..=last.0).contains(&seen.number));
            if whole {
                text::put(buffer, x, y, 1, " ", selected);
            }
            for at in seen.laid.rows[seen.row].clone() {
                let glyph = &seen.laid.glyphs[at];
                if x + u16::from(glyph.width) > room.right() {
                    break;
                }
                let is_in = ends.is_some_and(|[first, last]| first <= (seen.number, at) && (seen.number, at) <= last);
                let style = if is_in { Style::reset().patch(selected) } else { glyph.style };
                buffer[(x, y)].set_symbol(seen.laid.symbol(glyph)).set_style(style);
                for covered in 1..u16::from(glyph.width) {
                    buffer[(x + covered, y)].set_symbol(" ").set_style(style);
                }
                x += u16::from(glyph.width);
            }
        }
        if seen.is_empty() && room.height > 1 {
            let middle = Rect { y: room.y + (room.height - 1) / 2, height: 1, ..room };
            let words = self.nothing();
            let indent = (usize::from(middle.width).saturating_sub(text::width(&words)) / 2) as u16;
            text::put(buffer, middle.x + indent, middle.y, middle.width - indent.min(middle.width), &words, cx.theme.style(Role::Muted));
        }
        if room.height > 1 {
            self.draw_status(buffer, Rect { y: room.bottom() - 1, height: 1, ..room }, cx);
        }
    }

    /// What stands where no line does.
    fn nothing(&self) -> String {
        if let Some(reason) = self.sources.iter().find_map(|source| if let Reading::Failed(reason) = &source.state { Some(reason) } else { None }) {
            return reason.clone();
        }
        if !self.sieve.is_open() && self.store.end() > self.store.first() {
            return if self.sieve.is_done(&self.store) { "no line is let through: esc shows all".to_owned() } else { "looking…".to_owned() };
        }
        match self.sources.iter().all(|source| source.state == Reading::Opening) {
            true => "reading the log…".to_owned(),
            false if matches!(self.range, Range::Since(_)) => "nothing was printed in this time: 1 shows all".to_owned(),
            false => "nothing was printed yet".to_owned(),
        }
    }

    fn draw_status(&self, buffer: &mut Buffer, line: Rect, cx: &Context) {
        if let Some(entry) = &self.entry {
            let sign = if entry.filters { " & " } else { " / " };
            let used = text::put(buffer, line.x, line.y, line.width, sign, cx.theme.style(Role::Key));
            if let Some(complaint) = &entry.complaint {
                let words = format!(" {complaint} ");
                let wide = (text::width(&words) as u16).min(line.width.saturating_sub(used) / 2);
                text::put(buffer, line.right() - wide, line.y, wide, &words, cx.theme.style(Role::Error));
            }
            return;
        }
        let (words, role) = self.standing(cx);
        let used = text::put(buffer, line.x, line.y, line.width, &format!(" {words} "), cx.theme.style(role));
        let facts = self.facts();
        let room = usize::from(line.width.saturating_sub(used));
        // What is said first matters most.
        let mut shown = String::new();
        for fact in facts {
            let with = if shown.is_empty() { fact } else { format!("{shown} · {fact}") };
            if text::width(&with) + 1 > room {
                break;
            }
            shown = with;
        }
        let wide = text::width(&shown) as u16;
        text::put(buffer, line.right().saturating_sub(wide + 1), line.y, wide, &shown, cx.theme.style(Role::Muted));
    }

    /// How it stands, in the lower left corner.
    fn standing(&self, cx: &Context) -> (String, Role) {
        if self.hunt.is_some() {
            return ("searching… esc leaves".to_owned(), Role::Info);
        }
        if !self.sieve.is_done(&self.store) {
            return (format!("looking through {}%", self.sieve.percent(&self.store)), Role::Info);
        }
        if let Some(selection) = self.selection.filter(|selection| selection.lines) {
            let (a, b) = (self.store.number(selection.from.0), self.store.number(selection.to.0));
            let lines = self.sieve.count_from(a.min(b), &self.store) - self.sieve.count_from(a.max(b), &self.store) + 1;
            let key = cx.keymap.label(CommandId::LogCopy).unwrap_or_default();
            return (format!("{} marked, {key} copies", text::count(usize::try_from(lines).unwrap_or(usize::MAX), "line")), Role::Accent);
        }
        if let Some(newest) = self.newest.filter(|_| self.top.is_some()) {
            let new = self.sieve.count_from(self.store.number(newest) + 1, &self.store);
            let words = if new == 0 { String::new() } else { format!(", {new} new line{}", if new == 1 { "" } else { "s" }) };
            return (format!("⏸ paused{words}"), if new == 0 { Role::Muted } else { Role::Warn });
        }
        let failed = self.sources.iter().find_map(|source| match &source.state {
            Reading::Failed(reason) => Some(reason.clone()),
            Reading::Lost(_) => Some(format!("{}: connection lost, trying again", source.name)),
            _ => None,
        });
        if let Some(reason) = failed {
            return (format!("✖ {reason}"), Role::Error);
        }
        if self.sources.iter().all(|source| source.state == Reading::Opening) {
            return ("◐ reading".to_owned(), Role::Muted);
        }
        let live = self.sources.iter().filter(|source| source.state != Reading::Ended).count();
        match live {
            0 => ("○ stopped".to_owned(), Role::Muted),
            _ if live < self.sources.len() => (format!("● following {live} of {}", self.sources.len()), Role::Ok),
            _ => ("● following".to_owned(), Role::Ok),
        }
    }

    /// What else is to know, the most important first.
    fn facts(&self) -> Vec<String> {
        let mut facts = Vec::new();
        if let Some(pattern) = &self.sieve.pattern {
            facts.push(format!("& {}", pattern.text));
        }
        if let Some(least) = self.sieve.least {
            facts.push(if least == Level::Error { "error".to_owned() } else { format!("{}…", least.word()) });
        }
        if let Some(needle) = &self.needle {
            facts.push(format!("/ {}", needle.text));
        }
        let all = self.store.end() - self.store.first();
        let shown = self.sieve.count(&self.store);
        facts.push(if self.sieve.is_open() { format!("{all} lines") } else { format!("{shown} of {all} lines") });
        if self.store.dropped() > 0 {
            facts.push(format!("{} older ones dropped", self.store.dropped()));
        }
        facts.push(match self.range {
            Range::Last(lines) => format!("last {lines}"),
            Range::All => "all".to_owned(),
            Range::Since(ago) => format!("{} min", ago.as_secs() / 60),
        });
        facts.extend((!self.wrap).then(|| if self.pan > 0 { format!("cut, from column {}", self.pan + 1) } else { "cut".to_owned() }));
        facts.extend(self.utc.then(|| "UTC".to_owned()));
        facts.extend(self.json.then(|| "JSON".to_owned()));
        facts
    }

    /// Draws the text that is being typed, with the cursor.
    pub fn draw_entry(&self, frame: &mut Frame, room: Rect, cx: &Context) {
        let Some(entry) = self.entry.as_ref().filter(|_| room.height > 0 && room.width > 4) else { return };
        let complains = entry.complaint.is_some();
        let width = if complains { (room.width - 3) / 2 } else { room.width - 3 };
        let place = Rect { x: room.x + 3, y: room.bottom() - 1, width, height: 1 };
        entry.field.draw(frame, place, cx.theme.style(Role::Text).add_modifier(Modifier::BOLD), ("text  !not  /expression", cx.theme.style(Role::Muted)), true);
    }
}
