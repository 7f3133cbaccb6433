//! What a launch waits for after the start: readiness, hooks, sessions to open.
use super::Control;
use super::operations::Task;
use crate::access::Actor;
use crate::engine::ExecOutput;
use crate::error::Error;
use crate::error::Result;
use crate::model::Care;
use crate::model::Code;
use crate::model::Container;
use crate::model::ContainerState;
use crate::model::ExecStart;
use crate::model::LogQuery;
use crate::model::OpenSession;
use crate::model::Readiness;
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;

/// Pauses between two looks.
const PAUSE: Duration = Duration::from_millis(100);
/// How long one look may take.
const LOOK: Duration = Duration::from_secs(5);
/// How long one hook may take.
const HOOK: Duration = Duration::from_secs(600);
/// What is kept of a command's output.
const KEPT: usize = 16 << 10;

impl Control {
    /// Waits until a started container is ready, runs its hooks and opens its sessions.
    ///
    /// # Errors
    /// `timed_out` when it is not ready in time, `exited_at_once` when it ends meanwhile, `wrong_state` when a hook fails.
    pub(super) async fn make_ready(&self, task: &Task, actor: &Actor, container: &Container, care: &Care) -> Result<()> {
        if let Some(ready) = &care.ready {
            task.phase("waiting until it is ready");
            let within = Duration::from_millis(ready.within_ms);
            tokio::time::timeout(within, self.until_ready(container, ready)).await.unwrap_or_else(|_| {
                let waited = told(ready);
                let error =
                    Error::new(Code::TimedOut, format!("container '{}' is not ready after {} s: it waits for {waited}", container.name, within.as_secs_f32()));
                Err(error.fix("see the template's 'ready', and what the container prints; the container was removed"))
            })?;
        }
        for (index, command) in care.after_start.iter().enumerate() {
            task.phase(format!("running hook {} of {}", index + 1, care.after_start.len()));
            let (code, said) = self.run_in(container, command, HOOK).await?;
            if code != 0 {
                let said: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
                let last = said[said.len().saturating_sub(5)..].join(" / ");
                let error = Error::new(Code::WrongState, format!("hook {} of '{}' ended with {code}: {last}", index + 1, container.name));
                return Err(error.fix("correct 'hooks.after_start' of the template; the container was removed"));
            }
        }
        for session in &care.sessions {
            let open = OpenSession {
                container: container.id.0.clone(),
                command: session.command.clone(),
                user: session.user.clone(),
                working_dir: session.working_dir.clone(),
                ..OpenSession::default()
            };
            self.create_session(actor, open, None).await?;
        }
        Ok(())
    }

