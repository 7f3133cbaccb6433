//! Typing into all panes of a tab at once, and tabs made for it.
use super::tab::Tab;
use super::terminal::Origin;
use super::terminal::Shows;
use super::terminal::TerminalPane;
use super::text;
use super::toast::say;
use super::workspace::Place;
use super::workspace::Workspace;
use crate::model::Container;
use crate::model::Session;
use crate::term::Key;
use crate::tui::component::Context;
use crate::tui::layout::Axis;
use crate::tui::layout::Ready;
use crate::tui::msg::Ask;
use crate::tui::msg::Choice;
use crate::tui::msg::ConfirmSpec;
use crate::tui::msg::Effect;
use crate::tui::msg::PaneId;
use crate::tui::msg::ToastKind;
use crate::tui::theme::Role;

/// Into more panes than these nobody types at once without having been asked.
pub const MANY: usize = 8;
/// Columns that are shown of a pasted line.
const SHOWN: usize = 56;

/// A terminal that a tab is to have.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// That of a session, wherever it is seen now.
    Session(Box<Session>),
    /// A new one in this container.
    New(Box<Container>, Shows),
}

/// Who gets what is typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receivers {
    /// These do, in their order.
    pub panes: Vec<PaneId>,
    /// These don't, for this reason.
    pub left_out: Vec<(PaneId, String)>,
}

impl Receivers {
    /// What stands before a pane's title, and its colour where it is another: who receives is seen at each pane.
    #[must_use]
    pub fn mark(&self, pane: PaneId) -> (String, Option<Role>) {
        if self.panes.contains(&pane) {
            return ("⇉ ".to_owned(), Some(Role::Warn));
        }
        let why = self.left_out.iter().find(|(left, _)| *left == pane);
        (why.map(|(_, why)| format!("left out, {why}: ")).unwrap_or_default(), None)
    }

    /// How many get what is typed, of how many: `⇉ 2/3`.
    #[must_use]
    pub fn count(&self) -> String {
        format!("⇉ {}/{}", self.panes.len(), self.panes.len() + self.left_out.len())
    }
}

impl Workspace {
    /// Who gets what is typed in this tab. A zoomed pane has the keys for itself, and so has one that floats.
    #[must_use]
    pub fn receivers(&self, tab: &Tab) -> Receivers {
        let mut receivers = Receivers::default();
        let all = if tab.synced && !tab.zoomed && !tab.floats() { tab.tree.panes() } else { vec![tab.focus] };
        for (id, pane) in all.into_iter().filter_map(|id| Some((id, self.panes.get(&id)?))) {
            match pane.deaf() {
                None => receivers.panes.push(id),
                Some(why) => receivers.left_out.push((id, why)),
            }
        }
        receivers
    }

    /// Types a key into the focused pane, or into all that receive.
    pub(super) fn type_key(&mut self, key: Key) -> Vec<Effect> {
        self.type_with(|pane| pane.key(key))
    }

    /// Pastes likewise; each program gets the text marked as it asked for.
    pub(super) fn type_paste(&mut self, text: &str) -> Vec<Effect> {
        self.type_with(|pane| if pane.scroll.is_none() { pane.paste(text) } else { Vec::new() })
    }

    /// Whether a text has several lines and a program that would get it takes each as it comes: it has not asked for pasted text to be marked.
    #[must_use]
    pub fn runs_each_line(&self, text: &str) -> bool {
        let several = text.trim_end_matches(['\r', '\n']).contains(['\r', '\n']);
        let takes = |pane: &PaneId| {
            let modes = self.panes.get(pane).filter(|pane| pane.scroll.is_none() && pane.log.is_none()).map(TerminalPane::modes);
            // What has a screen of its own is no shell.
            modes.is_some_and(|modes| !modes.bracketed_paste && !modes.alternate_screen)
        };
        self.confirms_paste && several && self.tab().is_some_and(|tab| self.receivers(tab).panes.iter().any(takes))
    }

    fn type_with(&mut self, mut typing: impl FnMut(&mut TerminalPane) -> Vec<Effect>) -> Vec<Effect> {
        let to = match self.tab() {
            None => return Vec::new(),
            Some(tab) if tab.synced => self.receivers(tab).panes,
            // One that is alone decides by itself what becomes of its keys.
            Some(tab) => vec![tab.focus],
        };
        let mut effects = Vec::new();
        for id in to {
            effects.extend(self.panes.get_mut(&id).map(&mut typing).unwrap_or_default());
        }
        effects
    }

