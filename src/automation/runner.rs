//! One run: a thread of its own, with a machine of its own.
use super::Automation;
use super::api;
use super::api::Ctx;
use super::api::Failure;
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

/// What a script may use of memory.
const MEMORY: usize = 128 << 20;

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
    /// What plugins give to scripts.
    pub matchers: Vec<api::Matchers>,
    /// Where calls into the server run: what they hold must not die with this thread.
    pub server: Handle,
}

/// Runs a script to its end. The future may be dropped; the script is told to end then.
pub(super) async fn run(automation: &Automation, actor: &Actor, live: &Arc<Live>, request: StartRun, ready: Ready, resumed: Option<serde_json::Value>) -> End {
    let (matchers, server) = (automation.matchers(), Handle::current());
    let job = Job { automation: automation.clone(), actor: actor.clone(), live: live.clone(), request, ready, resumed, matchers, server };
    let (ended, end) = tokio::sync::oneshot::channel();
    let thread = std::thread::Builder::new().name("script".to_owned()).stack_size(sandbox::STACK);
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
    // What drains sessions lives on this thread too.
    tokio::task::LocalSet::new().block_on(&runtime, execute(job))
}

async fn execute(job: Job) -> End {
    let script = job.request.inline.clone().unwrap_or_default();
    let limit = Duration::from_secs(u64::from(job.ready.header.timeout.unwrap_or(super::header::TIMEOUT)));
    let processor = Duration::from_secs(u64::from(job.ready.header.processor.unwrap_or(super::header::PROCESSOR)));
    let vm = match Vm::new(MEMORY, processor, Some(job.live.cancel.clone())) {
        Ok(vm) => vm,
        Err(error) => return failed(&Error::internal(error.to_string())),
    };
    let ctx = Ctx::new(&job, &script.name);
    let ready = api::install(&vm.lua, &ctx).and_then(|()| vm.close()).and_then(|()| vm.load(&script.name, &script.source));
    let chunk = match ready {
        Ok(chunk) => chunk,
        Err(error) => return of_script(&ctx, &script.source, &error),
    };
    let end = tokio::select! {
        result = chunk.call_async::<()>(()) => match result {
            Ok(()) => End { state: RunState::Succeeded, error: None },
            Err(_) if job.live.cancel.is_cancelled() => End { state: RunState::Cancelled, error: None },
            Err(error) => of_script(&ctx, &script.source, &error),
        },
        () = job.live.cancel.cancelled() => End { state: RunState::Cancelled, error: None },
        () = tokio::time::sleep(limit) => {
            let message = format!("the run took longer than {}", sandbox::seconds(limit));
            let error = RunError { message, line: None, fix: Some("write a longer timeout in the script's header".to_owned()), screen: ctx.last_screen() };
            End { state: RunState::TimedOut, error: Some(error) }
        }
    };
    api::clean_up(&ctx).await;
    // It refers back to what it is in.
    ctx.last.take();
    end
}

/// How a script failed: in its own words, on its own line, with the last screen.
fn of_script(ctx: &Ctx, source: &str, error: &mlua::Error) -> End {
    let (mut words, line) = (sandbox::words(&ctx.name, error), sandbox::line_of(&ctx.name, error));
    if words.starts_with("attempt to call") || words.starts_with("attempt to index") {
        // The machine does not say what was meant; a name that nothing declares often is.
        let unknown = super::names::unknown(source).into_iter().find(|place| place.line == line);
        words = unknown.map_or(words, |place| place.detail);
    }
    let message = ctx.live.masked(&words);
    let fix = error.downcast_ref::<Failure>().and_then(|failure| failure.0.fix.clone());
    let error = RunError { message, line, fix, screen: ctx.last_screen() };
    End { state: RunState::Failed, error: Some(error) }
}
