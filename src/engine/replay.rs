//! What a main program printed before somebody attached, joined to what it prints now.
use super::link::Open;
use super::raw;
use crate::model::ContainerId;
use bytes::Bytes;
use futures_util::StreamExt;
use std::time::Duration;
use tokio::sync::mpsc;

/// Most bytes of the past that are shown.
const MOST: usize = 256 * 1024;
/// Lines asked of the log: enough for a screen with its scrollback.
const LINES: u32 = 5000;
/// How long the log may take.
const LOG: Duration = Duration::from_secs(5);

/// Reads the log of a container whose output is already flowing into `output`; what is in both is dropped from `output`.
pub(super) async fn before(open: &Open, id: &ContainerId, mut output: mpsc::Receiver<Bytes>) -> (Vec<u8>, mpsc::Receiver<Bytes>) {
    let mut past: Vec<u8> = Vec::new();
    let mut live: Vec<u8> = Vec::new();
    let mut log = raw::get(open, id.as_str(), &format!("logs?stdout=1&stderr=1&tail={LINES}"));
    let limit = tokio::time::sleep(LOG);
    tokio::pin!(limit);
    loop {
        tokio::select! {
            bytes = log.next() => {
                let Some(Ok(bytes)) = bytes else { break };
                past.extend_from_slice(&bytes);
                if past.len() > 2 * MOST {
                    past.drain(..past.len() - MOST);
                }
            }
            // Taken while the log is read, so that a busy program is never held up.
            Some(bytes) = output.recv(), if live.len() < 4 * MOST => live.extend_from_slice(&bytes),
            () = &mut limit => break,
        }
    }
    past.drain(..past.len().saturating_sub(MOST));
    let shared = overlap(&past, &live);
    past.extend_from_slice(&live[shared..]);
    (past, output)
}

/// The most bytes that end `past` and begin `live`: printed after the attaching and before the log was read.
fn overlap(past: &[u8], live: &[u8]) -> usize {
    (0..=past.len().min(live.len())).rev().find(|count| past.ends_with(&live[..*count])).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_both_is_shown_once() {
        assert_eq!(overlap(b"one\ntwo\n", b"two\nthree"), 4);
        assert_eq!(overlap(b"one\n", b"two"), 0);
        assert_eq!(overlap(b"", b"two"), 0);
        assert_eq!(overlap(b"abc", b"abc"), 3);
    }
}
