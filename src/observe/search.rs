//! Lines of one container's log that fit, found as the log comes in. Pure: what it holds is bounded, whatever a container prints.
use crate::error::Error;
use crate::error::Result;
use crate::model::ContainerId;
use crate::model::LogHit;
use crate::model::LogLevel;
use crate::model::LogSource;
use crate::model::SearchLogs;
use crate::term::level::Level;
use crate::term::one_line;
use jiff::Timestamp;
use regex::Regex;
use regex::RegexBuilder;
use std::collections::VecDeque;

/// Characters of a query.
const QUERY: usize = 1_000;
/// Memory that an expression may take when it is compiled, and while it looks, in bytes.
const LARGEST: usize = 256 << 10;
/// Bytes of a line that are looked at; what is beyond is left out.
const LINE: usize = 64 << 10;
/// Characters shown of a line that was found, and of those around it.
const SHOWN: usize = 2_000;
const AROUND: usize = 300;
/// Lines that are found in what is taken at once.
const MOST: usize = 512;

/// What is looked for.
#[derive(Clone, Debug)]
pub struct Wanted {
    regex: Regex,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    source: Option<LogSource>,
    level: Option<LogLevel>,
    context: usize,
}

impl Wanted {
    /// Reads a request.
    ///
    /// # Errors
    /// `invalid_value` for a query that is empty, too long, or no regular expression.
    pub fn of(request: &SearchLogs) -> Result<Self> {
        let query = &request.query;
        if query.is_empty() || query.chars().count() > QUERY {
            return Err(Error::invalid(format!("a query has 1 to {QUERY} characters")));
        }
        let pattern = if request.regex { query.clone() } else { regex::escape(query) };
        let mut builder = RegexBuilder::new(&pattern);
        let built = builder.case_insensitive(!request.case_sensitive).size_limit(LARGEST).dfa_size_limit(LARGEST).build();
        let regex = built.map_err(|error| {
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            Error::invalid(format!("the expression is wrong: {last}")).fix("without 'regex' the query is taken letter by letter")
        })?;
        let SearchLogs { since, until, source, level, .. } = request;
        Ok(Self { regex, since: *since, until: *until, source: *source, level: *level, context: request.context as usize })
    }
}

/// Looks through one log.
#[derive(Debug)]
pub struct Scanner {
    wanted: Wanted,
    container: ContainerId,
    name: String,
    partial: [Partial; 2],
    /// Lines looked at, and their bytes.
    pub lines: u64,
    /// See `lines`.
    pub bytes: u64,
    before: VecDeque<String>,
    /// Found, and still to get lines after it.
    open: VecDeque<(LogHit, usize)>,
}

/// A line that is not ended yet.
#[derive(Debug, Default)]
struct Partial {
    bytes: Vec<u8>,
    /// More came than is kept.
    cut: bool,
}

impl Scanner {
    /// Looks in the log of this container.
    #[must_use]
    pub fn new(wanted: Wanted, container: ContainerId, name: String) -> Self {
        Self { wanted, container, name, partial: Default::default(), lines: 0, bytes: 0, before: VecDeque::new(), open: VecDeque::new() }
    }

    /// Takes in a piece of the log, with a time before each line. What was found goes to `found`.
    pub fn take(&mut self, source: LogSource, mut bytes: &[u8], found: &mut Vec<LogHit>) {
        self.bytes += bytes.len() as u64;
        let at = usize::from(source == LogSource::Stderr);
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            self.partial[at].push(&bytes[..end]);
            let line = std::mem::take(&mut self.partial[at]);
            self.line(source, &line.bytes, found);
            bytes = &bytes[end + 1..];
        }
        self.partial[at].push(bytes);
    }

    /// The log has ended: a last line without an end counts, and nothing more comes after what was found.
    pub fn finish(&mut self, found: &mut Vec<LogHit>) {
        for source in [LogSource::Stdout, LogSource::Stderr] {
            let line = std::mem::take(&mut self.partial[usize::from(source == LogSource::Stderr)]);
            if !line.bytes.is_empty() {
                self.line(source, &line.bytes, found);
            }
        }
        found.extend(self.open.drain(..).map(|(hit, _)| hit));
    }

    fn line(&mut self, source: LogSource, bytes: &[u8], found: &mut Vec<LogHit>) {
        let text = String::from_utf8_lossy(bytes.strip_suffix(b"\r").unwrap_or(bytes));
        let Some((at, text)) = text.split_once(' ').and_then(|(at, text)| Some((at.parse::<Timestamp>().ok()?, text))) else { return };
        if self.wanted.source.is_some_and(|wanted| wanted != source) {
            return;
        }
        // More than any search keeps: it ends with them.
        if found.len() >= MOST {
            return;
        }
        self.lines += 1;
        let text = one_line(text, usize::MAX);
        let around = || one_line(&text, AROUND);
        for (hit, left) in &mut self.open {
            hit.after.push(around());
            *left -= 1;
        }
        while self.open.front().is_some_and(|(_, left)| *left == 0) {
            found.extend(self.open.pop_front().map(|(hit, _)| hit));
        }
        if let Some(mut hit) = self.fitting(source, at, &text) {
            hit.before = self.before.iter().cloned().collect();
            match self.wanted.context {
                0 => found.push(hit),
                context => self.open.push_back((hit, context)),
            }
        }
        if self.wanted.context > 0 {
            if self.before.len() == self.wanted.context {
                self.before.pop_front();
            }
            self.before.push_back(around());
        }
    }

    fn fitting(&self, source: LogSource, at: Timestamp, text: &str) -> Option<LogHit> {
        let wanted = &self.wanted;
        if wanted.since.is_some_and(|since| at < since) || wanted.until.is_some_and(|until| at >= until) {
            return None;
        }
        let level = level_of(text);
        if wanted.level.is_some_and(|least| level.is_none_or(|level| level < least)) {
            return None;
        }
        let place = wanted.regex.find(text)?;
        let (text, found) = shown(text, place.start(), place.end());
        let (container, container_name) = (self.container.clone(), self.name.clone());
        Some(LogHit { container, container_name, source, at, line: self.lines, level, text, found, before: Vec::new(), after: Vec::new() })
    }
}

