//! A screen that does not draw what leaves it, and the lines above it, before anybody has looked.
use super::commands::Commands;
use super::screen::Screen;
use super::screen::ScreenEvent;
use crate::model::Size;
use memchr::memchr;
use memchr::memrchr;
use memchr::memrchr_iter;

/// Output in smaller pieces than this is drawn at once: it is not what a flood comes in.
const SMALL: usize = 1024;
/// Of a flood of so many bytes that waits, small pieces wait too.
const FLOOD: usize = 16 * 1024;
/// Bytes that wait to be drawn; of more, those that nobody can see any more are left out and the rest is drawn or goes on waiting.
const WAITING: usize = 512 * 1024;
/// Bytes of the longest sequence that lets output wait.
const SEQUENCE: usize = 64;

/// A terminal that is quick with floods: of plain text (lines, colours), only what can still be seen is drawn, when it is asked for.
///
/// Whoever asks for the screen gets it as if each byte had been drawn when it came.
pub struct LazyScreen {
    screen: Screen,
    scrollback: usize,
    /// Output that is not drawn yet.
    waiting: Vec<u8>,
    /// So much of it is known to be plain; the rest is the unfinished end.
    plain: usize,
    /// Pieces that have waited: part of the generation.
    pieces: u64,
}

/// What the bytes at a place are.
enum Piece {
    /// So many bytes that only change their own line, colours, or begin a new line.
    Plain(usize),
    /// The beginning of what may become plain.
    Unfinished,
    /// Something that acts beyond its line, or asks.
    Other,
}

impl LazyScreen {
    /// An empty screen that keeps up to `scrollback` lines that leave its top.
    #[must_use]
    pub fn new(size: Size, scrollback: usize) -> Self {
        Self { screen: Screen::new(size, scrollback), scrollback, waiting: Vec::new(), plain: 0, pieces: 0 }
    }

    /// Takes a piece of the program's output; sequences and characters may be split anywhere.
    pub fn feed(&mut self, bytes: &[u8]) {
        let small = bytes.len() < SMALL;
        if self.waiting.is_empty() && (small || !self.screen.lets_output_wait()) {
            return self.screen.feed(bytes);
        }
        self.waiting.extend_from_slice(bytes);
        self.pieces += 1;
        let plain = self.look();
        // A small piece within a flood is no end of it: reads are short when processors are busy.
        if !plain || (small && self.waiting.len() < FLOOD) {
            self.draw();
        } else if self.waiting.len() > WAITING {
            self.leave_out();
            // Where most of it can still be seen, since its lines are long, waiting is of no use.
            if self.waiting.len() > WAITING / 4 * 3 {
                self.draw();
            }
        }
    }

    /// The screen, with all that was fed drawn.
    pub fn screen(&mut self) -> &mut Screen {
        self.draw();
        &mut self.screen
    }

    /// Takes the answers to the program's queries and what happened; nothing that does either ever waits.
    pub fn take_news(&mut self) -> (Vec<u8>, Vec<ScreenEvent>) {
        (self.screen.take_replies(), self.screen.take_events())
    }

    /// From now on `commands` is told what the shell marks.
    pub fn listen(&mut self, commands: Box<Commands>) {
        self.screen.commands = Some(commands);
    }

    /// Gives back what listened, with what it has heard.
    pub fn stop_listening(&mut self) -> Option<Box<Commands>> {
        self.screen.commands.take()
    }

    /// What listens.
    pub fn listener(&mut self) -> Option<&mut Commands> {
        self.screen.commands.as_deref_mut()
    }

    /// Grows when what is shown may have changed. A drawing held back by the program (mode 2026) is shown when its time is over.
    pub fn generation(&mut self) -> u64 {
        self.screen.stop_sync_if_due(std::time::Instant::now());
        self.screen.generation() + self.pieces
    }

    /// Looks at what has come; false if it holds something that can't wait.
    fn look(&mut self) -> bool {
        loop {
            match piece(&self.waiting[self.plain..]) {
                Piece::Plain(0) | Piece::Unfinished => return true,
                Piece::Plain(count) => self.plain += count,
                Piece::Other => return false,
            }
        }
    }

