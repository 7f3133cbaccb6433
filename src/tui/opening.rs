//! Terminals and logs of containers, opened from wherever they are asked for.
use super::app::App;
use super::app::View;
use super::app::context;
use super::command::CommandId;
use super::msg::Effect;
use super::msg::ToastKind;
use super::parts::terminal::Shows;
use super::parts::typing::Wanted;
use super::parts::workspace::Place;
use crate::model::Container;
use crate::model::ContainerId;
use crate::model::ContainerState;
use crate::model::SessionKind;

impl App {
    /// Shows a container's terminal: the one that is open already, its main program's, or else a new shell.
    pub(super) fn open_terminal(&mut self, id: &ContainerId, place: Place) -> Vec<Effect> {
        let Some(container) = self.data.container(id) else { return Vec::new() };
        if container.state != ContainerState::Running {
            let name = container.name.clone();
            let key = self.keymap.label(CommandId::Start).unwrap_or_default();
            self.tell(ToastKind::Warning, format!("{name} does not run: {key} starts it"));
            return Vec::new();
        }
        let wanted = self.terminal_of(container);
        self.go(View::Terminals);
        let cx = context!(self);
        match wanted {
            Wanted::Session(session) => self.work.show(&session, place, &cx),
            Wanted::New(container, shows) => self.work.open(&container, shows, place, &cx),
        }
    }

    /// What a running container's terminal is: what is seen of it already, its main program, or else a new shell.
    pub(super) fn terminal_of(&self, container: &Container) -> Wanted {
        let live: Vec<_> = self.data.live_sessions(&container.id).cloned().collect();
        let shown = live.iter().find(|session| self.work.showing(&session.id).is_some());
        let main = live.iter().find(|session| session.kind == SessionKind::Main);
        match shown.or(main).or_else(|| live.last().filter(|_| !container.tty)).cloned() {
            Some(session) => Wanted::Session(Box::new(session)),
            None => Wanted::New(Box::new(container.clone()), if container.tty { Shows::Main } else { Shows::Shell }),
        }
    }

    /// Opens something of a container in a new pane.
    pub(super) fn open(&mut self, id: &ContainerId, shows: Shows, place: Place) -> Vec<Effect> {
        let Some(container) = self.data.container(id).cloned() else { return Vec::new() };
        self.go(View::Terminals);
        let cx = context!(self);
        self.work.open(&container, shows, place, &cx)
    }

    /// Shows the logs of these containers in one new pane.
    pub(super) fn open_logs(&mut self, ids: &[ContainerId], place: Place) -> Vec<Effect> {
        let containers: Vec<_> = ids.iter().filter_map(|id| self.data.container(id)).cloned().collect();
        if containers.is_empty() {
            self.tell(ToastKind::Info, "there is no container here whose log could be shown");
            return Vec::new();
        }
        self.go(View::Terminals);
        let cx = context!(self);
        self.work.open_logs(&containers, place, &cx)
    }

    /// Shows the newest of the logs that are open, or else those of the container under the cursor.
    pub(super) fn go_logs(&mut self) -> Vec<Effect> {
        let open = self.work.panes.values().rfind(|pane| pane.log.is_some()).map(|pane| pane.id);
        let Some(pane) = open else {
            let own = self.work.focused().filter(|_| self.view == View::Terminals).map(|pane| vec![pane.origin.container.clone()]);
            let ids = own.unwrap_or_else(|| self.home.meant(&self.data));
            return self.open_logs(&ids, Place::Tab);
        };
        self.go(View::Terminals);
        self.work.focus_pane(pane);
        let cx = context!(self);
        self.work.arrange(&cx)
    }
}
