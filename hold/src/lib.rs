//! The frames that the server and the session holder speak, written once for both.
//!
//! The holder is a small static program in the container. `hold run` keeps one session: its PTY, its program, and the last
//! megabyte of output. `hold connect` is the way to all sessions of its uid, over its standard input and output; this is the
//! protocol that it speaks.
//!
//! # Frames
//!
//! `u32 length of payload | u8 type | u8 flags | u16 channel | payload`, big-endian, at most 64 KiB of payload. Channel 0 is the
//! connection itself; every other number is chosen by the server and is one opened session. A reader ignores what follows
//! the last field that it knows, so that a frame can grow. A frame of an unknown type is skipped where [`OPTIONAL`] is
//! set in its flags, and refused in words where it is not.
//!
//! | from | type | payload | meaning |
//! |---|---|---|---|
//! | server | `0x01` HELLO | magic, u16 min, u16 max | first on channel 0, within 5 s: the versions that the server speaks |
//! | server | `0x02` OPEN | u8 flags, u8 from, u64 offset, u64 boot, u32 window, id | a living session becomes this channel |
//! | server | `0x03` START | u8 flags, u32 window, arguments | starts a session, as `hold run` with these arguments, and opens it from its first byte |
//! | server | `0x04` ACK | u64 offset | all output before it is taken: it need not be kept, and opens the window |
//! | server | `0x05` INPUT | u64 writer, u32 seq, bytes | typed once: a seq that is not above the writer's last is only acknowledged |
//! | server | `0x06` RESIZE | u16 cols, u16 rows | the terminal's size |
//! | server | `0x07` SIGNAL | u8 number | to the terminal's foreground group |
//! | server | `0x08` LOOK | | asks for OPENED again: how the session is now |
//! | server | `0x09` CLOSE | | ends the program: a hang-up, and after 0.7 s a kill of all that runs in the terminal |
//! | server | `0x0A` EXIT_ACK | | the exit is known: the holder may go. CLOSE of an exited session means the same |
//! | server | `0x0B` DETACH | | ends the channel; the session goes on |
//! | server | `0x0C` PING | u64 token | on any channel |
//! | server | `0x0D` LIST | | on channel 0 |
//! | holder | `0x81` WELCOME | u16 version, u32 uid, holder's version | answers HELLO |
//! | holder | `0x82` OPENED | see [`Opened`] | answers OPEN, START and LOOK |
//! | holder | `0x83` DATA | u64 offset, bytes | output, at most 32 KiB; each begins where the one before ended, or a GAP did |
//! | holder | `0x84` GAP | u64 from, u64 to | output that is gone |
//! | holder | `0x85` INPUT_ACK | u64 writer, u32 seq | all input of that writer up to there is in the terminal |
//! | holder | `0x86` EXIT | u8 kind, u32 status, u64 final offset | after the last byte; the session stays until EXIT_ACK, or for a day |
//! | holder | `0x87` DETACHED | | the channel has ended; its number is free again |
//! | holder | `0x88` PONG | u64 token | |
//! | holder | `0x89` SESSIONS | u8 more, ids | the living sessions, in as many frames as it takes |
//! | holder | `0x8A` ERROR | u16 code, text | ends its channel, or on channel 0 the connection |
//!
//! # Rules
//!
//! - **Versions.** The holder takes the highest that both speak, or answers ERROR `version`. A session may have been started by an
//!   older holder than the one that connects: each channel has a version of its own, told in OPENED.
//! - **Window.** At most `window` bytes of DATA of a channel are under way unacknowledged. A channel that waits for its ACK
//!   holds up no other; channels take turns.
//! - **Input.** The server has at most [`INPUT_WINDOW`] bytes of INPUT on a channel unacknowledged. The last seq of up to 64
//!   writers is in OPENED: what is not above it must not be sent again, even where its INPUT_ACK never came.
//! - **Offsets** count the output from the session's first byte and hold for one boot id. Where the boot id of an OPEN is
//!   another's, its offset means nothing and the session is opened from the oldest byte; [`Opened::from`] says where DATA begins.
//!   An OPEN from before the oldest byte is answered by OPENED and a GAP. OPEN counts as an ACK of its offset.
//! - **One server at a time** has a session; a later OPEN takes it over, and the earlier channel ends with ERROR `taken_over`.
//!   An OPEN with [`READ_ONLY`] takes nothing over, its ACKs move only its own window, and it may send ACK, LOOK, PING and DETACH only.
//! - **While a server has the session**, no more is read of its program than the window lets through: beyond it the program waits, as long
//!   as it would wait for somebody to take its output.
//! - **When nobody takes the output**, the program is blocked once a ring of bytes is unacknowledged; after the time that `hold run`
//!   was given, the oldest are dropped, which the next reader sees as a GAP.
//! - The connection ends when the server closes the holder's input, or sends nothing for [`SILENCE`]: a server that has nothing to say
//!   sends PING. Sessions go on.
mod codec;
mod error;
mod frame;

pub use codec::Raw;
pub use codec::split;
pub use error::ErrorCode;
pub use error::FrameError;
pub use frame::Begin;
pub use frame::Ended;
pub use frame::Frame;
pub use frame::Opened;

use std::time::Duration;

/// The first version of the protocol that this code speaks.
pub const VERSION_MIN: u16 = 1;
/// The last version of the protocol that this code speaks.
pub const VERSION_MAX: u16 = 1;
/// Bytes of a frame before its payload.
pub const HEADER: usize = 8;
/// Most bytes of a payload.
pub const MAX_PAYLOAD: usize = 64 * 1024;
/// Most bytes of output in a DATA.
pub const MAX_DATA: usize = 32 * 1024;
/// Most bytes of input in an INPUT.
pub const MAX_INPUT: usize = 32 * 1024;
/// Bytes of INPUT that may be unacknowledged on a channel.
pub const INPUT_WINDOW: usize = 64 * 1024;
/// Least and most bytes of a channel's window; others are moved to the nearer of them.
pub const WINDOW: (u32, u32) = (MAX_DATA as u32, 4 * 1024 * 1024);
/// Writers whose last seq a session remembers; the one that has been silent longest goes first.
pub const MAX_WRITERS: usize = 64;
/// Most bytes of a session's id, of letters, digits, `-`, `_` and `.`, not beginning with a dot.
pub const MAX_ID: usize = 64;
/// In a frame's flags: who does not know its type may skip it.
pub const OPTIONAL: u8 = 1;
/// In the flags of an OPEN: only look on.
pub const READ_ONLY: u8 = 1;

/// How long a connection without a word from the server is kept. An engine that dies can leave one behind.
pub const SILENCE: Duration = Duration::from_secs(300);

/// Whether `id` can be a session's id.
#[must_use]
pub fn valid_id(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    !id.is_empty() && id.len() <= MAX_ID && !id.starts_with('.') && id.bytes().all(plain)
}
