//! What was used over time, made of the server's history and live samples, and cut into the columns of a graph.
use crate::model::ContainerId;
use crate::model::Stats;
use crate::model::StatsOverTime;
use crate::model::StatsPoint;
use jiff::Timestamp;

/// Containers whose past is read at once, at most.
pub const MOST_READ: usize = 64;
/// Points that are read of each at most.
pub const POINTS: u32 = 400;
/// Seconds between two live samples at most; after a longer pause nothing is known of the time between.
const LIVE_GAP: f64 = 5.0;
/// A gap of so many spans is drawn as one.
const GAP: f64 = 3.0;

/// What is read of the past.
#[derive(Clone, Debug, PartialEq)]
pub struct PastWish {
    /// How far back.
    pub range: Range,
    /// Whose, [`MOST_READ`] at most.
    pub containers: Vec<ContainerId>,
}

/// What was read.
#[derive(Clone, Debug, PartialEq)]
pub struct PastRead {
    /// Of each container that is still there.
    pub items: Vec<StatsOverTime>,
}

/// How far back graphs go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Range {
    /// Five minutes.
    #[default]
    Minutes,
    /// A quarter of an hour.
    Quarter,
    /// An hour.
    Hour,
    /// A day.
    Day,
    /// A week.
    Week,
}

impl Range {
    /// All, the shortest first.
    pub const ALL: [Self; 5] = [Self::Minutes, Self::Quarter, Self::Hour, Self::Day, Self::Week];

    /// Seconds.
    #[must_use]
    pub fn seconds(self) -> u32 {
        match self {
            Self::Minutes => 300,
            Self::Quarter => 900,
            Self::Hour => 3_600,
            Self::Day => 86_400,
            Self::Week => 604_800,
        }
    }

    /// As people write it: `5m`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Minutes => "5m",
            Self::Quarter => "15m",
            Self::Hour => "1h",
            Self::Day => "1d",
            Self::Week => "7d",
        }
    }

    /// The one after it or before it; the same at an end.
    #[must_use]
    pub fn step(self, longer: bool) -> Self {
        let place = Self::ALL.iter().position(|range| *range == self).unwrap_or(0);
        let to = if longer { place + 1 } else { place.saturating_sub(1) };
        Self::ALL.get(to).copied().unwrap_or(self)
    }
}

/// What was used at a time. Rates are bytes a second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Values {
    /// Percent of one core.
    pub cpu: f64,
    /// Bytes, page cache not counted.
    pub memory: f64,
    /// Bytes that may be used at most.
    pub limit: f64,
    /// Bytes received and sent, where that is known.
    pub network: Option<(f64, f64)>,
    /// Bytes read and written, where that is known.
    pub block: Option<(f64, f64)>,
}

/// What was used from one time to another, in seconds of the epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    from: f64,
    to: f64,
    values: Values,
}

/// The time that a graph shows, and its columns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axis {
    /// Its end, in seconds of the epoch.
    pub to: f64,
    /// How long it is, in seconds.
    pub seconds: f64,
    /// Its columns.
    pub columns: usize,
}

impl Axis {
    /// The axis that ends now. Its columns begin at times that do not move, so that nothing is drawn anew while they are the same.
    #[must_use]
    pub fn until(now: Timestamp, range: Range, columns: usize) -> Self {
        let (columns, seconds) = (columns.max(1), f64::from(range.seconds()));
        let step = seconds / columns as f64;
        Self { to: (epoch(now) / step).ceil() * step, seconds, columns }
    }

    /// Seconds of a column.
    #[must_use]
    pub fn step(&self) -> f64 {
        self.seconds / self.columns as f64
    }

    /// The column that a time falls into.
    #[must_use]
    pub fn column(&self, at: f64) -> Option<usize> {
        let column = ((at - (self.to - self.seconds)) / self.step()).floor();
        (column >= 0.0 && column < self.columns as f64).then_some(column as usize)
    }

    /// When a column begins.
    #[must_use]
    pub fn begin(&self, column: usize) -> f64 {
        self.to - self.seconds + column as f64 * self.step()
    }
}

/// Seconds of the epoch.
#[must_use]
pub fn epoch(at: Timestamp) -> f64 {
    at.as_millisecond() as f64 / 1000.0
}

/// The counters that only grow, until a restart.
type Counters = [(u64, u64); 2];

