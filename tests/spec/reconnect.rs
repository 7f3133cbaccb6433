//! Lines that go dead without a word, proxies that cut what is idle, servers that are replaced: terminals come back by themselves and say what happened.
use super::support::home::Home;
use super::support::home::Terminal;
use super::survive::proving;
use cto::client::Client;
use cto::client::StreamUpdate;
use cto::model::*;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::sync::watch;

/// Between a client and a server, as a proxy or a network may be: it cuts connections on which nothing moves, and can swallow all that is sent.
struct Line {
    url: String,
    swallows: Arc<watch::Sender<bool>>,
    task: tokio::task::JoinHandle<()>,
}

impl Line {
    /// To `port`, cutting what was idle for so long.
    async fn to(port: u16, idle: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let swallows = Arc::new(watch::channel(false).0);
        let hole = swallows.clone();
        let task = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let Ok(far) = TcpStream::connect(("127.0.0.1", port)).await else { continue };
                tokio::spawn(carry(near, far, idle, hole.subscribe()));
            }
        });
        Self { url, swallows, task }
    }

    /// From now on nothing comes through, in either direction, and nobody is told.
    fn swallow(&self) {
        self.swallows.send_replace(true);
    }

    /// New connections work again; those of before stay dead.
    fn mend(&self) {
        self.swallows.send_replace(false);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Carries bytes both ways, until nothing has moved for `idle`, an end is gone, or all is swallowed for ever.
async fn carry(mut near: TcpStream, mut far: TcpStream, idle: Duration, mut swallows: watch::Receiver<bool>) {
    let (mut up, mut down) = (vec![0; 16384], vec![0; 16384]);
    loop {
        if *swallows.borrow_and_update() {
            // Both ends stay open and hear nothing.
            return std::future::pending().await;
        }
        let moved = tokio::select! {
            biased;
            _ = swallows.changed() => continue,
            read = near.read(&mut up) => match read { Ok(count @ 1..) => far.write_all(&up[..count]).await.is_ok(), _ => false },
            read = far.read(&mut down) => match read { Ok(count @ 1..) => near.write_all(&down[..count]).await.is_ok(), _ => false },
            () = tokio::time::sleep(idle) => false,
        };
        if !moved {
            return;
        }
    }
}

/// A home whose server listens on a port, and says something every so many seconds.
fn listening(keep_alive: u32) -> (Home, u16) {
    let home = Home::new();
    let probe = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = probe.local_addr().unwrap().port();
    drop(probe);
    let config = serde_json::json!({"server": {"listen": format!("127.0.0.1:{port}"), "keep_alive_seconds": keep_alive}});
    std::fs::create_dir_all(home.dir.path().join("config")).unwrap();
    std::fs::write(home.dir.path().join("config/cto.json"), config.to_string()).unwrap();
    home.ok(&["server", "start"]);
    (home, port)
}

/// The session of a container's main program.
fn session_of(home: &Home, container: &str) -> serde_json::Value {
    let sessions = home.json(&["sessions", "--json"]);
    sessions.as_array().unwrap().iter().find(|session| session["container_name"] == container).unwrap_or_else(|| panic!("a session of {container}")).clone()
}

async fn within<T>(time: Duration, what: &str, work: impl Future<Output = T>) -> T {
    tokio::time::timeout(time, work).await.unwrap_or_else(|_| panic!("never: {what}"))
}

const LONG: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_that_cuts_idle_connections_finds_none_of_ours() {
    // As nginx does, and as often as a server says something by itself; else the same in small.
    let (keep_alive, cut) = if proving() { (20, Duration::from_secs(60)) } else { (1, Duration::from_secs(3)) };
    let (home, port) = listening(keep_alive);
    let line = Line::to(port, cut).await;
    let container = home.container("idle");
    let token = home.ok(&["token", "create"]).trim().to_owned();
    let client = Client::tcp(&line.url, &token).unwrap();
    let session = session_of(&home, &container)["id"].as_str().unwrap().to_owned();
    let attach =
        Attach { v: 1, token: None, from_offset: None, cols: 80, rows: 24, mode: AttachMode::Write, delivery: Delivery::Live, writer: 1, window: None };
    let mut attached = client.attach(&session, attach).await.unwrap();
    // A dashboard that nobody touches.
    let mut stream = client.stream().await.unwrap();
    stream.subscribe(Topic::Tiles { tiles: Vec::new() }).await;
    // What says nothing is cut: such a proxy it is.
    let mut silent = TcpStream::connect(line.url.trim_start_matches("http://")).await.unwrap();
    let begun = std::time::Instant::now();
    let watching = async {
        loop {
            if let StreamUpdate::Lost(error) = stream.next().await {
                panic!("the stream was cut after {:?}: {error}", begun.elapsed());
            }
        }
    };
    let reading = async {
        loop {
            match attached.next().await {
                Some(Ok(_)) => {}
                other => panic!("the terminal was cut after {:?}: {other:?}", begun.elapsed()),
            }
        }
    };
    let over = async {
        assert!(matches!(silent.read(&mut [0]).await, Ok(0) | Err(_)));
        // It would have cut ours by now, too, and a second time.
        tokio::time::sleep((cut * 2).saturating_sub(begun.elapsed()) + Duration::from_secs(1)).await;
    };
    tokio::select! {
        () = watching => {}
        () = reading => {}
        () = within(cut * 3 + LONG, "the proxy cuts", over) => {}
    }
    attached.send(ClientFrame::Input { seq: 1, bytes: b"echo still-$((40+2))\n".to_vec() }).await.unwrap();
    let echoed = async {
        let mut seen = String::new();
        while !seen.contains("still-42") {
            match attached.next().await.expect("the same connection lives").unwrap() {
                ServerFrame::Output { bytes, .. } | ServerFrame::Snapshot { bytes, .. } => seen.push_str(&String::from_utf8_lossy(&bytes)),
                _ => {}
            }
        }
    };
    within(LONG, "an answer on the connection that was idle", echoed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_swallows_everything_is_found_dead_and_the_terminal_goes_on_where_it_was() {
    // As a laptop that sleeps for five minutes; else until everybody has given up.
    let keep_alive = if proving() { 20 } else { 1 };
    let (home, port) = listening(keep_alive);
    let line = Line::to(port, Duration::from_secs(3600)).await;
    let container = home.container("sleeper");
    let token = home.ok(&["token", "create"]).trim().to_owned();
    let mine = Home::new();
    let environment = [("CTO_SERVER", line.url.as_str()), ("CTO_TOKEN", token.as_str())];
    let viewer = tokio::task::block_in_place(|| {
        let mut viewer = Terminal::with(&mine, &["attach", &container], (100, 30), &environment);
        viewer.type_in("PS1='$ '; clear; echo before-$((1+1))\n");
        viewer.shows("before-2");
        viewer
    });
    let asleep = std::time::Instant::now();
    line.swallow();
    tokio::task::block_in_place(|| {
        let viewers = || session_of(&home, &container)["viewers"].as_u64().unwrap();
        let deadline = std::time::Instant::now() + Duration::from_secs(u64::from(keep_alive) * 5) + LONG;
        while viewers() > 0 {
            assert!(std::time::Instant::now() < deadline, "the server holds on to a connection that is dead");
        }
        // Others type meanwhile.
        let id = session_of(&home, &container)["id"].as_str().unwrap().to_owned();
        home.ok(&["sessions", "input", "--enter", &id, "for i in $(seq 300); do echo meanwhile-$i; done; echo typed-while-asleep-$((2+3))"]);
        let shown = |text: &str| {
            let deadline = std::time::Instant::now() + Duration::from_secs(u64::from(keep_alive) * 5) + LONG;
            while !viewer.text().contains(text) {
                assert!(std::time::Instant::now() < deadline, "waited for '{text}', seen:\n{}", viewer.text());
                std::thread::sleep(Duration::from_millis(20));
            }
        };
        // It says so, and the last screen stays.
        shown("trying again");
        assert!(viewer.text().contains("before-2"), "{}", viewer.text());
    });
    if proving() {
        tokio::time::sleep(Duration::from_secs(300).saturating_sub(asleep.elapsed())).await;
    }
    line.mend();
    tokio::task::block_in_place(|| {
        // First what is shown for a few seconds only.
        viewer.shows("connected again after");
        viewer.shows("typed-while-asleep-5");
        viewer.shows("meanwhile-300");
        assert!(session_of(&home, &container)["viewers"].as_u64() == Some(1), "it is there once");
    });
    drop(viewer);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_after_a_line_was_dead_do_not_wait_for_answers_that_never_come() {
    let (home, port) = listening(1);
    let line = Line::to(port, Duration::from_secs(3600)).await;
    let token = home.ok(&["token", "create"]).trim().to_owned();
    let client = Client::tcp(&line.url, &token).unwrap();
    // What is kept for later requests dies with the rest.
    client.call::<GetHealth>(&[], &Empty {}).await.unwrap();
    let mut stream = client.stream().await.unwrap();
    line.swallow();
    within(LONG, "the dead line is noticed", async { while !matches!(stream.next().await, StreamUpdate::Lost(_)) {} }).await;
    line.mend();
    within(LONG, "it comes back", async { while !matches!(stream.next().await, StreamUpdate::Back) {} }).await;
    within(LONG, "an answer", client.call::<GetHealth>(&[], &Empty {})).await.unwrap();
}

/// Another version of the program: the same with another number in it, of the same length.
fn another_version(of: &std::path::Path, at: &std::path::Path) -> String {
    let own = env!("CARGO_PKG_VERSION");
    let mut other = own.to_owned().into_bytes();
    let last = other.last_mut().unwrap();
    *last = if *last == b'9' { b'8' } else { *last + 1 };
    let mut program = std::fs::read(of).unwrap();
    let places: Vec<usize> = memchr::memmem::find_iter(&program, own.as_bytes()).collect();
    for place in places {
        program[place..place + own.len()].copy_from_slice(&other);
    }
    let new = at.with_extension("new");
    std::fs::write(&new, program).unwrap();
    std::fs::set_permissions(&new, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    // As packages do it: what runs keeps its file.
    std::fs::rename(new, at).unwrap();
    String::from_utf8(other).unwrap()
}

#[test]
fn another_version_takes_over_under_an_open_client_which_says_so_and_goes_on() {
    let home = Home::new();
    let program = home.dir.path().join("cto");
    std::fs::copy(env!("CARGO_BIN_EXE_cto"), &program).unwrap();
    let container = home.container("upgrade");
    let mut viewer = Terminal::of(&home, program.to_str().unwrap(), &["attach", &container], (120, 30));
    viewer.type_in("PS1='$ '; clear; echo before-$((1+1))\n");
    viewer.shows("before-2");
    let other = another_version(std::path::Path::new(env!("CARGO_BIN_EXE_cto")), &program);
    home.ok(&["server", "stop"]);
    // The client starts what lies in its place now.
    viewer.shows(&format!("the server is cto {other} now, this is {}", env!("CARGO_PKG_VERSION")));
    assert_eq!(home.json(&["server", "status", "--json"])["version"], other.as_str());
    assert!(viewer.text().contains("before-2"), "{}", viewer.text());
    viewer.type_in("echo after-$((20+3))\n");
    viewer.shows("after-23");
}
