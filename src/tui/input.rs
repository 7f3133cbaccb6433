//! What the terminal sends, as messages, and the questions it is asked at the start.
use super::msg::Msg;
use crate::term::Answer;
use crate::term::Input;
use crate::term::InputParser;
use crate::term::Waits;
use rustix::event::PollFd;
use rustix::event::PollFlags;
use rustix::event::Timespec;
use std::io;
use std::time::Duration;
use tokio::io::unix::AsyncFd;
use tokio::time::Instant;
use tokio::time::timeout_at;

/// Bytes read at once.
const AT_ONCE: usize = 64 * 1024;
/// So long an escape may be the beginning of something, on this machine and where a network cuts sequences into pieces.
const ESCAPE: Duration = Duration::from_millis(10);
const ESCAPE_FAR: Duration = Duration::from_millis(50);
/// A paste whose end never comes is over after this.
const PASTE: Duration = Duration::from_secs(5);

/// Which protocol of keys, which colours, dark or light; the last is answered by all terminals, so that it is known what does not come.
pub const QUESTIONS: &[u8] = b"\x1b[?u\x1b]11;?\x07\x1b[?996n\x1b[c";

/// Reads the terminal.
#[derive(Debug)]
pub struct Inputs {
    terminal: AsyncFd<io::Stdin>,
    parser: InputParser,
    buffer: Vec<u8>,
    escape: Duration,
    until: Option<Instant>,
}

impl Inputs {
    /// Begins to read standard input, which is a terminal.
    ///
    /// # Errors
    /// When it can't be waited for.
    #[expect(deprecated, reason = "what took its place is unsafe, since a descriptor must not be closed while it is waited for: standard input never is")]
    pub fn open() -> io::Result<Self> {
        let far = std::env::var_os("SSH_CONNECTION").is_some();
        Ok(Self {
            terminal: AsyncFd::with_interest(io::stdin(), tokio::io::Interest::READABLE)?,
            parser: InputParser::default(),
            buffer: vec![0; AT_ONCE],
            escape: if far { ESCAPE_FAR } else { ESCAPE },
            until: None,
        })
    }

    /// The next thing that the terminal tells; none when it is gone. Nothing is lost where this is cancelled.
    ///
    /// # Errors
    /// When it can't be read.
    pub async fn next(&mut self) -> io::Result<Option<Input>> {
        loop {
            if let Some(input) = self.parser.pop() {
                return Ok(Some(input));
            }
            let pause = self.parser.waits().map(|waits| if waits == Waits::Paste { PASTE } else { self.escape });
            self.until = pause.map(|pause| self.until.unwrap_or_else(|| Instant::now() + pause));
            let mut ready = match self.until {
                Some(until) => match timeout_at(until, self.terminal.readable()).await {
                    Ok(ready) => ready?,
                    Err(_) => {
                        self.until = None;
                        self.parser.flush();
                        continue;
                    }
                },
                None => self.terminal.readable().await?,
            };
            // The terminal is shared with others, who would not expect that it never waits: so it is asked before each read.
            if !has_bytes(self.terminal.get_ref())? {
                ready.clear_ready();
                continue;
            }
            match rustix::io::read(self.terminal.get_ref(), &mut self.buffer) {
                Ok(0) => return Ok(None),
                Ok(read) => {
                    self.until = None;
                    self.parser.feed(&self.buffer[..read]);
                }
                Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

fn has_bytes(terminal: &io::Stdin) -> io::Result<bool> {
    let mut polled = [PollFd::new(terminal, PollFlags::IN)];
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    match rustix::event::poll(&mut polled, Some(&now)) {
        Ok(ready) => Ok(ready > 0),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// The message that an input stands for; none for answers that concern the terminal itself.
#[must_use]
pub fn message(input: Input) -> Option<Msg> {
    match input {
        Input::Key(key) => Some(Msg::Key(key)),
        Input::Mouse(event) => Some(Msg::Mouse(event)),
        Input::Paste(text) => Some(Msg::Paste(text)),
        Input::Focus(on) => Some(Msg::Focus(on)),
        Input::Answer(Answer::Dark(dark)) => Some(Msg::Dark(dark)),
        Input::Answer(Answer::Background((r, g, b))) => {
            // As bright as eyes find it.
            let light = 0.2126 * f64::from(r) + 0.7152 * f64::from(g) + 0.0722 * f64::from(b);
            Some(Msg::Dark(light < 128.0))
        }
        Input::Answer(Answer::Kitty(_) | Answer::Attributes) => None,
    }
}
