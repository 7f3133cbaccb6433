//! Live terminals in containers, by plain exec or by attaching to the main program.
use super::Engine;
use super::calls;
use super::fault;
use super::fault::About;
use super::process::NO_DETACH;
use super::process::Process;
use super::process::Start;
use super::raw;
use super::replay;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::ContainerId;
use crate::model::ContainerState;
use crate::model::Size;
use bollard::query_parameters::ResizeContainerTTYOptionsBuilder;
use bytes::Bytes;
use bytes::BytesMut;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;

/// Chunks of output that may wait to be taken; then the program waits, and for a main program every other reader of it too. Few, since
/// whatever waits here is still drawn after Ctrl-C.
const OUTPUT: usize = 8;
/// Chunks of input that may wait for the program; then the sender waits.
const INPUT: usize = 64;
/// Most bytes of a chunk of output.
const CHUNK: usize = 32 * 1024;
/// How long a container that is created may take to be started by whoever attached to it first.
const UNTIL_STARTED: Duration = Duration::from_secs(120);

/// The user's shell, or the best there is. It is no login shell: that would put the distribution's search path before the image's.
const SHELL: &str = r#"u=$(id -u 2>/dev/null); s=
while IFS=: read -r _ _ i _ _ _ x; do [ "$i" = "$u" ] && s=$x && break; done 2>/dev/null < /etc/passwd
case $s in */nologin|*/false|*/sync|/bin/sh|/usr/bin/sh) s= ;; esac
[ -n "$s" ] && [ -x "$s" ] || for s in /bin/bash /usr/bin/bash /bin/ash /bin/sh; do [ -x "$s" ] && break; done
export SHELL="$s"; exec "$s""#;

/// Asks for a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TerminalRequest {
    /// The container. It runs; for its main program it may also be created and about to be started: then nothing that the
    /// program prints is missed.
    pub container: ContainerId,
    /// Program and arguments; the user's shell when empty.
    pub command: Vec<String>,
    /// Further environment.
    pub environment: BTreeMap<String, String>,
    /// User name or uid; the container's own where none is given.
    pub user: Option<String>,
    /// Directory to start in.
    pub working_dir: Option<String>,
    /// First size.
    pub size: Size,
    /// Attach to the main program instead of starting one.
    pub main: bool,
}

/// An open terminal.
#[derive(Debug)]
pub struct Terminal {
    /// What the program prints, in chunks of at most 32 KiB; ends when the program does, or the engine is lost. It has to be
    /// taken without pause: when 8 chunks wait, the program waits.
    pub output: mpsc::Receiver<Bytes>,
    /// What is typed. When 64 chunks wait for the program, the sender waits. Dropping it ends nothing.
    pub input: mpsc::Sender<Bytes>,
    /// Size and end.
    pub control: TerminalControl,
    /// What the main program printed before, as far as its log has it: at most the last 256 KiB. To be drawn before `output`.
    pub replay: Vec<u8>,
    /// What runs in it: the command asked for, `shell` for the user's shell, the container's own for the main program.
    pub command: Vec<String>,
}

/// Size and end of a terminal. Cheap to clone.
#[derive(Clone, Debug)]
pub struct TerminalControl {
    engine: Engine,
    target: Target,
}

/// Whose terminal it is.
#[derive(Clone, Debug)]
enum Target {
    Exec(Process),
    Main(ContainerId),
}

impl TerminalControl {
    /// Sets the terminal's size; the program is told.
    ///
    /// # Errors
    /// `wrong_state` when the program has ended.
    pub async fn resize(&self, size: Size) -> Result<()> {
        let size = size.clamped();
        match &self.target {
            Target::Exec(process) => process.resize(size.cols, size.rows).await,
            Target::Main(id) => {
                let open = self.engine.link().open().await?;
                let options = ResizeContainerTTYOptionsBuilder::default().w(size.cols.into()).h(size.rows.into()).build();
                open.docker.resize_container_tty(id.as_str(), options).await.map_err(|error| self.engine.link().fault(error, &About::Container(id.as_str())))
            }
        }
    }

    /// Ends the program: a hang-up, and after 0.7 s a kill. A main program is left alone: it ends with its container.
    ///
    /// # Errors
    /// When the engine is lost.
    pub async fn close(&self) -> Result<()> {
        match &self.target {
            Target::Exec(process) => process.end(true).await,
            Target::Main(_) => Ok(()),
        }
    }

    /// The exit code, to be asked after the output has ended; none when the program still runs two seconds later.
    ///
    /// # Errors
    /// When the engine is lost.
    pub async fn exit(&self) -> Result<Option<i64>> {
        let mut last = None;
        // The engine closes the stream a moment before it takes note of the exit.
        for pause in [0u64, 5, 20, 50, 100, 200, 400, 600, 600] {
            tokio::time::sleep(Duration::from_millis(pause)).await;
            last = match &self.target {
                Target::Exec(process) => process.exit_code().await?,
                Target::Main(id) => match self.engine.inspect(id.as_str()).await {
                    Ok(container) if container.state == ContainerState::Running => None,
                    Ok(container) => container.exit_code,
                    Err(error) if error.code == Code::NotFound => Some(137),
                    Err(error) => return Err(error),
                },
            };
            if last.is_some() {
                break;
            }
        }
        Ok(last)
    }

    /// Sets the first size, which can't be given at creation: at once where the program runs, else again and again until it does.
    async fn first_size(&self, size: Size) {
        let mut pause = Duration::from_millis(5);
        let trying = async {
            while let Err(error) = self.resize(size).await {
                if error.code == Code::NotFound || error.code == Code::EngineUnavailable {
                    return;
                }
                tokio::time::sleep(pause).await;
                pause = (pause * 3 / 2).min(Duration::from_millis(100));
            }
        };
        let _ = tokio::time::timeout(UNTIL_STARTED, trying).await;
    }
}

