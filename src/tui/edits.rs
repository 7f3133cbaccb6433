//! The editor as the app sees it: opened from the lists, left for where one came from, and not lost at the end.
use super::app::App;
use super::app::Exit;
use super::app::View;
use super::app::context;
use super::command::CommandId;
use super::edit::Kind;
use super::msg::Ask;
use super::msg::Choice;
use super::msg::ConfirmSpec;
use super::msg::Effect;
use super::parts::confirm::Confirm;
use super::parts::edit_view::EditAnswer;
use super::parts::run_form::RunForm;
use super::runs;
use super::runs::RunsWish;
use crate::model::ScriptHeader;
use crate::model::StartRun;

impl App {
    /// Shows a text to be edited.
    pub(super) fn edit_document(&mut self, kind: Kind) -> Vec<Effect> {
        self.go(View::Editor);
        let cx = context!(self);
        self.pages.editor.edit(kind, &cx)
    }

    /// Does what was answered to a question about the text that is edited.
    pub(super) fn answer_editor(&mut self, answer: EditAnswer) -> Vec<Effect> {
        let cx = context!(self);
        self.pages.editor.answer(answer, &cx)
    }

    /// Goes back to where the text was opened.
    pub(super) fn leave_editor(&mut self) {
        if self.view == View::Editor {
            self.travel(true);
        }
        if self.view == View::Editor {
            self.go(View::Scripts);
        }
    }

    /// Runs a text that is edited: what it takes is asked for where it takes something.
    pub(super) fn run_with(&mut self, start: StartRun, header: &ScriptHeader) -> Vec<Effect> {
        if header.params.is_empty() {
            return vec![runs::wish(RunsWish::Start(Box::new(start)))];
        }
        self.overlays.push(Box::new(RunForm::of_text(start, header)));
        Vec::new()
    }

    /// Ends the program; texts that are not saved are asked about.
    pub(super) fn leave(&mut self) {
        let unsaved = self.pages.editor.unsaved();
        if unsaved.is_empty() {
            self.exit = Some(Exit::Left);
            return;
        }
        let choices = vec![
            Choice { key: 'e', label: "edit".to_owned(), destroys: false, effects: vec![Effect::Ask(Ask::Show(CommandId::GoEditor))] },
            Choice { key: 'l', label: "leave".to_owned(), destroys: true, effects: vec![Effect::Ask(Ask::LeaveAnyway)] },
        ];
        let lines = vec![format!("Not saved, and lost then: {}.", unsaved.join(", "))];
        self.overlays.push(Box::new(Confirm::new(ConfirmSpec { title: "Leave cto?".to_owned(), lines, choices })));
    }
}
