//! Live terminals in containers, by plain exec or by attaching to the main program.
use crate::error::Result;
use crate::model::ContainerId;
use crate::model::Size;
use bytes::Bytes;
use std::collections::BTreeMap;
use tokio::sync::mpsc;

/// Asks for a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TerminalRequest {
    /// The container; it runs, or for its main program is created and not yet started.
    pub container: ContainerId,
    /// Program and arguments; a login shell when empty.
    pub command: Vec<String>,
    /// Further environment.
    pub environment: BTreeMap<String, String>,
    /// User name or uid; the container's own where none is given.
    pub user: Option<String>,
    /// Directory to start in.
    pub working_dir: Option<String>,
    /// First size.
    pub size: Size,
    /// Attach to the main program instead of starting one.
    pub main: bool,
}

/// An open terminal.
#[derive(Debug)]
pub struct Terminal {
    /// What the program prints; ends when the program does, or the engine is lost.
    pub output: mpsc::Receiver<Bytes>,
    /// What is typed.
    pub input: mpsc::Sender<Bytes>,
    /// Size and end.
    pub control: TerminalControl,
    /// What the main program printed before, as far as the log has it: at most the last 256 KiB.
    pub replay: Vec<u8>,
    /// What runs in it.
    pub command: Vec<String>,
}

/// Size and end of a terminal.
#[derive(Clone, Debug)]
pub struct TerminalControl;

#[allow(clippy::unused_async, missing_docs, clippy::missing_errors_doc)]
impl TerminalControl {
    pub async fn resize(&self, _size: Size) -> Result<()> {
        super::later()
    }
    /// Hangs up, then kills.
    pub async fn close(&self) -> Result<()> {
        super::later()
    }
    /// The exit code after the output has ended; none when the program still runs.
    pub async fn exit(&self) -> Result<Option<i64>> {
        super::later()
    }
}
