//! The connection's side of a channel: frames to and from the holder, of which nothing is believed.
use super::channel::Channel;
use super::channel::End;
use super::channel::Fault;
use super::channel::How;
use super::channel::Opened;
use super::channel::Printed;
use super::channel::Typed;
use crate::error::Error;
use crate::model::Code;
use crate::model::Size;
use bytes::BytesMut;
use hold::Begin;
use hold::Ended;
use hold::ErrorCode;
use hold::Frame;
use std::collections::VecDeque;

/// Output of a session that may be under way: what the holder sends before it is told that something was taken.
pub(super) const WINDOW: u32 = 512 * 1024;
/// Most bytes of one piece of output.
const PIECE: usize = 64 * 1024;
/// Messages other than output that may wait for the pump.
const MESSAGES: usize = 1024;
/// How often a session that must be there soon is asked for.
const MISSES: u32 = 250;

/// What pump and connection share of a channel.
#[derive(Debug, Default)]
pub(super) struct Wire {
    pub number: u16,
    pub tried: bool,
    pub misses: u32,
    /// OPENED on this connection: before it, nothing is said.
    pub ready: bool,
    /// Its boot, once it has been opened.
    pub boot: Option<u64>,
    /// The next byte that is new to the pump.
    pub expected: u64,
    /// The next byte on the connection; before `expected` for a while when a connection was broken.
    pub position: u64,
    pub inbox: VecDeque<Item>,
    pub inbox_bytes: usize,
    pub messages: usize,
    pub taken: u64,
    pub told: u64,
    pub outbox: VecDeque<Parcel>,
    pub outbox_bytes: usize,
    pub size: Option<Size>,
    pub close: Wish,
    pub leave: Wish,
    pub end: Option<End>,
    pub fault: Option<Fault>,
}

/// What waits for the pump.
#[derive(Debug)]
pub(super) enum Item {
    Bytes(BytesMut),
    Message(Printed),
}

/// Input on its way.
#[derive(Debug)]
pub(super) struct Parcel {
    typed: Typed,
    sent: bool,
}

/// Something that is to be said once on each connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Wish {
    #[default]
    None,
    Open,
    Sent,
}

/// What became of a frame.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Took {
    /// All is well.
    Fine,
    /// It was not asked for: tolerated for a while.
    Strange,
    /// The session is not there yet: to be asked for again in a moment.
    Again,
    /// The channel has ended.
    Over,
}

impl Channel {
    /// Gets its number, and wants everything.
    pub fn number(&self, number: u16) {
        self.wire().number = number;
    }

    /// Whether it has been opened at some time.
    pub fn was_open(&self) -> bool {
        self.wire().boot.is_some()
    }

    /// Begins on a new connection: opened again where it was left, or for the first time.
    pub fn begin(&self, out: &mut Vec<u8>) {
        let mut wire = self.wire();
        let number = wire.number;
        wire.ready = false;
        for parcel in &mut wire.outbox {
            parcel.sent = false;
        }
        if wire.close == Wish::Sent {
            wire.close = Wish::Open;
        }
        match (wire.boot, &self.how) {
            (Some(boot), _) => {
                // OPEN counts as an acknowledgement, so it must not say more than what is safe here: what waits for the pump comes twice.
                let open = Frame::Open { flags: 0, from: Begin::Offset(wire.told), boot, window: WINDOW, id: &self.id };
                wire.position = wire.told;
                open.encode(number, out);
            }
            (None, How::Start(arguments)) if !wire.tried => {
                wire.tried = true;
                let arguments = arguments.iter().map(Vec::as_slice).collect();
                Frame::Start { flags: 0, window: WINDOW, arguments }.encode(number, out);
            }
            (None, How::Start(_)) => Frame::Open { flags: 0, from: Begin::Oldest, boot: 0, window: WINDOW, id: &self.id }.encode(number, out),
            (None, How::Main) => Frame::Open { flags: 0, from: Begin::Oldest, boot: 0, window: WINDOW, id: &self.id }.encode(number, out),
            (None, How::Find(boot)) => {
                Frame::Open { flags: 0, from: Begin::Oldest, boot: boot.unwrap_or(0), window: WINDOW, id: &self.id }.encode(number, out);
            }
        }
    }

