//! The codec: frames to bytes and back, with every length checked before it is believed.
use crate::Begin;
use crate::Ended;
use crate::ErrorCode;
use crate::Frame;
use crate::FrameError;
use crate::HEADER;
use crate::MAX_DATA;
use crate::MAX_INPUT;
use crate::MAX_PAYLOAD;
use crate::MAX_WRITERS;
use crate::OPTIONAL;
use crate::Opened;
use crate::valid_id;

/// What a HELLO begins with, so that a stranger is told from an old server.
const MAGIC: [u8; 4] = *b"CTOh";
/// Most bytes of a text in ERROR and WELCOME; the rest is cut.
const MAX_TEXT: usize = 1024;
/// Most bytes of the foreground program's name in OPENED.
const MAX_NAME: usize = 64;
/// A frame whose payload has not been looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raw<'a> {
    /// Type of the frame.
    pub kind: u8,
    /// Its flags: [`OPTIONAL`].
    pub flags: u8,
    /// Its channel.
    pub channel: u16,
    /// Its payload.
    pub payload: &'a [u8],
}

/// The first frame in `buffer`; none while it is not complete. It takes [`Raw::size`] bytes.
///
/// # Errors
/// When a longer payload is announced than may be. It is told from the header alone: wait for no more bytes then.
pub fn split(buffer: &[u8]) -> Result<Option<Raw<'_>>, FrameError> {
    let Some((header, rest)) = buffer.split_first_chunk::<HEADER>() else {
        return Ok(None);
    };
    let [a, b, c, d, kind, flags, e, f] = *header;
    let length = u32::from_be_bytes([a, b, c, d]);
    if length as usize > MAX_PAYLOAD {
        return Err(FrameError::TooLong(length));
    }
    let channel = u16::from_be_bytes([e, f]);
    Ok(rest.get(..length as usize).map(|payload| Raw { kind, flags, channel, payload }))
}

impl<'a> Raw<'a> {
    /// Bytes that the frame takes, with its header.
    #[must_use]
    pub fn size(&self) -> usize {
        HEADER + self.payload.len()
    }

    /// Reads the payload.
    ///
    /// # Errors
    /// When it is malformed, or of a type that is not known and may not be skipped.
    pub fn decode(&self) -> Result<Frame<'a>, FrameError> {
        let malformed = FrameError::Malformed(self.kind);
        let mut fields = Fields(self.payload);
        match decode(self.kind, &mut fields) {
            Some(Frame::Skip { .. }) if self.flags & OPTIONAL == 0 => Err(FrameError::Unknown(self.kind)),
            Some(frame) => Ok(frame),
            None => Err(malformed),
        }
    }

    /// Appends the frame to `out`, for passing it on.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&(self.payload.len() as u32).to_be_bytes());
        out.extend_from_slice(&[self.kind, self.flags]);
        out.extend_from_slice(&self.channel.to_be_bytes());
        out.extend_from_slice(self.payload);
    }
}

fn decode<'a>(kind: u8, fields: &mut Fields<'a>) -> Option<Frame<'a>> {
    Some(match kind {
        0x01 => {
            (fields.take(4)? == MAGIC).then_some(())?;
            Frame::Hello { min: fields.u16()?, max: fields.u16()? }
        }
        0x02 => {
            let (flags, kind, offset) = (fields.u8()?, fields.u8()?, fields.u64()?);
            let from = match kind {
                0 => Begin::Offset(offset),
                1 => Begin::Oldest,
                2 => Begin::Head,
                _ => return None,
            };
            let (boot, window, length) = (fields.u64()?, fields.u32()?, fields.u8()?);
            let id = fields.text(length.into())?;
            valid_id(id).then_some(())?;
            Frame::Open { flags, from, boot, window, id }
        }
        0x03 => {
            let (flags, window, count) = (fields.u8()?, fields.u32()?, fields.u16()?);
            // No more is set aside than the payload can hold: each argument takes two bytes or more.
            let mut arguments = Vec::with_capacity(usize::from(count).min(fields.0.len() / 2));
            for _ in 0..count {
                let length = fields.u16()?;
                arguments.push(fields.take(length.into())?);
            }
            Frame::Start { flags, window, arguments }
        }
        0x04 => Frame::Ack { offset: fields.u64()? },
        0x05 => Frame::Input { writer: fields.u64()?, seq: fields.u32()?, bytes: fields.rest(MAX_INPUT)? },
        0x06 => Frame::Resize { cols: fields.u16()?, rows: fields.u16()? },
        0x07 => Frame::Signal { number: fields.u8()? },
        0x08 => Frame::Look,
        0x09 => Frame::Close,
        0x0A => Frame::ExitAck,
        0x0B => Frame::Detach,
        0x0C => Frame::Ping { token: fields.u64()? },
        0x0D => Frame::List,
        0x81 => {
            let (version, uid, length) = (fields.u16()?, fields.u32()?, fields.u16()?);
            Frame::Welcome { version, uid, holder: fields.text(length.into())? }
        }
        0x82 => Frame::Opened(decode_opened(fields)?),
        0x83 => Frame::Data { offset: fields.u64()?, bytes: fields.rest(MAX_DATA)? },
        0x84 => {
            let (from, to) = (fields.u64()?, fields.u64()?);
            (from <= to).then_some(Frame::Gap { from, to })?
        }
        0x85 => Frame::InputAck { writer: fields.u64()?, seq: fields.u32()? },
        0x86 => Frame::Exit { ended: ended(fields.u8()?, fields.u32()?)??, offset: fields.u64()? },
        0x87 => Frame::Detached,
        0x88 => Frame::Pong { token: fields.u64()? },
        0x89 => {
            let (more, count) = (fields.u8()? != 0, fields.u16()?);
            let mut ids = Vec::with_capacity(usize::from(count).min(fields.0.len() / 2));
            for _ in 0..count {
                let length = fields.u8()?;
                let id = fields.text(length.into())?;
                valid_id(id).then_some(())?;
                ids.push(id);
            }
            Frame::Sessions { more, ids }
        }
        0x8A => {
            let (code, length) = (ErrorCode::from_number(fields.u16()?), fields.u16()?);
            Frame::Error { code, text: fields.text(length.into())? }
        }
        kind => Frame::Skip { kind },
    })
}

