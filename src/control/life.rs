//! Containers between their start and their end: paused, signalled, renamed, limited, looked into, made an image of.
use super::Control;
use super::containers::of;
use super::guard::Target;
use super::operations::Made;
use super::operations::Plan;
use crate::access::Actor;
use crate::access::allowed;
use crate::access::check_image_name;
use crate::access::refusal;
use crate::error::Error;
use crate::error::Result;
use crate::model::Action;
use crate::model::Changes;
use crate::model::Code;
use crate::model::Commit;
use crate::model::Container;
use crate::model::EngineReport;
use crate::model::Operation;
use crate::model::Processes;
use crate::model::Rename;
use crate::model::SendSignal;
use crate::model::TopQuery;
use crate::model::UpdateLimits;
use crate::model::WaitQuery;
use crate::model::Waited;
use std::time::Duration;

/// How long a container's end is waited for, unless asked otherwise, and at most.
const WAIT: (u32, u32) = (60, 600);
/// The least memory that the engine takes.
const LEAST_MEMORY: u64 = 6 << 20;
/// Signals by their numbers from 1; the first word of each is its usual name.
const SIGNALS: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP",
    "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
];

impl Control {
    /// Freezes a container.
    ///
    /// # Errors
    /// `forbidden`, `not_found`; `wrong_state` when it does not run or is paused already.
    pub async fn pause_container(&self, actor: &Actor, name: &str) -> Result<Container> {
        let container = self.container(name).await?;
        self.noted(actor, Action::ControlContainers, &of(&container), "pause", async {
            self.parts().engine.pause(&container.id).await?;
            self.look_again(&container).await
        })
        .await
    }

    /// Lets a frozen container go on.
    ///
    /// # Errors
    /// `forbidden`, `not_found`; `wrong_state` when it is not paused.
    pub async fn unpause_container(&self, actor: &Actor, name: &str) -> Result<Container> {
        let container = self.container(name).await?;
        self.noted(actor, Action::ControlContainers, &of(&container), "unpause", async {
            self.parts().engine.unpause(&container.id).await?;
            self.look_again(&container).await
        })
        .await
    }

    /// Sends a container's main program a signal.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `invalid_value`; `wrong_state` when it does not run.
    pub async fn kill_container(&self, actor: &Actor, name: &str, request: SendSignal) -> Result<Container> {
        let container = self.container(name).await?;
        let signal = signal(request.signal.as_deref().unwrap_or("KILL"))?;
        self.noted(actor, Action::ControlContainers, &of(&container), format!("signal {signal}"), async {
            if signal == "KILL" {
                self.sessions().stopping(&container.id);
            }
            self.parts().engine.signal(&container.id, &signal).await?;
            if signal == "KILL" {
                // What the engine has killed it reports as running for a moment.
                let _ = tokio::time::timeout(Duration::from_secs(5), self.parts().engine.wait(&container.id)).await;
            }
            self.look_again(&container).await
        })
        .await
    }

    /// Gives a container another name.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `invalid_value`, `name_in_use`.
    pub async fn rename_container(&self, actor: &Actor, name: &str, request: Rename) -> Result<Container> {
        let container = self.container(name).await?;
        crate::config::check_container_name(&request.name)?;
        self.noted(actor, Action::ControlContainers, &of(&container), format!("rename to {}", request.name), async {
            self.parts().engine.rename(&container.id, &request.name).await?;
            self.look_again(&container).await
        })
        .await
    }

    /// Changes what a container may use.
    ///
    /// # Errors
    /// `forbidden`, `not_found`; `invalid_value` when it is too little, or more than the machine has.
    pub async fn update_container(&self, actor: &Actor, name: &str, request: UpdateLimits) -> Result<Container> {
        let container = self.container(name).await?;
        let machine = self.parts().engine.info();
        let told = checked(&request, machine.memory_bytes, machine.cpus)?;
        self.noted(actor, Action::ControlContainers, &of(&container), told, async {
            self.parts().engine.update(&container.id, &request).await?;
            self.look_again(&container).await
        })
        .await
    }

