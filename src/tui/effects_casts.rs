//! Asks the server about recordings, reads those that are played, and saves them as files.
use super::casts::CastNews;
use super::casts::CastReply;
use super::casts::CastWish;
use super::casts::ReadCast;
use super::effects::all;
use super::export;
use super::msg::Msg;
use super::msg::Saved;
use crate::client::Client;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::DeleteRecording;
use crate::model::Empty;
use crate::model::ListRecordings;
use std::io::Write as _;
use std::path::Path;
use tokio::sync::mpsc;

/// The reading of what is played: one at a time. It ends when it is dropped.
#[derive(Debug, Default)]
pub(super) struct CastReader(Option<Reading>);

#[derive(Debug)]
struct Reading {
    round: u64,
    more: mpsc::Sender<()>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl CastReader {
    /// Begins to read, instead of what was read before; the first piece comes by itself.
    pub fn start(&mut self, read: ReadCast, client: &Client, told: &mpsc::Sender<Msg>) {
        let (client, told) = (client.clone(), told.clone());
        let (more, wanted) = mpsc::channel(1);
        let round = read.round;
        let task = tokio::spawn(async move {
            let news = match pieces(&read, &client, &told, wanted).await {
                Ok(()) => CastNews::Ended,
                Err(error) => CastNews::Failed(error.message),
            };
            // Nobody listens only when the program ends.
            let _ = told.send(Msg::Cast(read.round, news)).await;
        });
        self.0 = Some(Reading { round, more, task });
    }

    /// One more piece is wanted.
    pub fn more(&mut self, round: u64) {
        if let Some(reading) = self.0.as_ref().filter(|reading| reading.round == round) {
            // One that waits already is enough.
            let _ = reading.more.try_send(());
        }
    }

    /// Ends the reading.
    pub fn stop(&mut self) {
        self.0 = None;
    }
}

async fn pieces(read: &ReadCast, client: &Client, told: &mpsc::Sender<Msg>, mut wanted: mpsc::Receiver<()>) -> Result<()> {
    let mut stream = client.cast(read.id.as_str(), Some(read.from)).await?;
    while let Some(piece) = stream.next().await {
        if told.send(Msg::Cast(read.round, CastNews::Piece(piece?.to_vec()))).await.is_err() {
            return Ok(());
        }
        if wanted.recv().await.is_none() {
            return Ok(());
        }
    }
    Ok(())
}

/// Does what is wished.
pub(super) async fn ask(client: &Client, wish: &CastWish) -> Result<CastReply> {
    match wish {
        CastWish::List => Ok(CastReply::Listed(all::<ListRecordings, _>(client).await?)),
        CastWish::Remove(ids) => {
            let (mut gone, mut kept) = (0, Vec::new());
            for id in ids {
                match client.call::<DeleteRecording>(&[id.as_str()], &Empty {}).await {
                    Ok(_) => gone += 1,
                    Err(error) => kept.push(error.message),
                }
            }
            Ok(CastReply::Removed(gone, kept))
        }
        CastWish::Save { id, path, replace } => save(client, id.as_str(), path, *replace).await,
    }
}

/// Saves a recording as asciicast. What came so far lies in a file without a name until all of it is there.
async fn save(client: &Client, id: &str, path: &Path, replace: bool) -> Result<CastReply> {
    let fail = |error: std::io::Error| {
        let code = if error.kind() == std::io::ErrorKind::StorageFull { Code::DiskFull } else { Code::Internal };
        Error::new(code, format!("the recording can't be kept while it comes: {error}")).because(error)
    };
    let mut stream = client.cast(id, None).await?;
    let mut kept = tempfile::tempfile().map_err(fail)?;
    let mut size = 0;
    while let Some(piece) = stream.next().await {
        let piece = piece?;
        size += piece.len() as u64;
        kept = tokio::task::spawn_blocking(move || kept.write_all(&piece).map(|()| kept))
            .await
            .map_err(|error| Error::internal(error.to_string()))?
            .map_err(fail)?;
    }
    let saved = export::write(path, replace, 0, move |mut file| {
        std::io::Seek::rewind(&mut kept)?;
        std::io::copy(&mut kept, &mut file).map(drop)
    })
    .await?;
    let saved = match saved {
        Saved::Written { path, .. } => Saved::Written { path, lines: 0 },
        exists => exists,
    };
    Ok(CastReply::Saved(saved, size))
}
