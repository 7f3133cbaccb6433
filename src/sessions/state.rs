//! What changes together in a session: screen, ring and readers, under one lock.
use super::absent::Absent;
use super::absent::RETURN;
use super::channel::Opened;
use super::fold::Fold;
use super::reader::ReaderEnd;
use super::ring::Ring;
use super::slot::Slot;
use super::typing::Writers;
use crate::model::Attach;
use crate::model::AttachMode;
use crate::model::DEFAULT_WINDOW;
use crate::model::Delivery;
use crate::model::ExitReason;
use crate::model::Lease;
use crate::model::MAX_OUTPUT;
use crate::model::Ready;
use crate::model::Resume;
use crate::model::ServerFrame;
use crate::model::SessionExit;
use crate::model::SessionId;
use crate::model::Size;
use crate::model::Viewer;
use jiff::SignedDuration;
use jiff::Timestamp;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// Lines above the screen that the server keeps, and sends in a snapshot.
pub(super) const SCROLLBACK: usize = 2_000;
/// Most bytes of output kept for a session; a live reader further behind gets a snapshot.
pub(super) const RING: usize = 1 << 20;
/// How far a lossless reader may be behind before the program waits for it.
const LOSSLESS_BEHIND: u64 = RING as u64 / 2;
/// How long the program waits for a lossless reader that acknowledges nothing; then that reader is cut.
const PATIENCE: Duration = Duration::from_secs(30);
/// That somebody types is told to others this often.
const TYPED: SignedDuration = SignedDuration::from_secs(1);
/// Output is held back this long after a frame, so that a flood comes in few frames; what comes after a silence goes at once.
const COALESCE: Duration = Duration::from_millis(3);
/// So much output goes at once.
const ENOUGH: u64 = 16 * 1024;
/// A session that has printed so much, or has another size, is noted after the first pause, any other change after the second.
const NOTE_AFTER: u64 = 256 * 1024;
const NOTE_PAUSES: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(30));
/// A session that prints nothing for so long and is not watched is folded into a small picture, and keeps so much of its output.
const QUIET: Duration = Duration::from_secs(60);
const QUIET_RING: usize = 64 << 10;
/// Resizes that are remembered for readers that are behind; one further behind gets a snapshot.
const MARKS: usize = 64;

/// What changes in a session.
pub(super) struct State {
    pub screen: Fold,
    pub ring: Ring,
    /// When it last printed something or was watched.
    pub quiet_since: Instant,
    pub title: String,
    /// The size of the screen.
    pub size: Size,
    /// The size that it is to get.
    pub wanted: Size,
    pub exit: Option<SessionExit>,
    /// Somebody asked for its end.
    pub closing: bool,
    /// When it was seen that its container has stopped.
    pub stopped: Option<Instant>,
    /// Why it ends, where that is known better than by its program.
    pub stop_reason: Option<ExitReason>,
    /// The server is about to stop.
    pub stopping: bool,
    /// Facts have changed that are not announced yet.
    pub dirty: bool,
    pub slots: Vec<Slot>,
    marks: VecDeque<Mark>,
    next_mark: u64,
    /// Who typed what.
    pub writers: Writers,
    /// Whether a holder keeps it.
    pub held: bool,
    /// The holder's boot, once it is known.
    pub boot: Option<u64>,
    /// Offset and size at the last note for a server after this one, and when that was.
    pub noted: Option<(u64, Size, Instant)>,
    /// Whether it has been reached: true at once without a holder.
    pub opened: bool,
    /// What it had printed when it was found again: who goes on where it was may have seen as much.
    found_at: u64,
    /// Output before this offset is on the screen already, by the picture that a server before this one left.
    pub drawn: u64,
    /// A picture of the past was shown.
    pub pictured: bool,
    absent: Absent,
    /// After an adoption, so much may be printed before the readers of the server before are back.
    returning: Option<(u64, Option<Instant>)>,
    /// The reader that types alone.
    lease: Option<u64>,
    /// Grows with each change of that.
    leases: u64,
    /// Grows with each change of who watches.
    presence: u64,
    /// Grows with each reader and each sign of life of one.
    ticks: u64,
}

/// The size from an offset on.
struct Mark {
    number: u64,
    offset: u64,
    size: Size,
}

