//! Docker's frames of two streams in one: an 8-byte head (stream, length), then the bytes.
use super::exec::ExecOutput;
use bytes::Buf;
use bytes::Bytes;
use bytes::BytesMut;

/// Takes the stream apart as it comes; a large frame is passed on in pieces, never collected.
#[derive(Debug, Default)]
pub(super) struct Demux {
    buffer: BytesMut,
    stream: u8,
    left: usize,
}

impl Demux {
    /// Where to read more bytes into.
    pub(super) fn buffer(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    /// The next piece; none until more bytes come.
    pub(super) fn next(&mut self) -> Option<ExecOutput> {
        loop {
            if self.left > 0 {
                if self.buffer.is_empty() {
                    return None;
                }
                let count = self.left.min(self.buffer.len());
                self.left -= count;
                let bytes: Bytes = self.buffer.split_to(count).freeze();
                return Some(if self.stream == 2 { ExecOutput::Stderr(bytes) } else { ExecOutput::Stdout(bytes) });
            }
            if self.buffer.len() < 8 {
                return None;
            }
            let mut head = self.buffer.split_to(8);
            self.stream = head.get_u8();
            head.advance(3);
            self.left = usize::try_from(head.get_u32()).unwrap_or(usize::MAX);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_told_apart_however_they_are_cut() {
        let mut whole = Vec::new();
        for (stream, text) in [(1u8, "out"), (2, "error"), (1, ""), (1, "!")] {
            whole.extend([stream, 0, 0, 0]);
            whole.extend(u32::try_from(text.len()).expect("short").to_be_bytes());
            whole.extend(text.as_bytes());
        }
        for size in 1..whole.len() {
            let (mut demux, mut out, mut error) = (Demux::default(), Vec::new(), Vec::new());
            for piece in whole.chunks(size) {
                demux.buffer().extend_from_slice(piece);
                while let Some(output) = demux.next() {
                    match output {
                        ExecOutput::Stdout(bytes) => out.extend(bytes),
                        ExecOutput::Stderr(bytes) => error.extend(bytes),
                    }
                }
            }
            assert_eq!((out.as_slice(), error.as_slice()), (b"out!".as_slice(), b"error".as_slice()));
        }
    }
}
