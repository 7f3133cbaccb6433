//! Searches through logs of many containers: operations whose finds can be read while they go on.
use super::Control;
use super::guard::Target;
use super::operations::Made;
use super::operations::Plan;
use super::operations::Task;
use crate::access::Actor;
use crate::error::Error;
use crate::error::Result;
use crate::model::Action;
use crate::model::Code;
use crate::model::Container;
use crate::model::LogHit;
use crate::model::LogSearch;
use crate::model::LogSearchQuery;
use crate::model::Operation;
use crate::model::OperationId;
use crate::model::Progress;
use crate::model::ProgressUnit;
use crate::model::Role;
use crate::model::SearchLogs;
use crate::observe::Scanner;
use crate::observe::Wanted;
use futures_util::StreamExt as _;
use std::collections::VecDeque;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Searches whose finds are kept; then the oldest is forgotten.
const KEPT: usize = 16;
/// Searches of one actor under way at once.
const AT_ONCE: usize = 3;
/// Containers of one search that are looked through at the same time.
const LOGS_AT_ONCE: usize = 4;
/// Lines that a search finds, and finds where nothing is said.
const LIMIT: RangeInclusive<u32> = 1..=500;
const USUAL: u32 = 200;
const CONTEXT: u32 = 5;
/// How long a search takes, and how much of one log it looks at.
const LONGEST: Duration = Duration::from_secs(120);
const MOST_BYTES: u64 = 1 << 30;
/// Pieces of a log that are looked at together.
const TOGETHER: usize = 32;
/// Notes of one search.
const NOTES: usize = 20;
/// How long finds may be waited for.
const WAIT: u32 = 30;

/// The searches that are kept, the newest last.
#[derive(Default)]
pub(super) struct Searches(Mutex<VecDeque<Entry>>);

#[derive(Clone)]
struct Entry {
    id: OperationId,
    owner: String,
    cancel: CancellationToken,
    found: Arc<watch::Sender<Found>>,
}

#[derive(Default)]
struct Found {
    over: bool,
    scanned: u32,
    total: u32,
    lines: u64,
    bytes: u64,
    notes: Vec<String>,
    hits: Vec<LogHit>,
}

impl Found {
    fn note(&mut self, note: String) {
        if self.notes.len() < NOTES {
            self.notes.push(note);
        }
    }
}

impl Searches {
    fn all(&self) -> std::sync::MutexGuard<'_, VecDeque<Entry>> {
        self.0.lock().expect("no panics while held")
    }

    fn check_room(&self, actor: &Actor) -> Result<()> {
        let own = self.all().iter().filter(|entry| entry.owner == actor.name && !entry.found.borrow().over).count();
        if own < AT_ONCE {
            return Ok(());
        }
        Err(Error::new(Code::TooMany, format!("{AT_ONCE} searches of '{}' are under way already", actor.name)).fix("wait for one, or end it"))
    }

    fn keep(&self, entry: Entry) {
        let mut all = self.all();
        // A repeated request is answered with the search that it began the first time.
        if all.iter().any(|known| known.id == entry.id) {
            return;
        }
        if all.len() == KEPT
            && let Some(oldest) = all.pop_front()
        {
            oldest.cancel.cancel();
        }
        all.push_back(entry);
    }
}

