//! What a recording must not show is taken out before it is written.
use super::tape::Tape;
use crate::model::Size;
use crate::term::Masks;
use crate::term::Veil;
use bytes::Bytes;
use std::collections::VecDeque;
use std::io;

/// Most items that wait for the end of what may be a secret.
const WAITING: usize = 1_024;

/// What goes to the file.
pub(super) enum Item {
    Output { offset: u64, bytes: Vec<u8> },
    Snapshot { offset: u64, size: Size, bytes: Vec<u8> },
    Resized(Size),
    Input(Bytes),
    Exit(Option<i64>),
}

/// A recording that is written without secrets. Each item keeps its time, its place and its length.
pub(super) struct Veiled {
    pub tape: Tape,
    output: Veil,
    input: Veil,
    /// Output without secrets whose item is not there as a whole, and the items that wait for it.
    ready: Vec<u8>,
    waiting: VecDeque<(u64, Item)>,
    time_us: u64,
}

impl Veiled {
    pub fn new(tape: Tape) -> Self {
        Self { tape, output: Veil::default(), input: Veil::default(), ready: Vec::new(), waiting: VecDeque::new(), time_us: 0 }
    }

    /// One more, at its time.
    pub fn put(&mut self, masks: &Masks, time_us: u64, item: Item) {
        self.time_us = time_us;
        if masks.is_empty() && self.waiting.is_empty() && self.input.is_empty() {
            return self.write(time_us, item);
        }
        let item = match item {
            // What is typed waits for nothing that is printed, or a key would hold the screen back.
            Item::Input(bytes) => {
                let bytes = self.input.feed(masks, &bytes);
                if bytes.is_empty() {
                    return;
                }
                Item::Input(bytes.into())
            }
            Item::Output { offset, bytes } => {
                self.ready.extend(self.output.feed(masks, &bytes));
                Item::Output { offset, bytes }
            }
            Item::Snapshot { offset, size, bytes } => {
                self.open();
                let mut veil = Veil::default();
                let mut shown = veil.feed(masks, &bytes);
                shown.extend(veil.rest());
                Item::Snapshot { offset, size, bytes: shown }
            }
            Item::Exit(code) => {
                self.open();
                Item::Exit(code)
            }
            Item::Resized(size) => Item::Resized(size),
        };
        self.waiting.push_back((time_us, item));
        if self.waiting.len() > WAITING {
            self.open();
        }
        self.write_ready();
    }

    /// The last writes, when nothing more will come.
    pub fn finish(&mut self) -> io::Result<()> {
        self.open();
        self.write_ready();
        let rest = self.input.rest();
        if !rest.is_empty() {
            self.tape.input(self.time_us, rest);
        }
        self.tape.finish()
    }

    /// Nothing that came is the beginning of a secret any more.
    fn open(&mut self) {
        self.ready.extend(self.output.rest());
    }

    fn write_ready(&mut self) {
        while let Some((time_us, item)) = self.waiting.pop_front() {
            let item = match item {
                Item::Output { ref bytes, .. } if bytes.len() > self.ready.len() => {
                    self.waiting.push_front((time_us, item));
                    return;
                }
                Item::Output { offset, bytes } => Item::Output { offset, bytes: self.ready.drain(..bytes.len()).collect() },
                other => other,
            };
            self.write(time_us, item);
        }
    }

    fn write(&mut self, time_us: u64, item: Item) {
        match item {
            Item::Output { offset, bytes } => self.tape.output(time_us, offset, &bytes),
            Item::Snapshot { offset, size, bytes } => self.tape.snapshot(time_us, offset, size, &bytes),
            Item::Resized(size) => self.tape.resize(time_us, size),
            Item::Input(bytes) => self.tape.input(time_us, bytes.into()),
            Item::Exit(code) => self.tape.exit(time_us, code),
        }
    }
}
