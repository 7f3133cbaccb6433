//! The arrangement of panes as it is kept, and made again from what still lives.
use super::floating::Floating;
use super::tab::Tab;
use super::terminal::Origin;
use super::terminal::Shows;
use super::text;
use super::workspace::Workspace;
use crate::model::ContainerState;
use crate::model::SessionId;
use crate::model::SessionState;
use crate::tui::component::Context;
use crate::tui::layout::Tree;
use crate::tui::msg::Effect;
use crate::tui::msg::PaneId;
use serde::{Deserialize, Serialize};

/// All tabs, as they are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedWorkspace {
    /// The tabs.
    #[serde(default)]
    pub tabs: Vec<SavedTab>,
    /// The one shown.
    #[serde(default)]
    pub active: usize,
}

impl SavedWorkspace {
    /// What is in it, for people: `2 tabs, 3 panes: web-1, db`.
    #[must_use]
    pub fn about(&self) -> String {
        let mut names: Vec<String> = Vec::new();
        let mut panes = 0;
        let mut count = |pane: &SavedPane| {
            panes += 1;
            if !names.contains(&pane.origin.name) {
                names.push(pane.origin.name.clone());
            }
        };
        for tab in &self.tabs {
            tab.tree.clone().filter_map(&mut |pane| {
                count(&pane);
                None::<()>
            });
            tab.floating.iter().for_each(|floating| count(&floating.pane));
        }
        format!("{}, {}: {}", text::count(self.tabs.len(), "tab"), text::count(panes, "pane"), names.join(", "))
    }
}

/// Finds the pane for a kept one, and what it is to show unless it shows that already.
type Find<'a> = dyn FnMut(&mut Workspace, SavedPane) -> Option<(PaneId, Option<SavedPane>)> + 'a;

/// One tab, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedTab {
    /// The name it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its panes.
    pub tree: Tree<SavedPane>,
    /// The one that floats above them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floating: Option<Floating<SavedPane>>,
    /// Which of them has the focus, counted from the upper left; the one that floats comes last.
    #[serde(default)]
    pub focus: usize,
    /// The focused pane of the arrangement fills the window.
    #[serde(default)]
    pub zoomed: bool,
}

/// One pane, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedPane {
    /// What it shows.
    #[serde(flatten)]
    pub origin: Origin,
    /// The name it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub called: Option<String>,
    /// The session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
}

impl Workspace {
    /// The arrangement, to be kept.
    #[must_use]
    pub fn save(&self) -> SavedWorkspace {
        let tabs = self.tabs.iter().filter_map(|tab| {
            let focus = tab.panes().iter().position(|pane| *pane == tab.focus).unwrap_or(0);
            let mut keep =
                |id| self.panes.get(&id).map(|pane| SavedPane { origin: pane.origin.clone(), called: pane.name.clone(), session: pane.session.clone() });
            let tree = tab.tree.clone().filter_map(&mut keep)?;
            let floating = tab.floating.and_then(|floating| Some(floating.with(keep(floating.pane)?)));
            Some(SavedTab { name: tab.name.clone(), tree, floating, focus, zoomed: tab.zoomed })
        });
        SavedWorkspace { tabs: tabs.collect(), active: self.active }
    }

    /// Makes a kept arrangement again. Sessions that are gone are left out; main programs that run are shown anew.
    pub fn restore(&mut self, saved: SavedWorkspace, cx: &Context) -> Vec<Effect> {
        let effects = self.bring(saved, &mut |work, pane| work.revive(pane, cx).map(|(id, pane)| (id, Some(pane))), cx);
        self.changed = false;
        effects
    }

