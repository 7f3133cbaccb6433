//! What containers have used: every ten seconds for a quarter of an hour, every minute for an hour, and sums of five minutes that go to the store.
use crate::model::Stats;
use crate::model::StatsPoint;
use jiff::Timestamp;
use std::collections::VecDeque;

/// Seconds of a point, and how many are kept, from the finest.
const FINE: (u32, usize) = (10, 90);
const COARSE: (u32, usize) = (60, 60);
/// Seconds of a point that is kept in the store.
pub(super) const STORED: u32 = 300;

/// One container's points.
#[derive(Debug, Default)]
pub(super) struct Series {
    fine: VecDeque<StatsPoint>,
    coarse: VecDeque<StatsPoint>,
    /// Of the five minutes that are under way.
    stored: Option<Sum>,
    minute: Option<Sum>,
}

/// Points that become one.
#[derive(Clone, Debug)]
pub(super) struct Sum {
    point: StatsPoint,
    count: f64,
}

impl Sum {
    fn new(point: &StatsPoint, seconds: u32) -> Self {
        Self { point: StatsPoint { at: beginning(point.at, seconds), seconds, ..point.clone() }, count: 1.0 }
    }

    /// The mean of what is a rate, the most of what can run out, the last of what only grows.
    fn add(&mut self, point: &StatsPoint) {
        let sum = &mut self.point;
        sum.cpu_percent = (sum.cpu_percent * self.count + point.cpu_percent) / (self.count + 1.0);
        self.count += 1.0;
        sum.cpu_percent_max = sum.cpu_percent_max.max(point.cpu_percent_max);
        sum.memory_bytes = sum.memory_bytes.max(point.memory_bytes);
        sum.memory_limit_bytes = point.memory_limit_bytes;
        sum.pids = sum.pids.max(point.pids);
        (sum.network_bytes, sum.block_bytes) = (point.network_bytes, point.block_bytes);
    }
}

impl Series {
    /// Takes in a sample; what is complete for the store comes back.
    pub fn take(&mut self, sample: &Stats) -> Option<StatsPoint> {
        let point = StatsPoint {
            at: beginning(sample.at, FINE.0),
            seconds: FINE.0,
            cpu_percent: sample.cpu_percent,
            cpu_percent_max: sample.cpu_percent,
            memory_bytes: sample.memory_bytes,
            memory_limit_bytes: sample.memory_limit_bytes,
            pids: sample.pids,
            network_bytes: sample.network_bytes,
            block_bytes: sample.block_bytes,
        };
        if let Some(minute) = roll(&mut self.minute, &point, COARSE.0) {
            keep(&mut self.coarse, minute, COARSE.1);
        }
        let stored = roll(&mut self.stored, &point, STORED);
        keep(&mut self.fine, point, FINE.1);
        stored
    }

    /// What is under way for the store.
    pub fn unfinished(&mut self) -> Option<StatsPoint> {
        self.stored.take().map(|sum| sum.point)
    }

    /// Points since a time, oldest first: as fine as they are there.
    pub fn since(&self, since: Timestamp, older: Vec<StatsPoint>) -> Vec<StatsPoint> {
        let fine = self.fine.iter().cloned().collect();
        let mut all = joined(joined(fine, self.coarse.iter().cloned().collect(), COARSE.0), older, STORED);
        all.retain(|point| end(point) > since.as_second());
        all
    }
}

/// Finer points with coarser ones before them. Where a coarser one ends within the finer, it has the part of theirs before its end.
fn joined(mut finer: Vec<StatsPoint>, mut coarser: Vec<StatsPoint>, seconds: u32) -> Vec<StatsPoint> {
    let Some(first) = finer.first().map(|point| point.at.as_second()) else { return coarser };
    let boundary = first + (-first).rem_euclid(i64::from(seconds));
    if coarser.iter().any(|point| end(point) == boundary) {
        finer.retain(|point| point.at.as_second() >= boundary);
        coarser.retain(|point| end(point) <= boundary);
    } else {
        coarser.retain(|point| end(point) <= first);
    }
    coarser.extend(finer);
    coarser
}

