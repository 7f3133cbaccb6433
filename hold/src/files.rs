//! Files of the container, for the server: listed, made, moved, removed; and where a session's program works.
//!
//! What is asked for comes on standard input and what is found goes out on standard output, in fields that end in NUL: no name holds one, so that
//! names of any bytes pass. A fault is a number of the operating system's and the path that it is about, on standard error.
use rustix::fd::OwnedFd;
use rustix::fs::AtFlags;
use rustix::fs::Dir;
use rustix::fs::FileType;
use rustix::fs::Mode;
use rustix::fs::OFlags;
use rustix::fs::RenameFlags;
use rustix::fs::Stat;
use rustix::io::Errno;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::io::Read;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::path::PathBuf;

/// Most bytes of what is asked for.
const LONGEST: u64 = 64 << 10;
/// Most entries that are listed of a directory.
const MOST: usize = 100_000;
/// How a directory is opened that is gone down into.
const DOWN: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// What went wrong, with what.
struct Fault(Errno, PathBuf);

/// Does what standard input asks for.
pub fn run() -> i32 {
    let mut asked = Vec::new();
    let read = std::io::stdin().take(LONGEST).read_to_end(&mut asked);
    let words: Vec<&[u8]> = asked.split(|byte| *byte == 0).collect();
    let path = |bytes| Path::new(OsStr::from_bytes(bytes));
    let done = match words.as_slice() {
        _ if read.is_err() => Err(Fault(Errno::IO, PathBuf::new())),
        [b"list", at, b""] => list(path(at)),
        [b"make", at, b""] => rustix::fs::mkdir(path(at), Mode::from_raw_mode(0o755)).map(|()| Vec::new()).map_err(|error| Fault(error, path(at).into())),
        [b"move", from, to, b""] => rename(path(from), path(to)),
        [b"remove", at, b""] => remove(path(at)),
        [b"cwd", id, b""] => cwd(id).ok_or_else(|| Fault(Errno::SRCH, PathBuf::new())),
        _ => Err(Fault(Errno::NOSYS, PathBuf::new())),
    };
    match done {
        Ok(found) => i32::from(std::io::stdout().write_all(&found).is_err()),
        Err(Fault(error, path)) => {
            let mut said = format!("{}\0", error.raw_os_error()).into_bytes();
            said.extend(path.as_os_str().as_bytes());
            // Nobody who listens no longer is told.
            let _ = std::io::stderr().write_all(&said);
            1
        }
    }
}

/// What is in a directory; five fields each: facts, user, group, name, where a link leads. At the end a field `.`, or `+` where there is more.
fn list(path: &Path) -> Result<Vec<u8>, Fault> {
    let fault = |error| Fault(error, path.into());
    let directory = rustix::fs::open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).map_err(fault)?;
    let users = names("/etc/passwd");
    let groups = names("/etc/group");
    let mut out = Vec::new();
    let mut count = 0;
    for entry in Dir::read_from(&directory).map_err(fault)? {
        let entry = entry.map_err(fault)?;
        let name = entry.file_name().to_bytes();
        if name == b"." || name == b".." {
            continue;
        }
        if count == MOST {
            out.extend(b"+\0");
            return Ok(out);
        }
        // One that vanishes meanwhile is not there.
        let Ok(stat) = rustix::fs::statat(&directory, name, AtFlags::SYMLINK_NOFOLLOW) else { continue };
        let link = FileType::from_raw_mode(stat.st_mode) == FileType::Symlink;
        let leads = if link { rustix::fs::statat(&directory, name, AtFlags::empty()).map_or('-', |stat| letter(&stat)) } else { '.' };
        let target =
            if link { rustix::fs::readlinkat(&directory, name, Vec::new()).map(std::ffi::CString::into_bytes).unwrap_or_default() } else { Vec::new() };
        let facts = format!("{}{leads} {} {} {} {} {}", letter(&stat), stat.st_mode & 0o7777, stat.st_size, stat.st_mtime, stat.st_uid, stat.st_gid);
        let user = users.get(&stat.st_uid).map_or(&b""[..], Vec::as_slice);
        let group = groups.get(&stat.st_gid).map_or(&b""[..], Vec::as_slice);
        for field in [facts.as_bytes(), user, group, name, &target] {
            out.extend(field);
            out.push(0);
        }
        count += 1;
    }
    out.extend(b".\0");
    Ok(out)
}

fn letter(stat: &Stat) -> char {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => 'f',
        FileType::Directory => 'd',
        FileType::Symlink => 'l',
        _ => 'o',
    }
}

