//! What the engine was asked to do, as lines of docker's own command line: the last of them, without secrets.
use super::Engine;
use crate::error::Result;
use crate::model::ContainerId;
use crate::model::ContainerSpec;
use crate::model::EngineCall;
use crate::model::ImageSource;
use crate::model::NetworkMode;
use crate::model::UpdateLimits;
use jiff::Timestamp;
use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Instant;

/// Calls that are kept; the oldest goes first.
const MOST: usize = 500;
/// Characters of a line.
const LONGEST: usize = 400;

/// The last calls, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Calls(Mutex<VecDeque<EngineCall>>);

impl Engine {
    /// What the engine was asked to do last, the newest first. Looks are left out: lists, states, samples.
    #[must_use]
    pub fn calls(&self) -> Vec<EngineCall> {
        self.0.calls.0.lock().expect("no panics while held").iter().rev().cloned().collect()
    }

    /// Does `work`, and keeps what became of it under a line that says it in docker's words.
    pub(super) async fn called<T>(&self, container: Option<&ContainerId>, line: String, work: impl Future<Output = Result<T>>) -> Result<T> {
        let (at, begun) = (Timestamp::now(), Instant::now());
        // Moved to the heap at once: what is done for a launch would be there twice, and too much for a small stack.
        let result = Box::pin(work).await;
        let call = EngineCall {
            line: line.chars().filter(|c| !c.is_control()).take(LONGEST).collect(),
            container: container.cloned(),
            at,
            took_ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            problem: result.as_ref().err().map(|error| error.message.clone()),
        };
        let mut calls = self.0.calls.0.lock().expect("no panics while held");
        if calls.len() == MOST {
            calls.pop_front();
        }
        calls.push_back(call);
        drop(calls);
        result
    }
}

/// A container as it is called in lines: its short id, which docker takes too.
pub(super) fn short(id: &ContainerId) -> &str {
    id.as_str().get(..12).unwrap_or(id.as_str())
}

/// The program of a command. Its arguments may be secret.
pub(super) fn program(command: &[String]) -> String {
    match command {
        [] => "sh".to_owned(),
        [program] => program.clone(),
        [program, ..] => format!("{program} …"),
    }
}

/// `docker create …` for a container: what is said of it in docker's words, without the values of variables and the arguments of programs.
pub(super) fn create(spec: &ContainerSpec) -> String {
    let mut words = vec![format!("docker create --name {}", spec.name)];
    words.extend(spec.interactive.then(|| "-it".to_owned()));
    let limits = &spec.limits;
    words.push(format!("--memory {} --cpus {} --pids-limit {}", limits.memory_bytes, limits.cpus, limits.pids));
    words.extend(spec.environment.keys().map(|name| format!("-e {name}=***")));
    words.extend(spec.ports.iter().map(|port| format!("-p {}:{}:{}/{}", port.host_ip, port.host_port, port.container_port, port.protocol)));
    words.extend(spec.mounts.iter().map(|mount| format!("--mount target={}", mount.target)));
    words.extend((spec.network == NetworkMode::None).then(|| "--network none".to_owned()));
    words.extend(spec.user.as_ref().map(|user| format!("--user {user}")));
    words.extend(spec.read_only.then(|| "--read-only".to_owned()));
    words.extend(spec.privileged.then(|| "--privileged".to_owned()));
    words.extend(spec.cap_add.iter().map(|cap| format!("--cap-add {cap}")));
    words.extend(spec.cap_drop.iter().map(|cap| format!("--cap-drop {cap}")));
    let ImageSource { reference, .. } = &spec.image;
    words.push(reference.clone());
    words.extend((!spec.command.is_empty()).then(|| program(&spec.command)));
    words.join(" ")
}

/// `docker update …` with what is changed.
pub(super) fn update(id: &ContainerId, limits: &UpdateLimits) -> String {
    let memory = limits.memory_bytes.map(|bytes| format!("--memory {bytes} --memory-swap {bytes}"));
    let others = [limits.cpus.map(|cpus| format!("--cpus {cpus}")), limits.pids.map(|pids| format!("--pids-limit {pids}"))];
    let words: Vec<String> = memory.into_iter().chain(others.into_iter().flatten()).collect();
    format!("docker update {} {}", words.join(" "), short(id))
}
