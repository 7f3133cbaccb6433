//! What every function of a script's has at hand.
use crate::access::Actor;
use crate::automation::Automation;
use crate::automation::header::Ready;
use crate::automation::live::Live;
use crate::automation::runner::Job;
use crate::automation::sandbox;
use crate::control::Control;
use crate::error::Error;
use crate::error::Result;
use crate::model::ContainerId;
use crate::model::OperationId;
use crate::model::RunNote;
use crate::model::SessionId;
use mlua::Lua;
use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;
use tokio::runtime::Handle;

/// Levels of the stack that are looked at for the script's line: between it and a call there are the machine's own.
const LEVELS: usize = 8;

/// A run, as its functions see it. It never leaves its thread.
pub(in crate::automation) struct Ctx {
    pub automation: Automation,
    pub actor: Actor,
    pub live: Arc<Live>,
    pub ready: Ready,
    /// The script's name in messages.
    pub name: String,
    /// The recording that stands for every session; none where this is no dry run.
    pub against: Option<String>,
    pub resumed: Option<serde_json::Value>,
    /// What of plugins' grants it may use; none where it is no plugin's.
    pub within: Option<Vec<String>>,
    pub matchers: Vec<super::Matchers>,
    server: Handle,
    /// Launches, also those that have not ended.
    pub launches: RefCell<Vec<OperationId>>,
    /// Containers that this run launched.
    pub launched: RefCell<Vec<ContainerId>>,
    /// Sessions that this run opened.
    pub opened: RefCell<Vec<SessionId>>,
    /// The session that was used last.
    pub last: RefCell<Option<super::session::SessionRef>>,
    /// Steps that are under way, the innermost last.
    pub steps: RefCell<Vec<String>>,
}

/// What a call that fails ends the script with, or what it catches.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(in crate::automation) struct Failure(pub Error);

impl Ctx {
    pub(in crate::automation) fn new(job: &Job, name: &str) -> Rc<Self> {
        Rc::new(Self {
            automation: job.automation.clone(),
            actor: job.actor.clone(),
            live: job.live.clone(),
            ready: job.ready.clone(),
            name: name.to_owned(),
            against: job.request.against.clone(),
            resumed: job.resumed.clone(),
            within: job.request.within.clone(),
            matchers: job.matchers.clone(),
            server: job.server.clone(),
            launches: RefCell::default(),
            launched: RefCell::default(),
            opened: RefCell::default(),
            last: RefCell::default(),
            steps: RefCell::default(),
        })
    }

    /// Asks the server for something, on its own runtime: what it holds meanwhile must not die with this thread.
    pub(super) async fn call<T, F>(&self, work: impl FnOnce(Control, Actor) -> F) -> mlua::Result<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let work = work(self.automation.control().clone(), self.actor.clone());
        match self.server.spawn(work).await {
            Ok(result) => result.map_err(failure),
            Err(error) => Err(failure(Error::internal(format!("a call of the script's ended: {error}")))),
        }
    }

    /// Before each call: it is noted, and waits where somebody has asked for a pause or types in a session of the run's.
    pub(super) async fn begin(&self, lua: &Lua, text: impl FnOnce() -> String, session: Option<&SessionId>) {
        self.note_call(lua, text, session).await;
        self.live.handed_back().await;
    }

    /// The same for what is meant for whoever types.
    pub(super) async fn note_call(&self, lua: &Lua, text: impl FnOnce() -> String, session: Option<&SessionId>) {
        let line = self.line(lua);
        self.live.note(line, RunNote::Call { text: text(), session: session.cloned() });
        if let Some(why) = self.live.stops_at(line) {
            self.live.wait_for_person(line, why).await;
        }
    }

    /// A value that is shown nowhere from now on: neither by this run nor in recordings of its sessions.
    pub(super) fn hide(&self, secret: &str) {
        self.live.hide(secret);
        let masks = self.live.masks();
        for id in self.live.run().sessions {
            if let Some(session) = self.automation.control().sessions().find(id.as_str()) {
                session.hide(&masks);
            }
        }
    }

    /// The script's line that is being run.
    pub(super) fn line(&self, lua: &Lua) -> Option<u32> {
        for level in 0..LEVELS {
            let line = lua.inspect_stack(level, |frame| {
                let ours = frame.source().short_src.is_some_and(|source| source == self.name.as_str())
                    || frame.source().source.is_some_and(|s| s.trim_start_matches('=') == self.name);
                frame.current_line().filter(|_| ours)
            })?;
            if let Some(line) = line {
                return u32::try_from(line).ok();
            }
        }
        None
    }

    /// The last picture of the session that was used last.
    pub(in crate::automation) fn last_screen(&self) -> Option<String> {
        self.last.borrow().as_ref().map(|session| self.live.masked(&session.screen_text()))
    }

    /// Whether this run may launch containers.
    ///
    /// # Errors
    /// `forbidden` where it is a plugin's to which that was not granted.
    pub(super) fn may_launch(&self) -> mlua::Result<()> {
        if self.within.as_ref().is_none_or(|grants| grants.iter().any(|grant| grant == "launch")) {
            return Ok(());
        }
        let error = Error::new(crate::model::Code::Forbidden, "this plugin may not launch containers");
        Err(failure(error.fix("write \"launch\" among the grants in its plugin.json, and install it again")))
    }

    /// Whether a container that this run did not launch may be used.
    ///
    /// # Errors
    /// `forbidden` where the script's header does not ask for it.
    pub(super) fn may_use(&self, container: &ContainerId, name: &str) -> mlua::Result<()> {
        let own = self.live.run().containers.contains(container) || self.ready.header.grants.iter().any(|grant| grant == "containers");
        // Defaults are nobody's wish, and of a plugin not every value of an event is a container that it is about.
        let given = match &self.within {
            Some(_) => self.ready.given.get(crate::model::PLUGIN_CONTAINER).is_some_and(|value| value.to_string() == name),
            None => self.ready.given.values().any(|value| value.to_string() == name),
        };
        if own || given {
            return Ok(());
        }
        let error = Error::new(crate::model::Code::Forbidden, format!("container '{name}' was not launched by this run"));
        Err(failure(error.fix("take its name as a parameter, or write grants = { \"containers\" } in the script's header")))
    }
}

/// An error of cto's as the script sees it.
pub(in crate::automation) fn failure(error: Error) -> mlua::Error {
    mlua::Error::external(Failure(error))
}

/// A mistake of the script's.
pub(super) fn wrong(message: impl Into<String>) -> mlua::Error {
    failure(Error::invalid(message))
}

/// Words of an error for a log.
pub(super) fn words(ctx: &Ctx, error: &mlua::Error) -> String {
    sandbox::words(&ctx.name, error)
}
