//! Tabs of panes, and what their commands do.
use super::selection::Outcome;
use super::terminal::News;
use super::terminal::Origin;
use super::terminal::PaneState;
use super::terminal::SCROLLBACK;
use super::terminal::Shows;
use super::terminal::TerminalPane;
use crate::model::Container;
use crate::model::ContainerState;
use crate::model::ExitReason;
use crate::model::OpenSession;
use crate::model::Session;
use crate::model::Size;
use crate::tui::component::Context;
use crate::tui::layout::Axis;
use crate::tui::layout::Tree;
use crate::tui::msg::Ask;
use crate::tui::msg::Effect;
use crate::tui::msg::PaneId;
use crate::tui::msg::Request;
use crate::tui::msg::ToastKind;
use ratatui::layout::Rect;
use std::collections::BTreeMap;
use std::time::Duration;

/// How soon a lost connection is tried again while the server answers.
const RETRY: Duration = Duration::from_millis(500);
/// How soon a lost main program is shown anew a second time.
const REVIVE_AGAIN: Duration = Duration::from_secs(10);

/// One tab.
#[derive(Clone, Debug)]
pub struct Tab {
    /// The name it was given; named after its focused pane otherwise.
    pub name: Option<String>,
    /// Its panes.
    pub tree: Tree<PaneId>,
    /// The pane that has the focus.
    pub focus: PaneId,
    /// The one that had it before.
    pub last: Option<PaneId>,
    /// The focused pane fills the window.
    pub zoomed: bool,
    /// Which ready arrangement comes next.
    pub ready: usize,
    /// What is typed goes to all its panes.
    pub synced: bool,
}

impl Tab {
    /// A tab of these panes, as it is at first.
    #[must_use]
    pub fn new(tree: Tree<PaneId>, focus: PaneId) -> Self {
        Self { name: None, tree, focus, last: None, zoomed: false, ready: 0, synced: false }
    }
}

/// Where a new pane goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Into a tab of its own.
    Tab,
    /// Beside the focused pane, along this axis.
    Beside(Axis),
    /// Beside the focused pane, along its longer side.
    Split,
}

/// What happens to the next key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keys {
    /// It goes to the program.
    #[default]
    Program,
    /// It is a command's.
    Prefix,
    /// It is one of the commands that may be repeated, until this time.
    Repeat(Duration),
    /// It is a pane's number.
    Numbers,
    /// It is a letter of a label.
    Hints,
}

/// Tabs of panes.
pub struct Workspace {
    /// The tabs.
    pub tabs: Vec<Tab>,
    /// The one shown.
    pub active: usize,
    /// The one shown before.
    pub last_tab: usize,
    /// All panes of all tabs.
    pub panes: BTreeMap<PaneId, TerminalPane>,
    /// What happens to the next key.
    pub keys: Keys,
    /// What was copied last.
    pub copied: String,
    /// Whether the arrangement has changed since it was kept.
    pub changed: bool,
    /// Where it was drawn last.
    pub area: Rect,
    /// A border is being dragged: the pane before it, and how it lies.
    pub(super) dragged: Option<(PaneId, Axis)>,
    pub(in crate::tui) terminal_focus: bool,
    /// Asks before several lines are pasted where each is taken as it comes.
    pub confirms_paste: bool,
    next_pane: u64,
    scrollback: usize,
}

impl Default for Workspace {
    fn default() -> Self {
        Self::new(SCROLLBACK)
    }
}

impl Workspace {
    /// Lines of scrollback that panes keep which are opened from now on.
    pub fn set_scrollback(&mut self, lines: usize) {
        self.scrollback = lines;
    }

    /// No tabs; panes keep this many lines of scrollback.
    #[must_use]
    pub fn new(scrollback: usize) -> Self {
        Self {
            tabs: Vec::new(),
            active: 0,
            last_tab: 0,
            panes: BTreeMap::new(),
            keys: Keys::Program,
            copied: String::new(),
            changed: false,
            area: Rect::default(),
            dragged: None,
            terminal_focus: true,
            confirms_paste: true,
            next_pane: 1,
            scrollback,
        }
    }

    /// The tab shown.
    #[must_use]
    pub fn tab(&self) -> Option<&Tab> {
        self.tabs.get(self.active)
    }

    pub(super) fn tab_mut(&mut self) -> Option<&mut Tab> {
        self.tabs.get_mut(self.active)
    }

