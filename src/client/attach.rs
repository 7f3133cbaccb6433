//! Watching a session and typing into it.
use super::Client;
use super::wire;
use super::wire::Message;
use crate::error::Error;
use crate::error::Result;
use crate::model::Attach;
use crate::model::AttachSession;
use crate::model::ClientFrame;
use crate::model::Code;
use crate::model::FrameError;
use crate::model::ServerFrame;

/// One attachment. Dropping both halves detaches; the session goes on.
pub struct Attached {
    /// Sends keys, sizes and acknowledgements.
    pub sender: AttachSender,
    /// Receives the session's frames.
    pub receiver: AttachReceiver,
}

/// The sending half; clones share the socket.
#[derive(Clone)]
pub struct AttachSender(wire::Sender);

/// The receiving half.
pub struct AttachReceiver(wire::Receiver);

impl Client {
    /// Attaches to a session. The first frame received is READY.
    ///
    /// The caller acknowledges what it has drawn with [`ClientFrame::Ack`]; without that the server pauses this reader after
    /// its window (128 KiB unless asked otherwise).
    ///
    /// # Errors
    /// `not_found`, `forbidden`, `server_unavailable`.
    pub async fn attach(&self, session: &str, attach: Attach) -> Result<Attached> {
        let (sender, receiver) = self.upgrade::<AttachSession>(&[session]).await?;
        let sender = AttachSender(sender);
        sender.send(ClientFrame::Attach(Box::new(attach))).await?;
        Ok(Attached { sender, receiver: AttachReceiver(receiver) })
    }
}

impl Attached {
    /// Sends one frame; waits while the server does not read.
    ///
    /// # Errors
    /// `server_unavailable` when the connection is lost.
    pub async fn send(&self, frame: ClientFrame) -> Result<()> {
        self.sender.send(frame).await
    }

    /// The next frame; none after the EXIT and the clean close that follows it.
    pub async fn next(&mut self) -> Option<Result<ServerFrame>> {
        self.receiver.next().await
    }
}

impl AttachSender {
    /// Sends one frame; waits while the server does not read.
    ///
    /// # Errors
    /// `server_unavailable` when the connection is lost.
    pub async fn send(&self, frame: ClientFrame) -> Result<()> {
        self.0.send(Message::Binary(frame.encode().into())).await
    }

    /// Detaches.
    pub async fn close(&self) {
        self.0.close().await;
    }
}

impl AttachReceiver {
    /// The next frame; none after the EXIT and the clean close that follows it.
    ///
    /// # Errors
    /// `server_unavailable` when the server stops or is lost, `too_many` when a lossless reader was too slow, and what the
    /// server says otherwise.
    pub async fn next(&mut self) -> Option<Result<ServerFrame>> {
        loop {
            match self.0.next().await? {
                Ok(Message::Binary(bytes)) => match ServerFrame::decode(&bytes) {
                    Ok(frame) => return Some(Ok(frame)),
                    // A newer server may say more than this client knows.
                    Err(FrameError::Unknown(_)) => {}
                    Err(error) => return Some(Err(Error::new(Code::BadRequest, format!("the server sent a frame that is not understood: {error}")))),
                },
                Ok(_) => {}
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
