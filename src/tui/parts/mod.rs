//! The parts of the screen, one a file.
//!
//! The app holds one [`Component`](super::component::Component) of each view and a stack of overlays:
//!
//! | part | made by | asks for |
//! |---|---|---|
//! | `grid::Home` (tiles, table, filter, empty state) | `Home::new()`; `selected(&Data)`, `select(&ContainerId)`, `wishes(&Context)` for tiles, `watched(&Context)` for stats, `state()` and `restore()` as JSON | `OpenTerminal`, `OpenShell`, `Request`s, `Confirm` |
//! | `resources::Resources` (graphs over time) | `Resources::default()`; `show(&[ContainerId])`, `watched(&Context)` for stats, `due(&Context)` for what is to be read | `OpenTerminal`, `OpenLogs`, `Request::Past` |
//! | `browse::Browse` (images, volumes, networks) | `Browse::new(Kind)`; `due(&Context)` for what is to be listed | `Line`, `Actions`, `Sheet`, `Confirm`, `Offer`, `Request::Stock` |
//! | `files::Files` (a container's files beside this machine's) | `Files::default()`; `show(ContainerId)`, `show_at(ContainerId, SessionId)`, `answer(FilesAnswer)`, `prompted(FilesPrompt, text)`, `due(&Context)` | `Sheet`, `Confirm`, `Offer`, `Prompt`, `PasteText`, `Request::Files`, `Effect::Copy`, `Effect::Edit` |
//! | `recordings::Recordings` | `Recordings::default()`; `due(&Context)` for what is to be listed | `Play`, `Prompt`, `Confirm`, `Sheet`, `Request::Casts` |
//! | `playing::Playing` (a recording that is played) | `Playing::new(Recording, now)`, on `Ask::Play` | `Effect::ReadCast`, `Effect::MoreCast`, `Close` |
//! | `scripts::Scripts` | `Scripts::default()`; `due(&Context)` for what is to be listed | `RunScript`, `RunsOf`, `Prompt`, `Confirm`, `Offer`, `Sheet`, `Request::Runs`, `Effect::Edit` |
//! | `runs::Runs` | `Runs::default()`; `show(script)`, `due(&Context)` for what is to be listed | `Watch`, `Confirm`, `Sheet`, `Request::Runs` |
//! | `run_view::RunView` (a run that is watched) | `RunView::default()`; `show(Run)`, `due(&Context)` for what is to be read, `rest()` when it is left | `ShowSession`, `Confirm`, `Request::Runs`, `Effect::Look` |
//! | `schedules::Schedules` | `Schedules::default()`; `due(&Context)` for what is to be listed | `NewSchedule`, `RunsBy`, `Watch`, `Confirm`, `Sheet`, `Request::Schedules` |
//! | `triggers::Triggers`, `webhooks::Webhooks`, `plugins::Plugins` | `default()`; `due(&Context)` for what is to be listed | `EditDocument`, `Watch`, `RunsOfPlugin`, `Confirm`, `Sheet`, `Request::Hooks` |
//! | `edit_view::EditView` (a text that is edited) | `EditView::default()`; `edit(Kind)`, `answer(EditAnswer)`, `unsaved()`, `due(&Context)` for what is to be checked | `RunWith`, `Pick`, `Confirm`, `Offer`, `LeaveEditor`, `Request::Runs`, `Request::Hooks`, `Effect::Edit` |
//! | `run_form::RunForm` (what a run or a schedule takes) | `RunForm::new(&ScriptEntry)`, on `Ask::RunScript`; `RunForm::of_text(StartRun, &ScriptHeader)`, on `Ask::RunWith`; `RunForm::schedule()` and `RunForm::of_schedule(&Schedule)`, on `Ask::NewSchedule` and `Ask::EditSchedule`; `RunForm::plugin(…)`, on `Ask::RunPlugin` | `Sheet`, `Request::Runs`, `Request::Schedules`, `Request::Plugins`, `Close` |
//! | `settings_view::SettingsView` | `SettingsView::default()`; `learn(ShownSettings)` | `Pick`, `Prompt`, `Sheet`, `Request::Set`, `Effect::Edit` |
//! | `launch::Launch` | `Launch::new(size)` | `Launch`, `Close` |
//! | `palette::Palette` | `Palette::new(scopes)`, `Palette::line(scopes, text)` for `:` | `Run`, `RunLine`, `OpenTerminal`, `Launch`, `Close` |
//! | `help::Help` | `Help::new(scopes)` | `Close` |
//! | `pane_tree::PaneTree` (tabs, panes and sessions) | `PaneTree::new(Vec<TabSeen>, pick)`; told of changes by `Msg::Panes` | `FocusPane`, `JoinPane`, `ShowSession`, `AskClose`, `Close` |
//! | `confirm::Confirm` | `Confirm::new(ConfirmSpec)` | the chosen effects, `Close` |
//! | `prompt::Prompt` | `Prompt::new(PromptSpec)` | `Prompted`, `Close` |
//! | `toast::Toasts` | `Toasts::new()`; `push(kind, text, now)`, `dismiss()`, `log()`, `deadline()` | |
//! | `menu::Menu` | `Menu::new(ContainerId)`, on `Ask::Menu` | `Run`, `Close` |
//! | `sheet::Sheet` (lines to be read) | `Sheet::new(title, lines)`, on `Ask::Sheet` | `Close` |
//! | `pick::Pick` (one of several) | `Pick::new(PickSpec)`, on `Ask::Pick` | the chosen effects, `Close` |
//! | `bulk::Bulk` (one thing done to several) | `Bulk::new(&BulkJob)`, on `Ask::Bulk` | `Effect::StopBulk`, `Close` |
//! | `inspect::Inspect` | `Inspect::new(ContainerId)`, on `Ask::Inspect` | `Close` |

