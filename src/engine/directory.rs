//! Files of containers: listed, made, moved and removed by the holder, which needs nothing that is in the container. Where none runs, a directory
//! is read, and made, as an archive; the rest has to wait until the container runs.
use super::Engine;
use super::ExecOutput;
use super::WayIn;
use super::exec::Exec;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::ContainerId;
use crate::model::ContainerState;
use crate::model::Directory;
use crate::model::DirectoryEntry;
use crate::model::ExecStart;
use crate::model::PathKind;
use bytes::Bytes;
use futures_util::StreamExt;
use jiff::Timestamp;
use rustix::io::Errno;
use std::ffi::OsStr;
use std::io::Read;
use std::os::unix::ffi::OsStrExt as _;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::io::StreamReader;
use tokio_util::io::SyncIoBridge;

/// How long the holder may take. A large tree takes its time to be removed.
const PATIENCE: Duration = Duration::from_secs(110);
/// Most bytes of the holder's answer.
const MOST_ANSWER: usize = 64 << 20;
/// Most bytes of an archive that are read to list a directory, and how long that may take.
const MOST_ARCHIVE: usize = 2 << 30;
const ARCHIVE_TIME: Duration = Duration::from_secs(30);
/// Most entries that are listed.
const MOST_ENTRIES: usize = 100_000;
/// Pieces of an archive that may wait to be read.
const WAITING: usize = 8;
/// Exit codes from here on are those of programs that a signal has ended: 128 and its number.
const KILLED: i64 = 129;
/// Fields of an entry in the holder's answer.
const FIELDS: usize = 5;

impl Engine {
    /// What is in the directory `path` of a container.
    ///
    /// # Errors
    /// `not_found`, `invalid_value` where it is no directory, `wrong_state` where it can't be read.
    pub async fn list_directory(&self, id: &ContainerId, path: &[u8]) -> Result<Directory> {
        match self.ask_holder(id, &[b"list", path]).await? {
            Some(answer) => entries(&answer),
            None => self.list_archive(id, path).await,
        }
    }

    /// Makes the directory `path`.
    ///
    /// # Errors
    /// `not_found`, `name_in_use`, `wrong_state` where it can't be made.
    pub async fn make_directory(&self, id: &ContainerId, path: &[u8]) -> Result<()> {
        if self.ask_holder(id, &[b"make", path]).await?.is_some() {
            return Ok(());
        }
        let (parent, name) = split(path);
        let listed = self.list_archive(id, parent).await?;
        if listed.items.iter().any(|entry| entry.bytes() == name) {
            return Err(said(Errno::EXIST, path));
        }
        let tar = directory_tar(name).map_err(|error| Error::internal(format!("an archive can't be made: {error}")))?;
        self.upload(id, parent, futures_util::stream::iter([Ok(Bytes::from(tar))])).await
    }

    /// Gives something another name or place, where nothing is yet.
    ///
    /// # Errors
    /// `not_found`, `name_in_use`, `wrong_state` where it can't be moved.
    pub async fn move_file(&self, id: &ContainerId, name: &str, from: &[u8], to: &[u8]) -> Result<()> {
        self.ask_holder(id, &[b"move", from, to]).await?.map(drop).ok_or_else(|| no_holder(name, "renamed"))
    }

    /// Removes something with all that is in it; says how many things went.
    ///
    /// # Errors
    /// `not_found`, `wrong_state` where it can't be removed: what went before is gone.
    pub async fn remove_files(&self, id: &ContainerId, name: &str, path: &[u8]) -> Result<u64> {
        let answer = self.ask_holder(id, &[b"remove", path]).await?.ok_or_else(|| no_holder(name, "removed"))?;
        let number = answer.split(|byte| *byte == 0).next().and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
        number.ok_or_else(not_understood)
    }

    /// Where the program works that has the terminal of this session now; without an id that of the main program.
    ///
    /// # Errors
    /// `not_found`, `wrong_state`.
    pub async fn working_directory(&self, id: &ContainerId, name: &str, session: &str) -> Result<Vec<u8>> {
        let answer = self.ask_holder(id, &[b"cwd", session.as_bytes()]).await?.ok_or_else(|| no_holder(name, "looked for"))?;
        answer.split(|byte| *byte == 0).next().filter(|path| path.first() == Some(&b'/')).map(<[u8]>::to_vec).ok_or_else(not_understood)
    }

