//! Where keys, pasted text and the mouse go: to what lies on top, to the view, or to the command that a key runs.
use super::app::App;
use super::app::View;
use super::app::context;
use super::command::CommandId;
use super::command::Scope;
use super::component::Component;
use super::msg::Ask;
use super::msg::Effect;
use super::msg::Msg;
use super::pages::Pages;
use super::parts::grid::Home;
use super::parts::status;
use super::parts::tour::Step;
use super::parts::typing;
use super::parts::workspace::Keys;
use crate::term::Key;
use crate::term::KeyCode;
use crate::term::MouseEvent;
use crate::term::MouseKind;
use ratatui::layout::Rect;

impl App {
    pub(super) fn key(&mut self, key: Key) -> Vec<Effect> {
        self.dirty |= self.toasts.dismiss();
        if self.tour_waits() && key.mods.is_empty() {
            let step = self.tour;
            match key.code {
                KeyCode::Tab => self.tour = step.and_then(Step::next),
                KeyCode::Esc => self.tour = None,
                _ => {}
            }
            if self.tour != step {
                self.dirty = true;
                return Vec::new();
            }
        }
        let cx = context!(self);
        if let Some(overlay) = self.overlays.last_mut() {
            self.dirty = true;
            return overlay.update(&Msg::Key(key), &cx).unwrap_or_default();
        }
        if let Some(page) = page(self.view, &mut self.home, &mut self.pages) {
            self.dirty = true;
            if page.takes_keys()
                && let Some(effects) = page.update(&Msg::Key(key), &cx)
            {
                return effects;
            }
            if let Some(own) = self.keymap.find_own(self.scopes(), key).map(|own| own.name.clone()) {
                return self.run_own(&own);
            }
            if let Some((plugin, command)) = self.keymap.find_plugin(self.scopes(), key) {
                return self.run_plugin(&plugin, &command);
            }
            let found = self.keymap.find(self.scopes(), key);
            return found.map(|id| self.run(id)).unwrap_or_default();
        }
        match self.view {
            View::Terminals if self.work.takes_keys() => {
                // A key that only goes to the program changes nothing until its echo comes.
                let before = (self.work.keys, self.work.focused().map(|pane| pane.marking.is_some()));
                let outcome = self.work.key(key, &cx);
                // Labels that are narrowed look different.
                self.dirty |= before.0 == Keys::Hints;
                self.dirty |=
                    before != (self.work.keys, self.work.focused().map(|pane| pane.marking.is_some())) || !self.work.scopes().is_empty() || outcome.is_err();
                outcome.unwrap_or_else(|id| self.run(id))
            }
            _ => {
                self.dirty = true;
                let found = self.keymap.find(&[Scope::Global], key);
                found.map(|id| self.run(id)).unwrap_or_default()
            }
        }
    }

    /// Whether two keys are the tour's: not while something is typed, nor in a terminal.
    pub(super) fn tour_waits(&self) -> bool {
        let page = if self.view == View::Home { Some(&self.home as &dyn Component) } else { self.pages.get(self.view) };
        let typing = page.is_none_or(|page| page.takes_keys() && !page.scopes().contains(&Scope::Home));
        self.tour.is_some() && self.overlays.is_empty() && !typing && !self.home.is_editing()
    }

    pub(super) fn paste(&mut self, text: String) -> Vec<Effect> {
        let cx = context!(self);
        if let Some(overlay) = self.overlays.last_mut() {
            self.dirty = true;
            return overlay.update(&Msg::Paste(text), &cx).unwrap_or_default();
        }
        self.dirty = true;
        match page(self.view, &mut self.home, &mut self.pages) {
            Some(page) => page.update(&Msg::Paste(text), &cx).unwrap_or_default(),
            None if self.work.runs_each_line(&text) => vec![Effect::Ask(Ask::Offer(Box::new(typing::each_line(text))))],
            None => self.work.paste(&text, &cx),
        }
    }

    pub(super) fn pointer(&mut self, event: MouseEvent) -> Vec<Effect> {
        let areas = super::view::areas(self.size);
        let cx = context!(self);
        self.dirty = true;
        if let Some(overlay) = self.overlays.last_mut() {
            return overlay.update(&Msg::Mouse(event), &cx).unwrap_or_default();
        }
        if event.kind == MouseKind::Down && contains(areas.top, event) {
            let tab = (self.view == View::Terminals).then(|| status::tab_at(&self.work, self.size.cols, event.col, self.plain)).flatten();
            return match tab {
                Some(place) => self.work.to_tab(place, &cx),
                None => vec![Effect::Ask(Ask::Run(if self.view == View::Home { CommandId::GoTerminals } else { CommandId::GoHome }))],
            };
        }
        match page(self.view, &mut self.home, &mut self.pages) {
            None => self.work.mouse(event, &cx),
            Some(page) if contains(areas.middle, event) => page.update(&Msg::Mouse(event), &cx).unwrap_or_default(),
            Some(_) => Vec::new(),
        }
    }

    /// Where keys are looked up now, the nearest first.
    #[must_use]
    pub fn scopes(&self) -> &'static [Scope] {
        match (self.view, self.pages.get(self.view)) {
            (View::Terminals, _) => self.work.scopes(),
            (_, Some(page)) => page.scopes(),
            (_, None) => self.home.scopes(),
        }
    }

    /// Where commands are valid that the palette, the command line and the help screen show.
    pub(super) fn command_scopes(&self) -> &'static [Scope] {
        match self.view {
            View::Terminals if self.work.focused().is_some_and(|pane| pane.log.is_some()) => &[Scope::Logs, Scope::Terminal, Scope::Global],
            View::Terminals if self.work.focused().is_some() => &[Scope::Terminal, Scope::Scroll, Scope::Ended, Scope::Global],
            View::Terminals => &[Scope::Global],
            _ => self.scopes(),
        }
    }
}

/// The part that fills the middle, where that is not the terminals.
pub(super) fn page<'a>(view: View, home: &'a mut Home, pages: &'a mut Pages) -> Option<&'a mut dyn Component> {
    if view == View::Home { Some(home) } else { pages.get_mut(view) }
}

fn contains(area: Rect, event: MouseEvent) -> bool {
    area.contains(ratatui::layout::Position { x: event.col, y: event.row })
}
