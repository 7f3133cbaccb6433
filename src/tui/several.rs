//! What concerns several containers, or several views, at once.
use super::app::App;
use super::app::View;
use super::app::context;
use super::bulk::BulkAim;
use super::bulk::BulkJob;
use super::bulk::BulkNews;
use super::bulk::BulkStep;
use super::bulk::Work;
use super::msg::Ask;
use super::msg::Choice;
use super::msg::ConfirmSpec;
use super::msg::Effect;
use super::msg::Msg;
use super::msg::ToastKind;
use super::parts::bulk;
use super::parts::typing::MANY;
use super::parts::typing::many;
use crate::config::Facts;
use crate::config::OwnPlace;
use crate::config::OwnScope;
use crate::model::Container;
use crate::model::ContainerId;
use crate::model::ContainerState;

impl App {
    /// What was typed is to be done in several containers.
    pub(super) fn bulk_typed(&mut self, aim: &BulkAim, line: &str) -> Vec<Effect> {
        let mut steps = Vec::new();
        for container in aim.containers().iter().filter_map(|id| self.data.container(id)) {
            match aim.work(&container.id, line) {
                Ok(work) => steps.push(BulkStep { name: container.name.clone(), work }),
                Err(how) => {
                    self.tell(ToastKind::Warning, how);
                    return Vec::new();
                }
            }
        }
        let verb = if matches!(aim, BulkAim::Run(_)) { format!("run {}", line.trim()) } else { format!("copy {}", line.trim()) };
        vec![Effect::Ask(Ask::Bulk(Box::new(BulkJob::new(verb, steps))))]
    }

    /// Runs a command of the person's own on what is marked, or on what the cursor is on.
    pub(super) fn run_own(&mut self, name: &str) -> Vec<Effect> {
        let Some(own) = self.keymap.own().find(|own| own.name == name).cloned() else { return Vec::new() };
        let steps = match own.scope {
            OwnScope::Global => vec![BulkStep { name: own.name.clone(), work: Work::Here(own.words(None)) }],
            OwnScope::Home => {
                let ids = self.home.meant(&self.data);
                let step = |container: &Container| {
                    let template = container.template.as_deref().unwrap_or_default();
                    let facts = Facts { name: &container.name, id: container.id.as_str(), image: &container.image, template };
                    let words = own.words(Some(&facts));
                    let work = if own.run == OwnPlace::Container { Work::Run(container.id.clone(), words) } else { Work::Here(words) };
                    BulkStep { name: container.name.clone(), work }
                };
                ids.iter().filter_map(|id| self.data.container(id)).map(step).collect()
            }
        };
        if steps.is_empty() {
            self.tell(ToastKind::Info, format!("there is no container here for '{}'", own.name));
            return Vec::new();
        }
        let lines = vec![format!("{}.", steps.iter().map(|step| step.name.as_str()).collect::<Vec<_>>().join(", ")), own.command.join(" ")];
        let job = Effect::Ask(Ask::Bulk(Box::new(BulkJob::new(own.name.clone(), steps))));
        if !own.confirm {
            return vec![job];
        }
        let choices = vec![Choice { key: 'y', label: "run".to_owned(), destroys: true, effects: vec![job] }];
        vec![Effect::Ask(Ask::Confirm(Box::new(ConfirmSpec { title: format!("Run {}?", own.name), lines, choices })))]
    }

    /// News of something that is done to several containers; its end is told where nobody looks at it.
    pub(super) fn bulk_told(&mut self, id: u64, news: BulkNews) -> Vec<Effect> {
        self.dirty = true;
        let (effects, taken) = self.offer(&Msg::Bulk(id, news.clone()));
        if let (BulkNews::Over(verb, outcomes), false) = (news, taken) {
            let (kind, text) = bulk::told(&verb, &outcomes);
            self.tell(kind, text);
        }
        effects
    }

    /// Shows the view of before, or the one that was left to go back.
    pub(super) fn travel(&mut self, back: bool) {
        match self.trail.step(self.view, back) {
            // Terminals that are all closed are nothing to see.
            Some(View::Terminals) if self.work.focused().is_none() => self.view = View::Home,
            Some(view) => self.view = view,
            None => self.tell(ToastKind::Info, if back { "there is no view before this one" } else { "there is no view after this one" }),
        }
        self.dirty = true;
    }

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
