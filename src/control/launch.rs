//! Launches: from a template to a running container.
use super::Control;
use super::guard::Target;
use super::idempotency::Answer;
use super::operations::Made;
use super::operations::Task;
use super::templates::Source;
use crate::access::Actor;
use crate::access::belongs;
use crate::config::mounts::make_directories;
use crate::error::Error;
use crate::error::Result;
use crate::model::Action;
use crate::model::Code;
use crate::model::Container;
use crate::model::ContainerId;
use crate::model::ContainerSpec;
use crate::model::ContainerState;
use crate::model::CreateContainer;
use crate::model::LogQuery;
use crate::model::MountSource;
use crate::model::Operation;
use crate::model::Progress;
use crate::model::Rendered;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::Semaphore;

/// A generated name may be taken by somebody else just before it is used; then the next is tried.
const NAMES: u32 = 50;
/// How long a program that has printed something, or prints nothing, is watched for an early end: a share of what its start took,
/// since a busy machine takes longer to report an end too.
const EARLY_SHARE: u32 = 16;
const EARLY: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(500));
/// Lines of a failed program's output that its error shows.
const LAST_LINES: usize = 5;
/// How long the container of a failed launch may take to be removed.
const REMOVAL: Duration = Duration::from_secs(30);

/// Containers that are created and started at once, by processors of this machine. An engine starts more at once no sooner, and answers nobody else meanwhile.
const AT_ONCE: usize = 2;

/// The places of those that are launched at once.
pub(super) fn places() -> Arc<Semaphore> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Arc::new(Semaphore::new(AT_ONCE * cores))
}

/// What a launch is made of.
pub(super) struct Launch {
    pub actor: Actor,
    pub template: Source,
    pub request: CreateContainer,
    pub rendered: Rendered,
    /// Called when it runs, and before it is waited for.
    pub started: Option<Box<dyn Fn() + Send + Sync>>,
}

impl Control {
    /// Launches a container from a template, as an operation. A repeated `idempotency_key` answers with the first one's operation.
    ///
    /// # Errors
    /// `forbidden`, `policy_refused`, `invalid_document`, `name_in_use`; what goes wrong later is the operation's problem.
    pub async fn create_container_from(&self, actor: &Actor, request: CreateContainer, idempotency_key: Option<&str>) -> Result<Operation> {
        let whole = request.clone();
        let work = async {
            let operation = self.launch(actor, request).await?;
            Ok((operation.id.to_string(), operation))
        };
        match self.once(actor, idempotency_key, &whole, work).await? {
            Answer::New(operation) => Ok(operation),
            Answer::Before(id) => self.get_operation(actor, &id).await,
        }
    }

    async fn launch(&self, actor: &Actor, request: CreateContainer) -> Result<Operation> {
        let asked = request.name.as_deref().or(request.template.as_deref()).or(request.inline.as_ref().map(|inline| inline.source.as_str()));
        let target = Target::free(asked.unwrap_or_default());
        let intent = self.intent(actor, Action::CreateContainers, &target, None).await?;
        let begun = async {
            let template = self.template_of(&request).await?;
            let name = self.free_name(&template.name, request.name.as_deref()).await?;
            let rendered = self.fill(actor, &template, &request, name).await?;
            self.not_of_others(actor, &rendered.spec).await?;
            let (name, from) = (rendered.spec.name.clone(), rendered.spec.template.clone());
            let task = self.operations().begin(actor, title(&name, &template.name), name, from)?;
            Ok((task, Launch { actor: actor.clone(), template, request, rendered, started: None }))
        };
        match begun.await {
            Err(error) => {
                let failed: Result<Operation> = Err(error);
                self.outcome(intent, &failed).await;
                failed
            }
            Ok((task, launch)) => {
                let (control, answer, worker) = (self.clone(), task.now(), task);
                // The launch goes on when the request that asked for it is gone.
                tokio::spawn(async move {
                    let result = control.run_launch(&worker, launch).await;
                    if let Err(error) = &result {
                        tracing::info!(operation = %worker.now().title, %error, "a launch has failed");
                    }
                    control.outcome(Control::with_detail(intent, worker.now().target), &result).await;
                    worker.end(result.map(|container| Made::Container(Box::new(container))));
                });
                Ok(answer)
            }
        }
    }

    /// Whether something is being launched, alone or in a stack: what it has got ready looks unused.
    pub(super) fn is_launching(&self) -> bool {
        !self.operations().targets().is_empty() || !self.0.stacks.is_idle()
    }