    /// What the holder in a container answers; none where none can run there now.
    async fn ask_holder(&self, id: &ContainerId, words: &[&[u8]]) -> Result<Option<Vec<u8>>> {
        let (ContainerState::Running, Some(WayIn::Holder(holder))) = self.look_in(id).await? else { return Ok(None) };
        let mut asked = words.join(&0);
        asked.push(0);
        // The engine itself acts as root when it copies files; so does this.
        let start = ExecStart { command: vec![holder, "files".to_owned()], user: Some("0".to_owned()), stdin: true, ..ExecStart::default() };
        let work = async {
            let Exec { stdin, mut output, control } = self.exec(&start, id).await?;
            // What takes no question says why.
            let _ = stdin.send(asked.into()).await;
            drop(stdin);
            let (mut answer, mut fault) = (Vec::new(), Vec::new());
            while let Some(piece) = output.recv().await {
                let (into, bytes) = match &piece {
                    ExecOutput::Stdout(bytes) => (&mut answer, bytes),
                    ExecOutput::Stderr(bytes) => (&mut fault, bytes),
                };
                if into.len() + bytes.len() > MOST_ANSWER {
                    return Err(Error::new(Code::TooLarge, "the holder's answer is too large"));
                }
                into.extend_from_slice(bytes);
            }
            Ok((control.exit().await?, answer, fault))
        };
        let late = || Err(Error::new(Code::TimedOut, format!("the container did not answer within {} s", PATIENCE.as_secs())));
        let (code, answer, fault) = tokio::time::timeout(PATIENCE, work).await.unwrap_or_else(|_| late())?;
        match code {
            0 => Ok(Some(answer)),
            // A holder of an older server that does not know files.
            2 => Ok(None),
            KILLED.. => Err(Error::new(Code::WrongState, "what looks after the container's files was ended there before it had answered")
                .fix("the container was stopped or restarted, or has too little memory: look at its state and try again")),
            _ => {
                let mut fields = fault.splitn(2, |byte| *byte == 0);
                let number = fields.next().and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
                let number = number.ok_or_else(not_understood)?;
                Err(said(Errno::from_raw_os_error(number), fields.next().unwrap_or_default()))
            }
        }
    }

    /// What is in a directory, by the archive that the engine makes of all below it.
    async fn list_archive(&self, id: &ContainerId, path: &[u8]) -> Result<Directory> {
        let mut inside = path.to_vec();
        inside.extend(if path.ends_with(b"/") { &b"."[..] } else { b"/." });
        let mut archive = self.download(id, &inside).await?;
        let (sender, mut receiver) = mpsc::channel::<Bytes>(WAITING);
        let pieces = futures_util::stream::poll_fn(move |cx| receiver.poll_recv(cx)).map(std::io::Result::Ok);
        let pieces = SyncIoBridge::new(StreamReader::new(pieces));
        let reading = tokio::task::spawn_blocking(move || read_archive(pieces));
        let deadline = tokio::time::Instant::now() + ARCHIVE_TIME;
        let mut read = 0;
        let mut cut = None;
        loop {
            match tokio::time::timeout_at(deadline, archive.next()).await {
                Ok(None) => break,
                Ok(Some(piece)) => {
                    let piece = piece?;
                    read += piece.len();
                    if read > MOST_ARCHIVE {
                        cut = Some(cut_words());
                        break;
                    }
                    // Whoever reads has enough, or has met the archive's end.
                    if sender.send(piece).await.is_err() {
                        break;
                    }
                }
                Err(_) => {
                    cut = Some(cut_words());
                    break;
                }
            }
        }
        drop(sender);
        let items = reading.await.map_err(|error| Error::internal(format!("the archive was not read: {error}")))?;
        if items.len() >= MOST_ENTRIES {
            cut = Some(cut_words());
        }
        Ok(Directory { items, cut })
    }
}

fn cut_words() -> String {
    "there is too much in it to be listed while no session holder runs there; start the container".to_owned()
}

