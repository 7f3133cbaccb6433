//! A session's output for a script: what came and was not yet matched, and waiting for more.
use super::pattern::Found;
use super::pattern::Patterns;
use crate::error::Error;
use crate::error::Result;
use crate::model::ServerFrame;
use crate::model::SessionExit;
use crate::sessions::Reader;
use crate::sessions::ReaderEnd;
use crate::sessions::Writer;
use std::cell::Cell;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// Bytes of output that are kept until they are matched; the oldest go first.
pub(super) const KEPT: usize = 1 << 20;
/// Of what was looked at already, regular expressions look at so many bytes again when more comes.
pub(super) const WINDOW: usize = 64 << 10;

/// A session's output, drained beside the script so that its program never waits for a script that does something else.
#[derive(Clone)]
pub(super) struct Stream(Rc<Inner>);

struct Inner {
    buffer: RefCell<Buffer>,
    /// Something came, or the end.
    came: Notify,
    writer: Option<Writer>,
    seq: Cell<u32>,
}

/// What came and was not matched.
#[derive(Debug, Default)]
struct Buffer {
    bytes: Vec<u8>,
    /// Bytes of it that are matched already.
    read: usize,
    /// Bytes that went before they were matched.
    lost: u64,
    /// Counts what came in all.
    total: u64,
    ended: Option<Ended>,
}

/// Why no more comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// The program has ended.
    Exited(SessionExit),
    /// The session can't be read any more.
    Lost(&'static str),
}

/// How a wait ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Came {
    /// A pattern was found: it, with what came before it.
    Match { found: Found, before: Vec<u8>, text: Vec<u8>, groups: Vec<(Option<String>, Option<Vec<u8>>)> },
    /// No more comes; everything that was not matched.
    End { before: Vec<u8> },
    /// Nothing came in time; everything that was not matched, which stays.
    Timeout { before: Vec<u8> },
}

impl Stream {
    /// Begins to drain a session on this thread. `taken` is told who else types there alone, and when nobody does any more.
    pub(super) fn of(reader: Reader, taken: impl Fn(Option<String>) + 'static) -> Self {
        let stream = Self::new(Some(reader.writer()));
        tokio::task::spawn_local(stream.clone().drain(reader, taken));
        stream
    }

    /// One that is fed by hand: a recording's.
    pub(super) fn new(writer: Option<Writer>) -> Self {
        Self(Rc::new(Inner { buffer: RefCell::default(), came: Notify::new(), writer, seq: Cell::new(0) }))
    }

    async fn drain(self, mut reader: Reader, taken: impl Fn(Option<String>)) {
        let writer = reader.writer();
        while let Some(frame) = reader.next().await {
            match frame {
                ServerFrame::Output { offset, bytes } => {
                    writer.ack(offset + bytes.len() as u64);
                    self.feed(&bytes);
                }
                ServerFrame::Gap { from, to } => self.0.buffer.borrow_mut().lost += to.saturating_sub(from),
                ServerFrame::Exit(exit) => self.finish(Ended::Exited(exit)),
                ServerFrame::Lease(lease) => taken(lease.holder.filter(|_| !lease.yours)),
                _ => {}
            }
        }
        taken(None);
        self.finish(Ended::Lost(match reader.end() {
            ReaderEnd::Exited => "the session has ended",
            ReaderEnd::TooSlow => "the script did not take the session's output for too long",
            ReaderEnd::Stopping => "the server stops",
        }));
    }

    /// More output.
    pub(super) fn feed(&self, bytes: &[u8]) {
        let mut buffer = self.0.buffer.borrow_mut();
        buffer.total += bytes.len() as u64;
        buffer.bytes.extend_from_slice(bytes);
        // Moving what is kept costs: it is done when there is twice as much.
        if buffer.bytes.len() > 2 * KEPT {
            let surplus = buffer.bytes.len() - KEPT;
            let (unread, read) = (surplus.saturating_sub(buffer.read), buffer.read.saturating_sub(surplus));
            buffer.lost += unread as u64;
            buffer.bytes.drain(..surplus);
            buffer.read = read;
        }
        drop(buffer);
        self.0.came.notify_waiters();
    }

    /// No more comes.
    pub(super) fn finish(&self, end: Ended) {
        self.0.buffer.borrow_mut().ended.get_or_insert(end);
        self.0.came.notify_waiters();
    }

    /// Why no more comes; none while more may.
    pub(super) fn ended(&self) -> Option<Ended> {
        self.0.buffer.borrow().ended.clone()
    }

    /// Counts what came in all.
    pub(super) fn total(&self) -> u64 {
        self.0.buffer.borrow().total
    }

    /// What came and was not matched.
    pub(super) fn unread(&self) -> Vec<u8> {
        let buffer = self.0.buffer.borrow();
        buffer.bytes[buffer.read..].to_vec()
    }

