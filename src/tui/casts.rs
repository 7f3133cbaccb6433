//! Recordings: what can be asked for, and what comes of it.
use super::msg::Effect;
use super::msg::Request;
use super::msg::Saved;
use crate::model::Recording;
use crate::model::RecordingId;
use std::path::PathBuf;

/// What can be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CastWish {
    /// All recordings, the newest first.
    List,
    /// These away.
    Remove(Vec<RecordingId>),
    /// A recording's file, written to this machine.
    Save {
        /// Which.
        id: RecordingId,
        /// Where.
        path: PathBuf,
        /// Also where there is a file already.
        replace: bool,
    },
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CastReply {
    /// All, the newest first.
    Listed(Vec<Recording>),
    /// How many went, and why others did not.
    Removed(usize, Vec<String>),
    /// What became of the file, and how large it is.
    Saved(Saved, u64),
}

/// A recording that is to be read, in pieces that are asked for one by one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadCast {
    /// Names the reading; never used twice.
    pub round: u64,
    /// Which.
    pub id: RecordingId,
    /// Milliseconds from its start.
    pub from: u64,
}

/// What a reading tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CastNews {
    /// A piece.
    Piece(Vec<u8>),
    /// There is nothing more.
    Ended,
    /// It can't be read on.
    Failed(String),
}

/// Asks for something.
#[must_use]
pub fn wish(wish: CastWish) -> Effect {
    Effect::Request(Request::Casts(Box::new(wish)))
}
