//! Sessions that nothing can kill: what is promised when servers and connections die.
use crate::support::engine::docker;
use crate::support::own_engine::OwnEngine;
use cto::client::Client;
use cto::config::Paths;
use cto::model::*;
use std::collections::VecDeque;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// What no wait is longer than.
pub const LONG: Duration = Duration::from_secs(120);

/// Whether promises are to be shown at full scale: CTO_PROVE is set.
pub fn proving() -> bool {
    std::env::var_os("CTO_PROVE").is_some()
}

/// Small by default, or at full scale.
pub fn scale(small: usize, full: usize) -> usize {
    if proving() { full } else { small }
}

/// A server process that can be killed and started again on its files.
pub struct Server {
    pub client: Client,
    pub prefix: String,
    host: Option<String>,
    dir: tempfile::TempDir,
    child: Option<Child>,
}

impl Server {
    pub async fn start() -> Self {
        Self::over(None).await
    }

    pub async fn over(host: Option<&str>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let prefix = format!("cto-survive-{}-{:04}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let client = Client::local(Paths::under(dir.path()).unwrap().socket());
        let mut server = Self { client, prefix, host: host.map(str::to_owned), dir, child: None };
        server.up().await;
        server
    }

    fn cto(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cto"));
        command.env("CTO_HOME", self.dir.path()).args(arguments).stdin(Stdio::null()).stdout(Stdio::null());
        for name in ["CTO_LOG", "CTO_SERVER", "CTO_LISTEN", "CTO_DATABASE"] {
            command.env_remove(name);
        }
        if let Some(host) = &self.host {
            command.env("DOCKER_HOST", host);
        }
        command
    }

    /// Starts the server and waits until it answers.
    async fn up(&mut self) {
        self.child = Some(self.cto(&["serve"]).stderr(Stdio::null()).spawn().unwrap());
        let asking = async {
            while self.client.call::<GetVersion>(&[], &Empty {}).await.is_err() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(LONG, asking).await.expect("the server answers");
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    /// `kill -9`.
    fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    fn name(&self, name: &str) -> String {
        format!("{}-{name}", self.prefix)
    }

    /// A running container with a shell as its main program.
    pub fn container(&self, name: &str, image: &str) -> String {
        let name = self.name(name);
        let template = serde_json::json!({"name": "survive", "image": image, "command": "/bin/sh", "limits": {"pids": 512}});
        let file = self.dir.path().join(format!("{name}.json"));
        std::fs::write(&file, template.to_string()).unwrap();
        let done = self.cto(&["run", file.to_str().unwrap(), "--name", &name, "-d"]).stderr(Stdio::piped()).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        name
    }

    pub async fn open(&self, container: &str, command: &[&str]) -> Session {
        self.open_with(container, command, Unread::Block).await
    }

    async fn open_with(&self, container: &str, command: &[&str], unread: Unread) -> Session {
        let command = command.iter().map(|word| (*word).to_owned()).collect();
        let open = OpenSession { container: container.to_owned(), command, unread, ..OpenSession::default() };
        self.client.call::<CreateSession>(&[], &open).await.unwrap()
    }

    pub async fn main(&self, container: &str) -> Session {
        let open = OpenSession { container: container.to_owned(), main: true, ..OpenSession::default() };
        self.client.call::<CreateSession>(&[], &open).await.unwrap()
    }

    pub async fn session(&self, id: &SessionId) -> Session {
        self.client.call::<GetSession>(&[id.as_str()], &Empty {}).await.unwrap()
    }

    async fn screen(&self, id: &SessionId) -> String {
        let query = ScreenQuery { format: ScreenFormat::Json };
        self.client.call::<GetScreen>(&[id.as_str()], &query).await.map(|screen| screen.lines.join("\n")).unwrap_or_default()
    }

    pub async fn type_in(&self, id: &SessionId, text: &str) {
        let input = SessionInput { text: Some(text.to_owned()), base64: None };
        self.client.call::<TypeIntoSession>(&[id.as_str()], &input).await.unwrap();
    }

    /// Waits until the session's screen has `text`.
    pub async fn shows(&self, id: &SessionId, text: &str) -> String {
        let mut last = String::new();
        let looking = async {
            loop {
                last = self.screen(id).await;
                if last.contains(text) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let seen = tokio::time::timeout(Duration::from_secs(30), looking).await;
        assert!(seen.is_ok(), "'{text}' is not on the screen:\n{last}");
        last
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        let ids = match &self.host {
            None => docker(&["ps", "-aq", "--filter", &format!("name={}", self.prefix)]),
            Some(_) => String::new(),
        };
        // A few at once: the engine (20.10) can lock up when it removes many at the same time.
        for some in ids.split_whitespace().collect::<Vec<_>>().chunks(4) {
            docker(&[&["rm", "-f"], some].concat());
        }
    }
}

/// Follows a session without loss over as many connections as it takes.
pub struct Follower {
    pub bytes: Vec<u8>,
    pub gaps: Vec<(u64, u64)>,
    pub connections: u32,
    exit: Option<SessionExit>,
}

impl Follower {
    /// Follows until `enough`, or the session's end. A connection is cut after each `cut_after` frames, where that is given.
    pub async fn follow(client: &Client, id: &SessionId, cut_after: Option<usize>, pause: Duration, enough: impl Fn(&Self) -> bool) -> Self {
        Self::follow_from(0, client, id, cut_after, pause, enough).await
    }

    pub async fn follow_from(
        mut next: u64,
        client: &Client,
        id: &SessionId,
        cut_after: Option<usize>,
        pause: Duration,
        enough: impl Fn(&Self) -> bool,
    ) -> Self {
        let mut this = Self { bytes: Vec::new(), gaps: Vec::new(), connections: 0, exit: None };
        let following = async {
            while !enough(&this) && this.exit.is_none() {
                let attach = Attach {
                    v: 1,
                    token: None,
                    from_offset: Some(next),
                    cols: 80,
                    rows: 24,
                    mode: AttachMode::View,
                    delivery: Delivery::Lossless,
                    writer: 0,
                    window: None,
                };
                let Ok(mut attached) = client.attach(id.as_str(), attach).await else {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    continue;
                };
                this.connections += 1;
                let mut frames = 0;
                while let Some(Ok(frame)) = attached.next().await {
                    match frame {
                        ServerFrame::Ready(ready) => assert_eq!(ready.resume, Resume::Delta, "from {next}: {ready:?}"),
                        ServerFrame::Output { offset, bytes } => {
                            assert_eq!(offset, next, "no hole and no repeat");
                            next += bytes.len() as u64;
                            this.bytes.extend_from_slice(&bytes);
                            if !pause.is_zero() {
                                tokio::time::sleep(pause).await;
                            }
                            if attached.send(ClientFrame::Ack(next)).await.is_err() {
                                break;
                            }
                        }
                        ServerFrame::Gap { from, to } => {
                            assert_eq!(from, next);
                            this.gaps.push((from, to));
                            next = to;
                        }
                        ServerFrame::Snapshot { offset, .. } => panic!("a snapshot at {offset}, when bytes after {next} were asked for"),
                        ServerFrame::Exit(exit) => this.exit = Some(exit),
                        _ => {}
                    }
                    frames += 1;
                    if enough(&this) || cut_after.is_some_and(|most| frames >= most) {
                        break;
                    }
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(LONG, following).await.expect("it ends in time");
        this
    }

    pub fn numbers(&self) -> Vec<u64> {
        let text = String::from_utf8_lossy(&self.bytes);
        let whole = text.rfind('\n').map_or("", |at| &text[..at]);
        whole.lines().filter_map(|line| line.trim().parse().ok()).collect()
    }
}

pub fn assert_counts(numbers: &[u64], least: usize) {
    assert!(numbers.len() >= least, "only {} numbers", numbers.len());
    let wrong = numbers.iter().enumerate().find(|(at, number)| **number != *at as u64 + 1);
    assert_eq!(wrong, None, "each number once and in order");
}

/// Prints a number a line, one each millisecond, for ever. In one program: a shell would start another for each pause, and that is what would be measured.
pub const COUNTER: &[&str] = &["perl", "-e", r#"$| = 1; while (1) { print ++$n, "\n"; select undef, undef, undef, 0.001 }"#];
/// The image with vim, htop and the like.
const TOOLS: &str = "cto-test/tools";
/// A full-screen program that has drawn and waits.
const FULL_SCREEN: &[&str] = &["sh", "-c", r"stty -echo; printf '\033[?1049h\033[2J\033[3;5Hunsaved text\033[10;1H'; read x; printf 'heard %s' $x; read x"];

impl Server {
    /// Until a viewer can go on where it was in this session.
    async fn back(&self, session: &Session) {
        let attach = Attach {
            v: 1,
            token: None,
            from_offset: Some(session.head_offset),
            cols: 80,
            rows: 24,
            mode: AttachMode::View,
            delivery: Delivery::Live,
            writer: 0,
            window: None,
        };
        let asking = async {
            loop {
                if let Ok(mut attached) = self.client.attach(session.id.as_str(), attach.clone()).await {
                    while let Some(Ok(frame)) = attached.next().await {
                        if let ServerFrame::Ready(ready) = frame {
                            assert_eq!(ready.resume, Resume::Delta, "{session:?}: {ready:?}");
                            return;
                        }
                    }
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(LONG, asking).await.expect("it is back");
        assert_eq!(self.session(&session.id).await.state, SessionState::Live);
    }
}

/// Sessions of every kind in several containers: shells, programs with a screen that nothing else has, counters that are followed.
struct Many {
    shells: Vec<SessionId>,
    /// With what they showed.
    screens: Vec<(SessionId, String)>,
    /// Their screens never rest.
    moving: Vec<SessionId>,
    counters: Vec<SessionId>,
    following: Vec<tokio::task::JoinHandle<Follower>>,
    dead: Arc<AtomicBool>,
}

impl Many {
    /// At full scale 50 in 10 containers, with vim and htop, each counter followed until it has printed `enough` bytes after the death.
    async fn open(server: &Server, enough: usize) -> Self {
        let (containers, full) = (scale(2, 10), proving());
        let (shells, screens, moving, counters) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut many = Self { shells, screens, moving, counters, following: Vec::new(), dead: Arc::new(AtomicBool::new(false)) };
        let mut names = Vec::new();
        for number in 0..containers {
            let container = server.container(&format!("c{number}"), if full { TOOLS } else { "debian:bookworm-slim" });
            // At full scale half of the shells are main programs.
            if !full || number % 2 == 0 {
                many.shells.push(server.open(&container, &[]).await.id);
            }
            if !full || number % 2 == 1 {
                let main = server.main(&container).await;
                assert_eq!(main.not_resumable, None, "the main terminal is resumable");
                many.shells.push(main.id);
            }
            if full {
                let vim = server.open(&container, &["vim", "-u", "NONE", "/tmp/text"]).await;
                server.shows(&vim.id, "\"/tmp/text\"").await;
                server.type_in(&vim.id, "iunsaved text in vim").await;
                let before = server.shows(&vim.id, "unsaved text in vim").await;
                many.screens.push((vim.id, before));
                let htop = server.open(&container, &["htop"]).await;
                server.shows(&htop.id, "Load average").await;
                many.moving.push(htop.id);
            } else {
                let screen = server.open(&container, FULL_SCREEN).await;
                let before = server.shows(&screen.id, "unsaved text").await;
                many.screens.push((screen.id, before));
            }
            names.push(container);
        }
        for id in &many.shells {
            server.type_in(id, "mine=$((20+22)); echo ready $mine\n").await;
            server.shows(id, "ready 42").await;
        }
        for container in names.iter().flat_map(|name| [name, name]) {
            let session = server.open(container, COUNTER).await;
            assert_eq!(session.not_resumable, None);
            many.counters.push(session.id.clone());
            let (client, dead) = (server.client.clone(), many.dead.clone());
            many.following.push(tokio::spawn(async move {
                let before = AtomicUsize::new(0);
                let enough = |follower: &Follower| {
                    let dead = dead.load(Ordering::Relaxed);
                    if !dead {
                        before.store(follower.bytes.len(), Ordering::Relaxed);
                    }
                    dead && follower.bytes.len() > before.load(Ordering::Relaxed) + enough
                };
                Follower::follow(&client, &session.id, None, Duration::ZERO, enough).await
            }));
        }
        assert_eq!(many.ids().count(), if full { 50 } else { 10 });
        many
    }

    fn ids(&self) -> impl Iterator<Item = &SessionId> {
        self.counters.iter().chain(&self.shells).chain(self.screens.iter().map(|(id, _)| id)).chain(&self.moving)
    }

    /// Every screen is what it was, or goes on moving.
    async fn are_seen(&self, server: &Server) {
        let right = |expected: &str, id: SessionId| {
            let expected = expected.to_owned();
            async move {
                let screen = server.screen(&id).await;
                assert!(screen.contains(&expected), "'{expected}' is to be on the screen:\n{screen}");
            }
        };
        // A screen that nothing moves is the same in full.
        let still = self.screens.iter().map(|(id, before)| right(before, id.clone()));
        let rest = self.shells.iter().map(|id| ("ready 42", id)).chain(self.moving.iter().map(|id| ("Load average", id)));
        let rest = rest.map(|(text, id)| right(text, id.clone()));
        futures_util::future::join(futures_util::future::join_all(still), futures_util::future::join_all(rest)).await;
    }

    /// Every program still listens, and knows what it knew.
    async fn go_on(&self, server: &Server) {
        for id in &self.shells {
            server.type_in(id, "echo again $mine\n").await;
        }
        for id in &self.shells {
            server.shows(id, "again 42").await;
        }
        for (id, before) in &self.screens {
            if before.contains("in vim") {
                server.type_in(id, ", and more").await;
                server.shows(id, "unsaved text in vim, and more").await;
            } else {
                server.type_in(id, "you\n").await;
                server.shows(id, "heard you").await;
            }
        }
    }

    /// What the followers of the counters got, each with so many lines and no hole or repeat in them.
    async fn followed(self, lines: usize) -> Vec<Follower> {
        let mut followers = Vec::new();
        for follower in self.following {
            let follower = follower.await.unwrap();
            assert!(follower.gaps.is_empty(), "{:?}", follower.gaps);
            assert_counts(&follower.numbers(), lines);
            followers.push(follower);
        }
        followers
    }
}

/// At full scale all are to be back in 3 seconds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_kill_9_of_the_server_every_session_goes_on_and_no_byte_is_missing() {
    let mut server = Server::start().await;
    let many = Many::open(&server, 4000).await;
    let mut before = Vec::new();
    for id in many.ids() {
        before.push(server.session(id).await);
    }

    server.kill();
    many.dead.store(true, Ordering::Relaxed);
    let began = Instant::now();
    server.up().await;
    let answers = began.elapsed();
    // Asked at once, while it is still being found again: a screen is never empty, though on a busy machine it can be said that there is none yet.
    match server.client.call::<GetScreen>(&[many.shells[0].as_str()], &ScreenQuery { format: ScreenFormat::Json }).await {
        Ok(screen) => assert!(screen.lines.join("\n").contains("ready 42"), "{:?}", screen.lines),
        Err(error) => assert_eq!(error.code, Code::EngineUnavailable, "{error}"),
    }
    futures_util::future::join_all(before.iter().map(|session| server.back(session))).await;
    let found = began.elapsed();
    many.are_seen(&server).await;
    let took = began.elapsed();
    let [answers, found, all] = [answers, found, took].map(|time| time.as_millis());
    println!("{} sessions: the server answers {answers} ms after its start, all are found after {found} ms, their screens seen after {all} ms", before.len());

    many.go_on(&server).await;
    let followers = many.followed(500).await;
    assert!(followers.iter().all(|follower| follower.connections >= 2));
    assert!(!proving() || took < Duration::from_secs(3), "all are back in time: {took:?}");
}

/// Types lines, each taken once, over as many connections as it takes.
async fn type_lines(client: &Client, id: &SessionId, writer: u64, lines: Vec<Vec<u8>>) {
    const OPEN: usize = 32;
    let mut left: VecDeque<(u32, Vec<u8>)> = (1..).zip(lines).collect();
    let typing = async {
        'connect: while !left.is_empty() {
            let attach =
                Attach { v: 1, token: None, from_offset: None, cols: 80, rows: 24, mode: AttachMode::Write, delivery: Delivery::Live, writer, window: None };
            let Ok(mut attached) = client.attach(id.as_str(), attach).await else {
                tokio::time::sleep(Duration::from_millis(10)).await;
                continue;
            };
            let mut sent = None;
            while let Some(Ok(frame)) = attached.next().await {
                match frame {
                    ServerFrame::Ready(ready) => {
                        left.retain(|(seq, _)| *seq > ready.last_seq);
                        sent = Some(ready.last_seq);
                    }
                    ServerFrame::InputAck(seq) => left.retain(|(open, _)| *open > seq),
                    ServerFrame::Output { offset, bytes } => drop(attached.send(ClientFrame::Ack(offset + bytes.len() as u64)).await),
                    _ => {}
                }
                let Some(last) = &mut sent else { continue };
                for (seq, bytes) in left.iter().take(OPEN).filter(|(seq, _)| *seq > *last).cloned().collect::<Vec<_>>() {
                    if attached.send(ClientFrame::Input { seq, bytes }).await.is_err() {
                        continue 'connect;
                    }
                    *last = seq;
                }
                if left.is_empty() {
                    return;
                }
            }
        }
    };
    tokio::time::timeout(LONG, typing).await.expect("all is typed in time");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_writers_lines_arrive_once_and_in_order_through_kill_9_of_the_server() {
    let (lines, kills) = (scale(400, 10_000), scale(2, 10));
    let mut server = Server::start().await;
    let container = server.container("typed", "debian:bookworm-slim");
    let session = server.open(&container, &["sh", "-c", "stty -echo; echo go; cat >/tmp/got"]).await;
    server.shows(&session.id, "go").await;
    let writers: Vec<_> = ["ann", "bob"]
        .into_iter()
        .enumerate()
        .map(|(number, name)| {
            let (client, id) = (server.client.clone(), session.id.clone());
            let lines = (1..=lines).map(|line| format!("{name} {line}\n").into_bytes()).collect();
            tokio::spawn(async move { type_lines(&client, &id, 77 + number as u64, lines).await })
        })
        .collect();
    let got = || docker(&["exec", &container, "cat", "/tmp/got"]);
    for kill in 1..=kills {
        // Each kill comes when more has arrived.
        let waiting = async {
            while got().lines().count() < 2 * lines * kill / (kills + 1) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(LONG, waiting).await.expect("lines arrive");
        server.kill();
        server.up().await;
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let text = got();
    for name in ["ann", "bob"] {
        let numbers: Vec<u64> = text.lines().filter_map(|line| line.strip_prefix(name)?.trim().parse().ok()).collect();
        assert_counts(&numbers, lines);
        assert_eq!(numbers.len(), lines);
    }
    assert_eq!(text.lines().count(), 2 * lines, "nothing else was typed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_ends_while_no_server_runs_is_found_ended_with_its_last_bytes() {
    let mut server = Server::start().await;
    let container = server.container("ends", "debian:bookworm-slim");
    let session = server.open(&container, &["sh", "-c", "echo begun; while [ ! -e /tmp/go ]; do sleep 0.02; done; echo last words; exit 7"]).await;
    server.shows(&session.id, "begun").await;
    server.kill();
    docker(&["exec", &container, "touch", "/tmp/go"]);
    server.up().await;
    server.shows(&session.id, "last words").await;
    let follower = Follower::follow(&server.client, &session.id, None, Duration::ZERO, |_| false).await;
    assert_eq!(String::from_utf8_lossy(&follower.bytes), "begun\r\nlast words\r\n");
    let exit = follower.exit.unwrap();
    assert_eq!((exit.reason, exit.code), (ExitReason::Exited, Some(7)));
}

/// A server that is killed while it begins a session leaves no program that the next one does not know.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_begun_when_its_server_is_killed_is_found_by_the_next() {
    let mut server = Server::start().await;
    let container = server.container("begun", "debian:bookworm-slim");
    let first = server.open(&container, &["sh", "-c", "echo here; exec sleep 1001"]).await;
    for wait in [2, 5, 10, 20, 40] {
        // The connection to the holder is there: what is cut is the start itself.
        server.shows(&first.id, "here").await;
        server.back(&first).await;
        let (client, container) = (server.client.clone(), container.clone());
        let opening = tokio::spawn(async move {
            let open = OpenSession { container, command: ["sleep", "1001"].map(str::to_owned).to_vec(), ..OpenSession::default() };
            drop(client.call::<CreateSession>(&[], &open).await);
        });
        tokio::time::sleep(Duration::from_millis(wait)).await;
        server.kill();
        opening.await.unwrap();
        server.up().await;
        let reaching = async {
            loop {
                let all = server.client.call::<ListSessions>(&[], &ListQuery::default()).await.unwrap().items;
                let live = all.iter().filter(|session| session.state == SessionState::Live && session.kind == SessionKind::Exec);
                let listed = docker(&["top", &server.name("begun"), "-eo", "pid,args"]);
                let programs = listed.lines().filter(|line| line.trim().split_once(' ').is_some_and(|(_, args)| args.trim() == "sleep 1001")).count();
                if live.count() == programs {
                    return programs;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let programs = tokio::time::timeout(Duration::from_secs(30), reaching).await.expect("each program is a session");
        println!("killed after {wait} ms: {programs} programs");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_faster_than_its_reader_loses_nothing_when_both_server_and_connections_die() {
    let lines = scale(300_000, 1_000_000);
    let mut server = Server::start().await;
    let container = server.container("fast", "debian:bookworm-slim");
    let session = server.open(&container, &["sh", "-c", &format!("stty -onlcr -echo; read go; seq 1 {lines}")]).await;
    let (client, id) = (server.client.clone(), session.id.clone());
    let reading = tokio::spawn(async move { Follower::follow(&client, &id, Some(7), Duration::from_millis(1), |_| false).await });
    let watched = async { while server.session(&session.id).await.viewers == 0 {} };
    tokio::time::timeout(LONG, watched).await.expect("it is watched");
    server.type_in(&session.id, "\n").await;
    let printed = async { while server.session(&session.id).await.head_offset < 100_000 {} };
    tokio::time::timeout(LONG, printed).await.expect("it prints");
    server.kill();
    server.up().await;
    let follower = reading.await.unwrap();
    assert_eq!(follower.gaps, []);
    assert!(follower.connections > 3);
    assert_counts(&follower.numbers(), lines - 1);
}

/// Ways into containers that cto did not make, or not for everyone: each shell goes on after `kill -9` of the server.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shells_are_resumable_in_containers_of_every_kind() {
    let mut server = Server::start().await;
    let image = "debian:bookworm-slim";
    let kinds: &[(&str, &[&str])] = &[
        ("foreign", &[]),
        ("sealed", &["--read-only", "--network", "none"]),
        ("nobody", &["--user", "65534:65534", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"]),
        ("hidden", &["--tmpfs", "/.cto", "--ipc", "none"]),
    ];
    let mut sessions = Vec::new();
    for (kind, flags) in kinds {
        let name = server.name(kind);
        let mut arguments = vec!["run", "-d", "--name", &name];
        arguments.extend(*flags);
        arguments.extend([image, "sleep", "1000"]);
        assert!(!docker(&arguments).is_empty(), "{kind} starts");
        let session = server.open(&name, &["sh"]).await;
        assert_eq!(session.not_resumable, None, "{kind}");
        server.type_in(&session.id, "mine=$((20+22)); echo ready $mine\n").await;
        server.shows(&session.id, "ready 42").await;
        sessions.push(session.id);
    }
    server.kill();
    server.up().await;
    for id in &sessions {
        server.type_in(id, "echo again $mine\n").await;
        server.shows(id, "again 42").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_container_is_as_hardened_with_the_holder_as_without() {
    let server = Server::start().await;
    let name = server.name("hard");
    let template = serde_json::json!({
        "name": "hard", "image": "debian:bookworm-slim", "command": ["sh", "-c", "id -u; cat /proc/1/comm; exec sh"], "user": "65534", "read_only": true, "network": "none"
    });
    let file = server.dir.path().join("hard.json");
    std::fs::write(&file, template.to_string()).unwrap();
    let done = server.cto(&["run", file.to_str().unwrap(), "--name", &name, "-d"]).stderr(Stdio::piped()).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let main = server.main(&name).await;
    server.shows(&main.id, "65534\nhold").await;
    let shown = server.client.call::<GetContainer>(&[name.as_str()], &Empty {}).await.unwrap();
    assert_eq!(shown.command, ["sh", "-c", "id -u; cat /proc/1/comm; exec sh"], "clients see what runs, not what holds it");
    assert_eq!(docker(&["exec", &name, "sh", "-c", "touch /.cto/x 2>&1; echo done"]).lines().last(), Some("done"));
    assert!(docker(&["exec", "-u", "0", &name, "sh", "-c", "touch /.cto/x 2>&1"]).contains("Read-only"), "nobody changes the holder");
    let began = Instant::now();
    docker(&["stop", &name]);
    println!("stopped in {} ms", began.elapsed().as_millis());
    assert!(docker(&["logs", &name]).contains("65534"), "what it prints is in the log");
}

/// A container whose holder is this script.
async fn hostile(server: &Server, name: &str, script: &str) -> String {
    let (name, volume) = (server.name(name), format!("cto-hold-{}-{name}", server.prefix));
    let mount = format!("{volume}:/.cto");
    docker(&["run", "-d", "--name", &name, "-v", &mount, "debian:bookworm-slim", "sleep", "1000"]);
    let put = "printf '%s' \"$1\" >/.cto/hold; chmod 755 /.cto/hold";
    docker(&["exec", &name, "sh", "-c", put, "put", script]);
    name
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hostile_holder_is_refused_and_its_container_gets_plain_sessions() {
    let server = Server::start().await;
    let scripts = [
        // A frame of 4 GB.
        (
            "large",
            r"#!/bin/sh
printf '\377\377\377\377\203\0\0\1'; cat >/dev/null",
        ),
        // No WELCOME, but output.
        (
            "pushy",
            r"#!/bin/sh
printf '\0\0\0\11\203\0\0\1\0\0\0\0\0\0\0\0x'; cat >/dev/null",
        ),
        ("gone", "#!/bin/sh\nexit 0"),
    ];
    for (name, script) in scripts {
        let container = hostile(&server, name, script).await;
        let session = server.open(&container, &["sh"]).await;
        let why = session.not_resumable.unwrap_or_default();
        assert!(why.contains("session holder"), "{name}: {why}");
        server.type_in(&session.id, "echo sum $((20+22))\n").await;
        server.shows(&session.id, "sum 42").await;
        docker(&["rm", "-f", &container]);
        docker(&["volume", "rm", &format!("cto-hold-{}-{name}", server.prefix)]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_server_block_loses_nothing_and_drop_exactly_what_a_gap_tells() {
    let lines = 400_000;
    let mut server = Server::start().await;
    let container = server.container("unread", "debian:bookworm-slim");
    let program = format!("stty -onlcr; echo go; while [ ! -e /tmp/go ]; do sleep 0.02; done; seq 1 {lines}; echo done >>/tmp/done");
    let program = ["sh", "-c", program.as_str()];
    let block = server.open_with(&container, &program, Unread::Block).await;
    let drop = server.open_with(&container, &program, Unread::Drop).await;
    for session in [&block, &drop] {
        server.shows(&session.id, "go").await;
    }
    server.kill();
    let killed = Instant::now();
    docker(&["exec", &container, "touch", "/tmp/go"]);
    let done = || docker(&["exec", &container, "sh", "-c", "cat /tmp/done 2>/dev/null"]);
    let waiting = async {
        while done().is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(LONG, waiting).await.expect("the one that drops goes on without a server");
    // A minute at full scale.
    tokio::time::sleep(Duration::from_secs(scale(0, 60) as u64).saturating_sub(killed.elapsed())).await;
    assert_eq!(done().lines().count(), 1, "the one that blocks waits");
    server.up().await;
    let expected = (1..=lines).fold(String::new(), |text, line| text + &line.to_string() + "\n");
    // What was on the screen before the kill was taken: "go".
    let start = 3;
    let blocked = Follower::follow_from(start, &server.client, &block.id, None, Duration::ZERO, |_| false).await;
    assert!(blocked.gaps.is_empty() && blocked.bytes == expected.as_bytes(), "gaps {:?}, {} bytes", blocked.gaps, blocked.bytes.len());
    let dropped = Follower::follow_from(start, &server.client, &drop.id, None, Duration::ZERO, |_| false).await;
    let mut rest = expected.into_bytes();
    let missing: u64 = dropped.gaps.iter().map(|(from, to)| to - from).sum();
    assert!(missing > 0 && dropped.bytes.len() as u64 + missing == rest.len() as u64, "gaps {:?}, {} bytes", dropped.gaps, dropped.bytes.len());
    for (from, to) in dropped.gaps.iter().rev() {
        rest.drain(usize::try_from(from - start).unwrap()..usize::try_from(to - start).unwrap());
    }
    assert!(dropped.bytes == rest, "what is there is what belongs there");
}

/// At full scale only: it needs an engine of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_kill_9_of_dockerd_under_live_restore_every_session_goes_on_and_no_byte_is_missing() {
    if !proving() {
        return;
    }
    let engine = OwnEngine::start();
    engine.load(TOOLS);
    let server = Server::over(Some(&engine.address())).await;
    let many = Many::open(&server, 20_000).await;

    engine.kill();
    many.dead.store(true, Ordering::Relaxed);
    // Typed while there is no engine: it arrives when there is one.
    for id in &many.shells {
        server.type_in(id, "echo before $mine\n").await;
    }
    engine.up();
    let began = Instant::now();
    for id in &many.shells {
        server.shows(id, "before 42").await;
    }
    println!("{} sessions: shells answer {} ms after dockerd does", many.ids().count(), began.elapsed().as_millis());
    many.are_seen(&server).await;
    many.go_on(&server).await;
    let followers = many.followed(1000).await;
    assert!(followers.iter().all(|follower| follower.connections == 1), "viewers notice nothing");
}
