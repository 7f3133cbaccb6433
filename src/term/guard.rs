//! Keeps a failure in a terminal parser inside the screen that it happened in.

use std::cell::Cell;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work`; `None` if it panicked. What it changed must be thrown away then.
pub(super) fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    let outer = GUARDED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    GUARDED.set(outer);
    result.ok()
}

/// Whether this thread is inside a parser whose panics are caught.
///
/// A panic hook that gives the person's terminal back asks this first: the program lives on.
#[must_use]
pub fn is_guarded() -> bool {
    GUARDED.get()
}
