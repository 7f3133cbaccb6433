//! Takes the person's terminal over, and gives it back whatever happens.
use crossterm::terminal::disable_raw_mode;
use crossterm::terminal::enable_raw_mode;
use std::io::Write as _;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

/// Alternate screen, bracketed paste, focus events, changes between dark and light, the title kept aside.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[22;0t\x1b]0;cto\x07\x1b[?2004h\x1b[?1004h\x1b[?2031h\x1b[2J";
/// All of that back, in an order that also helps where only some was taken.
const LEAVE: &[u8] = b"\x1b[?2026l\x1b[?1006l\x1b[?1002l\x1b[?1000l\x1b[?2031l\x1b[?1004l\x1b[?2004l\x1b[0 q\x1b[m\x1b[?25h\x1b[23;0t\x1b[?1049l";
/// Kitty's keys, where the terminal has them: unambiguous, and with what they make with Shift. Each screen of a terminal has its own.
const KEYS_ON: &[u8] = b"\x1b[>5u";
const KEYS_OFF: &[u8] = b"\x1b[<1u";
/// Clicks, drags and the wheel, with decimal places; no bare movement, which costs and which nobody asked for.
const MOUSE_ON: &[u8] = b"\x1b[?1000h\x1b[?1002h\x1b[?1006h";
const MOUSE_OFF: &[u8] = b"\x1b[?1006l\x1b[?1002l\x1b[?1000l";

/// Whether the terminal is taken now; a process has one.
static TAKEN: AtomicBool = AtomicBool::new(false);
/// Whether the terminal was asked for kitty's keys.
static KEYS: AtomicBool = AtomicBool::new(false);

/// Holds the terminal while it lives.
#[derive(Debug)]
pub struct Guard {
    mouse: bool,
}

impl Guard {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// When standard output is no terminal.
    pub fn take() -> std::io::Result<Self> {
        install_panic_hook();
        let guard = Self { mouse: true };
        guard.enter()?;
        Ok(guard)
    }

    /// Takes it again after [`Guard::leave`].
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn enter(&self) -> std::io::Result<()> {
        enable_raw_mode()?;
        TAKEN.store(true, Ordering::SeqCst);
        write(ENTER)?;
        write(super::input::QUESTIONS)?;
        if self.mouse { write(MOUSE_ON) } else { Ok(()) }
    }

    /// Gives the terminal back for a while.
    pub fn leave(&self) {
        give_back();
    }

    /// Asks the terminal, which has said that it can, for kitty's keys.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn take_keys(&self) -> std::io::Result<()> {
        if is_taken() && !KEYS.swap(true, Ordering::SeqCst) { write(KEYS_ON) } else { Ok(()) }
    }

    /// Catches the mouse, or leaves it to the terminal.
    pub fn catch_mouse(&mut self, on: bool) {
        self.mouse = on;
        // A terminal that can't be written to is about to be given back anyway.
        let _ = write(if on { MOUSE_ON } else { MOUSE_OFF });
    }
}

/// Whether the terminal is ours: not after a panic anywhere gave it back.
#[must_use]
pub fn is_taken() -> bool {
    TAKEN.load(Ordering::SeqCst)
}

impl Drop for Guard {
    fn drop(&mut self) {
        give_back();
    }
}

/// Writes straight to the terminal.
///
/// # Errors
/// When the terminal is gone.
pub fn write(bytes: &[u8]) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

/// What lets a terminal of this kind tell its desktop something (OSC 777 or 9). Letters only: no part of it ends the sequence, or is another
/// command, as `9;4` is.
#[must_use]
pub fn notification(title: &str, text: &str, term: &str) -> Vec<u8> {
    let part = |text: &str, most: usize| crate::term::one_line(text, most).replace(';', ",");
    let (title, text) = (part(title, 60), part(text, 200));
    match term.starts_with("foot") || term.starts_with("rxvt") {
        true => format!("\x1b]777;notify;cto: {title};{text}\x07").into_bytes(),
        false => format!("\x1b]9;cto: {title}: {text}\x07").into_bytes(),
    }
}

fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        // Nothing can be done for a terminal that is gone.
        if KEYS.swap(false, Ordering::SeqCst) {
            let _ = write(KEYS_OFF);
        }
        let _ = write(LEAVE);
        let _ = disable_raw_mode();
    }
}

/// Gives the terminal back before a panic is printed, so that it can be read.
fn install_panic_hook() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            // The terminal room catches panics of its parser and goes on, so nothing may be printed over the screen.
            if !crate::term::is_guarded() {
                give_back();
                before(info);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_notification_is_a_command() {
        let told = |term| String::from_utf8(notification("a\x07b;c", "\x1b]52;c;eA==\x07x\u{9c}\r\n\x1b[31my", term)).unwrap();
        assert_eq!(told("xterm-256color"), "\x1b]9;cto: ab,c: x  y\x07");
        assert_eq!(told("foot"), "\x1b]777;notify;cto: ab,c;x  y\x07");
    }
}
