//! The container's log: what the program prints, copied to the holder's own output without ever waiting for it.
use crate::ring::Ring;
use rustix::io::Errno;
use rustix::termios::OptionalActions;
use rustix::termios::OutputModes;
use std::io::stdout;

/// Copies the ring to standard output; behind by at most the ring, then it skips.
pub struct Log {
    at: u64,
    note: Vec<u8>,
    waits: bool,
    dead: bool,
}

impl Log {
    /// Takes over standard output.
    pub fn new() -> Self {
        // The program's own terminal has ended its lines already; another one in between would do so again.
        if let Ok(mut modes) = rustix::termios::tcgetattr(stdout()) {
            modes.output_modes.remove(OutputModes::OPOST);
            let _ = rustix::termios::tcsetattr(stdout(), OptionalActions::Now, &modes);
        }
        let dead = rustix::io::ioctl_fionbio(stdout(), true).is_err();
        Self { at: 0, note: Vec::new(), waits: false, dead }
    }

    /// Whether it could go on if standard output took more.
    pub fn waits(&self) -> bool {
        self.waits && !self.dead
    }

    /// Whether all of the ring is in it, as far as it can be.
    pub fn done(&self, ring: &Ring) -> bool {
        self.dead || (self.at == ring.head() && self.note.is_empty())
    }

    /// Copies what there is, as far as it goes now.
    pub fn copy(&mut self, ring: &Ring) {
        self.waits = false;
        while !self.done(ring) {
            if self.at < ring.oldest() {
                self.note = format!("\r\n[{} bytes of output are not in this log]\r\n", ring.oldest() - self.at).into_bytes();
                self.at = ring.oldest();
            }
            let noting = !self.note.is_empty();
            match rustix::io::write(stdout(), if noting { &self.note } else { ring.read(self.at) }) {
                Ok(count) if noting => drop(self.note.drain(..count)),
                Ok(count) => self.at += count as u64,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    self.waits = true;
                    return;
                }
                Err(_) => self.dead = true,
            }
        }
    }
}
