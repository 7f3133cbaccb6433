//! Makes lines of a log's bytes: times taken off, and what is not text or colour left out.
use super::store::Batch;
use super::store::LONGEST;
use crate::term::safe_text;
use jiff::Timestamp;

/// Bytes after which the engine cuts a line in pieces, each with its time in front.
const PIECE: usize = 16 << 10;
/// Bytes of a time as the engine writes it, at most.
const TIME: usize = 40;

/// Splits one container's log, piece by piece.
#[derive(Debug, Default)]
pub struct Splitter {
    pending: Vec<u8>,
    /// The rest of a line that is too long is left out.
    skipping: bool,
    last: i64,
    after: Option<i64>,
}

impl Splitter {
    /// Leaves out lines of this time and before, in nanoseconds since 1970.
    #[must_use]
    pub fn new(after: Option<i64>) -> Self {
        Self { after, ..Self::default() }
    }

    /// Takes bytes; adds the lines that they end.
    pub fn push(&mut self, bytes: &[u8], batch: &mut Batch) {
        let mut rest = bytes;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            if self.pending.is_empty() && !self.skipping {
                self.line(&rest[..end], batch);
            } else {
                self.hold(&rest[..end]);
                let line = std::mem::take(&mut self.pending);
                self.line(&line, batch);
            }
            self.skipping = false;
            rest = &rest[end + 1..];
        }
        self.hold(rest);
    }

    /// Adds the last line, which nothing ended.
    pub fn finish(&mut self, batch: &mut Batch) {
        let line = std::mem::take(&mut self.pending);
        if !line.is_empty() {
            self.line(&line, batch);
        }
    }

    fn hold(&mut self, bytes: &[u8]) {
        // A little more than is shown, so that a cut line is known as one.
        let room = (LONGEST + LONGEST / 8).saturating_sub(self.pending.len());
        if bytes.len() > room {
            self.skipping = true;
        }
        self.pending.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn line(&mut self, line: &[u8], batch: &mut Batch) {
        let (time, mut content) = time_of(line).unwrap_or((self.last, line));
        self.last = time;
        if self.after.is_some_and(|after| time <= after) {
            return;
        }
        let mut whole = Vec::new();
        while content.len() > PIECE
            && let Some((_, next)) = time_of(&content[PIECE..])
        {
            whole.extend_from_slice(&content[..PIECE]);
            content = next;
        }
        if !whole.is_empty() {
            whole.extend_from_slice(content);
            content = &whole;
        }
        let content = content.strip_suffix(b"\r").unwrap_or(content);
        match std::str::from_utf8(content) {
            Ok(text) if !text.chars().any(char::is_control) => batch.push(time, text),
            _ => {
                let safe = safe_text(content);
                let safe = String::from_utf8_lossy(&safe);
                // Where a program went back to the line's start, each state is a line.
                for text in safe.split('\n') {
                    batch.push(time, text.trim_end_matches('\r'));
                }
            }
        }
    }
}

/// The time in front of a line, in nanoseconds since 1970, and the rest.
fn time_of(line: &[u8]) -> Option<(i64, &[u8])> {
    let end = memchr::memchr(b' ', &line[..line.len().min(TIME)])?;
    let text = std::str::from_utf8(&line[..end]).ok()?;
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let time: Timestamp = text.parse().ok()?;
    Some((i64::try_from(time.as_nanosecond()).ok()?, &line[end + 1..]))
}