    /// Waits until a container no longer runs, or the time is over.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, also when it is removed meanwhile.
    pub async fn wait_container(&self, actor: &Actor, name: &str, query: WaitQuery) -> Result<Waited> {
        Self::may(actor, Action::ReadContainers)?;
        let container = self.container(name).await?;
        let within = Duration::from_secs(query.within_seconds.unwrap_or(WAIT.0).min(WAIT.1).into());
        let stop = self.shutdown();
        let ended = tokio::select! {
            ended = tokio::time::timeout(within, self.parts().engine.wait(&container.id)) => ended.ok().transpose()?,
            () = stop.cancelled() => None,
        };
        Ok(Waited { ended: ended.is_some(), exit_code: ended })
    }

    /// The processes of a container.
    ///
    /// # Errors
    /// `forbidden`, also for options from whom may not run programs there; `not_found`, `wrong_state`, `invalid_value`.
    pub async fn list_processes(&self, actor: &Actor, name: &str, query: TopQuery) -> Result<Processes> {
        Self::may(actor, Action::ReadContainers)?;
        let container = self.container(name).await?;
        let args = query.ps_args.as_deref().filter(|args| !args.is_empty());
        if args.is_some() && !allowed(actor, Action::Exec, of(&container).owner.as_deref()) {
            return Err(refusal(actor, Action::Exec, &container.name));
        }
        if args.is_some_and(|args| args.len() > 200 || args.chars().any(char::is_control)) {
            return Err(Error::invalid("these are no options of 'ps'"));
        }
        self.parts().engine.top(&container.id, args).await
    }

    /// Files of a container that are not as its image has them.
    ///
    /// # Errors
    /// `forbidden`, `not_found`.
    pub async fn list_changes(&self, actor: &Actor, name: &str) -> Result<Changes> {
        Self::may(actor, Action::ReadContainers)?;
        let container = self.container(name).await?;
        self.parts().engine.changes(&container.id).await
    }

    /// What the engine itself says of a container. Whoever may not control it does not see the values of its environment.
    ///
    /// # Errors
    /// `forbidden`, `not_found`.
    pub async fn inspect_container(&self, actor: &Actor, name: &str) -> Result<EngineReport> {
        Self::may(actor, Action::ReadContainers)?;
        let container = self.container(name).await?;
        let mut report = self.parts().engine.report(&container.id).await?;
        if !allowed(actor, Action::ControlContainers, of(&container).owner.as_deref()) {
            mask_environment(&mut report);
        }
        Ok(report)
    }

    /// Makes an image of a container's files, as an operation.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `invalid_value`; `policy_refused` for a name that is not the actor's to give.
    pub async fn commit_container(&self, actor: &Actor, name: &str, request: Commit, idempotency_key: Option<&str>) -> Result<Operation> {
        let container = self.container(name).await?;
        let before = self.named_image(&request.image).await?;
        // All that is in the container will be in the image.
        self.demand(actor, Action::ControlContainers, &of(&container)).await?;
        let plan = Plan {
            action: Action::CreateImages,
            target: Target::free(&request.image),
            detail: Some(format!("from container {}", container.name)),
            title: format!("commit {} to {}", container.name, request.image),
        };
        let (control, whole) = (self.clone(), (container.id.clone(), request.clone()));
        let owner = actor.name.clone();
        let allowed = check_image_name(actor, &request.image, before.as_ref());
        self.operate(actor, idempotency_key, &whole, plan, allowed, async move |task| {
            let engine = &control.parts().engine;
            task.phase("copying what has changed");
            // The engine can't be stopped in this, so what a cancelled one has made is taken away.
            let image = engine.commit(&container.id, &request, &owner).await?;
            if task.cancel().is_cancelled() {
                engine.images().remove(&request.image, false).await?;
                return Err(task.cancelled());
            }
            Ok(Made::Image(Box::new(image)))
        })
        .await
    }
}

