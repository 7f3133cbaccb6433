//! Bringing a stack up: images first, then networks and volumes, then each container when those that it waits for are so far.
use super::prepare::Instance;
use super::prepare::Prepared;
use super::prepare::Step;
use super::prepare::key;
use super::prepare::orphans;
use super::prepare::told_of;
use crate::control::Control;
use crate::control::launch::Launch;
use crate::control::launch::still_wanted;
use crate::control::operations::Made;
use crate::control::operations::Task;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::Condition;
use crate::model::Container;
use crate::model::ContainerId;
use crate::model::ContainerState;
use crate::model::ExitReason;
use crate::model::Health;
use crate::model::Mount;
use crate::model::MountSource;
use crate::model::Stack;
use crate::model::StackAction;
use crate::model::StackChange;
use crate::model::UpStack;
use std::collections::BTreeMap;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::sync::watch;

/// Containers that are made at once; the others wait for their turn.
const AT_ONCE: usize = 8;
/// How long a container is waited for that is to be healthy, and one that is to have done its work.
const HEALTHY: Duration = Duration::from_secs(600);
const COMPLETED: Duration = Duration::from_secs(3600);
/// Pauses between two looks.
const PAUSE: Duration = Duration::from_millis(200);

/// How far a container is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Waiting,
    Started,
    Ready,
    Failed,
}

/// What has been done, and is undone when a later step fails.
enum Done {
    Network(String),
    Made(ContainerId),
    Started(ContainerId),
    /// The old container stands aside under another name.
    Aside {
        old: Box<Container>,
    },
}

/// What all containers' work shares.
struct Shared {
    done: Mutex<Vec<Done>>,
    /// The containers of each member: name, and how far it is.
    stages: BTreeMap<String, Vec<(String, watch::Receiver<Stage>)>>,
    turns: Semaphore,
}

impl Shared {
    fn done(&self, what: Done) {
        self.done.lock().expect("no panics while held").push(what);
    }
}

impl Control {
    /// Brings a stack up. When a step fails, what was made is removed and what was replaced is put back; what then still stands is told.
    pub(super) async fn bring_up(&self, task: &Task, prepared: Prepared, request: &UpStack) -> Result<Made> {
        let engine = &self.parts().engine;
        let mut images: HashMap<String, String> = HashMap::new();
        for instance in &prepared.instances {
            let source = &instance.rendered.spec.image;
            if let Entry::Vacant(place) = images.entry(key(source)) {
                task.phase(format!("looking for image {}", source.reference));
                let image = self.image_for(&prepared.actor, source, &mut |progress| task.progress(progress), task.cancel()).await;
                place.insert(image.map_err(|error| told_of(error, &instance.place.member))?);
            }
        }
        task.phase("comparing it with what is there");
        let left = orphans(&prepared, request.remove_orphans);
        let Prepared { name, actor, instances, networks, volumes, now, .. } = prepared;
        let mut steps = Vec::new();
        for instance in instances {
            let (action, why, old) = self.decide(&instance, &now, &images, request.recreate).await?;
            steps.push(Step { instance, action, why, old });
        }
        if !request.force {
            let replaced = steps.iter().filter(|step| step.action == StackAction::Recreate).filter_map(|step| step.old.clone());
            let removed = left.iter().filter(|(_, change)| change.action == StackAction::Remove).map(|(container, _)| container.clone());
            let ending: Vec<Container> = replaced.chain(removed).collect();
            self.nothing_unsaved(&ending, "cto stack up -f").await?;
        }
        let mut changes: Vec<StackChange> = steps.iter().map(Step::change).collect();
        changes.extend(left.iter().map(|(_, change)| change.clone()));

        let mut senders = Vec::new();
        let mut stages: BTreeMap<String, Vec<(String, watch::Receiver<Stage>)>> = BTreeMap::new();
        for step in &steps {
            let (sender, receiver) = watch::channel(Stage::Waiting);
            stages.entry(step.instance.place.member.clone()).or_default().push((step.instance.rendered.spec.name.clone(), receiver));
            senders.push(sender);
        }
        let shared = Arc::new(Shared { done: Mutex::default(), stages, turns: Semaphore::new(AT_ONCE) });
        let mut result = async {
            for (network, internal) in &networks {
                if engine.make_stack_network(network, &name, &actor.name, *internal).await? {
                    shared.done(Done::Network(network.clone()));
                }
            }
            for volume in &volumes {
                engine.make_stack_volume(volume, &name, &actor.name).await?;
            }
            Ok(())
        }
        .await;
        if result.is_ok() {
            // The first that fails ends the others, each of which takes away what it was making.
            let end = task.cancel().child_token();
            let work = steps.into_iter().zip(senders).map(|(step, sender)| {
                let (control, shared, actor, end) = (self.clone(), shared.clone(), actor.clone(), end.clone());
                let member = step.instance.rendered.spec.name.clone();
                let part = task.part(&member, end.clone());
                async move {
                    let member = step.instance.place.member.clone();
                    let sender = Arc::new(sender);
                    let result = control.bring_one(&part, step, &actor, &shared, &sender).await;
                    if result.is_err() {
                        sender.send_replace(Stage::Failed);
                        end.cancel();
                    }
                    result.map_err(|error| told_of(error, &member))
                }
            });
            let mut errors: Vec<Error> = futures_util::future::join_all(work).await.into_iter().filter_map(Result::err).collect();
            // Those that were ended by the failure of another say nothing.
            errors.sort_by_key(|error| error.code == Code::Cancelled);
            result = if errors.is_empty() { Ok(()) } else { Err(errors.swap_remove(0)) };
        }
        if let Err(error) = result {
            task.phase("taking back what was done");
            let error = if task.cancel().is_cancelled() { task.cancelled() } else { error };
            return Err(self.undo(&name, &shared, error).await);
        }
        self.finish(task, &shared, left).await;
        // It is up: that it can't be looked at just now is no failure of what was done.
        let mut stack = self.stack_now(&name).await.unwrap_or_else(|error| {
            tracing::warn!(%error, stack = name, "a stack is up and can't be looked at");
            Stack { name: name.clone(), owner: Some(actor.name.clone()), ..Stack::default() }
        });
        stack.changes = changes;
        Ok(Made::Stack(Box::new(stack)))
    }

