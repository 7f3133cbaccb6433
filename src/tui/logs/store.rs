//! Lines of logs in memory: compact, in the order of their times, the oldest going first.
use super::level::Level;
use std::collections::VecDeque;
use std::io::Write as _;
use std::sync::Arc;

/// Lines that a view keeps at most; then the oldest go.
pub const MOST_LINES: usize = 1_000_000;
/// Bytes that the views of a program keep together at most; then the oldest lines of the largest go.
pub const MOST_BYTES: usize = 256 << 20;
/// Bytes of a line that are kept; what goes beyond is left out and marked by `…`.
pub const LONGEST: usize = 64 << 10;
/// Bytes that short pieces of text are put together to.
const CHUNK: usize = 64 << 10;

/// Further lines of one container, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    text: String,
    lines: Vec<BatchLine>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct BatchLine {
    time: i64,
    end: usize,
    level: Level,
    coloured: bool,
}

impl Batch {
    /// Adds a line that is safe for a terminal, with its time in nanoseconds since 1970.
    pub fn push(&mut self, time: i64, line: &str) {
        self.add(time, line, Level::of(line));
    }

    /// One line that tells what happened to a container.
    #[must_use]
    pub fn marker(time: i64, text: &str, bad: bool) -> Self {
        let mut batch = Self::default();
        batch.add(time, text, if bad { Level::BadMarker } else { Level::Marker });
        batch
    }

    fn add(&mut self, time: i64, line: &str, level: Level) {
        if line.len() > LONGEST {
            self.text.push_str(&line[..line.floor_char_boundary(LONGEST)]);
            self.text.push('…');
        } else {
            self.text.push_str(line);
        }
        self.lines.push(BatchLine { time, end: self.text.len(), level, coloured: memchr::memchr(0x1b, line.as_bytes()).is_some() });
        // So that no two lines begin at the same place, also where one is empty.
        self.text.push('\n');
    }

    /// How many lines there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Bytes of all lines.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.text.len()
    }
}

/// Where a line is, and what is known of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// In nanoseconds since 1970; never before an earlier line of the same container.
    pub time: i64,
    chunk: u32,
    start: u32,
    len: u32,
    /// Which container it is of.
    pub source: u16,
    /// How grave it is.
    pub level: Level,
    /// It holds colours.
    pub coloured: bool,
}

/// Names a line as long as it is kept, whatever comes before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    time: i64,
    chunk: u32,
    start: u32,
}

#[derive(Clone, Debug)]
struct Chunk {
    text: Arc<String>,
    live: u32,
}

/// Lines of one or several containers. Each has a number that grows by one with each line; inserting and dropping older
/// lines changes what numbers mean, a [`Mark`] stays.
#[derive(Clone, Debug, Default)]
pub struct LogStore {
    lines: VecDeque<Line>,
    chunks: VecDeque<Chunk>,
    first_chunk: u32,
    first: u64,
    dropped: u64,
    bytes: usize,
    latest: Vec<i64>,
}

