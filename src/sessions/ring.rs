//! The newest bytes of a session's output, by their offsets from its start.
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

/// Keeps up to `capacity` bytes and grows as it fills. What it holds is counted in a sum over all rings.
#[derive(Debug)]
pub(super) struct Ring {
    oldest: u64,
    bytes: VecDeque<u8>,
    capacity: usize,
    held: Arc<AtomicUsize>,
}

impl Ring {
    /// An empty ring whose next byte has offset `start`.
    pub fn new(start: u64, capacity: usize, held: Arc<AtomicUsize>) -> Self {
        Self { oldest: start, bytes: VecDeque::new(), capacity, held }
    }

    /// The offset after the newest byte: how many were printed in all.
    pub fn head(&self) -> u64 {
        self.oldest + self.bytes.len() as u64
    }

    /// The offset of the oldest byte that is kept; the head when none is.
    pub fn oldest(&self) -> u64 {
        self.oldest
    }

    /// Adds printed bytes; the oldest go when there is no room.
    pub fn push(&mut self, bytes: &[u8]) {
        let tail = &bytes[bytes.len().saturating_sub(self.capacity)..];
        self.bytes.extend(tail);
        self.oldest += (bytes.len() - tail.len()) as u64;
        self.held.fetch_add(tail.len(), Ordering::Relaxed);
        self.keep(self.capacity);
    }

    /// Goes on at another offset, with nothing kept of before.
    pub fn skip_to(&mut self, offset: u64) {
        self.keep(0);
        self.oldest = offset;
    }

    /// How many bytes may be kept.
    pub fn set_capacity(&mut self, capacity: usize) {
        if capacity != self.capacity {
            self.capacity = capacity;
            self.keep(capacity);
        }
    }

    /// Forgets all but the newest `most` bytes, and gives their memory back when little is left.
    pub fn trim(&mut self, most: usize) {
        self.keep(most);
        self.bytes.shrink_to(most);
    }

    fn keep(&mut self, most: usize) {
        let surplus = self.bytes.len().saturating_sub(most);
        self.bytes.drain(..surplus);
        self.oldest += surplus as u64;
        self.held.fetch_sub(surplus, Ordering::Relaxed);
    }

    /// At most `most` bytes from `offset` on, which must not be older than the oldest; empty beyond the head.
    pub fn copy(&self, offset: u64, most: usize) -> Vec<u8> {
        let from = usize::try_from(offset.saturating_sub(self.oldest)).unwrap_or(usize::MAX).min(self.bytes.len());
        let to = from.saturating_add(most).min(self.bytes.len());
        let mut copied = Vec::with_capacity(to - from);
        let (front, back) = self.bytes.as_slices();
        copied.extend_from_slice(front.get(from..to.min(front.len())).unwrap_or_default());
        copied.extend_from_slice(back.get(from.saturating_sub(front.len())..to.saturating_sub(front.len())).unwrap_or_default());
        copied
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        self.held.fetch_sub(self.bytes.len(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_bytes_are_found_by_their_offsets() {
        let held = Arc::new(AtomicUsize::new(0));
        let mut ring = Ring::new(100, 10, held.clone());
        for piece in [&b"abcdef"[..], b"ghijkl", b"m"] {
            ring.push(piece);
        }
        assert_eq!((ring.oldest(), ring.head()), (103, 113));
        assert_eq!(ring.copy(103, 99), b"defghijklm");
        assert_eq!(ring.copy(110, 2), b"kl");
        assert_eq!(ring.copy(113, 5), b"");
        ring.push(b"0123456789ABCDEF");
        assert_eq!((ring.oldest(), ring.head(), ring.copy(119, 3)), (119, 129, b"678".to_vec()));
        ring.trim(4);
        assert_eq!((ring.oldest(), held.load(Ordering::Relaxed)), (125, 4));
        drop(ring);
        assert_eq!(held.load(Ordering::Relaxed), 0);
    }
}