    /// Begins typing into all panes of the tab shown, after a question where they are many, or ends it.
    pub(super) fn toggle_typing(&mut self) -> Vec<Effect> {
        let Some(tab) = self.tab_mut() else { return Vec::new() };
        if std::mem::take(&mut tab.synced) {
            return vec![say("what is typed goes to the focused pane alone")];
        }
        let focus = tab.focus;
        match tab.tree.panes().len() {
            0 | 1 => vec![say("there is no other pane in this tab to type into")],
            count if count > MANY => vec![Effect::Ask(Ask::Confirm(Box::new(many(count, Effect::Ask(Ask::SyncTyping(focus))))))],
            _ => self.sync_typing(focus),
        }
    }

    /// From now on what is typed goes to all panes of the tab that this one is in.
    pub fn sync_typing(&mut self, pane: PaneId) -> Vec<Effect> {
        let Some(tab) = self.tabs.iter_mut().find(|tab| tab.contains(pane)) else { return Vec::new() };
        tab.synced = true;
        let Some(tab) = self.tabs.iter().find(|tab| tab.contains(pane)) else { return Vec::new() };
        let receivers = self.receivers(tab);
        let mut told = format!("what is typed goes to {}", text::count(receivers.panes.len(), "pane"));
        for (id, why) in &receivers.left_out {
            let title = self.panes.get(id).map(TerminalPane::title).unwrap_or_default();
            told.push_str(&format!("\nleft out: {title}, {why}"));
        }
        vec![Effect::Ask(Ask::Toast(if receivers.left_out.is_empty() { ToastKind::Info } else { ToastKind::Warning }, told))]
    }

    /// Says that a pane whose program has ended gets no more of what is typed into its tab.
    pub(super) fn left_out(&self, pane: PaneId) -> Vec<Effect> {
        let synced = self.tabs.iter().any(|tab| tab.synced && tab.tree.contains(pane));
        match self.panes.get(&pane) {
            Some(pane) if synced => vec![Effect::Ask(Ask::Toast(ToastKind::Warning, format!("left out of what is typed: {}, ended", pane.title())))],
            _ => Vec::new(),
        }
    }

    /// Makes a tab of these terminals, in rows and columns. Those that are seen elsewhere move there.
    pub fn gather(&mut self, wanted: Vec<Wanted>, cx: &Context) -> Vec<Effect> {
        let mut panes = Vec::new();
        let mut to_show = Vec::new();
        let mut to_open = Vec::new();
        for one in wanted {
            match one {
                Wanted::Session(session) => match self.showing(&session.id) {
                    Some(pane) => {
                        self.take_out(pane);
                        panes.push(pane);
                    }
                    None => {
                        let pane = self.fresh(Origin::of(&session));
                        panes.push(pane);
                        to_show.push((pane, session));
                    }
                },
                Wanted::New(container, shows) => {
                    let origin = Origin { container: container.id.clone(), name: container.name.clone(), shows, more: Vec::new() };
                    let pane = self.fresh(origin);
                    panes.push(pane);
                    to_open.push(pane);
                }
            }
        }
        let Some((first, others)) = panes.split_first() else { return Vec::new() };
        self.place(*first, Place::Tab);
        if let Some(tab) = self.tab_mut() {
            others.iter().rev().for_each(|other| tab.tree.split(*first, Axis::Right, *other));
            tab.tree = tab.tree.arranged(Ready::Tiled);
        }
        let mut effects = self.arrange(cx);
        for (pane, session) in to_show {
            effects.extend(self.panes.get_mut(&pane).map(|pane| pane.show(&session)).unwrap_or_default());
        }
        effects.extend(to_open.into_iter().flat_map(|pane| self.request(pane, cx)));
        effects
    }
}

/// Asks whether all lines of a text are to be pasted where each is taken as it comes.
#[must_use]
pub fn each_line(pasted: String) -> ConfirmSpec {
    let lines: Vec<&str> = pasted.split(['\r', '\n']).filter(|line| !line.trim().is_empty()).collect();
    let count = lines.len();
    let mut shown: Vec<String> = lines.iter().take(3).map(|line| format!("  {}", text::clip(&line.replace(char::is_control, " "), SHOWN))).collect();
    if count > shown.len() {
        shown.push(format!("  … and {} more", count - shown.len()));
    }
    shown.insert(0, "The program here runs each line as it comes:".to_owned());
    let yes = Effect::Ask(Ask::PasteText(pasted));
    let choices = vec![Choice { key: 'y', label: "paste".to_owned(), destroys: false, effects: vec![yes] }];
    ConfirmSpec { title: format!("Paste {count} lines?"), lines: shown, choices }
}

/// Asks whether so many are meant.
#[must_use]
pub fn many(count: usize, yes: Effect) -> ConfirmSpec {
    let lines = vec!["What is typed or pasted runs in each of them.".to_owned()];
    let choices = vec![Choice { key: 'y', label: "type into all".to_owned(), destroys: false, effects: vec![yes] }];
    ConfirmSpec { title: format!("Type into {count} terminals at once?"), lines, choices }
}
