//! The program in the terminal: how it starts, what it is told, how it ends.
use crate::client::Client;
use crate::client::Place;
use crate::client::eventually;
use crate::client::frame;
use crate::client::hold;
use crate::client::lives;
use hold::Begin;
use hold::Ended;
use hold::ErrorCode;
use hold::Frame;
use std::time::Duration;
use std::time::Instant;

/// How the program on a channel ends.
fn exit(client: &mut Client, channel: u16) -> Ended {
    loop {
        let wire = client.next().unwrap();
        match frame(&wire) {
            (from, Frame::Exit { ended, .. }) if from == channel => return ended,
            (from, Frame::Data { offset, bytes }) if from == channel => client.send(channel, &Frame::Ack { offset: offset + bytes.len() as u64 }),
            (from, Frame::Error { .. }) if from == channel => panic!("{:?}", frame(&wire)),
            _ => {}
        }
    }
}

#[test]
fn a_session_starts_over_a_connection_and_outlives_it() {
    let place = Place::new("start");
    let mut client = place.connect();
    client.start(5, 1 << 20, &["--id", "a", "--size", "132x43", "--env", "SECRET=x y", "--", "sh", "-c", "stty size; echo $SECRET $TERM; exec cat"]);
    client.input(5, 1, 1, b"typed at once\n");
    let opened = client.opened(5);
    assert_eq!((opened.cols, opened.rows), (132, 43));
    let text = client.read_until(5, |text| String::from_utf8_lossy(text).matches("typed at once\r\n").count() == 2);
    let text = String::from_utf8(text).unwrap();
    // The echo of what was typed may come before, between or after them.
    assert!(text.contains("43 132\r\n") && text.contains("x y xterm-256color\r\n"), "{text:?}");
    let line = std::fs::read(format!("/proc/{}/cmdline", parent_of(opened.pid))).unwrap();
    assert!(!String::from_utf8_lossy(&line).contains("x y"), "its environment is nobody's business");
    client.cut();
    let mut client = place.connect();
    assert_eq!(client.open(1, "a", Begin::Head, 0, 1 << 20).boot, opened.boot);
    // Why one does not start comes on the channel that it was asked on.
    for (arguments, code) in [
        (vec!["--id", "b", "--", "no-such-program"], ErrorCode::CommandNotFound),
        (vec!["--id", "b", "--", "/dev/null"], ErrorCode::NotExecutable),
        (vec!["--id", "b", "--cwd", "/no/such", "--shell"], ErrorCode::NoDirectory),
        (vec!["--id", "a", "--shell"], ErrorCode::InUse),
        (vec!["--id", "../b", "--shell"], ErrorCode::Usage),
        (vec!["--id", "b", "--env", "x", "--shell"], ErrorCode::Usage),
    ] {
        client.start(7, 1 << 20, &arguments);
        let found = loop {
            let wire = client.next().unwrap();
            if let (7, Frame::Error { code, .. }) = frame(&wire) {
                break code;
            }
        };
        assert_eq!(found, code, "{arguments:?}");
    }
    client.send(0, &Frame::List);
    let wire = loop {
        let wire = client.next().unwrap();
        if matches!(frame(&wire).1, Frame::Sessions { .. }) {
            break wire;
        }
    };
    assert_eq!(frame(&wire).1, Frame::Sessions { more: false, ids: vec!["a"] });
}

fn parent_of(pid: u32) -> u32 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    stat.rsplit(") ").next().unwrap().split(' ').nth(1).unwrap().parse().unwrap()
}