    /// The focused pane.
    #[must_use]
    pub fn focused(&self) -> Option<&TerminalPane> {
        self.tab().and_then(|tab| self.panes.get(&tab.focus))
    }

    /// The focused pane.
    pub fn focused_mut(&mut self) -> Option<&mut TerminalPane> {
        let focus = self.tab()?.focus;
        self.panes.get_mut(&focus)
    }

    /// The pane that shows a session.
    #[must_use]
    pub fn showing(&self, session: &crate::model::SessionId) -> Option<PaneId> {
        self.panes.values().find(|pane| pane.session.as_ref() == Some(session) && !pane.is_over()).map(|pane| pane.id)
    }

    pub(super) fn fresh(&mut self, origin: Origin) -> PaneId {
        let id = PaneId(self.next_pane);
        self.next_pane += 1;
        let size = Size { cols: self.area.width, rows: self.area.height };
        self.panes.insert(id, TerminalPane::new(id, origin, size, self.scrollback));
        id
    }

    pub(super) fn place(&mut self, pane: PaneId, place: Place) {
        self.changed = true;
        let beside = match place {
            Place::Tab => None,
            Place::Beside(axis) => Some(axis),
            Place::Split => {
                // Cells are about twice as high as wide.
                let size = self.focused().map_or(Size::default(), |pane| pane.size);
                Some(if size.cols >= size.rows.saturating_mul(2) { Axis::Right } else { Axis::Down })
            }
        };
        match (beside, self.tabs.get_mut(self.active)) {
            (Some(axis), Some(tab)) => {
                tab.tree.split(tab.focus, axis, pane);
                tab.last = Some(tab.focus);
                tab.focus = pane;
                tab.zoomed = false;
            }
            _ => {
                self.last_tab = self.active;
                let at = if self.tabs.is_empty() { 0 } else { self.active + 1 };
                self.tabs.insert(at, Tab::new(Tree::Pane(pane), pane));
                self.active = at;
            }
        }
    }

    /// Opens a new session of a container in a pane.
    pub fn open(&mut self, container: &Container, shows: Shows, place: Place, cx: &Context) -> Vec<Effect> {
        let pane = self.fresh(Origin { container: container.id.clone(), name: container.name.clone(), shows, more: Vec::new() });
        self.place(pane, place);
        let mut effects = self.arrange(cx);
        effects.extend(self.request(pane, cx));
        effects
    }

    /// Shows the logs of these containers in one pane.
    pub fn open_logs(&mut self, containers: &[Container], place: Place, cx: &Context) -> Vec<Effect> {
        let Some((first, others)) = containers.split_first() else { return Vec::new() };
        let more = others.iter().map(|container| (container.id.clone(), container.name.clone())).collect();
        let pane = self.fresh(Origin { container: first.id.clone(), name: first.name.clone(), shows: Shows::Log, more });
        self.place(pane, place);
        let mut effects = self.arrange(cx);
        effects.extend(self.request(pane, cx));
        effects
    }

    /// Shows a session that is open already, where it is or in a new pane.
    pub fn show(&mut self, session: &Session, place: Place, cx: &Context) -> Vec<Effect> {
        if let Some(pane) = self.showing(&session.id) {
            self.focus_pane(pane);
            return self.arrange(cx);
        }
        let pane = self.fresh(Origin::of(session));
        self.place(pane, place);
        let mut effects = self.arrange(cx);
        if let Some(pane) = self.panes.get_mut(&pane) {
            effects.extend(pane.show(session));
        }
        effects
    }

    /// Asks for the session that a pane is to show.
    pub(super) fn request(&mut self, pane: PaneId, cx: &Context) -> Vec<Effect> {
        let Some(pane) = self.panes.get_mut(&pane) else { return Vec::new() };
        if let Some(log) = &mut pane.log {
            return log.begin(pane.id, cx);
        }
        pane.state = PaneState::Opening;
        pane.session = None;
        let open =
            OpenSession { container: pane.origin.container.0.clone(), main: pane.origin.shows == Shows::Main, size: Some(pane.size), ..OpenSession::default() };
        vec![Effect::Request(Request::OpenSession { pane: pane.id, open: Box::new(open) })]
    }