impl Control {
    /// Begins to search logs. What is found can be read while it goes on.
    ///
    /// # Errors
    /// `forbidden`; `invalid_value` for a query that is none; `not_found` for a container; `too_many`.
    pub async fn search_logs(&self, actor: &Actor, request: SearchLogs, key: Option<&str>) -> Result<Operation> {
        Self::may(actor, Action::ReadLogs)?;
        let wanted = Wanted::of(&request)?;
        let limit = request.limit.unwrap_or(USUAL);
        if !LIMIT.contains(&limit) || request.context > CONTEXT {
            return Err(Error::invalid(format!("'limit' is 1 to {}, 'context' {CONTEXT} at most", LIMIT.end())));
        }
        let containers = self.searched(&request).await?;
        let title = format!("search {} log{}", containers.len(), if containers.len() == 1 { "" } else { "s" });
        // What is looked for may be a secret: it stands neither in the title, which all see, nor in the audit.
        let plan = Plan { action: Action::ReadLogs, target: Target::free("logs"), detail: None, title };
        let permit = self.0.searches.check_room(actor);
        let (control, cancel) = (self.clone(), CancellationToken::new());
        let total = u32::try_from(containers.len()).unwrap_or(u32::MAX);
        let found = Arc::new(watch::Sender::new(Found { total, ..Found::default() }));
        let (ends, finds) = (cancel.clone(), found.clone());
        let (since, until) = (request.since, request.until);
        let work = move |task: Task| async move {
            let search = Search { control, wanted, since, until, limit: limit as usize, task, ends, found, full: CancellationToken::new() };
            search.run(containers).await
        };
        let operation = self.operate(actor, key, &request, plan, permit, work).await?;
        self.0.searches.keep(Entry { id: operation.id.clone(), owner: actor.name.clone(), cancel, found: finds });
        Ok(operation)
    }

    /// What a search has found so far.
    ///
    /// # Errors
    /// `not_found`, also for searches of others; `forbidden`, `invalid_value`.
    pub async fn get_log_search(&self, actor: &Actor, id: &str, query: LogSearchQuery) -> Result<LogSearch> {
        if query.wait > WAIT {
            return Err(Error::invalid(format!("'wait' is {WAIT} seconds at most")));
        }
        let entry = self.log_search(actor, id)?;
        let after = query.after as usize;
        let mut changes = entry.found.subscribe();
        let news = changes.wait_for(|found| found.over || found.hits.len() > after);
        tokio::select! {
            _ = tokio::time::timeout(Duration::from_secs(query.wait.into()), news) => {}
            () = self.parts().shutdown.cancelled() => {}
        }
        let found = entry.found.borrow();
        Ok(LogSearch {
            id: entry.id,
            running: !found.over,
            scanned: found.scanned,
            total: found.total,
            lines: found.lines,
            bytes: found.bytes,
            hits: u32::try_from(found.hits.len()).unwrap_or(u32::MAX),
            notes: found.notes.clone(),
            items: found.hits.iter().skip(after).cloned().collect(),
        })
    }

    /// Ends a search and forgets what it has found.
    ///
    /// # Errors
    /// As [`Control::get_log_search`].
    #[expect(clippy::unused_async, reason = "every endpoint is asked in the same way")]
    pub async fn delete_log_search(&self, actor: &Actor, id: &str) -> Result<()> {
        let entry = self.log_search(actor, id)?;
        entry.cancel.cancel();
        self.0.searches.all().retain(|one| one.id != entry.id);
        Ok(())
    }

    /// A search that the actor may see.
    fn log_search(&self, actor: &Actor, id: &str) -> Result<Entry> {
        Self::may(actor, Action::ReadLogs)?;
        let known = self.0.searches.all().iter().find(|entry| entry.id.as_str() == id).cloned();
        let own = |entry: &Entry| entry.owner == actor.name || actor.role == Role::Admin;
        let unknown = || Error::not_found("log search", id).fix("searches are forgotten when many newer ones were made, and when the server ends");
        known.filter(own).ok_or_else(unknown)
    }

    /// The containers whose logs are meant.
    async fn searched(&self, request: &SearchLogs) -> Result<Vec<Container>> {
        let mut all = Vec::new();
        if request.containers.is_empty() {
            all = self.all_containers().await?;
        }
        for name in &request.containers {
            let container = self.container(name).await?;
            if !all.iter().any(|known: &Container| known.id == container.id) {
                all.push(container);
            }
        }
        all.retain(|container| request.labels.iter().all(|(name, value)| container.labels.get(name) == Some(value)));
        Ok(all)
    }
}

