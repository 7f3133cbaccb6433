//! Runs of scripts as the app sees them: begun from anywhere, and watched in a view with a terminal in it.
use super::app::App;
use super::app::View;
use super::msg::Effect;
use super::parts::run_form::RunForm;
use super::parts::runs::Only;
use super::parts::terminal::TerminalPane;
use super::runs;
use super::runs::RunsWish;
use crate::model::Run;
use crate::model::StartRun;

impl App {
    /// Shows a run.
    pub(super) fn watch(&mut self, run: Run) -> Vec<Effect> {
        let effects = self.pages.run.show(run);
        self.go(View::Run);
        effects
    }

    /// Shows the runs of a script or of a schedule, or all.
    pub(super) fn show_runs(&mut self, only: Option<Only>) {
        self.pages.runs.show(only);
        self.go(View::Runs);
    }

    /// Runs the script of this name: its parameters are asked for where it has some.
    pub(super) fn run_script(&mut self, name: &str) -> Vec<Effect> {
        match self.data.runs.script(name).filter(|script| !script.header.params.is_empty()) {
            Some(script) => {
                self.overlays.push(Box::new(RunForm::new(script)));
                Vec::new()
            }
            None => vec![runs::wish(RunsWish::Start(Box::new(StartRun { script: Some(name.to_owned()), ..StartRun::default() })))],
        }
    }

    /// The panes that mirror a session: those of the terminals, and that of the run which is watched.
    pub(super) fn mirrors(&mut self) -> impl Iterator<Item = &mut TerminalPane> {
        self.work.panes.values_mut().chain(self.pages.run.pane_mut())
    }
}