    /// Says what the pump wants to be said. Whether the channel can be forgotten.
    pub fn say(&self, out: &mut Vec<u8>) -> bool {
        let mut wire = self.wire();
        let number = wire.number;
        if !wire.ready {
            return wire.leave != Wish::None && wire.end.is_some();
        }
        if wire.taken > wire.told {
            wire.told = wire.taken;
            Frame::Ack { offset: wire.taken }.encode(number, out);
        }
        if let Some(size) = wire.size.take() {
            Frame::Resize { cols: size.cols, rows: size.rows }.encode(number, out);
        }
        for parcel in wire.outbox.iter_mut().filter(|parcel| !parcel.sent) {
            parcel.sent = true;
            let Typed { writer, seq, bytes } = &parcel.typed;
            Frame::Input { writer: *writer, seq: *seq, bytes }.encode(number, out);
        }
        if wire.close == Wish::Open {
            wire.close = Wish::Sent;
            Frame::Close.encode(number, out);
        }
        if wire.leave == Wish::Open {
            wire.leave = Wish::Sent;
            match wire.end {
                Some(End::Exited(_)) => Frame::ExitAck.encode(number, out),
                Some(End::Gone) => {}
                None => Frame::Detach.encode(number, out),
            }
            return true;
        }
        false
    }

    /// Takes a frame of the holder's.
    ///
    /// # Errors
    /// In words, when it breaks the protocol.
    pub fn take(&self, frame: &Frame<'_>) -> Result<Took, String> {
        let mut wire = self.wire();
        if wire.end.is_some() {
            return Ok(if matches!(frame, Frame::Detached) { Took::Over } else { Took::Strange });
        }
        let open = wire.boot.is_some();
        let took = match frame {
            Frame::Opened(opened) => return self.opened(&mut wire, opened),
            Frame::Data { offset, bytes } if open => {
                if *offset != wire.position || bytes.is_empty() {
                    return Err(format!("output jumped from offset {} to {offset}", wire.position));
                }
                wire.position = offset.checked_add(bytes.len() as u64).ok_or("offsets ran over")?;
                let known = usize::try_from(wire.expected - offset.min(&wire.expected)).unwrap_or(usize::MAX);
                let bytes = bytes.get(known..).unwrap_or_default();
                if bytes.is_empty() {
                    return Ok(Took::Fine);
                }
                if wire.inbox_bytes + bytes.len() > WINDOW as usize + hold::MAX_DATA {
                    return Err("it sent more output than it was allowed to".to_owned());
                }
                wire.expected = wire.position;
                wire.inbox_bytes += bytes.len();
                match wire.inbox.back_mut() {
                    Some(Item::Bytes(last)) if last.len() + bytes.len() <= PIECE => last.extend_from_slice(bytes),
                    _ => wire.inbox.push_back(Item::Bytes(BytesMut::from(bytes))),
                }
                Took::Fine
            }
            Frame::Gap { from, to } if open => {
                if *from != wire.position || to <= from {
                    return Err(format!("a gap from {from} to {to} does not begin at offset {}", wire.position));
                }
                wire.position = *to;
                if *to > wire.expected {
                    wire.expected = *to;
                    wire.message(Printed::Gap(*to))?;
                }
                Took::Strange
            }
            Frame::InputAck { writer, seq } => {
                let known = wire.delivered(*writer, *seq);
                wire.message(Printed::Taken(*writer, *seq))?;
                self.room.notify_one();
                if known { Took::Fine } else { Took::Strange }
            }
            Frame::Exit { ended, offset } if open => {
                if *offset != wire.position || wire.position < wire.expected {
                    return Err(format!("its output ended at offset {} and not at {offset}", wire.position));
                }
                wire.end = Some(End::Exited(match ended {
                    Ended::Code(code) => i64::from(*code),
                    Ended::Signal(number) => 128 + i64::from(*number),
                }));
                self.room.notify_one();
                Took::Fine
            }
            Frame::Error { code, text } => {
                if !open && *code == ErrorCode::NoSession {
                    wire.misses += 1;
                    match self.how {
                        // The connection broke before the start arrived.
                        How::Start(_) if wire.tried && wire.misses < MISSES => {
                            wire.tried = false;
                            return Ok(Took::Again);
                        }
                        // Its container runs, and it is about to; or the server before was killed while it asked for it.
                        How::Main | How::Find(None) if wire.misses < MISSES => return Ok(Took::Again),
                        How::Start(_) | How::Main | How::Find(_) => {}
                    }
                }
                drop(wire);
                self.fail(fault(*code, text));
                return Ok(Took::Over);
            }
            Frame::Detached => {
                drop(wire);
                self.gone();
                return Ok(Took::Over);
            }
            Frame::Pong { .. } | Frame::Skip { .. } => Took::Strange,
            _ => return Err("a frame came out of turn".to_owned()),
        };
        drop(wire);
        self.came.notify_one();
        Ok(took)
    }

