//! One command in a container without a terminal.
use super::Client;
use super::wire;
use super::wire::Message;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::EXEC_WINDOW;
use crate::model::ExecFrame;
use crate::model::ExecInContainer;
use crate::model::ExecStart;
use crate::model::MAX_CHUNK;
use bytes::Bytes;
use tokio::sync::watch;

/// A running command. Dropping both halves ends it.
pub struct ExecStream {
    /// Gives it input.
    pub sender: ExecSender,
    /// Receives its output and its end.
    pub receiver: ExecReceiver,
}

/// Gives input to a command. Someone must call [`ExecReceiver::next`] meanwhile: it learns how much input was taken.
pub struct ExecSender {
    wire: wire::Sender,
    sent: u64,
    taken: watch::Receiver<u64>,
}

/// Receives a command's output.
pub struct ExecReceiver {
    wire: wire::Receiver,
    back: wire::Sender,
    taken: watch::Sender<u64>,
    /// Bytes of output that the caller has had, and that the server was told of.
    received: u64,
    acknowledged: u64,
}

/// What a command does.
#[derive(Debug)]
pub enum ExecEvent {
    /// It runs.
    Started,
    /// It printed.
    Stdout(Bytes),
    /// It printed an error.
    Stderr(Bytes),
    /// It ended with this code; nothing follows.
    Exit(i64),
}

impl Client {
    /// Runs a command in a container.
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `server_unavailable`; what goes wrong with the command itself comes from
    /// [`ExecReceiver::next`].
    pub async fn exec(&self, container: &str, start: ExecStart) -> Result<ExecStream> {
        let (sender, receiver) = self.upgrade::<ExecInContainer>(&[container]).await?;
        sender.send(Message::Binary(ExecFrame::Start(Box::new(start)).encode().into())).await?;
        let (taken, watched) = watch::channel(0);
        Ok(ExecStream {
            sender: ExecSender { wire: sender.clone(), sent: 0, taken: watched },
            receiver: ExecReceiver { wire: receiver, back: sender, taken, received: 0, acknowledged: 0 },
        })
    }
}

impl ExecSender {
    /// Sends input; waits while the command does not read (1 MiB is under way at most).
    ///
    /// # Errors
    /// `server_unavailable` when the connection is lost, `cancelled` when the receiver is gone or the command has ended.
    pub async fn stdin(&mut self, bytes: &[u8]) -> Result<()> {
        for chunk in bytes.chunks(MAX_CHUNK) {
            let after = self.sent + chunk.len() as u64;
            self.taken.wait_for(|taken| after <= taken + EXEC_WINDOW).await.map_err(|_| Error::new(Code::Cancelled, "the command takes no more input"))?;
            self.wire.send(Message::Binary(ExecFrame::Stdin(chunk.to_vec()).encode().into())).await?;
            self.sent = after;
        }
        Ok(())
    }

    /// Says that no more input will come.
    ///
    /// # Errors
    /// `server_unavailable` when the connection is lost.
    pub async fn end(&mut self) -> Result<()> {
        self.wire.send(Message::Binary(ExecFrame::StdinEof.encode().into())).await
    }
}

impl ExecReceiver {
    /// What the command does next; none after its exit. Asking again says that the output before has been passed on, so that
    /// the server never gets more than 1 MiB ahead.
    ///
    /// # Errors
    /// Why the command could not be run; `server_unavailable` when the connection is lost.
    pub async fn next(&mut self) -> Option<Result<ExecEvent>> {
        // Not after every frame: a quarter of the window is enough to keep the server going.
        if self.received - self.acknowledged >= EXEC_WINDOW / 4 {
            self.acknowledged = self.received;
            if let Err(error) = self.back.send(Message::Binary(ExecFrame::Ack(self.received).encode().into())).await {
                return Some(Err(error));
            }
        }
        loop {
            let message = match self.wire.next().await? {
                Ok(Message::Binary(bytes)) => bytes,
                Ok(_) => continue,
                Err(error) => return Some(Err(error)),
            };
            match ExecFrame::decode(&message) {
                Ok(ExecFrame::Started) => return Some(Ok(ExecEvent::Started)),
                Ok(ExecFrame::Stdout(_)) => return Some(Ok(ExecEvent::Stdout(self.count(message.slice(1..))))),
                Ok(ExecFrame::Stderr(_)) => return Some(Ok(ExecEvent::Stderr(self.count(message.slice(1..))))),
                Ok(ExecFrame::Exit(code)) => return Some(Ok(ExecEvent::Exit(code))),
                Ok(ExecFrame::Failed(problem)) => return Some(Err((*problem).into())),
                Ok(ExecFrame::Credit(total)) => {
                    self.taken.send_replace(total);
                }
                // Frames of the other direction, or of a newer server.
                Ok(_) | Err(_) => {}
            }
        }
    }

    fn count(&mut self, bytes: Bytes) -> Bytes {
        self.received += bytes.len() as u64;
        bytes
    }
}
