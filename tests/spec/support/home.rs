//! The program as a person has it: files of its own, and a terminal to look at.
use assert_cmd::Command;
use cto::model::Size;
use cto::term::Screen;
use serde_json::Value;
use std::io::Read as _;
use std::sync::Arc;
use std::sync::Condvar;
use std::sync::Mutex;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A `CTO_HOME` of its own. Its server is stopped and its containers are removed when it is dropped.
pub struct Home {
    pub dir: tempfile::TempDir,
    pub prefix: String,
    /// Where its engine is; none for that of every test.
    pub engine: Option<String>,
    /// Further variables of the environment.
    pub variables: Vec<(String, String)>,
}

impl Home {
    pub fn new() -> Self {
        Self::on(None)
    }

    /// With an engine of its own.
    pub fn on(engine: Option<String>) -> Self {
        let prefix = format!("cto-cli-{}-{:04}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let dir = tempfile::tempdir().unwrap();
        // Nobody is shown around here, unless a test wants it.
        std::fs::create_dir_all(dir.path().join("state")).unwrap();
        std::fs::write(dir.path().join("state/tour-shown"), "").unwrap();
        Self { dir, prefix, engine, variables: Vec::new() }
    }

    pub fn name(&self, name: &str) -> String {
        format!("{}-{name}", self.prefix)
    }

    pub fn cto(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cto"));
        command.env("CTO_HOME", self.dir.path()).current_dir(self.dir.path()).args(arguments).timeout(Duration::from_secs(90));
        for name in ["CTO_LOG", "CTO_SERVER", "NO_COLOR", "CTO_LISTEN", "CTO_DATABASE"] {
            command.env_remove(name);
        }
        if let Some(engine) = &self.engine {
            command.env("DOCKER_HOST", engine);
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs it, expects success, and returns what it printed.
    pub fn ok(&self, arguments: &[&str]) -> String {
        let output = self.cto(arguments).assert().success().get_output().clone();
        String::from_utf8(output.stdout).unwrap()
    }

    pub fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.ok(arguments)).unwrap()
    }

    /// Runs it, expects this exit code, and returns what it complained of.
    pub fn fails(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.cto(arguments).assert().code(code).get_output().clone();
        String::from_utf8(output.stderr).unwrap()
    }

    /// A running container; its name.
    pub fn container(&self, name: &str) -> String {
        let name = self.name(name);
        self.ok(&["run", "shell", "--name", &name, "-d"]);
        name
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let Ok(list) = self.cto(&["ps", "-a", "--json"]).output() else { return };
        let list: Value = serde_json::from_slice(&list.stdout).unwrap_or_default();
        for container in list.as_array().into_iter().flatten() {
            let name = container["name"].as_str().unwrap_or_default();
            if name.starts_with(&self.prefix) {
                let _ = self.cto(&["rm", "-f", name]).output();
            }
        }
        let _ = self.cto(&["server", "stop"]).output();
        super::engine::sweep(&self.prefix);
    }
}

impl Home {
    /// Asks until it is so; fails after 30 seconds.
    pub fn until(&self, what: &str, mut so: impl FnMut() -> bool) {
        let begun = std::time::Instant::now();
        while !so() {
            assert!(begun.elapsed() < Duration::from_secs(30), "{what}");
        }
    }

    /// Waits until the screen of a container's only session has this text.
    pub fn screen(&self, container: &str, text: &str) {
        let session = self.json(&["sessions", "--json"]);
        let of = |session: &&Value| session["container_name"] == container;
        let id =
            session.as_array().unwrap().iter().find(of).unwrap_or_else(|| panic!("a session in {container}: {session}"))["id"].as_str().unwrap().to_owned();
        self.until(text, || self.ok(&["sessions", "screen", &id]).contains(text));
    }
}

/// The program on a terminal.
pub struct Terminal {
    child: Box<dyn portable_pty::Child + Send + Sync>,
    input: Box<dyn std::io::Write + Send>,
    screen: Arc<(Mutex<Screen>, Condvar)>,
    /// What was written to it, in bytes.
    written: Arc<AtomicUsize>,
    master: Box<dyn portable_pty::MasterPty + Send>,
}

impl Terminal {
    pub fn open(home: &Home, arguments: &[&str]) -> Self {
        Self::sized(home, arguments, (80, 24))
    }

    /// On a terminal of so many columns and rows.
    pub fn sized(home: &Home, arguments: &[&str], size: (u16, u16)) -> Self {
        Self::with(home, arguments, size, &[])
    }

    /// The same, with further environment.
    pub fn with(home: &Home, arguments: &[&str], size: (u16, u16), environment: &[(&str, &str)]) -> Self {
        Self::running(home, env!("CARGO_BIN_EXE_cto"), arguments, size, environment)
    }

