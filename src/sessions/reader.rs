//! One viewer of a session: what it is sent, and what it sends.
use crate::error::Error;
use crate::error::Result;
use crate::model::ClientFrame;
use crate::model::Control as Wish;
use crate::model::ServerFrame;
use crate::model::Size;

/// What a viewer is sent.
#[derive(Debug)]
pub struct Reader(());

/// Why a reader gets no more frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReaderEnd {
    /// The session has ended: EXIT was sent. Close code 1000.
    Exited,
    /// A lossless reader did not keep up for 30 seconds. Close code 1013.
    TooSlow,
    /// The server is about to stop. Close code 1012.
    Stopping,
}

/// What a viewer sends; cheap to clone, usable while [`Reader::next`] waits.
#[derive(Clone, Debug)]
pub struct Writer(());

impl Reader {
    /// The next frame: READY first, EXIT last. None when there will be no more; [`Reader::end`] says why. May be cancelled.
    pub async fn next(&mut self) -> Option<ServerFrame> {
        None
    }

    /// Why there are no more frames.
    #[must_use]
    pub fn end(&self) -> ReaderEnd {
        ReaderEnd::Exited
    }

    /// The other direction.
    #[must_use]
    pub fn writer(&self) -> Writer {
        Writer(self.0)
    }
}

impl Writer {
    /// Takes any frame of a client but ATTACH; PING is answered through the reader. Waits when the program does not read.
    ///
    /// # Errors
    /// `forbidden` for INPUT and wishes of a viewer that only looks; `wrong_state` when the session has ended.
    pub async fn handle(&self, frame: ClientFrame) -> Result<()> {
        match frame {
            ClientFrame::Input { seq, bytes } => self.input(seq, bytes).await,
            ClientFrame::Resize(size) => {
                self.resize(size);
                Ok(())
            }
            ClientFrame::Ack(offset) => {
                self.ack(offset);
                Ok(())
            }
            ClientFrame::Control(wish) => self.control(&wish),
            ClientFrame::Ping(_) | ClientFrame::StdinEof => Ok(()),
            ClientFrame::Attach(_) => Err(Error::new(crate::model::Code::BadRequest, "already attached")),
        }
    }

    /// Types; taken once per sequence number. Waits when the program does not read.
    ///
    /// # Errors
    /// As [`Writer::handle`].
    pub async fn input(&self, seq: u32, bytes: Vec<u8>) -> Result<()> {
        let _ = (seq, bytes);
        Ok(())
    }

    /// The viewer's size has changed.
    pub fn resize(&self, size: Size) {
        let _ = size;
    }

    /// Everything before `offset` has been drawn.
    pub fn ack(&self, offset: u64) {
        let _ = offset;
    }

    /// A wish.
    ///
    /// # Errors
    /// As [`Writer::handle`].
    pub fn control(&self, wish: &Wish) -> Result<()> {
        let _ = wish;
        Ok(())
    }
}