pub mod actions;
pub mod activity;
pub mod badges;
pub mod browse;
pub mod bulk;
pub mod calls;
pub mod chooser;
pub mod confirm;
pub mod detail;
mod edit_draw;
mod edit_reply;
pub mod edit_view;
pub mod empty;
pub mod errors;
pub mod facts;
pub mod field;
pub mod files;
mod files_act;
mod files_draw;
mod files_rows;
pub mod floating;
pub mod form;
pub mod frames;
pub mod fuzzy;
pub mod graph;
pub mod grid;
mod grid_act;
mod grid_draw;
pub mod groups;
pub mod help;
pub mod hints;
pub mod history;
pub mod hook_words;
pub mod inspect;
pub mod items;
pub mod launch;
pub mod layout_list;
mod listed;
pub mod log;
pub mod log_draw;
mod log_panes;
mod log_reading;
pub mod menu;
pub mod meter;
pub mod moving;
pub mod palette;
mod palette_plugins;
pub mod pane_tree;
mod panels;
pub mod pick;
pub mod picture;
pub mod plan;
pub mod playing;
pub mod plugins;
pub mod pointer;
mod poll;
pub mod popup;
mod ports;
pub mod prompt;
pub mod reader;
pub mod recordings;
pub mod resources;
mod resources_draw;
pub mod rows;
mod rows_draw;
mod run_code;
pub mod run_form;
pub mod run_log;
pub mod run_view;
mod run_view_draw;
pub mod run_words;
pub mod runs;
pub mod saved;
mod schedule_form;
pub mod schedule_words;
pub mod schedules;
pub mod scripts;
mod scripts_edit;
pub mod selection;
pub mod session_list;
pub mod settings_view;
pub mod sheet;
pub mod sift;
pub mod state;
pub mod status;
pub mod steering;
mod stock_actions;
mod stock_rows;
pub mod tab;
pub mod table;
pub mod terminal;
pub mod text;
pub mod tile;
pub mod toast;
pub mod tour;
pub mod triggers;
pub mod typing;
pub mod webhooks;
pub mod workspace;

use super::msg::PromptFor;
use super::msg::PromptSpec;

/// Asks what to look for in a terminal.
fn needle_prompt(back: bool) -> PromptSpec {
    let title = if back { "search towards older lines" } else { "search towards newer lines" };
    PromptSpec { title: title.to_owned(), text: String::new(), purpose: PromptFor::Search { back } }
}
