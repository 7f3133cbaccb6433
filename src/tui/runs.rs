//! Scripts and their runs: what is known of them, what can be asked for, and what comes of it.
use super::editor::PrivateFile;
use super::msg::Effect;
use super::msg::Request;
use crate::error::Result;
use crate::model::InlineScript;
use crate::model::Run;
use crate::model::RunId;
use crate::model::RunLog;
use crate::model::RunText;
use crate::model::Schedule;
use crate::model::ScriptCheck;
use crate::model::ScriptEntry;
use crate::model::ScriptList;
use crate::model::StartRun;
use std::path::Path;
use std::sync::Arc;

/// Runs that are listed at most; of older ones the server knows more.
pub const MOST: usize = 500;

/// What is known of scripts and runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Known {
    /// All scripts, and the files that can't be used; none before the server has answered.
    pub scripts: Option<ScriptList>,
    /// The newest runs, the newest first; none before the server has answered.
    pub runs: Option<Vec<Run>>,
    /// All schedules, by name; none before the server has answered.
    pub schedules: Option<Vec<Schedule>>,
}

impl Known {
    /// Takes in a run as an event or an answer tells it.
    pub fn put(&mut self, run: &Run) {
        let Some(runs) = &mut self.runs else { return };
        match runs.iter_mut().find(|known| known.id == run.id) {
            Some(known) => *known = newer(known, run).clone(),
            None => {
                let at = runs.partition_point(|known| known.created_at > run.created_at);
                runs.insert(at, run.clone());
                runs.truncate(MOST);
            }
        }
    }

    /// Takes in what the server answered.
    pub fn learn(&mut self, reply: &RunsReply) {
        match reply {
            RunsReply::Scripts(list) => self.scripts = Some(list.clone()),
            RunsReply::Runs(list) => {
                let fresh = |run: &Run| self.run(&run.id).map_or_else(|| run.clone(), |known| newer(known, run).clone());
                self.runs = Some(list.iter().map(fresh).collect());
            }
            RunsReply::Run(run) => self.put(run),
            RunsReply::Log(log) => self.put(&log.run),
            RunsReply::Script(_)
            | RunsReply::Draft(_)
            | RunsReply::Text(_)
            | RunsReply::Put(..)
            | RunsReply::Conflict(_)
            | RunsReply::Source(_)
            | RunsReply::Unchanged
            | RunsReply::Done
            | RunsReply::Checked(..)
            | RunsReply::Removed(..) => {}
        }
    }

    /// The script of this name.
    #[must_use]
    pub fn script(&self, name: &str) -> Option<&ScriptEntry> {
        self.scripts.as_ref()?.items.iter().find(|script| script.name == name)
    }

    /// The run with this id.
    #[must_use]
    pub fn run(&self, id: &RunId) -> Option<&Run> {
        self.runs.as_ref()?.iter().find(|run| run.id == *id)
    }

    /// Takes in a schedule as an event or an answer tells it; an older version of it is no news.
    pub fn put_schedule(&mut self, schedule: &Schedule) {
        let Some(schedules) = &mut self.schedules else { return };
        match schedules.binary_search_by(|known| known.name.cmp(&schedule.name)) {
            Ok(at) if schedules[at].id == schedule.id && schedules[at].version > schedule.version => {}
            Ok(at) => schedules[at] = schedule.clone(),
            Err(at) => schedules.insert(at, schedule.clone()),
        }
    }

    /// A schedule is gone.
    pub fn drop_schedule(&mut self, name: &str) {
        self.schedules.iter_mut().for_each(|schedules| schedules.retain(|known| known.name != name));
    }

    /// Takes in all schedules.
    pub fn put_schedules(&mut self, mut schedules: Vec<Schedule>) {
        schedules.sort_by(|a, b| a.name.cmp(&b.name));
        self.schedules = Some(schedules);
    }

    /// The schedule of this name.
    #[must_use]
    pub fn schedule(&self, name: &str) -> Option<&Schedule> {
        self.schedules.as_ref()?.iter().find(|schedule| schedule.name == name)
    }

    /// The newest run of a script.
    #[must_use]
    pub fn last_of(&self, script: &str) -> Option<&Run> {
        self.runs.as_ref()?.iter().find(|run| run.script == script)
    }
}

/// Which of two tellings of one run is the newer: what is over does not begin again, unless at another attempt.
#[must_use]
pub fn newer<'a>(known: &'a Run, told: &'a Run) -> &'a Run {
    if known.attempt >= told.attempt && known.state.is_over() && !told.state.is_over() { known } else { told }
}

/// A script while it is edited on this machine. The private copy goes when nobody has this any more.
#[derive(Debug)]
pub struct Draft {
    /// The script's name.
    pub name: String,
    /// Its text before.
    pub before: String,
    /// What the server calls that text; empty where there was none.
    pub hash: String,
    file: PrivateFile,
}

