//! Logs of containers in memory: lines, what shows of them, and how they are laid out.
pub mod filter;
pub mod laid;
pub mod split;
pub mod store;

pub use crate::term::level;

use super::msg::PaneId;
use crate::model::ContainerId;
use crate::model::Problem;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Which part of a container's log is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// The last so many lines, and what follows.
    Last(u32),
    /// All that the engine has kept, and what follows.
    All,
    /// Since so long ago, and what follows.
    Since(Duration),
}

/// Wish to follow the log of one container in a pane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Follow {
    /// The pane.
    pub pane: PaneId,
    /// Which of its containers, counted from 0.
    pub source: usize,
    /// Grows with each new beginning: what belongs to an older one is left out.
    pub round: u32,
    /// The container.
    pub container: ContainerId,
    /// How many lines there are at first; all where there is none.
    pub tail: Option<u32>,
    /// Lines of this time and before are left out, in nanoseconds since 1970.
    pub after: Option<i64>,
}

/// What a follower tells its pane.
#[derive(Clone, Debug)]
pub struct News {
    /// Which of the pane's containers.
    pub source: usize,
    /// The beginning that it belongs to.
    pub round: u32,
    /// What it is.
    pub what: Told,
}

/// What there is of a log.
#[derive(Clone, Debug)]
pub enum Told {
    /// It is being read.
    Begun,
    /// Further lines.
    Lines(store::Batch),
    /// It ended, with a problem unless the container did.
    Ended(Option<Box<Problem>>),
}

/// Wish to write lines into a file.
#[derive(Clone, Debug, PartialEq)]
pub struct SaveLog {
    /// Where to, as it was typed.
    pub path: PathBuf,
    /// Also when there is such a file.
    pub replace: bool,
    /// What.
    pub excerpt: Arc<store::Excerpt>,
}
