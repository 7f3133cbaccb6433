//! Where the sockets of sessions are: private to the uid and to the container.
//!
//! A directory of mode 0700 in a place that is written to even under a read-only root; where there is none, a name in the abstract
//! namespace. Containers can share either (`--ipc host`, `--network host`), and anyone can take an abstract name: so both ends ask the kernel
//! who is at the other, and take only their own uid, or root, in a container of their own.
use crate::fault::Fault;
use crate::sys;
use hold::ErrorCode;
use hold::valid_id;
use rustix::fd::OwnedFd;
use rustix::fs::FlockOperation;
use rustix::fs::Mode;
use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::net::AddressFamily;
use rustix::net::SocketAddrUnix;
use rustix::net::SocketFlags;
use rustix::net::SocketType;
use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

/// Where a private directory is looked for, best first. `/dev` is for root under a read-only root file system.
const PARENTS: [&str; 4] = ["/dev/shm", "/run", "/dev", "/tmp"];
/// Connections that may wait to be accepted.
const BACKLOG: i32 = 16;

/// A socket that sessions are reached by.
pub struct Listening {
    /// It never waits.
    pub fd: OwnedFd,
    /// Where it lies; none for an abstract name.
    pub path: Option<PathBuf>,
}

impl Drop for Listening {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// The effective uid.
pub fn uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// The directories that may hold sockets of this uid: the given one alone, or the usual.
fn directories(place: Option<&Path>) -> Vec<PathBuf> {
    match place {
        Some(place) => vec![place.to_owned()],
        None => PARENTS.iter().map(|parent| Path::new(parent).join(format!(".cto-{}", uid()))).collect(),
    }
}

/// Opens a directory that belongs to this uid alone. A link, or another's directory, is none.
fn open_private(dir: &Path, create: bool) -> Option<OwnedFd> {
    if create {
        let _ = rustix::fs::mkdir(dir, Mode::RWXU);
    }
    let fd = rustix::fs::open(dir, OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty()).ok()?;
    let stat = rustix::fs::fstat(&fd).ok()?;
    if stat.st_uid != uid() {
        return None;
    }
    // Set in any case, since a umask may have taken away more than others' rights.
    if stat.st_mode & 0o777 != 0o700 && (!create || rustix::fs::fchmod(&fd, Mode::RWXU).is_err()) {
        return None;
    }
    Some(fd)
}

fn abstract_name(id: &str) -> String {
    format!("cto-{}-{id}", uid())
}

fn socket() -> rustix::io::Result<OwnedFd> {
    rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, None)
}

/// Whether who is at the other end may be here: this uid or root, and in this container.
pub fn trusted(fd: &OwnedFd) -> bool {
    sys::peer(fd).is_some_and(|(pid, peer)| pid > 0 && (peer == uid() || peer == 0))
}

fn connect(address: &SocketAddrUnix) -> rustix::io::Result<OwnedFd> {
    let fd = socket()?;
    rustix::net::connect(&fd, address)?;
    if trusted(&fd) { Ok(fd) } else { Err(Errno::ACCESS) }
}

/// Takes the id: listens where the session of that id is looked for.
///
/// # Errors
/// `in_use` where one lives.
pub fn listen(place: Option<&Path>, id: &str) -> Result<Listening, Fault> {
    let mut why = Errno::NOENT;
    for dir in directories(place) {
        let Some(private) = open_private(&dir, true) else { continue };
        lock(&private);
        let path = dir.join(id);
        match bind(&path) {
            Ok(fd) => return Ok(Listening { fd, path: Some(path) }),
            Err(Errno::ADDRINUSE) if living(&path) => return Err(in_use(id)),
            Err(error) => why = error,
        }
    }
    if place.is_some() {
        return Err(Fault::system("no place for the session's socket", why));
    }
    let bound = SocketAddrUnix::new_abstract_name(abstract_name(id).as_bytes()).and_then(|address| {
        let fd = socket()?;
        rustix::net::bind(&fd, &address)?;
        rustix::net::listen(&fd, BACKLOG)?;
        Ok(fd)
    });
    match bound {
        Ok(fd) => Ok(Listening { fd, path: None }),
        Err(Errno::ADDRINUSE) => Err(in_use(id)),
        Err(error) => Err(Fault::system("no place for the session's socket", error)),
    }
}

