//! What can be done to a container between its start and its end, and asked about it.
use super::Engine;
use super::calls;
use super::create;
use super::fault::About;
use super::images;
use super::labels;
use super::raw;
use super::volume::HOLD;
use crate::error::Error;
use crate::error::Result;
use crate::model::ChangeKind;
use crate::model::Changes;
use crate::model::Code;
use crate::model::Commit;
use crate::model::ContainerId;
use crate::model::EngineReport;
use crate::model::FileChange;
use crate::model::Image;
use crate::model::Processes;
use crate::model::UpdateLimits;
use bollard::models::ChangeType;
use bollard::models::ContainerConfig;
use bollard::models::ContainerUpdateBody;
use bollard::query_parameters::CommitContainerOptions;
use bollard::query_parameters::KillContainerOptionsBuilder;
use bollard::query_parameters::RenameContainerOptions;
use bollard::query_parameters::TopOptionsBuilder;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long making an image of a container may take.
const COMMIT: Duration = Duration::from_secs(3600);
/// Programs that a person gives commands to: in the foreground of a terminal they hold no work of their own.
const SHELLS: [&str; 14] = ["sh", "bash", "dash", "ash", "zsh", "fish", "ksh", "mksh", "csh", "tcsh", "nu", "elvish", "busybox", "pwsh"];
/// Programs that are a container's first only to look after the others.
const INITS: [&str; 4] = ["hold", "docker-init", "tini", "catatonit"];

impl Engine {
    /// Freezes a container.
    ///
    /// # Errors
    /// `wrong_state` when it does not run.
    pub async fn pause(&self, id: &ContainerId) -> Result<()> {
        let work = async {
            let open = self.link().open().await?;
            match open.docker.pause_container(id.as_str()).await {
                Ok(()) => Ok(()),
                Err(error) => Err(self.named_fault(error, id).await),
            }
        };
        self.called(Some(id), format!("docker pause {}", calls::short(id)), work).await
    }

    /// Lets a frozen container go on.
    ///
    /// # Errors
    /// `wrong_state` when it is not paused.
    pub async fn unpause(&self, id: &ContainerId) -> Result<()> {
        let work = async {
            let open = self.link().open().await?;
            match open.docker.unpause_container(id.as_str()).await {
                Ok(()) => Ok(()),
                Err(error) => Err(self.named_fault(error, id).await),
            }
        };
        self.called(Some(id), format!("docker unpause {}", calls::short(id)), work).await
    }

    /// Sends its main program a signal, by name or number.
    ///
    /// # Errors
    /// `wrong_state` when it does not run.
    pub async fn signal(&self, id: &ContainerId, signal: &str) -> Result<()> {
        let work = async {
            let open = self.link().open().await?;
            let options = KillContainerOptionsBuilder::default().signal(signal).build();
            match open.docker.kill_container(id.as_str(), Some(options)).await {
                Ok(()) => Ok(()),
                Err(error) => Err(self.named_fault(error, id).await),
            }
        };
        self.called(Some(id), format!("docker kill -s {signal} {}", calls::short(id)), work).await
    }

    /// Gives a container another name.
    ///
    /// # Errors
    /// `name_in_use`.
    pub async fn rename(&self, id: &ContainerId, name: &str) -> Result<()> {
        let work = async {
            let open = self.link().open().await?;
            let renamed = open.docker.rename_container(id.as_str(), RenameContainerOptions { name: name.to_owned() }).await;
            renamed.map_err(|error| self.link().fault(error, &About::Container(name)))
        };
        self.called(Some(id), format!("docker rename {} {name}", calls::short(id)), work).await
    }

    /// Changes what a container may use; what is not named stays.
    ///
    /// # Errors
    /// `invalid_value` when the engine refuses it.
    pub async fn update(&self, id: &ContainerId, limits: &UpdateLimits) -> Result<()> {
        let work = async {
            let open = self.link().open().await?;
            let memory = limits.memory_bytes.and_then(|bytes| i64::try_from(bytes).ok());
            let host = self.inspect_raw(id.as_str()).await?.host_config.unwrap_or_default();
            // As much swap beyond the memory as before: none where its creation gave none.
            let swap = (host.memory_swap.unwrap_or(0) - host.memory.unwrap_or(0)).max(0);
            let body = ContainerUpdateBody {
                memory,
                memory_swap: memory.map(|memory| memory.saturating_add(swap)),
                nano_cpus: limits.cpus.and_then(|cpus| create::nano_cpus(cpus, open.cpus)),
                pids_limit: limits.pids.map(i64::from),
                ..ContainerUpdateBody::default()
            };
            match open.docker.update_container(id.as_str(), body).await {
                Ok(()) => Ok(()),
                Err(error) => Err(self.named_fault(error, id).await),
            }
        };
        self.called(Some(id), calls::update(id, limits), work).await
    }

