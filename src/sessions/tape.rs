//! The file of a recording while it is written: lines that are only ever added, and beside it the keyframes.
use super::player::Keys;
use super::player::Player;
use super::state::SCROLLBACK;
use crate::model::CastData;
use crate::model::CastEvent;
use crate::model::CastHeader;
use crate::model::GAP_MARKER;
use crate::model::Size;
use crate::term::Screen;
use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// A keyframe comes after this many bytes of the file, so that a seek never draws more than that.
const SPACING: u64 = 512 << 10;
/// Or after this many times the bytes of the last one, so that keyframes of huge screens do not outgrow the recording.
const SHARE: u64 = 8;

/// A recording that is being written. Nothing reaches the disk before [`Tape::commit`].
pub(super) struct Tape {
    cast: File,
    keys: File,
    /// The file's length, and the place of the next line.
    position: u64,
    /// The keyframes' length.
    keys_length: u64,
    /// Time of the last event, in microseconds from the start.
    time_us: u64,
    /// Bytes that the session has printed up to here.
    offset: u64,
    /// What a player has on its screen here.
    screen: Screen,
    /// The beginning of a character whose rest has not come.
    split: Vec<u8>,
    /// Where the next keyframe is due.
    key_due: u64,
    pending: Vec<u8>,
    /// Whether there is an event yet.
    begun: bool,
    failed: bool,
}

impl Tape {
    /// Begins a file at `path`, which must not exist.
    pub fn create(path: &Path, header: &CastHeader) -> io::Result<Self> {
        let cast = OpenOptions::new().create_new(true).append(true).mode(0o600).open(path)?;
        let keys = OpenOptions::new().create_new(true).append(true).mode(0o600).open(Keys::path(path))?;
        let mut tape = Self {
            cast,
            keys,
            position: 0,
            keys_length: 0,
            time_us: 0,
            offset: 0,
            screen: Screen::new(header.size(), SCROLLBACK),
            split: Vec::new(),
            key_due: SPACING,
            pending: header.line(),
            begun: false,
            failed: false,
        };
        tape.commit()?;
        Ok(tape)
    }

    /// Goes on with a file that was begun before. What a crash left behind its last whole line is cut off.
    pub fn resume(path: &Path) -> io::Result<Self> {
        let end = Player::open(path)?.end()?;
        let cast = OpenOptions::new().append(true).open(path)?;
        let keys = OpenOptions::new().create(true).append(true).mode(0o600).open(Keys::path(path))?;
        cast.set_len(end.position)?;
        keys.set_len(end.keys_length)?;
        Ok(Self {
            cast,
            keys,
            position: end.position,
            keys_length: end.keys_length,
            time_us: end.time_us,
            offset: end.offset,
            screen: end.screen,
            split: Vec::new(),
            key_due: end.key_position.max(1) + SPACING,
            pending: Vec::new(),
            begun: true,
            failed: false,
        })
    }

    /// Bytes that the session has printed up to here; the next output is expected from there.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Size of the screen here.
    pub fn size(&self) -> Size {
        self.screen.size()
    }

    /// Time of the last event, in microseconds from the start.
    pub fn time_us(&self) -> u64 {
        self.time_us
    }

    /// Bytes of the file.
    pub fn bytes(&self) -> u64 {
        self.position + self.keys_length + self.pending.len() as u64
    }

    /// The session printed `bytes`, the first of which has that offset.
    pub fn output(&mut self, time_us: u64, offset: u64, bytes: &[u8]) {
        if offset != self.offset + self.split.len() as u64 {
            self.flush_split(time_us);
            self.event(time_us, CastData::Marker(GAP_MARKER.to_owned()));
            // What is drawn from here on is counted from a snapshot of the same screen.
            let bytes = self.redraw();
            self.event(time_us, CastData::Snapshot { offset, bytes });
            self.offset = offset;
        }
        let mut piece = std::mem::take(&mut self.split);
        piece.extend_from_slice(bytes);
        self.split = piece.split_off(whole(&piece));
        if !piece.is_empty() {
            self.screen.feed(&piece);
            self.offset += piece.len() as u64;
            self.event(time_us, CastData::Output(piece));
        }
    }

