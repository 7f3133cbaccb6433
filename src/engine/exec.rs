//! One command in a container without a terminal: streams and an exit code.
use super::Engine;
use super::calls;
use super::demux::Demux;
use super::process::Process;
use super::process::Start;
use super::raw;
use crate::error::Error;
use crate::error::Result;
use crate::model::ContainerId;
use crate::model::ExecStart;
use crate::model::MAX_CHUNK;
use bytes::Bytes;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;
use tokio::sync::watch;

/// Chunks of output that may wait to be taken; then the program waits.
const OUTPUT: usize = 32;
/// Chunks of input that may wait for the program; then the sender waits.
const INPUT: usize = 16;

/// A running command. Nothing is lost: the program waits while `output` is full (32 chunks of at most 64 KiB).
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
pub struct ExecControl {
    process: Process,
    /// True once the output has ended.
    done: watch::Receiver<bool>,
}

impl ExecControl {
    /// Waits for the end of the program, once its output has been taken.
    ///
    /// # Errors
    /// When the engine is lost.
    pub async fn exit(&self) -> Result<i64> {
        // An error means that the reading task is gone, so the output has ended too.
        let _ = self.done.clone().wait_for(|done| *done).await;
        self.process.wait().await
    }

    /// Kills the program and what it started in the same session.
    ///
    /// # Errors
    /// When the engine is lost.
    pub async fn kill(&self) -> Result<()> {
        self.process.end(false).await
    }

    /// Why a program whose start was not waited for never ran, by what it `said`; none when it did, or when the engine can't be asked.
    pub async fn never_ran(&self, said: &str, program: &str) -> Option<Error> {
        self.process.never_ran(said, program).await
    }
}

impl Engine {
    /// Runs a command in a running container, without a terminal.
    ///
    /// # Errors
    /// `command_not_found` when the image has no such program, `wrong_state` when the container does not run.
    pub async fn exec(&self, start: &ExecStart, id: &ContainerId) -> Result<Exec> {
        let work = async {
            if start.command.is_empty() {
                return Err(Error::invalid("no command to run").fix("cto exec CONTAINER -- COMMAND"));
            }
            let found = self.inspect_running(id).await?;
            let name = super::containers::plain_name(found.name.as_deref());
            let (process, reader, writer) = self.start_process(id, &name, wanted(start)).await?;
            Ok(streams(process, reader, writer, start.stdin))
        };
        self.called(Some(id), format!("docker exec {} {}", calls::short(id), calls::program(&start.command)), work).await
    }

    /// As `exec`, without waiting until the program runs.
    pub(super) async fn begin_exec(&self, start: &ExecStart, id: &ContainerId) -> Result<Exec> {
        let work = async {
            let (process, reader, writer) = self.begin_process(id, id.as_str(), wanted(start)).await?;
            Ok(streams(process, reader, writer, start.stdin))
        };
        self.called(Some(id), format!("docker exec {} {}", calls::short(id), calls::program(&start.command)), work).await
    }
}

fn wanted(start: &ExecStart) -> Start {
    Start {
        command: start.command.clone(),
        environment: start.environment.clone(),
        user: start.user.clone(),
        working_dir: start.working_dir.clone(),
        tty: false,
        stdin: start.stdin,
    }
}

fn streams(process: Process, reader: raw::Reader, writer: raw::Writer, with_input: bool) -> Exec {
    let (stdin, input) = mpsc::channel(INPUT);
    let (sender, output) = mpsc::channel(OUTPUT);
    let (tell, done) = watch::channel(false);
    tokio::spawn(async move {
        read(reader, sender).await;
        let _ = tell.send(true);
    });
    tokio::spawn(write(writer, input, with_input));
    Exec { stdin, output, control: ExecControl { process, done } }
}

/// Passes output on, until it ends or nobody takes it any more.
async fn read(mut reader: raw::Reader, output: mpsc::Sender<ExecOutput>) {
    let mut demux = Demux::default();
    loop {
        demux.buffer().reserve(MAX_CHUNK);
        // A failed read is an end too: what it was is seen when the exit code is asked for.
        let Ok(1..) = (&mut reader).take(MAX_CHUNK as u64).read_buf(demux.buffer()).await else { return };
        while let Some(piece) = demux.next() {
            if output.send(piece).await.is_err() {
                return;
            }
        }
    }
}

/// Passes input on; the end of `input` becomes the program's end of input, while its output goes on.
async fn write(mut writer: raw::Writer, mut input: mpsc::Receiver<Bytes>, wanted: bool) {
    while let Some(bytes) = input.recv().await {
        // Refused when the program has ended, or has closed its input.
        if wanted && writer.write_all(&bytes).await.is_err() {
            return;
        }
    }
    let _ = writer.shutdown().await;
}
