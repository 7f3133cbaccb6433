//! The allocator: what it keeps, and what it gives back.

/// Larger pieces come from the system and go back to it at once. A parser's buffer of 2 MB that is hardly ever written to costs nothing so;
/// made of memory that was used before, it would cost all of its size.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const OWN_PIECES: libc::c_int = 512 << 10;

/// Sets how the allocator deals with screens and their buffers: to be called once, before there are any.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "the allocator is set by a C function, and no crate in our tree wraps it")]
pub(super) fn settle() {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    // Each heap keeps its own free memory; as many as threads that run at once are enough.
    let heaps = libc::c_int::try_from(cores).unwrap_or(libc::c_int::MAX).max(2);
    // SAFETY: `mallopt` takes no pointer, and either sets what it is told or leaves it.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, OWN_PIECES);
        libc::mallopt(libc::M_ARENA_MAX, heaps);
    }
}

/// Other allocators are left as they are.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(super) fn settle() {}

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