    /// The processes of a container, as `ps` with these options shows them.
    ///
    /// # Errors
    /// `wrong_state` when it does not run, `invalid_value` for options that `ps` does not take.
    pub async fn top(&self, id: &ContainerId, ps_args: Option<&str>) -> Result<Processes> {
        let open = self.link().open().await?;
        let options = ps_args.map(|args| TopOptionsBuilder::default().ps_args(args).build());
        match open.docker.top_processes(id.as_str(), options).await {
            Ok(found) => Ok(Processes { titles: found.titles.unwrap_or_default(), processes: found.processes.unwrap_or_default() }),
            Err(error) => {
                let error = self.named_fault(error, id).await;
                let refused = ps_args.is_some() && error.code == Code::EngineFailed;
                Err(if refused {
                    Error::invalid(error.message).fix("give options that 'ps' on the engine's machine takes, with a column 'pid'")
                } else {
                    error
                })
            }
        }
    }

    /// Names of the programs in the foreground of the container's terminals, those not counted that are the terminal's own shell: what they
    /// hold is lost with them. None where that can't be known.
    pub async fn unsaved(&self, id: &ContainerId) -> Vec<String> {
        let found = self.top(id, Some("-eo pid,sid,pgid,tpgid,comm")).await;
        found.map(|processes| unsaved(&processes)).unwrap_or_default()
    }

    /// Files that are not as the image has them.
    ///
    /// # Errors
    /// When there is no such container, or the engine fails.
    pub async fn changes(&self, id: &ContainerId) -> Result<Changes> {
        let open = self.link().open().await?;
        let found = match open.docker.container_changes(id.as_str()).await {
            Ok(found) => found.unwrap_or_default(),
            Err(error) => return Err(self.named_fault(error, id).await),
        };
        let kind = |kind| match kind {
            ChangeType::_0 => ChangeKind::Modified,
            ChangeType::_1 => ChangeKind::Added,
            ChangeType::_2 => ChangeKind::Deleted,
        };
        let mut items: Vec<FileChange> = found.into_iter().map(|change| FileChange { kind: kind(change.kind), path: change.path }).collect();
        items.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Changes { items })
    }

    /// What the engine says of a container, in its own words.
    ///
    /// # Errors
    /// When there is no such container, or the engine fails.
    pub async fn report(&self, id: &ContainerId) -> Result<EngineReport> {
        let open = self.link().open().await?;
        let text = match raw::whole(&open, &format!("/containers/{id}/json")).await {
            Ok(text) => text,
            Err(error) => return Err(self.named_fault(error, id).await),
        };
        let value = serde_json::from_slice(&text).map_err(|error| Error::new(Code::EngineFailed, format!("the engine's answer is not understood: {error}")))?;
        Ok(EngineReport(value))
    }

    /// Makes an image of a container's files, for `owner`. It says of itself what the image below it said, not what cto gave the container: no
    /// labels of ours, and the program without the session holder.
    ///
    /// # Errors
    /// When there is no such container, or the engine fails.
    pub async fn commit(&self, id: &ContainerId, request: &Commit, owner: &str) -> Result<Image> {
        let work = async {
            let open = self.link().open().await?;
            let found = self.inspect_raw(id.as_str()).await?;
            let config = found.config.unwrap_or_default();
            let program = [config.entrypoint.unwrap_or_default(), config.cmd.unwrap_or_default()].concat();
            let labels: BTreeMap<String, String> = config.labels.unwrap_or_default().into_iter().collect();
            let held = held(&program);
            let (repo, tag) = images::split(&request.image);
            let options = CommitContainerOptions {
                container: Some(id.to_string()),
                repo: held.is_none().then(|| repo.to_owned()),
                tag: held.is_none().then(|| tag.to_owned()),
                comment: request.message.clone(),
                pause: !request.no_pause,
                changes: Some(instructions(labels.keys(), owner)),
                ..CommitContainerOptions::default()
            };
            // Without a body's own settings the engine takes those of the container.
            let made = open.docker.with_timeout(COMMIT).commit_container(options, ContainerConfig::default()).await;
            let made = match made {
                Ok(made) => made.id,
                Err(error) => return Err(self.named_fault(error, id).await),
            };
            let Some(program) = held else { return self.images().get(&made).await };
            // An entrypoint can't be taken away in a commit, only in a build; one of these few lines runs nothing.
            let recipe = format!("FROM {made}\nENTRYPOINT []\nCMD {}\n", serde_json::Value::from(program));
            let built = self.images().rewrite(&recipe, &request.image).await;
            if built.is_err() {
                let _ = self.images().remove(&made, false).await;
            }
            built
        };
        self.called(Some(id), format!("docker commit {} {}", calls::short(id), request.image), work).await
    }
}

