//! Reads the heads of a tar archive that nobody vouches for: lengths are bounded, and what is no archive is refused.
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use std::io::Read;

/// Bytes of a block of a tar.
const BLOCK: usize = 512;
/// Bytes moved at once.
pub(super) const CHUNK: usize = 256 << 10;
/// Most bytes of a name, and of all else that an archive says of one entry beforehand.
const LONGEST: u64 = 64 << 10;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Directory,
    Link,
    HardLink,
    Other,
}

/// One entry's head.
#[derive(Debug)]
pub(super) struct Entry {
    pub kind: Kind,
    pub name: Vec<u8>,
    pub target: Vec<u8>,
    pub size: u64,
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    pub mtime: i64,
}

/// The next entry's head, with what the entries before it say of it; none at the archive's end.
pub(super) fn next(archive: &mut dyn Read) -> Result<Option<Entry>> {
    let (mut long_name, mut long_target, mut pax) = (None, None, Pax::default());
    loop {
        let mut block = [0; BLOCK];
        match fill(archive, &mut block)? {
            0 => return Err(cut_off()),
            BLOCK => {}
            _ => return Err(cut_off()),
        }
        if block.iter().all(|byte| *byte == 0) {
            drain(archive)?;
            return Ok(None);
        }
        let head = Head(&block);
        if !head.is_sound() {
            return Err(Error::invalid("this is no tar archive"));
        }
        let size = head.number(124..136);
        match head.byte(156) {
            b'L' => long_name = Some(text(archive, size)?),
            b'K' => long_target = Some(text(archive, size)?),
            b'x' => pax = Pax::read(&text(archive, size)?),
            b'g' => skip(archive, padded(size))?,
            kind => {
                let kind = match kind {
                    0 | b'0' | b'7' => Kind::File,
                    b'5' => Kind::Directory,
                    b'2' => Kind::Link,
                    b'1' => Kind::HardLink,
                    _ => Kind::Other,
                };
                let name = pax.path.or(long_name).unwrap_or_else(|| head.name());
                // Old archives mark a directory by the end of its name alone.
                let kind = if kind == Kind::File && name.ends_with(b"/") { Kind::Directory } else { kind };
                let size = if matches!(kind, Kind::Link | Kind::HardLink) { 0 } else { pax.size.unwrap_or(size) };
                let target = pax.target.or(long_target).unwrap_or_else(|| head.field(157..257));
                let mode = u32::try_from(head.number(100..108) & 0o7777).unwrap_or(0o644);
                let mtime = i64::try_from(head.number(136..148)).unwrap_or(0);
                let owner = |range| u32::try_from(head.number(range)).unwrap_or(0);
                let (uid, gid) = (pax.uid.unwrap_or_else(|| owner(108..116)), pax.gid.unwrap_or_else(|| owner(116..124)));
                return Ok(Some(Entry { kind, name, target, size, mode, uid, gid, mtime }));
            }
        }
    }
}

/// Reads on to the end, so that what sends is not cut off.
fn drain(archive: &mut dyn Read) -> Result<()> {
    let mut buffer = vec![0; CHUNK];
    loop {
        match archive.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(error) => return Err(lost(error)),
        }
    }
}

fn fill(archive: &mut dyn Read, block: &mut [u8; BLOCK]) -> Result<usize> {
    let mut filled = 0;
    while filled < BLOCK {
        match archive.read(block.get_mut(filled..).unwrap_or_default()) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) => return Err(lost(error)),
        }
    }
    Ok(filled)
}

/// What an archive says of the next entry. Its length is not believed.
fn text(archive: &mut dyn Read, size: u64) -> Result<Vec<u8>> {
    if size > LONGEST {
        return Err(Error::new(Code::TooLarge, format!("a name in the archive has {size} bytes; {LONGEST} are the most")));
    }
    let mut bytes = Vec::new();
    archive.take(padded(size)).read_to_end(&mut bytes).map_err(lost)?;
    if (bytes.len() as u64) < padded(size) {
        return Err(cut_off());
    }
    bytes.truncate(usize::try_from(size).unwrap_or(0));
    while bytes.last() == Some(&0) {
        bytes.pop();
    }
    Ok(bytes)
}

/// What a PAX head says.
#[derive(Debug, Default)]
struct Pax {
    path: Option<Vec<u8>>,
    target: Option<Vec<u8>>,
    size: Option<u64>,
    uid: Option<u32>,
    gid: Option<u32>,
}

