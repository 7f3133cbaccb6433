//! `cto cp`: files out of a container and into one, as docker cp.
use crate::cli::context::Context;
use crate::cli::life_args::CopyArgs;
use crate::cli::output;
use crate::client::Client;
use crate::client::Landing;
use crate::client::Moved;
use crate::client::Unpacked;
use crate::client::copy_in;
use crate::client::copy_out;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::PathKind;
use crate::model::PathQuery;
use crate::model::PathStat;
use crate::model::StatPath;
use bytes::Bytes;
use std::ffi::OsStr;
use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::path::Path;
use std::path::PathBuf;
use tokio::io::AsyncReadExt as _;
use tokio::sync::mpsc;

/// Pieces of an archive that may wait to be sent; then standard input waits.
const WAITING: usize = 8;
/// Links that are followed to where something is written.
const MOST_LINKS: usize = 10;

/// One end of a copy.
#[derive(Debug, PartialEq, Eq)]
enum End<'a> {
    /// `CONTAINER:PATH`.
    Container(&'a str, &'a str),
    /// A path of this machine.
    Here(&'a str),
    /// An archive on a standard stream.
    Stream,
}

/// `cto cp`.
pub async fn copy(context: &Context, args: &CopyArgs) -> Result<()> {
    let client = context.client().await?;
    let told = match (end(&args.source), end(&args.destination)) {
        (End::Container(container, path), End::Stream) => return to_stream(&client, container, path).await,
        (End::Container(container, path), End::Here(here)) => {
            let done = fetch(&client, container, path, here, args).await?;
            Told { files: done.files, bytes: done.bytes, left_out_count: done.left_out_count, left_out: done.left_out }
        }
        (End::Stream, End::Container(container, path)) => {
            let bytes = send(&client, container, path, from_stream()).await?;
            Told { files: 0, bytes, left_out: Vec::new(), left_out_count: 0 }
        }
        (End::Here(here), End::Container(container, path)) => push(&client, here, container, path).await?,
        _ => return Err(Error::invalid("one end of a copy is in a container, the other is not").fix("write CONTAINER:PATH for one of them")),
    };
    for line in &told.left_out {
        output::warn(line);
    }
    let more = told.left_out_count.saturating_sub(told.left_out.len() as u64);
    if more > 0 {
        output::warn(&format!("{more} more were left out"));
    }
    if context.json() {
        let all = serde_json::json!({ "files": told.files, "bytes": told.bytes, "left_out": told.left_out, "left_out_count": told.left_out_count });
        return output::json(&all);
    }
    if std::io::stdout().is_terminal() {
        output::print(&format!("copied {} in {} files to {}\n", output::bytes(told.bytes), told.files, output::plain(&args.destination)))?;
    }
    Ok(())
}

/// What was copied.
struct Told {
    files: u64,
    bytes: u64,
    left_out: Vec<String>,
    left_out_count: u64,
}

/// As docker reads it: what has a colon is in a container, unless it begins like a path.
fn end(text: &str) -> End<'_> {
    match text.split_once(':') {
        _ if text == "-" => End::Stream,
        _ if text.starts_with('/') || text.starts_with('.') => End::Here(text),
        Some((container, path)) => End::Container(container, path),
        None => End::Here(text),
    }
}

/// Passes a container's files on as an archive.
async fn to_stream(client: &Client, container: &str, path: &str) -> Result<()> {
    if std::io::stdout().is_terminal() {
        return Err(Error::invalid("an archive is not for a terminal").fix("write it to a file or into a pipe: cto cp CONTAINER:PATH - | tar t"));
    }
    let mut stream = client.download(container, &PathQuery::new(place(path).as_bytes())).await?;
    while let Some(bytes) = stream.next().await {
        output::write(&bytes?)?;
    }
    Ok(())
}

/// Copies out of a container.
async fn fetch(client: &Client, container: &str, path: &str, here: &str, args: &CopyArgs) -> Result<Unpacked> {
    let mut path = place(path);
    let mut found = stat(client, container, &path).await?;
    if args.follow_link
        && let Some(target) = found.target.take()
    {
        found = stat(client, container, &target).await?;
        path = target;
    }
    let only_contents = path.ends_with("/.");
    let (into, name) = landing(here, &found.name, found.kind == PathKind::Directory, only_contents)?;
    let landing = Landing { into, name, most_bytes: args.max_size.unwrap_or(u64::MAX) };
    copy_out(client, container, &PathQuery::new(path.as_bytes()), landing, &Moved::default(), interrupted()).await
}

