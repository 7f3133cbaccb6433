//! Scripts and their runs: what is known of them, what can be asked for, and what comes of it.
use super::editor::PrivateFile;
use super::msg::Effect;
use super::msg::Request;
use crate::error::Result;
use crate::model::Run;
use crate::model::RunId;
use crate::model::RunLog;
use crate::model::Schedule;
use crate::model::ScriptCheck;
use crate::model::ScriptEntry;
use crate::model::ScriptList;
use crate::model::StartRun;
use std::path::Path;
use std::sync::Arc;

/// Runs that are listed at most; of older ones the server knows more.
pub const MOST: usize = 500;
/// What a new script begins with.
const BEGINNING: &str = include_str!("../../assets/luau/new.luau");

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
            RunsReply::Script(_) | RunsReply::Draft(_) | RunsReply::Unchanged | RunsReply::Done | RunsReply::Checked(..) | RunsReply::Removed(..) => {}
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
        Self::new(script.name, script.source.unwrap_or_default(), script.hash)
    }

    /// Writes the beginning of a new script.
    ///
    /// # Errors
    /// `disk_full`, `invalid_value` when there is no place for it.
    pub fn begun(name: String) -> Result<Self> {
        Self::new(name, BEGINNING.to_owned(), String::new())
    }

    fn new(name: String, before: String, hash: String) -> Result<Self> {
        let last = name.rsplit('/').next().unwrap_or_default();
        let file = PrivateFile::new(format!("{last}.luau").as_ref(), before.as_bytes())?;
        Ok(Self { name, before, hash, file })
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
    /// A script with its text, to be edited.
    Edit(String),
    /// A new script of this name, to be edited.
    Begin(String),
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

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub enum RunsReply {
    /// To [`RunsWish::Scripts`].
    Scripts(ScriptList),
    /// To [`RunsWish::Script`].
    Script(Box<ScriptEntry>),
    /// To [`RunsWish::Edit`] and [`RunsWish::Begin`].
    Draft(Arc<Draft>),
    /// To [`RunsWish::Save`] of what is as it was.
    Unchanged,
    /// To [`RunsWish::Save`] and [`RunsWish::Check`]: the text that was looked at, and what is wrong in it.
    Checked(String, ScriptCheck),
    /// How many went, and why others did not.
    Removed(usize, Vec<String>),
    /// To [`RunsWish::Runs`].
    Runs(Vec<Run>),
    /// To [`RunsWish::Pause`] and [`RunsWish::Resume`]: events tell the rest.
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