    /// Refuses networks and volumes that belong to somebody else. Those that are not there yet are nobody's.
    pub(super) async fn not_of_others(&self, actor: &Actor, spec: &ContainerSpec) -> Result<()> {
        let engine = &self.parts().engine;
        for join in &spec.networks {
            let owner = engine.network(&join.name).await?.and_then(|found| found.owner);
            belongs(actor, "network", &join.name, owner.as_deref())?;
        }
        for mount in &spec.mounts {
            if let MountSource::Volume { name } = &mount.source {
                let owner = engine.volume(name).await?.and_then(|found| found.owner);
                belongs(actor, "volume", name, owner.as_deref())?;
            }
        }
        Ok(())
    }

    /// Makes and starts a container; when that fails, nothing is left of it.
    pub(super) async fn run_launch(&self, task: &Task, mut launch: Launch) -> Result<Container> {
        let spec = &launch.rendered.spec;
        task.phase(format!("looking for image {}", spec.image.reference));
        let mut tell = |progress: Progress| task.progress(progress);
        let image = self.image_for(&launch.actor, &spec.image, &mut tell, task.cancel()).await?;
        still_wanted(task)?;
        let place = self.place(task).await?;
        task.phase("creating the container");
        let directories = launch.rendered.directories.clone();
        let made = tokio::task::spawn_blocking(move || make_directories(&directories)).await;
        made.map_err(|error| Error::internal(format!("directories can't be made: {error}")))??;
        let id = self.create_named(task, &mut launch, &image).await?;
        // From here on something exists that a failure or a cancel must take away again.
        let started = tokio::select! {
            biased;
            () = task.cancel().cancelled() => Err(task.cancelled()),
            started = self.start_new(task, &id, &launch, place) => started,
        };
        if started.is_err()
            && let Err(error) = self.take_away(&id).await
        {
            tracing::warn!(%error, container = %id, "what a failed launch made can't be removed");
        }
        started
    }

    /// Waits until it is this launch's turn; they go in the order in which they came.
    async fn place(&self, task: &Task) -> Result<OwnedSemaphorePermit> {
        let places = self.0.launches.clone();
        if places.available_permits() == 0 {
            task.phase("waiting for other launches");
        }
        tokio::select! {
            biased;
            () = task.cancel().cancelled() => Err(task.cancelled()),
            place = places.acquire_owned() => place.map_err(|_| Error::internal("nothing is launched any more")),
        }
    }

    /// Creates the container; a generated name that was taken meanwhile is replaced by the next.
    async fn create_named(&self, task: &Task, launch: &mut Launch, image: &str) -> Result<ContainerId> {
        let engine = &self.parts().engine;
        let operation = task.now().id;
        for _ in 0..NAMES {
            let spec = self.with_host_paths(launch.rendered.spec.clone()).await?;
            match engine.create(&spec, &launch.actor.name, Some(operation.as_str()), image).await {
                Err(error) if error.code == Code::NameInUse && launch.request.name.is_none() => {
                    let name = self.next_name(&launch.template.name, Some(&spec.name)).await?;
                    task.rename(title(&name, &launch.template.name), name.clone());
                    launch.rendered = self.fill(&launch.actor, &launch.template, &launch.request, name).await?;
                }
                other => return other,
            }
        }
        Err(Error::new(Code::NameInUse, format!("no free name like '{}-1' was found", launch.template.name)).fix("choose one with '--name'"))
    }

    /// Starts the new container, gives its place to the next, and watches its first moments.
    async fn start_new(&self, task: &Task, id: &ContainerId, launch: &Launch, place: OwnedSemaphorePermit) -> Result<Container> {
        let engine = &self.parts().engine;
        let spec = &launch.rendered.spec;
        task.phase("starting the container");
        let main = if spec.interactive {
            // Attached before the start, so that nothing the program prints is missed.
            let main = self.open_main(id, &spec.name, &launch.actor.name, launch.request.size.unwrap_or(spec.size)).await?;
            if spec.recording {
                self.record_if_asked(&engine.inspect(id.as_str()).await?, &main).await;
            }
            Some(main)
        } else {
            None
        };
        let before = Instant::now();
        engine.start(id).await?;
        drop(place);
        let pause = (before.elapsed() / EARLY_SHARE).clamp(EARLY.0, EARLY.1);
        match &main {
            Some(main) => {
                let _ = tokio::time::timeout(pause * 3, main.first_output()).await;
                drop(engine.first_state(id, pause).await?);
            }
            None => drop(engine.first_state(id, pause * 2).await?),
        }
        let tick = self.tick(id);
        let container = engine.inspect(id.as_str()).await?;
        if container.state != ContainerState::Running && container.exit_code != Some(0) {
            return Err(self.exited_at_once(&container).await);
        }
        self.note(tick, &container);
        if let Some(started) = &launch.started {
            started();
        }
        if container.state == ContainerState::Running {
            self.make_ready(task, &launch.actor, &container, &spec.care).await?;
        }
        Ok(self.with_sessions(container))
    }