    /// Brings a pane to the front and gives it the focus.
    pub fn focus_pane(&mut self, pane: PaneId) {
        let Some(place) = self.tabs.iter().position(|tab| tab.tree.contains(pane)) else { return };
        self.show_tab(place);
        if let Some(tab) = self.tab_mut()
            && tab.focus != pane
        {
            tab.last = Some(tab.focus);
            tab.focus = pane;
            tab.zoomed = false;
        }
        self.changed = true;
    }

    /// Shows another tab.
    pub fn show_tab(&mut self, place: usize) {
        if place < self.tabs.len() && place != self.active {
            self.last_tab = self.active;
            self.active = place;
            self.changed = true;
        }
    }

    /// Takes a pane away; its session goes on unless it was closed before.
    pub fn remove(&mut self, pane: PaneId, cx: &Context) -> Vec<Effect> {
        self.panes.remove(&pane);
        self.take_out(pane);
        let mut effects = vec![Effect::Detach(pane)];
        effects.extend(self.arrange(cx));
        effects
    }

    /// Takes a pane out of its tab, which goes with its last one.
    pub(super) fn take_out(&mut self, pane: PaneId) {
        self.changed = true;
        if let Some(place) = self.tabs.iter().position(|tab| tab.tree.contains(pane)) {
            let tab = &mut self.tabs[place];
            let next = tab.last.filter(|last| *last != pane && tab.tree.contains(*last)).or_else(|| tab.tree.nth_after(pane, -1)).filter(|next| *next != pane);
            match (tab.tree.clone().without(pane), next) {
                (Some(tree), Some(next)) => {
                    tab.tree = tree;
                    if tab.focus == pane {
                        tab.focus = next;
                        tab.zoomed = false;
                    }
                    tab.last = tab.last.filter(|last| *last != pane && *last != tab.focus);
                }
                _ => {
                    self.tabs.remove(place);
                    if self.active > place || self.active >= self.tabs.len() {
                        self.active = self.active.saturating_sub(1);
                    }
                    self.last_tab = self.last_tab.min(self.tabs.len().saturating_sub(1));
                }
            }
        }
    }

    /// The frame of each pane that is seen, and whether borders are drawn.
    #[must_use]
    pub fn frames(&self, area: Rect) -> (Vec<(PaneId, Rect)>, bool) {
        let Some(tab) = self.tab() else { return (Vec::new(), false) };
        visible(tab, area)
    }

    /// Where a pane's screen lies, if it is seen.
    #[must_use]
    pub fn content(&self, pane: PaneId) -> Option<Rect> {
        let (frames, borders) = self.frames(self.area);
        frames.iter().find(|(own, _)| *own == pane).map(|(_, frame)| inside(*frame, borders))
    }

    /// Gives every pane the room that it has now, and the focus to whom it belongs.
    pub fn arrange(&mut self, cx: &Context) -> Vec<Effect> {
        // Labels are for the pane that has the focus.
        let labelled = self.panes.values().any(|pane| pane.hints.is_some());
        let mut effects = if labelled && self.focused().is_none_or(|pane| pane.hints.is_none()) { self.end_hints() } else { Vec::new() };
        for tab in &self.tabs {
            let (frames, borders) = visible(tab, self.area);
            for (id, frame) in frames {
                let room = inside(frame, borders);
                if let Some(pane) = self.panes.get_mut(&id)
                    && room.width > 0
                    && room.height > 0
                {
                    effects.extend(pane.set_size(Size { cols: room.width, rows: room.height }, cx.now.since_start));
                }
            }
        }
        let focus = self.tab().map(|tab| tab.focus).filter(|_| self.terminal_focus);
        let shown: Vec<PaneId> = self.frames(self.area).0.into_iter().map(|(pane, _)| pane).collect();
        for pane in self.panes.values_mut() {
            effects.extend(pane.set_focus(Some(pane.id) == focus));
            if shown.contains(&pane.id) {
                pane.news = false;
            }
        }
        effects
    }

    /// A main program whose session was lost, with a server for example, may still run: it is shown anew, once in a while.
    pub fn revive_main(&mut self, pane: PaneId, cx: &Context) -> Vec<Effect> {
        let Some(own) = self.panes.get_mut(&pane) else { return Vec::new() };
        let lost = matches!(&own.state, PaneState::Ended(Some(exit)) if exit.reason == ExitReason::Lost);
        let runs = cx.data.container(&own.origin.container).is_some_and(|container| container.state == ContainerState::Running);
        let tried = own.revived_at.is_some_and(|at| cx.now.since_start < at + REVIVE_AGAIN);
        if !lost || !runs || tried || own.origin.shows != Shows::Main {
            return Vec::new();
        }
        own.revived_at = Some(cx.now.since_start);
        self.request(pane, cx)
    }

