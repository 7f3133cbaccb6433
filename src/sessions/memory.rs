//! Memory that is free, given back to the system.

/// Gives back what the allocator keeps for later. It keeps by itself all that lies between two pieces in use, and with the screens of many
/// sessions that is most: without this, a server never gets smaller again. Takes some milliseconds; not to be called on a thread of the runtime.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "the allocator is asked by a C function, and no crate in our tree wraps it")]
pub(super) fn give_back() {
    // SAFETY: `malloc_trim` takes no pointer and touches only memory that nobody has; it takes the allocator's own locks.
    unsafe { libc::malloc_trim(0) };
}

/// Other allocators give back by themselves.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(super) fn give_back() {}