    fn draw(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        self.leave_out();
        self.screen.feed(&std::mem::take(&mut self.waiting));
        self.plain = 0;
    }

    /// Forgets the lines that those after them have pushed out of the scrollback; the colours that they set stay.
    fn leave_out(&mut self) {
        let seen = self.scrollback + usize::from(self.screen.size().rows);
        let Some(last) = memrchr_iter(b'\n', &self.waiting[..self.plain]).nth(seen - 1) else { return };
        let Some(cut) = after_line(&self.waiting[..last]) else { return };
        let colours = colours(&self.waiting[..cut]);
        self.screen.feed(&colours);
        self.waiting.drain(..cut);
        self.plain -= cut;
    }
}

/// The place after the last line in `bytes` that ends by `\r\n`, where the cursor is in the first column whatever came before.
fn after_line(bytes: &[u8]) -> Option<usize> {
    let mut end = bytes.len();
    loop {
        let at = memrchr(b'\n', &bytes[..end])?;
        if at > 0 && bytes[at - 1] == b'\r' {
            return Some(at + 1);
        }
        end = at;
    }
}

/// What is at the beginning of `bytes`.
fn piece(bytes: &[u8]) -> Piece {
    let text = bytes.iter().position(|byte| !PLAIN[usize::from(*byte)]).unwrap_or(bytes.len());
    if text > 0 || bytes.is_empty() {
        return Piece::Plain(text);
    }
    match bytes {
        // The 8-bit controls, which act as their sequences do, are written so in UTF-8.
        [0xc2] => Piece::Unfinished,
        [0xc2, 0x80..=0x9f, ..] => Piece::Other,
        [0xc2, ..] => Piece::Plain(1),
        [0x1b] => Piece::Unfinished,
        [0x1b, b'[', rest @ ..] => {
            let rest = &rest[..rest.len().min(SEQUENCE)];
            match rest.iter().position(|byte| !matches!(byte, b'0'..=b';')) {
                Some(end) if matches!(rest[end], b'm' | b'K') => Piece::Plain(end + 3),
                None if rest.len() < SEQUENCE => Piece::Unfinished,
                _ => Piece::Other,
            }
        }
        _ => Piece::Other,
    }
}

/// The sequences in plain output that set colours, as far as they still count at its end.
fn colours(plain: &[u8]) -> Vec<u8> {
    let mut colours = Vec::new();
    let mut rest = plain;
    while let Some(at) = memchr(0x1b, rest) {
        rest = &rest[at..];
        let end = rest.iter().position(|byte| byte.is_ascii_alphabetic()).map_or(rest.len(), |end| end + 1);
        let (sequence, after) = rest.split_at(end);
        match sequence {
            b"\x1b[m" | b"\x1b[0m" => {
                colours.clear();
                colours.extend_from_slice(sequence);
            }
            [.., b'm'] => colours.extend_from_slice(sequence),
            _ => {}
        }
        rest = after;
    }
    colours
}