    /// Opens a kept arrangement beside what is open. Sessions that run are shown there, also when they were seen elsewhere; for the
    /// others new ones begin in the containers of the same id or name. Also returns the containers that don't run.
    pub fn open_saved(&mut self, saved: SavedWorkspace, cx: &Context) -> (Vec<Effect>, Vec<String>) {
        let mut gone: Vec<String> = Vec::new();
        let mut saved = saved;
        saved.active = saved.active.min(saved.tabs.len().saturating_sub(1));
        self.last_tab = self.active;
        let effects = self.bring(
            saved,
            &mut |work, pane| {
                let live = pane.session.as_ref().filter(|id| cx.data.session(id).is_some_and(|session| session.state == SessionState::Live));
                if let Some(seen) = live.and_then(|session| work.showing(session)) {
                    work.take_out(seen);
                    return Some((seen, None));
                }
                let container = cx.data.container(&pane.origin.container).or_else(|| cx.data.find_container(&pane.origin.name));
                let runs = |state| state == ContainerState::Running;
                match container.filter(|container| live.is_some() || pane.origin.shows == Shows::Log || runs(container.state)) {
                    Some(container) => {
                        let origin = Origin { container: container.id.clone(), name: container.name.clone(), ..pane.origin.clone() };
                        Some((work.fresh(origin), Some(pane)))
                    }
                    None => {
                        if !gone.contains(&pane.origin.name) {
                            gone.push(pane.origin.name);
                        }
                        None
                    }
                }
            },
            cx,
        );
        self.changed = true;
        (effects, gone)
    }

    /// Adds the tabs of a kept arrangement; `find` gives each pane, with what it is to show unless it shows that already.
    fn bring(&mut self, saved: SavedWorkspace, find: &mut Find, cx: &Context) -> Vec<Effect> {
        let shown = saved.tabs.get(saved.active).cloned();
        let mut effects = Vec::new();
        let mut to_open = Vec::new();
        for tab in saved.tabs {
            let is_shown = shown.as_ref() == Some(&tab);
            let mut place = 0;
            let mut focus = None;
            let mut panes = Vec::new();
            let mut bring = |work: &mut Self, pane: SavedPane| {
                let here = place;
                place += 1;
                let called = pane.called.clone();
                let (id, pane) = find(work, pane)?;
                if let Some(own) = work.panes.get_mut(&id).filter(|_| called.is_some()) {
                    own.name = called;
                }
                if here == tab.focus {
                    focus = Some(id);
                }
                panes.extend(pane.map(|pane| (id, pane)));
                Some(id)
            };
            let tree = tab.tree.clone().filter_map(&mut |pane| bring(self, pane));
            let floating = tab.floating.clone().and_then(|floating| Some(floating.with(bring(self, floating.pane.clone())?)));
            // What floated above what is gone is all that there is.
            let (tree, floating) = match (tree, floating) {
                (None, Some(floating)) => (Tree::Pane(floating.pane), None),
                (Some(tree), floating) => (tree, floating),
                (None, None) => continue,
            };
            let Some(focus) = focus.or_else(|| tree.panes().first().copied()) else { continue };
            let zoomed = tab.zoomed && !matches!(tree, Tree::Pane(_));
            // Typing into several is never brought back: it is asked for anew.
            self.tabs.push(Tab { name: tab.name, zoomed, floating, ..Tab::new(tree, focus) });
            if is_shown {
                self.active = self.tabs.len() - 1;
            }
            to_open.extend(panes);
        }
        effects.extend(self.arrange(cx));
        for (id, saved) in to_open {
            let session = saved.session.as_ref().and_then(|session| cx.data.session(session)).filter(|session| session.state == SessionState::Live);
            match (session, self.panes.get_mut(&id)) {
                (Some(session), Some(pane)) => effects.extend(pane.show(session)),
                _ => effects.extend(self.request(id, cx)),
            }
        }
        effects
    }

    /// A pane for what still lives.
    fn revive(&mut self, saved: SavedPane, cx: &Context) -> Option<(PaneId, SavedPane)> {
        let live = saved.session.as_ref().and_then(|session| cx.data.session(session)).is_some_and(|session| session.state == SessionState::Live);
        let container = cx.data.container(&saved.origin.container);
        let runs = container.is_some_and(|container| container.state == ContainerState::Running);
        let again = match saved.origin.shows {
            Shows::Main => runs,
            Shows::Log => container.is_some(),
            Shows::Shell => false,
        };
        (live || again).then(|| (self.fresh(saved.origin.clone()), saved))
    }
}
