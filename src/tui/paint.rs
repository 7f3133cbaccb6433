//! Writes frames to the terminal: one write a frame, and none when nothing changed.
use crossterm::cursor::SetCursorStyle;
use crossterm::queue;
use ratatui::backend::Backend;
use ratatui::backend::ClearType;
use ratatui::backend::CrosstermBackend;
use ratatui::backend::WindowSize;
use ratatui::buffer::Cell;
use ratatui::layout::Position;
use ratatui::layout::Size;
use std::io;

/// Shows the frame at once instead of line by line, where the terminal can.
const BEGIN: &[u8] = b"\x1b[?2026h\x1b[?25l";
const END: &[u8] = b"\x1b[?2026l";

/// The cursor as it should be after a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct CursorWish {
    at: Option<(u16, u16)>,
    style: u8,
}

/// A ratatui backend that collects a frame and sends it with one write.
#[derive(Debug)]
pub struct Painter<W> {
    drawn: Vec<u8>,
    out: W,
    size: Size,
    wish: CursorWish,
    shown: Option<CursorWish>,
    shape_sent: u8,
    written: u64,
}

impl<W: io::Write> Painter<W> {
    /// Paints on `out`, a terminal of this size.
    pub fn new(out: W, size: Size) -> Self {
        Self { drawn: Vec::new(), out, size, wish: CursorWish::default(), shown: None, shape_sent: 0, written: 0 }
    }

    /// The terminal has another size now.
    pub fn set_size(&mut self, size: Size) {
        self.size = size;
    }

    /// The cursor's form from the next frame on, as DECSCUSR counts: 0 is the terminal's own.
    pub fn set_cursor_shape(&mut self, shape: u8) {
        self.wish.style = shape;
    }

    /// Bytes written since the start.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Nothing is known of what the terminal shows any more.
    pub fn forget(&mut self) {
        self.shown = None;
        self.shape_sent = u8::MAX;
    }
}

impl<W: io::Write> Backend for Painter<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut content = content.peekable();
        if content.peek().is_some() { CrosstermBackend::new(&mut self.drawn).draw(content) } else { Ok(()) }
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.wish.at = None;
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        let (x, y) = self.wish.at.unwrap_or_default();
        Ok(Position { x, y })
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        let position = position.into();
        self.wish.at = Some((position.x, position.y));
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        CrosstermBackend::new(&mut self.drawn).clear()
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        CrosstermBackend::new(&mut self.drawn).clear_region(clear_type)
    }

    fn size(&self) -> io::Result<Size> {
        Ok(self.size)
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize { columns_rows: self.size, pixels: Size::default() })
    }

    fn flush(&mut self) -> io::Result<()> {
        let drawn = std::mem::take(&mut self.drawn);
        if drawn.is_empty() && self.shown == Some(self.wish) {
            return Ok(());
        }
        let mut bytes = Vec::with_capacity(drawn.len() + 48);
        if !drawn.is_empty() {
            bytes.extend_from_slice(BEGIN);
            bytes.extend_from_slice(&drawn);
        }
        match self.wish.at {
            Some((x, y)) => {
                if self.shape_sent != self.wish.style {
                    queue!(bytes, shape(self.wish.style))?;
                    self.shape_sent = self.wish.style;
                }
                queue!(bytes, crossterm::cursor::MoveTo(x, y))?;
                bytes.extend_from_slice(b"\x1b[?25h");
            }
            None => bytes.extend_from_slice(b"\x1b[?25l"),
        }
        if !drawn.is_empty() {
            bytes.extend_from_slice(END);
        }
        self.shown = Some(self.wish);
        self.written += bytes.len() as u64;
        self.out.write_all(&bytes)?;
        self.out.flush()
    }
}

fn shape(number: u8) -> SetCursorStyle {
    match number {
        1 => SetCursorStyle::BlinkingBlock,
        2 => SetCursorStyle::SteadyBlock,
        3 => SetCursorStyle::BlinkingUnderScore,
        4 => SetCursorStyle::SteadyUnderScore,
        5 => SetCursorStyle::BlinkingBar,
        6 => SetCursorStyle::SteadyBar,
        _ => SetCursorStyle::DefaultUserShape,
    }
}
