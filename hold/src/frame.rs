//! The frames, and what is in them.
use crate::ErrorCode;

/// One frame, without its channel. Its bytes are borrowed from the buffer that it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the table in the crate's documentation says what each field is")]
pub enum Frame<'a> {
    Hello {
        min: u16,
        max: u16,
    },
    Open {
        flags: u8,
        from: Begin,
        boot: u64,
        window: u32,
        id: &'a str,
    },
    Start {
        flags: u8,
        window: u32,
        arguments: Vec<&'a [u8]>,
    },
    Ack {
        offset: u64,
    },
    Input {
        writer: u64,
        seq: u32,
        bytes: &'a [u8],
    },
    Resize {
        cols: u16,
        rows: u16,
    },
    Signal {
        number: u8,
    },
    Look,
    Close,
    ExitAck,
    Detach,
    Ping {
        token: u64,
    },
    List,
    Welcome {
        version: u16,
        uid: u32,
        holder: &'a str,
    },
    Opened(Opened<'a>),
    Data {
        offset: u64,
        bytes: &'a [u8],
    },
    Gap {
        from: u64,
        to: u64,
    },
    InputAck {
        writer: u64,
        seq: u32,
    },
    Exit {
        ended: Ended,
        offset: u64,
    },
    Detached,
    Pong {
        token: u64,
    },
    Sessions {
        more: bool,
        ids: Vec<&'a str>,
    },
    Error {
        code: ErrorCode,
        text: &'a str,
    },
    /// Of a type that this version does not know, and that may be skipped.
    Skip {
        kind: u8,
    },
}

/// Where an OPEN begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// At this offset.
    Offset(u64),
    /// At the oldest byte that is kept.
    Oldest,
    /// With what is printed from now on.
    Head,
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It exited with this status.
    Code(u32),
    /// This signal ended it.
    Signal(u32),
}

/// A session as it is now.
///
/// On the wire: u16 version, u64 boot, u32 pid, u64 oldest, u64 head, u64 from, u16 cols, u16 rows, u8 state (0 running, 1 exited, 2 ended by a
/// signal), u32 status, u8 count of writers, (u64 writer, u32 seq) each, u8 length of name, name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened<'a> {
    /// Version of the protocol on this channel.
    pub version: u16,
    /// Random, one for each start: offsets and seqs hold for this boot only.
    pub boot: u64,
    /// The program's process id, as seen in the container.
    pub pid: u32,
    /// Offset of the oldest byte that is kept.
    pub oldest: u64,
    /// Offset after the last byte.
    pub head: u64,
    /// Offset of the next DATA or GAP of this channel.
    pub from: u64,
    /// Columns of the terminal.
    pub cols: u16,
    /// Rows of the terminal.
    pub rows: u16,
    /// How the program ended; none while it runs.
    pub ended: Option<Ended>,
    /// Writers and the last seq taken from each; the most recent last.
    pub writers: Vec<(u64, u32)>,
    /// Name of the program in the terminal's foreground; empty where it is not known.
    pub foreground: &'a str,
}
