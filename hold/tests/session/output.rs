//! What becomes of the output: nothing is lost, or it is said.
use crate::client::Place;
use crate::client::eventually;
use crate::client::frame;
use hold::Begin;
use hold::Ended;
use hold::ErrorCode;
use hold::Frame;
use hold::READ_ONLY;
use std::time::Duration;

/// What `seq` prints on a terminal.
fn counted(to: u32) -> Vec<u8> {
    (1..=to).flat_map(|number| format!("{number}\r\n").into_bytes()).collect()
}

#[test]
fn output_is_whole_through_twenty_killed_connections() {
    let place = Place::new("whole");
    place.start("count", &["--ring", "65536", "--", "seq", "1", "200000"]);
    let wanted = counted(200_000);
    let (mut got, mut boot, mut cuts) = (Vec::new(), 0, 0);
    let exit = loop {
        let mut client = place.connect();
        let opened = client.open(1, "count", Begin::Offset(got.len() as u64), boot, 128 * 1024);
        assert!(boot == 0 || boot == opened.boot);
        assert_eq!(opened.from, got.len() as u64);
        boot = opened.boot;
        // So many bytes, and an end in the midst of anything.
        let until = if cuts < 20 { got.len() + 1 + (cuts * 7919) % 60_000 } else { usize::MAX };
        let mut exit = None;
        while got.len() < until && exit.is_none() {
            let wire = client.next().unwrap();
            match frame(&wire).1 {
                Frame::Data { offset, bytes } => {
                    assert_eq!(offset, got.len() as u64, "each piece begins where the one before ended");
                    got.extend_from_slice(bytes);
                    // Not each is acknowledged: what is not must come again.
                    if got.len() % 3 != 0 {
                        client.send(1, &Frame::Ack { offset: got.len() as u64 });
                    }
                }
                Frame::Exit { ended, offset } => exit = Some((ended, offset)),
                other => panic!("{other:?}"),
            }
        }
        client.cut();
        cuts += 1;
        if let Some(exit) = exit {
            break exit;
        }
    };
    assert!(cuts > 20, "only {cuts} cuts");
    assert_eq!(exit, (Ended::Code(0), wanted.len() as u64));
    assert!(got == wanted, "{} bytes instead of {}", got.len(), wanted.len());
}

#[test]
fn a_program_that_nobody_reads_is_blocked_and_loses_nothing() {
    let place = Place::new("block");
    let done = place.file("done");
    place.start("a", &["--ring", "65536", "--", "sh", "-c", &format!("seq 1 50000; touch {}", done.display())]);
    // Nobody is there to take it: a ring full is read.
    std::thread::sleep(Duration::from_millis(500));
    let mut client = place.connect();
    client.open(1, "a", Begin::Oldest, 0, 32 * 1024);
    // A window full comes, and no more.
    let mut got = 0;
    while let Some(wire) = client.next_within(Duration::from_millis(300)) {
        let Frame::Data { bytes, .. } = frame(&wire).1 else { panic!("{:?}", frame(&wire)) };
        got += bytes.len();
    }
    assert_eq!(got, 32 * 1024);
    client.send(1, &Frame::Look);
    assert_eq!(client.opened(1).head, 65536, "a ring full is kept, and no more is read");
    assert!(!done.exists(), "the program waits");
    client.send(1, &Frame::Ack { offset: got as u64 });
    let rest = client.read_until(1, |_| false);
    assert!(rest == counted(50_000)[got..], "nothing is lost");
    assert!(done.exists());
}