/// The program that a container's session holder runs; none where there is no holder.
fn held(program: &[String]) -> Option<&[String]> {
    let at = program.iter().position(|word| word == "--").filter(|_| program.first().is_some_and(|path| path == HOLD))?;
    program.get(at + 1..)
}

/// What the new image says of itself, as lines of a Dockerfile.
fn instructions<'a>(labels: impl Iterator<Item = &'a String>, owner: &str) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string().replace('$', "\\$");
    let mut lines: Vec<String> = labels
        .filter(|name| name.starts_with(labels::PREFIX) && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)))
        // A label can't be taken away, only emptied.
        .map(|name| format!("LABEL {name}=\"\""))
        .collect();
    lines.push(format!("LABEL {}={}", labels::BUILT_BY, quoted(owner)));
    lines.join("\n")
}

/// The programs that hold something, from a list with the columns pid, sid, pgid, tpgid and comm.
fn unsaved(found: &Processes) -> Vec<String> {
    let number = |row: &[String], column: usize| row.get(column).and_then(|text| text.trim().parse::<i64>().ok());
    let name = |row: &[String]| row.get(4).map(|name| name.trim().trim_start_matches('-').to_owned()).unwrap_or_default();
    // Without a terminal there is no foreground, which is said as -1. The terminal's name is not known outside of the container.
    let leads = |row: &&Vec<String>| number(row, 0) == number(row, 2) && number(row, 2) == number(row, 3);
    let mut names: Vec<String> = Vec::new();
    for row in found.processes.iter().filter(leads) {
        let first = number(row, 0) == number(row, 1);
        // Under an init that has the terminal, the shell leads a group, but not the terminal's session.
        let under_init = || {
            let leader = found.processes.iter().find(|other| number(other, 0) == number(row, 1));
            leader.is_some_and(|leader| INITS.contains(&name(leader).as_str()))
        };
        let program = name(row);
        let saved = (first || under_init()) && SHELLS.contains(&program.as_str()) || INITS.contains(&program.as_str());
        if !saved && !names.contains(&program) {
            names.push(program.chars().filter(|c| !c.is_control()).take(32).collect());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Processes {
        let processes = text.lines().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect();
        Processes { titles: Vec::new(), processes }
    }

    #[test]
    fn what_holds_work_is_in_the_foreground_and_no_terminals_shell() {
        assert!(unsaved(&rows("10 10 10 -1 sleep")).is_empty(), "no terminal");
        assert!(unsaved(&rows("10 10 10 10 bash")).is_empty());
        assert_eq!(unsaved(&rows("10 10 10 11 bash\n11 10 11 11 vim")), ["vim"]);
        assert_eq!(unsaved(&rows("10 10 10 11 bash\n11 10 11 11 bash\n12 10 11 11 make")), ["bash"], "a script");
        assert_eq!(unsaved(&rows("10 10 10 10 bastet")), ["bastet"]);
        assert!(unsaved(&rows("1 1 1 1 hold\n10 10 10 11 docker-init\n11 10 11 11 bash")).is_empty());
    }

    #[test]
    fn a_committed_image_has_neither_our_labels_nor_the_holder() {
        let program = ["/.cto/hold", "init", "--size", "80x24", "--", "/bin/sh", "-c", "a -- b"].map(str::to_owned);
        assert_eq!(held(&program), Some(["/bin/sh", "-c", "a -- b"].map(str::to_owned).as_slice()));
        assert_eq!(held(&["sleep", "--", "1"].map(str::to_owned)), None);
        let labels = ["cto.owner".to_owned(), "cto.x y".to_owned(), "own".to_owned()];
        assert_eq!(instructions(labels.iter(), "an\"n$"), "LABEL cto.owner=\"\"\nLABEL cto.built-by=\"an\\\"n\\$\"");
    }
}
