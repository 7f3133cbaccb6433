//! Containers whose session holder is a program of their own making: the server refuses it, and nobody else notices.
use crate::support::engine::docker;
use crate::support::home::Home;
use crate::survive::proving;
use cto::client::Client;
use cto::config::Paths;
use cto::model::*;
use std::time::Duration;
use std::time::Instant;

/// What no wait is longer than.
const LONG: Duration = Duration::from_secs(90);

/// Greets as a holder does; what follows is said on the channel that the first session has.
const GREETING: &str = r#"#!/usr/bin/perl
$| = 1;
sub frame { my ($type, $channel, $payload) = @_; return pack('NCCn', length $payload, $type, 0, $channel) . $payload }
sub say { syswrite(STDOUT, $_[0]) or exit }
sub opened { frame(0x82, 1, pack('nQ>NQ>Q>Q>nnCNCC', 1, 7, 9, 0, 0, 0, 80, 24, 0, 0, 0, 0)) }
sub data { frame(0x83, 1, pack('Q>', $_[0]) . $_[1]) }
sysread(STDIN, my $hello, 16);
say(frame(0x81, 0, pack('nNn', 1, 0, 1) . 'x'));
sysread(STDIN, my $start, 4096);
"#;

/// What each hostile holder does then, and how its session is to end.
const HOSTILE: [(&str, &str); 7] = [
    ("jumps", "say(opened()); say(data(5, 'x')); sleep 1000"),
    ("gaps", "say(opened()); for (my $at = 0; ; $at += 9) { say(frame(0x84, 1, pack('Q>Q>', $at, $at + 9))) }"),
    ("acks", "say(opened()); my $f = frame(0x85, 1, pack('Q>N', 1, 1)) x 500; say($f) while 1"),
    ("pongs", "say(opened()); my $f = frame(0x88, 0, pack('Q>', 0)) x 500; say($f) while 1"),
    ("openeds", "my $f = opened() x 500; say($f) while 1"),
    ("strangers", "say(opened()); my $f = frame(0x83, 77, pack('Q>', 0) . 'x') x 500; say($f) while 1"),
    ("unwelcome", "say(frame(0x81, 0, pack('nNn', 1, 0, 1) . 'x')) while 1"),
];

/// One that says nothing is given up only after a while: at full scale.
const SILENT: (&str, &str) = ("silent", "#!/bin/sh\nexec sleep 1000");

/// Volumes and containers with such a holder; gone when dropped.
struct Hostile {
    prefix: String,
}

impl Hostile {
    fn container(&self, name: &str, script: &str) -> String {
        let (container, volume) = (format!("{}-{name}", self.prefix), format!("cto-hold-{}-{name}", self.prefix));
        docker(&["run", "-d", "--name", &container, "-v", &format!("{volume}:/.cto"), "debian:bookworm-slim", "sleep", "1000"]);
        let put = "printf '%s' \"$1\" >/.cto/hold; chmod 755 /.cto/hold";
        docker(&["exec", &container, "sh", "-c", put, "put", script]);
        container
    }
}

impl Drop for Hostile {
    fn drop(&mut self) {
        let all = docker(&["ps", "-aq", "--filter", &format!("name={}-", self.prefix)]);
        docker(&[&["rm", "-f"], all.split_whitespace().collect::<Vec<_>>().as_slice()].concat());
        let volumes = docker(&["volume", "ls", "-q", "--filter", &format!("name=cto-hold-{}-", self.prefix)]);
        docker(&[&["volume", "rm"], volumes.split_whitespace().collect::<Vec<_>>().as_slice()].concat());
    }
}

/// Memory that the server has written to, in bytes. Pages of its program are nobody's alone while other servers run.
fn written(home: &Home) -> u64 {
    let pid = home.json(&["server", "status", "--json"])["pid"].as_u64().unwrap();
    let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap();
    let dirty = rollup.lines().find_map(|line| line.strip_prefix("Private_Dirty:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    dirty.unwrap() * 1024
}

async fn open(client: &Client, container: &str, command: &[&str]) -> Session {
    let command = command.iter().map(|word| (*word).to_owned()).collect();
    let open = OpenSession { container: container.to_owned(), command, ..OpenSession::default() };
    tokio::time::timeout(LONG, client.call::<CreateSession>(&[], &open)).await.expect("in time").unwrap()
}

/// The median time from a key to its echo.
async fn echo(client: &Client, id: &SessionId, first: u32) -> Duration {
    let attach =
        Attach { v: 1, token: None, from_offset: None, cols: 80, rows: 24, mode: AttachMode::Write, delivery: Delivery::Live, writer: 5, window: None };
    let mut attached = client.attach(id.as_str(), attach).await.unwrap();
    let mut times = Vec::new();
    let measuring = async {
        while !matches!(attached.next().await.unwrap().unwrap(), ServerFrame::Ready(_)) {}
        for seq in first..first + 40 {
            let sent = Instant::now();
            attached.send(ClientFrame::Input { seq, bytes: vec![b'x'] }).await.unwrap();
            while !matches!(attached.next().await.unwrap().unwrap(), ServerFrame::Output { .. }) {}
            times.push(sent.elapsed());
        }
    };
    tokio::time::timeout(LONG, measuring).await.expect("in time");
    times.sort();
    times[times.len() / 2]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_holders_are_refused_cost_little_and_disturb_nobody() {
    let home = Home::new();
    let hostile = Hostile { prefix: home.prefix.clone() };
    let honest = home.container("honest");
    let client = Client::local(Paths::under(home.dir.path()).unwrap().socket());
    let other = open(&client, &honest, &["sh", "-c", "stty raw -echo; echo ready; exec cat"]).await;
    let quiet = echo(&client, &other.id, 1).await;
    let before = written(&home);
    let hostiles = HOSTILE.map(|(name, script)| (name, format!("{GREETING}{script}")));
    let silent = std::env::var_os("CTO_PROVE").map(|_| (SILENT.0, SILENT.1.to_owned()));
    for (name, script) in hostiles.into_iter().chain(silent) {
        let container = hostile.container(name, &script);
        let session = open(&client, &container, &["sh"]).await;
        // It was believed as far as it kept to the rules; then the session is over, and the next is a plain one.
        let ending = async {
            while session.not_resumable.is_none() && client.call::<GetSession>(&[session.id.as_str()], &Empty {}).await.unwrap().exit.is_none() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        assert!(tokio::time::timeout(Duration::from_secs(20), ending).await.is_ok(), "'{name}' is believed for ever");
        let next = open(&client, &container, &["sh"]).await;
        assert!(next.not_resumable.as_deref().unwrap_or_default().contains("session holder"), "'{name}': {:?}", next.not_resumable);
    }
    let grown = written(&home).saturating_sub(before);
    assert!(grown < 20 << 20, "the server has grown by {grown} bytes");
    let after = echo(&client, &other.id, 100).await;
    println!("grown by {} KiB; echo {quiet:?} before and {after:?} after", grown >> 10);
    assert!(after < quiet * 2 + Duration::from_millis(100), "echo {quiet:?} before and {after:?} after");
    if proving() {
        tokio::time::sleep(Duration::from_secs(75)).await;
        let kept = written(&home).saturating_sub(before);
        println!("{} KiB of {} KiB are still more after 75 s", kept >> 10, before >> 10);
        assert!(kept < 20 << 20, "{kept} bytes are still more");
    }
}
