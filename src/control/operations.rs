//! Operations: long work with progress, result and cancel. They live in memory: after a restart they are gone.
use super::Control;
use super::guard::Target;
use super::idempotency::Answer;
use super::paging::Key;
use super::paging::Wanted;
use crate::access::Actor;
use crate::bus::Bus;
use crate::error::Error;
use crate::error::Result;
use crate::model::Action;
use crate::model::Code;
use crate::model::Container;
use crate::model::Event;
use crate::model::Image;
use crate::model::ListQuery;
use crate::model::Operation;
use crate::model::OperationId;
use crate::model::OperationState;
use crate::model::Orders;
use crate::model::Page;
use crate::model::Progress;
use crate::model::Stack;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Operations that have ended and are still shown.
const ENDED: usize = 200;
/// Progress within one phase is told at most this often.
const NEWS: Duration = Duration::from_millis(100);
/// How long a cancel waits for the work to clean up.
const CLEAN_UP: Duration = Duration::from_secs(10);

/// All operations. Cheap to clone.
#[derive(Clone)]
pub(super) struct Operations {
    all: Arc<Mutex<BTreeMap<OperationId, Entry>>>,
    bus: Bus,
    /// Operations under way at once.
    most: Arc<AtomicU32>,
}

#[derive(Clone)]
struct Entry {
    operation: Arc<watch::Sender<Operation>>,
    cancel: CancellationToken,
}

/// An operation from the side of its work.
#[derive(Clone)]
pub(super) struct Task {
    entry: Entry,
    bus: Bus,
    told: Arc<Mutex<Option<Instant>>>,
    cancel: CancellationToken,
    /// What its phases begin with, where it is one of several parts of an operation.
    part: Option<String>,
}

/// What an operation has made.
#[derive(Clone, Debug)]
pub(super) enum Made {
    Container(Box<Container>),
    Image(Box<Image>),
    Stack(Box<Stack>),
    /// What it is for is asked for elsewhere.
    Nothing,
}

/// What an operation is to do.
pub(super) struct Plan {
    pub action: Action,
    pub target: Target,
    pub detail: Option<String>,
    /// For people: `pull debian:12`.
    pub title: String,
}

impl Operations {
    pub fn new(bus: Bus, most: u32) -> Self {
        Self { all: Arc::default(), bus, most: Arc::new(AtomicU32::new(most)) }
    }

    /// Lets so many be under way at once from now on.
    pub fn allow(&self, most: u32) {
        self.most.store(most, Ordering::Relaxed);
    }

    /// Begins one, if not too many are under way.
    pub fn begin(&self, actor: &Actor, title: String, target: String, template: Option<String>) -> Result<Task> {
        let operation = Operation {
            id: OperationId::fresh(),
            title,
            target,
            template,
            owner: actor.name.clone(),
            state: OperationState::Running,
            progress: Progress::default(),
            result: None,
            image: None,
            stack: None,
            problem: None,
            created_at: Timestamp::now(),
        };
        let entry = Entry { operation: Arc::new(watch::Sender::new(operation.clone())), cancel: CancellationToken::new() };
        {
            let most = self.most.load(Ordering::Relaxed);
            let mut all = self.all();
            let is_running = |entry: &Entry| entry.operation.borrow().state == OperationState::Running;
            if all.values().filter(|entry| is_running(entry)).count() >= most as usize {
                let error = Error::new(Code::TooMany, format!("{most} operations are under way already"));
                return Err(error.fix("wait until one has ended, or raise 'limits.operations' in cto.json"));
            }
            let ended: Vec<OperationId> = all.iter().filter(|(_, entry)| !is_running(entry)).map(|(id, _)| id.clone()).collect();
            for old in ended.iter().take(ended.len().saturating_sub(ENDED - 1)) {
                all.remove(old);
            }
            all.insert(operation.id.clone(), entry.clone());
        }
        self.bus.publish(Event::OperationChanged { operation: Box::new(operation) });
        Ok(Task { cancel: entry.cancel.clone(), entry, bus: self.bus.clone(), told: Arc::default(), part: None })
    }

    /// How far one is, if it is known.
    pub fn state(&self, id: &OperationId) -> Option<OperationState> {
        self.all().get(id).map(|entry| entry.operation.borrow().state)
    }

