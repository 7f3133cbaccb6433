//! Sessions over time: viewers that are killed or stopped, an engine that is away, a long day of coming and going.
use crate::support::engine::docker;
use crate::support::home::Home;
use crate::support::home::Terminal;
use crate::support::own_engine::OwnEngine;
use crate::survive::COUNTER;
use crate::survive::Follower;
use crate::survive::LONG;
use crate::survive::Server;
use crate::survive::assert_counts;
use crate::survive::proving;
use crate::survive::scale;
use cto::client::Client;
use cto::config::Paths;
use cto::model::*;
use rand::Rng as _;
use rustix::process::Signal;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

/// Terminal clients that are killed with -9 at any moment, and a follower whose connections are cut at any moment.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn viewers_killed_at_random_cost_a_session_nothing() {
    let kills = scale(3, 50);
    let home = Home::new();
    let container = home.container("killed");
    let client = Client::local(Paths::under(home.dir.path()).unwrap().socket());
    let open = OpenSession { container: container.clone(), command: COUNTER.iter().map(|word| (*word).to_owned()).collect(), ..OpenSession::default() };
    let session = client.call::<CreateSession>(&[], &open).await.unwrap();
    let over = Arc::new(AtomicBool::new(false));
    let following = {
        let (client, id, over) = (client.clone(), session.id.clone(), over.clone());
        tokio::spawn(async move {
            let cut_after = rand::rng().random_range(2..40);
            let enough = |follower: &Follower| over.load(Ordering::Relaxed) && follower.numbers().len() >= 10 * kills;
            Follower::follow(&client, &id, Some(cut_after), Duration::ZERO, enough).await
        })
    };
    for _ in 0..kills {
        let mut viewer = Terminal::open(&home, &["attach", session.id.as_str()]);
        tokio::time::sleep(Duration::from_millis(rand::rng().random_range(1..400))).await;
        viewer.signal(Signal::KILL);
        viewer.ends();
    }
    over.store(true, Ordering::Relaxed);
    let follower = tokio::time::timeout(LONG, following).await.unwrap().unwrap();
    println!("{kills} viewers killed, {} connections of a follower cut, {} numbers", follower.connections, follower.numbers().len());
    assert_eq!(follower.gaps, []);
    assert_counts(&follower.numbers(), 10 * kills);
    home.until("nobody is taken for a viewer who is gone", || {
        home.json(&["sessions", "--json"]).as_array().unwrap().iter().all(|session| session["viewers"] == 0)
    });
}

/// A terminal that shows a flood is stopped for a while, and goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_viewer_delays_nobody_and_gets_a_fresh_screen_when_it_goes_on() {
    let home = Home::new();
    let container = home.container("stopped");
    let client = Client::local(Paths::under(home.dir.path()).unwrap().socket());
    let lines = 400_000;
    let program = format!("stty -onlcr -echo; echo ready; read go; seq 1 {lines}; echo all; read x; echo fresh; read x");
    let open = OpenSession { container, command: ["sh", "-c", &program].map(str::to_owned).to_vec(), ..OpenSession::default() };
    let session = client.call::<CreateSession>(&[], &open).await.unwrap();
    let viewer = Terminal::open(&home, &["attach", session.id.as_str()]);
    viewer.shows("ready");
    viewer.signal(Signal::STOP);
    let (following, id) = (client.clone(), session.id.clone());
    let following = tokio::spawn(async move { Follower::follow(&following, &id, None, Duration::ZERO, |follower| follower.bytes.ends_with(b"all\n")).await });
    let type_line = async || {
        let input = SessionInput { text: Some("\n".to_owned()), base64: None };
        client.call::<TypeIntoSession>(&[session.id.as_str()], &input).await.unwrap();
    };
    type_line().await;
    // Megabytes more than any buffer on the way to the one that is stopped: the program and the other reader get to the end without it.
    let follower = tokio::time::timeout(LONG, following).await.expect("the stopped one is not waited for").unwrap();
    assert_eq!(follower.gaps, []);
    let numbers = follower.numbers();
    assert_counts(&numbers, lines);
    type_line().await;
    viewer.signal(Signal::CONT);
    viewer.shows("fresh");
}

