//! What the frames of a connection do to a session.
use crate::conn::Conn;
use crate::conn::Stage;
use crate::serve::Serving;
use crate::session::Taken;
use crate::sys;
use hold::Begin;
use hold::ErrorCode;
use hold::Frame;
use hold::Opened;
use hold::READ_ONLY;
use hold::VERSION_MAX;
use hold::VERSION_MIN;
use hold::WINDOW;
use std::time::Instant;

impl Serving {
    /// Takes every whole frame that a connection has sent.
    pub(crate) fn answer(&mut self, at: usize, now: Instant) {
        let mut input = std::mem::take(&mut self.conns[at].input);
        let mut used = 0;
        while self.conns[at].stage != Stage::Ending {
            let raw = match hold::split(&input[used..]) {
                Ok(Some(raw)) => raw,
                Ok(None) => break,
                Err(error) => {
                    self.conns[at].refuse(ErrorCode::Protocol, &error.to_string(), now);
                    break;
                }
            };
            used += raw.size();
            match raw.decode() {
                Ok(Frame::Skip { .. }) => {}
                Ok(frame) => self.take(at, raw.channel, &frame, now),
                Err(error @ hold::FrameError::Unknown(_)) => {
                    let text = format!("{error} of holder {}", crate::VERSION);
                    self.conns[at].refuse(ErrorCode::Unsupported, &text, now);
                }
                Err(error) => self.conns[at].refuse(ErrorCode::Protocol, &error.to_string(), now),
            }
        }
        input.drain(..used);
        // The next part of a frame is soon here; what a long one took is given back when it is whole.
        self.conns[at].input = if input.is_empty() { Vec::new() } else { input };
    }

    fn take(&mut self, at: usize, channel: u16, frame: &Frame<'_>, now: Instant) {
        let conn = &mut self.conns[at];
        match (conn.stage, frame) {
            (Stage::Silent, Frame::Hello { min, max }) => greet(conn, *min, *max, now),
            (Stage::Greeted, Frame::Open { flags, from, boot, window, id }) => {
                if *id != self.id {
                    return conn.refuse(ErrorCode::NoSession, &format!("there is no session '{id}' here"), now);
                }
                conn.channel = channel;
                self.open(at, *flags, *from, *boot, *window, now);
            }
            (Stage::Silent, _) | (Stage::Greeted, _) => conn.refuse(ErrorCode::Protocol, "a frame out of turn", now),
            (_, Frame::Ack { offset }) => {
                let advanced = *offset > conn.acked;
                if !conn.acknowledge(*offset) {
                    return conn.refuse(ErrorCode::BadOffset, &format!("offset {offset} was never sent"), now);
                }
                if conn.stage == Stage::Controls && advanced {
                    let acked = conn.acked;
                    self.session.acknowledge(acked, now);
                    self.last_ack = now;
                }
            }
            (_, Frame::Look) => self.say_opened(at),
            (_, Frame::Ping { token }) => conn.say(&Frame::Pong { token: *token }),
            (_, Frame::Detach) => conn.end(&Frame::Detached, now),
            (Stage::Watches, _) => conn.refuse(ErrorCode::Unsupported, "this channel only looks on", now),
            (_, Frame::Input { writer, seq, bytes }) => match self.session.take(*writer, *seq, bytes) {
                Taken::Queued => self.type_now(),
                Taken::Before => conn.say(&Frame::InputAck { writer: *writer, seq: *seq }),
                Taken::Waits => {}
                Taken::TooMuch => conn.refuse(ErrorCode::Flood, "too much input is not acknowledged", now),
            },
            (_, Frame::Resize { cols, rows }) => {
                (self.session.cols, self.session.rows) = ((*cols).max(1), (*rows).max(1));
                self.pty.resize(self.session.cols, self.session.rows);
            }
            (_, Frame::Signal { number }) => {
                if self.session.ended.is_none()
                    && let Some(group) = self.pty.foreground()
                {
                    sys::kill(-group, i32::from(*number));
                }
            }
            (_, Frame::Close | Frame::ExitAck) if conn.exit_told => {
                conn.end(&Frame::Detached, now);
                self.exit_acked = true;
            }
            (_, Frame::Close) => self.close(now),
            (..) => conn.refuse(ErrorCode::Protocol, "a frame out of turn", now),
        }
    }

    fn open(&mut self, at: usize, flags: u8, from: Begin, boot: u64, window: u32, now: Instant) {
        let (oldest, head) = (self.session.ring.oldest(), self.session.ring.head());
        let from = match from {
            Begin::Offset(offset) if offset == 0 || boot == self.session.boot => offset,
            Begin::Offset(_) | Begin::Oldest => oldest,
            Begin::Head => head,
        };
        let conn = &mut self.conns[at];
        if from > head {
            return conn.refuse(ErrorCode::BadOffset, &format!("offset {from} lies after the last byte, {head}"), now);
        }
        (conn.sent, conn.acked, conn.window) = (from, from, window.clamp(WINDOW.0, WINDOW.1).into());
        if flags & READ_ONLY != 0 {
            conn.stage = Stage::Watches;
        } else {
            conn.stage = Stage::Controls;
            self.session.acknowledge(from, now);
            self.last_ack = now;
            for (other, conn) in self.conns.iter_mut().enumerate() {
                if other != at && conn.stage == Stage::Controls {
                    conn.refuse(ErrorCode::TakenOver, "another server has the session now", now);
                }
            }
        }
        self.say_opened(at);
    }

    fn say_opened(&mut self, at: usize) {
        let session = &self.session;
        let foreground = if session.ended.is_none() { self.pty.foreground_name() } else { String::new() };
        let opened = Opened {
            version: self.conns[at].version,
            boot: session.boot,
            pid: self.pty.pid as u32,
            oldest: session.ring.oldest(),
            head: session.ring.head(),
            from: self.conns[at].sent,
            cols: session.cols,
            rows: session.rows,
            ended: session.ended.filter(|_| session.drained),
            writers: session.writers().to_vec(),
            foreground: &foreground,
        };
        self.conns[at].say(&Frame::Opened(opened));
    }
}

/// Agrees on a version, or says why there is none.
fn greet(conn: &mut Conn, min: u16, max: u16, now: Instant) {
    match agree(min, max) {
        Ok(version) => {
            conn.version = version;
            conn.stage = Stage::Greeted;
            conn.say(&Frame::Welcome { version, uid: crate::place::uid(), holder: crate::VERSION });
        }
        Err(text) => conn.refuse(ErrorCode::Version, &text, now),
    }
}

/// The highest version that both sides speak, or the words that there is none.
pub fn agree(min: u16, max: u16) -> Result<u16, String> {
    let version = max.min(VERSION_MAX);
    if version < VERSION_MIN || version < min {
        let holder = crate::VERSION;
        return Err(format!("holder {holder} speaks versions {VERSION_MIN} to {VERSION_MAX} of the protocol, the server {min} to {max}"));
    }
    Ok(version)
}

#[cfg(test)]
mod tests {
    use super::agree;

    #[test]
    fn versions_are_agreed_on_or_their_difference_is_told() {
        assert_eq!(agree(1, 1), Ok(1));
        assert_eq!(agree(0, 9), Ok(1));
        assert!(agree(2, 3).unwrap_err().ends_with("speaks versions 1 to 1 of the protocol, the server 2 to 3"));
        assert!(agree(0, 0).is_err());
    }
}
