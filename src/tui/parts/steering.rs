//! Keys and commands of the workspace.
use super::needle_prompt;
use super::tab::Tab;
use super::terminal::PaneState;
use super::terminal::Shows;
use super::terminal::TerminalPane;
use super::text;
use super::workspace::Keys;
use super::workspace::Place;
use super::workspace::Workspace;
use crate::model::Control;
use crate::term::Key;
use crate::term::KeyCode;
use crate::tui::command::CommandId;
use crate::tui::command::Scope;
use crate::tui::command::command;
use crate::tui::component::Context;
use crate::tui::layout::Axis;
use crate::tui::layout::Direction;
use crate::tui::layout::Ready;
use crate::tui::layout::Tree;
use crate::tui::msg::Ask;
use crate::tui::msg::Choice;
use crate::tui::msg::ConfirmSpec;
use crate::tui::msg::Effect;
use crate::tui::msg::PaneId;
use crate::tui::msg::PromptFor;
use crate::tui::msg::PromptSpec;
use crate::tui::msg::Request;
use crate::tui::msg::ToastKind;
use ratatui::layout::Rect;
use std::time::Duration;

/// How long a command may be repeated without the prefix.
const REPEAT: Duration = Duration::from_millis(500);

impl Workspace {
    /// Where keys are looked up now, the nearest first; none while they go to a program.
    #[must_use]
    pub fn scopes(&self) -> &'static [Scope] {
        match (self.keys, self.focused()) {
            (Keys::Prefix, _) => &[Scope::Terminal],
            (_, Some(pane)) if pane.log.is_some() => &[Scope::Logs, Scope::Global],
            (_, Some(pane)) if pane.scroll.is_some() => &[Scope::Scroll],
            (_, Some(pane)) if pane.is_over() => &[Scope::Ended, Scope::Global],
            (_, Some(_)) => &[],
            (_, None) => &[Scope::Global],
        }
    }

    /// Whether there is a terminal to take keys at all.
    #[must_use]
    pub fn takes_keys(&self) -> bool {
        self.focused().is_some()
    }

    /// What a key leads to: effects, or a command to be run.
    pub fn key(&mut self, key: Key, cx: &Context) -> Result<Vec<Effect>, CommandId> {
        let now = cx.now.since_start;
        match self.keys {
            Keys::Numbers => {
                self.keys = Keys::Program;
                if let KeyCode::Char(c) = key.code
                    && let Some(place) = c.to_digit(10)
                    && let Some(pane) = self.tab().and_then(|tab| tab.panes().get(place as usize).copied())
                {
                    self.focus_pane(pane);
                }
                return Ok(self.arrange(cx));
            }
            Keys::Hints => return Ok(self.hint_key(key, cx)),
            Keys::Prefix => {
                self.keys = Keys::Program;
                if cx.keymap.is_prefix(key) {
                    return Ok(self.type_key(key));
                }
                return match cx.keymap.find(&[Scope::Terminal], key) {
                    Some(id) => {
                        if command(id).repeats {
                            self.keys = Keys::Repeat(now + REPEAT);
                        }
                        Err(id)
                    }
                    None => {
                        let text = format!("{} {} is no command", cx.keymap.show(cx.keymap.prefix()), cx.keymap.show(key));
                        Ok(vec![Effect::Ask(Ask::Toast(ToastKind::Info, text))])
                    }
                };
            }
            Keys::Repeat(until) => {
                let again = cx.keymap.find(&[Scope::Terminal], key).filter(|id| command(*id).repeats && now < until);
                self.keys = Keys::Program;
                if let Some(id) = again {
                    self.keys = Keys::Repeat(now + REPEAT);
                    return Err(id);
                }
            }
            Keys::Program => {}
        }
        if cx.keymap.is_prefix(key) {
            self.keys = Keys::Prefix;
            return Ok(Vec::new());
        }
        if let Some(log) = self.focused_mut().and_then(|pane| pane.log.as_mut()).filter(|log| log.takes_keys()) {
            log.key(key, cx);
            return Ok(Vec::new());
        }
        let scopes = self.scopes();
        if scopes.is_empty() {
            return Ok(self.type_key(key));
        }
        cx.keymap.find(scopes, key).map_or(Ok(Vec::new()), Err)
    }

    /// Does one of the workspace's commands; none if it is not the workspace's.
    pub fn run(&mut self, id: CommandId, cx: &Context) -> Option<Vec<Effect>> {
        use CommandId as C;
        if command(id).scope == Scope::Scroll {
            return Some(self.scroll(id));
        }
        if command(id).scope == Scope::Logs {
            return Some(self.run_log(id, cx));
        }
        let focus = self.tab().map(|tab| tab.focus);
        let Some(focus) = focus else { return matches!(command(id).scope, Scope::Terminal | Scope::Ended).then(Vec::new) };
        if let Some(effects) = self.run_move(id, cx) {
            return Some(effects);
        }
        let effects = match id {
            C::SplitRight => self.split(Place::Beside(Axis::Right), cx),
            C::SplitDown => self.split(Place::Beside(Axis::Down), cx),
            C::NewTab => self.split(Place::Tab, cx),
            C::PaneLogs => self.open_like(Shows::Log, Place::Split, cx),
            C::Zoom => self.zoom(cx),
            C::ClosePane => self.ask_close(focus, cx),
            C::CloseEnded => self.remove(focus, cx),
            C::RestartEnded => self.restart(focus, cx),
            C::FocusNext => self.go(cx, |tab| tab.nth_after(1)),
            C::FocusLast => self.go(cx, |tab| tab.last),
            C::FocusLeft => self.go_to(Direction::Left, cx),
            C::FocusDown => self.go_to(Direction::Down, cx),
            C::FocusUp => self.go_to(Direction::Up, cx),
            C::FocusRight => self.go_to(Direction::Right, cx),
            C::ResizeLeft => self.resize(Direction::Left, 1, cx),
            C::ResizeDown => self.resize(Direction::Down, 1, cx),
            C::ResizeUp => self.resize(Direction::Up, 1, cx),
            C::ResizeRight => self.resize(Direction::Right, 1, cx),
            C::ResizeLeft5 => self.resize(Direction::Left, 5, cx),
            C::ResizeDown5 => self.resize(Direction::Down, 5, cx),
            C::ResizeUp5 => self.resize(Direction::Up, 5, cx),
            C::ResizeRight5 => self.resize(Direction::Right, 5, cx),
            C::NextLayout => self.change(cx, |tab, _| {
                tab.tree = tab.tree.arranged(Ready::ALL[tab.ready % Ready::ALL.len()]);
                tab.ready += 1;
                tab.zoomed = false;
            }),
            C::EvenLayout => self.change(cx, |tab, _| tab.tree.even()),
            C::PaneNumbers => {
                self.keys = Keys::Numbers;
                Vec::new()
            }
            C::NextTab => self.turn(1, cx),
            C::PreviousTab => self.turn(-1, cx),
            C::RenameTab => {
                let text = self.tab().map(|tab| self.tab_name(tab)).unwrap_or_default();
                vec![Effect::Ask(Ask::Prompt(Box::new(PromptSpec { title: "rename tab".to_owned(), text, purpose: PromptFor::RenameTab })))]
            }
            C::Tab0 => self.to_tab(9, cx),
            C::Tab1 => self.to_tab(0, cx),
            C::Tab2 => self.to_tab(1, cx),
            C::Tab3 => self.to_tab(2, cx),
            C::Tab4 => self.to_tab(3, cx),
            C::Tab5 => self.to_tab(4, cx),
            C::Tab6 => self.to_tab(5, cx),
            C::Tab7 => self.to_tab(6, cx),
            C::Tab8 => self.to_tab(7, cx),
            C::Tab9 => self.to_tab(8, cx),
            C::ScrollMode => {
                if let Some(pane) = self.panes.get_mut(&focus) {
                    pane.start_scroll();
                    if let Some(log) = &mut pane.log {
                        log.pause(cx);
                    }
                }
                Vec::new()
            }
            C::SearchBack => {
                if let Some(pane) = self.panes.get_mut(&focus) {
                    pane.start_scroll();
                    if let Some(log) = &mut pane.log {
                        log.ask(false);
                        return Some(Vec::new());
                    }
                }
                vec![Effect::Ask(Ask::Prompt(Box::new(needle_prompt(true))))]
            }
            C::PasteBuffer => {
                let text = self.copied.clone();
                self.paste(&text, cx)
            }
            C::QuickSelect => self.start_hints(),
            C::SyncTyping => self.toggle_typing(),
            C::Record => self.record(focus, cx),
            C::TakeSize => vec![Effect::Control(focus, Control::TakeSize)],
            C::LeavePrefix => Vec::new(),
            _ => return None,
        };
        Some(effects)
    }

    /// Begins to record the session of a pane, or ends its recording.
    fn record(&self, pane: PaneId, cx: &Context) -> Vec<Effect> {
        let Some(session) = self.panes.get(&pane).and_then(|pane| pane.session.clone()) else {
            return vec![Effect::Ask(Ask::Toast(ToastKind::Info, "there is no session to record here".to_owned()))];
        };
        let on = cx.data.session(&session).is_none_or(|session| session.recording.is_none());
        vec![Effect::Request(Request::Record { session, on })]
    }

    /// The name a tab shows.
    #[must_use]
    pub fn tab_name(&self, tab: &Tab) -> String {
        let own = || self.panes.get(&tab.focus).map_or_else(String::new, |pane| pane.name.clone().unwrap_or_else(|| pane.origin.name.clone()));
        tab.name.clone().unwrap_or_else(own)
    }

    /// Pastes into the focused pane.
    pub fn paste(&mut self, text: &str, cx: &Context) -> Vec<Effect> {
        if let Some(log) = self.focused_mut().and_then(|pane| pane.log.as_mut()) {
            log.paste(text, cx);
            return Vec::new();
        }
        self.type_paste(text)
    }

    /// The answer to a prompt.
    pub fn prompted(&mut self, purpose: &PromptFor, text: &str) -> Vec<Effect> {
        match purpose {
            PromptFor::RenameTab => {
                self.changed = true;
                if let Some(tab) = self.tab_mut() {
                    tab.name = text::name(text);
                }
            }
            PromptFor::RenamePane => {
                self.changed = true;
                if let Some(pane) = self.focused_mut() {
                    pane.name = text::name(text);
                }
            }
            // The files take their own.
            PromptFor::Files(_) => {}
            PromptFor::SaveLayout { .. }
            | PromptFor::RenameLayout(_)
            | PromptFor::Bulk(_)
            | PromptFor::SaveCast(_)
            | PromptFor::NewScript
            | PromptFor::Setting(_)
            | PromptFor::SaveRows(_) => {}
            PromptFor::SaveLog => return self.focused().and_then(|pane| pane.log.as_ref()).map(|log| log.save(text)).unwrap_or_default(),
            PromptFor::Search { back } => {
                let Some(pane) = self.focused_mut().filter(|_| !text.is_empty()) else { return Vec::new() };
                pane.start_scroll();
                let TerminalPane { scroll, screen, .. } = pane;
                if scroll.as_mut().is_some_and(|scroll| !scroll.find(screen, text, *back)) {
                    return vec![Effect::Ask(Ask::Toast(ToastKind::Info, format!("'{text}' is not in the scrollback")))];
                }
            }
        }
        Vec::new()
    }

    fn scroll(&mut self, id: CommandId) -> Vec<Effect> {
        let Some(pane) = self.focused_mut() else { return Vec::new() };
        let TerminalPane { scroll: Some(scroll), screen, id: pane, .. } = pane else { return Vec::new() };
        let outcome = scroll.run(id, screen);
        let pane = *pane;
        self.after_scroll(pane, outcome)
    }

    fn split(&mut self, place: Place, cx: &Context) -> Vec<Effect> {
        self.open_like(Shows::Shell, place, cx)
    }

    /// Opens something of the focused pane's container.
    pub(super) fn open_like(&mut self, shows: Shows, place: Place, cx: &Context) -> Vec<Effect> {
        let Some(origin) = self.focused().map(|pane| pane.origin.clone()) else { return Vec::new() };
        match cx.data.container(&origin.container) {
            Some(container) => {
                let container = container.clone();
                self.open(&container, shows, place, cx)
            }
            None => vec![Effect::Ask(Ask::Toast(ToastKind::Warning, format!("'{}' is gone", origin.name)))],
        }
    }

    fn restart(&mut self, pane: PaneId, cx: &Context) -> Vec<Effect> {
        let Some(origin) = self.panes.get(&pane).map(|pane| pane.origin.clone()) else { return Vec::new() };
        let runs = cx.data.container(&origin.container).map(|container| container.state == crate::model::ContainerState::Running);
        match (runs, origin.shows) {
            (None, _) => vec![Effect::Ask(Ask::Toast(ToastKind::Warning, format!("'{}' is gone", origin.name)))],
            (Some(true), Shows::Log | Shows::Shell) | (Some(_), Shows::Log) => self.request(pane, cx),
            (Some(running), _) => {
                // Its session is asked for when the container runs.
                if let Some(pane) = self.panes.get_mut(&pane) {
                    pane.state = PaneState::Opening;
                    pane.session = None;
                }
                let id = origin.container;
                vec![Effect::Request(if running { Request::Restart(id) } else { Request::Start(id) })]
            }
        }
    }

    /// The container of panes that wait for it to run again does.
    pub fn container_runs(&mut self, id: &crate::model::ContainerId, cx: &Context) -> Vec<Effect> {
        let waiting = |pane: &&TerminalPane| pane.origin.container == *id && pane.session.is_none() && pane.state == PaneState::Opening;
        let panes: Vec<PaneId> = self.panes.values().filter(waiting).map(|pane| pane.id).collect();
        panes.into_iter().flat_map(|pane| self.request(pane, cx)).collect()
    }

    fn ask_close(&mut self, pane: PaneId, cx: &Context) -> Vec<Effect> {
        let Some(own) = self.panes.get(&pane) else { return Vec::new() };
        if own.is_over() || own.origin.shows == Shows::Log || own.session.is_none() {
            return self.remove(pane, cx);
        }
        let main = own.origin.shows == Shows::Main;
        let lines = if main {
            vec![
                "It shows the container's main program, which goes on when you detach.".to_owned(),
                "Ending it stops the container; what is unsaved is lost.".to_owned(),
            ]
        } else {
            vec!["The program goes on when you detach.".to_owned(), "Ending it loses what is unsaved.".to_owned()]
        };
        let choices = vec![
            Choice { key: 'd', label: "detach".to_owned(), destroys: false, effects: vec![Effect::Ask(Ask::ClosePane(pane))] },
            Choice { key: 'e', label: "end program".to_owned(), destroys: true, effects: vec![Effect::Ask(Ask::EndPane(pane))] },
        ];
        vec![Effect::Ask(Ask::Confirm(Box::new(ConfirmSpec { title: format!("Close {}?", own.title()), lines, choices })))]
    }

    /// Closes panes after one question for all of them.
    pub fn ask_close_all(&mut self, panes: &[PaneId], cx: &Context) -> Vec<Effect> {
        if let [one] = panes {
            return self.ask_close(*one, cx);
        }
        let known = || panes.iter().filter_map(|pane| self.panes.get(pane));
        let live: Vec<String> = known().filter(|pane| !pane.is_over() && pane.session.is_some()).map(TerminalPane::title).collect();
        if live.is_empty() {
            return panes.iter().flat_map(|pane| self.remove(*pane, cx)).collect();
        }
        let stops = known().any(|pane| !pane.is_over() && pane.origin.shows == Shows::Main);
        let mut lines = vec![format!("{}.", live.join(", ")), "Their programs go on when you detach. Ending them loses what is unsaved.".to_owned()];
        if stops {
            lines.push("A container whose main program ends stops.".to_owned());
        }
        let all = |ask: fn(PaneId) -> Ask| panes.iter().map(|pane| Effect::Ask(ask(*pane))).collect();
        let choices = vec![
            Choice { key: 'd', label: "detach".to_owned(), destroys: false, effects: all(Ask::ClosePane) },
            Choice { key: 'e', label: "end programs".to_owned(), destroys: true, effects: all(Ask::EndPane) },
        ];
        vec![Effect::Ask(Ask::Confirm(Box::new(ConfirmSpec { title: format!("Close {}?", text::count(panes.len(), "pane")), lines, choices })))]
    }

    fn change(&mut self, cx: &Context, change: impl FnOnce(&mut Tab, Rect)) -> Vec<Effect> {
        let area = self.area;
        if let Some(tab) = self.tab_mut() {
            change(tab, area);
            self.changed = true;
        }
        self.arrange(cx)
    }

    pub(super) fn zoom(&mut self, cx: &Context) -> Vec<Effect> {
        self.change(cx, |tab, _| match tab.floating.as_mut().filter(|floating| floating.pane == tab.focus) {
            Some(floating) => floating.full = !floating.full,
            None => tab.zoomed = !tab.zoomed && !matches!(tab.tree, Tree::Pane(_)),
        })
    }

    fn go(&mut self, cx: &Context, to: impl FnOnce(&Tab) -> Option<PaneId>) -> Vec<Effect> {
        if let Some(pane) = self.tab().and_then(to) {
            self.focus_pane(pane);
        }
        self.arrange(cx)
    }

    fn go_to(&mut self, direction: Direction, cx: &Context) -> Vec<Effect> {
        let area = self.area;
        self.go(cx, |tab| tab.neighbour(direction, area))
    }

    pub(super) fn resize(&mut self, direction: Direction, cells: u16, cx: &Context) -> Vec<Effect> {
        self.change(cx, |tab, area| match tab.floating.as_mut().filter(|floating| floating.pane == tab.focus) {
            Some(floating) => floating.place = floating.place.resized(direction, cells, area),
            None => {
                tab.tree.resize(tab.focus, direction, cells, area);
            }
        })
    }

    fn turn(&mut self, steps: isize, cx: &Context) -> Vec<Effect> {
        let count = isize::try_from(self.tabs.len()).unwrap_or(1).max(1);
        let to = (isize::try_from(self.active).unwrap_or(0) + steps).rem_euclid(count);
        self.to_tab(usize::try_from(to).unwrap_or(0), cx)
    }

    /// Shows the tab at a place.
    pub fn to_tab(&mut self, place: usize, cx: &Context) -> Vec<Effect> {
        self.show_tab(place);
        self.arrange(cx)
    }
}