/// The first level of an archive. One that is cut off gives what was in it until then.
fn read_archive(pieces: impl Read) -> Vec<DirectoryEntry> {
    let mut archive = tar::Archive::new(pieces);
    let mut items = Vec::new();
    let Ok(entries) = archive.entries() else { return items };
    for entry in entries {
        let Ok(entry) = entry else { break };
        let path = entry.path_bytes();
        let name = path.strip_prefix(b"./").unwrap_or(&path);
        let name = name.strip_suffix(b"/").unwrap_or(name);
        if name.is_empty() || name == b"." || name.contains(&b'/') {
            continue;
        }
        let header = entry.header();
        let kind = match header.entry_type() {
            tar::EntryType::Directory => PathKind::Directory,
            tar::EntryType::Symlink => PathKind::Link,
            kind if kind.is_file() || kind == tar::EntryType::Link => PathKind::File,
            _ => PathKind::Other,
        };
        let number = |number: std::io::Result<u64>| number.ok().and_then(|number| u32::try_from(number).ok()).unwrap_or(0);
        let target = if kind == PathKind::Link { entry.link_name_bytes() } else { None };
        items.push(DirectoryEntry {
            size_bytes: if kind == PathKind::File { entry.size() } else { 0 },
            mode: header.mode().unwrap_or(0) & 0o7777,
            modified_at: header.mtime().ok().and_then(|at| Timestamp::from_second(i64::try_from(at).ok()?).ok()),
            uid: number(header.uid()),
            gid: number(header.gid()),
            target: target.map(|target| String::from_utf8_lossy(&target).into_owned()),
            ..DirectoryEntry::new(name, kind)
        });
        if items.len() >= MOST_ENTRIES {
            break;
        }
    }
    items
}

/// The holder's list.
fn entries(answer: &[u8]) -> Result<Directory> {
    let mut fields: Vec<&[u8]> = answer.split(|byte| *byte == 0).collect();
    // Behind the last NUL there is nothing; before it stands how the list ends.
    let (Some(b""), Some(end)) = (fields.pop(), fields.pop()) else { return Err(not_understood()) };
    let cut = match end {
        b"." => None,
        b"+" => Some(format!("these are the first {MOST_ENTRIES} entries")),
        _ => return Err(not_understood()),
    };
    let items = fields.chunks(FIELDS).map(|fields| entry(fields).ok_or_else(not_understood)).collect::<Result<_>>()?;
    Ok(Directory { items, cut })
}

fn entry(fields: &[&[u8]]) -> Option<DirectoryEntry> {
    let [facts, user, group, name, target] = fields else { return None };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let facts = std::str::from_utf8(facts).ok()?;
    let words: Vec<&str> = facts.split(' ').collect();
    let [kinds, mode, size, seconds, uid, gid] = words.as_slice() else { return None };
    let mut kinds = kinds.chars();
    let kind = kind(kinds.next()?)?;
    Some(DirectoryEntry {
        size_bytes: if kind == PathKind::File { size.parse().unwrap_or(0) } else { 0 },
        mode: mode.parse().ok()?,
        modified_at: seconds.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok()),
        uid: uid.parse().ok()?,
        gid: gid.parse().ok()?,
        user: text(user),
        group: text(group),
        target: (kind == PathKind::Link).then(|| text(target)),
        leads_to: kinds.next().and_then(self::kind),
        ..DirectoryEntry::new(name, kind)
    })
}

fn kind(letter: char) -> Option<PathKind> {
    Some(match letter {
        'f' => PathKind::File,
        'd' => PathKind::Directory,
        'l' => PathKind::Link,
        'o' => PathKind::Other,
        _ => return None,
    })
}

/// A path's parent and its last part.
fn split(path: &[u8]) -> (&[u8], &[u8]) {
    let end = path.iter().rposition(|byte| *byte != b'/').map_or(0, |at| at + 1);
    let path = path.get(..end).unwrap_or_default();
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(at) => (path.get(..at.max(1)).unwrap_or_default(), path.get(at + 1..).unwrap_or_default()),
        None => (b"/", path),
    }
}

