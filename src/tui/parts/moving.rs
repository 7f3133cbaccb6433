//! Panes that change their place: above the arrangement and back, to a tab of their own, into another tab.
use super::floating::Floating;
use super::tab::Tab;
use super::terminal::Shows;
use super::terminal::TerminalPane;
use super::toast::say;
use super::workspace::Place;
use super::workspace::Workspace;
use crate::tui::command::CommandId;
use crate::tui::component::Context;
use crate::tui::layout::Direction;
use crate::tui::layout::Tree;
use crate::tui::msg::Ask;
use crate::tui::msg::Effect;
use crate::tui::msg::PaneId;
use crate::tui::msg::PromptFor;
use crate::tui::msg::PromptSpec;

impl Workspace {
    /// Does a command that moves panes; none if it is another.
    pub(super) fn run_move(&mut self, id: CommandId, cx: &Context) -> Option<Vec<Effect>> {
        use CommandId as C;
        let focus = self.tab()?.focus;
        Some(match id {
            C::FloatPane => self.toggle_float(cx),
            C::FloatOrTile => self.float_or_tile(cx),
            C::FloatLeft => self.move_float(Direction::Left, cx),
            C::FloatDown => self.move_float(Direction::Down, cx),
            C::FloatUp => self.move_float(Direction::Up, cx),
            C::FloatRight => self.move_float(Direction::Right, cx),
            C::SwapPrevious => self.swap(-1, cx),
            C::SwapNext => self.swap(1, cx),
            C::BreakPane => self.break_out(focus, cx),
            C::MarkPane => self.mark(focus, cx),
            C::JoinPane => self.join_marked(cx),
            C::RenamePane => {
                let text = self.panes.get(&focus).and_then(|pane| pane.name.clone()).unwrap_or_default();
                vec![Effect::Ask(Ask::Prompt(Box::new(PromptSpec { title: "name this pane".to_owned(), text, purpose: PromptFor::RenamePane })))]
            }
            _ => return None,
        })
    }

    /// Shows or hides the tab's floating pane; where there is none, one begins with a shell of the focused pane's container.
    fn toggle_float(&mut self, cx: &Context) -> Vec<Effect> {
        let Some(tab) = self.tab_mut() else { return Vec::new() };
        let Some(floating) = &mut tab.floating else { return self.open_like(Shows::Shell, Place::Above, cx) };
        if std::mem::replace(&mut floating.shown, false) {
            let tile = tab.tile();
            tab.give_focus(tile);
        } else {
            let pane = floating.pane;
            tab.give_focus(pane);
        }
        self.changed = true;
        self.arrange(cx)
    }

    /// Puts the floating pane into the arrangement, or lets the focused pane float.
    fn float_or_tile(&mut self, cx: &Context) -> Vec<Effect> {
        let Some(tab) = self.tab_mut() else { return Vec::new() };
        let focus = tab.focus;
        if tab.floats() {
            tab.floating = None;
            let tile = tab.tile();
            tab.focus = tile;
            self.place(focus, Place::Split);
            return self.arrange(cx);
        }
        if tab.floating.is_some() {
            let key = cx.keymap.label(CommandId::FloatPane).unwrap_or_default();
            return vec![say(format!("one pane of a tab floats, and this one has it already: {key} shows it"))];
        }
        if matches!(tab.tree, Tree::Pane(_)) {
            return vec![say("it is the only pane of its tab: there is nothing that it could float above")];
        }
        tab.take_out(focus);
        tab.floating = Some(Floating::new(focus));
        tab.give_focus(focus);
        self.changed = true;
        self.arrange(cx)
    }

    fn move_float(&mut self, direction: Direction, cx: &Context) -> Vec<Effect> {
        let area = self.area;
        let Some(floating) = self.tab_mut().and_then(|tab| tab.floating.as_mut()).filter(|floating| floating.shown) else {
            let key = cx.keymap.label(CommandId::FloatPane).unwrap_or_default();
            return vec![say(format!("no pane floats here: {key} opens one"))];
        };
        floating.place = floating.place.moved(direction, area);
        self.changed = true;
        self.arrange(cx)
    }

    fn swap(&mut self, steps: isize, cx: &Context) -> Vec<Effect> {
        let Some(tab) = self.tab_mut() else { return Vec::new() };
        if tab.floats() {
            let key = cx.keymap.label(CommandId::FloatOrTile).unwrap_or_default();
            return vec![say(format!("a floating pane has no place to change: {key} puts it into the arrangement"))];
        }
        if let Some(other) = tab.tree.nth_after(tab.focus, steps) {
            tab.tree.swap(tab.focus, other);
            self.changed = true;
        }
        self.arrange(cx)
    }

    fn break_out(&mut self, pane: PaneId, cx: &Context) -> Vec<Effect> {
        let Some(tab) = self.tab_mut() else { return Vec::new() };
        if tab.panes().len() < 2 {
            return vec![say("it has this tab for itself already")];
        }
        tab.take_out(pane);
        self.last_tab = self.active;
        self.active += 1;
        self.tabs.insert(self.active, Tab::new(Tree::Pane(pane), pane));
        self.changed = true;
        self.arrange(cx)
    }

    /// Marks a pane to be taken elsewhere, or takes the mark away.
    fn mark(&mut self, pane: PaneId, cx: &Context) -> Vec<Effect> {
        if self.marked == Some(pane) {
            self.marked = None;
            return vec![say("no pane is marked any more")];
        }
        self.marked = Some(pane);
        let title = self.panes.get(&pane).map(TerminalPane::title).unwrap_or_default();
        let key = cx.keymap.label(CommandId::JoinPane).unwrap_or_default();
        vec![say(format!("marked {title}: {key} in another tab brings it there"))]
    }

    /// Takes the marked pane here; without one it is asked which.
    fn join_marked(&mut self, cx: &Context) -> Vec<Effect> {
        match self.marked {
            Some(pane) => self.join(pane, cx),
            None if self.tabs.len() < 2 => vec![say("there is no other tab that a pane could be taken from")],
            None => vec![Effect::Ask(Ask::PickPane)],
        }
    }

    /// Takes a pane from wherever it is, and puts it beside the focused one of the tab shown.
    pub fn join(&mut self, pane: PaneId, cx: &Context) -> Vec<Effect> {
        let here = self.tab().is_some_and(|tab| tab.contains(pane));
        if here || !self.panes.contains_key(&pane) {
            return vec![say("that pane is in this tab already: go to the tab that is to have it first")];
        }
        self.marked = self.marked.filter(|marked| *marked != pane);
        self.take_out(pane);
        self.place(pane, Place::Split);
        self.arrange(cx)
    }
}
