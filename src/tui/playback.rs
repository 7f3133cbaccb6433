//! A recording while it is played: time, screen, and the line that says where it is.
use super::parts::frames::put_cell;
use super::theme::Role;
use super::theme::Theme;
use crate::model::CastData;
use crate::model::CastItem;
use crate::model::CastLines;
use crate::model::Recording;
use crate::term::Key;
use crate::term::KeyCode;
use crate::term::Mods;
use crate::term::Screen;
use ratatui::Frame;
use ratatui::layout::Rect;
use std::collections::VecDeque;
use std::time::Duration;

/// Lines above the screen that are kept, for what comes back when it grows.
const SCROLLBACK: usize = 2_000;
/// Bytes that are read ahead; then the server waits.
const AHEAD: usize = 1 << 20;
/// Most bytes drawn before keys are looked at again.
const AT_ONCE: usize = 256 * 1024;
/// How far the arrows go.
const STEP: Duration = Duration::from_secs(5);
const LEAP: Duration = Duration::from_secs(60);
/// Speeds that + and - choose from.
const SPEEDS: [f64; 9] = [0.25, 0.5, 1.0, 1.5, 2.0, 4.0, 8.0, 16.0, 64.0];

/// What a key asks for beyond the playback itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Nothing.
    Nothing,
    /// The bytes from this time on.
    Seek(Duration),
    /// The end.
    Quit,
}

/// A recording while it is played.
pub struct Playback {
    recording: Recording,
    screen: Screen,
    lines: CastLines,
    /// Events that are read and not drawn, with their times.
    queue: VecDeque<(Duration, CastData)>,
    /// Bytes in the queue.
    queued: usize,
    /// Time of the last event that was read.
    read: Duration,
    /// Where it is.
    now: Duration,
    length: Duration,
    speed: f64,
    idle_limit: Option<Duration>,
    paused: bool,
    /// There is nothing more to read.
    complete: bool,
    error: Option<String>,
}

impl Playback {
    /// A recording to be played from `from` on, so many times as fast; nothing is waited for longer than `idle_limit`.
    #[must_use]
    pub fn new(recording: Recording, from: Duration, speed: f64, idle_limit: Option<Duration>) -> Self {
        let length = Duration::from_millis(recording.duration_ms);
        let screen = Screen::new(recording.size, SCROLLBACK);
        let mut playback = Self {
            recording,
            screen,
            lines: CastLines::default(),
            queue: VecDeque::new(),
            queued: 0,
            read: from,
            now: from,
            length,
            speed,
            idle_limit,
            paused: false,
            complete: false,
            error: None,
        };
        playback.restart(from.min(length));
        playback
    }

