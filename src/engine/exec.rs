//! One command in a container without a terminal: streams and an exit code.
use crate::error::Result;
use bytes::Bytes;
use tokio::sync::mpsc;

/// A running command. Nothing is lost: the program waits while `output` is full (64 chunks of at most 64 KiB).
#[derive(Debug)]
pub struct Exec {
    /// Its input; dropping it is the end of input. A full queue (16 chunks) waits for the program to read.
    pub stdin: mpsc::Sender<Bytes>,
    /// What it prints; ends when the program has closed both streams.
    pub output: mpsc::Receiver<ExecOutput>,
    /// Its end.
    pub control: ExecControl,
}

/// A piece of output, at most 64 KiB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExecOutput {
    /// Standard output.
    Stdout(Bytes),
    /// Standard error.
    Stderr(Bytes),
}

/// Asks about, and ends, a command.
#[derive(Clone, Debug)]
pub struct ExecControl;

#[allow(clippy::unused_async, missing_docs, clippy::missing_errors_doc)]
impl ExecControl {
    /// Waits for the end of the program.
    pub async fn exit(&self) -> Result<i64> {
        super::later()
    }
    pub async fn kill(&self) -> Result<()> {
        super::later()
    }
}