/// What a reader gets next.
pub(super) enum Next {
    Frame(ServerFrame),
    /// Nothing until something changes.
    Wait,
    /// Nothing until then, or until something changes.
    Later(Duration),
    End(ReaderEnd),
}

impl State {
    pub fn new(size: Size, title: String, ring: Ring) -> Self {
        let size = size.clamped();
        Self {
            screen: Fold::new(size, SCROLLBACK),
            quiet_since: Instant::now(),
            ring,
            title,
            size,
            wanted: size,
            exit: None,
            closing: false,
            stopped: None,
            stop_reason: None,
            stopping: false,
            dirty: false,
            slots: Vec::new(),
            marks: VecDeque::new(),
            next_mark: 0,
            writers: Writers::default(),
            held: false,
            boot: None,
            noted: None,
            opened: true,
            found_at: 0,
            drawn: 0,
            pictured: false,
            absent: Absent::default(),
            returning: None,
            lease: None,
            leases: 0,
            presence: 0,
            ticks: 0,
        }
    }

    /// Shows a picture of the past.
    pub fn show(&mut self, snapshot: &[u8], title: String) {
        if !snapshot.is_empty() {
            self.screen.show(snapshot);
            self.pictured = true;
        }
        self.title = title;
    }

    /// Lets a reader join: with the bytes after its offset where they are kept, else with a snapshot.
    pub fn join(&mut self, attach: &Attach, name: &str) -> u64 {
        let (oldest, head) = (self.ring.oldest(), self.ring.head());
        // A lossless reader wants the bytes that there are, and a GAP for those that are gone.
        let lossless = attach.delivery == Delivery::Lossless;
        let delta = attach.from_offset.filter(|offset| *offset <= head && (lossless || *offset >= oldest));
        if let Some(offset) = delta.filter(|_| lossless) {
            self.absent.back(offset);
        }
        let resume = if delta.is_some() { Resume::Delta } else { Resume::Snapshot };
        let start = delta.unwrap_or(head);
        let size = Size { cols: attach.cols, rows: attach.rows }.clamped();
        self.ticks += 1;
        self.presence += 1;
        // Sizes of the past are of no use to a reader: what it draws next is drawn for the size after them.
        let next_mark = self.marks.iter().find(|mark| mark.offset > start).map_or(self.next_mark, |mark| mark.number);
        self.slots.push(Slot {
            id: self.ticks,
            viewer: Viewer {
                name: name.to_owned(),
                mode: attach.mode,
                size,
                id: self.ticks,
                client: None,
                since: Some(Timestamp::now()),
                typed_at: None,
                lease: false,
            },
            writer: attach.writer,
            delivery: attach.delivery,
            window: u64::from(attach.window.unwrap_or(DEFAULT_WINDOW)).clamp(4 * 1024, LOSSLESS_BEHIND),
            cursor: start,
            acked: start,
            held_since: None,
            sent_at: None,
            typed: false,
            paused: false,
            next_mark,
            ready: Some(resume),
            snapshot: resume == Resume::Snapshot,
            presence: 0,
            lease: 0,
            input_ack: None,
            pong: None,
            notices: VecDeque::new(),
            active: if attach.mode == AttachMode::Write { self.ticks } else { 0 },
            cut: false,
            told_exit: false,
        });
        self.decide_size();
        self.ticks
    }

    /// Lets a reader go. Whether it was there.
    pub fn leave(&mut self, id: u64) -> bool {
        let before = self.slots.len();
        if let Some(slot) = self.slots.iter().find(|slot| slot.id == id && slot.delivery == Delivery::Lossless && !slot.cut && !slot.told_exit) {
            self.absent.add(slot.acked, Instant::now());
        }
        self.slots.retain(|slot| slot.id != id);
        if self.lease == Some(id) {
            self.give_lease(id);
        }
        self.presence += 1;
        self.decide_size();
        self.slots.len() < before
    }

    pub fn slot(&mut self, id: u64) -> Option<&mut Slot> {
        self.slots.iter_mut().find(|slot| slot.id == id)
    }

    /// From now on only this reader types.
    pub fn take_lease(&mut self, id: u64) {
        self.lease = Some(id);
        self.leases += 1;
        self.presence += 1;
    }