fn decode_opened<'a>(fields: &mut Fields<'a>) -> Option<Opened<'a>> {
    let (version, boot, pid) = (fields.u16()?, fields.u64()?, fields.u32()?);
    let (oldest, head, from) = (fields.u64()?, fields.u64()?, fields.u64()?);
    let (cols, rows) = (fields.u16()?, fields.u16()?);
    let ended = ended(fields.u8()?, fields.u32()?)?;
    let count = usize::from(fields.u8()?);
    (oldest <= head && count <= MAX_WRITERS).then_some(())?;
    let mut writers = Vec::with_capacity(count);
    for _ in 0..count {
        writers.push((fields.u64()?, fields.u32()?));
    }
    let length = fields.u8()?;
    let foreground = fields.text(length.into())?;
    Some(Opened { version, boot, pid, oldest, head, from, cols, rows, ended, writers, foreground })
}

/// The outer none is for a state that can't be.
fn ended(kind: u8, status: u32) -> Option<Option<Ended>> {
    match kind {
        0 => Some(None),
        1 => Some(Some(Ended::Code(status))),
        2 => Some(Some(Ended::Signal(status))),
        _ => None,
    }
}

fn state(ended: Option<Ended>) -> (u8, u32) {
    match ended {
        None => (0, 0),
        Some(Ended::Code(status)) => (1, status),
        Some(Ended::Signal(number)) => (2, number),
    }
}

