//! Reads logs for the views that show them, and writes files of their lines.
use super::export;
use super::logs::Follow;
use super::logs::News;
use super::logs::SaveLog;
use super::logs::Told;
use super::logs::split::Splitter;
use super::logs::store::Batch;
use super::msg::Msg;
use super::msg::PaneId;
use super::msg::Saved;
use crate::client::Client;
use crate::error::Result;
use crate::model::LogQuery;
use futures_util::FutureExt as _;
use std::collections::HashMap;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Bytes of lines that are told at once.
const AT_ONCE: usize = 256 << 10;

/// Readers of logs, by pane and container. They end when they are dropped.
#[derive(Debug, Default)]
pub(super) struct Followers(HashMap<(PaneId, usize), Follower>);

#[derive(Debug)]
struct Follower(JoinHandle<()>);

impl Drop for Follower {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Followers {
    /// Begins to read a log, instead of what was read for the same place before.
    pub fn start(&mut self, follow: Follow, client: &Client, told: &mpsc::Sender<Msg>) {
        let place = (follow.pane, follow.source);
        let (client, told) = (client.clone(), told.clone());
        let task = tokio::spawn(async move {
            let problem = read(&follow, &client, &told).await.err().map(|error| Box::new(error.problem()));
            // Nobody listens only when the program ends.
            let _ = told.send(news(&follow, Told::Ended(problem))).await;
        });
        self.0.insert(place, Follower(task));
    }

    /// Ends all readers of a pane.
    pub fn end(&mut self, pane: PaneId) {
        self.0.retain(|(own, _), _| *own != pane);
    }
}

fn news(follow: &Follow, what: Told) -> Msg {
    Msg::Log(follow.pane, News { source: follow.source, round: follow.round, what })
}

/// Tells a log line by line. While the program is busy, the server waits.
async fn read(follow: &Follow, client: &Client, told: &mpsc::Sender<Msg>) -> Result<()> {
    let query = LogQuery { tail: follow.tail, follow: true, timestamps: true };
    let mut log = client.logs(follow.container.as_str(), &query).await?;
    if told.send(news(follow, Told::Begun)).await.is_err() {
        return Ok(());
    }
    let mut splitter = Splitter::new(follow.after);
    let mut ended = false;
    while !ended {
        let mut batch = Batch::default();
        let mut next = log.next().await;
        loop {
            match next {
                Some(piece) => splitter.push(&piece?, &mut batch),
                None => {
                    splitter.finish(&mut batch);
                    ended = true;
                    break;
                }
            }
            // What is there already comes along, so that a long log takes few messages.
            match log.next().now_or_never() {
                Some(more) if batch.bytes() < AT_ONCE => next = more,
                Some(Some(piece)) => {
                    splitter.push(&piece?, &mut batch);
                    break;
                }
                Some(None) => {
                    splitter.finish(&mut batch);
                    ended = true;
                    break;
                }
                None => break,
            }
        }
        if !batch.is_empty() && told.send(news(follow, Told::Lines(batch))).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// Writes lines into a file.
///
/// # Errors
/// `invalid_value` when the file can't be written, `disk_full`.
pub(super) async fn save(wish: &SaveLog) -> Result<Saved> {
    let excerpt = std::sync::Arc::clone(&wish.excerpt);
    export::write(&wish.path, wish.replace, wish.excerpt.len(), move |file| excerpt.write(file)).await
}
