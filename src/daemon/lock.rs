//! One server a set of files: a lock that the kernel frees whatever happens to its holder.
use crate::config::Paths;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use std::fs::File;
use std::fs::OpenOptions;
use std::fs::TryLockError;
use std::io::Read as _;
use std::io::Seek as _;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;

/// Held as long as it lives. The file stays: removing it would let two servers lock two files of one name.
#[derive(Debug)]
pub(super) struct Lock(#[expect(dead_code, reason = "open means locked")] File);

/// Takes the lock of these paths and writes our process id into it.
///
/// # Errors
/// `already_running` with the process id of who has it.
pub(super) fn take(paths: &Paths) -> Result<Lock> {
    let path = paths.lock();
    let failed =
        |error: std::io::Error| Error::invalid(format!("cannot use '{}': {error}", path.display())).fix("set CTO_HOME to another place").because(error);
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let who = pid_in(&mut file).map_or_else(|| "another server".to_owned(), |pid| format!("another server (pid {pid})"));
            // Whoever set no home shares the platform's directories: the runtime directory names the place in both cases.
            let home = std::env::var("CTO_HOME").map_or_else(|_| format!("'{}'", paths.runtime_dir.display()), |home| format!("CTO_HOME '{home}'"));
            return Err(
                Error::new(Code::AlreadyRunning, format!("{who} uses {home}")).fix("stop it with 'cto server stop', or set CTO_HOME to another directory")
            );
        }
        Err(TryLockError::Error(error)) => return Err(failed(error)),
    }
    file.set_len(0).and_then(|()| file.rewind()).and_then(|()| writeln!(file, "{}", std::process::id())).map_err(failed)?;
    Ok(Lock(file))
}

/// The process id of the server that holds the lock of these paths; none when no server runs.
#[must_use]
pub fn holder(paths: &Paths) -> Option<u32> {
    let mut file = File::open(paths.lock()).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => pid_in(&mut file),
        _ => None,
    }
}

fn pid_in(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