    /// A shell that finds the program as `cto`, as a person has it.
    pub fn shell(home: &Home, size: (u16, u16)) -> Self {
        let own = std::path::Path::new(env!("CARGO_BIN_EXE_cto")).parent().unwrap().display().to_string();
        let path = format!("{own}:{}", std::env::var("PATH").unwrap());
        Self::running(home, "bash", &["--norc", "--noprofile", "-i"], size, &[("PATH", &path), ("PS1", "host> ")])
    }

    /// Another program, such as a copy of this one that lies elsewhere.
    pub fn of(home: &Home, program: &str, arguments: &[&str], size: (u16, u16)) -> Self {
        Self::running(home, program, arguments, size, &[])
    }

    fn running(home: &Home, program: &str, arguments: &[&str], (cols, rows): (u16, u16), environment: &[(&str, &str)]) -> Self {
        let pair = portable_pty::native_pty_system().openpty(portable_pty::PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }).unwrap();
        let mut command = portable_pty::CommandBuilder::new(program);
        command.args(arguments);
        command.env("CTO_HOME", home.dir.path());
        command.env("TERM", "xterm-256color");
        environment.iter().for_each(|(name, value)| command.env(name, value));
        command.cwd(home.dir.path());
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let screen = Arc::new((Mutex::new(Screen::new(Size { cols, rows }, 0)), Condvar::new()));
        let written = Arc::new(AtomicUsize::new(0));
        let (drawn, count) = (screen.clone(), written.clone());
        // A terminal that nobody reads stops its program.
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(read @ 1..) = reader.read(&mut bytes) {
                count.fetch_add(read, Ordering::SeqCst);
                drawn.0.lock().unwrap().feed(&bytes[..read]);
                drawn.1.notify_all();
            }
        });
        let input = pair.master.take_writer().unwrap();
        Self { child, input, screen, written, master: pair.master }
    }

    pub fn type_in(&mut self, text: &str) {
        self.input.write_all(text.as_bytes()).unwrap();
        self.input.flush().unwrap();
    }

    /// How many bytes were written to it so far.
    pub fn written(&self) -> usize {
        self.written.load(Ordering::SeqCst)
    }

    /// Makes it another size, as a person does who drags the corner of its window.
    pub fn resize(&self, (cols, rows): (u16, u16)) {
        self.screen.0.lock().unwrap().resize(Size { cols, rows });
        self.master.resize(portable_pty::PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }).unwrap();
    }

    /// What it shows now.
    pub fn text(&self) -> String {
        self.screen.0.lock().unwrap().text()
    }

    /// The text for the clipboard that it was sent since it was last asked.
    pub fn clipboard(&self) -> Option<String> {
        let events = self.screen.0.lock().unwrap().take_events();
        events.into_iter().rev().find_map(|event| if let cto::term::ScreenEvent::ClipboardStore(text) = event { Some(text) } else { None })
    }

    /// What programs in it have asked of it.
    pub fn modes(&self) -> cto::term::Modes {
        self.screen.0.lock().unwrap().modes()
    }

    /// Waits until it shows this.
    pub fn shows(&self, text: &str) {
        let (screen, changed) = &*self.screen;
        let (screen, waited) = changed.wait_timeout_while(screen.lock().unwrap(), Duration::from_secs(30), |screen| !screen.text().contains(text)).unwrap();
        assert!(!waited.timed_out(), "waited for '{text}', seen:\n{}", screen.text());
    }

    /// Waits until the program shows a session of this kind in this container; the session's id.
    pub fn session(&self, home: &Home, container: &str, kind: &str) -> String {
        let found = std::cell::Cell::new(None);
        home.until("a session with a viewer", || {
            let sessions = home.json(&["sessions", "--json"]);
            let wanted = |session: &&Value| session["container_name"] == container && session["kind"] == kind && session["viewers"].as_u64() > Some(0);
            let id = sessions.as_array().unwrap().iter().find(wanted).map(|session| session["id"].as_str().unwrap().to_owned());
            let there = id.is_some();
            found.set(id);
            there
        });
        found.take().unwrap()
    }

    /// Sends a signal to a program of this name that was begun in it.
    pub fn signal_to(&self, name: &str, signal: rustix::process::Signal) {
        let session = self.child.process_id().unwrap();
        let pid = std::fs::read_dir("/proc").unwrap().flatten().find_map(|entry| {
            let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
            let (own, rest) = stat.split_once('(')?.1.rsplit_once(") ")?;
            // The session is the fourth field after the name.
            let is = own == name && rest.split(' ').nth(3)? == session.to_string();
            is.then(|| entry.file_name().to_str()?.parse().ok())?
        });
        rustix::process::kill_process(rustix::process::Pid::from_raw(pid.expect("it runs")).unwrap(), signal).unwrap();
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = self.child.process_id().and_then(|pid| rustix::process::Pid::from_raw(pid.try_into().unwrap())).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// Waits for its end; the exit code.
    pub fn ends(&mut self) -> u32 {
        self.child.wait().unwrap().exit_code()
    }

    /// Takes its terminal away, and kills it if that is not enough.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // One that is left would start the server again that its home has just stopped.
        if let Ok(None) = self.child.try_wait() {
            self.kill();
        }
    }
}
