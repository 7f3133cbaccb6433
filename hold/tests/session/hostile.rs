//! Who may be at the other end: strangers, and servers gone mad. They are refused, and the others go on.
use crate::client::Place;
use crate::client::frame;
use hold::Begin;
use hold::ErrorCode;
use hold::Frame;
use hold::split;
use std::io::Read;
use std::io::Write;
use std::time::Duration;
use std::time::Instant;

/// All that comes until the other side closes.
fn last_words(stream: &mut std::os::unix::net::UnixStream) -> Vec<u8> {
    let mut said = Vec::new();
    let _ = stream.read_to_end(&mut said);
    said
}

/// The code of the ERROR that ends what was said.
fn refusal(said: &[u8]) -> ErrorCode {
    let (mut rest, mut code) = (said, None);
    while let Some(raw) = split(rest).unwrap() {
        if let Frame::Error { code: found, .. } = raw.decode().unwrap() {
            code = Some(found);
        }
        rest = &rest[raw.size()..];
    }
    code.unwrap_or_else(|| panic!("no error in {said:?}"))
}

#[test]
fn garbage_is_refused_and_the_session_goes_on() {
    let place = Place::new("garbage");
    place.start("a", &["--", "cat"]);
    let mut client = place.connect();
    client.open(1, "a", Begin::Oldest, 0, 1 << 20);
    let mut hello = Vec::new();
    Frame::Hello { min: 1, max: 1 }.encode(0, &mut hello);
    let with = |rest: &[u8]| [hello.as_slice(), rest].concat();
    let encoded = |frame: Frame<'_>| {
        let mut wire = Vec::new();
        frame.encode(1, &mut wire);
        wire
    };
    let open = |from, flags| encoded(Frame::Open { flags, from, boot: 0, window: 1, id: "a" });
    let cases: [(&str, Vec<u8>, ErrorCode); 9] = [
        ("a stranger", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), ErrorCode::Protocol),
        ("an endless frame", vec![0xff; 8], ErrorCode::Protocol),
        ("a later version", encoded(Frame::Hello { min: 9, max: 12 }), ErrorCode::Version),
        ("input before anything", encoded(Frame::Input { writer: 1, seq: 1, bytes: b"x" }), ErrorCode::Protocol),
        ("another session", with(&encoded(Frame::Open { flags: 0, from: Begin::Head, boot: 0, window: 1, id: "b" })), ErrorCode::NoSession),
        ("an endless frame later", with(&[&open(Begin::Head, 1)[..], &[0x7f; 64]].concat()), ErrorCode::Protocol),
        ("an unknown frame", with(&[&open(Begin::Head, 1)[..], &[0, 0, 0, 0, 0x44, 0, 0, 1]].concat()), ErrorCode::Unsupported),
        ("a holder's frame", with(&[&open(Begin::Head, 1)[..], &encoded(Frame::Detached)].concat()), ErrorCode::Unsupported),
        ("an ACK of what was not sent", with(&[&open(Begin::Head, 1)[..], &encoded(Frame::Ack { offset: 1 << 40 })].concat()), ErrorCode::BadOffset),
    ];
    for (what, bytes, code) in cases {
        let mut stream = place.socket("a");
        stream.write_all(&bytes).unwrap();
        assert_eq!(refusal(&last_words(&mut stream)), code, "{what}");
    }
    // Random bytes, and none at all.
    let mut state = 7_u32;
    for _ in 0..200 {
        let bytes: Vec<u8> = (0..64)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as u8
            })
            .collect();
        let mut stream = place.socket("a");
        let _ = stream.write_all(&bytes);
    }
    client.input(1, 1, 1, b"still here\n");
    client.read_until(1, |text| text.ends_with(b"still here\r\nstill here\r\n"));
}

#[test]
fn the_silent_are_cut_and_there_is_room_for_a_server_again() {
    let place = Place::new("silent");
    place.start("a", &["--", "cat"]);
    let start = Instant::now();
    let mut silent: Vec<_> = (0..8).map(|_| place.socket("a")).collect();
    // All places are taken: another is told so at once.
    let mut ninth = place.socket("a");
    assert_eq!(refusal(&last_words(&mut ninth)), ErrorCode::TooMany);
    for stream in &mut silent {
        assert_eq!(refusal(&last_words(stream)), ErrorCode::Timeout);
    }
    let took = start.elapsed();
    assert!(took > Duration::from_secs(4) && took < Duration::from_secs(20), "{took:?}");
    place.connect().open(1, "a", Begin::Oldest, 0, 1 << 20);
}

