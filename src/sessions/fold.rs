//! A session's screen, which is folded into a small picture while nobody needs it.
use crate::model::Size;
use crate::term::Commands;
use crate::term::LazyScreen;
use crate::term::Screen;
use crate::term::ScreenEvent;
use crate::term::ShellEvent;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use std::io::Read;
use std::io::Write;

/// A screen, open or folded. A screen with its scrollback takes megabytes, its picture some kilobytes.
pub(super) struct Fold {
    open: Option<LazyScreen>,
    /// What redraws it; used while it is not open.
    folded: Picture,
    size: Size,
    scrollback: usize,
    /// The generation while it is not open; else what is added to that of the open screen. Folding and unfolding are no news.
    before: u64,
    /// It was resized since it was made: its lines keep the memory of the widest that they were.
    resized: bool,
    /// What follows the shell's commands while the screen is not open, which has it else.
    commands: Option<Box<Commands>>,
}

/// What redraws a screen.
enum Picture {
    Plain(Vec<u8>),
    Compressed(Vec<u8>),
}

impl Fold {
    /// An empty screen.
    pub fn new(size: Size, scrollback: usize) -> Self {
        let mut screen = LazyScreen::new(size, scrollback);
        screen.listen(Box::default());
        Self { open: Some(screen), folded: Picture::Plain(Vec::new()), size, scrollback, before: 0, resized: false, commands: None }
    }

    /// Shows this picture instead of what was there: drawn when the screen is needed first.
    pub fn show(&mut self, picture: &[u8]) {
        self.before = self.generation() + 1;
        self.keep_listener();
        (self.folded, self.open) = (Picture::Plain(picture.to_vec()), None);
    }

    /// The screen, unfolded where it must be, with all of its output drawn.
    pub fn open(&mut self) -> &mut Screen {
        self.unfolded().screen()
    }

    /// Takes a piece of the program's output, to be drawn at once or when somebody looks.
    pub fn feed(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.unfolded().feed(bytes);
        }
    }

    /// Takes the answers to the program's queries, and what happened.
    pub fn take_news(&mut self) -> (Vec<u8>, Vec<ScreenEvent>) {
        self.open.as_mut().map_or_else(Default::default, LazyScreen::take_news)
    }

    /// What was heard of the shell's commands since the last time.
    pub fn take_heard(&mut self) -> Vec<ShellEvent> {
        self.open.as_mut().and_then(LazyScreen::listener).map_or_else(Vec::new, Commands::take)
    }

    /// Whether the shell has marked its commands.
    pub fn is_marked(&mut self) -> bool {
        self.open.as_mut().and_then(LazyScreen::listener).or(self.commands.as_deref_mut()).is_some_and(|commands| commands.is_marked())
    }

    fn keep_listener(&mut self) {
        if let Some(commands) = self.open.as_mut().and_then(LazyScreen::stop_listening) {
            self.commands = Some(commands);
        }
    }

    fn unfolded(&mut self) -> &mut LazyScreen {
        let Self { open, folded, size, scrollback, before, resized, commands } = self;
        open.get_or_insert_with(|| {
            *resized = false;
            let mut screen = LazyScreen::new(*size, *scrollback);
            match std::mem::replace(folded, Picture::Plain(Vec::new())) {
                Picture::Plain(bytes) => screen.feed(&bytes),
                Picture::Compressed(packed) => screen.feed(&unpacked(&packed)),
            }
            // What redraws it asks nobody anything, and is no news.
            drop(screen.take_news());
            screen.listen(commands.take().unwrap_or_default());
            *before = before.wrapping_sub(screen.generation());
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
        let generation = self.generation();
        let picture = match (&mut self.open, &mut self.folded) {
            (Some(screen), _) => screen.screen().snapshot(self.scrollback),
            (None, Picture::Plain(picture)) => std::mem::take(picture),
            (None, Picture::Compressed(_)) => return,
        };
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
        if encoder.write_all(&picture).is_err() {
            return self.keep(picture);
        }
        let Ok(mut folded) = encoder.finish() else { return self.keep(picture) };
        folded.shrink_to_fit();
        self.keep_listener();
        (self.folded, self.open, self.before) = (Picture::Compressed(folded), None, generation);
    }

    /// Makes an open screen anew if it was resized, which gives the memory of its wider lines back. Whether it did.
    pub fn renew(&mut self) -> bool {
        let generation = self.generation();
        let Some(mut screen) = self.open.take_if(|_| self.resized) else { return false };
        (self.folded, self.before) = (Picture::Plain(screen.screen().snapshot(self.scrollback)), generation);
        self.commands = screen.stop_listening();
        self.unfolded();
        true
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
        (self.size, self.resized) = (size, true);
    }

    /// Grows when its picture may have changed.
    pub fn generation(&mut self) -> u64 {
        let before = self.before;
        match &mut self.open {
            Some(screen) => before.wrapping_add(screen.generation()),
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
        assert_eq!(fold.generation(), generation, "whoever shows it has nothing to draw");
        assert_eq!(fold.snapshot(100), picture);
        assert!(fold.is_folded(), "a picture of it is no reason to unfold it");
        assert_eq!((fold.open().text(), fold.open().snapshot(100)), (text, picture));
        assert_eq!((fold.is_folded(), fold.generation()), (false, generation));
        fold.feed(b"more");
        assert!(fold.generation() > generation);
    }

    #[test]
    fn a_screen_that_was_resized_is_made_anew_once_as_it_was() {
        let mut fold = Fold::new(Size { cols: 200, rows: 50 }, 100);
        fold.feed("a long line that is wrapped where there is no room for it\r\n".repeat(80).as_bytes());
        fold.resize(Size { cols: 20, rows: 5 });
        fold.feed(b"\x1b[1munfinished \x1b[3");
        let (picture, generation) = (fold.snapshot(100), fold.generation());
        assert!(fold.renew() && !fold.renew());
        assert_eq!((fold.snapshot(100), fold.generation()), (picture, generation));
        fold.feed(b"1mred");
        assert!(fold.open().text().ends_with("unfinished red") && fold.generation() > generation);
    }

    #[test]
    fn a_picture_is_drawn_when_it_is_needed_and_folds_without_being_drawn() {
        let size = Size { cols: 30, rows: 4 };
        let mut fold = Fold::new(size, 100);
        let generation = fold.generation();
        fold.show(b"before\r\nthe \x1b[1mrestart\x1b[0m");
        assert!(!fold.is_folded() && fold.generation() > generation);
        let generation = fold.generation();
        fold.fold();
        assert_eq!((fold.is_folded(), fold.generation()), (true, generation));
        assert_eq!(fold.open().text().trim_end(), "before\nthe restart");
    }
}