    /// A reader has typed. Others are told once a second at most.
    pub fn has_typed(&mut self, id: u64) {
        let now = Timestamp::now();
        if let Some(slot) = self.slot(id) {
            slot.typed = true;
            if slot.viewer.typed_at.is_none_or(|at| now.duration_since(at) >= TYPED) {
                slot.viewer.typed_at = Some(now);
                self.presence += 1;
            }
        }
    }

    /// What a reader watches with.
    pub fn came_with(&mut self, id: u64, client: String) {
        if let Some(slot) = self.slot(id) {
            slot.viewer.client = Some(client);
            self.presence += 1;
        }
    }

    /// Who watches, the first to come first.
    pub fn viewers(&self) -> Vec<Viewer> {
        let lease = self.lease;
        self.slots.iter().map(|slot| Viewer { lease: lease == Some(slot.id), ..slot.viewer.clone() }).collect()
    }

    /// Everyone types again, if it was this reader that typed alone.
    pub fn give_lease(&mut self, id: u64) {
        if self.lease == Some(id) {
            self.lease = None;
            self.leases += 1;
            self.presence += 1;
        }
    }

    /// Who types alone, where that is not this reader.
    pub fn kept_from_typing(&self, id: u64) -> Option<String> {
        let lease = self.lease.filter(|lease| *lease != id)?;
        self.slots.iter().find(|slot| slot.id == lease).map(|slot| slot.viewer.name.clone())
    }

    /// A writer shows that it is there: its size counts from now on.
    pub fn active(&mut self, id: u64) {
        self.ticks += 1;
        let tick = self.ticks;
        if let Some(slot) = self.slot(id).filter(|slot| slot.viewer.mode == AttachMode::Write) {
            slot.active = tick;
        }
        self.decide_size();
    }

    /// A reader's own size has changed. It counts if the reader is the most recently active writer.
    pub fn view_resized(&mut self, id: u64, size: Size) {
        if let Some(slot) = self.slot(id) {
            slot.viewer.size = size.clamped();
            self.presence += 1;
            self.decide_size();
        }
    }

    /// The size of the most recently active writer is the one wanted.
    pub fn decide_size(&mut self) {
        let writers = self.slots.iter().filter(|slot| slot.viewer.mode == AttachMode::Write);
        if let Some(latest) = writers.max_by_key(|slot| slot.active) {
            self.wanted = latest.viewer.size;
        }
    }

    /// Gives the screen another size from here on.
    pub fn resize(&mut self, size: Size) {
        self.size = size;
        self.screen.resize(size);
        if self.marks.len() == MARKS {
            self.marks.pop_front();
        }
        self.marks.push_back(Mark { number: self.next_mark, offset: self.ring.head(), size });
        self.next_mark += 1;
        self.dirty = true;
    }

    /// Input of a writer has arrived in the terminal, as its holder says: those who typed it are told.
    pub fn arrived(&mut self, writer: u64, seq: u32) {
        let last = self.writers.arrived(writer, seq);
        for slot in self.slots.iter_mut().filter(|slot| slot.writer == writer && slot.viewer.mode == AttachMode::Write) {
            slot.ack_input(last);
        }
    }

    /// The session was found: what it was until now goes on there.
    pub fn open(&mut self, opened: &Opened, carried: bool) {
        self.opened = true;
        self.boot = Some(opened.boot);
        self.ring.skip_to(opened.start);
        for (writer, seq) in &opened.writers {
            self.arrived(*writer, *seq);
        }
        if carried {
            self.found_at = opened.head;
            self.returning = Some((opened.head, None));
            self.ring.set_capacity(2 * RING);
        }
    }

    /// Whether viewers can go on where they were.
    pub fn is_reached(&self) -> bool {
        self.opened && self.ring.head() >= self.found_at
    }

    /// All output before this is with everyone who is waited for.
    pub fn safe(&self) -> u64 {
        let readers = self.slots.iter().filter(|slot| slot.delivery == Delivery::Lossless && !slot.cut).map(|slot| slot.acked);
        readers.chain(self.absent.needs()).min().unwrap_or(u64::MAX).min(self.ring.head())
    }

    /// Whether every lossless reader has been sent all there is.
    pub fn drained(&self) -> bool {
        let head = self.ring.head();
        self.slots.iter().all(|slot| slot.delivery == Delivery::Live || slot.cut || slot.cursor >= head)
    }

