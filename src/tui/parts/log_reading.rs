//! How a view of logs is read: what is asked for, what comes, and what happened to the containers meanwhile.
use super::log::LogView;
use super::log::Reading;
use super::log::Source;
use crate::model::Code;
use crate::model::ContainerState;
use crate::tui::component::Context;
use crate::tui::happened::happened;
use crate::tui::happened::known;
use crate::tui::logs::Follow;
use crate::tui::logs::News;
use crate::tui::logs::Range;
use crate::tui::logs::Told;
use crate::tui::logs::filter::Slice;
use crate::tui::logs::store::Batch;
use crate::tui::msg::Effect;
use crate::tui::msg::PaneId;
use jiff::Timestamp;
use std::time::Duration;

/// How soon a lost log is followed again.
const RETRY: Duration = Duration::from_secs(1);

impl LogView {
    /// Reads the range anew, and what follows.
    pub fn begin(&mut self, pane: PaneId, cx: &Context) -> Vec<Effect> {
        self.round += 1;
        self.store.begin_anew();
        self.follow();
        (self.found, self.hunt, self.selection) = (None, None, None);
        self.sieve.changed_from(0, &self.store);
        let after = match self.range {
            Range::Since(ago) => nanoseconds(cx.now.time.checked_sub(ago).unwrap_or_default()),
            Range::Last(_) | Range::All => None,
        };
        let tail = if let Range::Last(lines) = self.range { Some(lines) } else { None };
        for source in &mut self.sources {
            source.known = None;
        }
        self.look_at_containers(cx);
        (0..self.sources.len()).map(|source| self.read(pane, source, tail, after)).collect()
    }

    fn read(&mut self, pane: PaneId, source: usize, tail: Option<u32>, after: Option<i64>) -> Effect {
        let own = &mut self.sources[source];
        own.state = Reading::Opening;
        Effect::FollowLog(Follow { pane, source, round: self.round, container: own.container.clone(), tail, after })
    }

    /// Reads on after the last line that came.
    fn read_on(&mut self, pane: PaneId, source: usize) -> Effect {
        match u16::try_from(source).ok().and_then(|source| self.store.latest(source)) {
            Some(latest) => self.read(pane, source, None, Some(latest)),
            None => {
                let tail = if let Range::Last(lines) = self.range { Some(lines) } else { None };
                self.read(pane, source, tail, None)
            }
        }
    }

    /// Takes in what a follower tells.
    pub fn hear(&mut self, news: News, cx: &Context) {
        let Some(source) = self.sources.get_mut(news.source).filter(|_| news.round == self.round) else { return };
        match news.what {
            Told::Begun => source.state = Reading::Live,
            Told::Lines(batch) => {
                source.state = Reading::Live;
                self.add(news.source, batch);
            }
            Told::Ended(problem) => {
                let runs = cx.data.container(&source.container).is_some_and(|container| container.state == ContainerState::Running);
                source.state = match problem {
                    Some(problem) if matches!(problem.code, Code::NotFound | Code::Forbidden | Code::Unauthenticated) => Reading::Failed(problem.detail),
                    None if !runs => Reading::Ended,
                    _ => Reading::Lost(cx.now.since_start + RETRY),
                };
            }
        }
    }

    fn add(&mut self, source: usize, batch: Batch) {
        let changed = self.store.add(u16::try_from(source).unwrap_or(u16::MAX), batch);
        self.sieve.changed_from(changed, &self.store);
        if let Some(at) = self.hunt.as_mut().and_then(|hunt| hunt.at.as_mut()) {
            *at = (*at).clamp(self.store.first(), self.store.end());
        }
        self.sieve.step(&self.store, &mut Slice::default());
    }

    /// Marks in the stream what happened to the containers, and follows again those that run again.
    pub fn look(&mut self, pane: PaneId, cx: &Context) -> Vec<Effect> {
        self.look_at_containers(cx);
        let again: Vec<usize> = self.sources.iter().enumerate().filter(|(_, source)| self.may_read_again(source, cx)).map(|(place, _)| place).collect();
        again.into_iter().map(|source| self.read_on(pane, source)).collect()
    }

    fn may_read_again(&self, source: &Source, cx: &Context) -> bool {
        source.state == Reading::Ended && cx.data.container(&source.container).is_some_and(|container| container.state == ContainerState::Running)
    }

    fn look_at_containers(&mut self, cx: &Context) {
        for place in 0..self.sources.len() {
            let source = &mut self.sources[place];
            let Some(container) = cx.data.container(&source.container) else {
                if source.known.take().is_some() && cx.data.listed {
                    let text = format!("{} was removed", source.name);
                    self.add_marker(place, cx.now.time, &text, true);
                }
                continue;
            };
            let before = source.known.replace(known(container));
            for happening in happened(before, container, cx.now.time) {
                let text = format!("{} {}", container.name, happening.text);
                self.add_marker(place, happening.at, &text, happening.bad);
            }
        }
    }

    fn add_marker(&mut self, source: usize, time: Timestamp, text: &str, bad: bool) {
        self.add(source, Batch::marker(nanoseconds(time).unwrap_or_default(), text, bad));
    }

    /// Follows again whatever was lost and whose time has come, or all.
    pub fn reconnect(&mut self, pane: PaneId, all: bool, now: Duration) -> Vec<Effect> {
        let due = |source: &Source| matches!(source.state, Reading::Lost(at) if all || at <= now);
        let lost: Vec<usize> = self.sources.iter().enumerate().filter(|(_, source)| due(source)).map(|(place, _)| place).collect();
        lost.into_iter().map(|source| self.read_on(pane, source)).collect()
    }
}

fn nanoseconds(time: Timestamp) -> Option<i64> {
    i64::try_from(time.as_nanosecond()).ok()
}
