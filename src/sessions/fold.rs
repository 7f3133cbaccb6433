//! A session's screen, which is folded into a small picture while nobody needs it.
use crate::model::Size;
use crate::term::Screen;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use std::io::Read;
use std::io::Write;

/// A screen, open or folded. A screen with its scrollback takes megabytes, its picture some kilobytes.
pub(super) struct Fold {
    open: Option<Screen>,
    /// What redraws it, compressed; used while it is not open.
    folded: Vec<u8>,
    size: Size,
    scrollback: usize,
    /// Added to the generation of the open screen, so that it only grows.
    before: u64,
}

impl Fold {
    /// An empty screen.
    pub fn new(size: Size, scrollback: usize) -> Self {
        Self { open: Some(Screen::new(size, scrollback)), folded: Vec::new(), size, scrollback, before: 0 }
    }

    /// The screen, unfolded where it must be.
    pub fn open(&mut self) -> &mut Screen {
        let Self { open, folded, size, scrollback, .. } = self;
        open.get_or_insert_with(|| {
            let mut screen = Screen::new(*size, *scrollback);
            let mut bytes = Vec::new();
            // Our own bytes, from memory: what can't be read is shown as far as it could be.
            let _ = DeflateDecoder::new(folded.as_slice()).read_to_end(&mut bytes);
            *folded = Vec::new();
            screen.feed(&bytes);
            // What redraws it asks nobody anything, and is no news.
            drop((screen.take_replies(), screen.take_events()));
            screen
        })
    }

    /// Folds it. A screen whose picture can't be made stays open.
    pub fn fold(&mut self) {
        let Some(screen) = &mut self.open else { return };
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
        if encoder.write_all(&screen.snapshot(self.scrollback)).is_err() {
            return;
        }
        let Ok(mut folded) = encoder.finish() else { return };
        folded.shrink_to_fit();
        // Unfolding feeds it: the generation is one that nobody has seen.
        self.before += screen.generation() + 1;
        (self.folded, self.open) = (folded, None);
    }

    /// Whether it is folded.
    pub fn is_folded(&self) -> bool {
        self.open.is_none()
    }

    /// Gives it another size.
    pub fn resize(&mut self, size: Size) {
        self.open().resize(size);
        self.size = size;
    }

    /// Grows when its picture may have changed.
    pub fn generation(&mut self) -> u64 {
        let before = self.before;
        match &mut self.open {
            Some(screen) => {
                screen.stop_sync_if_due(std::time::Instant::now());
                before + screen.generation()
            }
            None => before,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folded_screen_unfolds_to_what_it_was() {
        let size = Size { cols: 30, rows: 4 };
        let mut fold = Fold::new(size, 100);
        fold.open().feed(b"one\r\ntwo\r\nthree\r\nfour\r\nfive \x1b[1;31mred\x1b[0m\x1b]0;title\x07");
        let (text, picture, generation) = (fold.open().text(), fold.open().snapshot(100), fold.generation());
        fold.fold();
        assert!(fold.is_folded() && fold.folded.len() < picture.len() + 16);
        assert!(fold.generation() > generation);
        assert_eq!((fold.open().text(), fold.open().snapshot(100)), (text, picture));
        assert!(!fold.is_folded());
    }
}
