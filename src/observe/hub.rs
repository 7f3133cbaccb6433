//! Live stats: one reading or one engine stream a container however many watch.
use crate::engine::Engine;
use crate::engine::Meter;
use crate::engine::Moment;
use crate::error::Result;
use crate::model::ContainerId;
use crate::model::Stats;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::time::Duration;
use tokio::sync::broadcast;

/// Samples that a watcher may be behind; then the oldest are left out.
const BEHIND: usize = 4;
/// How often a container is looked at.
const TICK: Duration = Duration::from_secs(1);

/// Shares samples of containers. Cheap to clone; a clone shares the same ones.
#[derive(Clone)]
pub struct StatsHub(Arc<Inner>);

struct Inner {
    engine: Engine,
    /// Held for a look-up and never across an await.
    shared: Mutex<Shared>,
}

#[derive(Default)]
struct Shared {
    /// Whom somebody watches.
    streams: HashMap<ContainerId, broadcast::Sender<Stats>>,
    /// Where the kernel counts for them, as far as that can be seen here; while they are read they are not here.
    meters: Vec<Meter>,
    /// A task reads the meters.
    reads: bool,
}

impl StatsHub {
    /// Nobody watches yet.
    #[must_use]
    pub fn new(engine: Engine) -> Self {
        Self(Arc::new(Inner { engine, shared: Mutex::default() }))
    }

    /// Samples of a running container, about one a second, until it stops. The first has nothing to be compared with.
    ///
    /// # Errors
    /// `wrong_state` when it does not run.
    pub async fn subscribe(&self, id: &ContainerId) -> Result<broadcast::Receiver<Stats>> {
        if let Some(sender) = self.shared().streams.get(id) {
            return Ok(sender.subscribe());
        }
        let meter = self.0.engine.meter(id).await?;
        let mut samples = match meter {
            Some(_) => None,
            None => Some(self.0.engine.stats(id).await?),
        };
        let (sender, receiver) = broadcast::channel(BEHIND);
        {
            let mut shared = self.shared();
            // Somebody else may have been faster: then this one is not needed.
            if let Some(known) = shared.streams.get(id) {
                return Ok(known.subscribe());
            }
            shared.streams.insert(id.clone(), sender.clone());
            shared.meters.extend(meter);
            if samples.is_none() && !std::mem::replace(&mut shared.reads, true) {
                self.clone().begin();
            }
        }
        if let Some(mut samples) = samples.take() {
            let (hub, id) = (self.clone(), id.clone());
            tokio::spawn(async move {
                while let Some(sample) = samples.recv().await {
                    if sender.send(sample).is_err() && hub.drop_unwatched(&id) {
                        return;
                    }
                }
                hub.shared().streams.remove(&id);
            });
        }
        Ok(receiver)
    }

    /// Reads the meters once a second, as long as there are any.
    async fn read(self) {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let mut meters = std::mem::take(&mut self.shared().meters);
            // The kernel adds up some of its counters while they are read.
            let reading = tokio::task::spawn_blocking(move || {
                let mut buffer = Vec::new();
                let moment = Moment::now();
                let samples: Vec<Option<Stats>> = meters.iter_mut().map(|meter| meter.read(moment.as_ref()?, &mut buffer)).collect();
                (meters, samples)
            });
            let read = reading.await;
            let mut shared = self.shared();
            let Ok((meters, samples)) = read else {
                shared.reads = false;
                return;
            };
            for (meter, sample) in meters.into_iter().zip(samples) {
                let Some(sender) = shared.streams.get(meter.id()) else { continue };
                let Some(sample) = sample else {
                    self.clone().find_again(meter.id().clone());
                    continue;
                };
                if sender.send(sample).is_ok() {
                    shared.meters.push(meter);
                } else {
                    // Nobody watches.
                    shared.streams.remove(meter.id());
                }
            }
            if shared.meters.is_empty() {
                shared.reads = false;
                return;
            }
        }
    }

    /// A container that was started again counts elsewhere; one that has ended is watched no more.
    fn find_again(self, id: ContainerId) {
        tokio::spawn(async move {
            let meter = self.0.engine.meter(&id).await.ok().flatten();
            let mut shared = self.shared();
            match meter {
                Some(meter) if shared.streams.contains_key(&id) => {
                    shared.meters.push(meter);
                    if !std::mem::replace(&mut shared.reads, true) {
                        self.clone().begin();
                    }
                }
                _ => drop(shared.streams.remove(&id)),
            }
        });
    }

    /// Begins to read the meters, as long as there are any.
    fn begin(self) {
        let reading: BoxFuture<'static, ()> = self.read().boxed();
        tokio::spawn(reading);
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.0.shared.lock().expect("no panics while held")
    }

    /// Forgets a stream that nobody watches. Under the lock, so that nobody can begin to watch it just then.
    fn drop_unwatched(&self, id: &ContainerId) -> bool {
        let mut shared = self.shared();
        let unwatched = shared.streams.get(id).is_none_or(|sender| sender.receiver_count() == 0);
        if unwatched {
            shared.streams.remove(id);
        }
        unwatched
    }
}