/// Rates between two readings of counters; after a restart they count from nothing.
fn rates(before: Counters, after: Counters, seconds: f64) -> [(f64, f64); 2] {
    let rate = |before: u64, after: u64| (if after >= before { after - before } else { after }) as f64 / seconds.max(0.1);
    let pair = |place: usize| (rate(before[place].0, after[place].0), rate(before[place].1, after[place].1));
    [pair(0), pair(1)]
}

/// One line of time of history and live samples; the live ones are finer, and hold where both are there.
#[must_use]
pub fn spans<'a>(points: &[StatsPoint], live: impl Iterator<Item = &'a Stats>) -> Vec<Span> {
    let mut samples: Vec<(f64, f64, Values, Counters)> = Vec::new();
    for point in points {
        let from = epoch(point.at);
        let values = Values { cpu: point.cpu_percent, memory: point.memory_bytes as f64, limit: point.memory_limit_bytes as f64, ..Values::default() };
        samples.push((from, from + f64::from(point.seconds), values, [point.network_bytes, point.block_bytes]));
    }
    let mut last: Option<f64> = None;
    let mut first_live = None;
    for sample in live {
        let to = epoch(sample.at);
        let from = last.filter(|last| to - last < LIVE_GAP).unwrap_or(to - 1.0);
        last = Some(to);
        if first_live.is_none() {
            first_live = Some(from);
            samples.retain_mut(|(start, end, ..)| {
                *end = end.min(from);
                *start < *end
            });
        }
        let values = Values { cpu: sample.cpu_percent, memory: sample.memory_bytes as f64, limit: sample.memory_limit_bytes as f64, ..Values::default() };
        samples.push((from, to, values, [sample.network_bytes, sample.block_bytes]));
    }
    let mut spans: Vec<Span> = Vec::with_capacity(samples.len());
    let mut before: Option<(f64, Counters)> = None;
    for (from, to, mut values, counters) in samples {
        if let Some((end, known)) = before
            && from - end <= GAP * (to - from).max(1.0)
        {
            let [network, block] = rates(known, counters, to - end);
            (values.network, values.block) = (Some(network), Some(block));
        }
        before = Some((to, counters));
        spans.push(Span { from, to, values });
    }
    spans
}

/// What each column shows: the mean of rates, the most memory; none where nothing is known.
#[must_use]
pub fn columns(spans: &[Span], axis: &Axis) -> Vec<Option<Values>> {
    let step = axis.step();
    let mut weights = vec![(0.0_f64, 0.0_f64); axis.columns];
    let mut columns: Vec<Option<Values>> = vec![None; axis.columns];
    let start = axis.to - axis.seconds;
    for span in spans.iter().filter(|span| span.to > start && span.from < axis.to) {
        let first = (((span.from - start) / step).floor().max(0.0)) as usize;
        let last = (((span.to - start) / step).ceil().max(0.0) as usize).min(axis.columns);
        for column in first..last {
            let begin = axis.begin(column);
            let weight = span.to.min(begin + step) - span.from.max(begin);
            if weight <= 1e-6 {
                continue;
            }
            let values = columns[column].get_or_insert_default();
            let (all, rated) = &mut weights[column];
            mix(&mut values.cpu, span.values.cpu, *all, weight);
            *all += weight;
            values.memory = values.memory.max(span.values.memory);
            values.limit = span.values.limit;
            if let (Some(network), Some(block)) = (span.values.network, span.values.block) {
                mix_pair(&mut values.network, network, *rated, weight);
                mix_pair(&mut values.block, block, *rated, weight);
                *rated += weight;
            }
        }
    }
    columns
}

fn mix(mean: &mut f64, value: f64, before: f64, weight: f64) {
    *mean = (*mean * before + value * weight) / (before + weight);
}

fn mix_pair(mean: &mut Option<(f64, f64)>, value: (f64, f64), before: f64, weight: f64) {
    let (one, other) = mean.get_or_insert_default();
    mix(one, value.0, before, weight);
    mix(other, value.1, before, weight);
}

