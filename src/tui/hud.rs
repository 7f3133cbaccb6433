//! What the program itself uses: its processor, its frames, and the bytes that it writes.
use super::parts::text;
use std::collections::VecDeque;
use std::time::Duration;
use std::time::Instant;

/// How often the line says something new.
pub const EVERY: Duration = Duration::from_secs(1);
/// Frames that are kept; the oldest goes first.
const FRAMES: usize = 240;

/// The figures since the last look, and the line made of them.
#[derive(Clone, Debug, Default)]
pub struct Hud {
    frames: VecDeque<Duration>,
    count: u32,
    looked: Option<(Instant, u64, Option<Duration>)>,
    line: String,
}

impl Hud {
    /// Takes in a frame: how long it took to draw, and how many bytes have been written since the start.
    pub fn frame(&mut self, took: Duration, written: u64, at: Instant) {
        if self.frames.len() == FRAMES {
            self.frames.pop_front();
        }
        self.frames.push_back(took);
        self.count += 1;
        let Some((before, bytes, used)) = self.looked else {
            self.looked = Some((at, written, processor()));
            return;
        };
        let past = at.saturating_duration_since(before);
        if past < EVERY {
            return;
        }
        let seconds = past.as_secs_f64();
        let now = processor();
        let share = |(now, used): (Duration, Duration)| format!("{:.1}%", now.saturating_sub(used).as_secs_f64() / seconds * 100.0);
        let cpu = now.zip(used).map_or_else(|| "–".to_owned(), share);
        let mut sorted: Vec<Duration> = self.frames.iter().copied().collect();
        sorted.sort_unstable();
        let part = |share: usize| sorted.get(sorted.len().saturating_sub(1) * share / 100).copied().unwrap_or_default().as_secs_f64() * 1000.0;
        let rate = written.saturating_sub(bytes) as f64 / seconds;
        self.line = format!(
            "cpu {cpu} · {:.0} frames/s, p50 {:.1} ms, p99 {:.1} ms · {}/s",
            f64::from(self.count) / seconds,
            part(50),
            part(99),
            text::size(rate as u64)
        );
        self.count = 0;
        self.looked = Some((at, written, now));
    }

    /// What is shown.
    #[must_use]
    pub fn line(&self) -> &str {
        if self.line.is_empty() { "measuring…" } else { &self.line }
    }
}

/// Time that this program has had on a processor; none where the system does not tell it so.
fn processor() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The program's name, in brackets, may have spaces.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let ticks = fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?;
    Some(Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64))
}
