//! The client's turns on the processor: short ones, which come soon.

/// Nanoseconds of a turn. The kernel takes 0.1 ms at least.
#[cfg(target_os = "linux")]
const TURN: u64 = 100_000;

/// Asks the kernel for short turns for all threads of this program, and so for those they start. Whoever takes short turns gets them sooner
/// (since Linux 6.12): else a key waits some milliseconds at each of its stations while containers keep every core busy. The share of the
/// processor stays the same. Kernels that do not know it leave everything as it was.
///
/// Source: the kernel's `sched_setattr(2)`, `sched_runtime` of `SCHED_OTHER`.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "no crate in our tree wraps this call, and the C library does not either")]
pub(super) fn shorten() {
    let Ok(size) = u32::try_from(size_of::<libc::sched_attr>()) else { return };
    for thread in std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten() {
        let Some(thread) = thread.file_name().to_str().and_then(|name| name.parse::<libc::pid_t>().ok()) else { continue };
        // SAFETY: both structures are plain numbers that all may be zero; the kernel reads or writes as many bytes of them as `size` says.
        unsafe {
            let mut attributes: libc::sched_attr = std::mem::zeroed();
            let known = libc::syscall(libc::SYS_sched_getattr, thread, &raw mut attributes, size, 0) == 0;
            // Whom somebody has given another rank keeps it.
            if known && attributes.sched_policy == libc::SCHED_OTHER.unsigned_abs() {
                attributes.size = size;
                attributes.sched_runtime = TURN;
                libc::syscall(libc::SYS_sched_setattr, thread, &raw const attributes, 0);
            }
        }
    }
}

/// Elsewhere turns are left as they are.
#[cfg(not(target_os = "linux"))]
pub(super) fn shorten() {}