    fn opened(&self, wire: &mut Wire, opened: &hold::Opened<'_>) -> Result<Took, String> {
        let asked = !wire.ready;
        match wire.boot {
            Some(boot) if boot != opened.boot => {
                wire.end = Some(End::Gone);
                self.came.notify_one();
                self.room.notify_one();
                return Ok(Took::Over);
            }
            Some(_) => {
                if opened.from != wire.position {
                    return Err(format!("output was to go on at offset {} and not at {}", wire.position, opened.from));
                }
                for (writer, seq) in &opened.writers {
                    if wire.delivered(*writer, *seq) {
                        wire.message(Printed::Taken(*writer, *seq))?;
                    }
                }
                self.room.notify_one();
            }
            None => {
                if let How::Find(Some(boot)) = self.how
                    && boot != opened.boot
                {
                    wire.end = Some(End::Gone);
                    self.came.notify_one();
                    return Ok(Took::Over);
                }
                wire.boot = Some(opened.boot);
                (wire.expected, wire.position, wire.taken, wire.told) = (opened.from, opened.from, opened.from, opened.from);
                let size = Size { cols: opened.cols, rows: opened.rows }.clamped();
                let writers = opened.writers.clone();
                wire.message(Printed::Opened(Opened { boot: opened.boot, start: opened.from, head: opened.head, size, writers }))?;
                self.settled.notify_one();
            }
        }
        wire.ready = true;
        self.bell.ring(wire.number);
        self.came.notify_one();
        Ok(if asked { Took::Fine } else { Took::Strange })
    }

    /// It will not go on.
    pub fn fail(&self, fault: Fault) {
        {
            let mut wire = self.wire();
            if wire.boot.is_none() && wire.end.is_none() {
                wire.fault = Some(fault);
            } else {
                wire.end = wire.end.or(Some(End::Gone));
            }
        }
        self.wake();
    }

    /// Its holder is gone.
    pub fn gone(&self) {
        {
            let mut wire = self.wire();
            wire.end = wire.end.or(Some(End::Gone));
        }
        self.wake();
    }

    /// It was over before it could be opened; this is what its log has.
    pub fn past(&self, log: &[u8]) {
        {
            let mut wire = self.wire();
            if wire.boot.is_none() && wire.end.is_none() {
                wire.inbox.push_back(Item::Bytes(BytesMut::from(log)));
                wire.inbox_bytes += log.len();
            }
        }
        self.gone();
    }

    fn wake(&self) {
        self.came.notify_one();
        self.room.notify_one();
        self.settled.notify_one();
    }
}

impl Wire {
    /// Adds to what is on its way.
    pub fn post(&mut self, typed: Typed) {
        self.outbox_bytes += typed.bytes.len();
        self.outbox.push_back(Parcel { typed, sent: false });
    }

    /// Forgets input that arrived. Whether there was any.
    fn delivered(&mut self, writer: u64, seq: u32) -> bool {
        let before = self.outbox.len();
        let bytes = &mut self.outbox_bytes;
        self.outbox.retain(|parcel| {
            let there = parcel.typed.writer == writer && parcel.typed.seq <= seq;
            if there {
                *bytes -= parcel.typed.bytes.len();
            }
            !there
        });
        self.outbox.len() < before
    }

    fn message(&mut self, message: Printed) -> Result<(), String> {
        if self.messages >= MESSAGES {
            return Err("it sent too many messages".to_owned());
        }
        // Of several acknowledgements of a writer only the last counts.
        if let (Printed::Taken(writer, seq), Some(Item::Message(Printed::Taken(last, before)))) = (&message, self.inbox.back_mut())
            && writer == last
        {
            *before = (*before).max(*seq);
            return Ok(());
        }
        self.messages += 1;
        self.inbox.push_back(Item::Message(message));
        Ok(())
    }
}

