//! `hold init`: a main program's session, with the container's log.
use crate::client::Place;
use crate::client::frame;
use crate::client::hold;
use hold::Begin;
use hold::Ended;
use hold::Frame;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::process::Child;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

fn init(place: &Place, program: &str) -> Child {
    hold().args(["init", "--place", &place.sockets_arg(), "--", "sh", "-c", program]).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap()
}

fn signal(child: &Child, name: &str) {
    assert!(std::process::Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

#[test]
fn output_is_in_the_log_and_the_status_is_the_programs() {
    let place = Place::new("log");
    let mut child = init(&place, "echo to the log; exit 9");
    let mut log = String::new();
    child.stdout.take().unwrap().read_to_string(&mut log).unwrap();
    assert_eq!(log, "to the log\r\n");
    assert_eq!(child.wait().unwrap().code(), Some(9));
    let mut child = init(&place, "kill -9 $$");
    assert_eq!(child.wait().unwrap().code(), Some(137));
    let missing = hold().args(["init", "--place", &place.sockets_arg(), "--", "no-such-program"]).output().unwrap();
    assert_eq!(missing.status.code(), Some(127));
    assert!(String::from_utf8(missing.stderr).unwrap().contains("no-such-program"));
}

#[test]
fn signals_are_passed_on_and_an_interactive_shell_stops_at_once() {
    let place = Place::new("signals");
    let mut child = init(&place, "trap 'echo got int' INT; trap 'echo got term; exit 5' TERM; echo ready; while :; do sleep 0.02; done");
    let mut log = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert_eq!(log.next().as_deref(), Some("ready"));
    signal(&child, "-INT");
    assert_eq!(log.by_ref().find(|line| line.starts_with("got")).as_deref(), Some("got int"));
    signal(&child, "-TERM");
    assert_eq!(log.next().as_deref(), Some("got term"));
    assert_eq!(child.wait().unwrap().code(), Some(5));
    // A shell that talks to a person ignores TERM; a container of it has to stop all the same.
    let mut child = init(&place, "exec sh -i");
    let mut log = child.stdout.take().unwrap();
    log.read_exact(&mut [0]).unwrap();
    let start = Instant::now();
    signal(&child, "-TERM");
    child.wait().unwrap();
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

#[test]
fn a_log_that_nobody_reads_blocks_nothing_and_says_what_it_lacks() {
    let place = Place::new("stuck");
    let mut child = init(&place, "seq 1 400000; echo over; exec cat");
    place.await_session("main");
    let mut client = place.connect();
    client.open(1, "main", Begin::Oldest, 0, 1 << 20);
    client.read_until(1, |text| text.ends_with(b"over\r\n"));
    // The server had everything while the log stood still. Now it goes on, from where there is something.
    let mut log = BufReader::new(child.stdout.take().unwrap());
    let (mut line, mut noted) = (String::new(), false);
    while line != "over\r\n" {
        line.clear();
        log.read_line(&mut line).unwrap();
        noted |= line.contains("bytes of output are not in this log]");
    }
    assert!(noted);
    client.send(1, &Frame::Close);
    client.read_until(1, |_| false);
    client.send(1, &Frame::ExitAck);
    child.wait().unwrap();
}

#[test]
fn a_server_gets_the_last_bytes_and_the_exit_of_a_main_program() {
    let place = Place::new("drain");
    let mut child = init(&place, "read go; seq 1 100000; exit 6");
    std::thread::spawn({
        let mut log = child.stdout.take().unwrap();
        move || std::io::copy(&mut log, &mut std::io::sink())
    });
    place.await_session("main");
    let mut client = place.connect();
    client.open(1, "main", Begin::Oldest, 0, 64 * 1024);
    client.input(1, 1, 1, b"go\n");
    let mut got = 0;
    let (ended, offset) = loop {
        let wire = client.next().unwrap();
        match frame(&wire).1 {
            Frame::Data { offset, bytes } => {
                got += bytes.len() as u64;
                client.send(1, &Frame::Ack { offset: offset + bytes.len() as u64 });
            }
            Frame::Exit { ended, offset } => break (ended, offset),
            Frame::InputAck { .. } | Frame::Opened(_) => {}
            other => panic!("{other:?}"),
        }
    };
    assert_eq!((ended, offset), (Ended::Code(6), got));
    let start = Instant::now();
    client.send(1, &Frame::ExitAck);
    assert_eq!(child.wait().unwrap().code(), Some(6));
    assert!(start.elapsed() < Duration::from_millis(400), "it waited no longer than needed: {:?}", start.elapsed());
}
