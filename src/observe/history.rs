//! What containers have used: minutes in memory, days in the store.
use super::series::Series;
use super::series::fewer;
use crate::engine::Engine;
use crate::engine::Meter;
use crate::engine::Moment;
use crate::error::Result;
use crate::model::ContainerId;
use crate::model::Stats;
use crate::model::StatsPoint;
use crate::store::Store;
use jiff::Timestamp;
use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;

/// The history of stats. Cheap to clone; a clone is the same.
#[derive(Clone)]
pub struct StatsHistory(Arc<Inner>);

struct Inner {
    engine: Engine,
    store: Store,
    /// Held for a look-up and never across an await.
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    series: HashMap<ContainerId, Series>,
    /// Where the kernel counts for those that run; while they are read they are not here.
    meters: Vec<Meter>,
    /// Those that can't be read here: the engine is elsewhere.
    unreadable: HashSet<ContainerId>,
}

impl StatsHistory {
    /// Nothing is known yet.
    #[must_use]
    pub fn new(engine: Engine, store: Store) -> Self {
        Self(Arc::new(Inner { engine, store, known: Mutex::default() }))
    }

    /// Looks once at the containers that run now, and keeps in the store what is complete for it.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`; the points in memory are kept all the same.
    pub async fn look(&self, running: &[ContainerId]) -> Result<()> {
        let (mut meters, unknown) = {
            let mut known = self.known();
            known.unreadable.retain(|id| running.contains(id));
            let meters = std::mem::take(&mut known.meters);
            let have: HashSet<&ContainerId> = meters.iter().map(Meter::id).collect();
            let unknown: Vec<ContainerId> = running.iter().filter(|id| !have.contains(id) && !known.unreadable.contains(*id)).cloned().collect();
            (meters, unknown)
        };
        for id in unknown {
            match self.0.engine.meter(&id).await {
                Ok(Some(meter)) => meters.push(meter),
                Ok(None) => drop(self.known().unreadable.insert(id)),
                // It has ended meanwhile.
                Err(_) => {}
            }
        }
        let reading = tokio::task::spawn_blocking(move || {
            let mut buffer = Vec::new();
            let moment = Moment::now();
            let mut samples: Vec<Stats> = Vec::with_capacity(meters.len());
            // One whose run is over is left out; if it runs again, it is found again.
            meters.retain_mut(|meter| moment.as_ref().and_then(|moment| meter.read(moment, &mut buffer)).map(|sample| samples.push(sample)).is_some());
            (meters, samples)
        });
        let Ok((meters, samples)) = reading.await else { return Ok(()) };
        let complete: Vec<(ContainerId, StatsPoint)> = {
            let mut known = self.known();
            known.meters = meters;
            let take = |sample: &Stats| known.series.entry(sample.container.clone()).or_default().take(sample).map(|point| (sample.container.clone(), point));
            samples.iter().filter_map(take).collect()
        };
        self.0.store.save_stats(&complete).await
    }

    /// A container is gone: its points go too.
    pub async fn forget(&self, id: &ContainerId) -> Result<()> {
        {
            let mut known = self.known();
            known.series.remove(id);
            known.unreadable.remove(id);
        }
        self.0.store.forget_stats_of(id).await
    }

    /// Keeps what is under way: the server is about to end.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn keep(&self) -> Result<()> {
        let rest: Vec<(ContainerId, StatsPoint)> = {
            let mut known = self.known();
            known.series.iter_mut().filter_map(|(id, series)| Some((id.clone(), series.unfinished()?))).collect()
        };
        self.0.store.save_stats(&rest).await
    }

    /// What a container has used since a time, oldest first, in at most `most` points.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn of(&self, id: &ContainerId, since: Timestamp, most: usize) -> Result<Vec<StatsPoint>> {
        let older = self.0.store.list_stats(id, since).await?;
        let known = self.known();
        let points = match known.series.get(id) {
            Some(series) => series.since(since, older),
            None => older,
        };
        Ok(fewer(points, most))
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.known.lock().expect("no panics while held")
    }
}
