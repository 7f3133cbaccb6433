//! A terminal's whole text in the person's editor.
use super::app::App;
use super::editor::PrivateFile;
use super::msg::Effect;
use super::msg::ToastKind;
use std::path::Path;

impl App {
    /// Opens all that the focused terminal still knows in the editor, from the oldest line to the newest.
    pub(super) fn edit_scrollback(&mut self) -> Vec<Effect> {
        let Some(pane) = self.work.focused().filter(|pane| pane.log.is_none()) else {
            self.tell(ToastKind::Info, "this opens a terminal's text; a log is saved to a file");
            return Vec::new();
        };
        let text = pane.screen.text_with_scrollback() + "\n";
        match PrivateFile::new(format!("{}.txt", pane.origin.name).as_ref(), text.as_bytes()) {
            Ok(file) => {
                let path = file.path().to_owned();
                self.edited = Some(file);
                vec![Effect::Edit(path)]
            }
            Err(error) => {
                self.complain(&error.problem());
                Vec::new()
            }
        }
    }

    /// The editor has ended: its copy goes, whatever was written into it.
    pub(super) fn forget_edited(&mut self, path: &Path) {
        if self.edited.as_ref().is_some_and(|file| file.path() == path) {
            self.edited = None;
        }
    }
}