    /// Takes what came and was not matched.
    pub(super) fn take(&self) -> Vec<u8> {
        let unread = self.unread();
        let mut buffer = self.0.buffer.borrow_mut();
        buffer.bytes.clear();
        buffer.read = 0;
        unread
    }

    /// Waits until something comes, or the end.
    pub(super) async fn more(&self) {
        let total = self.total();
        loop {
            let came = self.0.came.notified();
            if self.total() != total || self.ended().is_some() {
                return;
            }
            came.await;
        }
    }

    /// Waits until one of the patterns comes. The match and all before it count as read.
    ///
    /// `window` is how many bytes at the end of what came already are looked at, and how many are looked at again when more comes.
    pub(super) async fn expect(&self, patterns: &Patterns, within: Duration, window: Option<usize>) -> Came {
        let until = Instant::now() + within;
        let again = window.unwrap_or(WINDOW);
        // Offset in all that came, up to which it was looked at.
        let mut seen: Option<u64> = None;
        loop {
            let came = self.0.came.notified();
            {
                let mut buffer = self.0.buffer.borrow_mut();
                let unread = buffer.bytes.len() - buffer.read;
                let new = seen.map_or(unread, |seen| usize::try_from(buffer.total - seen).unwrap_or(usize::MAX).min(unread));
                let from = match (seen, window) {
                    // At first only the window counts, where there is one.
                    (None, Some(window)) => unread.saturating_sub(window),
                    _ => unread - new,
                };
                let first = buffer.read;
                if (new > 0 || seen.is_none())
                    && let Some(found) = patterns.find(&buffer.bytes[first..], from, if seen.is_none() { 0 } else { again })
                {
                    let text = &buffer.bytes[first..];
                    let before = text[..found.start].to_vec();
                    let matched = text[found.start..found.end].to_vec();
                    let groups = found.groups.iter().map(|(name, group)| (name.clone(), group.map(|(start, end)| text[start..end].to_vec()))).collect();
                    buffer.read = first + found.end;
                    return Came::Match { found, before, text: matched, groups };
                }
                seen = Some(buffer.total);
                if buffer.ended.is_some() {
                    drop(buffer);
                    return Came::End { before: self.take() };
                }
            }
            if tokio::time::timeout_at(until, came).await.is_err() {
                return Came::Timeout { before: self.unread() };
            }
        }
    }

    /// Types. Waits when the program does not read.
    ///
    /// # Errors
    /// As [`Writer::input`].
    pub(super) async fn type_bytes(&self, bytes: Vec<u8>) -> Result<()> {
        let Some(writer) = &self.0.writer else { return Err(Error::invalid("nothing can be typed into a recording")) };
        let seq = self.0.seq.get() + 1;
        self.0.seq.set(seq);
        writer.input(seq, bytes).await
    }

    /// The other direction; none of a recording.
    pub(super) fn writer(&self) -> Option<&Writer> {
        self.0.writer.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::automation::pattern::Pattern;

    fn patterns(text: &str) -> Patterns {
        Patterns(vec![Pattern::Literal(text.into())])
    }

    #[tokio::test(start_paused = true)]
    async fn a_match_and_all_before_it_count_as_read() {
        let stream = Stream::new(None);
        stream.feed(b"one two three");
        let second = Duration::from_secs(1);
        let came = stream.expect(&patterns("two"), second, None).await;
        assert!(matches!(came, Came::Match { ref before, ref text, .. } if before == b"one " && text == b"two"), "{came:?}");
        assert_eq!(stream.unread(), b" three");
        assert_eq!(stream.expect(&patterns("one"), second, None).await, Came::Timeout { before: b" three".to_vec() });
        stream.finish(Ended::Lost("gone"));
        assert_eq!(stream.expect(&patterns("four"), second, None).await, Came::End { before: b" three".to_vec() });
        assert_eq!(stream.unread(), b"");
    }

    #[tokio::test(start_paused = true)]
    async fn memory_stays_bounded_and_the_newest_is_kept() {
        let stream = Stream::new(None);
        for _ in 0..64 {
            stream.feed(&[b'x'; 64 << 10]);
        }
        stream.feed(b"end");
        let kept = stream.unread();
        assert!(kept.len() <= 2 * KEPT && kept.ends_with(b"end"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_window_looks_only_at_the_end() {
        let stream = Stream::new(None);
        stream.feed(b"needle and much hay");
        assert!(matches!(stream.expect(&patterns("needle"), Duration::from_secs(1), Some(4)).await, Came::Timeout { .. }));
        assert!(matches!(stream.expect(&patterns("needle"), Duration::from_secs(1), None).await, Came::Match { .. }));
    }
}
