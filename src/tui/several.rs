//! Terminals of several containers at once.
use super::app::App;
use super::app::View;
use super::app::context;
use super::msg::Ask;
use super::msg::Effect;
use super::msg::ToastKind;
use super::parts::typing::MANY;
use super::parts::typing::many;
use crate::model::ContainerId;
use crate::model::ContainerState;

impl App {
    /// Shows the terminals of these containers in one tab and types into all of them; more than a few after a question.
    pub(super) fn type_into(&mut self, ids: &[ContainerId], sure: bool) -> Vec<Effect> {
        let known = || ids.iter().filter_map(|id| self.data.container(id));
        let running: Vec<_> = known().filter(|container| container.state == ContainerState::Running).collect();
        let idle: Vec<String> = known().filter(|container| container.state != ContainerState::Running).map(|container| container.name.clone()).collect();
        if running.len() > MANY && !sure {
            let yes = Effect::Ask(Ask::TypeInto { containers: ids.to_vec(), sure: true });
            return vec![Effect::Ask(Ask::Confirm(Box::new(many(running.len(), yes))))];
        }
        let wanted: Vec<_> = running.iter().map(|container| self.terminal_of(container)).collect();
        if !idle.is_empty() {
            self.tell(ToastKind::Warning, format!("left out: {}, which do not run", idle.join(", ")));
        }
        if wanted.is_empty() {
            return Vec::new();
        }
        self.go(View::Terminals);
        let cx = context!(self);
        let mut effects = self.work.gather(wanted, &cx);
        if let Some(focus) = self.work.tab().map(|tab| tab.focus) {
            effects.extend(self.work.sync_typing(focus));
        }
        effects
    }
}
