//! Programs started in a running container: begun, known to run, and ended with all that they started.
use super::Engine;
use super::fault;
use super::fault::About;
use super::raw;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::ContainerId;
use bollard::models::ExecConfig;
use bollard::models::ExecInspectResponse;
use rustix::process::Pid;
use rustix::process::Signal;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use tokio::io::AsyncReadExt;

/// How long the engine may take to start a program.
const STARTING: Duration = Duration::from_secs(30);
/// Between a hang-up and the kill.
const GRACE: Duration = Duration::from_millis(700);
/// By this variable a program and its children are found again, also inside a container of a far engine.
const MARK: &str = "CTO_EXEC";
/// Keys that detach a client: nobody may leave by accident, and the engine can't be told "none". What begins a sequence
/// is held back until the next key, so it is the rarest one.
pub(super) const NO_DETACH: &str = "ctrl-@,ctrl-^,ctrl-_,ctrl-],ctrl-^,ctrl-@,ctrl-_,ctrl-]";

/// What to run, and how.
#[derive(Clone, Debug, Default)]
pub(super) struct Start {
    pub command: Vec<String>,
    pub environment: BTreeMap<String, String>,
    pub user: Option<String>,
    pub working_dir: Option<String>,
    pub tty: bool,
    pub stdin: bool,
}

/// A program that was started by an exec. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Process {
    engine: Engine,
    container: ContainerId,
    exec: String,
    mark: String,
    user: Option<String>,
}

/// How often, and with what pauses, is looked whether a container has ended in which a program could not be started.
const ENDED_LOOKS: u32 = 5;
const ENDED_PAUSE: Duration = Duration::from_millis(100);

impl Engine {
    /// Starts a program, and waits until it runs; its streams are connected.
    pub(super) async fn start_process(&self, container: &ContainerId, name: &str, start: Start) -> Result<(Process, raw::Reader, raw::Writer)> {
        let program = start.command.first().cloned().unwrap_or_default();
        let (process, mut reader, writer) = self.begin_process(container, name, start).await?;
        let found = process.until_started().await?;
        // The engine answers before it tries: what never ran has ended without ever having a process.
        if found.running != Some(true) && found.pid.unwrap_or(0) == 0 {
            let mut text = Vec::new();
            let _ = tokio::time::timeout(Duration::from_secs(2), (&mut reader).take(4096).read_to_end(&mut text)).await;
            let error = never_ran(&String::from_utf8_lossy(&text), &program, &About::Container(name));
            return Err(self.or_ended(container, error).await);
        }
        Ok((process, reader, writer))
    }

    /// Why a program could not be started. Of a container that has just ended its runtime says so in many words, none of which is that, and the
    /// engine learns of it a little later.
    async fn or_ended(&self, container: &ContainerId, error: Error) -> Error {
        let is_vague = matches!(error.code, Code::InvalidValue | Code::EngineFailed);
        for _ in 0..if is_vague { ENDED_LOOKS } else { 0 } {
            if let Err(ended) = self.inspect_running(container).await {
                return ended;
            }
            tokio::time::sleep(ENDED_PAUSE).await;
        }
        error
    }