impl Pax {
    /// Records are `LENGTH KEY=VALUE\n`, the length counting all of it. What is not so ends the reading.
    fn read(mut bytes: &[u8]) -> Self {
        let mut found = Self::default();
        while let Some(space) = bytes.iter().position(|byte| *byte == b' ') {
            let length = bytes.get(..space).and_then(|digits| std::str::from_utf8(digits).ok()).and_then(|digits| digits.parse::<usize>().ok());
            let record = length.and_then(|length| bytes.get(space + 1..length));
            let (Some(length), Some(record)) = (length, record) else { break };
            let record = record.strip_suffix(b"\n").unwrap_or(record);
            if let Some(equals) = record.iter().position(|byte| *byte == b'=') {
                let (key, value) = (record.get(..equals).unwrap_or_default(), record.get(equals + 1..).unwrap_or_default());
                match key {
                    b"path" => found.path = Some(value.to_vec()),
                    b"linkpath" => found.target = Some(value.to_vec()),
                    b"size" => found.size = number(value),
                    b"uid" => found.uid = number(value),
                    b"gid" => found.gid = number(value),
                    _ => {}
                }
            }
            bytes = bytes.get(length..).unwrap_or_default();
        }
        found
    }
}

/// A number in digits.
fn number<T: std::str::FromStr>(value: &[u8]) -> Option<T> {
    std::str::from_utf8(value).ok()?.parse().ok()
}

/// A head as it lies in the archive.
struct Head<'a>(&'a [u8; BLOCK]);

impl Head<'_> {
    fn byte(&self, at: usize) -> u8 {
        self.0.get(at).copied().unwrap_or(0)
    }

    fn field(&self, range: std::ops::Range<usize>) -> Vec<u8> {
        let bytes = self.0.get(range).unwrap_or_default();
        bytes.iter().copied().take_while(|byte| *byte != 0).collect()
    }

    fn name(&self) -> Vec<u8> {
        let name = self.field(0..100);
        let prefix = if self.0.get(257..263) == Some(b"ustar\0".as_slice()) { self.field(345..500) } else { Vec::new() };
        if prefix.is_empty() { name } else { [prefix, name].join(b"/".as_slice()) }
    }

    /// A number in octal digits, or in binary when its first bit is set. What is none is so large that it is refused.
    fn number(&self, range: std::ops::Range<usize>) -> u64 {
        let bytes = self.0.get(range).unwrap_or_default();
        if bytes.first().is_some_and(|first| first & 0x80 != 0) {
            let (head, low) = bytes.split_at(bytes.len().saturating_sub(8));
            let high = head.iter().enumerate().any(|(at, byte)| if at == 0 { byte & 0x7f != 0 } else { *byte != 0 });
            let low = low.iter().fold(0, |sum: u64, byte| sum << 8 | u64::from(*byte));
            // Beyond this a sum of sizes could wrap.
            return if high || low > u64::MAX >> 1 { u64::MAX >> 1 } else { low };
        }
        let digits = bytes.iter().copied().skip_while(|byte| *byte == b' ').take_while(u8::is_ascii_digit);
        digits.fold(0, |sum: u64, digit| sum.saturating_mul(8).saturating_add(u64::from(digit - b'0'))).min(u64::MAX >> 1)
    }

    /// Whether its checksum is right.
    fn is_sound(&self) -> bool {
        let sum: u64 = self.0.iter().enumerate().map(|(at, byte)| if (148..156).contains(&at) { u64::from(b' ') } else { u64::from(*byte) }).sum();
        self.number(148..156) == sum
    }
}

/// Reads so many bytes for nothing.
pub(super) fn skip(from: &mut dyn Read, size: u64) -> Result<()> {
    let mut buffer = vec![0; CHUNK.min(usize::try_from(size).unwrap_or(CHUNK))];
    let mut left = size;
    while left > 0 {
        let most = usize::try_from(left).unwrap_or(buffer.len()).min(buffer.len());
        left -= read_some(from, buffer.get_mut(..most).unwrap_or_default())? as u64;
    }
    Ok(())
}

/// Reads at least one byte.
pub(super) fn read_some(from: &mut dyn Read, buffer: &mut [u8]) -> Result<usize> {
    match from.read(buffer) {
        Ok(0) => Err(cut_off()),
        Ok(count) => Ok(count),
        Err(error) => Err(lost(error)),
    }
}

fn cut_off() -> Error {
    Error::new(Code::ServerUnavailable, "the archive ends in the middle").fix("copy it again")
}

/// A reader's own error: what the server said, where it is that.
pub(super) fn lost(error: std::io::Error) -> Error {
    match error.downcast::<Error>() {
        Ok(error) => error,
        Err(error) => Error::new(Code::ServerUnavailable, format!("the archive can't be read on: {error}")).because(error),
    }
}

/// What so many bytes take in an archive.
pub(super) fn padded(size: u64) -> u64 {
    size.div_ceil(BLOCK as u64).saturating_mul(BLOCK as u64)
}
