//! One reader of a session, as the session knows it.
use crate::model::Delivery;
use crate::model::Resume;
use crate::model::Viewer;
use std::collections::VecDeque;
use tokio::time::Instant;

/// Messages that may wait for one reader; then the oldest go.
const NOTICES: usize = 16;

/// What is known of a reader.
pub(super) struct Slot {
    pub id: u64,
    pub viewer: Viewer,
    pub writer: u64,
    pub delivery: Delivery,
    pub window: u64,
    /// The next byte to send.
    pub cursor: u64,
    pub acked: u64,
    /// Since when the program waits for it.
    pub held_since: Option<Instant>,
    pub sent_at: Option<Instant>,
    /// It has typed since: what comes next is the echo, and goes at once.
    pub typed: bool,
    pub paused: bool,
    pub next_mark: u64,
    pub ready: Option<Resume>,
    pub snapshot: bool,
    pub presence: u64,
    pub lease: u64,
    pub input_ack: Option<u32>,
    pub pong: Option<u64>,
    pub notices: VecDeque<String>,
    pub active: u64,
    pub cut: bool,
    pub told_exit: bool,
}

impl Slot {
    /// Everything before `offset` has been drawn. Whether the program may have waited for that.
    pub fn ack(&mut self, offset: u64) -> bool {
        let offset = offset.min(self.cursor);
        let news = offset > self.acked;
        if news {
            self.acked = offset;
            self.held_since = None;
        }
        news && self.delivery == Delivery::Lossless
    }

    pub fn ack_input(&mut self, seq: u32) {
        self.input_ack = Some(self.input_ack.map_or(seq, |last| last.max(seq)));
    }

    pub fn pong(&mut self, number: u64) {
        self.pong = Some(number);
    }

    pub fn notice(&mut self, text: String) {
        if self.notices.len() == NOTICES {
            self.notices.pop_front();
        }
        self.notices.push_back(text);
    }

    pub fn refresh(&mut self) {
        self.snapshot = true;
    }
}
