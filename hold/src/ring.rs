//! The last output of a session, by 64-bit offsets.
use std::collections::VecDeque;

/// Bytes of a piece of the ring. Memory grows and is given back in these.
const PIECE: usize = hold::MAX_DATA;

/// Output from some offset on, at least the last `keep` bytes of it.
pub struct Ring {
    pieces: VecDeque<Box<[u8]>>,
    /// Offset of the first byte of the first piece.
    oldest: u64,
    head: u64,
    keep: u64,
}

impl Ring {
    /// An empty one, which takes no memory yet.
    pub fn new(keep: usize) -> Self {
        Self { pieces: VecDeque::new(), oldest: 0, head: 0, keep: keep as u64 }
    }

    /// Offset of the oldest byte that is kept.
    pub fn oldest(&self) -> u64 {
        self.oldest
    }

    /// Offset after the last byte.
    pub fn head(&self) -> u64 {
        self.head
    }

    /// Bytes that are kept at least, once there are so many.
    pub fn keep(&self) -> u64 {
        self.keep
    }

    /// Where the next bytes are to be written; never empty. Follow with [`Self::wrote`].
    pub fn space(&mut self) -> &mut [u8] {
        let used = (self.head - self.oldest) as usize;
        if used == self.pieces.len() * PIECE {
            self.pieces.push_back(vec![0; PIECE].into_boxed_slice());
        }
        &mut self.pieces[used / PIECE][used % PIECE..]
    }

    /// Takes note that so many bytes were written to [`Self::space`]; the oldest piece goes when it is not needed any more.
    pub fn wrote(&mut self, count: usize) {
        self.head += count as u64;
        while self.head - self.oldest >= self.keep + PIECE as u64 {
            self.pieces.pop_front();
            self.oldest += PIECE as u64;
        }
    }

    /// Bytes from `offset` on, as many as lie together; none where there are none.
    pub fn read(&self, offset: u64) -> &[u8] {
        if offset < self.oldest || offset >= self.head {
            return &[];
        }
        let at = (offset - self.oldest) as usize;
        let there = ((self.head - offset) as usize).min(PIECE - at % PIECE);
        &self.pieces[at / PIECE][at % PIECE..at % PIECE + there]
    }
}

#[cfg(test)]
mod tests {
    use super::PIECE;
    use super::Ring;

    fn push(ring: &mut Ring, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let space = ring.space();
            let count = space.len().min(bytes.len());
            space[..count].copy_from_slice(&bytes[..count]);
            ring.wrote(count);
            bytes = &bytes[count..];
        }
    }

    #[test]
    fn offsets_find_the_same_bytes_however_they_came() {
        let all: Vec<u8> = (0..3_000_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let mut ring = Ring::new(1 << 20);
        for (round, piece) in all.chunks(4095).enumerate() {
            push(&mut ring, piece);
            assert!(ring.head() - ring.oldest() < (1 << 20) + PIECE as u64);
            assert!(ring.head() - ring.oldest() >= (1 << 20).min(ring.head()));
            if round % 37 == 0 {
                let mut at = ring.oldest();
                while at < ring.head() {
                    let found = ring.read(at);
                    assert_eq!(found, &all[at as usize..at as usize + found.len()]);
                    at += found.len() as u64;
                }
            }
        }
        assert_eq!(ring.head(), all.len() as u64);
        assert!(ring.read(ring.oldest() - 1).is_empty() && ring.read(ring.head()).is_empty() && ring.read(u64::MAX).is_empty());
    }

    #[test]
    fn an_empty_ring_takes_no_memory() {
        let ring = Ring::new(1 << 20);
        assert!(ring.pieces.is_empty() && ring.read(0).is_empty());
    }
}
