//! Looks at files of containers and of this machine, and changes them.
use super::files::FilesReply;
use super::files::FilesWish;
use super::files::Listing;
use super::files::PutWay;
use super::files::Where;
use super::files::draft::Draft;
use super::files::host;
use super::files::look;
use super::files::names;
use crate::client::Client;
use crate::client::FetchedFile;
use crate::client::fetch_file;
use crate::client::put_file;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::ContainerId;
use crate::model::Directory;
use crate::model::Empty;
use crate::model::GetSessionDirectory;
use crate::model::ListDirectory;
use crate::model::MakeDirectory;
use crate::model::MoveFile;
use crate::model::MovePath;
use crate::model::PathQuery;
use crate::model::RemoveFiles;
use std::collections::HashSet;
use std::sync::Arc;

/// Does what is asked for.
pub(super) async fn ask(client: &Client, wish: &FilesWish) -> Result<FilesReply> {
    let done = |text: String| Ok(FilesReply::Done(text));
    match wish {
        FilesWish::List(at, path) => list(client, at, path).await,
        FilesWish::Cwd(session) => {
            let found = client.call::<GetSessionDirectory>(&[session.as_str()], &Empty {}).await?;
            Ok(FilesReply::Cwd(found.bytes().unwrap_or_else(|| b"/".to_vec())))
        }
        FilesWish::Make(at, path) => {
            match at {
                Where::Container(id) => drop(client.call::<MakeDirectory>(&[id.as_str()], &PathQuery::new(path)).await?),
                Where::Host => here(path, |path| host::make(&path)).await?,
            }
            done(format!("{} is there", names::shown(path)))
        }
        FilesWish::Move(at, from, to) => {
            match at {
                Where::Container(id) => drop(client.call::<MoveFile>(&[id.as_str()], &MovePath::new(from, to)).await?),
                Where::Host => {
                    let to = to.clone();
                    here(from, move |from| host::rename(&from, &to)).await?;
                }
            }
            done(format!("it is {} now", names::shown(to)))
        }
        FilesWish::Remove(at, paths) => Ok(remove(client, at, paths).await),
        FilesWish::Look(at, path) => {
            let (bytes, size) = match at {
                Where::Container(id) => {
                    let file = fetch_file(client, id.as_str(), path, look::MOST_READ).await?;
                    (file.bytes, file.size)
                }
                Where::Host => here(path, |path| host::read(&path, look::MOST_READ)).await?,
            };
            Ok(FilesReply::Seen(names::shown(&names::last(path)), look::lines(&bytes, size)))
        }
        FilesWish::Compare(id, inside, outside) => {
            let there = fetch_file(client, id.as_str(), inside, look::MOST_READ).await?;
            let (bytes, size) = here(outside, |path| host::read(&path, look::MOST_READ)).await?;
            if there.size > look::MOST_READ as u64 || size > look::MOST_READ as u64 {
                return Err(Error::new(Code::TooLarge, "files of more than 1 MiB are not compared here")
                    .fix("copy it out and compare the two with a program of your choice"));
            }
            let called = |path: &[u8], side: &str| format!("{} ({side})", names::shown(path));
            let task = tokio::task::spawn_blocking({
                let (inside, outside) = (called(inside, "container"), called(outside, "this machine"));
                move || look::difference((&inside, &there.bytes), (&outside, &bytes))
            });
            let lines = task.await.map_err(|error| Error::internal(format!("the files were not compared: {error}")))?;
            Ok(FilesReply::Seen(format!("{}: container and this machine", names::shown(&names::last(inside))), lines))
        }
        FilesWish::Fetch(id, path) => {
            let file = fetch_file(client, id.as_str(), path, look::MOST_EDITED).await?;
            if file.size > look::MOST_EDITED as u64 {
                return Err(Error::new(Code::TooLarge, format!("'{}' is too large to be edited here", names::shown(path)))
                    .fix("files of up to 8 MiB can be; copy it out, or edit it in a terminal"));
            }
            let id = id.clone();
            let made = tokio::task::spawn_blocking(move || Draft::new(id, file)).await;
            Ok(FilesReply::Draft(Arc::new(made.map_err(|error| Error::internal(error.to_string()))??)))
        }
        FilesWish::PutBack(draft, way) => put_back(client, draft, way).await,
        FilesWish::Clashes(at, into, wanted) => {
            let there: HashSet<Vec<u8>> = match at {
                Where::Container(id) => inside(client, id, into).await?.items.iter().map(crate::model::DirectoryEntry::bytes).collect(),
                Where::Host => {
                    let wanted = wanted.clone();
                    here(into, move |into| Ok(wanted.into_iter().filter(|name| host::is_there(&names::join(&into, name))).collect())).await?
                }
            };
            Ok(FilesReply::Clashes(wanted.iter().filter(|name| there.contains(*name)).cloned().collect()))
        }
    }
}

