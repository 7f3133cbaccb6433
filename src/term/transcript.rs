//! A stream as the lines that a person saw go by, however long it is.
use super::screen::Screen;
use crate::model::Size;

/// Lines above the screen that are given out when there are more.
const LINES: usize = 4_000;
/// Bytes drawn at once: fewer line ends than lines that are kept beyond those.
const PIECE: usize = 4 * 1024;

/// Draws a stream, and gives each line out once it has left the screen for good.
pub struct Transcript {
    screen: Screen,
}

impl Transcript {
    /// An empty one on a screen of this size.
    #[must_use]
    pub fn new(size: Size) -> Self {
        Self { screen: Screen::new(size, LINES + PIECE) }
    }

    /// Draws a piece of output; the lines that have gone by.
    pub fn feed(&mut self, bytes: &[u8]) -> String {
        let mut gone = String::new();
        for piece in bytes.chunks(PIECE) {
            self.screen.feed(piece);
            drop((self.screen.take_replies(), self.screen.take_events()));
            // On the alternate screen there are none.
            if self.screen.scrollback_len() >= LINES {
                let above = i32::try_from(self.screen.scrollback_len()).unwrap_or(0);
                for row in -above..0 {
                    let line = self.screen.row_text(row);
                    if self.screen.is_wrapped(row) {
                        gone.push_str(&line);
                    } else {
                        gone.push_str(line.trim_end());
                        gone.push('\n');
                    }
                }
                let rest = self.screen.snapshot(0);
                self.screen.reset();
                self.screen.feed(&rest);
            }
        }
        gone
    }

    /// The screen has another size.
    pub fn resize(&mut self, size: Size) {
        self.screen.resize(size);
    }

    /// The lines that are still to be given out: what is above the screen and on it; then it is empty.
    pub fn finish(&mut self) -> String {
        let alternate = self.screen.modes().alternate_screen.then(|| self.screen.text());
        if alternate.is_some() {
            self.screen.feed(b"\x18\x1b[?1049l\x1b[?47l");
        }
        let mut text = self.screen.text_with_scrollback();
        if let Some(part) = alternate {
            if !text.is_empty() {
                text.push('\n');
            }
            // A program begins where the cursor was; the empty lines above it and below it were never lines.
            text.push_str(part.trim_matches('\n'));
        }
        if !text.is_empty() {
            text.push('\n');
        }
        self.screen.reset();
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_comes_once_and_in_order() {
        let mut transcript = Transcript::new(Size { cols: 20, rows: 5 });
        let wanted: String = (0..20_000).map(|number| format!("line {number} {}\n", "x".repeat(number % 40))).collect();
        let mut text = transcript.feed(wanted.replace('\n', "\r\n").as_bytes());
        text.push_str(&transcript.feed(b"\x1b[?1049hfull screen"));
        text.push_str(&transcript.finish());
        assert_eq!(text, wanted.replace(" \n", "\n") + "full screen\n");
        assert_eq!(transcript.finish(), "");
    }
}
