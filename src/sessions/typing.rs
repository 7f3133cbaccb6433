//! Who typed what into a session, so that each input is taken once.
use std::collections::VecDeque;

/// Writers whose last sequence number is remembered; then the one unused for longest is forgotten.
const WRITERS: usize = 64;

/// The writers of a session.
#[derive(Debug, Default)]
pub(super) struct Writers(VecDeque<Known>);

/// A writer, and what was taken of it.
#[derive(Debug)]
struct Known {
    id: u64,
    /// Passed on.
    passed: u32,
    /// Known to be in the terminal.
    arrived: u32,
}

impl Writers {
    /// Notes input that is passed on. False when it was passed on before.
    pub fn pass(&mut self, writer: u64, seq: u32) -> bool {
        let known = self.known(writer);
        let fresh = seq > known.passed;
        known.passed = known.passed.max(seq);
        fresh
    }

    /// Input up to this number is in the terminal, or never will be; the last number of which that is known.
    pub fn arrived(&mut self, writer: u64, seq: u32) -> u32 {
        let known = self.known(writer);
        known.passed = known.passed.max(seq);
        known.arrived = known.arrived.max(seq);
        known.arrived
    }

    /// Sequence number of a writer's last input that is known to be in the terminal.
    pub fn last_seq(&self, writer: u64) -> u32 {
        self.0.iter().find(|known| known.id == writer).map_or(0, |known| known.arrived)
    }

    fn known(&mut self, writer: u64) -> &mut Known {
        let at = self.0.iter().position(|known| known.id == writer);
        let known = at.and_then(|at| self.0.remove(at)).unwrap_or(Known { id: writer, passed: 0, arrived: 0 });
        if self.0.len() == WRITERS {
            self.0.pop_front();
        }
        self.0.push_back(known);
        let last = self.0.len() - 1;
        &mut self.0[last]
    }
}
