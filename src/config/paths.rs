//! Where cto keeps its files: the platform's directories, or all under `CTO_HOME`.
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use sha2::{Digest, Sha256};
use std::ffi::OsString;
use std::fs::DirBuilder;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

/// Unix sockets take 108 bytes on Linux and 104 on macOS; some room is left for temporary names beside it.
const MAX_SOCKET_BYTES: usize = 100;

/// The directories of one cto. Two processes with equal `Paths` talk to the same server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// Configuration, templates and themes of the user.
    pub config_dir: PathBuf,
    /// The database and whatever else outlives the server.
    pub state_dir: PathBuf,
    /// The socket; private to the user.
    pub runtime_dir: PathBuf,
    /// Logs of the server.
    pub log_dir: PathBuf,
    /// Configuration of the machine; none under `CTO_HOME`, which stands alone.
    pub system_dir: Option<PathBuf>,
}

impl Paths {
    /// The paths of this process: under `CTO_HOME` when it is set and not empty, else where the platform keeps such files.
    ///
    /// Touches nothing: call [`Paths::prepare`] before writing.
    ///
    /// # Errors
    /// When there is neither `CTO_HOME` nor a home directory, or the working directory is gone.
    pub fn find() -> Result<Self> {
        match std::env::var_os("CTO_HOME").filter(|home| !home.is_empty()) {
            Some(home) => Self::under(Path::new(&home)),
            None => Self::of_platform(),
        }
    }

    /// All paths under one directory, as with `CTO_HOME`.
    ///
    /// # Errors
    /// When `home` is relative and the working directory is gone.
    pub fn under(home: &Path) -> Result<Self> {
        let absolute = std::path::absolute(home).map_err(|error| Error::invalid(format!("cannot use '{}' as CTO_HOME: {error}", home.display())))?;
        // Different spellings of one directory must give one socket.
        let home = resolve_existing(&absolute);
        Ok(Self { config_dir: home.join("config"), state_dir: home.join("state"), runtime_dir: home.join("run"), log_dir: home.join("log"), system_dir: None })
    }

    fn of_platform() -> Result<Self> {
        let dirs = directories::ProjectDirs::from("", "", "cto")
            .ok_or_else(|| Error::invalid("there is no home directory").fix("set CTO_HOME to a directory for cto's files"))?;
        let state_dir = dirs.state_dir().unwrap_or_else(|| dirs.data_dir()).to_path_buf();
        Ok(Self {
            config_dir: dirs.config_dir().to_path_buf(),
            log_dir: state_dir.join("log"),
            state_dir,
            runtime_dir: runtime_of_platform(dirs.runtime_dir()),
            system_dir: Some(PathBuf::from("/etc/cto")),
        })
    }

    /// The server's socket. The same for every process with the same paths.
    ///
    /// A path over 100 bytes, more than every system takes, is replaced by a short one with a hash.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        let plain = self.runtime_dir.join("cto.sock");
        if plain.as_os_str().len() <= MAX_SOCKET_BYTES {
            return plain;
        }
        let hash = Sha256::digest(plain.as_os_str().as_bytes());
        let name: String = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        short_dir().join(format!("{name}.sock"))
    }

    /// The lock that one server holds. It lies beside what it guards: a runtime directory is removed when its user logs out, and a
    /// second server must not take that for leave to begin.
    #[must_use]
    pub fn lock(&self) -> PathBuf {
        self.state_dir.join("cto.lock")
    }

    /// The SQLite database.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.state_dir.join("cto.sqlite")
    }

    /// Where recordings lie.
    #[must_use]
    pub fn recordings(&self) -> PathBuf {
        self.state_dir.join("recordings")
    }

    /// Where uploads lie until they are whole.
    #[must_use]
    pub fn uploads(&self) -> PathBuf {
        self.state_dir.join("uploads")
    }

    /// The user's configuration file.
    #[must_use]
    pub fn config_file(&self) -> PathBuf {
        self.config_dir.join("cto.json")
    }

    /// The file that remembers that this user was shown around.
    #[must_use]
    pub fn tour_mark(&self) -> PathBuf {
        self.state_dir.join("tour-shown")
    }

    /// Makes the directories that are missing, private to the user, and checks that of the socket.
    ///
    /// # Errors
    /// When one can't be made, or the socket's directory could be used by somebody else: a symbolic link, another owner, or a
    /// mode that lets others in.
    pub fn prepare(&self) -> Result<()> {
        for dir in [&self.config_dir, &self.state_dir, &self.log_dir] {
            make_private(dir)?;
        }
        make_private(&self.runtime_dir)?;
        check_private(&self.runtime_dir)?;
        if let Some(dir) = self.socket().parent().filter(|dir| *dir != self.runtime_dir) {
            make_private(dir)?;
            check_private(dir)?;
        }
        Ok(())
    }

    /// Checks that nobody else can have put a socket where this user's server has its own. Clients ask before they connect.
    ///
    /// # Errors
    /// When the directory is a symbolic link, another user's, or open to others. A missing one is fine: nobody listens there.
    pub fn check_socket(&self) -> Result<()> {
        match self.socket().parent() {
            Some(dir) if dir.symlink_metadata().is_ok() => check_private(dir),
            _ => Ok(()),
        }
    }
}