    async fn exited_at_once(&self, container: &Container) -> Error {
        let said = self.last_lines(container).await;
        let code = container.exit_code.unwrap_or(-1);
        if let Some(program) = unknown_program(&said) {
            let error = Error::new(Code::CommandNotFound, format!("the image has no program '{program}'"));
            return error.fix("correct the template's 'command', or name the package that has it in 'packages'");
        }
        let why = if container.oom_killed { "it ran out of memory".to_owned() } else { format!("exit code {code}") };
        let message = match said.is_empty() {
            true => format!("container '{}' ended as soon as it was started ({why}) and printed nothing", container.name),
            false => format!("container '{}' ended as soon as it was started ({why}): {said}", container.name),
        };
        let fix =
            if container.oom_killed { "raise 'limits.memory' in the template" } else { "see the template's 'command' and 'image'; the container was removed" };
        Error::new(Code::ExitedAtOnce, message).fix(fix)
    }

    /// The last lines that a container printed, on one line.
    async fn last_lines(&self, container: &Container) -> String {
        let mut text = Vec::new();
        let query = LogQuery { tail: Some(20), ..LogQuery::default() };
        if let Ok(mut chunks) = self.parts().engine.logs(&container.id, &query).await {
            let reading = async {
                while let Some(Ok((_, bytes))) = chunks.recv().await {
                    text.extend_from_slice(&bytes);
                }
            };
            let _ = tokio::time::timeout(Duration::from_secs(2), reading).await;
        }
        let safe = super::streams::plain_text(&text);
        let lines: Vec<&str> = safe.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        lines[lines.len().saturating_sub(LAST_LINES)..].join(" / ")
    }

    /// Removes what a failed launch has made, with its session.
    pub(super) async fn take_away(&self, id: &ContainerId) -> Result<()> {
        let removal = tokio::time::timeout(REMOVAL, self.parts().engine.remove(id, true)).await;
        for session in self.sessions().of(id) {
            session.close();
            session.ended(Duration::from_secs(3)).await;
            self.forget_session(session.id()).await;
        }
        match removal {
            Ok(Err(error)) if error.code != Code::NotFound => Err(error),
            Ok(_) => {
                self.note_removed(id);
                Ok(())
            }
            Err(_) => Err(Error::new(Code::TimedOut, format!("the engine has not removed it after {} s", REMOVAL.as_secs()))),
        }
    }

    /// The name asked for, if it is free, or one like the template's.
    pub(super) async fn free_name(&self, template: &str, asked: Option<&str>) -> Result<String> {
        let Some(asked) = asked else { return self.next_name(template, None).await };
        let launched = self.operations().targets().iter().any(|name| name == asked);
        if launched || self.all_containers().await?.iter().any(|container| container.name == asked) && self.is_there(asked).await? {
            let error = Error::new(Code::NameInUse, format!("there is a container '{asked}' already"));
            return Err(error.fix(format!("choose another name, or remove it with 'cto rm {asked}'")));
        }
        Ok(asked.to_owned())
    }

    /// Whether the engine itself has a container of this name: lists may be a little behind.
    async fn is_there(&self, name: &str) -> Result<bool> {
        match self.parts().engine.inspect(name).await {
            Ok(found) => Ok(found.name == name),
            Err(error) if error.code == Code::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The first free one of `web-1`, `web-2` and so on, not counting `taken`.
    async fn next_name(&self, template: &str, taken: Option<&str>) -> Result<String> {
        let in_use = self.names_in_use().await?;
        let is_free = |name: &String| !in_use.contains(name) && taken != Some(name.as_str());
        let mut names = (1..=in_use.len() + 2).map(|number| format!("{template}-{number}"));
        names.find(is_free).ok_or_else(|| Error::internal("there are more numbers than names"))
    }

    async fn names_in_use(&self) -> Result<Vec<String>> {
        let mut names = self.operations().targets();
        names.extend(self.all_containers().await?.into_iter().map(|container| container.name));
        Ok(names)
    }
}

/// The program that the container's init could not run. The engine itself finds that out only where there is no init.
fn unknown_program(said: &str) -> Option<&str> {
    if let Some((_, rest)) = said.split_once("hold: there is no program '") {
        return rest.split_once("', or what interprets it").map(|(program, _)| program);
    }
    let (_, rest) = said.split_once("[FATAL tini (")?;
    let (_, rest) = rest.split_once(")] exec ")?;
    rest.split_once(" failed: ").map(|(program, _)| program)
}

fn title(name: &str, template: &str) -> String {
    format!("launch {name} from {template}")
}

pub(super) fn still_wanted(task: &Task) -> Result<()> {
    if task.cancel().is_cancelled() { Err(task.cancelled()) } else { Ok(()) }
}