#[test]
fn no_more_is_read_than_the_server_there_takes() {
    let place = Place::new("paced");
    let mut client = place.connect();
    client.start(1, 32 * 1024, &["--id", "a", "--", "sh", "-c", "stty -echo; echo go; read x; seq 1 50000"]);
    let mut all = client.read_until(1, |seen| seen.ends_with(b"go\r\n"));
    client.input(1, 7, 1, b"\n");
    while let Some(wire) = client.next_within(Duration::from_millis(300)) {
        if let Frame::Data { bytes, .. } = frame(&wire).1 {
            all.extend_from_slice(bytes);
        }
    }
    client.send(1, &Frame::Look);
    let head = usize::try_from(client.opened(1).head).unwrap();
    assert_eq!((all.len(), head), (32 * 1024 + 4, 32 * 1024 + 4), "the program waits, and takes no time from others");
    client.send(1, &Frame::Ack { offset: head as u64 });
    all.extend(client.read_until(1, |_| false));
    assert!(all == [b"go\r\n", counted(50_000).as_slice()].concat(), "nothing is lost");
}

#[test]
fn with_drop_exactly_what_gap_tells_is_missing() {
    let place = Place::new("drop");
    let done = place.file("done");
    place.start("a", &["--ring", "65536", "--policy", "drop", "--", "sh", "-c", &format!("seq 1 50000; touch {}", done.display())]);
    eventually("nobody reads and it ends all the same", || done.exists());
    let mut client = place.connect();
    client.open(1, "a", Begin::Offset(0), 0, 1 << 20);
    let wire = client.next().unwrap();
    let (1, Frame::Gap { from: 0, to }) = frame(&wire) else { panic!("{:?}", frame(&wire)) };
    let rest = client.read_until(1, |_| false);
    let all = counted(50_000);
    assert!(rest.len() >= 65536, "the last ring full is kept");
    assert!(rest == all[to as usize..]);
}

#[test]
fn a_blocked_program_goes_on_after_its_time() {
    let place = Place::new("patience");
    let done = place.file("done");
    let program = format!("seq 1 50000; touch {}", done.display());
    place.start("a", &["--ring", "65536", "--block-seconds", "1", "--", "sh", "-c", &program]);
    eventually("its time is over", || done.exists());
    let mut client = place.connect();
    client.open(1, "a", Begin::Offset(0), 0, 1 << 20);
    assert!(matches!(frame(&client.next().unwrap()).1, Frame::Gap { from: 0, .. }));
}

