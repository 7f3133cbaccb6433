//! A recording that is played over the view; its bytes reach a screen of its own.
use crate::model::Recording;
use crate::tui::casts::CastNews;
use crate::tui::casts::ReadCast;
use crate::tui::component::Component;
use crate::tui::component::Context;
use crate::tui::msg::Ask;
use crate::tui::msg::Effect;
use crate::tui::msg::Msg;
use crate::tui::playback::Playback;
use crate::tui::playback::Wish;
use ratatui::Frame;
use ratatui::layout::Rect;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Numbers of readings; never used twice.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// The overlay.
pub struct Playing {
    recording: Recording,
    playback: Playback,
    round: u64,
    /// When time was last let go by, since the program began.
    last: Duration,
    /// A piece was asked for and did not come yet.
    asked: bool,
}

impl Playing {
    /// From the beginning; what is to be read first comes along.
    #[must_use]
    pub fn new(recording: Recording, now: Duration) -> (Self, Effect) {
        let playback = Playback::new(recording.clone(), Duration::ZERO, 1.0, None);
        let mut playing = Self { recording, playback, round: 0, last: now, asked: false };
        let read = playing.read(Duration::ZERO);
        (playing, read)
    }

    fn read(&mut self, from: Duration) -> Effect {
        self.round = NEXT.fetch_add(1, Ordering::Relaxed);
        self.asked = true;
        let from = u64::try_from(from.as_millis()).unwrap_or(u64::MAX);
        Effect::ReadCast(ReadCast { round: self.round, id: self.recording.id.clone(), from })
    }

    /// Lets the time since the last call go by; asks for what is wanted next.
    fn go_on(&mut self, now: Duration) -> Vec<Effect> {
        self.playback.advance(now.saturating_sub(self.last));
        self.last = now;
        let mut effects = Vec::new();
        if !self.asked && self.playback.wants_more() {
            self.asked = true;
            effects.push(Effect::MoreCast(self.round));
        }
        effects.extend(self.playback.pause().map(|pause| Effect::WakeAt(now + pause)));
        effects
    }
}

impl Component for Playing {
    fn update(&mut self, msg: &Msg, cx: &Context) -> Option<Vec<Effect>> {
        let now = cx.now.since_start;
        match msg {
            Msg::Key(key) => {
                let mut effects = Vec::new();
                match self.playback.key(*key) {
                    Wish::Nothing => {}
                    Wish::Seek(to) => {
                        self.playback.restart(to);
                        effects.push(self.read(to));
                    }
                    Wish::Quit => return Some(vec![Effect::Ask(Ask::Close), Effect::StopCast]),
                }
                effects.extend(self.go_on(now));
                Some(effects)
            }
            Msg::Cast(round, news) if *round == self.round => {
                self.asked = false;
                match news {
                    CastNews::Piece(bytes) => self.playback.take(bytes),
                    CastNews::Ended => self.playback.end(),
                    CastNews::Failed(why) => self.playback.fail(why.clone()),
                }
                Some(self.go_on(now))
            }
            Msg::Tick => Some(self.go_on(now)),
            Msg::Paste(_) | Msg::Mouse(_) => Some(Vec::new()),
            _ => None,
        }
    }

    fn draw(&self, frame: &mut Frame, area: Rect, cx: &Context) {
        super::popup::clear(frame, area);
        self.playback.draw_in(frame, area, cx.theme);
    }

    fn takes_keys(&self) -> bool {
        true
    }

    fn hints(&self, _cx: &Context) -> Option<Vec<(String, String)>> {
        let keys = [("space", "pause"), ("←→", "5 s"), ("↑↓", "1 min"), ("+ -", "speed"), (".", "next event"), ("q", "leave")];
        Some(keys.map(|(key, what)| (key.to_owned(), what.to_owned())).to_vec())
    }
}
