//! What becomes of the input: it is typed once, in order, and acknowledged when it is in the terminal.
use crate::client::Place;
use crate::client::frame;
use hold::Begin;
use hold::ErrorCode;
use hold::Frame;
use std::time::Duration;

#[test]
fn lines_of_two_writers_arrive_once_and_in_order_through_cuts() {
    const LINES: u32 = 400;
    let place = Place::new("typing");
    place.start("a", &["--", "sh", "-c", "stty raw -echo; echo ready; exec cat"]);
    let line = |writer: u64, seq: u32| format!("{writer}:{seq}\n").into_bytes();
    let mut client = place.connect();
    client.open(1, "a", Begin::Oldest, 0, 1 << 20);
    client.read_until(1, |text| text.ends_with(b"ready\n"));
    client.cut();
    let mut got = Vec::new();
    let mut next = [1u32, 1u32];
    for cut in 0..=10 {
        let mut client = place.connect();
        client.send(1, &Frame::Open { flags: 0, from: Begin::Offset(got.len() as u64), boot: 0, window: 1 << 20, id: "a" });
        let opened = client.opened(1);
        // A server that was killed knows no boot, and gets what there is again.
        got.truncate(opened.from as usize);
        for (writer, next) in next.iter_mut().enumerate() {
            // What was sent before and is not known here is sent again; so is some that is known, as by a server that knows less.
            let last = opened.writers.iter().find(|(other, _)| *other == writer as u64).map_or(0, |(_, seq)| *seq);
            *next = (last + 1).saturating_sub(cut % 3).max(1);
        }
        let until = if cut < 10 { LINES / 11 * (cut + 1) } else { LINES };
        while next.iter().any(|next| *next <= until) {
            for (writer, next) in next.iter_mut().enumerate().filter(|(_, next)| **next <= until) {
                client.input(1, writer as u64, *next, &line(writer as u64, *next));
                *next += 1;
            }
        }
        if cut == 10 {
            let text = client.read_until(1, |text| {
                let all = [&got, text].concat();
                let ends = [line(0, LINES), line(1, LINES)];
                ends.iter().all(|end| all.windows(end.len()).any(|window| window == *end))
            });
            got.extend(text);
        } else {
            // Some of what was echoed is read, some of it is lost with the connection.
            if let Some(wire) = client.next_within(Duration::from_millis(20))
                && let Frame::Data { bytes, .. } = frame(&wire).1
            {
                got.extend_from_slice(bytes);
            }
        }
        client.cut();
    }
    let text = String::from_utf8(got).unwrap();
    for writer in 0..2 {
        let start = format!("{writer}:");
        let seqs: Vec<u32> = text.lines().filter_map(|line| line.strip_prefix(&start)?.parse().ok()).collect();
        assert_eq!(seqs, (1..=LINES).collect::<Vec<_>>(), "writer {writer}");
    }
}

#[test]
fn input_is_acknowledged_only_when_the_terminal_has_it() {
    let place = Place::new("acked");
    // It reads nothing for now, and its terminal takes no more than it holds.
    place.start("a", &["--", "sh", "-c", "stty raw -echo; echo ready; read line </dev/null; sleep 0.7; exec cat >/dev/null"]);
    let mut client = place.connect();
    client.open(1, "a", Begin::Oldest, 0, 1 << 20);
    client.read_until(1, |text| text.ends_with(b"ready\n"));
    client.input(1, 1, 1, &[b'x'; 32 * 1024]);
    client.input(1, 1, 2, &[b'x'; 32 * 1024]);
    // The same again, as after a reconnect: it is no new input, and it is not acknowledged before the first is.
    client.input(1, 1, 2, &[b'x'; 32 * 1024]);
    client.input(1, 2, 1, b"");
    assert!(client.next_within(Duration::from_millis(200)).is_none_or(|wire| !matches!(frame(&wire).1, Frame::InputAck { seq: 2, .. })));
    let mut acks = Vec::new();
    while !acks.contains(&(2, 1)) {
        let wire = client.next().unwrap();
        if let Frame::InputAck { writer, seq } = frame(&wire).1 {
            acks.push((writer, seq));
        }
    }
    assert!(acks.contains(&(1, 2)), "{acks:?}");
}

#[test]
fn a_server_that_types_without_end_is_refused_and_the_session_lives() {
    let place = Place::new("flooded");
    place.start("a", &["--", "sh", "-c", "stty raw -echo; echo ready; exec sleep 1000"]);
    let mut client = place.connect();
    client.open(1, "a", Begin::Oldest, 0, 1 << 20);
    client.read_until(1, |text| text.ends_with(b"ready\n"));
    for seq in 1..40 {
        client.input(1, 1, seq, &[b'x'; 32 * 1024]);
    }
    loop {
        let wire = client.next().unwrap();
        if let Frame::Error { code, .. } = frame(&wire).1 {
            assert_eq!(code, ErrorCode::Flood);
            break;
        }
    }
    let opened = client.open(2, "a", Begin::Head, 0, 1 << 20);
    assert!(opened.ended.is_none() && opened.writers.iter().all(|(_, seq)| *seq < 39));
    // It can still be closed, though it reads nothing of what was typed.
    client.send(2, &Frame::Close);
    client.read_until(2, |_| false);
}
