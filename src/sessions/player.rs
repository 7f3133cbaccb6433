//! Recordings read: the screen at any time, and the part after it.
//!
//! Beside a file `X.cast` lies `X.keys`: its keyframes, each a screen at a place of the file. A seek begins at the last keyframe before
//! and draws what follows. Without that file, or with a part of it, everything is found too, by drawing more.
use super::state::SCROLLBACK;
use crate::model::CastData;
use crate::model::CastEvent;
use crate::model::CastHeader;
use crate::model::CastReader;
use crate::model::MAX_CAST_LINE;
use crate::model::ServerFrame;
use crate::model::Size;
use crate::term::RESET;
use crate::term::Screen;
use sha2::Digest as _;
use sha2::Sha256;
use std::fs::File;
use std::io;
use std::io::BufRead as _;
use std::io::BufReader;
use std::io::Read as _;
use std::io::Seek as _;
use std::io::SeekFrom;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use std::time::Instant;

/// Bytes of a keyframe before its screen: time, place, offset, size, length, and the beginning of a hash over all of it.
const KEY_HEAD: usize = 8 + 8 + 8 + 2 + 2 + 4 + 8;
/// Bytes read at once.
const BLOCK: usize = 64 * 1024;

/// The file of keyframes.
pub(super) struct Keys {
    file: File,
    all: Vec<Key>,
    /// Where the last whole keyframe ends.
    length: u64,
}

/// A screen at a place of a recording.
#[derive(Clone, Copy)]
struct Key {
    head: [u8; KEY_HEAD],
    time_us: u64,
    position: u64,
    offset: u64,
    size: Size,
    /// Where its screen lies in the file of keyframes.
    place: u64,
    length: u32,
}

/// A recording to be looked at; also one that still grows, as far as it is now.
pub struct Player {
    cast: File,
    header: CastHeader,
    /// Where the first event begins.
    body: u64,
    keys: Option<Keys>,
}

/// A moment of a recording.
pub struct Moment {
    /// What is on the screen.
    pub screen: Screen,
    /// Bytes that the session had printed.
    pub offset: u64,
    /// Time of the last event until then, in microseconds from the start.
    pub time_us: u64,
    /// The event that follows, and where the one after that begins.
    next: Option<(CastEvent, u64)>,
}

/// A part of a recording's file to be sent: first `head`, then `length` bytes of the file from `position` on.
pub struct CastPart {
    /// What goes first.
    pub head: Vec<u8>,
    /// Where the rest begins.
    pub position: u64,
    /// How long the rest is.
    pub length: u64,
}

/// The end of a recording, for going on with it.
pub(super) struct End {
    pub screen: Screen,
    pub offset: u64,
    pub time_us: u64,
    /// Where the last whole event ends.
    pub position: u64,
    pub keys_length: u64,
    pub key_position: u64,
}

impl Keys {
    /// Where the keyframes of a recording lie.
    pub fn path(cast: &Path) -> PathBuf {
        cast.with_extension("keys")
    }

    /// A keyframe as it is written.
    pub fn record(time_us: u64, position: u64, offset: u64, size: Size, screen: &[u8]) -> Vec<u8> {
        let mut record = Vec::with_capacity(KEY_HEAD + screen.len());
        for number in [time_us, position, offset] {
            record.extend(number.to_be_bytes());
        }
        record.extend(size.cols.to_be_bytes());
        record.extend(size.rows.to_be_bytes());
        record.extend(u32::try_from(screen.len()).unwrap_or(u32::MAX).to_be_bytes());
        let hash = hash(&record, screen);
        record.extend(hash);
        record.extend_from_slice(screen);
        record
    }

    /// Reads the heads of all keyframes that are whole and lie within the `cast_length` bytes of the recording.
    fn open(cast: &Path, cast_length: u64) -> io::Result<Self> {
        let file = File::open(Self::path(cast))?;
        let end = file.metadata()?.len();
        let (mut all, mut length) = (Vec::<Key>::new(), 0);
        let mut head = [0; KEY_HEAD];
        while length + KEY_HEAD as u64 <= end {
            file.read_exact_at(&mut head, length)?;
            let key = Key::read(head, length);
            let after = key.place + u64::from(key.length);
            let last = all.last().map_or(0, |last| last.position);
            if after > end || key.length as usize > 2 * ServerFrame::MAX_SNAPSHOT || key.position > cast_length || key.position <= last {
                break;
            }
            all.push(key);
            length = after;
        }
        Ok(Self { file, all, length })
    }