#[test]
fn the_last_bytes_and_the_exit_wait_for_a_server_and_go_when_it_knows() {
    let place = Place::new("late");
    let done = place.file("done");
    place.start("a", &["--", "sh", "-c", &format!("echo last words; touch {}; exit 7", done.display())]);
    eventually("it ends", || done.exists());
    for _ in 0..2 {
        let mut client = place.connect();
        client.open(1, "a", Begin::Oldest, 0, 1 << 20);
        let mut said = Vec::new();
        loop {
            let wire = client.next().unwrap();
            match frame(&wire).1 {
                Frame::Data { bytes, .. } => said.extend_from_slice(bytes),
                Frame::Exit { ended, offset } => {
                    assert_eq!((ended, offset), (Ended::Code(7), said.len() as u64), "the exit comes after the last byte");
                    break;
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(said, b"last words\r\n");
    }
    let mut client = place.connect();
    client.open(1, "a", Begin::Head, 0, 1 << 20);
    assert!(matches!(frame(&client.next().unwrap()).1, Frame::Exit { .. }));
    client.send(1, &Frame::ExitAck);
    assert_eq!(frame(&client.next().unwrap()).1, Frame::Detached);
    eventually("its id is free", || place.list() == r#"{"sessions":[]}"#);
}

#[test]
fn a_later_server_takes_over_and_one_that_looks_on_does_not() {
    let place = Place::new("takeover");
    place.start("a", &["--", "cat"]);
    let (mut first, mut looker, mut second) = (place.connect(), place.connect(), place.connect());
    let boot = first.open(1, "a", Begin::Oldest, 0, 1 << 20).boot;
    looker.send(9, &Frame::Open { flags: READ_ONLY, from: Begin::Oldest, boot: 0, window: 1 << 20, id: "a" });
    looker.opened(9);
    first.input(1, 1, 1, b"one\n");
    let both = |text: &[u8]| text.windows(3).filter(|window| window == b"one").count() == 2;
    first.read_until(1, both);
    assert!(both(&looker.read_until(9, both)), "who looks on sees the same");
    assert_eq!(second.open(3, "a", Begin::Offset(0), boot, 1 << 20).boot, boot);
    loop {
        let wire = first.next().unwrap();
        if let (1, Frame::Error { code, .. }) = frame(&wire) {
            assert_eq!(code, ErrorCode::TakenOver);
            break;
        }
    }
    second.input(3, 1, 2, b"two\n");
    looker.read_until(9, |text| text.ends_with(b"two\r\ntwo\r\n"));
    looker.input(9, 1, 3, b"no\n");
    assert!(matches!(frame(&looker.next().unwrap()).1, Frame::Error { code: ErrorCode::Unsupported, .. }));
}

#[test]
fn offsets_of_another_boot_mean_nothing_and_those_of_the_future_are_refused() {
    let place = Place::new("offsets");
    place.start("a", &["--", "sh", "-c", "echo hello; exec cat"]);
    let mut client = place.connect();
    let opened = client.open(1, "a", Begin::Offset(4711), 1, 1 << 20);
    assert_eq!(opened.from, 0, "another boot's offset");
    client.read_until(1, |text| text.ends_with(b"hello\r\n"));
    client.send(2, &Frame::Open { flags: 0, from: Begin::Offset(4711), boot: opened.boot, window: 1, id: "a" });
    loop {
        let wire = client.next().unwrap();
        if let (2, Frame::Error { code, .. }) = frame(&wire) {
            assert_eq!(code, ErrorCode::BadOffset);
            break;
        }
    }
    // The channel that had it before was not disturbed.
    client.send(1, &Frame::Ack { offset: 4711 });
    assert!(matches!(frame(&client.next().unwrap()), (1, Frame::Error { code: ErrorCode::BadOffset, .. })));
}

#[test]
fn a_session_that_floods_does_not_hold_up_the_echo_of_another() {
    let place = Place::new("flood");
    place.start("flood", &["--", "yes", "a line of some length that goes on and on"]);
    place.start("echo", &["--", "sh", "-c", "stty raw -echo; echo ready; exec cat"]);
    let mut client = place.connect();
    client.open(2, "echo", Begin::Oldest, 0, 64 * 1024);
    client.read_until(2, |text| text.ends_with(b"ready\n"));
    client.open(1, "flood", Begin::Oldest, 0, 256 * 1024);
    let (mut times, mut flooded) = (Vec::new(), 0);
    for seq in 1..=100 {
        let start = std::time::Instant::now();
        client.input(2, 1, seq, b"x");
        loop {
            let wire = client.next().unwrap();
            match frame(&wire) {
                (1, Frame::Data { offset, bytes }) => {
                    flooded += bytes.len();
                    client.send(1, &Frame::Ack { offset: offset + bytes.len() as u64 });
                }
                (2, Frame::Data { bytes, .. }) => {
                    assert_eq!(bytes, b"x");
                    break;
                }
                (2, Frame::InputAck { .. }) => {}
                other => panic!("{other:?}"),
            }
        }
        times.push(start.elapsed());
    }
    times.sort();
    assert!(flooded > 100 * 1024, "the flood was none: {flooded} bytes");
    assert!(times[50] < Duration::from_millis(100), "median {:?}", times[50]);
}

#[test]
fn a_server_that_takes_nothing_of_a_flood_still_hears_another_session() {
    let place = Place::new("stalled");
    place.start("flood", &["--", "yes"]);
    place.start("echo", &["--", "cat"]);
    let mut client = place.connect();
    client.open(1, "flood", Begin::Oldest, 0, 128 * 1024);
    client.open(2, "echo", Begin::Oldest, 0, 64 * 1024);
    client.input(2, 1, 1, b"hello\n");
    client.read_until(2, |text| text.ends_with(b"hello\r\nhello\r\n"));
}
