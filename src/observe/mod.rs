//! What is only read: containers' stats, one engine stream a container however many watch.
use crate::engine::Engine;
use crate::error::Result;
use crate::model::ContainerId;
use crate::model::Stats;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use tokio::sync::broadcast;

/// Samples that a watcher may be behind; then the oldest are left out.
const BEHIND: usize = 4;

/// Shares streams of stats. Cheap to clone; a clone shares the same ones.
#[derive(Clone)]
pub struct StatsHub(Arc<Inner>);

struct Inner {
    engine: Engine,
    /// Streams that somebody watches. Held for a look-up and never across an await.
    streams: Mutex<HashMap<ContainerId, broadcast::Sender<Stats>>>,
}

impl StatsHub {
    /// No streams yet.
    #[must_use]
    pub fn new(engine: Engine) -> Self {
        Self(Arc::new(Inner { engine, streams: Mutex::default() }))
    }

    /// Samples of a running container, about one a second, until it stops.
    ///
    /// # Errors
    /// `wrong_state` when it does not run.
    pub async fn subscribe(&self, id: &ContainerId) -> Result<broadcast::Receiver<Stats>> {
        if let Some(receiver) = self.shared(id) {
            return Ok(receiver);
        }
        let mut samples = self.0.engine.stats(id).await?;
        let (sender, receiver) = broadcast::channel(BEHIND);
        {
            let mut streams = self.0.streams.lock().expect("no panics while held");
            // Somebody else may have been faster: then this stream is not needed.
            if let Some(known) = streams.get(id) {
                return Ok(known.subscribe());
            }
            streams.insert(id.clone(), sender.clone());
        }
        let (hub, id) = (self.clone(), id.clone());
        tokio::spawn(async move {
            while let Some(sample) = samples.recv().await {
                if sender.send(sample).is_err() && hub.drop_unwatched(&id) {
                    return;
                }
            }
            hub.0.streams.lock().expect("no panics while held").remove(&id);
        });
        Ok(receiver)
    }

    fn shared(&self, id: &ContainerId) -> Option<broadcast::Receiver<Stats>> {
        self.0.streams.lock().expect("no panics while held").get(id).map(broadcast::Sender::subscribe)
    }

    /// Forgets a stream that nobody watches. Under the lock, so that nobody can begin to watch it just then.
    fn drop_unwatched(&self, id: &ContainerId) -> bool {
        let mut streams = self.0.streams.lock().expect("no panics while held");
        let unwatched = streams.get(id).is_none_or(|sender| sender.receiver_count() == 0);
        if unwatched {
            streams.remove(id);
        }
        unwatched
    }
}