    fn entry(&self, id: &str) -> Result<Entry> {
        let found = self.all().get(&OperationId::from(id)).cloned();
        found.ok_or_else(|| Error::not_found("operation", id).fix("operations are forgotten when the server ends: 'cto ps' shows what it made"))
    }

    /// Names of containers that are being made, which nobody else should choose.
    pub fn targets(&self) -> Vec<String> {
        let running = |entry: &Entry| {
            let operation = entry.operation.borrow();
            (operation.state == OperationState::Running && operation.template.is_some()).then(|| operation.target.clone())
        };
        self.all().values().filter_map(running).collect()
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<OperationId, Entry>> {
        self.all.lock().expect("no panics while held")
    }
}

impl Task {
    /// Cancelled when somebody cancels the operation, or the server is about to stop.
    pub fn cancel(&self) -> &CancellationToken {
        &self.cancel
    }

    /// A part of the work that goes on beside others, and is cancelled by `cancel`.
    pub fn part(&self, name: &str, cancel: CancellationToken) -> Self {
        Self { cancel, part: Some(name.to_owned()), ..self.clone() }
    }

    /// How it is now.
    pub fn now(&self) -> Operation {
        self.entry.operation.borrow().clone()
    }

    /// Says how far it is. Within a phase, only now and then is it told.
    pub fn progress(&self, mut progress: Progress) {
        if let Some(part) = &self.part {
            progress.phase = format!("{part}: {}", progress.phase);
        }
        let mut told = self.told.lock().expect("no panics while held");
        let new_phase = self.entry.operation.borrow().progress.phase != progress.phase;
        self.entry.operation.send_modify(|operation| operation.progress = progress);
        if new_phase || told.is_none_or(|at| at.elapsed() >= NEWS) {
            *told = Some(Instant::now());
            self.tell();
        }
    }

    /// The error of work that somebody cancelled.
    pub fn cancelled(&self) -> Error {
        Error::new(Code::Cancelled, format!("'{}' was cancelled; nothing is left of it", self.now().title))
    }

    /// Enters a phase without numbers.
    pub fn phase(&self, phase: impl Into<String>) {
        self.progress(Progress { phase: phase.into(), ..Progress::default() });
    }

    /// The container that is made has this name now.
    pub fn rename(&self, title: String, target: String) {
        self.entry.operation.send_modify(|operation| (operation.title, operation.target) = (title, target));
        self.tell();
    }

    /// Ends it.
    pub fn end(&self, result: Result<Made>) {
        self.entry.operation.send_modify(|operation| match result {
            Ok(made) => {
                operation.state = OperationState::Succeeded;
                match made {
                    Made::Container(container) => operation.result = Some(*container),
                    Made::Image(image) => operation.image = Some(*image),
                    Made::Stack(stack) => operation.stack = Some(*stack),
                    Made::Nothing => {}
                }
            }
            Err(error) => {
                operation.state = if error.code == Code::Cancelled { OperationState::Cancelled } else { OperationState::Failed };
                operation.problem = Some(error.problem());
            }
        });
        self.tell();
    }

    fn tell(&self) {
        self.bus.publish(Event::OperationChanged { operation: Box::new(self.now()) });
    }
}

impl Control {
    pub(super) fn operations(&self) -> &Operations {
        &self.0.operations
    }

