//! Taking a stack down: containers first, those last that others wait for; then networks; volumes only where asked.
use crate::control::Control;
use crate::control::operations::Made;
use crate::control::operations::Task;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::Container;
use crate::model::ExitReason;
use crate::model::Stack;

impl Control {
    /// Takes a stack down. What can't be removed is told, and the rest goes all the same.
    pub(super) async fn take_down(&self, task: &Task, stack: Stack, volumes: &[String]) -> Result<Made> {
        let engine = &self.parts().engine;
        let mut stands: Vec<String> = Vec::new();
        let mut left = stack.containers;
        while !left.is_empty() && !task.cancel().is_cancelled() {
            let (now, later) = wave(left);
            task.phase(format!("stopping {}", now.iter().map(|container| container.name.as_str()).collect::<Vec<_>>().join(", ")));
            let ended = futures_util::future::join_all(now.iter().map(|container| self.end(container, volumes))).await;
            for (container, result) in now.iter().zip(ended) {
                if let Err(error) = result {
                    stands.push(format!("container '{}' ({error})", container.name));
                }
            }
            left = later;
        }
        if task.cancel().is_cancelled() {
            stands.extend(left.iter().map(|container| format!("container '{}'", container.name)));
        } else {
            task.phase("removing networks");
            for network in &stack.networks {
                if let Err(error) = engine.remove_stack_network(network, &stack.name).await {
                    stands.push(format!("network '{network}' ({error})"));
                }
            }
            for volume in volumes {
                task.phase(format!("removing volume {volume}"));
                if let Err(error) = engine.remove_stack_volume(volume, &stack.name).await {
                    stands.push(format!("volume '{volume}' ({error})"));
                }
            }
        }
        if !stands.is_empty() {
            let code = if task.cancel().is_cancelled() { Code::Cancelled } else { Code::WrongState };
            let error = Error::new(code, format!("stack '{}' is down but for this: {}", stack.name, stands.join(", ")));
            return Err(error.fix(format!("take the rest down: cto stack down {}", stack.name)));
        }
        let volumes = stack.volumes.into_iter().filter(|volume| !volumes.contains(volume)).collect();
        Ok(Made::Stack(Box::new(Stack { name: stack.name, owner: stack.owner, volumes, ..Stack::default() })))
    }

    async fn end(&self, container: &Container, volumes: &[String]) -> Result<()> {
        let engine = &self.parts().engine;
        self.sessions().stopping(&container.id);
        let ended = async {
            engine.stop(&container.id, None).await?;
            self.sessions().container_stopped(&container.id, Some(ExitReason::Stopped), None);
            // Volumes without a name are volumes too.
            if volumes.is_empty() { engine.remove_alone(&container.id).await } else { engine.remove(&container.id, false).await }
        };
        match ended.await {
            Ok(()) => self.note_removed(&container.id),
            Err(error) if error.code == Code::NotFound => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// The containers that no other waits for, and the rest. Where each is waited for, labels say more than there is: then all go at once.
fn wave(left: Vec<Container>) -> (Vec<Container>, Vec<Container>) {
    let awaited: Vec<String> = left.iter().filter_map(|container| container.stack.as_ref()).flat_map(|place| place.after.clone()).collect();
    let is_awaited = |container: &Container| container.stack.as_ref().is_some_and(|place| awaited.contains(&place.member));
    let (later, now): (Vec<Container>, Vec<Container>) = left.into_iter().partition(is_awaited);
    if now.is_empty() { (later, Vec::new()) } else { (now, later) }
}