    /// Where it is.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.now
    }

    /// What it shows.
    #[must_use]
    pub fn screen(&self) -> &Screen {
        &self.screen
    }

    /// Begins again at a time: what is taken next was read from there.
    pub fn restart(&mut self, from: Duration) {
        self.lines = CastLines::default();
        self.queue.clear();
        self.queued = 0;
        (self.read, self.now) = (from, from);
        (self.complete, self.error) = (false, None);
    }

    /// Whether more is to be read now.
    #[must_use]
    pub fn wants_more(&self) -> bool {
        !self.complete && self.queued < AHEAD
    }

    /// Takes what was read.
    pub fn take(&mut self, bytes: &[u8]) {
        let items = match self.lines.take(bytes) {
            Ok(items) => items,
            Err(error) => return self.fail(error.to_string()),
        };
        for item in items {
            match item {
                CastItem::Header(header) => {
                    self.screen.reset();
                    self.screen.resize(header.size());
                }
                CastItem::Event(event) => {
                    self.read = self.read.saturating_add(Duration::from_micros(event.after_us));
                    self.queued += bytes_of(&event.data);
                    self.queue.push_back((self.read, event.data));
                }
            }
        }
    }

    /// Everything is read.
    pub fn end(&mut self) {
        self.complete = true;
        self.length = self.length.max(self.read);
    }

    /// Nothing more can be read.
    pub fn fail(&mut self, error: String) {
        self.complete = true;
        self.error = Some(error);
    }

    /// Lets `passed` go by; whether something is drawn differently.
    pub fn advance(&mut self, passed: Duration) -> bool {
        let before = self.now;
        if !self.paused && !self.over() {
            self.now = self.now.saturating_add(passed.mul_f64(self.speed));
        }
        if self.queue.is_empty() {
            // What is not read yet can't have happened.
            self.now = self.now.min(self.read.max(before));
        }
        let mut drawn = 0;
        while drawn < AT_ONCE
            && let Some((at, data)) = self.queue.pop_front_if(|(at, _)| *at <= self.now)
        {
            drawn += bytes_of(&data).max(1);
            self.queued -= bytes_of(&data);
            self.draw_event(data);
            if drawn >= AT_ONCE {
                self.now = at.max(before);
            }
        }
        if let (Some((at, _)), Some(limit), false) = (self.queue.front(), self.idle_limit, self.paused) {
            self.now = self.now.max(at.saturating_sub(limit));
        }
        drawn > 0 || before.as_millis() / 100 != self.now.as_millis() / 100
    }

    fn draw_event(&mut self, data: CastData) {
        match data {
            CastData::Output(bytes) | CastData::Snapshot { bytes, .. } => self.screen.feed(&bytes),
            CastData::Resize(size) => self.screen.resize(size),
            CastData::Input(_) | CastData::Marker(_) | CastData::Exit(_) | CastData::Unknown => {}
        }
        // A recorded program asks nobody anything.
        drop((self.screen.take_replies(), self.screen.take_events()));
    }

    /// When something is to be drawn next, if nothing is pressed: the next event, or the next tenth of a second in the line below.
    #[must_use]
    pub fn pause(&self) -> Option<Duration> {
        if self.paused || self.over() {
            return None;
        }
        let until = self.queue.front().map_or(Duration::MAX, |(at, _)| at.saturating_sub(self.now).div_f64(self.speed));
        Some(until.min(Duration::from_millis(100)))
    }

    fn over(&self) -> bool {
        self.complete && self.queue.is_empty()
    }

    /// Does what a key asks for.
    pub fn key(&mut self, key: Key) -> Wish {
        let to = |time: Duration| Wish::Seek(time.min(self.length));
        match key.code {
            KeyCode::Char('q') | KeyCode::Esc => return Wish::Quit,
            KeyCode::Char('c') if key.mods == Mods::CTRL => return Wish::Quit,
            KeyCode::Char(' ') if self.over() => {
                self.paused = false;
                return Wish::Seek(Duration::ZERO);
            }
            KeyCode::Char(' ') => self.paused = !self.paused,
            KeyCode::Char('+' | '=') => self.speed = SPEEDS.into_iter().find(|speed| *speed > self.speed).unwrap_or(self.speed),
            KeyCode::Char('-') => self.speed = SPEEDS.into_iter().rev().find(|speed| *speed < self.speed).unwrap_or(self.speed),
            KeyCode::Left => return to(self.now.saturating_sub(STEP)),
            KeyCode::Right => return to(self.now.saturating_add(STEP)),
            KeyCode::Down => return to(self.now.saturating_sub(LEAP)),
            KeyCode::Up => return to(self.now.saturating_add(LEAP)),
            KeyCode::Home | KeyCode::Char('0') => return to(Duration::ZERO),
            KeyCode::End => return to(self.length),
            KeyCode::Char('.') if self.paused => {
                if let Some((at, data)) = self.queue.pop_front() {
                    self.queued -= bytes_of(&data);
                    self.now = at;
                    self.draw_event(data);
                }
            }
            _ => {}
        }
        Wish::Nothing
    }

    /// Draws the screen over all of the terminal, and below it the line that says where it is.
    pub fn draw(&self, frame: &mut Frame, theme: &Theme) {
        self.draw_in(frame, frame.area(), theme);
    }

    /// The same in a part of it.
    pub fn draw_in(&self, frame: &mut Frame, all: Rect, theme: &Theme) {
        let room = Rect { height: all.height.saturating_sub(1), ..all };
        let size = self.screen.size();
        let cursor = self.screen.cursor();
        let follow = |at: u16, room: u16, all: u16| if all <= room { 0 } else { (at + 1).saturating_sub(room).min(all - room) };
        let (left, top) = (follow(cursor.col, room.width, size.cols), follow(cursor.row, room.height, size.rows));
        let buffer = frame.buffer_mut();
        let outside = theme.style(Role::Muted);
        for position in room.positions() {
            if position.x - room.x >= size.cols || position.y - room.y >= size.rows {
                buffer[position].set_symbol("·").set_style(outside);
            }
        }
        self.screen.visit(0, |row, col, cell| {
            let (Some(y), Some(x)) = (row.checked_sub(top), col.checked_sub(left)) else { return };
            if x < room.width && y < room.height {
                let cut = cell.width > 1 && x + u16::from(cell.width) > room.width;
                put_cell(&mut buffer[(room.x + x, room.y + y)], cell, theme.cell(cell), cut);
            }
        });
        if all.height > 0 {
            let line = Rect { y: all.bottom() - 1, height: 1, ..all };
            buffer.set_style(line, theme.style(Role::Bar));
            let text = self.line(usize::from(all.width));
            let role = if self.error.is_some() { Role::Error } else { Role::Text };
            buffer.set_stringn(line.x, line.y, text, usize::from(all.width), theme.style(role));
        }
        if cursor.visible && !room.is_empty() && (left..left + room.width).contains(&cursor.col) && (top..top + room.height).contains(&cursor.row) {
            frame.set_cursor_position((room.x + cursor.col - left, room.y + cursor.row - top));
        }
    }

    /// ` ▶ 0:12 / 3:45  ━━━━──────  1x  web: bash   space pause  ←→ seek  +- speed  q quit`, as much as fits.
    fn line(&self, width: usize) -> String {
        if let Some(error) = &self.error {
            return format!(" ✖ {error}   q quit");
        }
        let sign = match () {
            () if self.over() => "■",
            () if self.paused => "⏸",
            () => "▶",
        };
        let length = self.length.max(self.now);
        let begin = format!(" {sign} {} / {}  ", clock(self.now), clock(length));
        let keys = "  space pause  ←→ ↑↓ seek  +- speed  q quit";
        let end = format!("  {}x  {}", self.speed, self.recording.container_name);
        let columns = |text: &str| text.chars().count();
        let used = columns(&begin) + columns(&end) + columns(keys);
        let (bar, keys) = if width >= used + 10 { ((width - used).min(60), keys) } else { (10, "") };
        let share = if length.is_zero() { 1.0 } else { self.now.as_secs_f64() / length.as_secs_f64() };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a few columns")]
        let full = ((share * bar as f64) as usize).min(bar);
        format!("{begin}{}{}{end}{keys}", "━".repeat(full), "─".repeat(bar - full))
    }
}

fn bytes_of(data: &CastData) -> usize {
    match data {
        CastData::Output(bytes) | CastData::Snapshot { bytes, .. } | CastData::Input(bytes) => bytes.len(),
        CastData::Resize(_) | CastData::Marker(_) | CastData::Exit(_) | CastData::Unknown => 0,
    }
}

/// `3:07`, `1:02:03`.
fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}
