//! One thing done to several containers at once, each with an outcome of its own.
use super::msg::Request;
use crate::model::ContainerId;
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

/// Numbers of jobs; never used twice.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// What is done.
#[derive(Clone, Debug, PartialEq)]
pub struct BulkJob {
    /// Names it while the program runs.
    pub id: u64,
    /// What it is called: `stop`.
    pub verb: String,
    /// For each container one thing.
    pub steps: Vec<BulkStep>,
}

impl BulkJob {
    /// A new one.
    #[must_use]
    pub fn new(verb: impl Into<String>, steps: Vec<BulkStep>) -> Self {
        Self { id: NEXT.fetch_add(1, Ordering::Relaxed), verb: verb.into(), steps }
    }
}

/// What is done to one container.
#[derive(Clone, Debug, PartialEq)]
pub struct BulkStep {
    /// Its name.
    pub name: String,
    /// What is done.
    pub work: Work,
}

/// One thing to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Work {
    /// The server is asked for it.
    Ask(Request),
    /// A program is run in the container, without a terminal.
    Run(ContainerId, Vec<String>),
    /// A program of this machine is run.
    Here(Vec<String>),
    /// Files of this machine are copied into a directory of the container.
    Put(ContainerId, Vec<PathBuf>, String),
}

/// How far a job is.
#[derive(Clone, Debug, PartialEq)]
pub enum BulkNews {
    /// The step of this number has begun.
    Began(usize),
    /// The step of this number has ended.
    Ended(usize, Outcome),
    /// All have: what the job was called, and what became of each.
    Over(String, Vec<(String, Outcome)>),
}

/// What became of one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// How it ended.
    pub end: End,
    /// In one line.
    pub told: String,
    /// All that it printed, and what to do about a failure.
    pub lines: Vec<String>,
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// As it should.
    Done,
    /// It did not work.
    Failed,
    /// It was not done, or not to its end, since the job was cancelled.
    Cancelled,
}

/// What a line that is typed is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BulkAim {
    /// A program and its arguments, run in each of these.
    Run(Vec<ContainerId>),
    /// Files of this machine and a directory of each of these.
    Copy(Vec<ContainerId>),
}

impl BulkAim {
    /// The containers that are meant.
    #[must_use]
    pub fn containers(&self) -> &[ContainerId] {
        match self {
            Self::Run(ids) | Self::Copy(ids) => ids,
        }
    }

    /// What is done to one container, as the line says.
    ///
    /// # Errors
    /// How the line is written.
    pub fn work(&self, id: &ContainerId, line: &str) -> Result<Work, &'static str> {
        let words = shlex::split(line).ok_or("a quote in it is never closed")?;
        match (self, words.split_last()) {
            (Self::Run(_), Some(_)) => Ok(Work::Run(id.clone(), words)),
            (Self::Run(_), None) => Err("write it like 'uname -a'; a line for a shell like 'sh -c \"apt-get update && apt-get upgrade\"'"),
            (Self::Copy(_), Some((into, files))) if !files.is_empty() && into.starts_with('/') => {
                Ok(Work::Put(id.clone(), files.iter().map(|file| home(file)).collect(), into.clone()))
            }
            (Self::Copy(_), _) => Err("write it like 'notes.txt src /tmp': files of this machine, then a directory of the containers"),
        }
    }
}

/// A path with `~/` in front of it, as a shell understands it.
fn home(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::var_os("HOME")) {
        (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => PathBuf::from(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_split_into_words_and_never_given_to_a_shell() {
        let run = BulkAim::Run(vec!["a".into()]);
        assert_eq!(
            run.work(&"a".into(), "echo 'two words' $HOME;rm"),
            Ok(Work::Run("a".into(), ["echo", "two words", "$HOME;rm"].map(str::to_owned).to_vec()))
        );
        assert!(run.work(&"a".into(), "echo 'open").is_err() && run.work(&"a".into(), " ").is_err());
        let copy = BulkAim::Copy(vec!["a".into()]);
        assert_eq!(copy.work(&"a".into(), "x 'a b' /tmp"), Ok(Work::Put("a".into(), vec!["x".into(), "a b".into()], "/tmp".to_owned())));
        assert!(copy.work(&"a".into(), "/tmp").is_err() && copy.work(&"a".into(), "x tmp").is_err());
    }
}