    /// The screen is as `bytes` redraw it; what the session printed between is not known, if it is not the beginning.
    pub fn snapshot(&mut self, time_us: u64, offset: u64, size: Size, bytes: &[u8]) {
        self.flush_split(time_us);
        if self.begun {
            self.event(time_us, CastData::Marker(GAP_MARKER.to_owned()));
        }
        self.resize(time_us, size);
        let bytes = [crate::term::RESET, bytes].concat();
        self.screen.feed(&bytes);
        self.offset = offset;
        self.event(time_us, CastData::Snapshot { offset, bytes });
    }

    /// The screen has another size.
    pub fn resize(&mut self, time_us: u64, size: Size) {
        if size.clamped() != self.screen.size() {
            self.screen.resize(size);
            self.event(time_us, CastData::Resize(self.screen.size()));
        }
    }

    /// This was typed.
    pub fn input(&mut self, time_us: u64, bytes: Vec<u8>) {
        self.event(time_us, CastData::Input(bytes));
    }

    /// The program has ended.
    pub fn exit(&mut self, time_us: u64, code: Option<i64>) {
        self.flush_split(time_us);
        self.event(time_us, CastData::Exit(code.map_or_else(String::new, |code| code.to_string())));
    }

    /// Bytes that bring a terminal, whatever it shows, to what this screen is.
    fn redraw(&mut self) -> Vec<u8> {
        [crate::term::RESET, &self.screen.snapshot(SCROLLBACK)].concat()
    }

    fn flush_split(&mut self, time_us: u64) {
        let split = std::mem::take(&mut self.split);
        if !split.is_empty() {
            self.screen.feed(&split);
            self.offset += split.len() as u64;
            self.event(time_us, CastData::Output(split));
        }
    }

    fn event(&mut self, time_us: u64, data: CastData) {
        let after_us = time_us.saturating_sub(self.time_us);
        self.time_us += after_us;
        self.begun = true;
        CastEvent { after_us, data }.write(&mut self.pending);
        // Nobody needs what only programs are told.
        drop((self.screen.take_replies(), self.screen.take_events()));
    }

    /// Writes what has come, and a keyframe when one is due. After a failure the file ends with its last whole piece.
    pub fn commit(&mut self) -> io::Result<()> {
        let pending = std::mem::take(&mut self.pending);
        if let Err(error) = self.cast.write_all(&pending) {
            self.failed = true;
            // A full disk takes no more, but gives back.
            let _ = self.cast.set_len(self.position);
            return Err(error);
        }
        self.position += pending.len() as u64;
        if self.position < self.key_due {
            return Ok(());
        }
        let record = Keys::record(self.time_us, self.position, self.offset, self.screen.size(), &self.screen.snapshot(SCROLLBACK));
        // Without a keyframe a seek takes longer, and that is all.
        match self.keys.write_all(&record) {
            Ok(()) => self.keys_length += record.len() as u64,
            Err(_) => self.keys.set_len(self.keys_length)?,
        }
        self.key_due = self.position + SPACING.max(SHARE * record.len() as u64);
        Ok(())
    }

    /// The last writes, when nothing more will come.
    pub fn finish(&mut self) -> io::Result<()> {
        if !self.failed {
            self.flush_split(self.time_us);
            self.commit()?;
            self.cast.sync_data()?;
        }
        Ok(())
    }
}

/// How many bytes from the front are whole characters, or can never become one.
fn whole(bytes: &[u8]) -> usize {
    // Only the last three bytes can be the beginning of something.
    let mut rest = &bytes[bytes.len().saturating_sub(3)..];
    while !rest.is_empty() {
        // A byte that continues a character begins none.
        if rest[0] & 0xc0 != 0x80 {
            match std::str::from_utf8(rest) {
                Err(error) if error.error_len().is_none() => return bytes.len() - (rest.len() - error.valid_up_to()),
                _ => {}
            }
        }
        rest = &rest[1..];
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::whole;

    #[test]
    fn only_the_beginning_of_a_character_is_held_back() {
        for (bytes, held) in [
            (&b"abc"[..], 0),
            (b"", 0),
            ("a\u{2764}".as_bytes(), 0),
            (&"a\u{2764}".as_bytes()[..3], 2),
            (&"\u{1f600}".as_bytes()[..3], 3),
            (&"\u{1f600}".as_bytes()[..1], 1),
            (b"\xff", 0),
            (b"\x80\x80\x80\x80", 0),
            (b"\xc3\xc3", 1),
            (b"a\xe2\x28", 0),
        ] {
            assert_eq!(bytes.len() - whole(bytes), held, "{bytes:x?}");
        }
    }
}