impl LogStore {
    /// The number of the oldest line.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.first
    }

    /// One more than the number of the newest line.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.first + self.lines.len() as u64
    }

    /// How many lines went because there were too many.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Memory that it takes, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes + self.lines.len() * size_of::<Line>()
    }

    /// A line by its number.
    #[must_use]
    pub fn line(&self, number: u64) -> Option<&Line> {
        let place = number.checked_sub(self.first)?;
        self.lines.get(usize::try_from(place).ok()?)
    }

    /// The text of a line, with its colours.
    #[must_use]
    pub fn text(&self, line: &Line) -> &str {
        let place = line.chunk.wrapping_sub(self.first_chunk) as usize;
        let (start, len) = (line.start as usize, line.len as usize);
        self.chunks.get(place).and_then(|chunk| chunk.text.get(start..start + len)).unwrap_or_default()
    }

    /// The time of the newest line of a container, in nanoseconds since 1970.
    #[must_use]
    pub fn latest(&self, source: u16) -> Option<i64> {
        self.latest.get(usize::from(source)).copied().filter(|time| *time > i64::MIN)
    }

    /// What names a line for good.
    #[must_use]
    pub fn mark(&self, number: u64) -> Option<Mark> {
        self.line(number).map(|line| Mark { time: line.time, chunk: line.chunk, start: line.start })
    }

    /// The number that a line has now; that of its next neighbour when it is gone.
    #[must_use]
    pub fn number(&self, mark: Mark) -> u64 {
        let from = self.lines.partition_point(|line| line.time < mark.time);
        let same = self.lines.range(from..).take_while(|line| line.time == mark.time);
        let own = same.enumerate().find(|(_, line)| line.chunk == mark.chunk && line.start == mark.start).map_or(0, |(place, _)| place);
        (self.first + (from + own) as u64).min(self.end().saturating_sub(1)).max(self.first)
    }

    /// Takes lines in. Returns the number from which on numbers mean other lines than before.
    pub fn add(&mut self, source: u16, batch: Batch) -> u64 {
        let slot = usize::from(source);
        if self.latest.len() <= slot {
            self.latest.resize(slot + 1, i64::MIN);
        }
        let (chunk, offset) = self.keep(batch.text, batch.lines.len());
        let mut start = 0;
        let mut fresh: Vec<Line> = Vec::with_capacity(batch.lines.len());
        for line in batch.lines {
            let mut time = line.time;
            if !line.level.is_marker() {
                // The order of one container's lines is the order in which they came, whatever a clock says.
                time = time.max(self.latest[slot]);
                self.latest[slot] = time;
            }
            let (from, len) = (to_u32(offset + start), to_u32(line.end - start));
            fresh.push(Line { time, chunk, start: from, len, source, level: line.level, coloured: line.coloured });
            start = line.end + 1;
        }
        let Some(first) = fresh.first() else { return self.end() };
        let from = self.lines.partition_point(|line| line.time <= first.time);
        if from == self.lines.len() {
            self.lines.extend(fresh);
        } else {
            let tail = self.lines.split_off(from);
            let (mut old, mut new) = (tail.into_iter().peekable(), fresh.into_iter().peekable());
            loop {
                let next = match (old.peek(), new.peek()) {
                    (Some(a), Some(b)) if a.time <= b.time => old.next(),
                    (Some(_), None) => old.next(),
                    _ => new.next(),
                };
                let Some(line) = next else { break };
                self.lines.push_back(line);
            }
        }
        let changed = self.first + from as u64;
        self.trim(MOST_LINES);
        changed
    }

    /// Keeps a text; returns its chunk and where it begins in it.
    fn keep(&mut self, text: String, lines: usize) -> (u32, usize) {
        let lines = to_u32(lines);
        let last = self.first_chunk.wrapping_add(to_u32(self.chunks.len()));
        if let Some(chunk) = self.chunks.back_mut()
            && chunk.live > 0
            && chunk.text.len() + text.len() <= CHUNK
        {
            let offset = chunk.text.len();
            let before = chunk.text.capacity();
            Arc::make_mut(&mut chunk.text).push_str(&text);
            self.bytes = (self.bytes + chunk.text.capacity()).saturating_sub(before);
            chunk.live += lines;
            return (last.wrapping_sub(1), offset);
        }
        self.bytes += text.capacity();
        self.chunks.push_back(Chunk { text: Arc::new(text), live: lines });
        (last, 0)
    }

    /// Drops the oldest lines beyond so many.
    fn trim(&mut self, most: usize) {
        let over = self.lines.len().saturating_sub(most);
        self.drop_oldest(over);
    }

    /// Drops so many of the oldest lines.
    pub fn drop_oldest(&mut self, count: usize) {
        let count = count.min(self.lines.len());
        for line in self.lines.drain(..count) {
            let place = line.chunk.wrapping_sub(self.first_chunk) as usize;
            let Some(chunk) = self.chunks.get_mut(place) else { continue };
            chunk.live = chunk.live.saturating_sub(1);
            if chunk.live == 0 {
                self.bytes = self.bytes.saturating_sub(chunk.text.capacity());
                chunk.text = Arc::default();
            }
        }
        while self.chunks.front().is_some_and(|chunk| chunk.live == 0) {
            self.chunks.pop_front();
            self.first_chunk = self.first_chunk.wrapping_add(1);
        }
        self.first += count as u64;
        self.dropped += count as u64;
    }

    /// Forgets all lines; their numbers are not used again.
    pub fn clear(&mut self) {
        let count = self.lines.len();
        let dropped = self.dropped;
        self.drop_oldest(count);
        self.dropped = dropped;
    }

    /// Forgets all lines, their times and how many went, to begin anew.
    pub fn begin_anew(&mut self) {
        self.clear();
        self.dropped = 0;
        self.latest.clear();
    }

    /// These lines, to be written elsewhere while others come and go.
    #[must_use]
    pub fn excerpt(&self, numbers: impl Iterator<Item = u64>, names: Vec<String>, times: bool) -> Excerpt {
        Excerpt {
            lines: numbers.filter_map(|number| self.line(number).copied()).collect(),
            chunks: self.chunks.iter().map(|chunk| Arc::clone(&chunk.text)).collect(),
            first_chunk: self.first_chunk,
            names,
            times,
        }
    }
}

fn to_u32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Some lines, apart from the store that they come from.
#[derive(Clone, Debug, PartialEq)]
pub struct Excerpt {
    lines: Vec<Line>,
    chunks: Vec<Arc<String>>,
    first_chunk: u32,
    /// Names in front of the lines; none where there is one container.
    names: Vec<String>,
    times: bool,
}

impl Excerpt {
    /// How many lines there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Writes it as plain text, a line each, with name and time where they are wanted.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, out: impl std::io::Write) -> std::io::Result<()> {
        let mut out = std::io::BufWriter::new(out);
        for line in &self.lines {
            let place = line.chunk.wrapping_sub(self.first_chunk) as usize;
            let (start, len) = (line.start as usize, line.len as usize);
            let text = self.chunks.get(place).and_then(|chunk| chunk.get(start..start + len)).unwrap_or_default();
            if let Some(name) = self.names.get(usize::from(line.source)) {
                write!(out, "{name} ")?;
            }
            if self.times || line.level.is_marker() {
                let time = jiff::Timestamp::from_nanosecond(i128::from(line.time)).unwrap_or_default();
                write!(out, "{time} ")?;
            }
            if line.level.is_marker() {
                write!(out, "-- ")?;
            }
            out.write_all(plain(text).as_bytes())?;
            out.write_all(b"\n")?;
        }
        out.flush()
    }
}

/// A line without its colours.
#[must_use]
pub fn plain(text: &str) -> std::borrow::Cow<'_, str> {
    if memchr::memchr(0x1b, text.as_bytes()).is_none() {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    plain_into(text, &mut out);
    out.into()
}

/// Adds a line without its colours.
pub fn plain_into(text: &str, out: &mut String) {
    let mut pieces = text.split('\x1b');
    out.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        // Nothing but colours is in a safe text.
        out.push_str(piece.split_once('m').map_or("", |(_, rest)| rest));
    }
}