/// Two that start at the same time must not take each other's new socket for an old one. Released with the descriptor; whoever keeps
/// it for longer than a start takes is up to no good, and not waited for.
fn lock(dir: &OwnedFd) {
    for _ in 0..50 {
        if rustix::fs::flock(dir, FlockOperation::NonBlockingLockExclusive) != Err(Errno::WOULDBLOCK) {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn bind(path: &Path) -> rustix::io::Result<OwnedFd> {
    let address = SocketAddrUnix::new(path)?;
    let fd = socket()?;
    let mut bound = rustix::net::bind(&fd, &address);
    // Left by a session that was killed.
    if bound == Err(Errno::ADDRINUSE) && connect(&address).is_err_and(|error| error == Errno::CONNREFUSED) {
        let _ = rustix::fs::unlink(path);
        bound = rustix::net::bind(&fd, &address);
    }
    bound?;
    rustix::net::listen(&fd, BACKLOG)?;
    Ok(fd)
}

/// Whether a session of this container answers there. One that is too busy to answer lives too.
fn living(path: &Path) -> bool {
    SocketAddrUnix::new(path).and_then(|address| connect(&address)).map_or_else(|error| error == Errno::AGAIN, |_| true)
}

fn in_use(id: &str) -> Fault {
    Fault::new(ErrorCode::InUse, format!("a session '{id}' lives already"))
}

/// Connects to a session; the socket never waits.
///
/// # Errors
/// `no_session`, or `too_many` where so many connect to it that it can't take another one now.
pub fn dial(place: Option<&Path>, id: &str) -> Result<OwnedFd, Fault> {
    let paths = directories(place).into_iter().filter(|dir| open_private(dir, false).is_some()).map(|dir| SocketAddrUnix::new(dir.join(id)));
    let named = place.is_none().then(|| SocketAddrUnix::new_abstract_name(abstract_name(id).as_bytes()));
    for address in paths.chain(named).flatten() {
        match connect(&address) {
            Ok(fd) => return Ok(fd),
            Err(Errno::AGAIN) => return Err(Fault::new(ErrorCode::TooMany, format!("session '{id}' has too many connections"))),
            Err(_) => {}
        }
    }
    Err(Fault::new(ErrorCode::NoSession, format!("there is no session '{id}'")))
}

/// The living sessions.
pub fn list(place: Option<&Path>) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for dir in directories(place) {
        if open_private(&dir, false).is_none() {
            continue;
        }
        for entry in std::fs::read_dir(&dir).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if valid_id(&name) && living(&entry.path()) {
                ids.insert(name);
            }
        }
    }
    if place.is_none() {
        let names = std::fs::read("/proc/net/unix").unwrap_or_default();
        let ours = abstract_name("");
        for id in String::from_utf8_lossy(&names).lines().filter_map(|line| line.rsplit_once(" @")?.1.strip_prefix(&ours)) {
            let living = || SocketAddrUnix::new_abstract_name(abstract_name(id).as_bytes()).and_then(|address| connect(&address)).is_ok();
            if valid_id(id) && living() {
                ids.insert(id.to_owned());
            }
        }
    }
    ids
}

/// Where sockets of this uid will lie; none where only abstract names are left.
pub fn best(place: Option<&Path>) -> Option<PathBuf> {
    directories(place).into_iter().find(|dir| open_private(dir, true).is_some())
}

#[cfg(test)]
mod tests {
    use super::dial;
    use super::list;
    use super::listen;
    use super::open_private;
    use hold::ErrorCode;
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    fn scratch(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("hold-place-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        dir
    }

    #[test]
    fn an_id_is_taken_once_and_free_again_when_its_session_is_gone() {
        let dir = scratch("once");
        let first = listen(Some(&dir), "a").unwrap();
        assert_eq!(listen(Some(&dir), "a").err().unwrap().code, ErrorCode::InUse);
        assert_eq!(list(Some(&dir)).into_iter().collect::<Vec<_>>(), ["a"]);
        assert!(dial(Some(&dir), "a").is_ok());
        assert_eq!(dial(Some(&dir), "b").unwrap_err().code, ErrorCode::NoSession);
        // As after kill -9: the file stays, nobody listens.
        let left = std::os::unix::net::UnixListener::bind(dir.join("c")).unwrap();
        drop(left);
        assert_eq!(dial(Some(&dir), "c").unwrap_err().code, ErrorCode::NoSession);
        assert!(listen(Some(&dir), "c").is_ok());
        drop(first);
        assert!(list(Some(&dir)).is_empty());
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_place_is_private_whatever_it_was_or_not_used() {
        let dir = scratch("private");
        std::fs::create_dir(&dir).unwrap();
        std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o777)).unwrap();
        assert!(open_private(&dir, false).is_none(), "others could have put something there");
        assert!(open_private(&dir, true).is_some());
        assert_eq!(std::fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o700);
        let link = scratch("link");
        let _ = std::fs::remove_file(&link);
        std::os::unix::fs::symlink(&dir, &link).unwrap();
        assert!(open_private(&link, true).is_none(), "a link leads who knows where");
        std::fs::remove_file(link).unwrap();
        std::fs::remove_dir(dir).unwrap();
    }
}