    /// The newest keyframe until `time_us` whose screen is as it was written.
    fn before(&self, time_us: u64) -> Option<(Key, Vec<u8>)> {
        let until = self.all.partition_point(|key| key.time_us <= time_us);
        self.all[..until].iter().rev().find_map(|key| {
            let mut screen = vec![0; key.length as usize];
            self.file.read_exact_at(&mut screen, key.place).ok()?;
            let (fields, kept) = key.head.split_at(KEY_HEAD - 8);
            (hash(fields, &screen) == kept).then_some((*key, screen))
        })
    }
}

impl Key {
    fn read(head: [u8; KEY_HEAD], at: u64) -> Self {
        let number = |from: usize, bytes: usize| head[from..from + bytes].iter().fold(0, |number: u64, byte| number << 8 | u64::from(*byte));
        let narrow = |from: usize| u16::try_from(number(from, 2)).unwrap_or(u16::MAX);
        Self {
            head,
            time_us: number(0, 8),
            position: number(8, 8),
            offset: number(16, 8),
            size: Size { cols: narrow(24), rows: narrow(26) }.clamped(),
            place: at + KEY_HEAD as u64,
            length: u32::try_from(number(28, 4)).unwrap_or(u32::MAX),
        }
    }
}

fn hash(fields: &[u8], screen: &[u8]) -> [u8; 8] {
    let whole = Sha256::new().chain_update(fields).chain_update(screen).finalize();
    let mut short = [0; 8];
    short.copy_from_slice(&whole[..8]);
    short
}

/// Goes through the events of a file and draws them.
struct Course {
    lines: BufReader<File>,
    reader: CastReader,
    line: Vec<u8>,
    /// Where the next line begins.
    place: u64,
    /// Where the last event that was drawn ends.
    position: u64,
    screen: Screen,
    offset: u64,
    time_us: u64,
}

impl Course {
    /// The next event; none at the end, which is where the first line is broken or not complete.
    fn next(&mut self) -> io::Result<Option<CastEvent>> {
        loop {
            self.line.clear();
            let read = self.lines.by_ref().take(MAX_CAST_LINE as u64).read_until(b'\n', &mut self.line)?;
            if self.line.pop() != Some(b'\n') {
                return Ok(None);
            }
            self.place += read as u64;
            match self.reader.line(&self.line) {
                Ok(None) => {}
                Ok(Some(event)) => return Ok(Some(event)),
                Err(_) => return Ok(None),
            }
        }
    }

    fn draw(&mut self, event: CastEvent) {
        self.time_us = self.time_us.saturating_add(event.after_us);
        match event.data {
            CastData::Output(bytes) => {
                self.screen.feed(&bytes);
                self.offset += bytes.len() as u64;
            }
            CastData::Snapshot { offset, bytes } => {
                self.screen.feed(&bytes);
                self.offset = offset;
            }
            CastData::Resize(size) => self.screen.resize(size),
            CastData::Input(_) | CastData::Marker(_) | CastData::Exit(_) | CastData::Unknown => {}
        }
        drop((self.screen.take_replies(), self.screen.take_events()));
        self.position = self.place;
    }
}

impl Player {
    /// Opens the recording at `path`.
    ///
    /// # Errors
    /// When there is none, or its first line is not that of a recording.
    pub fn open(path: &Path) -> io::Result<Self> {
        let cast = File::open(path)?;
        let mut line = Vec::new();
        BufReader::new(&cast).take(BLOCK as u64).read_until(b'\n', &mut line)?;
        let body = line.len() as u64;
        let broken = |error: String| io::Error::new(io::ErrorKind::InvalidData, error);
        if line.pop() != Some(b'\n') {
            return Err(broken("the recording has no first line".to_owned()));
        }
        let header = CastHeader::read(&line).map_err(|error| broken(error.to_string()))?;
        let keys = Keys::open(path, cast.metadata()?.len()).ok();
        Ok(Self { cast, header, body, keys })
    }

