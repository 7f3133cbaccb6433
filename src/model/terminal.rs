//! `cto.term.v1`: the frames of one terminal over one WebSocket (an opcode byte, big-endian integers, one frame a message).
use super::SessionExit;
use super::SessionId;
use super::Size;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The subprotocol's name.
pub const TERM_PROTOCOL: &str = "cto.term.v1";
/// Most bytes of output in one frame.
pub const MAX_OUTPUT: usize = 32 * 1024;
/// Most bytes of input in one frame.
pub const MAX_INPUT: usize = 64 * 1024;
/// Most bytes of a JSON payload.
const MAX_JSON: usize = 16 * 1024;
/// Unacknowledged bytes at which a reader is paused, unless it asks for another window.
pub const DEFAULT_WINDOW: u32 = 128 * 1024;

/// The first frame of a client, due within 5 seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Attach {
    /// The protocol's version: 1.
    pub v: u32,
    /// A bearer token, from browsers, which can't send the header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Go on after this many bytes; a snapshot where none is given or they are gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_offset: Option<u64>,
    /// The viewer's width.
    pub cols: u16,
    /// The viewer's height.
    pub rows: u16,
    /// Whether it will type.
    #[serde(default)]
    pub mode: AttachMode,
    /// Who is waited for.
    #[serde(default)]
    pub delivery: Delivery,
    /// Tells this writer's input from others' across reconnects; chosen at random by the client.
    #[serde(default)]
    pub writer: u64,
    /// Unacknowledged bytes at which to pause; [`DEFAULT_WINDOW`] where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<u32>,
}

/// Whether a viewer types.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AttachMode {
    /// Types, and its size counts.
    Write,
    /// Only looks.
    #[default]
    View,
}

/// The two kinds of reader.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// Shown the latest, never waited for.
    #[default]
    Live,
    /// Gets every byte and is waited for.
    Lossless,
}

/// The server's first frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Ready {
    /// The session.
    pub session: SessionId,
    /// Width of its screen now.
    pub cols: u16,
    /// Height of its screen now.
    pub rows: u16,
    /// Bytes printed so far.
    pub head_offset: u64,
    /// The oldest byte still kept.
    pub oldest_offset: u64,
    /// What follows.
    pub resume: Resume,
    /// Sequence number of this writer's last input that was taken.
    pub last_seq: u32,
    /// The program's title.
    pub title: String,
}

/// What follows READY.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Resume {
    /// The bytes after `from_offset`.
    Delta,
    /// A SNAPSHOT.
    Snapshot,
}

/// Somebody who watches a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Viewer {
    /// Their name.
    pub name: String,
    /// Whether they type.
    pub mode: AttachMode,
    /// The size of their view.
    pub size: Size,
    /// Tells those of one session from each other: one name may watch twice.
    #[serde(default)]
    pub id: u64,
    /// What they watch with, as far as it says so: `browser`, `cto`, another program's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub since: Option<Timestamp>,
    /// When they last typed something, to the second; told once a second at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub typed_at: Option<Timestamp>,
    /// Whether they type alone.
    #[serde(default)]
    pub lease: bool,
}

/// Frames from the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientFrame {
    /// 0x81: begins.
    Attach(Box<Attach>),
    /// 0x82: keys. Taken once per (writer, seq).
    Input {
        /// Counts up from 1 for this writer.
        seq: u32,
        /// What was typed.
        bytes: Vec<u8>,
    },
    /// 0x83: the viewer's size has changed.
    Resize(Size),
    /// 0x84: everything before this offset has been drawn.
    Ack(u64),
    /// 0x85: a wish, as JSON.
    Control(Control),
    /// 0x86: answered by PONG with the same number.
    Ping(u64),
    /// 0x87: no more input will come.
    StdinEof,
}

/// A viewer's wish.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum Control {
    /// Send a fresh snapshot.
    Refresh,
    /// Make the session as large as my view.
    TakeSize,
    /// Let nobody else type, until I hand that back or leave. Taken over from whoever had it.
    TakeLease,
    /// Let everyone type again.
    GiveLease,
}

