//! One session of a holder, as its pump and the connection to the holder share it.
use super::wire::Item;
use super::wire::Wire;
use super::wire::Wish;
use crate::error::Error;
use crate::model::Size;
use bytes::Bytes;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use tokio::sync::Notify;

/// So much taken output is told at once; less within a moment.
const ACK_EVERY: u64 = 128 * 1024;
/// Added to a writer's number for the first half of an input that is too long for one frame, so that each half is taken once.
const FIRST_HALF: u64 = 0x9E37_79B9_7F4A_7C15;

/// What comes from a program, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Printed {
    /// The session has been found or started: comes first from a holder, and once.
    Opened(Opened),
    /// Output.
    Bytes(Bytes),
    /// Output up to this offset is gone.
    Gap(u64),
    /// Input of this writer up to this sequence number is in the terminal.
    Taken(u64, u32),
}

/// A session as its holder has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Random, one for each start of the session.
    pub boot: u64,
    /// Offset of the first byte that will come.
    pub start: u64,
    /// Bytes printed when it was opened.
    pub head: u64,
    /// Size of its terminal.
    pub size: Size,
    /// Writers and the last sequence number taken from each.
    pub writers: Vec<(u64, u32)>,
}

/// What is typed: bytes that are taken once for each number of a writer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typed {
    /// Who types.
    pub writer: u64,
    /// Counts up for this writer.
    pub seq: u32,
    /// What.
    pub bytes: Bytes,
}

/// How a session gets its channel.
#[derive(Debug)]
pub(super) enum How {
    /// It is started by the arguments of `hold run`.
    Start(Vec<Vec<u8>>),
    /// It lives already. Known by its boot, where that is known.
    Find(Option<u64>),
    /// It lives as soon as its container does. What it printed before it could be reached is also in the container's log.
    Main,
}

/// Why a session did not come to be.
#[derive(Debug)]
pub(super) enum Fault {
    /// For what was asked: another way would not help.
    Asked(Error),
    /// For the holder; a plain terminal may work.
    Holder(String),
}

/// How the output of a channel ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The program did.
    Exited(i64),
    /// The holder or its container is gone.
    Gone,
}

/// Tells the connection which channels want something.
#[derive(Debug, Default)]
pub(super) struct Bell {
    wants: Mutex<Wants>,
    pub rung: Notify,
}

#[derive(Debug, Default)]
pub(super) struct Wants {
    pub now: BTreeSet<u16>,
    pub later: BTreeSet<u16>,
}

impl Bell {
    pub fn wants(&self) -> MutexGuard<'_, Wants> {
        self.wants.lock().expect("no panics while held")
    }

    /// This channel wants to speak.
    pub fn ring(&self, number: u16) {
        if self.wants().now.insert(number) {
            self.rung.notify_one();
        }
    }

    /// It has something to say that can wait for a moment.
    pub fn ring_later(&self, number: u16) {
        let mut wants = self.wants();
        let first = wants.later.is_empty();
        wants.later.insert(number);
        drop(wants);
        if first {
            self.rung.notify_one();
        }
    }
}

/// A session of a holder.
#[derive(Debug)]
pub(super) struct Channel {
    /// Its id in the holder.
    pub id: String,
    pub how: How,
    pub bell: Arc<Bell>,
    wire: Mutex<Wire>,
    /// Something came.
    pub came: Notify,
    /// There is room for input again.
    pub room: Notify,
    /// It was opened, or failed.
    pub settled: Notify,
}

impl Channel {
    pub fn new(id: &str, how: How, bell: Arc<Bell>) -> Self {
        let wire = Mutex::new(Wire::default());
        Self { id: id.to_owned(), how, bell, wire, came: Notify::new(), room: Notify::new(), settled: Notify::new() }
    }

    pub fn wire(&self) -> MutexGuard<'_, Wire> {
        self.wire.lock().expect("no panics while held")
    }

    fn ring(&self) {
        let number = self.wire().number;
        self.bell.ring(number);
    }

    /// What comes next; none when the session has ended. May be cancelled.
    pub async fn next(&self) -> Option<Printed> {
        loop {
            {
                let mut wire = self.wire();
                match wire.inbox.pop_front() {
                    Some(Item::Bytes(bytes)) => {
                        wire.inbox_bytes -= bytes.len();
                        return Some(Printed::Bytes(bytes.freeze()));
                    }
                    Some(Item::Message(message)) => {
                        wire.messages -= 1;
                        return Some(message);
                    }
                    None if wire.end.is_some() || wire.fault.is_some() => return None,
                    None => {}
                }
            }
            self.came.notified().await;
        }
    }

    /// All output before `offset` is safe here. The holder is told when it is enough, or `at_once`.
    pub fn taken(&self, offset: u64, at_once: bool) {
        let (lag, number) = {
            let mut wire = self.wire();
            wire.taken = wire.taken.max(offset.min(wire.expected));
            (wire.taken.saturating_sub(wire.told), wire.number)
        };
        if lag >= ACK_EVERY || (at_once && lag > 0) {
            self.bell.ring(number);
        } else if lag > 0 {
            self.bell.ring_later(number);
        }
    }

    /// Waits until there is room for input. May be cancelled.
    pub async fn ready(&self) {
        loop {
            {
                let wire = self.wire();
                if wire.outbox_bytes < hold::INPUT_WINDOW || wire.end.is_some() {
                    return;
                }
            }
            self.room.notified().await;
        }
    }

    /// Types.
    pub fn send(&self, typed: Typed) {
        {
            let mut wire = self.wire();
            if wire.end.is_some() {
                return;
            }
            let Typed { writer, seq, mut bytes } = typed;
            if bytes.len() > hold::MAX_INPUT {
                let first = bytes.split_to(bytes.len() - hold::MAX_INPUT);
                wire.post(Typed { writer: writer.wrapping_add(FIRST_HALF), seq, bytes: first });
            }
            wire.post(Typed { writer, seq, bytes });
        }
        self.ring();
    }

    pub fn resize(&self, size: Size) {
        self.wire().size = Some(size);
        self.ring();
    }

    pub fn close(&self) {
        {
            let mut wire = self.wire();
            if wire.close == Wish::None {
                wire.close = Wish::Open;
            }
        }
        self.ring();
    }

    /// Nobody needs the session any more: what is known of its end is noted.
    pub fn leave(&self) {
        self.wire().leave = Wish::Open;
        self.ring();
    }

    pub fn end(&self) -> Option<End> {
        self.wire().end
    }

    pub fn boot(&self) -> Option<u64> {
        self.wire().boot
    }

    /// Waits until the session is open. The fault, once, when it did not come to be.
    pub async fn settled(&self) -> Result<(), Fault> {
        loop {
            {
                let mut wire = self.wire();
                if wire.boot.is_some() {
                    return Ok(());
                }
                if let Some(fault) = wire.fault.take() {
                    wire.end = Some(End::Gone);
                    return Err(fault);
                }
                if wire.end.is_some() {
                    return Err(Fault::Holder("its holder has ended".to_owned()));
                }
            }
            self.settled.notified().await;
        }
    }
}