/// The runtime directory where there is no `CTO_HOME`. A service and a shell of one user must find the same one.
fn runtime_of_platform(named: Option<&Path>) -> PathBuf {
    let uid = rustix::process::geteuid();
    if uid.is_root() && cfg!(target_os = "linux") {
        // That of a login session is not there for a service, and goes with the login.
        return PathBuf::from("/run/cto");
    }
    let of_user = PathBuf::from(format!("/run/user/{}", uid.as_raw()));
    let mine = |dir: &Path| dir.metadata().is_ok_and(|facts| facts.is_dir() && facts.uid() == uid.as_raw());
    match named {
        Some(dir) => dir.to_path_buf(),
        // `su` and cron set no XDG_RUNTIME_DIR.
        None if mine(&of_user) => of_user.join("cto"),
        None => short_dir(),
    }
}

/// Where sockets lie that have no better place: short, and the same for client and server whatever `TMPDIR` says.
fn short_dir() -> PathBuf {
    PathBuf::from(format!("/tmp/cto-{}", rustix::process::geteuid().as_raw()))
}

/// Makes a directory with mode 0700, and its parents; one that exists stays as it is.
fn make_private(dir: &Path) -> Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.map_err(|error| {
        let code = if error.kind() == std::io::ErrorKind::StorageFull { Code::DiskFull } else { Code::InvalidValue };
        Error::new(code, format!("cannot make the directory '{}': {error}", dir.display()))
            .fix("make it writable, or set CTO_HOME to another place")
            .because(error)
    })
}

fn check_private(dir: &Path) -> Result<()> {
    let refuse = |what: String, fix: String| Err(Error::new(Code::InvalidValue, format!("'{}' {what}", dir.display())).fix(fix));
    let facts = dir.symlink_metadata().map_err(|error| Error::invalid(format!("cannot look at '{}': {error}", dir.display())).because(error))?;
    let me = rustix::process::geteuid().as_raw();
    if !facts.is_dir() {
        return refuse("is not a directory of its own (a symbolic link is not safe here)".into(), format!("remove it: rm '{}'", dir.display()));
    }
    if facts.uid() != me {
        return refuse(format!("belongs to user id {}, not to you ({me})", facts.uid()), "remove it, or set CTO_HOME to a directory of your own".into());
    }
    if facts.mode() & 0o077 != 0 {
        return refuse(format!("lets others in (mode {:04o})", facts.mode() & 0o7777), format!("chmod 700 '{}'", dir.display()));
    }
    Ok(())
}

/// The path with the symbolic links of its existing part followed, so that it is the same before and after the rest is made.
#[must_use]
pub fn resolve_existing(path: &Path) -> PathBuf {
    let mut rest: Vec<OsString> = Vec::new();
    let mut head = path;
    loop {
        if let Ok(mut resolved) = head.canonicalize() {
            resolved.extend(rest.iter().rev());
            return resolved;
        }
        let (Some(parent), Some(name)) = (head.parent(), head.file_name()) else {
            return path.to_path_buf();
        };
        rest.push(name.to_owned());
        head = parent;
    }
}

/// The project that a directory belongs to: the nearest directory upwards with a `cto.json` or a `.cto` folder.
#[must_use]
pub fn project_of(dir: &Path) -> Option<PathBuf> {
    dir.ancestors().find(|dir| dir.join("cto.json").is_file() || dir.join(".cto").is_dir()).map(Path::to_path_buf)
}