/// Who types alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Their name; everyone who may write types where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<String>,
    /// Whether it is who this is sent to.
    pub yours: bool,
}

/// Frames from the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerFrame {
    /// 0x01
    Ready(Box<Ready>),
    /// 0x02: what redraws screen, modes and the end of the scrollback on a terminal that was reset.
    Snapshot {
        /// Bytes printed when it was taken.
        offset: u64,
        /// The screen's size.
        size: Size,
        /// The bytes to draw.
        bytes: Vec<u8>,
    },
    /// 0x03: printed bytes.
    Output {
        /// Offset of the first.
        offset: u64,
        /// At most [`MAX_OUTPUT`].
        bytes: Vec<u8>,
    },
    /// 0x04: the screen has another size from this offset on.
    Resized {
        /// Bytes printed before.
        offset: u64,
        /// The new size.
        size: Size,
    },
    /// 0x05: the program has ended; always before close 1000.
    Exit(SessionExit),
    /// 0x06: these bytes were left out for this reader; for a live one a SNAPSHOT follows.
    Gap {
        /// First byte left out.
        from: u64,
        /// First byte not left out.
        to: u64,
    },
    /// 0x07: who watches.
    Presence(Vec<Viewer>),
    /// 0x08: something to tell the person, as text.
    Notice(String),
    /// 0x09: who types alone, when that changes.
    Lease(Lease),
    /// 0x0A
    Pong(u64),
    /// 0x0B: input up to this sequence number was taken.
    InputAck(u32),
}

/// A frame that breaks the protocol.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Nothing in it.
    #[error("empty frame")]
    Empty,
    /// Ends too early.
    #[error("frame 0x{0:02x} is too short")]
    Short(u8),
    /// Larger than such a frame may be.
    #[error("frame 0x{0:02x} is too large")]
    Large(u8),
    /// JSON that is not what the frame carries.
    #[error("frame 0x{0:02x}: {1}")]
    Json(u8, String),
    /// Not a frame of this direction. Receivers ignore it, so that the protocol can grow.
    #[error("unknown frame 0x{0:02x}")]
    Unknown(u8),
}

/// Splits off big-endian integers from the front of a frame.
struct Reader<'a>(u8, &'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], FrameError> {
        let (head, rest) = self.1.split_first_chunk::<N>().ok_or(FrameError::Short(self.0))?;
        self.1 = rest;
        Ok(*head)
    }
    fn u16(&mut self) -> Result<u16, FrameError> {
        self.take().map(u16::from_be_bytes)
    }
    fn u32(&mut self) -> Result<u32, FrameError> {
        self.take().map(u32::from_be_bytes)
    }
    fn u64(&mut self) -> Result<u64, FrameError> {
        self.take().map(u64::from_be_bytes)
    }
    fn size(&mut self) -> Result<Size, FrameError> {
        Ok(Size { cols: self.u16()?, rows: self.u16()? })
    }
    fn rest(self, most: usize) -> Result<Vec<u8>, FrameError> {
        if self.1.len() > most { Err(FrameError::Large(self.0)) } else { Ok(self.1.to_vec()) }
    }
    fn json<T: serde::de::DeserializeOwned>(self) -> Result<T, FrameError> {
        if self.1.len() > MAX_JSON {
            return Err(FrameError::Large(self.0));
        }
        serde_json::from_slice(self.1).map_err(|error| FrameError::Json(self.0, error.to_string()))
    }
}

/// A frame: its opcode, then parts.
fn frame(op: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + parts.iter().map(|part| part.len()).sum::<usize>());
    bytes.push(op);
    for part in parts {
        bytes.extend_from_slice(part);
    }
    bytes
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("plain data always becomes JSON")
}

fn size_bytes(size: Size) -> [u8; 4] {
    let [a, b] = size.cols.to_be_bytes();
    let [c, d] = size.rows.to_be_bytes();
    [a, b, c, d]
}

