//! The few system calls that have no safe form.
#![allow(unsafe_code, reason = "each block says why it is sound")]
use rustix::fd::AsFd;
use rustix::fd::AsRawFd;
use rustix::fd::FromRawFd;
use rustix::fd::OwnedFd;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Signals that end or are passed on; SIGCHLD says that there is something to reap.
const HANDLED: [i32; 9] = [libc::SIGCHLD, libc::SIGTERM, libc::SIGINT, libc::SIGHUP, libc::SIGQUIT, libc::SIGUSR1, libc::SIGUSR2, libc::SIGWINCH, libc::SIGPWR];

/// From now on signals are read from here instead of interrupting. What is started by [`own_terminal`] has them as ever.
pub fn signals() -> io::Result<OwnedFd> {
    // SAFETY: the set is made by sigemptyset before it is used, and outlives the calls; the descriptor is new and ours.
    unsafe {
        let mut set = std::mem::zeroed::<libc::sigset_t>();
        libc::sigemptyset(&raw mut set);
        // The real-time signals too: some images have one as their stop signal.
        for signal in HANDLED.into_iter().chain(libc::SIGRTMIN()..=libc::SIGRTMAX()) {
            libc::sigaddset(&raw mut set, signal);
        }
        if libc::sigprocmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut()) != 0 {
            return Err(io::Error::last_os_error());
        }
        match libc::signalfd(-1, &raw const set, libc::SFD_NONBLOCK | libc::SFD_CLOEXEC) {
            -1 => Err(io::Error::last_os_error()),
            fd => Ok(OwnedFd::from_raw_fd(fd)),
        }
    }
}

/// The next signal that waits in what [`signals`] gave.
pub fn next_signal(fd: &OwnedFd) -> Option<i32> {
    let mut info = [0u8; size_of::<libc::signalfd_siginfo>()];
    match rustix::io::read(fd, &mut info) {
        // The number is the first field.
        Ok(count) if count == info.len() => Some(i32::from_ne_bytes([info[0], info[1], info[2], info[3]])),
        _ => None,
    }
}

/// Sends a signal to a process, or with a negative number to a group. That it is gone already is no fault.
pub fn kill(pid: i32, signal: i32) {
    // 0, 1 and -1 are never meant: they are groups of our own, PID 1, and everything there is.
    if !(-1..=1).contains(&pid) {
        // SAFETY: kill takes two integers.
        unsafe { libc::kill(pid, signal) };
    }
}

/// Splits this process in two; true in the new one. Only for programs of one thread.
pub fn fork() -> io::Result<bool> {
    // SAFETY: the holder has one thread, so that no lock is held by another one in the copy.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        pid => Ok(pid == 0),
    }
}

/// Ends at once, without what was to be done at the end.
pub fn exit_now(status: i32) -> ! {
    // SAFETY: _exit never returns and touches no memory of ours.
    unsafe { libc::_exit(status) }
}

/// Process id and uid of who is at the other end of a socket. The id is 0 where it is in another container.
pub fn peer(fd: impl AsFd) -> Option<(i32, u32)> {
    let mut found = libc::ucred { pid: 0, uid: u32::MAX, gid: u32::MAX };
    let mut length = size_of::<libc::ucred>() as libc::socklen_t;
    // SAFETY: the kernel writes at most `length` bytes to `found`, which is as long.
    let result = unsafe { libc::getsockopt(fd.as_fd().as_raw_fd(), libc::SOL_SOCKET, libc::SO_PEERCRED, (&raw mut found).cast(), &raw mut length) };
    (result == 0).then_some((found.pid, found.uid))
}

/// Gives the program a session of its own, with its standard input as its terminal, signals as ever, and `oom` as its value for the
/// out-of-memory killer.
pub fn own_terminal(command: &mut Command, oom: Option<String>) {
    let prepare = move || {
        // SAFETY: the set is made by sigemptyset before it is used; mask and dispositions are this process's own, and a number that has none
        // is refused.
        unsafe {
            let mut none = std::mem::zeroed::<libc::sigset_t>();
            libc::sigemptyset(&raw mut none);
            libc::sigprocmask(libc::SIG_SETMASK, &raw const none, std::ptr::null_mut());
            for signal in 1..=64 {
                libc::signal(signal, libc::SIG_DFL);
            }
        }
        rustix::process::setsid()?;
        rustix::process::ioctl_tiocsctty(std::io::stdin())?;
        if let Some(value) = &oom
            && let Ok(file) = rustix::fs::open("/proc/self/oom_score_adj", rustix::fs::OFlags::WRONLY, rustix::fs::Mode::empty())
        {
            let _ = rustix::io::write(&file, value.as_bytes());
        }
        Ok(())
    };
    // SAFETY: between fork and exec the closure only makes system calls: it takes no lock and no memory.
    unsafe { command.pre_exec(prepare) };
}
