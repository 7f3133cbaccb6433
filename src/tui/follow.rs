//! What every message leads to once it was taken in: what is watched and kept from now on, and when the program is woken up.
use super::app::App;
use super::app::View;
use super::app::context;
use super::msg::Effect;
use super::msg::Link;
use super::msg::Msg;
use std::time::Duration;

/// How long the arrangement has to stand still before it is kept.
const SAVE_AFTER: Duration = Duration::from_secs(1);
impl App {
    /// What every message may have made necessary: other tiles, keeping the arrangement, being woken up.
    pub(super) fn follow_up(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        // A pane that is not seen has no focus.
        let on_screen = self.view == View::Terminals;
        let focus = self.focused && on_screen;
        if (focus, on_screen) != (self.work.terminal_focus, self.work.on_screen) {
            (self.work.terminal_focus, self.work.on_screen) = (focus, on_screen);
            let cx = context!(self);
            effects.extend(self.work.arrange(&cx));
        }
        if let Some(step) = self.tour {
            let follows = step.follow(self.view, &context!(self));
            self.dirty |= follows != step;
            self.tour = Some(follows);
        }
        if self.dirty {
            if self.view == View::Home {
                self.data.badges = self.work.container_badges();
            }
            if self.overlays.iter().any(|overlay| overlay.shows_panes()) {
                let panes = Msg::Panes(self.work.listed());
                effects.extend(self.offer(&panes).0);
            }
            let cx = context!(self);
            let (tiles, stats) = match self.view {
                View::Home => (self.home.wishes(&cx), self.home.watched(&cx)),
                View::Resources => (Vec::new(), self.pages.resources.watched(&cx)),
                _ => (Vec::new(), Vec::new()),
            };
            if tiles != self.tiles {
                self.tiles.clone_from(&tiles);
                effects.push(Effect::WatchTiles(tiles));
            }
            if stats != self.stats {
                self.stats.clone_from(&stats);
                effects.push(Effect::WatchStats(stats));
            }
            effects.extend(self.pages.due(self.view, &cx));
            effects.extend(self.columns_due());
        }
        if self.view != View::Run {
            effects.extend(self.pages.run.rest());
        }
        let now = self.now.since_start;
        if std::mem::take(&mut self.work.changed) && self.save_at.is_none() {
            self.save_at = Some(now + SAVE_AFTER);
        }
        if self.save_at.is_some_and(|at| at <= now) || self.exit.is_some() {
            self.save_at = None;
            effects.extend(self.save());
        }
        if self.exit.is_some() {
            effects.push(Effect::Quit);
        }
        effects.extend(self.wake_at().map(Effect::WakeAt));
        effects
    }

    fn wake_at(&self) -> Option<Duration> {
        let now = self.now.since_start;
        let waits = matches!(self.data.link, Link::Down { .. }).then(|| now + Duration::from_secs(1));
        let held = self
            .work
            .panes
            .values()
            .chain(self.pages.run.pane())
            .filter_map(|pane| pane.screen.sync_deadline())
            .map(|at| at.saturating_duration_since(self.epoch))
            .min();
        let page = self.pages.wake_at(self.view, now);
        let figures = self.hud.as_ref().map(|_| now + super::hud::EVERY);
        [
            figures,
            self.next_columns(),
            self.home.detail.wake_at().filter(|_| self.view == View::Home),
            self.toasts.deadline(),
            self.work.wake_at(),
            self.save_at,
            self.numbers_at,
            waits,
            held,
            page,
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// What panes have drawn, to be said to the server.
    pub fn acks(&mut self) -> Vec<Effect> {
        self.mirrors().filter_map(super::parts::terminal::TerminalPane::ack).collect()
    }
}