#[test]
fn a_flood_of_pings_that_nobody_hears_grows_nothing() {
    let place = Place::new("pings");
    place.start("a", &["--", "cat"]);
    let mut client = place.connect();
    let pid = client.open(1, "a", Begin::Oldest, 0, 1 << 20).pid;
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let holder = stat.rsplit(") ").next().unwrap().split(' ').nth(1).unwrap().to_owned();
    let mut stream = place.socket("a");
    stream.set_write_timeout(Some(Duration::from_millis(200))).unwrap();
    let mut wire = Vec::new();
    Frame::Hello { min: 1, max: 1 }.encode(0, &mut wire);
    Frame::Open { flags: hold::READ_ONLY, from: Begin::Head, boot: 0, window: 1, id: "a" }.encode(1, &mut wire);
    stream.write_all(&wire).unwrap();
    wire.clear();
    (0..5000).for_each(|token| Frame::Ping { token }.encode(1, &mut wire));
    // Until it is not taken any more: its answers are not read.
    let mut rounds = 0;
    while stream.write_all(&wire).is_ok() {
        rounds += 1;
        assert!(rounds < 100, "answers that nobody reads are kept");
    }
    let status = std::fs::read_to_string(format!("/proc/{holder}/status")).unwrap();
    let resident: u64 = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap().trim().trim_end_matches(" kB").parse().unwrap();
    assert!(resident < 20_000, "{resident} kB");
    client.input(1, 1, 1, b"still here\n");
    client.read_until(1, |text| text.ends_with(b"still here\r\nstill here\r\n"));
}

#[test]
fn a_server_that_breaks_the_rules_of_the_connection_is_told_and_cut() {
    let place = Place::new("rules");
    place.start("a", &["--", "cat"]);
    for (what, channel, wire, wanted) in [
        ("an unknown frame", 0, vec![0, 0, 0, 0, 0x44, 0, 0, 0], ErrorCode::Unsupported),
        ("one that is too long", 0, vec![0, 2, 0, 0, 1, 0, 0, 0], ErrorCode::Protocol),
        ("a malformed OPEN", 3, vec![0, 0, 0, 1, 2, 0, 0, 3, 0], ErrorCode::Protocol),
    ] {
        let mut client = place.connect();
        client.send_bytes(&wire);
        loop {
            let wire = client.next().unwrap_or_else(|| panic!("{what}: no word"));
            if let (from, Frame::Error { code, .. }) = frame(&wire) {
                assert!(from == 0 || from == channel, "{what}");
                assert_eq!(code, wanted, "{what}");
                break;
            }
        }
    }
    let mut client = place.connect();
    client.send(4, &Frame::Open { flags: 0, from: Begin::Oldest, boot: 0, window: 1, id: "none" });
    assert!(matches!(frame(&client.next().unwrap()), (4, Frame::Error { code: ErrorCode::NoSession, .. })));
    // What may be skipped is, on the connection and in a session, and a channel that is gone is no fault.
    client.send(0, &Frame::Skip { kind: 0x50 });
    client.send(4, &Frame::Ack { offset: 9 });
    client.open(4, "a", Begin::Oldest, 0, 1 << 20);
    client.send(4, &Frame::Skip { kind: 0x50 });
    client.send(4, &Frame::Ping { token: 11 });
    assert_eq!(frame(&client.next().unwrap()), (4, Frame::Pong { token: 11 }));
    client.send(4, &Frame::Detach);
    assert_eq!(frame(&client.next().unwrap()), (4, Frame::Detached));
    client.send(0, &Frame::Ping { token: 12 });
    assert_eq!(frame(&client.next().unwrap()), (0, Frame::Pong { token: 12 }));
    assert_eq!(client.wait_end(), 0, "the end of the input is the end of the connection");
}

#[test]
fn a_session_that_is_killed_is_told_as_lost() {
    let place = Place::new("lost");
    place.start("a", &["--", "cat"]);
    let mut client = place.connect();
    let pid = client.open(1, "a", Begin::Oldest, 0, 1 << 20).pid;
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let holder = stat.rsplit(") ").next().unwrap().split(' ').nth(1).unwrap().to_owned();
    assert!(std::process::Command::new("kill").args(["-9", &holder]).status().unwrap().success());
    assert!(matches!(frame(&client.next().unwrap()), (1, Frame::Error { code: ErrorCode::SessionLost, .. })));
    // Its socket is left; it is no session, and keeps no new one from being started.
    assert_eq!(place.list(), r#"{"sessions":[]}"#);
    place.start("a", &["--", "cat"]);
}
