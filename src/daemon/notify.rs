//! Telling the service manager (systemd's protocol of one datagram a fact), and leaving the terminal.
use std::os::unix::net::UnixDatagram;
use std::time::Duration;
use tokio::time::Interval;

/// The server answers.
pub(super) fn ready() {
    tell("READY=1");
}

/// The server stops.
pub(super) fn stopping() {
    tell("STOPPING=1");
}

/// The beat that the service manager waits for, twice as often as it must; none where it does not.
pub(super) fn pulse() -> Option<Interval> {
    let micros: u64 = std::env::var("WATCHDOG_USEC").ok()?.parse().ok().filter(|micros| *micros > 0)?;
    let own = std::env::var("WATCHDOG_PID").ok().is_none_or(|pid| pid == std::process::id().to_string());
    own.then(|| tokio::time::interval(Duration::from_micros(micros) / 2))
}

/// Waits for the next beat and sends it; for ever where there is none.
pub(super) async fn beat(pulse: &mut Option<Interval>) {
    match pulse {
        Some(interval) => {
            interval.tick().await;
            tell("WATCHDOG=1");
        }
        None => std::future::pending().await,
    }
}

/// Standard input, output and error lead nowhere from now on.
pub(super) fn leave_terminal() {
    let Ok(null) = std::fs::OpenOptions::new().read(true).write(true).open("/dev/null") else { return };
    let _ = rustix::stdio::dup2_stdin(&null);
    let _ = rustix::stdio::dup2_stdout(&null);
    let _ = rustix::stdio::dup2_stderr(&null);
}

fn tell(fact: &str) {
    let Some(place) = std::env::var_os("NOTIFY_SOCKET") else { return };
    let Ok(socket) = UnixDatagram::unbound() else { return };
    // A service manager that does not listen is no reason to stop.
    let _ = send(&socket, &place, fact.as_bytes());
}

fn send(socket: &UnixDatagram, place: &std::ffi::OsStr, fact: &[u8]) -> std::io::Result<usize> {
    #[cfg(target_os = "linux")]
    {
        use std::os::linux::net::SocketAddrExt as _;
        use std::os::unix::ffi::OsStrExt as _;
        if let Some(name) = place.as_bytes().strip_prefix(b"@") {
            return socket.send_to_addr(fact, &std::os::unix::net::SocketAddr::from_abstract_name(name)?);
        }
    }
    socket.send_to(fact, place)
}