    /// How long it has been due to be noted for a server after this one; none when it is not due.
    pub fn note_is_due(&self, now: Instant) -> Option<Duration> {
        let (offset, size, at) = self.noted.unwrap_or((u64::MAX, self.size, now));
        let much = self.ring.head().abs_diff(offset) > NOTE_AFTER || self.size != size;
        let pause = if much { NOTE_PAUSES.0 } else { NOTE_PAUSES.1 };
        let changed = self.ring.head() != offset || self.size != size;
        let since = if self.noted.is_none() { Duration::MAX } else { now.duration_since(at) };
        (self.held && self.is_reached() && self.exit.is_none() && changed && since >= pause).then_some(since)
    }

    /// Makes the screen of a session that nobody watches small: folded, if it is quiet or has ended. Whether that gives memory back.
    pub fn fold_if_quiet(&mut self, now: Instant) -> bool {
        if !self.slots.is_empty() {
            self.quiet_since = now;
        }
        let quiet = now.duration_since(self.quiet_since) >= QUIET;
        if quiet {
            // Who comes back later than this gets a picture.
            self.ring.trim(QUIET_RING);
        }
        let unwatched = self.slots.is_empty();
        let folds = (quiet || unwatched && self.exit.is_some()) && !self.screen.is_folded();
        if folds {
            self.screen.fold();
        }
        folds || unwatched && self.screen.renew()
    }

    /// Whether the program must wait for a lossless reader; those that were waited for too long are cut.
    pub fn waits(&mut self, now: Instant) -> Option<Instant> {
        let head = self.ring.head();
        if let Some((from, deadline)) = &mut self.returning {
            // Their time begins when they can go on where they were.
            if head >= *from && *deadline.get_or_insert(now + RETURN) <= now {
                self.returning = None;
            }
        }
        if self.returning.is_none() && self.slots.iter().all(|slot| slot.delivery == Delivery::Live || slot.cut || head - slot.cursor <= RING as u64) {
            self.ring.set_capacity(RING);
        }
        let absent = self.absent.hold(self.ring.oldest(), head, LOSSLESS_BEHIND, now);
        let returning = self.returning.filter(|(from, _)| head.saturating_sub(*from) > LOSSLESS_BEHIND).and_then(|(_, deadline)| deadline);
        let mut until = absent.into_iter().chain(returning).min();
        for slot in self.slots.iter_mut().filter(|slot| slot.delivery == Delivery::Lossless && !slot.cut) {
            if head - slot.cursor <= LOSSLESS_BEHIND {
                slot.held_since = None;
                continue;
            }
            let deadline = *slot.held_since.get_or_insert(now) + PATIENCE;
            if deadline <= now {
                slot.cut = true;
            } else {
                until = Some(until.map_or(deadline, |other: Instant| other.min(deadline)));
            }
        }
        until
    }