impl Partial {
    fn push(&mut self, bytes: &[u8]) {
        let room = LINE.saturating_sub(self.bytes.len());
        self.cut |= bytes.len() > room;
        self.bytes.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

fn level_of(text: &str) -> Option<LogLevel> {
    match Level::of(text) {
        Level::Trace => Some(LogLevel::Trace),
        Level::Debug => Some(LogLevel::Debug),
        Level::Info => Some(LogLevel::Info),
        Level::Warn => Some(LogLevel::Warn),
        Level::Error => Some(LogLevel::Error),
        Level::Unknown | Level::Marker | Level::BadMarker => None,
    }
}

/// What is shown of a line in which the bytes `start..end` were found, and where they are in that, in characters.
fn shown(text: &str, start: usize, end: usize) -> (String, (u32, u32)) {
    let (before, length) = (text[..start].chars().count(), text[start..end].chars().count());
    // A quarter of the room goes to what is before it.
    let skipped = if text.chars().count() <= SHOWN { 0 } else { before.saturating_sub(SHOWN / 4) };
    let part: String = text.chars().skip(skipped).take(SHOWN).collect();
    let from = before - skipped;
    let number = |count: usize| u32::try_from(count.min(SHOWN)).unwrap_or(u32::MAX);
    (part, (number(from), number(from + length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(request: SearchLogs, log: &[&[u8]]) -> Vec<LogHit> {
        let mut scanner = Scanner::new(Wanted::of(&request).unwrap(), ContainerId::from("c1"), "web".to_owned());
        let mut found = Vec::new();
        log.iter().for_each(|piece| scanner.take(LogSource::Stdout, piece, &mut found));
        scanner.finish(&mut found);
        found
    }

    fn query(query: &str) -> SearchLogs {
        SearchLogs { query: query.to_owned(), ..SearchLogs::default() }
    }

    #[test]
    fn lines_in_pieces_are_found_with_those_around_them() {
        let log: [&[u8]; 3] =
            [b"2026-01-01T00:00:00Z one\n2026-01-01T00:00:01Z tw", b"o \x1b[31mERR", b"OR\x1b[0m.\n2026-01-01T00:00:02Z three\n2026-01-01T00:00:03Z err.or"];
        let found = scan(SearchLogs { context: 1, ..query("error.") }, &log);
        assert_eq!(found.len(), 1, "a point is a point: {found:?}");
        let hit = &found[0];
        assert_eq!((hit.text.as_str(), hit.line, hit.found, hit.level), ("two ERROR.", 2, (4, 10), Some(LogLevel::Error)));
        assert_eq!((hit.before.as_slice(), hit.after.as_slice()), (["one".to_owned()].as_slice(), ["three".to_owned()].as_slice()));
        assert_eq!(scan(SearchLogs { regex: true, ..query("err.?or") }, &log).len(), 2);
        assert_eq!(scan(SearchLogs { case_sensitive: true, ..query("err") }, &log).len(), 1);
        assert_eq!(scan(SearchLogs { level: Some(LogLevel::Warn), ..query("o") }, &log).len(), 2, "'err' is a word for it, too");
        assert_eq!(scan(SearchLogs { since: "2026-01-01T00:00:02Z".parse().ok(), ..query("e") }, &log).len(), 2);
        assert_eq!(scan(SearchLogs { until: "2026-01-01T00:00:01Z".parse().ok(), ..query("o") }, &log).len(), 1);
    }

    #[test]
    fn a_line_without_end_and_an_expression_without_end_are_bounded() {
        let mut scanner = Scanner::new(Wanted::of(&SearchLogs { regex: true, ..query("(a+)+$") }).unwrap(), ContainerId::from("c1"), "web".to_owned());
        let mut found = Vec::new();
        scanner.take(LogSource::Stdout, b"2026-01-01T00:00:00Z ", &mut found);
        for _ in 0..64 {
            scanner.take(LogSource::Stdout, &[b'a'; 64 << 10], &mut found);
        }
        assert!(scanner.partial[0].bytes.len() <= LINE && scanner.partial[0].cut);
        scanner.take(LogSource::Stdout, b"b\n", &mut found);
        assert_eq!((found.len(), found[0].text.chars().count(), found[0].found), (1, SHOWN, (0, 2_000)));
        for wrong in ["", "(", "a{1000}{1000}"] {
            assert!(Wanted::of(&SearchLogs { regex: true, ..query(wrong) }).is_err(), "{wrong}");
        }
        assert!(Wanted::of(&query(&"x".repeat(1_001))).is_err());
    }
}
