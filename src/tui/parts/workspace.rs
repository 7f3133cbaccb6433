//! Tabs of panes, and what their commands do.
use super::badges::Unseen;
use super::floating::Floating;
use super::pointer::Drag;
use super::selection::Outcome;
use super::tab::Framed;
use super::tab::Tab;
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

/// Where a new pane goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Into a tab of its own.
    Tab,
    /// Beside the focused pane, along this axis.
    Beside(Axis),
    /// Beside the focused pane, along its longer side.
    Split,
    /// Above the arrangement.
    Above,
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
    /// What is being dragged.
    pub(super) dragged: Option<Drag>,
    /// The pane that is to be taken elsewhere.
    pub marked: Option<PaneId>,
    pub(in crate::tui) terminal_focus: bool,
    /// Asks before several lines are pasted where each is taken as it comes.
    pub confirms_paste: bool,
    /// The terminals are what fills the middle of the screen.
    pub(in crate::tui) on_screen: bool,
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
            marked: None,
            terminal_focus: true,
            confirms_paste: true,
            on_screen: true,
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
        let Some(tab) = self.tabs.get_mut(self.active).filter(|_| place != Place::Tab) else {
            self.last_tab = self.active;
            let at = if self.tabs.is_empty() { 0 } else { self.active + 1 };
            self.tabs.insert(at, Tab::new(Tree::Pane(pane), pane));
            self.active = at;
            return;
        };
        let beside = tab.tile();
        let axis = match place {
            Place::Beside(axis) => axis,
            Place::Above if tab.floating.is_none() => {
                tab.floating = Some(Floating::new(pane));
                return tab.give_focus(pane);
            }
            Place::Tab | Place::Split | Place::Above => {
                // Cells are about twice as high as wide.
                let size = self.panes.get(&beside).map_or(Size::default(), |pane| pane.size);
                if size.cols >= size.rows.saturating_mul(2) { Axis::Right } else { Axis::Down }
            }
        };
        tab.tree.split(beside, axis, pane);
        tab.zoomed = false;
        tab.give_focus(pane);
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
        let Some(place) = self.tabs.iter().position(|tab| tab.contains(pane)) else { return };
        self.show_tab(place);
        if let Some(tab) = self.tab_mut() {
            tab.give_focus(pane);
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
        self.marked = self.marked.filter(|marked| *marked != pane);
        self.take_out(pane);
        let mut effects = vec![Effect::Detach(pane)];
        effects.extend(self.arrange(cx));
        effects
    }

    /// Takes a pane out of its tab, which goes with its last one.
    pub(super) fn take_out(&mut self, pane: PaneId) {
        self.changed = true;
        let Some(place) = self.tabs.iter().position(|tab| tab.contains(pane)) else { return };
        if !self.tabs[place].take_out(pane) {
            self.tabs.remove(place);
            if self.active > place || self.active >= self.tabs.len() {
                self.active = self.active.saturating_sub(1);
            }
            self.last_tab = self.last_tab.min(self.tabs.len().saturating_sub(1));
        }
    }

    /// What is seen of the tab shown, the lowest first.
    #[must_use]
    pub fn frames(&self, area: Rect) -> Vec<Framed> {
        self.tab().map(|tab| tab.frames(area)).unwrap_or_default()
    }

    /// Where a pane's screen lies, if it is seen.
    #[must_use]
    pub fn content(&self, pane: PaneId) -> Option<Rect> {
        self.frames(self.area).iter().find(|framed| framed.pane == pane).map(Framed::room)
    }

    /// Gives every pane the room that it has now, and the focus to whom it belongs.
    pub fn arrange(&mut self, cx: &Context) -> Vec<Effect> {
        // Labels are for the pane that has the focus.
        let labelled = self.panes.values().any(|pane| pane.hints.is_some());
        let mut effects = if labelled && self.focused().is_none_or(|pane| pane.hints.is_none()) { self.end_hints() } else { Vec::new() };
        for tab in &mut self.tabs {
            tab.settle(self.area);
            for framed in tab.rooms(self.area) {
                let room = framed.room();
                if let Some(pane) = self.panes.get_mut(&framed.pane)
                    && room.width > 0
                    && room.height > 0
                {
                    effects.extend(pane.set_size(Size { cols: room.width, rows: room.height }, cx.now.since_start));
                }
            }
        }
        let focus = self.tab().map(|tab| tab.focus).filter(|_| self.terminal_focus);
        for pane in self.panes.values_mut() {
            effects.extend(pane.set_focus(Some(pane.id) == focus));
        }
        self.look();
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
        let seen = self.frames(self.area).iter().any(|framed| framed.pane == pane);
        let mut effects = Vec::new();
        for news in news {
            match news {
                News::Bell => {
                    effects.extend((seen && self.on_screen).then_some(Effect::Bell));
                    self.note(pane, |unseen| unseen.bell = true);
                }
                News::Ended => {
                    effects.extend(self.left_out(pane));
                    self.note(pane, |unseen| unseen.ended = true);
                }
                News::Notice(text) => effects.push(Effect::Ask(Ask::Toast(ToastKind::Info, text))),
                News::Clipboard(text) if seen => effects.push(Effect::Ask(Ask::OfferClipboard { pane, text })),
                News::Clipboard(_) | News::Title => {}
            }
        }
        effects
    }

    /// Notes what happened in a pane, unless that is watched.
    fn note(&mut self, pane: PaneId, what: impl FnOnce(&mut Unseen)) {
        let watched = self.is_watched(pane);
        if let Some(pane) = self.panes.get_mut(&pane).filter(|_| !watched) {
            what(&mut pane.unseen);
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

    /// The focused pane looks back no longer.
    pub fn leave_scroll(&mut self) -> Vec<Effect> {
        match self.focused().filter(|pane| pane.scroll.is_some()).map(|pane| pane.id) {
            Some(pane) => self.after_scroll(pane, Outcome::Leave),
            None => Vec::new(),
        }
    }
}