    /// Begins to start a program; its streams are connected.
    pub(super) async fn begin_process(&self, container: &ContainerId, name: &str, start: Start) -> Result<(Process, raw::Reader, raw::Writer)> {
        let open = self.link().open().await?;
        let about = About::Container(name);
        let mark = uuid::Uuid::now_v7().simple().to_string();
        let mut lines: Vec<String> = start.environment.iter().map(|(name, value)| format!("{name}={value}")).collect();
        lines.push(format!("{MARK}={mark}"));
        let config = ExecConfig {
            attach_stdin: Some(start.stdin),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            detach_keys: start.tty.then(|| NO_DETACH.to_owned()),
            tty: Some(start.tty),
            env: Some(lines),
            cmd: Some(start.command),
            user: start.user.clone(),
            working_dir: start.working_dir,
            ..ExecConfig::default()
        };
        let created = open.docker.create_exec(container.as_str(), config).await.map_err(|error| self.link().fault(error, &about))?;
        let body = format!(r#"{{"Detach":false,"Tty":{}}}"#, start.tty);
        let (reader, writer) = raw::upgrade(self.link(), &open, &format!("/exec/{}/start", created.id), &body, &about).await?;
        let process = Process { engine: self.clone(), container: container.clone(), exec: created.id, mark, user: start.user };
        Ok((process, reader, writer))
    }
}

/// Why a program did not run, from the engine's own words on its output.
fn never_ran(text: &str, program: &str, about: &About<'_>) -> Error {
    // On a stream with frames the text comes after an 8-byte head.
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    let text = text.find("OCI").map_or(text.as_str(), |at| &text[at..]);
    if text.trim().is_empty() {
        return fault::command_not_found(program);
    }
    fault::answered(400, text, about)
}

impl Process {
    /// What the engine says of it.
    async fn inspect(&self) -> Result<ExecInspectResponse> {
        let open = self.engine.link().open().await?;
        open.docker.inspect_exec(&self.exec).await.map_err(|error| self.engine.link().fault(error, &About::Container(self.container.as_str())))
    }

    /// Why it never ran, by what came from it; none when it did, or when the engine can't be asked.
    pub(super) async fn never_ran(&self, said: &str, program: &str) -> Option<Error> {
        let found = self.inspect().await.ok()?;
        let ran = found.running == Some(true) || found.pid.unwrap_or(0) > 0 || found.exit_code.is_none();
        (!ran).then(|| never_ran(said, program, &About::Container(self.container.as_str())))
    }

    /// Waits until it runs, or will never run.
    async fn until_started(&self) -> Result<ExecInspectResponse> {
        let waiting = async {
            let mut pause = Duration::from_millis(4);
            loop {
                let found = self.inspect().await?;
                if found.running == Some(true) && found.pid.unwrap_or(0) > 0 || found.exit_code.is_some() {
                    return Ok(found);
                }
                tokio::time::sleep(pause).await;
                pause = (pause * 3 / 2).min(Duration::from_millis(100));
            }
        };
        tokio::time::timeout(STARTING, waiting).await.unwrap_or_else(|_| Err(Error::new(Code::TimedOut, "the engine did not start the program within 30 s")))
    }

    /// Its exit code; none while it runs.
    pub(super) async fn exit_code(&self) -> Result<Option<i64>> {
        match self.inspect().await {
            Ok(found) => Ok(found.exit_code.filter(|_| found.running != Some(true))),
            // The container was removed, and the engine forgot its execs.
            Err(error) if error.code == Code::NotFound => Ok(Some(137)),
            Err(error) => Err(error),
        }
    }

    /// Waits for its end.
    pub(super) async fn wait(&self) -> Result<i64> {
        let mut pause = Duration::from_millis(2);
        loop {
            if let Some(code) = self.exit_code().await? {
                return Ok(code);
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(250));
        }
    }

    /// Sets the size of its terminal.
    pub(super) async fn resize(&self, cols: u16, rows: u16) -> Result<()> {
        let open = self.engine.link().open().await?;
        let size = bollard::exec::ResizeExecOptions { width: cols, height: rows };
        open.docker.resize_exec(&self.exec, size).await.map_err(|error| self.engine.link().fault(error, &About::Container(self.container.as_str())))
    }