/// Does something that may wait for a disk of this machine.
async fn here<T: Send + 'static>(path: &[u8], work: impl FnOnce(Vec<u8>) -> Result<T> + Send + 'static) -> Result<T> {
    let path = path.to_vec();
    tokio::task::spawn_blocking(move || work(path)).await.map_err(|error| Error::internal(format!("a disk was not asked: {error}")))?
}

async fn inside(client: &Client, id: &ContainerId, path: &[u8]) -> Result<Directory> {
    client.call::<ListDirectory>(&[id.as_str()], &PathQuery::new(path)).await
}

async fn list(client: &Client, at: &Where, path: &[u8]) -> Result<FilesReply> {
    match at {
        Where::Container(id) => {
            let found = inside(client, id, path).await?;
            let entries = found.items.into_iter().map(Into::into).collect();
            Ok(FilesReply::Listed(path.to_vec(), Listing { entries, cut: found.cut }))
        }
        Where::Host => {
            let (path, listing) = here(path, |path| {
                let path = host::meant(&path)?;
                let listing = host::list(&path)?;
                Ok((path, listing))
            })
            .await?;
            Ok(FilesReply::Listed(path, listing))
        }
    }
}

/// One that can't be removed does not keep the others.
async fn remove(client: &Client, at: &Where, paths: &[Vec<u8>]) -> FilesReply {
    let (mut gone, mut kept) = (0, Vec::new());
    for path in paths {
        let removed = match at {
            Where::Container(id) => client.call::<RemoveFiles>(&[id.as_str()], &PathQuery::new(path)).await.map(drop),
            Where::Host => here(path, |path| host::remove(&path)).await,
        };
        match removed {
            Ok(()) => gone += 1,
            Err(error) => {
                let fix = error.fix.as_ref().map(|fix| format!("\nfix: {fix}")).unwrap_or_default();
                kept.push(format!("{}{fix}", error.message));
            }
        }
    }
    FilesReply::Removed(gone, kept)
}

/// Puts an edited file back, after a look whether it is still as it was.
async fn put_back(client: &Client, draft: &Arc<Draft>, way: &PutWay) -> Result<FilesReply> {
    let copy = Arc::clone(draft);
    let read = tokio::task::spawn_blocking(move || std::fs::read(copy.path())).await.map_err(|error| Error::internal(error.to_string()))?;
    let bytes = read.map_err(|error| Error::invalid(format!("what was edited can't be read: {error}")))?;
    let original = &draft.original;
    if bytes == original.bytes && *way == PutWay::Checked {
        return Ok(FilesReply::Unchanged);
    }
    let container = draft.container.as_str();
    let path = match way {
        PutWay::As(name) => names::join(&names::parent(&original.path).map_or_else(|| b"/".to_vec(), |(parent, _)| parent), name),
        PutWay::Checked | PutWay::Over => original.path.clone(),
    };
    match way {
        PutWay::Checked => {
            let now = match fetch_file(client, container, &path, look::MOST_EDITED).await {
                Ok(now) => now,
                Err(error) if error.code == Code::NotFound => return Ok(FilesReply::Stale("it has gone from the container meanwhile".to_owned())),
                Err(error) => return Err(error),
            };
            if now != *original {
                let what = if now.bytes == original.bytes && now.size == original.size { "its mode or its owner was" } else { "what is in it was" };
                return Ok(FilesReply::Stale(format!("{what} changed in the container meanwhile")));
            }
        }
        PutWay::As(name) => {
            let (parent, _) = names::parent(&path).unwrap_or_else(|| (b"/".to_vec(), Vec::new()));
            if inside(client, &draft.container, &parent).await?.items.iter().any(|entry| entry.bytes() == *name) {
                return Ok(FilesReply::Stale(format!("there is a '{}' already", names::shown(name))));
            }
        }
        PutWay::Over => {}
    }
    let count = bytes.len();
    put_file(client, container, &FetchedFile { path: path.clone(), bytes, ..original.clone() }).await?;
    Ok(FilesReply::Put(path, count))
}