    /// Begins long work as an operation: allowed, noted, and going on when the request that asked for it is gone. `permit` is what policy says,
    /// so that a refusal is noted too. A repeated `key` answers with the first one's operation.
    ///
    /// # Errors
    /// `forbidden`, `too_many`; what goes wrong later is the operation's problem.
    pub(super) async fn operate<F>(
        &self,
        actor: &Actor,
        key: Option<&str>,
        request: &(impl Serialize + Sync),
        plan: Plan,
        permit: Result<()>,
        work: impl FnOnce(Task) -> F + Send + 'static,
    ) -> Result<Operation>
    where
        F: Future<Output = Result<Made>> + Send + 'static,
    {
        let begin = async {
            let target = plan.target.name.clone();
            let intent = self.intent(actor, plan.action, &plan.target, plan.detail).await?;
            let begun = permit.and_then(|()| self.operations().begin(actor, plan.title, target, None));
            let task = match begun {
                Ok(task) => task,
                Err(error) => {
                    let failed: Result<Operation> = Err(error);
                    self.outcome(intent, &failed).await;
                    return failed.map(|operation| (String::new(), operation));
                }
            };
            let (control, answer, worker) = (self.clone(), task.now(), task);
            tokio::spawn(async move {
                let result = work(worker.clone()).await;
                if let Err(error) = &result {
                    tracing::info!(operation = %worker.now().title, %error, "an operation has failed");
                }
                control.outcome(intent, &result).await;
                worker.end(result);
            });
            Ok((answer.id.to_string(), answer))
        };
        match self.once(actor, key, request, begin).await? {
            Answer::New(operation) => Ok(operation),
            Answer::Before(id) => self.get_operation(actor, &id).await,
        }
    }

    /// Operations, newest first where no other order is asked for.
    ///
    /// # Errors
    /// `forbidden`, `invalid_value`.
    #[expect(clippy::unused_async, reason = "every endpoint is asked in the same way")]
    pub async fn list_operations(&self, actor: &Actor, query: &ListQuery) -> Result<Page<Operation>> {
        Self::may(actor, Action::ReadOperations)?;
        let wanted = Wanted::of(query, Orders::OPERATIONS)?;
        let mut all: Vec<Operation> = self.operations().all().values().map(|entry| entry.operation.borrow().clone()).collect();
        all.retain(|operation| wanted.finds(&[&operation.title, &operation.target, &operation.owner]));
        let key = |operation: &Operation, by: &str| match by {
            "title" => Key::text(&operation.title),
            "target" => Key::text(&operation.target),
            "owner" => Key::text(&operation.owner),
            "state" => Key::of(&operation.state),
            // Ids grow with time.
            _ => Key::Nothing,
        };
        Ok(wanted.page(all, key, |operation| operation.id.to_string()))
    }

    /// One operation.
    ///
    /// # Errors
    /// `forbidden`, `not_found`.
    #[expect(clippy::unused_async, reason = "every endpoint is asked in the same way")]
    pub async fn get_operation(&self, actor: &Actor, id: &str) -> Result<Operation> {
        Self::may(actor, Action::ReadOperations)?;
        Ok(self.operations().entry(id)?.operation.borrow().clone())
    }

    /// Cancels an operation and waits until it has cleaned up, 10 seconds at most. One that has ended stays as it is.
    ///
    /// # Errors
    /// `forbidden`, `not_found`.
    pub async fn cancel_operation(&self, actor: &Actor, id: &str) -> Result<Operation> {
        let entry = self.operations().entry(id)?;
        let operation = entry.operation.borrow().clone();
        let target = Target::owned(format!("operation {}", operation.title), Some(&operation.owner));
        self.guarded(actor, Action::CancelOperations, &target, async {
            entry.cancel.cancel();
            Ok(ended(&entry, CLEAN_UP).await)
        })
        .await
    }

    /// The operation when it has ended, or as it is after `within`.
    ///
    /// # Errors
    /// `forbidden`, `not_found`.
    pub async fn wait_operation(&self, actor: &Actor, id: &str, within: Duration) -> Result<Operation> {
        Self::may(actor, Action::ReadOperations)?;
        let entry = self.operations().entry(id)?;
        Ok(ended(&entry, within).await)
    }

    /// Cancels whatever is under way and waits until it has cleaned up: the server is about to stop.
    pub async fn cancel_operations(&self, within: Duration) {
        let all: Vec<Entry> = self.operations().all().values().cloned().collect();
        for entry in &all {
            entry.cancel.cancel();
        }
        let cleaned = futures_util::future::join_all(all.iter().map(|entry| ended(entry, within)));
        let _ = tokio::time::timeout(within, cleaned).await;
    }
}

async fn ended(entry: &Entry, within: Duration) -> Operation {
    let mut changes = entry.operation.subscribe();
    let waiting = changes.wait_for(|operation| operation.state != OperationState::Running);
    let _ = tokio::time::timeout(within, waiting).await;
    entry.operation.borrow().clone()
}