impl Frame<'_> {
    /// The frame's type.
    #[must_use]
    pub fn kind(&self) -> u8 {
        match self {
            Self::Hello { .. } => 0x01,
            Self::Open { .. } => 0x02,
            Self::Start { .. } => 0x03,
            Self::Ack { .. } => 0x04,
            Self::Input { .. } => 0x05,
            Self::Resize { .. } => 0x06,
            Self::Signal { .. } => 0x07,
            Self::Look => 0x08,
            Self::Close => 0x09,
            Self::ExitAck => 0x0A,
            Self::Detach => 0x0B,
            Self::Ping { .. } => 0x0C,
            Self::List => 0x0D,
            Self::Welcome { .. } => 0x81,
            Self::Opened(_) => 0x82,
            Self::Data { .. } => 0x83,
            Self::Gap { .. } => 0x84,
            Self::InputAck { .. } => 0x85,
            Self::Exit { .. } => 0x86,
            Self::Detached => 0x87,
            Self::Pong { .. } => 0x88,
            Self::Sessions { .. } => 0x89,
            Self::Error { .. } => 0x8A,
            Self::Skip { kind } => *kind,
        }
    }

    /// Appends the frame to `out`.
    ///
    /// Texts that are too long are cut. Bytes are not: the caller keeps to [`MAX_DATA`], [`MAX_INPUT`] and [`MAX_PAYLOAD`], or the other
    /// side refuses the frame.
    pub fn encode(&self, channel: u16, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&[0, 0, 0, 0, self.kind(), if matches!(self, Self::Skip { .. }) { OPTIONAL } else { 0 }]);
        out.extend_from_slice(&channel.to_be_bytes());
        self.payload(out);
        let length = (out.len() - start - HEADER) as u32;
        out[start..start + 4].copy_from_slice(&length.to_be_bytes());
    }

    fn payload(&self, out: &mut Vec<u8>) {
        let mut put = |bytes: &[u8]| out.extend_from_slice(bytes);
        match self {
            Self::Hello { min, max } => {
                put(&MAGIC);
                put(&min.to_be_bytes());
                put(&max.to_be_bytes());
            }
            Self::Open { flags, from, boot, window, id } => {
                let (kind, offset) = match from {
                    Begin::Offset(offset) => (0, *offset),
                    Begin::Oldest => (1, 0),
                    Begin::Head => (2, 0),
                };
                put(&[*flags, kind]);
                put(&offset.to_be_bytes());
                put(&boot.to_be_bytes());
                put(&window.to_be_bytes());
                put_short(out, id);
            }
            Self::Start { flags, window, arguments } => {
                put(&[*flags]);
                put(&window.to_be_bytes());
                put(&(arguments.len() as u16).to_be_bytes());
                for argument in arguments {
                    put(&(argument.len() as u16).to_be_bytes());
                    put(argument);
                }
            }
            Self::Ack { offset } => put(&offset.to_be_bytes()),
            Self::Input { writer, seq, bytes } => {
                put(&writer.to_be_bytes());
                put(&seq.to_be_bytes());
                put(bytes);
            }
            Self::Resize { cols, rows } => {
                put(&cols.to_be_bytes());
                put(&rows.to_be_bytes());
            }
            Self::Signal { number } => put(&[*number]),
            Self::Look | Self::Close | Self::ExitAck | Self::Detach | Self::List | Self::Detached | Self::Skip { .. } => {}
            Self::Ping { token } | Self::Pong { token } => put(&token.to_be_bytes()),
            Self::Welcome { version, uid, holder } => {
                put(&version.to_be_bytes());
                put(&uid.to_be_bytes());
                put_text(out, holder);
            }
            Self::Opened(opened) => encode_opened(opened, out),
            Self::Data { offset, bytes } => {
                put(&offset.to_be_bytes());
                put(bytes);
            }
            Self::Gap { from, to } => {
                put(&from.to_be_bytes());
                put(&to.to_be_bytes());
            }
            Self::InputAck { writer, seq } => {
                put(&writer.to_be_bytes());
                put(&seq.to_be_bytes());
            }
            Self::Exit { ended, offset } => {
                let (kind, status) = state(Some(*ended));
                put(&[kind]);
                put(&status.to_be_bytes());
                put(&offset.to_be_bytes());
            }
            Self::Sessions { more, ids } => {
                put(&[u8::from(*more)]);
                put(&(ids.len() as u16).to_be_bytes());
                for id in ids {
                    put_short(out, id);
                }
            }
            Self::Error { code, text } => {
                put(&code.number().to_be_bytes());
                put_text(out, text);
            }
        }
    }
}

fn encode_opened(opened: &Opened<'_>, out: &mut Vec<u8>) {
    let (kind, status) = state(opened.ended);
    out.extend_from_slice(&opened.version.to_be_bytes());
    out.extend_from_slice(&opened.boot.to_be_bytes());
    out.extend_from_slice(&opened.pid.to_be_bytes());
    for offset in [opened.oldest, opened.head, opened.from] {
        out.extend_from_slice(&offset.to_be_bytes());
    }
    out.extend_from_slice(&opened.cols.to_be_bytes());
    out.extend_from_slice(&opened.rows.to_be_bytes());
    out.push(kind);
    out.extend_from_slice(&status.to_be_bytes());
    let writers = &opened.writers[opened.writers.len().saturating_sub(MAX_WRITERS)..];
    out.push(writers.len() as u8);
    for (writer, seq) in writers {
        out.extend_from_slice(&writer.to_be_bytes());
        out.extend_from_slice(&seq.to_be_bytes());
    }
    put_short(out, cut(opened.foreground, MAX_NAME));
}

fn put_short(out: &mut Vec<u8>, text: &str) {
    let text = cut(text, u8::MAX.into());
    out.push(text.len() as u8);
    out.extend_from_slice(text.as_bytes());
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    let text = cut(text, MAX_TEXT);
    out.extend_from_slice(&(text.len() as u16).to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}

/// The beginning of `text`, of at most `most` bytes.
fn cut(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

/// Takes fields off the front of a payload; none where it is too short.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_be_bytes)
    }

    fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    fn text(&mut self, count: usize) -> Option<&'a str> {
        std::str::from_utf8(self.take(count)?).ok()
    }

    fn rest(&mut self, most: usize) -> Option<&'a [u8]> {
        (self.0.len() <= most).then(|| std::mem::take(&mut self.0))
    }
}