/// The names of users or groups by their numbers; none where the file can't be read.
fn names(file: &str) -> HashMap<u32, Vec<u8>> {
    let text = std::fs::read(file).unwrap_or_default();
    let lines = text.split(|byte| *byte == b'\n').filter_map(|line| {
        let mut fields = line.split(|byte| *byte == b':');
        let (name, _, number) = (fields.next()?, fields.next()?, fields.next()?);
        Some((std::str::from_utf8(number).ok()?.parse().ok()?, name.to_vec()))
    });
    // The first name of a number is the one that others show.
    lines.fold(HashMap::new(), |mut all, (number, name)| {
        all.entry(number).or_insert(name);
        all
    })
}

/// Gives something another name, where nothing has that yet.
fn rename(from: &Path, to: &Path) -> Result<Vec<u8>, Fault> {
    let here = rustix::fs::CWD;
    let moved = match rustix::fs::renameat_with(here, from, here, to, RenameFlags::NOREPLACE) {
        // Not every file system can promise it.
        Err(Errno::INVAL | Errno::NOSYS) if rustix::fs::lstat(to).is_err() => rustix::fs::rename(from, to),
        other => other,
    };
    let about = |error| if matches!(error, Errno::EXIST | Errno::XDEV) { to } else { from };
    moved.map(|()| Vec::new()).map_err(|error| Fault(error, about(error).into()))
}

/// Removes something, with all that is in it, but never what is mounted there. Says how many things went.
fn remove(path: &Path) -> Result<Vec<u8>, Fault> {
    let fault = |error| Fault(error, path.to_owned());
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { return Err(fault(Errno::BUSY)) };
    let above = rustix::fs::open(parent, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).map_err(fault)?;
    let device = rustix::fs::fstat(&above).map_err(fault)?.st_dev;
    let mut count = 0;
    one(&above, name, path, device, &mut count)?;
    Ok(format!("{count}\0").into_bytes())
}

fn one(above: &OwnedFd, name: &OsStr, path: &Path, device: u64, count: &mut u64) -> Result<(), Fault> {
    let fault = |error| Fault(error, path.to_owned());
    let stat = rustix::fs::statat(above, name, AtFlags::SYMLINK_NOFOLLOW).map_err(fault)?;
    let directory = FileType::from_raw_mode(stat.st_mode) == FileType::Directory;
    if directory {
        if stat.st_dev != device {
            return Err(fault(Errno::XDEV));
        }
        let own = rustix::fs::openat(above, name, DOWN, Mode::empty()).map_err(fault)?;
        let listed: Result<Vec<_>, Errno> =
            Dir::read_from(&own).map_err(fault)?.map(|entry| entry.map(|entry| entry.file_name().to_bytes().to_vec())).collect();
        for child in listed.map_err(fault)?.iter().filter(|child| !matches!(child.as_slice(), b"." | b"..")) {
            let child = OsStr::from_bytes(child);
            one(&own, child, &path.join(child), device, count)?;
        }
    }
    let flags = if directory { AtFlags::REMOVEDIR } else { AtFlags::empty() };
    rustix::fs::unlinkat(above, name, flags).map_err(fault)?;
    *count += 1;
    Ok(())
}

/// Where the program works that has a session's terminal now; without an id that of the main program.
fn cwd(id: &[u8]) -> Option<Vec<u8>> {
    let keeper = if id.is_empty() { Some(1) } else { processes().find(|pid| keeps(*pid, id)) }?;
    let program = processes().find(|pid| stat(*pid).is_some_and(|stat| stat.parent == keeper)).unwrap_or(keeper);
    let foreground = stat(program).map(|stat| stat.foreground).filter(|pid| *pid > 0);
    let link = |pid: i32| std::fs::read_link(format!("/proc/{pid}/cwd")).ok();
    let mut path = foreground.and_then(link).or_else(|| link(program))?.into_os_string().into_encoded_bytes();
    path.push(0);
    Some(path)
}

fn processes() -> impl Iterator<Item = i32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// Whether a process is the holder of this session.
fn keeps(pid: i32, id: &[u8]) -> bool {
    let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let words: Vec<&[u8]> = line.split(|byte| *byte == 0).collect();
    words.get(1) == Some(&b"run".as_slice()) && words.windows(2).take_while(|pair| pair[0] != b"--").any(|pair| pair[0] == b"--id" && pair[1] == id)
}

/// What is known of a process: its parent, and the group that its terminal listens to.
struct Known {
    parent: i32,
    foreground: i32,
}

fn stat(pid: i32) -> Option<Known> {
    let text = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
    // The name may hold anything; what is behind its last bracket are numbers.
    let end = text.iter().rposition(|byte| *byte == b')')?;
    let fields: Vec<&str> = std::str::from_utf8(text.get(end + 1..)?).ok()?.split_whitespace().collect();
    Some(Known { parent: fields.get(1)?.parse().ok()?, foreground: fields.get(5)?.parse().ok()? })
}
