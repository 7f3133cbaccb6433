//! Scripts run to their end.
use super::plane::Plane;
use cto::access::Actor;
use cto::model::*;
use std::time::Duration;

/// A run that is over, and its whole log.
pub struct Ran {
    pub run: Run,
    pub entries: Vec<RunEntry>,
}

impl Ran {
    /// What the script said, line by line.
    pub fn said(&self) -> Vec<&str> {
        self.entries
            .iter()
            .filter_map(|entry| match &entry.what {
                RunNote::Log { text } => Some(text.as_str()),
                _ => None,
            })
            .collect()
    }

    /// Message and line of its error.
    pub fn error(&self) -> (String, Option<u32>) {
        let error = self.run.error.clone().unwrap_or_default();
        (error.message, error.line)
    }
}

/// A request for a script that is brought along.
pub fn inline(source: &str) -> StartRun {
    StartRun { inline: Some(InlineScript { name: "spec.luau".to_owned(), source: source.to_owned() }), ..StartRun::default() }
}

/// Waits until a run is over.
pub async fn over(plane: &Plane, actor: &Actor, run: &Run, within: Duration) -> Ran {
    let waiting = async {
        let (mut entries, mut after) = (Vec::new(), 0);
        loop {
            let log = plane.automation.get_run_log(actor, run.id.as_str(), RunLogQuery { after, limit: Some(2_000), wait: 10 }).await.unwrap();
            after = log.entries.last().map_or(after, |entry| entry.seq);
            entries.extend(log.entries);
            if log.run.state.is_over() && !log.more {
                return Ran { run: log.run, entries };
            }
        }
    };
    tokio::time::timeout(within, waiting).await.unwrap_or_else(|_| panic!("the run was not over after {within:?}"))
}

/// Runs a script to its end.
pub async fn run_script(plane: &Plane, actor: &Actor, request: StartRun, within: Duration) -> Ran {
    let run = plane.automation.start_run(actor, request, RunCause::Asked, None).await.unwrap_or_else(|error| panic!("{error} {:?}", error.places));
    over(plane, actor, &run, within).await
}

/// Waits until a run is as `wanted`.
pub async fn until(plane: &Plane, actor: &Actor, run: &Run, wanted: impl Fn(&Run) -> bool) -> Run {
    let waiting = async {
        let mut after = 0;
        loop {
            let log = plane.automation.get_run_log(actor, run.id.as_str(), RunLogQuery { after, limit: Some(2_000), wait: 1 }).await.unwrap();
            after = log.entries.last().map_or(after, |entry| entry.seq);
            if wanted(&log.run) {
                return log.run;
            }
            assert!(!log.run.state.is_over(), "{:?}", log.run);
        }
    };
    tokio::time::timeout(Duration::from_secs(30), waiting).await.expect("the run gets there")
}