fn directory_tar(name: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Directory);
    header.set_mode(0o755);
    header.set_mtime(u64::try_from(Timestamp::now().as_second()).unwrap_or(0));
    header.set_size(0);
    builder.append_data(&mut header, OsStr::from_bytes(name), std::io::empty())?;
    builder.into_inner()
}

/// What the container's own system said about a path.
fn said(error: Errno, path: &[u8]) -> Error {
    let path: String = String::from_utf8_lossy(path).chars().map(|c| if c.is_control() { '?' } else { c }).take(300).collect();
    let wrong = |what: &str| Error::new(Code::WrongState, format!("'{path}' {what}"));
    match error {
        Errno::NOENT => Error::not_found("file or directory", &path).fix("it may have gone meanwhile; look again"),
        Errno::EXIST => Error::new(Code::NameInUse, format!("'{path}' is there already")).fix("choose another name"),
        Errno::NOTDIR => Error::invalid(format!("'{path}' is no directory")),
        Errno::ISDIR => Error::invalid(format!("'{path}' is a directory")),
        Errno::NAMETOOLONG => Error::invalid(format!("the name of '{path}' is too long")),
        Errno::LOOP => Error::invalid(format!("'{path}' is a link that leads round and round")),
        Errno::INVAL => Error::invalid(format!("'{path}' can't be moved into itself")),
        Errno::NOSPC | Errno::DQUOT => Error::new(Code::DiskFull, format!("there is no space for '{path}'")).fix("remove something there first"),
        Errno::ROFS => wrong("can't be changed: its file system is read-only").fix("choose a volume or another place that can be written"),
        Errno::ACCESS | Errno::PERM => {
            wrong("is out of reach: permission denied, also for root in this container").fix("its mount or its security settings forbid it")
        }
        Errno::BUSY => wrong("is in use: something is mounted there").fix("what is mounted is changed where it comes from"),
        Errno::XDEV => wrong("is on another file system, or something is mounted in it").fix("copy it there and remove the old one; mounts are left alone"),
        Errno::NOTEMPTY => wrong("is not empty: something came in meanwhile").fix("try again"),
        Errno::SRCH => Error::new(Code::NotFound, "no program has the session's terminal: it has ended, or can't be looked at"),
        other => Error::new(Code::EngineFailed, format!("'{path}': {}", std::io::Error::from(other))),
    }
}

/// The holder has to run for this, and does not.
fn no_holder(name: &str, what: &str) -> Error {
    Error::new(Code::WrongState, format!("nothing can be {what} in '{name}' now: the session holder does not run there"))
        .fix(format!("start it if it is stopped ('cto start {name}'); one that an older cto has made is to be made anew"))
}

fn not_understood() -> Error {
    Error::new(Code::EngineFailed, "the session holder's answer is not understood")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_holder_s_list_is_read_and_what_is_none_is_refused() {
        let answer = b"f. 420 12 1700000000 0 5\0root\0tty\0a\xff\n\0\0ld 511 7 0 7 7\0\0\0l\0../x\0.\0";
        let found = entries(answer).unwrap();
        assert_eq!((found.cut, found.items.len()), (None, 2));
        let (file, link) = (&found.items[0], &found.items[1]);
        assert_eq!((file.bytes(), file.size_bytes, file.mode, file.user.as_str(), file.gid), (b"a\xff\n".to_vec(), 12, 0o644, "root", 5));
        assert_eq!((link.target.as_deref(), link.leads_to, link.size_bytes), (Some("../x"), Some(PathKind::Directory), 0));
        assert!(entries(b"+\0").unwrap().cut.is_some());
        for wrong in [&b""[..], b"\0", b"f. 420\0root\0", b"x. 1 1 1 1 1\0\0\0a\0\0.\0", b"a\0b\0.\0"] {
            assert!(entries(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_path_has_a_parent_and_a_name() {
        let of = |path: &'static str| split(path.as_bytes());
        assert_eq!(of("/a/b/"), (&b"/a"[..], &b"b"[..]));
        assert_eq!(of("/a"), (&b"/"[..], &b"a"[..]));
        assert_eq!(of("a"), (&b"/"[..], &b"a"[..]));
        assert_eq!(of("/"), (&b"/"[..], &b""[..]));
    }
}
