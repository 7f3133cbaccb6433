//! What the tests use in place of a server: `hold connect` as a child, and its frames.
use hold::Begin;
use hold::Frame;
use hold::Opened;
use hold::split;
use std::io::Read;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::channel;
use std::time::Duration;
use std::time::Instant;

/// Longest wait for anything; only a failing test waits so long.
pub const LONG: Duration = Duration::from_secs(30);

/// The program under test.
pub fn hold() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hold"));
    // As in a container without a terminal.
    command.env_remove("TERM");
    command
}

/// A directory for the sockets of one test, which ends what it has left when it goes.
pub struct Place(pub PathBuf);

impl Place {
    pub fn new(name: &str) -> Self {
        // Short, as the path of a socket has to be.
        let dir = std::env::temp_dir().join(format!("hold-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir(&dir).unwrap();
        Self(dir)
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join("files").join(name)
    }

    fn sockets(&self) -> PathBuf {
        self.0.join("s")
    }

    /// `hold run`, whose line of JSON it gives.
    pub fn run(&self, id: &str, arguments: &[&str]) -> String {
        let _ = std::fs::create_dir(self.0.join("files"));
        let out = hold().args(["run", "--id", id, "--place"]).arg(self.sockets()).args(arguments).stdin(Stdio::null()).output().unwrap();
        String::from_utf8(out.stdout).unwrap()
    }

    /// As [`Self::run`], for a session that has to be there afterwards.
    pub fn start(&self, id: &str, arguments: &[&str]) {
        let said = self.run(id, arguments);
        assert!(said.starts_with("{\"ok\":true"), "{said}");
    }

    pub fn connect(&self) -> Client {
        Client::new(hold().arg("connect").arg("--place").arg(self.sockets()))
    }

    /// The session's own socket.
    pub fn socket(&self, id: &str) -> std::os::unix::net::UnixStream {
        let stream = std::os::unix::net::UnixStream::connect(self.sockets().join(id)).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        stream
    }

    pub fn list(&self) -> String {
        let out = hold().args(["list", "--place"]).arg(self.sockets()).output().unwrap();
        String::from_utf8(out.stdout).unwrap().trim().to_owned()
    }

    /// Waits until a session that somebody else begins can be opened.
    pub fn await_session(&self, id: &str) {
        let start = Instant::now();
        while !self.list().contains(&format!("\"{id}\"")) {
            assert!(start.elapsed() < LONG, "there is no session '{id}' after {LONG:?}");
        }
    }

    pub fn sockets_arg(&self) -> String {
        self.sockets().display().to_string()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Whatever is left of a failed test: its holder has this directory on its command line.
        let mark = self.0.display().to_string();
        for entry in std::fs::read_dir("/proc").unwrap().flatten() {
            let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            if String::from_utf8_lossy(&line).contains(&mark)
                && let Some(pid) = entry.file_name().to_str().filter(|name| name.parse::<u32>().is_ok_and(|pid| pid != std::process::id()))
            {
                let _ = Command::new("kill").args(["-9", pid]).stderr(Stdio::null()).status();
            }
        }
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A connection, whose frames a thread reads.
pub struct Client {
    child: Child,
    frames: Receiver<Vec<u8>>,
}

impl Client {
    fn new(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut out = child.stdout.take().unwrap();
        let (sender, frames) = channel();
        std::thread::spawn(move || {
            let (mut waiting, mut buffer) = (Vec::new(), vec![0; 64 * 1024]);
            while let Ok(count @ 1..) = out.read(&mut buffer) {
                waiting.extend_from_slice(&buffer[..count]);
                while let Some(size) = split(&waiting).unwrap().map(|raw| raw.size()) {
                    if sender.send(waiting.drain(..size).collect()).is_err() {
                        return;
                    }
                }
            }
        });
        let mut client = Self { child, frames };
        client.send(0, &Frame::Hello { min: 1, max: 1 });
        let welcome = client.next().unwrap();
        assert!(matches!(frame(&welcome), (0, Frame::Welcome { version: 1, .. })), "{:?}", frame(&welcome));
        client
    }

    /// Sends a frame; that the other side may be gone is what many tests are about.
    pub fn send(&mut self, channel: u16, frame: &Frame<'_>) {
        let mut wire = Vec::new();
        frame.encode(channel, &mut wire);
        let _ = self.child.stdin.as_mut().unwrap().write_all(&wire);
    }

    /// Sends bytes that need not be a frame.
    pub fn send_bytes(&mut self, bytes: &[u8]) {
        let _ = self.child.stdin.as_mut().unwrap().write_all(bytes);
    }

    /// The next frame; none at the end.
    pub fn next(&mut self) -> Option<Vec<u8>> {
        match self.frames.recv_timeout(LONG) {
            Ok(wire) => Some(wire),
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => None,
            Err(_) => panic!("nothing for {LONG:?}"),
        }
    }

    /// The next frame, if one comes in time.
    pub fn next_within(&mut self, wait: Duration) -> Option<Vec<u8>> {
        self.frames.recv_timeout(wait).ok()
    }

    /// Opens a session and gives what is said of it.
    pub fn open(&mut self, channel: u16, id: &str, from: Begin, boot: u64, window: u32) -> Opened<'static> {
        self.send(channel, &Frame::Open { flags: 0, from, boot, window, id });
        self.opened(channel)
    }

    /// The next OPENED of a channel; what else comes on it is skipped.
    pub fn opened(&mut self, channel: u16) -> Opened<'static> {
        loop {
            let wire = self.next().unwrap();
            match frame(&wire) {
                (from, Frame::Opened(opened)) if from == channel => {
                    return Opened { foreground: Box::leak(opened.foreground.to_owned().into_boxed_str()), ..opened };
                }
                (from, Frame::Error { code, text }) if from == channel => panic!("{code:?}: {text}"),
                _ => {}
            }
        }
    }

    /// Starts a session on a channel.
    pub fn start(&mut self, channel: u16, window: u32, arguments: &[&str]) {
        let arguments = arguments.iter().map(|argument| argument.as_bytes()).collect();
        self.send(channel, &Frame::Start { flags: 0, window, arguments });
    }

    pub fn input(&mut self, channel: u16, writer: u64, seq: u32, bytes: &[u8]) {
        self.send(channel, &Frame::Input { writer, seq, bytes });
    }

    /// Kills the connection as a crash would.
    pub fn cut(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Whether the connection's process has ended.
    pub fn wait_end(&mut self) -> i32 {
        drop(self.child.stdin.take());
        self.child.wait().unwrap().code().unwrap_or(-1)
    }

    /// Reads and acknowledges a channel until `enough` says so of all that has come, or EXIT; GAPs are an error.
    pub fn read_until(&mut self, channel: u16, enough: impl Fn(&[u8]) -> bool) -> Vec<u8> {
        let mut all = Vec::new();
        while !enough(&all) {
            let wire = self.next().unwrap();
            match frame(&wire) {
                (from, Frame::Data { offset, bytes }) if from == channel => {
                    all.extend_from_slice(bytes);
                    let offset = offset + bytes.len() as u64;
                    self.send(channel, &Frame::Ack { offset });
                }
                (from, Frame::Exit { .. }) if from == channel => break,
                (from, Frame::Gap { .. } | Frame::Error { .. }) if from == channel => panic!("{:?}", frame(&wire)),
                _ => {}
            }
        }
        all
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A frame and its channel.
pub fn frame(wire: &[u8]) -> (u16, Frame<'_>) {
    let raw = split(wire).unwrap().unwrap();
    (raw.channel, raw.decode().unwrap())
}

/// Waits for something to become true.
pub fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < LONG, "{what}: not after {LONG:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Whether a process lives; a zombie does not.
pub fn lives(pid: &str) -> bool {
    std::fs::read_to_string(Path::new("/proc").join(pid).join("stat")).is_ok_and(|stat| !stat.contains(") Z "))
}