/// A search under way.
#[derive(Clone)]
struct Search {
    control: Control,
    wanted: Wanted,
    since: Option<jiff::Timestamp>,
    until: Option<jiff::Timestamp>,
    limit: usize,
    task: Task,
    /// Its owner has ended it.
    ends: CancellationToken,
    found: Arc<watch::Sender<Found>>,
    /// As much was found as was wanted.
    full: CancellationToken,
}

impl Search {
    async fn run(self, containers: Vec<Container>) -> Result<Made> {
        let cancel = self.task.cancel().clone();
        let all = futures_util::stream::iter(containers).map(|container| self.clone().look(container)).buffer_unordered(LOGS_AT_ONCE).collect::<Vec<()>>();
        let result = tokio::select! {
            _ = all => Ok(Made::Nothing),
            () = tokio::time::sleep(LONGEST) => {
                self.found.send_modify(|found| found.note(format!("it took longer than {} s: not everything was looked at", LONGEST.as_secs())));
                Ok(Made::Nothing)
            }
            () = cancel.cancelled() => Err(self.task.cancelled()),
            () = self.ends.cancelled() => Err(self.task.cancelled()),
        };
        self.found.send_modify(|found| found.over = true);
        result
    }

    /// Looks through one log.
    async fn look(self, container: Container) {
        if self.full.is_cancelled() {
            return;
        }
        let name = container.name.clone();
        if let Err(error) = self.scan(container).await {
            self.found.send_modify(|found| found.note(format!("{name}: {error}")));
        }
        let progress = {
            let mut progress = Progress { unit: ProgressUnit::Steps, ..Progress::default() };
            self.found.send_modify(|found| {
                found.scanned += 1;
                (progress.phase, progress.done, progress.total) = (format!("{} found", found.hits.len()), found.scanned.into(), found.total.into());
            });
            progress
        };
        self.task.progress(progress);
    }

    async fn scan(&self, container: Container) -> Result<()> {
        let mut pieces = self.control.parts().engine.logs_between(&container.id, self.since, self.until).await?;
        let mut scanner = Scanner::new(self.wanted.clone(), container.id, container.name);
        loop {
            let mut batch = Vec::new();
            let count = tokio::select! {
                count = pieces.recv_many(&mut batch, TOGETHER) => count,
                () = self.full.cancelled() => return Ok(()),
            };
            let ended = count == 0;
            let before = (scanner.lines, scanner.bytes);
            // An expression may take its time: not on a thread that others wait for.
            let work = tokio::task::spawn_blocking(move || {
                let (mut hits, mut fault) = (Vec::new(), None);
                for piece in batch {
                    match piece {
                        Ok((source, bytes)) => scanner.take(source, &bytes, &mut hits),
                        Err(error) => fault = Some(error),
                    }
                }
                if ended {
                    scanner.finish(&mut hits);
                }
                (scanner, hits, fault)
            });
            let (back, hits, fault) = work.await.map_err(|error| Error::internal(format!("a log can't be looked through: {error}")))?;
            scanner = back;
            self.learn(hits, scanner.lines - before.0, scanner.bytes - before.1);
            if let Some(fault) = fault {
                return Err(fault);
            }
            if ended {
                return Ok(());
            }
            if scanner.bytes > MOST_BYTES {
                return Err(Error::new(Code::TooLarge, "its log is larger than 1 GiB: the rest was not looked at").fix("narrow it with 'since' and 'until'"));
            }
        }
    }

    fn learn(&self, hits: Vec<LogHit>, lines: u64, bytes: u64) {
        self.found.send_modify(|found| {
            found.lines += lines;
            found.bytes += bytes;
            let room = self.limit.saturating_sub(found.hits.len());
            let more = hits.len() > room;
            found.hits.extend(hits.into_iter().take(room));
            if (more || found.hits.len() >= self.limit) && !self.full.is_cancelled() {
                self.full.cancel();
                found.note(format!("{} lines were found, and no more were looked for", self.limit));
            }
        });
    }
}