    async fn until_ready(&self, container: &Container, ready: &Readiness) -> Result<()> {
        if let Some(text) = &ready.log {
            self.until_printed(container, text).await?;
        }
        let mut open: Vec<Look> = [ready.port.map(Look::Port), ready.http.clone().map(|(port, path)| Look::Http(port, path))].into_iter().flatten().collect();
        if !ready.command.is_empty() {
            open.push(Look::Command(ready.command.clone()));
        }
        while let Some(next) = open.last() {
            match self.holds(container, next).await {
                Ok(true) => drop(open.pop()),
                Ok(false) => tokio::time::sleep(PAUSE).await,
                // A look that takes too long has not succeeded.
                Err(error) if error.code == Code::TimedOut => tokio::time::sleep(PAUSE).await,
                Err(error) => {
                    let now = self.parts().engine.inspect(container.id.as_str()).await?;
                    if now.state != ContainerState::Running {
                        return Err(ended(&now));
                    }
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Waits until the log has a text.
    async fn until_printed(&self, container: &Container, text: &str) -> Result<()> {
        let mut chunks = self.parts().engine.logs(&container.id, &LogQuery { follow: true, ..LogQuery::default() }).await?;
        let mut seen: Vec<u8> = Vec::new();
        while let Some(chunk) = chunks.recv().await {
            let (_, bytes) = chunk?;
            seen.extend_from_slice(&bytes);
            if seen.windows(text.len()).any(|window| window == text.as_bytes()) {
                return Ok(());
            }
            // Only what could be the beginning of the text is kept.
            let done = seen.len().saturating_sub(text.len());
            seen.drain(..done);
        }
        Err(ended(&self.parts().engine.inspect(container.id.as_str()).await?))
    }

    async fn holds(&self, container: &Container, look: &Look) -> Result<bool> {
        match look {
            Look::Command(command) => Ok(self.run_in(container, command, LOOK).await?.0 == 0),
            Look::Port(port) => {
                let tables = ["cat", "/proc/net/tcp", "/proc/net/tcp6"].map(str::to_owned);
                let (_, text) = self.run_in(container, &tables, LOOK).await?;
                Ok(listens(&text, *port))
            }
            Look::Http(port, path) => {
                let now = self.parts().engine.inspect(container.id.as_str()).await?;
                if now.state != ContainerState::Running {
                    return Err(ended(&now));
                }
                let Some(address) = self.reached_at(&now, *port).await? else { return Ok(false) };
                Ok(tokio::time::timeout(LOOK, answers(&address, path)).await.is_ok_and(|answer| answer.unwrap_or(false)))
            }
        }
    }

    /// Where the server reaches a port of a container: published, or at the container's own address.
    async fn reached_at(&self, container: &Container, port: u16) -> Result<Option<String>> {
        let address = self.parts().engine.info().address;
        let remote = ["tcp://", "https://", "http://"]
            .iter()
            .find_map(|scheme| address.strip_prefix(scheme))
            .and_then(|rest| rest.rsplit_once(':'))
            .map(|(host, _)| host.to_owned());
        let published = container.ports.iter().find(|open| open.container_port == port && open.host_port > 0 && open.protocol == "tcp");
        if let Some(open) = published {
            let any = ["0.0.0.0", "::", ""].contains(&open.host_ip.as_str());
            let host = remote.unwrap_or_else(|| if any { "127.0.0.1".to_owned() } else { open.host_ip.clone() });
            return Ok(Some(format!("{host}:{}", open.host_port)));
        }
        Ok(self.parts().engine.address_of(&container.id).await?.map(|host| format!("{host}:{port}")))
    }

    /// Runs a command in a container: its exit code, and the end of what it printed.
    pub(super) async fn run_in(&self, container: &Container, command: &[String], within: Duration) -> Result<(i64, String)> {
        let start = ExecStart { command: command.to_vec(), ..ExecStart::default() };
        let mut exec = self.parts().engine.exec(&start, &container.id).await?;
        let work = async {
            let mut said: Vec<u8> = Vec::new();
            while let Some(ExecOutput::Stdout(bytes) | ExecOutput::Stderr(bytes)) = exec.output.recv().await {
                said.extend_from_slice(&bytes);
                let over = said.len().saturating_sub(KEPT);
                said.drain(..over);
            }
            Ok((exec.control.exit().await?, super::streams::plain_text(&said)))
        };
        let done = tokio::time::timeout(within, work).await;
        if done.is_err()
            && let Err(error) = exec.control.kill().await
        {
            tracing::debug!(%error, container = container.name, "a command that took too long can't be ended");
        }
        done.unwrap_or_else(|_| {
            Err(Error::new(Code::TimedOut, format!("'{}' has not ended in container '{}' after {} s", command.join(" "), container.name, within.as_secs())))
        })
    }
}

/// One thing that is looked at until it holds.
enum Look {
    Port(u16),
    Http(u16, String),
    Command(Vec<String>),
}

fn told(ready: &Readiness) -> String {
    let mut all = Vec::new();
    all.extend(ready.log.as_ref().map(|text| format!("'{text}' in its log")));
    all.extend(ready.port.map(|port| format!("port {port}")));
    all.extend(ready.http.as_ref().map(|(port, path)| format!("an answer at {port}{path}")));
    if !ready.command.is_empty() {
        all.push(format!("'{}'", ready.command.join(" ")));
    }
    all.join(", ")
}

fn ended(container: &Container) -> Error {
    let why = if container.oom_killed { "it ran out of memory".to_owned() } else { format!("exit code {}", container.exit_code.unwrap_or(-1)) };
    Error::new(Code::ExitedAtOnce, format!("container '{}' ended before it was ready ({why})", container.name))
        .fix("see the template's 'command'; the container was removed")
}

/// Whether a port listens, by the kernel's tables of sockets.
fn listens(tables: &str, port: u16) -> bool {
    let wanted = format!(":{port:04X}");
    tables.lines().any(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        fields.get(1).is_some_and(|local| local.ends_with(&wanted)) && fields.get(3) == Some(&"0A")
    })
}

/// Whether a request over HTTP is answered with 2xx or 3xx.
async fn answers(address: &str, path: &str) -> std::io::Result<bool> {
    let mut stream = tokio::net::TcpStream::connect(address).await?;
    stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes()).await?;
    let mut head = [0; 12];
    stream.read_exact(&mut head).await?;
    Ok(head.starts_with(b"HTTP/1.") && matches!(head[9], b'2' | b'3'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_listens_is_found_in_the_tables_of_the_kernel() {
        let tables = "  sl  local_address rem_address   st\n   0: 00000000:1F90 00000000:0000 0A 0:0\n   1: 0100007F:1F91 0100007F:0050 01 0:0\n";
        assert!(listens(tables, 8080));
        assert!(!listens(tables, 8081), "a connection is no listener");
    }
}
