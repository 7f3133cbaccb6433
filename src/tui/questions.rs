//! What people are asked: for a yes, for a line of text, for one of several.
use super::bulk::BulkAim;
use super::export::Export;
use super::files::FilesPrompt;
use super::msg::Effect;
use crate::model::RecordingId;

/// What a prompt is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PromptFor {
    /// A new name for the tab shown.
    RenameTab,
    /// A name for the focused pane.
    RenamePane,
    /// A name for the arrangement that is seen.
    SaveLayout {
        /// Only the tab shown.
        tab: bool,
    },
    /// A new name for this layout.
    RenameLayout(String),
    /// A file for the lines of the focused log.
    SaveLog,
    /// A name of a file.
    Files(FilesPrompt),
    /// Text to find in the focused terminal, forwards or back.
    Search {
        /// Towards older lines.
        back: bool,
    },
    /// What is to be done in several containers.
    Bulk(BulkAim),
    /// A file for this recording.
    SaveCast(RecordingId),
    /// A name for a new script.
    NewScript,
    /// A value for this setting.
    Setting(String),
    /// A file for these rows.
    SaveRows(Box<Export>),
}

/// A question before something that can't be undone.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfirmSpec {
    /// What is asked: `Remove web-1?`.
    pub title: String,
    /// What will be lost, a line each.
    pub lines: Vec<String>,
    /// What can be done, besides Cancel, which always stands first and is the default.
    pub choices: Vec<Choice>,
}

/// One answer to a question.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// The letter that chooses it.
    pub key: char,
    /// What it is called: `remove`.
    pub label: String,
    /// It destroys something.
    pub destroys: bool,
    /// What it does.
    pub effects: Vec<Effect>,
}

/// Asks for a line of text.
#[derive(Clone, Debug, PartialEq)]
pub struct PromptSpec {
    /// What is asked for: `rename tab`.
    pub title: String,
    /// What stands there at first.
    pub text: String,
    /// What the answer is for; it comes back as [`super::msg::Ask::Prompted`].
    pub purpose: PromptFor,
}

/// Asks for one of several.
#[derive(Clone, Debug, PartialEq)]
pub struct PickSpec {
    /// What is asked for: `sort by`.
    pub title: String,
    /// What there is to choose from.
    pub rows: Vec<PickRow>,
    /// Where the cursor stands at first.
    pub at: usize,
}

/// One of several.
#[derive(Clone, Debug, PartialEq)]
pub struct PickRow {
    /// What it is called.
    pub label: String,
    /// A word on it.
    pub about: String,
    /// What choosing it does.
    pub effects: Vec<Effect>,
}
