//! tmux as a rival: a server of its own, with the program on this machine and no container in between.
use super::line::Way;
use super::machine;
use super::stage::SIZE;
use super::stage::said;
use crate::error::Error;
use crate::error::Result;
use crate::model::Size;
use std::path::Path;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// How long one of its commands may take.
const CALL: Duration = Duration::from_secs(30);

/// A tmux server; it is ended when this is dropped.
pub(super) struct Tmux {
    program: PathBuf,
    socket: PathBuf,
    /// Its version, and what is measured with it.
    pub is: String,
    /// Its version.
    pub version: String,
}

impl Tmux {
    /// The tmux of this machine, with its socket in `home`. Nothing is started yet.
    ///
    /// # Errors
    /// In words: that it is not installed.
    pub async fn find(home: &Path) -> std::result::Result<Self, String> {
        let program = machine::find_program("tmux").ok_or_else(|| "no program 'tmux' here".to_owned())?;
        let version = said(&[&program.display().to_string(), "-V"]).await;
        Ok(Self { program, socket: home.join("tmux.sock"), is: format!("{version}, the program on this machine without a container"), version })
    }

    fn words(&self, rest: &[&str]) -> Vec<String> {
        let socket = self.socket.display().to_string();
        let own = [self.program.display().to_string(), "-u".to_owned(), "-S".to_owned(), socket, "-f".to_owned(), "/dev/null".to_owned()];
        own.into_iter().chain(rest.iter().map(|&word| word.to_owned())).collect()
    }

    /// Runs one of its commands; what it printed.
    ///
    /// # Errors
    /// What it complains of.
    pub async fn run(&self, rest: &[&str]) -> Result<String> {
        let words = self.words(rest);
        let mut command = Command::new(&self.program);
        command.args(&words[1..]).env_remove("TMUX").env("TERM", "xterm-256color").stdin(Stdio::null()).kill_on_drop(true);
        let output = tokio::time::timeout(CALL, command.output()).await.map_err(|_| Error::internal(format!("tmux does not answer: {rest:?}")))?;
        let output = output.map_err(|error| Error::internal(format!("tmux can't be run: {error}")))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
        }
        Err(Error::internal(format!("tmux: {}", String::from_utf8_lossy(&output.stderr).trim())))
    }

    /// Starts its server with one session that runs a shell's script; 2,000 lines of scrollback, as cto keeps.
    ///
    /// # Errors
    /// As [`Tmux::run`].
    pub async fn start(&self, script: &str) -> Result<()> {
        let (cols, rows) = (SIZE.cols.to_string(), SIZE.rows.to_string());
        let limit = ["set", "-g", "history-limit", "2000", ";", "set", "-g", "status", "off", ";"];
        let session = ["new-session", "-d", "-s", "bench", "-x", &cols, "-y", &rows, script];
        self.run(&[&limit[..], &session[..]].concat()).await.map(drop)
    }

    /// Starts its server with one window that has a pane for each program, in rows and columns; the first has the focus.
    ///
    /// # Errors
    /// As [`Tmux::run`].
    pub async fn start_panes(&self, programs: &[Vec<String>], size: Size) -> Result<()> {
        let (cols, rows) = (size.cols.to_string(), size.rows.to_string());
        for (place, program) in programs.iter().enumerate() {
            let program: Vec<&str> = program.iter().map(String::as_str).collect();
            if place == 0 {
                let limit = ["set", "-g", "history-limit", "2000", ";", "set", "-g", "status", "off", ";"];
                let session = ["new-session", "-d", "-s", "bench", "-x", &cols, "-y", &rows];
                self.run(&[&limit[..], &session[..], &program].concat()).await?;
            } else {
                self.run(&[&["split-window", "-t", "bench"][..], &program].concat()).await?;
                self.run(&["select-layout", "-t", "bench", "tiled"]).await?;
            }
        }
        self.run(&["select-pane", "-t", "bench.0"]).await.map(drop)
    }

    /// Ends its server and all that runs in it.
    pub async fn end(&self) {
        // One that has ended already needs no end.
        let _ = self.run(&["kill-server"]).await;
    }

    /// The way to that session.
    pub fn attach(&self) -> Way {
        self.attach_on(SIZE)
    }

    /// The same from a terminal of this size.
    pub fn attach_on(&self, size: Size) -> Way {
        Way::Program { arguments: self.words(&["attach", "-t", "bench"]), size }
    }

    /// The server's process.
    ///
    /// # Errors
    /// As [`Tmux::run`].
    pub async fn pid(&self) -> Result<u32> {
        let said = self.run(&["display", "-p", "#{pid}"]).await?;
        said.parse().map_err(|_| Error::internal(format!("tmux said '{said}' for its process id")))
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        if self.socket.exists() {
            let words = self.words(&["kill-server"]);
            let _ = std::process::Command::new(&self.program).args(&words[1..]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        }
    }
}