fn end(point: &StatsPoint) -> i64 {
    point.at.as_second().saturating_add(i64::from(point.seconds))
}

/// Adds a point to a sum; the sum before it when that is complete.
fn roll(sum: &mut Option<Sum>, point: &StatsPoint, seconds: u32) -> Option<StatsPoint> {
    match sum {
        Some(under_way) if under_way.point.at == beginning(point.at, seconds) => {
            under_way.add(point);
            None
        }
        _ => sum.replace(Sum::new(point, seconds)).map(|before| before.point),
    }
}

fn keep(points: &mut VecDeque<StatsPoint>, point: StatsPoint, most: usize) {
    if points.len() >= most {
        points.pop_front();
    }
    points.push_back(point);
}

/// The beginning of the span that a time lies in.
fn beginning(at: Timestamp, seconds: u32) -> Timestamp {
    let second = at.as_second();
    Timestamp::from_second(second - second.rem_euclid(i64::from(seconds))).unwrap_or(at)
}

/// At most `most` points: neighbours become one until they are no more.
pub(super) fn fewer(points: Vec<StatsPoint>, most: usize) -> Vec<StatsPoint> {
    let most = most.max(1);
    if points.len() <= most {
        return points;
    }
    let each = points.len().div_ceil(most);
    let one = |group: &[StatsPoint]| {
        let mut sum = Sum { point: group.first()?.clone(), count: 1.0 };
        group.iter().skip(1).for_each(|point| sum.add(point));
        let last = group.last()?;
        let span = last.at.as_second() + i64::from(last.seconds) - sum.point.at.as_second();
        sum.point.seconds = u32::try_from(span).unwrap_or(sum.point.seconds);
        Some(sum.point)
    };
    points.chunks(each).filter_map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ContainerId;

    fn sample(second: i64, cpu: f64, memory: u64) -> Stats {
        Stats {
            container: ContainerId::from("ab"),
            cpu_percent: cpu,
            memory_bytes: memory,
            memory_limit_bytes: 100,
            pids: 1,
            network_bytes: (u64::try_from(second).unwrap_or(0), 0),
            block_bytes: (0, 0),
            at: Timestamp::from_second(second).expect("valid"),
        }
    }

    #[test]
    fn old_points_are_coarser_and_nothing_is_told_twice() {
        let mut series = Series::default();
        let mut stored = Vec::new();
        let first = 1_800_000_000;
        for tick in 0..720 {
            stored.extend(series.take(&sample(first + tick * 10, if tick % 2 == 0 { 10.0 } else { 30.0 }, u64::try_from(tick).expect("small"))));
        }
        // Two hours: 24 times five minutes, of which the last is under way.
        assert_eq!(stored.len(), 23);
        assert!((stored[0].cpu_percent - 20.0).abs() < 1e-9 && (stored[0].cpu_percent_max - 30.0).abs() < 1e-9);
        assert_eq!((stored[0].memory_bytes, stored[0].network_bytes.0, stored[0].seconds), (29, 1_800_000_290, 300));
        let all = series.since(Timestamp::UNIX_EPOCH, stored);
        let mut end = first;
        for point in &all {
            assert_eq!(point.at.as_second(), end, "neither gap nor overlap: {point:?}");
            end = point.at.as_second() + i64::from(point.seconds);
        }
        assert_eq!(all.last().map(|point| (point.seconds, point.memory_bytes)), Some((10, 719)));
        assert_eq!(all.first().map(|point| (point.seconds, point.at.as_second())), Some((300, first)));
        assert!((84..=90).contains(&all.iter().filter(|point| point.seconds == 10).count()));
        assert!((40..=60).contains(&all.iter().filter(|point| point.seconds == 60).count()));
        let few = fewer(all.clone(), 20);
        assert!(few.len() <= 20 && few.last().map(|point| point.memory_bytes) == Some(719));
        assert_eq!(fewer(all.clone(), 1000).len(), all.len());
        let recent = series.since(Timestamp::from_second(first + 7100).expect("valid"), Vec::new());
        assert_eq!(recent.len(), 10);
    }
}