/// At full scale only: it needs an engine of its own, which is away for a minute.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_main_program_is_never_blocked_by_an_engine_that_is_away_and_all_of_its_output_arrives() {
    if !proving() {
        return;
    }
    let engine = OwnEngine::start();
    let server = Server::over(Some(&engine.address())).await;
    let container = server.container("away", "debian:bookworm-slim");
    let main = server.main(&container).await;
    server.type_in(&main.id, "stty -echo; echo quiet$((1+1))\n").await;
    server.shows(&main.id, "quiet2").await;
    let from = server.session(&main.id).await.head_offset;
    // 500 KB, printed when the engine is gone for sure.
    let line = "sleep 5; begun=$(date +%s%3N); seq -f %099.0f 1 5000; echo; echo took $(($(date +%s%3N) - begun)) ms\n";
    server.type_in(&main.id, line).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    engine.kill();
    tokio::time::sleep(Duration::from_secs(60)).await;
    engine.up();
    let enough = |follower: &Follower| String::from_utf8_lossy(&follower.bytes).contains(" ms\r\n");
    let follower = Follower::follow_from(from, &server.client, &main.id, None, Duration::ZERO, enough).await;
    assert_eq!(follower.gaps, []);
    let text = String::from_utf8_lossy(&follower.bytes).into_owned();
    let numbers: Vec<u64> = text.lines().filter(|line| line.len() == 99).filter_map(|line| line.parse().ok()).collect();
    assert_counts(&numbers, 5000);
    let took: u64 = text.split_once("took ").and_then(|(_, rest)| rest.split(' ').next()?.parse().ok()).expect("it says how long it took");
    println!("500 KB were printed in {took} ms, while the engine was away for 60 s");
    assert!(took < 5000, "it was blocked: {took} ms");
}

/// What a server has at a moment.
#[derive(Debug)]
struct Possessions {
    pss_kb: u64,
    files: usize,
    threads: usize,
    processes: usize,
}

impl Possessions {
    fn of(pid: u32, containers: &[String]) -> Self {
        let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap();
        let pss = rollup.lines().find_map(|line| line.strip_prefix("Pss:")?.trim().strip_suffix(" kB")?.parse().ok()).unwrap();
        let count = |what: &str| std::fs::read_dir(format!("/proc/{pid}/{what}")).unwrap().count();
        let processes = containers.iter().map(|container| docker(&["top", container, "-eo", "pid"]).lines().count() - 1).sum();
        Self { pss_kb: pss, files: count("fd"), threads: count("task"), processes }
    }
}

/// Half an hour at full scale.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_day_of_coming_and_going_a_server_has_what_it_had_before() {
    let day = Duration::from_secs(scale(4, 1800) as u64);
    // What is quiet for a minute is folded; connections that nobody needs are given up.
    let rest = Duration::from_secs(scale(12, 90) as u64);
    let server = Server::start().await;
    let mut containers = Vec::new();
    let mut sessions = Vec::new();
    for number in 0..3 {
        let container = server.container(&format!("day{number}"), "debian:bookworm-slim");
        sessions.push(server.open(&container, &[]).await.id);
        sessions.push(server.open(&container, COUNTER).await.id);
        sessions.push(server.main(&container).await.id);
        containers.push(container);
    }
    // The first round brings what stays: caches, pools, threads.
    coming_and_going(&server, &containers, &sessions, day / 10).await;
    leave_at_one_size(&server.client, &sessions).await;
    tokio::time::sleep(rest).await;
    let before = Possessions::of(server.pid(), &containers);
    let rounds = coming_and_going(&server, &containers, &sessions, day).await;
    leave_at_one_size(&server.client, &sessions).await;
    tokio::time::sleep(rest).await;
    let after = Possessions::of(server.pid(), &containers);
    println!("{rounds} attachments and sessions in {day:?}: before {before:?}, after {after:?}");
    assert!(rounds > 20, "{rounds}");
    assert_eq!(before.processes, after.processes, "no process is left in a container");
    // Connections that this test's client keeps for a minute and a half are still there after a short rest.
    let kept = if proving() { before.files / 10 } else { 20 };
    assert!(after.files <= before.files + kept, "{before:?} {after:?}");
    assert!(after.threads <= before.threads + 2, "{before:?} {after:?}");
    assert!(!proving() || after.pss_kb <= before.pss_kb + before.pss_kb / 10, "{before:?} {after:?}");
}