impl Engine {
    /// Opens a terminal in a container.
    ///
    /// # Errors
    /// `command_not_found` when the image has no such program or no shell, `wrong_state` when the container does not run or its
    /// main program has no terminal.
    pub async fn open_terminal(&self, request: &TerminalRequest) -> Result<Terminal> {
        let work = async { if request.main { self.attach_main(request).await } else { self.start_terminal(request).await } };
        self.called(Some(&request.container), format!("docker exec -it {} {}", calls::short(&request.container), calls::program(&request.command)), work).await
    }

    async fn start_terminal(&self, request: &TerminalRequest) -> Result<Terminal> {
        let found = self.inspect_running(&request.container).await?;
        let name = super::containers::plain_name(found.name.as_deref());
        let said = found.config.and_then(|config| config.env).unwrap_or_default();
        let mut environment = request.environment.clone();
        for (name, value) in [("TERM", "xterm-256color"), ("LANG", "C.UTF-8")] {
            if !said.iter().any(|line| line.split('=').next() == Some(name)) {
                environment.entry(name.to_owned()).or_insert_with(|| value.to_owned());
            }
        }
        let shell = request.command.is_empty();
        let command = if shell { vec!["/bin/sh".to_owned(), "-c".to_owned(), SHELL.to_owned()] } else { request.command.clone() };
        let start = Start { command, environment, user: request.user.clone(), working_dir: request.working_dir.clone(), tty: true, stdin: true };
        let started = self.start_process(&request.container, &name, start).await;
        let (process, reader, writer) = started.map_err(|error| {
            let bare = shell && error.code == Code::CommandNotFound;
            if bare {
                Error::new(Code::CommandNotFound, format!("the image of container '{name}' has no shell")).fix("name a program that the image has")
            } else {
                error
            }
        })?;
        let control = TerminalControl { engine: self.clone(), target: Target::Exec(process) };
        // A program that has ended by now has no size any more.
        if control.resize(request.size).await.is_err() {
            let (first, size) = (control.clone(), request.size);
            tokio::spawn(async move { tokio::time::timeout(Duration::from_secs(2), first.first_size(size)).await });
        }
        let (output, input) = connect(reader, writer);
        let command = if shell { vec!["shell".to_owned()] } else { request.command.clone() };
        Ok(Terminal { output, input, control, replay: Vec::new(), command })
    }

    async fn attach_main(&self, request: &TerminalRequest) -> Result<Terminal> {
        let container = self.inspect(request.container.as_str()).await?;
        if !container.tty {
            let error = Error::new(Code::WrongState, format!("the main program of container '{}' has no terminal", container.name));
            return Err(error.fix(format!("open a shell beside it: 'cto shell {}'; its output is in 'cto logs {}'", container.name, container.name)));
        }
        let waits = container.state == ContainerState::Created;
        if !waits && container.state != ContainerState::Running {
            return Err(fault::not_running(&container.name));
        }
        let open = self.link().open().await?;
        let keys = NO_DETACH.replace(',', "%2C").replace('@', "%40").replace('^', "%5E").replace(']', "%5D");
        let path = format!("/containers/{}/attach?stream=1&stdin=1&stdout=1&stderr=1&detachKeys={keys}", container.id);
        let (reader, writer) = raw::upgrade(self.link(), &open, &path, "", &About::Container(&container.name)).await?;
        let control = TerminalControl { engine: self.clone(), target: Target::Main(container.id.clone()) };
        let (output, input) = connect(reader, writer);
        if waits {
            let (first, size) = (control.clone(), request.size);
            tokio::spawn(async move { first.first_size(size).await });
            return Ok(Terminal { output, input, control, replay: Vec::new(), command: container.command });
        }
        let (replay, output) = replay::before(&open, &container.id, output).await;
        // A full-screen program draws again when its size changes, which also mends what the log did not have: a prompt, for one, is
        // no whole line and so in no log.
        let near = Size { rows: if request.size.rows > Size::LIMITS.0 { request.size.rows - 1 } else { request.size.rows + 1 }, ..request.size };
        let _ = control.resize(near).await;
        let _ = control.resize(request.size).await;
        Ok(Terminal { output, input, control, replay, command: container.command })
    }
}

/// Two tasks that move bytes between the engine's stream and queues.
fn connect(mut reader: raw::Reader, mut writer: raw::Writer) -> (mpsc::Receiver<Bytes>, mpsc::Sender<Bytes>) {
    let (sender, output) = mpsc::channel(OUTPUT);
    let (input, mut typed) = mpsc::channel::<Bytes>(INPUT);
    let (over, mut is_over) = tokio::sync::oneshot::channel::<()>();
    tokio::spawn(async move {
        let mut buffer = BytesMut::new();
        loop {
            buffer.reserve(CHUNK);
            let Ok(1..) = (&mut reader).take(CHUNK as u64).read_buf(&mut buffer).await else { break };
            if sender.send(buffer.split().freeze()).await.is_err() {
                break;
            }
        }
        let _ = over.send(());
    });
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = &mut is_over => return,
                bytes = typed.recv() => match bytes {
                    Some(bytes) => if writer.write_all(&bytes).await.is_err() { return },
                    // Nobody types any more. The stream stays whole, since the engine takes half of it closed for a detach.
                    None => { let _ = is_over.await; return },
                },
            }
        }
    });
    (output, input)
}