    /// Does what one container needs, when those that it waits for are so far.
    async fn bring_one(&self, task: &Task, step: Step, actor: &crate::access::Actor, shared: &Arc<Shared>, stage: &Arc<watch::Sender<Stage>>) -> Result<()> {
        let Step { instance, action, old, .. } = step;
        tokio::select! {
            biased;
            () = task.cancel().cancelled() => return Err(task.cancelled()),
            waited = self.wait_for_others(task, &instance, shared) => waited?,
        }
        let _turn = shared.turns.acquire().await.map_err(|_| task.cancelled())?;
        still_wanted(task)?;
        match (action, old) {
            (StackAction::Keep, _) => {}
            (StackAction::Start, Some(old)) => {
                task.phase("starting the container");
                shared.done(Done::Started(old.id.clone()));
                self.rearm(&old).await?;
                self.parts().engine.start(&old.id).await?;
                let now = self.look_again(&old).await?;
                self.watch_main(&now).await;
                stage.send_replace(Stage::Started);
                tokio::select! {
                    biased;
                    () = task.cancel().cancelled() => return Err(task.cancelled()),
                    ready = self.make_ready(task, actor, &now, &instance.rendered.spec.care) => ready?,
                }
            }
            (_, old) => {
                let mut instance = instance;
                if let Some(old) = old {
                    task.phase("putting the old container aside");
                    for (name, target) in self.parts().engine.unnamed_volumes(&old.id).await? {
                        // What the image keeps in a volume without a name goes on in the new container.
                        if !instance.rendered.spec.mounts.iter().any(|mount| mount.target == target) {
                            instance.rendered.spec.mounts.push(Mount { source: MountSource::Volume { name }, target, read_only: false });
                        }
                    }
                    self.put_aside(&old, shared).await?;
                }
                let started = stage.clone();
                let Instance { template, request, rendered, .. } = instance;
                let tell = Box::new(move || {
                    started.send_replace(Stage::Started);
                });
                let launch = Launch { actor: actor.clone(), template, request, rendered, started: Some(tell) };
                let made = self.run_launch(task, launch).await?;
                shared.done(Done::Made(made.id));
            }
        }
        stage.send_replace(Stage::Ready);
        Ok(())
    }

    /// Stops a container and gives it another name, so that a new one can take its place.
    async fn put_aside(&self, old: &Container, shared: &Shared) -> Result<()> {
        let engine = &self.parts().engine;
        let id: String = old.id.as_str().chars().take(12).collect();
        engine.rename(&old.id, &format!("{}-old-{id}", old.name)).await?;
        shared.done(Done::Aside { old: Box::new(old.clone()) });
        self.sessions().stopping(&old.id);
        engine.stop(&old.id, None).await?;
        self.sessions().container_stopped(&old.id, Some(ExitReason::Stopped), None);
        self.look_again(old).await.map(drop)
    }

    async fn wait_for_others(&self, task: &Task, instance: &Instance, shared: &Shared) -> Result<()> {
        for (member, condition) in &instance.after {
            let wanted = if *condition == Condition::Ready { Stage::Ready } else { Stage::Started };
            for (name, stage) in shared.stages.get(member).map(Vec::as_slice).unwrap_or_default() {
                task.phase(format!("waiting for {member}"));
                let reached = stage.clone().wait_for(|stage| *stage >= wanted).await.map_or(Stage::Failed, |stage| *stage);
                if reached == Stage::Failed {
                    return Err(task.cancelled());
                }
                match condition {
                    Condition::Started | Condition::Ready => {}
                    Condition::Healthy => self.until_healthy(name).await?,
                    Condition::Completed => self.until_completed(name).await?,
                }
            }
        }
        Ok(())
    }

