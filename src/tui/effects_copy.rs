//! Copies files between containers and this machine, and tells how far that is.
use super::files::Copied;
use super::files::CopyItem;
use super::files::CopyJob;
use super::files::CopyNews;
use super::files::host;
use super::msg::Msg;
use crate::client::Client;
use crate::client::Landing;
use crate::client::Moved;
use crate::client::copy_in;
use crate::client::copy_out;
use crate::error::Result;
use crate::model::Code;
use crate::model::PathQuery;
use std::collections::HashMap;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// How often is told how far it is.
const TOLD: Duration = Duration::from_millis(200);
/// Things left out that are told; more are only counted.
const MOST_TOLD: usize = 50;

/// Copies that are under way.
#[derive(Debug, Default)]
pub(super) struct Copies(HashMap<u64, CancellationToken>);

impl Copies {
    /// Begins a copy; news of it follow.
    pub fn start(&mut self, job: CopyJob, client: &Client, told: &mpsc::Sender<Msg>) {
        let stop = CancellationToken::new();
        self.0.retain(|_, known| !known.is_cancelled());
        self.0.insert(job.id, stop.clone());
        let (client, told) = (client.clone(), told.clone());
        tokio::spawn(async move {
            let copied = run(&job, &client, &told, &stop).await;
            stop.cancel();
            // Nobody listens only when the program ends.
            let _ = told.send(Msg::Copy(job.id, CopyNews::Ended(Box::new(copied)))).await;
        });
    }

    /// Ends a copy before its time; how it has ended is told.
    pub fn stop(&mut self, id: u64) {
        if let Some(stop) = self.0.remove(&id) {
            stop.cancel();
        }
    }
}

async fn run(job: &CopyJob, client: &Client, told: &mpsc::Sender<Msg>, stop: &CancellationToken) -> Copied {
    let mut copied = Copied::default();
    let moved = Moved::default();
    for (place, item) in job.items.iter().enumerate() {
        let work = one(job, item, client, &moved, stop);
        tokio::pin!(work);
        let mut ticks = tokio::time::interval(TOLD);
        let done = loop {
            tokio::select! {
                done = &mut work => break done,
                _ = ticks.tick() => {
                    // A full queue will hear of the next.
                    let _ = told.try_send(Msg::Copy(job.id, CopyNews::Moved(place, moved.bytes())));
                }
            }
        };
        match done {
            Ok((files, bytes, left_out)) => {
                copied.items += 1;
                copied.files += files;
                copied.bytes += bytes;
                let room = MOST_TOLD.saturating_sub(copied.left_out.len());
                copied.left_out.extend(left_out.into_iter().take(room));
            }
            Err(error) => {
                let ends = matches!(error.code, Code::Cancelled | Code::DiskFull | Code::ServerUnavailable | Code::EngineUnavailable | Code::Forbidden);
                copied.problem.get_or_insert(Box::new(error.problem()));
                // What ends one for its own reasons need not end the others.
                if ends || stop.is_cancelled() {
                    break;
                }
            }
        }
    }
    copied
}

/// Copies one thing: how many files, how many bytes, what was left out.
async fn one(job: &CopyJob, item: &CopyItem, client: &Client, moved: &Moved, stop: &CancellationToken) -> Result<(u64, u64, Vec<String>)> {
    let container = job.container.as_str();
    let name = host::path(&item.name);
    if job.out {
        let landing = Landing { into: host::path(&job.into), name: Some(name.into_os_string()), most_bytes: u64::MAX };
        let done = copy_out(client, container, &PathQuery::new(&item.from), landing, moved, stop.cancelled()).await?;
        return Ok((done.files, done.bytes, done.left_out));
    }
    let done = copy_in(client, container, &PathQuery::new(&job.into), host::path(&item.from), Some(name), moved, stop.cancelled()).await?;
    Ok((done.files, done.bytes, done.left_out))
}
