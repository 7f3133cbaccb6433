//! A program on a pseudo-terminal of our own, as a person's terminal would run it.
use crate::error::Error;
use crate::error::Result;
use crate::model::Size;
use rustix::fs::Mode;
use rustix::fs::OFlags;
use rustix::pty::OpenptFlags;
use rustix::termios::Winsize;
use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::unix::AsyncFd;
use tokio::process::Child;
use tokio::process::Command;

/// Most bytes taken at once.
const CHUNK: usize = 64 * 1024;
/// How long one write may wait for a program that does not read.
const WRITE: Duration = Duration::from_secs(30);

/// A running program and our end of its terminal. Dropping it kills the program.
pub(super) struct Pty {
    master: AsyncFd<OwnedFd>,
    child: Child,
}

impl Pty {
    /// Starts `arguments` on a terminal of this size. Where `setsid` is installed the terminal is the program's controlling one.
    ///
    /// # Errors
    /// When the machine has no terminals left, or no such program.
    pub fn spawn<S: AsRef<OsStr>>(arguments: &[S], size: Size) -> Result<Self> {
        Self::spawn_with(arguments, size, &[])
    }

    /// As [`Pty::spawn`], with these variables in its environment.
    ///
    /// # Errors
    /// As [`Pty::spawn`].
    pub fn spawn_with<S: AsRef<OsStr>>(arguments: &[S], size: Size, variables: &[(&str, &OsStr)]) -> Result<Self> {
        let opened = open(size).map_err(|error| Error::internal(format!("no terminal can be opened: {error}")).because(error));
        let (master, ours) = opened?;
        let mut command = match super::machine::find_program("setsid") {
            Some(setsid) => {
                let mut command = Command::new(setsid);
                command.arg("--ctty").args(arguments);
                command
            }
            None => {
                let mut words = arguments.iter();
                let mut command = Command::new(words.next().ok_or_else(|| Error::internal("no program to run"))?);
                command.args(words);
                command
            }
        };
        for name in ["TMUX", "LINES", "COLUMNS", "NO_COLOR"] {
            command.env_remove(name);
        }
        let copy = || ours.try_clone().map(Stdio::from);
        let child = (|| {
            command.envs(variables.iter().copied()).env("TERM", "xterm-256color").stdin(copy()?).stdout(copy()?).stderr(copy()?).kill_on_drop(true).spawn()
        })();
        let program = arguments.first().map(|word| word.as_ref().to_string_lossy().into_owned()).unwrap_or_default();
        let child = child.map_err(|error| Error::invalid(format!("'{program}' can't be started: {error}")).because(error))?;
        #[expect(deprecated, reason = "its successor is unsafe; what that asks of its caller, that the descriptor stays the same and open, an OwnedFd keeps")]
        let master = AsyncFd::new(master).map_err(|error| Error::internal(format!("the terminal can't be watched: {error}")).because(error))?;
        Ok(Self { master, child })
    }

    /// The program's process, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Types.
    ///
    /// # Errors
    /// When the program is gone, or reads nothing for 30 s.
    pub async fn write(&self, mut bytes: &[u8]) -> Result<()> {
        let writing = async {
            while !bytes.is_empty() {
                let mut ready = self.master.writable().await?;
                match ready.try_io(|master| Ok(rustix::io::write(master.get_ref(), bytes)?)) {
                    Ok(Ok(written)) => bytes = &bytes[written..],
                    Ok(Err(error)) => return Err(error),
                    Err(_would_block) => {}
                }
            }
            Ok(())
        };
        match tokio::time::timeout(WRITE, writing).await {
            Ok(written) => written.map_err(|error: std::io::Error| Error::internal(format!("the program on the terminal is gone: {error}"))),
            Err(_) => Err(Error::internal("the program on the terminal reads nothing")),
        }
    }

    /// Puts what the program printed in place of what `into` held; false when it has ended.
    ///
    /// # Errors
    /// When the terminal fails.
    pub async fn read(&self, into: &mut Vec<u8>) -> Result<bool> {
        let lost = |error: std::io::Error| Error::internal(format!("the terminal can't be read: {error}")).because(error);
        into.resize(CHUNK, 0);
        loop {
            let mut ready = self.master.readable().await.map_err(lost)?;
            let taken = match ready.try_io(|master| Ok(rustix::io::read(master.get_ref(), &mut into[..])?)) {
                Ok(Ok(taken)) => taken,
                // What Linux says when the last program has closed its end.
                Ok(Err(error)) if error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error()) => 0,
                Ok(Err(error)) => return Err(lost(error)),
                Err(_would_block) => continue,
            };
            into.truncate(taken);
            return Ok(taken > 0);
        }
    }
}

/// Both ends of a new terminal; ours does not block.
fn open(size: Size) -> std::io::Result<(OwnedFd, OwnedFd)> {
    let master = rustix::pty::openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    rustix::io::fcntl_setfd(&master, rustix::io::FdFlags::CLOEXEC)?;
    rustix::pty::grantpt(&master)?;
    rustix::pty::unlockpt(&master)?;
    let name = rustix::pty::ptsname(&master, Vec::new())?;
    let theirs = rustix::fs::open(name.as_c_str(), OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?;
    rustix::termios::tcsetwinsize(&theirs, Winsize { ws_row: size.rows, ws_col: size.cols, ws_xpixel: 0, ws_ypixel: 0 })?;
    rustix::fs::fcntl_setfl(&master, rustix::fs::fcntl_getfl(&master)? | OFlags::NONBLOCK)?;
    Ok((master, theirs))
}