    async fn until_healthy(&self, name: &str) -> Result<()> {
        let healthy = async {
            loop {
                let now = self.parts().engine.inspect(name).await?;
                match (now.state, now.health) {
                    (ContainerState::Running, Some(Health::Healthy)) => return Ok(()),
                    (ContainerState::Running, None) => {
                        let error = Error::new(Code::WrongState, format!("'{name}' is to be healthy, and has no health check"));
                        return Err(error.fix("give it 'health', or wait for 'ready' or 'started'"));
                    }
                    (ContainerState::Running | ContainerState::Restarting | ContainerState::Created, Some(Health::Starting | Health::Healthy) | None) => {}
                    (_, health) => {
                        let why = if health == Some(Health::Unhealthy) { "its health check fails" } else { "it has ended" };
                        return Err(
                            Error::new(Code::WrongState, format!("'{name}' is to be healthy, and {why}")).fix(format!("see what it says: cto logs {name}"))
                        );
                    }
                }
                tokio::time::sleep(PAUSE).await;
            }
        };
        let late =
            || Error::new(Code::TimedOut, format!("'{name}' is not healthy after {} s", HEALTHY.as_secs())).fix(format!("see what it says: cto logs {name}"));
        tokio::time::timeout(HEALTHY, healthy).await.unwrap_or_else(|_| Err(late()))
    }

    async fn until_completed(&self, name: &str) -> Result<()> {
        let container = self.parts().engine.inspect(name).await?;
        let late = |_| Error::new(Code::TimedOut, format!("'{name}' has not ended after {} s", COMPLETED.as_secs()));
        match tokio::time::timeout(COMPLETED, self.parts().engine.wait(&container.id)).await.map_err(late)?? {
            0 => Ok(()),
            code => {
                Err(Error::new(Code::WrongState, format!("'{name}' is to do its work, and ended with {code}"))
                    .fix(format!("see what it says: cto logs {name}")))
            }
        }
    }

    /// Takes back what was done, last things first, and adds to the error what could not be.
    async fn undo(&self, stack: &str, shared: &Shared, mut error: Error) -> Error {
        let engine = &self.parts().engine;
        let mut stands = Vec::new();
        let done = std::mem::take(&mut *shared.done.lock().expect("no panics while held"));
        for what in done.into_iter().rev() {
            let (name, result) = match what {
                Done::Made(id) => (format!("container {id}"), self.take_away(&id).await),
                Done::Started(id) => (format!("container {id}"), engine.stop(&id, None).await),
                Done::Network(name) => (format!("network '{name}'"), engine.remove_stack_network(&name, stack).await),
                Done::Aside { old } => {
                    let back = async {
                        engine.rename(&old.id, &old.name).await?;
                        if old.state == ContainerState::Running {
                            engine.start(&old.id).await?;
                            let now = self.look_again(&old).await?;
                            self.watch_main(&now).await;
                        }
                        Ok(())
                    };
                    (format!("container '{}', which was put aside", old.name), back.await)
                }
            };
            if let Err(error) = result {
                stands.push(format!("{name} ({error})"));
            }
        }
        error.message = format!("stack '{stack}' was not brought up: {}", error.message);
        if stands.is_empty() {
            error.message.push_str("; what was made is removed, what was there is as before");
        } else {
            error.message.push_str(&format!("; this stands and could not be taken back: {}", stands.join(", ")));
        }
        error
    }

    /// Removes what was put aside, and containers that the file no longer names. What stays is only logged: the stack is up.
    async fn finish(&self, task: &Task, shared: &Shared, left: Vec<(Container, StackChange)>) {
        task.phase("removing what is no longer needed");
        let done = std::mem::take(&mut *shared.done.lock().expect("no panics while held"));
        for what in done {
            if let Done::Aside { old } = what {
                self.remove_stopped(&old).await;
            }
        }
        for (container, change) in left {
            if change.action == StackAction::Remove {
                self.sessions().stopping(&container.id);
                if let Err(error) = self.parts().engine.stop(&container.id, None).await {
                    tracing::warn!(%error, container = container.name, "what the stack's file does not name can't be stopped");
                }
                self.sessions().container_stopped(&container.id, Some(ExitReason::Stopped), None);
                self.remove_stopped(&container).await;
            }
        }
    }

    async fn remove_stopped(&self, container: &Container) {
        match self.parts().engine.remove_alone(&container.id).await {
            Ok(()) => self.note_removed(&container.id),
            Err(error) => tracing::warn!(%error, container = container.name, "a container that was replaced can't be removed"),
        }
    }
}