    /// What a frame or the end of the scroll mode brought.
    pub fn hear(&mut self, pane: PaneId, news: Vec<News>) -> Vec<Effect> {
        let seen = self.frames(self.area).0.iter().any(|(own, _)| *own == pane);
        let mut effects = Vec::new();
        for news in news {
            match news {
                News::Bell if seen => effects.push(Effect::Bell),
                News::Bell => self.mark_news(pane),
                News::Ended => {
                    effects.extend(self.left_out(pane));
                    if !seen {
                        self.mark_news(pane);
                    }
                }
                News::Notice(text) => effects.push(Effect::Ask(Ask::Toast(ToastKind::Info, text))),
                News::Clipboard(text) if seen => effects.push(Effect::Ask(Ask::OfferClipboard { pane, text })),
                News::Clipboard(_) | News::Title => {}
            }
        }
        effects
    }

    fn mark_news(&mut self, pane: PaneId) {
        if let Some(pane) = self.panes.get_mut(&pane) {
            pane.news = true;
        }
    }

    /// Connects again whoever lost the connection and whose time has come, or all.
    pub fn reconnect(&mut self, all: bool, now: Duration) -> Vec<Effect> {
        let due = |state: &PaneState| matches!(state, PaneState::Lost(at) if all || *at <= now);
        let panes = self.panes.values_mut().filter(|pane| due(&pane.state));
        let mut effects: Vec<Effect> = panes.flat_map(TerminalPane::reattach).collect();
        effects.extend(self.reconnect_logs(all, now));
        effects
    }

    /// When that should be looked at again.
    #[must_use]
    pub fn wake_at(&self) -> Option<Duration> {
        let lost = self.panes.values().filter_map(|pane| match pane.state {
            PaneState::Lost(at) => Some(at),
            _ => None,
        });
        let repeat = match self.keys {
            Keys::Repeat(until) => Some(until),
            _ => None,
        };
        let logs = self.panes.values().filter_map(|pane| pane.log.as_ref().and_then(|log| log.wake_at()));
        lost.chain(repeat).chain(logs).min()
    }

    /// A pane's connection is gone.
    pub fn detached(&mut self, pane: PaneId, problem: Option<Box<crate::model::Problem>>, now: Duration) {
        if let Some(pane) = self.panes.get_mut(&pane) {
            pane.detached(problem, now + RETRY);
        }
    }

    /// Follows what a command in the scroll mode led to.
    pub(super) fn after_scroll(&mut self, pane: PaneId, outcome: Outcome) -> Vec<Effect> {
        let text = match outcome {
            Outcome::Stay => return Vec::new(),
            Outcome::AskNeedle { back } => return vec![Effect::Ask(Ask::Prompt(Box::new(super::needle_prompt(back))))],
            Outcome::Nowhere(why) => return vec![super::toast::say(why)],
            Outcome::Leave => None,
            Outcome::Copy(text) => Some(text),
        };
        let news = self.panes.get_mut(&pane).map(TerminalPane::end_scroll).unwrap_or_default();
        let mut effects = self.hear(pane, news);
        effects.extend(text.map(|text| Effect::Ask(Ask::Copy(text))));
        effects
    }
}

/// The frames of a tab's panes in an area, and whether borders are drawn.
///
/// One pane alone needs no border, nor does a zoomed one; where the panes don't fit, only the focused one is shown.
fn visible(tab: &Tab, area: Rect) -> (Vec<(PaneId, Rect)>, bool) {
    let alone = tab.zoomed || matches!(tab.tree, Tree::Pane(_)) || !tab.tree.fits(area);
    if alone { (vec![(tab.focus, area)], false) } else { (tab.tree.frames(area), true) }
}

/// What a frame leaves for the screen.
#[must_use]
pub fn inside(frame: Rect, borders: bool) -> Rect {
    if borders { Rect { x: frame.x + 1, y: frame.y + 1, width: frame.width.saturating_sub(2), height: frame.height.saturating_sub(2) } } else { frame }
}
