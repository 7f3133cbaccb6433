//! The terminal and the program in it.
use crate::fault::Fault;
use crate::options::Options;
use crate::options::Program;
use crate::shell;
use crate::sys;
use hold::ErrorCode;
use rustix::fd::OwnedFd;
use rustix::fs::OFlags;
use rustix::pty::OpenptFlags;
use rustix::termios::InputModes;
use rustix::termios::OptionalActions;
use rustix::termios::Winsize;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;

/// A terminal with a program in it.
pub struct Pty {
    /// The holder's end; reading and writing never wait.
    pub master: OwnedFd,
    /// The program's end, kept open so that a program without open terminal is no end of the terminal.
    _slave: OwnedFd,
    /// The program, leader of the terminal's session.
    pub pid: i32,
}

impl Pty {
    /// Opens a terminal of the first size and starts the program.
    ///
    /// # Errors
    /// `command_not_found`, `not_executable`, `no_directory`; `system` where no terminal can be had.
    pub fn start(options: &Options) -> Result<Self, Fault> {
        let (master, slave) = open().map_err(|error| Fault::system("no terminal", error))?;
        let size = Winsize { ws_col: options.cols, ws_row: options.rows, ws_xpixel: 0, ws_ypixel: 0 };
        rustix::termios::tcsetwinsize(&master, size).map_err(|error| Fault::system("the size of the terminal", error))?;
        if let Ok(mut modes) = rustix::termios::tcgetattr(&slave) {
            modes.input_modes |= InputModes::IUTF8;
            let _ = rustix::termios::tcsetattr(&slave, OptionalActions::Now, &modes);
        }
        let end = || slave.try_clone().map(Stdio::from).map_err(|error| Fault::system("the terminal", error));
        let mut command = command(options)?;
        command.stdin(end()?).stdout(end()?).stderr(end()?);
        sys::own_terminal(&mut command, more_killable());
        let child = command.spawn().map_err(|error| not_started(&command, &error))?;
        drop(command);
        rustix::io::ioctl_fionbio(&master, true).map_err(|error| Fault::system("the terminal", error))?;
        Ok(Self { master, _slave: slave, pid: child.id() as i32 })
    }

    /// The group in the terminal's foreground.
    pub fn foreground(&self) -> Option<i32> {
        rustix::termios::tcgetpgrp(&self.master).ok().map(|pid| pid.as_raw_nonzero().get())
    }

    /// Name of the program in the terminal's foreground, where it can be known.
    pub fn foreground_name(&self) -> String {
        let name = self.foreground().and_then(|pid| std::fs::read(format!("/proc/{pid}/comm")).ok());
        name.map(|name| String::from_utf8_lossy(&name).trim_end().to_owned()).unwrap_or_default()
    }

    /// Sets the size; the foreground group is told.
    pub fn resize(&self, cols: u16, rows: u16) {
        // No other fault than a wrong size can happen, and sizes are checked.
        let _ = rustix::termios::tcsetwinsize(&self.master, Winsize { ws_col: cols, ws_row: rows, ws_xpixel: 0, ws_ypixel: 0 });
    }

    /// Sends a signal to all that runs in the terminal's session, so also to what the program has put in the background.
    pub fn signal_all(&self, signal: i32) {
        let mut found = false;
        for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
            let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else { continue };
            if std::fs::read(entry.path().join("stat")).ok().and_then(|stat| session_of(&stat)) == Some(self.pid) {
                sys::kill(pid, signal);
                found = true;
            }
        }
        // Without /proc only the groups that can be named are reached.
        if !found {
            self.foreground().into_iter().chain([self.pid]).for_each(|group| sys::kill(-group, signal));
        }
    }
}

/// The session in the text of `/proc/PID/stat`. The name in it, in parentheses, can hold anything.
fn session_of(stat: &[u8]) -> Option<i32> {
    let end = stat.iter().rposition(|byte| *byte == b')')?;
    std::str::from_utf8(&stat[end + 1..]).ok()?.split_ascii_whitespace().nth(3)?.parse().ok()
}

fn open() -> rustix::io::Result<(OwnedFd, OwnedFd)> {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let master = rustix::pty::openpt(flags)?;
    rustix::pty::unlockpt(&master)?;
    // The first needs no path to the terminal; old kernels and sandboxes know only the second.
    let slave = rustix::pty::ioctl_tiocgptpeer(&master, flags).or_else(|_| {
        let name = rustix::pty::ptsname(&master, Vec::new())?;
        rustix::fs::open(name.as_c_str(), OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, rustix::fs::Mode::empty())
    })?;
    Ok((master, slave))
}

fn command(options: &Options) -> Result<Command, Fault> {
    let passwd = std::fs::read("/etc/passwd").unwrap_or_default();
    let passwd = String::from_utf8_lossy(&passwd);
    let user = shell::user(&passwd, rustix::process::geteuid().as_raw());
    let mut command = match &options.program {
        Program::Command(words) => {
            let mut command = Command::new(&words[0]);
            command.args(&words[1..]);
            command
        }
        Program::Shell => {
            let chosen = shell::choose(user.as_ref().map(|user| user.shell), executable);
            let chosen = chosen.ok_or_else(|| Fault::new(ErrorCode::CommandNotFound, "there is no shell"))?;
            let mut command = Command::new(&chosen);
            command.env("SHELL", &chosen);
            command
        }
    };
    let given = |name: &str| options.environment.iter().any(|(other, _)| other == name);
    let set = |name: &str| given(name) || std::env::var_os(name).is_some_and(|value| !value.is_empty());
    command.envs(shell::missing(set, user.map_or("", |user| user.home))).envs(options.environment.iter().cloned());
    if let Some(dir) = &options.cwd {
        if !dir.is_dir() {
            return Err(Fault::new(ErrorCode::NoDirectory, format!("there is no directory '{}'", dir.display())));
        }
        command.current_dir(dir);
    }
    Ok(command)
}

fn executable(path: &str) -> bool {
    Path::new(path).is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
}

fn not_started(command: &Command, error: &std::io::Error) -> Fault {
    let name = command.get_program().to_string_lossy();
    match error.kind() {
        ErrorKind::NotFound => Fault::new(ErrorCode::CommandNotFound, format!("there is no program '{name}', or what interprets it is missing")),
        ErrorKind::PermissionDenied => Fault::new(ErrorCode::NotExecutable, format!("'{name}' may not be executed")),
        _ if error.raw_os_error() == Some(libc::ENOEXEC) => Fault::new(ErrorCode::NotExecutable, format!("'{name}' is no program for this machine")),
        _ => Fault::system(&format!("'{name}' did not start"), error),
    }
}

/// The program's value for the out-of-memory killer: a little above the holder's, so that it is chosen and the holder can tell of it.
fn more_killable() -> Option<String> {
    let now: i32 = std::fs::read_to_string("/proc/self/oom_score_adj").ok()?.trim().parse().ok()?;
    Some((now + 100).min(1000).to_string())
}

#[cfg(test)]
mod tests {
    use super::session_of;

    #[test]
    fn the_session_is_read_whatever_the_program_is_called() {
        assert_eq!(session_of(b"12 (sh) S 1 12 77 34816 12"), Some(77));
        assert_eq!(session_of(b"12 (a) R 9 9 9 (\xff)) S 1 12 78 0"), Some(78));
        assert_eq!(session_of(b"12 (sh"), None);
        assert_eq!(session_of(b""), None);
    }
}