/// Bytes that are plain by themselves: text, and the controls that move within a line or to the next.
const PLAIN: [bool; 256] = {
    let mut plain = [true; 256];
    let mut byte = 0;
    while byte < 0x20 {
        plain[byte] = matches!(byte as u8, b'\r' | b'\n' | b'\t' | 0x08);
        byte += 1;
    }
    plain[0xc2] = false;
    plain
};

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size { cols: 40, rows: 6 };
    const SCROLLBACK: usize = 30;

    /// Both ways of drawing must come to the same picture after each piece that is looked at.
    fn same(pieces: impl IntoIterator<Item = Vec<u8>>, every: usize) {
        let (mut lazy, mut whole) = (LazyScreen::new(SIZE, SCROLLBACK), Screen::new(SIZE, SCROLLBACK));
        for (number, piece) in pieces.into_iter().enumerate() {
            lazy.feed(&piece);
            whole.feed(&piece);
            assert_eq!(lazy.take_news(), (whole.take_replies(), whole.take_events()), "piece {number}");
            if number % every == every - 1 {
                let (seen, wanted) = (lazy.screen().snapshot(SCROLLBACK), whole.snapshot(SCROLLBACK));
                assert_eq!(String::from_utf8_lossy(&seen), String::from_utf8_lossy(&wanted), "after piece {number}");
            }
        }
        assert_eq!(lazy.screen().snapshot(SCROLLBACK), whole.snapshot(SCROLLBACK));
    }

    #[test]
    fn a_flood_of_lines_waits_and_is_seen_as_if_each_had_been_drawn() {
        let lines: String = (0..200_000).map(|n| format!("\x1b[3{}mline\x1b[0m {n}\r\n", n % 8)).collect();
        let mut lazy = LazyScreen::new(SIZE, SCROLLBACK);
        for piece in lines.as_bytes().chunks(4000) {
            lazy.feed(piece);
            assert!(lazy.waiting.len() <= WAITING);
            assert!(!lazy.waiting.is_empty(), "nobody has looked");
        }
        assert!(lazy.screen().text().starts_with("line 199995\n"));
        for size in [1500, 4001, 16_384] {
            same(lines.as_bytes().chunks(size).map(<[u8]>::to_vec), 90);
        }
    }

    #[test]
    fn what_acts_beyond_its_line_is_drawn_when_it_comes() {
        let flood = "text that is of no use to anybody\r\n".repeat(100);
        for special in ["\x1b[5n", "\x07", "\x1b]0;title\x07", "\x1b[?1049h", "\x1b[2;4r", "\u{85}", "\x0e", "\x1b[3J", "\x1b[?2026h", "\x1bP+q\x1b\\"] {
            let mut lazy = LazyScreen::new(SIZE, SCROLLBACK);
            lazy.feed(flood.as_bytes());
            assert!(!lazy.waiting.is_empty());
            lazy.feed(format!("{flood}{special}{flood}").as_bytes());
            assert!(lazy.waiting.is_empty(), "{special:?} does not wait");
            same([flood.clone(), format!("{flood}{special}{flood}"), flood.clone()].map(String::into_bytes), 1);
        }
    }

    #[test]
    fn colours_that_were_left_on_stay_on_and_lines_without_return_keep_their_column() {
        let lines = |end: &str| format!("some text{end}").repeat(500);
        same(
            [
                format!("\x1b[1;31m{}", lines("\r\n")),
                format!("\x1b[4m{}", lines("\r\n")),
                lines("\n"),
                format!("\x1b[44m{}\x1b[K", lines("\n")),
                lines("\r\n"),
                format!("\x1b[0m{}", lines("\r\n")),
            ]
            .map(String::into_bytes),
            6,
        );
    }

    #[test]
    fn random_output_in_random_pieces_looks_the_same() {
        let parts: [&[u8]; 18] = [
            b"\r\n",
            b"\r\n",
            b"\n",
            b"a word ",
            b"\x1b[31m",
            b"\x1b[0m",
            b"\x1b[1;4;38;5;99m",
            b"\x1b[K",
            b"\t",
            b"\x08\x08",
            "wide 漢字 ".as_bytes(),
            "e\u{301}".as_bytes(),
            "\u{e9}".as_bytes(),
            "\u{a0}".as_bytes(),
            b"\xc2",
            b"\xff",
            b"\r",
            b"0123456789012345678901234567890123456789",
        ];
        let rare: [&[u8]; 8] = [b"\x1b[5;3H", b"\x1b[2J", b"\x1b[?7l", b"\x1b[4h", b"\x1bM", b"\x1b[2;5r", b"\x1bc", b"\x1b[?1049l"];
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state >> 33).unwrap_or(0) % below
        };
        for round in 0..40 {
            let mut stream = Vec::new();
            while stream.len() < 60_000 {
                if round % 2 == 1 && next(3000) == 0 {
                    stream.extend_from_slice(rare[next(rare.len())]);
                }
                stream.extend_from_slice(parts[next(parts.len())]);
            }
            let mut pieces = Vec::new();
            let mut rest = &stream[..];
            while !rest.is_empty() {
                let (piece, after) = rest.split_at((1 + next(9000)).min(rest.len()));
                pieces.push(piece.to_vec());
                rest = after;
            }
            same(pieces, 5);
        }
    }
}
