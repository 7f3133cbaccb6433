//! Why something did not work: the codes in ERROR, and bytes that are no frame.
use crate::MAX_PAYLOAD;
use std::fmt;

/// Why something did not work, in ERROR and in what the holder prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    /// A frame was malformed, too long or out of turn.
    Protocol,
    /// No version of the protocol in common.
    Version,
    /// There is no such session.
    NoSession,
    /// Another server has the session now.
    TakenOver,
    /// The offset lies after the last byte.
    BadOffset,
    /// More was sent than is allowed unacknowledged.
    Flood,
    /// A frame of an unknown type, or one that a channel that only looks on may not send.
    Unsupported,
    /// The channel's number is in use.
    ChannelInUse,
    /// Too many connections or channels.
    TooMany,
    /// Silent for too long at the start.
    Timeout,
    /// The session's process is gone.
    SessionLost,
    /// The image has no such program, or no shell.
    CommandNotFound,
    /// The program may not be executed.
    NotExecutable,
    /// The directory to start in is not there.
    NoDirectory,
    /// A session of that id lives already.
    InUse,
    /// Wrong options.
    Usage,
    /// The operating system refused something that the holder needs.
    System,
    /// One that this version does not know.
    Other(u16),
}

/// Numbers and names of the codes.
const CODES: [(ErrorCode, u16, &str); 17] = [
    (ErrorCode::Protocol, 1, "protocol"),
    (ErrorCode::Version, 2, "version"),
    (ErrorCode::NoSession, 3, "no_session"),
    (ErrorCode::TakenOver, 4, "taken_over"),
    (ErrorCode::BadOffset, 5, "bad_offset"),
    (ErrorCode::Flood, 6, "flood"),
    (ErrorCode::Unsupported, 7, "unsupported"),
    (ErrorCode::ChannelInUse, 8, "channel_in_use"),
    (ErrorCode::TooMany, 9, "too_many"),
    (ErrorCode::Timeout, 10, "timeout"),
    (ErrorCode::SessionLost, 11, "session_lost"),
    (ErrorCode::CommandNotFound, 20, "command_not_found"),
    (ErrorCode::NotExecutable, 21, "not_executable"),
    (ErrorCode::NoDirectory, 22, "no_directory"),
    (ErrorCode::InUse, 23, "in_use"),
    (ErrorCode::Usage, 24, "usage"),
    (ErrorCode::System, 25, "system"),
];

impl ErrorCode {
    /// The number in a frame.
    #[must_use]
    pub fn number(self) -> u16 {
        match self {
            Self::Other(number) => number,
            known => CODES.iter().find(|(code, ..)| *code == known).map_or(0, |(_, number, _)| *number),
        }
    }

    /// The code with this number.
    #[must_use]
    pub fn from_number(number: u16) -> Self {
        CODES.iter().find(|(_, other, _)| *other == number).map_or(Self::Other(number), |(code, ..)| *code)
    }

    /// The name in what the holder prints, such as `command_not_found`.
    #[must_use]
    pub fn name(self) -> &'static str {
        CODES.iter().find(|(code, ..)| *code == self).map_or("other", |(.., name)| name)
    }

    /// The code with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        CODES.iter().find(|(.., other)| *other == name).map(|(code, ..)| *code)
    }
}

/// Bytes that are no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// A payload of this many bytes is announced.
    TooLong(u32),
    /// A frame of this type is shorter than it must be, or its fields contradict each other.
    Malformed(u8),
    /// This type is not known, and may not be skipped.
    Unknown(u8),
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong(length) => {
                write!(f, "a frame of {length} bytes is longer than {MAX_PAYLOAD}")
            }
            Self::Malformed(kind) => write!(f, "a frame of type 0x{kind:02x} is malformed"),
            Self::Unknown(kind) => write!(f, "frames of type 0x{kind:02x} are not known to protocol version {}", crate::VERSION_MAX),
        }
    }
}

impl std::error::Error for FrameError {}