/// A signal's name without `SIG`, from its name in any case or its number.
fn signal(text: &str) -> Result<String> {
    let upper = text.trim().to_ascii_uppercase();
    let bare = upper.strip_prefix("SIG").unwrap_or(&upper);
    let number = bare.parse::<usize>().ok().and_then(|number| SIGNALS.get(number.checked_sub(1)?)).copied();
    let named = SIGNALS.iter().find(|name| **name == bare).copied();
    let real_time = || bare.strip_prefix("RTMIN+").and_then(|more| more.parse::<u8>().ok()).filter(|more| *more <= 30).map(|more| format!("RTMIN+{more}"));
    number
        .or(named)
        .map(str::to_owned)
        .or_else(real_time)
        .ok_or_else(|| Error::invalid(format!("there is no signal '{text}'")).fix("write a name such as TERM, or a number"))
}

/// What is changed, for the audit.
fn checked(limits: &UpdateLimits, memory: u64, cpus: u32) -> Result<String> {
    let mut told = Vec::new();
    if let Some(bytes) = limits.memory_bytes {
        if bytes < LEAST_MEMORY || memory > 0 && bytes > memory {
            return Err(Error::invalid(format!("{bytes} bytes of memory can't be given: a container has {LEAST_MEMORY} at least, and the machine {memory}")));
        }
        told.push(format!("memory {bytes}"));
    }
    if let Some(wanted) = limits.cpus {
        if !(0.01..=f64::from(if cpus == 0 { 1024 } else { cpus })).contains(&wanted) {
            return Err(Error::invalid(format!("{wanted} cores can't be given: a container has 0.01 at least, and the machine {cpus}")));
        }
        told.push(format!("cpus {wanted}"));
    }
    if let Some(pids) = limits.pids {
        // Nothing and less would be no limit at all.
        if pids == 0 || pids > 4_194_304 {
            return Err(Error::invalid(format!("a limit of {pids} processes can't be set; 1 to 4194304 can")));
        }
        told.push(format!("pids {pids}"));
    }
    if told.is_empty() {
        return Err(Error::new(Code::InvalidValue, "no limit is named").fix("name 'memory_bytes', 'cpus' or 'pids'"));
    }
    Ok(told.join(", "))
}

/// Leaves of each variable only its name.
pub(super) fn mask_environment(report: &mut EngineReport) {
    for place in ["/Config/Env", "/ContainerConfig/Env"] {
        for line in report.0.pointer_mut(place).and_then(serde_json::Value::as_array_mut).into_iter().flatten() {
            let name = line.as_str().and_then(|text| text.split_once('=')).map_or_else(String::new, |(name, _)| name.to_owned());
            *line = serde_json::Value::String(format!("{name}=***"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_have_names_and_numbers() {
        for (text, name) in [("9", "KILL"), ("SIGTERM", "TERM"), ("hup", "HUP"), ("31", "SYS"), ("rtmin+3", "RTMIN+3")] {
            assert_eq!(signal(text).expect(text), name);
        }
        for wrong in ["0", "32", "", "SIG", "KILL&x", "TERMINATE", "-9", "rtmin+99"] {
            assert_eq!(signal(wrong).expect_err(wrong).code, Code::InvalidValue);
        }
    }

    #[test]
    fn limits_are_never_lifted() {
        let limits = |memory_bytes, cpus, pids| UpdateLimits { memory_bytes, cpus, pids };
        assert_eq!(checked(&limits(Some(64 << 20), Some(0.5), Some(9)), 1 << 30, 2).expect("valid"), "memory 67108864, cpus 0.5, pids 9");
        let wrong = [
            limits(None, None, None),
            limits(Some(0), None, None),
            limits(Some(2 << 30), None, None),
            limits(None, Some(0.0), None),
            limits(None, Some(f64::NAN), None),
            limits(None, Some(3.0), None),
            limits(None, Some(-1.0), None),
            limits(None, None, Some(0)),
        ];
        for wrong in wrong {
            assert_eq!(checked(&wrong, 1 << 30, 2).expect_err("refused").code, Code::InvalidValue);
        }
    }
}
