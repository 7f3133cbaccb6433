//! One viewer of a session: what it is sent, and what it sends.
use super::channel::Typed;
use super::session::Session;
use super::state::Next;
use crate::error::Error;
use crate::error::Result;
use crate::model::AttachMode;
use crate::model::ClientFrame;
use crate::model::Code;
use crate::model::Control as Wish;
use crate::model::ServerFrame;
use crate::model::Size;
use tokio::sync::watch;
use tokio::time::Instant;

/// What a viewer is sent. Dropping it detaches.
#[derive(Debug)]
pub struct Reader {
    session: Session,
    id: u64,
    changes: watch::Receiver<u64>,
    mode: AttachMode,
    end: Option<ReaderEnd>,
}

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
pub struct Writer {
    session: Session,
    id: u64,
    mode: AttachMode,
}

impl Reader {
    pub(super) fn new(session: Session, id: u64, changes: watch::Receiver<u64>, mode: AttachMode) -> Self {
        Self { session, id, changes, mode, end: None }
    }

    /// The next frame: READY first, EXIT last. None when there will be no more; [`Reader::end`] says why. May be cancelled.
    pub async fn next(&mut self) -> Option<ServerFrame> {
        if self.end.is_some() {
            return None;
        }
        loop {
            // Marked as seen before looking, so that a change between the look and the wait is not missed.
            self.changes.borrow_and_update();
            let next = self.session.state().next(self.id, self.session.id(), Instant::now());
            match next {
                Next::Frame(frame) => {
                    // A lossless reader that has taken something may be what the program waits for.
                    if matches!(frame, ServerFrame::Output { .. }) {
                        self.session.0.wake.notify_one();
                    }
                    return Some(frame);
                }
                Next::End(end) => {
                    self.end = Some(end);
                    return None;
                }
                // The session is held here, and with it the sender: waiting can't fail.
                Next::Wait => drop(self.changes.changed().await),
                Next::Later(pause) => tokio::time::sleep(pause).await,
            }
        }
    }

    /// Says what this viewer watches with.
    pub fn came_with(&self, client: String) {
        self.session.state().came_with(self.id, client);
        self.session.changed();
    }

    /// Why there are no more frames.
    #[must_use]
    pub fn end(&self) -> ReaderEnd {
        self.end.unwrap_or(ReaderEnd::Stopping)
    }

    /// The other direction.
    #[must_use]
    pub fn writer(&self) -> Writer {
        Writer { session: self.session.clone(), id: self.id, mode: self.mode }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        {
            let mut state = self.session.state();
            state.leave(self.id);
            state.dirty = true;
        }
        self.session.changed();
        self.session.poke();
    }
}

impl Writer {
    /// Takes any frame of a client but ATTACH; PING is answered through the reader. Waits when the program does not read.
    ///
    /// # Errors
    /// `forbidden` for INPUT and wishes of a viewer that only looks; `wrong_state` when the session has ended.
    pub async fn handle(&self, frame: ClientFrame) -> Result<()> {
        match frame {
            ClientFrame::Input { seq, bytes } => return self.input(seq, bytes).await,
            ClientFrame::Control(wish) => return self.control(&wish),
            ClientFrame::Resize(size) => self.resize(size),
            ClientFrame::Ack(offset) => self.ack(offset),
            ClientFrame::Ping(number) => {
                if let Some(slot) = self.session.state().slot(self.id) {
                    slot.pong(number);
                }
                self.session.changed();
            }
            // A terminal has no end of input: programs are told by a key (Ctrl-D).
            ClientFrame::StdinEof => {}
            ClientFrame::Attach(_) => return Err(Error::new(Code::BadRequest, "already attached")),
        }
        Ok(())
    }

    /// Types; taken once per sequence number of this writer. Waits when the program does not read. When cancelled while it waits, nothing was typed.
    ///
    /// # Errors
    /// As [`Writer::handle`].
    pub async fn input(&self, seq: u32, bytes: Vec<u8>) -> Result<()> {
        self.may_type()?;
        // Room in the queue first: then noting the number and typing are one step that nothing can come between.
        let room = self.session.0.typed.reserve().await.map_err(|_| self.session.has_ended())?;
        {
            let mut state = self.session.state();
            if state.exit.is_some() {
                drop(state);
                return Err(self.session.has_ended());
            }
            let Some(slot) = state.slot(self.id) else { return Ok(()) };
            let writer = slot.writer;
            state.has_typed(self.id);
            if let Some(name) = state.kept_from_typing(self.id) {
                // It counts as done: it must not be typed later.
                state.arrived(writer, seq);
                drop(state);
                self.session.changed();
                return Err(Error::new(Code::Forbidden, format!("'{name}' types here alone at the moment")));
            }
            if state.writers.pass(writer, seq) {
                self.session.note_typed(&bytes);
                room.send(Typed { writer, seq, bytes: bytes.into() });
            }
            // Under a holder it is acknowledged when the holder has done so: until then it could be lost with this server.
            if !state.held || state.writers.last_seq(writer) >= seq {
                state.arrived(writer, seq);
            }
            state.active(self.id);
        }
        self.session.is_typed_into();
        // The keys first: telling this viewer that they were taken can wait until they are on their way.
        tokio::task::yield_now().await;
        self.session.changed();
        Ok(())
    }

    /// The viewer's size has changed.
    pub fn resize(&self, size: Size) {
        self.session.state().view_resized(self.id, size);
        self.session.changed();
        self.session.poke();
    }

    /// Everything before `offset` has been drawn.
    pub fn ack(&self, offset: u64) {
        let waited_for = self.session.state().slot(self.id).is_some_and(|slot| slot.ack(offset));
        self.session.changed();
        if waited_for {
            self.session.poke();
        }
    }

    /// A wish.
    ///
    /// # Errors
    /// As [`Writer::handle`].
    pub fn control(&self, wish: &Wish) -> Result<()> {
        match wish {
            Wish::Refresh => {
                if let Some(slot) = self.session.state().slot(self.id) {
                    slot.refresh();
                }
                self.session.changed();
            }
            Wish::TakeLease => {
                self.may_type()?;
                self.session.state().take_lease(self.id);
                self.session.changed();
            }
            Wish::GiveLease => {
                self.session.state().give_lease(self.id);
                self.session.changed();
            }
            Wish::TakeSize => {
                self.may_type()?;
                self.session.state().active(self.id);
                self.session.poke();
            }
        }
        Ok(())
    }

    fn may_type(&self) -> Result<()> {
        match self.mode {
            AttachMode::Write => Ok(()),
            AttachMode::View => Err(Error::new(Code::Forbidden, "this client only watches the session").fix("attach with mode 'write'")),
        }
    }

    /// Tells the viewer something.
    pub fn notice(&self, text: impl Into<String>) {
        if let Some(slot) = self.session.state().slot(self.id) {
            slot.notice(text.into());
        }
        self.session.changed();
    }
}