impl Draft {
    /// Writes the private copy of a script that is there.
    ///
    /// # Errors
    /// `disk_full`, `invalid_value` when there is no place for it.
    pub fn of(script: ScriptEntry) -> Result<Self> {
        let last = script.name.rsplit('/').next().unwrap_or_default();
        let before = script.source.unwrap_or_default();
        let file = PrivateFile::new(format!("{last}.luau").as_ref(), before.as_bytes())?;
        Ok(Self { name: script.name, before, hash: script.hash, file })
    }

    /// Writes a text that is edited here, as a file that is called so.
    ///
    /// # Errors
    /// `disk_full`, `invalid_value` when there is no place for it.
    pub fn outside(file: &str, text: String) -> Result<Self> {
        let copy = PrivateFile::new(file.as_ref(), text.as_bytes())?;
        Ok(Self { name: file.to_owned(), before: text, hash: String::new(), file: copy })
    }

    /// Where the private copy is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.file.path()
    }
}

impl PartialEq for Draft {
    fn eq(&self, other: &Self) -> bool {
        self.path() == other.path()
    }
}

/// What can be asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum RunsWish {
    /// All scripts.
    Scripts,
    /// A script with its text.
    Script(String),
    /// A script with its text, to be edited by $EDITOR.
    Edit(String),
    /// A script with its text, to be edited here.
    Open(String),
    /// The same, since it may have been saved elsewhere.
    Look(String),
    /// Whether a new script can have this name.
    Begin(String),
    /// What is wrong in a text.
    CheckText(InlineScript),
    /// A text, saved.
    Put(Box<PutText>),
    /// A file of this name with this text, for $EDITOR.
    Outside(String, String),
    /// What such a file holds now.
    TakeBack(Arc<Draft>),
    /// The text that a run runs, and where it pauses.
    Source(RunId),
    /// A run pauses at these lines, and no others.
    PauseAt(RunId, Vec<u32>),
    /// What was edited, saved; also over what somebody else saved meanwhile where that is meant.
    Save(Arc<Draft>, bool),
    /// What is wrong in a script.
    Check(String),
    /// These scripts away.
    RemoveScripts(Vec<String>),
    /// The newest runs.
    Runs,
    /// A run of a script.
    Start(Box<StartRun>),
    /// The end of a run before its time.
    Cancel(RunId),
    /// A pause before its next call.
    Pause(RunId),
    /// A paused run goes on; to its next call only where that is meant.
    Resume(RunId, bool),
    /// The same once more.
    Retry(RunId),
    /// These runs away.
    RemoveRuns(Vec<RunId>),
    /// What a run did after an entry of its log; waited for so many seconds where there is nothing yet.
    Log(RunId, u64, u32),
}

/// A script that is to be saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutText {
    /// Its name.
    pub name: String,
    /// Its text.
    pub source: String,
    /// The hash of the text that this replaces; none replaces whatever there is.
    pub replaces: Option<String>,
}

impl RunsWish {
    /// Whether its view says by itself why it failed.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        matches!(self, Self::Scripts | Self::Runs | Self::Log(..) | Self::CheckText(_) | Self::Look(_) | Self::Source(_))
    }
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub enum RunsReply {
    /// To [`RunsWish::Scripts`].
    Scripts(ScriptList),
    /// To [`RunsWish::Script`], [`RunsWish::Open`] and [`RunsWish::Look`].
    Script(Box<ScriptEntry>),
    /// To [`RunsWish::Edit`] and [`RunsWish::Outside`].
    Draft(Arc<Draft>),
    /// To [`RunsWish::TakeBack`].
    Text(String),
    /// To [`RunsWish::Put`]: what is wrong in it, and what the server calls the text now.
    Put(ScriptCheck, String),
    /// To [`RunsWish::Put`] where somebody else has saved another text: that.
    Conflict(Box<ScriptEntry>),
    /// To [`RunsWish::Source`] and [`RunsWish::PauseAt`].
    Source(Box<RunText>),
    /// To [`RunsWish::Save`] of what is as it was.
    Unchanged,
    /// To [`RunsWish::Save`], [`RunsWish::Check`] and [`RunsWish::CheckText`]: the text that was looked at, and what is wrong in it.
    Checked(String, ScriptCheck),
    /// How many went, and why others did not.
    Removed(usize, Vec<String>),
    /// To [`RunsWish::Runs`].
    Runs(Vec<Run>),
    /// To [`RunsWish::Pause`] and [`RunsWish::Resume`], of which events tell the rest, and to [`RunsWish::Begin`].
    Done,
    /// A run as it is now.
    Run(Box<Run>),
    /// To [`RunsWish::Log`].
    Log(Box<RunLog>),
}

/// Asks for something.
#[must_use]
pub fn wish(wish: RunsWish) -> Effect {
    Effect::Request(Request::Runs(Box::new(wish)))
}
