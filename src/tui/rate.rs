//! When a frame may be drawn: at once for the echo of a key, and yet not more than sixty a second of what nobody typed.
use std::time::Duration;
use std::time::Instant;

/// Time between two frames: sixty a second.
pub(super) const FRAME: Duration = Duration::from_micros(16_700);
/// The same while the terminal is not looked at.
const FAR_FRAME: Duration = Duration::from_millis(250);
/// The same for the echo of a key, as long as there were not too many.
const ECHO_FRAME: Duration = Duration::from_millis(3);
/// Echoes that may come before their time in a row; who types has no more keys than that in a tenth of a second.
const AHEAD: u32 = 6;

/// How soon a frame is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Haste {
    /// It shows the echo of a key and nothing else.
    EchoAlone,
    /// It shows the echo of a key, and what else is new.
    Echo,
    /// It shows what else is new.
    Usual,
    /// Nobody looks.
    Far,
}

impl Haste {
    /// That of what is no echo.
    pub fn of(focused: bool) -> Self {
        if focused { Self::Usual } else { Self::Far }
    }
}

/// The frames that were drawn (the generic cell rate algorithm of ITU-T I.371, with a frame as the cell).
#[derive(Debug, Default)]
pub(super) struct FrameRate {
    last: Option<Instant>,
    /// When a frame is due, had all before it come at their time.
    in_step: Option<Instant>,
}

impl FrameRate {
    /// When the next frame may be drawn; none for at once.
    pub fn due(&self, haste: Haste) -> Option<Instant> {
        let (last, in_step) = (self.last?, self.in_step?);
        Some(match haste {
            Haste::EchoAlone => last + ECHO_FRAME,
            Haste::Echo => (last + ECHO_FRAME).max(in_step.checked_sub(FRAME * AHEAD).unwrap_or(last)),
            Haste::Usual => (last + FRAME).max(in_step),
            Haste::Far => (last + FAR_FRAME).max(in_step),
        })
    }

    /// One was drawn. Of frames that show a key's echo alone there are as many as keys: they count for nothing.
    pub fn drawn(&mut self, haste: Haste, now: Instant) {
        self.last = Some(now);
        let counts = if haste == Haste::EchoAlone { Duration::ZERO } else { FRAME };
        self.in_step = Some(self.in_step.map_or(now, |at| at.max(now)) + counts);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames in the first ten seconds, where one is wanted every so often.
    fn frames(haste: impl Fn(u32) -> Haste, every: Duration) -> Vec<Duration> {
        let begun = Instant::now();
        let (mut rate, mut now, mut all) = (FrameRate::default(), begun, Vec::new());
        for turn in 0.. {
            if now >= begun + Duration::from_secs(10) {
                break;
            }
            if rate.due(haste(turn)).is_none_or(|due| due <= now) {
                rate.drawn(haste(turn), now);
                all.push(now - begun);
            }
            now += every;
        }
        all
    }

    #[test]
    fn there_are_sixty_a_second_whatever_is_wanted() {
        let echoes = frames(|_| Haste::Echo, Duration::from_micros(100));
        let mixed = frames(|turn| if turn % 100 == 0 { Haste::Echo } else { Haste::Usual }, Duration::from_micros(100));
        for all in [&frames(|_| Haste::Usual, Duration::from_micros(100)), &echoes, &mixed] {
            assert!((590..=600 + AHEAD as usize).contains(&all.len()), "{}", all.len());
        }
        assert!(frames(|_| Haste::Far, Duration::from_millis(1)).len() <= 41);
    }

    #[test]
    fn the_echo_of_who_types_is_never_held_up() {
        // Sixteen keys a second, in the middle of a flood.
        let mut rate = FrameRate::default();
        let mut now = Instant::now();
        for _ in 0..160 {
            let key = now + Duration::from_micros(62_500);
            while now < key {
                if rate.due(Haste::Usual).is_none_or(|due| due <= now) {
                    rate.drawn(Haste::Usual, now);
                }
                now += Duration::from_micros(500);
            }
            let waits = rate.due(Haste::Echo).map_or(Duration::ZERO, |due| due.saturating_duration_since(now));
            assert!(waits <= ECHO_FRAME, "{waits:?}");
            now += waits;
            rate.drawn(Haste::Echo, now);
        }
    }
}
