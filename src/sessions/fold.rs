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
    /// What redraws it; used while it is not open.
    folded: Picture,
    size: Size,
    scrollback: usize,
    /// Added to the generation of the open screen, so that it only grows.
    before: u64,
}

/// What redraws a screen.
enum Picture {
    Plain(Vec<u8>),
    Compressed(Vec<u8>),
}

impl Fold {
    /// An empty screen.
    pub fn new(size: Size, scrollback: usize) -> Self {
        Self { open: Some(Screen::new(size, scrollback)), folded: Picture::Plain(Vec::new()), size, scrollback, before: 0 }
    }

    /// Shows this picture instead of what was there: drawn when the screen is needed first.
    pub fn show(&mut self, picture: &[u8]) {
        self.before += self.open.as_ref().map_or(0, Screen::generation) + 1;
        (self.folded, self.open) = (Picture::Plain(picture.to_vec()), None);
    }

    /// The screen, unfolded where it must be.
    pub fn open(&mut self) -> &mut Screen {
        let Self { open, folded, size, scrollback, .. } = self;
        open.get_or_insert_with(|| {
            let mut screen = Screen::new(*size, *scrollback);
            match std::mem::replace(folded, Picture::Plain(Vec::new())) {
                Picture::Plain(bytes) => screen.feed(&bytes),
                Picture::Compressed(packed) => screen.feed(&unpacked(&packed)),
            }
            // What redraws it asks nobody anything, and is no news.
            drop((screen.take_replies(), screen.take_events()));
            screen
        })
    }

    /// Bytes that redraw it, with so many lines above it; a folded one stays folded where its picture has as many.
    pub fn snapshot(&mut self, scrollback: usize) -> Vec<u8> {
        match (&self.open, &self.folded) {
            (None, Picture::Compressed(packed)) if scrollback == self.scrollback => unpacked(packed),
            _ => self.open().snapshot(scrollback),
        }
    }

    /// Folds it. A screen whose picture can't be made stays open.
    pub fn fold(&mut self) {
        let (picture, generation) = match (&mut self.open, &mut self.folded) {
            (Some(screen), _) => (screen.snapshot(self.scrollback), screen.generation() + 1),
            (None, Picture::Plain(picture)) => (std::mem::take(picture), 0),
            (None, Picture::Compressed(_)) => return,
        };
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
        if encoder.write_all(&picture).is_err() {
            return self.keep(picture);
        }
        let Ok(mut folded) = encoder.finish() else { return self.keep(picture) };
        folded.shrink_to_fit();
        // Unfolding feeds it: the generation is one that nobody has seen.
        self.before += generation;
        (self.folded, self.open) = (Picture::Compressed(folded), None);
    }

    fn keep(&mut self, picture: Vec<u8>) {
        if self.open.is_none() {
            self.folded = Picture::Plain(picture);
        }
    }

    /// Whether it is folded as small as can be.
    pub fn is_folded(&self) -> bool {
        self.open.is_none() && matches!(self.folded, Picture::Compressed(_))
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

/// A picture as it was before it was folded. Our own bytes, from memory: what can't be read is shown as far as it could be.
fn unpacked(packed: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = DeflateDecoder::new(packed).read_to_end(&mut bytes);
    bytes
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
        assert!(fold.is_folded() && matches!(&fold.folded, Picture::Compressed(packed) if packed.len() < picture.len() + 16));
        assert!(fold.generation() > generation);
        assert_eq!(fold.snapshot(100), picture);
        assert!(fold.is_folded(), "a picture of it is no reason to unfold it");
        assert_eq!((fold.open().text(), fold.open().snapshot(100)), (text, picture));
        assert!(!fold.is_folded());
    }

    #[test]
    fn a_picture_is_drawn_when_it_is_needed_and_folds_without_being_drawn() {
        let size = Size { cols: 30, rows: 4 };
        let mut fold = Fold::new(size, 100);
        let generation = fold.generation();
        fold.show(b"before\r\nthe \x1b[1mrestart\x1b[0m");
        assert!(!fold.is_folded() && fold.generation() > generation);
        fold.fold();
        assert!(fold.is_folded());
        assert_eq!(fold.open().text().trim_end(), "before\nthe restart");
    }
}