/// Comes true with Ctrl-C.
async fn interrupted() {
    // Where that can't be heard, nobody can stop it so.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Where a thing called `name` lands: the directory, and what it is called there; no name where only what is in it is copied.
fn landing(here: &str, name: &str, directory: bool, only_contents: bool) -> Result<(PathBuf, Option<OsString>)> {
    let target = Path::new(here);
    let wrong = |what: &str| Err(Error::invalid(format!("'{here}' {what}")));
    match std::fs::metadata(target) {
        Ok(there) if there.is_dir() && only_contents => Ok((target.to_owned(), None)),
        Ok(there) if there.is_dir() => {
            let name = Path::new(name).file_name().ok_or_else(|| Error::invalid(format!("'{name}' can't be a name here")))?;
            Ok((target.to_owned(), Some(name.to_owned())))
        }
        Ok(_) if directory => wrong("is a file, and a directory can't be copied to it"),
        Err(_) if here.ends_with('/') && !directory => wrong("is no directory"),
        _ => {
            let Some(name) = target.file_name() else { return wrong("is no place for a file") };
            let parent = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
            if !parent.is_dir() {
                return wrong("lies in a directory that is not there");
            }
            if only_contents {
                std::fs::create_dir(target).map_err(|error| Error::invalid(format!("'{here}' can't be made: {error}")).because(error))?;
                return Ok((target.to_owned(), None));
            }
            Ok((parent.to_owned(), Some(name.to_owned())))
        }
    }
}

/// Copies into a container.
async fn push(client: &Client, here: &str, container: &str, path: &str) -> Result<Told> {
    let source = Path::new(here);
    let seen = std::fs::symlink_metadata(source).map_err(|error| Error::invalid(format!("'{here}' can't be read: {error}")).because(error))?;
    let only_contents = here.ends_with("/.") || here == ".";
    // A name with a slash behind it is what a link leads to.
    let directory = seen.is_dir() || (here.ends_with('/') || only_contents) && source.is_dir();
    let own = std::path::absolute(source).ok().and_then(|source| source.file_name().map(OsStr::to_owned)).unwrap_or_default();
    let path = place(path);
    let (into, name): (String, Option<PathBuf>) = match resolved(client, container, &path).await? {
        (path, Some(there)) if there.kind == PathKind::Directory => (path, (!only_contents).then(|| own.into())),
        (_, Some(_)) if directory => return Err(Error::invalid(format!("'{path}' in the container is a file, and a directory can't be copied to it"))),
        (_, None) if path.ends_with('/') && !directory => {
            return Err(Error::not_found("directory", &path).fix("make it first, or leave out the slash at the end"));
        }
        (path, _) => {
            let trimmed = path.trim_end_matches('/');
            let (parent, name) = trimmed.rsplit_once('/').unwrap_or(("", trimmed));
            (if parent.is_empty() { "/".to_owned() } else { parent.to_owned() }, Some(name.into()))
        }
    };
    let only_contents = name.is_none() && directory;
    let name = if only_contents { None } else { name };
    let packed = copy_in(client, container, &PathQuery::new(into.as_bytes()), source.to_owned(), name, &Moved::default(), interrupted()).await?;
    let left_out_count = packed.left_out.len() as u64;
    Ok(Told { files: packed.files, bytes: packed.bytes, left_out: packed.left_out, left_out_count })
}

/// The place that a path leads to in the container, links followed, and what is there.
async fn resolved(client: &Client, container: &str, path: &str) -> Result<(String, Option<PathStat>)> {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        match stat(client, container, &path).await {
            Ok(PathStat { kind: PathKind::Link, target: Some(target), .. }) => path = place(&target),
            Ok(found) => return Ok((path, Some(found))),
            Err(error) if error.code == Code::NotFound && !error.message.starts_with("no container") => return Ok((path, None)),
            Err(error) => return Err(error),
        }
    }
    Err(Error::invalid(format!("'{path}' in the container is a link that leads round and round")))
}

async fn stat(client: &Client, container: &str, path: &str) -> Result<PathStat> {
    client.call::<StatPath>(&[container], &PathQuery::new(path.as_bytes())).await
}

async fn send(client: &Client, container: &str, path: &str, pieces: mpsc::Receiver<std::io::Result<Bytes>>) -> Result<u64> {
    client.upload(container, &PathQuery::new(place(path).as_bytes()), pieces).await.map(|uploaded| uploaded.bytes)
}

/// A container's path begins at its root, also where it is written without.
fn place(path: &str) -> String {
    if path.starts_with('/') { path.to_owned() } else { format!("/{path}") }
}

/// Standard input in pieces.
fn from_stream() -> mpsc::Receiver<std::io::Result<Bytes>> {
    let (sender, receiver) = mpsc::channel(WAITING);
    tokio::spawn(async move {
        let mut input = tokio::io::stdin();
        loop {
            let mut piece = bytes::BytesMut::with_capacity(256 << 10);
            let read = input.read_buf(&mut piece).await;
            match read {
                Ok(0) => return,
                Ok(_) => {
                    if sender.send(Ok(piece.freeze())).await.is_err() {
                        return;
                    }
                }
                Err(error) => {
                    let _ = sender.send(Err(error)).await;
                    return;
                }
            }
        }
    });
    receiver
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_read_as_docker_reads_them() {
        assert_eq!(end("web:/etc/hosts"), End::Container("web", "/etc/hosts"));
        assert_eq!(end("./a:b"), End::Here("./a:b"));
        assert_eq!(end("/a:b"), End::Here("/a:b"));
        assert_eq!(end("a"), End::Here("a"));
        assert_eq!(end("-"), End::Stream);
    }
}