/// Several containers together; `limit` is what they share.
#[must_use]
pub fn together(all: impl Iterator<Item = Vec<Option<Values>>>, columns: usize, limit: u64) -> Vec<Option<Values>> {
    let mut sums: Vec<Option<Values>> = vec![None; columns];
    for one in all {
        for (sum, values) in sums.iter_mut().zip(one) {
            let Some(values) = values else { continue };
            let sum = sum.get_or_insert(Values { limit: limit as f64, ..Values::default() });
            sum.cpu += values.cpu;
            sum.memory += values.memory;
            add_pair(&mut sum.network, values.network);
            add_pair(&mut sum.block, values.block);
        }
    }
    sums
}

fn add_pair(sum: &mut Option<(f64, f64)>, more: Option<(f64, f64)>) {
    if let Some(more) = more {
        let sum = sum.get_or_insert_default();
        (sum.0, sum.1) = (sum.0 + more.0, sum.1 + more.1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn point(back: i64, seconds: u32, cpu: f64, received: u64) -> StatsPoint {
        StatsPoint {
            at: Timestamp::from_second(NOW - back).expect("valid"),
            seconds,
            cpu_percent: cpu,
            cpu_percent_max: cpu,
            memory_bytes: 10,
            memory_limit_bytes: 100,
            pids: 1,
            network_bytes: (received, 0),
            block_bytes: (0, 0),
        }
    }

    fn sample(back: i64, cpu: f64, received: u64) -> Stats {
        Stats {
            container: ContainerId::from("ab"),
            cpu_percent: cpu,
            memory_bytes: 20,
            memory_limit_bytes: 100,
            pids: 1,
            network_bytes: (received, 0),
            block_bytes: (0, 0),
            at: Timestamp::from_second(NOW - back).expect("valid"),
        }
    }

    #[test]
    fn live_samples_hold_where_the_history_knows_the_same_time() {
        let points = [point(30, 10, 10.0, 100), point(20, 10, 10.0, 200), point(10, 10, 10.0, 300)];
        let live = [sample(5, 50.0, 290), sample(4, 50.0, 310), sample(3, 50.0, 330)];
        let spans = spans(&points, live.iter());
        let axis = Axis { to: NOW as f64, seconds: 30.0, columns: 30 };
        let columns = columns(&spans, &axis);
        let cpu: Vec<Option<f64>> = columns.iter().map(|values| values.map(|values| values.cpu)).collect();
        assert_eq!(cpu[..24], vec![Some(10.0); 24][..]);
        assert_eq!(cpu[24..27], [Some(50.0); 3], "from a second before the first live one");
        assert_eq!(cpu[27..], [None; 3], "nothing is known yet");
        assert_eq!(columns[26].and_then(|values| values.network), Some((20.0, 0.0)));
        assert_eq!(columns[15].and_then(|values| values.network), Some((10.0, 0.0)));
        assert_eq!(columns[5].and_then(|values| values.network), None, "there is nothing to compare the first with");
    }

    #[test]
    fn counters_that_begin_anew_give_no_negative_rates() {
        let points = [point(30, 10, 1.0, 5_000), point(20, 10, 1.0, 100)];
        let spans = spans(&points, [].iter());
        assert_eq!(spans[1].values.network, Some((10.0, 0.0)));
    }

    #[test]
    fn a_gap_stays_empty_and_sums_take_what_is_there() {
        let axis = Axis { to: NOW as f64, seconds: 300.0, columns: 30 };
        let one = columns(&spans(&[point(300, 10, 10.0, 0), point(100, 10, 20.0, 900)], [].iter()), &axis);
        assert!(one[0].is_some() && one[1..20].iter().all(Option::is_none) && one[20].is_some_and(|values| values.network.is_none()));
        let other = columns(&spans(&[point(100, 10, 5.0, 0)], [].iter()), &axis);
        let sum = together([one, other].into_iter(), 30, 1_000);
        assert_eq!(sum[20].map(|values| (values.cpu, values.memory, values.limit)), Some((25.0, 20.0, 1_000.0)));
        assert_eq!(sum[0].map(|values| values.cpu), Some(10.0));
    }

    #[test]
    fn the_columns_of_an_axis_do_not_move_within_one() {
        let at = |second: i64| Axis::until(Timestamp::from_second(second).expect("valid"), Range::Hour, 60);
        assert_eq!(at(NOW + 1), at(NOW + 59));
        assert_ne!(at(NOW + 1), at(NOW + 61));
        assert_eq!(at(NOW + 1).column(NOW as f64 + 0.5), Some(59));
        assert_eq!(at(NOW + 1).column(NOW as f64 + 61.0), None);
    }
}