/// What a holder's error means for who asked for a session.
fn fault(code: ErrorCode, text: &str) -> Fault {
    let text: String = text.chars().filter(|c| !c.is_control()).take(300).collect();
    let code = match code {
        ErrorCode::CommandNotFound => Code::CommandNotFound,
        ErrorCode::NotExecutable | ErrorCode::NoDirectory => Code::InvalidValue,
        _ => return Fault::Holder(text),
    };
    Fault::Asked(Error::new(code, text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use std::sync::Arc;

    fn opened(start: u64, head: u64, writers: Vec<(u64, u32)>) -> Frame<'static> {
        let (oldest, from) = (start, start);
        Frame::Opened(hold::Opened { version: 1, boot: 9, pid: 1, oldest, head, from, cols: 80, rows: 24, ended: None, writers, foreground: "" })
    }

    fn channel() -> Channel {
        let channel = Channel::new("s", How::Find(None), Arc::default());
        channel.number(1);
        channel.begin(&mut Vec::new());
        assert_eq!(channel.take(&opened(100, 100, Vec::new())), Ok(Took::Fine));
        channel
    }

    /// The frames in `out`, in words.
    fn frames(mut out: &[u8]) -> Vec<String> {
        let mut all = Vec::new();
        while let Some(raw) = hold::split(out).expect("our own") {
            all.push(format!("{:?}", raw.decode().expect("our own")));
            out = &out[raw.size()..];
        }
        all
    }

    #[test]
    fn output_that_jumps_or_floods_is_refused() {
        assert!(channel().take(&Frame::Data { offset: 101, bytes: b"x" }).is_err());
        assert!(channel().take(&Frame::Data { offset: 99, bytes: b"x" }).is_err());
        assert!(channel().take(&Frame::Data { offset: 100, bytes: b"" }).is_err());
        assert!(channel().take(&Frame::Gap { from: 99, to: 200 }).is_err());
        assert!(channel().take(&Frame::Exit { ended: Ended::Code(0), offset: 101 }).is_err());
        let (channel, piece) = (channel(), [0; hold::MAX_DATA]);
        let pieces = (0..).map(|number| channel.take(&Frame::Data { offset: 100 + number * piece.len() as u64, bytes: &piece }));
        assert_eq!(pieces.take_while(Result::is_ok).count(), WINDOW as usize / piece.len() + 1);
    }

    #[tokio::test]
    async fn after_a_broken_connection_it_goes_on_without_a_hole_or_a_repeat() {
        let channel = channel();
        channel.take(&Frame::Data { offset: 100, bytes: b"abcdef" }).expect("in order");
        channel.send(Typed { writer: 7, seq: 1, bytes: Bytes::from_static(b"one") });
        channel.send(Typed { writer: 7, seq: 2, bytes: Bytes::from_static(b"two") });
        channel.taken(103, false);
        let mut out = Vec::new();
        channel.say(&mut out);
        assert_eq!(frames(&out).len(), 3, "ACK and two INPUT");
        let mut out = Vec::new();
        channel.begin(&mut out);
        assert!(frames(&out)[0].contains("Offset(103)"), "{:?}", frames(&out));
        channel.take(&opened(103, 108, vec![(7, 1)])).expect("the same");
        channel.take(&Frame::Data { offset: 103, bytes: b"defgh" }).expect("in order");
        let mut out = Vec::new();
        channel.say(&mut out);
        assert!(frames(&out).len() == 1 && frames(&out)[0].contains("seq: 2"), "only what did not arrive is sent again: {:?}", frames(&out));
        let mut text = Vec::new();
        let mut taken = Vec::new();
        while text.len() < 8 {
            match channel.next().await.expect("more") {
                Printed::Bytes(bytes) => text.extend_from_slice(&bytes),
                Printed::Taken(writer, seq) => taken.push((writer, seq)),
                Printed::Opened(_) | Printed::Gap(_) => {}
            }
        }
        assert_eq!((text.as_slice(), taken.as_slice()), (b"abcdefgh".as_slice(), [(7, 1)].as_slice()));
    }

    #[test]
    fn a_session_of_another_start_is_another_session() {
        let channel = channel();
        channel.begin(&mut Vec::new());
        let Frame::Opened(other) = opened(0, 0, Vec::new()) else { unreachable!() };
        assert_eq!(channel.take(&Frame::Opened(hold::Opened { boot: 10, ..other })), Ok(Took::Over));
        assert_eq!(channel.end(), Some(End::Gone));
    }
}
