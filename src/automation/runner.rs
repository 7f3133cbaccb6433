//! One run: a thread of its own, with a machine of its own.
use super::Automation;
use super::header::Ready;
use super::live::Live;
use super::sandbox;
use super::sandbox::Vm;
use crate::access::Actor;
use crate::error::Error;
use crate::model::RunError;
use crate::model::RunState;
use crate::model::StartRun;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;

/// What a script may use of memory and of a processor.
const MEMORY: usize = 64 << 20;
const PROCESSOR: Duration = Duration::from_secs(60);
/// A script's thread: Luau's own stack lies on the heap.
const STACK: usize = 1 << 20;

/// How a run ended.
pub(super) struct End {
    pub state: RunState,
    pub error: Option<RunError>,
}

/// Everything that a run has.
pub(super) struct Job {
    pub automation: Automation,
    pub actor: Actor,
    pub live: Arc<Live>,
    pub request: StartRun,
    pub ready: Ready,
    pub resumed: Option<serde_json::Value>,
    /// Where calls into the server run: what they hold must not die with this thread.
    pub server: Handle,
}

/// Runs a script to its end. The future may be dropped; the script is told to end then.
pub(super) async fn run(automation: &Automation, actor: &Actor, live: &Arc<Live>, request: StartRun, ready: Ready, resumed: Option<serde_json::Value>) -> End {
    let job = Job { automation: automation.clone(), actor: actor.clone(), live: live.clone(), request, ready, resumed, server: Handle::current() };
    let (ended, end) = tokio::sync::oneshot::channel();
    let thread = std::thread::Builder::new().name("script".to_owned()).stack_size(STACK);
    let started = thread.spawn(move || {
        let _ = ended.send(on_thread(job));
    });
    match started {
        Ok(_) => end.await.unwrap_or_else(|_| failed(&Error::internal("the script's thread ended"))),
        Err(error) => failed(&Error::internal(format!("no thread can be started: {error}"))),
    }
}

fn failed(error: &Error) -> End {
    End { state: RunState::Failed, error: Some(RunError { message: error.message.clone(), fix: error.fix.clone(), ..RunError::default() }) }
}

fn on_thread(job: Job) -> End {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_time().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&Error::internal(format!("no runtime can be started: {error}"))),
    };
    runtime.block_on(execute(job))
}

async fn execute(job: Job) -> End {
    let script = job.request.inline.clone().unwrap_or_default();
    let limit = Duration::from_secs(u64::from(job.ready.header.timeout.unwrap_or(super::header::TIMEOUT)));
    let vm = match Vm::new(MEMORY, PROCESSOR, Some(job.live.cancel.clone())) {
        Ok(vm) => vm,
        Err(error) => return failed(&Error::internal(error.to_string())),
    };
    let chunk = match vm.load(&script.name, &script.source) {
        Ok(chunk) => chunk,
        Err(error) => return of_script(&script.name, &error),
    };
    tokio::select! {
        result = chunk.call_async::<()>(()) => match result {
            Ok(()) => End { state: RunState::Succeeded, error: None },
            Err(_) if job.live.cancel.is_cancelled() => End { state: RunState::Cancelled, error: None },
            Err(error) => of_script(&script.name, &error),
        },
        () = job.live.cancel.cancelled() => End { state: RunState::Cancelled, error: None },
        () = tokio::time::sleep(limit) => End {
            state: RunState::TimedOut,
            error: Some(RunError { message: format!("the run took longer than {}", sandbox::seconds(limit)), ..RunError::default() }),
        },
    }
}

fn of_script(name: &str, error: &mlua::Error) -> End {
    let error = RunError { message: sandbox::words(name, error), line: sandbox::line_of(name, error), ..RunError::default() };
    End { state: RunState::Failed, error: Some(error) }
}
