//! `cto.exec.v1`: one command in a container without a terminal, over one WebSocket (an opcode byte and a payload a message).
use super::Problem;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The subprotocol's name.
pub const EXEC_PROTOCOL: &str = "cto.exec.v1";
/// Most bytes of a stream in one frame.
pub const MAX_CHUNK: usize = 64 * 1024;

/// The first frame of a client (0x81, JSON), due within 5 seconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExecStart {
    /// A bearer token, from browsers, which can't send the header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Program and arguments.
    pub command: Vec<String>,
    /// Further environment.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// User name or uid; the container's own where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Directory to start in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub working_dir: Option<String>,
    /// The client will send input. Without it the program reads an end at once.
    #[serde(default)]
    pub stdin: bool,
}

/// Frames of either direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExecFrame {
    /// Client 0x81: begins.
    Start(Box<ExecStart>),
    /// Client 0x82: input; at most [`MAX_CHUNK`] bytes. Not more than 1 MiB beyond the last CREDIT.
    Stdin(Vec<u8>),
    /// Client 0x83: no more input will come.
    StdinEof,
    /// Client 0x84: this many bytes of output in all have been passed on; the server stays at most 1 MiB ahead.
    Ack(u64),
    /// Server 0x01: the program runs.
    Started,
    /// Server 0x02: output.
    Stdout(Vec<u8>),
    /// Server 0x03: error output.
    Stderr(Vec<u8>),
    /// Server 0x04: the program has ended with this code; always before close 1000.
    Exit(i64),
    /// Server 0x05: it could not be run.
    Failed(Box<Problem>),
    /// Server 0x06: this many bytes of input in all have been given to the program.
    Credit(u64),
}

/// Bytes that either side may be ahead of what the other has passed on.
pub const EXEC_WINDOW: u64 = 1 << 20;

impl ExecFrame {
    /// The frame as a message.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let (op, payload): (u8, std::borrow::Cow<'_, [u8]>) = match self {
            Self::Start(start) => (0x81, serde_json::to_vec(start).expect("plain data always becomes JSON").into()),
            Self::Stdin(bytes) => (0x82, bytes.into()),
            Self::StdinEof => (0x83, [].as_slice().into()),
            Self::Ack(total) => (0x84, total.to_be_bytes().to_vec().into()),
            Self::Started => (0x01, [].as_slice().into()),
            Self::Stdout(bytes) => (0x02, bytes.into()),
            Self::Stderr(bytes) => (0x03, bytes.into()),
            Self::Exit(code) => (0x04, code.to_be_bytes().to_vec().into()),
            Self::Failed(problem) => (0x05, serde_json::to_vec(problem).expect("plain data always becomes JSON").into()),
            Self::Credit(total) => (0x06, total.to_be_bytes().to_vec().into()),
        };
        let mut bytes = Vec::with_capacity(1 + payload.len());
        bytes.push(op);
        bytes.extend_from_slice(&payload);
        bytes
    }

    /// Reads a message.
    ///
    /// # Errors
    /// [`super::FrameError`] when it is no such frame.
    pub fn decode(message: &[u8]) -> Result<Self, super::FrameError> {
        use super::FrameError;
        let (&op, rest) = message.split_first().ok_or(FrameError::Empty)?;
        let number = || rest.try_into().map(u64::from_be_bytes).map_err(|_| FrameError::Short(op));
        if rest.len() > MAX_CHUNK {
            return Err(FrameError::Large(op));
        }
        Ok(match op {
            0x81 => Self::Start(serde_json::from_slice(rest).map_err(|error| FrameError::Json(op, error.to_string()))?),
            0x82 => Self::Stdin(rest.to_vec()),
            0x83 => Self::StdinEof,
            0x84 => Self::Ack(number()?),
            0x01 => Self::Started,
            0x02 => Self::Stdout(rest.to_vec()),
            0x03 => Self::Stderr(rest.to_vec()),
            0x04 => Self::Exit(number()?.cast_signed()),
            0x05 => Self::Failed(serde_json::from_slice(rest).map_err(|error| FrameError::Json(op, error.to_string()))?),
            0x06 => Self::Credit(number()?),
            _ => return Err(FrameError::Unknown(op)),
        })
    }
}