    /// Its first line.
    #[must_use]
    pub fn header(&self) -> &CastHeader {
        &self.header
    }

    /// The moment `time_us` microseconds after the start; the end where it is shorter.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn moment(&self, time_us: u64) -> io::Result<Moment> {
        let key = self.keys.as_ref().and_then(|keys| keys.before(time_us));
        let mut course = self.course(key)?;
        let mut next = None;
        while let Some(event) = course.next()? {
            if course.time_us.saturating_add(event.after_us) > time_us {
                next = Some((event, course.place));
                break;
            }
            course.draw(event);
        }
        let Course { mut screen, offset, time_us, .. } = course;
        // What a program holds back is shown, as it is to whoever looks later at a live screen.
        screen.stop_sync_if_due(Instant::now() + Duration::from_secs(3600));
        Ok(Moment { screen, offset, time_us, next })
    }

    /// How long it is, in microseconds.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn duration_us(&self) -> io::Result<u64> {
        Ok(self.moment(u64::MAX)?.time_us)
    }

    /// The part from `from_us` microseconds on, which begins with what redraws the screen then; the whole file where none are given.
    /// Lines that are not complete are left out.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn part(&self, from_us: Option<u64>) -> io::Result<CastPart> {
        let end = self.whole_lines()?;
        let Some(from_us) = from_us else { return Ok(CastPart { head: Vec::new(), position: 0, length: end }) };
        let mut moment = self.moment(from_us)?;
        let mut header = self.header.clone();
        let Size { cols, rows } = moment.screen.size();
        (header.term.cols, header.term.rows) = (cols, rows);
        let second = i64::try_from(from_us / 1_000_000).unwrap_or(i64::MAX);
        header.timestamp = header.timestamp.map(|start| start.saturating_add(second));
        let mut head = header.line();
        let bytes = [RESET, &moment.screen.snapshot(SCROLLBACK)].concat();
        CastEvent { after_us: 0, data: CastData::Snapshot { offset: moment.offset, bytes } }.write(&mut head);
        let mut position = end;
        if let Some((event, after)) = moment.next {
            let after_us = moment.time_us.saturating_add(event.after_us).saturating_sub(from_us);
            CastEvent { after_us, ..event }.write(&mut head);
            position = after;
        }
        Ok(CastPart { head, position, length: end.saturating_sub(position) })
    }

    /// Its end, for going on from there.
    pub(super) fn end(&self) -> io::Result<End> {
        let keys = self.keys.as_ref();
        let mut course = self.course(keys.and_then(|keys| keys.before(u64::MAX)))?;
        while let Some(event) = course.next()? {
            course.draw(event);
        }
        let key_position = keys.and_then(|keys| keys.all.last()).map_or(0, |key| key.position);
        let Course { screen, offset, time_us, position, .. } = course;
        Ok(End { screen, offset, time_us, position, keys_length: keys.map_or(0, |keys| keys.length), key_position })
    }

    fn course(&self, key: Option<(Key, Vec<u8>)>) -> io::Result<Course> {
        let mut screen = Screen::new(key.as_ref().map_or(self.header.size(), |(key, _)| key.size), SCROLLBACK);
        let (mut position, mut offset, mut time_us) = (self.body, 0, 0);
        if let Some((key, bytes)) = key {
            screen.feed(&bytes);
            (position, offset, time_us) = (key.position, key.offset, key.time_us);
        }
        let mut file = self.cast.try_clone()?;
        file.seek(SeekFrom::Start(position))?;
        let lines = BufReader::with_capacity(BLOCK, file);
        Ok(Course { lines, reader: CastReader::default(), line: Vec::new(), place: position, position, screen, offset, time_us })
    }

    /// Where the last complete line ends.
    fn whole_lines(&self) -> io::Result<u64> {
        let mut end = self.cast.metadata()?.len();
        let mut block = vec![0; BLOCK];
        while end > 0 {
            let start = end.saturating_sub(BLOCK as u64);
            let piece = &mut block[..usize::try_from(end - start).unwrap_or(BLOCK)];
            self.cast.read_exact_at(piece, start)?;
            if let Some(last) = piece.iter().rposition(|byte| *byte == b'\n') {
                return Ok(start + last as u64 + 1);
            }
            end = start;
        }
        Ok(0)
    }
}