/// Viewers that come and go, read and type, and sessions that are opened and closed, four at a time. How many there were.
async fn coming_and_going(server: &Server, containers: &[String], sessions: &[SessionId], time: Duration) -> usize {
    let until = Instant::now() + time;
    let tasks = (0..4).map(|number| {
        let (client, sessions) = (server.client.clone(), sessions.to_vec());
        let container = containers[number % containers.len()].clone();
        tokio::spawn(async move {
            let mut rounds = 0;
            while Instant::now() < until {
                rounds += 1;
                if rounds % 10 == 0 {
                    let open = OpenSession { container: container.clone(), command: vec!["cat".to_owned()], ..OpenSession::default() };
                    let session = client.call::<CreateSession>(&[], &open).await.unwrap();
                    visit(&client, &session.id, true).await;
                    client.call::<CloseSession>(&[session.id.as_str()], &Empty {}).await.unwrap();
                } else {
                    let at = rand::rng().random_range(0..sessions.len());
                    // Only the shells are typed into.
                    visit(&client, &sessions[at], at % 3 != 1).await;
                }
            }
            rounds
        })
    });
    let mut rounds = 0;
    for task in tasks.collect::<Vec<_>>() {
        rounds += task.await.unwrap();
    }
    rounds
}

/// Lets the last viewer of each session have the same size, since a wide screen takes more memory than a narrow one.
async fn leave_at_one_size(client: &Client, sessions: &[SessionId]) {
    for id in sessions {
        let attach = Attach {
            v: 1,
            token: None,
            from_offset: None,
            cols: 120,
            rows: 40,
            mode: AttachMode::Write,
            delivery: Delivery::Live,
            writer: rand::random(),
            window: None,
        };
        let mut attached = client.attach(id.as_str(), attach).await.unwrap();
        let resized = async {
            while client.call::<GetSession>(&[id.as_str()], &Empty {}).await.unwrap().size != (Size { cols: 120, rows: 40 }) {
                // Sizes are taken over a little later, and what comes in meanwhile is of no interest.
                let _ = tokio::time::timeout(Duration::from_millis(20), attached.next()).await;
            }
        };
        tokio::time::timeout(LONG, resized).await.expect("the session takes its viewer's size");
    }
}

/// Watches a session for some frames, as any kind of reader, types a line, and leaves without a word.
async fn visit(client: &Client, id: &SessionId, types: bool) {
    let (delivery, size, frames) = {
        let mut random = rand::rng();
        let delivery = if random.random_bool(0.3) { Delivery::Lossless } else { Delivery::Live };
        (delivery, (random.random_range(20..200), random.random_range(5..60)), random.random_range(1..8))
    };
    let attach =
        Attach { v: 1, token: None, from_offset: None, cols: size.0, rows: size.1, mode: AttachMode::Write, delivery, writer: rand::random(), window: None };
    let Ok(mut attached) = client.attach(id.as_str(), attach).await else { return };
    let watching = async {
        let mut seen = 0;
        while let Some(Ok(frame)) = attached.next().await {
            seen += 1;
            match frame {
                ServerFrame::Ready(_) if types => drop(attached.send(ClientFrame::Input { seq: 1, bytes: b"echo\n".to_vec() }).await),
                ServerFrame::Output { offset, bytes } => drop(attached.send(ClientFrame::Ack(offset + bytes.len() as u64)).await),
                _ => {}
            }
            if seen >= frames {
                break;
            }
        }
    };
    // A quiet session may have fewer frames to send.
    let _ = tokio::time::timeout(Duration::from_millis(300), watching).await;
}