    /// What the reader gets next.
    pub fn next(&mut self, id: u64, session: &SessionId, now: Instant) -> Next {
        let Some(at) = self.slots.iter().position(|slot| slot.id == id) else { return Next::End(ReaderEnd::Stopping) };
        if self.slots[at].cut {
            return Next::End(ReaderEnd::TooSlow);
        }
        if let Some(resume) = self.slots[at].ready.take() {
            return Next::Frame(self.ready(at, resume, session));
        }
        if let Some(frame) = self.message(at) {
            return Next::Frame(frame);
        }
        let (head, oldest, end) = (self.ring.head(), self.ring.oldest(), self.exit.clone());
        let slot = &mut self.slots[at];
        if slot.snapshot {
            return Next::Frame(self.snapshot(at));
        }
        let mark = self.marks.iter().find(|mark| mark.number >= slot.next_mark);
        if slot.delivery == Delivery::Lossless {
            // Sizes that are forgotten are no reason to leave out bytes.
            slot.next_mark = mark.map_or(slot.next_mark, |mark| mark.number);
        }
        if let Some(mark) = mark.filter(|mark| mark.offset <= slot.cursor) {
            slot.next_mark = mark.number + 1;
            return Next::Frame(ServerFrame::Resized { offset: mark.offset, size: mark.size });
        }
        let unacked = slot.cursor.saturating_sub(slot.acked);
        slot.paused = if slot.paused { unacked > slot.window / 8 } else { unacked >= slot.window };
        if !slot.paused && slot.cursor < head {
            if slot.cursor < oldest || mark.is_some_and(|mark| mark.number > slot.next_mark) {
                if slot.delivery == Delivery::Lossless {
                    // It wants bytes and no picture: it goes on with the oldest there are.
                    let from = std::mem::replace(&mut slot.cursor, oldest);
                    slot.acked = oldest;
                    return Next::Frame(ServerFrame::Gap { from, to: oldest });
                }
                let from = std::mem::replace(&mut slot.cursor, head);
                slot.snapshot = true;
                return Next::Frame(ServerFrame::Gap { from, to: head });
            }
            let waiting = mark.map_or(head, |mark| mark.offset.min(head)) - slot.cursor;
            let due = slot.sent_at.filter(|_| !slot.typed).map_or(now, |sent| sent + COALESCE);
            if waiting < ENOUGH && due > now && end.is_none() {
                return Next::Later(due - now);
            }
            let room = (slot.window - unacked.min(slot.window)).max(1);
            let most = usize::try_from(waiting.min(room)).unwrap_or(MAX_OUTPUT).min(MAX_OUTPUT);
            let (offset, bytes) = (slot.cursor, self.ring.copy(slot.cursor, most));
            slot.cursor += bytes.len() as u64;
            slot.sent_at = Some(now);
            slot.typed = false;
            return Next::Frame(ServerFrame::Output { offset, bytes });
        }
        match end {
            Some(_) if slot.cursor < head => Next::Wait,
            Some(_) if slot.told_exit => Next::End(ReaderEnd::Exited),
            Some(exit) => {
                slot.told_exit = true;
                Next::Frame(ServerFrame::Exit(exit))
            }
            None if self.stopping => Next::End(ReaderEnd::Stopping),
            None => Next::Wait,
        }
    }

    fn ready(&self, at: usize, resume: Resume, session: &SessionId) -> ServerFrame {
        ServerFrame::Ready(Box::new(Ready {
            session: session.clone(),
            cols: self.size.cols,
            rows: self.size.rows,
            head_offset: self.ring.head(),
            oldest_offset: self.ring.oldest(),
            resume,
            last_seq: self.writers.last_seq(self.slots[at].writer),
            title: self.title.clone(),
        }))
    }

    /// A message that has no place among the bytes.
    fn message(&mut self, at: usize) -> Option<ServerFrame> {
        let presence = self.presence;
        let (lease, leases) = (self.lease, self.leases);
        let holder = lease.and_then(|id| self.slots.iter().find(|slot| slot.id == id)).map(|slot| slot.viewer.name.clone());
        let slot = &mut self.slots[at];
        if let Some(seq) = slot.input_ack.take() {
            return Some(ServerFrame::InputAck(seq));
        }
        if let Some(number) = slot.pong.take() {
            return Some(ServerFrame::Pong(number));
        }
        if let Some(text) = slot.notices.pop_front() {
            return Some(ServerFrame::Notice(text));
        }
        if slot.lease != leases {
            slot.lease = leases;
            return Some(ServerFrame::Lease(Lease { holder, yours: lease == Some(slot.id) }));
        }
        if slot.presence != presence && !slot.snapshot {
            slot.presence = presence;
            return Some(ServerFrame::Presence(self.viewers()));
        }
        None
    }

    fn snapshot(&mut self, at: usize) -> ServerFrame {
        let bytes = self.draw(SCROLLBACK);
        let slot = &mut self.slots[at];
        slot.snapshot = false;
        slot.cursor = self.ring.head();
        slot.acked = slot.cursor;
        slot.next_mark = self.next_mark;
        ServerFrame::Snapshot { offset: slot.cursor, size: self.size, bytes }
    }

    /// Bytes that redraw the screen, with fewer lines above it if they would be too many.
    pub fn draw(&mut self, scrollback: usize) -> Vec<u8> {
        let bytes = self.screen.snapshot(scrollback);
        if bytes.len() > ServerFrame::MAX_SNAPSHOT { self.screen.snapshot(0) } else { bytes }
    }
}