#[test]
fn run_answers_in_json_and_lets_its_starter_go() {
    let place = Place::new("run");
    let said = place.run("a", &["--", "no-such-program"]);
    let wanted = r#"{"ok":false,"code":"command_not_found","message":"there is no program 'no-such-program', or what interprets it is missing"}"#;
    assert_eq!(said.trim(), wanted);
    // The output of `run` ends though the session goes on: `output()` waits for its end.
    let said = place.run("a", &["--shell"]);
    assert!(said.starts_with(r#"{"ok":true,"id":"a","pid":"#), "{said}");
    let probe = hold().args(["probe", "--place", &place.sockets_arg()]).output().unwrap();
    let probe = String::from_utf8(probe.stdout).unwrap();
    assert!(probe.contains(r#""protocol":[1,1],"arch":"#) && probe.contains(&place.sockets_arg()), "{probe}");
    assert_eq!(hold().arg("nonsense").output().unwrap().status.code(), Some(2));
}

#[test]
fn the_program_is_told_sizes_and_signals() {
    let place = Place::new("told");
    place.start("a", &["--", "sh", "-c", "trap 'stty size' WINCH; echo ready; while :; do sleep 0.05; done"]);
    place.start("b", &["--", "sh", "-c", "echo ready; exec sleep 1000"]);
    let mut client = place.connect();
    client.open(1, "a", Begin::Oldest, 0, 1 << 20);
    client.read_until(1, |text| text.ends_with(b"ready\r\n"));
    client.send(1, &Frame::Resize { cols: 200, rows: 50 });
    client.read_until(1, |text| text.ends_with(b"50 200\r\n"));
    client.send(1, &Frame::Look);
    assert_eq!(client.opened(1).cols, 200);
    client.open(2, "b", Begin::Oldest, 0, 1 << 20);
    client.read_until(2, |text| text.ends_with(b"ready\r\n"));
    client.send(2, &Frame::Signal { number: 15 });
    assert_eq!(exit(&mut client, 2), Ended::Signal(15));
}

#[test]
fn close_kills_what_ignores_it_and_what_runs_behind_it() {
    let place = Place::new("close");
    let pids = place.file("pids");
    let program = format!("trap '' HUP TERM INT; set -m; sleep 1000 & echo $! > {0}; echo $$ >> {0}; echo ready; while :; do sleep 0.1; done", pids.display());
    place.start("a", &["--", "sh", "-c", &program]);
    let mut client = place.connect();
    client.open(1, "a", Begin::Oldest, 0, 1 << 20);
    client.read_until(1, |text| text.ends_with(b"ready\r\n"));
    let start = Instant::now();
    client.send(1, &Frame::Close);
    assert_eq!(exit(&mut client, 1), Ended::Signal(9));
    let took = start.elapsed();
    assert!(took >= Duration::from_millis(650) && took < Duration::from_secs(5), "{took:?}");
    let pids = std::fs::read_to_string(pids).unwrap();
    eventually("all are gone", || !pids.lines().any(lives));
}

#[test]
fn a_program_that_takes_the_hang_up_ends_by_itself() {
    let place = Place::new("hangup");
    place.start("a", &["--", "sh", "-c", "trap 'echo bye; exit 3' HUP; echo ready; while :; do sleep 0.02; done"]);
    let mut client = place.connect();
    client.open(1, "a", Begin::Oldest, 0, 1 << 20);
    client.read_until(1, |text| text.ends_with(b"ready\r\n"));
    client.send(1, &Frame::Close);
    let text = client.read_until(1, |_| false);
    // The shell may also tell of what it was waiting for.
    assert!(text.ends_with(b"bye\r\n"), "{}", String::from_utf8_lossy(&text));
}

#[test]
fn a_program_ends_though_what_it_started_keeps_the_terminal() {
    let place = Place::new("kept");
    place.start("a", &["--", "sh", "-c", "trap '' HUP; sleep 3 & echo done; exit 4"]);
    let mut client = place.connect();
    let start = Instant::now();
    client.open(1, "a", Begin::Oldest, 0, 1 << 20);
    assert_eq!(exit(&mut client, 1), Ended::Code(4));
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

#[test]
fn a_program_without_its_terminal_costs_nothing() {
    let place = Place::new("closed");
    place.start("a", &["--", "sh", "-c", "exec sleep 1000 <&- >&- 2>&-"]);
    let mut client = place.connect();
    let holder = parent_of(client.open(1, "a", Begin::Oldest, 0, 1 << 20).pid);
    let ticks = || {
        let stat = std::fs::read_to_string(format!("/proc/{holder}/stat")).unwrap();
        stat.rsplit(") ").next().unwrap().split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum::<u64>()
    };
    let before = ticks();
    assert!(client.next_within(Duration::from_millis(500)).is_none());
    assert!(ticks() - before < 10, "it spins");
    client.send(1, &Frame::Close);
    assert_eq!(exit(&mut client, 1), Ended::Signal(1));
}