impl ClientFrame {
    /// The frame as a message.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Attach(attach) => frame(0x81, &[&json(attach)]),
            Self::Input { seq, bytes } => frame(0x82, &[&seq.to_be_bytes(), bytes]),
            Self::Resize(size) => frame(0x83, &[&size_bytes(*size)]),
            Self::Ack(offset) => frame(0x84, &[&offset.to_be_bytes()]),
            Self::Control(control) => frame(0x85, &[&json(control)]),
            Self::Ping(number) => frame(0x86, &[&number.to_be_bytes()]),
            Self::StdinEof => frame(0x87, &[]),
        }
    }

    /// Reads a message.
    ///
    /// # Errors
    /// [`FrameError`] when it is no such frame.
    pub fn decode(message: &[u8]) -> Result<Self, FrameError> {
        let (&op, rest) = message.split_first().ok_or(FrameError::Empty)?;
        let mut reader = Reader(op, rest);
        Ok(match op {
            0x81 => Self::Attach(Box::new(reader.json()?)),
            0x82 => Self::Input { seq: reader.u32()?, bytes: reader.rest(MAX_INPUT)? },
            0x83 => Self::Resize(reader.size()?),
            0x84 => Self::Ack(reader.u64()?),
            0x85 => Self::Control(reader.json()?),
            0x86 => Self::Ping(reader.u64()?),
            0x87 => Self::StdinEof,
            _ => return Err(FrameError::Unknown(op)),
        })
    }
}

impl ServerFrame {
    /// Most bytes of a snapshot.
    pub const MAX_SNAPSHOT: usize = 16 << 20;

    /// The frame as a message.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Ready(ready) => frame(0x01, &[&json(ready)]),
            Self::Snapshot { offset, size, bytes } => frame(0x02, &[&offset.to_be_bytes(), &size_bytes(*size), bytes]),
            Self::Output { offset, bytes } => frame(0x03, &[&offset.to_be_bytes(), bytes]),
            Self::Resized { offset, size } => frame(0x04, &[&offset.to_be_bytes(), &size_bytes(*size)]),
            Self::Exit(exit) => frame(0x05, &[&json(exit)]),
            Self::Gap { from, to } => frame(0x06, &[&from.to_be_bytes(), &to.to_be_bytes()]),
            Self::Presence(viewers) => frame(0x07, &[&json(viewers)]),
            Self::Notice(text) => frame(0x08, &[text.as_bytes()]),
            Self::Lease(lease) => frame(0x09, &[&json(lease)]),
            Self::Pong(number) => frame(0x0A, &[&number.to_be_bytes()]),
            Self::InputAck(seq) => frame(0x0B, &[&seq.to_be_bytes()]),
        }
    }

    /// Reads a message.
    ///
    /// # Errors
    /// [`FrameError`] when it is no such frame.
    pub fn decode(message: &[u8]) -> Result<Self, FrameError> {
        let (&op, rest) = message.split_first().ok_or(FrameError::Empty)?;
        let mut reader = Reader(op, rest);
        Ok(match op {
            0x01 => Self::Ready(Box::new(reader.json()?)),
            0x02 => Self::Snapshot { offset: reader.u64()?, size: reader.size()?, bytes: reader.rest(Self::MAX_SNAPSHOT)? },
            0x03 => Self::Output { offset: reader.u64()?, bytes: reader.rest(MAX_OUTPUT)? },
            0x04 => Self::Resized { offset: reader.u64()?, size: reader.size()? },
            0x05 => Self::Exit(reader.json()?),
            0x06 => Self::Gap { from: reader.u64()?, to: reader.u64()? },
            0x07 => Self::Presence(reader.json()?),
            0x08 => Self::Notice(String::from_utf8_lossy(&reader.rest(MAX_JSON)?).into_owned()),
            0x09 => Self::Lease(reader.json()?),
            0x0A => Self::Pong(reader.u64()?),
            0x0B => Self::InputAck(reader.u32()?),
            _ => return Err(FrameError::Unknown(op)),
        })
    }
}
