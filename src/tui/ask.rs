//! What parts of the screen ask of the app.
use super::bulk::BulkJob;
use super::command::CommandId;
use super::edit::Kind;
use super::files::FilesAnswer;
use super::msg::ConfirmSpec;
use super::msg::PaneId;
use super::msg::PickSpec;
use super::msg::PromptFor;
use super::msg::PromptSpec;
use super::msg::ToastKind;
use super::parts::edit_view::EditAnswer;
use super::parts::facts::Columns;
use super::parts::facts::Fact;
use crate::model::ContainerId;
use crate::model::CreateContainer;
use crate::model::Recording;
use crate::model::Run;
use crate::model::Schedule;
use crate::model::ScriptHeader;
use crate::model::SessionId;
use crate::model::StartRun;

/// What a part of the screen may ask of the app.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// Run a command as if its key had been pressed, after the overlay on top closed.
    Run(CommandId),
    /// Run a command of the person's own, by its name.
    RunOwn(String),
    /// Run a line typed after `:`, such as `stop web-1`.
    RunLine(String),
    /// Close the overlay on top.
    Close,
    /// Show everything in this theme while it is looked at; none ends that.
    Preview(Option<String>),
    /// Show a container's terminal: its running session, its main program, or a new shell.
    OpenTerminal(ContainerId),
    /// Open a new shell in a container.
    OpenShell(ContainerId),
    /// Show the logs of these containers in one pane.
    OpenLogs(Vec<ContainerId>),
    /// Show a session in a pane.
    ShowSession(SessionId),
    /// Show the terminals of these containers in one tab and type into all of them.
    TypeInto {
        /// The containers.
        containers: Vec<ContainerId>,
        /// It was asked whether so many are meant.
        sure: bool,
    },
    /// From now on type into all panes of the tab that this one is in.
    SyncTyping(PaneId),
    /// Launch, say so, and show its terminal when it runs if wished.
    Launch {
        /// What.
        request: Box<CreateContainer>,
        /// Show its terminal then.
        open: bool,
    },
    /// Open the command line with this text in it.
    Line(String),
    /// Show lines to be read.
    Sheet {
        /// Their title.
        title: String,
        /// The lines.
        lines: Vec<super::parts::reader::Line>,
    },
    /// Show what can be done with something.
    Actions {
        /// What it is called.
        title: String,
        /// What can be done, and how that is written on a shell's command line.
        actions: Vec<(CommandId, Option<String>)>,
    },
    /// Ask before doing.
    Confirm(Box<ConfirmSpec>),
    /// The same after some waiting: only where nothing lies on top, so that no key meant for that answers it.
    Offer(Box<ConfirmSpec>),
    /// Ask for a line of text.
    Prompt(Box<PromptSpec>),
    /// Ask for one of several.
    Pick(Box<PickSpec>),
    /// Do one thing to several containers, and show how far it is.
    Bulk(Box<BulkJob>),
    /// Play a recording over the view.
    Play(Box<Recording>),
    /// Run the script of this name; its parameters are asked for where it has some.
    RunScript(String),
    /// Run a command of a plugin's: the plugin and the command.
    RunPlugin(String, String),
    /// Watch a run.
    Watch(Box<Run>),
    /// Show the runs of this script.
    RunsOf(String),
    /// Show the runs that this schedule started.
    RunsBy(String),
    /// Show the runs that this plugin started.
    RunsOfPlugin(String),
    /// Ask for what a new schedule is to be.
    NewSchedule,
    /// Ask for what this schedule is to be from now on.
    EditSchedule(Box<Schedule>),
    /// Show a text to be edited.
    EditDocument(Kind),
    /// An answer to a question about the text that is edited.
    Editing(EditAnswer),
    /// Leave the editor for where one came from.
    LeaveEditor,
    /// Run a text that is edited; what its header says it takes is asked for.
    RunWith(Box<StartRun>, Box<ScriptHeader>),
    /// The recording that a dry run is against, to be the first choice of the next.
    Against(String),
    /// Run a command with what lies on top as it is.
    Show(CommandId),
    /// End the program, whatever is not saved.
    LeaveAnyway,
    /// Choose the columns of the table, beginning with these.
    ChooseColumns(Columns),
    /// The table has these columns from now on.
    SetColumns(Columns),
    /// Sort the containers by this.
    SortBy(Fact),
    /// Open an address in the browser, copy it and say so.
    Open(String),
    /// The answer to a prompt.
    Prompted(PromptFor, String),
    /// Tell something that goes away by itself.
    Toast(ToastKind, String),
    /// Put text into the clipboard and say so.
    Copy(String),
    /// An answer to a question of the files.
    Files(FilesAnswer),
    /// Type this into the pane that had the focus last, and show it.
    PasteText(String),
    /// The same for a command: where each of its lines would be run, it is asked first.
    PasteCommand(String),
    /// Show what can be done with a container.
    Menu(ContainerId),
    /// Show all that is known of a container.
    Inspect(ContainerId),
    /// A pane's program wants this in the clipboard: ask first.
    OfferClipboard {
        /// The pane.
        pane: PaneId,
        /// The text.
        text: String,
    },
    /// Ask which pane is to be taken into the tab shown.
    PickPane,
    /// Take this pane into the tab shown.
    JoinPane(PaneId),
    /// Show this pane and give it the focus.
    FocusPane(PaneId),
    /// Close these panes; asks first where programs run in them.
    AskClose(Vec<PaneId>),
    /// Take a pane away; its session goes on.
    ClosePane(PaneId),
    /// End a pane's program and take the pane away.
    EndPane(PaneId),
}