    /// Ends it and what it started in the same session: a hang-up, then a kill; a kill at once where `hang_up` is false. What has
    /// left the session, as a daemon does, lives on.
    pub(super) async fn end(&self, hang_up: bool) -> Result<()> {
        let found = match self.inspect().await {
            Ok(found) => found,
            Err(error) if error.code == Code::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        let pid = found.pid.and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
        // Near: the engine's process ids are ours, and we may signal them. Known by the mark, not by hope.
        if let Some(pid) = pid.filter(|pid| self.is_here(*pid)) {
            if hang_up {
                signal_session(pid, Signal::HUP);
                let gone = async {
                    while !session(pid).is_empty() {
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                };
                if tokio::time::timeout(GRACE, gone).await.is_ok() {
                    return Ok(());
                }
            }
            signal_session(pid, Signal::KILL);
            return Ok(());
        }
        if found.running != Some(true) && !hang_up {
            return Ok(());
        }
        self.end_inside(hang_up).await
    }

    /// Whether this process id is one of this machine, and the program that we started.
    fn is_here(&self, pid: Pid) -> bool {
        let mark = format!("{MARK}={}", self.mark);
        let environment = std::fs::read(format!("/proc/{}/environ", pid.as_raw_nonzero())).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|line| line == mark.as_bytes())
    }

    /// The same from inside, for engines of other machines: a small script finds the program by its mark.
    async fn end_inside(&self, hang_up: bool) -> Result<()> {
        // A stat is: pid (name) state parent group session …; the name may hold anything. What an exec started has no parent in here.
        const SCRIPT: &str = r#"
stat() { read -r s 2>/dev/null < "$1/stat" || return 1; s=${s##*) }; set -- $s; parent=$2 session=$4; }
first= others=
for d in /proc/[0-9]*; do
  tr '\0' '\n' 2>/dev/null < "$d/environ" | grep -qx "CTO_EXEC=$1" && stat "$d" || continue
  if [ "$parent" = 0 ]; then first=$session; else others="$others $session"; fi
done
found=${first:-$others}
each() { for d in /proc/[0-9]*; do stat "$d" || continue; for f in $found; do [ "$session" = "$f" ] && kill -"$1" "${d#/proc/}" 2>/dev/null; done; done; }
[ -n "$found" ] || exit 0
if [ "$2" = hup ]; then each HUP; each CONT; sleep 1; fi
each KILL
"#;
        let open = self.engine.link().open().await?;
        let how = if hang_up { "hup" } else { "kill" };
        let command = ["/bin/sh", "-c", SCRIPT, "cto", &self.mark, how].map(str::to_owned).to_vec();
        let config = ExecConfig { cmd: Some(command), user: self.user.clone(), ..ExecConfig::default() };
        let fault = |error| self.engine.link().fault(error, &About::Container(self.container.as_str()));
        let created = match open.docker.create_exec(self.container.as_str(), config).await.map_err(fault) {
            Ok(created) => created,
            // A container that does not run has no processes.
            Err(error) if matches!(error.code, Code::NotFound | Code::WrongState) => return Ok(()),
            Err(error) => return Err(error),
        };
        let options = bollard::exec::StartExecOptions { detach: true, ..Default::default() };
        open.docker.start_exec(&created.id, Some(options)).await.map(|_| ()).map_err(fault)
    }
}

/// The processes of the session that `leader` began, on this machine.
fn session(leader: Pid) -> Vec<Pid> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.filter_map(|entry| Pid::from_raw(entry.ok()?.file_name().to_str()?.parse().ok()?));
    pids.filter(|pid| session_of(Path::new(&format!("/proc/{}/stat", pid.as_raw_nonzero()))) == Some(leader.as_raw_nonzero().get())).collect()
}

/// The session in a `/proc/PID/stat`; none for what is dead already. The name in it may hold blanks and brackets.
fn session_of(stat: &Path) -> Option<i32> {
    let text = std::fs::read_to_string(stat).ok()?;
    let mut fields = text.rsplit_once(") ")?.1.split(' ');
    let state = fields.next()?;
    if matches!(state, "Z" | "X") { None } else { fields.nth(2)?.parse().ok() }
}

/// Signals each process of a session. Stopped ones are woken, so that they can die.
fn signal_session(leader: Pid, signal: Signal) {
    for pid in session(leader) {
        let _ = rustix::process::kill_process(pid, signal);
        let _ = rustix::process::kill_process(pid, Signal::CONT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_a_program_did_not_run_is_told() {
        let about = About::Container("web");
        let framed = "\u{1}\0\0\0\0\0\0\u{7f}OCI runtime exec failed: exec failed: container_linux.go:380: starting container process caused: exec: \"htop\": executable file not found in $PATH: unknown\r\n";
        assert_eq!(never_ran(framed, "htop", &about).code, Code::CommandNotFound);
        assert_eq!(never_ran("unable to find user eve: no matching entries in passwd file\r\n", "sh", &about).code, Code::InvalidValue);
    }
}
